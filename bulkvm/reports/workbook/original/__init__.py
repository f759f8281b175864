"""Copies of the original workbook, made with openpyxl."""
