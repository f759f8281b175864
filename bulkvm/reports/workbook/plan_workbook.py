"""Plan files: the sheet with what happens to each row, a page to sign, and the plan itself for `import --approved`."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Final

from bulkvm.columns import SECRET_HEADERS
from bulkvm.columns.sheet_columns import letters_by_header
from bulkvm.model.box import Absent
from bulkvm.model.change import Change, Plan, PlannedStatus
from bulkvm.model.problem import Problem
from bulkvm.model.sheet import Sheet
from bulkvm.reports.workbook.annotation import Annotation
from bulkvm.reports.workbook.original.memory_estimate import fits_in_memory
from bulkvm.reports.workbook.original.plan_copy import format_plan_copy
from bulkvm.reports.workbook.our_columns import in_our_columns
from bulkvm.reports.workbook.plan_columns import SHORTEST_PIN, make_planned, mask_pins, numbers_in
from bulkvm.reports.workbook.plan_summary import PlanFacts, summarise_plan
from bulkvm.reports.workbook.text_only.text_copy import format_text_copy

_MAX_FORMATTED: Final = 10_000  # rows; more are written as text only, in less time and memory


def format_plan(
    sheet: Sheet,
    plan: Plan,
    others: Mapping[int, tuple[PlannedStatus, str]],
    problems: Sequence[Problem],
    facts: PlanFacts,
    *,
    generated: frozenset[int],
    hidden: Sequence[str] = (),
) -> bytes:
    """Return a workbook with a plan; no PIN is in it.

    Args:
        sheet: the sheet as it was read; that of another system's export is shown in bulkvm's columns.
        plan: its plan.
        others: the status and the reason of each row that is not in the plan.
        problems: all problems, for the first page.
        facts: what identifies the plan.
        generated: the rows whose PIN is generated when the plan is sent.
        hidden: the texts of the hidden part.
    """
    sheet, problems = in_our_columns(sheet, problems)
    planned, pins = make_planned(plan.changes, others, generated), known_pins(sheet, plan.changes)
    masked = mask_pins(sheet, plan.changes, pins)
    page = summarise_plan(facts, sheet, plan, planned, problems)
    annotation = Annotation({}, page, planned, hidden=hidden, footer=f"Plan {facts.id}")
    if sheet.name is not None and fits_in_memory(sheet.path) and len(planned.rows) <= _MAX_FORMATTED:
        with suppress(Exception):  # openpyxl can fail on any content
            return format_plan_copy(masked, pins, annotation)
    return format_text_copy(masked, annotation)


def known_pins(sheet: Sheet, changes: Sequence[Change]) -> frozenset[str]:
    """The PINs in a sheet and of its boxes on the PBX."""
    letters = [letter for header in SECRET_HEADERS for letter in letters_by_header(sheet).get(header, ())]
    texts = {text for letter in letters for text in sheet.cells[letter].tolist()}
    boxes = {change.box.pin for change in changes if change.box and not isinstance(change.box.pin, Absent)}
    return frozenset(number for text in texts | boxes for number in numbers_in(text) if len(number) >= SHORTEST_PIN)
