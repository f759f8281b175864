"""The first page of a plan file, for the person who approves it."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from bulkvm.columns import PLAN_DETAILS
from bulkvm.columns.sheet_columns import sha256_without_pins
from bulkvm.model.change import ChangeKind, Plan, PlannedStatus
from bulkvm.model.problem import Problem
from bulkvm.model.sheet import Sheet
from bulkvm.model.tenant import Tenant
from bulkvm.reports.text.plan_text import explain_blanks
from bulkvm.reports.text.problem_text import count_problems
from bulkvm.reports.workbook.result_columns import Results
from bulkvm.reports.workbook.summary import Line, LineKind, list_problems
from bulkvm.text import command_file, count, join_and, printable

FORM: Final = ("name and date", "signature")  # lines to fill in, on paper or in the file
_TIME: Final = "%Y-%m-%d %H:%M %Z"
_PINS: Final = (
    "This file contains no PINs, unless a name or an address does, and no warning that shows one. "
    "PINs are sent from the sheet, or generated when the plan is sent."
)
_SIGNING: Final = (
    "Sign the printed page or a PDF of it, or type into these lines. A picture or a comment in this file voids it."
)
_EXACT: Final = (
    "The plan is sent as it is, or not at all: it is refused if this file or the sheet was edited, if a box that it "
    "changes was changed on the PBX, if an unchanged row no longer agrees with its box, or after the date above."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanFacts:
    """What identifies a plan.

    Attributes:
        id: its name, for paper and journals.
        made_by: the user who made it, on this machine.
        login: the user on the PBX; blank for a token.
        file: the name of the plan file.
        options: the options that sending it needs.
        excess: how it exceeds the limit on changes, if it does.
    """

    id: str
    made: datetime
    valid_until: datetime
    made_by: str
    login: str
    site: str
    tenant: Tenant
    file: str
    options: str = ""
    excess: str = ""


def summarise_plan(
    facts: PlanFacts, sheet: Sheet, plan: Plan, planned: Results, problems: Sequence[Problem]
) -> list[Line]:
    """Summarise a plan: what changes where, what it was made from, and where to sign."""
    return [
        Line((f"Plan: {_title(plan)}",), LineKind.TITLE),
        Line((printable(f"Shared voicemail boxes of {facts.tenant}"),)),
        *_counts(plan, planned),
        *_facts(facts, sheet, plan),
        *_approval(problems),
        *list_problems(sheet, problems),
    ]


def _title(plan: Plan) -> str:
    kinds = {ChangeKind.CREATE: "create", ChangeKind.UPDATE: "change"}
    parts = [f"{word} {count(n, 'box', 'boxes')}" for kind, word in kinds.items() if (n := plan.counts[kind])]
    return join_and(parts) or "nothing to send"


def _counts(plan: Plan, planned: Results) -> Iterator[Line]:
    counted = Counter(texts[0] for texts in planned.rows.values())
    yield Line()
    yield Line(("Row", "What happens", "Rows"), LineKind.HEADING)
    for status in PlannedStatus:
        if counted[status]:
            yield Line((status, status.meaning, counted[status]), LineKind.ROW, status)
    yield Line(("total", f"the PBX has {count(plan.existing, 'box', 'boxes')} now", counted.total()), LineKind.ROW)


def _facts(facts: PlanFacts, sheet: Sheet, plan: Plan) -> Iterator[Line]:
    made_by = f"{facts.made_by}, as {facts.login} on the PBX" if facts.login else facts.made_by
    named = printable(sheet.path.name)
    rows = {
        "plan": facts.id,
        "tenant": str(facts.tenant),
        "PBX": facts.tenant.pbx,
        "site": facts.site,
        "sheet": f'{named}, sheet "{printable(sheet.name)}"' if sheet.name else named,
        "SHA-256 without PINs": sha256_without_pins(sheet),
        "made": printable(f"{facts.made:{_TIME}} by {made_by}"),
        "valid until": f"{facts.valid_until:{_TIME}}",
    }
    yield Line()
    yield Line((PLAN_DETAILS,), LineKind.SECTION)
    yield from (Line((name, text), LineKind.ROW) for name, text in rows.items())
    yield Line()
    texts = (
        " ".join(explain_blanks(plan.changes)),
        _PINS,
        _EXACT,
        f"{facts.excess} Whoever sends it must raise that limit." if facts.excess else "",
        f"To send it: bulkvm import {command_file(facts.file)} --approved{facts.options}",
    )
    yield from (Line((text,)) for text in texts if text)


def _approval(problems: Sequence[Problem]) -> Iterator[Line]:
    yield Line()
    yield Line(("Approval",), LineKind.SECTION)
    yield Line((_SIGNING,))
    yield from (Line((name, ""), LineKind.FORM) for name in FORM)
    if problems:
        yield Line()
        yield Line((f"Problems: {count_problems(problems)}",), LineKind.SECTION)
