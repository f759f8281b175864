"""A worksheet of text, for large copies."""

import re
from typing import IO, Any, Final
from xml.sax.saxutils import escape

from openpyxl.utils import get_column_letter
from xlsxwriter.worksheet import Worksheet

# Spaces at an end, control characters and what looks like their escapes need more than the escapes of XML.
_NEEDS_MORE: Final = re.compile(r"^\s|\s\Z|[^\n -\ufffd\U00010000-\U0010ffff]|_x|^<r>")


class TextWorksheet(Worksheet):
    """Writes most text several times as fast as xlsxwriter, where it takes most of the time of a large copy."""

    fh: IO[str]  # type: ignore[assignment]  # xlsxwriter's annotation is None

    def _write_cell(self, row: int, col: int, cell: Any) -> None:
        text = cell.string if type(cell).__name__ == "String" and cell.format else ""
        if not text or _NEEDS_MORE.search(text):
            super()._write_cell(row, col, cell)
            return
        style = cell.format._get_xf_index()  # noqa: SLF001  (no public API)
        self.fh.write(
            f'<c r="{get_column_letter(col + 1)}{row + 1}" s="{style}" t="inlineStr"><is><t>{escape(text)}</t></is></c>'
        )
