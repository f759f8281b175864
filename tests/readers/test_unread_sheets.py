"""Other sheets of a workbook: those that look like boxes are named, and lists of something else are not."""

from collections.abc import Sequence
from pathlib import Path

import openpyxl
import pytest

from bulkvm.model.errors import SheetError
from bulkvm.model.problem import Severity
from bulkvm.readers import read_sheet
from tests.readers.files import HEADINGS

BOXES = [HEADINGS, ("6201", "Desk", "402817"), ("6202", "Lab", "518294"), ("6203", "Ward", "629173")]


def unread(path: Path, rows: Sequence[Sequence[object]], state: str = "visible", sheet: str | None = None) -> list[str]:
    """The messages about a second sheet with these rows."""
    book = openpyxl.Workbook()
    book.worksheets[0].title = "Boxes"
    book.create_sheet("Floor 2").sheet_state = state
    for place, given in enumerate([BOXES, rows]):
        for row in given:
            book.worksheets[place].append(list(row))
    book.save(path / "a.xlsx")
    problems = read_sheet(path / "a.xlsx", sheet=sheet).problems
    assert all(problem.severity is Severity.WARNING for problem in problems)
    return [problem.message_with_option for problem in problems if problem.code == "sheet-unread"]


LIKE_BOXES = [
    pytest.param([["6301", "Nurse"], ["6302", "Bath"]], id="no headings"),
    pytest.param([[6301, "Nurse"], [6302, "Bath"]], id="numbers"),
    pytest.param([["6301", "Nurse", "402871"]], id="one row with a PIN"),
    pytest.param([["301", "Nurse", "nurse@example.com"]], id="one row with an address, a shorter number"),
    pytest.param([["Platz", "Wer"], ["6301", "Nurse"], ["6302", "Bath"]], id="unknown headings"),
    pytest.param([["Ext", "Wer"], ["6301", "Nurse"], ["6302", "Bath"]], id="one known heading"),
    pytest.param([["Wer", "Ext."], ["Nurse", "6301"], ["Bath", "6302"]], id="the number behind the name"),
    pytest.param([["Our boxes"], [], ["Floor two"], ["6301", "Nurse"], ["6302", "Bath"]], id="below titles"),
    pytest.param([*([["x"]] * 30), ["6301", "Nurse"], ["6302", "Bath"]], id="far below"),
    pytest.param([["6301", "Nurse"], ["6302", "Bath"], ["6202", "Lab"]], id="some are read"),
    pytest.param([["Room", "Guest"], ["6301", "Nurse"], ["6302", "Bath"]], id="rooms may be extensions"),
]


@pytest.mark.parametrize("rows", LIKE_BOXES)
def test_a_sheet_that_looks_like_boxes_is_named(tmp_path: Path, rows: Sequence[Sequence[object]]) -> None:
    (message,) = unread(tmp_path, rows)

    assert 'sheet "Floor 2" is not read' in message
    assert '--sheet "Floor 2"' in message
    assert not any(text in message for text in ("6301", "402871"))


@pytest.mark.parametrize(
    "rows",
    [
        pytest.param(
            [["How to fill this in"], ["Extension", "The number, such as 6201"], ["Help", "6999"]], id="guide"
        ),
        pytest.param([["Sales"], ["Purchasing"], ["Lab"]], id="departments"),
        pytest.param([["Kostenstelle", "Abteilung"], ["4711", "Sales"], ["4712", "Lab"]], id="cost centres"),
        pytest.param([["Dept no", "Department"], ["4711", "Sales"], ["4712", "Lab"]], id="numbers of departments"),
        pytest.param([["Personalnr", "Name", "E-Mail"], ["40311", "Anna", "a@x.com"]], id="persons"),
        pytest.param([["Row Labels", "Count of Name"], ["Sales", 12], ["Lab", 30], ["Grand Total", 42]], id="pivot"),
        pytest.param([["Row Labels", "Sum of x"], ["Sales", 1234], ["Lab", 4321]], id="pivot of large numbers"),
        pytest.param([["Row Labels", "Count"], ["6201", 1], ["6301", 1]], id="pivot of extensions"),
        pytest.param([["6201", "Desk"], ["6202", "Lab"], ["6203", "Ward"]], id="the same boxes"),
        pytest.param([["Year", "What"], ["2025", "Move"], ["2026", "PBX"]], id="years"),
        pytest.param([["Anna", "0791234567"], ["Ben", "0797654321"]], id="mobile phones"),
        pytest.param([["Sales", "120"], ["Lab", "240"]], id="counts of another length"),
        pytest.param([["6301"], ["6302"]], id="numbers alone"),
        pytest.param([["yes"], ["no"]], id="choices"),
        pytest.param([["de-DE", "German"], ["en-US", "English"]], id="languages"),
        pytest.param([["IT", "6999"]], id="one number"),
        pytest.param([], id="empty"),
    ],
)
def test_a_sheet_of_something_else_is_not(tmp_path: Path, rows: Sequence[Sequence[object]]) -> None:
    assert unread(tmp_path, rows) == []


def test_a_hidden_sheet_is_named_as_hidden_and_none_beside_a_chosen_one(tmp_path: Path) -> None:
    rows = [["6301", "Nurse"], ["6302", "Bath"]]

    (message,) = unread(tmp_path, rows, state="hidden")

    assert 'sheet "Floor 2" is not read' in message
    assert '"Floor 2" is hidden: unhide it to see the rows.' in message
    assert unread(tmp_path, rows, sheet="Boxes") == []


def test_no_option_has_the_name_of_a_sheet_that_a_shell_would_run(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.worksheets[0].title = "$(id)"
    book.create_sheet("`id`")
    for sheet in book.worksheets:
        for row in BOXES:
            sheet.append(list(row))
    book.save(tmp_path / "a.xlsx")

    with pytest.raises(SheetError) as caught:
        read_sheet(tmp_path / "a.xlsx")

    assert str(caught.value).endswith('Choose one with --sheet "Its name".')
