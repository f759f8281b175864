"""Sheets of a workbook that are not read, and seem to contain boxes."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from bulkvm.columns.cell_display import STRIP_CHARS, sheet_option, shown_number
from bulkvm.columns.heading_words import names_no_extension
from bulkvm.model.problem import Problem, ProblemCode
from bulkvm.model.sheet import NOT_DIGITS, UNREADABLE
from bulkvm.readers.package import SheetPart
from bulkvm.readers.table import COLUMN_OF, Row
from bulkvm.text import join_limited

_MAX_LISTED: Final = 8
_SHORTEST: Final = 3  # digits of an extension ...
_LONGEST: Final = 6  # ... that is not as long as those of the sheet that is read
_PIN_LENGTHS: Final = range(6, 11)
_LONGEST_NAME: Final = 64
_FEW: Final = 2  # rows without addresses or PINs
_NO_NUMBERS: Final = NOT_DIGITS | UNREADABLE


class _Cells(NamedTuple):
    """The filled cells of a row by letter: their texts, and the letters of those that are numbers, PINs or the like."""

    texts: Mapping[str, str]
    numbers: Collection[str]
    addresses_and_pins: Collection[str]
    has_name_or_address: bool


def warn_unread_sheets(
    others: Iterable[tuple[SheetPart, Sequence[Row]]], read: str, extensions: Collection[str]
) -> Iterator[Problem]:
    """Warn once of the sheets that seem to contain boxes.

    Args:
        others: the sheets that are not read, and their first rows.
        read: the name of the sheet that is read.
        extensions: the texts of its column of extensions.
    """
    numbers = frozenset(text.strip(STRIP_CHARS) for text in extensions)
    parts = [part for part, rows in others if _has_boxes(rows, numbers)]
    if not parts:
        return
    found = [part.name for part in parts]
    named = join_limited([f'"{shown_number(name)}"' for name in found], _MAX_LISTED)
    which = f"sheet {named} is not read, and seems" if len(found) == 1 else f"sheets {named} are not read, and seem"
    yield Problem(
        row=None,
        code=ProblemCode.SHEET_UNREAD,
        message=f"{which} to contain boxes. Move their rows below those of the sheet "
        f'"{shown_number(read)}", into the same columns. If they are no boxes, ignore this warning.{_hidden(parts)}',
        option=f"Or add headings, and import that sheet too, with {sheet_option(found[0])}.",
    )


def _hidden(parts: Iterable[SheetPart]) -> str:
    names = [f'"{shown_number(part.name)}"' for part in parts if not part.is_visible]
    if not names:
        return ""
    are = "is hidden: unhide it" if len(names) == 1 else "are hidden: unhide them"
    return f" {join_limited(names, _MAX_LISTED)} {are} to see the rows."


def _has_boxes(rows: Sequence[Row], extensions: Collection[str]) -> bool:
    cells, lengths = list(map(_cells, rows)), set(map(len, extensions))
    letters = sorted({letter for row in cells for letter in row.numbers}, key=COLUMN_OF.__getitem__)
    return any(_are_extensions(letter, cells, extensions, lengths) for letter in letters)


def _cells(row: Row) -> _Cells:
    texts = {letter: stripped for letter, text in row.cells.items() if (stripped := text.strip(STRIP_CHARS))}
    return _Cells(
        texts,
        {letter for letter, text in texts.items() if _is_number(row, letter, text)},
        {letter for letter, text in texts.items() if _is_address_or_pin(text)},
        any(map(_is_name_or_address, texts.values())),
    )


def _are_extensions(letter: str, rows: Sequence[_Cells], extensions: Collection[str], lengths: Collection[int]) -> bool:
    """Whether most cells of a column are numbers like extensions, with a name or an address beside most of them.

    Without a PIN or an address, they are as long as the extensions that are read. A list of numbers most of which are
    read is another view of the same boxes, and the heading of a list of something else may show what it is.
    """
    heading, others = "", 0
    numbers: dict[str, _Cells] = {}
    for row in rows:
        text = row.texts.get(letter, "")
        if letter in row.numbers and (len(text) <= _LONGEST or len(text) in lengths):
            numbers[text] = row
        elif text and numbers:
            others += 1
        elif text:
            heading = text
    unread = sum(number not in extensions for number in numbers)
    if len(numbers) <= others or names_no_extension(heading) or 2 * unread <= len(numbers):
        return False
    if 2 * sum(row.has_name_or_address for row in numbers.values()) <= len(numbers):
        return False
    beside = (len(row.addresses_and_pins) - (letter in row.addresses_and_pins) for row in numbers.values())
    if 2 * sum(map(bool, beside)) > len(numbers):
        return True
    return len(numbers) >= _FEW and 2 * sum(len(number) in lengths for number in numbers) > len(numbers)


def _is_number(row: Row, letter: str, text: str) -> bool:
    is_plain = text.isdecimal() and text.isascii() and len(text) >= _SHORTEST
    return is_plain and row.kinds.get(letter) not in _NO_NUMBERS


def _is_name_or_address(text: str) -> bool:
    return len(text) <= _LONGEST_NAME and sum(map(str.isalpha, text)) > 1


def _is_address_or_pin(text: str) -> bool:
    return "@" in text[1:-1] or (text.isdecimal() and len(text) in _PIN_LENGTHS)
