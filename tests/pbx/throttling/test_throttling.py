"""Requests leave the PBX room: evenly spaced, silent when asked, no more at once than it answers well."""

import asyncio
import heapq
import itertools
import math
import random
from collections.abc import Callable
from contextlib import suppress
from email.utils import formatdate

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.types import ASGIApp, Receive, Scope, Send

from bulkvm.model.box import Record
from bulkvm.model.errors import AnswerLost, OutcomeUnknown, PbxAway, TooLate
from bulkvm.model.settings import SendSettings
from bulkvm.pbx import Pbx
from bulkvm.pbx.retry import RetryingClient
from bulkvm.pbx.throttling.cancellable_waits import CancellableWaits
from bulkvm.pbx.throttling.concurrency_limiter import ConcurrencyLimiter
from bulkvm.pbx.throttling.outage_gate import OutageGate
from bulkvm.pbx.throttling.rate_limiter import RateLimiter
from bulkvm.pbx.throttling.throttled_transport import DEADLINE, ThrottledTransport, read_retry_after
from bulkvm.pbx.transport import InProcess
from bulkvm.simulator import create_app
from tests.upload.actual_boxes import BY_PASSWORD


class Clock:
    """A clock that advances with each sleep."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds


@given(st.floats(1, 500), st.integers(2, 60))
def test_requests_are_evenly_spaced_and_use_the_whole_rate(rate: float, count: int) -> None:
    clock = Clock()
    pace = RateLimiter(rate, clock=clock, sleep=clock.sleep)
    left: list[float] = []

    async def run() -> None:
        for _ in range(count):
            await pace.acquire()
            left.append(clock.now)

    asyncio.run(run())

    gaps = [later - earlier for earlier, later in itertools.pairwise(left)]
    assert all(gap == pytest.approx(1 / rate) for gap in gaps)


async def test_without_a_limit_no_request_waits() -> None:
    clock = Clock()
    pace = RateLimiter(0, clock=clock, sleep=clock.sleep)

    for _ in range(100):
        await pace.acquire()

    assert clock.now == 0


async def test_a_pause_applies_to_requests_that_have_a_slot_already() -> None:
    clock = Clock()
    silent_until = 30.0

    async def sleep(seconds: float) -> None:
        await clock.sleep(seconds)
        if clock.now < 1:
            pace.pause(silent_until - clock.now)

    pace = RateLimiter(10, clock=clock, sleep=sleep)
    await pace.acquire()
    await pace.acquire()

    assert clock.now == pytest.approx(silent_until)


async def test_requests_that_waited_for_the_end_of_a_pause_are_evenly_spaced() -> None:
    clock = VirtualTime()
    pace = RateLimiter(10, clock=clock, sleep=clock.sleep)
    left: list[float] = []

    async def work() -> None:
        await pace.acquire()
        left.append(clock.now)
        if len(left) == 2:
            pace.pause(30)

    await clock.run([asyncio.create_task(work()) for _ in range(10)])

    assert left == pytest.approx([0, 0.1, *(30.1 + n / 10 for n in range(8))])


NOW = 1_800_000_000


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "2"}, 2.0),
        ({"retry-after": " 120 "}, 120.0),
        ({"retry-after": formatdate(NOW + 9, usegmt=True), "date": formatdate(NOW, usegmt=True)}, 9.0),
        ({"retry-after": formatdate(NOW - 9, usegmt=True), "date": formatdate(NOW, usegmt=True)}, 0.0),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "-1"}, None),
        ({"retry-after": "Mon, 01 Jan 2030 00:00:00 +99999999999999"}, None),
        ({}, None),
    ],
    ids=["seconds", "spaces", "date", "past date", "words", "negative", "no such zone", "none"],
)
def test_retry_after_is_read_in_both_forms(headers: dict[str, str], seconds: float | None) -> None:
    assert read_retry_after(httpx.Headers(headers)) == seconds


async def fill(window: ConcurrencyLimiter, answers: int, seconds: float) -> None:
    """Keep the window full, each place taken again at once, and answer so often after so long."""
    in_flight = 0
    for _ in range(answers):
        while in_flight < int(window.limit):
            await window.acquire()
            in_flight += 1
        window.on_response("create", seconds)
        window.release()
        in_flight -= 1
    for _ in range(in_flight):
        window.release()


async def test_the_limit_grows_to_its_maximum_while_responses_are_fast() -> None:
    window = ConcurrencyLimiter(32)

    await fill(window, 60, 0.05)

    assert int(window.limit) == 32


Delay = Callable[[int], float]


async def watch(window: ConcurrencyLimiter, delay: Delay, answers: int) -> list[int]:
    """Keep the window full of requests to a PBX that takes so long, by how many it has, and note the window's sizes."""
    in_flight: list[tuple[float, float]] = []  # when each ends, and when it began
    sizes = []
    now = 0.0
    for _ in range(answers):
        while len(in_flight) < int(window.limit):
            await window.acquire()
            heapq.heappush(in_flight, (now + delay(len(in_flight) + 1), now))
        now, began = heapq.heappop(in_flight)
        window.on_response("create", now - began)
        window.release()
        sizes.append(int(window.limit))
    for _ in in_flight:
        window.release()
    return sizes


