"""What is sent of an approved plan is the plan, or nothing, whatever happens to the boxes."""

import hashlib
import os
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta, tzinfo
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook
from starlette.applications import Starlette

from bulkvm import (
    Connection,
    Limit,
    Observer,
    Plan,
    PlanOptions,
    Problem,
    SendSettings,
    Site,
    Status,
    Tenant,
    import_plan,
    import_sheet,
    plan_sheet,
    undo_run,
)
from bulkvm.jobs.plan_file import read_plan_file
from bulkvm.jobs.run_result import recreate_result
from bulkvm.model.errors import Interrupted, LimitExceeded, PlanRefused
from bulkvm.runs import read_journal
from bulkvm.runs.history import list_runs
from bulkvm.simulator import FaultRules, SimulatorSettings, create_app
from tests.cli.program import stored
from tests.cli.sheet_files import write_csv

HEADINGS = ("extension_number", "name", "pin", "recipients")
FIELDS = ("name", "pin", "recipients", "prompt")
NUMBERS = ("6201", "6202", "6203")
NAMES = ("Desk", "Lab")
PINS = ("402817", "582046")
RECIPIENTS = ("a@example.com", "a@example.com,b@example.com")
PROMPTS = ("en-US", "de-DE")

boxes = st.fixed_dictionaries(
    {
        "name": st.sampled_from(NAMES),
        "pin": st.sampled_from(PINS),
        "recipients": st.sampled_from((None, *RECIPIENTS)),
        "prompt": st.sampled_from((None, *PROMPTS)),
    }
)
states = st.dictionaries(st.sampled_from(NUMBERS), boxes)
rows = st.tuples(
    st.sampled_from(("", *NAMES)), st.sampled_from(("", *PINS)), st.sampled_from(("", "<clear>", *RECIPIENTS))
)
sheets = st.dictionaries(st.sampled_from(NUMBERS), rows, min_size=1)
drifts = st.dictionaries(
    st.sampled_from(NUMBERS), st.none() | boxes | st.dictionaries(st.just("name"), st.sampled_from(NAMES)), max_size=2
)
behaviours = st.sampled_from(
    [
        (),
        ("hide:pin:both",),
        ("hide:recipients:list",),
        ("mask-digits:pin:list",),
        ("omit:prompt:list",),
        ("hide:name:list",),
    ]
)
options = st.builds(PlanOptions, skip_invalid=st.just(True), generate_pins=st.booleans(), keep_unseen=st.booleans())


def fill(app: Starlette, state: Mapping[str, Mapping[str, Any]]) -> None:
    """Replace the boxes of a PBX."""
    others = {"enable_pin": True, "enable_email_notify": False, "play_datetime": "DISABLE"}
    app.state.stored.replace(
        [{"id": f"id{number}", "extension_number": number, **others, **box} for number, box in state.items()]
    )


