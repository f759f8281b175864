"""Connections and logins, and the messages when they fail."""

import asyncio
import socket
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from bulkvm.model.box import Box, Record
from bulkvm.model.errors import (
    AnswerLost,
    Blocked,
    BulkvmError,
    LoginRefused,
    MalformedAnswer,
    NotAllowed,
    NotTrusted,
    OutcomeUnknown,
    PbxBusy,
    PbxError,
    PbxFailed,
    PbxRefused,
    PbxUnreachable,
    UsageError,
)
from bulkvm.model.exit_codes import ExitCode
from bulkvm.model.settings import SendSettings, Site
from bulkvm.pbx import connect
from bulkvm.pbx.diagnostics import examine
from bulkvm.simulator import SimulatorSettings, create_app, running
from tests.upload.actual_boxes import BY_TOKEN

USER = SimulatorSettings()
ONE_TRY = SendSettings(retries=1)
RECORD = Record(row=2, extension_number="6201", name="Front Desk", pin="402817")
BOX = Box(id="1", extension_number="6201", name="Front Desk", pin="402817")


def login_site(url: str, password: str = USER.password) -> Site:
    return Site(name="test", url=url, user=USER.user, domain=USER.domain, password=password)


async def list_once(site: Site, settings: SendSettings | None = None) -> int:
    async with connect(site, settings or ONE_TRY) as pbx:
        return len(await pbx.list_boxes())


async def test_a_login_by_password_is_made_once_for_many_requests() -> None:
    app = create_app()
    with running(app) as server:
        async with connect(login_site(server.url)) as pbx:
            await asyncio.gather(*(pbx.list_boxes() for _ in range(20)))

    assert app.state.traffic.counts["login"] == 1


async def test_a_token_that_ended_is_replaced_by_one_new_login_and_nothing_is_lost() -> None:
    app = create_app(faults=["expire:list:5"])
    with running(app) as server:
        async with connect(login_site(server.url)) as pbx:
            await pbx.create_box(RECORD)
            lists = await asyncio.gather(*(pbx.list_boxes() for _ in range(40)))

    assert [len(boxes) for boxes in lists] == [1] * 40
    assert app.state.traffic.counts["login"] == 2


async def test_a_wrong_password_is_reported_and_not_shown() -> None:
    with running(create_app()) as server, pytest.raises(LoginRefused, match="user name and password") as refusal:
        await list_once(login_site(server.url, "hunter2-wrong"))

    assert "hunter2-wrong" not in str(refusal.value)


async def test_a_wrong_token_is_reported_and_not_shown() -> None:
    with running(create_app()) as server, pytest.raises(LoginRefused, match="rejected the login") as refusal:
        await list_once(Site(name="test", url=server.url, token="wrong-token"))

    assert "wrong-token" not in str(refusal.value)


def test_no_secret_shows_in_a_sites_repr() -> None:
    site = Site(name="test", url="http://127.0.0.1", token="wrong-token", user="a", password="hunter2")

    assert "wrong-token" not in repr(site)
    assert "hunter2" not in repr(site)


@contextmanager
def closed_port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    yield port


