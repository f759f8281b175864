"""From a sheet of text to records, with every problem of every row."""

from bulkvm.validation.selection import select_failed
from bulkvm.validation.sheet import Checked, validate, warn_of_blanks

__all__ = ["Checked", "select_failed", "validate", "warn_of_blanks"]
