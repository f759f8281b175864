"""Everything that is written to a file or told in words, for a person."""
