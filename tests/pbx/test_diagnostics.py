"""Each thing that can be wrong on the way to a PBX is found by its own check, with its own advice."""

import datetime as dt
import socket
from dataclasses import replace
from threading import Thread

import pytest
import trustme
import uvicorn
from starlette.applications import Starlette
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Mount, Route

from bulkvm.model.errors import UsageError
from bulkvm.model.settings import SendSettings, Site
from bulkvm.pbx.certificate import fetch_certificate
from bulkvm.pbx.diagnostics import Finding, examine
from bulkvm.simulator import SimulatorSettings, create_app, running
from tests.pbx.servers import serving

TOKEN = SimulatorSettings().token
WAY = ["name", "port", "TLS", "clock"]
ALL = [*WAY, "login", "boxes", "PINs", "speed"]
PORTAL = Starlette(routes=[Route("/{path:path}", lambda _: HTMLResponse("<h1>Welcome</h1>"))])


def answering(answer: Response) -> Starlette:
    """A server whose only answer this is."""
    return Starlette(routes=[Route("/{path:path}", lambda _: answer, methods=["GET", "POST"])])


def site_at(url: str, token: str = TOKEN) -> Site:
    return Site(name="test", url=url, token=token)


async def look_at(site: Site, *, ahead: dt.timedelta = dt.timedelta(), patience: float = 5) -> list[Finding]:
    """The findings, by a clock that may be wrong."""
    settings = SendSettings(retries=1, timeout=patience, max_rps=0)
    return [found async for found in examine(site, settings, now=lambda: dt.datetime.now(dt.UTC) + ahead)]


def assert_only_failed(findings: list[Finding], check: str, words: str, code: int) -> None:
    """This check failed, in these words, and none before it."""
    failed = [(found.check, found.error.exit_code) for found in findings if found.error]
    text = next(found.text for found in findings if found.error)
    assert failed == [(check, code)]
    assert words in text


async def test_every_check_passes_on_a_working_connection() -> None:
    with running(create_app(), tls=True) as server:
        findings = await look_at(replace(site_at(server.url), ca_file=str(server.certificate)))

    texts = {found.check: found.text for found in findings}
    assert [found.check for found in findings] == ALL
    assert not any(found.error for found in findings)
    assert str(server.certificate) in texts["TLS"]
    assert "until 20" in texts["TLS"]
    assert texts["boxes"] == "0 found"
    assert texts["PINs"] == "6 to 10 digits"


async def test_the_built_in_pbx_has_no_connection_to_check() -> None:
    findings = [found async for found in examine(site_at("http://simulator"), SendSettings(), app=create_app())]

    assert [found.check for found in findings] == ALL[len(WAY) :]
    assert not any(found.error for found in findings)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        (
            SendSettings(max_rps=20, concurrency=2),
            "at most 20 requests per second, at most 2 at once (--max-rps, --concurrency)",
        ),
        (SendSettings(max_rps=0), "the rate is not limited, at most 8 at once (--max-rps, --concurrency)"),
    ],
)
async def test_the_limits_of_a_site_are_shown(settings: SendSettings, words: str) -> None:
    findings = [found async for found in examine(site_at("http://simulator"), settings, app=create_app())]

    assert words in findings[-1].text


@pytest.mark.parametrize("name", ["pbx.invalid", "müller.invalid", "א1.invalid"])
async def test_a_host_name_that_does_not_exist_fails_the_check(name: str) -> None:
    findings = await look_at(site_at(f"https://{name}:8887"))

    assert_only_failed(findings, "name", f"The host name {name}", 5)


async def test_a_port_where_no_server_listens_fails_the_check() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

    assert_only_failed(await look_at(site_at(f"https://127.0.0.1:{port}")), "port", "Check that it is running", 5)


async def test_a_machine_that_accepts_the_connection_and_does_not_respond() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        findings = await look_at(site_at(f"http://127.0.0.1:{listener.getsockname()[1]}"), patience=0.2)

    assert_only_failed(findings, "TLS", "did not answer in time.\nCheck that the port", 5)


