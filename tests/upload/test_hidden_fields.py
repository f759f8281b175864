"""PBXs that hide, mask or leave out fields: what cannot be compared is sent and reported, and nothing is lost."""

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bulkvm.model.box import NOT_KNOWN, Box, Record
from bulkvm.model.change import ChangeKind, Plan
from bulkvm.model.outcome import Outcome, Status
from bulkvm.model.settings import SendSettings
from bulkvm.pbx import connect, list_whole_boxes
from bulkvm.planning import plan_for
from bulkvm.simulator import SimulatorSettings, create_app
from bulkvm.upload import send
from tests.altered_pbx import AlteredPbx, Answer, Asked
from tests.upload.actual_boxes import ANY_ERRORS, BY_TOKEN, boxes_from_rows

QUICK = SendSettings(max_rps=0, max_errors=ANY_ERRORS, retries=2)
COUNT = 3
HIDING = ["hide:pin:both", "mask-stars:pin:both", "mask-digits:pin:both", "omit:pin:both"]


def stored(number: int) -> dict[str, Any]:
    return {
        "id": f"Qk{number}",
        "extension_number": str(7000 + number),
        "name": f"Desk {number}",
        "pin": str(402817 + number),
        "prompt": "de-DE",
        "enable_pin": False,
        "enable_email_notify": True,
        "recipients": f"a{number}@example.com,b@example.com",
        "play_datetime": "24_HOUR_CLOCK",
    }


class Behaving:
    """A PBX with boxes, as it behaves and as it is."""

    def __init__(self, folder: Path, rules: Sequence[str], **settings: Any) -> None:
        seed, state = folder / "seed.json", folder / "state"
        seed.write_text(json.dumps([stored(n) for n in range(COUNT)]), "utf-8")
        self._open = create_app(state, seed=seed)
        self.app = create_app(state, settings=SimulatorSettings(behave=tuple(rules), **settings))

    async def boxes(self) -> dict[str, Box]:
        return await boxes_from_rows(self._open)

    async def run(
        self, *records: Record, keep_unseen: bool = False, verify: bool = False
    ) -> tuple[Plan, list[Outcome]]:
        settings = replace(QUICK, verify=verify)
        async with connect(BY_TOKEN, settings, app=self.app) as pbx:
            plan = await plan_for(pbx, records, keep_unseen=keep_unseen)
        async with connect(BY_TOKEN, settings, app=self.app) as pbx:
            return plan, list((await send(plan, pbx, settings)).outcomes)


def row(number: int = 0, **fields: Any) -> Record:
    return Record(row=number + 2, extension_number=str(7000 + number), **fields)


@pytest.mark.parametrize("rule", HIDING)
@pytest.mark.parametrize("verify", [False, True])
@pytest.mark.parametrize("name", ["Desk 0", "Reception"])
async def test_a_pin_that_cannot_be_compared_is_sent_each_time_and_reported(
    tmp_path: Path, rule: str, name: str, *, verify: bool
) -> None:
    pbx = Behaving(tmp_path, [rule])
    before = await pbx.boxes()

    for _ in range(2):
        plan, (outcome,) = await pbx.run(row(name=name, pin="582046"), verify=verify)
        assert plan.changes[0].unseen == ("pin",)
        assert (outcome.status, outcome.message) == (Status.UPDATED, "PIN sent; this PBX does not show PINs.")
        assert "pin" in outcome.changed

    assert await pbx.boxes() == before | {"7000": replace(before["7000"], name=name, pin="582046")}


@pytest.mark.parametrize("rule", HIDING)
async def test_with_keep_unseen_a_pin_that_is_not_shown_is_not_sent(tmp_path: Path, rule: str) -> None:
    pbx = Behaving(tmp_path, [rule])
    before = await pbx.boxes()
    rows = [row(0, name="Desk 0", pin="582046"), row(1, name="New", pin="582046"), row(2, name="Desk 2")]

    plan, outcomes = await pbx.run(*rows, keep_unseen=True)

    assert [change.kept for change in plan.changes] == [("pin",), ("pin",), ()]
    assert [(o.status, o.changed) for o in outcomes] == [
        (Status.UNCHANGED, ()),
        (Status.UPDATED, ("name",)),
        (Status.UNCHANGED, ()),
    ]
    assert outcomes[0].message == "PIN not sent; this PBX does not show PINs."
    assert await pbx.boxes() == before | {"7001": replace(before["7001"], name="New")}


