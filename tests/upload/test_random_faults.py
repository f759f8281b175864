"""Never twice, never lost, whatever goes wrong together: the result is what the PBX has."""

import asyncio
from dataclasses import dataclass, replace

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.types import ASGIApp, Receive, Scope, Send

from bulkvm.model.settings import SendSettings
from bulkvm.pbx import connect
from bulkvm.planning import plan_for
from bulkvm.simulator import FaultRules, create_app
from bulkvm.upload import send
from tests.upload.actual_boxes import ANY_ERRORS, BY_PASSWORD, BY_TOKEN, assert_truth, records


class Impatient:
    """An application in this process, on which the client gives up after a moment: it goes on nevertheless."""

    def __init__(self, app: ASGIApp, seconds: float) -> None:
        self._app = app
        self._seconds = seconds
        self._in_flight: list[asyncio.Task[None]] = []

    async def __call__(self, scope: Scope, receive: Receive, send_on: Send) -> None:
        answering = asyncio.ensure_future(self._app(scope, receive, send_on))
        self._in_flight.append(answering)
        async with asyncio.timeout(self._seconds):
            await asyncio.shield(answering)

    async def finish(self) -> None:
        """Let it do all that it is still at."""
        await asyncio.gather(*self._in_flight, return_exceptions=True)


@dataclass(frozen=True)
class Scenario:
    """What goes wrong in a run that renames boxes and makes others, and how it is sent."""

    rules: list[str]
    workers: int
    existing: int
    by_token: bool
    verify: bool


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
    st.booleans(),
)


async def go_through(scenario: Scenario) -> None:
    app = create_app()
    impatient = Impatient(app, seconds=0.1)
    sending = SendSettings(concurrency=scenario.workers, max_rps=0, retries=2, max_outage=0.2, max_errors=ANY_ERRORS)
    site = BY_TOKEN if scenario.by_token else BY_PASSWORD
    async with connect(site, sending, app=app) as pbx:
        await send(await plan_for(pbx, records(scenario.existing)), pbx, sending)
        plan = await plan_for(pbx, records(10, name="New"))
    app.state.faults = FaultRules(scenario.rules)
    sending = replace(sending, verify=scenario.verify)
    async with connect(site, sending, app=impatient, reachable=True) as pbx:
        ending = await send(plan, pbx, sending)
    await impatient.finish()
    await assert_truth(app, plan, ending.outcomes)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(SCENARIO, min_size=1, max_size=6))
def test_random_faults_create_no_box_twice_and_every_row_is_reported_correctly(
    scenarios: list[Scenario],
) -> None:
    async def go_through_all_at_once() -> None:  # they mostly wait
        async with asyncio.timeout(120):
            await asyncio.gather(*map(go_through, scenarios))

    asyncio.run(go_through_all_at_once())
