import asyncio

import pytest

from bulkvm.simulator import SimulatorSettings, create_app
from bulkvm.simulator.traffic import Traffic
from tests.simulator.requests import BOXES, a_box, in_process


async def test_more_requests_than_a_minute_allows_are_answered_with_429() -> None:
    app = create_app(settings=SimulatorSettings(rate_limit=3))
    async with in_process(app) as pbx:
        answers = [await pbx.post(BOXES, json=a_box(extension_number=str(6100 + n))) for n in range(5)]

    assert [answer.status_code for answer in answers] == [201, 201, 201, 429, 429]
    assert answers[-1].json()["errors"][0]["code"] == "TOO_MANY_REQUESTS"
    assert "Retry-After" not in answers[-1].headers


async def test_requests_are_counted_by_call_and_logged_without_query_and_body() -> None:
    app = create_app(faults=["503:list:2"])
    async with in_process(app) as pbx:
        await pbx.post(BOXES, json=a_box())
        await pbx.get(f"{BOXES}?search=402817")
        await pbx.get(BOXES)

    assert app.state.traffic.counts == {"create": 1, "list": 2}
    assert list(app.state.traffic.log) == [("POST", BOXES, 201), ("GET", BOXES, 200), ("GET", BOXES, 503)]
    assert (app.state.traffic.in_flight, app.state.traffic.most_in_flight) == (0, 1)


@pytest.mark.parametrize(
    ("settings", "in_flight", "delay"),
    [
        (SimulatorSettings(), 100, 0),
        (SimulatorSettings(latency=0.05), 100, 0.05),
        (SimulatorSettings(latency=0.05, knee=8), 1, 0.05),
        (SimulatorSettings(latency=0.05, knee=8), 8, 0.05),
        (SimulatorSettings(latency=0.05, knee=8), 16, 0.1),
        (SimulatorSettings(latency=0.05, knee=8), 80, 0.5),
    ],
)
def test_answers_take_longer_with_more_in_flight_than_the_knee(
    settings: SimulatorSettings, in_flight: int, delay: float
) -> None:
    traffic = Traffic(settings)
    traffic.in_flight = in_flight

    assert traffic.delay() == pytest.approx(delay)


async def test_the_most_requests_that_were_in_flight_at_once_are_reported() -> None:
    app = create_app(settings=SimulatorSettings(latency=0.05))
    async with in_process(app) as pbx:
        await asyncio.gather(*(pbx.get(BOXES) for _ in range(5)))
        await pbx.get(BOXES)

    assert (app.state.traffic.in_flight, app.state.traffic.most_in_flight) == (0, 5)
