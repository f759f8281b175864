"""From a file to a plan: what `plan` and `import` have in common."""

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bulkvm.cli.connection import Connection
from bulkvm.cli.options import Reading
from bulkvm.cli.screen import Screen
from bulkvm.problems import Problem
from bulkvm.settings import DEFAULT_PIN_POLICY, PinPolicy

if TYPE_CHECKING:
    from bulkvm.changes import Plan
    from bulkvm.sheet import Sheet
    from bulkvm.validation import Checked


@dataclass(frozen=True, slots=True)
class Prepared:
    """A checked sheet, and its plan; no plan where the sheet's own errors ended the work."""

    sheet: "Sheet"
    checked: "Checked"
    plan: "Plan | None" = None

    @property
    def problems(self) -> tuple[Problem, ...]:
        """All problems, those of the sheet first."""
        return (*self.checked.problems, *(self.plan.problems if self.plan else ()))

    @property
    def has_errors(self) -> bool:
        """Whether any problem is an error."""
        return any(problem.is_error for problem in self.problems)


def prepare(file: Path, reading: Reading, connection: Connection, screen: Screen, *, skip_invalid: bool) -> Prepared:
    """Read, check and compare a sheet. One with errors gets no plan, unless they are to be skipped."""
    from bulkvm.validation import validate

    sheet = reading.read(file)
    checked = validate(sheet, meant=reading.meant)
    prepared = Prepared(sheet, checked)
    if prepared.has_errors and not (skip_invalid and checked.is_readable):
        return prepared
    return asyncio.run(_compare(prepared, reading, connection, screen, skip_invalid=skip_invalid))


async def _compare(
    prepared: Prepared, reading: Reading, connection: Connection, screen: Screen, *, skip_invalid: bool
) -> Prepared:
    from bulkvm.upload import plan_for
    from bulkvm.validation import validate

    sheet, checked = prepared.sheet, prepared.checked
    async with connection.open() as pbx:
        policy: PinPolicy = await pbx.pin_policy()
        if policy != DEFAULT_PIN_POLICY:
            checked = validate(sheet, policy, meant=reading.meant)
            if Prepared(sheet, checked).has_errors and not skip_invalid:
                return Prepared(sheet, checked)
        with screen.progress("Boxes read") as progress:
            plan = await plan_for(pbx, checked.records, progress)
    return Prepared(sheet, checked, plan)
