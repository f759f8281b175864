import contextlib
import operator
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bulkvm.simulator import SimulatorSettings, create_app
from bulkvm.simulator.error_responses import ApiError
from bulkvm.simulator.filters import parse_filter, parse_order, parse_search
from bulkvm.simulator.state import State
from tests.simulator.requests import BOXES, DEFAULTS, a_box, in_process

TEXTS = ["", "6100", "A", "a", "Ä", "O'Neill", "O''Neill", "%", "_", "a\0b", "\N{TELEPHONE RECEIVER}", "Straße", "and"]
FIELDS = ["name", "prompt", "recipients"]


def make_state() -> tuple[State, list[dict[str, Any]]]:
    """A state with every text in every place, and nulls, in an order of making that no field agrees with."""
    state = State(None)
    boxes = []
    for i, text in enumerate(reversed(TEXTS)):
        box = DEFAULTS | a_box(
            name=text,
            extension_number=str(6100 + (i * 5) % 13),
            prompt=TEXTS[(i * 7) % 13] if i % 3 else None,
            recipients=TEXTS[(i * 3) % 13] if i % 2 else None,
            enable_pin=i % 2 == 0,
            enable_email_notify=None if i == 4 else i % 3 == 0,
        )
        boxes.append(box | {"id": state.insert(box)})
    return state, boxes


STATE, STORED = make_state()

Holds = Callable[[Mapping[str, Any]], bool]

WORDS: Mapping[str, Callable[[str | None, str], bool]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "gt": lambda value, text: value is not None and value > text,
    "ge": lambda value, text: value is not None and value >= text,
    "lt": lambda value, text: value is not None and value < text,
    "le": lambda value, text: value is not None and value <= text,
    "startswith": lambda value, text: value is not None and value.startswith(text),
    "endswith": lambda value, text: value is not None and value.endswith(text),
    "contains": lambda value, text: value is not None and text in value,
}


def quote(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


@st.composite
def comparisons(draw: st.DrawFn) -> tuple[str, Holds]:
    return write_comparison(
        draw(st.sampled_from(FIELDS)), draw(st.sampled_from([*WORDS])), draw(st.sampled_from(TEXTS))
    )


def write_comparison(field: str, word: str, text: str) -> tuple[str, Holds]:
    """A term of the filter language, and the same in Python."""
    written = f"{field} {word} {quote(text)}" if len(word) == 2 else f"{word}({field}, {quote(text)})"
    return written, lambda box: WORDS[word](box[field], text)


@st.composite
def constants(draw: st.DrawFn) -> tuple[str, Holds]:
    field = draw(st.sampled_from(["enable_pin", "enable_email_notify", "prompt"]))
    word = "null" if field == "prompt" else draw(st.sampled_from(["true", "false", "null"]))
    value = {"true": True, "false": False, "null": None}[word]
    if draw(st.booleans()):
        return f"{field} eq {word}", lambda box: box[field] == value
    return f"{field} ne {word}", lambda box: box[field] != value


def joined(terms: st.SearchStrategy[tuple[str, Holds]]) -> st.SearchStrategy[tuple[str, Holds]]:
    """Terms with "and" and "or" between them, in brackets or not."""

    def join(parts: list[list[tuple[str, Holds]]]) -> tuple[str, Holds]:
        text = " or ".join(" and ".join(term for term, _ in part) for part in parts)
        return text, lambda box: any(all(holds(box) for _, holds in part) for part in parts)

    several = st.lists(st.lists(terms, min_size=1, max_size=3), min_size=1, max_size=3).map(join)
    return several.map(lambda filter_: (f"( {filter_[0]})", filter_[1]))


FILTERS = st.recursive(comparisons() | constants(), joined, max_leaves=12)


@given(FILTERS)
def test_a_filter_finds_what_python_finds(filter_: tuple[str, Holds]) -> None:
    text, holds = filter_

    condition = parse_filter(text)

    found = STATE.page(condition, "position", skip=0, top=100)
    assert [box["id"] for box in found] == [box["id"] for box in STORED if holds(box)]
    assert STATE.count(condition) == len(found)


@pytest.mark.parametrize("word", WORDS)
def test_each_comparison_finds_what_python_finds(word: str) -> None:
    for field in FIELDS:
        for text in TEXTS:
            written, holds = write_comparison(field, word, text)
            found = STATE.page(parse_filter(written), "position", skip=0, top=100)
            assert [box["id"] for box in found] == [box["id"] for box in STORED if holds(box)], written


def test_and_binds_more_closely_than_or() -> None:
    bare = parse_filter("name eq '%' or name eq '_' and enable_pin eq true")
    bracketed = parse_filter("name eq '%' or (name eq '_' and enable_pin eq true)")

    assert STATE.page(bare, "position", 0, 100) == STATE.page(bracketed, "position", 0, 100)


@given(st.text() | st.text(alphabet="()' andoreqtlig,'name"))
def test_any_filter_is_parsed_or_refused(text: str) -> None:
    with contextlib.suppress(ApiError):
        STATE.page(parse_filter(text), "position", 0, 100)


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "name",
        "name eq",
        "name eq Sales",
        "name eq 'Sales",
        "name eq 'O'Neill'",
        "name like 'Sales'",
        "name eq 'a' name eq 'b'",
        "name eq 'a' and",
        "and name eq 'a'",
        "name eq 'a' not name eq 'b'",
        "(name eq 'a'",
        "name eq 'a')",
        ")name eq 'a'(",
        "name eq 'a') or (name eq 'b'",
        "()",
        "colour eq 'red'",
        "colour eq null",
        "pin eq '402817'",
        "startswith(pin, '4')",
        "position gt '1'",
        "name eq true",
        "name gt null",
        "enable_pin eq 'true'",
        "enable_pin gt true",
        "contains(enable_pin, 't')",
        "startswith(name)",
        "upper(name) eq 'A'",
        "name eq 'a' or 1=1 --",
        "(" * 21 + "name eq 'a'" + ")" * 21,
        " or ".join(["name eq 'a'"] * 201),
    ],
)
async def test_a_malformed_filter_is_a_400(pbx: httpx.AsyncClient, text: str) -> None:
    answer = await pbx.get(BOXES, params={"filter": text})

    assert answer.status_code == 400
    assert answer.json()["errors"][0]["code"] == "VALIDATE_FAILED"


