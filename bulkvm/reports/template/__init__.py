"""The blank template."""
