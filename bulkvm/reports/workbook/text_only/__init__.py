"""Copies of a sheet's text, by xlsxwriter."""
