"""Never twice, never lost: what the result says of each row is what the PBX has."""

import asyncio
import re
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.responses import HTMLResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from bulkvm.box import BLANK, Box, Record
from bulkvm.changes import Change, ChangeKind, Plan
from bulkvm.errors import BulkvmError, LoginRefused, StoppedEarly
from bulkvm.outcomes import DONE, Outcome, Status, count_statuses
from bulkvm.pbx import Pbx, connect
from bulkvm.planning import fields_differ
from bulkvm.settings import Limit, SendSettings, Site
from bulkvm.simulator import Faults, Settings, create_app, running
from bulkvm.simulator.faults import PLAIN, TIMED, Fault
from bulkvm.upload import plan_for, send
from tests.simulator.simulated import BOXES, LOGIN, PASSWORD_LOGIN, in_process

USER = Settings()
ANY_ERRORS = Limit(share=1.0)


def records(count: int, *, name: str = "Desk") -> list[Record]:
    return [
        Record(row=n + 2, extension_number=str(7000 + n), name=f"{name} {n}", pin=str(402817 + n)) for n in range(count)
    ]


@asynccontextmanager
async def on_a_socket(app: Starlette, sending: SendSettings) -> AsyncIterator[Pbx]:
    """The PBX over a real socket, by a login with a password."""
    with running(app) as server:
        site = Site(name="test", url=server.url, user=USER.user, password=USER.password, domain=USER.domain)
        async with connect(site, sending) as pbx:
            yield pbx


async def boxes_of(app: Starlette) -> dict[str, Box]:
    """What the PBX has, asked without faults and without the client. Fails where a number has two boxes."""
    app.state.faults = Faults()
    items: list[dict[str, Any]] = []
    async with in_process(app, token="") as asking:
        token = (await asking.post(LOGIN, data=PASSWORD_LOGIN)).json()["access_token"]
        asking.headers["Authorization"] = f"Bearer {token}"
        while True:
            answer = await asking.get(BOXES, params={"orderby": "extension_number", "skip": len(items)})
            items += answer.json()["items"]
            if len(items) >= answer.json()["count"]:
                break
    found = {item["extension_number"]: box_of(item) for item in items}
    assert len(found) == len(items)
    return found


def box_of(item: dict[str, Any]) -> Box:
    fields: dict[str, Any] = {name: BLANK if value is None else value for name, value in item.items()}
    fields["recipients"] = tuple(item["recipients"].split(",")) if item["recipients"] else ()
    return Box(**fields)


async def assert_truth(app: Starlette, plan: Plan, outcomes: Sequence[Outcome], *, but: Collection[str] = ()) -> None:
    """Each outcome says what the PBX's own state shows, but for boxes that somebody else was at."""
    assert [outcome.row for outcome in outcomes] == [change.record.row for change in plan.changes]
    assert sum(count_statuses(outcomes).values()) == len(plan.changes)
    boxes = await boxes_of(app)
    for change, outcome in zip(plan.changes, outcomes, strict=True):
        if change.record.extension_number in but:
            continue
        box = boxes.get(change.record.extension_number)
        as_wanted = box is not None and not fields_differ(change.record, box)
        if outcome.status in DONE:
            assert as_wanted, outcome
            assert box is not None
            assert outcome.id == box.id
        elif outcome.status is not Status.UNKNOWN:
            assert not as_wanted, outcome
            assert (box and box.name) == (change.box and change.box.name), outcome


class Striking(Faults):
    """Faults that note which of them struck."""

    def __init__(self, *rules: str) -> None:
        super().__init__(rules)
        self.struck: list[str] = []

    def strike(self, call: str) -> Fault | None:
        fault = super().strike(call)
        self.struck += [fault.what] if fault else []
        return fault


