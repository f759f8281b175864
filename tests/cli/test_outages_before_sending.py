"""A PBX that goes away while a plan is made: nothing was sent, and the message reports it."""

from pathlib import Path

import pytest
from starlette.applications import Starlette

from bulkvm.simulator import FaultRules
from tests.cli.program import Bulkvm, stored
from tests.cli.sheet_files import write_csv

ROWS = [(str(6201 + n), f"Desk {n}", str(402817 + n * 13), "", "") for n in range(3)]
IMPATIENT = ("--max-outage", "0.1", "--retries", "2")
AWAY = ["down(seconds=600):list:1", "down(seconds=600):owner:2", "503:list:1-99", "408:list:1-99", "504:any:2-99"]


@pytest.mark.parametrize("fault", [*AWAY, "503(retry-after=9):list:1-99", "truncated:list:1-99"])
@pytest.mark.parametrize("command", [("import", "--yes"), ("plan",)])
def test_a_pbx_that_goes_away_while_an_import_is_planned_is_exit_code_5(
    bulkvm: Bulkvm, pbx: Starlette, folder: Path, command: tuple[str, ...], fault: str
) -> None:
    write_csv(folder / "a.csv", *ROWS)
    pbx.state.faults = FaultRules([fault])

    ended = bulkvm(command[0], "a.csv", *command[1:], *IMPATIENT)

    assert ended.code == 5
    assert "Nothing was sent" in ended.err
    assert stored(pbx) == {}
    assert not list(folder.glob("*.result.xlsx"))


@pytest.mark.parametrize("fault", ["down(seconds=600):list:1", "503:list:1-99", "408:fetch:1-99"])
def test_a_pbx_that_goes_away_while_an_undo_is_planned_is_exit_code_5(
    bulkvm: Bulkvm, pbx: Starlette, folder: Path, fault: str
) -> None:
    bulkvm("import", write_csv(folder / "a.csv", *ROWS), "--yes")
    pbx.state.faults = FaultRules([fault])

    ended = bulkvm("undo", "last", "--yes", *IMPATIENT)

    assert ended.code == 5
    assert "Nothing was sent" in ended.err
    assert len(stored(pbx)) == len(ROWS)
