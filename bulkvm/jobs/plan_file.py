"""Plan files: a workbook that people read and approve, and that an import sends as it is.

Its pages show the plan. A hidden part has the same for bulkvm, and the text of every visible cell, so that edited cells
are found and named. It is sealed (HMAC-SHA-256) with a key that never leaves the state folder: without that folder, no
plan can be made, changed or sent. PINs are in a plan as seals with this key, which show whether a
PIN is the same and nothing else. A key in the file would not do, nor one made from the sheet: whoever has both could
try all PINs of six digits. New PINs are in the sheet only, which is found by its name and checked by seals of its
cells. The SHA-256 that people see is of its content without PINs, for the same reason.

A plan is not signed cryptographically: bulkvm cannot know who approved it. Whoever can read the state folder can make
one.
"""

import getpass
import hashlib
import io
import os
import secrets
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from bulkvm.files import writing
from bulkvm.jobs.connection import Connection
from bulkvm.jobs.plan_seal import (
    SCHEMA,
    SIGN_ELSEWHERE,
    concealed_parts,
    find_added,
    find_concealed,
    find_edits,
    find_form,
    has_pictures,
    not_a_plan,
    open_document,
    pin_seal,
    problem_of,
    refusal,
    seal_document,
    visible_texts,
)
from bulkvm.jobs.preparing import Prepared
from bulkvm.jobs.sheet_options import DEFAULT_MAX_CHANGES, PlanOptions, SheetOptions
from bulkvm.jobs.sheet_seal import seal_sheet
from bulkvm.model.change import Plan, PlannedStatus
from bulkvm.model.errors import UsageError
from bulkvm.model.problem import ProblemCode, rows_with_errors
from bulkvm.model.settings import Limit, PinPolicy, Site
from bulkvm.model.sheet import Sheet
from bulkvm.model.tenant import Tenant
from bulkvm.planning import describe_excess
from bulkvm.planning.saved_plan import LEFT_OUT, REFUSED, SavedRow, save_rows
from bulkvm.readers.all_cells import read_all_cells
from bulkvm.readers.file_type import FileType, detect_type
from bulkvm.readers.source import Source, open_source
from bulkvm.readers.workbook_extras import read_extras
from bulkvm.reports.output_checks import check_result_name
from bulkvm.reports.workbook.plan_summary import PlanFacts
from bulkvm.reports.workbook.plan_workbook import format_plan
from bulkvm.reports.workbook.result_columns import messages_by_row
from bulkvm.runs.plan_key import plan_seal
from bulkvm.text import command_option

DEFAULT_VALIDITY: Final = timedelta(days=7)
_SHORTEST, _LONGEST = timedelta(minutes=1), timedelta(days=365)

_CLOCKS_DIFFER: Final = timedelta(minutes=5)
_SHOWS_PINS: Final = frozenset({ProblemCode.PIN_IS_EXTENSION, ProblemCode.PIN_SHARED, ProblemCode.PIN_SEQUENCE})
_EARLIER: Final = "an earlier run completed the row"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanFile:
    """A plan file that was written, or read and found to be as it was written.

    Attributes:
        id: the name of the plan.
        sha256: the checksum of the file.
        sheet: the name of the sheet's file, its path from the folder of the plan, and the seals of its content.
        rows: what happens to each row.
    """

    path: Path
    id: str
    sha256: str
    made: datetime
    valid_until: datetime
    tenant: Tenant
    sheet: Mapping[str, Any]
    options: PlanOptions
    rows: Sequence[SavedRow]


