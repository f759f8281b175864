"""A result shows the outcome of each row, beside the row."""

import csv
import os
import stat
from dataclasses import replace
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl.styles import Alignment
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.cell_range import CellRange
from openpyxl.worksheet.table import Table
from openpyxl.worksheet.views import Pane

from bulkvm.model.errors import SheetError, UsageError
from bulkvm.model.outcome import Outcome, Status
from bulkvm.model.problem import Problem, ProblemCode, Severity
from bulkvm.model.sheet import Sheet
from bulkvm.readers import read_sheet
from bulkvm.reports.workbook.annotated_copy import write_annotated
from bulkvm.reports.workbook.result import write_result
from bulkvm.reports.workbook.result_columns import RESULT_HEADINGS
from bulkvm.reports.workbook.styles import AMBER, GREEN, RED
from tests.reports.clinic import HEADER_ROW, OUTCOMES, PROBLEMS, ROWS, RUN, save_clinic
from tests.reports.printing import assert_prints_as_wide_as_a_page
from tests.sheets import sheet_of

OF_0_1_0 = Path(__file__).parents[2] / "fixtures" / "0.1.0" / "boxes.result.xlsx"
RESULTS = (
    ("invalid", "C4 (PIN): the same digit stands three times.", None, None),
    ("invalid", "it was not sent.", None, None),
    ("created", None, "bmV3", None),
    ("updated", "C7 (PIN): it counts down.", "b2xk", "Name, PIN"),
)


@pytest.fixture(params=["workbook", "text"])
def clinic(request: pytest.FixtureRequest, tmp_path: Path) -> Sheet:
    """The clinic's sheet, of a workbook or, as from CSV, of text alone."""
    sheet = save_clinic(tmp_path / "clinic.xlsx")
    return sheet if request.param == "workbook" else replace(sheet, name=None)


def result_rows(file: Path, first_column: int = 5) -> list[tuple[Any, ...]]:
    sheet = openpyxl.load_workbook(file).worksheets[1]
    return list(sheet.iter_rows(min_row=HEADER_ROW, min_col=first_column, values_only=True))


def test_each_row_has_its_outcome_beside_it(clinic: Sheet, tmp_path: Path) -> None:
    written = write_result(tmp_path / "result.xlsx", clinic, OUTCOMES, PROBLEMS, RUN)

    assert result_rows(written) == [tuple(RESULT_HEADINGS), *RESULTS]


def test_statuses_have_colours_and_can_be_filtered(clinic: Sheet, tmp_path: Path) -> None:
    written = write_result(tmp_path / "result.xlsx", clinic, OUTCOMES, PROBLEMS, RUN)

    sheet = openpyxl.load_workbook(written).worksheets[1]
    assert [f"#{str(sheet[f'E{row}'].fill.fgColor.rgb)[2:]}" for row in range(4, 8)] == [RED, RED, GREEN, GREEN]
    assert sheet.auto_filter.ref == "A3:H7"


def test_the_summary_shows_the_run_and_its_counts_with_a_chart(clinic: Sheet, tmp_path: Path) -> None:
    written = write_result(tmp_path / "result.xlsx", clinic, OUTCOMES, PROBLEMS, RUN)

    summary = openpyxl.load_workbook(written).worksheets[0]
    facts = {row[0]: row[1] for row in summary.iter_rows(max_col=2, values_only=True)}
    counts = {row[0]: row[2] for row in summary.iter_rows(max_col=3, values_only=True)}
    assert summary["A1"].value == "4 rows: 1 created, 1 updated, 2 invalid"
    assert facts["run"] == "20261123T021500Z-0007-clinic"
    assert facts["site"] == "clinic"
    assert facts["tenant"] == "Clinic (clinic.example.com) on pbx.example.com"
    assert facts["time"] == "2026-11-23 02:15:00 UTC"
    assert facts["input file"] == "clinic.xlsx"
    assert facts["input SHA-256"] == "5a" * 32
    assert facts["exit code"] == "1: finished, but some rows were not done, or an undo kept boxes"
    assert (counts["created"], counts["invalid"], counts["Total"]) == (1, 2, 4)
    with ZipFile(written) as archive:
        assert "xl/charts/chart1.xml" in archive.namelist()


