"""A system administrator's login is switched to a tenant, and nothing reaches another one."""

import asyncio
from collections.abc import Callable
from dataclasses import replace

import httpx
import pytest
from starlette.applications import Starlette
from starlette.types import Message, Receive, Scope, Send

from bulkvm.model.box import Record
from bulkvm.model.change import Change, ChangeKind, Plan
from bulkvm.model.errors import (
    ListKeptChanging,
    LoginRefused,
    MalformedAnswer,
    OtherTenant,
    TenantNotConfirmed,
    UsageError,
)
from bulkvm.model.outcome import Status, count_statuses
from bulkvm.model.settings import SendSettings, Site
from bulkvm.model.tenant import Tenant
from bulkvm.pbx import connect, connect_administrator
from bulkvm.pbx.auth import Handle
from bulkvm.pbx.session_checks import CONFIRM
from bulkvm.pbx.system_auth import SystemAuth
from bulkvm.pbx.throttling.cancellable_waits import CancellableWaits
from bulkvm.pbx.throttling.concurrency_limiter import ConcurrencyLimiter
from bulkvm.pbx.throttling.rate_limiter import RateLimiter
from bulkvm.pbx.throttling.throttled_transport import AT_TURN, ThrottledTransport
from bulkvm.pbx.transport import InProcess
from bulkvm.planning import find_differences
from bulkvm.simulator import FaultRules, SimulatorSettings, create_app
from bulkvm.simulator.filters import EVERY_ITEM
from bulkvm.upload import send
from tests.altered_pbx import AlteredPbx, Answer, Asked, json_answer

USER = SimulatorSettings()
SITE = Site(name="provider", url="http://pbx.example", user=USER.system_user, password=USER.system_password)
FAST = SendSettings(max_rps=0, max_outage=0)
SECOND, THIRD = "clinic-002.example", "clinic-003.example"
EACH = ["in none before", "in the first before"]


def several(*faults: str, behave: tuple[str, ...] = ()) -> Starlette:
    return create_app(settings=SimulatorSettings(tenants=3, boxes=2, behave=behave), faults=faults)


async def tenant_of(app: object, domain: str) -> Tenant:
    async with connect_administrator(SITE, FAST, app=app) as administrator:
        return (await administrator.find_tenant(domain)).tenant


def boxes_of(app: Starlette) -> list[int]:
    """How many boxes each tenant has."""
    return [app.state.tenants.state(number).count(EVERY_ITEM) for number in (1, 2, 3)]


def in_turn(app: Starlette, inner: Handle | None = None) -> Handle:
    """Send requests as a transport without limits does."""
    send_now = inner or InProcess(app).handle_async_request

    async def handle(request: httpx.Request) -> httpx.Response:
        if at_turn := request.extensions.get(AT_TURN):
            await at_turn(send_now)
        return await send_now(request)

    return handle


def boxes_request() -> httpx.Request:
    return httpx.Request("GET", f"{SITE.url}/api/shared_voicemails")


def plan_of(count: int) -> Plan:
    records = [Record(row=n, extension_number=str(7100 + n), name="Desk", pin="402817") for n in range(count)]
    return Plan(tuple(Change(ChangeKind.CREATE, record) for record in records))


@pytest.mark.parametrize("domain", [SECOND, THIRD.upper(), USER.domain])
@pytest.mark.parametrize("behave", [(), ("system:first",), ("switch:token",), ("switch:token", "system:first")])
async def test_each_call_reaches_the_tenant_that_is_meant(domain: str, behave: tuple[str, ...]) -> None:
    app = several(behave=behave)
    tenant = await tenant_of(app, domain)

    async with connect(SITE, FAST, app=app, tenant=tenant) as pbx:
        boxes = await pbx.list_boxes()
        await pbx.create_box(Record(row=2, extension_number="7100", name="Desk", pin="402817"))
        shown = await pbx.tenant()

    number = app.state.tenants.number_of(domain=domain)
    assert [box.name for box in boxes] == [f"Box {n} of tenant {number}" for n in (1, 2)]
    assert shown == tenant
    assert boxes_of(app) == [3 if n == number else 2 for n in (1, 2, 3)]


