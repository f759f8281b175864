"""Digits that a PBX may show in place of a value: `000000` for a PIN."""

from typing import Final

from bulkvm.columns.column import Column
from bulkvm.problems import Severity
from bulkvm.settings import LONGEST_PIN, PinPolicy

_ANY_LENGTH: Final = PinPolicy(1, LONGEST_PIN)


def may_be_mask(column: Column, value: object) -> bool:
    """Whether a value is made of digits and is one that no box may have, however long a PIN may be."""
    if isinstance(value, tuple) and len(value) == 1:
        value = value[0]
    if not (isinstance(value, str) and value.isascii() and value.isdecimal()):
        return False
    if column.secret and len(set(value)) == 1:
        return True
    parsed = column.parse(value)
    if parsed.value is None:
        return True
    faults = (rule(parsed.value, _ANY_LENGTH) for rule in column.rules)
    return any(fault is not None and fault.severity is Severity.ERROR for fault in faults)
