"""What an undo would do, and what it leaves alone."""

from dataclasses import replace
from typing import Any

import pytest

from bulkvm.model.box import BLANK, NOT_KNOWN, Box, NumberConflict, Owner, Record
from bulkvm.model.change import Change, ChangeKind
from bulkvm.model.outcome import Outcome, Status
from bulkvm.planning import DoneRun, make_plan, plan_undo, spare_messages, updated_box
from tests.boxes import full_box

ROW = Record(row=2, extension_number="6201")
NEW = Record(row=2, extension_number="6201", name="Front Desk", pin="402817")
BOX = full_box(id="QQ==", extension_number="6201", pin="402817", prompt=BLANK, recipients=(), play_datetime=BLANK)
CREATED = Change(ChangeKind.CREATE, NEW)
RENAMED = Change(ChangeKind.UPDATE, Record(row=2, extension_number="6201", name="New", prompt="de-DE"), BOX)
REMOVED = Change(ChangeKind.REMOVE, ROW, BOX)
AFTER = updated_box(RENAMED)


@pytest.mark.parametrize(
    ("done", "boxes", "kind", "kept"),
    [
        (CREATED, [BOX], ChangeKind.REMOVE, ""),
        (CREATED, [], ChangeKind.UNCHANGED, ""),
        (CREATED, [replace(BOX, id="other")], ChangeKind.KEEP, "Another box has its number"),
        (CREATED, [replace(BOX, prompt="de-DE")], ChangeKind.KEEP, "has a value in prompt"),
        (
            CREATED,
            [replace(BOX, play_datetime="DISABLE", prompt="de-DE")],
            ChangeKind.KEEP,
            "play_datetime, prompt",
        ),
        (CREATED, [replace(BOX, name="By hand")], ChangeKind.KEEP, "in name"),
        (CREATED, [replace(BOX, enable_pin=False)], ChangeKind.KEEP, "in enable_pin"),
        (RENAMED, [AFTER], ChangeKind.UPDATE, ""),
        (RENAMED, [BOX], ChangeKind.UNCHANGED, ""),
        (RENAMED, [], ChangeKind.KEEP, "no longer exists"),
        (RENAMED, [replace(AFTER, id="other")], ChangeKind.KEEP, "Another box has its number"),
        (RENAMED, [replace(AFTER, pin="582046")], ChangeKind.KEEP, "in pin"),
        (RENAMED, [replace(AFTER, pin=NOT_KNOWN)], ChangeKind.UPDATE, ""),
        (REMOVED, [], ChangeKind.CREATE, ""),
        (REMOVED, [BOX], ChangeKind.UNCHANGED, ""),
        (REMOVED, [replace(BOX, id="other")], ChangeKind.UNCHANGED, ""),
        (REMOVED, [replace(BOX, id="other", name="By hand")], ChangeKind.KEEP, "A new box 6201 differs"),
        (Change(ChangeKind.UNCHANGED, ROW, BOX), [BOX], ChangeKind.UNCHANGED, ""),
    ],
    ids=lambda value: str(value)[:40],
)
def test_an_undo_restores_only_boxes_that_no_one_changed_since(
    done: Change, boxes: list[Box], kind: ChangeKind, kept: str
) -> None:
    outcome = Outcome(row=2, extension_number="6201", status=Status.UPDATED, id="QQ==")

    plan = plan_undo(DoneRun(changes={2: done}, outcomes=[outcome]), boxes)

    assert [change.kind for change in plan.changes] == [kind]
    assert [kept in problem.message for problem in plan.problems] == ([True] if kept else [])


def test_an_undo_of_an_update_restores_blank_fields_too() -> None:
    outcome = Outcome(row=2, extension_number="6201", status=Status.UPDATED, id="QQ==")

    (change,) = plan_undo(DoneRun(changes={2: RENAMED}, outcomes=[outcome]), [AFTER]).changes

    assert updated_box(change) == BOX
    assert change.changed == ("name", "prompt")


OUTCOME = Outcome(row=2, extension_number="6201", status=Status.CREATED, id="QQ==")
GERMAN = replace(BOX, prompt="de-DE")
OTHER = replace(BOX, id="Qg==", extension_number="6202", prompt="de-DE", recipients=("all@example.com",))


