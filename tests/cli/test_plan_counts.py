"""The counts of a plan: each row that was read has one status, in text, JSON and the plan file."""

from pathlib import Path

import pytest
from openpyxl import load_workbook

from tests.cli.program import Bulkvm
from tests.cli.sheet_files import write_csv

TAKEN = "6300"  # the number of a ring group
NEW = [(str(number), "Desk", "402817", "", "") for number in range(6401, 6404)]
SHEET = [*NEW[:2], (TAKEN, "Sales", "402817", "", ""), ("6201", "Lab", "582046", "", ""), NEW[2]]


@pytest.fixture
def sheet(bulkvm: Bulkvm, folder: Path) -> Path:
    """A sheet with five rows, of which one is unchanged and one has a number that is taken."""
    assert bulkvm("import", write_csv(folder / "before.csv", SHEET[3]), "--yes").code == 0
    return write_csv(folder / "boxes.csv", *SHEET)


@pytest.mark.usefixtures("pbx")
def test_rows_that_the_pbx_refuses_are_counted(bulkvm: Bulkvm, sheet: Path) -> None:
    planned = bulkvm("plan", sheet, "--output", "plan.xlsx", "--skip-invalid")
    document = bulkvm("plan", sheet, "--json").json
    imported = bulkvm("import", sheet, "--yes", "--skip-invalid")

    counts = "5 rows: 3 to create, 1 unchanged, 1 refused."
    assert planned.out.count(counts) == 2
    assert counts in imported.err
    assert document["counts"] == {"create": 3, "update": 0, "unchanged": 1, "refused": 1}
    page = {row[0]: row[2] for row in load_workbook("plan.xlsx")["bulkvm"].iter_rows(max_col=3, values_only=True)}
    assert (page["new"], page["unchanged"], page["refused"], page["total"]) == (3, 1, 1, 5)


@pytest.mark.usefixtures("pbx")
def test_the_rows_of_a_sheet_with_errors_are_refused_or_not_compared(bulkvm: Bulkvm, folder: Path) -> None:
    write_csv(folder / "boxes.csv", *SHEET[:4], ("6402", "Twice", "402817", "", ""), ("6405", "Short", "12", "", ""))

    document = bulkvm("plan", "boxes.csv", "--json").json

    refused = len(document["refused"])
    assert document["counts"] == {
        "create": 0,
        "update": 0,
        "unchanged": 0,
        "refused": refused,
        "not compared": 6 - refused,
    }
