"""The connections under the client, whom they trust, and what it means when one of them fails."""

import re
import ssl
from pathlib import Path
from typing import Final, TypeAlias

import aiohttp
import httpx
from aiohttp.connector import Connection

from bulkvm.files import read_own_file
from bulkvm.model.errors import AnswerLost, NotTrusted, PbxError, PbxUnreachable, UsageError
from bulkvm.model.settings import Site
from bulkvm.model.url import is_loopback
from bulkvm.pbx.auth import LOGIN_PATH
from bulkvm.pbx.fingerprint import read_fingerprint, show_fingerprint

# As aiohttp's connector takes it: this machine's authorities (True), those of a file, one certificate, anybody (False).
_Trust: TypeAlias = bool | ssl.SSLContext | aiohttp.Fingerprint

LONGEST_ANSWER: Final = 16 * 2**20  # bytes; a page of 100 boxes is far below
_KEEP_ALIVE: Final = 5.0  # seconds; a connection that the PBX closed by itself makes a create doubtful

# What ends a connection between its beginning and the end of the TLS handshake.
_CUT: Final = (ConnectionResetError, ConnectionAbortedError, BrokenPipeError)

# Of OpenSSL's X509_V_ERR_...: not yet valid, ended; for another name, for another IP address.
_WRONG_TIME: Final = frozenset({9, 10})
_WRONG_NAME: Final = frozenset({62, 64})


class AnswerTooLong(aiohttp.ClientError):
    """There is no end to an answer."""


class AnsweredUnasked(aiohttp.ClientError):
    """Something came on a connection on which nothing was asked."""


class _Request(aiohttp.ClientRequest):
    """A request that takes no answer for its own that was there before it."""

    async def send(self, conn: Connection) -> aiohttp.ClientResponse:
        if conn.protocol and conn.protocol.should_close:  # aiohttp looks at it only when a connection is given back
            raise AnsweredUnasked
        return await super().send(conn)


class AiohttpTransport(httpx.AsyncBaseTransport):
    """Connections to one PBX, by aiohttp. Each answer is read to its end, within the time of one request.

    httpx's own take several times as much of the processor, and lose a connection with each request that is cancelled.
    """

    def __init__(self, trust: _Trust, connections: int, timeout: float) -> None:
        self._trust = trust
        self._connections = connections
        # Of its time, half is enough to connect: so it is known whether anything was sent.
        self._timeout = aiohttp.ClientTimeout(total=timeout, sock_connect=timeout / 2)
        self._session: aiohttp.ClientSession | None = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request, and read its answer.

        Raises:
            PbxUnreachable: it never left this machine.
            NotTrusted: nor did it, because of the certificate.
            AnswerLost: it did, and what became of it is not known.
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
            # What is no HTTP is told by an error that repeats the request, and so the token.
            cause = None if isinstance(error, aiohttp.ClientResponseError) else error
            raise failure(error, request.url) from cause
        # aiohttp has unpacked the body, and httpx must not do so again.
        told = [(name, value) for name, value in answer.raw_headers if name.lower() != b"content-encoding"]
        return httpx.Response(answer.status, headers=told, content=content, request=request)

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
    """An application in this process, called as if it were at the end of a connection."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Call the application, and read its answer. Raises what `Connections` raises."""
        try:
            response = await super().handle_async_request(request)
        except OSError as error:
            raise failure(error, request.url) from error
        response.request = request
        await response.aread()
        return response


def make_transport(site: Site, connections: int, timeout: float) -> AiohttpTransport:
    """A transport with as many kept connections as there are workers, since a worker uses one at a time.

    Args:
        site: where, and whom to trust.
        connections: at most.
        timeout: seconds that a request may take, from the search for the host to the last byte of the answer.

    Raises:
        UsageError: credentials would travel in the clear, or the certificate file cannot be read.
    """
    url = httpx.URL(site.url)
    if url.scheme == "http" and not (site.allow_http or is_loopback(url.host)):
        raise UsageError(
            f"{url.host} would be called over plain http, where anybody on the way can read the login and the PINs. "
            "Write https:// in its address, or add --allow-http if that is all right."
        )
    return AiohttpTransport(_trust(site), connections, timeout)


async def _read_whole(answer: aiohttp.ClientResponse) -> bytes:
    """The body, unpacked. Its size is counted unpacked too, since little can be a great deal packed."""
    body = bytearray()
    while not answer.content.at_eof():
        body += await answer.content.readany()
        if len(body) > LONGEST_ANSWER:
            raise AnswerTooLong
    return bytes(body)


