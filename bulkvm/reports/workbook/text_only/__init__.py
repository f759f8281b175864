"""Copies of the text of a sheet only, written with xlsxwriter."""
