"""The columns that a result adds to a sheet."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from openpyxl.utils import column_index_from_string

from bulkvm.columns import OURS
from bulkvm.outcomes import Outcome
from bulkvm.problems import Problem
from bulkvm.reports.problem_texts import in_sheet_order, render_problem

# Each with its width in characters.
RESULT_HEADINGS: Final = {f"{OURS}status": 14, f"{OURS}message": 60, f"{OURS}id": 28, f"{OURS}changed": 24}
PIN_HEADING: Final = {f"{OURS}pin": 14}


@dataclass(frozen=True, slots=True)
class Results:
    """What a result adds: its headings with their widths, and by row the texts under them, the status first."""

    headings: Mapping[str, int]
    rows: Mapping[int, tuple[str, ...]] = field(repr=False)


def list_results(outcomes: Sequence[Outcome], problems: Sequence[Problem], pins: Mapping[int, str]) -> Results:
    """Give what a result adds. Without a message of its own, a row gets its problems.

    Args:
        outcomes: of the rows.
        problems: of the rows.
        pins: those that were generated, by row; with any, they get a column of their own.
    """
    problems_of_row: dict[int | None, list[str]] = defaultdict(list)
    for problem in in_sheet_order(problems):
        problems_of_row[problem.row].append(render_problem(problem))
    rows = {
        outcome.row: (
            outcome.status,
            outcome.message or " ".join(problems_of_row.get(outcome.row, ())),
            outcome.id or "",
            ", ".join(outcome.changed),
            *([pins.get(outcome.row, "")] if pins else []),
        )
        for outcome in outcomes
    }
    return Results(RESULT_HEADINGS | PIN_HEADING if pins else RESULT_HEADINGS, rows)


def place_results(results: Results, headings: Mapping[str, str], last: int) -> list[int]:
    """Say in which columns (counted from 1) the results go: over an earlier run's, else to the right of the last."""
    there = {heading.strip().casefold(): column_index_from_string(letter) for letter, heading in headings.items()}
    free = iter(range(last + 1, last + 1 + len(results.headings)))
    return [there[heading] if heading in there else next(free) for heading in results.headings]
