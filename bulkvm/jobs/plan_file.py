"""Plan files: a workbook that people read and approve, and that an import sends as it is.

Its pages show the plan. A hidden part has the same for bulkvm, and the text of every visible cell, so that edited cells
are found and named. It is sealed (HMAC-SHA-256) with a key that never leaves the state folder: without that folder,
nobody can make or change a plan, and none can be sent. PINs are in a plan as seals with this key, which show whether a
PIN is the same and nothing else. A key in the file would not do, nor one made from the sheet: whoever has both could
try all PINs of six digits. New PINs are in the sheet only, which is found by its name and checked by its SHA-256.

A plan is not signed cryptographically: bulkvm cannot know who approved it. Whoever can read the state folder can make
one. Pictures, text boxes, hidden rows and formats that someone adds are not found.
"""

import base64
import getpass
import hashlib
import hmac
import io
import json
import os
import secrets
import zlib
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from bulkvm.files import writing
from bulkvm.jobs.connection import Connection
from bulkvm.jobs.preparing import Prepared
from bulkvm.jobs.sheet_options import PlanOptions, SheetOptions
from bulkvm.model.change import PlannedStatus
from bulkvm.model.errors import PlanRefused, UsageError
from bulkvm.model.problem import Problem, ProblemCode, rows_with_errors
from bulkvm.model.settings import PinPolicy
from bulkvm.model.sheet import Sheet
from bulkvm.model.tenant import Tenant
from bulkvm.planning.saved_plan import LEFT_OUT, REFUSED, SavedRow, save_rows
from bulkvm.readers.all_cells import SheetCells, read_all_cells
from bulkvm.readers.source import Source, open_source
from bulkvm.reports.output_checks import check_result_name
from bulkvm.reports.workbook.plan_summary import FORM, PlanFacts
from bulkvm.reports.workbook.plan_workbook import format_plan
from bulkvm.reports.workbook.result_columns import messages_by_row
from bulkvm.runs.plan_key import Seal, plan_seal
from bulkvm.text import count, quoted

DEFAULT_VALIDITY: Final = timedelta(days=7)

