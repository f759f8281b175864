"""Commands run against a PBX that behaves in any way that its documentation allows.

A scenario is a list of steps. After each one, `truths` compares the PBX's own state with what was said of it.
"""

import contextlib
import csv
import io
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from bulkvm.cli.main import run
from bulkvm.simulator.filters import EVERY_ITEM
from bulkvm.simulator.state import State
from tests.campaigns.invariants import (
    WRITTEN,
    Boxes,
    BoxState,
    Ended,
    Pbx,
    Run,
    Violation,
    check_export,
    check_import,
    check_result,
    check_secrets,
    check_undo,
    read_rows,
    same_state,
    typed,
)


@dataclass(frozen=True)
class Step:
    """One thing that is done.

    `what` is the name of a method of `World`. `rows` are those of a sheet, or the changes made by hand; `options` and
    `faults` are those of the command.
    """

    what: str
    rows: tuple[Mapping[str, str], ...] = ()
    options: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()


@dataclass(frozen=True)
class Scenario:
    """A PBX with boxes, and what is done to it."""

    pbx: Pbx
    boxes: tuple[Mapping[str, Any], ...]
    steps: tuple[Step, ...]


_REFUSED: Final = (2, 3)


class World:
    """An empty folder to play a scenario in. Its methods are the steps; each raises Violation."""

    def __init__(self, folder: Path, scenario: Scenario) -> None:
        self._folder = folder
        self._state = folder / "state" / "simulator.sqlite3"
        self._pbx = scenario.pbx
        self._runs: list[Run] = []
        self._files = 0
        self._first: tuple[Path, Sequence[Mapping[str, str]]] | None = None
        self._state.parent.mkdir(mode=0o700)
        State(self._state).replace([dict(box) for box in scenario.boxes])

    def sheet(self, step: Step) -> None:
        """Import a sheet."""
        file = self._write_sheet(step.rows)
        self._first = self._first or (file, step.rows)
        self._import(file, step.rows, step.options)

    def again(self, step: Step) -> None:
        """Import the first sheet once more."""
        if self._first:
            self._import(*self._first, step.options)

    def undo(self, step: Step) -> None:
        """Undo the last run, which may be an undo."""
        if self._runs:
            self._undo(self._runs[-1], step)

    def undo_import(self, step: Step) -> None:
        """Undo the last import, which may have been undone."""
        for run_ in [one for one in self._runs if not one.is_undo][-1:]:
            self._undo(run_, step)

    def result(self, step: Step) -> None:
        """Import the last run's result; that of an undo is refused."""
        for run_ in self._runs[-1:]:
            if run_.is_undo:
                before = self._boxes()
                ended, after, _ = self._run("import", run_.result, *step.options)
                same_state(ended, before, after)
                if ended.code not in _REFUSED:
                    raise Violation(f"an undo's result was not refused: {ended}")
            else:
                cells = [{name: row[name] for name in ("extension_number", *WRITTEN)} for row in read_rows(run_.result)]
                self._import(run_.result, cells, step.options)

    def export(self, step: Step) -> None:
        """Export as CSV or JSON, and import that onto the same PBX: nothing is changed."""
        file = self._new_file("json" if "json" in step.options else "csv")
        before = self._boxes()
        exported = self._look("export", file)
        if exported.code:
            if file.exists():
                raise Violation(f"a file in spite of the error: {exported}")
            return
        rows = read_rows(file)
        check_export(self._pbx, exported, rows, before)
        imported = self._import(file, rows, ())
        if imported.code == 0:
            same_state(imported, before, self._boxes())

    def restore(self, step: Step) -> None:
        """Back up, and restore onto a PBX without boxes that behaves in the same way."""
        self._files += 1
        nights = self._folder / f"nights-{self._files}"
        before = self._boxes()
        ended = self._look("backup", nights, "--force")
        if ended.code:
            return
        (file,), (manifest,) = nights.glob("*.csv"), nights.glob("*.manifest.json")
        rows = read_rows(file)
        check_export(self._pbx, ended, rows, before, manifest.read_text("utf-8"))
        State(self._state).replace([])
        self._runs.clear()
        self._import(file, rows, step.options)

    def look(self, step: Step) -> None:
        """Whatever only looks changes nothing."""
        sheet = self._write_sheet(step.rows)
        for command in ("plan", "diff"):
            self._look(command, sheet)
        self._look("doctor", "simulator", at=())

    def message(self, _: Step) -> None:
        """A caller leaves a message in each box."""
        state = State(self._state)
        for box in state.page(EVERY_ITEM, "position", 0, 1000):
            state.leave_message(box["id"])

    def by_hand(self, step: Step) -> None:
        """Somebody changes boxes in the portal."""
        state = State(self._state)
        changes = {row["extension_number"]: row for row in step.rows}
        for box in state.page(EVERY_ITEM, "position", 0, 1000):
            cells = changes.get(box["extension_number"], {})
            state.update(box["id"], box | {name: typed(name, cell) for name, cell in cells.items()})

    def _boxes(self) -> Boxes:
        """What the PBX truly has, with the number of messages."""
        state = State(self._state)
        found: dict[str, list[BoxState]] = {}
        for box in state.page(EVERY_ITEM, "extension_number", 0, 1000):
            found.setdefault(box["extension_number"], []).append(box | {"messages": len(state.messages(box["id"]))})
        return found

    def _new_file(self, ending: str) -> Path:
        self._files += 1
        return self._folder / f"{self._files}.{ending}"

    def _write_sheet(self, rows: Sequence[Mapping[str, str]]) -> Path:
        path = self._new_file("csv")
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, ["extension_number", *WRITTEN], restval="")
            writer.writeheader()
            writer.writerows(rows)
        return path

    def _look(self, *arguments: str | Path, at: tuple[str, ...] = ("--site", "simulator")) -> Ended:
        before = self._boxes()
        ended = call(*arguments, *at)
        check_secrets(ended, before)
        same_state(ended, before, self._boxes())
        return ended

    def _import(self, file: Path, rows: Sequence[Mapping[str, str]], options: tuple[str, ...]) -> Ended:
        before = self._boxes()
        ended, after, result = self._run("import", file, *options)
        if "error" in ended.json:
            same_state(ended, before, after)
        else:
            check_import(self._pbx, ended, rows, before, after)
        if ended.json.get("run"):
            self._note(Run(ended.json["run"], before, after, ended.json["rows"], result), ended)
        return ended

    def _undo(self, undone: Run, step: Step) -> None:
        before = self._boxes()
        ended, after, result = self._run("undo", undone.name, *step.options)
        if "error" in ended.json:
            same_state(ended, before, after)
        else:
            check_undo(self._pbx, ended, undone, before, after)
        if ended.json.get("run"):
            self._note(Run(ended.json["run"], before, after, ended.json["rows"], result, is_undo=True), ended)

    def _run(self, command: str, *arguments: str | Path) -> tuple[Ended, Boxes, Path]:
        before = self._boxes()
        result = self._new_file("csv")
        ended = call(command, *arguments, "--yes", "--json", "--result", result, "--site", "simulator")
        after = self._boxes()
        check_secrets(ended, before, after)
        return ended, after, result

    def _note(self, done: Run, ended: Ended) -> None:
        """Keep a run to be undone, after checking its result, and the one that its journal gives."""
        self._runs.append(done)
        check_result(ended, done.result, done.after)
        again = self._new_file("csv")
        self._look("runs", done.name, "--result", again, at=())
        check_result(ended, again, done.after)


