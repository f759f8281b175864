"""The template: blank as a workbook or a CSV file, or a workbook with the rows of a sheet."""

import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from openpyxl.utils import get_column_letter
from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from bulkvm.columns import COLUMNS, EXAMPLE, ID_COLUMN, KEY_COLUMN, NAME_COLUMN, PIN_COLUMN, Column
from bulkvm.columns.prompt import COMMON_PROMPTS
from bulkvm.files import Reservation, writing
from bulkvm.model.settings import DEFAULT_PIN_POLICY, PinPolicy
from bulkvm.reports.table_file import Table, format_table, table_format
from bulkvm.reports.template.input_rules import NAMES, duplicate_formula, extension_formula, name_formula, pin_formula
from bulkvm.reports.template.instructions import write_instructions
from bulkvm.reports.workbook import styles
from bulkvm.reports.workbook.page_setup import set_up_page
from bulkvm.reports.workbook.text_cells import write_text

_LAST_ROW: Final = 5_000
# A fixed time makes the file reproducible: a test compares the shipped files with it.
_CREATED: Final = datetime(2026, 1, 1, tzinfo=UTC).replace(tzinfo=None)
_MAX_LIST_LENGTH: Final = 255  # characters, in Excel, for the choices of a cell
# Bold with a border, for people who cannot see the colours.
_INVALID_FORMAT: Final = {
    "bold": True, "font_color": "#9C0006", "border": 1, "border_color": "#9C0006", "bg_color": styles.RED,
}  # fmt: skip
_EXAMPLE_FORMAT: Final = {**styles.TEXT, "italic": True, "font_color": "#595959", "bg_color": "#F2F2F2"}
_EXAMPLE_HINT: Final = "This row is an example, which is not imported. If you type over it, clear its other cells. "


@dataclass(frozen=True, slots=True)
class Tenant:
    """The settings of a tenant that a template uses: prompt languages and PIN policy."""

    prompts: tuple[str, ...] = COMMON_PROMPTS
    policy: PinPolicy = DEFAULT_PIN_POLICY


_ANY_TENANT: Final = Tenant()


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows for the template, in place of its example.

    Attributes:
        texts: the texts of each row, in the order of the columns; numbers stay numbers.
        count: how many rows there are.
        more: the headings of more texts after those of the columns, with the widths of their columns.
    """

    texts: Iterable[Sequence[str | int]]
    count: int
    more: Mapping[str, int]


def write_template(target: Path, tenant: Tenant = _ANY_TENANT, *, overwrite: bool | Reservation = False) -> Path:
    """Write the blank .xlsx workbook, or a .csv file with only the headings.

    Returns:
        The path of the file written, see `writing`.
    """
    file_format = table_format(target)
    content = (
        _workbook(tenant)
        if file_format == "xlsx"
        else format_table(Table([c.header for c in COLUMNS], [], []), file_format)
    )
    with writing(target, private=False, overwrite=overwrite) as new:
        new.file.write(content)
    return new.path


def fill_template(rows: Rows) -> bytes:
    """Return the content of a workbook with rows in the look of the template."""
    return _workbook(_ANY_TENANT, rows)


def _workbook(tenant: Tenant, rows: Rows | None = None) -> bytes:
    file = io.BytesIO()
    workbook = Workbook(file, {"in_memory": True})
    workbook.set_properties({"title": "Shared voicemail boxes", "created": _CREATED})
    for name, constants in NAMES.items():
        workbook.define_name(name, constants)
    _write_boxes(workbook, workbook.add_worksheet("Boxes"), tenant, rows)
    write_instructions(workbook, workbook.add_worksheet("How to fill this in"), has_example=rows is None)
    workbook.close()
    return file.getvalue()


def _write_boxes(workbook: Workbook, sheet: Worksheet, tenant: Tenant, rows: Rows | None) -> None:
    last = max(_LAST_ROW, rows.count + 1 if rows else 0)
    text, example = workbook.add_format(styles.TEXT), workbook.add_format(_EXAMPLE_FORMAT)
    required = workbook.add_format({**styles.HEADING, "valign": "vcenter"})
    optional = workbook.add_format({**styles.HEADING, "valign": "vcenter", "bold": False, "bg_color": styles.PALE_BLUE})
    for number, column in enumerate(COLUMNS):
        sheet.set_column(number, number, column.width, text, {"hidden": column is ID_COLUMN})
        heading = f"{column.title} *" if column.required_for else column.title
        write_text(sheet, 0, number, heading, required if column.required_for else optional)
        if rows:
            sheet.data_validation(1, number, last - 1, number, _validation(column, tenant, row=2))
            continue
        if column is not ID_COLUMN:
            write_text(sheet, 1, number, f"{EXAMPLE}{column.valid_examples[0]}", example)
        hint = _EXAMPLE_HINT
        sheet.data_validation(1, number, 1, number, _validation(column, tenant, row=2, hint=hint))
        sheet.data_validation(2, number, last - 1, number, _validation(column, tenant, row=3))
    if rows:
        _write_rows(sheet, rows, text, optional)
    sheet.set_row(0, 24)
    _highlight_invalid_cells(workbook, sheet, tenant, last)
    sheet.freeze_panes(1, 1)
    first = 1 if rows else 2  # the first input cell: typing with a heading selected would overwrite it
    sheet.set_selection(first, 0, first, 0)
    set_up_page(sheet, 0)
    sheet.ignore_errors({"number_stored_as_text": f"A2:{get_column_letter(len(COLUMNS))}{last}"})


def _write_rows(sheet: Worksheet, rows: Rows, text: Format, heading: Format) -> None:
    for number, (name, width) in enumerate(rows.more.items(), start=len(COLUMNS)):
        sheet.set_column(number, number, width, text)
        write_text(sheet, 0, number, name, heading)
    for place, texts in enumerate(rows.texts, start=1):
        for number, value in enumerate(texts):
            if isinstance(value, int):
                sheet.write_number(place, number, value, text)
            elif value:  # an empty cell has the format of its column
                write_text(sheet, place, number, value, text)


def _custom_rule(column: Column, cell: str, tenant: Tenant) -> tuple[str, str] | None:
    """Return a formula that is true for valid input, and Excel's message for other input."""
    policy = tenant.policy
    match column.header:
        case KEY_COLUMN.header:
            message = "An extension has 3 to 64 digits and no other characters. The PBX reserves 555, 666, 777 and 888."
            return extension_formula(cell), message
        case NAME_COLUMN.header:
            return name_formula(cell), "A name has at most 64 characters. Shorten it."
        case PIN_COLUMN.header:
            message = (
                f"A PIN has {policy.min_length} to {policy.max_length} digits and no other characters, without the "
                "same digit three times in a row (111) or three ascending digits (123)."
            )
            return pin_formula(cell, policy), message
        case _:
            return None


