"""Fetches the certificate of a PBX."""

import ssl
from dataclasses import dataclass
from datetime import datetime

import httpx
from cryptography import x509
from cryptography.hazmat.primitives import hashes

from bulkvm.model.url import DEFAULT_PORTS
from bulkvm.pbx.fingerprint import show_fingerprint
from bulkvm.pbx.transport import not_reached
from bulkvm.text import printable


@dataclass(frozen=True, slots=True)
class Certificate:
    """The SHA-256 fingerprint, expiry date and subject of a certificate."""

    fingerprint: str
    expires: datetime
    subject: str


def fetch_certificate(url: str, timeout: float) -> Certificate:
    """Fetch the certificate at an address, trusted or not. No request is sent.

    Raises:
        PbxUnreachable: the server cannot be reached, or does not use TLS.
    """
    where = httpx.URL(url)
    try:
        place = (where.raw_host.decode(), where.port or DEFAULT_PORTS["https"])
        shown = ssl.get_server_certificate(place, timeout=timeout)
    except OSError as error:
        raise not_reached(where) from error
    certificate = x509.load_pem_x509_certificate(shown.encode())
    return Certificate(
        show_fingerprint(certificate.fingerprint(hashes.SHA256())),
        certificate.not_valid_after_utc,
        printable(certificate.subject.rfc4514_string()),
    )
