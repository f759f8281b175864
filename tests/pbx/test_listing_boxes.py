"""The list is complete, or there is none."""

import json
import operator
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bulkvm.model.box import NOT_KNOWN, Box
from bulkvm.model.errors import ListKeptChanging, OutcomeUnknown, PbxError
from bulkvm.model.settings import SendSettings, Site
from bulkvm.pbx import Query, connect, list_whole_boxes
from bulkvm.pbx.listing import quote
from bulkvm.simulator import SimulatorSettings, create_app
from bulkvm.simulator.filters import EVERY_ITEM

SITE = Site(name="test", url="http://simulator", token=SimulatorSettings().token)


def seed(folder: Path, numbers: Sequence[str]) -> Path:
    file = folder / "seed.json"
    switches = {"enable_pin": True, "enable_email_notify": False}
    boxes = [{"extension_number": n, "name": f"Box {n}", "pin": "402817", **switches} for n in numbers]
    file.write_text(json.dumps(boxes), encoding="utf-8")
    return file


async def list_from(app: Starlette, query: Query | None = None) -> tuple[Box, ...]:
    async with connect(SITE, SendSettings(retries=1, max_rps=0), app=app) as pbx:
        return await pbx.list_boxes(query)


@pytest.mark.parametrize("count", [0, 1, 99, 100, 101, 250])
@pytest.mark.parametrize("page_cap", [100, 7])
async def test_every_box_is_listed_once_in_extension_order(tmp_path: Path, count: int, page_cap: int) -> None:
    numbers = [str(2000 + n) for n in range(count)]
    app = create_app(seed=seed(tmp_path, numbers), settings=SimulatorSettings(page_cap=page_cap))

    assert [box.extension_number for box in await list_from(app)] == numbers


async def test_numbers_of_several_lengths_are_all_listed(tmp_path: Path) -> None:
    numbers = [f"{n:0{width}}" for width in (3, 4, 18) for n in range(201, 260)]
    app = create_app(seed=seed(tmp_path, numbers), settings=SimulatorSettings(page_cap=10))

    assert {box.extension_number for box in await list_from(app)} == set(numbers)


async def test_a_filter_and_a_search_narrow_the_list(tmp_path: Path) -> None:
    app = create_app(seed=seed(tmp_path, [str(2000 + n) for n in range(150)]), settings=SimulatorSettings(page_cap=10))

    filtered = await list_from(app, Query(filter="startswith(extension_number, '204') or extension_number eq '2000'"))
    found = await list_from(app, Query(search="Box 2149"))

    assert [box.extension_number for box in filtered] == ["2000", *[str(2040 + n) for n in range(10)]]
    assert [box.extension_number for box in found] == ["2149"]


@pytest.mark.parametrize("what", ["admin-add", "admin-remove", "admin-rename"])
@pytest.mark.parametrize("at", [2, 3, 4])
async def test_a_change_by_someone_else_between_pages_loses_nothing(tmp_path: Path, what: str, at: int) -> None:
    app = create_app(
        seed=seed(tmp_path, [str(2100 + n) for n in range(45)]),
        settings=SimulatorSettings(page_cap=20),
        faults=[f"{what}:list:{at}"],
    )

    listed = await list_from(app)

    app.state.faults = type(app.state.faults)()
    assert {box.extension_number for box in listed} == {box.extension_number for box in await list_from(app)}


async def test_a_box_that_came_and_one_that_went_do_not_hide_one_that_was_there_all_the_time(tmp_path: Path) -> None:
    numbers = [str(1100 + n) for n in range(100)] + [str(5100 + n) for n in range(100)]
    app = create_app(seed=seed(tmp_path, numbers), faults=["admin-add:list:2", "admin-remove:list:3"])

    listed = {box.extension_number for box in await list_from(app)}

    assert set(numbers) - listed <= {"1100"}


