"""How many requests bulkvm sends, and how fast, on the simulator, whose answers cost more than a client's requests."""

import asyncio
import random
import time
from collections import Counter, deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bulkvm import (
    BackupSettings,
    Connection,
    Plan,
    Record,
    SendSettings,
    Site,
    Status,
    back_up_sites,
    back_up_tenants,
    connect,
    plan_for,
    send,
)
from bulkvm.simulator import SimulatorSettings, create_app, running
from tests.benchmarks.measuring import Took, stopwatch
from tests.benchmarks.sheets import pins

_WINDOW: Final = 5.0  # seconds over which the rate of requests is measured
_USER: Final = SimulatorSettings()


class _Front:
    """An application before the simulator that counts requests, and notes the most in any window of five seconds."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._recent: deque[float] = deque()
        self.requests = self.most_in_window = 0

    async def __call__(self, scope: Scope, receive: Receive, send_on: Send) -> None:
        if scope["type"] == "http":
            now = time.monotonic()
            self.requests += 1
            self._recent.append(now)
            while self._recent[0] <= now - _WINDOW:
                self._recent.popleft()
            self.most_in_window = max(self.most_in_window, len(self._recent))
        await self._app(scope, receive, send_on)


class _Refusing:
    """An application that refuses a share of all requests with 503 and `Retry-After: 1`, each up to twice."""

    def __init__(self, app: ASGIApp, share: float, latency: float) -> None:
        self._app = app
        self._share = share
        self._latency = latency
        self._chance = random.Random(3)
        self._refused: Counter[tuple[object, ...]] = Counter()

    async def __call__(self, scope: Scope, receive: Receive, send_on: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send_on)
            return
        message = await receive()
        request = scope["method"], scope["path"], scope["query_string"], message.get("body")
        if self._refused[request] < 2 and self._chance.random() < self._share:
            self._refused[request] += 1
            await asyncio.sleep(self._latency)
            busy = JSONResponse({"errors": [{"code": "UNKNOWN"}]}, 503, headers={"Retry-After": "1"})
            await busy(scope, receive, send_on)
            return

        async def receive_again() -> Message:
            return message

        await self._app(scope, receive_again, send_on)


def new_rows(rows: int, boxes: int, others: int) -> Took:
    """The requests of new rows, and of their plan alone."""
    records = [
        Record(row=n, extension_number=f"{20_000 + others + n}", name=f"New {n}", pin=pin)
        for n, pin in zip(range(rows), pins(), strict=False)
    ]
    return _import(records, SimulatorSettings(boxes=boxes, numbers=others), Status.CREATED)


def spread_updates(rows: int, boxes: int) -> Took:
    """The requests of updates that are spread over all boxes."""
    every = boxes // rows
    records = [Record(row=n, extension_number=f"{6_000 + every * n}", name=f"New {n}") for n in range(rows)]
    return _import(records, SimulatorSettings(boxes=boxes), Status.UPDATED)


def new_rows_at_the_default_pace(rows: int) -> Took:
    """How long new rows take, with the default settings."""
    records = [
        Record(row=n, extension_number=f"{100_000 + n}", name=f"New {n}", pin=pin)
        for n, pin in zip(range(rows), pins(), strict=False)
    ]
    return _import(records, SimulatorSettings(latency=0.02), Status.CREATED, SendSettings())


def random_503s(share: float, rows: int, workers: int) -> Took:
    """How long new rows take on a PBX that refuses some requests at random."""
    latency = 0.05
    records = [
        Record(row=n, extension_number=f"{7_000 + n}", name=f"New {n}", pin=pin)
        for n, pin in zip(range(rows), pins(), strict=False)
    ]
    app = _Refusing(create_app(settings=SimulatorSettings(latency=latency)), share, latency)
    return _import(records, app, Status.CREATED, SendSettings(concurrency=workers))


def all_tenants(tenants: int, boxes: int) -> Took:
    """A backup of all tenants of a PBX."""
    with _served(SimulatorSettings(tenants=tenants, boxes=boxes)) as (front, url), TemporaryDirectory() as folder:
        site = Site(name="provider", url=url, user=_USER.system_user, password=_USER.system_password)
        with stopwatch() as took:
            report = back_up_tenants(Connection(site), BackupSettings(folder=Path(folder), now=datetime.now(UTC)))
        assert len(report.by_site) == tenants
        assert not report.errors
    return replace(took[0], counts=_counts(front))


def sites_of_one_host(sites: int, boxes: int) -> Took:
    """A backup of several sites with one address."""
    with _served(SimulatorSettings(boxes=boxes)) as (front, url), TemporaryDirectory() as folder:
        each = [Site(name=f"site{n}", url=url, token=_USER.token) for n in range(sites)]
        settings = BackupSettings(folder=Path(folder), now=datetime.now(UTC))
        with stopwatch() as took:
            report = back_up_sites({site.name: partial(Connection, site) for site in each}, settings)
        assert not report.errors, report.errors
    return replace(took[0], counts=_counts(front))


@contextmanager
def _served(settings: SimulatorSettings | ASGIApp) -> Iterator[tuple[_Front, str]]:
    app = create_app(settings=settings) if isinstance(settings, SimulatorSettings) else settings
    front = _Front(app)
    with running(front) as server:
        yield front, server.url


def _counts(front: _Front) -> dict[str, float]:
    return {"requests": front.requests, "most a second": front.most_in_window / _WINDOW}


def _import(
    records: list[Record],
    pbx: SimulatorSettings | ASGIApp,
    status: Status,
    settings: SendSettings = SendSettings(max_rps=0),  # noqa: B008  (it is immutable)
) -> Took:
    """Plan and send rows, which must all end with a status; the requests of the plan alone are counted too."""

    async def execute(front: _Front, url: str) -> int:
        async with connect(Site(name="clinic", url=url, token=_USER.token), settings) as opened:
            plan: Plan = await plan_for(opened, records)
            planned = front.requests
            ended = await send(plan, opened, settings)
        assert {outcome.status for outcome in ended.outcomes} == {status}, ended.error
        return planned

    with _served(pbx) as (front, url), stopwatch() as took:
        planned = asyncio.run(execute(front, url))
    return replace(took[0], counts=_counts(front) | {"plan": planned})