def test_a_row_that_the_pbx_refused_is_reported_with_its_own_words(clinic: Sheet, tmp_path: Path) -> None:
    outcome = Outcome(row=4, extension_number="6201", status=Status.REJECTED, message='"No".', pbx_code="TAKEN")

    written = write_result(tmp_path / "result.xlsx", clinic, [outcome], [], RUN)

    summary = openpyxl.load_workbook(written).worksheets[0]
    rows = list(summary.iter_rows(max_col=4, values_only=True))
    place = rows.index(("row 4 (6201)", '"No".', "rejected", "TAKEN")) + 1
    link = summary.cell(place, 1).hyperlink
    assert link is not None
    assert str(link.location).endswith("!A4")


@pytest.mark.parametrize("suffix", ["xlsx", "csv"])
def test_a_result_can_be_imported_again(clinic: Sheet, tmp_path: Path, suffix: str) -> None:
    written = write_result(tmp_path / f"result.{suffix}", clinic, OUTCOMES, PROBLEMS, RUN)

    again = read_sheet(written)

    assert again.name == {"xlsx": clinic.name or "Boxes", "csv": None}[suffix]
    assert again.cells[["A", "B", "C", "D"]].to_numpy().tolist() == [list(row) for row in ROWS]
    assert list(again.headings.values()) == [*clinic.headings.values(), *RESULT_HEADINGS]


@pytest.mark.parametrize("suffix", ["xlsx", "csv"])
def test_a_second_result_replaces_the_first(clinic: Sheet, tmp_path: Path, suffix: str) -> None:
    first = read_sheet(write_result(tmp_path / f"first.{suffix}", clinic, OUTCOMES, PROBLEMS, RUN))
    row = int(first.cells.index[0])
    mended = Outcome(row=row, extension_number="6201", status=Status.CREATED, id="bmV3")

    second = read_sheet(write_result(tmp_path / f"second.{suffix}", first, [mended], [], RUN))

    statuses = second.cells["E"].tolist()
    assert list(second.headings.values()) == [*clinic.headings.values(), *RESULT_HEADINGS]
    assert statuses == ["created", "invalid", "created", "updated"]
    assert second.cells["F"].tolist()[0] == ""


@pytest.mark.parametrize("suffix", ["xlsx", "csv"])
def test_a_generated_pin_stays_until_there_is_another(clinic: Sheet, tmp_path: Path, suffix: str) -> None:
    pins = {6: "602815", 7: "735190"}
    first = read_sheet(write_result(tmp_path / f"first.{suffix}", clinic, OUTCOMES, [], RUN, pins=pins))
    rows = first.cells.index.tolist()
    outcomes = [replace(outcome, row=row) for outcome, row in zip(OUTCOMES, rows, strict=True)]

    second = read_sheet(
        write_result(tmp_path / f"second.{suffix}", first, outcomes, [], RUN, pins={rows[0]: "824066", rows[3]: "91"})
    )

    assert second.headings["I"] == "bulkvm_pin"
    assert second.cells["I"].tolist() == ["824066", "", "602815", "91"]


def test_a_csv_result_runs_nothing(tmp_path: Path) -> None:
    sheet = sheet_of(["Ext", "=cmd|' /C calc'!A0"], ["6201", "=1+1"], ["6202", "'@x"], name=None)
    outcome = Outcome(row=2, extension_number="6201", status=Status.REJECTED, message="-1 boxes")

    written = write_result(tmp_path / "result.csv", sheet, [outcome], [], RUN)

    rows = list(csv.reader(written.read_text("utf-8-sig").splitlines()))
    assert rows[0][1] == "'=cmd|' /C calc'!A0"
    assert rows[1] == ["6201", "'=1+1", "rejected", "'-1 boxes", "", ""]
    assert rows[2] == ["6202", "''@x", "", "", "", ""]