async def test_a_list_that_keeps_changing_is_an_error(tmp_path: Path) -> None:
    app = create_app(
        seed=seed(tmp_path, [str(2100 + n) for n in range(45)]),
        settings=SimulatorSettings(page_cap=20),
        faults=["admin-add:list:every=1"],
    )

    with pytest.raises(ListKeptChanging, match="An incomplete list is not used"):
        await list_from(app)


async def test_fields_that_a_summary_list_leaves_out_are_not_known(tmp_path: Path) -> None:
    app = create_app(seed=seed(tmp_path, ["2001"]), settings=SimulatorSettings(summary_lists=True))

    (box,) = await list_from(app)

    assert (box.name, box.pin) == ("Box 2001", NOT_KNOWN)


async def test_whole_boxes_are_fetched_where_the_list_is_a_summary(tmp_path: Path) -> None:
    numbers = [str(2000 + n) for n in range(120)]
    app = create_app(seed=seed(tmp_path, numbers), settings=SimulatorSettings(summary_lists=True))

    async with connect(SITE, app=app) as pbx:
        boxes = await list_whole_boxes(pbx)

    assert [(box.extension_number, box.pin) for box in boxes] == [(n, "402817") for n in numbers]


async def test_a_pin_that_may_be_a_mask_is_fetched_even_if_only_one_box_has_it(tmp_path: Path) -> None:
    app = create_app(seed=seed(tmp_path, ["2001"]), settings=SimulatorSettings(behave=("mask-digits:pin:list",)))
    (truth,) = app.state.stored.page(EVERY_ITEM, "position", 0, 1)
    async with connect(SITE, SendSettings(retries=1, max_rps=0), app=app) as pbx:
        (box,) = await list_whole_boxes(pbx)

    assert box.pin == truth["pin"]


async def test_a_mask_in_a_single_answer_does_not_replace_what_the_list_shows(tmp_path: Path) -> None:
    behave = ("mask-digits:pin:single", "omit:name:list")
    app = create_app(seed=seed(tmp_path, ["2001"]), settings=SimulatorSettings(behave=behave))

    async with connect(SITE, app=app) as pbx:
        (listed,) = await list_whole_boxes(pbx)
        found = await pbx.find_box("2001")

    assert (listed.name, listed.pin) == ("Box 2001", "402817")
    assert found == listed


async def test_whole_boxes_of_a_full_list_cost_three_further_requests(tmp_path: Path) -> None:
    app = create_app(seed=seed(tmp_path, [str(2000 + n) for n in range(25)]))

    async with connect(SITE, app=app) as pbx:
        await list_whole_boxes(pbx)

    assert app.state.traffic.counts["fetch"] == 3


async def test_progress_ends_with_all(tmp_path: Path) -> None:
    app = create_app(seed=seed(tmp_path, [str(2000 + n) for n in range(25)]), settings=SimulatorSettings(page_cap=10))
    reported: list[tuple[int, int]] = []

    async with connect(SITE, app=app) as pbx:
        await pbx.list_boxes(progress=lambda done, total: reported.append((done, total)))

    assert reported == [(10, 25), (20, 25), (25, 25)]


def item(number: str) -> dict[str, Any]:
    return {"id": f"id-{number}", "extension_number": number, "name": number, "pin": None}


def pbx_of(answer: Callable[[Request], Any]) -> Starlette:
    """A PBX whose list is what `answer` returns."""
    return Starlette(routes=[Route("/api/shared_voicemails", lambda request: JSONResponse(answer(request)))])


def ordered_by_value(request: Request) -> dict[str, Any]:
    """Filters numbers as text, and orders them by their value."""
    numbers = sorted(["101", "102", "9", "1000", "1001", "20"], key=int)
    query = request.query_params
    after = query.get("filter", "").partition("gt '")[2].rstrip("'")
    numbers = [n for n in numbers if n > after]
    skip = int(query.get("skip", 0))
    return {"count": len(numbers), "items": [item(n) for n in numbers[skip : skip + min(2, int(query["top"]))]]}


