from collections.abc import AsyncIterator

import httpx
import pytest

from bulkvm.simulator import SimulatorSettings, create_app
from tests.simulator.requests import BOXES, DEFAULTS, FULL, a_box, in_process


@pytest.fixture
async def pbx() -> AsyncIterator[httpx.AsyncClient]:
    async with in_process(create_app()) as client:
        yield client


async def create(pbx: httpx.AsyncClient, box: dict[str, object]) -> str:
    answer = await pbx.post(BOXES, json=box)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def test_a_box_is_shown_as_it_was_created(pbx: httpx.AsyncClient) -> None:
    id_ = await create(pbx, FULL)

    assert (await pbx.get(f"{BOXES}/{id_}")).json() == FULL | {"id": id_}
    assert (await pbx.get(BOXES)).json() == {"count": 1, "items": [FULL | {"id": id_}]}


async def test_a_field_that_a_create_omits_is_null_or_the_documented_default(pbx: httpx.AsyncClient) -> None:
    id_ = await create(pbx, a_box(recipients=""))

    assert (await pbx.get(f"{BOXES}/{id_}")).json() == a_box(id=id_) | DEFAULTS


async def test_an_update_replaces_all_but_name_pin_and_number(pbx: httpx.AsyncClient) -> None:
    id_ = await create(pbx, FULL)

    answer = await pbx.post(f"{BOXES}/{id_}", json={})

    assert (answer.status_code, answer.content) == (200, b"")
    assert (await pbx.get(f"{BOXES}/{id_}")).json() == a_box(id=id_) | DEFAULTS


async def test_an_update_changes_what_it_holds(pbx: httpx.AsyncClient) -> None:
    id_ = await create(pbx, a_box())
    changed = {field: value for field, value in FULL.items() if field != "extension_number"} | {
        "name": "Ward",
        "pin": "118822",
    }

    await pbx.post(f"{BOXES}/{id_}", json=changed)

    assert (await pbx.get(f"{BOXES}/{id_}")).json() == FULL | changed | {"id": id_}


async def test_a_destroyed_box_is_gone_and_its_number_free(pbx: httpx.AsyncClient) -> None:
    id_ = await create(pbx, FULL)

    answer = await pbx.post(f"{BOXES}/{id_}/destroy")

    assert (answer.status_code, answer.content) == (204, b"")
    assert (await pbx.get(BOXES)).json() == {"count": 0, "items": []}
    assert await create(pbx, FULL) != id_


@pytest.mark.parametrize("path", ["", "/destroy"])
async def test_every_call_for_an_unknown_box_is_answered_with_404(pbx: httpx.AsyncClient, path: str) -> None:
    answer = await pbx.post(f"{BOXES}/NzAwNTUxOTA5NzczMTQ4MTYw{path}", json={})

    assert answer.status_code == 404
    assert answer.json()["errors"][0]["code"] == "NOT_FOUND"
    assert (await pbx.get(f"{BOXES}/NzAwNTUxOTA5NzczMTQ4MTYw")).status_code == 404


@pytest.mark.parametrize("number", ["6100", "6300", "1001"], ids=["a box", "a ring group", "an extension"])
async def test_a_number_in_use_by_any_kind_of_extension_is_taken(pbx: httpx.AsyncClient, number: str) -> None:
    await create(pbx, FULL)

    answer = await pbx.post(BOXES, json=a_box(extension_number=number))

    assert answer.status_code == 409
    assert answer.json()["errors"][0]["code"] == "ALREADY_EXISTS"
    assert (await pbx.get(BOXES)).json()["count"] == 1


@pytest.mark.parametrize(
    ("number", "name", "kind"),
    [
        ("1001", "Reception", "EXTENSION"),
        ("6300", "Sales", "RING_GROUP"),
        ("6301", "Support", "CALL_QUEUE"),
        ("6400", "Monday meeting", "CONFERENCE_ROOM"),
        ("8000", "Main menu", "VIRTUAL_RECEPTIONIST"),
        ("6100", "Clinic", "SHARED_VOICEMAIL"),
    ],
)
async def test_the_owner_of_a_number_is_reported(pbx: httpx.AsyncClient, number: str, name: str, kind: str) -> None:
    await create(pbx, FULL)

    owner = (await pbx.get(f"/api/extension_numbers/{number}")).json()

    assert owner.pop("id")
    assert owner == {"extension_number": number, "name": name, "type": kind}


async def test_a_free_number_has_no_owner(pbx: httpx.AsyncClient) -> None:
    assert (await pbx.get("/api/extension_numbers/6100")).status_code == 404


async def test_the_password_policy_shows_how_long_a_pin_may_be() -> None:
    async with in_process(create_app(settings=SimulatorSettings(pin_min=8, pin_max=12))) as pbx:
        policy = (await pbx.get("/api/tenant/password_policy")).json()

        assert (policy["min_length"], policy["max_length"]) == (8, 12)
        assert (await pbx.post(BOXES, json=a_box(pin="4028170"))).status_code == 400
        assert (await pbx.post(BOXES, json=a_box(pin="402817402817"))).status_code == 201


async def test_a_list_of_summaries_leaves_most_fields_out() -> None:
    async with in_process(create_app(settings=SimulatorSettings(summary_lists=True))) as pbx:
        id_ = await create(pbx, FULL)

        assert (await pbx.get(BOXES)).json()["items"] == [{"id": id_, "name": "Clinic", "extension_number": "6100"}]
        assert (await pbx.get(f"{BOXES}/{id_}")).json() == FULL | {"id": id_}
