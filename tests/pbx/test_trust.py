"""Nothing leaves before it is known who is at the other end, and every doubt about that has its own advice."""

import asyncio
import datetime as dt
import os
import re
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
import trustme
from hypothesis import given
from hypothesis import strategies as st
from starlette.types import Message, Receive, Scope
from starlette.types import Send as Answer

from bulkvm.model.box import Record
from bulkvm.model.change import Change, ChangeKind, Plan
from bulkvm.model.errors import FileError, NotTrusted, PbxUnreachable, UsageError
from bulkvm.model.outcome import Status
from bulkvm.model.settings import SendSettings, Site
from bulkvm.pbx import connect
from bulkvm.pbx.certificate import fetch_certificate
from bulkvm.pbx.fingerprint import read_fingerprint, show_fingerprint
from bulkvm.simulator import SimulatorSettings, create_app, running
from bulkvm.upload import send
from tests.pbx.servers import serving

TOKEN = SimulatorSettings().token
LONG_AGO = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
AUTHORITY = trustme.CA()
GOOD = AUTHORITY.issue_cert("127.0.0.1")
ENDED = AUTHORITY.issue_cert("127.0.0.1", not_before=LONG_AGO, not_after=LONG_AGO + dt.timedelta(days=1))
OF_ANOTHER = AUTHORITY.issue_cert("pbx.example.com")


async def count_boxes(site: Site) -> int:
    async with connect(site, SendSettings(retries=1)) as pbx:
        return await pbx.count_boxes()


def site_at(url: str, **trust: str | bool | None) -> Site:
    return replace(Site(name="test", url=url, token=TOKEN), **trust)  # type: ignore[arg-type]  # fields of a Site


async def test_a_certificate_of_a_named_authority_is_trusted() -> None:
    with serving(create_app(), GOOD) as url, AUTHORITY.cert_pem.tempfile() as ca_file:
        assert await count_boxes(site_at(url, ca_file=ca_file)) == 0


async def test_a_certificate_file_may_hold_comments_in_any_encoding(tmp_path: Path) -> None:
    file = tmp_path / "authorities.pem"
    file.write_bytes("Hauptstelle f\u00fcr \u8a8d\u8a3c\n".encode() + b"\xff\r\n" + AUTHORITY.cert_pem.bytes())

    with serving(create_app(), GOOD) as url:
        assert await count_boxes(site_at(url, ca_file=str(file))) == 0


@pytest.mark.parametrize(
    "content", [b"", b"no certificate", GOOD.private_key_pem.bytes(), b"-----BEGIN CERTIFICATE-----\n"]
)
async def test_a_file_without_a_certificate_is_refused_and_no_one_else_is_trusted(
    tmp_path: Path, content: bytes
) -> None:
    file = tmp_path / "authorities.pem"
    file.write_bytes(content)

    with pytest.raises(UsageError, match=r"must name a \.pem file"):
        await count_boxes(site_at("https://127.0.0.1:1", ca_file=str(file)))


@pytest.mark.skipif(os.name != "posix", reason="Windows has no modes and no pipes in folders")
@pytest.mark.parametrize("kind", ["file that others can change", "pipe"])
async def test_a_certificate_file_that_others_decide_on_is_refused_at_once(tmp_path: Path, kind: str) -> None:
    file = tmp_path / "authorities.pem"
    if kind == "pipe":
        os.mkfifo(file, 0o600)
    else:
        AUTHORITY.cert_pem.write_to_path(file)
        file.chmod(0o666)
    app = create_app()

    with (
        serving(app, GOOD) as url,
        pytest.raises((FileError, UsageError), match=r"must name|can be changed by other users"),
    ):
        await count_boxes(site_at(url, ca_file=str(file)))

    assert not app.state.traffic.log


