"""A copy of text alone turns no cell that was refused into one that is accepted."""

from pathlib import Path

import pytest

from bulkvm.columns.sheet_columns import letters_by_header
from bulkvm.model.outcome import Outcome, Status
from bulkvm.model.problem import rows_with_errors
from bulkvm.model.sheet import NOT_DIGITS, UNREADABLE, CellKind, Sheet
from bulkvm.readers import read_sheet
from bulkvm.reports.workbook import annotated_copy as annotated
from bulkvm.reports.workbook.annotated_copy import write_annotated
from bulkvm.reports.workbook.clean_copy import write_clean
from bulkvm.reports.workbook.result import write_result
from bulkvm.validation import validate
from bulkvm.validation.cell_kinds import fault_of_kind
from tests.readers.files import header_xml, write_raw_workbook
from tests.reports.clinic import RUN

HEADINGS = ("extension_number", "name", "pin", "recipients")
STYLES = (
    f'<numFmts><numFmt numFmtId="200" formatCode="{"0" * 300}"/></numFmts>'
    '<cellXfs><xf/><xf numFmtId="14"/><xf numFmtId="20"/><xf numFmtId="10"/><xf numFmtId="200"/></cellXfs>'
)
# Each in a column where its text alone would pass.
CELLS = {
    "a long number as extension": ("A", "<v>12345678901234600</v>"),
    "a fraction as PIN": ("C", "<v>402817.5</v>"),
    "a boolean as PIN": ("C", "<v>1</v>", 't="b"'),
    "a date as extension": ("A", "<v>45000</v>", 's="1"'),
    "a time as extension": ("A", "<v>0.5</v>", 's="2"'),
    "a percentage as extension": ("A", "<v>0.5</v>", 's="3"'),
    "a number in a damaged format as name": ("B", "<v>7</v>", 's="4"'),
    "a number in a damaged format as PIN": ("C", "<v>402817</v>", 's="4"'),
    "an error as name": ("B", "<v>#N/A</v>", 't="e"'),
    "a formula without result as name": ("B", "<f>A1</f>"),
    "a text that is too long as name": ("B", f"<is><t>x{' ' * 40_000}x</t></is>", 't="inlineStr"'),
    "a text that is too long as recipients": ("D", f"<is><t>a@b.com{' ' * 40_000}x</t></is>", 't="inlineStr"'),
}


def workbook(tmp_path: Path, letter: str, content: str, attributes: str = "", after: str = "") -> Path:
    cells = {"A": "6201", "B": "Desk", "C": "402817", "D": "desk@example.com"}
    text = '<c r="{0}{1}" t="inlineStr"><is><t>{2}</t></is></c>'
    marked = "".join(
        f'<c r="{key}2" {attributes}>{content}</c>' if key == letter else text.format(key, 2, value)
        for key, value in cells.items()
    )
    sound = text.format("A", 3, "6202") + text.format("B", 3, "Lab") + text.format("C", 3, "024680")
    rows = f'{header_xml(*HEADINGS)}<row r="2">{marked}</row><row r="3">{sound}</row>'
    return write_raw_workbook(tmp_path / "boxes.xlsx", f"<sheetData>{rows}</sheetData>{after}", styles=STYLES)


def refused_rows(sheet: Sheet) -> frozenset[int]:
    return rows_with_errors(validate(sheet).problems)


def copies(sheet: Sheet, folder: Path, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """A result as CSV, a result and an annotated copy of text alone, and the sheet as it was understood."""
    monkeypatch.setattr(annotated, "fits_in_memory", lambda _: False)
    checked = validate(sheet)
    problems = checked.problems
    outcomes = [Outcome(row=row, extension_number="", status=Status.INVALID) for row in sheet.cells.index.tolist()]
    return [
        write_result(folder / "result.csv", sheet, outcomes, problems, RUN),
        write_result(folder / "result.xlsx", sheet, outcomes, problems, RUN),
        write_annotated(folder / "annotated.xlsx", sheet, problems),
        write_clean(folder / "clean.csv", sheet, checked.understood),
        write_clean(folder / "clean.xlsx", sheet, checked.understood),
    ]


@pytest.mark.parametrize("cell", CELLS.values(), ids=CELLS)
def test_a_refused_cell_is_refused_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cell: tuple[str, ...]
) -> None:
    sheet = read_sheet(workbook(tmp_path, *cell))
    assert refused_rows(sheet) == {2}

    for number, copy in enumerate(copies(sheet, tmp_path, monkeypatch)):
        assert refused_rows(read_sheet(copy)) == {2}
        (tmp_path / str(number)).mkdir()
        for copy_of_it in copies(read_sheet(copy), tmp_path / str(number), monkeypatch):
            assert refused_rows(read_sheet(copy_of_it)) == {2}


