"""What an undo would do, and what it leaves alone."""

from dataclasses import replace

import pytest

from bulkvm.box import BLANK, NOT_KNOWN, Box, Owner, Record
from bulkvm.changes import Change, ChangeKind
from bulkvm.outcomes import Outcome, Status
from bulkvm.planning import Taken, make_plan, plan_undo, whole_box

ROW = Record(row=2, extension_number="6201")
NEW = Record(row=2, extension_number="6201", name="Front Desk", pin="402817")
BOX = Box(
    id="QQ==", extension_number="6201", name="Front Desk", pin="402817", prompt=BLANK, enable_pin=True,
    enable_email_notify=False, recipients=(), play_datetime=BLANK,
)  # fmt: skip
CREATED = Change(ChangeKind.CREATE, NEW)
RENAMED = Change(ChangeKind.UPDATE, Record(row=2, extension_number="6201", name="New", prompt="de-DE"), BOX)
REMOVED = Change(ChangeKind.REMOVE, ROW, BOX)
AFTER = whole_box(RENAMED)


@pytest.mark.parametrize(
    ("done", "boxes", "kind", "kept"),
    [
        (CREATED, [BOX], ChangeKind.REMOVE, ""),
        (CREATED, [], ChangeKind.UNCHANGED, ""),
        (CREATED, [replace(BOX, id="other")], ChangeKind.UNCHANGED, ""),
        (CREATED, [replace(BOX, name="By hand")], ChangeKind.UNCHANGED, "in name"),
        (CREATED, [replace(BOX, enable_pin=False)], ChangeKind.UNCHANGED, "in enable_pin"),
        (RENAMED, [AFTER], ChangeKind.UPDATE, ""),
        (RENAMED, [BOX], ChangeKind.UNCHANGED, ""),
        (RENAMED, [], ChangeKind.UNCHANGED, "is gone"),
        (RENAMED, [replace(AFTER, pin="582046")], ChangeKind.UNCHANGED, "in pin"),
        (RENAMED, [replace(AFTER, pin=NOT_KNOWN)], ChangeKind.UPDATE, ""),
        (REMOVED, [], ChangeKind.CREATE, ""),
        (REMOVED, [BOX], ChangeKind.UNCHANGED, ""),
        (Change(ChangeKind.UNCHANGED, ROW, BOX), [BOX], ChangeKind.UNCHANGED, ""),
    ],
    ids=lambda value: str(value)[:40],
)
def test_only_what_is_still_as_the_run_left_it_is_put_back(
    done: Change, boxes: list[Box], kind: ChangeKind, kept: str
) -> None:
    outcome = Outcome(row=2, extension_number="6201", status=Status.UPDATED, id="QQ==")

    plan = plan_undo({2: done}, [outcome], boxes)

    assert [change.kind for change in plan.changes] == [kind]
    assert [kept in problem.message for problem in plan.problems] == ([True] if kept else [])


def test_an_undone_update_is_the_box_as_it_was_blanks_included() -> None:
    outcome = Outcome(row=2, extension_number="6201", status=Status.UPDATED, id="QQ==")

    (change,) = plan_undo({2: RENAMED}, [outcome], [AFTER]).changes

    assert whole_box(change) == BOX
    assert change.changed == ("name", "prompt")


@pytest.mark.parametrize("status", [Status.CREATED, Status.UNKNOWN])
def test_a_row_that_changed_something_or_may_have_is_undone(status: Status) -> None:
    outcome = Outcome(row=2, extension_number="6201", status=status)

    assert [c.kind for c in plan_undo({2: CREATED}, [outcome], [BOX]).changes] == [ChangeKind.REMOVE]


@pytest.mark.parametrize("status", [Status.REJECTED, Status.FAILED, Status.NOT_SENT, Status.INVALID, Status.UNCHANGED])
def test_a_row_that_changed_nothing_is_not_undone(status: Status) -> None:
    outcome = Outcome(row=2, extension_number="6201", status=status)

    assert plan_undo({2: CREATED}, [outcome], [BOX]).changes == ()


@pytest.mark.parametrize(
    ("free", "advice"), [("6303", "the next free number is 6303"), (None, "choose another number")]
)
def test_a_number_that_is_taken_is_told_with_its_owner(free: str | None, advice: str) -> None:
    taken = {"6201": Taken(Owner("Sales", "RING_GROUP"), free)}

    plan = make_plan([NEW], [], taken)

    assert [problem.message for problem in plan.problems] == [f'6201 belongs to the ring group "Sales"; {advice}.']
