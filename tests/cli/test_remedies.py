"""What exit codes advise, followed to the letter for an import, an approved plan and an undo."""

import shlex
import signal
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

import pytest
from starlette.applications import Starlette
from starlette.types import Scope

from bulkvm.model.exit_codes import ExitCode
from bulkvm.simulator import FaultRules
from tests.cli.program import Bulkvm, Serve, stored
from tests.cli.sheet_files import write_csv

ROWS = [(str(6201 + n), f"Desk {n}", "402817", "", "") for n in range(25)]
BEFORE = {number: name for number, name, *_ in ROWS}
AFTER = {number: f"New {number}" for number in BEFORE}
OPTIONS = ("--yes", "--concurrency", "1", "--max-outage", "0.1", "--retries", "1")
COMMANDS: Final[Mapping[str, tuple[tuple[str, ...], Mapping[str, str]]]] = {
    "import": (("import", "b.csv", "--force", *OPTIONS), AFTER),
    "plan": (("import", "plan.xlsx", "--approved", "--force", *OPTIONS), AFTER),
    "undo": (("undo", "last", *OPTIONS), BEFORE),
}
ENDS: Final = {
    ExitCode.NOT_ALL_DONE: ["500:update:3"],
    ExitCode.STOPPED: ["422:update:3-99"],
    ExitCode.UNKNOWN: ["down(seconds=600):update:3-99"],
    ExitCode.INTERRUPTED: [],
}


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        # Each code for two kinds of runs, and for all of them in the campaign.
        pytest.param(code, kind, marks=pytest.mark.campaign if (place + turn) % 3 == 0 else ())
        for place, code in enumerate(ENDS)
        for turn, kind in enumerate(COMMANDS)
    ],
)
def test_the_same_command_again_continues_what_ended_early(
    bulkvm: Bulkvm, serve: Serve, folder: Path, code: ExitCode, kind: str
) -> None:
    command, wanted = COMMANDS[kind]
    press: list[Callable[[], None]] = []

    def before(app: Starlette, _: Scope) -> None:
        if press and app.state.traffic.counts["update"] > updates + 1:
            press.pop()()

    with serve(before=before) as app:
        bulkvm("import", write_csv(folder / "a.csv", *ROWS), "--yes")
        write_csv(folder / "b.csv", *((number, name, "", "", "") for number, name in AFTER.items()))
        bulkvm("plan", "b.csv", "--output", "plan.xlsx")
        if kind == "undo":
            bulkvm("import", "b.csv", "--yes", "--force")
        updates = app.state.traffic.counts["update"]
        if code is ExitCode.INTERRUPTED:
            press.append(lambda: signal.raise_signal(signal.SIGINT))
        app.state.faults = FaultRules(ENDS[code])
        ended = bulkvm(*command)
        app.state.faults = FaultRules()
        first = stored(app, "name")

        again = bulkvm(*command)

        assert ended.code == code, ended.err
        assert first != wanted
        assert (again.code, stored(app, "name")) == (0, wanted), again.err
    assert "same command again" in code.remedy or code is ExitCode.NOT_ALL_DONE


@pytest.mark.parametrize("kind", ["plan", "undo"])
def test_pins_that_are_in_doubt_come_with_the_command_that_continues_their_run(
    bulkvm: Bulkvm, pbx: Starlette, folder: Path, kind: str
) -> None:
    pins = [(number, name, "582046", "", "") for number, name, *_ in ROWS[:3]]
    bulkvm("import", write_csv(folder / "a.csv", *ROWS[:3]), "--yes", "--result", "a.xlsx")
    bulkvm("plan", write_csv(folder / "b.csv", *pins), "--output", "our plan.xlsx")
    sent = ("import", "our plan.xlsx", "--approved", "--force", *OPTIONS)
    run = bulkvm(*sent, "--json").json["run"] if kind == "undo" else ""
    pbx.state.faults = FaultRules(ENDS[ExitCode.UNKNOWN])
    bulkvm(*(sent if kind == "plan" else ("undo", run, *OPTIONS)))
    pbx.state.faults = FaultRules()

    listed = bulkvm("pins", "a.xlsx", "--output", "letters.csv")

    command = f"`bulkvm undo {run}`" if kind == "undo" else f"`bulkvm import '{folder / 'our plan.xlsx'}' --approved`"
    assert command in listed.err
    assert (
        bulkvm(*shlex.split(command.strip("`"))[1:], *OPTIONS, "--force" if kind == "plan" else "--no-canary").code == 0
    )
    assert command not in bulkvm("pins", "a.xlsx", "--output", "again.csv").err
