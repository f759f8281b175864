"""Plan files, as the person sees them who signs them."""

from dataclasses import replace
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any, cast

import pytest
from openpyxl import load_workbook
from openpyxl.worksheet.worksheet import Worksheet

from bulkvm.model.box import NOT_KNOWN, Record
from bulkvm.model.change import Change, ChangeKind, Difference, Plan, PlannedStatus
from bulkvm.model.sheet import Sheet
from bulkvm.reports.workbook.plan_summary import PlanFacts
from bulkvm.reports.workbook.plan_workbook import format_plan
from tests.boxes import full_box
from tests.golden_files import Golden
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
