"""A list in an order of the PBX's own is complete, too."""

import json
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bulkvm.model.box import Box
from bulkvm.model.errors import ListKeptChanging, PbxRefused
from bulkvm.model.settings import SendSettings, Site
from bulkvm.pbx import Query, connect, list_whole_boxes
from bulkvm.simulator import SimulatorSettings, create_app
from tests.simulator.requests import DEFAULTS

SITE = Site(name="test", url="http://simulator", token=SimulatorSettings().token)
NAMES = ["Ward", "Lab", "Front Desk", "Archive"]


def seeded(folder: Path, *faults: str) -> Starlette:
    boxes = [{"extension_number": str(2100 + n), "name": NAMES[n % 4], "pin": "402817"} for n in range(45)]
    seed = folder / "seed.json"
    seed.write_text(json.dumps(boxes), encoding="utf-8")
    return create_app(seed=seed, settings=SimulatorSettings(page_cap=7), faults=faults)


async def list_from(app: Starlette, orderby: str) -> tuple[Box, ...]:
    async with connect(SITE, SendSettings(retries=1, max_rps=0), app=app) as pbx:
        return await list_whole_boxes(pbx, Query(orderby=orderby))


@pytest.mark.parametrize(
    "orderby", ["name", "name desc", "enable_pin", "extension_number desc", "name, extension_number desc"]
)
async def test_boxes_come_in_the_order_asked_for_each_once(tmp_path: Path, orderby: str) -> None:
    listed = await list_from(seeded(tmp_path), orderby)

    expected = sorted(listed, key=lambda box: box.extension_number, reverse="extension_number desc" in orderby)
    if orderby.startswith("name"):
        expected.sort(key=lambda box: str(box.name), reverse="name desc" in orderby)
    assert list(listed) == expected
    assert len({box.extension_number for box in listed}) == 45


async def test_boxes_that_the_order_leaves_equal_do_not_change_places_from_page_to_page() -> None:
    items = [{"id": n, "extension_number": n, "name": "Lab", "pin": "402817"} for n in map(str, range(101, 121))]
    asked = 0

    def shuffled(request: Request) -> Response:
        """Equal names come in another order each time, unless the extension decides."""
        nonlocal asked
        asked += 7
        turn = 0 if "extension_number" in request.query_params.get("orderby", "") else asked % 20
        skip, top = int(request.query_params.get("skip", 0)), min(5, int(request.query_params["top"]))
        page = [item | DEFAULTS for item in (items[turn:] + items[:turn])[skip : skip + top]]
        return JSONResponse({"count": 20, "items": page})

    listed = await list_from(Starlette(routes=[Route("/api/shared_voicemails", shuffled)]), "name")

    assert [box.extension_number for box in listed] == [item["id"] for item in items]


@pytest.mark.parametrize("what", ["admin-add", "admin-remove", "admin-rename"])
@pytest.mark.parametrize("at", [2, 3, 4])
async def test_a_change_between_its_pages_loses_nothing(tmp_path: Path, what: str, at: int) -> None:
    app = seeded(tmp_path, f"{what}:list:{at}")

    listed = await list_from(app, "name")

    assert {box.id for box in listed} == {box.id for box in await list_from(app, "extension_number")}


async def test_an_ordered_list_that_keeps_changing_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ListKeptChanging):
        await list_from(seeded(tmp_path, "admin-add:list:every=1"), "name")


async def test_an_order_that_the_pbx_does_not_know_is_reported_in_its_words(tmp_path: Path) -> None:
    with pytest.raises(PbxRefused, match="orderby must be"):
        await list_from(seeded(tmp_path), "colour")