async def test_nothing_else_is_sent_before_the_pbx_shows_the_tenant() -> None:
    app = several()
    tenant, watched = await tenant_of(app, SECOND), AlteredPbx(app)

    async with connect(SITE, FAST, app=watched, tenant=tenant) as pbx:
        await pbx.count_boxes()

    assert [asked.path.removeprefix("/api/") for asked in watched.asked] == [
        "login/oauth/token", "tenants/switch", "tenant", "shared_voicemails",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("fault", "error", "words"),
    [
        ("no-switch:switch:1", LoginRefused, "instead of|does not show"),
        ("other-switch:switch:1", OtherTenant, r"reaches Clinic 3 \(clinic-003.example\) .* instead of Clinic 2"),
        ("403:switch:1", TenantNotConfirmed, "refused to switch to Clinic 2"),
        ("403-after:switch:1", TenantNotConfirmed, "refused to switch to Clinic 2"),
        ("404:switch:1", TenantNotConfirmed, "refused to switch to Clinic 2"),
        ("403:tenant:1", TenantNotConfirmed, "does not show"),
        ("404:tenant:1", TenantNotConfirmed, "does not show"),
        ("other-tenant:tenant:1", OtherTenant, "Another clinic"),
        ("500:switch:1-99", TenantNotConfirmed, "after 2 attempts"),
        ("reset-after:switch:1-99", TenantNotConfirmed, "after 2 attempts"),
        ("truncated:tenant:1-99", TenantNotConfirmed, "after 2 attempts"),
        ("expire:tenant:1-99", TenantNotConfirmed, "after 2 attempts"),
        ("html:tenant:1-99", TenantNotConfirmed, "after 2 attempts"),
    ],
)
@pytest.mark.parametrize("behave", [(), ("system:first",)], ids=EACH)
async def test_any_doubt_about_the_tenant_ends_the_run(
    fault: str, error: type[Exception], words: str, behave: tuple[str, ...]
) -> None:
    app = several(behave=behave)
    tenant = await tenant_of(app, SECOND)
    app.state.faults = FaultRules([fault])
    quick = replace(FAST, retries=2, max_outage=5)

    async with connect(SITE, quick, app=app, tenant=tenant) as pbx:
        ending = await send(plan_of(4), pbx, quick)
    async with connect(SITE, quick, app=app, tenant=tenant) as pbx:
        app.state.faults = FaultRules([fault])
        for _ in range(2):
            with pytest.raises(error, match=words):
                await pbx.list_boxes()

    assert isinstance(ending.error, error)
    assert ending.error.exit_code == 4
    assert count_statuses(ending.outcomes)[Status.NOT_SENT] == 4
    assert app.state.traffic.counts["create"] == app.state.traffic.counts["list"] == 0
    assert boxes_of(app) == [2, 2, 2]


@pytest.mark.parametrize(
    "fault",
    [
        "500:switch:1", "500-after:switch:1", "reset:switch:1", "reset-after:switch:1", "503:tenant:1",
        "truncated:tenant:1", "reset-after:tenant:1", "expire:tenant:1", "expire:switch:1", "429:switch:1",
        "429:tenant:1", "html-after:switch:1", "html:login:1", "expire:create:2", "unswitch:login:2", "401:create:2",
    ],
)  # fmt: skip
@pytest.mark.parametrize("behave", [(), ("system:first",), ("switch:token",)], ids=[*EACH, "older"])
async def test_what_passes_is_repeated_and_every_row_reaches_its_tenant(fault: str, behave: tuple[str, ...]) -> None:
    app = several(behave=behave)
    tenant = await tenant_of(app, SECOND)
    app.state.faults = FaultRules([fault])
    sending = SendSettings(max_rps=0, concurrency=4)

    async with connect(SITE, sending, app=app, tenant=tenant) as pbx:
        ending = await send(plan_of(12), pbx, sending)

    assert (ending.error, count_statuses(ending.outcomes)[Status.CREATED]) == (None, 12)
    assert boxes_of(app) == [2, 14, 2]


@pytest.mark.parametrize("lost", ["reset-after", "500-after", "html-after"])
async def test_a_switch_that_is_refused_after_it_was_made_is_checked(lost: str) -> None:
    """The refresh after the lost answer gives a token of the tenant in force, to which the PBX refuses to switch."""
    app = several()
    tenant = await tenant_of(app, SECOND)
    app.state.faults = FaultRules([f"{lost}:switch:1", "403:switch:2"])

    async with connect(SITE, replace(FAST, retries=2), app=app, tenant=tenant) as pbx:
        boxes = await pbx.list_boxes()

    assert {box.name for box in boxes} == {"Box 1 of tenant 2", "Box 2 of tenant 2"}