def drifted(state: Mapping[str, Mapping[str, Any]], drift: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """The boxes after someone else deleted, created or changed some."""
    after = dict(state)
    for number, box in drift.items():
        if box is None:
            after.pop(number, None)
        elif number in after or box.keys() == set(FIELDS):
            after[number] = {**after.get(number, {}), **box}
    return after


def connection_to(app: Starlette, token: str = SimulatorSettings().token) -> Connection:
    site = Site(name="clinic", url="http://simulator", token=token)
    return Connection(site, SendSettings(max_rps=0), app=app)


def boxes_of(app: Starlette) -> dict[str, dict[str, Any]]:
    return {number: dict(zip(FIELDS, held, strict=True)) for number, held in stored(app, *FIELDS).items()}


def changes_sent(app: Starlette) -> int:
    return sum(app.state.traffic.counts[call] for call in ("create", "update", "delete"))


def send(app: Starlette, folder: str) -> bool:
    """Send the plan, and return whether it was not refused."""
    try:
        import_plan(Path(folder, "plan.xlsx"), connection_to(app), max_changes=None)
    except PlanRefused:
        return False
    return True


def values(box: Mapping[str, Any] | None, fields: Collection[str]) -> dict[str, Any] | None:
    return None if box is None else {field: box[field] for field in fields}


@example(  # a mask is recognised if two boxes show it
    {"6201": {"name": "Desk", "pin": "402817", "recipients": None, "prompt": None}},
    {"6201": ("Lab", "", ""), "6203": ("Desk", "582046", "")},
    {},
    ("mask-digits:pin:list",),
    PlanOptions(skip_invalid=True),
)
@settings(max_examples=15)
@example(  # nothing to send, and a box that differs from the sheet by now
    {"6201": {"name": "Desk", "pin": "402817", "recipients": None, "prompt": None}},
    {"6201": ("Desk", "402817", "")},
    {"6201": {"name": "Lab"}},
    (),
    PlanOptions(skip_invalid=True),
)
@given(states, sheets, drifts, behaviours, options)
def test_what_is_sent_is_the_plan_or_nothing(
    state: Mapping[str, Mapping[str, Any]],
    sheet: Mapping[str, Sequence[str]],
    drift: Mapping[str, Any],
    behave: tuple[str, ...],
    options: PlanOptions,
) -> None:
    app, twin = (create_app(settings=SimulatorSettings(behave=behave)) for _ in range(2))
    fill(app, state)
    fill(twin, state)
    with TemporaryDirectory() as name, patch.dict(os.environ, {"BULKVM_STATE": f"{name}/state"}):
        file = write_csv(Path(name, "a.csv"), *((n, *row) for n, row in sheet.items()), headings=HEADINGS)
        report = plan_sheet(file, connection_to(app), options, output=Path(name, "plan.xlsx"))
        assert report.plan is not None
        assert report.output is not None, report.output_error
        plan = {change.record.extension_number: change for change in report.plan.to_send}
        import_sheet(file, connection_to(twin), options)
        after = drifted(state, drift)
        fill(app, after)
        before = boxes_of(app)
        is_sent = send(app, name)
        sent = changes_sent(app)
        send(app, name)
        assert changes_sent(app) == sent

    now, wanted = boxes_of(app), boxes_of(twin)
    assert is_sent or after != state
    if not sent:
        assert now == before
        return
    assert is_sent
    shown = [field for field in FIELDS if not (field == "pin" and "hide:pin:both" in behave)]
    for number, change in plan.items():
        assert values(after.get(number), shown) == values(state.get(number), shown)
        compared = set(FIELDS) - ({"pin"} if change.record.row in report.generated else set())
        assert values(now[number], compared) == values(wanted[number], compared)
    others = now.keys() - plan.keys()
    assert {number: now[number] for number in others} == {number: before[number] for number in others}


BEFORE = {
    number: {"name": "Desk", "pin": "402817", "recipients": None, "prompt": "en-US"} for number in ("6201", "6202")
}
AFTER = {"6201": ("Reception", "", ""), "6202": ("Lab", "", ""), "6203": ("Ward", "582046", "")}


class Meddler(Observer):
    """Changes a box as another administrator does, after the plan was checked and before it is sent."""

    def __init__(self, app: Starlette, change: str = "prompt = 'de-DE'") -> None:
        self._app, self._change = app, change

    def approve(self, plan: Plan, problems: Sequence[Problem], tenant: Tenant) -> bool:
        assert (len(plan.to_send), list(problems), tenant.domain) == (3, [], "simulator.example")
        self._app.state.stored.db.execute(f"UPDATE box SET {self._change} WHERE extension_number = '6202'")
        return True


@pytest.fixture
def planned(app: Starlette, folder: Path) -> Starlette:
    """A PBX with two boxes, and plan.xlsx, which changes both and creates one."""
    fill(app, BEFORE)
    file = write_csv(folder / "a.csv", *((number, *row) for number, row in AFTER.items()), headings=HEADINGS)
    assert plan_sheet(file, connection_to(app), output=folder / "plan.xlsx").output
    return app


def test_a_box_that_changes_after_the_check_is_not_overwritten(planned: Starlette) -> None:
    report = import_plan(Path("plan.xlsx"), connection_to(planned), max_changes=None, observer=Meddler(planned))

    assert [outcome.status for outcome in report.outcomes] == [Status.UPDATED, Status.FAILED, Status.CREATED]
    assert "the box was changed in prompt" in report.outcomes[1].message
    assert boxes_of(planned)["6202"] == {**BEFORE["6202"], "prompt": "de-DE"}


@pytest.fixture
def answered_late(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every answer to the question counts as late."""
    monkeypatch.setattr("bulkvm.jobs.import_sheet.ANSWERED_AT_ONCE", -1.0)


@pytest.mark.usefixtures("answered_late")
def test_a_plan_is_compared_again_if_the_answer_comes_late(planned: Starlette) -> None:
    before = changes_sent(planned)

    with pytest.raises(PlanRefused, match="The plan is out of date"):
        import_plan(Path("plan.xlsx"), connection_to(planned), max_changes=None, observer=Meddler(planned))

    assert changes_sent(planned) == before
    assert list_runs() == []


@pytest.mark.usefixtures("answered_late")
def test_a_plan_whose_boxes_are_unchanged_is_sent_after_a_late_answer(planned: Starlette) -> None:
    report = import_plan(Path("plan.xlsx"), connection_to(planned), max_changes=None)

    assert [outcome.status for outcome in report.outcomes] == [Status.UPDATED, Status.UPDATED, Status.CREATED]


class Later(datetime):
    """A clock that is eight days ahead."""

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
        return datetime.now(tz) + timedelta(days=8)


class Waiting(Observer):
    """Answers after the plan has expired."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._monkeypatch = monkeypatch

    def approve(self, *_args: object, **_named: object) -> bool:
        self._monkeypatch.setattr("bulkvm.jobs.plan_file.datetime", Later)
        return True


@pytest.mark.usefixtures("answered_late")
def test_a_plan_that_expires_before_the_answer_is_not_sent(planned: Starlette, monkeypatch: pytest.MonkeyPatch) -> None:
    before = changes_sent(planned)

    with pytest.raises(PlanRefused, match=r"plan\.xlsx has expired"):
        import_plan(Path("plan.xlsx"), connection_to(planned), max_changes=None, observer=Waiting(monkeypatch))

    assert changes_sent(planned) == before


def next_steps(result: Path) -> list[str]:
    """What the first page of a result advises."""
    texts = [str(row[0].value or "") for row in load_workbook(result).worksheets[0].iter_rows(max_col=1)]
    start = texts.index("What to do next") + 1
    return texts[start : texts.index("", start)]


def test_the_result_of_a_plan_does_not_advise_to_import_it(planned: Starlette, folder: Path) -> None:
    report = import_plan(Path("plan.xlsx"), connection_to(planned), max_changes=None, observer=Meddler(planned))
    (run,) = list_runs()
    recreated = recreate_result(run, read_journal(run.file), folder / "again.xlsx", overwrite=False)

    assert report.result is not None
    for result in (report.result, recreated):
        again, warning = next_steps(result)
        assert again == (
            "1. 1 box was changed after the plan was made, and nothing was sent for it: make a new plan of the "
            "original sheet, which has all rows that are not done. plan.xlsx is refused unless they are changed back."
        )
        assert warning == "2. Do not import this workbook: its rows would be sent without an approved plan."
        assert any(row[0].value == "Changed after the plan (click)" for row in load_workbook(result).worksheets[0].rows)


def test_the_result_of_a_plan_advises_a_new_plan_for_rejected_rows(planned: Starlette) -> None:
    planned.state.faults = FaultRules(("422:update:2",))

    report = import_plan(Path("plan.xlsx"), connection_to(planned), max_changes=None)

    assert report.result is not None
    assert next_steps(report.result)[0] == (
        "1. Rejected rows: correct them in the original sheet, and make a new plan. The column bulkvm_message explains "
        "how."
    )


def test_a_run_that_stops_because_boxes_were_changed_asks_for_a_new_plan(planned: Starlette) -> None:
    connection = connection_to(planned).with_settings(max_errors=Limit(count=0))

    report = import_plan(Path("plan.xlsx"), connection, max_changes=None, observer=Meddler(planned))

    assert str(report.error).endswith("use a higher --max-errors. Make a new plan if its boxes were changed.")


def test_a_box_whose_undocumented_field_changes_after_the_check_is_not_overwritten(planned: Starlette) -> None:
    meddler = Meddler(planned, """extra = '{"days": 30}'""")

    report = import_plan(Path("plan.xlsx"), connection_to(planned), max_changes=None, observer=meddler)

    assert [outcome.status for outcome in report.outcomes] == [Status.UPDATED, Status.FAILED, Status.CREATED]
    assert "the box was changed in days" in report.outcomes[1].message


def test_a_run_that_stopped_early_is_continued_with_the_same_plan(planned: Starlette) -> None:
    planned.state.faults = FaultRules(("422:update:2",))
    first = import_plan(Path("plan.xlsx"), connection_to(planned), max_changes=None)
    planned.state.faults = FaultRules()

    second = import_plan(Path("plan.xlsx"), connection_to(planned), max_changes=None)

    assert sorted(outcome.status for outcome in first.outcomes) == ["created", "rejected", "updated"]
    assert sorted(outcome.status for outcome in second.outcomes) == ["unchanged", "unchanged", "updated"]
    assert {number: box["name"] for number, box in boxes_of(planned).items()} == {n: row[0] for n, row in AFTER.items()}


def test_an_interruption_while_the_plan_is_read_states_that_nothing_was_sent(planned: Starlette) -> None:
    with (
        patch("bulkvm.jobs.import_sheet.read_plan_file", side_effect=KeyboardInterrupt),
        pytest.raises(Interrupted, match="Nothing was sent"),
    ):
        import_plan(Path("plan.xlsx"), connection_to(planned), max_changes=None)


def test_a_plan_whose_run_was_undone_is_not_sent_again(planned: Starlette) -> None:
    first = import_plan(Path("plan.xlsx"), connection_to(planned), max_changes=None)
    undo = undo_run("last", connection_to(planned), with_messages=True)
    sent = changes_sent(planned)

    with pytest.raises(PlanRefused, match=f"Run {first.run} sent the plan, and {undo.report.run} undid that run"):
        import_plan(Path("plan.xlsx"), connection_to(planned), max_changes=None)

    assert changes_sent(planned) == sent


@pytest.mark.parametrize(
    ("change", "difference"),
    [
        ("DELETE FROM box WHERE extension_number = '6203'", "created box 6203, and the box no longer exists"),
        (
            "UPDATE box SET name = 'Desk' WHERE extension_number = '6201'",
            "changed box 6201 in name, and the box has its former values now",
        ),
    ],
)
def test_what_others_took_back_after_a_plan_was_sent_is_not_sent_again(
    planned: Starlette, change: str, difference: str
) -> None:
    import_plan(Path("plan.xlsx"), connection_to(planned), max_changes=None)
    planned.state.stored.db.execute(change)
    before, sent = boxes_of(planned), changes_sent(planned)

    with pytest.raises(PlanRefused, match=f"An earlier run of this plan {difference}"):
        import_plan(Path("plan.xlsx"), connection_to(planned), max_changes=None)

    assert (boxes_of(planned), changes_sent(planned)) == (before, sent)


def test_a_row_that_may_not_have_been_sent_is_sent_with_the_same_plan(planned: Starlette) -> None:
    lists = planned.state.traffic.counts["list"]
    planned.state.faults = FaultRules(("reset:create:1", f"403:list:{lists + 2}-99"))
    first = import_plan(Path("plan.xlsx"), connection_to(planned), max_changes=None)
    planned.state.faults = FaultRules()

    second = import_plan(Path("plan.xlsx"), connection_to(planned), max_changes=None)

    assert [outcome.status for outcome in first.outcomes] == [Status.UPDATED, Status.UPDATED, Status.UNKNOWN]
    assert [outcome.status for outcome in second.outcomes] == [Status.UNCHANGED, Status.UNCHANGED, Status.CREATED]


def test_a_field_that_the_pbx_no_longer_shows_is_not_said_to_differ(folder: Path) -> None:
    fill(app := create_app(), BEFORE)
    file = write_csv(folder / "a.csv", ("6201", "Desk", "402817", ""), ("6202", "Lab", "", ""), headings=HEADINGS)
    assert plan_sheet(file, connection_to(app), output=folder / "plan.xlsx").output
    fill(other := create_app(settings=SimulatorSettings(behave=("hide:pin:both",))), BEFORE)

    with pytest.raises(PlanRefused) as refused:
        import_plan(Path("plan.xlsx"), connection_to(other), max_changes=None)

    assert str(refused.value).splitlines()[1] == (
        "  row 2: The plan does not change box 6201, and now the PBX does not show its PIN, so it cannot be compared."
    )


def test_a_plan_whose_undo_was_undone_has_nothing_left_to_send(planned: Starlette) -> None:
    import_plan(Path("plan.xlsx"), connection_to(planned), max_changes=None)
    undo_run("last", connection_to(planned), with_messages=True)
    undo_run(list_runs()[-1].info.name, connection_to(planned))

    again = import_plan(Path("plan.xlsx"), connection_to(planned), max_changes=None)

    assert {outcome.status for outcome in again.outcomes} == {Status.UNCHANGED}


class Notices(Observer):
    """Keeps the notices."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def notice(self, text: str) -> None:
        self.texts.append(text)


@pytest.fixture
def planned_pin(folder: Path) -> Starlette:
    """A PBX that shows no PINs, and a plan, which was sent, of another PIN for a box."""
    app = create_app(settings=SimulatorSettings(behave=("hide:pin:both",)))
    fill(app, BEFORE)
    file = write_csv(folder / "a.csv", ("6201", "Desk", "582046", ""), headings=HEADINGS)
    assert plan_sheet(file, connection_to(app), output=folder / "plan.xlsx").output
    import_plan(Path("plan.xlsx"), connection_to(app), max_changes=None)
    return app


def test_a_pin_that_the_pbx_does_not_show_is_not_said_to_match_the_plan(planned_pin: Starlette) -> None:
    sent, notices = changes_sent(planned_pin), Notices()

    again = import_plan(Path("plan.xlsx"), connection_to(planned_pin), max_changes=None, observer=notices)

    assert ([outcome.status for outcome in again.outcomes], changes_sent(planned_pin)) == ([Status.UNCHANGED], sent)
    (notice,) = notices.texts
    assert notice == (
        "An earlier run of this plan sent PIN in 1 row, which the PBX does not show. Whether the boxes still have "
        "these values is not known; they are not sent again."
    )


def test_a_plan_is_out_of_date_if_a_later_run_changed_a_pin_that_the_pbx_does_not_show(
    planned_pin: Starlette, folder: Path
) -> None:
    file = write_csv(folder / "b.csv", ("6201", "Desk", "693157", ""), headings=HEADINGS)
    later = import_sheet(file, connection_to(planned_pin), PlanOptions(max_changes=None))

    with pytest.raises(PlanRefused, match=f"Run {later.run} changed box 6201 after the plan was sent"):
        import_plan(Path("plan.xlsx"), connection_to(planned_pin), max_changes=None)

    assert boxes_of(planned_pin)["6201"]["pin"] == "693157"


def test_the_journal_names_the_plan(planned: Starlette, folder: Path) -> None:
    report = import_plan(Path("plan.xlsx"), connection_to(planned), max_changes=None)

    (run,) = list_runs()
    assert run.info.name == report.run
    assert run.info.plan_file == str(folder / "plan.xlsx")
    assert run.info.plan_sha256 == hashlib.sha256((folder / "plan.xlsx").read_bytes()).hexdigest()
    assert run.info.plan_id == read_plan_file(folder / "plan.xlsx").id


def test_the_limit_on_changes_is_that_of_the_import(planned: Starlette) -> None:
    report = import_plan(Path("plan.xlsx"), connection_to(planned), max_changes=Limit(count=1))

    assert isinstance(report.error, LimitExceeded)
    assert changes_sent(planned) == 0


def test_a_tenant_that_the_pbx_does_not_show_is_not_taken_for_that_of_the_plan(folder: Path) -> None:
    one, other = (create_app(settings=SimulatorSettings(token=token, behave=("nulls:tenant",))) for token in "ab")
    fill(one, BEFORE)
    fill(other, BEFORE)
    file = write_csv(folder / "a.csv", *((number, *row) for number, row in AFTER.items()), headings=HEADINGS)
    assert plan_sheet(file, connection_to(one, "a"), output=folder / "plan.xlsx").output

    with pytest.raises(PlanRefused, match="The PBX does not show whether this is the tenant of the plan"):
        import_plan(folder / "plan.xlsx", connection_to(other, "b"), max_changes=None)

    assert changes_sent(other) == 0
    assert import_plan(folder / "plan.xlsx", connection_to(one, "a"), max_changes=None).exit_code == 0


def test_a_moved_sheet_is_found_beside_the_plan_by_its_content(planned: Starlette, folder: Path) -> None:
    elsewhere = folder / "elsewhere"
    elsewhere.mkdir()
    (folder / "plan.xlsx").rename(elsewhere / "plan.xlsx")
    (folder / "a.csv").rename(elsewhere / "a.csv")

    report = import_plan(elsewhere / "plan.xlsx", connection_to(planned), max_changes=None)

    assert report.exit_code == 0
    assert report.result == elsewhere / "a.result.xlsx"
