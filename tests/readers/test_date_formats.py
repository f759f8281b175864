"""Dates are read as the sheet shows them, where that is certain."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from bulkvm.model.sheet import CellKind
from bulkvm.readers import read_sheet
from bulkvm.validation import validate
from tests.office import NEEDS_OFFICE, save_as
from tests.readers.files import write_workbook

WHEN = datetime(2026, 6, 2, 9, 5, 7, tzinfo=UTC).replace(tzinfo=None)  # a cell has no zone

SHOWN = {
    "d-mmm": "2-Jun", "dd-mmm-yy": "02-Jun-26", "mmm-yy": "Jun-26", "mmmm": "June", "mmmmm": "J", "ddd": "Tue",
    "dddd, mmmm d, yyyy": "Tuesday, June 2, 2026", "yyyy-mm-dd": "2026-06-02", "m/d": "6/2", "d.m.": "2.6.",
    "dd.mm.yyyy": "02.06.2026", "yyyy\\-mm": "2026-06", "yyyy": "2026", "[$-409]d-mmm;@": "2-Jun",
    "[$-409]mmmm d;@": "June 2", "d/m/yy h:mm": "2/6/26 9:05", "hh:mm:ss": "09:05:07", "h:mm AM/PM": "9:05 AM",
    "mm:ss": "05:07", "yyyy-mm-dd hh:mm": "2026-06-02 09:05", 'd" of "mmmm': "2 of June",
}  # fmt: skip
AS_SHOWN = "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true"
NOT_CERTAIN = [
    "[$-407]d. mmmm",
    "[$-F800]dddd, mmmm dd, yyyy",
    "ggge",
    "bbbb",
    "[$-D000000]d/m/yyyy",
    "ss.000",
    "d h A/P",
]


@pytest.mark.parametrize("code", SHOWN)
def test_a_name_that_is_a_date_is_what_the_sheet_shows_with_a_warning(tmp_path: Path, code: str) -> None:
    path = write_workbook(tmp_path / "a.xlsx", ["Ext", "Name"], ["6201", WHEN], formats={"B2": code})

    checked = validate(read_sheet(path))

    assert [record.name for record in checked.records] == [SHOWN[code]]
    assert [(p.cell, p.is_error) for p in checked.problems] == [("B2", False)]
    assert checked.problems[0].code in {"excel-date", "excel-time"}


@pytest.mark.parametrize("code", NOT_CERTAIN)
def test_a_date_whose_form_is_not_certain_is_the_whole_date(tmp_path: Path, code: str) -> None:
    path = write_workbook(tmp_path / "a.xlsx", ["Ext", "Name"], ["6201", WHEN], formats={"B2": code})

    sheet = read_sheet(path)

    assert sheet.cells.loc[2, "B"] == "2026-06-02 09:05:07"
    assert sheet.kinds["B"][2] in {CellKind.DATE, CellKind.TIME}


@NEEDS_OFFICE
def test_libreoffice_shows_dates_as_they_are_read(tmp_path: Path) -> None:
    rows: list[list[object]] = [["Ext", "Name"], *([str(6201 + n), WHEN] for n, _ in enumerate(SHOWN))]
    path = write_workbook(tmp_path / "a.xlsx", *rows, formats={f"B{n}": code for n, code in enumerate(SHOWN, start=2)})

    shown = read_sheet(save_as(path, AS_SHOWN, tmp_path / "saved"))

    assert shown.cells["B"].tolist() == read_sheet(path).cells["B"].tolist()
