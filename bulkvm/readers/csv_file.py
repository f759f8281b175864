"""CSV files: the delimiter, the header and the problems of rows."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain, islice
from typing import Final

from bulkvm.columns import KEY_COLUMN
from bulkvm.columns.cell_display import STRIP_CHARS, character_name, shown
from bulkvm.columns.column import Column
from bulkvm.columns.csv_escape import unescape_formula
from bulkvm.columns.error_values import is_error_value
from bulkvm.columns.header_matching import match_headings
from bulkvm.columns.heading_words import names_secret
from bulkvm.model.errors import SheetError, UsageError
from bulkvm.model.problem import Problem, ProblemCode, Severity
from bulkvm.model.sheet import CellKind, Sheet
from bulkvm.readers.csv_quotes import Quotes, escape_bare_quotes
from bulkvm.readers.csv_records import Dialect, Record, read_records
from bulkvm.readers.encoding import (
    ENCODING_TITLES,
    FOREIGN_BYTES,
    NON_ASCII_WORD,
    Text,
    decode,
    warn_guessed_encoding,
)
from bulkvm.readers.header_row import (
    Header,
    find_header,
    first_rows,
    no_header_error,
    refuse_boxes_above,
    refuse_header_below,
    warn_unnamed_columns,
)
from bulkvm.readers.hidden_and_merged import join_groups
from bulkvm.readers.other_systems.recognition import export_error, refuse_export
from bulkvm.readers.other_systems.systems import SYSTEM_OF_NAME
from bulkvm.readers.other_systems.voicemail_conf import is_voicemail_conf
from bulkvm.readers.read_limits import CELL_CHARACTERS, COLUMNS, HEADER_ROWS, SEARCHED_ROWS, SEP_LINE_CHARACTERS
from bulkvm.readers.source import Source
from bulkvm.readers.table import COLUMN_OF, LETTERS, Row, Table, decode_foreign
from bulkvm.text import join_limited

_DELIMITERS: Final = {",": "comma", ";": "semicolon", "\t": "tab", "|": "vertical bar"}
_SEP_LINE: Final = re.compile(r'"?sep=([^"\r\n])"?[,;\t|]*\s*', re.IGNORECASE)
_CONTENT: Final = re.compile(rf"[^\s\x1a,;|\"'{re.escape(STRIP_CHARS)}]")
_LINE_END: Final = re.compile(r"\r\n|\r|\n")
_OTHER_LINE_END: Final = re.compile("[\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")
_DIALLED: Final = re.compile("[0-9]{3,}")
_MAX_LISTED: Final = 6  # lines in a message
_MAX_BYTES: Final = 8  # in a message
_SURROGATES: Final = 0xDC00  # plus a byte: as Python decodes bytes that are not in the encoding
_ERROR_STARTS: Final = ("#", "E")
_MAY_BE_SCIENTIFIC: Final = re.compile(r"[eE][+-]?[0-9]")
_SCIENTIFIC: Final = re.compile(r"\s*[+-]?[0-9]+(?:[.,][0-9]+)?[eE][+-]?[0-9]+\s*")
_WRAPPED: Final = re.compile(r'\s*=\s*"((?:[^"]|"")*)"\s*')
_WRAPPER_START: Final = re.compile(r'\s*=\s*"')


def read_csv(
    source: Source,
    *,
    sheet: str | None,
    encoding: str | None,
    heading_map: Mapping[str, str] | None,
    has_bare_quotes: bool = False,
) -> Sheet:
    """Read a CSV file. With `has_bare_quotes`, quotes inside quoted values may be written once."""
    text = decode(source, encoding)
    text = replace(text, repair=escape_bare_quotes) if has_bare_quotes else text
    with text.stream:
        if not heading_map and is_voicemail_conf(text):
            raise export_error(text.name, SYSTEM_OF_NAME["asterisk"])
        if sheet is not None:
            raise UsageError(f"{source.name} is a text file, which has no sheets. Omit --sheet.")
        dialect, header = _find_dialect(text, heading_map)
        table, row_problems = _read_rows(source, text, dialect, header, match_headings(header.headings, heading_map))
        problems = [*warn_guessed_encoding(text), *row_problems]
    cells = table.to_frame()
    if not len(cells) and (found := _OTHER_LINE_END.search(" ".join(header.row.cells.values()))):
        raise SheetError(
            f"{source.name} ends its lines with the character {character_name(found[0])}, which is no line end of a "
            "CSV file. Export it again, or open it in Excel and save it as CSV UTF-8.",
            ProblemCode.UNREADABLE,
        )
    # Values to the right of the header are reported by row.
    problems.extend(refuse_boxes_above(header))
    problems.extend(warn_unnamed_columns(header, cells, cells.columns.intersection(list(header.row.cells))))
    return Sheet(
        path=source.path,
        name=None,
        header_row=header.row.number,
        headings=header.headings,
        cells=cells,
        kinds=table.kinds,
        titles=header.titles,
        groups=join_groups(header.groups),
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
    distance, distance_right = _distance_to_secret(header, columns), _distance_from_secret(header, columns)
    for record in read_records(text, dialect):
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
                found.extend(_check_record(record, width, dialect.delimiter, distance_right))
            found.extend(_check_lines(record, width, dialect.delimiter, columns))
            row = _unwrap(_row(record, joined), record.values, columns) if '"' in joined else _row(record, joined)
            found.extend(_check_encoding(record, row, text, columns))
            if table.add(decode_foreign(row, text)) and len(values) < needed:
                if problem := _check_short_row(record, needed, distance):
                    found.append(problem)
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
        rows[dialect] = first_rows(decode_foreign(_row(record, "\n".join(record.values)), text) for record in records)
        errors[dialect] = next((record.error for record in records if record.error), None)
    if not heading_map:
        refuse_export(text.name, chain.from_iterable(rows.values()))
    headers = {dialect: header for dialect in dialects if (header := find_header(rows[dialect], heading_map))}
    if not headers:
        for dialect in dialects:
            below = islice(read_records(text, dialect), SEARCHED_ROWS)
            refuse_header_below(text.name, [_row(record, "\n".join(record.values)) for record in below])
        widest = max(dialects, key=lambda dialect: max((len(row.cells) for row in rows[dialect]), default=0))
        is_empty = not any(map(_CONTENT.search, islice(text.lines(), dialects[0].has_sep_line, None)))
        raise errors[widest] or no_header_error(text.name, rows[widest], is_empty=is_empty)
    best = max(headers, key=lambda dialect: len(headers[dialect].recognised))
    return best, headers[best]


def _head(text: Text, dialect: Dialect) -> Iterator[Record]:
    return islice(read_records(text, dialect), HEADER_ROWS)


def _too_wide(name: str, record: Record) -> SheetError:
    return SheetError(
        f"{name} has {len(record.values):,} values on line {record.line}; a sheet has at most {COLUMNS:,} columns "
        f"(up to {LETTERS[-1]}). Delete the extra values, or export the file again.",
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


def _check_record(record: Record, width: int, delimiter: str, distance: int) -> Iterator[Problem]:
    """Find the problems of a record as a whole. For `distance`, see `_distance_from_secret`."""
    mark = _DELIMITERS.get(delimiter, delimiter)
    if any(record.values[width:]):
        yield _problem(
            record,
            ProblemCode.SURPLUS_VALUES,
            f"line {record.line} has {len(record.values)} values for {width} columns: a value with a {mark} has "
            "probably moved those after it. Move each value into its column.",
            f'In the file itself, put the value in quotes, as in "Doe{delimiter} Jane".',
        )
    elif len(record.values) - width >= distance:
        yield _problem(
            record,
            ProblemCode.SURPLUS_VALUES,
            f"line {record.line} has {len(record.values)} values for {width} columns, so it is not certain which value "
            f"is in which column, and one of them may be the password of something else. If a value contains a {mark}, "
            f'put it in quotes, as in "Doe{delimiter} Jane". If not, delete the blank values at the end of the line.',
        )
    if record.quotes is Quotes.AMBIGUOUS:
        yield _problem(
            record,
            ProblemCode.QUOTES,
            f"line {record.line} has text before or after the quotes around a value, so the value is ambiguous. Type "
            "the value again.",
            "In the file itself, write each quote inside a quoted value twice, or remove the quotes around the value.",
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


def _check_lines(record: Record, width: int, delimiter: str, columns: Mapping[str, Column]) -> Iterator[Problem]:
    """Find a row between the quotes of a value: a quote is missing or surplus, and the row would be lost."""
    if not record.spans_lines:
        return
    place = next((COLUMN_OF[letter] - 1 for letter, column in columns.items() if column is KEY_COLUMN), None)
    lines = _LINE_END.split(delimiter.join(record.values))[1:]
    for number, line in enumerate(lines, start=record.line + 1):
        values = line.split(delimiter)
        if len(values) == width > 1 and (place is None or _DIALLED.fullmatch(values[place].strip(' "'))):
            yield _problem(
                record,
                ProblemCode.QUOTES,
                f"line {record.line} has a value in quotes that ends on a later line, and line {number} looks like a "
                "row of its own. Delete the quote that is not needed, or add the one that is missing.",
            )
            return


def _cut_off(record: Record, width: int) -> Problem:
    return _problem(
        record,
        ProblemCode.CUT_OFF,
        f"line {record.line} has {len(record.values)} values for {width} columns, and the file ends there without a "
        "line end: it was probably cut off. Export or copy the file again, or complete the row.",
    )


def _distance_to_secret(header: Header, columns: Mapping[str, Column]) -> int:
    """How many values a row must lack for the password of something else to be in a column that is read."""
    shortest, last_read = COLUMNS, -COLUMNS
    for letter, text in header.headings.items():  # in the order of the columns
        if letter in columns:
            last_read = COLUMN_OF[letter]
        elif names_secret(text):
            shortest = min(shortest, COLUMN_OF[letter] - last_read)
    return shortest


def _distance_from_secret(header: Header, columns: Mapping[str, Column]) -> int:
    """How many values a row must have more for the password of something else to be in a column that is read."""
    shortest, last_secret = COLUMNS, -COLUMNS
    for letter, text in header.headings.items():  # in the order of the columns
        if letter in columns:
            shortest = min(shortest, COLUMN_OF[letter] - last_secret)
        elif names_secret(text):
            last_secret = COLUMN_OF[letter]
    return shortest


def _check_short_row(record: Record, width: int, distance: int) -> Problem | None:
    """The problem of a row with fewer values than headings; None if its last values are probably blank."""
    if record.is_cut:
        return _cut_off(record, width)
    if width - len(record.values) < distance:
        return None
    return _problem(
        record,
        ProblemCode.MISSING_VALUES,
        f"line {record.line} has {len(record.values)} values for {width} columns, so it is not certain which value is "
        "in which column, and one of them may be the password of something else. Add the missing value, or export the "
        "file again.",
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


def _problem(record: Record, code: ProblemCode, message: str, option: str = "") -> Problem:
    return Problem(row=record.number, code=code, message=message, option=option)
