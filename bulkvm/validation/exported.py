"""What stands on the PBX already, though nobody may write it: an export must be importable as it is."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from bulkvm.box import BLANK, Record
from bulkvm.columns import COLUMN_OF_HEADER
from bulkvm.columns.text import AROUND
from bulkvm.problems import Problem, Severity
from bulkvm.sheet import Sheet

# Our own rules, stricter than the PBX's.
_OUR_RULES: Final = frozenset({"name-control", "prompt-tag"})


def keep_exported(
    records: tuple[Record, ...], problems: Sequence[Problem], sheet: Sheet, letters: Mapping[str, str]
) -> tuple[tuple[Record, ...], list[Problem]]:
    """Let pass, with a warning, what our own rules refuse in an exported row; the plan tells whether it was changed.

    An export is known by the box's id, which people do not write.

    Returns:
        The records, with these values and with the errors that hold if the box has others; and the problems.
    """
    refused = {problem.row for problem in problems if problem.code in _OUR_RULES}
    exported = {record.row for record in records if record.row in refused and record.id is not BLANK} if refused else ()
    if not exported:
        return records, list(problems)
    held: dict[int, list[Problem]] = {}
    left = []
    for problem in problems:
        if problem.row in exported and problem.code in _OUR_RULES:
            held.setdefault(problem.row, []).append(problem)
            message = f"{problem.message} It may stay only as an export wrote it."
            left.append(replace(problem, severity=Severity.WARNING, message=message))
        else:
            left.append(problem)

    def with_held(record: Record) -> Record:
        if record.row not in held:
            return record
        values: dict[str, Any] = {}
        for problem in held[record.row]:
            header = problem.column or ""
            text = str(sheet.cells.at[record.row, letters[header]]).strip(AROUND)
            values[header] = COLUMN_OF_HEADER[header].parse(text).value or text
        return replace(record, **values, if_changed=tuple(held[record.row]))

    return tuple(map(with_held, records)), left