def test_a_filter_may_be_as_big_as_documented() -> None:
    deep = "(" * 20 + "name eq 'A'" + ")" * 20
    long = " or ".join(["name eq 'A'"] * 200)

    assert STATE.count(parse_filter(deep)) == STATE.count(parse_filter(long)) == 1


@given(st.sampled_from([*TEXTS, "STRASSE", "o'neill", "61"]))
def test_a_search_finds_parts_of_names_and_numbers_whatever_their_case(text: str) -> None:
    found = STATE.page(parse_search(text), "position", 0, 100)

    folded = text.casefold()
    wanted = [b for b in STORED if folded in b["name"].casefold() or folded in b["extension_number"]]
    assert [box["id"] for box in found] == [box["id"] for box in wanted]


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("extension_number", lambda box: box["extension_number"]),
        (" name asc ", lambda box: box["name"]),
        ("enable_pin,name", lambda box: (box["enable_pin"], box["name"])),
        ("enable_pin asc , extension_number", lambda box: (box["enable_pin"], box["extension_number"])),
        ("enable_pin", lambda box: box["enable_pin"]),
    ],
)
def test_the_order_is_that_of_the_fields_then_of_making(text: str, key: Any) -> None:
    found = STATE.page(parse_filter("name ne null"), parse_order(text), 0, 100)

    assert [box["id"] for box in found] == [box["id"] for box in sorted(STORED, key=key)]


def test_a_descending_order_is_the_ascending_one_backwards() -> None:
    up = STATE.page(parse_filter("name ne null"), parse_order("name asc"), 0, 100)
    down = STATE.page(parse_filter("name ne null"), parse_order("name desc"), 0, 100)

    assert down == up[::-1]


@pytest.fixture
async def pbx() -> AsyncIterator[httpx.AsyncClient]:
    async with in_process(create_app()) as client:
        yield client


async def fill(pbx: httpx.AsyncClient, boxes: int) -> None:
    for number in range(6100 + boxes - 1, 6099, -1):
        await pbx.post(BOXES, json=a_box(extension_number=str(number), name=f"Box {number % 2}"))


async def list_numbers(pbx: httpx.AsyncClient, **query: Any) -> tuple[int, list[str]]:
    answer = (await pbx.get(BOXES, params=query)).json()
    return answer["count"], [box["extension_number"] for box in answer["items"]]


async def test_a_page_has_as_many_boxes_as_asked_for_and_the_count_is_of_all(pbx: httpx.AsyncClient) -> None:
    await fill(pbx, 105)

    count, numbers = await list_numbers(pbx, orderby="extension_number", skip=100)
    assert (count, numbers) == (105, ["6200", "6201", "6202", "6203", "6204"])
    count, numbers = await list_numbers(pbx)
    assert (count, len(numbers)) == (105, 100)
    assert await list_numbers(pbx, orderby="extension_number desc", top=2) == (105, ["6204", "6203"])
    assert await list_numbers(pbx, skip=105) == (105, [])


async def test_the_count_is_that_of_the_boxes_that_the_filter_and_the_search_leave(pbx: httpx.AsyncClient) -> None:
    await fill(pbx, 10)

    query = {"filter": "extension_number gt '6103'", "search": "box 1", "orderby": "extension_number", "top": 2}
    assert await list_numbers(pbx, **query) == (3, ["6105", "6107"])


async def test_a_page_cap_overrides_the_requested_page_size() -> None:
    async with in_process(create_app(settings=SimulatorSettings(page_cap=3))) as pbx:
        await fill(pbx, 5)

        assert await list_numbers(pbx, orderby="extension_number", top=100) == (5, ["6100", "6101", "6102"])
        assert await list_numbers(pbx, orderby="extension_number", top=2) == (5, ["6100", "6101"])