async def test_a_server_without_a_tls_handshake_fails_the_check() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        findings = await look_at(site_at(f"https://127.0.0.1:{listener.getsockname()[1]}"), patience=0.2)

    assert_only_failed(findings, "TLS", "server did not respond.\nCheck that the port", 5)


async def test_an_https_address_of_a_port_for_http() -> None:
    with running(create_app()) as server:
        findings = await look_at(site_at(server.url.replace("http", "https")))

    assert_only_failed(findings, "TLS", "TLS handshake", 5)


async def test_an_http_address_of_a_port_for_https() -> None:
    with running(create_app(), tls=True) as server:
        findings = await look_at(site_at(server.url.replace("https", "http")))

    assert_only_failed(findings, "TLS", "whether it is for http or https", 5)


async def test_a_certificate_of_an_unknown_authority() -> None:
    with running(create_app(), tls=True) as server:
        findings = await look_at(site_at(server.url))

    assert_only_failed(findings, "TLS", "pin it with `bulkvm login SITE`", 5)


async def test_a_pinned_certificate_that_was_replaced() -> None:
    with running(create_app(), tls=True) as old:
        pinned = fetch_certificate(old.url, 5).fingerprint
    with running(create_app(), tls=True) as server:
        findings = await look_at(replace(site_at(server.url), fingerprint=pinned))

    assert_only_failed(findings, "TLS", pinned, 5)


async def test_a_pinned_certificate_and_a_pbx_that_does_not_show_the_time() -> None:
    with serving(create_app(), trustme.CA().issue_cert("pbx.example.com"), tells_time=False) as url:
        findings = await look_at(replace(site_at(url), fingerprint=fetch_certificate(url, 5).fingerprint))

    assert not any(found.error for found in findings)
    assert "the pinned certificate" in findings[2].text
    assert "does not send its time" in findings[3].text


async def test_a_certificate_that_ends_soon_is_good_and_reported() -> None:
    authority = trustme.CA()
    certificate = authority.issue_cert("127.0.0.1", not_after=dt.datetime.now(dt.UTC) + dt.timedelta(days=3))
    with serving(create_app(), certificate) as url, authority.cert_pem.tempfile() as ca_file:
        findings = await look_at(replace(site_at(url), ca_file=ca_file))

    assert not any(found.error for found in findings)
    assert "Have it renewed soon" in findings[2].text


async def test_a_certificate_that_is_not_checked_is_reported_as_such() -> None:
    with running(create_app(), tls=True) as server:
        findings = await look_at(replace(site_at(server.url), insecure=True))

    assert "NOT VERIFIED" in findings[2].text


@pytest.mark.parametrize("minutes", [-5, 5])
async def test_a_wrong_clock_is_reported_and_the_rest_is_still_checked(minutes: int) -> None:
    with running(create_app()) as server:
        findings = await look_at(site_at(server.url), ahead=dt.timedelta(minutes=minutes))

    assert_only_failed(findings, "clock", "5 minutes apart", 2)
    assert [found.check for found in findings] == ALL


async def test_a_token_that_is_not_accepted() -> None:
    with running(create_app()) as server:
        findings = await look_at(site_at(server.url, "WRONG-TOKEN"))

    assert_only_failed(findings, "login", "rejected the login, or the token has expired", 4)
    assert "WRONG-TOKEN" not in str(findings)


async def test_a_password_that_is_not_accepted() -> None:
    with running(create_app()) as server:
        findings = await look_at(
            Site(name="test", url=server.url, user="admin", domain="a.example", password="WRONG-PASSWORD")
        )

    assert_only_failed(findings, "login", "rejected the user name and password", 4)
    assert "WRONG-PASSWORD" not in str(findings)


@pytest.mark.parametrize("code", ["TOO_MANY_SESSIONS", "UNKNOWN"])
async def test_a_login_that_is_refused_for_another_reason_is_not_called_wrong(code: str) -> None:
    errors = [{"code": code, "message": "secret words"}]
    with running(answering(JSONResponse({"errors": errors}, 400))) as server:
        findings = await look_at(
            Site(name="test", url=server.url, user="admin", domain="a.example", password="PASSWORD-1")
        )

    assert_only_failed(findings, "login", "but not as a wrong user name or password", 4)
    assert "secret words" not in str(findings)


