"""The template that people fill in.

The files under templates/ are written anew by `bulkvm template --overwrite templates/bulkvm-template.xlsx`, and the
same with `.csv`.
"""

import csv
import os
from collections.abc import Iterator
from pathlib import Path
from zipfile import ZipFile

import openpyxl
import pytest
from openpyxl.worksheet.worksheet import Worksheet

from bulkvm.columns import COLUMNS, EXAMPLE, ID_COLUMN, KEY_COLUMN, Column
from bulkvm.columns.header_matching import match_heading
from bulkvm.model.box import Record
from bulkvm.model.errors import UsageError
from bulkvm.model.settings import DEFAULT_PIN_POLICY
from bulkvm.readers import read_sheet
from bulkvm.reports.template.template_workbook import write_template
from bulkvm.reports.workbook.styles import RED
from bulkvm.validation import validate
from tests.office import NEEDS_OFFICE, save_as
from tests.reports.printing import widths_of

SHIPPED = Path(__file__).parents[3] / "templates"
HEADERS = [column.header for column in COLUMNS]
PIN = next(column for column in COLUMNS if column.secret)

EXTENSIONS = [
    *KEY_COLUMN.valid_examples,
    *KEY_COLUMN.invalid_examples,
    "101",
    "12",
    "1" * 64,
    "1" * 65,
    "555",
    "5550",
    "1e5",
    "1.5",
    "+100",
    "-100",
    "10 1",
]
PINS = [
    *PIN.valid_examples, *PIN.invalid_examples,
    "11223344", "1122334455", "11223344556", "000246", "246999", "790246", "246012", "246789",
    "135790", "987654", "40 281", "4028.7", "1e5000", "+40281", "040281", "888024", "567024",
]  # fmt: skip


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_template(tmp_path_factory.mktemp("template") / "template.xlsx")


@pytest.fixture
def boxes(template: Path) -> Worksheet:
    return openpyxl.load_workbook(template).worksheets[0]


def parts(workbook: Path) -> Iterator[tuple[str, bytes]]:
    with ZipFile(workbook) as archive:
        yield from ((name, archive.read(name)) for name in archive.namelist())


def is_accepted(column: Column, text: str) -> bool:
    parsed = column.parse(text)
    faults = [*parsed.faults, *(rule(parsed.value, DEFAULT_PIN_POLICY) for rule in column.rules if parsed.value)]
    return not any(fault and fault.severity == "error" for fault in faults)


def test_the_shipped_workbook_is_what_the_code_writes(template: Path) -> None:
    assert dict(parts(SHIPPED / "bulkvm-template.xlsx")) == dict(parts(template))


def test_the_shipped_csv_is_what_the_code_writes(tmp_path: Path) -> None:
    written = write_template(tmp_path / "template.csv")

    assert (SHIPPED / "bulkvm-template.csv").read_bytes() == written.read_bytes()
    assert list(csv.reader(written.read_text("utf-8-sig").splitlines())) == [HEADERS]


def test_the_template_can_be_read_and_holds_no_rows(template: Path) -> None:
    sheet = read_sheet(template)

    assert [problem.code for problem in validate(sheet).problems] == ["no-rows"]
    matched = [match_heading(heading) for heading in sheet.headings.values()]
    assert matched == list(COLUMNS)
    assert sheet.cells.empty


def test_needed_columns_are_marked_in_words(boxes: Worksheet) -> None:
    marked = [str(cell.value).removesuffix(" *") for cell in boxes[1] if str(cell.value).endswith(" *")]

    assert marked == [column.title for column in COLUMNS if column.required_for]


def test_headings_are_the_titles_that_messages_name_and_the_id_is_hidden(boxes: Worksheet) -> None:
    assert [str(cell.value).removesuffix(" *") for cell in boxes[1]] == [column.title for column in COLUMNS]
    assert [letter for letter, column in boxes.column_dimensions.items() if column.hidden] == ["I"]
    assert COLUMNS[8] is ID_COLUMN


def test_all_columns_to_fill_in_fit_on_a_small_screen(boxes: Worksheet) -> None:
    widths = [widths_of(boxes)[column] for column in range(1, 9)]

    assert sum(widths) <= 165
    for cell, width in zip(boxes[1], widths, strict=False):
        assert len(str(cell.value)) < width


