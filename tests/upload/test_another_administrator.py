"""Another administrator adds, removes and renames boxes while ours are read and sent."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bulkvm.model.box import Record
from bulkvm.model.outcome import Status
from bulkvm.model.settings import SendSettings
from bulkvm.planning import plan_for, plan_undo_of
from bulkvm.runs import Journal, RunInfo, read_journal
from bulkvm.simulator import SimulatorSettings, create_app
from bulkvm.upload import send
from tests.upload.actual_boxes import Striking, assert_truth, boxes_from_rows, on_a_socket, records

ONE = SendSettings(concurrency=1, max_rps=0)


@pytest.mark.parametrize("at", range(1, 7))
@pytest.mark.parametrize("what", ["admin-add", "admin-remove", "admin-rename"])
async def test_a_list_that_is_read_during_a_run_has_each_box_once(what: str, at: int) -> None:
    app = create_app(settings=SimulatorSettings(page_cap=4))
    async with on_a_socket(app, ONE) as pbx:
        await send(await plan_for(pbx, records(18)), pbx, ONE)
        faults = app.state.faults = Striking(f"{what}:list:{at}")

        listed = await pbx.list_boxes()

    there = await boxes_from_rows(app)
    assert faults.matched == [what]
    assert [box.extension_number for box in listed] == list(there)
    assert [box for box in listed if box != there[box.extension_number]] == [
        box for box in listed if what == "admin-rename" and at > 1 and box.extension_number == "7000"
    ]


@pytest.mark.parametrize(
    ("is_exact", "remedy"), [(False, "Run the same command again to change it."), (True, "Make a new plan.")]
)
@pytest.mark.parametrize("at", [1, 3])
async def test_a_number_that_someone_takes_during_a_run_is_refused(at: int, remedy: str, *, is_exact: bool) -> None:
    app = create_app()
    wanted = [Record(row=n, extension_number=str(1999 + n), name="Ours", pin="582046") for n in range(1, 5)]
    async with on_a_socket(app, ONE) as pbx:
        plan = await plan_for(pbx, wanted)
        plan = replace(plan, changes=tuple(replace(change, is_exact=is_exact) for change in plan.changes))
        app.state.faults = Striking(f"admin-add:create:{at}")

        ending = await send(plan, pbx, ONE)

    taken = str(1999 + at)
    there = await boxes_from_rows(app)
    (refused,) = (o for o in ending.outcomes if o.status is Status.REJECTED)
    assert refused.message.endswith(f"A box {taken} exists with other values. {remedy}")
    assert {number: box.name for number, box in there.items()} == {
        **dict.fromkeys((record.extension_number for record in wanted), "Ours"),
        taken: "Added by another administrator",
    }
    await assert_truth(app, plan, ending.outcomes, but=[taken])


@pytest.mark.parametrize(
    ("at", "status"),
    [("fetch:1", Status.REJECTED), ("update:1", Status.REJECTED), ("update:3", Status.UPDATED)],
    ids=["before it is looked at", "before it is sent", "after it was done"],
)
async def test_a_box_that_someone_deletes_during_a_run_stays_deleted(at: str, status: Status) -> None:
    app = create_app()
    async with on_a_socket(app, ONE) as pbx:
        await send(await plan_for(pbx, records(5)), pbx, ONE)
        plan = await plan_for(pbx, records(5, name="New"))
        app.state.faults = Striking(f"admin-remove:{at}")

        ending = await send(plan, pbx, ONE)

    there = await boxes_from_rows(app)
    assert [o.status for o in ending.outcomes] == [status, *[Status.UPDATED] * 4]
    assert [box.name for box in there.values()] == ["New 1", "New 2", "New 3", "New 4"]
    await assert_truth(app, plan, ending.outcomes, but=["7000"])


@pytest.mark.parametrize("at", ["fetch:1", "list:1", "update:2"])  # the page is read after the first one
async def test_a_name_that_someone_changes_during_a_run_is_kept_if_the_sheet_has_none(at: str) -> None:
    app = create_app()
    async with on_a_socket(app, ONE) as pbx:
        await send(await plan_for(pbx, records(20)), pbx, ONE)
        rows = [Record(row=n, extension_number=str(7000 + n), prompt="de-DE") for n in range(20)]
        plan = await plan_for(pbx, rows)
        app.state.faults = Striking(f"admin-rename:{at}")

        ending = await send(plan, pbx, ONE)

    there = await boxes_from_rows(app)
    assert [(o.status, o.changed) for o in ending.outcomes] == [(Status.UPDATED, ("prompt",))] * 20
    assert [(box.name, box.prompt) for box in there.values()] == [
        ("Renamed by another administrator", "de-DE"), *((f"Desk {n}", "de-DE") for n in range(1, 20))
    ]  # fmt: skip
    await assert_truth(app, plan, ending.outcomes)


async def test_an_undo_restores_a_box_as_it_was_right_before_it_was_sent(
    tmp_path: Path,
) -> None:
    app = create_app()
    facts = RunInfo(
        name="run", site="test", url="http://x", file="a.csv", began=datetime.now(UTC), extensions={2: "7000"}
    )
    journal = Journal(tmp_path, facts)
    async with on_a_socket(app, ONE) as pbx:
        await send(await plan_for(pbx, records(1)), pbx, ONE)
        plan = await plan_for(pbx, records(1, name="New"))
        app.state.faults = Striking("admin-rename:fetch:1")
        await send(plan, pbx, ONE, journal=journal)
        journal.close()

        await send(await plan_undo_of(read_journal(tmp_path / "run.jsonl"), pbx), pbx, ONE)

    assert [box.name for box in (await boxes_from_rows(app)).values()] == ["Renamed by another administrator"]
