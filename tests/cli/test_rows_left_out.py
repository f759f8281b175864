"""Rows that are not boxes to import are left out: accounted for, named, and never sent."""

from itertools import pairwise
from pathlib import Path

import pytest
from starlette.applications import Starlette

from tests.cli.program import Bulkvm, stored
from tests.cli.sheet_files import statuses, write_csv
from tests.readers.exports import FREEPBX

HEADINGS = ("extension_number", "name", "pin", "recipients", "bulkvm_status")
ROWS = (
    ("6201", "Front Desk", "402817", "", ""),
    ("6202", "Lobby Phone", "1111", "not an address", "Left out"),
    ("6203", "", "", "", "left out"),
    ("6201", "Anna", "739146", "", "left out"),
)


@pytest.fixture
def sheet(folder: Path) -> Path:
    return write_csv(folder / "boxes.csv", *ROWS, headings=HEADINGS)


def test_rows_left_out_are_named_and_counted_and_never_sent(bulkvm: Bulkvm, pbx: Starlette, sheet: Path) -> None:
    checked = bulkvm("validate", sheet)
    planned = bulkvm("plan", sheet, "--generate-pins")
    ended = bulkvm("import", sheet, "--yes", "--generate-pins", "--json", "--result", "first.xlsx")

    assert (checked.code, planned.code, ended.code) == (0, 0, 0)
    assert "4 rows, 1 of them valid, 3 left out." in checked.out
    assert planned.out.startswith("4 rows: 1 to create, 3 left out.")
    assert "Rows left out:\n  row 3: 6202: An earlier run left this row out." in planned.out
    assert {n: count for n, count in ended.json["counts"].items() if count} == {"created": 1, "left out": 3}
    assert [row["status"] for row in ended.json["rows"]] == ["created", "left out", "left out", "left out"]
    assert ended.json["problems"] == []
    assert list(stored(pbx, "name")) == ["6201"]
    assert pbx.state.traffic.counts["create"] == 1


def test_a_result_with_rows_left_out_can_be_imported_again(bulkvm: Bulkvm, pbx: Starlette, sheet: Path) -> None:
    bulkvm("import", sheet, "--yes", "--result", "first.xlsx")
    again = bulkvm("import", "first.xlsx", "--yes", "--json", "--result", "second.xlsx")
    failed = bulkvm("import", "first.xlsx", "--yes", "--json", "--only-failed", "--result", "third.xlsx")

    assert (again.code, failed.code) == (0, 0)
    assert statuses(Path("second.xlsx")) == ["unchanged", "left out", "left out", "left out"]
    assert failed.json["rows"] == []
    assert pbx.state.traffic.counts["create"] == 1


def test_the_journal_holds_rows_left_out_without_their_pins(
    bulkvm: Bulkvm, pbx: Starlette, folder: Path, sheet: Path
) -> None:
    bulkvm("import", sheet, "--yes", "--result", "first.xlsx")
    listed = bulkvm("runs", "last", "--json").json["runs"][0]
    rebuilt = bulkvm("runs", "last", "--result", "again.xlsx")
    journal = next((folder.parent / "state").rglob("*.jsonl")).read_text("utf-8")

    assert (listed["counts"]["created"], listed["counts"]["left out"]) == (1, 3)
    assert rebuilt.code == 0
    assert statuses(folder / "again.xlsx") == ["created", "left out", "left out", "left out"]
    assert "Lobby Phone" in journal
    assert "739146" not in journal
    assert bulkvm("undo", "last", "--yes").code == 0
    assert stored(pbx, "name") == {}


def test_rows_left_out_of_a_sheet_with_errors_are_accounted_for(bulkvm: Bulkvm, pbx: Starlette, folder: Path) -> None:
    rows = (("6204", "Desk", "1111", "", ""), ROWS[1])
    sheet = write_csv(folder / "boxes.csv", *rows, headings=HEADINGS)

    ended = bulkvm("import", sheet, "--yes", "--json", "--pin-length", "6-10")
    planned = bulkvm("plan", sheet, "--json", "--pin-length", "6-10").json

    assert ended.code == 3
    assert [row["status"] for row in ended.json["rows"]] == ["invalid", "left out"]
    assert (planned["counts"]["left out"], [row["change"] for row in planned["rows"]]) == (1, ["left out"])
    assert sum(pbx.state.traffic.counts.values()) == 0


@pytest.mark.usefixtures("pbx")
@pytest.mark.parametrize("suffix", ["xlsx", "csv"])
def test_the_reasons_of_rows_left_out_stay_in_the_results_of_results(bulkvm: Bulkvm, folder: Path, suffix: str) -> None:
    off = FREEPBX.write(folder)
    users = write_csv(folder / "users.csv", ROWS[0][:4], ("6300", "Sales", "739146", ""), headings=HEADINGS[:4])

    for first, options in ((off, ["--from", "freepbx", "--replace-pins"]), (users, ["--skip-taken"])):
        reasons, results = [], [folder / f"{first.stem}.{number}.{suffix}" for number in range(3)]
        for sheet, result in pairwise([first, *results]):
            of_first = options if sheet is first else []
            ended = bulkvm("import", sheet, *of_first, "--yes", "--json", "--result", result).json
            reasons.append([(row["row"], row["message"]) for row in ended["rows"] if row["status"] == "left out"])

        assert reasons[0]
        assert not [message for _, message in reasons[0] if not message]
        assert reasons == [reasons[0]] * 3


@pytest.mark.usefixtures("pbx")
def test_rows_left_out_are_in_no_comparison_and_no_clean_copy(bulkvm: Bulkvm, folder: Path, sheet: Path) -> None:
    bulkvm("import", sheet, "--yes", "--result", "first.xlsx")

    assert bulkvm("diff", sheet).code == 0
    assert bulkvm("validate", sheet, "--clean", "clean.csv").code == 0
    assert len((folder / "clean.csv").read_text("utf-8-sig").splitlines()) == 2


@pytest.mark.usefixtures("pbx")
def test_a_plan_shows_all_rows_left_out_if_asked(bulkvm: Bulkvm, folder: Path) -> None:
    rows = [(str(7000 + n), f"Phone {n}", "", "", "left out") for n in range(30)]
    sheet = write_csv(folder / "boxes.csv", ROWS[0], *rows, headings=HEADINGS)

    some, every = bulkvm("plan", sheet), bulkvm("plan", sheet, "--all")

    assert "... and 10 more" in some.out
    assert every.out.count("An earlier run left this row out") == 30