async def test_a_pbx_that_orders_by_one_rule_and_filters_by_another_loses_no_box() -> None:
    boxes = await list_from(pbx_of(ordered_by_value))

    assert [box.extension_number for box in boxes] == ["1000", "1001", "101", "102", "20", "9"]


class Restless:
    """A PBX that gives a list of its own for each request, the last one from then on, and notes what was asked."""

    def __init__(self, *lists: Sequence[int], page: int = 100) -> None:
        self.lists = lists
        self.page = page
        self.asked: list[dict[str, str]] = []

    def __call__(self, request: Request) -> dict[str, Any]:
        query = dict(request.query_params)
        numbers = [str(n) for n in self.lists[min(len(self.asked), len(self.lists) - 1)]]
        self.asked.append(query)
        if after := query.get("filter", "").partition("gt '")[2].rstrip("'"):
            numbers = [n for n in numbers if n > after]
        skip = int(query.get("skip", 0))
        return {
            "count": len(numbers),
            "items": [item(n) for n in numbers[skip : skip + min(self.page, int(query["top"]))]],
        }

    @property
    def readings(self) -> int:
        """How often the list was begun."""
        return sum("orderby" in q and "filter" not in q and q.get("skip", "0") == "0" for q in self.asked)


async def test_pages_have_the_size_that_the_api_allows() -> None:
    pbx = Restless(range(1000, 1250))

    await list_from(pbx_of(pbx))

    assert [query["top"] for query in pbx.asked] == ["100", "100", "100", "100", "1"]  # the fourth page is empty


async def test_a_list_that_counts_fewer_in_the_end_than_at_first_is_read_again() -> None:
    pbx = Restless([101, 102, 103], [101, 102], page=2)

    boxes = await list_from(pbx_of(pbx))

    assert [box.extension_number for box in boxes] == ["101", "102"]
    assert pbx.readings == 2


@pytest.mark.parametrize("orderby", [None, "extension_number"])
async def test_a_list_is_read_three_times_and_no_more(orderby: str | None) -> None:
    pbx = Restless(*(range(100, 103 + n) for n in range(99)))

    with pytest.raises(ListKeptChanging, match="3 readings did not agree"):
        await list_from(pbx_of(pbx), Query(orderby=orderby))
    assert pbx.readings == 3


async def test_pages_by_position_that_shifted_are_seen_though_the_count_agrees() -> None:
    """Two boxes that were read go, one comes behind and later one in front: 30 are read, and 105 is not among them."""
    at_first, then = range(100, 130), [*range(102, 130), 200]
    later = [99, *then]
    pbx = Restless(at_first, then, later, page=5)

    boxes = await list_from(pbx_of(pbx), Query(orderby="extension_number"))

    assert [box.extension_number for box in boxes] == [str(n) for n in later]


@pytest.mark.parametrize("body", [b"", b" ", b"null", b"<h1>Welcome</h1>", b'{"count": 1, "items": [{"id": "1", "ext'])
async def test_a_body_that_is_not_a_list_is_an_error(body: bytes) -> None:
    app = Starlette(routes=[Route("/{path:path}", lambda _: Response(body, media_type="application/json"))])

    with pytest.raises(OutcomeUnknown):
        await list_from(app)


def test_a_quote_in_a_filter_is_doubled() -> None:
    assert quote("O'Hara") == "'O''Hara'"


def deaf_to_filters(request: Request) -> dict[str, Any]:
    """Gives page after page by position, whatever filter it is asked for."""
    numbers = [str(100 + n) for n in range(10)]
    skip, top = int(request.query_params.get("skip", 0)), min(3, int(request.query_params["top"]))
    return {"count": 10, "items": [item(n) for n in numbers[skip : skip + top]]}


async def test_a_pbx_that_ignores_the_filter_loses_no_box() -> None:
    assert len(await list_from(pbx_of(deaf_to_filters))) == 10


