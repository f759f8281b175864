"""Parses and checks the cells of one column."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from bulkvm.columns import CHECK, CLEAR, Column, Parsed, is_example
from bulkvm.columns.boolean import MARK_OR_YES, find_circles
from bulkvm.columns.cell_display import STRIP_CHARS
from bulkvm.columns.column import FieldKind
from bulkvm.model.box import BLANK, Blank, Value
from bulkvm.model.problem import Fault, Problem, ProblemCode, Severity
from bulkvm.model.settings import DEFAULT_PIN_POLICY, PinPolicy
from bulkvm.model.sheet import CellKind
from bulkvm.validation.cell_kinds import HARMLESS, REPORTED, fault_of_kind, warning_of_kind

_INVISIBLE_REMOVED: Final = Fault(
    ProblemCode.INVISIBLE_CHARACTERS,
    "Invisible characters around the text were removed.",
)

_CACHE_SIZE: Final = 2**10  # entries; a larger cache does not help columns of unique values

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
    rows: Sequence[int],
    texts: Sequence[str],
    *,
    kinds: Mapping[int, CellKind],
    policy: PinPolicy,
) -> CheckedColumn:
    """Parse and check every cell of a column: the text of each row, and the kinds of cells by row."""
    known: dict[str, Parsed] = {}  # many cells have the same text
    values = _read_plain(column, texts, policy, known)
    if column.kind is FieldKind.BOOLEAN and (circles := find_circles(texts)):
        known.update(dict.fromkeys(circles, Parsed(None, (MARK_OR_YES,))))
        values = [None if text in circles else value for text, value in zip(texts, values, strict=True)]
    kinds = {row: kind for row, kind in kinds.items() if kind not in HARMLESS}
    unread: set[int] = set()
    problems: list[Problem] = []
    for place in _places_left(values, rows, kinds):
        row, text = rows[place], texts[place]
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


def _read_plain(column: Column, texts: Sequence[str], policy: PinPolicy, known: dict[str, Parsed]) -> list[Any]:
    """Read the texts without a problem, which are most texts of most sheets, with few steps; None for the others."""
    if column.read_plain and not (column.secret and policy != DEFAULT_PIN_POLICY):
        return column.read_plain(texts)
    distinct = set(texts)
    if len(distinct) > _CACHE_SIZE:
        return [None] * len(texts)
    known.update((text, _check_text(column, text, policy)) for text in distinct)
    read = {text: BLANK if parsed is _BLANK else parsed.value for text, parsed in known.items() if not parsed.faults}
    return list(map(read.get, texts))


def _places_left(values: Sequence[Any], rows: Sequence[int], kinds: Collection[int]) -> list[int]:
    """The places of the cells that have no value yet, or whose kind may be a problem."""
    if not kinds:
        return [place for place, value in enumerate(values) if value is None]
    cells = enumerate(zip(values, rows, strict=True))
    return [place for place, (value, row) in cells if value is None or row in kinds]


def _check_kind(kind: CellKind, text: str, parsed: Parsed, *, digits: bool) -> Parsed:
    """Add the problems of a cell's kind to those of its text."""
    if kind in REPORTED:
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
    if text[0] in "<eE" and (special := _check_mark(column, text)):
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
    return _EXAMPLE if is_example(column, text) else None


def _clear(column: Column) -> Parsed:
    if column.clearable:
        return Parsed(())
    return Parsed(
        None,
        (Fault(ProblemCode.CLEAR, f"{CLEAR} works for recipients only. Leave the cell blank to keep the value."),),
    )
