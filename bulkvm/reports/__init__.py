"""Reports: everything written to a file or shown as text for people."""
