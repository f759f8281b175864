"""Accepts exported values that the rules reject, so that an export can be imported unchanged."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from bulkvm.columns import COLUMN_OF_HEADER
from bulkvm.columns.cell_display import STRIP_CHARS
from bulkvm.model.box import BLANK, Record
from bulkvm.model.problem import Problem, ProblemCode, Severity
from bulkvm.model.sheet import Sheet
from bulkvm.validation.row_checks import indistinct_rows

# Rejected values that a box may have. What a spreadsheet changed is not among them.
_HELD: Final = frozenset(
    {
        ProblemCode.CLEAR,
        ProblemCode.EXAMPLE_CELL,
        ProblemCode.NAME_CONTROL,
        ProblemCode.NAME_LENGTH,
        ProblemCode.PROMPT_TAG,
        ProblemCode.RECIPIENT,
        ProblemCode.RECIPIENTS_MANY,
        ProblemCode.CLOCK,
        ProblemCode.PIN_LENGTH,
        ProblemCode.PIN_LOST_ZERO,
        ProblemCode.PIN_POLICY,
        ProblemCode.PIN_REPEATS,
        ProblemCode.PIN_ASCENDING,
        ProblemCode.EXTENSION_LENGTH,
        ProblemCode.EXTENSION_NOT_DIGITS,
        ProblemCode.EXTENSION_RESERVED,
        ProblemCode.EXTENSION_TWICE,
    }
)


def keep_exported(
    records: tuple[Record, ...], problems: Sequence[Problem], sheet: Sheet, letters: Mapping[str, Sequence[str]]
) -> tuple[tuple[Record, ...], list[Problem]]:
    """Turn errors in exported rows into warnings; the plan checks whether the value was changed.

    A row with the id of a box is an exported one.

    Returns:
        The records, with these values and with the errors that hold if the box has others; and the problems.
    """
    refused = {problem.row for problem in problems if problem.code in _HELD}
    exported = {record.row for record in records if record.row in refused and record.id is not BLANK} if refused else ()
    if not exported:
        return records, list(problems)
    numbers = {record.row: record.extension_number for record in records}
    exported -= indistinct_rows(numbers, {r.row: r.id for r in records if r.id is not BLANK})
    held: dict[int, list[Problem]] = {}
    left = []
    for problem in problems:
        if problem.row in exported and problem.code in _HELD:
            held.setdefault(problem.row, []).append(problem)
            message = f"{problem.message} It is accepted only as it was exported."
            left.append(replace(problem, severity=Severity.WARNING, message=message))
        else:
            left.append(problem)

    def with_held(record: Record) -> Record:
        if record.row not in held:
            return record
        values: dict[str, Any] = {}
        for problem in held[record.row]:
            header = problem.column or ""
            cells = (str(sheet.cells.at[record.row, letter]).strip(STRIP_CHARS) for letter in letters[header])
            values[header] = _as_exported(header, COLUMN_OF_HEADER[header].joiner.join(filter(None, cells)))
        return replace(record, **values, errors_if_changed=tuple(held[record.row]))

    return tuple(map(with_held, records)), left


def _as_exported(header: str, text: str) -> str | tuple[str, ...]:
    """Parse a cell as an export writes it, without checking it."""
    text, column = text.strip(STRIP_CHARS), COLUMN_OF_HEADER[header]
    if column.clearable:
        return tuple(filter(None, (part.strip() for part in text.split(","))))
    value = column.read(text).value
    return value if isinstance(value, str) else text