async def test_a_switch_that_is_refused_after_one_that_was_not_made_ends_the_run() -> None:
    app = several(behave=("system:first",))
    tenant = await tenant_of(app, SECOND)
    app.state.faults = FaultRules(["reset:switch:1", "403:switch:2"])

    async with connect(SITE, replace(FAST, retries=2), app=app, tenant=tenant) as pbx:
        with pytest.raises(OtherTenant, match="instead of Clinic 2"):
            await pbx.list_boxes()

    assert app.state.traffic.counts["list"] == 0


async def test_a_switch_that_is_lost_while_a_list_is_read_is_noticed_before_the_list_is_used() -> None:
    app = several(behave=("system:first",))
    tenant = await tenant_of(app, SECOND)
    app.state.faults = FaultRules(["unswitch:list:2"])

    async with connect(SITE, FAST, app=app, tenant=tenant) as pbx:
        await pbx.count_boxes()
        await pbx.confirm_tenant()
        await pbx.count_boxes()
        with pytest.raises(OtherTenant, match="reaches Simulated clinic"):
            await pbx.confirm_tenant()
        sent = len(app.state.traffic.log)
        with pytest.raises(OtherTenant, match="reaches Simulated clinic"):
            await pbx.count_boxes()
        assert len(app.state.traffic.log) == sent


async def test_nothing_is_sent_after_a_check_that_the_pbx_refuses() -> None:
    app = several()
    tenant = await tenant_of(app, SECOND)
    app.state.faults = FaultRules(["403:tenant:2"])

    async with connect(SITE, FAST, app=app, tenant=tenant) as pbx:
        await pbx.count_boxes()
        for _ in range(2):
            with pytest.raises(TenantNotConfirmed, match="does not show whether the login reaches Clinic 2"):
                await pbx.confirm_tenant()
        with pytest.raises(TenantNotConfirmed):
            await pbx.count_boxes()

    assert app.state.traffic.counts["list"] == 1


@pytest.mark.parametrize("concurrency", [1, 8])
async def test_the_tenant_is_checked_again_every_two_seconds(concurrency: int) -> None:
    app, now = several(behave=("system:first",)), 1000.0
    auth, handle = SystemAuth(SITE, clock=lambda: now), in_turn(app)
    auth.expect(await tenant_of(app, SECOND), checked=False)

    async def count_boxes() -> int:
        answers = await asyncio.gather(*(auth.send(boxes_request(), handle) for _ in range(concurrency)))
        assert {answer.status_code for answer in answers} == {200}
        return int(app.state.traffic.counts["tenant"])

    checks = []
    for seconds in (0, 1.9, 0.2, 1.9):
        now += seconds
        checks.append(await count_boxes())
    app.state.faults = FaultRules(["unswitch:tenant:1"])
    now += 2
    listed = app.state.traffic.counts["list"]

    for words in ("Requests of the last 4 seconds may have reached it", "instead of Clinic 2"):
        with pytest.raises(OtherTenant, match=words):
            await count_boxes()
    assert checks == [1, 1, 2, 2]
    assert app.state.traffic.counts["list"] == listed


async def test_nothing_is_sent_after_a_doubt_about_the_tenant_that_the_next_check_would_not_confirm() -> None:
    app, now = several(), 1000.0
    auth, handle = SystemAuth(SITE, clock=lambda: now), in_turn(app)
    auth.expect(await tenant_of(app, SECOND), checked=False)
    await auth.send(boxes_request(), handle)
    app.state.faults = FaultRules(["other-tenant:tenant:1"])
    now += 2

    ends = await asyncio.gather(*(auth.send(boxes_request(), handle) for _ in range(8)), return_exceptions=True)

    assert {type(end) for end in ends} == {OtherTenant}
    assert app.state.traffic.counts["list"] == 1


