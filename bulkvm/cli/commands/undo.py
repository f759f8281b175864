"""`bulkvm undo`."""

import asyncio
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from bulkvm.cli.connection import Connection
from bulkvm.cli.console import Console, console_options
from bulkvm.cli.history import (
    UNDO_OF,
    check_past_result,
    find_given,
    find_made_later,
    find_run,
    is_undo,
    list_runs,
    undos_of,
    write_past_result,
)
from bulkvm.cli.json_output import import_form, print_json
from bulkvm.cli.options import NO_CANARY_OPTION, OVERWRITE_OPTION, site_options
from bulkvm.cli.running import NOT_ALL_DONE, ask, before_sending, execute, exit_code, new_run, tenant_lock_held
from bulkvm.files import Reservation, reserve
from bulkvm.model.box import Record
from bulkvm.model.errors import UsageError
from bulkvm.model.outcome import Outcome, Status, count_statuses
from bulkvm.model.problem import rows_with_errors
from bulkvm.model.tenant import Tenant, normalize_url

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bulkvm.model.change import Plan
    from bulkvm.runs import ListedRun, PastRun, RunInfo, SheetRow


_NAMED: Final = 100  # boxes that were changed since


@click.command("undo")
@click.argument("run")
@site_options
@click.option("--result", type=click.Path(path_type=Path), metavar="FILE", help="Where the result goes.")
@OVERWRITE_OPTION
@click.option(
    "--with-messages", is_flag=True, help="Remove boxes also if they hold messages or greetings, or may hold some."
)
@NO_CANARY_OPTION
@click.option("-y", "--yes", is_flag=True, help="Send without asking; RUN is then a whole name or `last`.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document on standard output.")
@console_options
def command(
    run: str,
    *,
    connection: Connection,
    result: Path | None,
    overwrite: bool,
    with_messages: bool,
    no_canary: bool,
    yes: bool,
    as_json: bool,
    console: Console,
) -> int:
    """Put back what RUN did: the beginning of its name will do, or `last` for the last import.

    Boxes that it changed get their former values, and those that it made are removed. A box that was changed since, or
    that holds messages, is kept as it is, and named. An undo is a run itself, and can be undone.
    """
    from bulkvm.planning import changed_anything
    from bulkvm.runs import RunState, is_under_way, read_journal

    connection = connection.with_settings(canary=not no_canary)
    runs = list_runs(console)
    listed = find_run(run, runs, undone=False, whole=yes)
    _check_same(listed.facts, _tenant_of(connection))
    if listed.state is RunState.ENDED and not changed_anything(listed.counts):
        return _tell_of_nothing(listed, runs, connection, console, as_json=as_json)
    target = result or Path(f"undo-{listed.facts.name}.result.xlsx")
    check_past_result(listed.facts, target, overwrite=overwrite or result is None)
    with console.progress("Connecting"):
        tenant = connection.find_tenant()
    _check_same(listed.facts, tenant)
    with tenant_lock_held(tenant), reserve(target, overwrite=overwrite, unused=result is None) as reservation:
        # From here on no run changes this tenant's boxes: what the journals say now is all.
        if is_under_way(listed.file):
            raise UsageError(f"The run {listed.facts.name} is still under way. Undo it when it has ended.")
        with console.progress("Reading the journal"):
            past, runs = read_journal(listed.file), list_runs()
            given, made_later = find_given(past, runs), find_made_later(past, runs)
        if not changed_anything(count_statuses(past.outcomes)):
            return _tell_of_nothing(listed, runs, connection, console, as_json=as_json)
        undo = _Undo(past, undos_of(listed, runs), given, made_later, with_messages=with_messages)
        with before_sending():
            plan = asyncio.run(_plan(undo, connection, tenant, console))
        if not plan.to_send:
            return _tell_of_rest(undo, plan, connection, tenant, console, as_json=as_json)
        if not _agree(plan, undo, connection, tenant, console, yes=yes, as_json=as_json):
            return NOT_ALL_DONE
        facts = new_run(f"{UNDO_OF}{past.facts.name}", connection, tenant, _extensions(plan, past))
        return _carry_out(plan, facts, connection, reservation, console, as_json=as_json)


