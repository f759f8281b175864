"""CSV files: delimiter, header and rows."""

import csv
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import count, islice
from typing import Final, NamedTuple

from bulkvm.columns.cell_display import STRIP_CHARS, shown
from bulkvm.columns.column import Column
from bulkvm.columns.csv_escape import unescape_formula
from bulkvm.columns.error_values import is_error_value
from bulkvm.columns.header_matching import match_headings
from bulkvm.model.errors import SheetError, UsageError
from bulkvm.model.problem import Problem, ProblemCode, Severity
from bulkvm.model.sheet import CellKind, Sheet
from bulkvm.readers.csv_quotes import Quotes, classify_quotes
from bulkvm.readers.encoding import (
    ENCODING_TITLES,
    FOREIGN_BYTES,
    NON_ASCII_WORD,
    Text,
    decode,
    warn_guessed_encoding,
)
from bulkvm.readers.header_row import Header, find_header, first_rows, no_header_error, warn_unnamed_columns
from bulkvm.readers.read_limits import CELL_CHARACTERS, COLUMNS, HEADER_ROWS, RECORD_CHARACTERS, SEP_LINE_CHARACTERS
from bulkvm.readers.source import Source
from bulkvm.readers.table import COLUMN_OF, LETTERS, Row, Table
from bulkvm.text import join_limited

_DELIMITERS: Final = {",": "comma", ";": "semicolon", "\t": "tab", "|": "vertical bar"}
_SEP_LINE: Final = re.compile(r'"?sep=([^"\r\n])"?[,;\t|]*\s*', re.IGNORECASE)
_CONTENT: Final = re.compile(rf"[^\s\x1a,;|\"'{re.escape(STRIP_CHARS)}]")
_LINE_END: Final = re.compile(r"\r\n|\r|\n")
_MAX_LISTED: Final = 6  # lines in a message
_MAX_BYTES: Final = 8  # in a message
_SURROGATES: Final = 0xDC00  # plus a byte: as Python decodes bytes that are not in the encoding
_ERROR_STARTS: Final = ("#", "E")
_MAY_BE_SCIENTIFIC: Final = re.compile(r"[eE][+-]?[0-9]")
_SCIENTIFIC: Final = re.compile(r"\s*[+-]?[0-9]+(?:[.,][0-9]+)?[eE][+-]?[0-9]+\s*")
_WRAPPED: Final = re.compile(r'\s*=\s*"((?:[^"]|"")*)"\s*')
_WRAPPER_START: Final = re.compile(r'\s*=\s*"')


class Dialect(NamedTuple):
    """A file's delimiter, and whether its first line declares it (`sep=;`).

    `skips_spaces` ignores spaces before a value, which is needed where they precede an opening quote.
    """

    delimiter: str
    has_sep_line: bool = False
    skips_spaces: bool = False

    def reader(self, lines: Iterable[str], *, strict: bool = False) -> Iterator[list[str]]:
        """Parse lines into records."""
        return csv.reader(lines, delimiter=self.delimiter, skipinitialspace=self.skips_spaces, strict=strict)


class Record(NamedTuple):
    """One record, with its number, the line on which it begins and its values.

    `error` is set if it cannot be read, and is the last record then. `is_cut`: the file ends after it without a line
    end. `quotes`: how values are quoted.
    """

    number: int
    line: int
    values: list[str]
    error: SheetError | None = None
    is_cut: bool = False
    quotes: Quotes = Quotes.WELL_FORMED


class _TooLong(csv.Error):
    """A record above the size limit."""


def read_csv(
    source: Source, *, sheet: str | None, encoding: str | None, heading_map: Mapping[str, str] | None
) -> Sheet:
    """Read a CSV file."""
    if sheet is not None:
        raise UsageError(f"{source.name} is a text file, which has no sheets. Omit --sheet.")
    text = decode(source, encoding)
    with text.stream:
        dialect, header = _find_dialect(text, heading_map)
        table, row_problems = _read_rows(source, text, dialect, header, match_headings(header.headings, heading_map))
        problems = [*warn_guessed_encoding(text), *row_problems]
    cells = table.to_frame()
    # Values to the right of the header are reported by row.
    problems.extend(warn_unnamed_columns(header, cells, cells.columns.intersection(list(header.row.cells))))
    return Sheet(
        path=source.path,
        name=None,
        header_row=header.row.number,
        headings=header.headings,
        cells=cells,
        kinds=table.kinds,
        problems=tuple(problems),
    )


