"""Counts PINs as blank that the tenant's policy or the PBX's rules refuse, if others replace them."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

from bulkvm.columns import PIN_NOT_SENT, SENT_PIN_HEADING
from bulkvm.columns.pin import without_remedy
from bulkvm.columns.sheet_columns import result_words
from bulkvm.model.box import BLANK
from bulkvm.model.problem import Problem, ProblemCode, Severity
from bulkvm.model.sheet import Sheet
from bulkvm.validation.cell_checks import CheckedColumn

# Another error is of a cell that holds no PIN.
_REFUSED: Final = frozenset(
    {ProblemCode.PIN_LENGTH, ProblemCode.PIN_LOST_ZERO, ProblemCode.PIN_REPEATS, ProblemCode.PIN_ASCENDING}
)


def read_pin_column(sheet: Sheet) -> tuple[dict[int, str], set[int]]:
    """The PINs, by row of a result, that an import sent in place of others; and the rows whose PIN it did not send."""
    texts = result_words(sheet, SENT_PIN_HEADING)
    not_sent = {row for row, text in texts.items() if text == PIN_NOT_SENT}
    return {row: text for row, text in texts.items() if text and row not in not_sent}, not_sent


def rows_with_restored_zeros(sent: Mapping[int, str], pins: Mapping[int, object]) -> set[int]:
    """The rows of a result whose PIN lacks the leading zeros with which an import sent it."""
    texts = {row: pin for row in sent if isinstance(pin := pins.get(row), str)}
    return {row for row, pin in texts.items() if pin != sent[row] and pin.lstrip("0") == sent[row].lstrip("0")}


def blank_refused_pins(
    pins: CheckedColumn, rows: Sequence[int], replaced: Collection[int]
) -> tuple[CheckedColumn, Mapping[int, Problem]]:
    """Return the column of PINs without refused ones and their problems, and the first error of each, by row.

    Args:
        pins: the column.
        rows: the numbers of the rows.
        replaced: the rows whose PIN may be replaced; those of the others stay as they are.
    """
    errors: dict[int, Problem] = {}
    others: set[int | None] = set()
    for problem in pins.problems:
        if problem.is_error and problem.row in replaced and problem.row is not None:
            errors.setdefault(problem.row, problem)
            if problem.code not in _REFUSED:
                others.add(problem.row)
    refused = {row: error for row, error in errors.items() if row not in others}
    values = [BLANK if row in refused else value for row, value in zip(rows, pins.values, strict=True)]
    unread = {row for row in pins.unread if row not in refused}
    return CheckedColumn(values, unread, tuple(p for p in pins.problems if p.row not in refused)), refused


def warn_of_sent_pins(refused: Mapping[int, Problem], not_sent: Collection[int]) -> Iterator[Problem]:
    """Warn of refused PINs in a result, of which none is sent."""
    for row, error in refused.items():
        kept, sent = "the box keeps the PIN that it has", f"an import sent the one in {SENT_PIN_HEADING}"
        message = f"{without_remedy(error.message)} It is not sent: {kept if row in not_sent else sent}."
        yield replace(error, code=ProblemCode.PIN_REPLACED, message=message, severity=Severity.WARNING)
