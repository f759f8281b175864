"""Which tenant of which PBX is meant, however its address is written and whoever logs in."""

import socket
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Final
from urllib.parse import urlsplit

import idna

from bulkvm.text import printable

_PORTS: Final = {"https": 443, "http": 80}
_USUAL: Final = frozenset({8887, *_PORTS.values()})  # not worth showing
_LOOPBACK: Final = "localhost"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tenant:
    """One tenant of a PBX.

    Attributes:
        pbx: its address as `normalize_url` gives it.
        id: the tenant's own, where the PBX shows it.
        name: the same.
        domain: the tenant's SIP domain, from the PBX or else from the login.
        token_hash: stands for the tenant where only a token is known.
    """

    pbx: str
    id: str | None = None
    name: str | None = None
    domain: str | None = None
    token_hash: str | None = None

    @property
    def key(self) -> str:
        """Equal for the same tenant of the same PBX, as long as the PBX shows as much of it."""
        if self.id:
            return f"{self.pbx}#id={self.id}"
        if self.domain:
            return f"{self.pbx}#domain={self.domain.casefold()}"
        return f"{self.pbx}#token={self.token_hash}" if self.token_hash else self.pbx

    def contradicts(self, other: "Tenant") -> bool:
        """Whether these are two tenants for certain. What only one of them knows proves nothing."""
        if self.pbx != other.pbx:
            return True
        if self.id and other.id:
            return self.id != other.id
        if self.domain and other.domain:
            return self.domain.casefold() != other.domain.casefold()
        return False

    def is_same(self, other: "Tenant") -> bool:
        """Whether these are one tenant for certain."""
        if self.contradicts(other):
            return False
        both_show_it = (self.id and other.id) or (self.domain and other.domain)
        return bool(both_show_it) or self.key == other.key

    def __str__(self) -> str:
        """As it is shown: `Clinic (clinic.example.com) on pbx.example.com`."""
        parts = urlsplit(self.pbx)
        port = "" if parts.port in _USUAL else f":{parts.port}"
        host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
        shown = [text for text in (self.name, self.domain) if text] or ([f"tenant {self.id}"] if self.id else [])
        names = f"{shown[0]} ({shown[1]})" if len(shown) > 1 else "".join(shown)
        return printable(f"{names} on {host}{port}{parts.path}" if names else f"{host}{port}{parts.path}")


def normalize_url(url: str) -> str:
    """The address of a PBX in one spelling: scheme, host, port, and the path if there is one.

    Lower case, with the port, without the dot after the host's name; all ways to write this machine are `localhost`.

    Args:
        url: an address that `check_url` accepts.
    """
    parts = urlsplit(url.strip())
    scheme = parts.scheme.lower()
    port = parts.port or _PORTS.get(scheme, 0)
    return f"{scheme}://{_normalize_host(parts.hostname or '')}:{port}{parts.path.rstrip('/')}"


def _normalize_host(host: str) -> str:
    name = host.rstrip(".").lower()
    address = _read_ip(name)
    if address is None:
        name = name if name.isascii() else idna.encode(name).decode("ascii")
        return _LOOPBACK if name.endswith(f".{_LOOPBACK}") else name
    if address.is_loopback:
        return _LOOPBACK
    return f"[{address}]" if isinstance(address, IPv6Address) else str(address)


def _read_ip(host: str) -> IPv4Address | IPv6Address | None:
    """The address of a host that is written as numbers, in any of the ways that the operating system takes."""
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
