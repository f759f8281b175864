"""A plan for the PBX as it is: what its list does not show is fetched, and numbers that are taken are found first."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bulkvm.model.box import BLANK, Record
from bulkvm.model.change import ChangeKind, Plan
from bulkvm.model.errors import ListKeptChanging
from bulkvm.model.outcome import Status
from bulkvm.model.settings import SendSettings
from bulkvm.pbx import connect
from bulkvm.planning import plan_for
from bulkvm.simulator import SimulatorSettings, create_app
from bulkvm.upload import send
from tests.upload.actual_boxes import ANY_ERRORS, BY_TOKEN, assert_truth, boxes_from_rows

QUICK = SendSettings(max_rps=0, max_errors=ANY_ERRORS, retries=2)
STORED = {
    "id": "QQ==",
    "extension_number": "7000",
    "name": "Front Desk",
    "pin": "402817",
    "prompt": "de-DE",
    "enable_pin": False,
    "enable_email_notify": True,
    "recipients": "a@example.com,b@example.com",
    "play_datetime": "24_HOUR_CLOCK",
}
FRUGAL = {
    "whole lists": SimulatorSettings(),
    "summary lists": SimulatorSettings(summary_lists=True),
    "hidden PINs": SimulatorSettings(behave=("hide:pin:both",)),
    "updates that merge": SimulatorSettings(behave=("updates:merge",)),
    "summary lists and hidden PINs": SimulatorSettings(summary_lists=True, behave=("hide:pin:both",)),
}


@pytest.mark.parametrize("settings", FRUGAL.values(), ids=FRUGAL)
async def test_an_update_changes_no_other_field_even_if_lists_are_summaries(
    tmp_path: Path, settings: SimulatorSettings
) -> None:
    state, seed = tmp_path / "state", tmp_path / "seed.json"
    seed.write_text(json.dumps([STORED]), "utf-8")
    all_told = create_app(state, seed=seed)
    (before,) = (await boxes_from_rows(all_told)).values()
    async with connect(BY_TOKEN, QUICK, app=create_app(state, settings=settings)) as pbx:
        plan = await plan_for(pbx, [Record(row=2, extension_number="7000", name="Reception")])

        await send(plan, pbx, QUICK)

    assert plan.counts[ChangeKind.UPDATE] == 1
    assert await boxes_from_rows(all_told) == {"7000": replace(before, name="Reception")}


@pytest.mark.parametrize("settings", FRUGAL.values(), ids=FRUGAL)
async def test_rows_that_are_up_to_date_are_not_sent_even_if_lists_are_summaries(
    tmp_path: Path, settings: SimulatorSettings
) -> None:
    seed = tmp_path / "seed.json"
    seed.write_text(json.dumps([STORED]), "utf-8")
    app = create_app(seed=seed, settings=settings)
    pin: Any = BLANK if settings.behave == ("hide:pin:both",) else "402817"
    same = Record(row=2, extension_number="7000", pin=pin, recipients=("B@example.com", "a@example.com"))
    async with connect(BY_TOKEN, QUICK, app=app) as pbx:
        plan = await plan_for(pbx, [same])

        await send(plan, pbx, QUICK)

    assert plan.counts[ChangeKind.UNCHANGED] == 1
    assert app.state.traffic.counts["update"] == 0


TAKEN, FREE = "6300", ["7001", "7002", "7003"]


def new_boxes() -> list[Record]:
    return [
        Record(row=row, extension_number=number, name="New", pin="402817")
        for row, number in enumerate([FREE[0], TAKEN, *FREE[1:]], start=2)
    ]


@pytest.mark.parametrize("fault", ["400:owner:1", "422:owner:3-9"])
async def test_a_number_that_cannot_be_looked_up_does_not_stop_the_lookup_of_others(fault: str) -> None:
    app = create_app(faults=[fault])
    async with connect(BY_TOKEN, SendSettings(max_rps=0, concurrency=1), app=app) as pbx:
        plan = await plan_for(pbx, new_boxes())

    assert [(problem.row, problem.code) for problem in plan.problems] == [(3, "number-taken")]
    assert [change.record.extension_number for change in plan.changes] == FREE


@pytest.mark.parametrize("fault", ["403", "404", "405", "500", "html", "truncated"])
async def test_numbers_whose_owner_is_not_shown_are_sent_and_may_be_refused(fault: str) -> None:
    app = create_app(faults=[f"{fault}:owner:1-99"])
    async with connect(BY_TOKEN, QUICK, app=app) as pbx:
        plan = await plan_for(pbx, new_boxes())

        ending = await send(plan, pbx, QUICK)

    assert plan.problems == ()
    assert app.state.traffic.counts["owner"] > 0
    assert [o.extension_number for o in ending.outcomes if o.status is Status.REJECTED] == [TAKEN]
    assert list(await boxes_from_rows(app)) == FREE
    await assert_truth(app, plan, ending.outcomes)


async def test_the_next_free_number_is_one_that_neither_the_pbx_nor_the_sheet_has() -> None:
    app = create_app()
    rows = [Record(row=n, extension_number=str(6300 + n), name="New", pin="402817") for n in (0, 2)]
    async with connect(BY_TOKEN, QUICK, app=app) as pbx:
        plan = await plan_for(pbx, rows)

    assert [problem.message for problem in plan.problems] == [
        '6300 belongs to the ring group "Sales"; the next free number is 6303.'
    ]


@pytest.mark.parametrize("generate", [False, True])
async def test_an_outdated_pin_is_replaced_only_with_another_change_and_on_request(
    tmp_path: Path, *, generate: bool
) -> None:
    seed = tmp_path / "seed.json"
    old = [{**STORED, "id": f"Q{n}==", "extension_number": str(7000 + n), "pin": f"40{n}8"} for n in range(2)]
    seed.write_text(json.dumps(old), "utf-8")
    app = create_app(seed=seed)
    rows = [
        Record(row=2, extension_number="7000", name="Reception"),
        Record(row=3, extension_number="7001", name="Front Desk"),
    ]
    async with connect(BY_TOKEN, QUICK, app=app) as pbx:
        plan = await plan_for(pbx, rows, make_pin=(lambda _: "582046") if generate else None)

        ending = await send(plan, pbx, QUICK)

    assert [problem.code for problem in plan.problems] == ([] if generate else ["pin-outdated"])
    assert [o.status for o in ending.outcomes] == [
        Status.UPDATED if generate else Status.REJECTED,
        Status.UNCHANGED,
    ]
    boxes = await boxes_from_rows(app)
    assert (boxes["7000"].pin, boxes["7001"].pin) == ("582046" if generate else "4008", "4018")


async def plan_with(tmp_path: Path, fault: str) -> Plan:
    """A plan for a box that is in a list of summaries, and about which something goes wrong then."""
    seed = tmp_path / "seed.json"
    seed.write_text(json.dumps([STORED]), "utf-8")
    app = create_app(seed=seed, settings=SimulatorSettings(summary_lists=True), faults=[fault])
    async with connect(BY_TOKEN, QUICK, app=app) as pbx:
        return await plan_for(pbx, [Record(row=2, extension_number="7000", name="Reception", pin="918835")])


async def test_a_listed_box_that_cannot_be_fetched_is_not_treated_as_one_without_values(tmp_path: Path) -> None:
    with pytest.raises(ListKeptChanging, match="then reports as missing"):
        await plan_with(tmp_path, "404:fetch:1")


async def test_a_box_that_is_removed_after_it_was_listed_is_planned_as_a_new_box(tmp_path: Path) -> None:
    plan = await plan_with(tmp_path, "admin-remove:fetch:1")

    assert [change.kind for change in plan.changes] == [ChangeKind.CREATE]
