"""`bulkvm runs` and `bulkvm runs forget`."""

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bulkvm.cli.command_group import ArgumentOrSubcommand, CommandGroup
from bulkvm.cli.command_help import DocumentedCommand
from bulkvm.cli.completers import complete_runs
from bulkvm.cli.console import Console, confirm, console_options
from bulkvm.cli.json_output import SCHEMA, print_json, tenant_object
from bulkvm.cli.options import DURATION, JSON_OPTION, OVERWRITE_OPTION
from bulkvm.model.errors import UsageError
from bulkvm.model.exit_codes import ExitCode
from bulkvm.reports.text.plan_text import render_words
from bulkvm.text import count, printable

if TYPE_CHECKING:
    from bulkvm.jobs.forget_runs import StoredJournal
    from bulkvm.runs import ListedRun, PastRun, RunInfo


@click.group(
    "runs",
    cls=CommandGroup,
    examples=(
        ("bulkvm runs", "All runs."),
        ("bulkvm runs last --result clinic.result.xlsx", "Re-create a result."),
        ("bulkvm runs forget --older-than 90d", "Delete old journals."),
    ),
)
@click.argument("run", cls=ArgumentOrSubcommand, required=False, shell_complete=complete_runs)
@click.option(
    "--result", type=click.Path(path_type=Path), metavar="FILE", help="Re-create the result of RUN from its journal."
)
@OVERWRITE_OPTION
@JSON_OPTION
@console_options
def command(run: str | None, *, result: Path | None, overwrite: bool, as_json: bool, console: Console) -> int:
    """List runs, or re-create a result file.

    With RUN, only that run is listed: a unique prefix of its name is enough, or `last`.

    Journals are kept until they are deleted: `bulkvm runs forget RUN`, or `--older-than 90d`.
    """
    from bulkvm.runs import read_journal
    from bulkvm.runs.history import find_run, list_runs

    if result and run is None:
        raise UsageError("--result needs a run. Name one that `bulkvm runs` lists, or `last`.")
    runs = list_runs(console.always)
    if run is not None:
        runs = [find_run(run, runs)]
    past = None if run is None else read_journal(runs[0].file)
    if result:
        from bulkvm.jobs.run_result import check_run_result, recreate_result  # slow to import

        check_run_result(runs[0].info, result, overwrite=overwrite)
    if as_json:
        print_json({"schema": SCHEMA, "runs": [_run_object(one, past) for one in runs]})
    elif runs:
        console.output("\n".join(_render(one, past) for one in runs))
    else:
        console.info("No runs yet.")
    if result and past:
        console.info(f"Result: {recreate_result(runs[0], past, result, overwrite=overwrite)}")
    return ExitCode.DONE


@command.command("forget", cls=DocumentedCommand, short_help="Delete journals.")
@click.argument("run", required=False, shell_complete=complete_runs)
@click.option("--older-than", type=DURATION, metavar="AGE", help="Delete all runs that began longer ago, such as 90d.")
@click.option(
    "-y", "--yes", is_flag=True, help="Delete without asking for confirmation. RUN must be a full name or `last`."
)
@console_options
def forget_command(run: str | None, *, older_than: timedelta | None, yes: bool, console: Console) -> int:
    """Delete the journal of RUN, or of all runs that are older than AGE, with the PINs and former values in it.

    A deleted run is no longer listed, cannot be undone, and its result cannot be re-created. An approved plan that it
    sent cannot be sent again. A run in progress is kept.
    """
    from bulkvm.jobs.forget_runs import find_journal, find_older_journals, forget_runs

    if (run is None) == (older_than is None):
        raise UsageError("Name either a run that `bulkvm runs` lists, or an age such as --older-than 90d.")
    if run is not None:
        journals = [find_journal(run, exact_name=yes)]
    else:
        assert older_than is not None
        journals = find_older_journals(older_than)
    if not journals:
        console.info("No run is older than that.")
        return ExitCode.DONE
    console.always(
        "\n".join(["Journals to delete, with the PINs and former values in them:", *map(_describe, journals)])
    )
    what = count(len(journals), "journal")
    lost = "This run" if len(journals) == 1 else "These runs"
    if not confirm(f"Delete {what}? {lost} can then no longer be undone.", console, ("delete", "deleted"), yes=yes):
        return ExitCode.NOT_ALL_DONE
    forget_runs(journals)
    console.info(f"{what} deleted.")
    return ExitCode.DONE


def _describe(journal: "StoredJournal") -> str:
    info = journal.info
    if info is None:
        return f"  {journal.file.stem}  (unreadable)"
    plan = journal.sent_plan and f"; approved plan {Path(journal.sent_plan).name}, which cannot be sent again then"
    return printable(f"  {info.name}  {info.site}  {info.file}{plan}")


def _run_object(run: "ListedRun", past: "PastRun | None") -> dict[str, object]:
    """A run in the JSON document."""
    info = run.info
    return {
        "run": info.name,
        "site": info.site,
        "url": info.url,
        "tenant": tenant_object(info.tenant),
        "file": info.file,
        "began": info.began.isoformat(),
        "state": run.state,
        "counts": dict(run.counts),
        "damaged_lines": past.damaged if past else None,  # known only after all lines were read
        "plan": {"file": info.plan_file, "id": info.plan_id, "sha256": info.plan_sha256} if info.plan_id else None,
    }


def _without_end(info: "RunInfo") -> str:
    if not info.records_end:
        return "the end of the run was not recorded"
    return "the journal has no end: the run was killed, or the journal was cut"


def _render(run: "ListedRun", past: "PastRun | None") -> str:
    from bulkvm.runs import RunState

    info = run.info
    # A login with a domain reaches the same tenant each time.
    tenant = f" ({info.tenant.domain})" if info.tenant and info.tenant.domain and not info.domain else ""
    lines = [printable(f"{info.name}  {info.site}{tenant}  {info.file}")]
    match run.state:
        case RunState.IN_PROGRESS:
            lines.append(f"  in progress; so far {render_words(run.words)}")
        case RunState.DIED:
            lines.append(f"  {render_words(run.words)}; {_without_end(info)}")
        case RunState.ENDED:
            lines.append(f"  {render_words(run.words)}")
    if info.plan_id:
        lines.append(f"  approved plan {info.plan_id}: {info.plan_file}, SHA-256 {info.plan_sha256}")
    if past and past.damaged:
        where = f"line{'s' * (len(past.damaged) > 1)} {', '.join(map(str, past.damaged))}"
        lines.append(f"  the journal is damaged at {where}; all other lines were read")
    return "\n".join(lines)