def _read_rows(
    source: Source, text: Text, dialect: Dialect, header: Header, columns: Mapping[str, Column]
) -> tuple[Table, list[Problem]]:
    """Read the rows below the header, and find their problems. `columns` are those that are read, by letter."""
    table = Table(source, header.headings)
    found: list[Problem] = []
    short: list[int] = []
    spaced: list[int] = []
    width = len(header.row.cells)
    needed = max(LETTERS.index(letter) for letter in header.headings) + 1
    for record in _records(text, dialect):
        if record.quotes is Quotes.AFTER_SPACES:
            if not dialect.skips_spaces:  # the value may span lines, which moves the rows after it
                return _read_rows(source, text, dialect._replace(skips_spaces=True), header, columns)
            spaced.append(record.line)
        if record.error:
            raise record.error
        values = record.values
        if len(values) > COLUMNS and any(values[COLUMNS:]):
            raise _too_wide(text.name, record)
        if record.number > header.row.number:
            joined = "\n".join(values)
            if len(values) > width or record.quotes is Quotes.AMBIGUOUS or "\0" in joined or '"' in joined:
                found.extend(_check_record(record, width, dialect.delimiter))
            row = _unwrap(_row(record, joined), record.values, columns) if '"' in joined else _row(record, joined)
            found.extend(_check_encoding(record, row, text, columns))
            if table.add(_decode_foreign(row, text)) and len(values) < needed:
                if record.is_cut:
                    found.append(_cut_off(record, needed))
                else:
                    short.append(record.line)
    return table, [*found, *_warn_short_rows(short), *_warn_spaces(spaced)]


def _find_dialect(text: Text, heading_map: Mapping[str, str] | None) -> tuple[Dialect, Header]:
    """Find the delimiter with which the most headings are recognised, unless a `sep=` line declares it."""
    first = next(iter(text.lines()), "")
    if len(first) <= SEP_LINE_CHARACTERS and (declared := _SEP_LINE.fullmatch(first)):
        dialects = [Dialect(declared[1], has_sep_line=True)]
    else:
        dialects = [Dialect(delimiter) for delimiter in _DELIMITERS]
    # A quote may be unclosed with one delimiter and mean nothing with another.
    rows, errors = {}, {}
    for dialect in dialects:
        records = [record._replace(values=record.values[:COLUMNS]) for record in _head(text, dialect)]
        rows[dialect] = first_rows(_decode_foreign(_row(record, "\n".join(record.values)), text) for record in records)
        errors[dialect] = next((record.error for record in records if record.error), None)
    headers = {dialect: header for dialect in dialects if (header := find_header(rows[dialect], heading_map))}
    if not headers:
        widest = max(dialects, key=lambda dialect: max((len(row.cells) for row in rows[dialect]), default=0))
        is_empty = not any(map(_CONTENT.search, islice(text.lines(), dialects[0].has_sep_line, None)))
        raise errors[widest] or no_header_error(text.name, rows[widest], is_empty=is_empty)
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
            # Only quoted values span lines. A record that reaches the end of the file that way has an unclosed quote.
            if values is not None and (at_end or len(taken) > 1) and not _is_closed(taken, dialect):
                next(dialect.reader(taken, strict=True))
        except _TooLong:
            yield Record(number, first, [], _too_long(text.name, first))
            return
        except csv.Error:
            yield _broken(text.name, dialect, Record(number, first, []), taken, at_end=at_end)
            return
        if values is None:
            return
        quotes = Quotes.WELL_FORMED
        record = "".join(taken)
        if '"' in record:
            quotes = classify_quotes(record, dialect.delimiter, skips_spaces=dialect.skips_spaces)
        yield Record(number, first, values, None, not record.endswith(("\n", "\r")), quotes)
        first += len(taken)


