"""The outcome of one row if the PBX has changed, refuses, or no longer responds."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from starlette.applications import Starlette

from bulkvm.model.box import BLANK, Absent, Box, Record
from bulkvm.model.change import Change, ChangeKind, Difference, Plan
from bulkvm.model.errors import StoppedEarly
from bulkvm.model.outcome import Outcome, Reason, Status
from bulkvm.model.settings import SendSettings, Site
from bulkvm.pbx import Pbx, connect
from bulkvm.planning import plan_for
from bulkvm.runs import Journal, RunInfo
from bulkvm.simulator import FaultRules, SimulatorSettings, create_app
from bulkvm.upload import send
from bulkvm.upload.row_result import VerifyMode
from bulkvm.upload.row_sender import RowSender
from tests.altered_pbx import AlteredPbx, Answer, Asked

RECORD = Record(row=2, extension_number="6201", name="Front Desk", pin="402817")
RENAMED = Record(row=2, extension_number="6201", name="Reception")
ONCE = SendSettings(retries=1, max_rps=0, max_outage=0)
SITE = Site(name="test", url="http://simulator", token=SimulatorSettings().token)
OTHERWISE = replace(RENAMED, name="Someone else's")


async def update(pbx: Pbx, record: Record) -> None:
    box = await pbx.find_box(record.extension_number)
    assert box is not None
    assert isinstance(record.name, str)
    await pbx.update_box(replace(box, name=record.name))


async def remove(pbx: Pbx) -> None:
    box = await pbx.find_box("6201")
    assert box is not None
    await pbx.destroy_box(box.id)


def change_of(kind: ChangeKind, box: Box) -> Change:
    match kind:
        case ChangeKind.CREATE:
            return Change(kind, replace(RECORD, row=3, extension_number="6202"))
        case ChangeKind.UPDATE:
            return Change(kind, RENAMED, box, (Difference("name", box.name, RENAMED.name),))
        case ChangeKind.REMOVE:
            return Change(kind, Record(row=2, extension_number="6201"), box)
        case _:
            return Change(kind, RECORD, box)


async def outcome_of(
    kind: ChangeKind,
    faults: Sequence[str],
    app: Starlette,
    *,
    verify: VerifyMode = VerifyMode.IN_DOUBT,
    settings: SendSettings = ONCE,
) -> Outcome:
    """What becomes of a change of a box that was made before, under these faults."""
    async with connect(SITE, settings, app=app) as pbx:
        await pbx.create_box(RECORD)
        box = await pbx.find_box("6201")
        assert box is not None
        app.state.faults = FaultRules(faults)
        return (await RowSender(pbx, Plan(())).send(change_of(kind, box), verify)).outcome


C, U, R, SAME = ChangeKind.CREATE, ChangeKind.UPDATE, ChangeKind.REMOVE, ChangeKind.UNCHANGED


@pytest.mark.parametrize(
    ("kind", "faults", "status", "printed"),
    [
        (SAME, [], Status.UNCHANGED, ""),
        (C, ["403:create:1"], Status.REJECTED, "denied permission"),
        (C, ["404:create:1"], Status.REJECTED, "does not have the path /api/shared_voicemails (status 404)"),
        (C, ["429:create:1-99"], Status.FAILED, "limits the rate"),
        (C, ["429:create:1-99", "500:list:1-9"], Status.UNKNOWN, "could not be looked up"),
        (C, ["500:create:1", "500:list:1-9"], Status.UNKNOWN, "could not be looked up"),
        (C, ["500:create:1", "401:create:2"], Status.CREATED, ""),
        (C, ["500:create:1", "422:create:2", "500:list:2"], Status.UNKNOWN, "could not be looked up"),
        (C, ["500:create:1-9"], Status.FAILED, "was not created"),
        (U, ["500:fetch:1"], Status.FAILED, "Nothing was sent for this row"),
        (U, ["403:fetch:1"], Status.FAILED, "denied permission"),
        (U, ["403:update:1"], Status.REJECTED, "denied permission"),
        (U, ["422:update:1"], Status.REJECTED, "refused"),
        (U, ["404:update:1"], Status.REJECTED, "the box still exists"),
        (U, ["404:update:1", "404:fetch:2"], Status.REJECTED, "The box no longer exists"),
        (U, ["404:update:1", "500:fetch:2"], Status.UNKNOWN, "could not be looked up"),
        (U, ["429:update:1-99"], Status.FAILED, "limits the rate"),
        (U, ["500-after:update:1"], Status.UPDATED, "Confirmed after a lost answer"),
        (U, ["500:update:1"], Status.FAILED, "is unchanged"),
        (U, ["500:update:1", "500:fetch:2"], Status.UNKNOWN, "could not be looked up"),
        (R, ["404:fetch:1"], Status.UNCHANGED, "already deleted"),
        (R, ["404:destroy:1"], Status.REJECTED, "the box still exists"),
        (R, ["404:destroy:1", "404:fetch:2"], Status.UNCHANGED, "already deleted"),
        (R, ["404:destroy:1", "500:fetch:2"], Status.UNKNOWN, "could not be looked up"),
        (R, ["403:destroy:1"], Status.REJECTED, "denied permission"),
        (R, ["422:destroy:1"], Status.REJECTED, "refused"),
        (R, ["429:destroy:1-99"], Status.FAILED, "limits the rate"),
        (R, ["500-after:destroy:1"], Status.UPDATED, "The box was deleted"),
        (R, ["500:destroy:1-2"], Status.UPDATED, "The box was deleted"),
        (R, ["500:destroy:1-9"], Status.FAILED, "still exists"),
        (R, ["500:destroy:1", "404:destroy:2", "404:fetch:3"], Status.UPDATED, "The box was deleted"),
        (R, ["500:destroy:1", "500:fetch:2"], Status.UNKNOWN, "could not be looked up"),
    ],
)
async def test_each_outcome_of_a_row_is_reported(
    kind: ChangeKind, faults: Sequence[str], status: Status, printed: str
) -> None:
    outcome = await outcome_of(kind, faults, create_app())

    assert outcome.status is status
    assert printed in outcome.message


@pytest.mark.parametrize(
    ("faults", "status"),
    [
        (["500-after:update:1", "422:update:2"], Status.UPDATED),
        (["500-after:update:1", "404:update:2"], Status.UPDATED),
        (["500-after:update:1", "404:update:2", "404:fetch:2"], Status.REJECTED),
        (["500:update:1", "422:update:2"], Status.REJECTED),
        (["500-after:update:1", "422:update:2", "500:fetch:2-9"], Status.UNKNOWN),
    ],
)
async def test_a_refusal_after_a_lost_answer_is_verified_by_reading_the_box(
    faults: Sequence[str], status: Status
) -> None:
    outcome = await outcome_of(ChangeKind.UPDATE, faults, create_app(), settings=replace(ONCE, retries=2))

    assert outcome.status is status


async def test_a_row_that_cannot_be_read_back_is_unknown() -> None:
    outcome = await outcome_of(ChangeKind.UPDATE, ["500:fetch:2"], create_app(), verify=VerifyMode.ALWAYS)

    assert outcome.status is Status.UNKNOWN
    assert "could not be read back" in outcome.message


@pytest.mark.parametrize(
    ("kind", "by_others", "status", "printed"),
    [
        (ChangeKind.UPDATE, RENAMED, Status.UNCHANGED, "someone else made this change"),
        (ChangeKind.UPDATE, None, Status.REJECTED, "The box no longer exists"),
        (ChangeKind.REMOVE, OTHERWISE, Status.FAILED, "the box was changed in name"),
    ],
)
async def test_changes_by_others_since_the_plan_are_looked_up_first(
    kind: ChangeKind, by_others: Record | None, status: Status, printed: str
) -> None:
    async with connect(SITE, ONCE, app=create_app()) as pbx:
        await pbx.create_box(RECORD)
        box = await pbx.find_box("6201")
        assert box is not None
        await (update(pbx, by_others) if by_others else remove(pbx))

        outcome = (await RowSender(pbx, Plan(())).send(change_of(kind, box))).outcome

    assert outcome.status is status
    assert printed in outcome.message


@pytest.mark.parametrize(
    ("is_undo", "is_replaced", "printed"),
    [
        (False, False, "The box no longer exists. Import again to create a new one."),
        (False, True, "importing again would change: check that box first."),
        (True, False, "The box no longer exists."),
        (True, True, "Another box has its number now, and is kept as it is."),
    ],
)
async def test_the_message_explains_what_importing_again_does_where_the_box_is_gone(
    is_undo: bool,  # noqa: FBT001
    is_replaced: bool,  # noqa: FBT001
    printed: str,
) -> None:
    async with connect(SITE, ONCE, app=create_app()) as pbx:
        if is_undo:
            change = await undo_of(RECORD, {"name": "Former"}, pbx)
        else:
            await pbx.create_box(RECORD)
            box = await pbx.find_box("6201")
            assert box is not None
            change = change_of(ChangeKind.UPDATE, box)
        await remove(pbx)
        if is_replaced:
            await pbx.create_box(replace(RECORD, name="Theirs"))

        outcome = (await RowSender(pbx, Plan(())).send(change)).outcome

    assert outcome.status is Status.REJECTED
    assert outcome.message.endswith(printed)


async def test_a_box_of_an_approved_plan_that_is_gone_needs_a_new_plan() -> None:
    async with connect(SITE, ONCE, app=create_app()) as pbx:
        await pbx.create_box(RECORD)
        box = await pbx.find_box("6201")
        assert box is not None
        await remove(pbx)

        change = replace(change_of(ChangeKind.UPDATE, box), is_exact=True)
        outcome = (await RowSender(pbx, Plan(())).send(change)).outcome

    assert (outcome.status, outcome.message) == (Status.REJECTED, "The box no longer exists. Make a new plan.")


GERMAN = replace(RECORD, prompt="de-DE")
PLAIN = Record(row=2, extension_number="6201")


async def undo_of(made: Record, former: dict[str, Absent | str], pbx: Pbx) -> Change:
    """Make a box, and what gives it some former values."""
    await pbx.create_box(made)
    box = await pbx.find_box("6201")
    assert box is not None
    differences = tuple(Difference(field, getattr(box, field), value) for field, value in former.items())
    return Change(ChangeKind.UPDATE, PLAIN, box, differences, wanted=replace(box, **former))  # type: ignore[arg-type]


@pytest.mark.parametrize("theirs", [{"name": "Someone else's"}, {"prompt": "fr-FR"}], ids=["a value", "a blank"])
async def test_an_undo_keeps_what_someone_else_did_first(theirs: dict[str, str]) -> None:
    app = create_app()
    async with connect(SITE, ONCE, app=app) as pbx:
        undo = await undo_of(RECORD, {"name": "Former"}, pbx)
        assert undo.box is not None
        await pbx.update_box(replace(undo.box, **theirs))  # type: ignore[arg-type]

        outcome = (await RowSender(pbx, Plan(())).send(undo)).outcome

    assert (outcome.status, outcome.reason) == (Status.FAILED, Reason.KEPT)
    assert f"the box was changed in {next(iter(theirs))}" in outcome.message
    assert app.state.traffic.counts["update"] == 1


@pytest.mark.parametrize(
    ("settings", "faults", "status"),
    [
        (SimulatorSettings(), [], Status.UPDATED),
        (SimulatorSettings(), ["500-after:update:1"], Status.UPDATED),
        (SimulatorSettings(), ["500:update:1"], Status.FAILED),
        (SimulatorSettings(behave=("updates:merge",)), [], Status.UNKNOWN),
    ],
    ids=["done", "done and lost", "not done", "left out means kept"],
)
async def test_a_field_that_does_not_become_blank_again_is_reported(
    settings: SimulatorSettings, faults: Sequence[str], status: Status
) -> None:
    async with connect(SITE, ONCE, app=(app := create_app(settings=settings))) as pbx:
        undo = await undo_of(GERMAN, {"prompt": BLANK}, pbx)
        app.state.faults = FaultRules(faults)

        outcome = (await RowSender(pbx, Plan(())).send(undo)).outcome
        box = await pbx.find_box("6201")

    assert outcome.status is status
    assert box is not None
    assert (box.prompt is BLANK) is (status is Status.UPDATED)


def journal_in(folder: Path) -> Journal:
    began = datetime(2026, 11, 23, tzinfo=UTC)
    facts = RunInfo(name="run", site="test", url="http://simulator", file="a.csv", began=began, extensions={2: "6201"})
    return Journal(folder, facts)


async def test_a_change_that_cannot_be_journalled_is_not_sent(tmp_path: Path) -> None:
    app, journal = create_app(), journal_in(tmp_path)
    journal.close()
    async with connect(SITE, ONCE, app=app) as pbx:
        ending = await send(Plan((Change(ChangeKind.CREATE, RECORD),)), pbx, ONCE, journal=journal)

    assert isinstance(ending.error, StoppedEarly)
    assert [outcome.status for outcome in ending.outcomes] == [Status.NOT_SENT]
    assert app.state.traffic.counts["create"] == 0


async def test_an_outcome_that_cannot_be_journalled_ends_the_run(tmp_path: Path) -> None:
    journal = journal_in(tmp_path)
    plan = Plan(tuple(Change(ChangeKind.CREATE, replace(RECORD, row=n, extension_number=f"620{n}")) for n in (2, 3)))
    alone = replace(ONCE, concurrency=1)
    async with connect(SITE, ONCE, app=create_app()) as pbx:
        ending = await send(plan, pbx, alone, journal=journal, on_outcome=lambda _: journal.close())

    assert isinstance(ending.error, StoppedEarly)
    assert [outcome.status for outcome in ending.outcomes] == [Status.CREATED, Status.NOT_SENT]


async def test_an_internal_error_in_one_row_does_not_affect_other_rows() -> None:
    broken = Change(ChangeKind.UPDATE, RENAMED, box=None)
    async with connect(SITE, ONCE, app=create_app()) as pbx:
        ending = await send(Plan((Change(ChangeKind.CREATE, replace(RECORD, row=1)), broken)), pbx, ONCE)

    assert [outcome.status for outcome in ending.outcomes] == [Status.CREATED, Status.UNKNOWN]
    assert "Internal error" in str(ending.error)


@pytest.mark.parametrize(
    ("body", "status"),
    [('{"errors": [{"code": "BUSY"}]}', Status.NOT_SENT), ("", Status.UNKNOWN)],
    ids=["PBX", "proxy"],
)
@pytest.mark.parametrize("kind", [ChangeKind.CREATE, ChangeKind.UPDATE])
async def test_a_change_that_a_proxy_answers_with_a_long_wait_is_not_reported_as_unsent(
    kind: ChangeKind, body: str, status: Status
) -> None:
    app = create_app()

    def answer(asked: Asked, given: Answer) -> None:
        if asked.method == "POST":
            given.status, given.headers, given.body = 429, {"retry-after": "600"}, body.encode()

    settings = replace(ONCE, max_outage=60)
    async with connect(SITE, settings, app=app) as pbx:
        if kind is ChangeKind.UPDATE:
            await send(await plan_for(pbx, [RECORD]), pbx, settings)
        plan = await plan_for(pbx, [replace(RECORD, name="New")])
    assert [change.kind for change in plan.changes] == [kind]
    async with connect(SITE, settings, app=AlteredPbx(app, change=answer)) as pbx:
        ending = await send(plan, pbx, settings)

    assert [outcome.status for outcome in ending.outcomes] == [status]


@pytest.mark.parametrize("fault", ["503(retry-after=600):create:1", "503-after(retry-after=600):create:1"])
async def test_a_create_that_is_answered_with_a_long_retry_after_is_not_reported_as_unsent(fault: str) -> None:
    app = create_app(faults=[fault])
    plan = Plan(tuple(Change(ChangeKind.CREATE, replace(RECORD, row=n, extension_number=f"620{n}")) for n in (2, 3)))
    alone = replace(ONCE, concurrency=1)
    async with connect(SITE, alone, app=app) as pbx:
        ending = await send(plan, pbx, alone)

    assert isinstance(ending.error, StoppedEarly)
    assert [outcome.status for outcome in ending.outcomes] == [Status.UNKNOWN, Status.NOT_SENT]
