"""Cells of a row that still hold the example of the template."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from bulkvm.model.problem import Problem, ProblemCode
from bulkvm.text import join_and


def rows_with_examples(problems: Iterable[Problem]) -> frozenset[int | None]:
    """The rows with such a cell, which is an error: blank cells beside it are none."""
    return frozenset(problem.row for problem in problems if _is_example(problem))


def join_examples(problems: Sequence[Problem]) -> list[Problem]:
    """Join the errors of such cells in a row into one, at the first cell. It names the others."""
    cells: dict[int | None, list[Problem]] = {}
    for problem in problems:
        if _is_example(problem):
            cells.setdefault(problem.row, []).append(problem)
    joined = {found[0]: _join(found) for found in cells.values() if len(found) > 1}
    others = {problem for found in cells.values() for problem in found[1:]}
    return [joined.get(problem, problem) for problem in problems if problem not in others] if joined else [*problems]


def _is_example(problem: Problem) -> bool:
    return problem.code is ProblemCode.EXAMPLE_CELL and problem.is_error


def _join(problems: Sequence[Problem]) -> Problem:
    named = join_and([problem.cell or "" for problem in problems])
    message = (
        f"{named} are still the example of the template, which is not imported. Clear the rest of the example row, or "
        "type your own values over it."
    )
    return replace(problems[0], message=message)
