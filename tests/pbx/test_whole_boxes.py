"""What an update lost or changed among the fields that bulkvm does not know, and what the PBX keeps itself."""

from typing import Any

import pytest

from bulkvm.model.box import Box
from bulkvm.pbx import WholeBox, find_field_changes

BOX = Box(id="1", extension_number="6201")
T1, T2 = "2026-11-27T10:00:00Z", "2026-11-27T10:00:05Z"
LOST, CHANGED, FINE = "lost", "changed", None


@pytest.mark.parametrize(
    ("name", "old", "new", "verdict"),
    [
        ("retain_days", 30, None, LOST),
        ("retain_days", 30, 7, CHANGED),
        ("retain_days", 30, "30", FINE),
        ("retain_days", 0, None, LOST),
        ("retain_days", None, 30, FINE),
        ("fallback", "6200", "", LOST),
        ("fallback", "6200", "6201", CHANGED),
        ("fallback", "", "6201", FINE),
        ("transcribe", True, False, CHANGED),
        ("transcribe", False, None, LOST),
        ("transcribe", False, True, CHANGED),
        ("members", ["a", "b"], ["b", "a"], FINE),
        ("members", ["a", "b"], ["a"], CHANGED),
        ("members", ["a"], [], LOST),
        ("members", [], ["a"], FINE),
        ("greeting", {"id": "g1", "on": True}, {"on": True, "id": "g1"}, FINE),
        ("greeting", {"id": "g1"}, {}, LOST),
        ("updated_at", T1, T2, FINE),
        ("updatedAt", T1, "some other form", FINE),
        ("lastModified", 5, 9, FINE),
        ("etag", "a", "b", FINE),
        ("etag", "a", None, LOST),
        ("row_version", "AAA=", "AAB=", FINE),
        ("since", T1, T2, FINE),
        ("since", T2, T1, CHANGED),
        ("stamp", 1_700_000_000, 1_700_000_100, FINE),
        ("stamp", 1_700_000_000, 5, CHANGED),
        ("unread", 3, 4, FINE),
        ("unread", 4, 3, FINE),
        ("unread", 3, 0, CHANGED),
        ("name", "documented", None, FINE),
        ("id", "documented", "otherwise", FINE),
    ],
)
def test_a_field_is_lost_changed_or_the_pbx_s_own(name: str, old: Any, new: Any, verdict: str | None) -> None:
    found = find_field_changes(WholeBox(BOX, {name: old}), WholeBox(BOX, {} if new is None else {name: new}))
    as_null = find_field_changes(WholeBox(BOX, {name: old}), WholeBox(BOX, {name: new}))

    assert found == as_null
    assert [(change.path, change.is_lost) for change in found] == ([] if verdict is None else [(name, verdict == LOST)])


def test_a_field_within_another_one_is_named_by_its_path() -> None:
    before = {"greeting": {"busy": {"file": "a.wav", "on": True}, "updated_at": T1}}
    after = {"greeting": {"busy": {"on": False}, "updated_at": T2, "new": 1}}

    found = find_field_changes(WholeBox(BOX, before), WholeBox(BOX, after))

    assert [(change.path, change.is_lost) for change in found] == [
        ("greeting.busy.file", True),
        ("greeting.busy.on", False),
    ]


def test_deeply_nested_fields_are_compared() -> None:
    old: Any = "a"
    new: Any = "b"
    for _ in range(200):
        old, new = {"x": old}, {"x": new}

    (found,) = find_field_changes(WholeBox(BOX, {"deep": old}), WholeBox(BOX, {"deep": new}))

    assert found.path == "deep.x.x.x.x.x.x.x"


def test_the_fields_of_a_box_are_in_no_repr() -> None:
    whole = WholeBox(BOX, {"pin": "402817"})

    assert "402817" not in repr(whole) + repr(find_field_changes(whole, WholeBox(BOX, {})))
