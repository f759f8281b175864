from collections.abc import Sequence
from pathlib import Path

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bulkvm.columns.sheet_columns import sheet_columns
from bulkvm.model.box import BLANK
from bulkvm.model.errors import SheetError, UsageError
from bulkvm.readers import read_sheet
from bulkvm.validation import validate
from tests.readers.files import HEADINGS, csv_text, header_xml, texts, write_raw_workbook, write_workbook

ROW = ("6201", "Desk", "402817")


def workbook_of(path: Path, **sheets: Sequence[Sequence[str]]) -> Path:
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for name, rows in sheets.items():
        sheet = book.create_sheet(name.removeprefix("hidden_"))
        sheet.sheet_state = "hidden" if name.startswith("hidden_") else "visible"
        for row in rows:
            sheet.append(list(row))
    book.create_chartsheet("Chart")
    book.save(path)
    return path


@pytest.mark.parametrize("above", [0, 1, 19])
@pytest.mark.parametrize("suffix", ["csv", "xlsx"])
def test_title_rows_above_the_header_are_skipped(tmp_path: Path, suffix: str, above: int) -> None:
    rows = [*([("Our boxes",)] * above), HEADINGS, ROW]
    path = tmp_path / f"a.{suffix}"
    if suffix == "csv":
        path.write_text(csv_text(rows))
    else:
        write_workbook(path, *rows)

    sheet = read_sheet(path)

    assert (sheet.header_row, sheet.cells.index.tolist()) == (above + 1, [above + 2])


@pytest.mark.parametrize("above", [20, 45])
@pytest.mark.parametrize("suffix", ["csv", "xlsx"])
def test_headings_below_the_first_twenty_rows_are_named_in_the_error(tmp_path: Path, suffix: str, above: int) -> None:
    path, rows = tmp_path / f"a.{suffix}", [*([("Our boxes",)] * above), HEADINGS, ROW]
    if suffix == "csv":
        path.write_text(csv_text(rows, ";"))
    else:
        write_workbook(path, *rows)

    with pytest.raises(SheetError, match=f"headings in row {above + 1}, .* first 20 rows. Delete the rows above"):
        read_sheet(path)


def test_headings_further_down_than_a_word_that_is_one_come_with_the_advice_to_delete_the_rows_above(
    tmp_path: Path,
) -> None:
    guide = [("How to fill this in",), ("Extension", "the number"), *([("x",)] * 25)]
    path = write_workbook(tmp_path / "a.xlsx", *guide, HEADINGS, ROW)

    assert "If the table only begins in row 28, delete the rows above it" in read_sheet(path).problems[0].message


@pytest.mark.parametrize(
    ("rows", "header_row"),
    [
        pytest.param([["Ext."], ["6201"]], 1, id="the extension alone"),
        pytest.param([["Ext", "Nom", "Code secret"], ["6201", "Accueil", "402817"]], 1, id="others unknown"),
        pytest.param([["Display Name", "PIN code *"], ["Desk", "402817"]], 1, id="two without the extension"),
        pytest.param([["Mailbox"], ["Extension", "Name", "PIN"], ["6201", "Desk", "402817"]], 2, id="the best one"),
        pytest.param([["Extension", "Name"], ["6201", "PIN"], ["name", "pin"]], 1, id="not a row of data"),
    ],
)
def test_the_row_that_names_most_columns_is_the_header(
    tmp_path: Path, rows: Sequence[Sequence[str]], header_row: int
) -> None:
    assert read_sheet(write_workbook(tmp_path / "a.xlsx", *rows)).header_row == header_row


@pytest.mark.parametrize("suffix", ["csv", "xlsx"])
def test_without_known_headings_the_error_lists_those_found_and_those_needed(tmp_path: Path, suffix: str) -> None:
    rows = [["Platz", "Schlüssel", "Wer"], ["6201", "402817", "Empfang"]]
    path = tmp_path / f"a.{suffix}"
    if suffix == "csv":
        path.write_text(csv_text(rows, ";"), "utf-8")
    else:
        write_workbook(path, *rows)

    with pytest.raises(SheetError) as raised:
        read_sheet(path)

    message = str(raised.value)
    assert raised.value.problem.code == "no-header"
    for word in (path.name, '"Platz"', '"Schlüssel"', "Extension", "Name and PIN", "--map"):
        assert word in message


