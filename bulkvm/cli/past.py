"""Runs of the past, by name."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from bulkvm.cli.places import runs_folder
from bulkvm.cli.screen import Screen
from bulkvm.errors import UsageError
from bulkvm.problems import Problem

if TYPE_CHECKING:
    from bulkvm.upload import PastRun

LAST: Final = "last"
UNDO_OF: Final = "undo of "


def read_runs(screen: Screen) -> "list[PastRun]":
    """Read the journals of all runs, the oldest first. One that cannot be read is told and passed over."""
    from bulkvm.upload import list_journals, read_journal

    past = []
    for file in list_journals(runs_folder()):
        try:
            past.append(read_journal(file))
        except UsageError as error:
            screen.insist(str(error))
    return past


def find_run(name: str, past: "Sequence[PastRun]", *, undone: bool = True) -> "PastRun":
    """The run whose name begins so, or the `last`; with `undone` False, the last that was no undo itself.

    Raises:
        UsageError: there is none, or several begin so.
    """
    if name == LAST and not past:
        raise UsageError("There was no run yet.")
    lasts = [one for one in past if undone or not is_undo(one)]
    found = lasts[-1:] if name == LAST else [one for one in past if one.facts.name.startswith(name)]
    if len(found) != 1:
        what = "several runs begin" if found else "no run begins"
        raise UsageError(f'There is no such run: {what} with "{name}". `bulkvm runs` lists them.')
    return found[0]


def is_undo(past: "PastRun") -> bool:
    """Whether a run put another one back."""
    return past.facts.file.startswith(UNDO_OF)


def write_past_result(past: "PastRun", problems: Sequence[Problem], target: Path, code: int) -> Path:
    """Write what is known of a run as a result: what its rows wanted, PINs included, and what became of them."""
    from bulkvm.reports.plan_text import render_outcomes
    from bulkvm.reports.rebuilt import rebuild_sheet
    from bulkvm.reports.result import write_result
    from bulkvm.reports.summary import RunSummary

    facts = past.facts
    extensions = {outcome.row: outcome.extension_number for outcome in past.outcomes}
    sheet = rebuild_sheet(Path(facts.file), extensions, {row: c.record for row, c in past.changes.items()})
    summary = RunSummary(
        site=facts.site,
        time=facts.began,
        input_sha256=facts.input_sha256,
        exit_code=code,
        told=render_outcomes(past.outcomes, past.changes),
    )
    return write_result(target, sheet, past.outcomes, problems, summary)


def free_name(wanted: Path) -> Path:
    """The name, or one like it that no file has: somebody may be at work on an earlier result."""
    name, number = wanted, 1
    while name.exists():
        number += 1
        name = wanted.with_name(f"{wanted.stem}-{number}{wanted.suffix}")
    return name