@pytest.mark.parametrize("knee", [4, 8, 16, 32])
async def test_the_limit_settles_near_the_number_that_the_pbx_answers_without_slowing_down(knee: int) -> None:
    sizes = await watch(ConcurrencyLimiter(64), lambda in_flight: 0.05 * max(1, in_flight / knee), 4000)

    settled = sizes[1000:]
    assert max(sizes) <= 2 * knee
    assert min(settled) >= knee
    assert sum(settled) / len(settled) <= 1.5 * knee


async def test_the_limit_grows_again_when_the_load_is_gone() -> None:
    window = ConcurrencyLimiter(32)
    await watch(window, lambda in_flight: 0.05 * max(1, in_flight / 4), 400)
    narrow = window.limit

    await fill(window, 600, 0.05)

    assert narrow < 8
    assert int(window.limit) == 32


@pytest.mark.parametrize(
    "times", [lambda chance: chance.uniform(0.02, 0.12), lambda chance: 0.2 if chance.random() < 0.15 else 0.02]
)
@pytest.mark.parametrize("seed", range(5))
async def test_times_that_vary_by_themselves_do_not_keep_the_limit_from_growing(
    seed: int, times: Callable[[random.Random], float]
) -> None:
    chance = random.Random(seed)

    sizes = await watch(ConcurrencyLimiter(64), lambda _: times(chance), 4000)

    assert sum(sizes[1000:]) / 3000 > 48


async def test_a_refusal_halves_the_limit_once_for_all_in_flight() -> None:
    window = ConcurrencyLimiter(32)
    await fill(window, 60, 0.05)

    for _ in range(10):
        window.on_overload()

    assert int(window.limit) == 16


async def refuse(window: ConcurrencyLimiter, answers: int, is_refused: Callable[[int], bool]) -> list[int]:
    """Keep the window full; refuse requests by how many are in flight. Returns the sizes of the window."""
    in_flight: list[bool] = []
    sizes = []
    for _ in range(answers):
        while len(in_flight) < int(window.limit):
            await window.acquire()
            in_flight.append(is_refused(len(in_flight) + 1))
        if in_flight.pop(0):
            window.on_overload()
        else:
            window.on_response("create", 0.05)
        window.release()
        sizes.append(int(window.limit))
    return sizes


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("share", [0.05, 0.3])
async def test_random_refusals_do_not_keep_the_limit_low(share: float, seed: int) -> None:
    chance = random.Random(seed)

    sizes = await refuse(ConcurrencyLimiter(8), 1000, lambda _: chance.random() < share)

    assert sum(sizes[200:]) / 800 > 6


