"""What openpyxl would lose or change of a person's own workbook."""

from collections.abc import Callable
from pathlib import Path
from zipfile import ZipFile

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from xlsxwriter import Workbook
from xlsxwriter.worksheet import Worksheet

from bulkvm.columns.sheet_columns import sheet_columns
from bulkvm.readers import read_sheet
from bulkvm.reports.workbook.annotated_copy import write_annotated
from bulkvm.reports.workbook.summary import MARKER
from bulkvm.validation import validate
from tests.reports.printing import assert_prints_as_wide_as_a_page
from tests.reports.workbook.original.excel import LOST, NOTHING, annotate, chart_of, notices, save

REPLACED = "Formulas in columns that are read"


def write_formulas(_: Workbook, sheet: Worksheet) -> None:
    sheet.write_string("B2", "Lab")
    sheet.write_formula("A2", '="62"&"01"', value="6201")
    sheet.write_formula("C2", "=400000+2817", value=402817)
    sheet.write_formula("D2", "=LEN(B2)", value=3)
    sheet.write_string("A3", "6202")
    sheet.write_formula("B3", '=IF(D3="","",D3)', value=NOTHING)
    sheet.write_formula("C3", "=1/3", value=0.333333333333333)
    for letter in "ABD":
        sheet.write_formula(f"{letter}4", '=IF(X4="","",X4)', value=NOTHING)


def test_a_copy_of_formulas_is_read_as_the_sheet_itself(tmp_path: Path) -> None:
    file = save(tmp_path / "boxes.xlsx", write_formulas)

    copy = annotate(file)

    before, after = (read_sheet(f).cells[["A", "B"]] for f in (file, copy))
    assert after.equals(before)
    assert read_sheet(copy).cells.at[2, "C"] == "402817"
    assert {p.cell for p in validate(read_sheet(copy)).problems if p.is_error} == {"C3"}
    assert REPLACED in notices(copy)


def test_formulas_in_a_column_that_is_mapped_are_text_in_the_copy(tmp_path: Path) -> None:
    def write(_: Workbook, sheet: Worksheet) -> None:
        sheet.write_string("A2", "6201")
        sheet.write_formula("D1", '="Geheim"&"zahl"', value="Geheimzahl")
        sheet.write_formula("D2", "=400000+2817", value=402817)

    sheet = read_sheet(save(tmp_path / "boxes.xlsx", write), heading_map={"Geheimzahl": "pin"})

    copy = write_annotated(tmp_path / "copy.xlsx", sheet, [])

    assert sheet_columns(read_sheet(copy, heading_map=sheet.heading_map)) == sheet_columns(sheet)
    assert read_sheet(copy).cells.at[2, "D"] == "402817"


def test_formulas_elsewhere_and_those_without_a_usable_result_stay(tmp_path: Path) -> None:
    own = openpyxl.load_workbook(annotate(save(tmp_path / "boxes.xlsx", write_formulas)))["Boxes"]

    assert {cell.coordinate: cell.value for row in own.iter_rows() for cell in row if cell.data_type == "f"} == {
        "D2": "=LEN(B2)",
        "C3": "=1/3",
    }


def test_a_sheet_without_formulas_has_no_notice_of_them(tmp_path: Path) -> None:
    copy = annotate(save(tmp_path / "boxes.xlsx", lambda _, sheet: sheet.write_string("A2", "6201")))

    assert REPLACED not in notices(copy)


@settings(max_examples=25)
@given(st.lists(st.sampled_from(["_x0041_", "_x00e9_", "_", "x0042_", "é", " ", "="])).map("".join))
def test_a_text_that_looks_like_an_escape_of_excel_stays_as_it_is(
    tmp_path_factory: pytest.TempPathFactory, text: str
) -> None:
    def write(_: Workbook, sheet: Worksheet) -> None:
        sheet.write_string("A2", "6201")
        sheet.write_string("B2", f".{text}.")

    once = annotate(save(tmp_path_factory.mktemp("escapes") / "boxes.xlsx", write))

    assert read_sheet(once).cells.at[2, "B"] == f".{text}."
    assert read_sheet(annotate(once)).cells.at[2, "B"] == f".{text}."


