"""A box that an undo does not restore is counted, explained and part of the exit code, wherever the undo is shown."""

import re
from pathlib import Path

import pytest
from openpyxl import load_workbook
from starlette.applications import Starlette

from tests.cli.program import Bulkvm, stored
from tests.cli.sheet_files import write_csv
from tests.golden_files import Golden

ROWS = [(str(6201 + n), f"Desk {n}", str(402817 + n * 13), "", "") for n in range(3)]
NAMES = [(number, f"New {number}", "", "", "") for number, *_ in ROWS]


def edit(app: Starlette, number: str, name: str) -> None:
    """Change a box on the PBX as an administrator does."""
    app.state.stored.db.execute("UPDATE box SET name = ? WHERE extension_number = ?", (name, number))


def delete(app: Starlette, number: str) -> None:
    app.state.stored.db.execute("DELETE FROM box WHERE extension_number = ?", (number,))


def first_page(result: Path) -> list[tuple[object, ...]]:
    return [row for row in load_workbook(result)["bulkvm"].values if any(row)]


def same_everywhere(text: str) -> str:
    """The text without what differs in each run of the test."""
    return re.sub(r"\b(localhost|127\.0\.0\.1):\d+", "PBX", re.sub(r"\d{8}T\d{6}Z-\d{4}-[0-9.]+[0-9]", "RUN", text))


@pytest.fixture
def updated(bulkvm: Bulkvm, pbx: Starlette, folder: Path) -> Starlette:
    """A PBX whose three boxes were created by one import, and renamed by the next."""
    bulkvm("import", write_csv(folder / "a.csv", *ROWS), "--yes")
    bulkvm("import", write_csv(folder / "b.csv", *NAMES), "--yes", "--force")
    return pbx


def test_boxes_that_were_kept_are_shown_by_the_undo_and_by_the_next_one(
    bulkvm: Bulkvm, updated: Starlette, golden: Golden
) -> None:
    edit(updated, "6202", "By hand")
    delete(updated, "6203")

    undone = bulkvm("undo", "last", "--yes")
    again = bulkvm("undo", "last", "--yes")

    assert (undone.code, again.code) == (1, 1)
    assert stored(updated, "name") == {"6201": "Desk 0", "6202": "By hand"}
    golden("cli/undo-with-kept-boxes.txt", same_everywhere(f"{undone.err}---\n{again.err}"))


def test_boxes_that_were_kept_are_in_the_result_the_list_of_runs_and_json(
    bulkvm: Bulkvm, updated: Starlette, folder: Path
) -> None:
    edit(updated, "6202", "By hand")

    undone = bulkvm("undo", "last", "--yes", "--json")
    listed, runs = bulkvm("runs", "last").out, bulkvm("runs", "last", "--json").json["runs"]
    bulkvm("runs", "last", "--result", "again.xlsx")

    assert [(row["status"], row["reason"]) for row in undone.json["rows"]] == [
        ("updated", None),
        ("failed", "kept"),
        ("updated", None),
    ]
    assert undone.json["counts"]["failed"] == 1
    assert "3 rows: 2 restored, 1 kept" in listed
    assert (runs[0]["counts"]["failed"], runs[0]["counts"]["updated"]) == (1, 2)
    for result in (next(folder.glob("undo-*.xlsx")), folder / "again.xlsx"):
        page = first_page(result)
        assert page[0][0] == "3 rows: 2 restored, 1 kept"
        assert page[2][0] == (
            "1. 1 box was kept, as listed below. Check these boxes: change or delete them in the PBX's web portal, or "
            "leave them as they are."
        )
        assert not any("undo the run" in str(row[0]) for row in page)
        (at,) = (n for n, row in enumerate(page) if row[0] == "Boxes kept (click)")
        assert page[at + 1][:3] == (
            "row 3 (6202)",
            "Box 6202 was changed since the run in name, so it is kept as it is.",
            "failed",
        )


def test_an_undo_that_is_killed_has_counted_the_boxes_that_it_kept(
    bulkvm: Bulkvm, updated: Starlette, folder: Path
) -> None:
    edit(updated, "6202", "By hand")
    bulkvm("undo", "last", "--yes")
    journal = max((folder.parent / "state" / "runs").glob("*.jsonl"))
    journal.write_bytes(b"".join(journal.read_bytes().splitlines(keepends=True)[:-1]))

    listed = bulkvm("runs", "last")

    assert "3 rows: 2 restored, 1 kept" in listed.out


def test_an_undo_that_keeps_most_boxes_restores_the_others(bulkvm: Bulkvm, updated: Starlette, folder: Path) -> None:
    many = [(str(7000 + n), f"Room {n}", "402817", "", "") for n in range(60)]
    bulkvm("import", write_csv(folder / "c.csv", *many), "--yes", "--force")
    for number, *_ in many[:59]:
        edit(updated, number, "By hand")

    undone = bulkvm("undo", "last", "--yes")

    assert (undone.code, "60 rows: 1 deleted, 59 kept" in undone.err) == (1, True)


def test_a_box_that_an_undo_deleted_and_a_later_run_created_again_does_not_count_as_kept(
    bulkvm: Bulkvm, pbx: Starlette, folder: Path
) -> None:
    sheet = write_csv(folder / "a.csv", *ROWS)
    first = bulkvm("import", sheet, "--yes", "--json").json["run"]
    bulkvm("undo", first, "--yes")
    bulkvm("import", sheet, "--yes")

    again = bulkvm("undo", first, "--yes", "--json")

    assert (again.code, len(stored(pbx))) == (0, 3)
    assert {row["status"] for row in again.json["rows"]} == {"unchanged"}
    assert {problem["code"] for problem in again.json["problems"]} == {"made-later"}
