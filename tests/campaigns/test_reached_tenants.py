"""No request reaches another tenant than the one that is meant, and nothing is claimed that did.

`pytest -m campaign` runs it.

A PBX may take back a switch while it answers a check of the tenant. What is sent with that token before the answer
cannot be helped, and nothing may be sent after it. A PBX that does so at any other time is left out: no client can know
before its next request. tests/pbx/test_system_administrators.py tests how soon that is noticed. The second test is
about such PBXs, which also end sessions and refuse checks, and about runs that are killed: what reaches another tenant
is not claimed.
"""

import asyncio
import json
import math
import os
import random
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import pytest
from starlette.applications import Starlette
from starlette.types import Message, Receive, Scope, Send

import bulkvm.pbx.session_checks
from bulkvm.jobs.connection import Connection
from bulkvm.model.box import Record
from bulkvm.model.change import Change, ChangeKind, Plan
from bulkvm.model.errors import BulkvmError
from bulkvm.model.outcome import Outcome, Status
from bulkvm.model.settings import SendSettings, Site
from bulkvm.model.tenant import Tenant
from bulkvm.pbx import Pbx, connect, connect_administrator
from bulkvm.pbx.retry import RetryingClient
from bulkvm.pbx.throttling.outage_gate import OutageGate
from bulkvm.planning import find_differences
from bulkvm.runs import Journal, RunInfo, list_run, read_journal
from bulkvm.simulator import FaultRules, SimulatorSettings, create_app
from bulkvm.upload import send

pytestmark = pytest.mark.campaign

SEQUENCES: Final = int(os.environ.get("CAMPAIGN_EXAMPLES", "0")) or 3200
CHUNKS: Final = 8
USER: Final = SimulatorSettings()
DOMAINS: Final = (USER.domain, "clinic-002.example", "clinic-003.example")
# These do not reach any tenant's data, and are how a tenant is chosen.
TENANT: Final = "/api/tenant"
CHOOSING: Final = ("/api/login/oauth/token", "/api/tenants", "/api/tenants/switch", TENANT)
REFUSALS: Final = (403, 404)  # to a check
BEHAVIOURS: Final = ((), ("system:first",), ("switch:token",), ("switch:token", "system:first"))

LOST: Final = (
    "500", "500-after", "503", "502-after", "429", "reset", "reset-after", "html", "html-after", "truncated", "expire",
)  # fmt: skip
OF_SWITCH: Final = (*LOST, "no-switch", "other-switch", "unswitch", "400", "403", "403-after", "404", "408-after")
OF_TENANT: Final = (*LOST, "other-tenant", "unswitch", "403", "404", "401")
OF_LOGIN: Final = (*LOST, "unswitch", "unswitch", "400", "401")
OF_OTHERS: Final = (*LOST, "401", "408-after", "409")
OTHERS: Final = ("any", "list", "create", "update", "fetch", "destroy", "owner", "tenants")
CALLS: Final = {"switch": OF_SWITCH, "tenant": OF_TENANT, "login": OF_LOGIN} | dict.fromkeys(OTHERS, OF_OTHERS)


@dataclass
class Reached:
    """Which tenant each request reached, in place of the one that was meant.

    `late` are those that reached another one since the PBX took back a switch after the last check.
    """

    takes_back: bool
    late: int = 0
    requests: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)


class Tagged:
    """A PBX for a client that means one tenant. Some answers to a switch are lost before it takes effect, or after."""

    def __init__(self, app: Starlette, meant: int, reached: Reached, draw: random.Random, late: float) -> None:
        self._app, self._meant, self._reached, self._draw, self._late = app, meant, reached, draw, late
        self._tasks: set[asyncio.Task[None]] = set()
        self._confirmed: set[str] = set()  # tokens whose last check showed the tenant that is meant

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"].endswith("/switch") and self._draw.random() < self._late:
            self._tasks.add(asyncio.create_task(self._switch_later(dict(scope), receive)))
            raise ConnectionResetError("the answer was lost, and the switch is still to come")
        token = dict(scope["headers"]).get(b"authorization", b"").decode()
        is_confirmed, body = token in self._confirmed, b""
        if scope["path"] not in CHOOSING and not is_confirmed:
            self._reached.wrong.append(f"{scope['method']} {scope['path']} without a check that confirms the tenant")

        async def watch(message: Message) -> None:
            nonlocal body
            body += message.get("body", b"")
            if message["type"] == "http.response.start" and message["status"] in REFUSALS:
                self._confirmed.discard(token)
            await send(message)

        for _ in range(self._draw.choice((0, 0, 1, 9))):
            await asyncio.sleep(0)
        try:
            await self._app(scope, receive, watch if scope["path"] == TENANT else send)
        finally:
            self._note(scope, is_confirmed=is_confirmed)
        if scope["path"] == TENANT:
            self._note_check(token, body)

    def _note_check(self, token: str, body: bytes) -> None:
        with suppress(ValueError):
            if domain := json.loads(body).get("domain"):
                (self._confirmed.add if domain == DOMAINS[self._meant - 1] else self._confirmed.discard)(token)

    async def _switch_later(self, scope: Scope, receive: Receive) -> None:
        for _ in range(self._draw.randrange(1, 60)):
            await asyncio.sleep(0)
        with suppress(OSError):
            await self._app(scope, receive, _ignore)

    def _note(self, scope: Scope, *, is_confirmed: bool) -> None:
        tenant = scope.get("state", {}).get("tenant")
        if tenant is None or scope["path"] in CHOOSING:
            return
        kind = "right" if tenant == self._meant else "wrong"
        self._reached.requests[f"{scope['method']} {kind}"] += 1
        if tenant != self._meant and is_confirmed and self._reached.takes_back:
            self._reached.late += 1
        elif tenant != self._meant:
            self._reached.wrong.append(f"{scope['method']} {scope['path']}: {tenant} instead of {self._meant}")