_MARK: Final = "bulkvm plan"
_SCHEMA: Final = 1
_CHUNK: Final = 30_000  # characters; a cell holds a few more
_MAX_NAMED: Final = 50  # differences in a message; --json has all of them
_EARLIER: Final = "an earlier run completed the row"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanFile:
    """A plan file that was written, or read and found to be as it was written.

    Attributes:
        id: the name of the plan.
        sha256: the checksum of the file.
        sheet: the name of the sheet's file, and its path from the folder of the plan.
        rows: what happens to each row.
    """

    path: Path
    id: str
    sha256: str
    made: datetime
    valid_until: datetime
    tenant: Tenant
    sheet: Mapping[str, str]
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
    seal, made = plan_seal(), datetime.now(UTC)
    plan_id = f"{made:%Y%m%dT%H%M%SZ}-{secrets.token_hex(4)}"
    facts = PlanFacts(
        id=plan_id,
        made=made,
        valid_until=made + valid_for,
        made_by=_user(),
        login=connection.site.user or "",
        site=connection.site.name,
        tenant=tenant,
        file=target.name,
    )
    generated = frozenset(prepared.generated_pins)
    others = rows_not_planned(prepared)
    reasons = {row: (PlannedStatus(change), reason) for row, (_, change, reason) in others.items()}

    def render(hidden: Sequence[str] = ()) -> bytes:
        return format_plan(sheet, plan, reasons, prepared.problems, facts, generated=generated, hidden=hidden)

    document = {
        "schema": _SCHEMA,
        "id": plan_id,
        "made": made.isoformat(),
        "valid_until": facts.valid_until.isoformat(),
        "made_by": facts.made_by,
        "site": facts.site,
        "tenant": asdict(tenant),
        "sheet": {"file": sheet.path.name, "path": _relative(sheet.path, target), "sha256": sheet.sha256},
        "options": _options_to_json(options),
        "rows": save_rows(plan, others, generated, pin_seal(seal, plan_id)),
        "visible": _visible(read_all_cells(Source(target, target.name, io.BytesIO(render())))),
    }
    content = render(_seal_document(document, seal))
    with writing(target, overwrite=overwrite) as new:
        new.file.write(content)
    return _plan_file(document, new.path, hashlib.sha256(content).hexdigest())


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
        PlanRefused: it is no plan, was edited, or has expired.
        SheetError: it is not a workbook.
        UsageError: the file does not exist.
    """
    with open_source(file) as source:
        sheets = read_all_cells(source)
        source.stream.seek(0)
        sha256 = hashlib.file_digest(source.stream, "sha256").hexdigest()  # type: ignore[arg-type]  # any binary stream
    document = _open_document(file, sheets, plan_seal())
    if edited := _find_edits(document["visible"], _visible(sheets)):
        raise refusal(f"{file.name} was edited after it was written", edited, "Use it as it was written")
    plan = _plan_file(document, file, sha256)
    if datetime.now(UTC) > plan.valid_until:
        message = f"The plan was valid until {plan.valid_until:%Y-%m-%d %H:%M %Z}."
        raise refusal(f"{file.name} has expired", [_problem(ProblemCode.PLAN_EXPIRED, message)])
    return plan


def rows_not_planned(prepared: Prepared) -> dict[int, tuple[str, str, str]]:
    """The rows that have no change: their extension, whether they are refused or left out, and why."""
    extensions = prepared.checked.extensions
    others = {o.row: (o.extension_number, LEFT_OUT, o.message) for o in prepared.left_out}
    messages = messages_by_row([problem for problem in prepared.problems if problem.is_error])
    for row in rows_with_errors(prepared.problems):
        others[row] = (extensions[row], REFUSED, messages[row])
    earlier = {row for row in prepared.sheet.cells.index.tolist() if row not in extensions}
    return others | dict.fromkeys(earlier, ("", LEFT_OUT, _EARLIER))


def pin_seal(seal: Seal, plan_id: str) -> Callable[[str, str], str]:
    """Return a function that seals a PIN, for one plan and extension."""
    return lambda number, pin: seal(f"pin\0{plan_id}\0{number}\0{pin}".encode())


def refusal(what: str, problems: Sequence[Problem], remedy: str = "") -> PlanRefused:
    """The error for a plan that is not sent, with every difference."""
    remedy = f"{remedy}, or make a new plan" if remedy else "Make a new plan"
    lines = [f"  row {p.row}: {p.message}" if p.row else f"  {p.message}" for p in problems[:_MAX_NAMED]]
    if len(problems) > _MAX_NAMED:
        lines.append(f"  ... and {count(len(problems) - _MAX_NAMED, 'difference')} more, which --json lists")
    return PlanRefused("\n".join([f"{what}, so nothing was sent. {remedy}.", *lines]), problems)


def _problem(code: ProblemCode, message: str) -> Problem:
    return Problem(row=None, code=code, message=message)


def _seal_document(document: Mapping[str, Any], seal: Seal) -> list[str]:
    """The texts of the hidden part."""
    payload = base64.b64encode(zlib.compress(json.dumps(document).encode())).decode()
    chunks = [payload[start : start + _CHUNK] for start in range(0, len(payload), _CHUNK)]
    return [_MARK, _key_id(seal), seal(f"plan\0{payload}".encode()), *chunks]


def _open_document(file: Path, sheets: Mapping[str, SheetCells], seal: Seal) -> dict[str, Any]:
    """The content of the hidden part.

    Raises:
        PlanRefused: there is none, or its seal does not match.
    """
    cells = next((one.cells for one in sheets.values() if not one.is_visible and one.cells.get("A1") == _MARK), None)
    if cells is None:
        message = "A plan is a workbook that `bulkvm plan SHEET --output PLAN.xlsx` wrote."
        raise refusal(f"{file.name} is not a plan", [_problem(ProblemCode.NOT_A_PLAN, message)])
    _, key_id, sealed, *chunks = (cells.get(f"A{row}", "") for row in range(1, len(cells) + 1))
    payload = "".join(chunks)
    if key_id != _key_id(seal):
        message = "A plan can be sent by the user who made it, on the same machine: with the same state folder."
        raise refusal(f"{file.name} was made elsewhere", [_problem(ProblemCode.NOT_A_PLAN, message)])
    if not hmac.compare_digest(sealed.encode(), seal(f"plan\0{payload}".encode()).encode()):
        message = "Its hidden part was changed."
        raise refusal(f"{file.name} was edited after it was written", [_problem(ProblemCode.PLAN_EDITED, message)])
    document: dict[str, Any] = json.loads(zlib.decompress(base64.b64decode(payload)))
    if document["schema"] > _SCHEMA:
        message = "Use the version of bulkvm that made it."
        raise refusal(f"{file.name} was made by a later version", [_problem(ProblemCode.NOT_A_PLAN, message)])
    return document


def _key_id(seal: Seal) -> str:
    return seal(b"key")[:16]


def _visible(sheets: Mapping[str, SheetCells]) -> dict[str, Mapping[str, str]]:
    """The texts of all visible cells, except for those that whoever approves the plan may fill in."""

    def is_form(place: str, cells: Mapping[str, str]) -> bool:
        return place[0] == "B" and cells.get(f"A{place[1:]}") in FORM

    return {
        name: {place: text for place, text in sheet.cells.items() if not is_form(place, sheet.cells)}
        for name, sheet in sheets.items()
        if sheet.is_visible
    }


def _find_edits(written: Mapping[str, Mapping[str, str]], found: Mapping[str, Mapping[str, str]]) -> list[Problem]:
    """Name every visible cell that is not as it was written. What it holds now may be a PIN, and is not shown."""
    messages = [f"The sheet {quoted(name)} was added." for name in found.keys() - written.keys()]
    for name, cells in written.items():
        if name not in found:
            messages.append(f"The sheet {quoted(name)} was deleted, renamed or hidden.")
            continue
        for place in sorted(cells.keys() | found[name].keys(), key=lambda place: (len(place), place)):
            text = cells.get(place, "")
            if text.split() != found[name].get(place, "").split():  # some programs change tabs and line breaks
                was = quoted(text) if text else "nothing"
                messages.append(f"The cell {place} of {quoted(name)} was edited: the plan has {was} there.")
    return [_problem(ProblemCode.PLAN_EDITED, message) for message in messages]


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
    reading = {f.name: saved["reading"][f.name] for f in fields(SheetOptions) if f.name in saved["reading"]}
    if policy := reading["pin_policy"]:
        reading["pin_policy"] = PinPolicy(**policy)
    return PlanOptions(**{**saved, "reading": SheetOptions(**reading)})


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