@dataclass(frozen=True, slots=True)
class _Undo:
    """What is undone: a run, with the undos of it so far, what earlier runs gave, and what later ones made."""

    past: "PastRun"
    earlier: "Sequence[ListedRun]"
    given: "Mapping[int, Mapping[str, Any]]"
    made_later: "Mapping[str, str]"
    with_messages: bool


def _check_same(facts: "RunInfo", tenant: Tenant) -> None:
    """Make sure that a run was against this tenant.

    Raises:
        UsageError: it was against another one.
    """
    if facts.known_tenant.contradicts(tenant):
        raise UsageError(
            f"That run was against {facts.site} ({facts.known_tenant}), and this is {tenant}. Name the same site."
        )


def _tenant_of(connection: Connection) -> Tenant:
    """As much of the tenant as is known without asking the PBX."""
    site = connection.site
    return Tenant(pbx=normalize_url(site.url), domain=None if site.token else site.domain)


def _tell_of_nothing(
    run: "ListedRun", runs: "Sequence[ListedRun]", connection: Connection, console: Console, *, as_json: bool
) -> int:
    """Say that a run changed nothing, and which one before it did."""
    from bulkvm.planning import changed_anything
    from bulkvm.reports.text.plan_text import render_words

    if as_json:
        print_json(import_form(connection.site.name, None, None, (), ()))
    facts = run.facts
    lines = [f"Run {facts.name} ({Path(facts.file).name}) changed nothing, so there is nothing to put back."]
    before = (
        one
        for one in runs[: runs.index(run)]
        if not one.facts.known_tenant.contradicts(_tenant_of(connection)) and not is_undo(one.facts)
    )
    if found := [one for one in before if changed_anything(one.counts)]:
        facts = found[-1].facts
        counts = render_words(found[-1].words)
        lines.append(f"The last one before it that did is {facts.name} ({Path(facts.file).name}; {counts}).")
        undos = undos_of(found[-1], runs)
        lines.append(
            f"It was already put back by {undos[-1].facts.name}."
            if undos
            else f"To put that back: `bulkvm undo {facts.name}`."
        )
    console.always("\n".join(lines))
    return 0


def _tell_of_rest(
    undo: _Undo, plan: "Plan", connection: Connection, tenant: Tenant, console: Console, *, as_json: bool
) -> int:
    """Say that nothing is left that could be put back, and why."""
    from bulkvm.reports.text.problem_text import render_problems
    from bulkvm.runs import complete_outcomes

    unchanged = [
        Outcome(row=c.record.row, extension_number=c.record.extension_number, status=Status.UNCHANGED)
        for c in plan.changes
    ]
    outcomes = complete_outcomes(_extensions(plan, undo.past), plan.problems, unchanged)
    if as_json:
        print_json(import_form(connection.site.name, tenant, None, outcomes, plan.problems))
    if plan.problems:
        console.always(render_problems(plan.problems, most=_NAMED, advice="--json names all of them."))
    name = undo.past.facts.name
    by = f" by {undo.earlier[-1].facts.name}" if undo.earlier else ""
    if plan.problems:
        console.always(f"Nothing more of run {name} can be put back{', which was done' if by else ''}{by}.")
    elif by:
        console.always(f"Run {name} is already put back{by}.")
    else:
        console.always(f"Nothing is left of run {name} to put back.")
    return exit_code(outcomes, None)