@settings(max_examples=30)
@given(st.text(st.characters(exclude_categories=["Cs"])), st.sampled_from(["Boxes", None]))
def test_no_message_of_a_pbx_runs_or_breaks_the_workbook(tmp_path_factory: Any, words: str, name: str | None) -> None:
    folder = tmp_path_factory.mktemp("result")
    sheet = replace(sheet_of(["Ext"], ["6201"], name=name), path=folder / "boxes.xlsx")
    workbook = openpyxl.Workbook()
    workbook.worksheets[0].title = "Boxes"
    workbook.worksheets[0].append(["Ext"])
    workbook.save(sheet.path)

    outcome = Outcome(row=2, extension_number="6201", status=Status.REJECTED, message=f"={words}")
    written = write_result(folder / "result.xlsx", sheet, [outcome], [], RUN)

    result = openpyxl.load_workbook(written)
    cell = result["Boxes"]["C2"]
    assert "only the text" not in str(result["bulkvm"]["A2"].value)
    assert cell.data_type == "s"
    assert str(cell.value).startswith("=")


def test_rows_with_long_messages_have_their_normal_height(clinic: Sheet, tmp_path: Path) -> None:
    outcomes = [replace(OUTCOMES[0], row=row, message=text) for row, text in ((4, "why " * 90), (5, "because"))]

    written = write_result(tmp_path / "result.xlsx", clinic, outcomes, [], RUN)

    sheet = openpyxl.load_workbook(written).worksheets[1]
    assert [bool(sheet[f"F{row}"].alignment.wrap_text) for row in (4, 5)] == [False, False]
    assert [sheet.row_dimensions[row].height for row in (4, 5)] == [None, None]


def test_rows_that_an_earlier_release_made_high_have_their_normal_height_again(tmp_path: Path) -> None:
    workbook = openpyxl.load_workbook(OF_0_1_0)
    sheet = workbook.worksheets[1]
    sheet["G4"].value, sheet["G4"].alignment, sheet.row_dimensions[4].height = "m", Alignment(wrap_text=True), 120
    sheet.row_dimensions[3].height = 40  # the person's own
    assert sheet["G1"].value == "bulkvm_message"
    workbook.save(tmp_path / "former.xlsx")
    former = read_sheet(tmp_path / "former.xlsx")

    outcomes = [replace(OUTCOMES[0], row=row, message="why " * 90) for row in (2, 3, 4)]
    written = write_result(tmp_path / "result.xlsx", former, outcomes, [], RUN)

    result = openpyxl.load_workbook(written)[str(former.name)]
    assert [result.row_dimensions[row].height for row in (3, 4)] == [40, None]
    assert not result["G4"].alignment.wrap_text


def wide_sheet(folder: Path, headings: list[str], *, freeze: str | None = None, name: str | None = "Boxes") -> Sheet:
    """A sheet whose headings begin in row 2, with columns of 20 characters."""
    workbook = openpyxl.Workbook()
    own = workbook.worksheets[0]
    own.title = "Boxes"
    own.append(["Our boxes"])
    own.append(headings)
    own.append(["6201" if heading == "Ext" else "x" for heading in headings])
    for column in range(1, len(headings) + 1):
        own.column_dimensions[get_column_letter(column)].width = 30
    own.freeze_panes = freeze
    workbook.save(folder / "wide.xlsx")
    return replace(read_sheet(folder / "wide.xlsx"), name=name)