WORKERS = [8, *(pytest.param(n, marks=pytest.mark.campaign) for n in (1, 32))]
IN_CALLS = ["create", "update", "list", "login"]
FAULTS = [
    "401:{call}:2",
    "429:{call}:2-4",
    "429(retry-after=1):{call}:2",
    "429(retry-date=1):{call}:2",
    "500:{call}:2-4",
    "500-after:{call}:2-3",
    "502-after:{call}:2-4",
    "503:{call}:2-4",
    "503(retry-after=1):{call}:2",
    "503-after(retry-date=1):{call}:2",
    "504:{call}:2",
    "html:{call}:2",
    "html-after:{call}:2-3",
    "reset:{call}:2-5",
    "reset-after:{call}:2-5",
    "late(seconds=0.8):{call}:2-3",
    "slow(seconds=0.8):{call}:2-3",
    "truncated:{call}:2-4",
    "expire:{call}:2",
    "down(seconds=0.5):{call}:2",
    "admin-add:{call}:2",
    "admin-remove:{call}:2",
    "admin-rename:{call}:2",
    "random:{call}:rate=0.6,seed=3",
]


def test_every_fault_that_the_pbx_knows_is_among_these() -> None:
    assert {*PLAIN, *TIMED} <= {re.split("[(:]", fault)[0] for fault in FAULTS}


async def begin(pbx: Pbx, call: str) -> list[Record]:
    """Make what there must be before a fault in this call, and give the rows of the sheet that meets it."""
    made = 0 if call == "create" else 10
    await send(await plan_for(pbx, records(made)), pbx)
    return records(12, name="New")


def faults_in(call: str, fault: str) -> Striking:
    """A fault in a call. A login is called while a run is sent only where its token ends, three times here."""
    ends = [f"expire:update:{nth}" for nth in (2, 6, 10)] if call == "login" else []
    return Striking(fault.format(call=call), *ends)


@pytest.mark.parametrize("workers", WORKERS)
@pytest.mark.parametrize("call", IN_CALLS)
@pytest.mark.parametrize("fault", FAULTS)
async def test_every_fault_in_every_call_leaves_one_right_box_a_row(fault: str, call: str, workers: int) -> None:
    app = create_app(settings=Settings(page_cap=4))
    sending = SendSettings(concurrency=workers, timeout=0.5, max_rps=0, max_errors=ANY_ERRORS, retries=8)
    async with on_a_socket(app, sending) as pbx:
        rows = await begin(pbx, call)
        faults = app.state.faults = faults_in(call, fault)
        plan = await plan_for(pbx, rows)

        ending = await send(plan, pbx, sending)

    touched = {"7000"} if fault.startswith(("admin-remove", "admin-rename")) else set()
    assert {what for what in faults.struck if what != "expire"} or fault.startswith("expire")
    assert ending.error is None
    assert all(o.status in DONE for o in ending.outcomes if o.extension_number not in touched), ending.outcomes
    await assert_truth(app, plan, ending.outcomes, but=touched)


@pytest.mark.parametrize("workers", WORKERS)
@pytest.mark.parametrize("call", IN_CALLS)
@pytest.mark.parametrize("status", [400, 403, 404, 409, 422])
async def test_a_refusal_in_every_call_is_asked_for_once_and_costs_no_other_row(
    status: int, call: str, workers: int
) -> None:
    app = create_app()
    sending = SendSettings(concurrency=workers, max_rps=0)
    async with on_a_socket(app, sending) as pbx:
        rows = await begin(pbx, call)
        before = app.state.traffic.counts.copy()
        faults = app.state.faults = faults_in(call, f"{status}:{{call}}:1")
        if call == "list":
            with pytest.raises(BulkvmError):
                await plan_for(pbx, rows)
            assert app.state.traffic.counts - before == {"list": 1}
            return
        plan = await plan_for(pbx, rows)

        ending = await send(plan, pbx, sending)

    asked = app.state.traffic.counts - before
    assert str(status) in faults.struck
    assert ending.error is None
    if call != "login":
        assert [o.status for o in ending.outcomes if o.status not in DONE] == [Status.REJECTED]
        assert asked["create"] + asked["update"] == len(rows)
    await assert_truth(app, plan, ending.outcomes)


