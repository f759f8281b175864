"""Generates PINs, and warns of old PINs that the current rules refuse."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final

from bulkvm.columns import PIN_COLUMN
from bulkvm.model.box import BLANK
from bulkvm.model.change import Change, ChangeKind
from bulkvm.model.errors import UsageError
from bulkvm.model.problem import Fault, Problem, ProblemCode, Severity
from bulkvm.model.settings import DEFAULT_PIN_POLICY, SET_PIN_LENGTH, PinPolicy
from bulkvm.planning.comparison import box_to_send, updated_box

_DIGITS: Final = "0123456789"
_TRIES: Final = 1000
_SENT_ALONG: Final = "An update sends it too, so the PBX may refuse the whole row. Enter a new PIN in the sheet."
_LEFT_OUT: Final = (
    "is shown with a PIN of one repeated digit, which may be a mask for a hidden PIN, so an update leaves it out. If "
    "the PBX refuses that, enter a new PIN."
)
_UNDONE: Final = (
    "Undoing the row sends it again, so the PBX may refuse that. If it does, import the former values with a new PIN."
)


def generate_pin(policy: PinPolicy, extension_number: str, choose: Callable[[Sequence[str]], str]) -> str:
    """Generate a random PIN that follows every rule, including those that only warn, and is not the extension.

    It is as short as the policy allows, but no shorter than the API page requires, unless the policy forbids that.

    Args:
        policy: how long a PIN may be.
        extension_number: the box that it is for.
        choose: picks a random element, such as `secrets.choice`.

    Raises:
        UsageError: no PIN can follow the policy.
    """
    if policy.contradiction:
        raise UsageError(f"No PIN can be generated: {policy.contradiction} {SET_PIN_LENGTH}")
    rules = PIN_COLUMN.rules
    length = max(policy.min_length, min(policy.max_length, DEFAULT_PIN_POLICY.min_length))
    for _ in range(_TRIES):
        pin = ""
        while len(pin) < length:
            pin += choose([digit for digit in _DIGITS if not _ends_badly(pin + digit)])
        if pin != extension_number and not any(rule(pin, policy) for rule in rules):
            return pin
    raise UsageError(
        f"No PIN of {length} digits was found that follows the PBX's rules. Allow longer PINs with --pin-length."
    )


def pin_fault(pin: object, policy: PinPolicy) -> Fault | None:
    """The error of a PIN by the current rules; None if it is valid or not known."""
    if not isinstance(pin, str):
        return None
    faults = (rule(pin, policy) for rule in PIN_COLUMN.rules)
    return next((fault for fault in faults if fault and fault.severity is Severity.ERROR), None)


def warn_of_old_pins(changes: Iterable[Change], policy: PinPolicy, *, of_undo: bool = False) -> Iterator[Problem]:
    """Warn of each change that sends a present or former PIN which the current rules refuse."""
    for change in changes:
        if fault := pin_fault(_old_pin(change, of_undo=of_undo), policy):
            is_left_out = change.kind is ChangeKind.UPDATE and box_to_send(change).pin is BLANK
            how = _UNDONE if of_undo else _SENT_ALONG
            what = _LEFT_OUT if is_left_out else f"has a PIN that the current rules refuse: {fault.message} {how}"
            yield Problem(
                row=change.record.row,
                column=PIN_COLUMN.header,
                code=ProblemCode.PIN_OUTDATED,
                message=f"Box {change.record.extension_number} {what}",
                severity=Severity.WARNING,
            )


def _old_pin(change: Change, *, of_undo: bool) -> object:
    """The PIN that a change sends although it is not in a sheet."""
    if change.kind is ChangeKind.UPDATE and (of_undo or PIN_COLUMN.header not in change.changed):
        return updated_box(change).pin
    return change.record.pin if of_undo else None


def _ends_badly(pin: str) -> bool:
    """Whether the last three digits are equal, ascending or descending."""
    if len(pin) < 3:  # noqa: PLR2004  (the rules are about three digits in a row)
        return False
    first, second, third = map(int, pin[-3:])
    return second - first == third - second and abs(second - first) <= 1