@pytest.mark.parametrize("how", ["omit", "mask-stars", "mask-digits", "hide"])
@pytest.mark.parametrize("field", ["pin", "recipients", "prompt", "play_datetime", "enable_pin", "enable_email_notify"])
@pytest.mark.parametrize("rows", [1, COUNT])
@pytest.mark.parametrize("updates", ["updates:replace", "updates:merge"])
async def test_a_value_that_only_the_list_shows_completes_a_single_answer(
    tmp_path: Path, how: str, field: str, rows: int, updates: str
) -> None:
    pbx = Behaving(tmp_path, [f"{how}:{field}:single", updates])
    before = await pbx.boxes()

    plan, outcomes = await pbx.run(*(row(n, name=f"New {n}") for n in range(rows)))

    assert plan.problems == ()
    assert [(o.status, o.changed, o.message) for o in outcomes] == [(Status.UPDATED, ("name",), "")] * rows
    assert await pbx.boxes() == {
        n: replace(box, name=f"New {i}") if i < rows else box for i, (n, box) in enumerate(before.items())
    }


@pytest.mark.parametrize("how", ["omit", "mask-stars", "mask-digits", "hide"])
@pytest.mark.parametrize("verify", [False, True])
async def test_a_new_pin_is_sent_where_only_the_list_shows_pins_and_not_again(
    tmp_path: Path, how: str, *, verify: bool
) -> None:
    pbx = Behaving(tmp_path, [f"{how}:pin:single"])

    _, (sent,) = await pbx.run(row(pin="582046"), verify=verify)
    plan, (again,) = await pbx.run(row(pin="582046"), verify=verify)

    assert (sent.status, sent.changed, sent.message) == (Status.UPDATED, ("pin",), "")
    assert (plan.changes[0].kind, again.status) == (ChangeKind.UNCHANGED, Status.UNCHANGED)
    assert (await pbx.boxes())["7000"].pin == "582046"


@pytest.mark.parametrize("how", ["omit", "mask-stars", "mask-digits"])
@pytest.mark.parametrize("field", ["recipients", "prompt", "play_datetime", "enable_pin"])
async def test_a_field_that_is_never_shown_causes_a_warning_if_an_update_omits_it(
    tmp_path: Path, how: str, field: str
) -> None:
    pbx = Behaving(tmp_path, [f"{how}:{field}:both", "updates:merge"])
    before = await pbx.boxes()

    plan, (outcome,) = await pbx.run(row(name="New"))

    assert [problem.code for problem in plan.problems] == ["not-shown"]
    assert outcome.status is Status.UPDATED
    assert await pbx.boxes() == before | {"7000": replace(before["7000"], name="New")}


@pytest.mark.parametrize("rule", HIDING)
@pytest.mark.parametrize("pin", [None, "582046"], ids=["blank", "kept"])
async def test_a_pin_that_an_update_leaves_out_is_named_in_the_plan_and_the_result(
    tmp_path: Path, rule: str, pin: str | None
) -> None:
    pbx = Behaving(tmp_path, [rule, "updates:erase"])
    record = row(name="New", pin=pin) if pin else row(name="New")

    plan, (outcome,) = await pbx.run(record, keep_unseen=True)

    (problem,) = plan.problems
    assert problem.code == "not-shown"
    assert "does not show PIN for 1 of the boxes to update" in problem.message
    assert "cannot be checked" in problem.message
    what = "not sent" if pin else "left out of the update"
    assert (outcome.status, outcome.message) == (
        Status.UPDATED,
        f"PIN {what}; this PBX does not show PINs. Whether the PBX kept PIN cannot be checked.",
    )


@pytest.mark.parametrize("rule", ["mask-digits:pin:both", "mask-digits:pin:single"])
@pytest.mark.parametrize("summary", [False, True])
async def test_a_mask_is_never_sent(tmp_path: Path, rule: str, *, summary: bool) -> None:
    pbx = Behaving(tmp_path, [rule, "pins:any"], summary_lists=summary)
    before = await pbx.boxes()

    _, (outcome,) = await pbx.run(row(name="New"))

    assert outcome.status is Status.UPDATED
    assert await pbx.boxes() == before | {"7000": replace(before["7000"], name="New")}


@pytest.mark.parametrize("rule", HIDING)
async def test_updated_boxes_have_no_mask_for_a_value(tmp_path: Path, rule: str) -> None:
    pbx = Behaving(tmp_path, [rule])
    async with connect(BY_TOKEN, QUICK, app=pbx.app) as calls:
        boxes = await list_whole_boxes(calls)

    assert {box.pin for box in boxes} == {NOT_KNOWN}