class Impatient:
    """An application in this process, on which the client gives up after a moment: it goes on nevertheless."""

    def __init__(self, app: ASGIApp, seconds: float) -> None:
        self._app = app
        self._seconds = seconds
        self._under_way: list[asyncio.Task[None]] = []

    async def __call__(self, scope: Scope, receive: Receive, send_on: Send) -> None:
        answering = asyncio.ensure_future(self._app(scope, receive, send_on))
        self._under_way.append(answering)
        async with asyncio.timeout(self._seconds):
            await asyncio.shield(answering)

    async def finish(self) -> None:
        """Let it do all that it is still at."""
        await asyncio.gather(*self._under_way, return_exceptions=True)


@dataclass(frozen=True)
class Scenario:
    """What goes wrong in a run, and how it is sent."""

    rules: list[str]
    workers: int
    existing: int
    by_token: bool


WHAT = st.sampled_from([
    "429", "500", "502-after", "503", "504", "html-after", "reset", "reset-after", "truncated", "random", "expire",
    "slow(seconds=0.2)", "late(seconds=0.2)", "down(seconds=0.1)", "down(seconds=0.4)", "400", "409",
])  # fmt: skip
CALL = st.sampled_from(["create", "update", "fetch", "list", "login", "any"])
WHEN = st.sampled_from(["rate=0.1", "rate=0.3", "rate=0.7", "rate=1"]).flatmap(
    lambda rate: st.integers(0, 99).map(lambda seed: f"{rate},seed={seed}")
) | st.sampled_from(["1", "2", "3-5", "every=2"])
SCENARIO = st.builds(
    Scenario,
    st.lists(st.builds("{}:{}:{}".format, WHAT, CALL, WHEN), min_size=1, max_size=3),
    st.sampled_from([1, 4, 16]),
    st.integers(0, 6),
    st.booleans(),
)


async def go_through(scenario: Scenario) -> None:
    app = create_app()
    impatient = Impatient(app, seconds=0.1)
    sending = SendSettings(concurrency=scenario.workers, max_rps=0, retries=2, max_outage=0.2, max_errors=ANY_ERRORS)
    site = Site(name="test", url="http://simulator", user=USER.user, password=USER.password, domain=USER.domain)
    if scenario.by_token:
        site = Site(name="test", url="http://simulator", token=USER.token)
    async with connect(site, sending, app=app) as pbx:
        await send(await plan_for(pbx, records(scenario.existing)), pbx, sending)
        plan = await plan_for(pbx, records(10, name="New"))
    app.state.faults = Faults(scenario.rules)
    async with connect(site, sending, app=impatient, known=True) as pbx:
        ending = await send(plan, pbx, sending)
    await impatient.finish()
    await assert_truth(app, plan, ending.outcomes)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(SCENARIO, min_size=1, max_size=6))
def test_whatever_goes_wrong_no_box_is_made_twice_and_every_row_is_told_truly(scenarios: list[Scenario]) -> None:
    async def go_through_all_at_once() -> None:  # they mostly wait
        async with asyncio.timeout(120):
            await asyncio.gather(*map(go_through, scenarios))

    asyncio.run(go_through_all_at_once())


async def run_with(rule: str, sending: SendSettings, count: int = 30) -> tuple[Starlette, Plan, BulkvmError | None]:
    app = create_app()
    async with on_a_socket(app, sending) as pbx:
        plan = await plan_for(pbx, records(count))
        app.state.faults = Faults([rule])
        ending = await send(plan, pbx, sending)
    await assert_truth(app, plan, ending.outcomes)
    return app, plan, ending.error


async def test_a_pbx_that_comes_back_in_time_is_waited_for() -> None:
    app, plan, error = await run_with("down(seconds=1):create:5", SendSettings(max_rps=0, max_outage=30))

    assert error is None
    assert len(await boxes_of(app)) == len(plan.changes)


async def test_a_pbx_that_stays_away_ends_the_run_and_most_rows_are_not_burnt() -> None:
    app, plan, error = await run_with("down(seconds=600):create:5", SendSettings(max_rps=0, max_outage=0.5))

    assert isinstance(error, StoppedEarly)
    assert app.state.traffic.counts["create"] < len(plan.changes)


