"""Each answer about one box is about the box that was asked for, and what proves nothing is not believed."""

from collections.abc import Sequence
from typing import Any

import pytest

from bulkvm.model.box import Record
from bulkvm.model.change import Change, ChangeKind, Plan
from bulkvm.model.errors import ListKeptChanging, OutcomeUnknown
from bulkvm.model.outcome import Outcome, Status
from bulkvm.model.settings import Limit, SendSettings, Site
from bulkvm.pbx import Pbx, connect, list_whole_boxes
from bulkvm.planning import plan_for
from bulkvm.simulator import FaultRules, SimulatorSettings, create_app
from bulkvm.upload import send
from tests.altered_pbx import AlteredPbx, Answer, Asked, json_answer
from tests.upload.actual_boxes import assert_truth, boxes_from_rows, records

SITE = Site(name="test", url="http://simulator", token=SimulatorSettings().token)
ONCE = SendSettings(retries=1, max_rps=0, max_outage=0, max_errors=Limit(share=1.0))
NAMES = {"Desk 0", "Desk 1", "Desk 2"}


async def make(pbx: Pbx, count: int = 3) -> None:
    await send(await plan_for(pbx, records(count)), pbx, ONCE)


async def test_a_box_that_was_not_asked_for_is_not_renamed() -> None:
    app = create_app()
    async with connect(SITE, ONCE, app=app) as pbx:
        await make(pbx)
        plan = await plan_for(pbx, records(1, name="New"))
        app.state.faults = FaultRules(["other-box:fetch:1-9"])

        ending = await send(plan, pbx, ONCE)

    assert [outcome.status for outcome in ending.outcomes] == [Status.FAILED]
    assert "was asked for box 7000 and answered with another one, 7001" in ending.outcomes[0].message
    assert {box.name for box in (await boxes_from_rows(app)).values()} == NAMES


async def test_another_box_after_a_lost_answer_does_not_confirm_the_create() -> None:
    app = create_app()
    async with connect(SITE, ONCE, app=app) as pbx:
        await make(pbx)
        plan = await plan_for(pbx, records(1, name="New"))
        app.state.faults = FaultRules(["500-after:update:1", "other-box:fetch:2-9"])

        ending = await send(plan, pbx, ONCE)

    assert [outcome.status for outcome in ending.outcomes] == [Status.UNKNOWN]


async def test_another_box_in_place_of_one_that_was_listed_is_not_exported() -> None:
    app = create_app(settings=SimulatorSettings(summary_lists=True))
    async with connect(SITE, ONCE, app=app) as pbx:
        await make(pbx)
        app.state.faults = FaultRules(["other-box:fetch:1-9"])

        with pytest.raises(OutcomeUnknown, match="another one"):
            await list_whole_boxes(pbx)


async def test_a_box_that_was_deleted_and_created_again_is_another_one() -> None:
    def renew(asked: Asked, answer: Answer) -> None:
        if asked.method == "GET" and asked.path.count("/") == 3:
            answer.json = answer.json | {"id": "new"}

    async with connect(SITE, ONCE, app=AlteredPbx(create_app(), change=renew)) as pbx:
        box_id = (await pbx.create_box(records(1)[0])).value

        with pytest.raises(OutcomeUnknown, match=r"asked for box 7000 and answered with one that has another id\."):
            await pbx.fetch_box(box_id, "7000")


async def test_the_number_of_an_answer_is_checked_too() -> None:
    def renumber(asked: Asked, answer: Answer) -> None:
        if asked.method == "GET" and asked.path.count("/") == 3:
            answer.json = answer.json | {"extension_number": "9999"}

    app = AlteredPbx(create_app(), change=renumber)
    async with connect(SITE, ONCE, app=app) as pbx:
        box_id = (await pbx.create_box(records(1)[0])).value

        assert (await pbx.fetch_box(box_id)).extension_number == "9999"
        with pytest.raises(OutcomeUnknown, match=r"box 7000 .* another one, 9999"):
            await pbx.fetch_box(box_id, "7000")


async def outcome_after_a_lost_create(behaviours: Sequence[str], row: int, *, faults: Sequence[str]) -> Outcome:
    """What becomes of the last of the rows, on a PBX with many boxes that shows few of them on a page."""
    app = create_app(settings=SimulatorSettings(page_cap=4, behave=tuple(behaviours)))
    async with connect(SITE, ONCE, app=app) as pbx:
        for record in records(row):
            await pbx.create_box(record)
        app.state.faults = FaultRules(faults)
        plan = Plan((Change(ChangeKind.CREATE, records(row + 1)[row]),))

        ending = await send(plan, pbx, ONCE)

    if "ignore:skip" not in behaviours:  # or not even the truth can be listed
        await assert_truth(app, plan, ending.outcomes)
    return ending.outcomes[0]


