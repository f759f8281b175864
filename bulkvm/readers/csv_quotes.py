"""Quotes in CSV records: whether the values are unambiguous."""

import re
from enum import Enum
from functools import lru_cache


class Quotes(Enum):
    """How the values of a record are quoted."""

    WELL_FORMED = "around whole values, or inside unquoted ones"
    AFTER_SPACES = "around whole values, after spaces"
    AMBIGUOUS = "elsewhere, so that the value is ambiguous"


def classify_quotes(record: str, delimiter: str, *, skips_spaces: bool) -> Quotes:
    """Classify how the values of a record are quoted.

    Args:
        record: all lines of the record.
        delimiter: the delimiter between values.
        skips_spaces: whether the record was parsed ignoring spaces before an opening quote, so that such values may
            span lines.
    """
    simple, well_formed, with_spaces, after_spaces = _patterns(delimiter)
    if simple.fullmatch(record) or well_formed.fullmatch(record):
        return Quotes.WELL_FORMED
    after = with_spaces.fullmatch(record) if skips_spaces else after_spaces.search(record)
    return Quotes.AFTER_SPACES if after else Quotes.AMBIGUOUS


def escape_bare_quotes(line: str) -> str:
    """Write quotes inside values twice, in a line whose values are all quoted and separated by commas."""
    body = line.rstrip("\r\n")
    if body[:1] + body[-1:] != '""' or classify_quotes(line, ",", skips_spaces=False) is Quotes.WELL_FORMED:
        return line
    values = (value.replace('"', '""') for value in body[1:-1].split('","'))
    return '"' + '","'.join(values) + '"' + line[len(body) :]


@lru_cache(maxsize=16)
def _patterns(delimiter: str) -> tuple[re.Pattern[str], re.Pattern[str], re.Pattern[str], re.Pattern[str]]:
    separator = re.escape(delimiter)
    spaces = "" if delimiter == " " else " *"
    quoted = rf'"[^"]*(?:""[^"]*)*"{spaces}'
    bare = rf'(?!{spaces}")[^{separator}\r\n]*'
    well_formed, with_spaces = (
        re.compile(rf"(?:{value}|{bare})(?:{separator}(?:{value}|{bare}))*(?:\r\n|\r|\n)?")
        for value in (quoted, f"{spaces}{quoted}")
    )
    # Most records have quotes only at the ends of values, which is several times faster to match.
    simple = re.compile(rf'[^"]*(?:(?<![^{separator}])"[^"]*"(?![^{separator}\r\n])[^"]*)*')
    return simple, well_formed, with_spaces, re.compile(rf'(?:^|{separator}){spaces and " +"}"')
