"""Never twice, never lost: the result of each row is what the PBX has."""

import asyncio
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from threading import Thread

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.responses import HTMLResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from bulkvm.model.box import Record
from bulkvm.model.change import Change, ChangeKind, Plan
from bulkvm.model.errors import BulkvmError, LoginRefused, StoppedEarly
from bulkvm.model.outcome import Outcome, Status, count_statuses
from bulkvm.model.settings import SendSettings
from bulkvm.pbx import connect
from bulkvm.planning import plan_for
from bulkvm.simulator import FaultRules, SimulatorSettings, create_app, running
from bulkvm.upload import send
from tests.upload.actual_boxes import ANY_ERRORS, BY_TOKEN, assert_truth, boxes_from_rows, on_a_socket, records


async def run_with(rule: str, sending: SendSettings, count: int = 30) -> tuple[Starlette, Plan, BulkvmError | None]:
    app = create_app()
    async with on_a_socket(app, sending) as pbx:
        plan = await plan_for(pbx, records(count))
        app.state.faults = FaultRules([rule])
        ending = await send(plan, pbx, sending)
    await assert_truth(app, plan, ending.outcomes)
    return app, plan, ending.error


async def test_a_pbx_that_comes_back_in_time_is_waited_for() -> None:
    app, plan, error = await run_with("down(seconds=1):create:5", SendSettings(max_rps=0, max_outage=30))

    assert error is None
    assert len(await boxes_from_rows(app)) == len(plan.changes)


async def test_a_pbx_that_stays_away_stops_the_run_before_most_rows_are_sent() -> None:
    app, plan, error = await run_with("down(seconds=600):create:5", SendSettings(max_rps=0, max_outage=0.5))

    assert isinstance(error, StoppedEarly)
    assert app.state.traffic.counts["create"] < len(plan.changes)


async def test_too_many_refusals_end_the_run() -> None:
    app, _, error = await run_with("422:create:1-100", SendSettings(max_rps=0, concurrency=2), count=60)

    assert isinstance(error, StoppedEarly)
    assert "--max-errors" in str(error)
    assert app.state.traffic.counts["create"] < 20


async def test_rows_that_need_no_request_do_not_count_among_those_that_were_sent() -> None:
    app = create_app()
    sending = SendSettings(max_rps=0, concurrency=1)
    async with connect(BY_TOKEN, sending, app=app) as pbx:
        await send(await plan_for(pbx, records(300)), pbx, sending)
        plan = await plan_for(pbx, records(330))
        app.state.faults = FaultRules(["422:create:1-99"])
        before = app.state.traffic.counts["create"]

        ending = await send(plan, pbx, sending)

    assert isinstance(ending.error, StoppedEarly)
    assert app.state.traffic.counts["create"] - before == 10
    await assert_truth(app, plan, ending.outcomes)


async def test_a_few_refusals_do_not_end_it() -> None:
    app, _, error = await run_with("422:create:every=11", SendSettings(max_rps=0, concurrency=1), count=60)

    assert error is None
    assert app.state.traffic.counts["create"] == 60


async def test_a_token_that_expires_without_renewal_stops_the_run() -> None:
    app = create_app()
    with running(app) as server:
        async with connect(replace(BY_TOKEN, url=server.url)) as pbx:
            plan = await plan_for(pbx, records(20))
            app.state.faults = FaultRules(["expire:create:6"])
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
        app.state.faults = FaultRules([rule.format(call=call)])
        before = app.state.traffic.counts[call]

        def is_stuck() -> bool:
            return bool(app.state.traffic.counts[call] - before >= 5)

        ending = await send(plan, pbx, sending, on_outcome=done.append, stop=is_stuck)

    counts = count_statuses(ending.outcomes)
    assert ending.error is not None
    assert ending.error.exit_code == 130
    assert counts[Status.NOT_SENT] >= 30
    await assert_truth(app, plan, ending.outcomes)


async def test_a_stopped_run_still_looks_up_its_rows_in_progress() -> None:
    app = create_app()
    async with on_a_socket(app, SendSettings(concurrency=4)) as pbx:
        plan = await plan_for(pbx, records(20))
        app.state.faults = FaultRules(["late(seconds=0.3):create:1-4", "reset-after:list:1"])
        sending = SendSettings(concurrency=4)
        ending = await send(plan, pbx, sending, stop=lambda: app.state.traffic.counts["create"] > 0)

    counts = count_statuses(ending.outcomes)
    assert counts[Status.CREATED] + counts[Status.NOT_SENT] == 20
    assert counts[Status.CREATED] >= 1
    await assert_truth(app, plan, ending.outcomes)


