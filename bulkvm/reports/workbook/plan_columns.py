"""What a plan file shows of the sheet: each row with its change, and no PIN."""

import re
import unicodedata
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

from bulkvm.columns import COLUMN_OF_HEADER, KEY_COLUMN, PIN_COLUMN, PLAN_HEADING, RESULT_PREFIX, SECRET_HEADERS
from bulkvm.columns.heading_words import names_secret
from bulkvm.columns.sheet_columns import letters_by_header, sheet_columns
from bulkvm.model.box import NOT_KNOWN
from bulkvm.model.change import Change, ChangeKind, Difference, PlannedStatus
from bulkvm.model.errors import UsageError
from bulkvm.model.sheet import Sheet
from bulkvm.planning import describe_unseen
from bulkvm.reports.text.plan_text import find_list_changes, render_difference, render_new
from bulkvm.reports.workbook.result_columns import PIN_HEADING, Results
from bulkvm.reports.workbook.text_cells import MAX_LINES, fitting_width, wrapped_lines
from bulkvm.text import printable

CHANGES_HEADING: Final = f"{RESULT_PREFIX}changes"
_WIDTH: Final = 14
_CHANGES_WIDTH: Final = 60
_STATUSES: Final = {
    ChangeKind.CREATE: PlannedStatus.NEW,
    ChangeKind.UPDATE: PlannedStatus.CHANGES,
    ChangeKind.UNCHANGED: PlannedStatus.UNCHANGED,
}
NOT_SHOWN: Final = "(not shown)"
SHORTEST_PIN: Final = 4  # digits; shorter numbers are everywhere
_LONGEST_PIN: Final = 64
_DIGITS: Final = re.compile("[0-9]+")


def make_planned(
    changes: Sequence[Change], others: Mapping[int, tuple[PlannedStatus, str]], generated: Collection[int]
) -> Results:
    """Make the columns of a plan file.

    Args:
        changes: the plan.
        others: the status and the reason of each row that is not in the plan.
        generated: the rows whose PIN is generated when the plan is sent.

    Raises:
        UsageError: a row sends more than a cell can show.
    """
    rows: dict[int, tuple[str | None, ...]] = {
        change.record.row: (_STATUSES[change.kind], "\n".join(_describe(change, generated))) for change in changes
    }
    rows |= {row: (status, reason) for row, (status, reason) in others.items()}
    texts = {change.record.row: rows[change.record.row][1] or "" for change in changes}
    width = fitting_width(texts.values(), _CHANGES_WIDTH)
    if cut := [row for row, text in texts.items() if wrapped_lines(text, width) > MAX_LINES]:
        raise UsageError(
            f"A plan file cannot show all that row {cut[0]} sends, so none was written. "
            "Shorten its values, or import the sheet without a plan file."
        )
    return Results({PLAN_HEADING: _WIDTH, CHANGES_HEADING: width}, rows, is_wrapped=True)


def mask_pins(sheet: Sheet, changes: Sequence[Change], secrets: frozenset[str]) -> Sheet:
    """Replace the PINs in a sheet by words: in the PIN column, in columns of other secrets, and wherever else they are.

    Args:
        sheet: the sheet as it was read.
        changes: the plan, for the words.
        secrets: all known PINs. A cell that is not read and contains one is not shown, nor is one of a row that is not
            in the plan; there, neither is a number other than the extension, which may be a PIN in the wrong column.
    """
    words = {change.record.row: _pin_word(change) for change in changes}
    letters = {letter for header in SECRET_HEADERS for letter in letters_by_header(sheet).get(header, ())}
    headers = sheet_columns(sheet)
    read = headers.keys() - letters
    cells = sheet.cells.copy()
    rows = cells.index.tolist()
    not_planned = [row not in words for row in rows]
    for letter in cells.columns:
        texts = cells[letter].tolist()
        if letter in letters:
            cells[letter] = [text and words.get(row, NOT_SHOWN) for row, text in zip(rows, texts, strict=True)]
        elif letter not in read:
            hidden = _is_secret(sheet.headings.get(letter, ""))
            cells[letter] = [
                NOT_SHOWN if text and (hidden or contains_secret(text, secrets)) else text for text in texts
            ]
        elif any(not_planned) and headers[letter] is not KEY_COLUMN:
            cells[letter] = [
                NOT_SHOWN if other and (_is_number(text) or contains_secret(text, secrets)) else text
                for text, other in zip(texts, not_planned, strict=True)
            ]
    headings = {
        letter: heading if letter in headers or not _contains(numbers_in(heading), secrets) else NOT_SHOWN
        for letter, heading in sheet.headings.items()
    }
    return replace(sheet, cells=cells, headings=headings)


def contains_secret(text: str, secrets: frozenset[str]) -> bool:
    """Whether a text contains one of the secrets, which are digits, also in groups, or says that it does."""
    numbers = numbers_in(text)
    return _contains(numbers, secrets) or (len(numbers[-1]) >= SHORTEST_PIN and names_secret(text))


def _contains(numbers: Sequence[str], secrets: frozenset[str]) -> bool:
    return not secrets.isdisjoint(numbers) or not secrets.isdisjoint(_joined(numbers[:-1]))


def numbers_in(text: str) -> list[str]:
    """The numbers in a text, also in digits of other scripts, and all its digits as one number."""
    numbers = _DIGITS.findall(text if text.isascii() else "".join(str(unicodedata.digit(c, c)) for c in text))
    return [*numbers, "".join(numbers)]


def _joined(groups: Sequence[str]) -> Iterator[str]:
    """The numbers that are written as several groups one after the other, such as 852-0742."""
    for start in range(len(groups)):
        number = groups[start]
        for group in groups[start + 1 :]:
            number += group
            if len(number) > _LONGEST_PIN:
                break
            yield number


def _is_number(text: str) -> bool:
    """Whether a text has as many digits as a PIN, and no letters."""
    return len(numbers_in(text)[-1]) >= SHORTEST_PIN and not any(map(str.isalpha, text))


def _is_secret(heading: str) -> bool:
    return heading.strip().casefold() in PIN_HEADING or names_secret(heading)


def _pin_word(change: Change) -> str:
    if change.kind is ChangeKind.CREATE:
        return "(set)"
    found = next((d for d in change.differences if d.field == PIN_COLUMN.header), None)
    if found:
        return "(sent)" if found.old is NOT_KNOWN else "(changes)"
    return "(not sent)" if PIN_COLUMN.header in change.kept else "(unchanged)"


def _describe(change: Change, generated: Collection[int]) -> Iterator[str]:
    has_generated_pin = change.record.row in generated
    if change.kind is ChangeKind.CREATE:
        yield from render_new(change.record, "generated when the plan is sent" if has_generated_pin else "set")
    for difference in change.differences:
        if difference.field == PIN_COLUMN.header and has_generated_pin:
            yield f"{PIN_COLUMN.title}: replaced by a generated one when the plan is sent"
        elif not (difference.field in SECRET_HEADERS and difference.old is NOT_KNOWN):  # described below
            yield from _render_difference(difference)
    if unseen := describe_unseen(change):
        yield unseen


def _render_difference(difference: Difference) -> Iterator[str]:
    """Render a difference; that of a list in words, since a page may break a line after the sign of an item."""
    old, new = difference.old, difference.new
    if not (isinstance(old, tuple) and isinstance(new, tuple)):
        yield render_difference(difference)
        return
    title = COLUMN_OF_HEADER[difference.field].title
    for what, items in zip(("added", "removed"), find_list_changes(old, new), strict=True):
        if items:
            yield f"{title} {what}: {printable(', '.join(items))}"
