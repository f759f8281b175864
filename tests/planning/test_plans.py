"""What a sheet would change, and when that is too much."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bulkvm.columns import COLUMNS
from bulkvm.model.box import BLANK, NOT_KNOWN, Box, Record
from bulkvm.model.change import Change, ChangeKind, Plan
from bulkvm.model.errors import LimitExceeded, UsageError
from bulkvm.model.problem import Problem, ProblemCode, Severity
from bulkvm.model.settings import Limit, PinPolicy, parse_limit
from bulkvm.planning import (
    check_changes,
    fields_differ,
    fields_not_saved,
    fields_to_fetch,
    make_plan,
    updated_box,
    warn_of_old_pins,
)
from tests.boxes import full_box

BOX = full_box(id="QQ==", extension_number="6201", pin="402817")


def record(**fields: Any) -> Record:
    return Record(**{"row": 2, "extension_number": "6201", **fields})


def only_change(wanted: Record, *boxes: Box, keep_unseen: bool = False) -> Change:
    plan = make_plan([wanted], boxes, keep_unseen=keep_unseen)
    (change,) = plan.changes
    assert {problem.code for problem in plan.problems} <= {"not-shown"}
    return change


def test_a_number_that_the_pbx_lacks_is_created() -> None:
    assert only_change(record(name="Front Desk", pin="402817")).kind is ChangeKind.CREATE


def test_a_row_of_blanks_keeps_everything() -> None:
    assert only_change(record(), BOX).kind is ChangeKind.UNCHANGED


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", "Reception"),
        ("pin", "402818"),
        ("prompt", "de-DE"),
        ("enable_pin", False),
        ("enable_email_notify", True),
        ("recipients", ("a@example.com",)),
        ("recipients", ()),
        ("play_datetime", "12_HOUR_CLOCK"),
    ],
)
def test_one_other_value_is_an_update_of_that_field_alone(field: str, value: Any) -> None:
    change = only_change(record(**{field: value}), BOX)

    assert (change.kind, change.changed) == (ChangeKind.UPDATE, (field,))
    assert (change.differences[0].old, change.differences[0].new) == (getattr(BOX, field), value)
    assert updated_box(change) == replace(BOX, **{field: value})


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("recipients", ("B@example.com", "A@Example.com")),
        ("prompt", "EN-us"),
        ("prompt", "en_US"),
        ("name", "Front  Desk"),
    ],
)
def test_another_spelling_of_a_value_is_not_a_change(field: str, value: Any) -> None:
    assert only_change(record(**{field: value}), BOX).kind is ChangeKind.UNCHANGED


@pytest.mark.parametrize(
    ("boxes", "kinds"),
    [
        pytest.param([replace(BOX, prompt="xx-YY")], [ChangeKind.UNCHANGED], id="there"),
        pytest.param([BOX], [], id="the box has another value"),
        pytest.param([], [ChangeKind.CREATE], id="the box was lost"),
    ],
)
def test_an_invalid_value_of_an_export_is_an_error_if_the_box_has_another(
    boxes: list[Box], kinds: list[ChangeKind]
) -> None:
    reported = Problem(row=2, cell="D2", column="prompt", code=ProblemCode.PROMPT_TAG, message="no language tag.")

    plan = make_plan(
        [record(prompt="xx-YY", name="Desk" if not boxes else BLANK, pin="402817", errors_if_changed=(reported,))],
        boxes,
    )

    assert [change.kind for change in plan.changes] == kinds
    assert [problem for problem in plan.problems if problem.is_error] == ([] if kinds else [reported])


def test_a_null_on_the_pbx_differs_from_any_value() -> None:
    assert only_change(record(prompt="en-US"), replace(BOX, prompt=BLANK)).changed == ("prompt",)


@pytest.mark.parametrize("name", [BLANK, "Front Desk", "Reception"])
@pytest.mark.parametrize(
    ("field", "value"), [("pin", "402818"), ("recipients", ("c@example.com",)), ("enable_pin", True)]
)
def test_a_value_that_cannot_be_compared_is_sent_and_named(name: Any, field: str, value: Any) -> None:
    absent: dict[str, Any] = {field: NOT_KNOWN}
    hidden = replace(BOX, **absent)

    change = only_change(record(name=name, **{field: value}), hidden)

    assert change.kind is ChangeKind.UPDATE
    assert set(change.changed) == ({"name", field} if name == "Reception" else {field})
    assert (change.unseen, change.is_unseen_only) == ((field,), name != "Reception")
    assert getattr(updated_box(change), field) == value


@pytest.mark.parametrize("name", ["Front Desk", "Reception"])
def test_with_keep_unseen_a_value_that_cannot_be_compared_is_not_sent(name: str) -> None:
    hidden = replace(BOX, pin=NOT_KNOWN)

    change = only_change(record(name=name, pin="402818"), hidden, keep_unseen=True)

    assert change.kind is (ChangeKind.UPDATE if name == "Reception" else ChangeKind.UNCHANGED)
    assert (change.kept, "pin" in change.changed, updated_box(change).pin) == (("pin",), False, NOT_KNOWN)


def test_a_row_without_a_value_for_what_is_not_shown_changes_nothing() -> None:
    assert only_change(record(name="Front Desk"), replace(BOX, pin=NOT_KNOWN)).kind is ChangeKind.UNCHANGED


@pytest.mark.parametrize("field", ["recipients", "pin"])
def test_a_plan_warns_of_what_an_update_must_leave_out(field: str) -> None:
    absent: dict[str, Any] = {field: NOT_KNOWN}
    hidden = replace(BOX, **absent)

    unchanged, update, given = (
        make_plan([wanted], [hidden]).problems
        for wanted in (record(), record(name="New"), record(name="New", **{field: getattr(BOX, field)}))
    )

    assert (unchanged, given) == ((), ())
    assert [(p.code, p.row, p.is_error) for p in update] == [("not-shown", None, False)]


def test_an_update_leaves_another_spelling_of_what_does_not_change_as_it_is() -> None:
    change = only_change(record(name="Reception", recipients=("B@EXAMPLE.com", "a@example.com"), prompt="EN-us"), BOX)

    assert updated_box(change) == replace(BOX, name="Reception")


@pytest.mark.parametrize(
    ("sent", "shown", "differing"),
    [("402817", "000000", ()), ("402817", "123456", ()), ("402817", "402818", ("pin",)), ("402817", "40281", ("pin",))],
)
def test_a_mask_that_is_read_back_is_not_a_difference(sent: str, shown: str, differing: tuple[str, ...]) -> None:
    assert fields_not_saved(record(pin=sent), replace(BOX, pin=shown)) == differing


def test_a_pin_shows_in_no_repr_of_a_plan() -> None:
    plan = make_plan([record(pin="402818"), record(row=3, extension_number="6202", name="A", pin="402819")], [BOX])

    assert not any(pin in repr(plan) for pin in ("402817", "402818", "402819"))


@pytest.mark.parametrize("field", ["name", "pin"])
def test_a_new_box_without_what_it_needs_is_refused(field: str) -> None:
    wanted = record(**{"name": "Front Desk", "pin": "402817", field: BLANK})

    plan = make_plan([wanted], [])

    assert plan.changes == ()
    assert [(p.row, p.column, p.code, p.severity) for p in plan.problems] == [
        (2, field, f"{field}-missing", Severity.ERROR)
    ]


def test_an_id_must_agree_with_the_extension() -> None:
    plan = make_plan([record(extension_number="6202", id="QQ==", name="A", pin="402817")], [BOX])

    assert plan.changes == ()
    assert [(p.row, p.code) for p in plan.problems] == [(2, "id-disagrees")]
    assert "belongs to box 6201" in plan.problems[0].message
    assert "number of a box cannot be changed" in plan.problems[0].message


@pytest.mark.parametrize(("typed", "number"), [("102", "0102"), ("102", "00102"), ("1020", "01020")])
def test_an_exported_number_without_its_zero_is_no_new_box(typed: str, number: str) -> None:
    box = full_box(id="QQ==", extension_number=number)

    plan = make_plan([record(extension_number=typed, id="QQ==", name="A", pin="402817")], [box])

    (problem,) = plan.problems
    assert (problem.column, problem.code, plan.changes) == ("extension_number", "id-disagrees", ())
    assert f"type {number}." in problem.message
    assert "clear the id" not in problem.message


@pytest.mark.parametrize(("typed", "number"), [("102", "0102"), ("102", "00102"), ("1020", "01020")])
def test_a_new_number_that_is_a_box_less_its_zero_is_a_warning(typed: str, number: str) -> None:
    box = full_box(id="QQ==", extension_number=number)

    plan = make_plan([record(extension_number=typed, name="A", pin="402817")], [box])

    (problem,) = plan.problems
    assert (problem.column, problem.code, problem.severity) == (
        "extension_number", "extension-lost-zero", Severity.WARNING,
    )  # fmt: skip
    assert f"The PBX has a box {number}, and no box {typed}" in problem.message
    assert plan.counts[ChangeKind.CREATE] == 1


@pytest.mark.parametrize(("typed", "others"), [("0102", ["102"]), ("102", ["0103", "1020", "0"]), ("6202", ["6201"])])
def test_a_new_number_that_is_no_box_without_its_zero_is_fine(typed: str, others: list[str]) -> None:
    boxes = [full_box(id=other, extension_number=other) for other in others]

    assert make_plan([record(extension_number=typed, name="A", pin="402817")], boxes).problems == ()


def test_a_number_with_a_zero_and_one_without_it_in_one_sheet_are_two_boxes() -> None:
    rows = [record(row=n, extension_number=number, name="A", pin="402817") for n, number in enumerate(("0102", "102"))]

    assert make_plan(rows, [full_box(id="QQ==", extension_number="0102")]).problems == ()


@pytest.mark.parametrize(
    ("stored", "typed", "codes"),
    [
        ("0402817", "402817", ["pin-without-zero"]),
        ("00402817", "402817", ["pin-without-zero"]),
        ("0402817", "0402817", []),
        ("0402817", "402818", []),
        ("402817", "0402817", []),
        ("000000", "402817", []),
        (NOT_KNOWN, "402817", []),
    ],
)
def test_the_pin_of_a_box_less_its_zero_is_a_warning(stored: Any, typed: str, codes: list[str]) -> None:
    plan = make_plan([record(pin=typed)], [replace(BOX, pin=stored)])

    assert [problem.code for problem in plan.problems] == codes
    assert not any(typed in problem.message for problem in plan.problems)
    assert len(plan.changes) == 1


def test_an_id_that_agrees_is_fine() -> None:
    assert only_change(record(id="QQ=="), BOX).kind is ChangeKind.UNCHANGED


@pytest.mark.parametrize(("count", "words"), [(1, "1 id does"), (3, "3 ids do")])
def test_ids_of_another_pbx_are_ignored_with_one_note(count: int, words: str) -> None:
    records = [record(row=n, extension_number=str(6300 + n), id=f"X{n}", name="A", pin="402817") for n in range(count)]

    plan = make_plan(records, [BOX])

    assert plan.counts[ChangeKind.CREATE] == count
    assert [(p.row, p.code, p.severity) for p in plan.problems] == [(None, "id-unknown", Severity.WARNING)]
    assert plan.problems[0].message.startswith(words)


def test_changes_are_in_the_sheets_order_and_counted() -> None:
    rows = [record(row=9), record(row=4, extension_number="6202", name="A", pin="402817")]

    plan = make_plan(rows, [BOX])

    assert [change.record.row for change in plan.changes] == [9, 4]
    assert plan.counts == {ChangeKind.CREATE: 1, ChangeKind.UPDATE: 0, ChangeKind.UNCHANGED: 1}
    assert [change.record.row for change in plan.to_send] == [4]
    assert plan.existing == 1


@pytest.mark.parametrize(
    ("wanted", "box", "unknown"),
    [
        (record(), replace(BOX, pin=NOT_KNOWN), ()),
        (record(name="Front Desk"), replace(BOX, pin=NOT_KNOWN), ()),
        (record(pin="402817"), replace(BOX, pin=NOT_KNOWN, prompt=NOT_KNOWN), ("pin",)),
        (record(name="Other"), replace(BOX, pin=NOT_KNOWN, prompt=NOT_KNOWN), ("pin", "prompt")),
        (record(name="Other"), BOX, ()),
    ],
    ids=["nothing wanted", "wanted is known", "wanted is not known", "an update needs all", "all is known"],
)
def test_a_box_is_fetched_only_for_what_the_row_needs(wanted: Record, box: Box, unknown: tuple[str, ...]) -> None:
    assert fields_to_fetch(wanted, box) == unknown


VALUES = {
    "name": st.sampled_from(["Front Desk", "Reception"]),
    "pin": st.sampled_from(["402817", "402818"]),
    "prompt": st.sampled_from(["en-US", "de-DE"]),
    "enable_pin": st.booleans(),
    "enable_email_notify": st.booleans(),
    "recipients": st.sampled_from([(), ("a@example.com",), ("a@example.com", "b@example.com")]),
    "play_datetime": st.sampled_from(["DISABLE", "12_HOUR_CLOCK"]),
}
WANTED = st.fixed_dictionaries({}, optional=VALUES)
EXISTING = st.fixed_dictionaries({field: values | st.just(NOT_KNOWN) for field, values in VALUES.items()})


@given(WANTED, EXISTING)
def test_an_update_changes_only_the_fields_that_the_row_gives(wanted: dict[str, Any], existing: dict[str, Any]) -> None:
    row, box = record(**wanted), replace(BOX, **existing)
    change = only_change(row, box)

    after = updated_box(change)

    assert fields_differ(row, after) == ()
    for column in COLUMNS:
        if column.header not in {*wanted, "id", "extension_number"}:
            assert getattr(after, column.header) == getattr(box, column.header)
    assert only_change(row, after).kind is ChangeKind.UNCHANGED


def plan_of(updates: int, existing: int) -> Plan:
    boxes = [replace(BOX, id=str(n), extension_number=str(6000 + n)) for n in range(existing)]
    rows = [record(row=n, extension_number=str(6000 + n), name="Other") for n in range(updates)]
    return make_plan(rows, boxes)


@pytest.mark.parametrize(
    ("updates", "existing", "limit", "refused"),
    [
        (3, 10, Limit(share=0.3), False),
        (4, 10, Limit(share=0.3), True),
        (9, 9, Limit(share=0.3), False),
        (0, 0, Limit(share=0.3), False),
        (31, 100, Limit(share=0.3), True),
        (2, 100, Limit(count=1), True),
        (1, 100, Limit(count=1), False),
        (9, 9, Limit(count=8), True),
        (50, 100, Limit(share=0.5), False),
        (51, 100, Limit(share=0.5), True),
        (100, 100, Limit(share=1.0), False),
        (29, 100, parse_limit("29%"), False),
        (30, 100, parse_limit("29%"), True),
        (57, 100, parse_limit("57%"), False),
    ],
)
def test_too_many_changes_are_refused(updates: int, existing: int, limit: Limit, *, refused: bool) -> None:
    plan = plan_of(updates, existing)

    if not refused:
        check_changes(plan, limit)
        return
    with pytest.raises(LimitExceeded, match=rf"change {updates} of the {existing} boxes") as refusal:
        check_changes(plan, limit)
    assert "--force" in str(refusal.value)


def test_new_boxes_do_not_count_for_the_limit_on_changes() -> None:
    rows = [record(row=n, extension_number=str(7000 + n), name="A", pin="402817") for n in range(500)]

    check_changes(make_plan(rows, [BOX] * 10), Limit(share=0.3))


@pytest.mark.parametrize(
    ("text", "limit"),
    [("50", Limit(count=50)), ("40%", Limit(share=0.4)), (" 100 % ", Limit(share=1.0))],
)
def test_a_limit_is_a_number_or_a_share(text: str, limit: Limit) -> None:
    assert parse_limit(text) == limit


@pytest.mark.parametrize("text", ["", "many", "-1", "101%", "1.5%", "10%%", "10% of all"])
def test_any_other_limit_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="50 or 40%"):
        parse_limit(text)


@pytest.mark.parametrize(
    ("row", "box", "codes"),
    [
        (record(name="New"), replace(BOX, pin="4028"), ["pin-outdated"]),
        (record(name="New"), replace(BOX, pin="111402"), ["pin-outdated"]),
        (record(name="New", pin="402818"), replace(BOX, pin="4028"), []),
        (record(), replace(BOX, pin="4028"), []),
        (record(name="New"), BOX, []),
        (record(name="New"), replace(BOX, pin=NOT_KNOWN), []),
    ],
    ids=["short", "repeats", "a new PIN", "nothing changes", "a good PIN", "not shown"],
)
def test_an_unchanged_pin_that_the_rules_refuse_is_reported_before_an_update(
    row: Record, box: Box, codes: list[str]
) -> None:
    problems = list(warn_of_old_pins(make_plan([row], [box]).changes, PinPolicy()))

    assert [problem.code for problem in problems] == codes
    assert all("a new PIN" in p.message and not p.is_error and str(box.pin) not in p.message for p in problems)


TWIN = replace(BOX, id="Qg==", name="Old Desk")


@pytest.mark.parametrize("box", [BOX, TWIN])
def test_a_row_matches_the_box_with_its_id_if_two_boxes_have_its_number(box: Box) -> None:
    change = only_change(record(id=box.id, name="Reception"), BOX, TWIN)

    assert (change.kind, change.box) == (ChangeKind.UPDATE, box)


@pytest.mark.parametrize("box_id", [BLANK, "another"])
def test_a_row_that_matches_two_boxes_is_refused_alone(box_id: Any) -> None:
    rows = [record(id=box_id, name="Reception"), record(row=3, extension_number="6202", name="New", pin="402817")]

    plan = make_plan(rows, [BOX, TWIN])

    errors = [problem for problem in plan.problems if problem.is_error]
    assert [(p.row, p.code) for p in errors] == [(2, "number-ambiguous")]
    assert all(name in errors[0].message for name in ("Front Desk", "Old Desk", BOX.id, TWIN.id))
    assert [change.record.row for change in plan.changes] == [3]
    assert plan.existing == 2


@pytest.mark.parametrize(
    ("boxes", "refused"),
    [([BOX, TWIN], []), ([], [3]), ([BOX], [3]), ([TWIN], [2]), ([replace(BOX, id="other")], [2, 3])],
    ids=["both there", "both lost", "the first there", "the second there", "another one there"],
)
def test_two_exported_rows_with_one_number_must_each_mean_a_box_of_their_own(
    boxes: list[Box], refused: list[int]
) -> None:
    twice = Problem(row=2, column="extension_number", code=ProblemCode.EXTENSION_TWICE, message="twice.")
    rows = [
        record(row=n, id=box.id, name=box.name, pin="402817", errors_if_changed=(replace(twice, row=n),))
        for n, box in ((2, BOX), (3, TWIN))
    ]

    plan = make_plan(rows, boxes)

    assert [problem.row for problem in plan.problems if problem.is_error] == refused
