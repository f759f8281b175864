"""Plan files, as the person sees them who signs them."""

import csv
from dataclasses import replace
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any, cast

import pytest
from openpyxl import Workbook, load_workbook
from openpyxl.styles import Font
from openpyxl.worksheet.worksheet import Worksheet

from bulkvm.model.box import NOT_KNOWN, Record
from bulkvm.model.change import Change, ChangeKind, Difference, Plan, PlannedStatus
from bulkvm.model.errors import SheetError, UsageError
from bulkvm.model.sheet import Sheet
from bulkvm.readers import read_sheet
from bulkvm.reports.workbook.plan_summary import PlanFacts
from bulkvm.reports.workbook.plan_workbook import format_plan
from tests.boxes import full_box
from tests.golden_files import Golden
from tests.office import NEEDS_OFFICE, NEEDS_PDF_TEXT, convert, pdf_text
from tests.reports.clinic import HEADER_ROW, PROBLEMS, RUN, TENANT, save_clinic, save_clinic_csv
from tests.reports.printing import assert_prints_as_wide_as_a_page

FACTS = PlanFacts(
    id="20261123T021500Z-5a5a5a5a",
    made=RUN.time,
    valid_until=RUN.time + timedelta(days=7),
    made_by="anna",
    login="api",
    site="clinic",
    tenant=TENANT,
    file="plan.xlsx",
)
PAGE_HEIGHT = 595 - 72 * (0.5 + 0.7)  # points, of A4 in landscape without its margins


def update(row: int, number: str, *differences: Difference, **fields: Any) -> Change:
    given: dict[str, Any] = {difference.field: difference.new for difference in differences}
    record = Record(row=row, extension_number=number, **given)
    kind = ChangeKind.UPDATE if differences else ChangeKind.UNCHANGED
    return Change(kind, record, full_box(extension_number=number, pin="582046"), differences, **fields)


def plan_of(header_row: int) -> Plan:
    """A plan with all kinds of changes, for the rows of the clinic."""
    first = header_row + 1
    changes = (
        Change(ChangeKind.CREATE, Record(row=first, extension_number="6201", name="Front Desk", pin="402817")),
        update(
            first + 1,
            "6202",
            Difference("name", "X-Ray", "Lab"),
            Difference("recipients", ("a@example.com", "b@example.com"), ("b@example.com", "lab@example.com")),
            Difference("pin", "582046", "402817"),
        ),
        update(first + 2, "6203", Difference("pin", NOT_KNOWN, "024680")),
    )
    return Plan(changes, existing=3)


def save_plan(sheet: Sheet, file: Path) -> list[Worksheet]:
    others = {sheet.header_row + 4: (PlannedStatus.REFUSED, "D7 (Recipients): that is not an address.")}
    content = format_plan(
        sheet, plan_of(sheet.header_row), others, PROBLEMS, FACTS, generated=frozenset(), hidden=["bulkvm plan"]
    )
    file.write_bytes(content)
    return cast("list[Worksheet]", load_workbook(BytesIO(content)).worksheets)


def texts(sheet: Worksheet) -> str:
    lines = (
        " | ".join(str(value).replace("\n", " / ") for value in row if value is not None)
        for row in sheet.iter_rows(values_only=True)
    )
    return "\n".join(line.rstrip() for line in lines) + "\n"


def test_the_first_page_and_the_rows_of_a_plan_are_as_they_were_read(tmp_path: Path, golden: Golden) -> None:
    sheet = replace(save_clinic(tmp_path / "clinic.xlsx"), sha256="5a" * 32)

    page, boxes, hidden = save_plan(sheet, tmp_path / "plan.xlsx")

    golden("reports/plan-page.txt", f"{texts(page)}\n{texts(boxes)}")
    assert hidden.sheet_state == "veryHidden"


def test_a_plan_has_the_words_of_the_template(tmp_path: Path) -> None:
    changed = update(4, "6201", Difference("play_datetime", "24_HOUR_CLOCK", "DISABLE"))
    new = Change(ChangeKind.CREATE, Record(row=5, extension_number="6202", name="Lab", play_datetime="12_HOUR_CLOCK"))
    sheet = save_clinic(tmp_path / "clinic.xlsx")

    content = format_plan(sheet, Plan((changed, new), existing=1), {}, [], FACTS, generated=frozenset())

    boxes = texts(load_workbook(BytesIO(content)).worksheets[1])
    assert 'Announce date and time: "24-hour clock" -> "off"' in boxes
    assert 'Announce date and time: "12-hour clock"' in boxes


def test_the_first_page_that_was_saved_as_csv_is_recognised(tmp_path: Path) -> None:
    page, *_ = save_plan(save_clinic(tmp_path / "clinic.xlsx"), tmp_path / "plan.xlsx")
    with (tmp_path / "saved.csv").open("w", newline="") as saved:
        csv.writer(saved).writerows(page.iter_rows(values_only=True))

    with pytest.raises(SheetError, match="has only the first sheet of a workbook"):
        read_sheet(tmp_path / "saved.csv")


@pytest.mark.parametrize("save", [save_clinic, save_clinic_csv])
def test_a_plan_is_printed_whole_with_the_signature_on_its_first_page(tmp_path: Path, save: Any) -> None:
    page, boxes, _ = save_plan(save(tmp_path / "clinic"), tmp_path / "plan.xlsx")

    header = HEADER_ROW if boxes.title == "Our boxes" else 1
    assert_prints_as_wide_as_a_page(boxes, header)
    for printed in (page, boxes):
        assert printed.oddFooter is not None
        assert printed.oddFooter.left.text == f"Plan {FACTS.id}"
    below = next(row for row in range(1, page.max_row + 1) if page.cell(row, 1).value == "signature")
    assert sum(page.row_dimensions[row].height or 15 for row in range(1, below + 1)) < PAGE_HEIGHT
    for row in range(header + 1, header + 5):
        assert all(cell.alignment.wrap_text for cell in boxes[row])
    assert (boxes.row_dimensions[header + 2].height or 0) >= 3 * 15


