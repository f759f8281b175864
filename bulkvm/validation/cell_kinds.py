"""What a spreadsheet did to a cell, in words."""

from typing import Final

from bulkvm.columns.cell_display import shown
from bulkvm.model.problem import Fault, Severity
from bulkvm.model.sheet import CellKind

_AS_TEXT: Final = "Format the column as Text and type the digits again."

# In any column, these leave nothing to read.
_NO_VALUE: Final = {
    CellKind.EXCEL_ERROR: Fault(
        "excel-error",
        "the cell shows an error of Excel's (such as #N/A) instead of a value. Mend its formula, or type the value.",
    ),
    CellKind.NO_RESULT: Fault(
        "formula-no-result",
        "the cell is a formula without a stored result. Open the file in Excel and save it, or paste the values.",
    ),
    CellKind.TOO_LONG: Fault(
        "cell-too-long", "the cell has more than 32,767 characters, and the rest of them was not read. Shorten it."
    ),
    CellKind.BAD_FORMAT: Fault(
        "cell-format",
        "the cell's number format is longer than Excel allows, so it is not certain what the cell shows. "
        "Format the cell as Text and type the value again.",
    ),
    CellKind.HIDDEN: Fault(
        "cell-hidden",
        "the cell's number format shows nothing of what the cell holds. Format the cell as Text and type the value "
        "again, or empty the cell.",
    ),
    CellKind.DAMAGED: Fault("cell-damaged", "the cell is damaged in the file, so it cannot be read. Type it again."),
}

# In a column of words, these may be what somebody typed, or what Excel made of it.
_DOUBTFUL: Final = frozenset({
    CellKind.DATE, CellKind.TIME, CellKind.PERCENTAGE, CellKind.LONG_NUMBER, CellKind.ROUNDED, CellKind.SHOWN_OTHERWISE,
})  # fmt: skip

# In a column of digits, these are no longer what somebody typed.
_NOT_DIGITS: Final = {
    **dict.fromkeys(
        (CellKind.FRACTION, CellKind.ROUNDED),
        Fault("excel-fraction", f"Excel holds a number with decimals here. {_AS_TEXT}"),
    ),
    CellKind.LONG_NUMBER: Fault(
        "excel-long-number",
        f"Excel keeps only the first 15 digits of a number, so the last ones here are lost. {_AS_TEXT}",
    ),
    CellKind.SCIENTIFIC: Fault(
        "excel-scientific",
        "the number was saved in scientific notation (such as 1.35791E+09), so most of its digits are gone. "
        f"{_AS_TEXT}",
    ),
    CellKind.DATE: Fault("excel-date", f"Excel turned what was typed into a date. {_AS_TEXT}"),
    CellKind.TIME: Fault("excel-time", f"Excel turned what was typed into a time. {_AS_TEXT}"),
    CellKind.PERCENTAGE: Fault("excel-percentage", f"Excel holds a percentage here. {_AS_TEXT}"),
    CellKind.TOTAL: Fault(
        "excel-total",
        "the cell is a formula over other rows, such as SUM or COUNT. If this is a row of totals, delete the row.",
    ),
    CellKind.SHOWN_OTHERWISE: Fault(
        "excel-format", f"the cell's number format shows something else than the number in the cell. {_AS_TEXT}"
    ),
    CellKind.BOOLEAN: Fault("excel-boolean", f"Excel holds TRUE or FALSE here. {_AS_TEXT}"),
}


def fault_of_kind(kind: CellKind, *, digits: bool) -> Fault | None:
    """Why a cell of this kind cannot be read in a column, of digits or not; None where it can."""
    return _NO_VALUE.get(kind) or (_NOT_DIGITS.get(kind) if digits else None)


def doubt_of_kind(kind: CellKind | None, text: str, *, digits: bool) -> Fault | None:
    """A warning where a spreadsheet may have made something else of what was typed, in a column of words."""
    if kind not in _DOUBTFUL or digits:
        return None
    if kind is CellKind.SHOWN_OTHERWISE:
        return Fault(
            "excel-format",
            f"the cell holds a number, and its number format shows something else; it is read as {shown(text)}. "
            "If that is wrong, format the column as Text and type it again.",
            Severity.WARNING,
        )
    return Fault(
        f"excel-{kind.replace(' ', '-')}",
        f"Excel holds a {kind} here; it is read as {shown(text)}. "
        "If something else was typed, format the column as Text and type it again.",
        Severity.WARNING,
    )
