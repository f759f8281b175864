"""Quotes in the records of CSV files: whether each value is surely what its program meant."""

import re
from enum import Enum
from functools import lru_cache


class Quotes(Enum):
    """How the quotes of a record are put."""

    TIDY = "around whole values, spaces after them at most, or within values that have none around them"
    AFTER_SPACES = "around whole values, with spaces before them"
    UNCERTAIN = "where it is not certain which of them belong to a value"


def look_at_quotes(record: str, delimiter: str, *, skips_spaces: bool) -> Quotes:
    """See how the quotes of a record are put.

    Args:
        record: all of its lines.
        delimiter: between its values.
        skips_spaces: whether spaces before an opening quote were left out, so that its values may have several lines.
    """
    plain, tidy, with_spaces, after_spaces = _patterns(delimiter)
    if plain.fullmatch(record) or tidy.fullmatch(record):
        return Quotes.TIDY
    after = with_spaces.fullmatch(record) if skips_spaces else after_spaces.search(record)
    return Quotes.AFTER_SPACES if after else Quotes.UNCERTAIN


@lru_cache(maxsize=16)
def _patterns(delimiter: str) -> tuple[re.Pattern[str], re.Pattern[str], re.Pattern[str], re.Pattern[str]]:
    parted = re.escape(delimiter)
    spaces = "" if delimiter == " " else " *"
    quoted = rf'"[^"]*(?:""[^"]*)*"{spaces}'
    bare = rf'(?!{spaces}")[^{parted}\r\n]*'
    tidy, with_spaces = (
        re.compile(rf"(?:{value}|{bare})(?:{parted}(?:{value}|{bare}))*(?:\r\n|\r|\n)?")
        for value in (quoted, f"{spaces}{quoted}")
    )
    # Most tidy records have quotes at the ends of values alone, which is several times faster to see.
    plain = re.compile(rf'[^"]*(?:(?<![^{parted}])"[^"]*"(?![^{parted}\r\n])[^"]*)*')
    return plain, tidy, with_spaces, re.compile(rf'(?:^|{parted}){spaces and " +"}"')
