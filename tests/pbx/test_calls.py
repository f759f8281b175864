"""Each call of the API, over a real socket."""

from dataclasses import replace
from typing import Any

import pytest

from bulkvm.model.box import BLANK, Box, Owner, Record
from bulkvm.model.errors import NoSuchBox, OutcomeUnknown, PbxRefused
from bulkvm.model.settings import PinPolicy, SendSettings, Site
from bulkvm.pbx import Pbx, connect
from bulkvm.simulator import SimulatorSettings, create_app
from tests.altered_pbx import AlteredPbx, json_answer

SITE = Site(name="test", url="http://simulator", token=SimulatorSettings().token)

RECORD = Record(
    row=2,
    extension_number="6201",
    name="=Müller & Söhne, 'Zentrale'",
    pin="024680",
    prompt="de-DE",
    enable_pin=False,
    enable_email_notify=True,
    recipients=("a@example.com", "b@example.com"),
    play_datetime="24_HOUR_CLOCK",
)


def altered(path: str, content: Any) -> AlteredPbx:
    """A PBX that answers calls of this path with this JSON."""
    return AlteredPbx(create_app(), instead=lambda asked: json_answer(content) if path in asked.path else None)


async def test_a_created_box_is_fetched_with_the_values_that_were_sent(pbx: Pbx) -> None:
    box_id = (await pbx.create_box(RECORD)).value

    box = await pbx.fetch_box(box_id)

    assert box == Box(
        id=box_id,
        extension_number="6201",
        name=str(RECORD.name),
        pin="024680",
        prompt="de-DE",
        enable_pin=False,
        enable_email_notify=True,
        recipients=("a@example.com", "b@example.com"),
        play_datetime="24_HOUR_CLOCK",
    )


async def test_blanks_are_left_to_the_pbx_and_its_nulls_are_blanks(pbx: Pbx) -> None:
    box_id = (await pbx.create_box(Record(row=2, extension_number="6201", name="Front Desk", pin="402817"))).value

    box = await pbx.fetch_box(box_id)

    assert (box.enable_pin, box.enable_email_notify) == (True, False)
    assert (box.prompt, box.recipients) == (BLANK, ())


async def test_an_update_sets_all_fields_but_the_number(pbx: Pbx) -> None:
    box_id = (await pbx.create_box(RECORD)).value
    wanted = replace(await pbx.fetch_box(box_id), name="Reception", pin="135791", recipients=(), enable_pin=True)

    await pbx.update_box(wanted)

    assert await pbx.fetch_box(box_id) == wanted


async def test_a_box_is_found_by_its_extension(pbx: Pbx) -> None:
    box_id = (await pbx.create_box(RECORD)).value

    found = await pbx.find_box("6201")

    assert found is not None
    assert found.id == box_id
    assert await pbx.find_box("620") is None


async def test_a_destroyed_box_is_gone(pbx: Pbx) -> None:
    box_id = (await pbx.create_box(RECORD)).value

    await pbx.destroy_box(box_id)

    with pytest.raises(NoSuchBox):
        await pbx.fetch_box(box_id)
    with pytest.raises(NoSuchBox):
        await pbx.destroy_box(box_id)


@pytest.mark.parametrize("box_id", ["../extension_numbers/6300", "a/b", "a?b", "a#b", "ü%"])
async def test_an_id_cannot_change_the_path_of_a_request(pbx: Pbx, box_id: str) -> None:
    with pytest.raises(NoSuchBox):
        await pbx.fetch_box(box_id)


async def test_a_refusal_quotes_the_pbx_and_carries_its_code(pbx: Pbx) -> None:
    await pbx.create_box(RECORD)

    with pytest.raises(PbxRefused, match='The PBX said: "') as refusal:
        await pbx.create_box(RECORD)
    assert refusal.value.code.isupper()


async def test_a_refusal_of_a_pin_does_not_show_it(pbx: Pbx) -> None:
    with pytest.raises(PbxRefused) as refusal:
        await pbx.create_box(replace(RECORD, pin="111999"))
    assert "111999" not in str(refusal.value)


async def test_the_owner_of_a_number_is_known(pbx: Pbx) -> None:
    assert await pbx.number_owner("6300") == Owner(name="Sales", kind="RING_GROUP")
    assert await pbx.number_owner("6299") is None


TENANT = "the tenant's password policy"


@pytest.mark.parametrize(
    ("reported", "policy"),
    [
        ({"min_length": 6, "max_length": 10}, PinPolicy(6, 10, TENANT, TENANT)),
        ({"min_length": 8, "max_length": 12}, PinPolicy(8, 12, TENANT, TENANT)),
        ({"min_length": 4, "max_length": 9}, PinPolicy(4, 9, TENANT, TENANT)),
        ({"min_length": 12}, PinPolicy(12, 64, min_from=TENANT)),
        ({"min_length": 8, "max_length": 0}, PinPolicy(8, 10, min_from=TENANT)),
        ({"min_length": None, "max_length": "12"}, PinPolicy()),
        ({"min_length": True, "max_length": -1}, PinPolicy()),
        ({}, PinPolicy()),
    ],
    ids=str,
)
async def test_the_tenants_policy_decides_how_long_a_pin_may_be_where_there_is_one(
    reported: dict[str, Any], policy: PinPolicy
) -> None:
    pbx = altered("password_policy", reported)
    async with connect(SITE, app=pbx) as calls:
        assert await calls.pin_policy() == policy


@pytest.mark.parametrize(
    ("reported", "owner"),
    [
        ({"id": None, "extension_number": None, "name": None, "type": None}, None),
        ({"id": "", "extension_number": "6299", "name": None, "type": ""}, None),
        ({}, None),
        ({"id": "QQ==", "extension_number": "6299", "name": None, "type": None}, Owner(name="", kind="UNKNOWN")),
    ],
    ids=["nulls", "blanks", "nothing", "an id alone"],
)
async def test_a_number_of_which_the_pbx_names_no_owner_is_free(reported: dict[str, Any], owner: Owner | None) -> None:
    pbx = altered("extension_numbers", reported)
    async with connect(SITE, app=pbx) as calls:
        assert await calls.number_owner("6299") == owner


async def test_an_empty_tenant_may_list_null_in_place_of_no_boxes() -> None:
    empty = altered("shared_voicemails", {"count": 0, "items": None})
    broken = altered("shared_voicemails", {"count": 1, "items": None})

    async with connect(SITE, app=empty) as calls:
        assert await calls.list_boxes() == ()
    async with connect(SITE, SendSettings(retries=1), app=broken) as calls:
        with pytest.raises(OutcomeUnknown):
            await calls.list_boxes()
