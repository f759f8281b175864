"""`bulkvm runs`."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bulkvm.cli.json_forms import SCHEMA
from bulkvm.cli.past import find_run
from bulkvm.cli.places import runs_folder
from bulkvm.cli.running import exit_code
from bulkvm.cli.screen import Screen, screen_options
from bulkvm.errors import UsageError
from bulkvm.outcomes import count_statuses

if TYPE_CHECKING:
    from bulkvm.upload import PastRun


@click.command("runs")
@click.argument("run", required=False)
@click.option(
    "--result", type=click.Path(path_type=Path), metavar="FILE", help="Write the result of RUN anew, from its journal."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document on standard output.")
@screen_options
def command(run: str | None, *, result: Path | None, as_json: bool, screen: Screen) -> int:
    """List the runs of the past, or RUN alone (the beginning of its name will do, or `last`)."""
    from bulkvm.upload import list_journals, read_journal

    if result and not run:
        raise UsageError("Which run? Name one of those that `bulkvm runs` lists, or `last`.")
    past = [find_run(run)] if run else [read_journal(file) for file in list_journals(runs_folder())]
    if as_json:
        click.echo(json.dumps({"schema": SCHEMA, "runs": [_form(one) for one in past]}, ensure_ascii=False, indent=2))
    elif past:
        for one in past:
            _tell(one, screen)
    else:
        screen.say("There was no run yet.")
    if result:
        screen.say(f"What became of each row: {_write_result(past[0], result)}")
    return 0


def _form(past: "PastRun") -> dict[str, object]:
    facts = past.facts
    return {
        "run": facts.name,
        "site": facts.site,
        "url": facts.url,
        "file": facts.file,
        "began": facts.began.isoformat(),
        "counts": dict(count_statuses(past.outcomes)),
    }


def _tell(past: "PastRun", screen: Screen) -> None:
    from bulkvm.reports import render_counts

    facts = past.facts
    screen.insist(f"{facts.name}  {facts.site}  {facts.file}\n  {render_counts(count_statuses(past.outcomes))}")


def _write_result(past: "PastRun", target: Path) -> Path:
    """Write what the journal knows: the rows by their extensions, and what became of them."""
    import pandas as pd

    from bulkvm.columns import KEY
    from bulkvm.reports import RunSummary, write_result
    from bulkvm.sheet import Sheet

    cells = pd.DataFrame(
        {"A": [outcome.extension_number for outcome in past.outcomes]},
        index=[outcome.row for outcome in past.outcomes],
        dtype=object,
    )
    sheet = Sheet(Path(past.facts.file), None, 1, {"A": KEY.header}, cells)
    code = exit_code(past.outcomes, None)
    summary = RunSummary(site=past.facts.site, time=past.facts.began, input_sha256="", exit_code=code)
    return write_result(target, sheet, past.outcomes, (), summary)
