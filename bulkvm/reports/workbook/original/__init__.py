"""Copies of a person's own workbook, by openpyxl."""
