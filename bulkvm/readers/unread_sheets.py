"""Sheets of a workbook that are not read, and seem to contain boxes."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Final

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
    letters = sorted({letter for row in rows for letter in row.cells}, key=COLUMN_OF.__getitem__)
    return any(_are_extensions(letter, rows, extensions) for letter in letters)


def _are_extensions(letter: str, rows: Sequence[Row], extensions: Collection[str]) -> bool:
    """Whether most cells of a column are numbers like extensions, with a name or an address beside most of them.

    Without a PIN or an address, they are as long as the extensions that are read. A list of numbers most of which are
    read is another view of the same boxes, and the heading of a list of something else may show what it is.
    """
    lengths = set(map(len, extensions))
    heading, others = "", 0
    numbers: dict[str, dict[str, str]] = {}  # the texts beside each
    for row in rows:
        text = row.cells.get(letter, "").strip(STRIP_CHARS)
        if _is_number(row, letter, text) and (len(text) <= _LONGEST or len(text) in lengths):
            numbers[text] = {other: value.strip(STRIP_CHARS) for other, value in row.cells.items() if other != letter}
        elif text and numbers:
            others += 1
        elif text:
            heading = text
    if len(numbers) <= others or names_no_extension(heading) or 2 * len(numbers.keys() - extensions) <= len(numbers):
        return False
    beside = [texts.values() for texts in numbers.values()]
    if 2 * sum(any(map(_is_name_or_address, texts)) for texts in beside) <= len(numbers):
        return False
    if 2 * sum(any(map(_is_address_or_pin, texts)) for texts in beside) > len(numbers):
        return True
    return len(numbers) >= _FEW and 2 * sum(len(number) in lengths for number in numbers) > len(numbers)


def _is_number(row: Row, letter: str, text: str) -> bool:
    is_plain = text.isdecimal() and text.isascii() and len(text) >= _SHORTEST
    return is_plain and row.kinds.get(letter) not in NOT_DIGITS | UNREADABLE


def _is_name_or_address(text: str) -> bool:
    return len(text) <= _LONGEST_NAME and sum(map(str.isalpha, text)) > 1


def _is_address_or_pin(text: str) -> bool:
    return "@" in text[1:-1] or (text.isdecimal() and len(text) in _PIN_LENGTHS)