def test_formatted_pieces_of_a_text_and_line_ends_stay(tmp_path: Path) -> None:
    def write(workbook: Workbook, sheet: Worksheet) -> None:
        sheet.write_string("A2", "6201")
        sheet.write_rich_string("B2", "_x0041_", workbook.add_format({"bold": True}), "_x0042_")
        sheet.write_string("D2", "one\rtwo")

    copy = read_sheet(annotate(save(tmp_path / "boxes.xlsx", write)))

    assert [copy.cells.at[2, letter] for letter in "BD"] == ["_x0041__x0042_", "one\rtwo"]


@pytest.mark.parametrize(
    ("insert", "is_reported"),
    [
        pytest.param(lambda _, sheet: sheet.insert_textbox("F2", "Ask Anna."), True, id="text box"),
        pytest.param(
            lambda workbook, sheet: sheet.insert_chart("F2", chart_of(workbook)), False, id="a chart, which is kept"
        ),
    ],
)
def test_content_that_a_copy_loses_is_reported(
    tmp_path: Path, insert: Callable[[Workbook, Worksheet], object], *, is_reported: bool
) -> None:
    copy = annotate(save(tmp_path / "boxes.xlsx", insert))

    assert (LOST in notices(copy)) is is_reported


@pytest.mark.parametrize("part", ["xl/ctrlProps/ctrlProp1.xml", "xl/threadedComments/t1.xml"])
def test_parts_that_are_lost_are_reported(tmp_path: Path, part: str) -> None:
    file = save(tmp_path / "boxes.xlsx", lambda _, sheet: sheet.write_string("A2", "6201"))
    with ZipFile(file, "a") as archive:
        archive.writestr(part, "<a/>")

    assert LOST in notices(annotate(file))


@pytest.mark.parametrize("name", ["bulkvm", "BulkVM"])
def test_a_sheet_of_the_user_that_is_named_bulkvm_is_kept(tmp_path: Path, name: str) -> None:
    file = save(tmp_path / "boxes.xlsx", lambda workbook, _: workbook.add_worksheet(name).write_string("A1", "mine"))

    once = annotate(file)
    twice = annotate(once)

    for copy in (once, twice):
        workbook = openpyxl.load_workbook(copy)
        assert workbook.sheetnames == ["bulkvm (2)", "Boxes", name]
        assert workbook[name]["A1"].value == "mine"


def test_a_summary_that_was_renamed_is_still_replaced(tmp_path: Path) -> None:
    once = annotate(save(tmp_path / "boxes.xlsx", lambda _, sheet: sheet.write_string("A2", "6201")))
    workbook = openpyxl.load_workbook(once)
    workbook["bulkvm"].title = "Mistakes"
    workbook.defined_names[MARKER].attr_text = "Mistakes!$A$1"  # as Excel does
    workbook.save(once)

    assert openpyxl.load_workbook(annotate(once)).sheetnames == ["bulkvm", "Boxes"]


def test_an_annotated_copy_is_printed_as_wide_as_a_page_unless_the_person_set_it_up(tmp_path: Path) -> None:
    def set_up(_: Workbook, sheet: Worksheet) -> None:
        sheet.set_portrait()
        sheet.set_print_scale(80)

    plain = openpyxl.load_workbook(annotate(save(tmp_path / "plain.xlsx", lambda *_: None))).worksheets[1]
    own = openpyxl.load_workbook(annotate(save(tmp_path / "own.xlsx", set_up))).worksheets[1]

    assert_prints_as_wide_as_a_page(plain)
    assert (own.page_setup.orientation, own.page_setup.scale) == ("portrait", 80)