def _is_closed(lines: Sequence[str], dialect: Dialect) -> bool:
    """Return whether each quote that opens in the lines of a record is certainly closed there."""
    found = classify_quotes("".join(lines), dialect.delimiter, skips_spaces=dialect.skips_spaces)
    return found is Quotes.WELL_FORMED or (found is Quotes.AFTER_SPACES and dialect.skips_spaces)


def _text_after_quote(delimiter: str) -> re.Pattern[str]:
    """Match a quote that ends a value and has text after it; one after a delimiter begins a value instead."""
    text = rf'[^\s"{re.escape(delimiter)}]'
    return re.compile(rf'{text}" *{text}')


def _broken(name: str, dialect: Dialect, record: Record, lines: list[str], *, at_end: bool) -> Record:
    """Add the error to a record that cannot be read, from its lines; `at_end` if they end the file."""
    in_quotes = lines if at_end else lines[:-1]  # empty if a cell is merely too long
    if len(lines) > 1 and _text_after_quote(dialect.delimiter).search("".join(lines)):
        message = (
            f"{name} has text after a closing quote in the row that begins on line {record.line}, so it is not certain "
            "where the row ends. Inside a quoted cell, write each quote twice."
        )
        return record._replace(error=SheetError(message, ProblemCode.QUOTES))
    if not in_quotes:
        message = (
            f"{name} has a cell of more than {csv.field_size_limit():,} characters on line {record.line}; Excel "
            "allows 32,767. Shorten it, or export the file again."
        )
        return record._replace(error=SheetError(message, ProblemCode.CELL_TOO_LONG))
    *before, last = next(dialect.reader(in_quotes))
    opens = record.line + sum(len(_LINE_END.findall(value)) for value in before)
    # The unclosed cell contains other rows. Keep only its own part: no message may show their PINs.
    own = re.split(f"[\r\n{re.escape(dialect.delimiter)}]", last, maxsplit=1)[0]
    message = (
        f"{name} has a quote that opens on line {opens} and is not closed, so the rows after it cannot be read. "
        "Close the quote or delete it; inside a quoted cell, write a quote twice."
    )
    return record._replace(values=[*before, own], error=SheetError(message, ProblemCode.UNCLOSED_QUOTE))


def _too_wide(name: str, record: Record) -> SheetError:
    return SheetError(
        f"{name} has {len(record.values):,} values on line {record.line}; a sheet has at most {COLUMNS:,} columns "
        f"(up to {LETTERS[-1]}). Delete the extra values, or export the file again.",
        ProblemCode.TOO_LARGE,
    )


def _too_long(name: str, line: int) -> SheetError:
    return SheetError(
        f"{name} has a row of more than {RECORD_CHARACTERS:,} characters on line {line}. Shorten its cells, or export "
        "the file again.",
        ProblemCode.TOO_LARGE,
    )


def _row(record: Record, joined: str) -> Row:
    """Make the row of a record. `joined` is all its values, to skip the checks of single values where possible."""
    # Values without a heading are kept for copies of the sheet.
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


def _unwrap(row: Row, values: Sequence[str], columns: Mapping[str, Column]) -> Row:
    """Take texts out of formulas such as ="Bob", unless they were escaped. Digits are left to their columns."""
    cells, kinds = dict(row.cells), dict(row.kinds)
    for letter, column in columns.items():
        value = values[COLUMN_OF[letter] - 1] if letter in cells else ""
        if not column.digits and (found := _WRAPPED.fullmatch(value)):
            cells[letter], kinds[letter] = found[1].replace('""', '"'), CellKind.UNWRAPPED
    return row._replace(cells=cells, kinds=kinds)


def _decode_foreign(row: Row, text: Text) -> Row:
    """Decode what is in another encoding than the rest of the file, and mark its cells."""
    if not text.is_mixed:
        return row
    foreign = [letter for letter, value in row.cells.items() if FOREIGN_BYTES.search(value)]
    cells = {**row.cells, **{letter: text.decode_foreign(row.cells[letter]) for letter in foreign}}
    return row._replace(cells=cells, kinds={**row.kinds, **dict.fromkeys(foreign, CellKind.OTHER_ENCODING)})


