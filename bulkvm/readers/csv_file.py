"""CSV files: their delimiter, their header and their rows."""

import csv
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import count, islice
from typing import Final, NamedTuple

from bulkvm.columns.csv_escape import unescape_formula
from bulkvm.columns.error_values import is_error_value
from bulkvm.model.errors import SheetError, UsageError
from bulkvm.model.problem import Problem, Severity
from bulkvm.model.sheet import CellKind, Sheet
from bulkvm.readers.csv_quotes import Quotes, look_at_quotes
from bulkvm.readers.encoding import Text, decode, warn_of_guess
from bulkvm.readers.header_row import Header, find_header, first_rows, no_header, warn_of_no_heading
from bulkvm.readers.read_limits import CELL_CHARACTERS, COLUMNS, HEADER_ROWS, RECORD_CHARACTERS, SEP_LINE_CHARACTERS
from bulkvm.readers.source import Source
from bulkvm.readers.table import LETTERS, Row, Table

_DELIMITERS: Final = {",": "comma", ";": "semicolon", "\t": "tab", "|": "vertical bar"}
_SEP_LINE: Final = re.compile(r'"?sep=([^"\r\n])"?[,;\t|]*\s*', re.IGNORECASE)
_LINE_END: Final = re.compile(r"\r\n|\r|\n")
_NAMED: Final = 6  # lines that a message names
_ERROR_STARTS: Final = ("#", "E")
_MAY_BE_SCIENTIFIC: Final = re.compile(r"[eE][+-]?[0-9]")
_SCIENTIFIC: Final = re.compile(r"\s*[+-]?[0-9]+(?:[.,][0-9]+)?[eE][+-]?[0-9]+\s*")


class Dialect(NamedTuple):
    """How a file's values are parted, and whether its first line says so and is not a row.

    `skips_spaces` says that spaces before a value are left out, as they must be before an opening quote.
    """

    delimiter: str
    has_sep_line: bool = False
    skips_spaces: bool = False

    def reader(self, lines: Iterable[str], *, strict: bool = False) -> Iterator[list[str]]:
        """Read the records of lines."""
        return csv.reader(lines, delimiter=self.delimiter, skipinitialspace=self.skips_spaces, strict=strict)


class Record(NamedTuple):
    """One record: its number, the line on which it begins, its values, and why nothing after it can be read.

    `is_cut` says that the file ends right after its last value, without a line end, `quotes` how its quotes are put.
    """

    number: int
    line: int
    values: list[str]
    error: SheetError | None = None
    is_cut: bool = False
    quotes: Quotes = Quotes.TIDY


class _TooLong(csv.Error):
    """A record with more characters than are read."""


def read_csv(
    source: Source, *, sheet: str | None, encoding: str | None, heading_map: Mapping[str, str] | None
) -> Sheet:
    """Read a CSV file."""
    if sheet is not None:
        raise UsageError(f"{source.name} is a text file, which has no sheets to choose from. Leave --sheet out.")
    text = decode(source, encoding)
    with text.stream:
        dialect, header = _find_dialect(text, heading_map)
        table, rows_problems = _read_rows(source, text, dialect, header)
        found = [*warn_of_guess(text), *rows_problems]
    cells = table.to_frame()
    # Of values beyond the header, their rows have told.
    found.extend(warn_of_no_heading(header, cells, cells.columns.intersection(list(header.row.cells))))
    return Sheet(
        path=source.path,
        name=None,
        header_row=header.row.number,
        headings=header.headings,
        cells=cells,
        kinds=table.kinds,
        problems=tuple(found),
    )


def _read_rows(source: Source, text: Text, dialect: Dialect, header: Header) -> tuple[Table, list[Problem]]:
    """Read the rows below the header, and what is wrong with them."""
    table = Table(source, header.headings)
    found: list[Problem] = []
    short: list[int] = []
    spaced: list[int] = []
    width = len(header.row.cells)
    needed = max(LETTERS.index(letter) for letter in header.headings) + 1
    for record in _records(text, dialect):
        if record.quotes is Quotes.AFTER_SPACES:
            if not dialect.skips_spaces:  # such a value may have several lines, so that other rows begin elsewhere
                return _read_rows(source, text, dialect._replace(skips_spaces=True), header)
            spaced.append(record.line)
        if record.error:
            raise record.error
        values = record.values
        if len(values) > COLUMNS and any(values[COLUMNS:]):
            raise _too_wide(text.name, record)
        if record.number > header.row.number:
            joined = "\n".join(values)
            if len(values) > width or record.quotes is Quotes.UNCERTAIN or "\0" in joined:
                found.extend(_problems(record, width, dialect.delimiter))
            if table.add(_row(record, joined)) and len(values) < needed:
                if record.is_cut:
                    found.append(_cut_off(record, needed))
                else:
                    short.append(record.line)
    return table, [*found, *_warn_of_short(short), *_warn_of_spaces(spaced)]