class Site:
    """The PBX behind `--site simulator`."""

    pbx = Pbx()
    faults: tuple[str, ...] = ()


def play(scenario: Scenario, folder: Path, site: Site) -> None:
    """Play a scenario in an empty folder.

    Raises:
        Violation: something is not right.
    """
    with _in_folder(folder):
        world = World(folder, scenario)
        for step in scenario.steps:
            site.pbx, site.faults = scenario.pbx, step.faults
            getattr(world, step.what)(step)


def call(*arguments: str | Path) -> Ended:
    """Run a command in this process."""
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True) for _ in range(2))
    words = tuple(map(str, arguments))
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = run([*words])
    texts = [stream.buffer.getvalue().decode() for stream in (out, err)]
    ended = Ended(words, code, *texts)
    if re.search(r"Traceback|[A-Z]\w+Error:|not made for|bug in bulkvm|No such option", ended.out + ended.err):
        raise Violation(f"a crash: {ended}")
    return ended


@contextlib.contextmanager
def _in_folder(folder: Path) -> Iterator[None]:
    """Work in a folder, with none of this machine's own settings."""
    own = {name: os.environ.pop(name) for name in tuple(os.environ) if name.startswith("BULKVM_")}
    chosen = {
        "BULKVM_STATE": str(folder / "state"),
        "BULKVM_CONFIG": str(folder / "config"),
        "BULKVM_MAX_RPS": "0",
        "BULKVM_RETRIES": "3",
        "BULKVM_MAX_OUTAGE": "1",
    }
    os.environ |= chosen
    try:
        with contextlib.chdir(folder):
            yield
    finally:
        for name in chosen:
            del os.environ[name]
        os.environ |= own