async def test_a_box_created_by_someone_else_in_the_meantime_is_not_treated_as_ours() -> None:
    app = create_app(faults=["reset:create:1"])
    async with on_a_socket(app, SendSettings(concurrency=1)) as pbx:
        wanted = Record(row=2, extension_number="2000", name="Ours", pin="582046")
        plan = await plan_for(pbx, [wanted])
        app.state.faults = FaultRules(["reset:create:1", "admin-add:list:1"])
        ending = await send(plan, pbx, SendSettings(concurrency=1, max_errors=ANY_ERRORS))

    assert [outcome.status for outcome in ending.outcomes] == [Status.REJECTED]
    assert "differs in name, pin" in ending.outcomes[0].message
    assert len(await boxes_from_rows(app)) == 1


LATE = SendSettings(concurrency=1, timeout=0.3, max_rps=0, retries=2, max_errors=ANY_ERRORS)


@pytest.mark.parametrize("refusal", ["409:create:2-9", "400:create:2-9", "422(retry-after=1):create:2-9"])
async def test_a_box_that_its_first_try_makes_late_is_ours_though_the_second_is_refused(refusal: str) -> None:
    app = create_app()
    async with on_a_socket(app, LATE) as pbx:
        plan = await plan_for(pbx, records(1))
        app.state.faults = FaultRules(["slow(seconds=1):create:1", refusal])

        ending = await send(plan, pbx, LATE)

    assert [(o.status, o.message) for o in ending.outcomes] == [(Status.CREATED, "Confirmed after a lost answer.")]
    await assert_truth(app, plan, ending.outcomes)


async def test_a_refusal_after_a_lost_answer_is_accepted_if_no_box_appears() -> None:
    app = create_app()
    async with on_a_socket(app, LATE) as pbx:
        plan = await plan_for(pbx, records(1))
        app.state.faults = FaultRules(["reset:create:1", "422:create:2"])

        ending = await send(plan, pbx, LATE)

    assert [outcome.status for outcome in ending.outcomes] == [Status.REJECTED]
    assert app.state.traffic.counts["list"] > 3, "it was looked for more than once"
    await assert_truth(app, plan, ending.outcomes)


@pytest.mark.parametrize("call", ["create", "update", "destroy"])
@pytest.mark.parametrize("fault", ["slow(seconds=600)", "504", "reset"])
async def test_a_request_that_the_pbx_may_still_process_is_not_reported_as_failed(call: str, fault: str) -> None:
    app = create_app()
    async with on_a_socket(app, LATE) as pbx:
        if call != "create":
            await send(await plan_for(pbx, records(1)), pbx)
        plan = await plan_for(pbx, records(1, name="New"))
        if call == "destroy":
            (box,) = await pbx.list_boxes()
            plan = Plan((Change(ChangeKind.REMOVE, Record(row=2, extension_number="7000"), box),))
        app.state.faults = FaultRules([f"{fault}:{call}:1-99"])

        ending = await send(plan, pbx, LATE)

    assert [outcome.status for outcome in ending.outcomes] == [Status.UNKNOWN]
    assert "may still be processing it" in ending.outcomes[0].message


@pytest.mark.parametrize("first", ["reset-after", "slow(seconds=1)"], ids=["made at once", "made late"])
async def test_an_update_that_its_first_try_makes_is_reported_as_made_though_the_second_is_refused(first: str) -> None:
    app = create_app()
    async with on_a_socket(app, LATE) as pbx:
        await send(await plan_for(pbx, records(1)), pbx)
        plan = await plan_for(pbx, records(1, name="New"))
        app.state.faults = FaultRules([f"{first}:update:1", "400:update:2"])

        ending = await send(plan, pbx, LATE)

    assert [(o.status, o.message) for o in ending.outcomes] == [(Status.UPDATED, "Confirmed after a lost answer.")]
    await assert_truth(app, plan, ending.outcomes)


async def test_a_change_by_someone_else_since_the_plan_is_kept() -> None:
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


async def test_an_update_answered_with_another_box_is_looked_up() -> None:
    """A login page of the network, with status 200."""
    app = create_app()
    async with on_a_socket(app, SendSettings()) as pbx:
        await send(await plan_for(pbx, records(1)), pbx)
        plan = await plan_for(pbx, records(1, name="New"))
        async with connect(BY_TOKEN, SendSettings(retries=1), app=log_in_first(app)) as waylaid:
            ending = await send(plan, waylaid)

    assert [outcome.status for outcome in ending.outcomes] == [Status.FAILED]
    assert (await boxes_from_rows(app))["7000"].name == "Desk 0"


