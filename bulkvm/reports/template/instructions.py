"""The template's second sheet: how to fill in the first."""

from typing import Final

from xlsxwriter import Workbook
from xlsxwriter.worksheet import Worksheet

from bulkvm.columns import CLEAR, COLUMNS, Column
from bulkvm.reports.workbook import styles as look
from bulkvm.reports.workbook.text_cells import row_height, write_text

_STEPS: Final = (
    'Fill in the sheet "Boxes": one row for each shared voicemail box. Columns marked with * are needed.',
    "Select a cell to see what belongs in it. Some cells offer a list: use the small arrow beside the cell.",
    "Red cells are not right yet. Amber cells hold an extension that stands there twice. Both are bold and framed.",
    "Numbers are kept as you type them, zeros at the front included. Paste with Paste Special, Values only.",
    "A blank cell keeps what an existing box has; for a new box the PBX decides.",
    "Greetings and recorded messages are not part of this sheet; they stay as they are.",
    "Save the workbook as it is (.xlsx) and send it back.",
)
_HEADINGS: Final = (("Column", 24), ("Needed?", 14), ("What to write", 50), ("Right", 30), ("Wrong", 30))


def write_guide(workbook: Workbook, sheet: Worksheet) -> None:
    """Write the steps and a table of the columns.

    No cell may read like a heading of the first sheet, lest this sheet be taken for it.
    """
    title = workbook.add_format({**look.TEXT, "bold": True, "font_size": 16, "font_color": look.BLUE})
    text = workbook.add_format(look.TEXT)
    heading, cell = workbook.add_format(look.HEADING), workbook.add_format(look.ROW)
    write_text(sheet, 0, 0, "How to fill this in", title)
    for row, step in enumerate(_STEPS, start=2):
        write_text(sheet, row, 0, f"{row - 1}. {step}", text)
    top = len(_STEPS) + 3
    for number, (name, width) in enumerate(_HEADINGS):
        sheet.set_column(number, number, width)
        write_text(sheet, top, number, name, heading)
    for row, column in enumerate(COLUMNS, start=top + 1):
        texts = _explain(column)
        sheet.set_row(row, row_height(texts, (width for _, width in _HEADINGS)))
        for number, value in enumerate(texts):
            write_text(sheet, row, number, value, cell)
    sheet.hide_gridlines(2)
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)


def _explain(column: Column) -> tuple[str, ...]:
    needed = "always" if "update" in column.required_for else "for a new box" if column.required_for else "no"
    valid = [*column.valid_examples, CLEAR] if column.clearable else column.valid_examples
    return (
        f"{column.title}\n({column.header})",
        needed,
        column.help,
        "\n".join(valid),
        "\n".join(column.invalid_examples),
    )
