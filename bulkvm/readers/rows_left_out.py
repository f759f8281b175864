"""Rows that an earlier run left out, by the status in its result."""

from dataclasses import replace
from typing import Final

from bulkvm.columns import MESSAGE_HEADING, STATUS_HEADING
from bulkvm.columns.sheet_columns import result_texts, result_words
from bulkvm.model.outcome import Status
from bulkvm.model.sheet import Sheet
from bulkvm.text import printable

_REASON: Final = f"An earlier run left this row out. To import it, empty its cell in the column {STATUS_HEADING}."


def leave_out_again(sheet: Sheet) -> Sheet:
    """Leave out the rows of a result that are left out in it: nothing else in them shows that they are not boxes.

    The reasons are those in the result.
    """
    statuses, messages = result_words(sheet, STATUS_HEADING), result_texts(sheet, MESSAGE_HEADING)
    rows = (row for row, status in statuses.items() if status == Status.LEFT_OUT)
    again = {row: printable(messages.get(row, "")) or _REASON for row in rows}
    return replace(sheet, left_out=again | dict(sheet.left_out)) if again else sheet
