"""Where in a sheet its headings are."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Final

import pandas as pd

from bulkvm.columns import COLUMNS, KEY_COLUMN
from bulkvm.columns.cell_display import STRIP_CHARS, shown
from bulkvm.columns.header_matching import match_heading
from bulkvm.model.errors import SheetError
from bulkvm.model.problem import Problem, Severity
from bulkvm.readers.read_limits import HEADER_ROWS, HEADING_CHARACTERS
from bulkvm.readers.table import Row

_NAMED: Final = 8
_LONGEST: Final = 40


@dataclass(frozen=True, slots=True)
class Header:
    """The row of the headings, and the columns of ours that it names."""

    row: Row
    recognised: frozenset[str]

    @property
    def headings(self) -> dict[str, str]:
        """By the column's letter, as they are written."""
        return {letter: text for letter, text in self.row.cells.items() if text.strip(STRIP_CHARS)}

    @property
    def is_certain(self) -> bool:
        """Whether it names the extension and something else; a single word may be there for another reason."""
        return KEY_COLUMN.header in self.recognised and len(self.recognised) > 1


def first_rows(rows: Iterable[Row]) -> list[Row]:
    """The rows among which the header is sought, with as much of each text as a heading has."""
    return [
        row._replace(cells={letter: text[:HEADING_CHARACTERS] for letter, text in row.cells.items()})
        for row in takewhile(lambda row: row.number <= HEADER_ROWS, rows)
    ]


def find_header(rows: Sequence[Row], heading_map: Mapping[str, str] | None) -> Header | None:
    """The row with the most headings of ours: the extension's and any others, or at least two without it."""
    found = [Header(row, frozenset(_recognised(row, heading_map))) for row in rows]
    headers = [header for header in found if KEY_COLUMN.header in header.recognised or len(header.recognised) > 1]
    return max(headers, key=lambda header: len(header.recognised), default=None)


def no_header(name: str, rows: Sequence[Row]) -> SheetError:
    """The error for a file in which no row of headings is found: what is needed, and what is there."""
    if twice := _saved_twice(rows):
        return SheetError(
            f"{name} was saved as CSV twice: each whole line stands in one cell ({twice}). Export it anew from where "
            "it came from, or in Excel, choose Data > Text to Columns for column A and save it once more.",
            "saved-twice",
        )
    needed = " and ".join(
        column.header for column in COLUMNS if "create" in column.required_for and column is not KEY_COLUMN
    )
    found = max((list(_words(row)) for row in rows), key=len, default=[])
    there = "What looks most like them: " + ", ".join(f'"{word}"' for word in found[:_NAMED]) + ". " if found else ""
    example = found[0] if found else "Their heading"
    return SheetError(
        f"{name} has no headings that are known, in the first {HEADER_ROWS} rows. "
        f"{KEY_COLUMN.header} is needed, and for new "
        f"boxes {needed}. {there}Write these words above the columns, or say which column is meant: "
        f'--map "{example}={KEY_COLUMN.header}".',
        "no-header",
    )


def warn_of_no_heading(header: Header, cells: pd.DataFrame, among: Iterable[str]) -> Iterator[Problem]:
    """One warning for all the columns, among those of these letters, that hold values below no heading."""
    headings = header.headings
    unnamed = (letter for letter in among if letter not in headings)
    letters = [letter for letter in unnamed if any(text.strip(STRIP_CHARS) for text in cells[letter])]
    if not letters:
        return
    rest = f" and {len(letters) - _NAMED} more" if len(letters) > _NAMED else ""
    named = ", ".join(letters[:_NAMED]) + rest
    told, them = (
        (f"column {named} has values and no heading, so it is", "it is")
        if len(letters) == 1
        else (f"columns {named} have values and no headings, so they are", "they are")
    )
    yield Problem(
        row=None,
        code="column-no-heading",
        message=f"{told} not read. If {them} wanted, write what is in there above, in row {header.row.number}.",
        severity=Severity.WARNING,
    )


def _saved_twice(rows: Sequence[Row]) -> str | None:
    """The single cell that holds several known headings, as a CSV file has it that was taken for one column."""
    for row in rows:
        for delimiter in ",;\t|":
            texts = [text for text in row.cells.values() if delimiter in text]
            if len(texts) == 1 and sum(match_heading(part) is not None for part in texts[0].split(delimiter)) > 1:
                return f'"{shown(texts[0])}"'
    return None


def _recognised(row: Row, heading_map: Mapping[str, str] | None) -> Iterator[str]:
    for text in row.cells.values():
        if column := match_heading(text, heading_map):
            yield column.header


def _words(row: Row) -> Iterator[str]:
    """Texts that may be headings. One with a digit may be a PIN, which no message may show."""
    for text in row.cells.values():
        word = " ".join(text.split())
        if word.isprintable() and any(map(str.isalpha, word)) and not any(map(str.isdigit, word)):
            yield word if len(word) <= _LONGEST else word[: _LONGEST - 1] + "…"
