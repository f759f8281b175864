"""The template's second sheet: instructions."""

from typing import Final

from openpyxl.utils import get_column_letter
from xlsxwriter import Workbook
from xlsxwriter.worksheet import Worksheet

from bulkvm.columns import CLEAR, COLUMNS, ID_COLUMN, Column
from bulkvm.reports.workbook import styles
from bulkvm.reports.workbook.page_setup import set_up_page
from bulkvm.reports.workbook.text_cells import row_height, write_text

_EXAMPLE_STEP: Final = (
    "Row 2 is an example, which is not imported. If you type over it, clear its cells that you do not need."
)
_STEPS: Final = (
    'Fill in the sheet "Boxes": one row for each shared voicemail box. New boxes need the columns marked with *.',
    _EXAMPLE_STEP,
    "Select a cell to see what belongs in it. Some cells have a list of choices: click the arrow beside the cell.",
    "Red cells are not valid, or have an extension that is also in another row. They are bold and have a border.",
    "Numbers stay as you type them, including leading zeros. To paste, choose Paste Special > Values.",
    "A blank cell leaves the value of an existing box unchanged; for a new box, the PBX decides.",
    "Greetings and recorded messages are not part of this sheet and do not change.",
    "Save the workbook as .xlsx and send it back.",
)
_TITLE_HEIGHT: Final = 27  # points, for text of 16 points
_HEADINGS: Final = (
    ("Column", 24),
    ("Required?", 14),
    ("What to write", 50),
    ("Valid examples", 30),
    ("Invalid examples", 30),
)


def write_instructions(workbook: Workbook, sheet: Worksheet, *, has_example: bool) -> None:
    """Write the steps and a table of the columns. One of the steps is about the example row, if there is one.

    No cell may match a column heading: otherwise this sheet could be read instead of the first.
    """
    title = workbook.add_format(
        {**styles.TEXT, "bold": True, "font_size": 16, "font_color": styles.BLUE, "valign": "vcenter"}
    )
    text = workbook.add_format(styles.TEXT)
    heading, cell = workbook.add_format(styles.HEADING), workbook.add_format(styles.ROW)
    sheet.set_row(0, _TITLE_HEIGHT)
    write_text(sheet, 0, 0, "How to fill this in", title)
    steps = [step for step in _STEPS if has_example or step is not _EXAMPLE_STEP]
    for row, step in enumerate(steps, start=2):
        write_text(sheet, row, 0, f"{row - 1}. {step}", text)
    top = len(steps) + 3
    for number, (name, width) in enumerate(_HEADINGS):
        sheet.set_column(number, number, width)
        write_text(sheet, top, number, name, heading)
    shown = [column for column in COLUMNS if column is not ID_COLUMN]  # which is hidden in the template
    for row, column in enumerate(shown, start=top + 1):
        texts = _explain(column)
        sheet.set_row(row, row_height(texts, (width for _, width in _HEADINGS)))
        for number, value in enumerate(texts):
            write_text(sheet, row, number, value, cell)
    sheet.hide_gridlines(2)
    set_up_page(sheet)


def _explain(column: Column) -> tuple[str, ...]:
    required = "always" if "update" in column.required_for else "for a new box" if column.required_for else "no"
    valid = [*column.valid_examples, CLEAR] if column.clearable else column.valid_examples
    return (
        f"{get_column_letter(COLUMNS.index(column) + 1)}: {column.title}",
        required,
        column.help,
        "\n".join(valid),
        "\n".join(column.invalid_examples),
    )