async def learn_random_refusals(window: ConcurrencyLimiter, share: float, seed: int) -> None:
    chance = random.Random(seed)
    await refuse(window, 200, lambda _: chance.random() < share)
    window.on_response("create", 0.05)


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("share", [0.05, 0.3])
async def test_most_random_refusals_pause_no_other_request(share: float, seed: int) -> None:
    chance, window = random.Random(seed), ConcurrencyLimiter(8)
    await learn_random_refusals(window, share, seed)
    paused = []

    for _ in range(1000):
        if chance.random() < share:
            paused.append(not window.on_overload())
        else:
            window.on_response("create", 0.05)

    assert sum(paused) <= 0.2 * len(paused)


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize(("share", "at_most"), [(0.05, 3), (0.3, 6)])
async def test_a_series_of_refusals_is_not_random(share: float, at_most: int, seed: int) -> None:
    window = ConcurrencyLimiter(8)
    await learn_random_refusals(window, share, seed)

    series = [window.on_overload() for _ in range(20)]

    assert sum(series) <= at_most
    assert not any(series[at_most:])


async def test_the_first_refusal_is_not_random() -> None:
    assert not ConcurrencyLimiter(8).on_overload()


@pytest.mark.parametrize("most", [1, 2, 4, 8])
async def test_a_pbx_that_refuses_what_is_above_its_capacity_gets_little_more_than_that(most: int) -> None:
    sizes = await refuse(ConcurrencyLimiter(32), 2000, lambda in_flight: in_flight > most)

    assert sum(sizes[200:]) / 1800 <= 1.5 * most


async def test_a_pbx_that_refuses_most_requests_gets_one_at_a_time() -> None:
    chance = random.Random(5)

    sizes = await refuse(ConcurrencyLimiter(32), 2000, lambda _: chance.random() < 0.9)

    assert sum(sizes[200:]) / 1800 < 2


async def test_a_pbx_that_became_slower_permanently_gets_its_limit_back() -> None:
    window = ConcurrencyLimiter(32)
    await fill(window, 100, 0.01)

    await fill(window, 2000, 0.03)

    assert int(window.limit) == 32


@given(st.lists(st.sampled_from(["good", "slow", "refused"]), max_size=200), st.integers(1, 64))
def test_the_limit_is_never_below_one_and_never_above_its_maximum(answers: list[str], ceiling: int) -> None:
    window = ConcurrencyLimiter(ceiling)

    for answer in answers:
        if answer == "refused":
            window.on_overload()
        else:
            window.on_response("list", 0.01 if answer == "good" else 5.0)
        assert 1 <= window.limit <= ceiling


async def test_waiting_requests_get_slots_in_turn_and_cancelled_ones_take_none() -> None:
    window = ConcurrencyLimiter(1)
    await window.acquire()
    entered: list[int] = []

    async def enter(number: int) -> None:
        await window.acquire()
        entered.append(number)
        window.release()

    tasks = [asyncio.create_task(enter(number)) for number in range(3)]
    await asyncio.sleep(0)
    tasks[0].cancel()
    await asyncio.sleep(0)
    window.release()
    await asyncio.gather(*tasks, return_exceptions=True)

    assert entered == [1, 2]


async def test_urgent_requests_get_slots_before_others() -> None:
    window = ConcurrencyLimiter(1)
    await window.acquire()
    entered: list[str] = []

    async def enter(name: str) -> None:
        await window.acquire(urgent=name.startswith("urgent"))
        entered.append(name)
        window.release()

    tasks = [asyncio.create_task(enter(name)) for name in ("first", "second", "urgent 1", "urgent 2")]
    await asyncio.sleep(0)
    window.release()
    await asyncio.gather(*tasks)

    assert entered == ["urgent 1", "urgent 2", "first", "second"]


async def test_a_request_whose_turn_comes_after_its_deadline_is_not_sent() -> None:
    clock = Clock()
    rate = RateLimiter(0, clock=clock, sleep=clock.sleep)
    arrivals, window = Arrivals(clock, 200, {}), ConcurrencyLimiter(1)
    transport = ThrottledTransport(arrivals, rate, window, CancellableWaits())
    urgent = httpx.Request("POST", "http://pbx/api", extensions={DEADLINE: 10.0})

    await transport.handle_async_request(urgent)
    rate.pause(11)
    with pytest.raises(TooLate):
        await transport.handle_async_request(urgent)

    assert arrivals.times == [0]
    assert window.try_acquire()


async def ask(outage: OutageGate, times: int) -> list[bool]:
    """Whether each of some callers is let go."""

    async def one() -> bool:
        try:
            await outage.wait_until_over()
        except PbxAway:
            return False
        return True

    return await asyncio.gather(*(one() for _ in range(times)))


