"""`bulkvm undo`."""

from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from bulkvm.cli.command_help import DocumentedCommand
from bulkvm.cli.completers import complete_runs
from bulkvm.cli.console import Console, confirm, console_options
from bulkvm.cli.console_observer import ConsoleObserver, show_report
from bulkvm.cli.options import JSON_OPTION, NO_CANARY_OPTION, OVERWRITE_OPTION, site_options
from bulkvm.model.change import ChangeKind, Plan
from bulkvm.model.exit_codes import ExitCode
from bulkvm.model.outcome import Reason
from bulkvm.reports.text.outcome_text import CHECK_KEPT
from bulkvm.reports.text.plan_text import render_outcomes, render_plan, render_words
from bulkvm.reports.text.problem_text import render_problems
from bulkvm.text import count, join_and

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bulkvm.jobs.connection import Connection
    from bulkvm.jobs.undo_run import UndoReport
    from bulkvm.model.problem import Problem
    from bulkvm.model.tenant import Tenant

_MOST_NAMED: Final = 100  # boxes that were changed since


@click.command(
    "undo",
    cls=DocumentedCommand,
    examples=(
        ("bulkvm undo last", "The last import."),
        ("bulkvm undo 20260102T0304", "The run whose name begins like this."),
    ),
    exit_codes=(
        ExitCode.DONE,
        ExitCode.NOT_ALL_DONE,
        ExitCode.USAGE,
        ExitCode.LOGIN,
        ExitCode.PBX,
        ExitCode.STOPPED,
        ExitCode.UNKNOWN,
        ExitCode.INTERRUPTED,
    ),
)
@click.argument("run", shell_complete=complete_runs)
@site_options
@click.option("--result", type=click.Path(path_type=Path), metavar="FILE", help="Write the result to FILE.")
@OVERWRITE_OPTION
@click.option(
    "--with-messages", is_flag=True, help="Delete boxes even if they hold, or may hold, messages or greetings."
)
@NO_CANARY_OPTION
@click.option(
    "-y", "--yes", is_flag=True, help="Send without asking for confirmation. RUN must be a full name or `last`."
)
@JSON_OPTION
@console_options
def command(
    run: str,
    *,
    connection: "Connection",
    result: Path | None,
    overwrite: bool,
    with_messages: bool,
    no_canary: bool,
    yes: bool,
    as_json: bool,
    console: Console,
) -> int:
    """Undo a run.

    RUN is the name of a run (a unique prefix is enough), or `last` for the last import.

    Boxes that the run updated are restored to their former values, and boxes that it created are deleted. A box that
    was changed since, or that holds messages, is kept and reported. An undo is a run itself, and can be undone.
    """
    from bulkvm.jobs.undo_run import undo_run

    def approve(plan: Plan, problems: "Sequence[Problem]", tenant: "Tenant") -> bool:
        if problems:
            console.always(render_problems(problems, most=_MOST_NAMED, advice="The result lists all of them."))
        console.info(render_plan(plan, tenant, of_sheet=False))
        return confirm(_question(plan, tenant), console, ("send", "sent"), yes=yes)

    undo = undo_run(
        run,
        connection.with_settings(canary=not no_canary),
        with_messages=with_messages,
        exact_name=yes,
        result=result,
        overwrite=overwrite,
        observer=ConsoleObserver(console, approve),
    )
    plan = undo.plan
    if plan is None or not plan.to_send:
        if plan and plan.problems:
            console.always(render_problems(plan.problems, most=_MOST_NAMED, advice="--json lists all of them."))
        console.always(_nothing_left(undo) if plan else _nothing_to_undo(undo))
        return show_report(undo.report, "", console, as_json=as_json)
    changes = {change.record.row: change for change in plan.changes}
    return show_report(undo.report, f"{render_outcomes(undo.report.outcomes, changes)}.", console, as_json=as_json)


def _nothing_to_undo(undo: "UndoReport") -> str:
    """Explain that the run changed nothing, and name the last import before it that did."""
    run, last = undo.undone, undo.last_change
    named = f"{run.name} ({Path(run.file).name})"
    lines = [f"Run {named} changed nothing, so there is nothing to undo."]
    if undo.is_incomplete:
        lines = [f"The journal of run {named} records no change, so nothing can be undone."]
    if last:
        counts = render_words(last.words)
        lines.append(f"The last import that did is {last.info.name} ({Path(last.info.file).name}; {counts}).")
        lines.append(
            f"It was already undone by {undo.last_change_undone_by}."
            if undo.last_change_undone_by
            else f"To undo it: `bulkvm undo {last.info.name}`."
        )
    return "\n".join(lines)


def _nothing_left(undo: "UndoReport") -> str:
    """Explain that nothing of the run is left to undo."""
    name, by = undo.undone.name, undo.undone_by
    if undo.report.problems:
        done = f"; it was already undone by {by}" if by else ""
        kept = sum(outcome.reason is Reason.KEPT for outcome in undo.report.outcomes)
        left = f" {count(kept, 'box is', 'boxes are')} kept. {CHECK_KEPT}" if kept else ""
        return f"Nothing more of run {name} can be undone{done}.{left}"
    return f"Run {name} was already undone by {by}." if by else f"Nothing of run {name} is left to undo."


def _question(plan: Plan, tenant: "Tenant") -> str:
    """Ask for confirmation, such as `Delete 40 boxes and restore 2 boxes of clinic.example.com ...?`."""
    verbs = {ChangeKind.REMOVE: "delete", ChangeKind.UPDATE: "restore", ChangeKind.CREATE: "re-create"}
    counted = ((verb, plan.counts.get(kind)) for kind, verb in verbs.items())
    parts = [f"{verb} {count(number, 'box', 'boxes')}" for verb, number in counted if number]
    actions = join_and(parts)
    return f"{actions.capitalize()} of {tenant}?"
