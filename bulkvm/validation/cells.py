"""One column's cells: cleaned, read and checked."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from bulkvm.box import BLANK, Blank, Value
from bulkvm.columns import CLEAR, Column, Parsed
from bulkvm.columns.text import AROUND
from bulkvm.problems import Fault, Problem, Severity
from bulkvm.settings import PinPolicy
from bulkvm.sheet import CellKind
from bulkvm.validation.kinds import doubt_of_kind, fault_of_kind

_INVISIBLE_WENT: Final = Fault(
    "invisible-characters",
    "characters that cannot be seen stood around the text; they are left out.",
    Severity.WARNING,
)

_BLANK: Final = Parsed(None)
_MERGED: Final = Parsed(None)


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
        parsed = _check_kind(kind, digits=column.digits) or check(text)
        if parsed.value is not None and (doubt := doubt_of_kind(kind, text, digits=column.digits)):
            problems.append(problem_in(column, letter, row, doubt))
        if parsed.faults:
            problems.extend(problem_in(column, letter, row, fault) for fault in parsed.faults)
        if parsed.value is not None:
            values[row] = parsed.value
        elif parsed is _BLANK:
            values[row] = BLANK
    return CheckedColumn(values, tuple(problems))


def _check_kind(kind: CellKind | None, *, digits: bool) -> Parsed | None:
    """What comes of a cell whose kind leaves nothing to read; None for any other cell."""
    if kind is None:
        return None
    if kind is CellKind.MERGED:  # reading has told
        return _MERGED
    fault = fault_of_kind(kind, digits=digits)
    return Parsed(None, (fault,)) if fault else None


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
    """Read one cell's text. A bad cell has no value."""
    text = raw.strip(AROUND)
    if not text:
        return _BLANK
    if text.casefold() == CLEAR:
        return _clear(column)
    parsed = column.parse(text)
    faults = [_INVISIBLE_WENT] if text != raw.strip(" ") else []
    faults += parsed.faults
    if parsed.value is None:
        return Parsed(None, tuple(faults))
    for rule in column.rules:
        if fault := rule(parsed.value, policy):
            faults.append(fault)
    if not faults:
        return parsed
    refused = any(fault.severity is Severity.ERROR for fault in faults)
    return Parsed(None if refused else parsed.value, tuple(faults))


def _clear(column: Column) -> Parsed:
    if column.clearable:
        return Parsed(())
    return Parsed(
        None, (Fault("clear", f"{CLEAR} works for recipients only. Leave the cell blank to keep what is there."),)
    )