@pytest.mark.parametrize(
    ("rows", "option"),
    [
        ([["Platz", "Schlüssel", "Wer"], ["6201", "402817", "Empfang"]], '--map "Platz=extension_number"'),
        ([["Display Name", "Platz"], ["Lab", "6201"], ["Desk", "6202"]], '--map "Platz=extension_number"'),
        ([["Display Name", "Floor"], ["Lab", "ground"]], None),
        ([["Wer", "Wo"], ["6201", "6202"]], None),
        ([["Platz", "Wo"]], None),
    ],
)
@pytest.mark.parametrize("suffix", ["csv", "xlsx"])
def test_without_headings_a_column_that_looks_like_extensions_is_suggested(
    tmp_path: Path, suffix: str, rows: Sequence[Sequence[str]], option: str | None
) -> None:
    path = tmp_path / f"a.{suffix}"
    if suffix == "csv":
        path.write_text(csv_text(rows), "utf-8")
    else:
        write_workbook(path, *rows)

    with pytest.raises(SheetError) as raised:
        read_sheet(path)

    message = str(raised.value)
    assert option in message if option else "--map" not in message


@pytest.mark.parametrize(
    "text", [",,,\n,,,\n", "\n\n\n", ";;;\n", "\ufeff", " , \n\t\n", '"",""\n', "\u200b,\u00a0\n", "\n" * 50]
)
def test_a_file_of_blank_lines_and_commas_is_empty(tmp_path: Path, text: str) -> None:
    path = tmp_path / "a.csv"
    path.write_text(text, "utf-8")

    with pytest.raises(SheetError, match=r"a\.csv is empty\.") as raised:
        read_sheet(path)

    assert raised.value.problem.code == "empty"


@pytest.mark.parametrize(
    ("rows", "code"), [([], "empty"), ([["", " "], []], "empty"), ([[]] * 30 + [["x"]], "no-header")]
)
def test_a_workbook_without_text_is_empty(tmp_path: Path, rows: Sequence[Sequence[str]], code: str) -> None:
    with pytest.raises(SheetError) as raised:
        read_sheet(write_workbook(tmp_path / "a.xlsx", *rows))

    assert raised.value.problem.code == code


