"""The connections to a PBX: TLS trust, and errors in terms of what the PBX may have done."""

import re
import ssl
from collections.abc import Sequence
from pathlib import Path
from typing import Final, TypeAlias

import aiohttp
import httpx
from aiohttp.connector import Connection

from bulkvm.files.ownership import read_own_file
from bulkvm.model.errors import AnswerLost, NotTrusted, PbxError, PbxUnreachable, UsageError
from bulkvm.model.settings import Site
from bulkvm.model.url import is_loopback
from bulkvm.pbx.auth import LOGIN_PATH
from bulkvm.pbx.fingerprint import read_fingerprint, show_fingerprint

# As for aiohttp's connector: the machine's authorities (True), those of a file, one certificate, or no check (False).
_Trust: TypeAlias = bool | ssl.SSLContext | aiohttp.Fingerprint

MAX_ANSWER: Final = 16 * 2**20  # bytes; a page of 100 boxes is much smaller
_KEEP_ALIVE: Final = 5.0  # seconds; short, since a create on a connection that the PBX has closed is in doubt

# Errors of a connection that is closed during the TLS handshake.
_CLOSED: Final = (ConnectionResetError, ConnectionAbortedError, BrokenPipeError)

# OpenSSL's X509_V_ERR_...: not yet valid, expired; for another name, for another IP address.
_WRONG_TIME: Final = frozenset({9, 10})
_WRONG_NAME: Final = frozenset({62, 64})


class AnswerTooLong(aiohttp.ClientError):
    """An answer exceeds the maximum size."""


class UnsolicitedAnswer(aiohttp.ClientError):
    """Data arrived on a connection before a request was sent."""


class _Request(aiohttp.ClientRequest):
    """A request that does not accept an answer that arrived before it was sent."""

    async def send(self, conn: Connection) -> aiohttp.ClientResponse:
        if conn.protocol and conn.protocol.should_close:  # aiohttp checks this only when a connection is released
            raise UnsolicitedAnswer
        return await super().send(conn)


class _Response(httpx.Response):
    """A response with a body that was read already, and that httpx would read and decode again."""

    def __init__(
        self, status: int, headers: Sequence[tuple[bytes, bytes]], body: bytes, request: httpx.Request
    ) -> None:
        super().__init__(status, headers=headers, stream=httpx.ByteStream(body), request=request)
        self._body = body

    @property
    def content(self) -> bytes:
        """The body."""
        return self._body


class AiohttpTransport(httpx.AsyncBaseTransport):
    """Sends requests with aiohttp. Each answer is read completely, within the timeout of the request.

    httpx's own transport needs several times the CPU time, and loses a connection with each cancelled request.
    """

    def __init__(self, trust: _Trust, connections: int, timeout: float) -> None:
        self._trust = trust
        self._connections = connections
        # Half of the timeout is for connecting, so that a timeout shows whether anything was sent.
        self._timeout = aiohttp.ClientTimeout(total=timeout, sock_connect=timeout / 2)
        self._session: aiohttp.ClientSession | None = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request, and read the whole answer.

        Raises:
            PbxUnreachable: it never left this machine.
            NotTrusted: it never left this machine because of the certificate.
            AnswerLost: it was sent, and it is not known what the PBX did.
        """
        self._session = self._session or self._open()
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in request.headers.raw}
        body = request.content or None
        try:
            async with self._session.request(
                request.method, str(request.url), headers=headers, data=body, allow_redirects=False
            ) as answer:
                content = await _read_whole(answer)
        except (aiohttp.ClientError, OSError) as error:
            # The error for malformed HTTP contains the request, and so the token.
            cause = None if isinstance(error, aiohttp.ClientResponseError) else error
            raise convert_error(error, request.url) from cause
        # aiohttp has decompressed the body, and httpx must not do so again.
        kept = [(name, value) for name, value in answer.raw_headers if name.lower() != b"content-encoding"]
        return _Response(answer.status, kept, content, request)

    async def aclose(self) -> None:
        """Close the connections."""
        if self._session:
            await self._session.close()

    def _open(self) -> aiohttp.ClientSession:
        connector = aiohttp.TCPConnector(ssl=self._trust, limit=self._connections, keepalive_timeout=_KEEP_ALIVE)
        return aiohttp.ClientSession(
            connector=connector,
            timeout=self._timeout,
            cookie_jar=aiohttp.DummyCookieJar(),
            request_class=_Request,
            raise_for_status=False,
        )


class InProcess(httpx.ASGITransport):
    """Calls an ASGI application in this process instead of the network."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Call the application, and read its answer. Raises the same errors as AiohttpTransport."""
        try:
            response = await super().handle_async_request(request)
        except OSError as error:
            raise convert_error(error, request.url) from error
        response.request = request
        await response.aread()
        return response


def make_transport(site: Site, connections: int, timeout: float) -> AiohttpTransport:
    """Make a transport for a site.

    Args:
        site: the PBX, and what to trust.
        connections: the maximum number of connections.
        timeout: seconds for a request, from the DNS lookup to the last byte of the answer.

    Raises:
        UsageError: credentials would be sent without encryption.
        FileError: the certificate file cannot be read.
    """
    url = httpx.URL(site.url)
    if url.scheme == "http" and not (site.allow_http or is_loopback(url.host)):
        raise UsageError(
            f"The address of {url.host} is plain http, so anyone on the network can read the login and the PINs. Use "
            "https:// in the address, or add --allow-http to accept that."
        )
    return AiohttpTransport(_trust(site), connections, timeout)