@pytest.mark.parametrize("stray", ["XFD", "XFA"])
def test_the_results_of_a_sheet_with_a_value_at_its_right_edge_can_be_imported_again(
    tmp_path: Path, stray: str
) -> None:
    workbook = openpyxl.Workbook()
    own = workbook.worksheets[0]
    own.append(["Ext", "Name", "PIN"])
    own.append(["6201", "Lab", "402817"])
    own[f"{stray}2"] = "stray"
    workbook.save(tmp_path / "a.xlsx")
    sheet = read_sheet(tmp_path / "a.xlsx")

    for name in ("Sheet", None):  # the person's workbook, and a copy of the texts alone
        outcome = Outcome(row=2, extension_number="6201", status=Status.CREATED)
        again = read_sheet(write_result(tmp_path / f"{name}.xlsx", replace(sheet, name=name), [outcome], [], RUN))
        assert again.headings["D"] == "bulkvm_status"
        assert [again.cells.loc[2, letter] for letter in ("A", "D", stray)] == ["6201", "created", "stray"]


OTHERS = ["Name", "PIN", *(f"Column {number}" for number in range(8))]


@pytest.mark.parametrize(
    ("headings", "freeze", "pane"),
    [
        pytest.param(["Ext", "Name", "PIN"], None, (1, 2, "B3"), id="all on the screen"),
        pytest.param(["Ext", *OTHERS], None, (1, 2, "L3"), id="scrolled to the status"),
        pytest.param(["Ext", *OTHERS], "C3", (2, 2, "L3"), id="the person froze more"),
        pytest.param(["Ext", *OTHERS], "A3", (1, 2, "L3"), id="the person froze less"),
        pytest.param(["Name", "Ext", *OTHERS[1:]], None, (2, 2, "L3"), id="the extension is second"),
        pytest.param([*OTHERS, "Ext"], None, (None, 2, "K3"), id="the extension is far to the right"),
    ],
)
def test_the_status_is_beside_the_frozen_extension_on_the_first_screen(
    tmp_path: Path, headings: list[str], freeze: str | None, pane: tuple[int | None, int, str]
) -> None:
    sheet = wide_sheet(tmp_path, headings, freeze=freeze)
    outcome = Outcome(row=3, extension_number="6201", status=Status.CREATED)

    written = write_result(tmp_path / "result.xlsx", sheet, [outcome], [], RUN)

    result = openpyxl.load_workbook(written)["Boxes"]
    shown = result.sheet_view.pane
    assert shown is not None
    assert (shown.state, shown.xSplit, shown.ySplit, shown.topLeftCell) == ("frozen", *pane)
    status = result.cell(2, len(headings) + 1)
    assert (status.value, status.row) == ("bulkvm_status", 2)
    panes = [selection.pane for selection in result.sheet_view.selection]
    assert len(panes) == len(set(panes))


def test_the_status_of_a_text_copy_is_beside_the_frozen_extension(tmp_path: Path) -> None:
    sheet = wide_sheet(tmp_path, ["Ext", *OTHERS], name=None)
    outcome = Outcome(row=3, extension_number="6201", status=Status.CREATED)

    written = write_result(tmp_path / "result.xlsx", sheet, [outcome], [], RUN)

    pane = openpyxl.load_workbook(written)["Boxes"].sheet_view.pane
    assert pane is not None
    assert (pane.xSplit, pane.ySplit, pane.topLeftCell) == (1, 2, "L3")


def test_windows_that_a_person_split_stay(tmp_path: Path) -> None:
    sheet = wide_sheet(tmp_path, ["Ext", *OTHERS])
    workbook = openpyxl.load_workbook(sheet.path)
    workbook["Boxes"].sheet_view.pane = Pane(xSplit=2_000, topLeftCell="C1", state="split")
    workbook.save(sheet.path)
    outcome = Outcome(row=3, extension_number="6201", status=Status.CREATED)

    written = write_result(tmp_path / "result.xlsx", read_sheet(sheet.path), [outcome], [], RUN)

    pane = openpyxl.load_workbook(written)["Boxes"].sheet_view.pane
    assert pane is not None
    assert (pane.state, pane.xSplit, pane.topLeftCell) == ("split", 2_000, "C1")


