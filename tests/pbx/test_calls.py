"""Each call of the API, over a real socket."""

from dataclasses import replace

import pytest

from bulkvm.box import BLANK, Box, Owner, Record
from bulkvm.errors import NoSuchBox, PbxRefused
from bulkvm.pbx import Pbx, connect
from bulkvm.settings import PinPolicy, Site
from bulkvm.simulator import Settings, create_app

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


async def test_a_box_that_was_created_is_fetched_as_it_was_meant(pbx: Pbx) -> None:
    box_id = (await pbx.create_box(RECORD)).told

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
    box_id = (await pbx.create_box(Record(row=2, extension_number="6201", name="Front Desk", pin="402817"))).told

    box = await pbx.fetch_box(box_id)

    assert (box.enable_pin, box.enable_email_notify) == (True, False)
    assert (box.prompt, box.recipients) == (BLANK, ())


async def test_an_update_sets_all_fields_but_the_number(pbx: Pbx) -> None:
    box_id = (await pbx.create_box(RECORD)).told
    wanted = replace(await pbx.fetch_box(box_id), name="Reception", pin="135791", recipients=(), enable_pin=True)

    await pbx.update_box(wanted)

    assert await pbx.fetch_box(box_id) == wanted


async def test_a_box_is_found_by_its_extension(pbx: Pbx) -> None:
    box_id = (await pbx.create_box(RECORD)).told

    found = await pbx.find_box("6201")

    assert found is not None
    assert found.id == box_id
    assert await pbx.find_box("620") is None


async def test_a_destroyed_box_is_gone(pbx: Pbx) -> None:
    box_id = (await pbx.create_box(RECORD)).told

    await pbx.destroy_box(box_id)

    with pytest.raises(NoSuchBox):
        await pbx.fetch_box(box_id)
    with pytest.raises(NoSuchBox):
        await pbx.destroy_box(box_id)


@pytest.mark.parametrize("box_id", ["../extension_numbers/6300", "a/b", "a?b", "a#b", "ü%"])
async def test_an_id_is_no_path(pbx: Pbx, box_id: str) -> None:
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


async def test_the_pins_length_is_the_stricter_of_the_api_page_and_the_tenant() -> None:
    site = Site(name="test", url="http://simulator", token=Settings().token)
    policies = []
    for least, most in ((6, 10), (8, 12), (6, 9)):
        async with connect(site, app=create_app(settings=Settings(pin_min=least, pin_max=most))) as pbx:
            policies.append(await pbx.pin_policy())

    tenant = "the tenant's password policy"
    assert policies == [PinPolicy(), PinPolicy(8, 10, min_from=tenant), PinPolicy(6, 9, max_from=tenant)]