def _agree(
    plan: "Plan", undo: _Undo, connection: Connection, tenant: Tenant, console: Console, *, yes: bool, as_json: bool
) -> bool:
    """Show the plan, and ask if there is anything to send."""
    from bulkvm.reports.text.plan_text import render_plan
    from bulkvm.reports.text.problem_text import render_problems
    from bulkvm.runs import complete_outcomes

    if plan.problems:
        console.always(render_problems(plan.problems, most=_NAMED, advice="The result names all of them."))
    console.info(render_plan(plan, tenant, of_sheet=False))
    question = _question(plan, tenant)
    agreed = False
    try:
        agreed = ask(plan, question, console, yes=yes, can_ask=True)
    finally:
        if as_json and not agreed:
            outcomes = complete_outcomes(_extensions(plan, undo.past), plan.problems, ())
            print_json(import_form(connection.site.name, tenant, None, outcomes, plan.problems))
    return agreed


def _question(plan: "Plan", tenant: Tenant) -> str:
    """Ask what is about to be done, such as `Delete 40 boxes and restore 2 boxes of clinic.example.com ...?`."""
    from bulkvm.model.change import ChangeKind
    from bulkvm.reports.text.problem_text import count

    verbs = {ChangeKind.REMOVE: "delete", ChangeKind.UPDATE: "restore", ChangeKind.CREATE: "re-create"}
    counted = ((verb, plan.counts.get(kind)) for kind, verb in verbs.items())
    parts = [f"{verb} {count(number, 'box', 'boxes')}" for verb, number in counted if number]
    asked = " and ".join(filter(None, (", ".join(parts[:-1]), *parts[-1:])))
    return f"{asked.capitalize()} of {tenant}?"


def _extensions(plan: "Plan", past: "PastRun") -> dict[int, str]:
    """The extension of every row that the undo accounts for: those that it changes or keeps, and those it cannot."""
    rows = {change.record.row for change in plan.changes} | rows_with_errors(plan.problems)
    return {row: extension for row, extension in past.facts.extensions.items() if row in rows}


def _carry_out(
    plan: "Plan", facts: "RunInfo", connection: Connection, target: Reservation, console: Console, *, as_json: bool
) -> int:
    """Send the plan, and tell what became of it."""
    from bulkvm.reports.text.plan_text import render_outcomes
    from bulkvm.runs import PastRun

    changes = {change.record.row: change for change in plan.changes}

    def tell(outcomes: "tuple[Outcome, ...]") -> None:
        if as_json:
            print_json(import_form(connection.site.name, facts.tenant, facts.name, outcomes, plan.problems))
        console.always(f"{render_outcomes(outcomes, changes)}.", bold=True)

    def write(outcomes: "tuple[Outcome, ...]", code: int) -> Path:
        return write_past_result(PastRun(facts, changes, outcomes), plan.problems, target.path, code, overwrite=target)

    return execute(
        plan,
        facts,
        connection,
        console,
        rows=_rows(plan, facts),
        problems=plan.problems,
        tell=tell,
        write_result=write,
    )


def _rows(plan: "Plan", facts: "RunInfo") -> "list[SheetRow]":
    """What the journal holds of each row from the beginning."""
    from bulkvm.reports.workbook.result_columns import messages_of_rows
    from bulkvm.runs import SheetRow, complete_outcomes

    messages = messages_of_rows(plan.problems)
    invalid = {
        outcome.row: replace(outcome, message=messages[outcome.row])
        for outcome in complete_outcomes(facts.extensions, plan.problems, ())
        if outcome.status is Status.INVALID
    }
    return [
        SheetRow(record=Record(row=row, extension_number=extension), outcome=invalid.get(row))
        for row, extension in facts.extensions.items()
    ]


async def _plan(undo: _Undo, connection: Connection, tenant: Tenant, console: Console) -> "Plan":
    from bulkvm.planning import plan_undo_of
    from bulkvm.runs import read_journal

    with console.progress("Reading the journal"):
        put_back_by = {
            row: f"The undo {earlier.facts.name}"
            for earlier in undo.earlier
            for row in read_journal(earlier.file).changes
        }
    async with connection.open(reachable=True, tenant=tenant) as pbx:
        with console.progress("Planning") as progress:
            return await plan_undo_of(
                undo.past,
                pbx,
                progress,
                with_messages=undo.with_messages,
                given=undo.given,
                put_back_by=put_back_by,
                made_later=undo.made_later,
            )
