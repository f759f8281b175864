"""A clinic's workbook, as people make them, and the problems in it."""

from datetime import UTC, datetime
from pathlib import Path

import openpyxl
from openpyxl.comments import Comment
from openpyxl.formatting.rule import Rule
from openpyxl.styles import Font, PatternFill
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from bulkvm.model.outcome import Outcome, Status
from bulkvm.model.problem import Problem, ProblemCode, Severity
from bulkvm.model.sheet import Sheet
from bulkvm.model.tenant import Tenant
from bulkvm.readers import read_sheet
from bulkvm.reports.workbook.summary import RunSummary

HEADER_ROW = 3
ROWS = (
    ("6201", "Front Desk", "111402", "desk@example.com"),
    ("6202", "Lab", "402817", "lab(at)example.com"),
    ("6203", "=1+1", "024680", "x@example.com"),
    ("6204", "Ward", "987650", ""),
)
PROBLEMS = (
    Problem(row=4, cell="C4", column="pin", code=ProblemCode.PIN_REPEATS, message="the same digit stands three times."),
    Problem(row=5, cell="D5", column="recipients", code=ProblemCode.RECIPIENT, message="that is not an address."),
    Problem(row=5, code=ProblemCode.HIDDEN_ROWS, message="the row is hidden.", severity=Severity.WARNING),
    Problem(
        row=7,
        cell="C7",
        column="pin",
        code=ProblemCode.PIN_DESCENDING,
        message="it counts down.",
        severity=Severity.WARNING,
    ),
    Problem(row=None, code=ProblemCode.COLUMN_UNKNOWN, message="a column is not known.", severity=Severity.WARNING),
)
OUTCOMES = (
    Outcome(row=4, extension_number="6201", status=Status.INVALID),
    Outcome(row=5, extension_number="6202", status=Status.INVALID, message="it was not sent."),
    Outcome(row=6, extension_number="6203", status=Status.CREATED, id="bmV3"),
    Outcome(row=7, extension_number="6204", status=Status.UPDATED, id="b2xk", changed=("name", "pin")),
)
TENANT = Tenant(pbx="https://pbx.example.com:8887", name="Clinic", domain="clinic.example.com")
RUN = RunSummary(
    run="20261123T021500Z-0007-clinic",
    site="clinic",
    tenant=TENANT,
    time=datetime(2026, 11, 23, 2, 15, tzinfo=UTC),
    input_sha256="5a" * 32,
    exit_code=1,
)


def save_clinic(file: Path) -> Sheet:
    """Save the workbook, and read it."""
    workbook = openpyxl.Workbook()
    sheet = workbook.worksheets[0]
    sheet.title = "Our boxes"
    sheet["A1"] = "Voicemail boxes of the clinic"
    for column, heading in enumerate(("Ext", "Display name", "PIN", "Emails"), start=1):
        sheet.cell(HEADER_ROW, column, heading).font = Font(bold=True, color="FF112233")
    for number, row in enumerate(ROWS, start=HEADER_ROW + 1):
        for column, text in enumerate(row, start=1):
            sheet.cell(number, column, text).data_type = "s"
    _furnish(sheet)
    workbook.create_sheet("Notes")["B2"] = "=1+1"
    workbook.save(file)
    return read_sheet(file)


def save_clinic_csv(file: Path) -> Sheet:
    """Save the same rows as CSV, with the header in row 1, and read them."""
    lines = ["Ext;Display name;PIN;Emails", *(";".join(row) for row in ROWS)]
    file.write_text("\n".join(lines), encoding="utf-8")
    return read_sheet(file)


def _furnish(sheet: Worksheet) -> None:
    sheet["B5"].fill = PatternFill("solid", fgColor="FF00FF00")
    sheet["C4"].comment = Comment("Ask Anna.", "Ben")
    sheet.column_dimensions["B"].width = 31
    sheet.row_dimensions[6].hidden = True
    sheet.auto_filter.ref = "A3:D7"
    sheet.merge_cells("A1:D1")
    sheet.conditional_formatting.add("A4:A7", Rule(type="duplicateValues"))
    choices = DataValidation(type="list", formula1='"a,b"')
    choices.add("B4:B7")
    sheet.add_data_validation(choices)
