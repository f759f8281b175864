"""The person's own workbook comes back, with what is wrong in it marked."""

import os
import stat
from dataclasses import replace
from pathlib import Path
from zipfile import ZipFile

import openpyxl
import pytest
from openpyxl.cell import Cell, MergedCell
from openpyxl.formatting.rule import Rule
from openpyxl.styles import Font, PatternFill
from openpyxl.styles.colors import Color
from openpyxl.styles.differential import DifferentialStyle
from openpyxl.worksheet.worksheet import Worksheet

from bulkvm.model.errors import UsageError
from bulkvm.model.problem import Problem, ProblemCode, Severity
from bulkvm.model.sheet import Sheet
from bulkvm.readers import read_sheet
from bulkvm.reports.workbook import annotated_copy as annotated_copies
from bulkvm.reports.workbook import marks as marks_module
from bulkvm.reports.workbook import summary
from bulkvm.reports.workbook.annotated_copy import write_annotated, write_copy
from bulkvm.reports.workbook.annotation import Annotation
from bulkvm.reports.workbook.marks import make_marks
from bulkvm.reports.workbook.original import original_copy as own_copy
from bulkvm.reports.workbook.original.memory_estimate import MAX_CHANGES, count_changes, fits_in_memory
from bulkvm.reports.workbook.styles import AMBER, RED
from bulkvm.reports.workbook.summary import Line
from bulkvm.reports.workbook.text_only import text_copy as plain_copy
from bulkvm.validation import validate
from tests.readers.files import header_xml, write_raw_workbook, write_workbook
from tests.reports.clinic import HEADER_ROW, PROBLEMS, ROWS, save_clinic, save_clinic_csv
from tests.sheets import sheet_of

MAX_NOTES = 40

SAVED = pytest.mark.parametrize(
    "annotated",
    [
        pytest.param(lambda folder: save_clinic(folder / "clinic.xlsx"), id="workbook"),
        pytest.param(lambda folder: replace(save_clinic(folder / "clinic.xlsx"), name=None), id="text"),
    ],
    indirect=True,
)


@pytest.fixture
def annotated(request: pytest.FixtureRequest, tmp_path: Path) -> openpyxl.Workbook:
    """An annotated copy: of the person's workbook, or, as from CSV, of its text alone."""
    sheet = request.param(tmp_path)
    return openpyxl.load_workbook(write_annotated(tmp_path / "annotated.xlsx", sheet, PROBLEMS))


def colours(sheet: Worksheet) -> dict[str, str]:
    fills = {
        c.coordinate: f"#{str(c.fill.fgColor.rgb)[2:]}" for row in sheet.iter_rows() for c in row if c.fill.fill_type
    }
    return {cell: colour for cell, colour in fills.items() if colour in {RED, AMBER}}


def notes(sheet: Worksheet) -> dict[str, str]:
    return {c.coordinate: c.comment.text for row in sheet.iter_rows() for c in row if c.comment}


def looks(cell: Cell | MergedCell) -> tuple[str, ...]:
    return repr(cell.font), repr(cell.border), repr(cell.alignment), cell.number_format


def summary_texts(workbook: openpyxl.Workbook) -> list[str]:
    return [str(value) for row in workbook["bulkvm"].iter_rows(values_only=True) for value in row if value is not None]


@SAVED
def test_exactly_the_cells_with_problems_are_coloured(annotated: openpyxl.Workbook) -> None:
    assert colours(annotated.worksheets[1]) == {"C4": RED, "A5": AMBER, "D5": RED, "C7": AMBER}


@SAVED
def test_each_coloured_cell_shows_in_its_note_what_the_colour_means(annotated: openpyxl.Workbook) -> None:
    found = notes(annotated.worksheets[1])

    assert found.keys() == {"C4", "A5", "D5", "C7"}
    assert found["C4"].endswith("Error: the same digit stands three times.")
    assert found["A5"].endswith("Warning: the row is hidden.")


def test_a_cell_with_an_error_and_a_warning_is_red_and_shows_both(tmp_path: Path) -> None:
    sheet = save_clinic(tmp_path / "clinic.xlsx")
    problems = [PROBLEMS[3], replace(PROBLEMS[0], row=7, cell="C7")]

    workbook = openpyxl.load_workbook(write_annotated(tmp_path / "annotated.xlsx", sheet, problems))

    assert colours(workbook["Our boxes"]) == {"C7": RED}
    assert notes(workbook["Our boxes"])["C7"].endswith(
        "Error: the same digit stands three times.\n\nWarning: it counts down."
    )


