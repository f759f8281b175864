"""Parses and checks the cells of one column."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from bulkvm.columns import CHECK, CLEAR, EXAMPLE, Column, Parsed
from bulkvm.columns.cell_display import STRIP_CHARS
from bulkvm.model.box import BLANK, Blank, Value
from bulkvm.model.problem import Fault, Problem, ProblemCode, Severity
from bulkvm.model.settings import DEFAULT_PIN_POLICY, PinPolicy
from bulkvm.model.sheet import CellKind
from bulkvm.validation.cell_kinds import fault_of_kind, warning_of_kind

_INVISIBLE_REMOVED: Final = Fault(
    ProblemCode.INVISIBLE_CHARACTERS,
    "Invisible characters around the text were removed.",
)

_CACHE_SIZE: Final = 2**10  # entries; a larger cache does not help columns of unique values

_REPORTED: Final = frozenset({CellKind.MERGED, CellKind.OTHER_ENCODING})  # by the reader
_BLANK: Final = Parsed(None)
_MERGED: Final = Parsed(None)
_REFUSED: Final = Parsed(
    None,
    (
        Fault(
            ProblemCode.CELL_REFUSED,
            f"The value was not certain, so this copy marks the cell with {CHECK}. Type the right value.",
        ),
    ),
)
_EXAMPLE: Final = Parsed(
    None,
    (
        Fault(
            ProblemCode.EXAMPLE_CELL,
            "This is still the example of the template. Type your own value, or empty the cell.",
        ),
    ),
)


@dataclass(frozen=True, slots=True)
class CheckedColumn:
    """The values of a column in the order of the rows, and the rows that could not be read."""

    values: Sequence[Value | Blank]
    unread: Collection[int]
    problems: tuple[Problem, ...]


def check_column(
    column: Column,
    letter: str,
    texts: Iterable[tuple[int, str]],
    kinds: Mapping[int, CellKind],
    policy: PinPolicy,
) -> CheckedColumn:
    """Parse and check every cell of a column, given as pairs of row number and text."""
    cells = list(texts)
    known: dict[str, Parsed] = {}  # many cells have the same text
    values, others = _read_plain(column, cells, kinds, policy, known)
    unread: set[int] = set()
    problems: list[Problem] = []
    for place in others:
        row, text = cells[place]
        parsed = known.get(text)
        if parsed is None:
            parsed = _check_text(column, text, policy)
            if len(known) < _CACHE_SIZE:
                known[text] = parsed
        if row in kinds:
            parsed = _check_kind(kinds[row], text, parsed, digits=column.digits)
        value = parsed.value
        values[place] = BLANK if value is None else value
        if value is None and parsed is not _BLANK:
            unread.add(row)
        if parsed.faults:
            problems.extend(problem_in(column, letter, row, fault) for fault in parsed.faults)
    return CheckedColumn(values, unread, tuple(problems))


def _read_plain(
    column: Column,
    cells: Sequence[tuple[int, str]],
    kinds: Collection[int],
    policy: PinPolicy,
    known: dict[str, Parsed],
) -> tuple[list[Value | Blank], Iterable[int]]:
    """Read the cells without a problem, which are most cells of most sheets, with few steps.

    Returns:
        The values, and the places of the cells that are still to be checked.
    """
    texts = [text for _, text in cells]
    values: list[Any] = texts
    if column.plain and not (column.secret and policy != DEFAULT_PIN_POLICY):
        match = column.plain.fullmatch
        return values, [place for place, (row, text) in enumerate(cells) if match(text) is None or row in kinds]
    distinct = set(texts)
    if len(distinct) > _CACHE_SIZE:
        return values, range(len(cells))
    known.update((text, _check_text(column, text, policy)) for text in distinct)
    read = {text: BLANK if parsed is _BLANK else parsed.value for text, parsed in known.items() if not parsed.faults}
    values = [read.get(text) for text in texts]
    return values, [place for place, (row, _) in enumerate(cells) if values[place] is None or row in kinds]


def _check_kind(kind: CellKind, text: str, parsed: Parsed, *, digits: bool) -> Parsed:
    """Add the problems of a cell's kind to those of its text."""
    if kind in _REPORTED:
        return _MERGED
    if fault := fault_of_kind(kind, digits=digits):
        return Parsed(None, (fault,))
    if parsed.value is not None and (warning := warning_of_kind(kind, text, digits=digits)):
        return Parsed(parsed.value, (warning, *parsed.faults))
    return parsed


def problem_in(column: Column, letter: str, row: int, fault: Fault) -> Problem:
    """Make a problem of a fault and its cell."""
    return Problem(
        row=row,
        cell=f"{letter}{row}",
        column=column.header,
        code=fault.code,
        message=fault.message,
        severity=fault.severity,
    )


def _check_text(column: Column, raw: str, policy: PinPolicy) -> Parsed:
    """Parse and check the text of a cell. An invalid cell has no value."""
    text = raw.strip(STRIP_CHARS)
    if not text:
        return _BLANK
    if text[0] in "<e" and (special := _check_mark(column, text)):
        return special
    parsed = column.read(text)
    removed = [_INVISIBLE_REMOVED] if text is not raw and text != raw.strip(" ") else []
    if parsed.value is None:
        return Parsed(None, (*removed, *parsed.faults))
    broken = [fault for rule in column.rules if (fault := rule(parsed.value, policy))]
    if not (removed or parsed.faults or broken):
        return parsed
    refused = any(fault.severity is Severity.ERROR for fault in (*parsed.faults, *broken))
    return Parsed(None if refused else parsed.value, (*removed, *parsed.faults, *broken))


def _check_mark(column: Column, text: str) -> Parsed | None:
    """Check a cell with one of bulkvm's own marks; None if it has none."""
    folded = text.casefold()
    if folded == CLEAR:
        return _clear(column)
    if folded.startswith(CHECK):
        return _REFUSED
    return _EXAMPLE if text.startswith(EXAMPLE) else None


def _clear(column: Column) -> Parsed:
    if column.clearable:
        return Parsed(())
    return Parsed(
        None,
        (Fault(ProblemCode.CLEAR, f"{CLEAR} works for recipients only. Leave the cell blank to keep the value."),),
    )
