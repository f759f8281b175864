"""Tokens expire, and no request that waits for a new one is lost."""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, parse_qsl

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from bulkvm.model.box import Record
from bulkvm.model.change import Change, ChangeKind, Plan
from bulkvm.model.errors import BulkvmError, LoginRefused, PbxRefused, UsageError
from bulkvm.model.outcome import Status, count_statuses
from bulkvm.model.settings import SendSettings, Site
from bulkvm.pbx import Pbx, connect, connect_administrator
from bulkvm.pbx.auth import PasswordAuth
from bulkvm.pbx.transport import InProcess
from bulkvm.simulator import SimulatorSettings, create_app, running
from bulkvm.upload import send
from tests.pbx.servers import LOGIN, Overheard

USER = SimulatorSettings()
RECORD = Record(row=2, extension_number="6100", name="Front Desk", pin="402817")
SIXTY_FOUR = SendSettings(concurrency=64, max_rps=0)
BOXES = "/api/shared_voicemails"

LOST = ["500", "503", "502-after", "html", "html-after", "reset", "reset-after", "truncated", "late(seconds=1)", "429"]


def login_site(url: str = "http://pbx", password: str = USER.password) -> Site:
    return Site(name="test", url=url, user=USER.user, domain=USER.domain, password=password)


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@asynccontextmanager
async def client(app: Any, clock: Clock) -> AsyncIterator[Callable[[str], Awaitable[httpx.Response]]]:
    """A client whose clock can be turned: a function that sends a GET."""
    auth, transport = PasswordAuth(login_site(), clock=clock), InProcess(app)

    async def get(path: str) -> httpx.Response:
        return await auth.send(httpx.Request("GET", f"http://pbx{path}"), transport.handle_async_request)

    yield get


async def create_many(pbx: Pbx, count: int) -> None:
    records = [replace(RECORD, extension_number=str(6100 + n)) for n in range(count)]
    await asyncio.gather(*(pbx.create_box(record) for record in records))


@pytest.mark.parametrize(("lifetime", "good_for"), [(1800, 1740), (7200, 7140), (100, 90), (10, 9)])
async def test_a_token_is_renewed_just_before_the_end_that_the_pbx_gave(lifetime: int, good_for: int) -> None:
    app, clock = create_app(settings=SimulatorSettings(token_lifetime=lifetime)), Clock()
    overheard = Overheard(app)
    async with client(overheard, clock) as get:
        await get(BOXES)
        clock.now += good_for - 0.5
        await get(BOXES)
        before = list(overheard.grants)
        clock.now += 1
        await asyncio.gather(*(get(BOXES) for _ in range(64)))

    assert before == ["password"]
    assert overheard.grants == ["password", "refresh_token"]
    assert {entry.status for entry in app.state.traffic.log} == {200}


async def test_sixty_four_requests_that_lose_their_token_wait_for_one_refresh() -> None:
    overheard = Overheard(create_app(faults=["expire:list:30"]))
    with running(overheard) as server:
        async with connect(login_site(server.url), SIXTY_FOUR) as pbx:
            counts = await asyncio.gather(*(pbx.count_boxes() for _ in range(64)))

    assert counts == [0] * 64
    assert overheard.grants == ["password", "refresh_token"]


async def test_a_refresh_token_that_was_used_up_is_followed_by_the_password() -> None:
    overheard = Overheard(create_app(faults=["expire:list:2", "truncated:login:2"]))
    with running(overheard) as server:
        async with connect(login_site(server.url)) as pbx:
            for _ in range(3):
                await pbx.count_boxes()

    assert overheard.grants == ["password", "refresh_token", "refresh_token", "password"]