async def test_during_an_outage_one_request_probes_for_all() -> None:
    clock = Clock()
    probes = 0

    async def probe() -> bool:
        nonlocal probes
        probes += 1
        await asyncio.sleep(0)
        return probes == 5

    outage = OutageGate(60, probe, clock=clock, sleep=clock.sleep)
    outage.on_response()
    outage.on_failure()

    assert await ask(outage, 20) == [True] * 20
    assert probes == 5


async def test_an_outage_that_lasts_too_long_stops_all_requests() -> None:
    clock = Clock()
    probes = 0

    async def probe() -> bool:
        nonlocal probes
        probes += 1
        return False

    outage = OutageGate(60, probe, clock=clock, sleep=clock.sleep)
    outage.on_response()
    outage.on_failure()

    assert await ask(outage, 20) == [False] * 20
    asked = probes
    assert await ask(outage, 20) == [False] * 20
    assert probes == asked
    assert 50 < clock.now <= 60


async def test_a_pbx_that_never_answered_is_not_waited_for() -> None:
    async def probe() -> bool:
        raise AssertionError

    outage = OutageGate(60, probe)
    outage.on_failure()

    assert await ask(outage, 1) == [True]


class Arrivals(httpx.AsyncBaseTransport):
    """Notes when requests arrive, by a clock; the PBX answers the third with a refusal that asks for a wait."""

    def __init__(self, clock: Clock, status: int, headers: dict[str, str]) -> None:
        self._clock = clock
        self._refusal = status, headers
        self.times: list[float] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.times.append(self._clock())
        status, headers = self._refusal if len(self.times) == 3 else (200, {})
        return httpx.Response(status, headers=headers, request=request)


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize(
    "headers",
    [{"retry-after": "30"}, {"retry-after": formatdate(NOW + 30, usegmt=True), "date": formatdate(NOW, usegmt=True)}],
    ids=["seconds", "date"],
)
async def test_a_refusal_that_asks_for_a_wait_pauses_all_requests(status: int, headers: dict[str, str]) -> None:
    clock = Clock()
    arrivals = Arrivals(clock, status, headers)
    transport = ThrottledTransport(
        arrivals, RateLimiter(0, clock=clock, sleep=clock.sleep), ConcurrencyLimiter(8), CancellableWaits()
    )

    async with httpx.AsyncClient(transport=transport) as http:
        await asyncio.gather(*(http.get("http://pbx/api") for _ in range(50)))

    before = [moment for moment in arrivals.times if moment < 30]
    assert len(arrivals.times) == 50
    assert len(before) <= 8, "no more than were under way"
    assert min(moment for moment in arrivals.times if moment >= 30) == 30


@pytest.mark.parametrize(
    ("seconds", "words"), [("3601", "3601 seconds"), ("86401", "more than a day"), ("9" * 23, "more than a day")]
)
async def test_a_wait_that_is_too_long_stops_the_run_and_is_named(seconds: str, words: str) -> None:
    clock = Clock()
    arrivals = Arrivals(clock, 429, {"retry-after": seconds})
    rate = RateLimiter(0, clock=clock, sleep=clock.sleep)
    transport = ThrottledTransport(arrivals, rate, ConcurrencyLimiter(1), CancellableWaits())

    async with httpx.AsyncClient(transport=transport) as http:
        for _ in range(2):
            await http.get("http://pbx/api")
        for _ in range(2):
            with pytest.raises(PbxAway, match=f"to wait for {words}, which is longer than --max-outage"):
                await http.get("http://pbx/api")

    assert len(arrivals.times) == 3


