"""The command line: parses options, calls the stages and prints the outcome."""
