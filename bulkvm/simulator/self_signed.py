"""A self-signed certificate for the simulator, as many PBXs have."""

import datetime as dt
import os
import ssl
import stat
from ipaddress import IPv4Address
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

_PRIVATE: Final = 0o600
_DAY: Final = dt.timedelta(days=1)
_LIFETIME: Final = 365 * _DAY


def ensure_certificate(certificate_file: Path, key_file: Path) -> None:
    """Create a self-signed certificate for this machine and its key, unless existing ones can be used.

    Raises:
        OSError: a file cannot be written.
    """
    if _is_usable(certificate_file, key_file):
        return
    for file in (certificate_file, key_file):
        file.unlink(missing_ok=True)
    _write(certificate_file, key_file)


def _is_usable(certificate_file: Path, key_file: Path) -> bool:
    """Return whether the certificate is valid for another day and matches a key that only its owner can access."""
    try:
        status = key_file.lstat()
        if os.name == "posix" and (status.st_mode != stat.S_IFREG | _PRIVATE or status.st_uid != os.getuid()):
            return False
        certificate = x509.load_pem_x509_certificate(certificate_file.read_bytes())
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate_file, key_file)
    except (OSError, ValueError):
        return False
    return certificate.not_valid_after_utc > dt.datetime.now(dt.UTC) + _DAY


def _write(certificate_file: Path, key_file: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "bulkvm simulator")])
    now = dt.datetime.now(dt.UTC)
    names = x509.SubjectAlternativeName([x509.DNSName("localhost"), x509.IPAddress(IPv4Address("127.0.0.1"))])
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now - _DAY, now + _LIFETIME)
        .add_extension(names, critical=False)
        .sign(key, hashes.SHA256())
    )
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    for path, content in ((certificate_file, certificate.public_bytes(serialization.Encoding.PEM)), (key_file, secret)):
        # O_EXCL also refuses symbolic links.
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _PRIVATE), "wb") as file:
            file.write(content)