@SAVED
def test_the_summary_comes_first_and_leads_to_the_cells(annotated: openpyxl.Workbook) -> None:
    summary = annotated.worksheets[0]

    links = {cell.value: cell.hyperlink.location for cell in summary["A"] if cell.hyperlink}

    assert summary.title == "bulkvm"
    assert annotated.active is summary
    assert [sheet.sheet_view.tabSelected for sheet in annotated.worksheets[1:]].count(True) == 0
    assert {place: link.rpartition("!")[2] for place, link in links.items()} == {
        "C4 (PIN)": "C4",
        "row 5": "A5",
        "D5 (Recipients)": "D5",
        "C7 (PIN)": "C7",
    }
    assert {link.rpartition("!")[0].strip("'") for link in links.values()} == {annotated.worksheets[1].title}


@SAVED
def test_the_summary_shows_every_problem(annotated: openpyxl.Workbook) -> None:
    texts = summary_texts(annotated)

    assert texts[0] == "clinic.xlsx: 2 errors and 3 warnings"
    for problem in PROBLEMS:
        assert problem.message.capitalize() in texts
        assert problem.code not in texts


@SAVED
def test_the_summary_lists_errors_before_warnings(annotated: openpyxl.Workbook) -> None:
    rows = list(annotated["bulkvm"].iter_rows(values_only=True))
    listed = rows[rows.index(("Where (click)", "What is wrong and what to do", "Type")) + 1 :]

    assert [(row[0], row[2]) for row in listed] == [
        ("C4 (PIN)", "Error"),
        ("D5 (Recipients)", "Error"),
        ("the whole file", "Warning"),
        ("row 5", "Warning"),
        ("C7 (PIN)", "Warning"),
    ]


@pytest.mark.parametrize("name", ["Boxes", None], ids=["workbook", "text"])
def test_the_list_of_many_problems_begins_on_the_first_screen(tmp_path: Path, name: str | None) -> None:
    sheet, _ = flood(tmp_path, name)
    codes = list(ProblemCode)[:20]
    problems = [
        Problem(row=row, cell=f"A{row}", code=code, message="long " * 40) for row in range(2, 6) for code in codes
    ]

    summary = openpyxl.load_workbook(write_annotated(tmp_path / "annotated.xlsx", sheet, problems))["bulkvm"]

    heading = next(cell.row for cell in summary["A"] if cell.value == "Where (click)")
    heights = [summary.row_dimensions[row].height or 15 for row in range(1, heading + 1)]
    assert sum(heights) <= 300  # of some 450 points of a screen
    assert "Other kinds in the list below: 15" in summary_texts(openpyxl.load_workbook(tmp_path / "annotated.xlsx"))


def shown_colour(sheet: Worksheet, place: str) -> str:
    """The fill of a cell as Excel shows it, with rules that apply to all their cells."""
    rules = [
        rule
        for formatting in sheet.conditional_formatting
        if place in formatting
        for rule in formatting.rules
        if rule.dxf and rule.dxf.fill
    ]
    if not rules:
        return f"#{str(sheet[place].fill.fgColor.rgb)[2:]}"
    return f"#{min(rules, key=lambda rule: rule.priority).dxf.fill.bgColor.rgb[2:]}"


@pytest.fixture
def striped(tmp_path: Path) -> Sheet:
    """The clinic's workbook with a format of its own for all cells, and headings and PINs in white."""
    save_clinic(tmp_path / "clinic.xlsx")
    workbook = openpyxl.load_workbook(tmp_path / "clinic.xlsx")
    blue = DifferentialStyle(fill=PatternFill("solid", bgColor="FF0000FF"))
    stripes = Rule(type="expression", formula=["TRUE"], dxf=blue, stopIfTrue=True)
    workbook["Our boxes"].conditional_formatting.add("A1:Z99", stripes)
    workbook.save(tmp_path / "clinic.xlsx")
    return read_sheet(tmp_path / "clinic.xlsx")


def test_marks_are_above_the_persons_conditional_formats(tmp_path: Path, striped: Sheet) -> None:
    sheet = openpyxl.load_workbook(write_annotated(tmp_path / "annotated.xlsx", striped, PROBLEMS))["Our boxes"]

    cells = ["C4", "A5", "D5", "C7", "B4"]
    assert [shown_colour(sheet, cell) for cell in cells] == [RED, AMBER, RED, AMBER, "#0000FF"]
    # LibreOffice shows the first in the file, and Excel the one with the lowest priority.
    first, second, *theirs = sheet.conditional_formatting
    assert {str(first.sqref), str(second.sqref)} == {"C4 D5", "A5 C7"}
    assert all(rule.stopIfTrue for formatting in (first, second) for rule in formatting.rules)
    before = openpyxl.load_workbook(striped.path)["Our boxes"].conditional_formatting
    assert [(str(f.sqref), [rule.formula for rule in f.rules]) for f in theirs] == [
        (str(f.sqref), [rule.formula for rule in f.rules]) for f in before
    ]


