"""The JSON documents on standard output. Fields may be added, but not changed or removed."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from bulkvm.cli.file_arguments import source_of
from bulkvm.cli.main import CliContext
from bulkvm.columns import COLUMN_OF_HEADER, COLUMNS
from bulkvm.columns.sheet_columns import sha256_without_pins
from bulkvm.model.box import BLANK, Absent, Box, Value
from bulkvm.model.change import Change, ChangeKind, Plan, PlannedStatus
from bulkvm.model.outcome import Outcome, Status, count_statuses, count_unseen
from bulkvm.model.problem import Problem
from bulkvm.model.settings import Site
from bulkvm.model.sheet import ReadAs
from bulkvm.model.tenant import Tenant
from bulkvm.text import printable_json

if TYPE_CHECKING:
    from bulkvm.jobs.diff_boxes import DiffReport
    from bulkvm.jobs.each_tenant import TenantsReport
    from bulkvm.jobs.plan_sheet import PlanReport
    from bulkvm.jobs.run_execution import RunReport
    from bulkvm.jobs.validate_sheet import ValidationReport
    from bulkvm.pbx.diagnostics import Finding

SCHEMA: Final = 1

_END_OF_LIST: Final = b"]\n}\n"
_PROBLEMS_AT_ONCE: Final = 1_000
_ENCODER: Final = json.JSONEncoder(ensure_ascii=False)


def print_json(document: Mapping[str, Any]) -> None:
    """Print the JSON document of a command."""
    context = click.get_current_context().ensure_object(CliContext)
    context.streams.write_data(format_json(document))
    context.needs_document = False


def print_validation(file: Path, report: "ValidationReport") -> None:
    """Print the document of `validate --json` in parts, since a sheet may have a million problems."""
    context = click.get_current_context().ensure_object(CliContext)
    counts = {"rows": report.rows, "valid": report.valid, "left_out": report.left_out}
    head = {"schema": SCHEMA, "file": source_of(file) or str(file), "sheet": report.sheet, **counts}
    document: dict[str, Any] = {**head, "read_as": _read_as(report.read_as), "problems": []}
    context.needs_document = False
    context.streams.write_data(format_json(document).removesuffix(_END_OF_LIST))
    left, before = iter(report.problems), "\n"
    while some := list(islice(left, _PROBLEMS_AT_ONCE)):
        context.streams.write_data(printable_json(before + ",\n".join(map(_format_problem, some))).encode())
        before = ",\n"
    context.streams.write_data(_END_OF_LIST if before == "\n" else b"\n  " + _END_OF_LIST)


def _format_problem(problem: Problem) -> str:
    """A problem as `format_json` writes it in a list."""
    fields = ",\n".join(f'      "{name}": {_ENCODER.encode(value)}' for name, value in _problem(problem).items())
    return f"    {{\n{fields}\n    }}"


def format_json(document: Mapping[str, Any]) -> bytes:
    """Encode a document as UTF-8, regardless of the encoding of the terminal or pipe."""
    return f"{printable_json(json.dumps(document, ensure_ascii=False, indent=2))}\n".encode()


def error_document(message: str, exit_code: int) -> dict[str, Any]:
    """The document of a command that ends before it has one of its own."""
    return {"schema": SCHEMA, "error": {"exit_code": exit_code, "message": message}}


def plan_document(report: "PlanReport") -> dict[str, Any]:
    """The document of `plan --json`."""
    from bulkvm.planning import describe_unseen

    plan = report.plan or Plan(())
    rows = [
        {
            "row": change.record.row,
            "extension_number": change.record.extension_number,
            "change": change.kind,
            "id": change.box.id if change.box else None,
            "changed": list(change.changed),
            "unseen": list(change.unseen),
            "message": describe_unseen(change),
            "pbx_code": None,
            "attempts": 0,
            "differences": [
                {"field": field, "old": _shown(field, old), "new": _shown(field, new)}
                for field, old, new in _values_sent(change)
            ],
            "generated_pin": change.record.row in report.generated,
        }
        for change in plan.changes
    ]
    rows += [_row_left_out(outcome) for outcome in report.left_out]
    rows.sort(key=itemgetter("row"))
    run = {"site": report.site, "tenant": tenant_object(report.tenant), "run": None}
    others = {
        Status.LEFT_OUT: len(report.left_out),
        PlannedStatus.REFUSED: len(report.refused),
        "not compared": report.not_compared,
    }
    counts: dict[Any, int] = {**plan.counts, **{words: n for words, n in others.items() if n}}
    unseen = Counter(field for change in plan.changes for field in change.unseen)
    return {
        **_run_document(run, counts, rows, report.problems),
        "unseen": unseen,
        "excess": report.excess,
        "read_as": _read_as(report.read_as),
        "existing": plan.existing,
        "refused": [
            {"row": row, "extension_number": number, "message": message}
            for row, (number, message) in report.refused.items()
        ],
        **_plan_details(report),
    }


def _plan_details(report: "PlanReport") -> dict[str, Any]:
    """What a plan was made from, and its file."""
    sheet, saved = report.sheet, report.output
    return {
        "sheet": {
            "file": str(sheet.path),
            "name": sheet.name,
            "sha256_without_pins": sha256_without_pins(sheet),
        }
        if sheet
        else None,
        "plan": {
            "file": str(saved.path),
            "id": saved.id,
            "sha256": saved.sha256,
            "made": saved.made.isoformat(),
            "valid_until": saved.valid_until.isoformat(),
        }
        if saved
        else None,
    }


def _row_left_out(outcome: Outcome) -> dict[str, Any]:
    """A row that is left out, as `plan --json` shows it."""
    return {
        "row": outcome.row,
        "extension_number": outcome.extension_number,
        "change": outcome.status,
        "id": None,
        "changed": [],
        "unseen": [],
        "message": outcome.message,
        "pbx_code": None,
        "attempts": 0,
        "differences": [],
        "generated_pin": False,
    }


def _values_sent(change: Change) -> Iterator[tuple[str, Value | Absent, Value | Absent]]:
    """The fields that a change sends, with their old and new values; a new box has no old ones."""
    if change.kind is not ChangeKind.CREATE:
        yield from ((d.field, d.old, d.new) for d in change.differences)
        return
    for column in COLUMNS:
        value = getattr(change.record, column.header, BLANK)
        if column.updatable and value is not BLANK:
            yield column.header, BLANK, value


def run_document(report: "RunReport") -> dict[str, Any]:
    """The document of `import --json` and `undo --json`."""
    rows = [
        {
            "row": outcome.row,
            "extension_number": outcome.extension_number,
            "status": outcome.status,
            "id": outcome.id,
            "changed": list(outcome.changed),
            "unseen": list(outcome.unseen),
            "message": outcome.message,
            "pbx_code": outcome.pbx_code,
            "attempts": outcome.attempts,
            "reason": outcome.reason,
        }
        for outcome in report.outcomes
    ]
    run = {"site": report.site, "tenant": tenant_object(report.tenant), "run": report.run}
    counts, unseen = count_statuses(report.outcomes), count_unseen(report.outcomes)
    document = _run_document(run, counts, rows, report.problems)
    return {**document, "unseen": unseen, "read_as": _read_as(report.read_as), "plan": report.plan}


def diff_document(report: "DiffReport") -> dict[str, Any]:
    """The document of `diff --json`."""
    (a, b), diff = report.names, report.diff
    return {
        "schema": SCHEMA,
        "a": a,
        "b": b,
        "read_as": _read_as(report.read_as),
        "counts": {
            "only_a": len(diff.only_a),
            "only_b": len(diff.only_b),
            "changed": len(diff.changed),
            "unchanged": diff.unchanged,
        },
        "only_a": [_box(box) for box in diff.only_a],
        "only_b": [_box(box) for box in diff.only_b],
        "changed": [
            {
                **_box(changed.box),
                "differences": [
                    {"field": d.field, "a": _shown(d.field, d.old), "b": _shown(d.field, d.new)}
                    for d in changed.differences
                ],
            }
            for changed in diff.changed
        ],
        "not_compared": list(diff.not_compared),
    }


def tenant_diffs_document(report: "TenantsReport[DiffReport]") -> dict[str, Any]:
    """The document of `diff --all-tenants --json`: that of `diff --json` for each tenant, or an error."""
    tenants = [
        {"tenant": name, "error": str(end)}
        if isinstance(end, Exception)
        else {"tenant": name, "error": None, **diff_document(end)}
        for name, end in report.by_tenant.items()
    ]
    return {"schema": SCHEMA, "tenants": tenants, "unmatched": list(report.unmatched)}


def _box(box: Box) -> dict[str, Any]:
    return {"extension_number": box.extension_number, "name": box.name if isinstance(box.name, str) else None}


def _shown(field: str, value: Value | Absent) -> str | bool | None:
    """A value as in the API; null for an empty field and for every PIN."""
    column = COLUMN_OF_HEADER[field]
    if column.secret or isinstance(value, Absent):
        return None
    return value if isinstance(value, bool | str) else column.format(value)


def sites_document(sites: Iterable[Site], stored: Mapping[str, bool]) -> dict[str, Any]:
    """The document of `sites --json`."""
    fields = ("name", "url", "domain", "user", "switch_to", "ca_file", "fingerprint", "max_rps", "concurrency")
    shown = [
        {field: getattr(site, field) for field in fields}
        | {"tenant": tenant_object(site.tenant)}
        | {"secret_stored": stored[site.name], "secret_from": _secret_from(site, stored=stored[site.name])}
        for site in sites
    ]
    return {"schema": SCHEMA, "sites": shown}


def _secret_from(site: Site, *, stored: bool) -> str | None:
    if site.password_command:
        return "password_command"
    if site.password_file:
        return "password_file"
    return "keyring" if stored else None


def doctor_document(site: str, findings: "Iterable[Finding]") -> dict[str, Any]:
    """The document of `doctor --json`."""
    checks = [{"check": found.check, "ok": found.error is None, "message": found.text} for found in findings]
    return {"schema": SCHEMA, "site": site, "checks": checks}


def _run_document(
    run: Mapping[str, Any], counts: Mapping[Any, int], rows: list[dict[str, Any]], problems: Iterable[Problem]
) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        **run,
        "counts": dict(counts),
        "rows": rows,
        "problems": [_problem(problem) for problem in problems],
    }


def tenants_document(report: "TenantsReport[int]") -> dict[str, Any]:
    """The document of `tenants --json`; `boxes` is null if they were not counted."""
    tenants = [
        {
            **(tenant_object(listed.tenant) or {}),
            "enabled": listed.is_enabled,
            "boxes": end if isinstance(end := report.by_tenant.get(name), int) else None,
            "error": str(end) if isinstance(end, Exception) else None,
        }
        for name, listed in report.tenants.items()
    ]
    return {"schema": SCHEMA, "tenants": tenants}


def tenant_object(tenant: Tenant | None) -> dict[str, Any] | None:
    """A tenant in a document; null if it is not known."""
    if tenant is None:
        return None
    return {"pbx": tenant.pbx, "id": tenant.id, "name": tenant.name, "domain": tenant.domain}


def _read_as(read_as: ReadAs | None) -> dict[str, Any] | None:
    """How another system's export was read; null for any other file."""
    if read_as is None:
        return None
    columns = {header: list(headings) for header, headings in read_as.columns.items()}
    return {
        "system": read_as.system,
        "columns": columns,
        "never_read": list(read_as.never_read),
        "left_out": dict(read_as.left_out),
        **({"contexts": dict(read_as.contexts)} if read_as.contexts else {}),
    }


def _problem(problem: Problem) -> dict[str, Any]:
    return {
        "row": problem.row,
        "cell": problem.cell,
        "column": problem.column,
        "severity": problem.severity,
        "code": problem.code,
        "message": problem.message_with_option,
    }
