"""PINs for boxes that come without one."""

from collections.abc import Callable, Sequence
from typing import Final

from bulkvm.columns import COLUMN_OF_HEADER
from bulkvm.settings import PinPolicy

_DIGITS: Final = "0123456789"


def generate_pin(policy: PinPolicy, extension_number: str, choose: Callable[[Sequence[str]], str]) -> str:
    """A random PIN of the least length that keeps every rule, those that only warn included, and is not the extension.

    Args:
        policy: how long a PIN may be.
        extension_number: of the box that it is for.
        choose: picks one of several at random, such as `secrets.choice`.
    """
    rules = COLUMN_OF_HEADER["pin"].rules
    while True:
        pin = "".join(choose(_DIGITS) for _ in range(policy.min_length))
        if pin != extension_number and not any(rule(pin, policy) for rule in rules):
            return pin