async def test_too_many_refusals_end_the_run() -> None:
    app, _, error = await run_with("422:create:1-100", SendSettings(max_rps=0, concurrency=2), count=60)

    assert isinstance(error, StoppedEarly)
    assert "--max-errors" in str(error)
    assert app.state.traffic.counts["create"] < 20


async def test_a_few_refusals_do_not_end_it() -> None:
    app, _, error = await run_with("422:create:every=11", SendSettings(max_rps=0, concurrency=1), count=60)

    assert error is None
    assert app.state.traffic.counts["create"] == 60


async def test_a_token_that_ends_for_good_ends_the_run_and_the_rest_is_not_sent() -> None:
    app = create_app()
    with running(app) as server:
        async with connect(Site(name="test", url=server.url, token=USER.token)) as pbx:
            plan = await plan_for(pbx, records(20))
            app.state.faults = Faults(["expire:create:6"])
            ending = await send(plan, pbx, SendSettings(concurrency=2))

    assert isinstance(ending.error, LoginRefused)
    counts = count_statuses(ending.outcomes)
    assert counts[Status.CREATED] + counts[Status.NOT_SENT] == 20
    assert counts[Status.CREATED] < 10


async def test_a_run_that_is_stopped_begins_no_row_more() -> None:
    app = create_app()
    done: list[Outcome] = []
    async with on_a_socket(app, SendSettings(concurrency=4)) as pbx:
        plan = await plan_for(pbx, records(40))
        ending = await send(
            plan, pbx, SendSettings(concurrency=4), on_outcome=done.append, stop=lambda: len(done) >= 10
        )

    counts = count_statuses(ending.outcomes)
    assert counts[Status.CREATED] + counts[Status.NOT_SENT] == 40
    assert 10 <= counts[Status.CREATED] <= 14
    assert ending.error is not None
    assert ending.error.exit_code == 130
    await assert_truth(app, plan, ending.outcomes)


@pytest.mark.parametrize("call", ["create", "update"])
@pytest.mark.parametrize(
    "rule", ["down(seconds=600):{call}:5", "429(retry-after=300):{call}:5", "429:{call}:5-999", "503:{call}:5-999"]
)
async def test_a_run_that_only_waits_ends_when_it_is_stopped(rule: str, call: str) -> None:
    app = create_app()
    sending = SendSettings(concurrency=4, max_rps=0, max_outage=600, max_errors=ANY_ERRORS)
    done: list[Outcome] = []
    async with asyncio.timeout(60), on_a_socket(app, sending) as pbx:
        if call == "update":
            await send(await plan_for(pbx, records(40)), pbx, sending)
        plan = await plan_for(pbx, records(40, name="New"))
        app.state.faults = Faults([rule.format(call=call)])
        before = app.state.traffic.counts[call]

        def is_stuck() -> bool:
            return bool(app.state.traffic.counts[call] - before >= 5)

        ending = await send(plan, pbx, sending, on_outcome=done.append, stop=is_stuck)

    counts = count_statuses(ending.outcomes)
    assert ending.error is not None
    assert ending.error.exit_code == 130
    assert counts[Status.NOT_SENT] >= 30
    await assert_truth(app, plan, ending.outcomes)


async def test_what_a_run_that_is_stopped_has_under_way_is_still_asked_about() -> None:
    app = create_app()
    async with on_a_socket(app, SendSettings(concurrency=4)) as pbx:
        plan = await plan_for(pbx, records(20))
        app.state.faults = Faults(["late(seconds=0.3):create:1-4", "reset-after:list:1"])
        sending = SendSettings(concurrency=4)
        ending = await send(plan, pbx, sending, stop=lambda: app.state.traffic.counts["create"] > 0)

    counts = count_statuses(ending.outcomes)
    assert counts[Status.CREATED] + counts[Status.NOT_SENT] == 20
    assert counts[Status.CREATED] >= 1
    await assert_truth(app, plan, ending.outcomes)