async def test_a_wait_that_is_too_long_stops_the_other_connections_to_the_pbx() -> None:
    clock = VirtualTime()
    rate = RateLimiter(10, clock=clock, sleep=clock.sleep)
    arrivals, window = Arrivals(clock, 503, {"retry-after": "3601"}), ConcurrencyLimiter(8)
    connections = [ThrottledTransport(arrivals, rate, window, CancellableWaits(), max_pause=3600) for _ in range(4)]
    stopped = []

    async def work(connection: ThrottledTransport) -> None:
        try:
            for _ in range(9):
                await connection.handle_async_request(httpx.Request("POST", "http://pbx/api"))
        except PbxAway as error:
            stopped.append(str(error))

    await clock.run([asyncio.create_task(work(connection)) for connection in connections])

    assert len(arrivals.times) == 3
    assert len(stopped) == 4
    assert all("to wait for 360" in text and "--max-outage" in text for text in stopped)
    assert window.try_acquire()


async def test_a_wait_that_is_over_stops_no_request() -> None:
    clock = Clock()
    rate = RateLimiter(0, clock=clock, sleep=clock.sleep)
    arrivals = Arrivals(clock, 429, {"retry-after": "3601"})
    connection = ThrottledTransport(arrivals, rate, ConcurrencyLimiter(8), CancellableWaits(), max_pause=60)
    request = httpx.Request("GET", "http://pbx/api")
    for _ in range(2):
        await connection.handle_async_request(request)
    with pytest.raises(PbxAway):
        await connection.handle_async_request(request)

    clock.now += 3541
    response = await connection.handle_async_request(request)

    assert response.status_code == 200
    assert arrivals.times[-1] == 3601


@pytest.mark.parametrize(("status", "others_wait"), [(503, False), (429, True)])
async def test_a_503_that_is_random_pauses_its_own_request_only(status: int, *, others_wait: bool) -> None:
    clock, window = Clock(), ConcurrencyLimiter(8)
    await learn_random_refusals(window, share=0.3, seed=1)
    rate = RateLimiter(0, clock=clock, sleep=clock.sleep)
    arrivals = Arrivals(clock, status, {"retry-after": "30"})
    transport = ThrottledTransport(arrivals, rate, window, CancellableWaits())
    request = httpx.Request("GET", "http://pbx/api")
    for _ in range(2):
        await transport.handle_async_request(request)
    free: list[bool] = []

    async def sleep(seconds: float) -> None:
        free.append(rate.try_acquire())
        await clock.sleep(seconds)

    rate.sleep = sleep
    await transport.handle_async_request(request)

    assert (free, clock.now) == (([], 0) if others_wait else ([True], 30))
    assert rate.try_acquire() is not others_wait


@pytest.mark.parametrize(("retry_after", "messages"), [("4", 0), ("60", 1)])
async def test_a_long_pause_is_logged_once_for_all_requests(
    retry_after: str, messages: int, caplog: pytest.LogCaptureFixture
) -> None:
    clock = Clock()

    async def refuse_first(request: httpx.Request) -> httpx.Response:
        await asyncio.sleep(0)
        return httpx.Response(429 if clock.now == 0 else 200, headers={"retry-after": retry_after}, request=request)

    rate = RateLimiter(0, clock=clock, sleep=clock.sleep)
    transport = ThrottledTransport(httpx.MockTransport(refuse_first), rate, ConcurrencyLimiter(8), CancellableWaits())
    request = httpx.Request("GET", "http://pbx/api")

    await asyncio.gather(*(transport.handle_async_request(request) for _ in range(20)))

    shown = [record.getMessage() for record in caplog.records]
    assert shown == ["The PBX is busy (status 429). Waiting 60 seconds before the next request."] * messages


class VirtualTime(Clock):
    """A clock that advances to the end of the next sleep once all tasks sleep."""

    def __init__(self) -> None:
        super().__init__()
        self._sleeping: list[tuple[float, int, asyncio.Future[None]]] = []
        self._order = itertools.count()

    async def sleep(self, seconds: float) -> None:
        until = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleeping, (self.now + seconds, next(self._order), until))
        await until

    async def run(self, tasks: list[asyncio.Task[None]]) -> None:
        while not all(task.done() for task in tasks):
            for _ in range(20):
                await asyncio.sleep(0)
            if self._sleeping:
                self.now, _, until = heapq.heappop(self._sleeping)
                until.set_result(None)