@pytest.mark.parametrize("nth", [1, 2], ids=["login", "refresh"])
@pytest.mark.parametrize("fault", LOST)
async def test_a_lost_login_is_repeated_before_the_request_is_sent(fault: str, nth: int) -> None:
    app = create_app(faults=["expire:list:1", f"{fault}:login:{nth}"])
    with running(app) as server:
        async with connect(login_site(server.url), SendSettings(timeout=0.5)) as pbx:
            await pbx.number_owner("6100")
            assert await pbx.count_boxes() == 0
            await pbx.create_box(RECORD)  # raises OutcomeUnknown if that is what was lost


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405])
async def test_a_web_page_in_place_of_a_renewed_token_does_not_end_the_login(status: int) -> None:
    """After a first login, the server is known to be a PBX: the page is a proxy's."""
    overheard, pages = Overheard(create_app(faults=["expire:list:2"])), iter(range(3))

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] == LOGIN and overheard.grants and next(pages, None) is not None:
            await HTMLResponse("<h1>Not now</h1>", status)(scope, receive, send)
        else:
            await overheard(scope, receive, send)

    async with connect(login_site("http://simulator"), app=app) as pbx:
        for _ in range(3):
            assert await pbx.count_boxes() == 0

    assert overheard.grants == ["password", "password"]


async def test_a_password_that_only_web_pages_answer_is_not_sent_without_end() -> None:
    """A PBX may reject a password that was changed with a web page, and lock the user out."""
    overheard, logins = Overheard(create_app(faults=["expire:list:2-99"])), []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] == LOGIN and overheard.grants:
            logins.append(scope["path"])
            await HTMLResponse("<h1>No</h1>", 401)(scope, receive, send)
        else:
            await overheard(scope, receive, send)

    async with connect(login_site("http://simulator"), app=app) as pbx:
        assert await pbx.count_boxes() == 0
        for _ in range(3):
            with pytest.raises(LoginRefused, match="a proxy or firewall may block"):
                await pbx.count_boxes()

    assert len(logins) == 5  # one of them with the refresh token


async def test_a_refused_password_is_tried_once_however_many_wait() -> None:
    app = create_app()
    with running(app) as server:
        async with connect(login_site(server.url, "hunter2-wrong"), SIXTY_FOUR) as pbx:
            refusals = await asyncio.gather(*(pbx.count_boxes() for _ in range(64)), return_exceptions=True)

    assert {type(refusal) for refusal in refusals} == {LoginRefused}
    assert "hunter2-wrong" not in str(refusals)
    assert app.state.traffic.counts["login"] == 1


@pytest.mark.parametrize("concurrency", [1, 8, 32])
@pytest.mark.parametrize(
    ("by", "status"), [("password", 400), ("password", 401), ("password", 404), ("password", 423), ("token", 400)]
)
async def test_a_run_whose_login_is_no_longer_accepted_stops(by: str, status: int, concurrency: int) -> None:
    app = create_app(faults=["expire:create:20", f"{status}:login:2-1000"])
    changes = tuple(
        Change(ChangeKind.CREATE, replace(RECORD, row=2 + n, extension_number=str(6100 + n))) for n in range(100)
    )
    settings = SendSettings(concurrency=concurrency, max_rps=0)
    with running(app) as server:
        ready = Site(name="test", url=server.url, token=USER.token)
        async with connect(login_site(server.url) if by == "password" else ready, settings) as pbx:
            ending = await send(Plan(changes), pbx, settings)
        async with connect(login_site(server.url)) as pbx:
            app.state.faults = type(app.state.faults)()
            made = await pbx.count_boxes()

    counts = count_statuses(ending.outcomes)
    assert isinstance(ending.error, LoginRefused)
    assert "Nothing was" not in str(ending.error)
    assert counts[Status.CREATED] == made
    assert counts[Status.CREATED] + counts[Status.NOT_SENT] == 100
    assert 0 < made < 100


@pytest.mark.parametrize("domain", [USER.domain, None])
async def test_a_login_is_the_one_that_is_documented(domain: str | None) -> None:
    recorded = []

    async def log_in(request: Request) -> Response:
        recorded.append((request.headers["content-type"], dict(parse_qsl((await request.body()).decode()))))
        return JSONResponse({}, 400)

    app = Starlette(routes=[Route(LOGIN, log_in, methods=["POST"])])
    site = replace(login_site("http://simulator", "ü &=+"), domain=domain)
    async with connect(site, app=app) if domain else connect_administrator(site, app=app) as pbx:
        with pytest.raises(LoginRefused):
            await (pbx.count_boxes() if isinstance(pbx, Pbx) else pbx.list_tenants())

    reported = {"grant_type": "password", "username": USER.user, "password": "ü &=+", "scope": "all"}
    reported |= {"client_id": "9d806019-75b2-4b3d-bb8b-f5a3a412cc0a"} | ({"domain": domain} if domain else {})
    assert recorded == [("application/x-www-form-urlencoded", reported)]


