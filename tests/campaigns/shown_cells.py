"""What LibreOffice shows of a file's cells, compared with what bulkvm takes of them."""

import csv
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bulkvm.columns import COLUMN_OF_HEADER
from bulkvm.model.box import BLANK
from bulkvm.model.problem import ProblemCode
from bulkvm.model.sheet import CellKind, Sheet
from bulkvm.readers import read_sheet
from bulkvm.validation import Checked, validate
from tests.campaigns.random_sheets import HEADINGS

# The CSV filter of LibreOffice writes each cell as it is shown.
AS_SHOWN: Final = "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true"

# Problems that say that a cell is not read as it is shown. The others are about the value that was read.
_OF_READING: Final = frozenset({
    *(code for code in ProblemCode if code.startswith("excel-")), ProblemCode.CELL_REFUSED, ProblemCode.CELL_TOO_LONG,
    ProblemCode.CELL_FORMAT, ProblemCode.CELL_HIDDEN, ProblemCode.CELL_DAMAGED, ProblemCode.FORMULA_NO_RESULT,
    ProblemCode.EXTENSION_UNWRAPPED, ProblemCode.EXTENSION_OTHER_DIGITS, ProblemCode.RECIPIENT,
})  # fmt: skip
# Problems of a whole row, which is not read.
_OF_ROW: Final = frozenset({ProblemCode.SURPLUS_VALUES, ProblemCode.QUOTES, ProblemCode.NUL_BYTES, ProblemCode.CUT_OFF})

_ZERO_DECIMALS: Final = re.compile("[.](?:[^0-9.]*0)+[^0-9]*$")
# Excel decodes these characters, which XML cannot hold, and LibreOffice shows them as they are stored.
_ESCAPED: Final = re.compile("_x([0-9A-Fa-f]{4})_")
# Before a text, LibreOffice shows the code of a currency in place of its sign.
_CURRENCY: Final = re.compile(r"\[\$([^]-]*)[^]]*\]")


@dataclass(frozen=True, slots=True)
class Difference:
    """A cell with other digits than a person sees, of which no problem says so."""

    cell: str
    shown: str
    taken: str
    kind: CellKind | None


def digits(text: str) -> str:
    """The digits of a number or a text, without decimals that are zero."""
    return _digits(_ZERO_DECIMALS.sub("", text)) or _digits(text)


def _digits(text: str) -> str:
    return "".join(filter(str.isdigit, text))


def read_shown(path: Path) -> list[list[str]]:
    """The rows of a CSV file that LibreOffice wrote."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


def as_in_excel(rows: Sequence[Sequence[str]]) -> list[list[str]]:
    """The texts of a workbook's cells as Excel shows them."""
    return [
        [_CURRENCY.sub(r"\1", _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text)) for text in row] for row in rows
    ]


def compare(path: Path, shown: Sequence[Sequence[str]], known: Mapping[str, str]) -> tuple[int, list[Difference]]:
    """Compare the cells that are taken of a file with those that LibreOffice shows.

    Args:
        path: the file.
        shown: the rows that LibreOffice shows, the headings included.
        known: what is shown in cells where LibreOffice shows something else than Excel.

    Returns:
        How many cells were compared, and the differences.
    """
    sheet = read_sheet(path)
    checked = validate(sheet)
    taken = _taken(sheet, checked)
    excused = {problem.cell for problem in checked.problems if problem.code in _OF_READING}
    rows = {problem.row for problem in checked.problems if problem.code in _OF_ROW}
    differences = []
    compared = 0
    for number, row in enumerate(shown[1:], start=2):
        for letter, text in zip("ABCD", row, strict=False):
            cell = f"{letter}{number}"
            compared += 1
            kind = sheet.kinds.get(letter, {}).get(number)
            is_said = cell in excused or number in rows or kind is CellKind.MERGED
            if not is_said and digits(taken.get(cell, "")) != digits(known.get(cell, text)):
                differences.append(Difference(cell, known.get(cell, text), taken.get(cell, ""), kind))
    return compared, differences


def _taken(sheet: Sheet, checked: Checked) -> dict[str, str]:
    """The value of each cell, or its text if a rule refuses it."""
    taken = {}
    for letter, header in zip("ABCD", HEADINGS, strict=True):
        texts = sheet.texts(letter)
        for record in checked.understood:
            value = getattr(record, header)
            is_read = value is not BLANK and value != ""
            taken[f"{letter}{record.row}"] = COLUMN_OF_HEADER[header].format(value) if is_read else texts[record.row]
    return taken