class Paced(httpx.AsyncBaseTransport):
    """A PBX that refuses with 429, without Retry-After, each request that follows the last one too fast."""

    def __init__(self, clock: VirtualTime, rate: float) -> None:
        self._clock = clock
        self._interval = 1 / rate
        self._next = 0.0
        self.refused = 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        is_refused = self._clock.now < self._next
        self.refused += is_refused
        self._next = self._next if is_refused else self._clock.now + self._interval
        await self._clock.sleep(0.02)
        return httpx.Response(429 if is_refused else 200, request=request)


@pytest.mark.parametrize("rate", [12, 20, 50])
@pytest.mark.parametrize("max_rps", [75, 0])
async def test_a_pbx_that_allows_fewer_requests_gets_about_as_many_as_it_allows(rate: float, max_rps: float) -> None:
    clock = VirtualTime()
    pbx, pace = Paced(clock, rate), RateLimiter(max_rps, clock=clock, sleep=clock.sleep)
    transport = ThrottledTransport(pbx, pace, ConcurrencyLimiter(8), CancellableWaits())

    async def work() -> None:
        for _ in range(50):
            while (await transport.handle_async_request(httpx.Request("GET", "http://pbx/api"))).is_error:
                pass

    await clock.run([asyncio.create_task(work()) for _ in range(8)])

    assert clock.now <= 2 * 400 / rate
    assert pbx.refused <= 0.2 * 400


async def test_a_pbx_that_refuses_all_requests_for_a_while_is_asked_less_and_less_and_then_at_the_full_rate() -> None:
    clock = VirtualTime()
    rate = RateLimiter(75, clock=clock, sleep=clock.sleep)
    asked: list[float] = []

    async def refuse_for_a_minute(request: httpx.Request) -> httpx.Response:
        asked.append(clock.now)
        await clock.sleep(0.02)
        return httpx.Response(429 if 5 <= clock.now < 65 else 200, request=request)

    transport = ThrottledTransport(
        httpx.MockTransport(refuse_for_a_minute), rate, ConcurrencyLimiter(8), CancellableWaits()
    )

    async def work() -> None:
        while clock.now < 80:
            await transport.handle_async_request(httpx.Request("GET", "http://pbx/api"))

    await clock.run([asyncio.create_task(work()) for _ in range(8)])

    assert sum(5.1 <= moment < 65 for moment in asked) <= 8 * 12
    assert sum(78 <= moment < 80 for moment in asked) >= 2 * 0.9 * 75


class NeedsQuiet(httpx.AsyncBaseTransport):
    """A PBX that is overloaded from its 400th request on, until it gets none for five seconds, as its 503s ask for.

    Before, it refuses some requests at random.
    """

    def __init__(self, clock: VirtualTime, share: float) -> None:
        self._clock = clock
        self._share = share
        self._chance = random.Random(3)
        self._last = -math.inf
        self._is_overloaded = False
        self.count = self.refused = 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.count += 1
        self._is_overloaded = self.count == 400 or (self._is_overloaded and self._clock.now - self._last < 5)
        self._last = self._clock.now
        self.refused += self._is_overloaded
        is_refused = self._is_overloaded or self._chance.random() < self._share
        await self._clock.sleep(0.05)
        return httpx.Response(503 if is_refused else 200, headers={"retry-after": "5"}, request=request)


@pytest.mark.parametrize(("share", "at_most"), [(0.0, 8), (0.3, 8 + 6)])
async def test_an_overloaded_pbx_is_left_alone_for_as_long_as_it_asks(share: float, at_most: int) -> None:
    clock = VirtualTime()
    pbx = NeedsQuiet(clock, share)
    rate = RateLimiter(75, clock=clock, sleep=clock.sleep)
    transport = ThrottledTransport(pbx, rate, ConcurrencyLimiter(8), CancellableWaits())

    async def work() -> None:
        for _ in range(100):
            await transport.handle_async_request(httpx.Request("GET", "http://pbx/api"))

    await clock.run([asyncio.create_task(work()) for _ in range(8)])

    assert pbx.count == 800
    assert 1 <= pbx.refused <= at_most


async def too_late(_scope: Scope, _receive: Receive, _send: Send) -> None:
    raise TimeoutError


