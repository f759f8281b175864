"""From a file to a plan, for `plan_sheet` and `import_sheet`."""

import asyncio
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from bulkvm.columns import PIN_COLUMN, SECRET_HEADERS, refused_text
from bulkvm.columns.cell_display import shown_number
from bulkvm.columns.sheet_columns import joined_texts, letters_by_header, refused_cells
from bulkvm.jobs.connection import Connection
from bulkvm.jobs.observer import Observer
from bulkvm.jobs.sheet_input import check_input, check_input_tenant
from bulkvm.jobs.sheet_options import PlanOptions
from bulkvm.model.box import BLANK, Record
from bulkvm.model.change import Plan
from bulkvm.model.outcome import Outcome, Status
from bulkvm.model.problem import Problem, ProblemCode, rows_with_errors
from bulkvm.model.settings import DEFAULT_PIN_POLICY, PinPolicy
from bulkvm.model.sheet import Sheet
from bulkvm.model.tenant import Tenant
from bulkvm.pbx import Pbx
from bulkvm.planning import ImportPlanner, NewPins, generate_pin, reason_to_skip
from bulkvm.reports.workbook.result_columns import messages_by_row
from bulkvm.runs import SheetRow
from bulkvm.text import count
from bulkvm.upload.current_boxes import add_undocumented
from bulkvm.validation import Checked, warn_of_blanks_beside_errors

_LENGTH_CODES: Final = frozenset({ProblemCode.PIN_LENGTH, ProblemCode.PIN_LOST_ZERO})  # the tenant's policy decides


@dataclass(frozen=True, slots=True)
class Prepared:
    """A checked sheet with its plan and tenant; both are None if the sheet's own errors ended the work.

    `warnings` are about the sheet and that tenant together.
    """

    sheet: Sheet
    checked: Checked
    plan: Plan | None = None
    tenant: Tenant | None = None
    warnings: tuple[Problem, ...] = ()

    @property
    def problems(self) -> tuple[Problem, ...]:
        """All problems, those of the sheet first; a warning that the plan makes an error is left out."""
        planned = self.plan.problems if self.plan else ()
        refused = {(problem.code, problem.cell) for problem in planned if problem.is_error}
        of_sheet = (p for p in self.checked.problems if p.is_error or (p.code, p.cell) not in refused)
        return (*self.warnings, *of_sheet, *planned)

    @property
    def left_out(self) -> tuple[Outcome, ...]:
        """The outcomes of the rows that are left out."""
        return self.plan.left_out if self.plan else self.checked.left_out_outcomes

    @property
    def generated_pins(self) -> Mapping[int, str]:
        """The PINs that were generated, by row."""
        came_with = {record.row: record.pin for record in self.checked.records}
        planned = [change.record for change in self.plan.changes] if self.plan else []
        return {r.row: r.pin for r in planned if r.pin is not BLANK and r.pin != came_with.get(r.row)}

    @property
    def pins_not_in_cells(self) -> Mapping[int, str]:
        """The PINs, by row, that are not those in the cells: generated ones, and those with a restored zero."""
        restored = {problem.row for problem in self.checked.problems if problem.code is ProblemCode.PIN_ZERO_RESTORED}
        pins = {r.row: r.pin for r in self.checked.records if r.row in restored and r.pin is not BLANK}
        return {**pins, **self.generated_pins}

    @property
    def pins_not_sent(self) -> set[int]:
        """The rows whose PIN is not sent since their box exists."""
        given = {record.row for record in self.checked.records if record.pin is not BLANK}
        changes = [change for change in self.plan.changes if PIN_COLUMN.header not in change.kept] if self.plan else []
        return {c.record.row for c in changes if c.box and c.record.pin is BLANK and c.record.row in given}

    @property
    def rows(self) -> list[SheetRow]:
        """Every row that was read, for the journal: as it will be sent, or as the sheet has it if it is not valid."""
        invalid, generated = rows_with_errors(self.problems), self.generated_pins
        messages = messages_by_row([problem for problem in self.problems if problem.row in invalid])
        letters = letters_by_header(self.sheet) if invalid else {}
        texts = {header: joined_texts(self.sheet, header, found) for header, found in letters.items()}
        refused, not_sent = refused_cells(self.sheet), self.pins_not_sent
        rows = self._rows_left_out()
        left_out = {sheet_row.record.row for sheet_row in rows}
        for record in self.checked.understood:
            row, extension = record.row, self.checked.extensions[record.row]
            if row in left_out:
                continue
            if row not in invalid:
                pin = BLANK if row in not_sent else generated.get(row, record.pin)
                whole = record if pin is record.pin else replace(record, pin=pin)
                rows.append(SheetRow(record=whole, has_generated_pin=row in generated))
                continue
            outcome = Outcome(row=row, extension_number=extension, status=Status.INVALID, message=messages.get(row, ""))
            cells = {
                header: texts[header][row]
                if refused.get(row, set()).isdisjoint(found)
                else refused_text(texts[header][row])
                for header, found in letters.items()
            }
            rows.append(SheetRow(record=replace(record, extension_number=extension), cells=cells, outcome=outcome))
        return rows

    def _rows_left_out(self) -> list[SheetRow]:
        """The rows that are left out, without their PINs."""
        outcomes = self.left_out
        letters = letters_by_header(self.sheet) if outcomes else {}
        texts = {
            header: joined_texts(self.sheet, header, found)
            for header, found in letters.items()
            if header not in SECRET_HEADERS
        }
        return [
            SheetRow(
                record=Record(row=outcome.row, extension_number=outcome.extension_number),
                cells={header: of_column[outcome.row] for header, of_column in texts.items()},
                outcome=outcome,
            )
            for outcome in outcomes
        ]

    @property
    def has_errors(self) -> bool:
        """Whether any problem is an error."""
        return any(problem.is_error for problem in self.problems)


