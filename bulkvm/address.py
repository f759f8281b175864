"""The address of a PBX."""

from ipaddress import ip_address
from urllib.parse import urlsplit

from bulkvm.errors import UsageError


def check_url(url: str) -> str:
    """The base address of a PBX, without a trailing slash or /api.

    Raises:
        UsageError: it is no such address, or holds a password. The text does not repeat it.
    """
    try:
        parts = urlsplit(url.strip())
        host, port = parts.hostname, parts.port
        (host or "").encode("idna")
    except ValueError:
        host = port = None
    if not host or parts.scheme not in {"http", "https"}:
        raise UsageError(
            "What should be the PBX's address is not an address. Write it like https://pbx.example.com:8887."
        )
    if parts.username or parts.password:
        raise UsageError(
            "The PBX's address holds a user name or a password. Take them out: `bulkvm login` asks for them, and "
            "BULKVM_USER and BULKVM_PASSWORD can hold them."
        )
    where = f"[{host}]" if ":" in host else host
    path = parts.path.rstrip("/").removesuffix("/api")
    return f"{parts.scheme}://{where}{f':{port}' if port else ''}{path}"


def is_loopback(host: str) -> bool:
    """Whether a host is this machine, whatever a name server says."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