async def test_one_slow_check_of_the_tenant_serves_all_requests_whose_turn_came_before_it() -> None:
    app, now = several(), 1000.0

    async def slow(request: httpx.Request) -> httpx.Response:
        nonlocal now
        response = await InProcess(app).handle_async_request(request)
        await asyncio.sleep(0)  # in which it is the turn of the others
        now += 3 if request.url.path == "/api/tenant" else 0
        return response

    auth, handle = SystemAuth(SITE, clock=lambda: now), in_turn(app, slow)
    auth.expect(await tenant_of(app, SECOND), checked=False)
    await auth.send(boxes_request(), handle)
    checks = app.state.traffic.counts["tenant"]
    await asyncio.gather(*(auth.send(boxes_request(), handle) for _ in range(8)))

    assert app.state.traffic.counts["list"] == 9
    assert app.state.traffic.counts["tenant"] == checks + 1


async def test_requests_that_wait_for_a_check_that_fails_send_none_of_their_own() -> None:
    app, now = several(behave=("system:first",)), 1000.0

    async def slow(request: httpx.Request) -> httpx.Response:
        await asyncio.sleep(0)
        return await InProcess(app).handle_async_request(request)

    auth, handle = SystemAuth(SITE, clock=lambda: now), in_turn(app, slow)
    auth.expect(await tenant_of(app, SECOND), checked=False)
    await auth.send(boxes_request(), handle)
    checks, now = app.state.traffic.counts["tenant"], now + 10
    app.state.faults = FaultRules(["unswitch:tenant:1"])
    ended = await asyncio.gather(*(auth.send(boxes_request(), handle) for _ in range(8)), return_exceptions=True)

    assert [type(error) for error in ended] == [OtherTenant] * 8
    assert (app.state.traffic.counts["tenant"], app.state.traffic.counts["list"]) == (checks + 1, 1)


async def test_after_a_pause_nothing_is_sent_before_the_tenant_is_checked_again() -> None:
    app, now = several(behave=("system:first",)), 1000.0

    async def sleep(seconds: float) -> None:
        nonlocal now
        now += seconds

    rate = RateLimiter(clock=lambda: now, sleep=sleep)
    one_at_once = ThrottledTransport(InProcess(app), rate, ConcurrencyLimiter(1), CancellableWaits())
    auth, handle = SystemAuth(SITE, clock=lambda: now), one_at_once.handle_async_request
    auth.expect(await tenant_of(app, SECOND), checked=False)
    await auth.send(boxes_request(), handle)
    app.state.faults = FaultRules(["unswitch:tenant:1"])
    rate.pause(30)

    with pytest.raises(OtherTenant, match="Requests of the last 30 seconds may have reached it"):
        await auth.send(boxes_request(), handle)

    assert app.state.traffic.counts["list"] == 1


async def test_a_pause_that_a_check_of_the_tenant_is_answered_with_holds_for_those_that_wait_for_it() -> None:
    app, now = several(behave=("system:first",)), 1000.0
    sent: list[float] = []

    async def sleep(seconds: float) -> None:
        nonlocal now
        now += seconds

    class Noted(InProcess):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            sent.append(now)
            await asyncio.sleep(0)
            return await super().handle_async_request(request)

    rate = RateLimiter(clock=lambda: now, sleep=sleep)
    both_at_once = ThrottledTransport(Noted(app), rate, ConcurrencyLimiter(2), CancellableWaits())
    auth, handle = SystemAuth(SITE, clock=lambda: now), both_at_once.handle_async_request
    auth.expect(await tenant_of(app, SECOND), checked=False)
    await auth.send(boxes_request(), handle)
    app.state.faults = FaultRules(["429(retry-after=30):tenant:1"])
    now += 10
    sent.clear()

    await asyncio.gather(*(auth.send(boxes_request(), handle) for _ in range(2)), return_exceptions=True)

    assert sent == [1010, 1040, 1040]