@pytest.mark.parametrize(
    ("page", "error"),
    [
        ({"count": 3, "items": []}, ListKeptChanging),
        ({"count": 3, "items": [item("101")]}, ListKeptChanging),
        ({"count": 1, "items": [item("101"), item("102")]}, ListKeptChanging),
        ({"count": 10**15, "items": [item("101")]}, OutcomeUnknown),
        ({"count": -1, "items": []}, OutcomeUnknown),
        ({"count": None, "items": []}, OutcomeUnknown),
        ({"count": True, "items": []}, OutcomeUnknown),
        ({"items": []}, OutcomeUnknown),
        ({"count": 0}, OutcomeUnknown),
        ({"count": 1, "items": [{"name": "no id"}]}, OutcomeUnknown),
        ({"count": 1, "items": ["text"]}, OutcomeUnknown),
        ({"count": 1, "items": [{**item("101"), "enable_pin": "yes"}]}, OutcomeUnknown),
        ({"count": 1, "items": [{**item("101"), "name": True}]}, OutcomeUnknown),
        ([], OutcomeUnknown),
        (None, OutcomeUnknown),
    ],
    ids=str,
)
async def test_a_list_that_contradicts_itself_is_an_error(page: Any, error: type[PbxError]) -> None:
    with pytest.raises(error):
        await list_from(pbx_of(lambda _: page))


@pytest.mark.parametrize("page_cap", [100, 10])
async def test_two_boxes_with_one_number_are_both_listed(page_cap: int) -> None:
    boxes = [item(str(100 + n)) for n in range(25)]
    twins = [{**boxes[9], "id": "twin-a"}, {**boxes[20], "id": "twin-b"}]
    items = sorted([*boxes, *twins], key=lambda box: str(box["extension_number"]))

    def answer(request: Request) -> dict[str, Any]:
        query = request.query_params
        how, after, _ = query.get("filter", "extension_number ge ''").split("'")
        compare = operator.ge if " ge " in how else operator.gt
        matching = [i for i in items if compare(i["extension_number"], after)]
        skip, top = int(query.get("skip", 0)), min(page_cap, int(query["top"]))
        return {"count": len(matching), "items": matching[skip : skip + top]}

    listed = await list_from(pbx_of(answer))

    assert sorted(box.id for box in listed) == sorted(i["id"] for i in items)
    assert [box.extension_number for box in listed] == [i["extension_number"] for i in items]


async def test_a_box_that_is_recreated_while_the_list_is_read_is_listed_once() -> None:
    asked = 0

    def answer(request: Request) -> dict[str, Any]:
        nonlocal asked
        asked += 1
        both = [{**item("101"), "id": "old"}, {**item("101"), "id": "new"}]
        found = both if asked == 1 else both[1:] if "filter" not in request.query_params else []
        return {"count": 2 if asked <= 3 else 1, "items": found}

    assert [box.id for box in await list_from(pbx_of(answer))] == ["new"]


async def test_masked_pins_are_not_known_and_unknown_fields_are_ignored() -> None:
    masked = {**item("101"), "pin": "******", "greeting": "hello.wav", "recipients": ["a@example.com"]}

    (box,) = await list_from(pbx_of(lambda _: {"count": 1, "items": [masked]}))

    assert box.pin is NOT_KNOWN
    assert box.recipients == ("a@example.com",)


async def test_a_lone_surrogate_in_a_name_is_replaced() -> None:
    body = json.dumps({"count": 1, "items": [{**item("101"), "name": "a\ud800b"}]})
    app = Starlette(routes=[Route("/{path:path}", lambda _: Response(body, media_type="application/json"))])

    (box,) = await list_from(app)

    assert box.name == "a?b"


async def test_a_pin_that_is_null_is_one_that_the_pbx_does_not_show() -> None:
    (box,) = await list_from(pbx_of(lambda _: {"count": 1, "items": [item("101")]}))

    assert box.pin is NOT_KNOWN
