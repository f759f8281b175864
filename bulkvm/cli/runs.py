"""`bulkvm runs`."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from bulkvm.cli.json_forms import SCHEMA, print_json
from bulkvm.cli.options import OVERWRITE_OPTION
from bulkvm.cli.past import check_past_result, find_run, list_runs, write_past_result
from bulkvm.cli.running import exit_code
from bulkvm.cli.screen import Screen, screen_options
from bulkvm.errors import UsageError

if TYPE_CHECKING:
    from bulkvm.upload import ListedRun, PastRun


@click.command("runs")
@click.argument("run", required=False)
@click.option(
    "--result", type=click.Path(path_type=Path), metavar="FILE", help="Write the result of RUN anew, from its journal."
)
@OVERWRITE_OPTION
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document on standard output.")
@screen_options
def command(run: str | None, *, result: Path | None, overwrite: bool, as_json: bool, screen: Screen) -> int:
    """List the runs of the past, or RUN alone (the beginning of its name will do, or `last`)."""
    from bulkvm.upload import read_journal

    if result and run is None:
        raise UsageError("Which run? Name one of those that `bulkvm runs` lists, or `last`.")
    runs = list_runs(screen)
    if run is not None:
        runs = [find_run(run, runs)]
    past = None if run is None else read_journal(runs[0].file)
    if result:
        check_past_result(runs[0].facts, result, overwrite=overwrite)
    if as_json:
        print_json({"schema": SCHEMA, "runs": [_form(one, past) for one in runs]})
    elif runs:
        screen.print("".join(f"{_line(one, past)}\n" for one in runs))
    else:
        screen.say("There was no run yet.")
    if result and past:
        _check_ended(runs[0])
        code = exit_code(past.outcomes, None) if past.exit_code is None else past.exit_code
        screen.say(f"What became of each row: {write_past_result(past, (), result, code, overwrite=overwrite)}")
    return 0


def _check_ended(run: "ListedRun") -> None:
    """Refuse a run whose rows are still being sent."""
    from bulkvm.upload import RunState

    if run.state is RunState.UNDER_WAY:
        raise UsageError(f"The run {run.facts.name} is still under way. It writes its result itself when it ends.")


def _form(run: "ListedRun", past: "PastRun | None") -> dict[str, object]:
    facts = run.facts
    return {
        "run": facts.name,
        "site": facts.site,
        "url": facts.url,
        "file": facts.file,
        "began": facts.began.isoformat(),
        "state": run.state,
        "counts": dict(run.counts),
        "damaged_lines": past.damaged if past else None,  # to know them, all lines must be read
    }


def _line(run: "ListedRun", past: "PastRun | None") -> str:
    from bulkvm.reports.plan_text import render_words
    from bulkvm.upload import RunState

    facts = run.facts
    lines = [f"{facts.name}  {facts.site}  {facts.file}"]
    match run.state:
        case RunState.UNDER_WAY:
            lines.append(f"  under way; so far {render_words(run.words)}")
        case RunState.DIED:
            lines.append(f"  {render_words(run.words)}; the run ended without noting its end")
        case RunState.ENDED:
            lines.append(f"  {render_words(run.words)}")
    if past and past.damaged:
        where = f"line{'s' * (len(past.damaged) > 1)} {', '.join(map(str, past.damaged))}"
        lines.append(f"  its journal is damaged at {where}; all other lines count")
    return "\n".join(lines)
