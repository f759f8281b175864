"""Workbooks as Excel saves them, and their annotated copies."""

from collections.abc import Callable
from pathlib import Path
from zipfile import ZipFile

import openpyxl
from xlsxwriter import Workbook
from xlsxwriter.chart import Chart
from xlsxwriter.worksheet import Worksheet

from bulkvm.readers import read_sheet
from bulkvm.reports.workbook.annotated_copy import write_annotated

NOTHING = "nothing"
LOST = "Macros, buttons"


def save(file: Path, fill: Callable[[Workbook, Worksheet], object]) -> Path:
    """A workbook as Excel would save it, with the results of its formulas."""
    with Workbook(file) as workbook:
        sheet = workbook.add_worksheet("Boxes")
        for column, heading in enumerate(("Ext", "Name", "PIN", "Remark")):
            sheet.write_string(0, column, heading)
        fill(workbook, sheet)
    # xlsxwriter cannot write that the result of a formula is empty.
    rewrite(file, "xl/worksheets/sheet1.xml", lambda part: part.replace(NOTHING.encode(), b""))
    return file


def rewrite(file: Path, name: str, change: Callable[[bytes], bytes]) -> None:
    with ZipFile(file) as archive:
        parts = {part: archive.read(part) for part in archive.namelist()}
    with ZipFile(file, "w") as archive:
        for part, content in parts.items():
            archive.writestr(part, change(content) if part == name else content)


def annotate(file: Path) -> Path:
    return write_annotated(file.with_name(f"annotated-{file.name}"), read_sheet(file), [])


def notices(file: Path) -> str:
    return " ".join(str(cell.value) for cell in openpyxl.load_workbook(file)["bulkvm"]["A"])


def chart_of(workbook: Workbook) -> Chart:
    chart = workbook.add_chart({"type": "bar"})
    assert chart is not None
    chart.add_series({"values": "=Boxes!$A$2:$A$3"})
    return chart
