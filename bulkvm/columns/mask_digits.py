"""Digits that a PBX shows instead of a hidden value, such as `000000` for a PIN."""

from typing import Final

from bulkvm.columns.column import Column
from bulkvm.model.problem import Severity
from bulkvm.model.settings import LONGEST_PIN, PinPolicy

_ANY_LENGTH: Final = PinPolicy(1, LONGEST_PIN)


def may_be_mask(column: Column, value: object) -> bool:
    """Whether a value is digits that no box can have, regardless of the allowed length of PINs."""
    if isinstance(value, tuple) and len(value) == 1:
        value = value[0]
    if not (isinstance(value, str) and value.isascii() and value.isdecimal()):
        return False
    if column.secret and is_one_digit(value):
        return True
    parsed = column.parse(value)
    if parsed.value is None:
        return True
    faults = (rule(parsed.value, _ANY_LENGTH) for rule in column.rules)
    return any(fault is not None and fault.severity is Severity.ERROR for fault in faults)


def is_one_digit(value: object) -> bool:
    """Whether a PIN is one repeated digit: every PBX rejects it, and many show it instead of a hidden PIN."""
    return isinstance(value, str) and value.isdecimal() and len(set(value)) == 1
