"""Validates a sheet: returns records, and every problem of every row. Pure."""

from bulkvm.validation.header_checks import PLACEHOLDER, find_other_purpose
from bulkvm.validation.only_failed import select_failed
from bulkvm.validation.raw_rows import take_rows
from bulkvm.validation.sheet_checks import Checked, validate, warn_of_blanks, warn_of_blanks_beside_errors

__all__ = [
    "PLACEHOLDER",
    "Checked",
    "find_other_purpose",
    "select_failed",
    "take_rows",
    "validate",
    "warn_of_blanks",
    "warn_of_blanks_beside_errors",
]
