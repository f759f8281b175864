"""Rows that are not boxes: prefilled ones and repeated headings are skipped, and everything else stays a row."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from openpyxl import Workbook

from bulkvm.readers import read_sheet
from bulkvm.validation import take_rows, validate, warn_of_blanks_beside_errors
from tests.readers.files import codes, csv_text, write_workbook

BOX = "6201,Room 1,402817,en-US,yes,yes,a@example.com,x\n"
HEADER = "Ext,Name,PIN,Language,Ask for PIN,Notify,Email,Remarks\n"


def skipped(tmp_path: Path, text: str) -> tuple[list[int], list[tuple[int | None, str]]]:
    """The rows that are left, and the problems that reading found."""
    path = tmp_path / "a.csv"
    path.write_bytes(text.encode())
    sheet = read_sheet(path)
    return sheet.cells.index.tolist(), codes(sheet)


@pytest.mark.parametrize(
    "row",
    [
        pytest.param(",,,,FALSE,FALSE,,", id="unticked boxes"),
        pytest.param(",,,,no,0,,", id="other words for no"),
        pytest.param(",,,,☐,☐,,", id="empty check boxes"),
        pytest.param(",,,en-US,yes,yes,,", id="defaults filled down"),
        pytest.param(",,,en-US,FALSE,yes,,", id="some defaults, some unticked"),
        pytest.param(",,,,,,,17", id="a running number"),
        pytest.param(",,,,,,,Ground floor", id="a column that is not read"),
        pytest.param(" ,\u00a0,,,FALSE,,\u200b,", id="nothing that can be seen"),
        pytest.param(",,,,,,,,,", id="more commas"),
    ],
)
@pytest.mark.parametrize("count", [1, 40])
def test_a_row_that_holds_no_box_is_skipped(tmp_path: Path, row: str, count: int) -> None:
    left, found = skipped(tmp_path, HEADER + BOX + f"{row}\n" * count + BOX.replace("6201", "6202"))

    assert left == [2, 3 + count]
    assert found in ([(None, "prefilled-rows")], [])
    assert found or not row.strip(",")


@pytest.mark.parametrize(
    "row",
    [
        pytest.param(",Room 2,,,,,,", id="a name"),
        pytest.param(",,519284,,,,,", id="a PIN"),
        pytest.param(",,,,,,b@example.com,", id="a recipient"),
        pytest.param(",,,,,,<clear>,", id="recipients to clear"),
        pytest.param(",,,de-DE,,,,", id="a language that was typed"),
        pytest.param(",,,,maybe,,,", id="a word that was typed"),
        pytest.param(",,,,,,,,surplus", id="a value without a column"),
        pytest.param("=,,,,,,,", id="something in the extension"),
    ],
)
def test_a_row_with_anything_of_a_box_stays_a_row(tmp_path: Path, row: str) -> None:
    left, _ = skipped(tmp_path, HEADER + BOX + f"{row}\n" + BOX.replace("6201", "6202"))

    assert left == [2, 3, 4]


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("Ext,First,Last\n6201,Anna,Bell\n,Ben,Carr\n", [2, 3]),
        ("Ext,No.,Ticked\n6201,1,TRUE\n,2,FALSE\n,3,FALSE\n", [2]),
        ("Name,PIN,Remarks\nRoom 1,402817,x\n,,y\n", [2, 3]),
    ],
    ids=["names in columns that are not read", "only the extension is read", "no extension column"],
)
def test_where_a_row_may_be_a_box_is_decided_by_the_columns_that_are_read(
    tmp_path: Path, text: str, rows: list[int]
) -> None:
    assert skipped(tmp_path, text)[0] == rows


@pytest.mark.parametrize(
    "row",
    [
        HEADER,
        HEADER.upper(),
        HEADER.replace("Ext", "Extension *").replace("Remarks", ""),
        "Extension,Display name,Voicemail PIN,,,,,\n",
        "Ext,Name,PIN,Language,Ask for PIN,Notify,Email,Page 2\n",
        'Ext,"Name ","PIN",Language,,,,\n',
    ],
)
def test_a_row_that_repeats_the_headings_is_skipped(tmp_path: Path, row: str) -> None:
    left, found = skipped(tmp_path, HEADER + BOX + row + BOX.replace("6201", "6202") + row)

    assert left == [2, 4]
    assert found == [(None, "repeated-headings")]


@pytest.mark.parametrize("row", ["Ext,,,,,,,\n", "Ext,Front Desk,519284,,,,,\n", "Total,Name,,,,,,\n"])
def test_a_row_that_only_resembles_the_headings_stays_an_error(tmp_path: Path, row: str) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes((HEADER + BOX + row).encode())

    checked = validate(read_sheet(path))

    assert [(p.cell, p.code) for p in checked.problems if p.is_error] == [("A3", "extension-not-digits")]
    (message,) = [p.message for p in checked.problems if p.is_error]
    assert message == "This is not a number. If the row is a heading or a note, delete it."


@pytest.mark.parametrize(
    ("first", "second", "rows"),
    [
        ("Extension,Name,PIN", "Extension,PIN,Name", "6202,519284,Room 2"),
        ("Extension,Name,PIN", "PIN,Name,Extension", "519284,Room 2,6202"),
        ("Extension,Name,PIN", "Nebenstelle,PIN,Anzeigename", "6202,519284,Room 2"),
        ("Extension,Name,PIN", "Extension,Name,Mobile", "6202,Room 2,519284"),
        ("Extension,Name,PIN", "Name,Extension,", "Room 2,6202,"),
        ("Extension,Name,Floor,PIN", "Extension,Name,PIN,Floor", "6202,Room 2,519284,1"),
    ],
)
def test_headings_in_other_columns_further_down_stop_the_sheet(
    tmp_path: Path, first: str, second: str, rows: str
) -> None:
    path = tmp_path / "a.csv"
    path.write_text(f"{first}\n6201,Room 1,,\n{second}\n{rows}\n")

    sheet = read_sheet(path)
    checked = validate(sheet)

    (error,) = [problem for problem in checked.problems if problem.code == "headings-change"]
    assert (error.row, error.is_error) == (None, True)
    assert "row 3" in error.message
    assert "other columns than those in row 1" in error.message
    assert not checked.is_readable
    assert not any(problem.row == 3 for problem in checked.problems)
    assert take_rows(sheet)[1]


def test_check_boxes_of_a_workbook_are_skipped_like_those_of_a_text_file(tmp_path: Path) -> None:
    path = write_workbook(
        tmp_path / "a.xlsx",
        ["Ext", "Name", "PIN", "Notify"],
        ["6201", "Room 1", "402817", True],
        *[[None, None, None, False]] * 3,
        ["Ext", "Name", "PIN", "Notify"],
        ["6202", "Room 2", "519284", False],
    )

    sheet = read_sheet(path)

    assert sheet.cells.index.tolist() == [2, 7]
    assert set(sheet.kinds["D"]) == {2, 7}
    assert codes(sheet) == [(None, "repeated-headings"), (None, "prefilled-rows")]
    assert "rows 3 to 5" in sheet.problems[1].message
    assert len(validate(sheet).records) == 2


@pytest.mark.parametrize(
    ("text", "words"),
    [
        pytest.param(
            "Ext,Name,Voicemail,\n,,PIN,E-Mail\n6201,Room 1,402817,a@example.com\n",
            "the headings are in rows 1 and 2. Put all of them into row 1, and delete row 2.",
            id="two rows",
        ),
        pytest.param(
            "Ext,6201,6202\nName,Room 1,Room 2\nPIN,402817,519284\n",
            "the headings are below each other in column A.",
            id="below each other",
        ),
        pytest.param(
            "Extension:,6201\nName:,Room 1\nPIN:,402817\nE-Mail:,a@example.com\n",
            "the headings are below each other in column A.",
            id="a form",
        ),
        pytest.param(
            "Ext,Name,PIN,E-Mail\n6201,Room 1,402817,a@example.com\nRoom,Guest,PIN,E-Mail\n402,Bell,519284,\n",
            "row 3 has headings of another table",
            id="another table",
        ),
    ],
)
def test_headings_that_are_not_in_one_row_are_one_error_of_the_file(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "a.csv"
    path.write_text(text, "utf-8")
    problems = validate(read_sheet(path)).problems

    errors = [problem for problem in problems if problem.is_error]
    assert [(problem.row, problem.code) for problem in errors] == [(None, "headings-change")]
    assert words in errors[0].message


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("Ext,Name,Type\n,,\n6201,Room 1,Mailbox\n", id="a heading as a value"),
        pytest.param("Ext,Name,Type\n,Room 1,Mailbox\n6201,Room 2,Mailbox\n", id="a name without a number"),
        pytest.param("Ext,Name,PIN\n6201,Name,402817\nPIN,Code,402818\n", id="a name like a heading"),
        pytest.param("Ext,Name,PIN\nGround floor,,\n6201,Room 1,402817\n", id="a section"),
    ],
)
def test_rows_with_a_word_like_a_heading_stay_rows(tmp_path: Path, text: str) -> None:
    _, found = skipped(tmp_path, text)

    assert (None, "headings-change") not in found


def test_headings_in_two_rows_that_are_merged_are_one_error(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    workbook = Workbook()
    sheet = workbook.active
    assert sheet is not None
    for row in (["Ext", "Name", "Voicemail", None], [None, None, "PIN", "E-Mail"], ["6201", "Lab", "402817", None]):
        sheet.append(row)
    for merged in ("A1:A2", "B1:B2", "C1:D1"):
        sheet.merge_cells(merged)
    workbook.save(path)

    assert [code for _, code in codes(read_sheet(path)) if code != "column-no-heading"] == ["headings-change"]


@pytest.mark.parametrize(
    "text",
    [
        "Ext,Name\n6200,Main\n\nExt,Name,PIN,E-Mail\n6201,Lab,402817,a@example.com\n",
        "Ext,Name\n6200,Main\n\nName,Ext,PIN\nLab,6201,402817\n",
        "Our boxes\nExt,Name\n6200,Main\n6202,Bar\nExt,Name,PIN\n6201,Lab,402817\n",
    ],
)
def test_boxes_above_another_table_with_more_columns_are_not_lost(tmp_path: Path, text: str) -> None:
    left, found = skipped(tmp_path, text)

    assert left[0] == (3 if text.startswith("Our") else 2)
    assert (None, "headings-change") in found


def test_a_table_with_more_columns_below_another_heading_row_is_read(tmp_path: Path) -> None:
    left, found = skipped(tmp_path, "Ext,Name\nExt,Name,PIN\n6201,Lab,402817\n")

    assert (left, found) == ([3], [])


EXPLAINED = ("Number", "Name", "PIN", "E-mail")


@pytest.mark.parametrize(
    "row",
    [
        ("Number", "Text", "Text", "E-mail"), ("integer", "string", "string", "string"),
        ("VARCHAR(10)", "VARCHAR(64)", "CHAR(6)", "TEXT"), ("Zahl", "Text", "Zahl", "E-Mail"),
        ("required", "required", "optional", ""), ("Pflicht", "", "", ""), ("1", "2", "3", "4"),
        ("A", "B", "C", "D"), ("(1)", "(2)", "(3)", "(4)"),
        ("4 digits", "max 64 characters", "6-10 digits", "optional"),
    ],
    ids=" ".join,
)  # fmt: skip
@pytest.mark.parametrize("suffix", ["csv", "xlsx"])
def test_a_row_below_the_headings_that_explains_the_columns_is_one_error(
    tmp_path: Path, row: Sequence[str], suffix: str
) -> None:
    path, rows = tmp_path / f"a.{suffix}", [EXPLAINED, row, row, ("6201", "Lab", "402817", "a@example.com")]
    if suffix == "csv":
        path.write_text(csv_text(rows), "utf-8")
    else:
        write_workbook(path, *rows)

    checked = validate(read_sheet(path))

    assert [record.row for record in checked.records] == [4]
    assert [(p.cell, p.message) for p in checked.problems if p.is_error] == [
        (f"A{row}", "This row only explains the columns. Delete the row.") for row in (2, 3)
    ]
    assert not {problem.code for problem in warn_of_blanks_beside_errors(checked)}


@pytest.mark.parametrize(
    "row",
    [
        ("6201", "Text", "402817", ""), ("Number", "Lab", "402817", ""), ("", "Text", "Text", "E-mail"),
        ("text", "Text", "518294", "E-mail"), ("101", "2", "3", "4"), ("Name", "Number", "PIN", "E-mail"),
    ],
    ids=" ".join,
)  # fmt: skip
def test_a_row_that_may_be_a_box_is_not_taken_for_an_explanation(tmp_path: Path, row: Sequence[str]) -> None:
    path = write_workbook(tmp_path / "a.xlsx", EXPLAINED, row, ("6202", "Ward", "629173", "a@example.com"))

    assert not any("This row only explains" in problem.message for problem in read_sheet(path).problems)


def test_a_row_in_another_language_below_the_headings_comes_with_the_advice_to_delete_it(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(csv_text([EXPLAINED, ("Nombre", "Texto", "Número", "Correo"), ("6201", "Lab", "402817", "")]))

    assert "If row 2 only explains the columns, delete it." in read_sheet(path).problems[0].message


@pytest.mark.parametrize(
    "text",
    ["Example: 1001", "z.B. 1001", "z. B. 1001", "ex. 1001", "p. ej. 1001", "por ejemplo 1001", "ad es. 1001",
     "bijv. 1001", "1001 (example)", "Beispiel 1001"],
)  # fmt: skip
def test_an_example_in_words_is_no_extension_and_its_digits_are_not_suggested(tmp_path: Path, text: str) -> None:
    path = write_workbook(tmp_path / "a.xlsx", EXPLAINED, (text, "Lab", "402817", ""))

    (message,) = [p.message for p in validate(read_sheet(path)).problems if p.code == "extension-not-digits"]
    assert "delete it" in message
    assert "mean 1001" not in message
