"""Behaviours on order, for what the API's documentation leaves open."""

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from bulkvm.simulator import SimulatorError, SimulatorSettings, create_app
from tests.simulator.requests import BOXES, DEFAULTS, FULL, LOGIN, PASSWORD_LOGIN, a_box, in_process

FREE = "/api/extension_numbers/6199"


def behaving(*rules: str, faults: tuple[str, ...] = (), **settings: Any) -> httpx.AsyncClient:
    return in_process(create_app(settings=SimulatorSettings(behave=rules, **settings), faults=faults))


async def create(pbx: httpx.AsyncClient, box: dict[str, Any]) -> str:
    answer = await pbx.post(BOXES, json=box)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def both(pbx: httpx.AsyncClient, id_: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """A box as the list shows it, and as a single response does."""
    (listed,) = (await pbx.get(BOXES)).json()["items"]
    return listed, (await pbx.get(f"{BOXES}/{id_}")).json()


@pytest.mark.parametrize("where", ["list", "single", "both"])
@pytest.mark.parametrize(
    ("how", "shown"), [("hide", None), ("mask-stars", "******"), ("mask-digits", "000000"), ("omit", ...)]
)
@pytest.mark.parametrize("field", ["pin", "recipients"])
async def test_a_field_is_shown_as_a_rule_specifies(field: str, how: str, shown: Any, where: str) -> None:
    async with behaving(f"{how}:{field}:{where}") as pbx:
        id_ = await create(pbx, FULL)
        listed, single = await both(pbx, id_)

    whole = FULL | {"id": id_}
    changed = {name: value for name, value in (whole | {field: shown}).items() if value is not ...}
    assert listed == (whole if where == "single" else changed)
    assert single == (whole if where == "list" else changed)


async def test_a_mask_covers_no_blank_and_rules_add_up() -> None:
    async with behaving("mask-stars:recipients:both", "hide:pin:list", "omit:enable_pin:single") as pbx:
        id_ = await create(pbx, a_box())
        listed, single = await both(pbx, id_)

    assert listed["recipients"] is single["recipients"] is None
    assert (listed["pin"], single["pin"]) == (None, "402817")
    assert "enable_pin" in listed
    assert "enable_pin" not in single


@pytest.mark.parametrize(
    ("rules", "after"),
    [
        ([], DEFAULTS | {"pin": "402817", "retain_days": 30}),
        (["updates:replace"], DEFAULTS | {"pin": "402817", "retain_days": 30}),
        (["updates:merge"], FULL | {"retain_days": 90, "seeded": [1]}),
        (["updates:erase"], FULL),
    ],
)
async def test_an_update_does_with_what_it_leaves_out_what_a_rule_specifies(
    tmp_path: Path, rules: list[str], after: dict[str, Any]
) -> None:
    seed = tmp_path / "seed.json"
    seed.write_text(json.dumps([FULL | {"id": "one", "retain_days": 90, "seeded": [1]}]))
    app = create_app(seed=seed, settings=SimulatorSettings(behave=(*rules, "extra:retain_days=30")))
    async with in_process(app) as pbx:
        answer = await pbx.post(f"{BOXES}/one", json={"name": "Ward"})
        box = (await pbx.get(f"{BOXES}/one")).json()

    assert answer.status_code == 200
    assert box == after | {"id": "one", "name": "Ward", "extension_number": "6100"}


async def test_a_field_that_is_not_documented_has_its_value_from_the_start_and_can_be_written() -> None:
    async with behaving("extra:retain_days=30", "extra:owner=Ute", "updates:merge", "hide:owner:list") as pbx:
        id_ = await create(pbx, FULL)
        listed, single = await both(pbx, id_)
        await pbx.post(f"{BOXES}/{id_}", json={"retain_days": 60})
        written = (await pbx.get(f"{BOXES}/{id_}")).json()
        refused = await pbx.post(f"{BOXES}/{id_}", json={"other": 60})

    assert single == FULL | {"id": id_, "retain_days": 30, "owner": "Ute"}
    assert listed == single | {"owner": None}
    assert written == single | {"retain_days": 60}
    assert refused.status_code == 400


@pytest.mark.parametrize(
    ("parameter", "value"), [("filter", "name eq 'x'"), ("search", "x"), ("skip", 1), ("top", 1), ("orderby", "name")]
)
async def test_lists_ignore_what_a_rule_specifies(parameter: str, value: str | int) -> None:
    async with behaving(f"ignore:{parameter}") as pbx:
        for number in ("6102", "6101"):
            await create(pbx, a_box(extension_number=number, name=f"Box {number}"))
        page = (await pbx.get(BOXES, params={parameter: value})).json()

    assert page["count"] == 2
    assert [box["extension_number"] for box in page["items"]] == ["6102", "6101"]


async def test_a_rule_makes_a_call_return_nulls() -> None:
    async with behaving(*(f"nulls:{call}" for call in ("list", "owner", "policy", "tenant", "messages"))) as pbx:
        empty, free = await pbx.get(BOXES), await pbx.get(FREE)
        id_ = await create(pbx, a_box())
        answers = [await pbx.get(f"/api/{path}") for path in ("tenant/password_policy", "tenant")]
        messages = await pbx.get(f"{BOXES}/{id_}/voicemails")
        taken = await pbx.get("/api/extension_numbers/6300")

    assert empty.json() == messages.json() == {"count": 0, "items": None}
    assert (free.status_code, set(free.json().values())) == (200, {None})
    assert all(answer.status_code == 200 and set(answer.json().values()) == {None} for answer in answers)
    assert taken.json()["name"] == "Sales"


@pytest.mark.parametrize(
    ("rules", "policy", "accepted", "refused"),
    [
        (["pins:8-12"], (8, 12), "402817402817", "402817"),
        (["policy:12-32"], (12, 32), "402817", "402817402817"),
        (["policy:6-4"], (6, 4), "402817", "40281"),
        (["pins:any"], (6, 10), "000000", "x"),
        (["pins:8-12", "policy:6-4"], (6, 4), "40281740", "402817"),
    ],
)
async def test_pins_and_the_policy_are_those_of_the_rules(
    rules: list[str], policy: tuple[int, int], accepted: str, refused: str
) -> None:
    async with behaving(*rules) as pbx:
        reported = (await pbx.get("/api/tenant/password_policy")).json()

        assert (reported["min_length"], reported["max_length"]) == policy
        assert (await pbx.post(BOXES, json=a_box(pin=refused))).status_code == 400
        assert (await pbx.post(BOXES, json=a_box(pin=accepted))).status_code == 201


@pytest.mark.parametrize(
    "rule",
    [
        "", "hide", "hide:pin", "hide:pin:lists", "hide:colour:list", "shout:pin:list", "updates:sometimes", "extra:",
        "extra:name=1", "ignore:id", "nulls:create", "pins:6", "policy:any", "pins:any:list", "pins:9-3",
    ],
)  # fmt: skip
def test_a_rule_that_cannot_be_understood_is_named(rule: str) -> None:
    with pytest.raises(SimulatorError, match=f'"{rule}" is not a behaviour rule'):
        create_app(settings=SimulatorSettings(behave=(rule,)))


async def test_messages_are_counted_listed_and_destroyed_with_their_box() -> None:
    app = create_app(settings=SimulatorSettings())
    async with in_process(app) as pbx:
        id_ = await create(pbx, a_box())
        voicemails = f"{BOXES}/{id_}/voicemails"
        none = (await pbx.get(voicemails)).json()
        app.state.stored.leave_message(id_)
        app.state.stored.leave_message(id_, "6300")
        first = (await pbx.get(voicemails, params={"top": 1})).json()
        second = (await pbx.get(voicemails, params={"skip": 1})).json()
        await pbx.post(f"{BOXES}/{id_}/destroy")
        gone = await pbx.get(voicemails)

    assert none == {"count": 0, "items": []}
    assert first["count"] == second["count"] == 2
    assert [item["sender_number"] for item in first["items"] + second["items"]] == ["+493012345", "6300"]
    assert set(first["items"][0]) == {"id", "sender_name", "sender_number", "created_at", "duration", "status"}
    assert gone.status_code == 404
    assert app.state.stored.messages(id_) == []


async def test_a_caller_may_leave_a_message_right_after_a_call() -> None:
    async with behaving(faults=("message:create:1", "message:fetch:1", "message:list:1")) as pbx:
        id_ = await create(pbx, a_box())
        await pbx.get(f"{BOXES}/{id_}")
        await pbx.get(BOXES)

        assert (await pbx.get(f"{BOXES}/{id_}/voicemails")).json()["count"] == 2


async def test_another_box_may_be_answered() -> None:
    async with behaving(faults=("other-box:fetch:1-2",)) as pbx:
        ids = [await create(pbx, a_box(extension_number=number)) for number in ("6101", "6102")]
        answered = [(await pbx.get(f"{BOXES}/{id_}")).json()["id"] for id_ in (*ids, ids[0])]

    assert answered == [ids[1], ids[0], ids[0]]


@pytest.mark.parametrize(("fault", "count"), [("408", 0), ("409", 0), ("408-after", 1), ("409-after", 1)])
async def test_408_and_409_come_before_or_after_the_change(fault: str, count: int) -> None:
    async with behaving(faults=(f"{fault}:create:1",)) as pbx:
        assert (await pbx.post(BOXES, json=a_box())).status_code == int(fault[:3])
        assert (await pbx.get(BOXES)).json()["count"] == count


@pytest.mark.parametrize("call", ["messages", "tenant", "policy"])
@pytest.mark.parametrize("status", [403, 404, 500])
async def test_optional_calls_may_be_forbidden_missing_or_broken(call: str, status: int) -> None:
    async with behaving(faults=(f"{status}:{call}:every=1",)) as pbx:
        id_ = await create(pbx, a_box())
        path = {"messages": f"shared_voicemails/{id_}/voicemails", "policy": "tenant/password_policy"}.get(call, call)

        assert (await pbx.get(f"/api/{path}")).status_code == status


async def test_the_tenant_is_described_and_may_become_another_one() -> None:
    settings = {"tenant_id": "NDI=", "tenant_name": "Clinic", "domain": "clinic.example"}
    async with behaving(faults=("other-tenant:tenant:2",), **settings) as pbx:
        answers = [(await pbx.get("/api/tenant")).json() for _ in range(3)]

    assert answers[0] == answers[2] == {"id": "NDI=", "name": "Clinic", "domain": "clinic.example"}
    assert not answers[1].items() & answers[0].items()


async def test_a_domain_is_the_same_in_upper_and_lower_case() -> None:
    async with in_process(create_app(), token="") as pbx:
        login = PASSWORD_LOGIN | {"domain": SimulatorSettings().domain.upper()}

        assert (await pbx.post(LOGIN, data=login)).status_code == 200


async def test_a_seed_may_have_two_boxes_with_one_number_and_the_calls_make_no_such_boxes(tmp_path: Path) -> None:
    seed = tmp_path / "seed.json"
    seed.write_text(json.dumps([a_box(name="One"), a_box(name="Other")]))
    async with in_process(create_app(seed=seed)) as pbx:
        listed = (await pbx.get(BOXES)).json()
        third = await pbx.post(BOXES, json=a_box())

    assert (listed["count"], [box["name"] for box in listed["items"]]) == (2, ["One", "Other"])
    assert third.status_code == 409


async def test_bulkvms_own_keys_of_a_json_file_are_no_fields_of_a_box(tmp_path: Path) -> None:
    seed = tmp_path / "seed.json"
    seed.write_text(json.dumps([FULL | {"bulkvm_row": 2, "bulkvm_status": "created"}]))
    async with in_process(create_app(seed=seed)) as pbx:
        (box,) = (await pbx.get(BOXES)).json()["items"]

    assert box == FULL | {"id": box["id"]}
