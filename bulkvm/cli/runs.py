"""`bulkvm runs`."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from bulkvm.cli.json_forms import SCHEMA, print_json
from bulkvm.cli.past import find_run, read_runs, write_past_result
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
    if result and not run:
        raise UsageError("Which run? Name one of those that `bulkvm runs` lists, or `last`.")
    past = read_runs(screen)
    if run:
        past = [find_run(run, past)]
    if as_json:
        print_json({"schema": SCHEMA, "runs": [_form(one) for one in past]})
    elif past:
        click.echo("\n".join(map(_line, past)))
    else:
        screen.say("There was no run yet.")
    if result:
        code = exit_code(past[0].outcomes, None)  # what else ended it is not told
        screen.say(f"What became of each row: {write_past_result(past[0], (), result, code)}")
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
        "damaged_lines": past.damaged,
    }


def _line(past: "PastRun") -> str:
    from bulkvm.reports.plan_text import render_outcomes

    facts = past.facts
    lines = [f"{facts.name}  {facts.site}  {facts.file}", f"  {render_outcomes(past.outcomes, past.changes)}"]
    if past.damaged:
        where = f"line{'s' * (len(past.damaged) > 1)} {', '.join(map(str, past.damaged))}"
        lines.append(f"  its journal is damaged at {where}; all other lines count")
    return "\n".join(lines)