def test_a_result_prints_as_wide_as_a_page_with_its_headings(clinic: Sheet, tmp_path: Path) -> None:
    written = write_result(tmp_path / "result.xlsx", clinic, OUTCOMES, PROBLEMS, RUN)

    sheet = openpyxl.load_workbook(written).worksheets[1]
    assert_prints_as_wide_as_a_page(sheet, HEADER_ROW)
    assert str(sheet.print_area).endswith("!$A$1:$H$7")


def test_a_result_of_an_annotated_copy_prints_its_columns(tmp_path: Path) -> None:
    copy = write_annotated(tmp_path / "copy.xlsx", save_clinic(tmp_path / "clinic.xlsx"), PROBLEMS)

    written = write_result(tmp_path / "result.xlsx", read_sheet(copy), OUTCOMES, PROBLEMS, RUN)

    sheet = openpyxl.load_workbook(written)["Our boxes"]
    assert_prints_as_wide_as_a_page(sheet, HEADER_ROW)
    assert str(sheet.print_area).endswith("!$A$1:$H$7")


def test_a_wide_result_is_printed_on_several_pages_that_can_be_read_each_with_the_extensions(
    clinic: Sheet, tmp_path: Path
) -> None:
    wide = replace(clinic, name=None, headings={**clinic.headings} | dict.fromkeys("EFGHIJKL", "Remarks"))
    saved = openpyxl.load_workbook(clinic.path)
    for letter in "EFGHIJKL":
        saved["Our boxes"][f"{letter}3"] = "Remarks"
        saved["Our boxes"].column_dimensions[letter].width = 30
    saved.save(tmp_path / "wide.xlsx")
    sheet = wide if clinic.name is None else read_sheet(tmp_path / "wide.xlsx")
    outcomes = [replace(outcome, message="long " * 40) for outcome in OUTCOMES]

    written = openpyxl.load_workbook(write_result(tmp_path / "result.xlsx", sheet, outcomes, [], RUN)).worksheets[1]

    assert written.page_setup.fitToWidth == 2
    assert (written.print_title_rows, written.print_title_cols) == (f"${HEADER_ROW}:${HEADER_ROW}", "$A:$A")


def test_a_first_sheet_that_was_saved_as_csv_is_recognised(clinic: Sheet, tmp_path: Path) -> None:
    files = [
        write_result(tmp_path / "result.xlsx", clinic, OUTCOMES, PROBLEMS, RUN),
        write_annotated(tmp_path / "copy.xlsx", clinic, PROBLEMS),
    ]
    for file in files:
        with (tmp_path / "saved.csv").open("w", newline="") as saved:
            csv.writer(saved).writerows(openpyxl.load_workbook(file).worksheets[0].iter_rows(values_only=True))

        with pytest.raises(SheetError, match="click the tab of the sheet with the boxes, and save that one as CSV"):
            read_sheet(tmp_path / "saved.csv")


def test_the_message_of_a_row_begins_with_its_errors(tmp_path: Path) -> None:
    warning = Problem(row=2, cell="A2", code=ProblemCode.NAME_TWICE, message="w.", severity=Severity.WARNING)
    error = Problem(row=2, cell="B2", code=ProblemCode.PIN_LENGTH, message="e.")
    sheet = sheet_of(["Ext", "PIN"], ["620", "1"], name=None)
    outcome = Outcome(row=2, extension_number="620", status=Status.INVALID)

    written = write_result(tmp_path / "r.xlsx", sheet, [outcome], [warning, error], RUN)

    assert openpyxl.load_workbook(written).worksheets[1]["D2"].value == "B2: e. A2: w."


