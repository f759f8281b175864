"""PINs for boxes that need one."""

from collections.abc import Callable, Sequence
from typing import Final

from bulkvm.columns import COLUMN_OF_HEADER
from bulkvm.errors import UsageError
from bulkvm.settings import DEFAULT_PIN_POLICY, PinPolicy

_DIGITS: Final = "0123456789"
_TRIES: Final = 1000


def generate_pin(policy: PinPolicy, extension_number: str, choose: Callable[[Sequence[str]], str]) -> str:
    """A random PIN that keeps every rule, those that only warn included, and is not the extension.

    It has the least length that the policy allows, but not fewer digits than the API page asks for, where it may.

    Args:
        policy: how long a PIN may be.
        extension_number: of the box that it is for.
        choose: picks one of several at random, such as `secrets.choice`.

    Raises:
        UsageError: no PIN can keep the policy.
    """
    if policy.contradiction:
        raise UsageError(f"No PIN can be generated: {policy.contradiction}")
    rules = COLUMN_OF_HEADER["pin"].rules
    length = max(policy.min_length, min(policy.max_length, DEFAULT_PIN_POLICY.min_length))
    for _ in range(_TRIES):
        pin = ""
        while len(pin) < length:
            pin += choose([digit for digit in _DIGITS if not _ends_badly(pin + digit)])
        if pin != extension_number and not any(rule(pin, policy) for rule in rules):
            return pin
    raise UsageError(
        f"No PIN of {length} digits was found that keeps the PBX's rules. Give longer ones with --pin-length."
    )


def _ends_badly(pin: str) -> bool:
    """Whether the last three digits are equal, or count up or down."""
    if len(pin) < 3:  # noqa: PLR2004  (three digits in a row are what the rules are about)
        return False
    first, second, third = map(int, pin[-3:])
    return second - first == third - second and abs(second - first) <= 1
