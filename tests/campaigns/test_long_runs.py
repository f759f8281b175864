"""Long campaigns: kills over and over, an undo of a thousand rows, a PBX under load. `pytest -m campaign` runs them."""

import os
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest
from starlette.applications import Starlette

from bulkvm.model.settings import SendSettings, Site
from bulkvm.pbx import connect, in_parallel
from bulkvm.simulator import SimulatorSettings, create_app, running
from tests.cli.program import Bulkvm, names_by_extension
from tests.cli.sheet_files import write_csv

pytestmark = pytest.mark.campaign

PINS = [pin for pin in (f"{n:06}" for n in range(402817, 900000, 131)) if not any(run in pin for run in (
    "000", "111", "222", "333", "444", "555", "666", "777", "888", "999",
    "012", "123", "234", "345", "456", "567", "678", "789",
))]  # fmt: skip


def rows(first: int, count: int, name: str) -> list[tuple[str, ...]]:
    return [(str(first + n), f"{name} {n}", PINS[n], "", "") for n in range(count)]


def created(app: Starlette) -> int:
    """How many creates the PBX accepted."""
    return sum(entry.method == "POST" and entry.path == "/api/shared_voicemails" and entry.status == 201
               for entry in app.state.traffic.log)  # fmt: skip


@pytest.mark.skipif(os.name != "posix", reason="kill -9 is POSIX's")
def test_two_thousand_rows_survive_being_killed_over_and_over(bulkvm: Bulkvm, pbx: Starlette, folder: Path) -> None:
    sheet = write_csv(folder / "a.csv", *rows(20000, 2000, "Desk"))
    chance = random.Random(4)
    kills = 0
    while created(pbx) < 1900:
        until = pbx.state.traffic.counts["create"] + chance.randint(20, 400)
        command = [sys.executable, "-m", "bulkvm", "import", str(sheet), "--yes", "--quiet"]
        with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
            while process.poll() is None and pbx.state.traffic.counts["create"] < until:
                time.sleep(chance.uniform(0.001, 0.02))
            process.kill()
            kills += 1

    ended = bulkvm("import", sheet, "--yes", "--json")

    assert kills > 4
    assert ended.code == 0
    assert len(names_by_extension(bulkvm)) == 2000
    assert created(pbx) == 2000
    runs = bulkvm("runs", "--json").json["runs"]
    done = sum(run["counts"]["created"] for run in runs)
    unknown = sum(run["counts"]["unknown"] for run in runs)
    assert done <= 2000 <= done + unknown


def test_an_undo_of_a_thousand_rows_keeps_the_ten_that_were_changed_by_hand(
    bulkvm: Bulkvm, pbx: Starlette, folder: Path
) -> None:
    bulkvm("import", write_csv(folder / "a.csv", *rows(20000, 500, "Before")), "--yes")
    before = names_by_extension(bulkvm)
    both = [*rows(20000, 500, "After"), *rows(30000, 500, "New")]
    changed = bulkvm("import", write_csv(folder / "b.csv", *both), "--yes", "--force", "--json")
    by_hand = [(str(20000 + n), "By hand", "", "", "") for n in range(5)]
    by_hand += [(str(30000 + n), "By hand", "", "", "") for n in range(5)]
    bulkvm("import", write_csv(folder / "c.csv", *by_hand), "--yes")

    undone = bulkvm("undo", changed.json["run"], "--yes", "--json")
    again = bulkvm("undo", changed.json["run"], "--yes", "--json")

    kept = dict.fromkeys((row[0] for row in by_hand), "By hand")
    assert (undone.json["counts"]["updated"], undone.json["counts"]["failed"]) == (990, 10)
    assert len(undone.json["problems"]) == 10
    assert names_by_extension(bulkvm) == {**before, **kept}
    assert again.json["counts"]["updated"] == 0
    assert pbx.state.traffic.counts["destroy"] == 495


@pytest.mark.parametrize("knee", [4, 8, 16])
async def test_a_pbx_that_slows_down_under_load_gets_about_as_many_requests_at_once_as_it_can_handle(knee: int) -> None:
    app = create_app(settings=SimulatorSettings(latency=0.05, knee=knee))
    at_once: list[int] = []
    with running(app) as server:
        site = Site(name="test", url=server.url, token=SimulatorSettings().token)
        async with connect(site, SendSettings(concurrency=64, max_rps=0)) as calls:

            async def ask(_: int) -> None:
                await calls.number_owner("6300")
                at_once.append(app.state.traffic.in_flight)

            await in_parallel(range(100 * knee), ask, 64)

    settled = at_once[50 * knee :]
    assert app.state.traffic.most_in_flight <= 4 * knee
    assert sum(settled) / len(settled) <= 1.6 * knee