def test_the_second_row_is_an_example_that_looks_like_one(boxes: Worksheet) -> None:
    example, empty = boxes[2], boxes[3]

    assert [cell.value for cell in example if cell.value] == [
        f"{EXAMPLE}{column.valid_examples[0]}" for column in COLUMNS if column is not ID_COLUMN
    ]
    assert all(cell.font.i and cell.fill.fill_type == "solid" for cell in example if cell.value)
    assert not any(cell.value for cell in empty)


def fill_in(template: Path, target: Path, *rows: dict[str, str], first: int = 2) -> Path:
    """Fill in rows of text, by column letter."""
    workbook = openpyxl.load_workbook(template)
    for number, row in enumerate(rows, start=first):
        for letter in "ABCDEFGH":
            cell = workbook.worksheets[0][f"{letter}{number}"]
            cell.value = row.get(letter)
            cell.data_type = "s" if letter in row else "n"
    workbook.save(target)
    return target


def offered_choices(boxes: Worksheet) -> dict[str, list[str]]:
    rules = boxes.data_validations.dataValidation
    return {str(rule.sqref)[0]: str(rule.formula1).strip('"').split(",") for rule in rules if rule.type == "list"}


@pytest.mark.parametrize("first", [2, 3], ids=["over the example", "below the example"])
@pytest.mark.parametrize("suffix", ["xlsx", pytest.param("csv", marks=NEEDS_OFFICE)])
def test_a_template_filled_in_with_the_words_of_its_lists_reads_back(
    template: Path, boxes: Worksheet, tmp_path: Path, first: int, suffix: str
) -> None:
    choices = offered_choices(boxes)
    rows = [
        {"A": str(6201 + number), "B": f"Desk {number}", "C": str(402817 + 7 * number), "G": "a@example.com"}
        | {letter: words[number % len(words)] for letter, words in choices.items()}
        for number in range(max(map(len, choices.values())))
    ]
    filled = fill_in(template, tmp_path / "filled.xlsx", *rows, first=first)
    file = filled if suffix == "xlsx" else save_as(filled, "csv", tmp_path)

    checked = validate(read_sheet(file))

    assert [problem for problem in checked.problems if problem.code != "recipients-unused"] == []
    clocks = {"off": "DISABLE", "12-hour clock": "12_HOUR_CLOCK", "24-hour clock": "24_HOUR_CLOCK"}
    assert checked.records == tuple(
        Record(
            row=number,
            extension_number=row["A"],
            name=row["B"],
            pin=row["C"],
            prompt=row["D"],
            enable_pin=row["E"] == "yes",
            enable_email_notify=row["F"] == "yes",
            recipients=("a@example.com",),
            play_datetime=clocks[row["H"]],
        )
        for number, row in enumerate(rows, start=first)
    )


def test_every_cell_to_fill_in_is_text(boxes: Worksheet) -> None:
    formats = {
        number: dimension.number_format
        for dimension in boxes.column_dimensions.values()
        for number in range(dimension.min or 0, (dimension.max or 0) + 1)
    }

    assert formats == dict.fromkeys(range(1, len(COLUMNS) + 1), "@")


def test_every_column_has_a_hint_that_excel_can_show_down_to_row_5000(boxes: Worksheet) -> None:
    validations = {str(validation.sqref): validation for validation in boxes.data_validations.dataValidation}

    assert [validations[f"{letter}3:{letter}5000"].prompt for letter in "ABCDEFGHI"] == [c.help for c in COLUMNS]
    for letter, column in zip("ABCDEFGHI", COLUMNS, strict=True):
        assert str(validations[f"{letter}2"].prompt).endswith(column.help)
        assert "not imported" in validations[f"{letter}2"].prompt
    assert len(validations) == 2 * len(COLUMNS)
    for validation in validations.values():
        assert len(validation.promptTitle) <= 32
        assert len(validation.prompt) <= 255
        assert len(validation.errorTitle or "") <= 32
        assert len(validation.error or "") <= 225
        assert len(validation.formula1 or "") <= 255


def test_lists_offer_the_choices_and_refuse_others_only_where_there_are_none(boxes: Worksheet) -> None:
    offered = {
        str(v.sqref)[0]: (v.formula1, bool(v.showErrorMessage))
        for v in boxes.data_validations.dataValidation
        if v.type == "list"
    }

    assert offered == {
        chr(ord("A") + number): (f'"{",".join(column.choices)}"', column.choices_only)
        for number, column in enumerate(COLUMNS)
        if column.choices
    }


def test_the_header_stays_in_sight_on_screen_and_on_paper(boxes: Worksheet) -> None:
    assert boxes.freeze_panes == "B2"
    assert "A3" in {selection.activeCell for selection in boxes.sheet_view.selection}
    assert boxes.print_title_rows == "$1:$1"
    assert boxes.page_setup.orientation == "landscape"