@pytest.mark.parametrize("boxes", [0, 3, 9])
@pytest.mark.parametrize("behaviours", [[], ["ignore:filter"]], ids=["filters", "ignores filters"])
async def test_a_box_is_found_after_a_lost_answer_also_where_the_filter_is_ignored(
    behaviours: Sequence[str], boxes: int
) -> None:
    made = await outcome_after_a_lost_create(behaviours, boxes, faults=["500-after:create:1"])
    not_made = await outcome_after_a_lost_create(behaviours, boxes, faults=["500:create:1"])

    assert (made.status, made.attempts) == (Status.CREATED, 1)
    assert (not_made.status, not_made.attempts) == (Status.CREATED, 2)


@pytest.mark.parametrize("fault", ["500-after:create:1", "500:create:1"])
async def test_a_row_that_an_incomplete_list_does_not_show_is_unknown(fault: str) -> None:
    behaviours = ["ignore:filter", "ignore:skip"]

    outcome = await outcome_after_a_lost_create(behaviours, 9, faults=[fault])

    assert (outcome.status, outcome.attempts) == (Status.UNKNOWN, 1)


async def test_a_box_that_an_incomplete_list_does_not_show_is_not_reported_as_absent() -> None:
    app = create_app(settings=SimulatorSettings(page_cap=4, behave=("ignore:filter", "ignore:skip")))
    async with connect(SITE, ONCE, app=app) as pbx:
        for record in records(9):
            await pbx.create_box(record)

        assert (await pbx.find_box("7000")) is not None
        with pytest.raises(ListKeptChanging):
            await pbx.find_box("7008")


async def test_two_boxes_with_one_number_are_not_confused() -> None:
    def double(asked: Asked, answer: Answer) -> None:
        if "filter" in asked.params:
            page = answer.json
            answer.json = {"count": 2, "items": [page["items"][0], page["items"][0] | {"id": "another"}]}

    async with connect(SITE, ONCE, app=AlteredPbx(create_app(), change=double)) as pbx:
        await pbx.create_box(records(1)[0])

        with pytest.raises(OutcomeUnknown, match="2 boxes with the number 7000"):
            await pbx.find_box("7000")


ODD_IDS = [
    "\ud800",
    "a\ud800b",
    True,
    {"a": 1},
    ["x"],
    1.5,
    "",
    None,
    ".",
    "..",
    "a\x00b",
    "a\nb",
    "\u202e",
    "x" * 1001,
]


@pytest.mark.parametrize("odd", ODD_IDS, ids=ascii)
async def test_a_create_that_is_answered_by_an_odd_id_is_looked_for(odd: Any) -> None:
    def answer_oddly(asked: Asked, answer: Answer) -> None:
        if asked.method == "POST" and asked.path == "/api/shared_voicemails":
            answer.json = {"id": odd}

    app = create_app()
    async with connect(SITE, ONCE, app=AlteredPbx(app, change=answer_oddly)) as pbx:
        plan = Plan((Change(ChangeKind.CREATE, records(1)[0]),))
        ending = await send(plan, pbx, ONCE)

    assert (ending.error, ending.outcomes[0].status) == (None, Status.CREATED)
    await assert_truth(app, plan, ending.outcomes)


@pytest.mark.parametrize("odd", ODD_IDS, ids=ascii)
async def test_a_pbx_whose_ids_are_all_odd_ends_a_create_as_unknown(odd: Any) -> None:
    def answer_oddly(asked: Asked, answer: Answer) -> None:
        if asked.method == "POST":
            answer.json = {"id": odd}
        elif answer.json.get("items"):
            answer.json = answer.json | {"items": [item | {"id": odd} for item in answer.json["items"]]}

    async with connect(SITE, ONCE, app=AlteredPbx(create_app(), change=answer_oddly)) as pbx:
        ending = await send(Plan((Change(ChangeKind.CREATE, records(1)[0]),)), pbx, ONCE)

    assert (ending.error, ending.outcomes[0].status) == (None, Status.UNKNOWN)


@pytest.mark.parametrize("number", ["1001", "0042"])
async def test_ids_may_be_json_numbers(number: str) -> None:
    def with_number(asked: Asked, answer: Answer) -> None:
        if asked.method == "GET" and asked.path.endswith("/7"):
            answer.json = {"id": 7, "extension_number": number}

    app = AlteredPbx(create_app(), instead=lambda asked: Answer(200, b"{}") if asked.path.endswith("/7") else None)
    app.change = with_number
    async with connect(SITE, ONCE, app=app) as pbx:
        assert (await pbx.fetch_box("7", number)).extension_number == number


ERRORS = {"errors": [{"code": "READ_ONLY", "message": "read-only now"}]}
RENAMED = Record(row=2, extension_number="7000", name="New")
C, U, R = ChangeKind.CREATE, ChangeKind.UPDATE, ChangeKind.REMOVE


