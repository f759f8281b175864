"""One column's cells: cleaned, read and checked."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from bulkvm.box import BLANK, Blank, Value
from bulkvm.columns import CLEAR, Column, Parsed
from bulkvm.problems import Fault, Problem, Severity
from bulkvm.settings import PinPolicy
from bulkvm.sheet import CellKind
from bulkvm.validation.kinds import fault_of_kind

# Zero-width characters, direction marks and the like, which str.strip leaves where they are.
_INVISIBLE: Final = "".join(
    chr(code)
    for code in (0xAD, 0x61C, 0x180E, *range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x2070), 0xFEFF)
)
_SPACES: Final = "".join(chr(c) for c in range(0x3001) if chr(c).isspace())
_AROUND: Final = _SPACES + _INVISIBLE

_INVISIBLE_WENT: Final = Fault(
    "invisible-characters",
    "characters that cannot be seen stood around the text; they are left out.",
    Severity.WARNING,
)


@dataclass(frozen=True, slots=True)
class CheckedColumn:
    """A column's values by row: BLANK where the cell is empty, and none for a cell that could not be read."""

    values: Mapping[int, Value | Blank]
    problems: tuple[Problem, ...]


def check_column(
    column: Column,
    letter: str,
    texts: Iterable[tuple[int, str]],
    kinds: Mapping[int, CellKind],
    policy: PinPolicy,
) -> CheckedColumn:
    """Read and check every cell of one column, given as pairs of row number and text."""
    check = lru_cache(maxsize=65_536)(lambda text: _check_text(column, text, policy))
    values: dict[int, Value | Blank] = {}
    problems: list[Problem] = []
    for row, text in texts:
        kind = kinds.get(row)
        if fault := fault_of_kind(kind, digits=column.digits):
            faults: tuple[Fault, ...] = (fault,)
        elif kind is CellKind.MERGED:  # reading has told
            continue
        else:
            parsed = check(text)
            faults = parsed.faults
            if parsed.value is not None:
                values[row] = parsed.value
            elif not faults:
                values[row] = BLANK
        problems.extend(problem_in(column, letter, row, fault) for fault in faults)
    return CheckedColumn(values, tuple(problems))


def problem_in(column: Column, letter: str, row: int, fault: Fault) -> Problem:
    """A fault with the cell that it is in."""
    return Problem(
        row=row,
        cell=f"{letter}{row}",
        column=column.header,
        code=fault.code,
        message=fault.message,
        severity=fault.severity,
    )


def _check_text(column: Column, raw: str, policy: PinPolicy) -> Parsed:
    """Read one cell's text. A blank cell has neither value nor faults; a bad one has no value."""
    text = raw.strip(_AROUND)
    faults: list[Fault] = []
    if text and text != raw.strip(" "):
        faults.append(_INVISIBLE_WENT)
    if not text:
        return Parsed(None)
    if text.casefold() == CLEAR:
        return _clear(column)
    parsed = column.parse(text)
    faults.extend(parsed.faults)
    if parsed.value is not None:
        faults.extend(fault for rule in column.rules if (fault := rule(parsed.value, policy)))
    refused = any(fault.severity is Severity.ERROR for fault in faults)
    return Parsed(None if refused else parsed.value, tuple(faults))


def _clear(column: Column) -> Parsed:
    if column.clearable:
        return Parsed(())
    return Parsed(
        None, (Fault("clear", f"{CLEAR} works for recipients only. Leave the cell blank to keep what is there."),)
    )