async def test_a_box_that_somebody_else_made_meanwhile_is_not_taken_for_ours() -> None:
    app = create_app(faults=["reset:create:1"])
    async with on_a_socket(app, SendSettings(concurrency=1)) as pbx:
        wanted = Record(row=2, extension_number="2000", name="Ours", pin="582046")
        plan = await plan_for(pbx, [wanted])
        app.state.faults = Faults(["reset:create:1", "admin-add:list:1"])
        ending = await send(plan, pbx, SendSettings(concurrency=1, max_errors=ANY_ERRORS))

    assert [outcome.status for outcome in ending.outcomes] == [Status.REJECTED]
    assert "differs in name, pin" in ending.outcomes[0].message
    assert len(await boxes_of(app)) == 1


LATE = SendSettings(concurrency=1, timeout=0.3, max_rps=0, retries=2, max_errors=ANY_ERRORS)


@pytest.mark.parametrize("refusal", ["409:create:2-9", "400:create:2-9", "422(retry-after=1):create:2-9"])
async def test_a_box_that_its_first_try_makes_late_is_ours_though_the_second_is_refused(refusal: str) -> None:
    app = create_app()
    async with on_a_socket(app, LATE) as pbx:
        plan = await plan_for(pbx, records(1))
        app.state.faults = Faults(["slow(seconds=1):create:1", refusal])

        ending = await send(plan, pbx, LATE)

    assert [(o.status, o.message) for o in ending.outcomes] == [(Status.CREATED, "Confirmed after a lost answer.")]
    await assert_truth(app, plan, ending.outcomes)


async def test_a_refusal_after_a_lost_answer_is_believed_where_no_box_appears() -> None:
    app = create_app()
    async with on_a_socket(app, LATE) as pbx:
        plan = await plan_for(pbx, records(1))
        app.state.faults = Faults(["reset:create:1", "422:create:2"])

        ending = await send(plan, pbx, LATE)

    assert [outcome.status for outcome in ending.outcomes] == [Status.REJECTED]
    assert app.state.traffic.counts["list"] > 3, "it was looked for more than once"
    await assert_truth(app, plan, ending.outcomes)


@pytest.mark.parametrize("call", ["create", "update", "destroy"])
@pytest.mark.parametrize("fault", ["slow(seconds=600)", "504", "reset"])
async def test_what_the_pbx_may_still_be_at_is_not_said_to_have_failed(call: str, fault: str) -> None:
    app = create_app()
    async with on_a_socket(app, LATE) as pbx:
        if call != "create":
            await send(await plan_for(pbx, records(1)), pbx)
        plan = await plan_for(pbx, records(1, name="New"))
        if call == "destroy":
            (box,) = await pbx.list_boxes()
            plan = Plan((Change(ChangeKind.REMOVE, Record(row=2, extension_number="7000"), box),))
        app.state.faults = Faults([f"{fault}:{call}:1-99"])

        ending = await send(plan, pbx, LATE)

    assert [outcome.status for outcome in ending.outcomes] == [Status.UNKNOWN]
    assert "may still be at it" in ending.outcomes[0].message


async def test_an_update_that_was_made_before_it_was_refused_is_told_as_made() -> None:
    app = create_app()
    async with on_a_socket(app, LATE) as pbx:
        await send(await plan_for(pbx, records(1)), pbx)
        plan = await plan_for(pbx, records(1, name="New"))
        app.state.faults = Faults(["reset-after:update:1", "400:update:2"])

        ending = await send(plan, pbx, LATE)

    assert [outcome.status for outcome in ending.outcomes] == [Status.UPDATED]
    await assert_truth(app, plan, ending.outcomes)


