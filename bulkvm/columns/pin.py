"""PINs. No message in this module may contain one."""

import re
from typing import Final

from bulkvm.columns.cell_display import is_changed_by_spreadsheet
from bulkvm.model.problem import Fault, ProblemCode
from bulkvm.model.settings import DEFAULT_PIN_POLICY, PinPolicy

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
        return Fault(ProblemCode.PIN_NOT_DIGITS, "a program wrote the PIN as a number with decimals. Take the .0 off.")
    if is_changed_by_spreadsheet(value):
        return Fault(
            ProblemCode.PIN_NOT_DIGITS,
            "a spreadsheet made a date, a time, a percentage or an error (#N/A) of the PIN. "
            "Format the column as Text and type the PIN again.",
        )
    return Fault(ProblemCode.PIN_NOT_DIGITS, "a PIN is made of the digits 0 to 9 alone. Take the other characters out.")


def pin_length(value: str, policy: PinPolicy) -> Fault | None:
    """Reject a PIN that is shorter or longer than the policy allows."""
    if policy.contradiction:
        return Fault(ProblemCode.PIN_POLICY, policy.contradiction)
    if policy.min_length <= len(value) <= policy.max_length:
        return None
    count = "1 character" if len(value) == 1 else f"{len(value)} characters"
    if len(value) < policy.min_length:
        return Fault(
            ProblemCode.PIN_LENGTH,
            f"it has {count}, and {policy.min_from} asks for at least {policy.min_length}. Give a longer PIN."
            f"{_OF_LOGINS if policy.min_length > DEFAULT_PIN_POLICY.max_length else ''}",
        )
    return Fault(
        ProblemCode.PIN_LENGTH,
        f"it has {count}, and {policy.max_from} allows at most {policy.max_length}. Give a shorter PIN.",
    )


def no_repeats(value: str, _: PinPolicy) -> Fault | None:
    """Reject three equal digits in a row."""
    if not _REPEATS.search(value):
        return None
    return Fault(
        ProblemCode.PIN_REPEATS,
        "the same digit stands three times in a row, which the PBX refuses. Change one of the repeated digits.",
    )


def no_ascending_run(value: str, _: PinPolicy) -> Fault | None:
    """Reject three ascending digits in a row."""
    if not _ASCENDING.search(value):
        return None
    return Fault(
        ProblemCode.PIN_ASCENDING,
        "three digits in a row count up (such as 123), which the PBX refuses. Change one of them.",
    )


def no_descending_run(value: str, _: PinPolicy) -> Fault | None:
    """Warn of three descending digits: the API page does not mention them, and they are easy to guess."""
    if not _DESCENDING.search(value):
        return None
    return Fault(
        ProblemCode.PIN_DESCENDING,
        "three digits in a row count down (such as 987). The PBX may refuse that, and it is easily guessed.",
    )
