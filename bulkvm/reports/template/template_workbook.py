"""The blank sheet to hand out to people who know Excel and nothing else."""

import io
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from openpyxl.utils import get_column_letter
from xlsxwriter import Workbook
from xlsxwriter.worksheet import Worksheet

from bulkvm.columns import COLUMNS, KEY_COLUMN, Column
from bulkvm.columns.prompt import COMMON_PROMPTS
from bulkvm.files import Reservation, writing
from bulkvm.model.settings import DEFAULT_PIN_POLICY, PinPolicy
from bulkvm.reports.table_file import Table, format_table, table_kind
from bulkvm.reports.template.input_rules import NAMES, extension_formula, name_formula, pin_formula, twice_formula
from bulkvm.reports.template.instructions import write_guide
from bulkvm.reports.workbook import styles as look
from bulkvm.reports.workbook.text_cells import write_text

_LAST_ROW: Final = 5_000
# The same bytes each time, so that a test can hold the files that are handed out to this code.
_CREATED: Final = datetime(2026, 1, 1, tzinfo=UTC).replace(tzinfo=None)
_LONGEST_LIST: Final = 255  # characters that Excel takes for the choices of a cell
# Bold and framed as well, for those who do not see the colours.
_ALARM: Final = {"bold": True, "font_color": "#9C0006", "border": 1, "border_color": "#9C0006"}


@dataclass(frozen=True, slots=True)
class Tenant:
    """What a template can offer of a tenant: the prompt languages in use, and how long a PIN may be."""

    prompts: tuple[str, ...] = COMMON_PROMPTS
    policy: PinPolicy = DEFAULT_PIN_POLICY


_ANY_TENANT: Final = Tenant()


def write_template(target: Path, tenant: Tenant = _ANY_TENANT, *, overwrite: bool | Reservation = False) -> Path:
    """Write the blank .xlsx workbook, or the .csv file with the headings alone.

    Returns:
        The file really written, see `writing`.
    """
    kind = table_kind(target)
    content = _workbook(tenant) if kind == "xlsx" else format_table(Table([c.header for c in COLUMNS], [], []), kind)
    with writing(target, private=False, overwrite=overwrite) as new:
        new.file.write(content)
    return new.path


def _workbook(tenant: Tenant) -> bytes:
    file = io.BytesIO()
    workbook = Workbook(file, {"in_memory": True})
    workbook.set_properties({"title": "Shared voicemail boxes", "created": _CREATED})
    for name, constants in NAMES.items():
        workbook.define_name(name, constants)
    _write_boxes(workbook, workbook.add_worksheet("Boxes"), tenant)
    write_guide(workbook, workbook.add_worksheet("How to fill this in"))
    workbook.close()
    return file.getvalue()


def _write_boxes(workbook: Workbook, sheet: Worksheet, tenant: Tenant) -> None:
    text = workbook.add_format(look.TEXT)
    needed = workbook.add_format({**look.HEADING, "valign": "vcenter"})
    optional = workbook.add_format({**look.HEADING, "valign": "vcenter", "bold": False, "bg_color": look.PALE_BLUE})
    for number, column in enumerate(COLUMNS):
        sheet.set_column(number, number, column.width, text)
        heading = f"{column.header} *" if column.required_for else column.header
        write_text(sheet, 0, number, heading, needed if column.required_for else optional)
        sheet.data_validation(1, number, _LAST_ROW - 1, number, _validation(column, tenant))
    sheet.set_row(0, 24)
    _colour_mistakes(workbook, sheet, tenant)
    sheet.freeze_panes(1, 1)
    sheet.set_selection(1, 0, 1, 0)  # where to begin; on a heading, what is typed would take its place
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(0)
    sheet.set_footer("&L&A&RPage &P of &N")
    sheet.ignore_errors({"number_stored_as_text": f"A2:{get_column_letter(len(COLUMNS))}{_LAST_ROW}"})


def _refusal(column: Column, cell: str, tenant: Tenant) -> tuple[str, str] | None:
    """The formula that is true for what belongs into a cell, and what Excel says of anything else."""
    policy = tenant.policy
    match column.header:
        case "extension_number":
            message = (
                "An extension has 3 to 64 digits and nothing else. 555, 666, 777 and 888 are the PBX's own numbers."
            )
            return extension_formula(cell), message
        case "name":
            return name_formula(cell), "A name has at most 64 characters. Shorten it."
        case "pin":
            message = (
                f"A PIN has {policy.min_length} to {policy.max_length} digits and nothing else, none three times in a "
                "row (111), and no three that count up (123)."
            )
            return pin_formula(cell, policy), message
        case _:
            return None


def _validation(column: Column, tenant: Tenant) -> dict[str, Any]:
    """What Excel says of a column's cells, offers for them and refuses in them."""
    hint = {"input_title": column.title, "input_message": column.help}
    if refused := _refusal(column, f"{get_column_letter(COLUMNS.index(column) + 1)}2", tenant):
        formula, message = refused
        refusal = {"error_title": f"Not right for {column.title}", "error_message": message}
        return {"validate": "custom", "value": formula, **refusal, **hint}
    if column.choices:
        refusal = {
            "error_title": "Not in the list",
            "error_message": f"Choose one of the list: {', '.join(column.choices)}.",
        }
        # Where other values are right, too, the list only suggests.
        return {
            "validate": "list",
            "source": _choices(column, tenant),
            "show_error": column.choices_only,
            **refusal,
            **hint,
        }
    return {"validate": "any", **hint}


def _choices(column: Column, tenant: Tenant) -> list[str]:
    """What a cell offers, as many as Excel takes."""
    choices = list(tenant.prompts if column.header == "prompt" else column.choices)
    while len(",".join(choices)) > _LONGEST_LIST:
        choices.pop()
    return choices


def _colour_mistakes(workbook: Workbook, sheet: Worksheet, tenant: Tenant) -> None:
    """Colour what was pasted, which Excel lets pass its validation, and extensions that stand there twice."""
    wrong = workbook.add_format({**_ALARM, "bg_color": look.RED})
    twice = workbook.add_format({**_ALARM, "bg_color": look.AMBER})
    for number, column in enumerate(COLUMNS):
        letter = get_column_letter(number + 1)
        if refused := _refusal(column, f"{letter}2", tenant):
            criteria = f'=AND({letter}2<>"",NOT({refused[0].removeprefix("=")}))'
            area = f"{letter}2:{letter}{_LAST_ROW}"
            sheet.conditional_format(area, {"type": "formula", "criteria": criteria, "format": wrong})
    key = get_column_letter(COLUMNS.index(KEY_COLUMN) + 1)
    criteria = twice_formula(f"${key}2", f"${key}$2:${key}${_LAST_ROW}")
    sheet.conditional_format(f"{key}2:{key}{_LAST_ROW}", {"type": "formula", "criteria": criteria, "format": twice})