def failure(error: aiohttp.ClientError | OSError, url: httpx.URL) -> PbxError | NotTrusted:
    """What a failed request comes to: it never left this machine, or what became of it is not known."""
    where = _place(url)
    if isinstance(error, aiohttp.ClientSSLError | aiohttp.ServerFingerprintMismatch):
        return _tls_failure(error, where)
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return unknown_name(url)
    if isinstance(error, aiohttp.ClientConnectorError | aiohttp.ConnectionTimeoutError):
        was_cut = isinstance(error, aiohttp.ClientConnectorError) and isinstance(error.os_error, _CUT)
        return _no_tls(where) if was_cut else not_reached(url)
    if isinstance(error, AnsweredUnasked):
        return PbxUnreachable(f"What answers at {where} sent something that it was not asked for. Nothing was sent.")
    if isinstance(error, TimeoutError):
        lost = f"The PBX at {where} did not answer in time."
    elif isinstance(error, aiohttp.ClientResponseError):
        lost = f"What answers at {where} does not speak HTTP as a PBX does. Check the address and the port."
    elif isinstance(error, AnswerTooLong):
        most = LONGEST_ANSWER // 2**20
        lost = f"What answers at {where} sent more than {most} MiB at once, as no PBX does. Check the address and port."
    else:
        lost = f"The connection to the PBX at {where} was cut before its answer came."
    if url.path.endswith(LOGIN_PATH):
        return PbxUnreachable(f"{lost} That was the login; nothing else was sent.")
    return AnswerLost(lost)


def unknown_name(url: httpx.URL) -> PbxUnreachable:
    """What it means that the host's name is not known."""
    return PbxUnreachable(f"No machine called {url.host} is known here. Check the PBX's address. Nothing was sent.")


def not_reached(url: httpx.URL) -> PbxUnreachable:
    """What it means that nobody takes the connection."""
    return PbxUnreachable(
        f"The PBX at {_place(url)} cannot be reached. Nothing was sent.\n"
        "Check that it runs, that the address and port are right, and that this network may reach it."
    )


def _place(url: httpx.URL) -> str:
    host = f"[{url.host}]" if ":" in url.host else url.host
    return f"{host}:{url.port}" if url.port else host


def _no_tls(where: str) -> PbxUnreachable:
    return PbxUnreachable(
        f"What answers at {where} speaks no TLS that this machine understands, or breaks off. Nothing was sent.\n"
        "Check the port, and whether that one is for https."
    )


def _tls_failure(
    cause: aiohttp.ClientSSLError | aiohttp.ServerFingerprintMismatch, where: str
) -> PbxUnreachable | NotTrusted:
    if isinstance(cause, aiohttp.ServerFingerprintMismatch):
        return NotTrusted(
            f"The PBX at {where} shows another certificate than the one that was pinned. Nothing was sent to it.\n"
            f"  pinned: {show_fingerprint(cause.expected)}\n"
            f"  shown:  {show_fingerprint(cause.got)}\n"
            "Either it was renewed, or somebody stands between you and the PBX. Ask its administrator for the SHA-256 "
            "fingerprint; if it is the one shown, pin it with `bulkvm login SITE`."
        )
    if not isinstance(cause, aiohttp.ClientConnectorCertificateError):
        return _no_tls(where)
    error = cause.certificate_error
    code = error.verify_code if isinstance(error, ssl.SSLCertVerificationError) else None
    if code in _WRONG_TIME:
        return NotTrusted(
            f"The certificate of the PBX at {where} has ended, or is not valid yet. Nothing was sent to it.\n"
            "Check this machine's date; if it is right, the PBX's administrator must renew the certificate."
        )
    if code in _WRONG_NAME:
        return NotTrusted(
            f"The certificate of the PBX at {where} is for another name. Nothing was sent to it.\n"
            "Call the PBX by the name that its certificate is for, or pin the certificate with `bulkvm login SITE`."
        )
    return NotTrusted(
        f"The certificate of the PBX at {where} is not trusted: no authority that this machine knows vouches for it. "
        "Nothing was sent to it.\n"
        "If it is the PBX's own (self-signed), pin it with `bulkvm login SITE`, or save it as a .pem file and name "
        "that with --ca-file or BULKVM_CA_FILE. If a file is named already, it is for another certificate."
    )


def _trust(site: Site) -> _Trust:
    if site.insecure:
        return False
    if site.fingerprint is not None:  # whatever else may be trusted
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
    """The text of a .pem file, in ASCII as OpenSSL takes it; comments may be in any encoding.

    Raises:
        ValueError: it holds no certificate. (The default authorities would be trusted then.)
    """
    if b"-----BEGIN " not in content:
        raise ValueError("no certificate")
    return re.sub(rb"[^\n\r\t -~]", b"?", content).decode("ascii")