async def _ignore(_: Any) -> None:
    """No-op callback."""


@pytest.fixture(scope="module")
def apps() -> Iterator[dict[tuple[str, ...], Starlette]]:
    """A PBX of each behaviour. No wait takes longer than a moment."""
    sleep = asyncio.sleep

    async def sleep_a_moment(seconds: float) -> None:
        await sleep(min(seconds, 0.0005))

    with pytest.MonkeyPatch.context() as patched:
        for waiting in (RetryingClient, OutageGate):
            patched.setattr(waiting, "_sleep", property(lambda _: sleep_a_moment, lambda *_: None), raising=False)
        yield {
            behave: create_app(settings=SimulatorSettings(tenants=len(DOMAINS), boxes=3, behave=behave))
            for behave in BEHAVIOURS
        }


def draw_recheck(seed: int) -> float:
    """After how many seconds the tenant of a token is checked again."""
    return random.Random(f"recheck {seed}").choice((0.0, 0.002, math.inf))


def draw_faults(draw: random.Random) -> list[str]:
    """Some fault rules, most of them about choosing the tenant."""
    calls = draw.choices(list(CALLS), weights=[4, 3, 3, *[1] * len(OTHERS)], k=draw.randrange(5))
    when = ("1", "2", "3", "4", "2-3", "every=2", "every=3", "every=4", f"rate=0.3,seed={draw.random()}", "5", "6", "7")
    faults = [f"{draw.choice(CALLS[call])}:{call}:{draw.choice(when)}" for call in calls]
    if draw.random() < 0.3:  # tokens that expire while several requests use them, and refreshes that lose the tenant
        faults += [
            f"expire:{draw.choice(('list', 'create', 'any'))}:every={draw.randrange(2, 9)}",
            "unswitch:login:2-99",
        ]
    if draw.random() < 0.3:  # a switch that is taken back at login, or before the tenant is checked again
        faults.append(f"unswitch:tenant:{draw.randrange(1, 9)}")
    return faults


def draw_plan(draw: random.Random, name: str) -> Plan:
    numbers = draw.sample(range(7000, 7020), draw.randrange(1, 5))
    records = [Record(row=n, extension_number=str(n), name=name, pin="402817") for n in numbers]
    return Plan(tuple(Change(ChangeKind.CREATE, record) for record in records))


async def work(pbx: Pbx, name: str, draw: random.Random, settings: SendSettings) -> None:
    """Do some random things, and go on after errors, as no run does."""
    for _ in range(draw.randrange(1, 5)):
        what = draw.choice(("list", "count", "send", "send", "find", "update", "owner", "several"))
        with suppress(BulkvmError):
            if what == "list":
                await pbx.list_boxes()
            elif what == "count":
                await pbx.count_boxes()
            elif what == "send":
                await send(draw_plan(draw, name), pbx, settings)
            elif what == "find":
                await pbx.find_box("7003")
            elif what == "owner":
                await pbx.number_owner("6300")
            elif what == "several":
                await asyncio.gather(*(pbx.count_boxes() for _ in range(5)), return_exceptions=True)
            elif boxes := await pbx.list_boxes():
                await pbx.update_box(draw.choice(boxes))