def test_a_csv_file_that_begins_with_many_blank_lines_is_not_empty(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("\n" * 50 + "Ext,Name\n")

    with pytest.raises(SheetError, match="has its headings in row 51"):
        read_sheet(path)


def test_a_file_without_headings_does_not_show_its_pins(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("6201,Desk,402817,40281a\n6202,Sales,024680,pin13\n")

    with pytest.raises(SheetError) as raised:
        read_sheet(path)

    assert not any(secret in str(raised.value) for secret in ("402817", "40281a", "024680", "pin13"))


ROWS = st.lists(
    st.lists(st.text("0178٤７²a. -\u200b") | st.from_regex("[a-z]? ?[0-9]{4,10} ?[a-z]?", fullmatch=True), max_size=5)
)


@given(rows=ROWS, suffix=st.sampled_from(["csv", "xlsx"]))
@settings(max_examples=100, deadline=None)
def test_no_digits_of_a_file_without_headings_are_shown(
    tmp_path_factory: pytest.TempPathFactory, rows: list[list[str]], suffix: str
) -> None:
    path = tmp_path_factory.mktemp("digits") / f"a.{suffix}"
    if suffix == "csv":
        path.write_text("\n" + csv_text(rows), "utf-8")
    else:
        write_workbook(path, *rows)

    with pytest.raises(SheetError, match=r"no known headings|is empty") as raised:
        read_sheet(path)

    shown = str(raised.value).replace("first 20 rows", "")
    assert not any(map(str.isdigit, shown))


def test_headings_that_the_user_maps_are_known(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("Platz;Wer\n6201;Empfang\n")

    sheet = read_sheet(path, heading_map={"Platz": "extension_number", "Wer": "name"})

    assert texts(sheet) == [["6201", "Empfang"]]


@pytest.mark.parametrize(
    "sheets",
    [
        pytest.param({"Notes": [["Call Anna"]], "Boxes": [HEADINGS, ROW]}, id="notes first"),
        pytest.param({"hidden_Old": [HEADINGS, ROW], "Boxes": [HEADINGS, ROW]}, id="another one hidden"),
        pytest.param(
            {"Help": [["Headings"], ["Extension", "the number"]], "Boxes": [HEADINGS, ROW]}, id="instructions"
        ),
        pytest.param({"Empty": [], "Boxes": [["Ext"], ["6201"]]}, id="the only one, with one heading"),
    ],
)
def test_the_visible_sheet_with_a_header_is_used(tmp_path: Path, sheets: dict[str, Sequence[Sequence[str]]]) -> None:
    assert read_sheet(workbook_of(tmp_path / "a.xlsx", **sheets)).name == "Boxes"


def test_of_several_sheets_with_a_header_one_must_be_named(tmp_path: Path) -> None:
    path = workbook_of(tmp_path / "a.xlsx", North=[HEADINGS, ROW], South=[HEADINGS, ROW], hidden_Old=[HEADINGS, ROW])

    with pytest.raises(SheetError, match=r'"North" and "South".*--sheet') as raised:
        read_sheet(path)

    assert raised.value.problem.code == "several-sheets"
    assert read_sheet(path, sheet="south").name == "South"
    assert read_sheet(path, sheet="OLD").name == "Old"


def test_a_sheet_that_is_not_there_is_refused_with_the_names_of_those_that_are(tmp_path: Path) -> None:
    path = workbook_of(tmp_path / "a.xlsx", North=[HEADINGS, ROW], South=[HEADINGS, ROW])

    with pytest.raises(UsageError, match=r'"West".*"North", "South"'):
        read_sheet(path, sheet="West")


def test_a_sheet_that_is_named_and_has_no_header_is_refused(tmp_path: Path) -> None:
    path = workbook_of(tmp_path / "a.xlsx", North=[HEADINGS, ROW], Notes=[["Call Anna"]])

    with pytest.raises(SheetError, match="Call Anna"):
        read_sheet(path, sheet="Notes")


def test_a_text_file_has_no_sheets_to_name(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(csv_text([HEADINGS, ROW]))

    with pytest.raises(UsageError, match="--sheet"):
        read_sheet(path, sheet="Boxes")


def test_the_delimiter_that_gives_most_headings_is_used(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("Extension,old;name;pin\n6201,62;Desk;402817\n")

    assert texts(read_sheet(path)) == [["6201,62", "Desk", "402817"]]


@pytest.mark.parametrize(
    ("headings", "row", "reported"),
    [
        pytest.param(("Ext", "", "Name"), ("6201", "Anna", "Desk"), ("column B has values",), id="between"),
        pytest.param(("Ext", "Name", " "), ("6201", "Desk", "x"), ("column C has values",), id="below a blank one"),
        pytest.param(("Ext", "", "Name", ""), ("6201", "a", "Desk", "b"), ("columns B, D have",), id="several"),
        pytest.param(("Ext", "Name", *[""] * 9), ("6201", "Desk", *"abcdefghi"), ("I, J and 1 more",), id="many"),
        pytest.param(("Ext", "Name", ""), ("6201", "Desk", ""), (), id="nothing there"),
        pytest.param(("Ext", "Name", ""), ("6201", "Desk", " \u200b\u00a0"), (), id="nothing that can be seen"),
        pytest.param(("Ext", "Name", "bulkvm_status"), ("6201", "Desk", "created"), (), id="a result"),
    ],
)
@pytest.mark.parametrize("suffix", [".csv", ".xlsx"])
def test_values_below_no_heading_are_reported_in_one_warning_about_the_file(
    tmp_path: Path, suffix: str, headings: Sequence[str], row: Sequence[str], reported: Sequence[str]
) -> None:
    path = tmp_path / f"a{suffix}"
    if suffix == ".csv":
        path.write_text(csv_text([headings, row]), encoding="utf-8")
    else:
        write_workbook(path, headings, row)

    problems = read_sheet(path).problems

    assert [(p.row, p.code, p.is_error) for p in problems] == [(None, "column-no-heading", False) for _ in reported]
    assert all(words in problem.message for problem, words in zip(problems, reported, strict=True))


def test_values_beyond_the_header_of_a_csv_file_are_reported_by_row_only(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("Ext,,Name\n6201,a,Desk\n6202,,Lab,x\n", encoding="utf-8")

    assert [(p.row, p.code) for p in read_sheet(path).problems] == [(3, "surplus-values"), (None, "column-no-heading")]


def test_formatted_and_empty_columns_are_not_data(tmp_path: Path) -> None:
    cells = "".join(f'<c r="{letter}2" s="1"/>' for letter in "CDE")
    row = f'<row r="2"><c r="A2"><v>6201</v></c><c r="B2" t="inlineStr"><is><t>Desk</t></is></c>{cells}</row>'
    sheet = f"<cols><col min='3' max='16384' style='1'/></cols><sheetData>{header_xml('Ext', 'Name')}{row}</sheetData>"
    styles = '<cellXfs><xf numFmtId="0"/><xf numFmtId="49"/></cellXfs>'
    path = write_raw_workbook(tmp_path / "a.xlsx", sheet, styles=styles)

    read = read_sheet(path)

    assert list(read.cells.columns) == ["A", "B"]
    assert read.problems == ()


@pytest.mark.parametrize("mark", ["ï»¿", "Ã¯Â»Â¿"], ids=["once", "twice"])
def test_the_mark_of_utf_8_that_became_letters_is_no_part_of_a_heading(tmp_path: Path, mark: str) -> None:
    path = tmp_path / "a.csv"
    path.write_text(f"{mark}Ext,Name\n6201,Desk\n", encoding="utf-8")

    assert {letter: column.header for letter, column in sheet_columns(read_sheet(path)).items()} == {
        "A": "extension_number",
        "B": "name",
    }


def test_headings_in_a_hidden_sheet_alone_are_named(tmp_path: Path) -> None:
    path = workbook_of(tmp_path / "a.xlsx", Notes=[["Please fill in"]], hidden_Boxes=[HEADINGS, ROW])

    with pytest.raises(SheetError, match=r'headings in the hidden sheet "Boxes"\. Show it .* --sheet "Boxes"'):
        read_sheet(path)

    assert read_sheet(path, sheet="Boxes").name == "Boxes"


@pytest.mark.parametrize("suffix", ["csv", "xlsx"])
@pytest.mark.parametrize(
    ("above", "named"),
    [
        pytest.param([["6201", "Bar", "402817"], ["6202", "Cafe", ""]], "1, 2", id="sorted with the headings"),
        pytest.param([["Our boxes", "", ""], ["6201", "Bar", ""]], "2", id="below a title"),
        pytest.param([["Our boxes", "2026", ""], ["2026", "", ""], ["", "Bar", "402817"]], None, id="titles"),
        pytest.param([["1", "2", "3"]], None, id="numbers of the columns"),
        pytest.param([["1", "Bar", "402817"]], "1", id="a short number"),
    ],
)
def test_boxes_above_the_headings_are_an_error(
    tmp_path: Path, suffix: str, above: Sequence[Sequence[str]], named: str | None
) -> None:
    rows = [*above, ["Ext", "Name", "PIN"], ["6203", "Desk", "402829"]]
    path = tmp_path / f"a.{suffix}"
    if suffix == "csv":
        path.write_text(csv_text(rows), "utf-8")
    else:
        write_workbook(path, *rows)

    problems = read_sheet(path).problems

    assert [problem.code for problem in problems] == (["headings-change"] if named else [])
    assert all(f"rows above them may be boxes: {named}." in problem.message for problem in problems)


@pytest.mark.parametrize("heading", ["Password", "Code", "PIN"])
@pytest.mark.parametrize(
    "above",
    [("", "", "SIP phone"), ("", "", "Door"), ("", "", "Alarm system"), ("Box", "", "Old"), ("Wifi passwords",),
     ("Alarm codes of the staff",)],
)  # fmt: skip
@pytest.mark.parametrize("suffix", ["csv", "xlsx"])
def test_a_secret_of_something_else_by_the_text_above_its_heading_is_uncertain(
    tmp_path: Path, suffix: str, above: Sequence[str], heading: str
) -> None:
    rows, path = [above, ("Extension", "Name", heading), ROW], tmp_path / f"a.{suffix}"
    if suffix == "csv":
        path.write_text(csv_text(rows))
    else:
        write_workbook(path, *rows)

    (problem,) = [problem for problem in validate(read_sheet(path)).problems if problem.is_error]
    assert problem.code == "pin-column-uncertain"
    assert f'--map "{heading}=pin"' in problem.message_with_option
    for header, pin in (("pin", "402817"), ("", BLANK)):
        (record,) = validate(read_sheet(path, heading_map={heading: header})).records
        assert record.pin == pin


def test_the_text_of_a_merged_cell_is_above_all_its_columns(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.create_sheet("Boxes", 0)
    for row in (["", "", "SIP phone"], ["Extension", "Name", "Floor", "Password"], ["6201", "Desk", "2", "402817"]):
        sheet.append(row)
    sheet.merge_cells("C1:D1")
    book.save(tmp_path / "a.xlsx")

    problems = validate(read_sheet(tmp_path / "a.xlsx")).problems

    assert "pin-column-uncertain" in {problem.code for problem in problems}


@pytest.mark.parametrize(
    "above",
    [("Voicemail boxes",), ("Contact",), ("Phones of Clinic X",), ("", "", "Voicemail"), ("Office Zurich",),
     ("PINs of the office",), ("", "", "Phones of Clinic X"), ("Voicemail passwords of the phones",),
     ("Box", "", "Voicemail portal")],
)  # fmt: skip
@pytest.mark.parametrize("heading", ["Password", "PIN"])
def test_titles_and_groups_of_boxes_leave_the_pins_certain(tmp_path: Path, above: Sequence[str], heading: str) -> None:
    path = write_workbook(tmp_path / "a.xlsx", above, ("Extension", "Name", heading), ROW)

    assert [record.pin for record in validate(read_sheet(path)).records] == ["402817"]


def test_a_title_merged_over_the_whole_table_is_no_group(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.create_sheet("Boxes", 0)
    for row in (["Office phones"], ["", "Extension", "Name", "Password"], ["", *ROW]):
        sheet.append(row)
    sheet.merge_cells("A1:D1")
    book.save(tmp_path / "a.xlsx")

    assert [record.pin for record in validate(read_sheet(tmp_path / "a.xlsx")).records] == ["402817"]


@pytest.mark.parametrize(
    ("above", "heading", "header"),
    [(("", "", "Private"), "E-mail", "recipients"), (("", "", "Fax"), "E-mail", "recipients"),
     (("Old", "", "New"), "Extension", "extension_number"), (("", "Old", "x"), "Name", "name")],
)  # fmt: skip
def test_a_column_of_something_else_by_the_text_above_its_heading_is_an_error(
    tmp_path: Path, above: Sequence[str], heading: str, header: str
) -> None:
    path = tmp_path / "a.csv"
    path.write_text(csv_text([above, ("Extension", "Name", "E-mail"), ("6201", "Desk", "a@example.com")]))

    (problem,) = [problem for problem in validate(read_sheet(path)).problems if problem.is_error]
    assert problem.code == "heading-ambiguous"
    assert f'--map "{heading}={header}"' in problem.message_with_option
    assert validate(read_sheet(path, heading_map={heading: header})).is_readable


@pytest.mark.parametrize(
    "above",
    [
        [("Box", "", "SIP phone"), ("", "", "")], [("Box", "", "SIP phone"), ("(all)", "", "(see below)")],
        [("", "", "SIP phone"), ("2026", "", "x")], [("", "", "Door"), ("", "", ""), ("", "", "")],
        [("", "", "Old"), ("Box", "", "Code")],
    ],
)  # fmt: skip
@pytest.mark.parametrize("suffix", ["csv", "xlsx"])
def test_a_group_some_rows_above_the_headings_makes_the_pins_uncertain(
    tmp_path: Path, above: Sequence[Sequence[str]], suffix: str
) -> None:
    path, rows = tmp_path / f"a.{suffix}", [*above, ("Extension", "Name", "PIN"), ROW]
    if suffix == "csv":
        path.write_text(csv_text(rows), "utf-8")
    else:
        write_workbook(path, *rows)

    assert "pin-column-uncertain" in {problem.code for problem in validate(read_sheet(path)).problems}


@pytest.mark.parametrize(
    "above",
    [
        [("Clinic", "", "Phone", "044 123 45 67"), ("", "", "")], [("Box", "", "Phone:"), ("", "", "")],
        [("", "", "Phone list of the clinic"), ("", "", "")], [("", "", "Door"), *([("", "", "")] * 3)],
        [("", "", "SIP phone"), ("", "", "Voicemail")], [("Door",), ("", "", "")],
    ],
)  # fmt: skip
def test_titles_and_notes_some_rows_above_leave_the_pins_certain(
    tmp_path: Path, above: Sequence[Sequence[str]]
) -> None:
    path = write_workbook(tmp_path / "a.xlsx", *above, ("Extension", "Name", "PIN"), ROW)

    assert [record.pin for record in validate(read_sheet(path)).records] == ["402817"]


def test_a_group_of_merged_cells_two_rows_above_covers_all_its_columns(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.create_sheet("Boxes", 0)
    for row in (["Box", "SIP phone"], ["", "a", "b"], ["Extension", "Name", "Password"], list(ROW)):
        sheet.append(row)
    sheet.merge_cells("B1:C1")
    book.save(tmp_path / "a.xlsx")

    assert "pin-column-uncertain" in {p.code for p in validate(read_sheet(tmp_path / "a.xlsx")).problems}
