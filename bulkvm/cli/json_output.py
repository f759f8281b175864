"""The JSON documents on standard output. They are only ever added to."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from bulkvm.cli.main import CliContext
from bulkvm.columns import COLUMN_OF_HEADER
from bulkvm.model.box import Absent, Box, Value
from bulkvm.model.change import Plan
from bulkvm.model.outcome import Outcome, count_statuses, count_unseen
from bulkvm.model.problem import Problem
from bulkvm.model.settings import Site
from bulkvm.model.tenant import Tenant
from bulkvm.text import printable_json

if TYPE_CHECKING:
    from bulkvm.pbx.diagnostics import Finding
    from bulkvm.planning import Diff

SCHEMA: Final = 1

_END_OF_LIST: Final = b"]\n}\n"
_PROBLEMS_AT_ONCE: Final = 1_000
_ENCODER: Final = json.JSONEncoder(ensure_ascii=False)


def print_json(form: Mapping[str, Any]) -> None:
    """Print the one document of a command."""
    wishes = click.get_current_context().ensure_object(CliContext)
    wishes.streams.write(format_json(form))
    wishes.document = False


def print_validation(file: Path, sheet: str | None, rows: int, valid: int, problems: Iterable[Problem]) -> None:
    """Print what `validate --json` prints: a problem after the other, since a sheet may have a million of them."""
    wishes = click.get_current_context().ensure_object(CliContext)
    form = {"schema": SCHEMA, "file": str(file), "sheet": sheet, "rows": rows, "valid": valid, "problems": []}
    wishes.document = False
    wishes.streams.write(format_json(form).removesuffix(_END_OF_LIST))
    left, before = iter(problems), "\n"
    while some := list(islice(left, _PROBLEMS_AT_ONCE)):
        wishes.streams.write(printable_json(before + ",\n".join(map(_format_problem, some))).encode())
        before = ",\n"
    wishes.streams.write(_END_OF_LIST if before == "\n" else b"\n  " + _END_OF_LIST)


def _format_problem(problem: Problem) -> str:
    """A problem, as `format_json` writes it in a list."""
    fields = ",\n".join(f'      "{name}": {_ENCODER.encode(value)}' for name, value in _problem(problem).items())
    return f"    {{\n{fields}\n    }}"


def format_json(form: Mapping[str, Any]) -> bytes:
    """A document, as bytes: JSON is UTF-8, whatever the terminal or the pipe takes for text."""
    return f"{printable_json(json.dumps(form, ensure_ascii=False, indent=2))}\n".encode()


def error_form(message: str, exit_code: int) -> dict[str, Any]:
    """What any command prints with --json that ends before it has a document of its own."""
    return {"schema": SCHEMA, "error": {"exit_code": exit_code, "message": message}}


def plan_form(
    site: str, tenant: Tenant | None, plan: Plan, problems: Iterable[Problem], excess: str | None
) -> dict[str, Any]:
    """What `plan --json` prints; `excess` says how it goes beyond --max-changes, if it does."""
    from bulkvm.planning import describe_unseen

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
        }
        for change in plan.changes
    ]
    run = {"site": site, "tenant": tenant_form(tenant), "run": None}
    unseen = Counter(field for change in plan.changes for field in change.unseen)
    return {**_run_form(run, plan.counts, rows, problems), "unseen": unseen, "excess": excess}


def import_form(
    site: str, tenant: Tenant | None, run: str | None, outcomes: Iterable[Outcome], problems: Iterable[Problem]
) -> dict[str, Any]:
    """What `import --json` prints."""
    accounted = tuple(outcomes)
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
        }
        for outcome in accounted
    ]
    facts = {"site": site, "tenant": tenant_form(tenant), "run": run}
    return {**_run_form(facts, count_statuses(accounted), rows, problems), "unseen": count_unseen(accounted)}


def diff_form(a: str, b: str, diff: "Diff") -> dict[str, Any]:
    """What `diff --json` prints."""
    return {
        "schema": SCHEMA,
        "a": a,
        "b": b,
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


def _box(box: Box) -> dict[str, Any]:
    return {"extension_number": box.extension_number, "name": box.name if isinstance(box.name, str) else None}


def _shown(field: str, value: Value | Absent) -> str | bool | None:
    """A value as the API has it; null where there is none, and for every PIN."""
    column = COLUMN_OF_HEADER[field]
    if column.secret or isinstance(value, Absent):
        return None
    return value if isinstance(value, bool | str) else column.format(value)


def sites_form(sites: Iterable[Site], stored: Mapping[str, bool]) -> dict[str, Any]:
    """What `sites --json` prints."""
    fields = ("name", "url", "domain", "user", "ca_file", "fingerprint")
    shown = [
        {field: getattr(site, field) for field in fields}
        | {"tenant": tenant_form(site.tenant)}
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


def doctor_form(site: str, findings: "Iterable[Finding]") -> dict[str, Any]:
    """What `doctor --json` prints."""
    checks = [{"check": found.check, "ok": found.error is None, "message": found.text} for found in findings]
    return {"schema": SCHEMA, "site": site, "checks": checks}


def _run_form(
    run: Mapping[str, Any], counts: Mapping[Any, int], rows: list[dict[str, Any]], problems: Iterable[Problem]
) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        **run,
        "counts": dict(counts),
        "rows": rows,
        "problems": [_problem(problem) for problem in problems],
    }


def tenant_form(tenant: Tenant | None) -> dict[str, Any] | None:
    """A tenant in any document; null where it is not known."""
    if tenant is None:
        return None
    return {"pbx": tenant.pbx, "id": tenant.id, "name": tenant.name, "domain": tenant.domain}


def _problem(problem: Problem) -> dict[str, Any]:
    return {
        "row": problem.row,
        "cell": problem.cell,
        "column": problem.column,
        "severity": problem.severity,
        "code": problem.code,
        "message": problem.message,
    }