def test_the_result_of_an_undo_does_not_count_deleted_boxes_as_changed(tmp_path: Path) -> None:
    outcome = Outcome(row=2, extension_number="6201", status=Status.UPDATED, message="The box was deleted.")
    run = replace(RUN, title="1 row: 1 deleted", undo_of="20261123T021500Z-0007-clinic")

    written = write_result(tmp_path / "r.xlsx", sheet_of(["Ext"], ["6201"], name=None), [outcome], [], run)

    counts = {row[0]: row[1] for row in openpyxl.load_workbook(written).worksheets[0].iter_rows(values_only=True)}
    assert counts["updated"] == "the box has its former values again, or was deleted"


def test_the_person_s_print_setup_stays(tmp_path: Path) -> None:
    save_clinic(tmp_path / "clinic.xlsx")
    workbook = openpyxl.load_workbook(tmp_path / "clinic.xlsx")
    workbook["Our boxes"].page_setup.orientation = "portrait"
    workbook.save(tmp_path / "clinic.xlsx")

    written = write_result(tmp_path / "result.xlsx", read_sheet(tmp_path / "clinic.xlsx"), OUTCOMES, [], RUN)

    sheet = openpyxl.load_workbook(written)["Our boxes"]
    assert (sheet.page_setup.orientation, sheet.print_area) == ("portrait", "")


def test_statuses_are_above_the_person_s_conditional_formats(tmp_path: Path) -> None:
    save_clinic(tmp_path / "clinic.xlsx")

    written = write_result(tmp_path / "result.xlsx", read_sheet(tmp_path / "clinic.xlsx"), OUTCOMES, PROBLEMS, RUN)

    rules = openpyxl.load_workbook(written)["Our boxes"].conditional_formatting
    assert {str(f.sqref): rule.dxf.fill.bgColor.rgb[2:] for f in rules for rule in f.rules if rule.stopIfTrue} == {
        "C4 D5 E4:E5": RED[1:],
        "A5 C7": AMBER[1:],
        "E6:E7": GREEN[1:],
    }


def test_a_message_longer_than_a_cell_is_cut(clinic: Sheet, tmp_path: Path) -> None:
    outcome = Outcome(row=4, extension_number="6201", status=Status.REJECTED, message="x" * 40_000)

    written = write_result(tmp_path / "result.xlsx", clinic, [outcome], [], RUN)

    message = result_rows(written)[1][1]
    assert len(message) == 32_767
    assert message.endswith("x…")
    assert max(row.height or 0 for row in openpyxl.load_workbook(written)["bulkvm"].row_dimensions.values()) <= 409


@pytest.mark.parametrize(
    ("filled_to", "ref"),
    [pytest.param("D", "A3:H7", id="beside the table"), pytest.param("E", "A3:D7", id="a gap without a heading")],
)
def test_a_table_takes_the_results_in_where_excel_allows_it(tmp_path: Path, filled_to: str, ref: str) -> None:
    save_clinic(tmp_path / "clinic.xlsx")
    workbook = openpyxl.load_workbook(tmp_path / "clinic.xlsx")
    sheet = workbook["Our boxes"]
    sheet.auto_filter.ref = None
    sheet.add_table(Table(displayName="Boxes", ref="A3:D7"))
    sheet[f"{filled_to}7"].value = "a remark"
    workbook.save(tmp_path / "clinic.xlsx")

    written = write_result(tmp_path / "result.xlsx", read_sheet(tmp_path / "clinic.xlsx"), OUTCOMES, PROBLEMS, RUN)

    result = openpyxl.load_workbook(written)["Our boxes"]
    table = result.tables["Boxes"]
    assert table.ref == table.autoFilter.ref == ref
    assert result.auto_filter.ref is None
    assert len(table.column_names) == CellRange(ref).size["columns"]


