"""Verifies the first box of each kind, with all its fields, before any other one is sent."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from bulkvm.model.box import Box
from bulkvm.model.change import Change, ChangeKind
from bulkvm.model.errors import AnotherBox, BulkvmError, NoSuchBox, PbxError, ReadBackDiffers
from bulkvm.model.outcome import Outcome, Reason, Status
from bulkvm.pbx import Pbx, WholeBox, complete_box
from bulkvm.planning import expected_box, left_out_values, name_fields
from bulkvm.upload.canary_findings import Findings, find_deviations
from bulkvm.upload.row_result import LOOKUP_PAUSES, RowResult


class CanaryCheck:
    """Reads a box back with all its fields after it was changed."""

    def __init__(
        self, change: Change, before: WholeBox | None, pbx: Pbx, on_whole: Callable[[int, str, WholeBox], None]
    ) -> None:
        """Prepare the check.

        Args:
            change: the change that was sent.
            before: the box right before the change, None if it was created.
            pbx: the PBX.
            on_whole: called with the box as it was read back.
        """
        self._change = change
        self._before = before
        self._pbx = pbx
        self._on_whole = on_whole

    async def run(self, outcome: Outcome, *, may_be_another: bool = False) -> RowResult:
        """Read the box back, and compare it with what was sent and with what it was before.

        Args:
            outcome: the outcome by the PBX's answer.
            may_be_another: whether the id may be that of another box.

        Raises:
            AnotherBox: it is.
        """
        try:
            after, findings = await self._read_back(outcome)
            if after:
                self._on_whole(outcome.row, "after", after)
        except PbxError as error:
            if may_be_another and isinstance(error, AnotherBox):
                raise
            return _failed(outcome, (f"it could not be read back: {error}",))
        except BulkvmError as error:
            return RowResult(outcome, error=error)
        is_removal = self._change.kind is ChangeKind.REMOVE
        if is_removal is not (after is None):
            finding = "it still exists on the PBX" if is_removal else "it does not exist on the PBX"
            return _failed(_unknown(outcome), (finding,))
        if after is None:
            return RowResult(outcome, is_verified=True)
        if findings.texts:
            return _failed(_unknown(outcome) if findings.not_saved else outcome, findings.texts, after.box)
        if left_out := left_out_values(self._change):
            unchecked = f"Whether the PBX kept {name_fields(left_out)} cannot be checked."
            outcome = replace(outcome, message=f"{outcome.message} {unchecked}".strip())
        outcome = not_as_sent(outcome, findings.not_cleared) if findings.not_cleared else outcome
        return RowResult(outcome, after.box, is_verified=True)

    async def _read_back(self, outcome: Outcome) -> tuple[WholeBox | None, Findings]:
        """The box as the PBX shows it, None if it does not exist. A change may become visible late."""
        change, after, findings = self._change, None, Findings()
        for pause in LOOKUP_PAUSES:
            await self._pbx.pause(pause)
            after = await self._fetch(outcome)
            if change.kind is ChangeKind.REMOVE:
                if after is None:
                    break
            elif after:
                shown = await complete_box(self._pbx, after.box, expected_box(change, after.box.id))
                findings = find_deviations(change, self._before, after, shown)
                if not findings.texts:
                    break
        return after, findings

    async def _fetch(self, outcome: Outcome) -> WholeBox | None:
        assert outcome.id is not None
        try:
            return await self._pbx.fetch_whole_box(outcome.id, outcome.extension_number)
        except NoSuchBox:
            return None


def not_as_sent(outcome: Outcome, differing: Sequence[str]) -> Outcome:
    """The outcome of a row whose box does not show the values that were sent."""
    message = f"It was {outcome.status}, but the PBX shows other values in {', '.join(differing)}."
    return replace(_unknown(outcome), message=message)


def _unknown(outcome: Outcome) -> Outcome:
    return replace(outcome, status=Status.UNKNOWN)


def _failed(outcome: Outcome, findings: Sequence[str], box: Box | None = None) -> RowResult:
    """The result that stops a run: the first box of a kind does not read back as expected."""
    what = "This is the first box of its kind in the run, and it does not read back as expected"
    message = " ".join(filter(None, (outcome.message, f"{what}: {'; '.join(findings)}")))
    lines = "\n".join(f"  {finding}" for finding in findings)
    error = ReadBackDiffers(
        f"Box {outcome.extension_number} (row {outcome.row}) does not read back as expected, so the run stopped and "
        f"nothing else was sent.\n{lines}\n"
        "Restore by hand what was lost in that box. Either this PBX does not work as documented or does not show all "
        "values, or someone else changed the box at the same time. Find the cause before you run the command again: it "
        "may do the same to another box. If the box is right, --no-canary skips this check."
    )
    return RowResult(replace(outcome, message=message, reason=Reason.DEVIATES), box, error=error)
