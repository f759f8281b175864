"""How two lists of boxes differ."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bulkvm.columns import COLUMNS
from bulkvm.model.box import BLANK, NOT_KNOWN, Absent, Box
from bulkvm.planning import boxes_from_rows, make_diff
from tests.boxes import full_box

BOX = full_box()
CHANGED = {
    "name": "Reception",
    "pin": "24680",
    "prompt": "de-DE",
    "enable_pin": False,
    "enable_email_notify": True,
    "recipients": ("a@example.com",),
    "play_datetime": "12_HOUR_CLOCK",
}

lists = st.lists(
    st.builds(
        replace,
        st.just(BOX),
        id=st.sampled_from(["1", "2"]),
        extension_number=st.sampled_from(["101", "102", "103", "104"]),
        name=st.sampled_from(["Lab", "Ward", NOT_KNOWN]),
        prompt=st.sampled_from(["en-US", "EN-us", "de-DE", BLANK, NOT_KNOWN]),
        enable_pin=st.sampled_from([True, False, BLANK]),
        recipients=st.sampled_from([(), ("a@example.com",), ("A@example.com",)]),
    ),
    unique_by=lambda box: box.extension_number,
)


def with_field(header: str, value: Any) -> Box:
    fields: dict[str, Any] = {header: value}
    return replace(BOX, **fields)


@given(lists)
def test_a_list_does_not_differ_from_itself_in_another_order_with_other_ids(boxes: list[Box]) -> None:
    other = [replace(box, id="another") for box in reversed(boxes)]

    assert make_diff(boxes, other).is_empty
    assert make_diff(boxes, other).unchanged == len(boxes)


@given(lists, lists)
def test_every_box_is_accounted_for_once(a: list[Box], b: list[Box]) -> None:
    diff = make_diff(a, b)

    both = len(diff.changed) + diff.unchanged
    assert (len(diff.only_a) + both, len(diff.only_b) + both) == (len(a), len(b))


@given(lists, lists)
def test_a_diff_in_the_other_direction_has_the_same_differences(a: list[Box], b: list[Box]) -> None:
    one, other = make_diff(a, b), make_diff(b, a)

    assert (one.only_a, one.only_b, one.not_compared) == (other.only_b, other.only_a, other.not_compared)
    assert [[(d.field, d.new, d.old) for d in changed.differences] for changed in one.changed] == [
        [(d.field, d.old, d.new) for d in changed.differences] for changed in other.changed
    ]


@pytest.mark.parametrize(("header", "value"), CHANGED.items())
def test_a_changed_field_is_reported_with_both_its_values(header: str, value: Any) -> None:
    (changed,) = make_diff([BOX], [with_field(header, value)]).changed

    assert [(d.field, d.old, d.new) for d in changed.differences] == [(header, getattr(BOX, header), value)]


@pytest.mark.parametrize("header", ["prompt", "enable_pin", "enable_email_notify", "play_datetime"])
def test_a_value_that_only_one_side_has_is_a_difference(header: str) -> None:
    blank = with_field(header, BLANK)

    assert make_diff([BOX], [blank]).changed
    assert make_diff([blank], [BOX]).changed
    assert make_diff([blank], [blank]).is_empty


@pytest.mark.parametrize("absent", [BLANK, NOT_KNOWN])
def test_a_pin_that_one_side_does_not_show_is_no_difference_and_reported_as_not_compared(absent: Absent) -> None:
    hidden = with_field("pin", absent)

    for pair in ((BOX, hidden), (hidden, BOX)):
        diff = make_diff(pair[:1], pair[1:])
        assert diff.is_empty
        assert diff.not_compared == ("pin",)


def test_a_column_that_a_sheet_lacks_is_not_compared_and_a_blank_cell_is_blank() -> None:
    row = {"extension_number": "0101", "name": "Front Desk", "prompt": "", "recipients": ""}

    diff = make_diff(boxes_from_rows([row]), [BOX])

    assert [(d.field, d.old, d.new) for d in diff.changed[0].differences] == [
        ("prompt", BLANK, "en-US"),
        ("recipients", (), ("a@example.com", "b@example.com")),
    ]
    assert diff.not_compared == ("pin", "enable_pin", "enable_email_notify", "play_datetime")


def as_exported(box: Box) -> dict[str, str]:
    """The texts that an export has for a box."""
    values = {column: getattr(box, column.header) for column in COLUMNS if column.updatable}
    texts = {column.header: "" if value is BLANK else column.format(value) for column, value in values.items()}
    return {"extension_number": box.extension_number, **texts}


ODD: dict[str, list[Any]] = {
    "name": ["a\x07b", "x" * 70, "<clear>", " Lab ", "\N{ZERO WIDTH SPACE}Lab", "a\nb", "NA"],
    "pin": ["111222", "4028", "0" * 12],
    "prompt": ["de_DE", "English", "xx-QQQQ-1", "<clear>"],
    "recipients": [
        tuple(f"a{n}@example.com" for n in range(16)),
        ("no address",),
        ("no address", "a@example.com"),
        ("Anna <a@example.com>",),
        ("a@example.com", "A@example.com"),
    ],
    "play_datetime": ["12 hour clock", "12h", "13_HOUR_CLOCK"],
}


@pytest.mark.parametrize(("header", "value"), [(header, value) for header, values in ODD.items() for value in values])
def test_an_invalid_or_repaired_value_equals_its_row_in_an_export(header: str, value: Any) -> None:
    odd = with_field(header, value)

    assert make_diff(boxes_from_rows([as_exported(odd)]), [odd]).is_empty
    for diff in (
        make_diff(boxes_from_rows([as_exported(odd)]), [BOX]),
        make_diff([odd], boxes_from_rows([as_exported(BOX)])),
    ):
        assert [d.field for changed in diff.changed for d in changed.differences] == [header]


@pytest.mark.parametrize("header", ["enable_pin", "enable_email_notify"])
def test_a_word_that_is_neither_yes_nor_no_is_a_difference_from_both(header: str) -> None:
    (box,) = boxes_from_rows([{**as_exported(BOX), header: "maybe"}])

    for value in (True, False, BLANK):
        (changed,) = make_diff([box], [with_field(header, value)]).changed
        assert [(d.field, d.old, d.new) for d in changed.differences] == [(header, "maybe", value)]


@pytest.mark.parametrize("order", [sorted, lambda boxes: sorted(boxes, reverse=True)], ids=["up", "down"])
def test_differences_come_in_extension_order(order: Callable[[list[str]], list[str]]) -> None:
    numbers = order(["103", "101", "102"])
    a = [replace(BOX, extension_number=number) for number in numbers]
    b = [replace(box, name="Ward") for box in a]

    assert [changed.box.extension_number for changed in make_diff(a, b).changed] == ["101", "102", "103"]
    assert [box.extension_number for box in make_diff(a, []).only_a] == ["101", "102", "103"]