def test_a_corrected_copy_shows_the_persons_conditional_formats_again(tmp_path: Path, striped: Sheet) -> None:
    once = read_sheet(write_annotated(tmp_path / "once.xlsx", striped, PROBLEMS))
    twice = read_sheet(write_annotated(tmp_path / "twice.xlsx", once, PROBLEMS[:1]))

    sheet = openpyxl.load_workbook(twice.path)["Our boxes"]

    assert [shown_colour(sheet, cell) for cell in ["C4", "A5", "D5"]] == [RED, "#0000FF", "#0000FF"]
    assert [str(formatting.sqref) for formatting in sheet.conditional_formatting] == ["C4", "A4:A7", "A1:Z99"]


def test_a_corrected_sheet_without_the_summary_loses_its_marks(tmp_path: Path) -> None:
    save_clinic(tmp_path / "clinic.xlsx")
    copy = openpyxl.load_workbook(write_annotated(tmp_path / "a.xlsx", read_sheet(tmp_path / "clinic.xlsx"), PROBLEMS))
    del copy["bulkvm"], copy.defined_names["bulkvm_summary"]
    copy.save(tmp_path / "b.xlsx")

    again = write_annotated(tmp_path / "c.xlsx", read_sheet(tmp_path / "b.xlsx"), PROBLEMS[:1])

    sheet = openpyxl.load_workbook(again)["Our boxes"]
    notes = [cell.coordinate for row in sheet for cell in row if cell.comment and "bulkvm says" in cell.comment.text]
    assert notes == ["C4"]
    assert {cell: colour for cell, colour in colours(sheet).items() if colour in {RED, AMBER}} == {"C4": RED}


def test_merged_cells_have_one_mark_with_each_text_once(tmp_path: Path) -> None:
    workbook = openpyxl.Workbook()
    own = workbook.worksheets[0]
    for row in (["Ext", "Name"], ["6201", "Desk"], ["6202", None]):
        own.append(row)
    own.merge_cells("B2:B3")
    workbook.save(tmp_path / "a.xlsx")
    sheet = read_sheet(tmp_path / "a.xlsx")
    warning = Problem(row=3, cell="B3", code=ProblemCode.NAME_TWICE, message="twice.", severity=Severity.WARNING)

    copy = openpyxl.load_workbook(write_annotated(tmp_path / "b.xlsx", sheet, [*validate(sheet).problems, warning]))

    cell = copy.worksheets[1]["B2"]
    assert cell.comment is not None
    assert (cell.comment.text.count("bulkvm says"), cell.comment.text.count("Unmerge it")) == (1, 1)
    assert cell.comment.text.endswith("Warning: twice.")
    assert colours(copy.worksheets[1])["B2"] == RED


@pytest.mark.parametrize("name", ["Boxes", None], ids=["workbook", "text"])
def test_each_printed_page_of_a_long_list_has_its_headings(tmp_path: Path, name: str | None) -> None:
    sheet, problems = flood(tmp_path, name)

    summary = openpyxl.load_workbook(write_annotated(tmp_path / "annotated.xlsx", sheet, problems))["bulkvm"]

    heading = next(cell.row for cell in summary["A"] if cell.value == "Where (click)")
    assert summary.print_title_rows == f"${heading}:${heading}"


@pytest.mark.parametrize("colour", [Color(rgb="FFFFFFFF"), Color(theme=0)], ids=["white", "of the theme"])
def test_white_text_is_black_on_a_mark(tmp_path: Path, colour: Color) -> None:
    workbook = openpyxl.Workbook()
    own = workbook.worksheets[0]
    for row in (["Ext", "PIN"], ["6201", "12"]):
        own.append(row)
    own["B2"].font = Font(color=colour)
    own["B2"].fill = PatternFill("solid", fgColor="FF000000")
    workbook.save(tmp_path / "a.xlsx")
    sheet = read_sheet(tmp_path / "a.xlsx")
    problem = Problem(row=2, cell="B2", code=ProblemCode.PIN_LENGTH, message="short.")

    copy = openpyxl.load_workbook(write_annotated(tmp_path / "b.xlsx", sheet, [problem])).worksheets[1]

    (rule,) = copy.conditional_formatting["B2"]
    assert rule.dxf.font.color.rgb == "FF000000"
    assert shown_colour(copy, "B2") == RED