@pytest.mark.parametrize(
    ("app", "size"),
    [
        pytest.param(create_app(faults=["429:list:1"]), 16, id="429"),
        pytest.param(create_app(faults=["503:list:1"]), 16, id="503"),
        pytest.param(too_late, 16, id="no answer in time"),
        pytest.param(create_app(faults=["500:list:1"]), 32, id="500"),
        pytest.param(create_app(faults=["reset:list:1"]), 32, id="reset"),
        pytest.param(create_app(), 32, id="200"),
    ],
)
async def test_only_overload_responses_halve_the_limit(app: ASGIApp, size: int) -> None:
    window = ConcurrencyLimiter(32)
    await fill(window, 60, 0.05)
    transport = ThrottledTransport(InProcess(app), RateLimiter(0), window, CancellableWaits())

    with suppress(AnswerLost):
        await transport.handle_async_request(httpx.Request("GET", "http://pbx/api/shared_voicemails"))

    assert int(window.limit) == size


class Timed(InProcess):
    """A PBX in this process, and when it was asked for what, by a clock."""

    def __init__(self, app: ASGIApp, clock: Clock) -> None:
        super().__init__(app)
        self._clock = clock
        self.asked: list[tuple[str, float]] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.asked.append((f"{request.method} {request.url.path}", self._clock()))
        return await super().handle_async_request(request)


async def test_reads_and_logins_are_rate_limited_too() -> None:
    clock = Clock()
    timed = Timed(create_app(faults=["expire:fetch:1"]), clock)
    transport = ThrottledTransport(
        timed, RateLimiter(10, clock=clock, sleep=clock.sleep), ConcurrencyLimiter(8), CancellableWaits()
    )
    pbx = Pbx(RetryingClient(BY_PASSWORD, transport, SendSettings(), waits=CancellableWaits(), sleep=clock.sleep), 8)

    await pbx.list_boxes()
    await pbx.number_owner("6201")
    box_id = (await pbx.create_box(Record(row=2, extension_number="6201", name="Desk", pin="402817"))).value
    await pbx.update_box(await pbx.fetch_box(box_id))

    asked, times = zip(*timed.asked, strict=True)
    assert [what for what in asked if what.endswith("token")] == ["POST /api/login/oauth/token"] * 2
    assert len(set(asked)) == 6
    assert [later - earlier for earlier, later in itertools.pairwise(times)] == pytest.approx([0.1] * (len(times) - 1))


async def pauses_before_giving_up(settings: SendSettings) -> list[float]:
    """How long a read of a PBX that always fails was put off, each time."""
    paused: list[float] = []

    async def sleep(seconds: float) -> None:
        paused.append(seconds)

    transport = InProcess(create_app(faults=["500:list:1-99"]))
    pbx = Pbx(RetryingClient(BY_PASSWORD, transport, settings, waits=CancellableWaits(), sleep=sleep), 1)
    with pytest.raises(OutcomeUnknown) as lost:
        await pbx.count_boxes()
    assert lost.value.attempts == len(paused) + 1
    return paused


async def test_a_read_is_tried_five_times_with_pauses_anywhere_below_a_bound_that_doubles() -> None:
    runs = [await pauses_before_giving_up(SendSettings()) for _ in range(60)]

    assert {len(run) for run in runs} == {4}
    for nth, pauses in enumerate(zip(*runs, strict=True)):
        bound = 0.2 * 2**nth
        assert 0 <= min(pauses) < bound / 4
        assert bound * 3 / 4 < max(pauses) <= bound


async def test_no_pause_is_longer_than_ten_seconds_however_many_tries_are_allowed() -> None:
    paused = await pauses_before_giving_up(SendSettings(retries=40))

    assert len(paused) == 39
    assert 5 < max(paused) <= 10


async def test_a_pbx_that_asks_to_wait_is_waited_for_beyond_the_number_of_tries() -> None:
    clock = Clock()
    app = create_app(faults=["429:list:1-20"])
    pbx = Pbx(
        RetryingClient(
            BY_PASSWORD, InProcess(app), SendSettings(retries=2), waits=CancellableWaits(), sleep=clock.sleep
        ),
        1,
    )

    assert await pbx.count_boxes() == 0
    assert app.state.traffic.counts["list"] == 21
