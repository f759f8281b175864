"""What a user or a tenant sets: where the PBX is, who logs in, what a PIN may be, how changes are sent."""

import re
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Final

from bulkvm.model.errors import UsageError
from bulkvm.model.tenant import Tenant
from bulkvm.model.url import check_url


@dataclass(frozen=True, slots=True)
class PinPolicy:
    """How long a PIN may be, and in whose name each bound stands, for the messages."""

    min_length: int = 6
    max_length: int = 10
    min_from: str = "the PBX"
    max_from: str = "the PBX"

    @property
    def contradiction(self) -> str:
        """Why no PIN can keep it, and what to do about that; nothing where one can."""
        if self.min_length <= min(self.max_length, LONGEST_PIN):
            return ""
        least, most = f"at least {self.min_length} digits", f"at most {self.max_length}"
        bounds = f"{least} and {most}" if self.min_length > self.max_length else least
        return (
            f"{self.min_from} asks for PINs of {bounds}, which no PIN can be. Ask the PBX's administrator to correct "
            "it, or say how long a PIN may be, such as --pin-length 6-10."
        )


LONGEST_PIN: Final = 64  # longer than anybody can key in
DEFAULT_PIN_POLICY: Final = PinPolicy()


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """One PBX tenant, what logs in to it (a token, or a user of a domain with a password), and how it is trusted.

    Attributes:
        password_command: what prints the password, or the token of a site without a user; as a program and its
            arguments.
        password_file: a file that holds it. At most one of the two is given; without them, the keyring has it.
        ca_file: a .pem file; only certificates that it holds or vouches for are trusted.
        fingerprint: SHA-256 of the one certificate that is trusted.
        tenant: the one that the login reached when the site was set up; no other one is called.
        insecure: trust whoever answers.
        allow_http: let the login and the PINs travel in the clear.
    """

    name: str
    url: str
    token: str | None = field(default=None, repr=False)
    user: str | None = None
    domain: str | None = None
    password: str | None = field(default=None, repr=False)
    password_command: tuple[str, ...] | None = field(default=None, repr=False)
    password_file: str | None = None
    ca_file: str | None = None
    fingerprint: str | None = None
    tenant: Tenant | None = None
    insecure: bool = False
    allow_http: bool = False

    def __post_init__(self) -> None:
        """Bring the address to its usual form, and keep a pinned certificate from being passed over.

        Raises:
            UsageError: it is no address; or the certificate would be passed over.
        """
        if self.url:  # else it is not known yet
            object.__setattr__(self, "url", check_url(self.url))
        if self.insecure and self.fingerprint:
            raise UsageError(
                f"The certificate of the site {self.name} is pinned, so --insecure (BULKVM_INSECURE) is refused: it "
                "would trust anyone. Leave it out. If the certificate was renewed, pin the new one with "
                f"`bulkvm login {self.name}`."
            )


MIN_SAMPLE: Final = 10


@dataclass(frozen=True, slots=True)
class Limit:
    """How many of some things are still all right: a number, or a share between 0 and 1 of at least FEW."""

    count: int | None = None
    share: float = 0.0

    def is_exceeded(self, some: int, of: int) -> bool:
        """Whether `some` of them are too many. A share of fewer than FEW says nothing."""
        if self.count is not None:
            return some > self.count
        # A float such as 0.29 is a little less than what was written: its shortest text is what was meant.
        return of >= MIN_SAMPLE and some > Fraction(str(self.share)) * of

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
        timeout: seconds that one request may take, from the search for the host to the last byte of the answer.
        retries: how often one request is sent, where it is safe to repeat it.
        max_outage: seconds that a run waits for a PBX that went away.
        max_errors: how many of the rows that were sent may fail before the run stops.
        verify: read back every row that was written, not only those in doubt.
        canary: read back the first row of each kind before any other one is sent.
    """

    concurrency: int = 8
    max_rps: float = 75.0
    timeout: float = 30.0
    retries: int = 5
    max_outage: float = 120.0
    max_errors: Limit = Limit(share=0.1)
    verify: bool = False
    canary: bool = True


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


def parse_pin_length(text: str) -> PinPolicy:
    """Read how long a PIN may be: `6-10`, or `8` for exactly that.

    Raises:
        UsageError: it is neither, or no PIN can be that long.
    """
    found = re.fullmatch(r"\s*([0-9]{1,4})\s*(?:-\s*([0-9]{1,4})\s*)?", text)
    least, most = (int(found[1]), int(found[2] or found[1])) if found else (0, 0)
    if not 1 <= least <= most <= LONGEST_PIN:
        raise UsageError(
            f'"{text}" is no length of PINs. Write the fewest and the most digits, such as 6-10, up to {LONGEST_PIN}.'
        )
    return PinPolicy(least, most, min_from="--pin-length", max_from="--pin-length")
