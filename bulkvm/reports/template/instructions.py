"""The template's second sheet: instructions."""

from typing import Final

from xlsxwriter import Workbook
from xlsxwriter.worksheet import Worksheet

from bulkvm.columns import CLEAR, COLUMNS, Column
from bulkvm.reports.workbook import styles
from bulkvm.reports.workbook.text_cells import row_height, write_text

_STEPS: Final = (
    'Fill in the sheet "Boxes": one row for each shared voicemail box. Columns marked with * are required.',
    "Select a cell to see what belongs in it. Some cells have a list of choices: click the arrow beside the cell.",
    "Red cells are not valid. Amber cells contain a duplicate extension. Both are bold and have a border.",
    "Numbers stay as you type them, including leading zeros. To paste, choose Paste Special > Values.",
    "A blank cell leaves the value of an existing box unchanged; for a new box, the PBX decides.",
    "Greetings and recorded messages are not part of this sheet and do not change.",
    "Save the workbook as .xlsx and send it back.",
)
_HEADINGS: Final = (
    ("Column", 24),
    ("Required?", 14),
    ("What to write", 50),
    ("Valid examples", 30),
    ("Invalid examples", 30),
)


def write_instructions(workbook: Workbook, sheet: Worksheet) -> None:
    """Write the steps and a table of the columns.

    No cell may match a column heading: otherwise this sheet could be read instead of the first.
    """
    title = workbook.add_format({**styles.TEXT, "bold": True, "font_size": 16, "font_color": styles.BLUE})
    text = workbook.add_format(styles.TEXT)
    heading, cell = workbook.add_format(styles.HEADING), workbook.add_format(styles.ROW)
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
    required = "always" if "update" in column.required_for else "for a new box" if column.required_for else "no"
    valid = [*column.valid_examples, CLEAR] if column.clearable else column.valid_examples
    return (
        f"{column.title}\n({column.header})",
        required,
        column.help,
        "\n".join(valid),
        "\n".join(column.invalid_examples),
    )