async def test_an_update_that_its_first_try_makes_late_is_told_as_made_though_the_second_is_refused() -> None:
    app = create_app()
    async with on_a_socket(app, LATE) as pbx:
        await send(await plan_for(pbx, records(1)), pbx)
        plan = await plan_for(pbx, records(1, name="New"))
        app.state.faults = Faults(["slow(seconds=1):update:1", "400:update:2"])

        ending = await send(plan, pbx, LATE)

    assert [(o.status, o.message) for o in ending.outcomes] == [(Status.UPDATED, "Confirmed after a lost answer.")]
    await assert_truth(app, plan, ending.outcomes)


async def test_what_somebody_else_changed_since_the_plan_is_kept() -> None:
    app = create_app()
    async with on_a_socket(app, SendSettings()) as pbx:
        await send(await plan_for(pbx, records(1)), pbx)
        plan = await plan_for(pbx, [Record(row=2, extension_number="7000", prompt="de-DE")])
        (box,) = await pbx.list_boxes()
        await pbx.update_box(replace(box, pin="582046", recipients=("oncall@example.com",)))

        ending = await send(plan, pbx)
        (after,) = await pbx.list_boxes()

    assert [(o.status, o.changed) for o in ending.outcomes] == [(Status.UPDATED, ("prompt",))]
    assert (after.prompt, after.pin, after.recipients) == ("de-DE", "582046", ("oncall@example.com",))


async def test_an_update_that_somebody_else_answers_is_not_believed() -> None:
    """A login page of the network, with status 200."""
    app = create_app()
    async with on_a_socket(app, SendSettings()) as pbx:
        await send(await plan_for(pbx, records(1)), pbx)
        plan = await plan_for(pbx, records(1, name="New"))
        site = Site(name="test", url="http://simulator", token=USER.token)
        async with connect(site, SendSettings(retries=1), app=log_in_first(app)) as waylaid:
            ending = await send(plan, waylaid)

    assert [outcome.status for outcome in ending.outcomes] == [Status.FAILED]
    assert (await boxes_of(app))["7000"].name == "Desk 0"


def log_in_first(app: ASGIApp) -> ASGIApp:
    """A network that answers what would change something with a page of its own."""

    async def answer(scope: Scope, receive: Receive, send_on: Send) -> None:
        if scope["method"] == "POST" and "shared_voicemails/" in scope["path"]:
            await HTMLResponse("<h1>Please log in to the Wi-Fi</h1>")(scope, receive, send_on)
        else:
            await app(scope, receive, send_on)

    return answer


async def test_a_box_that_is_gone_by_now_is_told() -> None:
    app = create_app()
    async with on_a_socket(app, SendSettings()) as pbx:
        await send(await plan_for(pbx, records(1)), pbx)
        plan = await plan_for(pbx, records(1, name="New"))
        app.state.faults = Faults(["admin-remove:update:1"])
        ending = await send(plan, pbx)

    assert [outcome.status for outcome in ending.outcomes] == [Status.REJECTED]
    assert "gone" in ending.outcomes[0].message


async def test_on_request_every_row_is_read_back_and_a_silent_change_is_told() -> None:
    app = create_app()
    async with on_a_socket(app, SendSettings()) as pbx:
        plan = await plan_for(pbx, records(2))
        app.state.faults = Faults(["admin-rename:fetch:1"])
        ending = await send(plan, pbx, SendSettings(concurrency=1, verify=True))

    assert app.state.traffic.counts["fetch"] == 2
    assert [outcome.status for outcome in ending.outcomes] == [Status.UNKNOWN, Status.CREATED]
    assert "something else in name" in ending.outcomes[0].message


async def test_without_doubt_nothing_is_read_back() -> None:
    app, _, _ = await run_with("422:create:100", SendSettings(max_rps=0))

    assert app.state.traffic.counts["fetch"] == 0


async def test_workers_share_the_rows_and_no_more_than_allowed_are_under_way() -> None:
    app = create_app(settings=Settings(latency=0.01))
    async with on_a_socket(app, SendSettings(max_rps=0, concurrency=4)) as pbx:
        plan = await plan_for(pbx, records(80))
        await send(plan, pbx, SendSettings(concurrency=40))

    assert app.state.traffic.most_in_flight == 4
    assert app.state.traffic.counts["create"] == 80