@pytest.mark.parametrize("fault", ["reset-after:update:1-9", "reset:update:1-9"])
@pytest.mark.parametrize("name", ["Desk 0", "Reception"])
async def test_a_lost_answer_is_not_taken_for_a_pin_that_cannot_be_looked_at(
    tmp_path: Path, fault: str, name: str
) -> None:
    pbx = Behaving(tmp_path, ["hide:pin:both"])
    pbx.app.state.faults = type(pbx.app.state.faults)([fault])

    _, (outcome,) = await pbx.run(row(name=name, pin="582046"))

    done = (await pbx.boxes())["7000"].pin == "582046"
    if name == "Desk 0":
        assert (outcome.status, "does not show" in outcome.message) == (Status.UNKNOWN, True)
    elif done:
        assert outcome.status is Status.UPDATED
        assert outcome.message == "Confirmed after a lost answer. PIN sent; this PBX does not show PINs."
    else:
        assert outcome.status in {Status.FAILED, Status.UNKNOWN}


@pytest.mark.parametrize("how", ["hide", "omit", "mask-stars"])
async def test_recipients_that_are_shown_as_none_are_not_removed_by_an_update_of_something_else(
    tmp_path: Path, how: str
) -> None:
    pbx = Behaving(tmp_path, [f"{how}:recipients:both", "updates:merge"])
    before = await pbx.boxes()

    _, (outcome,) = await pbx.run(row(name="New"))

    assert outcome.status is Status.UPDATED
    assert await pbx.boxes() == before | {"7000": replace(before["7000"], name="New")}


async def test_a_pin_of_one_digit_that_only_one_box_shows_is_not_sent(tmp_path: Path) -> None:
    def mask(_: Asked, answer: Answer) -> None:
        answer.body = re.sub(rb'"pin": ?"(\d+)"', lambda pin: b'"pin":"%b"' % (b"0" * len(pin[1])), answer.body)

    before, after, plan, outcome = await renamed(tmp_path, mask, pins=["402817", "4028170", "40281700"])

    assert outcome.status is Status.UPDATED
    assert "may be a mask for a hidden PIN" in plan.problems[0].message
    assert after == before | {"7000": replace(before["7000"], name="New")}


async def test_recipients_that_are_shown_as_none_are_removed_by_a_row_that_clears_them(tmp_path: Path) -> None:
    pbx = Behaving(tmp_path, ["hide:recipients:both", "updates:merge"])

    await pbx.run(Record(row=2, extension_number="7000", name="Reception", recipients=()))

    assert (await pbx.boxes())["7000"].recipients == ()


@pytest.mark.parametrize("address", ["a***@example.com", "a\u2022\u2022@example.com", "a\u2026@example.com"])
async def test_recipients_that_are_shown_in_part_are_not_sent(tmp_path: Path, address: str) -> None:
    def mask(_: Asked, answer: Answer) -> None:
        answer.body = answer.body.replace(b"b@example.com", json.dumps(address)[1:-1].encode())

    before, after, plan, outcome = await renamed(tmp_path, mask)

    assert outcome.status is Status.UPDATED
    assert [problem.code for problem in plan.problems] == ["not-shown"]
    assert after == before | {"7000": replace(before["7000"], name="New")}


async def test_a_pin_that_is_shown_as_a_number_is_not_sent_without_its_zeros(tmp_path: Path) -> None:
    def number(_: Asked, answer: Answer) -> None:
        answer.body = re.sub(rb'"pin": ?"0*(\d+)"', rb'"pin":\1', answer.body)

    before, after, _, outcome = await renamed(tmp_path, number, pins=["02468013", "0402817", "402817"])

    assert outcome.status is Status.UPDATED
    assert after == before | {"7000": replace(before["7000"], name="New")}


async def renamed(
    folder: Path, change: Callable[[Asked, Answer], None], pins: Sequence[str] = ("402817", "402818", "402819")
) -> tuple[dict[str, Box], dict[str, Box], Plan, Outcome]:
    """The boxes before and after box 7000 got another name on a PBX whose answers are changed."""
    seed = folder / "seed.json"
    seed.write_text(json.dumps([stored(n) | {"pin": pin} for n, pin in enumerate(pins)]), "utf-8")
    app = create_app(seed=seed, settings=SimulatorSettings(behave=("updates:merge",)))
    before = await boxes_from_rows(app)
    async with connect(BY_TOKEN, QUICK, app=AlteredPbx(app, change=change)) as pbx:
        plan = await plan_for(pbx, [row(name="New")])
        (outcome,) = (await send(plan, pbx, QUICK)).outcomes
    return before, await boxes_from_rows(app), plan, outcome
