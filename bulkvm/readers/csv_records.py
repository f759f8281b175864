"""Records of a CSV file: parsed values with their line numbers, and the errors of records that cannot be parsed."""

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import count, islice
from typing import Final, NamedTuple

from bulkvm.model.errors import SheetError
from bulkvm.model.problem import ProblemCode
from bulkvm.readers.csv_quotes import Quotes, classify_quotes
from bulkvm.readers.encoding import Text
from bulkvm.readers.read_limits import RECORD_CHARACTERS

_LINE_END: Final = re.compile(r"\r\n|\r|\n")


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
    end. `quotes`: how values are quoted. `spans_lines`: whether a value does.
    """

    number: int
    line: int
    values: list[str]
    error: SheetError | None = None
    is_cut: bool = False
    quotes: Quotes = Quotes.WELL_FORMED
    spans_lines: bool = False


class _TooLong(csv.Error):
    """A record above the size limit."""


def read_records(text: Text, dialect: Dialect) -> Iterator[Record]:
    """Yield the records of a file. One that cannot be read has an error, and is the last one."""
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
        yield Record(number, first, values, None, not record.endswith(("\n", "\r")), quotes, len(taken) > 1)
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


def _too_long(name: str, line: int) -> SheetError:
    return SheetError(
        f"{name} has a row of more than {RECORD_CHARACTERS:,} characters on line {line}. Shorten its cells, or export "
        "the file again.",
        ProblemCode.TOO_LARGE,
    )
