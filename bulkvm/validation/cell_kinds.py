"""Problems of cells that a spreadsheet converted."""

from typing import Final

from bulkvm.columns.cell_display import may_hold_pin, shown
from bulkvm.model.problem import Fault, ProblemCode, Severity
from bulkvm.model.sheet import CellKind

_AS_TEXT: Final = "Format the column as Text and type the digits again."

# These cannot be read in any column.
_NO_VALUE: Final = {
    CellKind.EXCEL_ERROR: Fault(
        ProblemCode.EXCEL_ERROR,
        "The cell shows an Excel error (such as #N/A) instead of a value. Correct its formula, or type the value.",
    ),
    CellKind.NO_RESULT: Fault(
        ProblemCode.FORMULA_NO_RESULT,
        "The cell begins with =. Type the text without it. If it is a formula, open the file in Excel and save it.",
    ),
    CellKind.ZERO_OF_BLANK: Fault(
        ProblemCode.FORMULA_NO_RESULT,
        "The formula in this cell gives 0, as it does if the cell that it refers to is empty. Type the value, or empty "
        "this cell.",
    ),
    CellKind.TOO_LONG: Fault(
        ProblemCode.CELL_TOO_LONG,
        "The cell has more than 32,767 characters, and the rest of them was not read. Shorten it.",
    ),
    CellKind.BAD_FORMAT: Fault(
        ProblemCode.CELL_FORMAT,
        "The cell's number format is longer than Excel allows, so it is not certain what the cell shows. "
        "Format the cell as Text and type the value again.",
    ),
    CellKind.HIDDEN: Fault(
        ProblemCode.CELL_HIDDEN,
        "The cell's number format hides its value. Format the cell as Text and type the value "
        "again, or empty the cell.",
    ),
    CellKind.PARTLY_STRUCK: Fault(
        ProblemCode.STRUCK_THROUGH,
        "Part of the text is struck through, so it is unclear what counts. Delete the part that does not count.",
        Severity.ERROR,
    ),
    CellKind.DAMAGED: Fault(
        ProblemCode.CELL_DAMAGED, "The cell is damaged in the file, so it cannot be read. Type it again."
    ),
}

# In a column of words, the text of these may be what was typed, or what Excel changed it to.
_DOUBTFUL: Final = {
    CellKind.DATE: ProblemCode.EXCEL_DATE,
    CellKind.TIME: ProblemCode.EXCEL_TIME,
    CellKind.PERCENTAGE: ProblemCode.EXCEL_PERCENTAGE,
    CellKind.LONG_NUMBER: ProblemCode.EXCEL_LONG_NUMBER,
    CellKind.ROUNDED: ProblemCode.EXCEL_DECIMALS,
    CellKind.SHOWN_OTHERWISE: ProblemCode.EXCEL_FORMAT,
    CellKind.AFFIXED: ProblemCode.EXCEL_FORMAT,
    CellKind.UNWRAPPED: ProblemCode.TEXT_UNWRAPPED,
    CellKind.COMPUTED: ProblemCode.EXCEL_RANDOM,
}

# In a column of digits, these are no longer what was typed.
_NOT_DIGITS: Final = {
    **dict.fromkeys(
        (CellKind.FRACTION, CellKind.ROUNDED),
        Fault(ProblemCode.EXCEL_FRACTION, f"Excel holds a number with decimals here. {_AS_TEXT}"),
    ),
    CellKind.LONG_NUMBER: Fault(
        ProblemCode.EXCEL_LONG_NUMBER,
        f"Excel keeps only the first 15 digits of a number, so the last ones here are lost. {_AS_TEXT}",
    ),
    CellKind.SCIENTIFIC: Fault(
        ProblemCode.EXCEL_SCIENTIFIC,
        "The number was saved in scientific notation (such as 1.35791E+09), so most of its digits are gone. "
        f"{_AS_TEXT}",
    ),
    CellKind.DATE: Fault(ProblemCode.EXCEL_DATE, f"Excel converted the value to a date. {_AS_TEXT}"),
    CellKind.TIME: Fault(ProblemCode.EXCEL_TIME, f"Excel converted the value to a time. {_AS_TEXT}"),
    CellKind.PERCENTAGE: Fault(ProblemCode.EXCEL_PERCENTAGE, f"Excel holds a percentage here. {_AS_TEXT}"),
    CellKind.TOTAL: Fault(
        ProblemCode.EXCEL_TOTAL,
        "The cell is a formula over other rows, such as SUM or COUNT. If this is a row of totals, delete the row.",
    ),
    CellKind.RANDOM: Fault(
        ProblemCode.EXCEL_RANDOM,
        "The cell is a formula that gives another number each time the file is opened. Copy the cell, choose "
        "Paste Special > Values, and check the number.",
    ),
    CellKind.SHOWN_OTHERWISE: Fault(
        ProblemCode.EXCEL_FORMAT,
        f"The cell's number format shows something else than the value in the cell. {_AS_TEXT}",
    ),
    CellKind.BOOLEAN: Fault(ProblemCode.EXCEL_BOOLEAN, f"Excel holds TRUE or FALSE here. {_AS_TEXT}"),
}

_COMPUTED: Final = Fault(
    ProblemCode.EXCEL_RANDOM,
    "The cell is a formula with INDIRECT, OFFSET or the like, and the workbook has random numbers, which it may refer "
    "to. If it gives another number each time the file is opened, copy the cell and choose Paste Special > Values.",
    Severity.WARNING,
)
# By the reader.
REPORTED: Final = frozenset({CellKind.MERGED, CellKind.OTHER_ENCODING, CellKind.UNKNOWN_WORD, CellKind.NOTE})
HARMLESS: Final = frozenset(CellKind) - REPORTED - _NO_VALUE.keys() - _DOUBTFUL.keys() - _NOT_DIGITS.keys()


def fault_of_kind(kind: CellKind, *, digits: bool) -> Fault | None:
    """The error of a cell of this kind; None if it can be read. `digits`: whether the column holds digits."""
    return _NO_VALUE.get(kind) or (_NOT_DIGITS.get(kind) if digits else None)


def warning_of_kind(kind: CellKind | None, text: str, *, digits: bool) -> Fault | None:
    """The warning if a spreadsheet may have changed what was typed in a column of words; None if not."""
    if kind is CellKind.COMPUTED:
        return _COMPUTED if digits else None
    if kind is None or kind not in _DOUBTFUL or digits:
        return None
    if kind is CellKind.UNWRAPPED:
        return Fault(
            ProblemCode.TEXT_UNWRAPPED, f"The text is in a formula, as some programs write it; {shown(text)} is used."
        )
    if kind in {CellKind.SHOWN_OTHERWISE, CellKind.AFFIXED}:
        return Fault(
            ProblemCode.EXCEL_FORMAT,
            f"The cell's number format shows something else than the cell holds; {_read_as(text)}. "
            "If that is wrong, format the column as Text and type it again.",
            Severity.WARNING,
        )
    return Fault(
        _DOUBTFUL[kind],
        f"Excel holds a {kind} here; {_read_as(text)}. "
        "If something else was typed, format the column as Text and type it again.",
        Severity.WARNING,
    )


def _read_as(text: str) -> str:
    """How the cell is read, in words if its digits cannot be shown."""
    return "its digits are not shown here" if may_hold_pin(text) else f"it is read as {shown(text)}"
