"""The unchecked rows of a sheet, for comparisons: a PBX may hold values that the rules reject."""

from collections.abc import Iterable, Mapping
from itertools import repeat
from typing import Final

from bulkvm.columns import (
    CHANGED_HEADING,
    COLUMN_OF_HEADER,
    COLUMNS,
    ID_COLUMN,
    KEY_COLUMN,
    PIN_COLUMN,
    PIN_NOT_SENT,
    ROW_HEADING,
    SENT_PIN_HEADING,
    STATUS_HEADING,
)
from bulkvm.columns.cell_display import STRIP_CHARS
from bulkvm.columns.extension import shown_extension
from bulkvm.columns.sheet_columns import joined_texts, letters_by_header, result_letters, result_words
from bulkvm.model.outcome import Status
from bulkvm.model.problem import Problem, Severity
from bulkvm.model.settings import DEFAULT_PIN_POLICY
from bulkvm.model.sheet import Sheet
from bulkvm.validation.cell_checks import problem_in
from bulkvm.validation.header_checks import check_headings
from bulkvm.validation.row_checks import NO_EXTENSION, extension_twice, indistinct_rows

_DEFAULTS: Final = {column.header: column.format(column.default) for column in COLUMNS if column.default is not None}
_KEPT: Final = {Status.UPDATED, Status.UNCHANGED}


def take_rows(sheet: Sheet) -> tuple[tuple[Mapping[str, str], ...], tuple[Problem, ...]]:
    """Return the text of each row by column header, without checking it. Rows that are left out are not among them.

    In a result, a blank cell was left to the PBX: a created box has the documented default, and other rows do not have
    the field. The PIN is the one that was sent; if none was, since the box exists, it is not known.

    Returns:
        The rows, and the errors for which they cannot be compared: rows that could not be read, a column that is
        missing or there twice, a row without an extension, an extension on several rows without ids of their own.
    """
    sheet = sheet.without_left_out()
    errors = [problem for problem in (*check_headings(sheet), *sheet.problems) if problem.is_error]
    if errors:
        return (), tuple(errors)
    letters = letters_by_header(sheet)
    texts = {header: joined_texts(sheet, header, found) for header, found in letters.items()}
    texts[KEY_COLUMN.header] = {row: _read_extension(text) for row, text in texts[KEY_COLUMN.header].items()}
    missing = [(row, NO_EXTENSION) for row, number in texts[KEY_COLUMN.header].items() if not number]
    alike = indistinct_rows(texts[KEY_COLUMN.header], texts.get(ID_COLUMN.header, {}))
    twice = ((row, fault) for row, _, fault in extension_twice(texts[KEY_COLUMN.header]) if row in alike)
    errors = [problem_in(KEY_COLUMN, letters[KEY_COLUMN.header][0], row, fault) for row, fault in missing or twice]
    rows: Iterable[Mapping[str, str]] = (
        dict(zip(texts, values, strict=True)) for values in zip(*(c.values() for c in texts.values()), strict=True)
    )
    if STATUS_HEADING in (written := result_letters(sheet)):
        statuses = result_words(sheet, STATUS_HEADING).values()
        pins = result_words(sheet, SENT_PIN_HEADING).values() or repeat("")
        changed = result_words(sheet, CHANGED_HEADING).values() or repeat("")
        rows = (_as_sent(*cells) for cells in zip(rows, statuses, pins, changed, strict=False))
    elif sheet.read_as or ROW_HEADING in written:
        rows = map(_as_known, rows)
    return tuple(rows), tuple(errors)


def _as_sent(row: Mapping[str, str], status: str, pin: str, changed: str) -> Mapping[str, str]:
    given = {header: text for header, text in row.items() if text.strip(STRIP_CHARS)}
    if pin == PIN_NOT_SENT:
        given.pop(PIN_COLUMN.header, None)
    elif pin:
        given[PIN_COLUMN.header] = pin
    elif (
        status in _KEPT
        and PIN_COLUMN.header not in changed.split(", ")
        and _is_refused(given.get(PIN_COLUMN.header, ""))
    ):
        del given[PIN_COLUMN.header]  # with --replace-pins, the box keeps the PIN that it has
    return (_DEFAULTS if status == Status.CREATED else {}) | given


def _is_refused(pin: str) -> bool:
    faults = (rule(pin.strip(STRIP_CHARS), DEFAULT_PIN_POLICY) for rule in PIN_COLUMN.rules if pin)
    return any(fault and fault.severity is Severity.ERROR for fault in faults)


def _read_extension(text: str) -> str:
    stripped = text.strip(STRIP_CHARS)
    value = KEY_COLUMN.read(stripped).value
    return value if isinstance(value, str) else shown_extension(stripped)


def _as_known(row: Mapping[str, str]) -> Mapping[str, str]:
    """The row of another system's export, or of its clean copy, without settings that it does not show."""
    if row.get(ID_COLUMN.header):
        return row
    return {header: text for header, text in row.items() if text or not COLUMN_OF_HEADER[header].choices}