def _find_dialect(text: Text, heading_map: Mapping[str, str] | None) -> tuple[Dialect, Header]:
    """The delimiter under which the most headings are recognised; a `sep=` line leaves no choice."""
    first = next(iter(text.lines()), "")
    if len(first) <= SEP_LINE_CHARACTERS and (said := _SEP_LINE.fullmatch(first)):
        dialects = [Dialect(said[1], has_sep_line=True)]
    else:
        dialects = [Dialect(delimiter) for delimiter in _DELIMITERS]
    # A quote may be open for ever under one delimiter and mean nothing under another.
    rows, errors = {}, {}
    for dialect in dialects:
        records = [record._replace(values=record.values[:COLUMNS]) for record in _head(text, dialect)]
        rows[dialect] = first_rows(_row(record, "\n".join(record.values)) for record in records)
        errors[dialect] = next((record.error for record in records if record.error), None)
    headers = {dialect: header for dialect in dialects if (header := find_header(rows[dialect], heading_map))}
    if not headers:
        widest = max(dialects, key=lambda dialect: max((len(row.cells) for row in rows[dialect]), default=0))
        raise errors[widest] or no_header(text.name, rows[widest])
    best = max(headers, key=lambda dialect: len(headers[dialect].recognised))
    return best, headers[best]


def _head(text: Text, dialect: Dialect) -> Iterator[Record]:
    return islice(_records(text, dialect), HEADER_ROWS)


def _records(text: Text, dialect: Dialect) -> Iterator[Record]:
    taken: list[str] = []
    at_end = False

    def lines() -> Iterator[str]:
        nonlocal at_end
        left = RECORD_CHARACTERS
        for line in islice(text.lines(), dialect.has_sep_line, None):
            left = (left if taken else RECORD_CHARACTERS) - len(line)
            if left < 0:
                raise _TooLong
            taken.append(line)
            yield line
        at_end = True

    reader = dialect.reader(lines())
    first = 1 + dialect.has_sep_line
    for number in count(1):
        taken.clear()
        try:
            values = next(reader, None)
            # Only quotes go on to a next line, and a record that asks for one and gets none is still inside them.
            if values is not None and (at_end or len(taken) > 1) and not _is_closed(taken, dialect):
                next(dialect.reader(taken, strict=True))
        except _TooLong:
            yield Record(number, first, [], _too_long(text.name, first))
            return
        except csv.Error:
            yield _broken(text.name, dialect, Record(number, first, []), taken if at_end else taken[:-1])
            return
        if values is None:
            return
        quotes = Quotes.TIDY
        record = "".join(taken)
        if '"' in record:
            quotes = look_at_quotes(record, dialect.delimiter, skips_spaces=dialect.skips_spaces)
        yield Record(number, first, values, None, not record.endswith(("\n", "\r")), quotes)
        first += len(taken)


def _is_closed(lines: Sequence[str], dialect: Dialect) -> bool:
    """Whether each quote that opens in the lines of a record is surely closed in them."""
    found = look_at_quotes("".join(lines), dialect.delimiter, skips_spaces=dialect.skips_spaces)
    return found is Quotes.TIDY or (found is Quotes.AFTER_SPACES and dialect.skips_spaces)


def _broken(name: str, dialect: Dialect, record: Record, in_quotes: list[str]) -> Record:
    """A record that cannot be read, and its lines that end inside quotes: none where a cell is just too long."""
    if not in_quotes:
        message = (
            f"{name} has a cell of more than {csv.field_size_limit():,} characters on line {record.line}; Excel's "
            "have 32,767 at most. Shorten it, or export the file anew."
        )
        return record._replace(error=SheetError(message, "cell-too-long"))
    *before, last = next(dialect.reader(in_quotes))
    opens = record.line + sum(len(_LINE_END.findall(value)) for value in before)
    # Of a cell that swallowed other rows only its own part is kept: no message may show their PINs.
    own = re.split(f"[\r\n{re.escape(dialect.delimiter)}]", last, maxsplit=1)[0]
    message = (
        f"{name} has a quote that opens on line {opens} and is not closed, so that what follows was taken for one cell "
        "and its rows cannot be read. Close the quote, or delete it; a quote inside a cell in quotes is written twice."
    )
    return record._replace(values=[*before, own], error=SheetError(message, "unclosed-quote"))