async def _read_whole(answer: aiohttp.ClientResponse) -> bytes:
    """The decompressed body. The maximum applies after decompression, since a small body can expand a lot."""
    body = bytearray()
    while not answer.content.at_eof():
        body += await answer.content.readany()
        if len(body) > MAX_ANSWER:
            raise AnswerTooLong
    return bytes(body)


def convert_error(error: aiohttp.ClientError | OSError, url: httpx.URL) -> PbxError | NotTrusted:
    """The error for a failed request: it never left this machine, or it is not known what the PBX did."""
    where = _place(url)
    if isinstance(error, aiohttp.ClientSSLError | aiohttp.ServerFingerprintMismatch):
        return _tls_failure(error, where)
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return unknown_name(url)
    if isinstance(error, aiohttp.ClientConnectorError | aiohttp.ConnectionTimeoutError):
        was_closed = isinstance(error, aiohttp.ClientConnectorError) and isinstance(error.os_error, _CLOSED)
        return _no_tls(where) if was_closed else not_reached(url)
    if isinstance(error, UnsolicitedAnswer):
        return PbxUnreachable(f"The server at {where} sent data before the request. Nothing was sent.")
    if isinstance(error, TimeoutError):
        lost = f"The PBX at {where} did not answer in time."
    elif isinstance(error, aiohttp.ClientResponseError):
        lost = f"The answer of the server at {where} is not valid HTTP. Check the address and the port."
    elif isinstance(error, AnswerTooLong):
        most = MAX_ANSWER // 2**20
        lost = f"The answer of the server at {where} exceeds {most} MiB, so it is not a PBX. Check address and port."
    else:
        lost = f"The connection to the PBX at {where} was closed before the answer came."
    if url.path.endswith(LOGIN_PATH):
        return PbxUnreachable(f"{lost} This was the login; nothing else was sent.")
    return AnswerLost(lost)


def unknown_name(url: httpx.URL) -> PbxUnreachable:
    """The error for a host name that cannot be resolved."""
    return PbxUnreachable(f"The host name {url.host} was not found. Check the PBX's address. Nothing was sent.")


def not_reached(url: httpx.URL) -> PbxUnreachable:
    """The error for a connection that cannot be opened."""
    return PbxUnreachable(
        f"The PBX at {_place(url)} cannot be reached. Nothing was sent.\n"
        "Check that it is running, that the address and the port are right, and that no firewall blocks them."
    )


def _place(url: httpx.URL) -> str:
    host = f"[{url.host}]" if ":" in url.host else url.host
    return f"{host}:{url.port}" if url.port else host


def _no_tls(where: str) -> PbxUnreachable:
    return PbxUnreachable(
        f"The TLS handshake with {where} failed. Nothing was sent.\nCheck the port, and whether it is for https."
    )


def _tls_failure(
    cause: aiohttp.ClientSSLError | aiohttp.ServerFingerprintMismatch, where: str
) -> PbxUnreachable | NotTrusted:
    if isinstance(cause, aiohttp.ServerFingerprintMismatch):
        return NotTrusted(
            f"The certificate of the PBX at {where} is not the pinned one. Nothing was sent to it.\n"
            f"  pinned: {show_fingerprint(cause.expected)}\n"
            f"  shown:  {show_fingerprint(cause.got)}\n"
            "Either it was renewed, or someone intercepts the connection. Ask the PBX's administrator for the SHA-256 "
            "fingerprint; if it is the one shown, pin it with `bulkvm login SITE`."
        )
    if not isinstance(cause, aiohttp.ClientConnectorCertificateError):
        return _no_tls(where)
    error = cause.certificate_error
    code = error.verify_code if isinstance(error, ssl.SSLCertVerificationError) else None
    if code in _WRONG_TIME:
        return NotTrusted(
            f"The certificate of the PBX at {where} has expired or is not yet valid. Nothing was sent to it.\n"
            "Check this machine's date; if it is right, the PBX's administrator must renew the certificate."
        )
    if code in _WRONG_NAME:
        return NotTrusted(
            f"The certificate of the PBX at {where} is for another name. Nothing was sent to it.\n"
            "Use the name in the certificate as the PBX's address, or pin the certificate with `bulkvm login SITE`."
        )
    return NotTrusted(
        f"The certificate of the PBX at {where} is not trusted: no authority known to this machine issued it. Nothing "
        "was sent to it.\n"
        "If it is self-signed, pin it with `bulkvm login SITE`, or save it as a .pem file and name the file in "
        "--ca-file or BULKVM_CA_FILE. If a file is already named, it is for another certificate."
    )


def _trust(site: Site) -> _Trust:
    if site.insecure:
        return False
    if site.fingerprint is not None:  # before anything else
        return aiohttp.Fingerprint(read_fingerprint(site.fingerprint))
    if site.ca_file is not None:
        return _authorities(Path(site.ca_file).expanduser())
    return True


def _authorities(ca_file: Path) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cadata=_pem(read_own_file(ca_file)))
    except (OSError, ValueError, ssl.SSLError) as error:
        raise UsageError(
            f"The certificate file {ca_file} cannot be read. --ca-file or BULKVM_CA_FILE must name a .pem file."
        ) from error


def _pem(content: bytes) -> str:
    """The text of a .pem file, in ASCII as OpenSSL needs it; comments may be in any encoding.

    Raises:
        ValueError: it has no certificate. (OpenSSL would trust the default authorities then.)
    """
    if b"-----BEGIN " not in content:
        raise ValueError("no certificate")
    return re.sub(rb"[^\n\r\t -~]", b"?", content).decode("ascii")
