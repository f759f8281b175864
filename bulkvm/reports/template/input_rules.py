"""Formulas with which Excel validates input in the template.

A validation formula has at most 255 characters and no list of constants; a defined name can hold one.
"""

from collections.abc import Mapping
from typing import Final

from bulkvm.columns import name
from bulkvm.columns.extension import MAX_LENGTH, MIN_LENGTH, RESERVED
from bulkvm.model.settings import PinPolicy

_DIGITS: Final = "bulkvm_digits"
_RUNS: Final = "bulkvm_runs"
_RESERVED: Final = "bulkvm_reserved"


def _constants(texts: list[str]) -> str:
    return "={" + ",".join(f'"{text}"' for text in texts) + "}"


NAMES: Final[Mapping[str, str]] = {
    _DIGITS: _constants([str(digit) for digit in range(10)]),
    _RUNS: _constants([str(d) * 3 for d in range(10)] + [f"{d}{d + 1}{d + 2}" for d in range(8)]),
    _RESERVED: _constants(sorted(RESERVED)),
}


def extension_formula(cell: str) -> str:
    """Return a formula that is true for a valid extension."""
    return f'=AND({_is_digits(cell, MIN_LENGTH, MAX_LENGTH)},SUMPRODUCT(--({cell}&""={_RESERVED}))=0)'


def name_formula(cell: str) -> str:
    """Return a formula that is true for a valid name."""
    return f"=LEN({cell})<={name.MAX_LENGTH}"


def pin_formula(cell: str, policy: PinPolicy) -> str:
    """Return a formula that is true for a PIN that is valid under the policy."""
    no_run = f"SUMPRODUCT(--ISNUMBER(FIND({_RUNS},{cell})))=0"
    return f"=AND({_is_digits(cell, policy.min_length, policy.max_length)},{no_run})"


def duplicate_formula(cell: str, area: str) -> str:
    """Return a formula that is true for a duplicate in the area. Unlike COUNTIF, it distinguishes 0101 from 101."""
    return f'=AND({cell}<>"",SUMPRODUCT(--({area}={cell}))>1)'


def _is_digits(cell: str, shortest: int, longest: int) -> str:
    digits = f'SUMPRODUCT(LEN({cell})-LEN(SUBSTITUTE({cell},{_DIGITS},"")))=LEN({cell})'
    return f"LEN({cell})>={shortest},LEN({cell})<={longest},{digits}"