def log_in_first(app: ASGIApp) -> ASGIApp:
    """A network that answers what would change something with a page of its own."""

    async def answer(scope: Scope, receive: Receive, send_on: Send) -> None:
        if scope["method"] == "POST" and "shared_voicemails/" in scope["path"]:
            await HTMLResponse("<h1>Please log in to the Wi-Fi</h1>")(scope, receive, send_on)
        else:
            await app(scope, receive, send_on)

    return answer


async def test_a_box_that_no_longer_exists_is_reported() -> None:
    app = create_app()
    async with on_a_socket(app, SendSettings()) as pbx:
        await send(await plan_for(pbx, records(1)), pbx)
        plan = await plan_for(pbx, records(1, name="New"))
        app.state.faults = FaultRules(["admin-remove:update:1"])
        ending = await send(plan, pbx)

    assert [outcome.status for outcome in ending.outcomes] == [Status.REJECTED]
    assert "no longer exists" in ending.outcomes[0].message


async def test_on_request_every_row_is_read_back_and_a_silent_change_is_reported() -> None:
    app = create_app()
    async with on_a_socket(app, SendSettings()) as pbx:
        plan = await plan_for(pbx, records(2))
        app.state.faults = FaultRules(["admin-rename:fetch:1"])
        ending = await send(plan, pbx, SendSettings(concurrency=1, verify=True, canary=False))

    assert app.state.traffic.counts["fetch"] == 2
    assert [outcome.status for outcome in ending.outcomes] == [Status.UNKNOWN, Status.CREATED]
    assert "other values in name" in ending.outcomes[0].message


async def test_by_default_only_the_first_box_is_read_back() -> None:
    app, _, _ = await run_with("422:create:100", SendSettings(max_rps=0))

    assert app.state.traffic.counts["fetch"] == 1


async def test_workers_share_the_rows_and_no_more_than_allowed_are_in_progress() -> None:
    app = create_app(settings=SimulatorSettings(latency=0.01))
    async with on_a_socket(app, SendSettings(max_rps=0, concurrency=4)) as pbx:
        plan = await plan_for(pbx, records(80))
        await send(plan, pbx, SendSettings(concurrency=40))

    assert app.state.traffic.most_in_flight == 4
    assert app.state.traffic.counts["create"] == 80


async def test_a_longer_sheet_keeps_no_more_in_progress() -> None:
    tasks: list[int] = []
    most = []
    async with connect(BY_TOKEN, SendSettings(max_rps=0), app=create_app()) as pbx:
        for count in (20, 200):
            plan = await plan_for(pbx, records(count))
            await send(plan, pbx, on_outcome=lambda _: tasks.append(len(asyncio.all_tasks())))
            most.append(max(tasks))

    assert most[0] == most[1] < 20


async def test_a_pbx_that_takes_no_connections_for_a_while_is_waited_for_and_every_row_is_done() -> None:
    app = create_app()
    with closed_door(app) as (url, open_it):
        async with connect(replace(BY_TOKEN, url=url), SendSettings(max_rps=0), reachable=True) as pbx:
            plan = Plan(tuple(Change(ChangeKind.CREATE, record) for record in records(10)))
            sending = asyncio.create_task(send(plan, pbx))
            done, _ = await asyncio.wait({sending}, timeout=0.3)
            open_it()
            ending = await sending

    assert not done
    assert [outcome.status for outcome in ending.outcomes] == [Status.CREATED] * 10
    await assert_truth(app, plan, ending.outcomes)


@contextmanager
def closed_door(app: Starlette) -> Iterator[tuple[str, Callable[[], None]]]:
    """A port on which every connection is refused until its door is opened; gives its address, and what opens it."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(app, lifespan="off", log_level="critical"))
        thread = Thread(target=server.run, args=([listener],), daemon=True)
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}", thread.start
        finally:
            server.should_exit = True
            thread.join()


async def test_a_run_that_is_stopped_when_all_its_rows_are_done_was_not_interrupted() -> None:
    done: list[Outcome] = []
    async with connect(BY_TOKEN, app=create_app()) as pbx:
        plan = await plan_for(pbx, records(10))
        ending = await send(plan, pbx, SendSettings(), on_outcome=done.append, stop=lambda: len(done) == 10)

    assert ending.error is None
    assert {outcome.status for outcome in ending.outcomes} == {Status.CREATED}
