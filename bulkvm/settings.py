"""What a user or a tenant sets: where the PBX is, who logs in, what a PIN may be, how changes are sent."""

from dataclasses import dataclass, field
from typing import Final


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


@dataclass(frozen=True, slots=True, kw_only=True)
class SendSettings:
    """How requests are sent. `timeout` is in seconds, for one request."""

    concurrency: int = 8
    timeout: float = 30.0