def _validation(column: Column, tenant: Tenant, *, row: int, hint: str = "") -> dict[str, Any]:
    """Return the hint, choices and validation of a column's cells from a row on; `hint` precedes the column's own."""
    shown = {"input_title": column.title, "input_message": hint + column.help}
    if rule := _custom_rule(column, f"{get_column_letter(COLUMNS.index(column) + 1)}{row}", tenant):
        formula, message = rule
        error = {"error_title": f"Invalid {column.title}", "error_message": message}
        return {"validate": "custom", "value": formula, **error, **shown}
    if column.choices:
        error = {
            "error_title": "Not in the list",
            "error_message": f"Choose one of these: {', '.join(column.choices)}.",
        }
        # If other values are valid too, the list is only a suggestion.
        return {
            "validate": "list",
            "source": _choices(column, tenant),
            "show_error": column.choices_only,
            **error,
            **shown,
        }
    return {"validate": "any", **shown}


def _choices(column: Column, tenant: Tenant) -> list[str]:
    """Return the choices for a cell, as many as Excel allows."""
    choices = list(tenant.prompts if column.header == "prompt" else column.choices)
    while len(",".join(choices)) > _MAX_LIST_LENGTH:
        choices.pop()
    return choices


def _highlight_invalid_cells(workbook: Workbook, sheet: Worksheet, tenant: Tenant, last: int) -> None:
    """Highlight invalid cells, since Excel does not validate pasted values, and duplicate extensions."""
    invalid = workbook.add_format(_INVALID_FORMAT)
    for number, column in enumerate(COLUMNS):
        letter = get_column_letter(number + 1)
        if rule := _custom_rule(column, f"{letter}2", tenant):
            given = f'{letter}2<>"",LEFT({letter}2,{len(EXAMPLE)})<>"{EXAMPLE}"'
            criteria = f"=AND({given},NOT({rule[0].removeprefix('=')}))"
            area = f"{letter}2:{letter}{last}"
            sheet.conditional_format(area, {"type": "formula", "criteria": criteria, "format": invalid})
    # Each cell is compared with all others, so that more rows would make Excel slow.
    key = get_column_letter(COLUMNS.index(KEY_COLUMN) + 1)
    criteria = duplicate_formula(f"${key}2", f"${key}$2:${key}${_LAST_ROW}")
    sheet.conditional_format(f"{key}2:{key}{_LAST_ROW}", {"type": "formula", "criteria": criteria, "format": invalid})
