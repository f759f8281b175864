"""Results, annotated copies and clean copies of a sheet."""