def test_rows_of_merged_cells_are_refused_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    merged = '<mergeCells><mergeCell ref="B2:B3"/></mergeCells>'
    sheet = read_sheet(workbook(tmp_path, "B", "<is><t>Desk</t></is>", 't="inlineStr"', merged))
    assert refused_rows(sheet) == {2, 3}

    for copy in copies(sheet, tmp_path, monkeypatch):
        assert refused_rows(read_sheet(copy)) == {2, 3}


@pytest.mark.parametrize(
    "row",
    ["6201,Doe, Jane,402817", "6201,Desk,402817,918273", "6201,De\0sk,402817", "1.35791E+09,Desk,402817", "6201,Desk"],
)
def test_rows_of_a_csv_file_that_could_not_be_read_are_refused_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, row: str
) -> None:
    (tmp_path / "boxes.csv").write_text(f"extension_number,name,pin\n6202,Lab,024680\n{row}")
    sheet = read_sheet(tmp_path / "boxes.csv")
    assert refused_rows(sheet) == {3}

    for copy in copies(sheet, tmp_path, monkeypatch):
        assert refused_rows(read_sheet(copy)) == {3}


def test_a_cell_that_a_person_changes_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sheet = read_sheet(workbook(tmp_path, *CELLS["a long number as extension"]))
    result = copies(sheet, tmp_path, monkeypatch)[0]
    text = result.read_text("utf-8-sig")
    assert "<check> 12345678901234600" in text

    result.write_text(text.replace("<check> 12345678901234600", "12345678901234567"))

    assert refused_rows(read_sheet(result)) == frozenset()


@pytest.mark.parametrize("suffix", ["csv", "xlsx"])
def test_invalid_cells_keep_their_text_in_a_clean_copy(tmp_path: Path, suffix: str) -> None:
    cells = {"extension_number": "62 01x", "name": "n" * 300, "pin": "12", "prompt": "none of it", "recipients": "a@"}
    (tmp_path / "boxes.csv").write_text(f"{','.join(cells)}\n{','.join(cells.values())}\n6202,Lab,024680,,\n")
    sheet = read_sheet(tmp_path / "boxes.csv")

    clean = read_sheet(write_clean(tmp_path / f"clean.{suffix}", sheet, validate(sheet).understood))

    letters = letters_by_header(clean)
    assert {header: clean.texts(letters[header][0])[2] for header in cells} == cells
    assert refused_rows(clean) == {2}
    assert {p.code for p in validate(clean).problems} >= {p.code for p in validate(sheet).problems}


@pytest.mark.parametrize("kind", CellKind)
def test_the_sheet_and_the_checks_agree_on_what_cannot_be_read(kind: CellKind) -> None:
    by_reader = kind in {CellKind.MERGED, CellKind.OTHER_ENCODING, CellKind.UNKNOWN_WORD}
    assert (kind in UNREADABLE) is (by_reader or fault_of_kind(kind, digits=False) is not None)
    assert (kind in UNREADABLE | NOT_DIGITS) is (by_reader or fault_of_kind(kind, digits=True) is not None)


@pytest.mark.parametrize("name", ["result", "annotated"])
def test_lost_zeros_are_restored_in_copies_of_a_csv_file_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    (tmp_path / "boxes.csv").write_text("extension_number,name,pin\n6201,Desk,24680\n6202,Lab,402817\n")
    sheet = read_sheet(tmp_path / "boxes.csv")
    copy = {path.stem: path for path in copies(sheet, tmp_path, monkeypatch) if path.suffix == ".xlsx"}[name]

    read = read_sheet(copy)

    assert [(p.cell, p.code) for p in validate(read).problems] == [("C2", "pin-lost-zero")]
    assert [record.pin for record in validate(read, fix_zeros=True).records] == ["024680", "402817"]


def test_restored_zeros_are_restored_again(tmp_path: Path) -> None:
    (tmp_path / "boxes.csv").write_text("extension_number,name,pin\n6201,Desk,24680\n")
    sheet = read_sheet(tmp_path / "boxes.csv")
    checked = validate(sheet, fix_zeros=True)
    outcome = Outcome(row=2, extension_number="6201", status=Status.NOT_SENT)

    result = write_result(tmp_path / "result.xlsx", sheet, [outcome], checked.problems, RUN)

    assert [record.pin for record in validate(read_sheet(result), fix_zeros=True).records] == ["024680"]


def test_a_row_that_explains_the_columns_is_the_same_error_in_a_copy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "extension_number,name,pin,recipients\nNumber,Text,Text,E-mail\n6201,Desk,402817,desk@example.com\n"
    (tmp_path / "boxes.csv").write_text(text)
    sheet = read_sheet(tmp_path / "boxes.csv")

    for copy in copies(sheet, tmp_path, monkeypatch):
        errors = [p.message for p in validate(read_sheet(copy)).problems if p.is_error]
        assert errors == ["This row only explains the columns. Delete the row."], copy