@pytest.mark.parametrize(("rows", "reported"), [(2, False), (40, True)])
def test_problems_are_counted_by_kind_only_where_there_are_many_of_a_kind(
    tmp_path: Path, rows: int, *, reported: bool
) -> None:
    sheet = sheet_of(["Ext"], *([str(n)] for n in range(rows)), name=None)
    problems = [
        Problem(row=row, cell=f"A{row}", code=(ProblemCode.PIN_REPEATS, ProblemCode.PIN_LENGTH)[row % 2], message="m")
        for row in range(2, rows + 2)
    ]

    texts = summary_texts(openpyxl.load_workbook(write_annotated(tmp_path / "annotated.xlsx", sheet, problems)))

    assert ("Example" in texts) is reported


@SAVED
def test_every_row_keeps_its_number_and_its_text(annotated: openpyxl.Workbook) -> None:
    sheet = annotated.worksheets[1]

    assert tuple(sheet.iter_rows(min_row=HEADER_ROW + 1, max_col=4, values_only=True)) == tuple(
        tuple(text or None for text in row) for row in ROWS
    )
    assert sheet["B6"].data_type == "s"


def test_all_of_the_persons_workbook_is_kept(tmp_path: Path) -> None:
    sheet = save_clinic(tmp_path / "clinic.xlsx")

    written = write_annotated(tmp_path / "annotated.xlsx", sheet, PROBLEMS)

    before, after = (openpyxl.load_workbook(file) for file in (sheet.path, written))
    assert after.sheetnames == ["bulkvm", "Our boxes", "Notes"]
    assert after["Notes"]["B2"].value == "=1+1"
    old, new = before["Our boxes"], after["Our boxes"]
    marked = {"C4", "A5", "D5", "C7"}
    for row in old.iter_rows():
        for cell in row:
            kept = new[cell.coordinate]
            assert kept.value == cell.value
            assert looks(kept) == looks(cell)
            assert cell.coordinate in marked or repr(kept.fill) == repr(cell.fill)
    assert new.auto_filter.ref == old.auto_filter.ref
    assert new.merged_cells.ranges == old.merged_cells.ranges
    assert new.column_dimensions["B"].width == old.column_dimensions["B"].width
    assert new.row_dimensions[6].hidden
    assert [str(r.sqref) for r in new.conditional_formatting][2:] == [str(r.sqref) for r in old.conditional_formatting]
    assert [v.formula1 for v in new.data_validations.dataValidation] == ['"a,b"']


def test_a_note_that_stood_there_keeps_its_words_and_its_author(tmp_path: Path) -> None:
    sheet = save_clinic(tmp_path / "clinic.xlsx")

    workbook = openpyxl.load_workbook(write_annotated(tmp_path / "annotated.xlsx", sheet, PROBLEMS))

    note = workbook["Our boxes"]["C4"].comment
    assert note is not None
    assert note.text.startswith("Ask Anna.\n\n")
    assert "the same digit" in note.text
    assert note.author == "Ben"


def test_a_corrected_copy_loses_its_marks_and_its_former_summary(tmp_path: Path) -> None:
    sheet = save_clinic(tmp_path / "clinic.xlsx")
    once = read_sheet(write_annotated(tmp_path / "once.xlsx", sheet, PROBLEMS))

    workbook = openpyxl.load_workbook(write_annotated(tmp_path / "twice.xlsx", once, PROBLEMS[:1]))

    assert workbook.sheetnames == ["bulkvm", "Our boxes", "Notes"]
    assert colours(workbook["Our boxes"]) == {"C4": RED}
    found = notes(workbook["Our boxes"])
    assert found.keys() == {"C4"}
    assert found["C4"].count("Ask Anna.") == found["C4"].count("the same digit") == 1


def test_a_corrected_copy_of_a_csv_file_loses_its_marks(tmp_path: Path) -> None:
    sheet = replace(save_clinic(tmp_path / "clinic.xlsx"), name=None)
    once = read_sheet(write_annotated(tmp_path / "once.xlsx", sheet, PROBLEMS))

    workbook = openpyxl.load_workbook(write_annotated(tmp_path / "twice.xlsx", once, []))

    assert (colours(workbook["Boxes"]), notes(workbook["Boxes"])) == ({}, {})


