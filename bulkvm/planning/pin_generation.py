"""PINs for boxes that need one."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final

from bulkvm.columns import PIN_COLUMN
from bulkvm.model.box import BLANK
from bulkvm.model.change import Change, ChangeKind
from bulkvm.model.errors import UsageError
from bulkvm.model.problem import Fault, Problem, Severity
from bulkvm.model.settings import DEFAULT_PIN_POLICY, PinPolicy
from bulkvm.planning.comparison import box_to_send, whole_box

_DIGITS: Final = "0123456789"
_TRIES: Final = 1000
_SENT_ALONG: Final = (
    "An update sends it along, so the PBX may refuse the whole row. Give the box a new PIN in the sheet, or let "
    "--generate-pins make one."
)
_LEFT_OUT: Final = (
    "is shown with a PIN of one digit repeated, which may stand for a PIN that this PBX does not show, so an update "
    "leaves it out. If the PBX refuses that, give the box a new PIN."
)
_UNDONE: Final = (
    "To undo the row, it is sent again, so the PBX may refuse that. Then import the row's former values with a new PIN."
)


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
    rules = PIN_COLUMN.rules
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


def pin_fault(pin: object, policy: PinPolicy) -> Fault | None:
    """Why a PIN may not be one; None where it may, or is not known."""
    if not isinstance(pin, str):
        return None
    faults = (rule(pin, policy) for rule in PIN_COLUMN.rules)
    return next((fault for fault in faults if fault and fault.severity is Severity.ERROR), None)


def warn_of_old_pins(changes: Iterable[Change], policy: PinPolicy, *, of_undo: bool = False) -> Iterator[Problem]:
    """A warning for each change that sends a PIN which the box has, or had, and which today's rules refuse."""
    for change in changes:
        if fault := pin_fault(_old_pin(change, of_undo=of_undo), policy):
            is_left_out = change.kind is ChangeKind.UPDATE and box_to_send(change).pin is BLANK
            how = _UNDONE if of_undo else _SENT_ALONG
            what = _LEFT_OUT if is_left_out else f"has a PIN from a time of other rules: {fault.message} {how}"
            yield Problem(
                row=change.record.row,
                column=PIN_COLUMN.header,
                code="pin-outdated",
                message=f"box {change.record.extension_number} {what}",
                severity=Severity.WARNING,
            )


def _old_pin(change: Change, *, of_undo: bool) -> object:
    """The PIN that a change sends though no sheet gives it."""
    if change.kind is ChangeKind.UPDATE and (of_undo or "pin" not in change.changed):
        return whole_box(change).pin
    return change.record.pin if of_undo else None


def _ends_badly(pin: str) -> bool:
    """Whether the last three digits are equal, or count up or down."""
    if len(pin) < 3:  # noqa: PLR2004  (three digits in a row are what the rules are about)
        return False
    first, second, third = map(int, pin[-3:])
    return second - first == third - second and abs(second - first) <= 1