async def one_client(app: Starlette, seed: str, reached: Reached) -> int:
    """A client that means one tenant, with logins of its own; returns the tenant's number."""
    draw = random.Random(seed)
    meant = draw.randrange(len(DOMAINS))
    late = draw.choice((0, 0, 0.3))
    site = Site(
        name="provider", url="http://pbx.example", user=USER.system_user, password=USER.system_password,
        switch_to=DOMAINS[meant],
    )  # fmt: skip
    settings = SendSettings(
        max_rps=0, retries=draw.choice((1, 2, 5)), max_outage=0.01, concurrency=draw.choice((1, 2, 8)), canary=False
    )
    connection = Connection(site, settings, Tagged(app, meant + 1, reached, draw, late))
    for _ in range(draw.randrange(1, 3)):
        with suppress(BulkvmError):
            async with connection.open() as pbx:
                await work(pbx, f"Box of tenant {meant + 1}", draw, settings)
    return meant + 1


async def run_sequence(apps: dict[tuple[str, ...], Starlette], seed: int) -> Reached:
    """Several clients at once, at a PBX with faults."""
    draw = random.Random(seed)
    app, faults = apps[draw.choice(BEHAVIOURS)], draw_faults(draw)
    reached = Reached(any(fault.startswith("unswitch:tenant") for fault in faults))
    for number in range(1, len(DOMAINS) + 1):
        app.state.tenants.state(number).db.execute("DELETE FROM box WHERE extension_number LIKE '7%'")
    app.state.faults = FaultRules(faults)
    await asyncio.gather(*(one_client(app, f"{seed}-{n}", reached) for n in range(draw.randrange(1, 4))))
    await asyncio.sleep(0)
    app.state.faults = FaultRules()
    if reached.late:
        return reached
    for number in range(1, len(DOMAINS) + 1):
        rows = app.state.tenants.state(number).db.execute("SELECT name FROM box").fetchall()
        reached.wrong += [f"{name} in {number}" for (name,) in rows if not name.endswith(f"of tenant {number}")]
    return reached


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_no_sequence_of_failures_makes_a_request_reach_another_tenant(
    apps: dict[tuple[str, ...], Starlette],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    chunk: int,
) -> None:
    total: Counter[str] = Counter()
    late = 0
    first = random.Random().randrange(10**9) if "CAMPAIGN_EXAMPLES" in os.environ else 0
    seeds = range(first + chunk, first + SEQUENCES, CHUNKS)
    for seed in seeds:
        monkeypatch.setattr(bulkvm.pbx.session_checks, "RECHECK", draw_recheck(seed))
        reached = asyncio.run(run_sequence(apps, seed))
        total += reached.requests
        late += reached.late
        assert not reached.wrong, f"sequence {seed}"
    with capsys.disabled():
        print(f"\n{len(seeds)} sequences; requests that reached the tenant that was meant: {dict(total)}, late: {late}")  # noqa: T201  (the count)
    assert total["GET right"] > len(seeds)
    assert total["POST right"] > len(seeds) / 4


MOVES: Final = (
    *(f"unswitch(requests={count})" for count in (1, 2, 4, 9)), "unswitch", "expire",
)  # fmt: skip
CLAIMING: Final = int(os.environ.get("CAMPAIGN_EXAMPLES", "0")) or 1200


def draw_moves(draw: random.Random) -> list[str]:
    """Sessions that are moved or ended, and checks, logins and other calls that fail."""
    calls = ("any", "create", "update", "fetch", "list", "tenant")
    faults = [f"{draw.choice(MOVES)}:{draw.choice(calls)}:{draw.randrange(1, 25)}" for _ in range(draw.randrange(1, 4))]
    if draw.random() < 0.3:
        faults.append(
            f"{draw.choice(('403', '404', '500', 'reset', '401', 'other-tenant'))}:tenant:{draw.randrange(2, 9)}"
        )
    if draw.random() < 0.1:
        faults.append(f"{draw.choice(('400', '503', 'reset'))}:login:{draw.randrange(2, 5)}")
    if draw.random() < 0.3:
        faults.append(f"{draw.choice(OF_OTHERS)}:{draw.choice(('create', 'update', 'fetch'))}:{draw.randrange(1, 9)}")
    return faults


async def open_site(app: Starlette, draw: random.Random, settings: SendSettings) -> tuple[Site, Tenant]:
    """The login of an administrator, or a token of one that was switched to the second tenant."""
    site = Site(name="provider", url="http://pbx.example", user=USER.system_user, password=USER.system_password)
    async with connect_administrator(site, settings, app=app) as administrator:
        tenant = (await administrator.find_tenant(DOMAINS[1])).tenant
    if draw.random() < 0.7:
        return site, tenant
    async with connect(site, settings, app=app, tenant=tenant) as pbx:
        await pbx.count_boxes()
    (token,) = app.state.tenants.db.execute("SELECT value FROM token ORDER BY rowid DESC").fetchone()
    return Site(name="provider", url=site.url, token=token, switch_to=DOMAINS[1], tenant=tenant), tenant


