"""Checks several columns that are read as one: parts of a name, or more than one column of addresses."""

from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Final

from bulkvm.columns import CLEAR, Column
from bulkvm.columns.recipients import listed_twice
from bulkvm.columns.sheet_columns import parts_to_join
from bulkvm.model.box import BLANK, Blank, Value
from bulkvm.model.problem import Fault, Problem, ProblemCode, Severity
from bulkvm.model.settings import PinPolicy
from bulkvm.validation.cell_checks import CheckedColumn, problem_in

_CONTRADICTION: Final = Fault(
    ProblemCode.CLEAR,
    f"Another column of this row has addresses, and {CLEAR} removes all of them. Keep one of the two.",
)


def join_columns(
    column: Column, parts: Mapping[str, CheckedColumn], rows: Sequence[int], policy: PinPolicy
) -> CheckedColumn:
    """Join the values of each row, and check the joined ones.

    A problem of a joined value is reported at each cell that is part of it, unless a part has the same one.

    Args:
        column: the column that all of them are read as.
        parts: the checked columns by letter, in the order in which they are joined.
        rows: the numbers of the rows.
        policy: the allowed length of PINs.
    """
    values: list[Value | Blank] = []
    unread = set(chain.from_iterable(part.unread for part in parts.values()))
    problems = list(chain.from_iterable(part.problems for part in parts.values()))
    of_parts = {(problem.row, problem.code) for problem in problems}
    for row, *cells in zip(rows, *(part.values for part in parts.values()), strict=True):
        given = {letter: value for letter, value in zip(parts, cells, strict=True) if value is not BLANK}
        if row in unread or len(given) < 2:  # noqa: PLR2004  (a single value was checked with its column)
            values.append(BLANK if row in unread else next(iter(given.values()), BLANK))
            continue
        value, found = _join(column, row, given)
        found += [
            problem_in(column, letter, row, fault)
            for rule in column.rules
            if (fault := rule(value, policy)) and (row, fault.code) not in of_parts
            for letter in given
        ]
        problems += found
        if any(problem.severity is Severity.ERROR for problem in found):
            unread.add(row)
        values.append(BLANK if row in unread else value)
    return CheckedColumn(values, unread, tuple(problems))


def _join(column: Column, row: int, given: Mapping[str, Value]) -> tuple[Value, list[Problem]]:
    texts = [value for value in given.values() if isinstance(value, str)]
    if texts:
        return column.joiner.join(parts_to_join(texts)), []
    addresses: dict[str, str] = {}
    problems: list[Problem] = []
    cleared = [letter for letter, value in given.items() if value == ()]
    if cleared and len(cleared) < len(given):
        problems += [problem_in(column, letter, row, _CONTRADICTION) for letter in cleared]
    for letter, value in given.items():
        for address in value if isinstance(value, tuple) else ():
            if addresses.setdefault(address.casefold(), address) is not address:
                problems.append(problem_in(column, letter, row, listed_twice(address)))
    return tuple(addresses.values()), problems