def _ignore(_: Tenant) -> None:
    """No-op callback."""


def prepare(
    sheet: Sheet,
    options: PlanOptions,
    connection: Connection,
    observer: Observer,
    *,
    on_tenant: Callable[[Tenant], None] = _ignore,
    for_approval: bool = False,
) -> Prepared:
    """Check a sheet and plan its changes. A sheet with errors gets no plan unless invalid rows are skipped.

    `on_tenant` is called before any box is read. With `for_approval`, updates have the undocumented fields of their
    boxes. With errors about the length of PINs, the PBX is asked for the tenant's policy, which decides about them.
    """
    prepared = Prepared(sheet, check_input(sheet, options.reading, observer))
    if prepared.has_errors and _are_errors_certain(prepared, options):
        return replace(prepared, warnings=warn_of_blanks_beside_errors(prepared.checked))
    return asyncio.run(_compare(prepared, options, connection, observer, on_tenant, for_approval=for_approval))


def _are_errors_certain(prepared: Prepared, options: PlanOptions) -> bool:
    """Whether no answer of the PBX can change the errors of the sheet."""
    if not prepared.checked.is_readable:
        return True
    if options.skip_invalid or options.skip_taken:
        return False
    errors = (problem for problem in prepared.problems if problem.is_error)
    return options.reading.pin_policy is not None or not any(p.code in _LENGTH_CODES for p in errors)


async def _compare(
    prepared: Prepared,
    options: PlanOptions,
    connection: Connection,
    observer: Observer,
    on_tenant: Callable[[Tenant], None],
    *,
    for_approval: bool,
) -> Prepared:
    async with connection.open() as pbx:
        with observer.progress("Connecting"):
            tenant = await pbx.tenant()
            on_tenant(tenant)
        return await pbx.read_confirmed(
            lambda: _plan(prepared, options, pbx, observer, tenant, for_approval=for_approval)
        )


async def _plan(
    prepared: Prepared, options: PlanOptions, pbx: Pbx, observer: Observer, tenant: Tenant, *, for_approval: bool
) -> Prepared:
    """Compare a sheet with the boxes of a tenant."""
    with observer.progress("Connecting"):
        policy: PinPolicy = options.reading.pin_policy or await pbx.pin_policy()
    sheet, reading, checked = prepared.sheet, options.reading, prepared.checked
    planner, warnings = ImportPlanner(pbx), check_input_tenant(sheet, tenant)
    if options.skip_taken:
        sheet, unknown = await _leave_out_taken(prepared, planner, observer)
        warnings = (*warnings, *unknown)
    if sheet is not prepared.sheet or policy not in {reading.pin_policy, DEFAULT_PIN_POLICY}:
        checked = check_input(sheet, reading, observer, policy)
    prepared = Prepared(sheet, checked, None, tenant, warnings)
    if prepared.has_errors and not options.skip_invalid:
        return replace(prepared, warnings=(*prepared.warnings, *warn_of_blanks_beside_errors(checked)))
    pins = _make_new_pins(checked, options, policy)
    with observer.progress("Planning") as progress:
        plan = await planner.plan(
            checked.records,
            pins,
            progress,
            keep_unseen=options.keep_unseen,
            completed=checked.completed,
            sheet_numbers=checked.extensions.values(),
        )
        plan = await add_undocumented(plan, pbx) if for_approval else plan
    plan = replace(
        plan,
        problems=checked.with_cells(plan.problems),
        left_out=checked.left_out_outcomes,
        skips_taken=options.skip_taken,
    )
    return replace(prepared, plan=replace(plan, refused=len(rows_with_errors((*checked.problems, *plan.problems)))))


async def _leave_out_taken(
    prepared: Prepared, planner: ImportPlanner, observer: Observer
) -> tuple[Sheet, list[Problem]]:
    """The sheet without the rows whose numbers belong to something other than a box, and a warning about the others."""
    sheet, records = prepared.sheet, prepared.checked.understood
    numbers = [record.extension_number for record in records if record.extension_number]
    with observer.progress("Looking up the numbers") as progress:
        taken, unknown = await planner.find_taken(numbers, progress)
    warnings = [_warn_of_unknown_numbers(unknown)] if unknown else []
    if not taken:
        return sheet, warnings
    owners = ((record.row, taken.get(record.extension_number)) for record in records)
    reasons = {row: reason_to_skip(owner) for row, owner in owners if owner}
    return replace(sheet, left_out=dict(sorted((dict(sheet.left_out) | reasons).items()))), warnings


def _warn_of_unknown_numbers(numbers: Sequence[str]) -> Problem:
    amount, first = count(len(numbers), "number"), shown_number(numbers[0])
    message = (
        f"the PBX does not show whether {amount} in the sheet (first {first}) can be used for a new box. A row whose "
        "number belongs to something else, such as a user, is rejected instead of being left out. Use a login that may "
        "list users and other extensions."
    )
    return Problem(row=None, code=ProblemCode.NUMBERS_NOT_KNOWN, message=message)


def _make_new_pins(checked: Checked, options: PlanOptions, policy: PinPolicy) -> NewPins:
    """Which rows without a PIN get a generated one."""

    def make(extension_number: str) -> str:
        return generate_pin(policy, extension_number, secrets.choice)

    is_needed = options.generate_pins or options.reading.replace_pins
    return NewPins(
        policy,
        make if is_needed else None,
        checked.refused_pins,
        for_refused_only=not options.generate_pins,
        only_of_new=options.reading.replace_pins,
        not_sent=checked.pins_not_sent,
        sent=checked.sent_pins,
    )
