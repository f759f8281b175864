"""The owners of the numbers of new boxes are looked up in few requests; a number is reported as free only if it is."""

import itertools
from collections.abc import Iterable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.applications import Starlette

from bulkvm.model.box import Owner, Record
from bulkvm.model.change import ChangeKind, Plan
from bulkvm.model.outcome import Outcome, Status
from bulkvm.model.settings import SendSettings
from bulkvm.pbx import connect
from bulkvm.planning import plan_for
from bulkvm.simulator import SimulatorSettings, create_app
from bulkvm.upload import send
from tests.altered_pbx import AlteredPbx, Answer, Asked, json_answer
from tests.upload.actual_boxes import ANY_ERRORS, BY_TOKEN, assert_truth

QUICK = SendSettings(max_rps=0, max_errors=ANY_ERRORS, retries=1)
LISTS = ("users", "groups", "queues", "rooms", "receptionists")
KINDS = ("EXTENSION", "RING_GROUP", "CALL_QUEUE", "CONFERENCE_ROOM", "VIRTUAL_RECEPTIONIST")


def rows(numbers: Iterable[str]) -> list[Record]:
    return [Record(row=row, extension_number=n, name="New", pin="402817") for row, n in enumerate(numbers, start=2)]


def numbers(first: int, amount: int, step: int = 1) -> list[str]:
    return [str(first + step * place) for place in range(amount)]


async def planned(app: Starlette, records: Sequence[Record]) -> Plan:
    async with connect(BY_TOKEN, QUICK, app=app) as pbx:
        return await plan_for(pbx, records)


async def planned_and_sent(app: Starlette, records: Sequence[Record]) -> tuple[Plan, Sequence[Outcome]]:
    async with connect(BY_TOKEN, QUICK, app=app) as pbx:
        plan = await plan_for(pbx, records)
        return plan, (await send(plan, pbx, QUICK)).outcomes


def requests(app: Starlette) -> int:
    return sum(app.state.traffic.counts.values())


async def test_a_thousand_new_boxes_take_little_more_than_one_request_each() -> None:
    app = create_app(settings=SimulatorSettings(numbers=2000))
    await planned_and_sent(app, rows(numbers(7000, 100)))
    new = rows(n for n in numbers(20000, 3000) if n not in set(numbers(20000, 2000)))
    before = requests(app)

    plan, outcomes = await planned_and_sent(app, new)

    assert plan.counts[ChangeKind.CREATE] == len(outcomes) == 1000
    assert {outcome.status for outcome in outcomes} == {Status.CREATED}
    assert requests(app) - before <= 1100


SHAPES = {
    "many rows among few numbers": (100, numbers(20000, 1000), 5 + 5),
    "many rows among many numbers": (2000, numbers(20000, 1000), 5 + 20),
    "few rows in a large tenant": (5000, numbers(24990, 8), 8 + 5),
    "sparse rows in a large tenant": (5000, numbers(20000, 20, step=300), 20 + 5),
    "less rows than lists": (2000, numbers(21998, 5), 5),
    "numbers of two lengths": (2000, [*numbers(21990, 20), *numbers(6290, 20)], 2 * 5),
}


@pytest.mark.parametrize(("others", "wanted", "most"), SHAPES.values(), ids=SHAPES)
async def test_a_plan_reads_lists_or_single_numbers_whichever_takes_fewer_requests(
    others: int, wanted: list[str], most: int
) -> None:
    app = create_app(settings=SimulatorSettings(numbers=others))

    plan = await planned(app, rows(wanted))

    counts = app.state.traffic.counts
    taken = {n for n in wanted if app.state.stored.owner(n)}
    assert {problem.code for problem in plan.problems} <= {"number-taken"}
    assert {r.extension_number for r in rows(wanted) if r.row in {p.row for p in plan.problems}} == taken
    assert sum(counts[call] for call in LISTS) + counts["owner"] <= most + 6 * len(taken)


@pytest.mark.parametrize("fault", ["403", "404", "500", "html", "truncated"])
@pytest.mark.parametrize("call", LISTS)
async def test_numbers_of_a_list_that_is_not_shown_are_left_to_the_create_which_names_the_owner(
    call: str, fault: str
) -> None:
    app = create_app(faults=[f"{fault}:{call}:every=1"])
    with app.state.stored.db as db:
        db.execute("DELETE FROM other_number")
        db.executemany(
            "INSERT INTO other_number VALUES (?, ?, ?, ?)", [(k, str(7000 + i), k, k) for i, k in enumerate(KINDS)]
        )
    hidden = KINDS[LISTS.index(call)]

    plan, outcomes = await planned_and_sent(app, rows(numbers(6990, 20)))

    (refused,) = (outcome for outcome in outcomes if outcome.status is Status.REJECTED)
    assert len(plan.problems) == len(KINDS) - 1
    assert refused.extension_number == str(7000 + KINDS.index(hidden))
    assert refused.message.endswith(
        f"{refused.extension_number} belongs to {Owner(hidden, hidden)}; the next free number is 7014."
    )
    await assert_truth(app, plan, outcomes)


@pytest.mark.parametrize("calls", [LISTS, ("users",)])
async def test_forbidden_lists_cost_no_request_for_each_number(calls: Sequence[str]) -> None:
    app = create_app(faults=[f"403:{call}:every=1" for call in calls])

    await planned(app, rows(numbers(7000, 300)))

    assert app.state.traffic.counts["owner"] == 0
    assert sum(app.state.traffic.counts[call] for call in LISTS) == len(LISTS)


