"""PINs. No message in this module may contain one."""

import re
from typing import Final

from bulkvm.columns.cell_display import is_changed_by_spreadsheet
from bulkvm.model.problem import Fault, ProblemCode
from bulkvm.model.settings import DEFAULT_PIN_POLICY, PinPolicy
from bulkvm.text import count

_DIGITS: Final = re.compile(r"[0-9]+")
_DECIMALS: Final = re.compile(r"[0-9]+[.,]0+")
# "No repeating numbers (e.g. 111, 222)" and "no sequential numbers (e.g. 012, 789)": API page, "Create", pin.
_REPEATS: Final = re.compile(r"([0-9])\1\1")
# A PBX before 22.3 has a password policy, too, but does not apply it to PINs.
_OF_LOGINS: Final = (
    " A PBX older than 22.3 does not use that policy for PINs: if yours is one, add --pin-length "
    f"{DEFAULT_PIN_POLICY.min_length}-{DEFAULT_PIN_POLICY.max_length}."
)
_ASCENDING: Final = re.compile("|".join(f"{d}{d + 1}{d + 2}" for d in range(8)))
_DESCENDING: Final = re.compile("|".join(f"{d + 2}{d + 1}{d}" for d in range(8)))


def pin_digits(value: str, _: PinPolicy) -> Fault | None:
    """Reject anything but the digits 0 to 9."""
    if _DIGITS.fullmatch(value):
        return None
    if _DECIMALS.fullmatch(value):
        return Fault(ProblemCode.PIN_NOT_DIGITS, "a program wrote the PIN as a number with decimals. Remove the .0.")
    if is_changed_by_spreadsheet(value):
        return Fault(
            ProblemCode.PIN_NOT_DIGITS,
            "a spreadsheet converted the PIN to a date, a time, a percentage or an error (#N/A). "
            "Format the column as Text and type the PIN again.",
        )
    return Fault(ProblemCode.PIN_NOT_DIGITS, "a PIN contains only the digits 0 to 9. Remove the other characters.")


def pin_length(value: str, policy: PinPolicy) -> Fault | None:
    """Reject a PIN that is shorter or longer than the policy allows."""
    if policy.contradiction:
        return Fault(ProblemCode.PIN_POLICY, policy.contradiction)
    if policy.min_length <= len(value) <= policy.max_length:
        return None
    length = count(len(value), "character")
    if len(value) < policy.min_length:
        return Fault(
            ProblemCode.PIN_LENGTH,
            f"it has {length}, and {policy.min_from} requires at least {policy.min_length}. Choose a longer PIN."
            f"{_OF_LOGINS if policy.min_length > DEFAULT_PIN_POLICY.max_length else ''}",
        )
    return Fault(
        ProblemCode.PIN_LENGTH,
        f"it has {length}, and {policy.max_from} allows at most {policy.max_length}. Choose a shorter PIN.",
    )


def no_repeats(value: str, _: PinPolicy) -> Fault | None:
    """Reject three equal digits in a row."""
    if not _REPEATS.search(value):
        return None
    return Fault(
        ProblemCode.PIN_REPEATS,
        "the PIN has the same digit three times in a row, which the PBX rejects. Change one of them.",
    )


def no_ascending_run(value: str, _: PinPolicy) -> Fault | None:
    """Reject three ascending digits in a row."""
    if not _ASCENDING.search(value):
        return None
    return Fault(
        ProblemCode.PIN_ASCENDING,
        "the PIN has three ascending digits in a row (such as 123), which the PBX rejects. Change one of them.",
    )


def no_descending_run(value: str, _: PinPolicy) -> Fault | None:
    """Warn of three descending digits: the API page does not mention them, and they are easy to guess."""
    if not _DESCENDING.search(value):
        return None
    return Fault(
        ProblemCode.PIN_DESCENDING,
        "the PIN has three descending digits in a row (such as 987). The PBX may reject it, and it is easy to guess.",
    )
