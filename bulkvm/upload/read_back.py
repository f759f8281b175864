"""The first box of each kind, read back with all its fields before any other one is sent."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import Final

from bulkvm.model.box import Box
from bulkvm.model.change import Change, ChangeKind
from bulkvm.model.errors import AnotherBox, BulkvmError, NoSuchBox, PbxError, ReadBackDiffers
from bulkvm.model.outcome import Outcome, Status
from bulkvm.pbx import Pbx, WholeBox
from bulkvm.planning import expected_box
from bulkvm.upload.canary import Verdict, judge

PAUSES: Final = (0.0, 0.5, 1.0, 2.0)  # seconds before each look for what the PBX may do, or show, late


class ReadBack(Enum):
    """Which boxes are read back after they were written."""

    IN_DOUBT = "in doubt"
    IF_POSSIBLE = "if possible"  # for the journal; a failure to do so is none of the row
    ALWAYS = "always"
    CANARY = "canary"  # with all fields, before any other row is sent


@dataclass(frozen=True, slots=True)
class Sent:
    """What became of one change.

    Attributes:
        outcome: for the person.
        box: as it was read back, where it was.
        is_proven: whether it was read back as a canary, and is as it should be.
        error: why no other change may be sent.
    """

    outcome: Outcome
    box: Box | None = None
    is_proven: bool = False
    error: BulkvmError | None = None


async def prove(
    change: Change,
    before: WholeBox | None,
    outcome: Outcome,
    pbx: Pbx,
    note_whole: Callable[[int, str, WholeBox], None],
    *,
    may_be_another: bool = False,
) -> Sent:
    """Read a box back that was written, whole.

    Args:
        change: what was sent.
        before: the box right before that, None where it was created.
        outcome: what became of it by the PBX's answer.
        pbx: where.
        note_whole: called with the box as it was read back.
        may_be_another: whether the id may be that of another box.

    Raises:
        AnotherBox: so it is.
    """
    try:
        after, verdict = await _read_until_right(change, before, outcome, pbx)
        if after:
            note_whole(outcome.row, "after", after)
    except PbxError as error:
        if may_be_another and isinstance(error, AnotherBox):
            raise
        return _unproven(outcome, (f"it could not be read back: {error}",))
    except BulkvmError as error:
        return Sent(outcome, error=error)
    if change.kind is ChangeKind.REMOVE:
        is_gone = after is None
        return Sent(outcome, is_proven=True) if is_gone else _unproven(_unknown(outcome), ("the PBX still has it",))
    if after is None:
        return _unproven(_unknown(outcome), ("the PBX does not have it",))
    if verdict.findings:
        return _unproven(_unknown(outcome) if verdict.not_taken else outcome, verdict.findings, after.box)
    return Sent(not_as_sent(outcome, verdict.kept) if verdict.kept else outcome, after.box, is_proven=True)


async def _read_until_right(
    change: Change, before: WholeBox | None, outcome: Outcome, pbx: Pbx
) -> tuple[WholeBox | None, Verdict]:
    """The box as the PBX shows it, None where it has none. What it shows may lag behind for a moment."""
    after, verdict = None, Verdict()
    for pause in PAUSES:
        await pbx.pause(pause)
        after = await _fetch(outcome, pbx)
        if change.kind is ChangeKind.REMOVE:
            if after is None:
                break
        elif after:
            shown = await pbx.complete(after.box, expected_box(change, after.box.id))
            verdict = judge(change, before, after, shown)
            if not verdict.findings:
                break
    return after, verdict


async def _fetch(outcome: Outcome, pbx: Pbx) -> WholeBox | None:
    assert outcome.id is not None
    try:
        return await pbx.fetch_whole_box(outcome.id, outcome.extension_number)
    except NoSuchBox:
        return None


def not_as_sent(outcome: Outcome, differing: Sequence[str]) -> Outcome:
    """The outcome of a row whose box does not show what was sent, so that nobody can say what became of it."""
    message = f"It was {outcome.status}, and the PBX shows something else in {', '.join(differing)}."
    return replace(_unknown(outcome), message=message)


def _unknown(outcome: Outcome) -> Outcome:
    return replace(outcome, status=Status.UNKNOWN)


def _unproven(outcome: Outcome, findings: Sequence[str], box: Box | None = None) -> Sent:
    """The end of a run whose first box of a kind does not read back as it should."""
    what = "This is the first box of its kind in the run, and it does not read back as it should"
    message = " ".join(filter(None, (outcome.message, f"{what}: {'; '.join(findings)}")))
    lines = "\n".join(f"  {finding}" for finding in findings)
    error = ReadBackDiffers(
        f"Box {outcome.extension_number} (row {outcome.row}) does not read back as it should, so the run ended there "
        f"and nothing else was sent.\n{lines}\n"
        "Put right by hand what was lost there. This PBX works otherwise than documented or does not show what it has, "
        "or somebody else changed the box at the same time. If it is all right, --no-canary leaves this check out."
    )
    return Sent(replace(outcome, message=message), box, error=error)