def _too_wide(name: str, record: Record) -> SheetError:
    return SheetError(
        f"{name} has {len(record.values):,} values on line {record.line}, and a sheet has at most {COLUMNS:,} "
        f"columns (up to {LETTERS[-1]}). Delete the values that are too many, or export the file anew.",
        "too-large",
    )


def _too_long(name: str, line: int) -> SheetError:
    return SheetError(
        f"{name} has a row of more than {RECORD_CHARACTERS:,} characters on line {line}. Shorten its cells, or export "
        "the file anew.",
        "too-large",
    )


def _row(record: Record, joined: str) -> Row:
    """The row of a record. `joined` are its values, which are looked at one by one only where that may show more."""
    # Values without a heading are kept, so that a copy shows all that the person wrote.
    cells = dict(zip(LETTERS, record.values, strict=False))
    if not (
        "'" in joined
        or "#" in joined
        or "Err:" in joined
        or len(joined) > CELL_CHARACTERS
        or _MAY_BE_SCIENTIFIC.search(joined)
    ):
        return Row(record.number, cells)
    kinds = {}
    for letter, text in cells.items():
        if len(text) > CELL_CHARACTERS:
            cells[letter], kinds[letter] = text[:CELL_CHARACTERS], CellKind.TOO_LONG
        elif "'" in text:
            cells[letter] = unescape_formula(text)
        elif text.lstrip()[:1] in _ERROR_STARTS and is_error_value(text):
            kinds[letter] = CellKind.EXCEL_ERROR
        elif text[-1:].isdigit() and ("E" in text or "e" in text) and _SCIENTIFIC.fullmatch(text):
            kinds[letter] = CellKind.SCIENTIFIC
    return Row(record.number, cells, kinds)


def _problems(record: Record, width: int, delimiter: str) -> Iterator[Problem]:
    """What is wrong with a whole record."""
    if any(record.values[width:]):
        mark = _DELIMITERS.get(delimiter, delimiter)
        yield _problem(
            record,
            "surplus-values",
            f"line {record.line} has {len(record.values)} values for {width} columns. A value that has a {mark} in it "
            f'needs quotes around it, as in "Doe{delimiter} Jane".',
        )
    if record.quotes is Quotes.UNCERTAIN:
        yield _problem(
            record,
            "quotes",
            f"line {record.line} has text before or after the quotes around a value, so it is not certain what the "
            "value is. Write each quote that belongs to a value twice, or take the quotes around the value away.",
        )
    if "\0" in "".join(record.values):
        yield _problem(
            record,
            "nul-bytes",
            f"line {record.line} has NUL bytes in it, which are no text: the file is damaged there. "
            "Type the row again, or export the file anew.",
        )


def _cut_off(record: Record, width: int) -> Problem:
    return _problem(
        record,
        "cut-off",
        f"line {record.line} has {len(record.values)} values for {width} columns, and the file ends there without a "
        "line end: it was probably cut off. Export or copy the file anew, or complete the row.",
    )


def _warn_of_short(lines: Sequence[int]) -> Iterator[Problem]:
    """One warning for all the rows that end before the last heading."""
    if not lines:
        return
    named = ", ".join(map(str, lines[:_NAMED])) + (f" and {len(lines) - _NAMED:,} more" if len(lines) > _NAMED else "")
    which, they = (f"line {named} has", "it is") if len(lines) == 1 else (f"lines {named} have", "they are")
    yield Problem(
        row=None,
        code="missing-values",
        message=f"{which} fewer values than there are headings, and {they} read as if blank cells followed. "
        "Check that nothing is missing there.",
        severity=Severity.WARNING,
    )


def _warn_of_spaces(lines: Sequence[int]) -> Iterator[Problem]:
    """One warning for all the rows with spaces before an opening quote."""
    if not lines:
        return
    named = ", ".join(map(str, lines[:_NAMED])) + (f" and {len(lines) - _NAMED:,} more" if len(lines) > _NAMED else "")
    yield Problem(
        row=None,
        code="space-before-quote",
        message=f"there are spaces before opening quotes in {'line' if len(lines) == 1 else 'lines'} {named}; what the "
        "quotes are around is read. Check that the values are right.",
        severity=Severity.WARNING,
    )


def _problem(record: Record, code: str, message: str) -> Problem:
    return Problem(row=record.number, code=code, message=message)
