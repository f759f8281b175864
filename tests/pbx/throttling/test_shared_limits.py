"""All connections of a process to one PBX share its limits, whatever the address and the tenant."""

import asyncio
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace

import pytest

from bulkvm.model.settings import SendSettings, Site
from bulkvm.pbx import connect
from bulkvm.pbx.throttling.concurrency_limiter import ConcurrencyLimiter
from bulkvm.pbx.throttling.rate_limiter import RateLimiter
from bulkvm.pbx.throttling.shared_limits import shared_limits
from bulkvm.simulator import SimulatorSettings, create_app, running
from tests.upload.actual_boxes import BY_TOKEN

SETTINGS = SendSettings(max_rps=10, concurrency=4)


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as contexts:
        yield contexts


def limits(
    stack: ExitStack, url: str, settings: SendSettings = SETTINGS, domain: str = "a.example"
) -> tuple[RateLimiter, ConcurrencyLimiter]:
    site = Site(name=domain, url=url, user="admin", domain=domain)
    return stack.enter_context(shared_limits(site, settings))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://pbx.example.com:8887", "https://PBX.example.com.:8887"),
        ("https://pbx.example.com:8887", "https://pbx.example.com:8887/path"),
        ("https://pbx.example.com", "https://pbx.example.com:443"),
        ("http://localhost:8887", "http://127.0.0.1:8887"),
    ],
)
async def test_all_tenants_of_a_pbx_share_its_rate_and_concurrency_limits(
    stack: ExitStack, one: str, other: str
) -> None:
    first, second = limits(stack, one), limits(stack, other, domain="b.example")

    assert (first[0] is second[0], first[1] is second[1]) == (True, True)


@pytest.mark.parametrize("other", ["https://pbx2.example.com:8887", "https://pbx.example.com:8888"])
async def test_two_pbxs_have_limits_of_their_own(stack: ExitStack, other: str) -> None:
    first, second = limits(stack, "https://pbx.example.com:8887"), limits(stack, other)

    assert first[0] is not second[0]
    assert first[1] is not second[1]


async def test_the_lowest_limits_apply_while_their_connection_is_open(stack: ExitStack) -> None:
    rate, window = limits(stack, "https://slow.example.com", SendSettings(max_rps=0, concurrency=64))
    with ExitStack() as inner:
        limits(inner, "https://slow.example.com", SendSettings(max_rps=0.001, concurrency=1))
        assert [rate.try_acquire(), rate.try_acquire()] == [True, False]
        assert [window.try_acquire(), window.try_acquire()] == [True, False]


@pytest.mark.parametrize(("max_rps", "most"), [(0.5, 1), (2.9, 2), (16, 4), (0, 4)])
async def test_no_more_requests_wait_for_their_turn_than_are_sent_in_a_second(
    stack: ExitStack, max_rps: float, most: int
) -> None:
    settings = SendSettings(max_rps=max_rps, concurrency=4)
    _, window = limits(stack, f"https://paced{max_rps}.example.com", settings)
    for _ in range(10):  # rounds, in which the limit grows while responses are fast
        taken = [window.try_acquire() for _ in range(5)].count(True)
        for _ in range(taken):
            window.on_response("list", 0.01)
            window.release()

    assert window.limit == most


def test_a_later_connection_of_the_process_shares_the_rate_of_an_earlier_one() -> None:
    async def send_one() -> bool:
        with ExitStack() as contexts:
            return limits(contexts, "https://later.example.com", SendSettings(max_rps=0.001))[0].try_acquire()

    assert [asyncio.run(send_one()), asyncio.run(send_one())] == [True, False]


async def test_connections_to_one_pbx_have_no_more_requests_in_flight_than_one() -> None:
    app = create_app(settings=SimulatorSettings(latency=0.01))
    with running(app) as server:
        async with (
            connect(replace(BY_TOKEN, url=server.url), SendSettings(max_rps=0, concurrency=4)) as one,
            connect(replace(BY_TOKEN, url=server.url), SendSettings(max_rps=0, concurrency=4)) as other,
        ):
            await asyncio.gather(*(pbx.count_boxes() for pbx in (one, other) for _ in range(40)))

    assert app.state.traffic.most_in_flight == 4