def test_a_sheet_without_a_filter_gets_one(tmp_path: Path) -> None:
    save_clinic(tmp_path / "clinic.xlsx")
    workbook = openpyxl.load_workbook(tmp_path / "clinic.xlsx")
    workbook["Our boxes"].auto_filter.ref = None
    workbook.save(tmp_path / "clinic.xlsx")

    written = write_result(tmp_path / "result.xlsx", read_sheet(tmp_path / "clinic.xlsx"), OUTCOMES, PROBLEMS, RUN)

    assert openpyxl.load_workbook(written)["Our boxes"].auto_filter.ref == "A3:H7"


@pytest.mark.parametrize(
    ("statuses", "steps"),
    [
        pytest.param([Status.CREATED, Status.UNCHANGED], ["Nothing"], id="all done"),
        pytest.param(
            [Status.INVALID, Status.CREATED], ["Invalid rows: correct them", "Save this workbook"], id="to mend"
        ),
        pytest.param([Status.UNKNOWN], ["Unknown rows: leave them", "Save this workbook"], id="unknown"),
        pytest.param([Status.NOT_SENT], ["Save this workbook"], id="not sent"),
    ],
)
def test_the_summary_shows_what_to_do_next(tmp_path: Path, statuses: list[Status], steps: list[str]) -> None:
    sheet = sheet_of(["Ext"], *(["6201"] for _ in statuses), name=None)
    outcomes = [Outcome(row=row, extension_number="6201", status=s) for row, s in enumerate(statuses, start=2)]

    written = write_result(tmp_path / "result.xlsx", sheet, outcomes, [], RUN)

    texts = [str(cell.value) for cell in openpyxl.load_workbook(written).worksheets[0]["A"]]
    assert [text for text in texts if text[:2] in {f"{n}." for n in range(9)}] == [
        text for n, step in enumerate(steps, start=1) for text in texts if text.startswith(f"{n}. {step}")
    ]


@pytest.mark.parametrize("suffix", ["xlsx", "csv"])
def test_a_result_is_private_to_its_owner(clinic: Sheet, tmp_path: Path, suffix: str) -> None:
    written = write_result(tmp_path / f"result.{suffix}", clinic, OUTCOMES, PROBLEMS, RUN)

    assert os.name == "nt" or stat.S_IMODE(written.stat().st_mode) == 0o600


def test_a_result_never_replaces_its_input(tmp_path: Path) -> None:
    file = tmp_path / "clinic.csv"
    file.write_text("Ext\n6201\n")

    with pytest.raises(UsageError, match="is the sheet itself"):
        write_result(file, replace(sheet_of(["Ext"], ["6201"], name=None), path=file), [], [], RUN)

    assert file.read_text() == "Ext\n6201\n"


def test_a_sheet_of_a_header_alone_has_a_result_as_well(tmp_path: Path) -> None:
    written = write_result(tmp_path / "result.xlsx", sheet_of(["Ext"], name=None), [], [], RUN)

    assert next(openpyxl.load_workbook(written)["Boxes"].values) == ("Ext", *RESULT_HEADINGS)


@pytest.mark.parametrize("message", ["", "it failed", 40 * "long "])
@pytest.mark.parametrize("name", ["Boxes", None])
def test_the_columns_of_a_result_are_as_wide_as_their_texts(tmp_path: Path, message: str, name: str | None) -> None:
    sheet = wide_sheet(tmp_path, ["Ext"], name=name)
    outcome = Outcome(row=3, extension_number="6201", status=Status.FAILED, message=message)
    result = openpyxl.load_workbook(write_result(tmp_path / "r.xlsx", sheet, [outcome], [], RUN)).worksheets[1]

    widths = {
        result.cell(2, number).value: result.column_dimensions[get_column_letter(number)].width
        for number in range(1, result.max_column + 1)
    }
    needed = max(len("bulkvm_message"), len(message))
    assert min(90, needed) <= widths["bulkvm_message"] <= min(91, needed + 5)
    assert {heading for heading, width in RESULT_HEADINGS.items() if widths[heading] > width + 1} == set()
