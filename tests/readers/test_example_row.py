"""The template's example row is not imported, and a row that replaces it is."""

from pathlib import Path

import pytest

from bulkvm.columns import COLUMNS, EXAMPLE
from bulkvm.model.box import BLANK
from bulkvm.model.change import ChangeKind
from bulkvm.planning import make_plan
from bulkvm.readers import read_sheet
from bulkvm.reports.export_file import write_export
from bulkvm.validation import take_rows, validate
from tests.boxes import full_box
from tests.readers.files import write_workbook

HEADINGS = [column.title for column in COLUMNS]
EXAMPLES = [f"{EXAMPLE}{column.valid_examples[0]}" for column in COLUMNS]
OWN = ["6205", "Lab", "402817", "en-US", "yes", "no", "", "24-hour clock", ""]


def checked(path: Path, *rows: list[str]) -> tuple[list[int], dict[str | None, str]]:
    """The rows that are valid, and the codes of problems by cell."""
    result = validate(read_sheet(write_workbook(path / "a.xlsx", HEADINGS, *rows)))
    return [record.row for record in result.records], {p.cell: p.code for p in result.problems}


@pytest.mark.parametrize(
    "example",
    [
        pytest.param(EXAMPLES, id="whole"),
        pytest.param([f" {EXAMPLES[0]} ", *[""] * 8], id="only the extension"),
        pytest.param([*EXAMPLES[:3], *[""] * 6], id="some cells emptied"),
        pytest.param([f"{EXAMPLE}7001", f"{EXAMPLE}another", *EXAMPLES[2:]], id="of another release"),
    ],
)
@pytest.mark.parametrize("place", [0, 1])
def test_an_example_row_is_skipped_in_any_place(tmp_path: Path, example: list[str], place: int) -> None:
    rows = [OWN]
    rows.insert(place, example)

    assert checked(tmp_path, *rows) == ([3 - place], {})


@pytest.mark.parametrize("typed", range(len(COLUMNS) - 1), ids=HEADINGS[:-1])
def test_a_row_that_still_has_examples_is_refused_with_one_error_that_names_them(tmp_path: Path, typed: int) -> None:
    row = [*EXAMPLES]
    row[typed] = OWN[typed] or "x@example.com"

    result = validate(read_sheet(write_workbook(tmp_path / "a.xlsx", HEADINGS, row)))

    left = [f"{letter}2" for place, letter in enumerate("ABCDEFGHI") if place != typed]
    (error,) = [problem for problem in result.problems if problem.is_error]
    assert result.records == ()
    assert error.cell == left[0]
    assert error.message == (
        f"{', '.join(left[:-1])} and {left[-1]} are still the example of the template, which is not imported. "
        "Clear the rest of the example row, or type your own values over it."
    )


def test_typing_over_two_cells_of_the_example_row_gives_one_error(tmp_path: Path) -> None:
    rows, problems = checked(tmp_path, [*OWN[:2], *EXAMPLES[2:8], ""])

    assert (rows, problems) == ([], {"C2": "example-cell"})


def test_an_example_with_the_id_of_a_box_is_not_sent(tmp_path: Path) -> None:
    box = full_box()
    checked = validate(read_sheet(write_workbook(tmp_path / "a.xlsx", HEADINGS, [*EXAMPLES[:8], box.id])))

    assert make_plan(checked.records, [box]).changes == ()


def test_a_row_typed_over_the_example_is_imported(tmp_path: Path) -> None:
    assert checked(tmp_path, OWN) == ([2], {})


def test_a_row_without_its_extension_is_not_lost_with_the_example(tmp_path: Path) -> None:
    rows, problems = checked(tmp_path, ["", *OWN[1:]], [EXAMPLES[0], *OWN[1:]])

    assert rows == []
    assert problems == {"A2": "extension-missing", "A3": "example-cell"} | dict.fromkeys(
        ["B2", "B3"], "name-twice"
    ) | dict.fromkeys(["C2", "C3"], "pin-shared")


def test_example_rows_of_csv_files_are_skipped_too(tmp_path: Path) -> None:
    lines = [",".join(row) for row in (HEADINGS, EXAMPLES, OWN)]
    (tmp_path / "a.csv").write_text("\n".join(lines), "utf-8")

    sheet = read_sheet(tmp_path / "a.csv")

    assert sheet.cells.index.tolist() == [3]
    assert [row["extension_number"] for row in take_rows(sheet)[0]] == ["6205"]


@pytest.mark.parametrize("suffix", ["csv", "xlsx", "json"])
def test_an_exported_box_that_is_named_like_an_example_is_unchanged(tmp_path: Path, suffix: str) -> None:
    box = full_box(name=f"{EXAMPLE}Desk", prompt=BLANK)
    exported = validate(read_sheet(write_export(tmp_path / f"a.{suffix}", [box])))

    assert [change.kind for change in make_plan(exported.records, [box]).changes] == [ChangeKind.UNCHANGED]
