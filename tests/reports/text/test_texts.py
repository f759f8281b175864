"""Text for the terminal. `pytest --renew-golden` renews the golden files."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bulkvm.model.box import BLANK, NOT_KNOWN, Absent, Box, Record, Value
from bulkvm.model.change import Change, ChangeKind, Difference, Plan
from bulkvm.model.outcome import Outcome, Status, count_statuses
from bulkvm.model.problem import Problem, ProblemCode, Severity
from bulkvm.model.tenant import Tenant
from bulkvm.reports.text.plan_text import (
    render_counts,
    render_difference,
    render_new,
    render_outcomes,
    render_plan,
    render_to_send,
)
from bulkvm.reports.text.problem_text import render_problem, render_problems
from tests.golden_files import Golden
from tests.reports.clinic import PROBLEMS

PIN = "402817"
FORMER_PIN = "735190"


def change(row: int, kind: ChangeKind, *differences: Difference, **wanted: Value) -> Change:
    extension = str(6200 + row)
    values: dict[str, Value] = {"name": "Lab", "prompt": "en-US", "enable_pin": True, "enable_email_notify": False}
    values |= {"recipients": ("a@example.com",), "play_datetime": "DISABLE", "pin": PIN, **wanted}
    record = Record(row=row, extension_number=extension, **values)  # type: ignore[arg-type]  # any field at all
    box = None if kind is ChangeKind.CREATE else Box(id=f"id{row}", extension_number=extension, name="Lab")
    return Change(kind, record, box, differences)


def update(row: int, *differences: Difference, **wanted: Value) -> Change:
    return change(row, ChangeKind.UPDATE, *differences, **wanted)


@pytest.mark.parametrize(
    ("problem", "text"),
    [
        pytest.param(PROBLEMS[0], "C4 (PIN): the same digit stands three times. [pin-repeats]", id="cell"),
        pytest.param(PROBLEMS[2], "row 5: the row is hidden. [hidden-rows]", id="row"),
        pytest.param(PROBLEMS[4], "a column is not known. [column-unknown]", id="file"),
        pytest.param(
            Problem(row=2, cell="B2", code=ProblemCode.PIN_REPEATS, message="m."),
            "B2: m. [pin-repeats]",
            id="no column",
        ),
        pytest.param(
            Problem(row=2, column="theirs", code=ProblemCode.PIN_REPEATS, message="m."),
            "row 2 (theirs): m. [pin-repeats]",
            id="their column",
        ),
        pytest.param(
            Problem(row=2, code=ProblemCode.PIN_REPEATS, message="a\x1b[2Jb"),
            "row 2: a\ufffd[2Jb [pin-repeats]",
            id="terminal's orders",
        ),
    ],
)
def test_a_problem_is_reported_with_its_place_and_its_code(problem: Problem, text: str) -> None:
    assert render_problem(problem) == text


def test_no_problems_are_reported_as_such() -> None:
    assert render_problems([]) == "No problems."


def test_many_problems_are_grouped_by_kind_in_sheet_order(golden: Golden) -> None:
    columns = ["B", "AA"]
    flood = [
        Problem(row=row, cell=f"{letter}{row}", column="pin", code=ProblemCode.PIN_REPEATS, message="three times.")
        for row in range(1200, 1, -1)
        for letter in columns
    ]

    golden("reports/problems.txt", render_problems([*flood, *PROBLEMS], most=3) + "\n")


@pytest.mark.parametrize(
    ("outcomes", "text"),
    [
        pytest.param([], "0 rows", id="none"),
        pytest.param([Status.CREATED], "1 row: 1 created", id="one"),
        pytest.param(
            [Status.REJECTED] * 10 + [Status.CREATED] * 1200, "1,210 rows: 1,200 created, 10 rejected", id="many"
        ),
    ],
)
def test_counts_are_shown_in_one_line(outcomes: list[Status], text: str) -> None:
    counted = count_statuses(Outcome(row=1, extension_number="6201", status=status) for status in outcomes)

    assert render_counts(counted) == text


def test_a_name_that_is_a_value_of_another_column_is_shown_as_it_is() -> None:
    record = Record(row=2, extension_number="6201", name="DISABLE", play_datetime="DISABLE")

    assert render_difference(Difference("name", "Desk", "DISABLE")) == 'Name: "Desk" -> "DISABLE"'
    assert [*render_new(record, "set")] == ['Name: "DISABLE"', "PIN: set", 'Announce date and time: "off"']


def test_an_undo_shows_what_it_would_do_and_what_it_did(golden: Golden) -> None:
    former = Box(id="id4", extension_number="6204", name="Laboratory")
    plan = Plan(
        (
            change(2, ChangeKind.REMOVE),
            change(3, ChangeKind.REMOVE),
            replace(update(4, Difference("name", "Lab", "Laboratory")), wanted=former),
            Change(ChangeKind.UNCHANGED, Record(row=5, extension_number="6205")),
        ),
        existing=9,
    )
    statuses = [Status.UPDATED, Status.UNKNOWN, Status.UPDATED, Status.UNCHANGED]
    outcomes = [Outcome(row=row, extension_number="", status=status) for row, status in enumerate(statuses, start=2)]

    done = render_outcomes(outcomes, {change.record.row: change for change in plan.changes})

    golden("reports/undo.txt", f"{render_plan(plan, of_sheet=False)}\n\n{done}\n")


def test_rows_of_an_import_are_counted_by_their_statuses() -> None:
    outcomes = [Outcome(row=row, extension_number="6201", status=Status.UPDATED) for row in (2, 3)]

    assert render_outcomes(outcomes, {2: update(2)}) == "2 rows: 2 updated"


def test_a_plan_shows_counts_changes_and_what_blank_cells_mean(golden: Golden) -> None:
    plan = Plan(
        (
            change(2, ChangeKind.CREATE, name="Front Desk"),
            update(3, Difference("name", "Lab", "X-Ray"), Difference("pin", FORMER_PIN, PIN), name="X-Ray"),
            update(4, Difference("recipients", ("a@example.com", "b@example.com"), ()), recipients=()),
            update(5, Difference("enable_pin", NOT_KNOWN, new=True), Difference("prompt", BLANK, "en-US")),
            change(6, ChangeKind.UNCHANGED),
        ),
        existing=1,
    )

    golden("reports/plan.txt", render_plan(plan) + "\n")


def test_a_plan_names_the_tenant_whose_boxes_it_is_about() -> None:
    tenant = Tenant(pbx="https://pbx.example.com:8887", id="7", name="Clinic", domain="clinic.example.com")

    assert render_plan(Plan((), existing=12), tenant).splitlines()[0] == (
        "0 rows. Clinic (clinic.example.com) on pbx.example.com has 12 boxes now."
    )


@pytest.mark.parametrize(
    ("kinds", "text"),
    [
        ({ChangeKind.CREATE: 40, ChangeKind.UPDATE: 2, ChangeKind.UNCHANGED: 9}, "40 creates and 2 updates"),
        ({ChangeKind.UPDATE: 1}, "1 update"),
        ({ChangeKind.UPDATE: 1, ChangeKind.REMOVE: 3}, "1 update and 3 removes"),
    ],
)
def test_the_question_counts_what_is_sent(kinds: dict[ChangeKind, int], text: str) -> None:
    plan = Plan(tuple(change(row, kind) for kind, n in kinds.items() for row in range(n)))

    assert render_to_send(plan) == text


def test_a_long_plan_shows_the_first_changes_and_counts_the_others(golden: Golden) -> None:
    news = [change(row, ChangeKind.CREATE) for row in range(2, 7)]
    updates = [update(row, Difference("enable_email_notify", old=False, new=True)) for row in range(7, 12)]

    golden("reports/long-plan.txt", render_plan(Plan((*news, *updates), existing=1234), most=2) + "\n")


@pytest.mark.parametrize(
    ("kind", "line"),
    [
        pytest.param(ChangeKind.CREATE, "For new boxes, the PBX decides on blank fields.", id="new"),
        pytest.param(ChangeKind.UPDATE, "Blank cells leave the field unchanged.", id="update"),
        pytest.param(ChangeKind.UNCHANGED, "Blank cells leave the field unchanged.", id="unchanged"),
    ],
)
def test_blank_cells_are_explained_only_where_there_are_some(kind: ChangeKind, line: str) -> None:
    full = Change(kind, change(2, kind).record)
    blank = Change(kind, Record(row=2, extension_number="6202"))

    assert line in render_plan(Plan((blank,))).splitlines()
    assert line not in render_plan(Plan((full,)))


pins = st.from_regex(r"[0-9]{6,10}", fullmatch=True)


@given(pins | st.just(NOT_KNOWN), pins)
def test_a_pin_is_never_shown(old: str | Absent, new: str) -> None:
    plan = Plan((update(2, Difference("pin", old, new), pin=new), change(3, ChangeKind.CREATE, pin=new)))

    text = render_plan(plan)

    reported = "PIN: (not known) -> value in the sheet (not shown)" if old is NOT_KNOWN else "PIN: changes (not shown)"
    assert reported in text
    assert new not in text
    assert not isinstance(old, str) or old not in text


def test_values_of_the_pbx_cannot_control_a_terminal() -> None:
    plan = Plan((update(2, Difference("name", "\x1b[2J", "Lab")),))

    assert "\x1b" not in render_plan(plan)


def test_warnings_and_errors_are_distinguished() -> None:
    lines = render_problems(PROBLEMS).splitlines()

    assert lines[0] == "2 errors and 3 warnings:"
    assert [line.split(":")[0].strip() for line in lines[1:]] == [
        *[Severity.WARNING, Severity.ERROR],
        *[Severity.WARNING, Severity.ERROR, Severity.WARNING],
    ]