@pytest.mark.parametrize(
    ("certificate", "words"),
    [(ENDED, "has expired"), (OF_ANOTHER, "for another name")],
    ids=["ended", "another name"],
)
async def test_what_is_wrong_with_a_certificate_is_reported(certificate: trustme.LeafCert, words: str) -> None:
    app = create_app()
    with (
        AUTHORITY.cert_pem.tempfile() as ca_file,
        serving(app, certificate) as url,
        pytest.raises(NotTrusted, match=words),
    ):
        await count_boxes(site_at(url, ca_file=ca_file))

    assert not app.state.traffic.log


async def test_a_certificate_of_an_unknown_authority_is_refused_unless_certificates_are_not_verified() -> None:
    app = create_app()
    with serving(app, GOOD) as url:
        with pytest.raises(NotTrusted, match="no authority known to this machine"):
            await count_boxes(site_at(url))
        asked_before = len(app.state.traffic.log)
        count = await count_boxes(site_at(url, insecure=True))

    assert (asked_before, count) == (0, 0)


@pytest.mark.parametrize("certificate", [GOOD, ENDED, OF_ANOTHER], ids=["good", "ended", "another name"])
async def test_a_pinned_certificate_is_trusted_for_itself(certificate: trustme.LeafCert) -> None:
    with serving(create_app(), certificate) as url:
        shown = fetch_certificate(url, 5)

        assert await count_boxes(site_at(url, fingerprint=shown.fingerprint)) == 0


async def test_another_certificate_than_the_pinned_one_is_sent_nothing_and_both_are_reported() -> None:
    app = create_app()
    pinned = ":".join(["AB"] * 32)
    with serving(app, GOOD) as url:
        shown = fetch_certificate(url, 5).fingerprint
        with pytest.raises(NotTrusted) as refusal:
            await count_boxes(site_at(url, fingerprint=pinned))

    assert f"pinned: {pinned}" in str(refusal.value)
    assert f"shown:  {shown}" in str(refusal.value)
    assert not app.state.traffic.log


async def test_a_file_of_authorities_does_not_turn_off_a_pin() -> None:
    app = create_app()
    with serving(app, GOOD) as url, AUTHORITY.cert_pem.tempfile() as ca_file:
        shown = fetch_certificate(url, 5).fingerprint
        with pytest.raises(NotTrusted, match="is not the pinned one"):
            await count_boxes(site_at(url, fingerprint=":".join(["AB"] * 32), ca_file=ca_file))
        sent_before = list(app.state.traffic.log)

        assert await count_boxes(site_at(url, fingerprint=shown, ca_file=ca_file)) == 0

    assert sent_before == []


async def test_a_port_without_tls_is_not_taken_for_a_wrong_certificate() -> None:
    with running(create_app()) as server, pytest.raises(PbxUnreachable, match="TLS handshake") as refusal:
        await count_boxes(site_at(server.url.replace("http", "https")))

    assert not isinstance(refusal.value, NotTrusted)


HELLO = bytes.fromhex("160303007a0200007603")  # the first bytes of a server's
FATAL = bytes.fromhex("15030300020228")  # "handshake failure"


