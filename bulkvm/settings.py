"""What a user or a tenant sets: where the PBX is, who logs in, what a PIN may be, how changes are sent."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

from bulkvm.errors import UsageError


@dataclass(frozen=True, slots=True)
class PinPolicy:
    """How long a PIN may be, and in whose name each bound stands, for the messages."""

    min_length: int = 6
    max_length: int = 10
    min_from: str = "the PBX"
    max_from: str = "the PBX"


DEFAULT_PIN_POLICY: Final = PinPolicy()


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """One PBX tenant, and what logs in to it: a token, or a user of a domain with a password."""

    name: str
    url: str
    token: str | None = field(default=None, repr=False)
    user: str | None = None
    domain: str | None = None
    password: str | None = field(default=None, repr=False)
    ca_file: str | None = None


FEW: Final = 10


@dataclass(frozen=True, slots=True)
class Limit:
    """How many of some things are still all right: a number, or a share between 0 and 1 of at least FEW."""

    count: int | None = None
    share: float = 0.0

    def is_exceeded(self, some: int, of: int) -> bool:
        """Whether `some` of them are too many. A share of fewer than FEW says nothing."""
        if self.count is not None:
            return some > self.count
        return of >= FEW and some > self.share * of

    def __str__(self) -> str:
        """As a person writes it."""
        return f"{self.share:.0%}" if self.count is None else str(self.count)


@dataclass(frozen=True, slots=True, kw_only=True)
class SendSettings:
    """How requests are sent.

    Attributes:
        concurrency: requests under way at once, at most.
        max_rps: requests a second, at most; 0 for no limit. The PBX allows 5,000 a minute unless its administrator
            changed that (vendor's release notes, 16.2).
        timeout: seconds that one request may take.
        retries: how often one request is sent, where it is safe to repeat it.
        max_outage: seconds that a run waits for a PBX that went away.
        max_errors: how many of the rows that were sent may fail before the run stops.
        verify: read back every row that was written, not only those in doubt.
    """

    concurrency: int = 8
    max_rps: float = 75.0
    timeout: float = 30.0
    retries: int = 5
    max_outage: float = 120.0
    max_errors: Limit = Limit(share=0.1)
    verify: bool = False


DEFAULT_SETTINGS: Final = SendSettings()


def parse_limit(text: str) -> Limit:
    """Read a limit: `50` or `40%`.

    Raises:
        UsageError: it is neither.
    """
    number, percent, rest = text.strip().partition("%")
    if rest or not number.strip().isdecimal() or (percent and int(number) > 100):  # noqa: PLR2004  (per cent)
        raise UsageError(f'"{text}" is neither a number nor a share. Write 50 or 40%.')
    return Limit(share=int(number) / 100) if percent else Limit(count=int(number))


def site_of_environment(environment: Mapping[str, str]) -> Site:
    """The site that BULKVM_URL and the variables beside it describe.

    Raises:
        UsageError: there is none, or something that it needs is missing.
    """
    url = environment.get("BULKVM_URL")
    if not url:
        raise UsageError(
            "No PBX is named. Set BULKVM_URL (such as https://pbx.example.com:8887) and BULKVM_TOKEN,\n"
            "or BULKVM_URL, BULKVM_USER, BULKVM_DOMAIN and BULKVM_PASSWORD. "
            "To try everything without a PBX, add --site simulator."
        )
    user = environment.get("BULKVM_USER")
    token = environment.get("BULKVM_TOKEN")
    password = environment.get("BULKVM_PASSWORD")
    if not token and not (user and password):
        raise UsageError(
            "BULKVM_URL names a PBX, and nothing says who logs in. "
            "Set BULKVM_TOKEN, or BULKVM_USER, BULKVM_DOMAIN and BULKVM_PASSWORD."
        )
    base = check_url(url)
    return Site(
        name=urlsplit(base).hostname or base,
        url=base,
        token=token or None,
        user=user,
        domain=environment.get("BULKVM_DOMAIN") or None,
        password=password,
        ca_file=environment.get("BULKVM_CA_FILE") or None,
    )


def check_url(url: str) -> str:
    """The base address of a PBX, without a trailing slash or /api.

    Raises:
        UsageError: it is no such address, holds a password, or would carry credentials in the clear.
    """
    try:
        parts = urlsplit(url.strip())
        host, port = parts.hostname, parts.port
    except ValueError:
        host = port = None
    if not host or parts.scheme not in {"http", "https"}:
        raise UsageError("BULKVM_URL is not an address of a PBX. Write it like https://pbx.example.com:8887.")
    if parts.username or parts.password:
        raise UsageError("BULKVM_URL holds a user name or a password. Take them out and use BULKVM_USER and the like.")
    if parts.scheme == "http" and not _is_loopback(host):
        raise UsageError(
            f"{host} would be called over plain http, where anybody on the way can read the login. Write https:// in "
            "BULKVM_URL."
        )
    where = f"[{host}]" if ":" in host else host
    path = parts.path.rstrip("/").removesuffix("/api")
    return f"{parts.scheme}://{where}{f':{port}' if port else ''}{path}"


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