@pytest.mark.parametrize("code", [408, 409, 418, 423, 425, 499])
@pytest.mark.parametrize(
    ("kind", "is_done", "status"),
    [
        (C, True, Status.CREATED),
        (U, True, Status.UPDATED),
        (R, True, Status.UPDATED),
        (C, False, None),
        (U, False, None),
        (R, False, None),
    ],
)
async def test_a_refusal_that_may_follow_a_success_is_looked_up(
    kind: ChangeKind,
    is_done: bool,  # noqa: FBT001
    status: Status | None,
    code: int,
) -> None:
    app = create_app()
    call = {C: "create", U: "update", R: "destroy"}[kind]
    async with connect(SITE, ONCE, app=app) as pbx:
        if kind is not C:
            await make(pbx, 1)
        box = await pbx.find_box("7000")
        record = records(1)[0] if kind is C else RENAMED if kind is U else Record(row=2, extension_number="7000")
        plan = (await plan_for(pbx, [record])) if kind is not R else Plan((Change(R, record, box),))
        app.state.faults = FaultRules([f"{code}{'-after' if is_done else ''}:{call}:1-9"])

        ending = await send(plan, pbx, ONCE)

    outcome, there = ending.outcomes[0], await boxes_from_rows(app)
    late = code in {408, 425, 499}
    assert outcome.status is (status or (Status.UNKNOWN if late else Status.REJECTED))
    assert ("7000" in there) is (kind is U or is_done is (kind is C))
    if kind is U:
        assert there["7000"].name == ("New" if is_done else "Desk 0")


@pytest.mark.parametrize("kind", [C, U, R])
@pytest.mark.parametrize("is_done", [False, True])
async def test_a_success_response_that_contains_errors_is_verified_by_reading_the_box(
    kind: ChangeKind,
    is_done: bool,  # noqa: FBT001
) -> None:
    def fail(asked: Asked) -> Answer | None:
        return json_answer(ERRORS) if asked.method == "POST" and not is_done else None

    def deny(asked: Asked, answer: Answer) -> None:
        if asked.method == "POST":
            answer.status, answer.json = 200, ERRORS

    app = create_app()
    async with connect(SITE, ONCE, app=app) as pbx:
        if kind is not C:
            await make(pbx, 1)
        box = await pbx.find_box("7000")
        record = records(1)[0] if kind is C else RENAMED if kind is U else Record(row=2, extension_number="7000")
        plan = (await plan_for(pbx, [record])) if kind is not R else Plan((Change(R, record, box),))
    async with connect(SITE, ONCE, app=AlteredPbx(app, instead=fail, change=deny)) as pbx:
        outcome = (await send(plan, pbx, ONCE)).outcomes[0]

    done = {C: Status.CREATED, U: Status.UPDATED, R: Status.UPDATED}[kind]
    assert outcome.status is (done if is_done else Status.REJECTED)
    assert is_done or (outcome.pbx_code, "read-only now" in outcome.message) == ("READ_ONLY", True)


async def test_a_conflict_over_a_box_of_someone_else_is_a_refusal_in_the_words_of_the_pbx() -> None:
    app = create_app()
    async with connect(SITE, ONCE, app=app) as pbx:
        plan = await plan_for(pbx, records(1))
        await pbx.create_box(records(1, name="Theirs")[0])

        ending = await send(plan, pbx, ONCE)

    assert ending.outcomes[0].status is Status.REJECTED
    assert "the extension_number is taken" in ending.outcomes[0].message
    assert [box.name for box in (await boxes_from_rows(app)).values()] == ["Theirs 0"]


@pytest.mark.parametrize("code", [400, 403, 404, 405, 422])
async def test_a_refused_create_is_not_looked_up_only_the_owner_of_its_number(code: int) -> None:
    app = create_app(faults=[f"{code}:create:1"])
    async with connect(SITE, ONCE, app=app) as pbx:
        ending = await send(Plan((Change(C, records(1)[0]),)), pbx, ONCE)

    assert ending.outcomes[0].status is Status.REJECTED
    assert app.state.traffic.counts == {"create": 1} | ({} if code in {403, 404} else {"owner": 1})


@pytest.mark.parametrize("fault", ["500:fetch:1-999", "403:fetch:1-999", "404:fetch:1-999"])
async def test_rows_whose_box_cannot_be_looked_at_count_for_the_limit_on_errors(fault: str) -> None:
    app = create_app()
    limited = SendSettings(retries=1, max_rps=0, max_outage=0, concurrency=1)
    async with connect(SITE, limited, app=app) as pbx:
        await make(pbx, 60)
        plan = await plan_for(pbx, records(60, name="New"))
        app.state.faults = FaultRules([fault])

        ending = await send(plan, pbx, limited)

    assert [outcome.status for outcome in ending.outcomes].count(Status.NOT_SENT) == 50
    assert ending.error is not None
    assert ending.error.exit_code == 7
    assert "10 of the 10 rows that were tried" in str(ending.error)


@pytest.mark.parametrize(
    ("answer", "count"),
    [
        ({"count": 0, "items": []}, 0),
        ({"count": 0, "items": None}, 0),
        ({"count": 0, "items": {"id": "m"}}, None),
        ({"count": 0, "items": "m"}, None),
        ({"count": 0, "items": [{"id": "m"}]}, 1),
    ],
)
async def test_a_box_whose_messages_contradict_their_count_is_not_reported_as_empty(
    answer: dict[str, Any], count: int | None
) -> None:
    async with connect(SITE, ONCE, app=AlteredPbx(create_app(), instead=lambda _: json_answer(answer))) as pbx:
        assert await pbx.count_messages("7") == count
