"""The columns that a result adds to a sheet."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from openpyxl.utils import column_index_from_string

from bulkvm.columns import RESULT_PREFIX
from bulkvm.model.outcome import Outcome
from bulkvm.model.problem import Problem
from bulkvm.model.sheet import Sheet
from bulkvm.reports.text.problem_text import in_sheet_order, render_problem

_STATUS: Final = f"{RESULT_PREFIX}status"
_MESSAGE: Final = f"{RESULT_PREFIX}message"
# Each with its width in characters.
RESULT_HEADINGS: Final = {_STATUS: 14, _MESSAGE: 60, f"{RESULT_PREFIX}id": 28, f"{RESULT_PREFIX}changed": 24}
PIN_HEADING: Final = {f"{RESULT_PREFIX}pin": 14}


@dataclass(frozen=True, slots=True)
class Results:
    """What a copy adds: headings with their widths, and by row the texts under them, a status first.

    Where a text is None, the cell stays as an earlier result has it.
    """

    headings: Mapping[str, int]
    rows: Mapping[int, tuple[str | None, ...]] = field(repr=False)


def list_results(outcomes: Sequence[Outcome], problems: Sequence[Problem], pins: Mapping[int, str]) -> Results:
    """Give what a result adds. Without a message of its own, a row gets its problems.

    Args:
        outcomes: of the rows.
        problems: of the rows.
        pins: those that were generated, by row; with any, they get a column of their own.
    """
    messages = messages_of_rows(problems)
    rows = {
        outcome.row: (
            outcome.status,
            outcome.message or messages.get(outcome.row, ""),
            outcome.id or "",
            ", ".join(outcome.changed),
            *([pins.get(outcome.row)] if pins else []),
        )
        for outcome in outcomes
    }
    return Results(RESULT_HEADINGS | PIN_HEADING if pins else RESULT_HEADINGS, rows)


def list_messages(sheet: Sheet, problems: Sequence[Problem], *, all_of_them: bool) -> Results | None:
    """Give what an annotated copy adds: what is wrong, in a column, where an earlier copy has it or notes are too few.

    Args:
        sheet: as it was read.
        problems: all of its rows.
        all_of_them: whether the column is needed, since notes cannot tell all.
    """
    there = {heading.strip().casefold() for heading in sheet.headings.values()}
    is_former = _MESSAGE in there and _STATUS not in there  # with a status, it tells what a run came to
    if not (all_of_them or is_former):
        return None
    messages = messages_of_rows(problems)
    otherwise = "" if is_former else None
    rows = {row: (messages.get(row, otherwise),) for row in sheet.cells.index.tolist()}
    return Results({_MESSAGE: RESULT_HEADINGS[_MESSAGE]}, rows)


def place_results(results: Results, headings: Mapping[str, str], last: int) -> list[int]:
    """Say in which columns (counted from 1) the results go: over an earlier run's, else to the right of the last."""
    there = {heading.strip().casefold(): column_index_from_string(letter) for letter, heading in headings.items()}
    free = iter(range(last + 1, last + 1 + len(results.headings)))
    return [there[heading] if heading in there else next(free) for heading in results.headings]


def messages_of_rows(problems: Sequence[Problem]) -> Mapping[int | None, str]:
    """All that is wrong in a row, in one text."""
    told: dict[int | None, list[str]] = defaultdict(list)
    for problem in in_sheet_order(problems):
        told[problem.row].append(render_problem(problem))
    return {row: " ".join(texts) for row, texts in told.items()}