def write_plan_file(
    target: Path,
    prepared: Prepared,
    options: PlanOptions,
    connection: Connection,
    *,
    valid_for: timedelta = DEFAULT_VALIDITY,
    overwrite: bool = False,
) -> PlanFile:
    """Write a plan for approval.

    Args:
        target: an .xlsx file other than the sheet's own.
        prepared: the sheet with its plan.
        options: how the plan was made.
        connection: the PBX.
        valid_for: how long the plan can be sent.
        overwrite: whether an existing file may be replaced.

    Raises:
        FileError, UsageError: the file cannot be written there.
    """
    sheet, plan, tenant = prepared.sheet, prepared.plan, prepared.tenant
    assert plan is not None
    assert tenant is not None
    check_plan_name(target, sheet, overwrite=overwrite)
    excess = options.max_changes and describe_excess(plan, options.max_changes)
    to_send = _options_to_send(connection.site, tenant) + limit_option(plan, options.max_changes)
    seal, facts = plan_seal(), _make_facts(target, connection, tenant, valid_for, excess=excess or "", to_send=to_send)
    generated = frozenset(prepared.generated_pins)
    problems = [problem for problem in prepared.problems if problem.code not in _SHOWS_PINS]
    others = rows_not_planned(prepared)
    reasons = {row: (PlannedStatus(change), reason) for row, (_, change, reason) in others.items()}

    def render(hidden: Sequence[str] = ()) -> bytes:
        return format_plan(sheet, plan, reasons, problems, facts, generated=generated, hidden=hidden)

    document = {
        **_facts_to_json(facts),
        "sheet": seal_sheet(sheet, _relative(sheet.path, target), seal, facts.id),
        "options": _options_to_json(options),
        "rows": save_rows(plan, others, generated, pin_seal(seal, facts.id)),
        **_read_shown(Source(target, target.name, io.BytesIO(render()))),
    }
    content = render(seal_document(document, seal))
    with writing(target, overwrite=overwrite) as new:
        new.file.write(content)
    return _plan_file(document, new.path, hashlib.sha256(content).hexdigest())


def _read_shown(plan: Source) -> dict[str, Any]:
    """What a plan shows, to find out later whether it was edited."""
    cells = read_all_cells(plan)
    return {"visible": visible_texts(cells), "concealed": concealed_parts(cells), "extras": read_extras(plan)}


def _make_facts(
    target: Path, connection: Connection, tenant: Tenant, valid_for: timedelta, *, excess: str, to_send: str
) -> PlanFacts:
    made, site = datetime.now(UTC), connection.site
    return PlanFacts(
        id=f"{made:%Y%m%dT%H%M%SZ}-{secrets.token_hex(4)}",
        made=made,
        valid_until=made + valid_for,
        made_by=_user(),
        login=site.user or "",
        site=site.name,
        tenant=tenant,
        file=target.name,
        options=to_send,
        excess=excess,
    )


def _options_to_send(site: Site, tenant: Tenant) -> str:
    """The options about the site that the import of a plan needs."""
    options = "" if site.from_variables else f" {command_option('--site', site.name)}"
    return (
        f"{options} {command_option('--tenant', tenant.domain or tenant.id or '')}"
        if site.is_administrator
        else options
    )


def limit_option(plan: Plan, limit: Limit | None) -> str:
    """The option that the import of a plan needs, if the plan is only within the limit that it was made with."""
    if not describe_excess(plan, DEFAULT_MAX_CHANGES) or (limit and describe_excess(plan, limit)):
        return ""
    return f" --max-changes {limit}" if limit else " --force"


def _facts_to_json(facts: PlanFacts) -> dict[str, Any]:
    times = {"made": facts.made.isoformat(), "valid_until": facts.valid_until.isoformat()}
    return {"schema": SCHEMA, **asdict(facts), **times}


def check_validity(valid_for: timedelta) -> None:
    """Check how long a plan is to be valid.

    Raises:
        UsageError: not long enough to send it, or so long that the approval would mean nothing.
    """
    if not _SHORTEST <= valid_for <= _LONGEST:
        raise UsageError("A plan can be valid for 1 minute to 365 days. Example: --valid-for 7d.")


def check_plan_name(target: Path, sheet: Sheet, *, overwrite: bool = False) -> None:
    """Check that a plan can be written to a file.

    Raises:
        UsageError: the name has another extension or is taken, or it is the sheet's own file.
    """
    if target.suffix.lower() != ".xlsx":
        raise UsageError(f"{target} could not be written: the name of a plan must end in .xlsx.")
    check_result_name(target, sheet, overwrite=overwrite)


