"""The address of a PBX."""

import re
import socket
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Final
from urllib.parse import SplitResult, urlsplit

from bulkvm.model.errors import UsageError

DEFAULT_PORTS: Final = {"https": 443, "http": 80}
LOCALHOST: Final = "localhost"
_IPV4: Final = re.compile(r"[0-9]+(\.[0-9]+){3}", re.ASCII)
_NAME: Final = re.compile(r"(?=.{1,253}$)[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*\.?", re.ASCII)


def check_url(url: str) -> str:
    """Validate and normalize the base address of a PBX: without a trailing slash, /api or the default port.

    Raises:
        UsageError: it is not a valid address, or contains a password. The message does not repeat it.
    """
    try:
        parts = urlsplit(url.strip())
        where, port = _read_host(parts), parts.port
        if any(character.isspace() for character in url.strip()):
            raise ValueError  # noqa: TRY301  (urlsplit raises the same for invalid addresses)
        usual = DEFAULT_PORTS[parts.scheme]
    except (ValueError, LookupError):
        where, port, usual = "", None, 0
    if not where or port == 0:
        raise UsageError(
            "The PBX's address is not a valid URL. Write it like https://pbx.example.com:8887, with "
            "https:// in front and a port from 1 to 65535."
        )
    if parts.username or parts.password:
        raise UsageError(
            "The PBX's address holds a user name or a password. Take them out: `bulkvm login SITE` asks for them, and "
            "BULKVM_USER and BULKVM_PASSWORD can hold them."
        )
    path = parts.path.rstrip("/").removesuffix("/api")
    return f"{parts.scheme}://{where}{f':{port}' if port not in {None, usual} else ''}{path}"


def _read_host(parts: SplitResult) -> str:
    """Return the host of an address.

    Raises:
        ValueError: it is not a valid host.
    """
    host = parts.hostname or ""
    if "[" in parts.netloc:
        IPv6Address(host)
        return f"[{host}]"
    name = _to_ascii(host)
    if not _NAME.fullmatch(name):
        raise ValueError
    if _IPV4.fullmatch(name):
        IPv4Address(name)  # a leading zero may mean an octal number
    for label in name.split("."):
        if label.startswith("xn--"):
            import idna  # noqa: PLC0415  (slow to import, and rarely needed)

            idna.decode(label)
    return host


def _to_ascii(name: str) -> str:
    if name.isascii():
        return name
    import idna  # noqa: PLC0415  (slow to import, and rarely needed)

    return idna.encode(name).decode("ascii")


def is_loopback(host: str) -> bool:
    """Whether a host is this machine for certain. A name server may be asked about any name but `localhost`."""
    address = read_ip(host)
    return address.is_loopback if address else host.lower() == LOCALHOST


def normalize_host(host: str) -> str:
    """Normalize a host: lower case, without a trailing dot; `localhost` for every loopback address."""
    name = host.rstrip(".").lower()
    address = read_ip(name)
    if address is None:
        name = _to_ascii(name)
        return LOCALHOST if name.endswith(f".{LOCALHOST}") else name
    if address.is_loopback:
        return LOCALHOST
    return f"[{address}]" if isinstance(address, IPv6Address) else str(address)


def read_ip(host: str) -> IPv4Address | IPv6Address | None:
    """Parse a numeric host in any notation that the operating system accepts."""
    try:
        address = ip_address(host)
    except ValueError:
        try:
            return IPv4Address(socket.inet_aton(host)) if host[:1].isdigit() else None
        except OSError:
            return None
    if isinstance(address, IPv6Address) and address.ipv4_mapped:
        return address.ipv4_mapped
    return address
