"""From a sheet of text to records, with every problem of every row."""

from bulkvm.validation.selection import select_failed
from bulkvm.validation.sheet import Checked, validate, warn_of_blanks
from bulkvm.validation.told import take_rows

__all__ = ["Checked", "select_failed", "take_rows", "validate", "warn_of_blanks"]
