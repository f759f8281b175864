"""Two runs at once, and what is seen of a run from beside."""

import os
from pathlib import Path

from openpyxl import load_workbook
from starlette.applications import Starlette
from starlette.types import Scope

from tests.cli.program import Bulkvm, CommandResult, Serve, run_separately, stored
from tests.cli.sheet_files import write_csv

NUMBERS = ("6201", "6202", "6203")


def test_a_run_that_is_in_progress_is_listed_so_and_not_rebuilt(bulkvm: Bulkvm, serve: Serve, folder: Path) -> None:
    seen: list[CommandResult] = []

    def look(app: Starlette, scope: Scope) -> None:
        if scope.get("method") == "POST" and stored(app) and not seen:
            seen.extend(run_separately(*arguments) for arguments in (["runs"], ["runs", "last", "--result", "r.csv"]))

    rows = [(number, f"Desk {number}", "402817", "", "") for number in NUMBERS]
    with serve(before=look):
        bulkvm("import", write_csv(folder / "a.csv", *rows), "--yes", "--concurrency", "1")

    listed, rebuilt = seen
    assert "  in progress; so far 1 row: 1 created\n" in listed.out
    assert (rebuilt.code, (folder / "r.csv").exists()) == (2, False)
    assert "still in progress" in rebuilt.err
    assert "3 rows: 3 created\n" in bulkvm("runs").out


def test_two_imports_of_one_sheet_at_once_write_two_results_with_the_pins_of_each(
    bulkvm: Bulkvm, serve: Serve, folder: Path
) -> None:
    sheet = write_csv(folder / "a.csv", *((number, f"Desk {number}", "", "", "") for number in NUMBERS))
    arguments = ("import", str(sheet), "--yes", "--generate-pins")
    ended: list[int] = []

    with serve() as other:
        url = os.environ["BULKVM_URL"]

        def import_there(app: Starlette, scope: Scope) -> None:
            if scope.get("method") == "POST" and stored(app) and not ended:
                ended.append(run_separately(*arguments, BULKVM_URL=url).code)

        with serve(before=import_there) as ours:
            ended.append(bulkvm(*arguments).code)
            on_both = [list(stored(app, "pin").values()) for app in (ours, other)]

    assert ended == [0, 0]
    assert [pins(folder / name) for name in ("a.result.xlsx", "a.result-2.xlsx")] == on_both
    assert on_both[0] != on_both[1]


def pins(file: Path) -> list[str]:
    """The PINs that were generated according to a result."""
    sheet = next(sheet for sheet in load_workbook(file) if sheet.title != "bulkvm")
    headings, *rows = sheet.values
    return [str(row[list(headings).index("bulkvm_pin")]) for row in rows]
