"""The command line: parses options, calls jobs and prints the outcome."""