def undo_of_create(box: Box, read_back: dict[int, Box]) -> list[ChangeKind]:
    """What comes of row 2, beside row 3, which left the same cells blank, and row 4, which left others blank."""
    created = {
        2: CREATED,
        3: Change(ChangeKind.CREATE, replace(NEW, row=3, extension_number="6202")),
        4: Change(ChangeKind.CREATE, replace(NEW, row=4, extension_number="6203", recipients=("x@example.com",))),
    }
    return [c.kind for c in plan_undo(DoneRun(changes=created, outcomes=[OUTCOME], read_back=read_back), [box]).changes]


@pytest.mark.parametrize(
    ("box", "read_back", "kind"),
    [
        (GERMAN, {2: GERMAN}, ChangeKind.REMOVE),
        (GERMAN, {2: BOX}, ChangeKind.KEEP),
        (GERMAN, {3: replace(OTHER, recipients=())}, ChangeKind.REMOVE),
        (BOX, {3: replace(OTHER, recipients=())}, ChangeKind.KEEP),
        (GERMAN, {3: OTHER}, ChangeKind.KEEP),
        (GERMAN, {4: OTHER}, ChangeKind.REMOVE),
        (GERMAN, {3: replace(OTHER, prompt=BLANK, recipients=())}, ChangeKind.KEEP),
        (GERMAN, {3: replace(OTHER, prompt=NOT_KNOWN, recipients=())}, ChangeKind.KEEP),
        (replace(GERMAN, prompt=NOT_KNOWN), {}, ChangeKind.REMOVE),
        (replace(GERMAN, pin=BLANK), {2: replace(GERMAN, pin=BLANK)}, ChangeKind.REMOVE),
    ],
    ids=range(10),
)
def test_what_a_new_box_has_in_blank_cells_is_known_from_what_was_read_back(
    box: Box, read_back: dict[int, Box], kind: ChangeKind
) -> None:
    assert undo_of_create(box, read_back) == [kind]


@pytest.mark.parametrize(("done", "sent"), [(CREATED, BOX), (RENAMED, AFTER)])
@pytest.mark.parametrize(("field", "value"), [("name", "By hand"), ("pin", "582046")])
def test_a_box_that_read_back_differently_from_what_was_sent_may_be_someone_elses_and_is_kept(
    done: Change, sent: Box, field: str, value: str
) -> None:
    outcome = replace(OUTCOME, status=Status.UNKNOWN)
    changed: dict[str, Any] = {field: value}
    box = replace(sent, **changed)

    plan = plan_undo(DoneRun(changes={2: done}, outcomes=[outcome], read_back={2: box}), [box])

    assert [change.kind for change in plan.changes] == [ChangeKind.KEEP]
    assert [(p.code, f"as it was sent in {field}." in p.message) for p in plan.problems] == [("not-as-sent", True)]


def test_an_undo_restores_fields_that_an_update_lost() -> None:
    outcome = replace(OUTCOME, status=Status.UNKNOWN)
    former = replace(BOX, recipients=("all@example.com",))
    done = Change(ChangeKind.UPDATE, RENAMED.record, former)
    box = replace(AFTER, recipients=())

    (change,) = plan_undo(DoneRun(changes={2: done}, outcomes=[outcome], read_back={2: box}), [box]).changes

    assert (change.kind, change.wanted) == (ChangeKind.UPDATE, former)


@pytest.mark.parametrize("field", ["prompt", "play_datetime", "enable_pin", "recipients"])
def test_a_box_with_a_field_that_was_set_since_is_kept(field: str) -> None:
    values: dict[str, Any] = {
        "prompt": "fr-FR",
        "play_datetime": "DISABLE",
        "enable_pin": False,
        "recipients": ("x@example.com",),
    }
    box = replace(BOX, **{field: values[field]})

    for read_back in ({}, {2: BOX}, {3: replace(BOX, id="Qg==", extension_number="6202")}):
        assert undo_of_create(box, read_back) == [ChangeKind.KEEP]