@pytest.mark.parametrize("is_renewed_first", [False, True])
async def test_an_answer_that_came_after_the_last_check_is_confirmed_before_the_token_is_replaced(
    *, is_renewed_first: bool
) -> None:
    app, now = several(), 1000.0
    tenant, watched = await tenant_of(app, SECOND), AlteredPbx(app)
    is_sent, may_be_answered = asyncio.Event(), asyncio.Event()

    async def slow(request: httpx.Request) -> httpx.Response:
        response = await InProcess(watched).handle_async_request(request)
        if request.url.path == boxes_request().url.path:
            is_sent.set()
            await may_be_answered.wait()
        return response

    auth, handle = SystemAuth(SITE, clock=lambda: now), in_turn(app, slow)
    auth.expect(tenant, checked=False)
    sending = asyncio.create_task(auth.send(boxes_request(), handle))
    await is_sent.wait()
    await auth.send(httpx.Request("GET", f"{SITE.url}/api/tenant", extensions={CONFIRM: True}), handle)
    watched.asked.clear()
    now += 10**9  # after which the token is replaced
    renewing = asyncio.create_task(auth.send(boxes_request(), handle)) if is_renewed_first else None
    await asyncio.sleep(0)
    may_be_answered.set()
    await sending
    await (renewing or auth.send(boxes_request(), handle))

    assert [asked.path.removeprefix("/api/") for asked in watched.asked] == [
        "tenant", "login/oauth/token", "tenants/switch", "tenant", "shared_voicemails",
    ]  # fmt: skip


class AnsweredLate:
    """A PBX that answers the first check of the tenant during a create after the create, which comes after it."""

    def __init__(self, app: Starlette) -> None:
        self._app = app
        self._checked, self._created = asyncio.Event(), asyncio.Event()
        self._has_begun = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] == "POST" and scope["path"] == "/api/shared_voicemails" and not self._has_begun:
            self._has_begun = True
            await self._checked.wait()
            await self._app(scope, receive, send)
            self._created.set()
        elif scope["path"] == "/api/tenant" and self._has_begun and not self._checked.is_set():
            answer: list[Message] = []

            async def keep(message: Message) -> None:
                answer.append(message)

            await self._app(scope, receive, keep)
            self._checked.set()
            await self._created.wait()
            for _ in range(100):  # in which the create's outcome is recorded
                await asyncio.sleep(0)
            for message in answer:
                await send(message)
        else:
            await self._app(scope, receive, send)