@contextmanager
def silent_port() -> Iterator[int]:
    """A port whose machine takes the request and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


async def test_a_pbx_that_is_down_was_sent_nothing() -> None:
    with closed_port() as port, pytest.raises(PbxUnreachable, match=f"127.0.0.1:{port} cannot be reached"):
        await list_once(Site(name="test", url=f"http://127.0.0.1:{port}", token="t"))


async def test_a_host_name_that_does_not_exist_is_reported_as_such() -> None:
    with pytest.raises(PbxUnreachable, match=r"host name pbx\.invalid was not found"):
        await list_once(Site(name="test", url="https://pbx.invalid:8887", token="t"))


async def test_an_answer_that_does_not_come_is_lost() -> None:
    with silent_port() as port, pytest.raises(OutcomeUnknown, match="did not answer in time"):
        await list_once(Site(name="test", url=f"http://127.0.0.1:{port}", token="t"), replace(ONE_TRY, timeout=0.2))


async def test_a_self_signed_certificate_is_refused_until_it_is_named() -> None:
    with running(create_app(), tls=True) as server:
        site = Site(name="test", url=server.url, token=USER.token)

        with pytest.raises(NotTrusted, match="BULKVM_CA_FILE"):
            await list_once(site)
        assert await list_once(replace(site, ca_file=str(server.certificate))) == 0


@pytest.mark.parametrize("name", ["missing.pem", __file__])
async def test_an_invalid_certificate_file_is_reported(name: str) -> None:
    with pytest.raises(UsageError, match="BULKVM_CA_FILE"):
        await list_once(Site(name="test", url="https://127.0.0.1:1", token="t", ca_file=name))


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ("500", PbxFailed),
        ("503", PbxFailed),
        ("502-after", AnswerLost),
        ("html", AnswerLost),
        ("reset", AnswerLost),
        ("reset-after", AnswerLost),
        ("truncated", MalformedAnswer),
        ("late(seconds=1)", AnswerLost),
        ("429", PbxBusy),
        ("403", NotAllowed),
    ],
)
async def test_a_create_whose_answer_is_lost_is_distinguished_from_one_that_was_refused(
    fault: str, error: type[BulkvmError]
) -> None:
    app = create_app(faults=[f"{fault}:create:1"])
    with running(app) as server:
        site = Site(name="test", url=server.url, token=USER.token)
        async with connect(site, replace(ONE_TRY, timeout=0.5, max_outage=0)) as pbx:
            with pytest.raises(error):
                await pbx.create_box(RECORD)

    assert app.state.traffic.counts["create"] == 1


async def test_a_connection_lost_during_a_request_is_never_treated_as_never_established() -> None:
    """The transport under httpx words both as a failure to connect."""
    app = create_app(faults=["reset-after:create:1-100"])
    with running(app) as server:
        async with connect(Site(name="test", url=server.url, token=USER.token)) as pbx:
            for n in range(20):
                with pytest.raises(OutcomeUnknown):
                    await pbx.create_box(replace(RECORD, extension_number=str(6100 + n)))


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("by", ["token", "password"])
async def test_a_redirect_is_not_followed_so_that_no_login_goes_to_another_host(by: str, status: int) -> None:
    elsewhere = create_app()
    with running(elsewhere) as other:

        def send_on(request: Request) -> Response:
            return RedirectResponse(f"{other.url}{request.url.path}", status)

        with running(Starlette(routes=[Route("/{path:path}", send_on, methods=["GET", "POST"])])) as server:
            site = login_site(server.url) if by == "password" else Site(name="t", url=server.url, token=USER.token)
            async with connect(site, ONE_TRY) as pbx:
                for call in (pbx.list_boxes(), pbx.create_box(RECORD)):
                    with pytest.raises(PbxError, match="redirects to another address"):
                        await call

    assert not elsewhere.state.traffic.log


async def test_proxy_variables_and_netrc_logins_are_not_used(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("default login a password b", "utf-8")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
        monkeypatch.setenv(name.lower(), "http://127.0.0.1:9")

    for tls in (False, True):
        with running(create_app(), tls=tls) as server:
            site = replace(login_site(server.url), ca_file=str(server.certificate) if tls else None)
            assert await list_once(site) == 0
            assert not [found for found in [f async for f in examine(site, ONE_TRY)] if found.error]


@pytest.mark.parametrize(
    "body",
    [
        JSONResponse({"errors": [{"code": "NEW_CODE", "message": "the box said no", "detail": {"x": 1}}]}, 400),
        JSONResponse({"errors": []}, 400),
        JSONResponse({"errors": "no"}, 400),
        JSONResponse(["no"], 400),
        JSONResponse({"errors": [None]}, 400),
        HTMLResponse("<h1>Bad Request</h1>", 400),
        HTMLResponse("", 400),
    ],
    ids=["documented", "empty", "text", "list", "null", "html", "nothing"],
)
async def test_an_error_of_any_form_is_a_refusal(body: JSONResponse | HTMLResponse) -> None:
    app = Starlette(routes=[Route("/{path:path}", lambda _: body, methods=["GET", "POST"])])

    async with connect(Site(name="test", url="http://simulator", token="t"), ONE_TRY, app=app) as pbx:
        with pytest.raises(PbxError, match="The PBX refused the request"):
            await pbx.create_box(RECORD)


async def test_a_403_that_is_a_web_page_is_not_reported_as_a_missing_permission() -> None:
    page = HTMLResponse("<h1>Blocked</h1>", 403)
    app = Starlette(routes=[Route("/{path:path}", lambda _: page, methods=["GET", "POST"])])

    async with connect(Site(name="test", url="http://simulator", token="t"), ONE_TRY, app=app) as pbx:
        for call in (pbx.count_boxes, lambda: pbx.create_box(RECORD)):
            with pytest.raises(NotAllowed, match=r"web page \(status 403\).* a proxy or firewall") as blocked:
                await call()
            assert blocked.value.exit_code == ExitCode.PBX
            assert not blocked.value.is_certain


async def test_a_read_that_a_proxy_blocks_is_repeated_and_a_change_is_not() -> None:
    app = create_app()
    asked = Counter[str]()

    async def proxy(scope: Scope, receive: Receive, send: Send) -> None:
        asked[scope["method"]] += 1
        blocks = asked[scope["method"]] <= 2
        await (HTMLResponse("<h1>Blocked</h1>", 403) if blocks else app)(scope, receive, send)

    async with connect(BY_TOKEN, SendSettings(max_rps=0), app=proxy) as pbx:
        assert await pbx.count_boxes() == 0
        with pytest.raises(Blocked):
            await pbx.create_box(RECORD)

    assert asked == {"GET": 3, "POST": 1}


async def test_a_refusal_without_a_reason_is_reported_with_its_status() -> None:
    app = Starlette(routes=[Route("/{path:path}", lambda _: HTMLResponse("<h1>No</h1>", 400), methods=["POST"])])

    async with connect(Site(name="test", url="http://simulator", token="t"), ONE_TRY, app=app) as pbx:
        with pytest.raises(PbxRefused, match=r"gave no reason \(status 400\)"):
            await pbx.create_box(RECORD)


@pytest.mark.parametrize("repeated", ["402817", "402-817", "4 0 2 8 1 7", "718204", "٤٠٢٨١٧", "%34%30%32817"])
@pytest.mark.parametrize("call", ["create", "update"])
async def test_a_pin_that_the_pbx_repeats_in_its_refusal_is_masked(call: str, repeated: str) -> None:
    body = JSONResponse({"errors": [{"code": f"X{repeated}", "message": f"{repeated} is too simple"}]}, 400)
    app = Starlette(routes=[Route("/{path:path}", lambda _: body, methods=["POST"])])

    async with connect(Site(name="test", url="http://simulator", token=USER.token), ONE_TRY, app=app) as pbx:
        with pytest.raises(PbxRefused, match=r"•••••+ is too simple|not shown") as refusal:
            await (pbx.create_box(RECORD) if call == "create" else pbx.update_box(BOX))
    assert repeated not in str(refusal.value) + refusal.value.code


async def test_a_pbx_that_gives_no_token_after_a_login_is_reported() -> None:
    app = Starlette(routes=[Route("/api/login/oauth/token", lambda _: JSONResponse({}), methods=["POST"])])

    async with connect(login_site("http://simulator"), app=app) as pbx:
        with pytest.raises(LoginRefused, match="issued no token"):
            await pbx.list_boxes()


async def test_a_login_that_is_locked_is_refused_and_not_tried_again() -> None:
    asked = []

    def lock(_: Request) -> JSONResponse:
        asked.append(1)
        return JSONResponse({"errors": [{"code": "LOCKED"}]}, 423)

    app = Starlette(routes=[Route("/api/login/oauth/token", lock, methods=["POST"])])
    async with connect(login_site("http://simulator"), ONE_TRY, app=app) as pbx:
        for _ in range(3):
            with pytest.raises(LoginRefused):
                await pbx.count_boxes()

    assert len(asked) == 1


STEERING = "\x1b]0;owned\x07\x1b[2J\x9b31m\u202e\r\nred"


@pytest.mark.parametrize("status", [400, 403, 404, 409, 429, 500, 503])
async def test_the_pbxs_own_words_cannot_control_a_terminal(status: int) -> None:
    error = {"code": f"X{STEERING}", "message": STEERING, "detail": {"field": STEERING}}
    body = JSONResponse({"errors": [error]}, status)
    app = Starlette(routes=[Route("/{path:path}", lambda _: body, methods=["GET", "POST"])])

    async with connect(
        Site(name="test", url="http://simulator", token="t"), replace(ONE_TRY, max_outage=0), app=app
    ) as pbx:
        with pytest.raises(BulkvmError, match="The PBX said") as refusal:
            await pbx.create_box(RECORD)
    assert str(refusal.value).isprintable()
    if isinstance(refusal.value, PbxRefused):
        assert refusal.value.code.isprintable()


async def test_an_owners_name_cannot_control_a_terminal() -> None:
    body = JSONResponse({"name": f"Sales{STEERING}", "type": f"RING_GROUP{STEERING}"})
    app = Starlette(routes=[Route("/{path:path}", lambda _: body)])

    async with connect(Site(name="test", url="http://simulator", token="t"), ONE_TRY, app=app) as pbx:
        owner = await pbx.number_owner("6201")

    assert str(owner).startswith("the ring group")
    assert str(owner).isprintable()