def _check_encoding(record: Record, row: Row, text: Text, columns: Mapping[str, Column]) -> Iterator[Problem]:
    """Find the cells of a record that are in another encoding than the rest of the file."""
    if not text.is_mixed:
        return
    usual, other = (ENCODING_TITLES[encoding] for encoding in text.encodings)
    for letter, column in columns.items():
        value = row.cells.get(letter, "")
        if found := FOREIGN_BYTES.findall(value):
            stored = " ".join(f"{ord(byte) - _SURROGATES:02X}" for byte in "".join(found)[:_MAX_BYTES])
            word = NON_ASCII_WORD.search(text.decode_foreign(value))
            as_read = f' In {other}, they are in "{shown(word[0])}".' if word and not column.secret else ""
            yield Problem(
                row=record.number,
                cell=f"{letter}{record.number}",
                column=column.header,
                code=ProblemCode.ENCODING,
                message=f"The bytes {stored} on line {record.line} are not {usual}, unlike the rest of the file."
                f"{as_read} Type the cell again, or save the whole file as CSV UTF-8.",
            )


def _check_record(record: Record, width: int, delimiter: str) -> Iterator[Problem]:
    """Find the problems of a record as a whole."""
    if any(record.values[width:]):
        mark = _DELIMITERS.get(delimiter, delimiter)
        yield _problem(
            record,
            ProblemCode.SURPLUS_VALUES,
            f"line {record.line} has {len(record.values)} values for {width} columns. Put a value that contains a "
            f'{mark} in quotes, as in "Doe{delimiter} Jane".',
        )
    if record.quotes is Quotes.AMBIGUOUS:
        yield _problem(
            record,
            ProblemCode.QUOTES,
            f"line {record.line} has text before or after the quotes around a value, so the value is ambiguous. Write "
            "each quote inside a quoted value twice, or remove the quotes around the value.",
        )
    if any(_WRAPPER_START.match(value) and value.count('"') % 2 for value in record.values):
        yield _problem(
            record,
            ProblemCode.QUOTES,
            f'line {record.line} has a formula (="...") that the delimiter cuts in two. Write the text without the '
            "formula, in quotes.",
        )
    if "\0" in "".join(record.values):
        yield _problem(
            record,
            ProblemCode.NUL_BYTES,
            f"line {record.line} contains NUL bytes: the file is damaged there. Type the row again, or export the "
            "file again.",
        )


def _cut_off(record: Record, width: int) -> Problem:
    return _problem(
        record,
        ProblemCode.CUT_OFF,
        f"line {record.line} has {len(record.values)} values for {width} columns, and the file ends there without a "
        "line end: it was probably cut off. Export or copy the file again, or complete the row.",
    )


def _warn_short_rows(lines: Sequence[int]) -> Iterator[Problem]:
    """Warn once about all rows that end before the last heading."""
    if lines:
        have = "has" if len(lines) == 1 else "have"
        yield _warning(
            ProblemCode.MISSING_VALUES,
            f"{_list_lines(lines)} {have} fewer values than there are headings; the missing cells were read as blank. "
            "Check that no value is missing.",
        )


def _warn_spaces(lines: Sequence[int]) -> Iterator[Problem]:
    """Warn once about all rows with spaces before an opening quote."""
    if lines:
        yield _warning(
            ProblemCode.SPACE_BEFORE_QUOTE,
            f"{_list_lines(lines)}: spaces before an opening quote were ignored. Check that the values are right.",
        )


def _list_lines(lines: Sequence[int]) -> str:
    return f"{'line' if len(lines) == 1 else 'lines'} {join_limited([str(line) for line in lines], _MAX_LISTED)}"


def _warning(code: ProblemCode, message: str) -> Problem:
    return Problem(row=None, code=code, message=message, severity=Severity.WARNING)


def _problem(record: Record, code: ProblemCode, message: str) -> Problem:
    return Problem(row=record.number, code=code, message=message)