@asynccontextmanager
async def breaking_off(after: bytes) -> AsyncIterator[str]:
    """The address of a server that sends this in a TLS handshake, and nothing else."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(after)
        writer.close()

    listener = await asyncio.start_server(talk, "127.0.0.1", 0)
    async with listener:
        yield f"https://127.0.0.1:{listener.sockets[0].getsockname()[1]}"


@pytest.mark.parametrize("trust", [{}, {"insecure": True}, {"fingerprint": "AB" * 32}], ids=str)
@pytest.mark.parametrize("after", [b"", HELLO, FATAL], ids=["nothing", "half a hello", "alert"])
async def test_a_handshake_that_is_cut_is_reported_as_one_and_not_as_a_pbx_that_is_down(
    after: bytes, trust: dict[str, str | bool | None]
) -> None:
    async with breaking_off(after) as url:
        with pytest.raises(PbxUnreachable, match=r"TLS handshake with .* failed\. Nothing was sent") as refusal:
            await count_boxes(site_at(url, **trust))

    assert not isinstance(refusal.value, NotTrusted)


async def test_a_file_of_another_authority_is_reported_as_the_wrong_one() -> None:
    app = create_app()
    with (
        trustme.CA().cert_pem.tempfile() as other,
        serving(app, GOOD) as url,
        pytest.raises(NotTrusted, match="If a file is already named, it is for another certificate"),
    ):
        await count_boxes(site_at(url, ca_file=other))

    assert not app.state.traffic.log


@pytest.mark.parametrize("host", ["pbx.invalid", "10.0.0.1", "localhost.invalid", "127.0.0.1.invalid", "[2001:db8::1]"])
async def test_credentials_travel_over_plain_http_to_this_machine_alone(host: str) -> None:
    with pytest.raises(UsageError, match="--allow-http"):
        await count_boxes(site_at(f"http://{host}:8887"))


async def test_plain_http_can_be_allowed() -> None:
    with pytest.raises(PbxUnreachable, match="was not found"):
        await count_boxes(site_at("http://pbx.invalid:8887", allow_http=True))


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1.2.3", "localhost", "[::1]"])
async def test_this_machine_may_be_called_over_plain_http(host: str) -> None:
    with pytest.raises(PbxUnreachable, match=f"{re.escape(host)}:9 cannot be reached"):
        await count_boxes(site_at(f"http://{host}:9"))


def test_where_no_server_shows_a_certificate_that_is_reported() -> None:
    with running(create_app()) as server:
        for url in (server.url.replace("http", "https"), "https://127.0.0.1:9", "https://א1.invalid"):
            with pytest.raises(PbxUnreachable, match="cannot be reached"):
                fetch_certificate(url, 5)


@given(st.binary(min_size=32, max_size=32))
def test_a_fingerprint_is_read_as_it_is_shown(digest: bytes) -> None:
    shown = show_fingerprint(digest)

    assert read_fingerprint(shown) == digest
    assert read_fingerprint(shown.replace(":", "").lower()) == digest


@given(st.text() | st.binary(max_size=40).filter(lambda digest: len(digest) != 32).map(bytes.hex))
def test_an_invalid_fingerprint_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="SHA-256"):
        read_fingerprint(text)


class Renewed:
    """A PBX that shows another certificate from its third new box on, and closes each connection after its answer."""

    def __init__(self) -> None:
        self.app = create_app()
        self.contexts = list[ssl.SSLContext]()
        self.made = 0

    async def __call__(self, scope: Scope, receive: Receive, send_on: Answer) -> None:
        async def note(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], (b"connection", b"close")]
                self.made += message["status"] == 201
                if self.made == 3:
                    AUTHORITY.issue_cert("127.0.0.1").configure_cert(self.contexts[0])
            await send_on(message)

        await self.app(scope, receive, note)


async def test_a_run_ends_at_once_where_the_pbx_shows_another_certificate_in_its_middle() -> None:
    pbx_with_new_certificate = Renewed()
    changes = tuple(
        Change(ChangeKind.CREATE, Record(n, str(6200 + n), name=f"Desk {n}", pin=str(402817 + n))) for n in range(2, 12)
    )
    with serving(pbx_with_new_certificate, GOOD, contexts=pbx_with_new_certificate.contexts) as url:
        site = Site(name="test", url=url, token=TOKEN, fingerprint=fetch_certificate(url, 5).fingerprint)
        async with connect(site, SendSettings(concurrency=1, max_rps=0)) as pbx:
            ending = await send(Plan(changes, existing=0), pbx)

    assert isinstance(ending.error, NotTrusted)
    assert "is not the pinned one" in str(ending.error)
    assert [outcome.status for outcome in ending.outcomes] == [Status.CREATED] * 3 + [Status.NOT_SENT] * 7
    assert pbx_with_new_certificate.made == 3