@pytest.mark.parametrize("fault", ["403", "500"])
async def test_a_refused_create_is_reported_as_refused_if_the_owner_is_not_shown(fault: str) -> None:
    app = create_app(faults=[f"{fault}:owner:every=1"])

    _, outcomes = await planned_and_sent(app, rows(["6300", "7000"]))

    assert [outcome.status for outcome in outcomes] == [Status.REJECTED, Status.CREATED]
    assert "taken" in outcomes[0].message
    assert "belongs" not in outcomes[0].message


@given(
    others=st.dictionaries(st.integers(7000, 7060), st.sampled_from(KINDS), max_size=40),
    wanted=st.sets(st.integers(7000, 7060), min_size=1, max_size=40),
    page_cap=st.integers(1, 100),
    ignored=st.sampled_from([(), ("ignore:filter",), ("ignore:orderby",), ("ignore:filter", "ignore:orderby")]),
)
async def test_a_plan_names_every_number_that_the_lists_show_as_taken_and_no_other(
    others: dict[int, str], wanted: set[int], page_cap: int, ignored: tuple[str, ...]
) -> None:
    app = create_app(settings=SimulatorSettings(page_cap=page_cap, behave=ignored))
    with app.state.stored.db as db:
        db.execute("DELETE FROM other_number")
        db.executemany(
            "INSERT INTO other_number VALUES (?, ?, ?, ?)", [(str(n), str(n), kind, kind) for n, kind in others.items()]
        )
    records = rows(map(str, sorted(wanted)))

    plan = await planned(app, records)

    planned_numbers = {int(change.record.extension_number) for change in plan.changes}
    assert planned_numbers == wanted - others.keys()
    used = wanted | others.keys()
    for problem in plan.problems:  # in the order of the rows
        number = next(int(record.extension_number) for record in records if record.row == problem.row)
        free = next((n for n in itertools.islice(itertools.count(number + 1), 20) if n not in used), None)
        expected = f"the next free number is {free}." if free else "choose another number."
        assert problem.message.endswith(expected)
        used |= {free} if free else set()


LIST_PATHS = ("/api/users", "/api/ring_groups", "/api/call_queues", "/api/conference_rooms", "/api/ivrs")


@pytest.mark.parametrize("count", [10**9, 10**30])
async def test_a_list_with_an_impossible_count_is_replaced_by_single_lookups(count: int) -> None:
    app = create_app(settings=SimulatorSettings(numbers=2000))

    def exaggerate(asked: Asked, given: Answer) -> None:
        if asked.path in LIST_PATHS:
            given.json = given.json | {"count": count}

    async with connect(BY_TOKEN, QUICK, app=AlteredPbx(app, change=exaggerate)) as pbx:
        plan = await plan_for(pbx, rows(numbers(20000, 12)))

    assert [problem.code for problem in plan.problems] == ["number-taken"] * 12
    assert requests(app) < 200


@pytest.mark.parametrize("number", [None, 7010])
async def test_a_number_is_not_free_because_a_list_shows_no_numbers(number: int | None) -> None:
    app = create_app(settings=SimulatorSettings(numbers=2000))

    def hide(asked: Asked, given: Answer) -> None:
        if asked.path in LIST_PATHS:
            given.json = given.json | {"items": [i | {"extension_number": number} for i in given.json["items"]]}

    wanted = numbers(21960, 60)
    async with connect(BY_TOKEN, QUICK, app=AlteredPbx(app, change=hide)) as pbx:
        outcomes = (await send(await plan_for(pbx, rows(wanted)), pbx, QUICK)).outcomes

    refused = [outcome.message for outcome in outcomes if outcome.status is Status.REJECTED]
    assert len(refused) == 40
    assert not [message for message in refused if "next free number is 219" in message]


async def test_the_next_free_number_is_asked_for_itself_since_lists_may_lack_some() -> None:
    app = create_app(settings=SimulatorSettings(numbers=2000))
    in_no_list = {"22000", "22001"}

    def own(asked: Asked) -> Answer | None:
        number = asked.path.rpartition("/")[2]
        if not asked.path.startswith("/api/extension_numbers/") or number not in in_no_list:
            return None
        return json_answer({"id": "p", "name": "Parking", "type": "CALL_PARK", "extension_number": number})

    pbx = AlteredPbx(app, instead=own)
    async with connect(BY_TOKEN, QUICK, app=pbx) as opened:
        plan = await plan_for(opened, rows(numbers(21990, 10)))

    free = [problem.message.rpartition(" ")[2] for problem in plan.problems]
    assert free == [f"{number}." for number in numbers(22002, 10)]
    assert sum(asked.path.startswith("/api/extension_numbers/") for asked in pbx.asked) == 2 + 10


async def test_each_free_number_is_suggested_once_also_by_creates_that_are_refused_at_the_same_time() -> None:
    app = create_app(settings=SimulatorSettings(numbers=2000), faults=[f"403:{call}:every=1" for call in LISTS])

    _, outcomes = await planned_and_sent(app, rows(numbers(21980, 20)))

    free = [outcome.message.rpartition(" ")[2] for outcome in outcomes]
    assert sorted(free) == [f"{number}." for number in numbers(22000, 20)]


@pytest.mark.parametrize(
    "answer", [{"id": "x", "name": "Desk", "type": "EXTENSION", "extension_number": "7999"}, {"id": 5}]
)
async def test_an_answer_that_is_not_about_the_number_names_no_owner(answer: dict[str, object]) -> None:
    app = create_app()

    def mislead(asked: Asked) -> Answer | None:
        return json_answer(answer) if asked.path.startswith("/api/extension_numbers/") else None

    async with connect(BY_TOKEN, QUICK, app=AlteredPbx(app, instead=mislead)) as pbx:
        plan = await plan_for(pbx, rows(["7000", "7001"]))

    assert not plan.problems
