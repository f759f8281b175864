"""From a file to a plan: what `plan` and `import` have in common."""

import asyncio
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from bulkvm.cli.connection import Connection
from bulkvm.cli.console import Console
from bulkvm.cli.options import Reading, warn_of_other_tenant
from bulkvm.cli.running import before_sending
from bulkvm.columns import refused_text
from bulkvm.columns.sheet_columns import refused_cells, sheet_columns
from bulkvm.model.box import BLANK
from bulkvm.model.outcome import Outcome, Status
from bulkvm.model.problem import Problem, rows_with_errors
from bulkvm.model.settings import DEFAULT_PIN_POLICY, PinPolicy
from bulkvm.model.tenant import Tenant

if TYPE_CHECKING:
    from bulkvm.model.change import Plan
    from bulkvm.model.sheet import Sheet
    from bulkvm.runs import SheetRow
    from bulkvm.validation import Checked


_OF_LENGTH: Final = frozenset({"pin-length", "pin-lost-zero"})


@dataclass(frozen=True, slots=True)
class Prepared:
    """A checked sheet, its plan and whose boxes it is for; neither where the sheet's own errors ended the work.

    `warnings` are about the sheet and that tenant together.
    """

    sheet: "Sheet"
    checked: "Checked"
    plan: "Plan | None" = None
    tenant: Tenant | None = None
    warnings: tuple[Problem, ...] = ()

    @property
    def problems(self) -> tuple[Problem, ...]:
        """All problems, those of the sheet first."""
        return (*self.warnings, *self.checked.problems, *(self.plan.problems if self.plan else ()))

    @property
    def generated_pins(self) -> Mapping[int, str]:
        """The PINs that were made up for rows that came without one, by row."""
        came_with = {record.row for record in self.checked.records if record.pin is not BLANK}
        planned = [change.record for change in self.plan.changes] if self.plan else []
        return {r.row: r.pin for r in planned if r.pin is not BLANK and r.row not in came_with}

    @property
    def rows(self) -> "list[SheetRow]":
        """Every row that was read, whole: as it is to be sent, and as it stands in the sheet where it is not valid."""
        from bulkvm.reports.workbook.result_columns import messages_of_rows
        from bulkvm.runs import SheetRow

        invalid, generated = rows_with_errors(self.problems), self.generated_pins
        messages = messages_of_rows([problem for problem in self.problems if problem.row in invalid])
        columns = sheet_columns(self.sheet) if invalid else {}
        texts, refused = {letter: self.sheet.texts(letter) for letter in columns}, refused_cells(self.sheet)
        rows = []
        for record in self.checked.understood:
            row, extension = record.row, self.checked.extensions[record.row]
            if row not in invalid:
                whole = replace(record, pin=generated[row]) if row in generated else record
                rows.append(SheetRow(record=whole, has_generated_pin=row in generated))
                continue
            outcome = Outcome(row=row, extension_number=extension, status=Status.INVALID, message=messages.get(row, ""))
            cells = {
                column.header: refused_text(texts[letter][row])
                if letter in refused.get(row, ())
                else texts[letter][row]
                for letter, column in columns.items()
            }
            rows.append(SheetRow(record=replace(record, extension_number=extension), cells=cells, outcome=outcome))
        return rows

    @property
    def has_errors(self) -> bool:
        """Whether any problem is an error."""
        return any(problem.is_error for problem in self.problems)


def _ignore(_: Tenant) -> None:
    """No-op callback."""


def prepare(
    sheet: "Sheet",
    reading: Reading,
    connection: Connection,
    console: Console,
    *,
    skip_invalid: bool,
    generate_pins: bool = False,
    keep_unseen: bool = False,
    on_tenant: Callable[[Tenant], None] = _ignore,
) -> Prepared:
    """Check and compare a sheet. One with errors gets no plan, unless they are to be skipped.

    `on_tenant` is called before any box is read. How long a PIN may be, the tenant decides: what is wrong with that
    alone is known only from the PBX.
    """
    prepared = Prepared(sheet, reading.check(sheet, console))
    errors = [problem for problem in prepared.problems if problem.is_error]
    is_certain = reading.pin_policy is not None or any(problem.code not in _OF_LENGTH for problem in errors)
    if errors and is_certain and not (skip_invalid and prepared.checked.is_readable):
        return prepared
    with before_sending():
        return asyncio.run(
            _compare(
                prepared,
                reading,
                connection,
                console,
                skip_invalid=skip_invalid,
                generate_pins=generate_pins,
                keep_unseen=keep_unseen,
                on_tenant=on_tenant,
            )
        )


async def _compare(
    prepared: Prepared,
    reading: Reading,
    connection: Connection,
    console: Console,
    *,
    skip_invalid: bool,
    generate_pins: bool,
    keep_unseen: bool,
    on_tenant: Callable[[Tenant], None],
) -> Prepared:
    from bulkvm.planning import generate_pin, plan_for

    sheet = prepared.sheet
    async with connection.open() as pbx:
        with console.progress("Connecting"):
            tenant = await pbx.tenant()
            on_tenant(tenant)
            policy: PinPolicy = reading.pin_policy or await pbx.pin_policy()
        checked = prepared.checked
        if policy not in {reading.pin_policy, DEFAULT_PIN_POLICY}:
            checked = reading.check(sheet, console, policy)
        prepared = Prepared(sheet, checked, None, tenant, warn_of_other_tenant(sheet, tenant))
        if prepared.has_errors and not skip_invalid:
            return prepared

        def make_pin(extension_number: str) -> str:
            return generate_pin(policy, extension_number, secrets.choice)

        with console.progress("Planning") as progress:
            plan = await plan_for(
                pbx,
                prepared.checked.records,
                progress=progress,
                policy=policy,
                make_pin=make_pin if generate_pins else None,
                keep_unseen=keep_unseen,
            )
    return replace(prepared, plan=plan)