async def list_logins(reported: str) -> list[str]:
    """The kinds of login that three calls need, at a PBX whose logins record it."""
    grants = []

    async def log_in(request: Request) -> Response:
        grants.extend(parse_qs((await request.body()).decode())["grant_type"])
        return Response(reported)

    boxes = Route(BOXES, lambda _: JSONResponse({"count": 0, "items": []}))
    app = Starlette(routes=[Route(LOGIN, log_in, methods=["POST"]), boxes])
    async with connect(login_site("http://simulator"), app=app) as pbx:
        assert [await pbx.count_boxes() for _ in range(3)] == [0, 0, 0]
    return grants


@pytest.mark.parametrize(
    "lifetime", ["", *(f', "expires_in": {form}' for form in ("null", '"1800"', '"soon"', "[]", "{}", "true", "1e300"))]
)
async def test_a_token_lifetime_of_any_form_is_accepted(lifetime: str) -> None:
    assert await list_logins(f'{{"access_token": "text"{lifetime}}}') == ["password"]


@pytest.mark.parametrize("lifetime", ["0", "-5", "-1e300", "NaN", "Infinity", "-Infinity", "1" * 400])
async def test_an_impossible_lifetime_is_ignored_and_the_token_used_until_it_is_refused(lifetime: str) -> None:
    assert await list_logins(f'{{"access_token": "text", "expires_in": {lifetime}}}') == ["password"]


async def test_a_token_that_ends_is_followed_by_the_password_where_there_is_no_refresh_token() -> None:
    reported = '{"access_token": "text", "expires_in": 1e-9, "refresh_token": %s}'

    for refresh in ("null", '""', '"two words"', r'"half a \ud800"'):
        assert await list_logins(reported % refresh) == ["password"] * 3


async def test_tokens_that_end_at_once_are_given_up_and_not_asked_for_without_end() -> None:
    app = create_app(settings=SimulatorSettings(token_lifetime=0))
    async with connect(login_site("http://simulator"), app=app) as pbx:
        with pytest.raises(LoginRefused):
            await pbx.count_boxes()

    assert 1 < app.state.traffic.counts["login"] < 10


async def test_a_server_without_a_login_call_is_not_reported_as_a_wrong_password() -> None:
    async with connect(login_site("http://simulator"), app=Starlette()) as pbx:
        for call in (pbx.count_boxes(), pbx.number_owner("6100"), pbx.fetch_box("1")):
            with pytest.raises(LoginRefused, match="not the REST API"):
                await call


async def test_a_revoked_token_is_refused() -> None:
    with running(create_app()) as server:
        async with connect(Site(name="test", url=server.url, token=USER.token)) as pbx:
            await pbx.revoke_token()
            with pytest.raises(LoginRefused):
                await pbx.count_boxes()


@pytest.mark.parametrize("status", [302, 400, 401, 403, 404, 423, 429, 500, 502, 503])
async def test_nothing_of_an_answer_to_a_login_is_quoted(status: int) -> None:
    error = {"code": "SESAME_TOO", "message": "what is N01\u2014ESAES?", "detail": {"hint": "S-E-S-A-M-E"}}
    echo = JSONResponse({"errors": [error]}, status, headers={"location": "https://pbx/SESAME", "x": "SESAME"})
    app = Starlette(routes=[Route("/{path:path}", lambda _: echo, methods=["GET", "POST"])])

    settings = SendSettings(retries=1, max_outage=0)
    async with connect(login_site("http://simulator", "OPEN-SESAME"), settings, app=app) as pbx:
        with pytest.raises(BulkvmError) as refusal:
            await pbx.count_boxes()
    reported = f"{refusal.value} {refusal.value.__cause__} {getattr(refusal.value, 'code', '')}"
    assert not any(word in reported for word in ("SESAME", "S-E-S", "what is", "The PBX said", "N01"))


