"""The columns that results and annotated copies add to a sheet."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from openpyxl.utils import column_index_from_string

from bulkvm.columns import (
    CHANGED_HEADING,
    COLUMN_OF_HEADER,
    ID_HEADING,
    MESSAGE_HEADING,
    SENT_PIN_HEADING,
    STATUS_HEADING,
)
from bulkvm.model.outcome import Outcome, Status
from bulkvm.model.problem import Problem
from bulkvm.model.sheet import Sheet
from bulkvm.reports.text.problem_text import in_sheet_order, render_for_sheet

_MOST_COLUMNS: Final = 16_384  # of a worksheet
# With the greatest widths in characters.
RESULT_HEADINGS: Final = {STATUS_HEADING: 17, MESSAGE_HEADING: 90, ID_HEADING: 28, CHANGED_HEADING: 24}
_MARGIN: Final = 3  # characters, with the arrow of a filter
PIN_HEADING: Final = {SENT_PIN_HEADING: 14}


@dataclass(frozen=True, slots=True)
class Results:
    """Added columns: headings with widths, and texts by row, a status first.

    None leaves the cell as an earlier result wrote it. `is_wrapped` if all of a text is to be seen, as on paper.
    """

    headings: Mapping[str, int]
    rows: Mapping[int, tuple[str | None, ...]] = field(repr=False)
    is_wrapped: bool = False


def make_results(
    outcomes: Sequence[Outcome], problems: Sequence[Problem], pins: Mapping[int, str], *, for_scripts: bool = False
) -> Results:
    """Make the columns of a result. A row without a message gets its problems as the message.

    Args:
        outcomes: the outcomes of the rows.
        problems: the problems of the rows.
        pins: PINs by row that are not those of the sheet. If there are any, they have their own column.
        for_scripts: whether changed fields have the API's names, as in CSV files, instead of their titles.
    """
    messages = messages_by_row(problems)
    rows = {
        outcome.row: (
            outcome.status,
            outcome.message or messages.get(outcome.row, ""),
            outcome.id or "",
            ", ".join(field if for_scripts else COLUMN_OF_HEADER[field].title for field in outcome.changed),
            *([pins.get(outcome.row)] if pins else []),
        )
        for outcome in outcomes
    }
    return Results(_fitted(RESULT_HEADINGS | PIN_HEADING if pins else RESULT_HEADINGS, rows), rows)


def _fitted(headings: Mapping[str, int], rows: Mapping[int, Sequence[str | None]]) -> Mapping[str, int]:
    """Return the headings with narrower columns for shorter texts, so that more is on the screen and on a page."""
    longest = [max((len(text or "") for text in texts), default=0) for texts in zip(*rows.values(), strict=True)] or [
        0
    ] * len(headings)
    texts = zip(headings.items(), longest, strict=True)
    return {heading: min(width, max(len(heading), length) + _MARGIN) for (heading, width), length in texts}


def make_messages(sheet: Sheet, problems: Sequence[Problem], *, required: bool) -> Results | None:
    """Make the message column of an annotated copy, if there are too many notes or an earlier copy has the column.

    Args:
        sheet: the sheet as it was read.
        problems: the problems of all rows.
        required: whether the column is needed because not every mark gets a note.
    """
    there = {heading.strip().casefold() for heading in sheet.headings.values()}
    # With a status column, the messages are those of a run.
    is_former = MESSAGE_HEADING in there and STATUS_HEADING not in there
    if not (required or is_former):
        return None
    messages = messages_by_row(problems)
    # Rows without a message are left out, unless they may have one from an earlier copy.
    rows = {row: (messages.get(row, ""),) for row in sheet.cells.index.tolist() if is_former or row in messages}
    return Results(_fitted({MESSAGE_HEADING: RESULT_HEADINGS[MESSAGE_HEADING]}, rows), rows)


def add_left_out(messages: Results | None, left_out: Mapping[int, str]) -> Results:
    """Add the status of rows that are left out, with the reasons, so that a copy that is imported leaves them out."""
    rows: dict[int, tuple[str | None, ...]] = (
        {row: ("", *texts) for row, texts in messages.rows.items()} if messages else {}
    )
    rows |= {row: (Status.LEFT_OUT, reason) for row, reason in left_out.items()}
    return Results({heading: RESULT_HEADINGS[heading] for heading in (STATUS_HEADING, MESSAGE_HEADING)}, rows)


def assign_columns(results: Results, headings: Mapping[str, str], used: Collection[int]) -> list[int]:
    """Return the result columns, counted from 1: those of an earlier result, or new ones after the last used column.

    If a sheet cannot have as many columns, they are the last ones that are free side by side.
    """
    there = {heading.strip().casefold(): column_index_from_string(letter) for letter, heading in headings.items()}
    needed = len(results.headings)
    free = iter(range(_last_before(sorted({0, *used}), needed) + 1, _MOST_COLUMNS + needed))
    return [there[heading] if heading in there else next(free) for heading in results.headings]


def _last_before(used: Sequence[int], needed: int) -> int:
    """The last of the used columns after which as many as needed are free."""
    ends = [*used[1:], _MOST_COLUMNS + 1]
    return max(
        (column for column, end in zip(used, ends, strict=True) if end - column > needed),
        default=used[-1],
    )


def messages_by_row(problems: Sequence[Problem]) -> Mapping[int | None, str]:
    """Join the problems of each row into one message, errors first: they are what must be corrected."""
    found: dict[int | None, list[str]] = defaultdict(list)
    for problem in sorted(in_sheet_order(problems), key=lambda problem: problem.severity):
        found[problem.row].append(render_for_sheet(problem))
    return {row: " ".join(texts) for row, texts in found.items()}