def test_a_cell_inside_a_merged_one_is_marked_where_it_shows(tmp_path: Path) -> None:
    sheet = save_clinic(tmp_path / "clinic.xlsx")
    problem = Problem(row=1, cell="C1", code=ProblemCode.MERGED_CELLS, message="this cell is merged.")

    workbook = openpyxl.load_workbook(write_annotated(tmp_path / "annotated.xlsx", sheet, [problem]))

    assert colours(workbook["Our boxes"]) == {"A1": RED}


def test_a_csv_file_comes_back_as_a_workbook_of_text(tmp_path: Path) -> None:
    sheet = save_clinic_csv(tmp_path / "clinic.csv")

    written = write_annotated(tmp_path / "annotated.xlsx", sheet, [])

    cells = [cell for row in openpyxl.load_workbook(written)["Boxes"].iter_rows() for cell in row]
    assert {cell.data_type for cell in cells if cell.value is not None} == {"s"}
    assert {cell.number_format for cell in cells if cell.value is not None} == {"@"}
    assert read_sheet(written).cells.equals(sheet.cells)


@pytest.mark.parametrize("part", ["xl/ballast.xml", "xl/worksheets/ballast.dat"])
def test_a_workbook_too_big_to_be_copied_whole_comes_back_as_text_and_reports_it(tmp_path: Path, part: str) -> None:
    sheet = save_clinic(tmp_path / "clinic.xlsx")
    with ZipFile(sheet.path, "a") as archive, archive.open(part, "w") as ballast:
        for _ in range(61):
            ballast.write(b" " * 2**20)
    sheet = replace(sheet, sha256="")

    workbook = openpyxl.load_workbook(write_annotated(tmp_path / "annotated.xlsx", sheet, PROBLEMS))

    assert workbook.sheetnames == ["bulkvm", "Our boxes"]
    assert any("too large to copy completely" in text for text in summary_texts(workbook))
    assert colours(workbook["Our boxes"]) == {"C4": RED, "A5": AMBER, "D5": RED, "C7": AMBER}


