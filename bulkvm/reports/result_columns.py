"""The columns that a result adds to a sheet."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Final, TypeAlias

from openpyxl.utils import column_index_from_string

from bulkvm.columns import OURS
from bulkvm.outcomes import Outcome
from bulkvm.problems import Problem
from bulkvm.reports.problem_texts import in_sheet_order, render_problem

# Each with its width in characters.
RESULT_HEADINGS: Final = {f"{OURS}status": 14, f"{OURS}message": 60, f"{OURS}id": 28, f"{OURS}changed": 24}

Results: TypeAlias = Mapping[int, tuple[str, str, str, str]]


def list_results(outcomes: Sequence[Outcome], problems: Sequence[Problem]) -> Results:
    """Give what stands under RESULT_HEADINGS, by row. Without a message of its own, a row gets its problems."""
    problems_of_row: dict[int | None, list[str]] = defaultdict(list)
    for problem in in_sheet_order(problems):
        problems_of_row[problem.row].append(render_problem(problem))
    return {
        outcome.row: (
            outcome.status,
            outcome.message or " ".join(problems_of_row.get(outcome.row, ())),
            outcome.id or "",
            ", ".join(outcome.changed),
        )
        for outcome in outcomes
    }


def place_results(headings: Mapping[str, str], last: int) -> list[int]:
    """Say in which columns (counted from 1) the results go: over an earlier run's, else to the right of the last."""
    there = {heading.strip().casefold(): column_index_from_string(letter) for letter, heading in headings.items()}
    free = iter(range(last + 1, last + 1 + len(RESULT_HEADINGS)))
    return [there[heading] if heading in there else next(free) for heading in RESULT_HEADINGS]