async def test_a_row_that_ended_while_the_last_good_check_was_under_way_is_in_doubt(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("bulkvm.pbx.session_checks.RECHECK", 0.0)
    app = several(behave=("system:first",))
    tenant = await tenant_of(app, SECOND)
    app.state.faults = FaultRules(["unswitch:create:1"])
    settings = SendSettings(max_rps=0, max_outage=0, concurrency=2, canary=False)

    async with connect(SITE, settings, app=AnsweredLate(app), tenant=tenant) as pbx:
        result = await send(plan_of(2), pbx, settings)

    assert boxes_of(app)[0] > 2
    assert {outcome.status for outcome in result.outcomes} == {Status.UNKNOWN}


async def test_tenants_are_listed_completely_or_not_at_all() -> None:
    app = create_app(settings=SimulatorSettings(tenants=250))
    async with connect_administrator(SITE, FAST, app=app) as administrator:
        listed = await administrator.list_tenants()
        requests = app.state.traffic.counts["tenants"]

        assert len({one.domain for one in listed}) == 250
        assert requests == 4
        with pytest.raises(UsageError, match=r'no tenant with the domain or id "nowhere\.example"'):
            await administrator.find_tenant("nowhere.example")


@pytest.mark.parametrize(
    ("alter", "error"),
    [
        (lambda page: page["items"].pop(), ListKeptChanging),
        (lambda page: page.update(count=10**9), MalformedAnswer),
        (lambda page: page.update(count=-1), MalformedAnswer),
        (lambda page: page.update(items={}) or page.update(items=["a"]), MalformedAnswer),
        (lambda page: page["items"].append(page["items"][0]), MalformedAnswer),
    ],
)
async def test_a_list_that_contradicts_itself_is_not_used(
    alter: Callable[[dict[str, object]], object], error: type[Exception]
) -> None:
    def change(asked: Asked, answer: Answer) -> None:
        if asked.path == "/api/tenants":
            page = answer.json
            alter(page)
            answer.json = page

    once, pbx = replace(FAST, retries=1), AlteredPbx(several(), change=change)
    async with connect_administrator(SITE, once, app=pbx) as administrator:
        with pytest.raises(error):
            await administrator.list_tenants()


@pytest.mark.parametrize("fault", ["503:tenants:1", "502-after:tenants:1-2", "reset:tenants:2"])
async def test_an_outage_while_tenants_are_listed_is_not_probed_with_boxes(fault: str) -> None:
    app = several(fault, behave=("system:first",))

    async with connect_administrator(SITE, replace(FAST, max_outage=5), app=app) as administrator:
        await administrator.list_tenants()

    assert app.state.traffic.counts["tenants"] > 2
    assert app.state.traffic.counts["list"] == 0


async def test_two_tenants_with_one_domain_are_a_doubt() -> None:
    twins = {"count": 2, "items": [{"id": str(n), "domain": SECOND, "name": "Twin"} for n in (1, 2)]}

    def instead(asked: Asked) -> Answer | None:
        return json_answer(twins) if asked.path == "/api/tenants" else None

    pbx = AlteredPbx(several(), instead=instead)
    with pytest.raises(TenantNotConfirmed, match=r"2 tenants .*: Twin \(id 1\) and Twin \(id 2\)\. Give the id"):
        await tenant_of(pbx, SECOND)
    assert (await tenant_of(pbx, "2")).id == "2"


async def test_a_tenants_user_cannot_list_tenants() -> None:
    user = replace(SITE, user=USER.user, domain=SECOND, password=USER.password)

    async with connect_administrator(user, FAST, app=several()) as administrator:
        with pytest.raises(LoginRefused, match="Use the login of a system administrator"):
            await administrator.list_tenants()


async def test_a_token_that_a_switch_gave_is_not_shown() -> None:
    app = several(behave=("switch:token",))
    tenant, watched = await tenant_of(app, SECOND), AlteredPbx(app)

    async with connect(SITE, FAST, app=watched, tenant=tenant) as pbx:
        await pbx.count_boxes()
        secrets = pbx._client._session.secrets  # noqa: SLF001  (what messages mask)

    assert watched.asked[-1].headers["authorization"].removeprefix("Bearer ") in secrets


@pytest.mark.parametrize("stopped", [False, True])
async def test_answers_of_another_tenant_are_neither_refusals_nor_the_reason_why_a_run_stopped(
    stopped: bool,  # noqa: FBT001
) -> None:
    """After the third update, another program's switch moves this login. The other tenant has none of the boxes."""
    app = create_app(settings=SimulatorSettings(tenants=3, boxes=20, behave=("system:first",)))
    tenant = await tenant_of(app, SECOND)
    async with connect(SITE, FAST, app=app, tenant=tenant) as pbx:
        boxes = await pbx.list_boxes()
        records = [Record(row=n, extension_number=box.extension_number, name="New") for n, box in enumerate(boxes)]
        changes = [
            Change(ChangeKind.UPDATE, record, box, find_differences(record, box))
            for record, box in zip(records, boxes, strict=True)
        ]
        app.state.faults = FaultRules(["unswitch:update:4"])
        ending = await send(
            Plan(tuple(changes)),
            pbx,
            SendSettings(concurrency=1, max_rps=0, max_outage=0),
            stop=lambda: stopped and app.state.traffic.counts["update"] > 3,
        )

    counted = count_statuses(ending.outcomes)
    assert (counted[Status.UNKNOWN], counted[Status.REJECTED], counted[Status.UPDATED]) == (3, 0, 0)
    assert counted[Status.NOT_SENT] > 0
    failed = {outcome.message for outcome in ending.outcomes if outcome.status is Status.FAILED}
    (message,) = (message.partition(", so ")[2] for message in failed)
    assert message.startswith(
        "the answer may have come from there. Run the same command again. The login reaches Simulated clinic "
    )
    assert isinstance(ending.error, OtherTenant)
    assert "may have reached it" in str(ending.error)


async def test_rows_sent_since_the_last_check_are_unknown_if_the_login_is_found_to_reach_another_tenant() -> None:
    """Another program's switch moves this login after the first row. The check at the end of the run finds it."""
    app = several(behave=("system:first",))
    tenant = await tenant_of(app, SECOND)
    outcomes = []
    async with connect(SITE, FAST, app=app, tenant=tenant) as pbx:
        await pbx.count_boxes()
        app.state.faults = FaultRules(["unswitch:create:2"])
        ending = await send(plan_of(4), pbx, SendSettings(concurrency=1, max_rps=0, max_outage=0))
        outcomes = [outcome.status for outcome in ending.outcomes]

    assert boxes_of(app)[2] == 2
    assert boxes_of(app)[0] > 2  # in the wrong tenant
    assert outcomes == [Status.UNKNOWN] * 4
    assert isinstance(ending.error, OtherTenant)
    assert "may have reached it" in str(ending.error)
