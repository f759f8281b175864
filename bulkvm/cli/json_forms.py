"""The JSON documents on standard output. They are only ever added to."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

import click

from bulkvm.changes import Plan
from bulkvm.outcomes import Outcome, count_statuses
from bulkvm.problems import Problem

SCHEMA: Final = 1


def print_json(form: Mapping[str, Any]) -> None:
    """Print one document."""
    click.echo(json.dumps(form, ensure_ascii=False, indent=2))


def validate_form(file: Path, sheet: str | None, rows: int, valid: int, problems: Iterable[Problem]) -> dict[str, Any]:
    """What `validate --json` prints."""
    return {
        "schema": SCHEMA,
        "file": str(file),
        "sheet": sheet,
        "rows": rows,
        "valid": valid,
        "problems": [_problem(problem) for problem in problems],
    }


def plan_form(site: str, plan: Plan, problems: Iterable[Problem]) -> dict[str, Any]:
    """What `plan --json` prints."""
    rows = [
        {
            "row": change.record.row,
            "extension_number": change.record.extension_number,
            "change": change.kind,
            "id": change.box.id if change.box else None,
            "changed": list(change.changed),
            "message": "",
            "pbx_code": None,
            "attempts": 0,
        }
        for change in plan.changes
    ]
    return _run_form(site, None, plan.counts, rows, problems)


def import_form(site: str, run: str | None, outcomes: Iterable[Outcome], problems: Iterable[Problem]) -> dict[str, Any]:
    """What `import --json` prints."""
    accounted = tuple(outcomes)
    rows = [
        {
            "row": outcome.row,
            "extension_number": outcome.extension_number,
            "status": outcome.status,
            "id": outcome.id,
            "changed": list(outcome.changed),
            "message": outcome.message,
            "pbx_code": outcome.pbx_code,
            "attempts": outcome.attempts,
        }
        for outcome in accounted
    ]
    return _run_form(site, run, count_statuses(accounted), rows, problems)


def _run_form(
    site: str, run: str | None, counts: Mapping[Any, int], rows: list[dict[str, Any]], problems: Iterable[Problem]
) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "site": site,
        "run": run,
        "counts": dict(counts),
        "rows": rows,
        "problems": [_problem(problem) for problem in problems],
    }


def _problem(problem: Problem) -> dict[str, Any]:
    return {
        "row": problem.row,
        "cell": problem.cell,
        "column": problem.column,
        "severity": problem.severity,
        "code": problem.code,
        "message": problem.message,
    }
