"""Counts PINs as blank that the tenant's policy or the PBX's rules refuse (`--replace-pins`)."""

from collections.abc import Mapping, Sequence
from typing import Final

from bulkvm.model.box import BLANK
from bulkvm.model.problem import Problem, ProblemCode
from bulkvm.validation.cell_checks import CheckedColumn

# Another error is of a cell that holds no PIN.
_REFUSED: Final = frozenset(
    {ProblemCode.PIN_LENGTH, ProblemCode.PIN_LOST_ZERO, ProblemCode.PIN_REPEATS, ProblemCode.PIN_ASCENDING}
)


def blank_refused_pins(pins: CheckedColumn, rows: Sequence[int]) -> tuple[CheckedColumn, Mapping[int, Problem]]:
    """Return the column of PINs without refused ones and their problems, and the first error of each, by row."""
    errors: dict[int, Problem] = {}
    others: set[int | None] = set()
    for problem in pins.problems:
        if problem.is_error and problem.row is not None:
            errors.setdefault(problem.row, problem)
            if problem.code not in _REFUSED:
                others.add(problem.row)
    refused = {row: error for row, error in errors.items() if row not in others}
    values = [BLANK if row in refused else value for row, value in zip(rows, pins.values, strict=True)]
    unread = {row for row in pins.unread if row not in refused}
    return CheckedColumn(values, unread, tuple(p for p in pins.problems if p.row not in refused)), refused
