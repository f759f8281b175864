"""The connections under the client, and what it means when one of them fails."""

import ssl
from pathlib import Path

import aiohttp
import httpx
from httpx_aiohttp import AiohttpTransport

from bulkvm.errors import AnswerLost, PbxError, PbxUnreachable, UsageError
from bulkvm.settings import Site


def make_transport(site: Site, connections: int) -> httpx.AsyncBaseTransport:
    """A transport with as many kept connections as there are workers, since a worker uses one at a time."""
    limits = httpx.Limits(max_connections=connections, max_keepalive_connections=connections)
    return AiohttpTransport(verify=_ssl_context(site), limits=limits, trust_env=False)


def failure(error: Exception, url: httpx.URL) -> PbxError:
    """What a failed request comes to: it never left this machine, or what became of it is not known.

    httpx-aiohttp words a connection that was cut after the request had left as a failure to connect, so the cause
    below it decides.
    """
    where = f"{url.host}:{url.port}" if url.port else url.host
    cause = error.__cause__
    if isinstance(cause, aiohttp.ClientConnectorCertificateError | aiohttp.ClientConnectorSSLError):
        return PbxUnreachable(
            f"The certificate of the PBX at {where} is not trusted. Nothing was sent.\n"
            "If it is the PBX's own (self-signed) certificate, save it as a .pem file and name it in BULKVM_CA_FILE."
        )
    if isinstance(cause, aiohttp.ClientConnectorDNSError):
        return PbxUnreachable(f"No machine called {url.host} is known here. Check the PBX's address. Nothing was sent.")
    if isinstance(cause, aiohttp.ClientConnectorError | aiohttp.ConnectionTimeoutError):
        return PbxUnreachable(
            f"The PBX at {where} cannot be reached. Nothing was sent.\n"
            "Check that it runs, that the address and port are right, and that this network may reach it."
        )
    if isinstance(error, httpx.UnsupportedProtocol):
        return PbxUnreachable(f"{where} cannot be reached over {url.scheme}. Begin the address with https://.")
    if isinstance(error, httpx.TimeoutException) and isinstance(cause, TimeoutError):
        return AnswerLost(f"The PBX at {where} did not answer in time.")
    return AnswerLost(f"The connection to the PBX at {where} was cut before its answer came.")


def _ssl_context(site: Site) -> ssl.SSLContext:
    if site.ca_file is None:
        return ssl.create_default_context()
    try:
        return ssl.create_default_context(cafile=Path(site.ca_file).expanduser())
    except (OSError, ssl.SSLError) as error:
        raise UsageError(
            f"The certificate file {site.ca_file} cannot be read. BULKVM_CA_FILE must name a .pem file."
        ) from error
