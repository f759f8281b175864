"""CSV files: their delimiter, their header and their rows."""

import csv
import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Final, NamedTuple

from bulkvm.csv_escape import unescape_formula
from bulkvm.errors import SheetError, UsageError
from bulkvm.problems import Problem
from bulkvm.readers.encoding import Text, decode, warn_of_guess
from bulkvm.readers.header import Header, find_header, first_rows, no_header
from bulkvm.readers.source import Source
from bulkvm.readers.table import LETTERS, Row, Table
from bulkvm.sheet import CellKind, Sheet

_DELIMITERS: Final = {",": "comma", ";": "semicolon", "\t": "tab", "|": "vertical bar"}
_SEP_LINE: Final = re.compile(r'"?sep=([^"\r\n])"?[,;\t|]*\s*', re.IGNORECASE)
_LINE_END: Final = re.compile(r"\r\n|\r|\n")
_SCIENTIFIC: Final = re.compile(r"\s*[+-]?[0-9]+(?:[.,][0-9]+)?[eE][+-]?[0-9]+\s*")


class Dialect(NamedTuple):
    """How a file's values are parted, and whether its first line says so and is not a row."""

    delimiter: str
    has_sep_line: bool = False


class Record(NamedTuple):
    """One record: its number, the line on which it begins, its values."""

    number: int
    line: int
    values: list[str]
    is_unclosed: bool = False


def read_csv(source: Source, *, sheet: str | None, encoding: str | None, meant: Mapping[str, str] | None) -> Sheet:
    """Read a CSV file."""
    if sheet is not None:
        raise UsageError(f"{source.name} is a text file, which has no sheets to choose from. Leave --sheet out.")
    text = decode(source, encoding)
    with text.stream:
        found = list(warn_of_guess(text))
        dialect, header = _find_dialect(text, meant)
        table = Table(source.name, header.headings)
        letters = LETTERS[: len(header.row.cells)]
        for record in _records(text, dialect):
            if record.is_unclosed or record.number > header.row.number:
                found.extend(_problems(record, len(letters), dialect.delimiter))
            if record.number > header.row.number:
                table.add(_row(record, letters))
    return Sheet(
        path=source.path,
        name=None,
        header_row=header.row.number,
        headings=header.headings,
        cells=table.to_frame(),
        kinds=table.kinds,
        problems=tuple(found),
    )


def _find_dialect(text: Text, meant: Mapping[str, str] | None) -> tuple[Dialect, Header]:
    """The delimiter under which the most headings are recognised; a `sep=` line leaves no choice."""
    first = next(iter(text.lines()), "")
    if said := _SEP_LINE.fullmatch(first):
        dialects = [Dialect(said[1], has_sep_line=True)]
    else:
        dialects = [Dialect(delimiter) for delimiter in _DELIMITERS]
    heads = {dialect: first_rows(_row(record, LETTERS) for record in _records(text, dialect)) for dialect in dialects}
    headers = {dialect: header for dialect, rows in heads.items() if (header := find_header(rows, meant))}
    if not headers:
        raise no_header(text.name, max(heads.values(), key=_width))
    best = max(headers, key=lambda dialect: len(headers[dialect].recognised))
    return best, headers[best]


def _records(text: Text, dialect: Dialect) -> Iterator[Record]:
    at_end = False

    def lines() -> Iterator[str]:
        nonlocal at_end
        yield from islice(text.lines(), dialect.has_sep_line, None)
        at_end = True

    reader = csv.reader(lines(), delimiter=dialect.delimiter)
    number, line = 0, 1 + dialect.has_sep_line
    while True:
        number += 1
        try:
            values = next(reader, None)
        except csv.Error as error:  # more than 131,072 characters in a cell
            raise SheetError(
                f"{text.name} has a cell without end: a quote that opens on line {line} or soon after is not "
                "closed. Close the quote, or delete it.",
                "unclosed-quote",
            ) from error
        if values is None:
            return
        # A record is complete with its last line. To ask for one more and get none is to be inside quotes.
        yield Record(number, line, _cut(values, dialect.delimiter) if at_end else values, is_unclosed=at_end)
        line = 1 + dialect.has_sep_line + reader.line_num


def _cut(values: list[str], delimiter: str) -> list[str]:
    """Keep of a cell that swallowed the rest of the file its own part: no message may show the PINs of other rows."""
    *before, last = values
    return [*before, re.split(f"[\r\n{re.escape(delimiter)}]", last, maxsplit=1)[0]]


def _width(rows: Sequence[Row]) -> int:
    return max((len(row.cells) for row in rows), default=0)


def _row(record: Record, letters: tuple[str, ...]) -> Row:
    cells = dict(zip(letters, record.values, strict=False))
    kinds = {}
    for letter, text in cells.items():
        if text.startswith("'"):
            cells[letter] = unescape_formula(text)
        elif text[-1:].isdigit() and ("E" in text or "e" in text) and _SCIENTIFIC.fullmatch(text):
            kinds[letter] = CellKind.SCIENTIFIC
    return Row(record.number, cells, kinds)


def _problems(record: Record, width: int, delimiter: str) -> Iterator[Problem]:
    """What is wrong with a whole record."""
    if record.is_unclosed:
        yield _problem(
            record,
            "unclosed-quote",
            f"a quote opens on line {_line_of_quote(record)} and is never closed, so that all after it was taken for "
            "one cell and no further row was read. Close the quote, or delete it.",
        )
    elif any(record.values[width:]):
        mark = _DELIMITERS.get(delimiter, delimiter)
        yield _problem(
            record,
            "surplus-values",
            f"line {record.line} has {len(record.values)} values for {width} columns. A value that has a {mark} in it "
            f'needs quotes around it, as in "Doe{delimiter} Jane".',
        )
    if "\0" in "".join(record.values):
        yield _problem(
            record,
            "nul-bytes",
            f"line {record.line} has NUL bytes in it, which are no text: the file is damaged there. "
            "Type the row again, or export the file anew.",
        )


def _line_of_quote(record: Record) -> int:
    return record.line + sum(len(_LINE_END.findall(value)) for value in record.values[:-1])


def _problem(record: Record, code: str, message: str) -> Problem:
    return Problem(row=record.number, code=code, message=message)