@pytest.mark.parametrize("has_workbook", [True, False])
def test_a_wide_plan_has_the_extensions_on_each_page_side_by_side(tmp_path: Path, *, has_workbook: bool) -> None:
    workbook = Workbook()
    own = workbook.worksheets[0]
    own.append(("Ext", "Name", *(f"Remark {n}" for n in range(8))))
    own.append(("6201", "Desk", *["word " * 300] * 8))
    for letter in "CDEFGHIJ":
        own.column_dimensions[letter].width = 6
    workbook.save(tmp_path / "boxes.xlsx")
    sheet = read_sheet(tmp_path / "boxes.xlsx")
    plan = Plan((update(2, "6201", Difference("name", "Lab", "Desk")),), existing=1)

    content = format_plan(
        sheet if has_workbook else replace(sheet, name=None), plan, {}, [], FACTS, generated=frozenset()
    )

    boxes = load_workbook(BytesIO(content)).worksheets[1]
    assert (boxes.page_setup.fitToWidth or 1) > 1
    assert (boxes.print_title_rows, boxes.print_title_cols) == ("$1:$1", "$A:$A")


def many_recipients(row: int) -> tuple[str, ...]:
    return tuple(f"voicemail.of.department{n:02}.and.row{row:03}@clinic{n}.example.com" for n in range(15))


NEW = Record(
    row=2,
    extension_number="6201",
    name="WWW MMM \u691c\u67fb\u5ba4 " * 3,
    pin="402817",
    recipients=many_recipients(2),
    prompt="en-US",
    enable_pin=True,
    enable_email_notify=False,
    play_datetime="24HOUR",
)
CHANGED = update(
    3,
    "6202",
    Difference("name", "X-Ray", "M" * 64),
    Difference("recipients", many_recipients(3), many_recipients(4)),
)
LONG = ((NEW.extension_number, NEW.name, NEW.pin), ("6202", "M" * 64, ""))


def save_narrow_workbook(file: Path) -> Sheet:
    """Save the sheet in columns that are far too narrow for its texts."""
    workbook = Workbook()
    sheet = workbook.worksheets[0]
    sheet.append(("Ext", "Name", "PIN", "Emails", "Remark"))
    for row, cells in zip((2, 4), LONG, strict=True):
        sheet.append((*map(str, cells), ",".join(many_recipients(row)), "word " * 200))
    sheet.column_dimensions["D"].width = 6
    sheet["D2"].font = Font(size=20)
    workbook.save(file)
    return read_sheet(file)


def save_narrow_csv(file: Path) -> Sheet:
    lines = ["Ext,Name,PIN,Emails"]
    for row, cells in zip((2, 4), LONG, strict=True):
        lines.append(",".join((*map(str, cells), f'"{",".join(many_recipients(row))}"')))
    file.write_text("\n".join(lines), "utf-8")
    return read_sheet(file)


def save_long_plan(sheet: Sheet, file: Path) -> Path:
    plan = Plan((Change(ChangeKind.CREATE, NEW), CHANGED), existing=1)
    file.write_bytes(format_plan(sheet, plan, {}, [], FACTS, generated=frozenset()))
    return file


@NEEDS_OFFICE
@NEEDS_PDF_TEXT
def test_the_printed_pages_show_every_value_that_is_sent(tmp_path: Path) -> None:
    own = save_long_plan(save_narrow_workbook(tmp_path / "boxes.xlsx"), tmp_path / "own.xlsx")
    plain = save_long_plan(save_narrow_csv(tmp_path / "boxes.csv"), tmp_path / "plain.xlsx")

    convert([own, plain], "pdf", tmp_path)

    for printed in ("own.pdf", "plain.pdf"):
        text = "".join(pdf_text(tmp_path / printed).split())
        values = ["en-US", "24HOUR", "M" * 64, "WWWMMM\u691c\u67fb\u5ba4" * 3, *many_recipients(2), *many_recipients(4)]
        assert [value for value in values if value not in text] == [], printed
        assert "402817" not in text


def test_each_value_of_a_new_box_is_beside_its_row(tmp_path: Path) -> None:
    file = save_long_plan(save_narrow_csv(tmp_path / "boxes.csv"), tmp_path / "plan.xlsx")

    shown = load_workbook(file).worksheets[1]["F2"].value

    assert str(shown).split("\n") == [
        f'Name: "{NEW.name}"',
        "PIN: set",
        'Prompt language: "en-US"',
        "Ask for the PIN: yes",
        "Notify by e-mail: no",
        f"Recipients: {', '.join(many_recipients(2))}",
        'Announce date and time: "24HOUR"',
    ]


def test_a_row_that_sends_more_than_a_cell_can_show_gets_no_plan(tmp_path: Path) -> None:
    old, new = (tuple(f"{letter * 60}{n:02}@{'d' * 200}.example.com" for n in range(15)) for letter in "ab")
    changes = (update(2, "6201", Difference("recipients", old, new)),)

    with pytest.raises(UsageError, match="A plan file cannot show all that row 2 sends"):
        format_plan(save_narrow_csv(tmp_path / "a.csv"), Plan(changes), {}, [], FACTS, generated=frozenset())
