"""A result that cannot be written is reported before anything is sent."""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from bulkvm.model.errors import UsageError
from bulkvm.reports.output_checks import check_result_name
from bulkvm.reports.workbook.annotated_copy import write_annotated
from tests.sheets import sheet_of

SHEET = sheet_of(["Ext"], ["6201"], name=None)
ROWS_OF_EXCEL = 1_048_576


def links_are_allowed(folder: Path) -> bool:
    try:
        (folder / "link").symlink_to(folder)
    except OSError:
        return False
    return True


@pytest.mark.parametrize("name", ["result.xlsx", "result.csv", "result.XLSX"])
def test_a_valid_output_name_leaves_no_temporary_file(tmp_path: Path, name: str) -> None:
    check_result_name(tmp_path / name, SHEET)

    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("name", "words"),
    [
        pytest.param("result.xlsm", r"does not write macros\. Use a name that ends in \.xlsx", id="macros"),
        pytest.param("result.txt", r"must end in \.csv or \.xlsx", id="another form"),
        pytest.param("nowhere/result.xlsx", "There is no folder .*nowhere", id="no folder"),
        pytest.param("folder.csv", "is a folder", id="a folder"),
        pytest.param("boxes.csv", "is the sheet itself", id="the input"),
        pytest.param("folder.csv/../boxes.csv", "is the sheet itself", id="the input, otherwise spelt"),
    ],
)
def test_an_unwritable_target_is_refused(tmp_path: Path, name: str, words: str) -> None:
    (tmp_path / "folder.csv").mkdir()
    (tmp_path / "boxes.csv").touch()

    with pytest.raises(UsageError, match=words):
        check_result_name(tmp_path / name, replace(SHEET, path=tmp_path / "boxes.csv"))


def test_the_input_is_known_behind_a_link(tmp_path: Path) -> None:
    if not links_are_allowed(tmp_path):
        pytest.skip("links need a right that this user has not")
    (tmp_path / "boxes.csv").touch()

    with pytest.raises(UsageError, match="is the sheet itself"):
        check_result_name(tmp_path / "link" / "boxes.csv", replace(SHEET, path=tmp_path / "boxes.csv"))


@pytest.mark.skipif(
    os.name == "nt" or not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write anywhere"
)
def test_a_folder_that_may_not_be_written_in_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)

    with pytest.raises(UsageError, match="may not write in the folder"):
        check_result_name(tmp_path / "result.xlsx", SHEET)


@pytest.mark.parametrize(("last", "fits"), [(ROWS_OF_EXCEL, True), (ROWS_OF_EXCEL + 1, False)])
def test_more_rows_than_excel_has_are_for_csv_alone(tmp_path: Path, last: int, *, fits: bool) -> None:
    sheet = replace(SHEET, cells=SHEET.cells.set_axis([last]))

    check_result_name(tmp_path / "result.csv", sheet)
    if fits:
        check_result_name(tmp_path / "result.xlsx", sheet)
        return
    with pytest.raises(UsageError, match=r"rows up to 1,048,577.* Use a \.csv file"):
        check_result_name(tmp_path / "result.xlsx", sheet)
    with pytest.raises(UsageError, match=r"rows up to 1,048,577"):
        write_annotated(tmp_path / "result.xlsx", sheet, [])
