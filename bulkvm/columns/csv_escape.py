"""Text that a spreadsheet would run as a formula, made harmless in CSV files.

Which character separates the values, a spreadsheet decides by its own settings and not by the file. So a text may begin
a cell after each character that can be a separator, and not only at its start.
"""

import re
from typing import Final

from bulkvm.columns.cell_display import STRIP_CHARS
from bulkvm.columns.error_values import is_error_value

# A formula begins with one of these, in some languages also in full width. Quotes may precede it, and what a program
# may take for a space or leave out because it cannot be seen.
_BEFORE: Final = "".join(sorted(set(STRIP_CHARS) - set("\t\r\n"))) + '"'
_FORMULA: Final = f"[{re.escape(_BEFORE)}]*[=+\\-@\uff1d\uff0b\uff0d\uff20]"
_CELL_START: Final = r"(?:\A|(?<=[,;\t|\r\n]))"
_RUNS: Final = re.compile(rf"\A(?='*[\t\r])|{_CELL_START}(?='*{_FORMULA})")
_ESCAPED: Final = re.compile(rf"\A'(?='*[\t\r])|{_CELL_START}'(?='*{_FORMULA})")


def escape_formula(text: str) -> str:
    """Put one apostrophe before what a spreadsheet would run, or what looks like an escape already.

    So is a text that reads like the error of a formula: without the apostrophe, it would be taken for one.
    """
    text = _RUNS.sub("'", text)
    return f"'{text}" if is_error_value(text.lstrip("'")) else text


def unescape_formula(text: str) -> str:
    """Take exactly the apostrophes off that `escape_formula` puts on."""
    if "'" not in text:
        return text
    if text.startswith("'") and is_error_value(text.lstrip("'")):
        text = text[1:]
    return _ESCAPED.sub("", text)