@pytest.mark.parametrize(
    ("count", "kind", "reported"),
    [
        (0, ChangeKind.REMOVE, None),
        (1, ChangeKind.KEEP, "Box 6201 holds 1 message, so"),
        (1200, ChangeKind.KEEP, "holds 1,200 messages, so"),
        (None, ChangeKind.KEEP, "does not show whether box 6201 holds messages"),
    ],
)
def test_a_box_that_holds_messages_or_may_hold_some_is_kept_and_named(
    count: int | None, kind: ChangeKind, reported: str | None
) -> None:
    plan = plan_undo(DoneRun(changes={2: CREATED}, outcomes=[OUTCOME]), [BOX])

    spared = spare_messages(plan, {BOX.id: count})

    assert [(c.kind, c.spares_messages) for c in spared.changes] == [(kind, kind is ChangeKind.REMOVE)]
    assert len(spared.problems) == (reported is not None)
    assert all(reported and reported in p.message and "--" not in p.message for p in spared.problems)
    assert all("--with-messages" in p.message_with_option for p in spared.problems)


def test_a_box_whose_messages_were_not_counted_is_kept() -> None:
    plan = plan_undo(DoneRun(changes={2: CREATED}, outcomes=[OUTCOME]), [BOX])

    assert [change.kind for change in spare_messages(plan, {}).changes] == [ChangeKind.KEEP]


def test_a_create_whose_beginning_the_journal_lost_is_undone_from_its_row() -> None:
    plan = plan_undo(DoneRun(changes={}, outcomes=[OUTCOME], records={2: NEW}), [BOX])

    assert ([change.kind for change in plan.changes], plan.problems) == ([ChangeKind.REMOVE], ())


@pytest.mark.parametrize("status", [Status.UPDATED, Status.UNKNOWN])
def test_any_other_row_whose_beginning_the_journal_lost_is_an_error(status: Status) -> None:
    outcome = replace(OUTCOME, status=status)

    plan = plan_undo(DoneRun(changes={}, outcomes=[outcome], records={2: NEW}), [BOX])

    assert plan.changes == ()
    assert [(p.row, p.code, p.is_error) for p in plan.problems] == [(2, "not-told", True)]


def test_a_field_that_an_earlier_undo_could_not_blank_is_an_error_that_names_it() -> None:
    outcome = replace(OUTCOME, status=Status.UPDATED)
    merged = replace(BOX, prompt="de-DE")

    first = plan_undo(DoneRun(changes={2: RENAMED}, outcomes=[outcome]), [merged])
    second = plan_undo(DoneRun(changes={2: RENAMED}, outcomes=[outcome], undone_by={2: "The undo U"}), [merged])
    by_hand = plan_undo(
        DoneRun(changes={2: RENAMED}, outcomes=[outcome], undone_by={2: "The undo U"}),
        [replace(merged, name="By hand")],
    )

    assert [problem.code for problem in first.problems] == ["changed-since"]
    assert [(problem.code, problem.is_error) for problem in second.problems] == [("not-blank", True)]
    assert "The undo U restored box 6201 except for prompt" in second.problems[0].message
    assert [problem.code for problem in by_hand.problems] == ["changed-since"]


def test_a_removed_box_whose_pin_was_not_shown_gets_that_of_the_run_that_made_it() -> None:
    hidden = Change(ChangeKind.REMOVE, ROW, replace(BOX, pin=NOT_KNOWN))
    outcome = replace(OUTCOME, status=Status.UPDATED)

    known = plan_undo(
        DoneRun(changes={2: hidden}, outcomes=[outcome], sent_values={2: {"pin": "402817", "name": "Other"}}), []
    )
    unknown = plan_undo(DoneRun(changes={2: hidden}, outcomes=[outcome]), [])

    assert [(change.kind, change.record.pin) for change in known.changes] == [(ChangeKind.CREATE, "402817")]
    assert [(problem.code, problem.is_error) for problem in known.problems] == [("value-of-run", False)]
    assert "402817" not in known.problems[0].message
    assert unknown.changes == ()
    assert [(problem.code, problem.is_error) for problem in unknown.problems] == [("pin-not-known", True)]


