"""A limit on the text of copies: many cells can share one long text, so that they hold far more than the file does."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from bulkvm.columns import refused_text
from bulkvm.model.sheet import Sheet

BASE_CHARACTERS: Final = 2**26  # regardless of the size of the file ...
CHARACTERS_OF_BYTE: Final = 32  # ... and for each of its bytes; spreadsheet programs write about half of that at most
CUT_CHARACTERS: Final = 255  # of a cell beyond the limit


class TextLimit:
    """Shortens long cells of a sheet's rows after the limit is reached, marked so that none is imported as it is."""

    def __init__(self, sheet: Sheet) -> None:
        self._left = _max_characters(sheet.path)

    def shorten(self, texts: Sequence[str]) -> Sequence[str]:
        """Return the texts of the next row."""
        self._left -= sum(map(len, texts))
        if self._left >= 0:
            return texts
        return [text if len(text) <= CUT_CHARACTERS else f"{refused_text(text[:CUT_CHARACTERS])}…" for text in texts]


def exceeds_limit(sheet: Sheet) -> bool:
    """Return whether a copy of the sheet has shortened cells."""
    characters = sum(sum(map(len, sheet.cells[letter])) for letter in sheet.cells.columns)
    return characters > _max_characters(sheet.path)


def _max_characters(file: Path) -> int:
    try:
        size = file.stat().st_size
    except OSError:  # standard input, or a file that is gone
        size = 0
    return BASE_CHARACTERS + CHARACTERS_OF_BYTE * size