async def plan_rows(pbx: Pbx, seed: int, draw: random.Random) -> Plan:
    """Changes of boxes that were listed, and new boxes, in any order."""
    listed = await pbx.read_confirmed(pbx.list_boxes)
    assert {box.name.rpartition(" of ")[2] for box in listed if isinstance(box.name, str)} <= {"tenant 2"}, seed
    name = f"Row {seed} of tenant 2"
    numbers = draw.sample(range(7000, 7040), draw.randrange(1, 9))
    changes = [
        Change(ChangeKind.CREATE, Record(row=n, extension_number=str(n), name=name, pin="402817")) for n in numbers
    ]
    for box in listed:
        record = Record(row=int(box.extension_number), extension_number=box.extension_number, name=name)
        changes.append(Change(ChangeKind.UPDATE, record, box, find_differences(record, box)))
    draw.shuffle(changes)
    return Plan(tuple(changes), ids=frozenset(box.id for box in listed))


def reset_boxes(app: Starlette) -> None:
    """Each tenant has its boxes as at the start. The second has more."""
    for number in range(1, len(DOMAINS) + 1):
        db = app.state.tenants.state(number).db
        db.execute("DELETE FROM box WHERE extension_number LIKE '7%'")
        db.execute(f"UPDATE box SET name = 'Box of tenant {number}'")


def check_claims(
    app: Starlette, seed: int, outcomes: Iterable[Outcome], unknown: Iterable[Status] = (Status.UNKNOWN,)
) -> Counter[Status]:
    """Each box is as its row claims in the second tenant. Returns the rows by status."""
    rows = app.state.tenants.state(2).db.execute("SELECT extension_number, name FROM box").fetchall()
    there = {str(number): name for number, name in rows}
    counted: Counter[Status] = Counter()
    for outcome in outcomes:
        counted[outcome.status] += 1
        if outcome.status not in unknown:
            is_as_sent = there.get(outcome.extension_number) == f"Row {seed} of tenant 2"
            assert is_as_sent == outcome.status.is_done, (seed, outcome)
    return counted


async def claim_rows(app: Starlette, seed: int, folder: Path) -> Counter[Status]:
    """A run at a PBX that moves sessions, and its journal as if it was killed at any time."""
    draw = random.Random(f"claims {seed}")
    settings = SendSettings(
        max_rps=0, retries=3, max_outage=0.01, concurrency=draw.choice((1, 2, 8)), canary=draw.random() < 0.3,
        verify=draw.random() < 0.2,
    )  # fmt: skip
    reset_boxes(app)
    app.state.faults = FaultRules()
    site, tenant = await open_site(app, draw, settings)
    app.state.faults = FaultRules(draw_moves(draw))
    counted: Counter[Status] = Counter()
    with suppress(BulkvmError):
        async with connect(site, settings, app=app, tenant=tenant) as pbx:
            plan = await plan_rows(pbx, seed, draw)
            info = RunInfo(
                name=f"run-{seed}", site=site.name, url=site.url, file="boxes.csv", began=datetime.now(UTC), number=1,
                extensions={change.record.row: change.record.extension_number for change in plan.changes},
            )  # fmt: skip
            journal = Journal(folder, info)
            ending = await send(plan, pbx, settings, journal=journal)
            journal.close()
            counted = check_claims(app, seed, ending.outcomes)
            assert counted.total() == len(plan.changes), seed
            assert ending.error or counted[Status.UNKNOWN] == 0 or settings.verify or settings.canary, seed
            file = folder / f"{info.name}.jsonl"
            written = file.read_bytes()
            head = 1 + written.rindex(b"\n", 0, written.find(b'{"begin"')) if b'{"begin"' in written else len(written)
            for cut in (draw.randrange(head, len(written) + 1), len(written)):
                file.write_bytes(written[: cut + (written[cut : cut + 1] == b"\n")])
                killed = check_claims(app, seed, read_journal(file).outcomes, (Status.UNKNOWN, Status.NOT_SENT))
                assert {s: n for s, n in list_run(file).counts.items() if n} == killed, (seed, cut)
    return counted


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_nothing_is_claimed_that_may_have_reached_another_tenant(
    apps: dict[tuple[str, ...], Starlette],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    chunk: int,
) -> None:
    total: Counter[Status] = Counter()
    first = random.Random().randrange(10**9) if "CAMPAIGN_EXAMPLES" in os.environ else 0
    seeds = range(first + chunk, first + CLAIMING, CHUNKS)
    for seed in seeds:
        monkeypatch.setattr(bulkvm.pbx.session_checks, "RECHECK", draw_recheck(seed))
        total += asyncio.run(claim_rows(apps[("system:first",)], seed, tmp_path))
    with capsys.disabled():
        print(f"\n{len(seeds)} sequences with moved sessions; rows: {dict(total)}")  # noqa: T201  (the count)
    assert total[Status.CREATED] > len(seeds)
    assert total[Status.UNKNOWN] > len(seeds) / 4
