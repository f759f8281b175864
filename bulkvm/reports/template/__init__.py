"""The blank workbook to hand out."""
