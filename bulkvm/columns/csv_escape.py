"""Escapes text in CSV files that a spreadsheet would evaluate as a formula.

A spreadsheet chooses the delimiter by its own settings. So a cell may begin after any character that can be a
delimiter, not only at the start of the text.
"""

import re
from typing import Final

from bulkvm.columns.cell_display import STRIP_CHARS
from bulkvm.columns.error_values import is_error_value

# The start of a formula, in some languages also full-width. Quotes, spaces and invisible characters may precede it.
_BEFORE: Final = "".join(sorted(set(STRIP_CHARS) - set("\t\r\n"))) + '"'
_FORMULA: Final = f"[{re.escape(_BEFORE)}]*[=+\\-@\uff1d\uff0b\uff0d\uff20]"
_CELL_START: Final = r"(?:\A|(?<=[,;\t|\r\n]))"
_RUNS: Final = re.compile(rf"\A(?='*[\t\r])|{_CELL_START}(?='*{_FORMULA})")
_ESCAPED: Final = re.compile(rf"\A'(?='*[\t\r])|{_CELL_START}'(?='*{_FORMULA})")


def escape_formula(text: str) -> str:
    """Put an apostrophe before a formula, and before text that already looks escaped.

    A text such as #N/A is escaped, too: it would be read as the error of a formula.
    """
    text = _RUNS.sub("'", text)
    return f"'{text}" if is_error_value(text.lstrip("'")) else text


def unescape_formula(text: str) -> str:
    """Remove exactly the apostrophes that `escape_formula` adds."""
    if "'" not in text:
        return text
    if text.startswith("'") and is_error_value(text.lstrip("'")):
        text = text[1:]
    return _ESCAPED.sub("", text)