async def test_nothing_of_a_refusal_of_a_token_is_quoted() -> None:
    echo = JSONResponse({"errors": [{"code": "SESAME", "message": "what is EMASES-NEPO?"}]}, 401)
    app = Starlette(routes=[Route("/{path:path}", lambda _: echo)])

    async with connect(Site(name="test", url="http://simulator", token="OPEN-SESAME"), app=app) as pbx:
        with pytest.raises(LoginRefused) as refusal:
            await pbx.count_boxes()
    assert "SESAME" not in str(refusal.value)
    assert "what is" not in str(refusal.value)


@pytest.mark.parametrize("form", ["OPEN-SESAME", "open-sesame", "OPEN%2DSESAME", "\\u004fPEN-SESAME", "EMASES-NEPO"])
@pytest.mark.parametrize("secret", ["token", "password"])
async def test_a_pbx_that_repeats_the_secret_later_is_shown_without_it(secret: str, form: str) -> None:
    app = create_app(settings=SimulatorSettings(password="OPEN-SESAME", token="OPEN-SESAME"))
    echo = JSONResponse({"errors": [{"code": form, "message": f"what is {form}?", "detail": {"x": form}}]}, 400)
    app.router.routes.insert(0, Route(BOXES, lambda _: echo, methods=["POST"]))
    site = login_site("http://simulator", "OPEN-SESAME")
    if secret == "token":
        site = Site(name="test", url="http://simulator", token="OPEN-SESAME")

    async with connect(site, app=app) as pbx:
        with pytest.raises(PbxRefused, match="The PBX said") as refusal:
            await pbx.create_box(RECORD)
    reported = f"{refusal.value} {refusal.value.code}"
    assert re.search("OPEN|SESAME|EMASES|PEN-", reported, re.IGNORECASE) is None


@pytest.mark.parametrize("repeated", ["FIRST-TOKEN", "first-token", "REFRESH-TOKEN", "NEKOT-HSERFER", "LATER-TOKEN"])
async def test_a_pbx_that_repeats_a_token_that_it_gave_is_shown_without_it(repeated: str) -> None:
    given = iter(["FIRST-TOKEN", "LATER-TOKEN"])
    error = JSONResponse({"errors": [{"code": repeated, "message": f"what is {repeated}?"}]}, 400)

    async def login(_: Request) -> Response:
        return JSONResponse({"access_token": next(given), "refresh_token": "REFRESH-TOKEN", "expires_in": 1800})

    async def boxes(request: Request) -> Response:
        return error if "LATER" in request.headers["authorization"] else Response(status_code=401)

    app = Starlette(routes=[Route(LOGIN, login, methods=["POST"]), Route(BOXES, boxes)])
    async with connect(login_site("http://simulator"), SendSettings(retries=1), app=app) as pbx:
        with pytest.raises(PbxRefused, match='The PBX said: "what is') as refusal:
            await pbx.count_boxes()
    reported = f"{refusal.value} {refusal.value.code}"
    assert re.search("TOKEN|NEKOT", reported, re.IGNORECASE) is None


@pytest.mark.parametrize("token", ["Bearer abc", "two\nlines", "a\rb", "“abc”", "half\udcff", "a\x00b", "tab\tbed"])
async def test_a_token_that_cannot_be_sent_is_reported_and_not_shown(token: str) -> None:
    with pytest.raises(UsageError, match="Enter the token alone") as refusal:
        async with connect(Site(name="test", url="http://simulator", token=token), app=Starlette()):
            pass

    assert token not in str(refusal.value)


@pytest.mark.parametrize("field", ["user", "domain", "password"])
async def test_a_login_in_no_encoding_is_reported_and_not_shown(field: str) -> None:
    site = replace(login_site(), **{field: "OPEN-\udcff"})  # type: ignore[arg-type]  # a text each
    with pytest.raises(UsageError, match="not valid UTF-8") as refusal:
        async with connect(site, app=Starlette()):
            pass

    assert "OPEN-" not in str(refusal.value) + str(refusal.value.__cause__)


@pytest.mark.parametrize("refused", [400, 401, 403, 404])
async def test_a_refresh_token_that_is_refused_in_any_way_is_followed_by_the_password(refused: int) -> None:
    overheard = Overheard(create_app(faults=["expire:list:2", f"{refused}:login:2"]))
    with running(overheard) as server:
        async with connect(login_site(server.url)) as pbx:
            for _ in range(3):
                await pbx.count_boxes()

    assert overheard.grants == ["password", "refresh_token", "password"]