def test_a_hidden_value_of_a_deleted_box_is_taken_from_the_run_or_reported_as_lost() -> None:
    hidden = Change(ChangeKind.REMOVE, ROW, replace(BOX, prompt=NOT_KNOWN, recipients=NOT_KNOWN))
    outcome = replace(OUTCOME, status=Status.UPDATED)

    plan = plan_undo(DoneRun(changes={2: hidden}, outcomes=[outcome], sent_values={2: {"prompt": "de-DE"}}), [])

    (change,) = plan.changes
    assert (change.record.prompt, change.record.recipients) == ("de-DE", BLANK)
    assert [problem.code for problem in plan.problems] == ["value-of-run", "former-not-known"]
    assert ["Prompt language" in problem.message for problem in plan.problems] == [True, False]
    assert "Recipients" in plan.problems[1].message


def test_a_former_value_that_the_pbx_did_not_show_is_reported_as_lost() -> None:
    done = Change(ChangeKind.UPDATE, replace(NEW, name="New"), replace(BOX, pin=NOT_KNOWN))
    outcome = replace(OUTCOME, status=Status.UPDATED)

    plan = plan_undo(DoneRun(changes={2: done}, outcomes=[outcome]), [replace(BOX, name="New", pin=NOT_KNOWN)])

    assert [change.changed for change in plan.changes] == [("name",)]
    assert {(problem.code, problem.is_error) for problem in plan.problems} == {
        ("former-not-known", False),
        ("not-shown", False),
    }
    assert "The former pin of box 6201" in plan.problems[0].message


@pytest.mark.parametrize("status", [Status.CREATED, Status.UNKNOWN])
def test_a_row_that_changed_something_or_may_have_is_undone(status: Status) -> None:
    outcome = Outcome(row=2, extension_number="6201", status=status)

    assert [c.kind for c in plan_undo(DoneRun(changes={2: CREATED}, outcomes=[outcome]), [BOX]).changes] == [
        ChangeKind.REMOVE
    ]


def test_boxes_whose_ids_the_pbx_swapped_in_its_answers_are_removed() -> None:
    created = {2: CREATED, 3: Change(ChangeKind.CREATE, replace(NEW, row=3, extension_number="6202"))}
    outcomes = [OUTCOME, replace(OUTCOME, row=3, extension_number="6202", id="Qg==")]
    swapped = [replace(BOX, id="Qg=="), replace(BOX, extension_number="6202")]

    plan = plan_undo(DoneRun(changes=created, outcomes=outcomes), swapped)

    assert [(c.kind, c.box and c.box.id) for c in plan.changes] == [
        (ChangeKind.REMOVE, "Qg=="),
        (ChangeKind.REMOVE, "QQ=="),
    ]


@pytest.mark.parametrize("status", [Status.REJECTED, Status.FAILED, Status.NOT_SENT, Status.INVALID, Status.UNCHANGED])
def test_a_row_that_changed_nothing_is_not_undone(status: Status) -> None:
    outcome = Outcome(row=2, extension_number="6201", status=status)

    assert plan_undo(DoneRun(changes={2: CREATED}, outcomes=[outcome]), [BOX]).changes == ()


@pytest.mark.parametrize(
    ("owner", "free", "words"),
    [
        (Owner("Sales", "RING_GROUP"), "6303", 'the ring group "Sales"; the next free number is 6303'),
        (Owner("Sales", "RING_GROUP"), None, 'the ring group "Sales"; choose another number'),
        (Owner(" ", "VIRTUAL_RECEPTIONIST"), None, "a virtual receptionist; choose another number"),
        (Owner("", "UNKNOWN"), None, "an unknown extension; choose another number"),
        (Owner("Sales", "SHARED_VOICEMAIL"), None, 'the shared voicemail "Sales"; run the same command again'),
    ],
)
def test_a_number_that_is_taken_is_reported_with_its_owner(owner: Owner, free: str | None, words: str) -> None:
    taken = {"6201": NumberConflict("6201", owner, free)}

    plan = make_plan([NEW], [], taken)

    assert [problem.message for problem in plan.problems] == [f"6201 belongs to {words}."]
