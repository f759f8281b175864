"""Settings of a site, of PINs, of limits and of requests."""

import re
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Final

from bulkvm.model.errors import UsageError
from bulkvm.model.tenant import Tenant
from bulkvm.model.url import check_url


@dataclass(frozen=True, slots=True)
class PinPolicy:
    """The allowed lengths of a PIN, and the source of each bound, for messages."""

    min_length: int = 6
    max_length: int = 10
    min_from: str = "the PBX"
    max_from: str = "the PBX"

    @property
    def contradiction(self) -> str:
        """Why no PIN can meet the policy, and what to do; blank if one can."""
        if self.min_length <= min(self.max_length, LONGEST_PIN):
            return ""
        least, most = f"at least {self.min_length} digits", f"at most {self.max_length}"
        bounds = f"{least} and {most}" if self.min_length > self.max_length else least
        return (
            f"{self.min_from[0].upper()}{self.min_from[1:]} requires PINs of {bounds}, which is impossible. Ask the "
            "PBX's administrator to correct it."
        )


SET_PIN_LENGTH: Final = "Or set the length of PINs, such as --pin-length 6-10."
LONGEST_PIN: Final = 64  # longer than anyone can type
DEFAULT_PIN_POLICY: Final = PinPolicy()


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A tenant of a PBX, its login (a token, or user, domain and password), and how its certificate is verified.

    Attributes:
        password_command: a program and its arguments that print the password, or the token of a site without a user.
        password_file: a file with the password. At most one of the two is set; without them, it is in the keyring.
        ca_file: a .pem file; only its certificates and those signed by them are trusted.
        fingerprint: SHA-256 of the only certificate that is trusted.
        tenant: which the login reached when the site was set up; others are refused.
        switch_to: the domain of the tenant that is meant. A system administrator's login is switched to it.
        max_rps: the maximum number of requests a second; 0 for no limit, None for the default.
        concurrency: the maximum number of concurrent requests; None for the default.
        insecure: do not verify the certificate.
        allow_http: allow unencrypted connections, which expose the login and the PINs.
        from_variables: whether environment variables describe it, so that `--site` does not know its name.
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
    switch_to: str | None = None
    max_rps: float | None = None
    concurrency: int | None = None
    insecure: bool = False
    allow_http: bool = False
    from_variables: bool = False

    def __post_init__(self) -> None:
        """Normalize the address.

        Raises:
            UsageError: the address is not valid, or a pinned certificate would not be verified.
        """
        if self.url:  # blank while `login` sets up the site
            object.__setattr__(self, "url", check_url(self.url))
        if self.insecure and self.fingerprint:
            raise UsageError(
                f"The certificate of the site {self.name} is pinned, so --insecure (BULKVM_INSECURE) is refused: it "
                "would trust anyone. Leave it out. If the certificate was renewed, pin the new one with "
                f"`bulkvm login {self.name}`."
            )

    @property
    def is_administrator(self) -> bool:
        """Whether the login is a system administrator's, which has no domain and reaches every tenant."""
        return bool(self.user) and not self.domain and not self.token

    @property
    def tenants_command(self) -> str:
        """The command that lists the tenants, in the words of a message."""
        return f"`bulkvm tenants{'' if self.from_variables else f' --site {self.name}'}`"


MIN_SAMPLE: Final = 10


@dataclass(frozen=True, slots=True)
class Limit:
    """A limit: a number, or a share between 0 and 1, which needs at least MIN_SAMPLE items."""

    count: int | None = None
    share: float = 0.0

    def is_exceeded(self, some: int, of: int) -> bool:
        """Whether `some` items out of `of` exceed the limit."""
        if self.count is not None:
            return some > self.count
        # The float 0.29 is a little less than 0.29; its shortest text is exact.
        return of >= MIN_SAMPLE and some > 0 and some > Fraction(str(self.share)) * of

    def __str__(self) -> str:
        """As on the command line."""
        return f"{self.share:.0%}" if self.count is None else str(self.count)


@dataclass(frozen=True, slots=True, kw_only=True)
class SendSettings:
    """How requests are sent.

    Attributes:
        concurrency: the maximum number of concurrent requests.
        max_rps: the maximum number of requests a second; 0 for no limit. By default the PBX allows 5,000 a minute
            (vendor's release notes, 16.2).
        timeout: seconds for one request, from the name lookup to the last byte of the answer.
        retries: how often a request is sent if it is safe to repeat it.
        max_outage: seconds that a run waits while the PBX is unreachable.
        max_errors: how many of the rows that were sent may fail before the run stops.
        verify: read back every row that was written, not only uncertain ones.
        canary: read back the first row of each kind before others are sent.
    """

    concurrency: int = 8
    max_rps: float = 75.0
    timeout: float = 30.0
    retries: int = 5
    max_outage: float = 120.0
    max_errors: Limit = Limit(share=0.1)
    verify: bool = False
    canary: bool = True

    @property
    def most_in_flight(self) -> int:
        """How many requests may be in flight or wait for their turn: no more than are sent in a second.

        More would wait so long that what was read right before is out of date.
        """
        return min(self.concurrency, max(1, int(self.max_rps))) if self.max_rps else self.concurrency


DEFAULT_SETTINGS: Final = SendSettings()


def parse_limit(text: str) -> Limit:
    """Parse a limit: `50` or `40%`.

    Raises:
        UsageError: it is neither.
    """
    number, percent, rest = text.strip().partition("%")
    if rest or not number.strip().isdecimal() or (percent and int(number) > 100):  # noqa: PLR2004  (percent)
        raise UsageError(f'"{text}" is neither a number of rows nor a share from 0% to 100%. Write 50 or 40%.')
    return Limit(share=int(number) / 100) if percent else Limit(count=int(number))


def parse_pin_length(text: str) -> PinPolicy:
    """Parse the length of PINs: `6-10`, or `8` for exactly 8 digits.

    Raises:
        UsageError: it is neither, or is out of range.
    """
    found = re.fullmatch(r"\s*([0-9]{1,4})\s*(?:-\s*([0-9]{1,4})\s*)?", text)
    least, most = (int(found[1]), int(found[2] or found[1])) if found else (0, 0)
    if not 1 <= least <= most <= LONGEST_PIN:
        raise UsageError(
            f'"{text}" is not a PIN length. Write the fewest and the most digits, such as 6-10, up to {LONGEST_PIN}.'
        )
    return PinPolicy(least, most, min_from="--pin-length", max_from="--pin-length")