def test_a_workbook_with_too_many_marks_comes_back_as_text_and_reports_it(tmp_path: Path) -> None:
    rows = [[str(100_000 + number), "Desk", "402817"] for number in range(MAX_CHANGES // 2 + 1)]
    sheet = read_sheet(write_workbook(tmp_path / "a.xlsx", ("Ext", "Name", "PIN"), *rows))
    problems = [
        Problem(row=row, cell=f"C{row}", column="pin", code=ProblemCode.PIN_REPEATS, message="x")
        for row in sheet.cells.index
    ]

    marks = make_marks(sheet, problems)
    written = write_copy(tmp_path / "b.xlsx", sheet, Annotation(marks, [Line(("Problems",))]))

    assert count_changes(sheet, Annotation(dict(list(marks.items())[:-1]), [])) == MAX_CHANGES
    workbook = openpyxl.load_workbook(written, read_only=True)
    assert any("too many cells are marked" in str(cell) for row in workbook["bulkvm"].values for cell in row)


@pytest.mark.parametrize(
    "content",
    [
        pytest.param("<row>" + "<c/>" * 1_700_000 + "</row>", id="cells"),
        pytest.param("<cfRule/>" * 760_000, id="rules"),
        pytest.param("<cfRule/>" * 95_000, id="rules that each take long"),
        pytest.param("<cellStyle/>" * 64_000, id="named styles"),
        pytest.param(f'<conditionalFormatting sqref="{"A1 " * 100_000}"/>', id="a rule for many ranges"),
        pytest.param(
            f'<f t="shared" si="0">{"A1+" * 2_000}A1</f>' + '<f t="shared" si="0"/>' * 1_000,
            id="a formula of many cells",
        ),
        pytest.param('<mergeCell ref="A1:XFD1048576"/>', id="one merged cell"),
        pytest.param('<hyperlink ref="B1:B1048576" location="A1"/>' * 2, id="links of a whole column"),
    ],
)
@pytest.mark.parametrize("part", ["xl/worksheets/sheet1.xml", "xl/worksheets/another.dat"])
def test_the_memory_of_a_copy_is_estimated_before_it_is_loaded(tmp_path: Path, content: str, part: str) -> None:
    path = write_raw_workbook(tmp_path / "a.xlsx", f"<sheetData>{header_xml()}", extra={part: f"<x>{content}"})

    assert not fits_in_memory(path)


def test_a_usual_workbook_fits_in_memory(tmp_path: Path) -> None:
    rows = [[str(1_000 + number), "Desk", "402817"] for number in range(20_000)]

    assert fits_in_memory(write_workbook(tmp_path / "a.xlsx", ("Ext", "Name", "PIN"), *rows))


def test_a_cell_in_the_last_corner_makes_no_others(tmp_path: Path) -> None:
    workbook = openpyxl.Workbook()
    own = workbook.worksheets[0]
    for place, text in {"A1": "Ext", "B1": "Name", "A2": "6201", "B2": "Desk", "XFD1048576": " "}.items():
        own[place] = text
    workbook.save(tmp_path / "a.xlsx")
    annotated = write_annotated(tmp_path / "b.xlsx", read_sheet(tmp_path / "a.xlsx"), PROBLEMS[:1])

    again = write_annotated(tmp_path / "c.xlsx", read_sheet(annotated), [])

    with ZipFile(again) as archive:
        assert archive.getinfo("xl/worksheets/sheet2.xml").file_size < 10_000


def test_a_workbook_that_was_changed_since_it_was_read_is_copied_as_text(tmp_path: Path) -> None:
    sheet = save_clinic(tmp_path / "clinic.xlsx")
    changed = openpyxl.load_workbook(sheet.path)
    changed["Our boxes"].insert_rows(3)
    changed.save(sheet.path)

    workbook = openpyxl.load_workbook(write_annotated(tmp_path / "annotated.xlsx", sheet, PROBLEMS))

    assert any("changed after it was read" in text for text in summary_texts(workbook))
    assert colours(workbook["Our boxes"]) == {"C4": RED, "A5": AMBER, "D5": RED, "C7": AMBER}


def test_a_workbook_that_was_deleted_since_it_was_read_is_copied_as_text(tmp_path: Path) -> None:
    sheet = save_clinic(tmp_path / "clinic.xlsx")
    sheet.path.unlink()

    workbook = openpyxl.load_workbook(write_annotated(tmp_path / "annotated.xlsx", sheet, PROBLEMS))

    assert any("could not be copied completely" in text for text in summary_texts(workbook))
    assert len(colours(workbook["Our boxes"])) == 4


def test_content_that_a_copy_cannot_hold_is_reported(tmp_path: Path) -> None:
    sheet = save_clinic(tmp_path / "clinic.xlsx")
    with ZipFile(sheet.path, "a") as archive:
        archive.writestr("xl/vbaProject.bin", b"a macro")
    sheet = replace(sheet, sha256="")

    workbook = openpyxl.load_workbook(write_annotated(tmp_path / "annotated.xlsx", sheet, PROBLEMS))

    assert any(text.startswith("Macros, buttons") for text in summary_texts(workbook))


@pytest.fixture
def few_notes(monkeypatch: pytest.MonkeyPatch) -> None:
    """A limit that small sheets go beyond too."""
    for module in (annotated_copies, own_copy, plain_copy):
        monkeypatch.setattr(module, "MAX_NOTES", MAX_NOTES)
    monkeypatch.setattr(summary, "MAX_PROBLEMS", MAX_NOTES)


@pytest.mark.usefixtures("few_notes")
@pytest.mark.parametrize("name", ["Boxes", None], ids=["workbook", "text"])
def test_more_notes_than_excel_can_handle_leave_the_colours(tmp_path: Path, name: str | None) -> None:
    workbook = openpyxl.load_workbook(write_annotated(tmp_path / "annotated.xlsx", *flood(tmp_path, name)))

    assert len(notes(workbook["Boxes"])) == MAX_NOTES
    assert len(colours(workbook["Boxes"])) == MAX_NOTES + 2
    texts = summary_texts(workbook)
    assert any(text.startswith("... and 2 more") for text in texts)
    assert not any("only the text" in text for text in texts)


@pytest.mark.usefixtures("few_notes")
@pytest.mark.parametrize("name", ["Boxes", None], ids=["workbook", "text"])
def test_errors_get_notes_first_and_a_column_lists_every_problem(tmp_path: Path, name: str | None) -> None:
    once = write_annotated(tmp_path / "once.xlsx", *flood(tmp_path, name))

    workbook = openpyxl.load_workbook(once)

    own = workbook["Boxes"]
    last = MAX_NOTES + 3
    assert f"A{last}" in notes(own)
    assert own["B1"].value == "bulkvm_message"
    assert {row[0] for row in own.iter_rows(min_row=2, min_col=2, max_col=2, values_only=True)} >= {
        "A2: not sure.",
        f"A{last}: wrong.",
    }
    assert None not in {cell.value for cell in own["B"]}
    texts = summary_texts(workbook)
    assert "1. Correct the red cells, which have errors. See the column bulkvm_message." in texts
    assert f"A{last}" in texts


@pytest.mark.usefixtures("few_notes")
def test_a_corrected_copy_loses_the_messages_of_its_rows(tmp_path: Path) -> None:
    sheet, problems = flood(tmp_path, None)
    once = read_sheet(write_annotated(tmp_path / "once.xlsx", sheet, problems))

    workbook = openpyxl.load_workbook(write_annotated(tmp_path / "twice.xlsx", once, problems[-1:]))

    reported = {cell.row: cell.value for cell in workbook["Boxes"]["B"] if cell.value}
    assert reported == {1: "bulkvm_message", MAX_NOTES + 3: f"A{MAX_NOTES + 3}: wrong."}


@pytest.mark.parametrize("name", ["Boxes", None], ids=["workbook", "text"])
def test_more_problems_than_anyone_corrects_are_marked_errors_first_and_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str | None
) -> None:
    monkeypatch.setattr(marks_module, "MAX_MARKED", 10)
    monkeypatch.setattr(summary, "MAX_MARKED", 10)
    monkeypatch.setattr(summary, "MAX_PROBLEMS", 4)
    sheet, problems = flood(tmp_path, name)

    workbook = openpyxl.load_workbook(write_annotated(tmp_path / "annotated.xlsx", sheet, problems))

    assert colours(workbook["Boxes"]) == {f"A{problems[-1].row}": RED} | {f"A{row}": AMBER for row in range(2, 11)}
    assert f"... and {len(problems) - 4} more, of which 6 are marked." in summary_texts(workbook)


def test_numbers_that_lost_a_zero_stay_numbers_where_they_are_not_marked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [[str(6_000 + n), f"Desk {n}", str(402_817 + n * 7) if n % 4 else str(40_281 + n)] for n in range(40)]
    write_workbook(tmp_path / "a.xlsx", ("Ext", "Name", "PIN"), *([e, n, int(pin)] for e, n, pin in rows))
    sheet = replace(read_sheet(tmp_path / "a.xlsx"), name=None)
    problems = validate(sheet).problems
    lost = {problem.cell for problem in problems if problem.code == "pin-lost-zero"}
    assert len(lost) == 10
    monkeypatch.setattr(marks_module, "MAX_MARKED", 3)

    own = openpyxl.load_workbook(write_annotated(tmp_path / "annotated.xlsx", sheet, problems))["Boxes"]

    assert {cell.coordinate for row in own.iter_rows(min_row=2) for cell in row if cell.data_type == "n"} == lost
    assert {problem.cell for problem in validate(read_sheet(tmp_path / "annotated.xlsx")).problems} >= lost


def flood(folder: Path, name: str | None) -> tuple[Sheet, list[Problem]]:
    """A sheet with more problems than notes: warnings first, and an error in the last row."""
    rows = [["6201"]] * (MAX_NOTES + 2)
    sheet = replace(sheet_of(["Ext"], *rows, name=name), path=folder / "boxes.xlsx")
    own = openpyxl.Workbook()
    own.worksheets[0].title = "Boxes"
    for row in [["Ext"], *rows]:
        own.worksheets[0].append(row)
    own.save(sheet.path)
    *others, last = (
        Problem(
            row=row, cell=f"A{row}", code=ProblemCode.PIN_DESCENDING, message="not sure.", severity=Severity.WARNING
        )
        for row in sheet.cells.index
    )
    return sheet, [*others, replace(last, code=ProblemCode.PIN_REPEATS, message="wrong.", severity=Severity.ERROR)]


@pytest.mark.parametrize(
    ("problem", "cell"),
    [
        pytest.param(
            Problem(row=2, column="pin", code=ProblemCode.PIN_MISSING, message="m"), "C2", id="a column alone"
        ),
        pytest.param(
            Problem(row=2, column="id", code=ProblemCode.ID_DISAGREES, message="m"), "B2", id="a column not there"
        ),
        pytest.param(Problem(row=2, code=ProblemCode.HIDDEN_ROWS, message="m"), "B2", id="a row"),
    ],
)
@pytest.mark.parametrize("heading", ["Ext", "Durchwahl"], ids=["known", "mapped"])
def test_a_problem_without_a_cell_is_marked_in_its_column_or_else_at_the_extension(
    tmp_path: Path, heading: str, problem: Problem, cell: str
) -> None:
    sheet = replace(
        sheet_of(["Site", heading, "PIN"], ["North", "6201", ""], name=None), heading_map={heading: "extension_number"}
    )

    workbook = openpyxl.load_workbook(write_annotated(tmp_path / "annotated.xlsx", sheet, [problem]))

    assert colours(workbook["Boxes"]).keys() == {cell}
    links = [cell.hyperlink.location for cell in workbook["bulkvm"]["A"] if cell.hyperlink]
    assert f"Boxes!{cell}" in [link.replace("'", "") for link in links]


@pytest.mark.parametrize("name", ["clinic.xlsx", "copy.csv", "copy.xlsm"])
def test_the_input_is_never_written_to_and_other_forms_are_refused(tmp_path: Path, name: str) -> None:
    sheet = save_clinic(tmp_path / "clinic.xlsx")
    before = sheet.path.read_bytes()

    with pytest.raises(UsageError):
        write_annotated(tmp_path / name, sheet, PROBLEMS)

    assert sheet.path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [sheet.path]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such file modes")
def test_an_annotated_copy_is_private_to_its_owner(tmp_path: Path) -> None:
    sheet = save_clinic(tmp_path / "clinic.xlsx")

    written = write_annotated(tmp_path / "annotated.xlsx", sheet, PROBLEMS)

    assert stat.S_IMODE(written.stat().st_mode) == 0o600


def test_a_persons_sheet_that_is_called_bulkvm_is_kept(tmp_path: Path) -> None:
    workbook = openpyxl.Workbook()
    workbook.worksheets[0].title = "bulkvm"
    for row in (("Ext", "Name", "PIN"), ("6201", "Lab", "402817")):
        workbook.worksheets[0].append(row)
    workbook.worksheets[0]["A1"].fill = PatternFill("solid", fgColor="FF00FF00")
    workbook.save(tmp_path / "own.xlsx")

    written = write_annotated(tmp_path / "annotated.xlsx", read_sheet(tmp_path / "own.xlsx"), [])

    copy = openpyxl.load_workbook(written)
    assert copy.sheetnames == ["bulkvm (2)", "bulkvm"]
    assert copy["bulkvm"]["B2"].value == "Lab"


@pytest.mark.parametrize(
    ("name", "called"),
    [
        ("Boxes/2026", "Boxes_2026"),
        ("[all]: *?\\", "_all__ ___"),
        ("'quoted'", "quoted"),
        ("n" * 40, "n" * 31),
        ("History", "History_"),
        ("'", "_"),
        ("bulkvm", "bulkvm"),
        ("a" * 30 + "'b", "a" * 30),
    ],
)
def test_a_copy_of_text_alone_has_a_sheet_name_that_excel_takes(tmp_path: Path, name: str, called: str) -> None:
    sheet = sheet_of(["Ext", "Name"], ["6201", "Desk"], name=name)

    copy = write_annotated(tmp_path / "copy.xlsx", sheet, [])

    assert called in openpyxl.load_workbook(copy).sheetnames
    assert read_sheet(copy).name == called


def test_a_short_formula_that_a_whole_column_shares_fits_in_memory(tmp_path: Path) -> None:
    rows = '<row><c><f t="shared" si="0">IF(LEN(A2)&gt;4,"long","")</f></c></row>'
    rows += '<row><c><f t="shared" si="0"/></c></row>' * 20_000

    assert fits_in_memory(write_raw_workbook(tmp_path / "a.xlsx", f"<sheetData>{header_xml()}{rows}</sheetData>"))


@pytest.mark.parametrize("suffix", ["xlsx", "csv"])
def test_a_heading_that_must_be_corrected_first_is_red_and_the_summary_says_so(tmp_path: Path, suffix: str) -> None:
    rows = [["A title"], ["Ext", "Name", "E-mail / Notify"], ["62", "Lab", "yes"]]
    if suffix == "xlsx":
        file = write_workbook(tmp_path / "a.xlsx", *rows)
    else:
        file = tmp_path / "a.csv"
        file.write_text("\n".join(map(",".join, rows)))
    sheet = read_sheet(file)

    problems = validate(sheet).problems
    workbook = openpyxl.load_workbook(write_annotated(tmp_path / "annotated.xlsx", sheet, problems))

    own = next(one for one in workbook if one.title != "bulkvm")
    assert colours(own)["C2"] == RED
    texts = summary_texts(workbook)
    assert "C2" in texts
    assert "1. Correct the errors of the whole file and its headings, which are in the list below." in texts
    assert not any("red cells" in text for text in texts)
