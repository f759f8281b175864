"""The identity of a tenant, independent of how the address is written and of who logs in."""

from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from bulkvm.model.errors import TenantNotConfirmed
from bulkvm.model.url import DEFAULT_PORTS, normalize_host
from bulkvm.text import printable

_USUAL: Final = frozenset({8887, *DEFAULT_PORTS.values()})  # not worth showing


@dataclass(frozen=True, slots=True, kw_only=True)
class Tenant:
    """One tenant of a PBX.

    Attributes:
        pbx: its address as `normalize_url` gives it.
        id: the tenant's own, where the PBX shows it.
        name: the same.
        domain: the tenant's SIP domain, from the PBX or else from the login.
        token_hash: identifies the tenant if only a token is known.
    """

    pbx: str
    id: str | None = None
    name: str | None = None
    domain: str | None = None
    token_hash: str | None = None

    @property
    def key(self) -> str:
        """The key of the tenant: stable while the PBX shows the same details."""
        return self.keys[0]

    @property
    def keys(self) -> tuple[str, ...]:
        """A key for each detail that identifies the tenant. Of one tenant, logins may be shown different details."""
        known = (("id", self.id), ("domain", self.domain and self.domain.casefold()), ("token", self.token_hash))
        return tuple(f"{self.pbx}#{name}={text}" for name, text in known if text) or (self.pbx,)

    def contradicts(self, other: "Tenant") -> bool:
        """Whether these are certainly two tenants. A detail that only one of them has is not compared."""
        if self.pbx != other.pbx:
            return True
        if self.id and other.id:
            return self.id != other.id
        if self.domain and other.domain:
            return self.domain.casefold() != other.domain.casefold()
        return False

    def confirms(self, expected: "Tenant") -> bool:
        """Whether these are the same tenant beyond doubt: what both show is equal, and both show an id or a domain."""
        ids, domains = (self.id, expected.id), (self.domain, expected.domain)
        shown = [pair for pair in (ids, tuple(text and text.casefold() for text in domains)) if all(pair)]
        return self.pbx == expected.pbx and bool(shown) and all(one == other for one, other in shown)

    def is_same(self, other: "Tenant") -> bool:
        """Whether these are certainly the same tenant."""
        if self.contradicts(other):
            return False
        both_show_it = (self.id and other.id) or (self.domain and other.domain)
        return bool(both_show_it) or self.key == other.key

    def is_named(self, name: str) -> bool:
        """Whether this is the domain or the id of the tenant."""
        return name == self.id or (self.domain or "").casefold() == name.casefold()

    def __str__(self) -> str:
        """For a message: `Clinic (clinic.example.com) on pbx.example.com`."""
        parts = urlsplit(self.pbx)
        port = "" if parts.port in _USUAL else f":{parts.port}"
        host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
        shown = [text for text in (self.name, self.domain) if text] or ([f"tenant {self.id}"] if self.id else [])
        names = f"{shown[0]} ({shown[1]})" if len(shown) > 1 else "".join(shown)
        return printable(f"{names} on {host}{port}{parts.path}" if names else f"{host}{port}{parts.path}")


def name_distinctly(*tenants: Tenant) -> list[str]:
    """Name tenants for a message: with their ids if they have the same name and domain."""
    shown = list(map(str, tenants))
    if len(set(shown)) == len(shown):
        return shown
    return [f"{text} (id {printable(one.id or 'not shown')})" for text, one in zip(shown, tenants, strict=True)]


@dataclass(frozen=True, slots=True)
class ListedTenant:
    """A tenant in the list of a system administrator. `is_enabled` is None if the PBX shows it in an unknown way."""

    tenant: Tenant
    is_enabled: bool | None

    @property
    def domain(self) -> str:
        """Its domain, by which it is named; its id or name if the PBX shows none."""
        return self.tenant.domain or self.tenant.id or self.tenant.name or "(no name)"

    def check_has_id(self) -> None:
        """Check that the tenant has an id, by which a system administrator's login is switched to it.

        Raises:
            TenantNotConfirmed: the PBX shows none.
        """
        if not self.tenant.id:
            raise TenantNotConfirmed(
                f"The PBX shows no id for the tenant {printable(self.domain)}, so nothing was sent to it: a login is "
                "switched to a tenant by its id. Ask the administrator of the PBX."
            )


def normalize_url(url: str) -> str:
    """Normalize the address of a PBX: scheme, host, port, and the path if there is one.

    Lower case, with the port, without a trailing dot; every loopback address is `localhost`.

    Args:
        url: an address that `check_url` accepts.
    """
    parts = urlsplit(url.strip())
    scheme = parts.scheme.lower()
    port = parts.port or DEFAULT_PORTS.get(scheme, 0)
    return f"{scheme}://{normalize_host(parts.hostname or '')}:{port}{parts.path.rstrip('/')}"