async def test_a_user_who_may_not_list_boxes_is_logged_in() -> None:
    with running(create_app(faults=["403:list:2"])) as server:
        findings = await look_at(site_at(server.url))

    assert_only_failed(findings, "boxes", "Ask its administrator for the permission", 4)
    assert [found.check for found in findings] == [*WAY, "login", "boxes"]


@pytest.mark.parametrize(
    ("app", "words"),
    [
        (Starlette(), "is not the REST API of a PBX"),
        (PORTAL, "not JSON (status 200), or the answer was cut off.\nCheck that the port"),
    ],
)
async def test_a_server_that_is_not_a_pbx_fails_the_check(app: Starlette, words: str) -> None:
    with running(app) as server:
        assert_only_failed(await look_at(site_at(server.url)), "login", words, 5)


@pytest.mark.parametrize(
    ("app", "words", "code"),
    [
        (Starlette(), "is not the REST API of a PBX", 4),
        (PORTAL, "is not the REST API of a PBX", 4),
        (answering(HTMLResponse("<h1>Welcome</h1>")), "nothing else was sent.\nCheck that the port", 5),
        (answering(HTMLResponse("<h1>HTTP sent to an HTTPS port</h1>", 400)), "is not the REST API of a PBX", 4),
        (answering(HTMLResponse("", 401)), "rejected the user name and password", 4),
    ],
)
async def test_a_server_that_is_not_a_pbx_fails_the_check_of_the_login(app: Starlette, words: str, code: int) -> None:
    with running(app) as server:
        findings = await look_at(
            Site(name="test", url=server.url, user="admin", domain="a.example", password="PASSWORD")
        )

    assert_only_failed(findings, "login", words, code)


async def test_a_403_that_is_a_web_page_does_not_show_that_a_token_is_accepted() -> None:
    with running(answering(HTMLResponse("<h1>Blocked</h1>", 403))) as server:
        assert_only_failed(await look_at(site_at(server.url)), "login", "a proxy or firewall", 5)


async def test_a_pbx_without_a_policy_of_its_tenant_is_good_and_reported() -> None:
    with running(create_app(faults=["404:policy:1-9"])) as server:
        findings = await look_at(site_at(server.url))

    assert [found.check for found in findings] == ALL
    assert not any(found.error for found in findings)
    assert findings[6].text.startswith("6 to 10 digits")
    assert "no password policy for the tenant" in findings[6].text


@pytest.mark.parametrize("fault", ["403", "400"])
async def test_a_policy_that_is_not_shown_is_not_known(fault: str) -> None:
    with running(create_app(faults=[f"{fault}:policy:1-9"])) as server:
        findings = await look_at(site_at(server.url))

    assert [found.check for found in findings] == ALL
    assert not any(found.error for found in findings)
    assert findings[6].text.startswith("not known, assumed to be 6 to 10 digits: ")


@pytest.mark.parametrize("fault", ["500", "html", "down(seconds=9)"])
async def test_a_policy_that_could_not_be_read_is_a_failure(fault: str) -> None:
    with running(create_app(faults=[f"{fault}:policy:1-9"])) as server:
        findings = await look_at(site_at(server.url))

    assert [found.check for found in findings if found.error] == ["PINs"]
    assert "no password policy" not in findings[6].text


async def test_a_pbx_behind_a_path_on_an_ipv6_address() -> None:
    app = Starlette(routes=[Mount("/pbx", create_app())])
    with socket.create_server(("::1", 0), family=socket.AF_INET6) as listener:
        server = uvicorn.Server(uvicorn.Config(app, lifespan="off", log_level="critical"))
        thread = Thread(target=server.run, args=([listener],), daemon=True)
        thread.start()
        findings = await look_at(site_at(f"http://[::1]:{listener.getsockname()[1]}/pbx"))
        server.should_exit = True
        thread.join()

    assert [found.check for found in findings] == ALL
    assert not any(found.error for found in findings)


async def test_an_address_in_the_clear_is_refused_before_anything_is_asked() -> None:
    with pytest.raises(UsageError, match="--allow-http"):
        await look_at(site_at("http://pbx.invalid:8887"))