def test_the_guide_explains_every_column_and_is_never_taken_for_the_sheet(template: Path) -> None:
    guide = openpyxl.load_workbook(template)["How to fill this in"]

    cells = [str(cell.value) for row in guide.iter_rows() for cell in row if cell.value]
    assert (guide.row_dimensions[1].height or 0) > 1.5 * float(guide["A1"].font.sz or 0)
    for letter, column in zip("ABCDEFGH", COLUMNS, strict=False):
        assert f"{letter}: {column.title}" in cells
        assert column.help in cells
        assert not any(column.header in cell for cell in cells if "_" in column.header)
        assert "\n".join(column.invalid_examples) in ["", *cells]
    assert not [cell for cell in cells if match_heading(cell) is KEY_COLUMN]


def test_a_template_has_no_other_form(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"must end in \.csv or \.xlsx"):
        write_template(tmp_path / "template.xlsm")


@NEEDS_OFFICE
def test_the_formulas_refuse_what_the_rules_refuse(template: Path, tmp_path: Path) -> None:
    workbook = openpyxl.load_workbook(template)
    sheet = workbook.worksheets[0]
    formulas = {
        str(v.sqref)[0]: v.formula1
        for v in sheet.data_validations.dataValidation
        if v.type == "custom" and str(v.sqref).endswith("5000")
    }
    tried = [*(("A", text) for text in EXTENSIONS), *(("C", text) for text in PINS), ("B", "x" * 64), ("B", "x" * 65)]
    for row, (letter, text) in enumerate(tried, start=2):
        sheet[f"{letter}{row}"].value = text
        sheet[f"{letter}{row}"].data_type = "s"
        sheet[f"J{row}"] = "=" + formulas[letter].replace(f"{letter}3", f"{letter}{row}")
    workbook.save(tmp_path / "tried.xlsx")

    made = save_as(tmp_path / "tried.xlsx", "csv", tmp_path)

    _, *rows = csv.reader(made.read_text("utf-8").splitlines())
    column_at = dict(zip("ABC", COLUMNS, strict=False))
    assert {text: row[9] for (_, text), row in zip(tried, rows, strict=True)} == {
        text: str(is_accepted(column_at[letter], text)).upper() for letter, text in tried
    }


@NEEDS_OFFICE
def test_invalid_pasted_values_and_repeated_extensions_are_red(template: Path, tmp_path: Path) -> None:
    pasted = {
        "A2": "0101", "A3": "0101", "A4": "101", "A5": "ext. 5", "A6": "6201", "A7": "ext. 5",
        "A8": f"{EXAMPLE}6201", "B2": "x" * 65, "B3": "Desk", "C2": "111222", "C3": "024680", "C4": f"{EXAMPLE}402817",
    }  # fmt: skip
    workbook = openpyxl.load_workbook(template)
    sheet = workbook.worksheets[0]
    rules = [
        (str(area.sqref), rule.formula[0], f"#{rule.dxf.fill.bgColor.rgb[2:]}")
        for area in sheet.conditional_formatting
        for rule in area.rules
    ]
    for cell, text in pasted.items():
        sheet[cell].value, sheet[cell].data_type = text, "s"
    asked = [(cell, formula, colour) for cell in pasted for area, formula, colour in rules if area[0] == cell[0]]
    for row, (cell, formula, _) in enumerate(asked, start=2):
        sheet[f"J{row}"] = "=" + formula.replace(f"{cell[0]}2", cell)
    workbook.save(tmp_path / "pasted.xlsx")

    _, *rows = csv.reader(save_as(tmp_path / "pasted.xlsx", "csv", tmp_path).read_text("utf-8").splitlines())

    reported = zip(asked, rows, strict=False)
    assert {area for area, *_ in rules} == {f"{letter}2:{letter}5000" for letter in "ABC"}
    assert [(cell, colour) for (cell, _, colour), row in reported if row[9] == "TRUE"] == [
        ("A2", RED),
        ("A3", RED),
        ("A5", RED),
        ("A5", RED),
        ("A7", RED),
        ("A7", RED),
        ("B2", RED),
        ("C2", RED),
    ]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such file modes")
def test_a_template_is_readable_by_others(tmp_path: Path) -> None:
    usual = tmp_path / "usual"
    usual.touch()

    written = write_template(tmp_path / "template.csv")

    assert written.stat().st_mode == usual.stat().st_mode