def read_plan_file(file: Path) -> PlanFile:
    """Read a plan file, and check that it is as it was written and still valid.

    Raises:
        PlanRefused: it is not a plan, was edited, or has expired.
        SheetError: it is not a workbook.
        UsageError: the file does not exist.
    """
    with open_source(file) as source:
        if detect_type(source) is not FileType.WORKBOOK:
            raise not_a_plan(file)
        sheets = read_all_cells(source)
        extras = read_extras(source)
        source.stream.seek(0)
        sha256 = hashlib.file_digest(source.stream, "sha256").hexdigest()  # type: ignore[arg-type]  # any binary stream
    document = open_document(file, sheets, plan_seal())
    form = find_form(document["visible"])
    edited = find_edits(document["visible"], visible_texts(sheets), form)
    edited += find_concealed(document["concealed"], concealed_parts(sheets), form)
    edited += find_added(document["extras"], extras, form)
    if edited:
        remedy = SIGN_ELSEWHERE if has_pictures(edited) else "Use it as it was written"
        raise refusal(f"{file.name} was edited after it was written", edited, remedy)
    plan = _plan_file(document, file, sha256)
    check_not_expired(plan)
    return plan


def check_not_expired(plan: PlanFile) -> None:
    """Check that a plan can be sent now.

    Raises:
        PlanRefused: it has expired, or was made later than now.
    """
    file, now = plan.path, datetime.now(UTC)
    if now < plan.made - _CLOCKS_DIFFER:
        message = (
            f"It was made at {plan.made:%Y-%m-%d %H:%M %Z}, and this machine's clock shows {now:%Y-%m-%d %H:%M %Z}."
        )
        problems = [problem_of(ProblemCode.PLAN_EXPIRED, message)]
        raise refusal(f"{file.name} may have expired", problems, "Correct the clock")
    if now > plan.valid_until:
        message = f"The plan was valid until {plan.valid_until:%Y-%m-%d %H:%M %Z}."
        raise refusal(f"{file.name} has expired", [problem_of(ProblemCode.PLAN_EXPIRED, message)])


def rows_not_planned(prepared: Prepared) -> dict[int, tuple[str, str, str]]:
    """The rows that have no change: their extension, whether they are refused or left out, and why."""
    extensions = prepared.checked.extensions
    others = {o.row: (o.extension_number, LEFT_OUT, o.message) for o in prepared.left_out}
    messages = messages_by_row([problem for problem in prepared.problems if problem.is_error])
    for row in rows_with_errors(prepared.problems):
        others[row] = (extensions[row], REFUSED, messages[row])
    earlier = {row for row in prepared.sheet.cells.index.tolist() if row not in extensions}
    return others | dict.fromkeys(earlier, ("", LEFT_OUT, _EARLIER))


def _plan_file(document: Mapping[str, Any], path: Path, sha256: str) -> PlanFile:
    return PlanFile(
        path=path,
        id=document["id"],
        sha256=sha256,
        made=datetime.fromisoformat(document["made"]),
        valid_until=datetime.fromisoformat(document["valid_until"]),
        tenant=Tenant(**document["tenant"]),
        sheet=document["sheet"],
        options=_options_from_json(document["options"]),
        rows=document["rows"],
    )


def _options_to_json(options: PlanOptions) -> dict[str, Any]:
    """How a plan was made, without the limit on changes, which is that of the import."""
    saved = asdict(options)
    del saved["max_changes"]
    return saved


def _options_from_json(saved: Mapping[str, Any]) -> PlanOptions:
    reading = _known_fields(SheetOptions, saved["reading"])
    if policy := reading["pin_policy"]:
        reading["pin_policy"] = PinPolicy(**policy)
    return PlanOptions(**{**_known_fields(PlanOptions, saved), "reading": SheetOptions(**reading)})


def _known_fields(type_: type[PlanOptions | SheetOptions], saved: Mapping[str, Any]) -> dict[str, Any]:
    return {field.name: saved[field.name] for field in fields(type_) if field.name in saved}


def _relative(sheet: Path, plan: Path) -> str:
    """The path of a sheet from the folder of its plan, or its name, if there is none (on Windows)."""
    with suppress(ValueError):
        return Path(os.path.relpath(sheet.absolute(), plan.absolute().parent)).as_posix()
    return sheet.name


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):  # this user has no name, as in some containers
        return "unknown"
