"""Text that a spreadsheet would run as a formula, made harmless in CSV files."""

import re
from typing import Final

_RUNS: Final = re.compile(r"'*[=+\-@\t\r]")
_ESCAPED: Final = re.compile(r"'+[=+\-@\t\r]")


def escape_formula(text: str) -> str:
    """Put one apostrophe before what a spreadsheet would run, or what looks like an escape already."""
    return f"'{text}" if _RUNS.match(text) else text


def unescape_formula(text: str) -> str:
    """Take exactly the apostrophe off that `escape_formula` puts on."""
    return text[1:] if _ESCAPED.match(text) else text
