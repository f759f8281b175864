"""PINs. No message in this module may contain one."""

import re
from collections import Counter
from collections.abc import Iterable
from typing import Final

from bulkvm.columns.cell_display import (
    has_lookalike_letters,
    is_changed_by_spreadsheet,
    stands_for_no_value,
    to_ascii_digits,
)
from bulkvm.columns.unwanted_words import has_unwanted_clause
from bulkvm.model.problem import Fault, ProblemCode
from bulkvm.model.settings import DEFAULT_PIN_POLICY, PinPolicy
from bulkvm.text import count

_DIGITS: Final = re.compile(r"[0-9]+")
_DECIMALS: Final = re.compile(r"[0-9]+[.,]0+")
_IN_FORMULA: Final = re.compile(r'=\s*"[0-9]+"')
_IN_APOSTROPHES: Final = re.compile("'[0-9]+'?")
# "No repeating numbers (e.g. 111, 222)" and "no sequential numbers (e.g. 012, 789)": API page, "Create", pin.
_REPEATS: Final = re.compile(r"([0-9])\1\1")
_USUAL_SOURCES: Final = (DEFAULT_PIN_POLICY.min_from, "--pin-length")  # which need no words in a message
_ASCENDING: Final = re.compile("|".join(f"{d}{d + 1}{d + 2}" for d in range(8)))
_DESCENDING: Final = re.compile("|".join(f"{d + 2}{d + 1}{d}" for d in range(8)))


def _plain_digit(digit: int) -> str:
    """Match a digit that begins no run: it is not followed by itself twice, or by the next two up or down."""
    runs = [f"{digit + step}{digit + 2 * step}" for step in (-1, 0, 1) if 0 <= digit + 2 * step < 10]  # noqa: PLR2004
    return f"{digit}(?!{'|'.join(runs)})"


_MOST_LOST: Final = 2  # zeros of a PIN, with few exceptions: one PIN in a thousand begins with three
_USUAL_SHARE: Final = 0.65  # of the PINs have one length, if a spreadsheet shortened the others
_REMEDY: Final = re.compile(r" (?:Change one of them|Format the column)\b")
PLAIN_PIN: Final = re.compile(
    f"(?:{'|'.join(map(_plain_digit, range(10)))}){{{DEFAULT_PIN_POLICY.min_length},{DEFAULT_PIN_POLICY.max_length}}}"
)


def pin_digits(value: str, _: PinPolicy) -> Fault | None:
    """Reject anything but the digits 0 to 9."""
    if _DIGITS.fullmatch(value):
        return None
    if _DECIMALS.fullmatch(value):
        return Fault(
            ProblemCode.PIN_NOT_DIGITS, "A program wrote the PIN as a number with decimals. Remove the decimals."
        )
    if is_changed_by_spreadsheet(value):
        return Fault(
            ProblemCode.PIN_NOT_DIGITS,
            "A spreadsheet converted the PIN to a date, a time, a percentage or an error (#N/A). "
            "Format the column as Text and type the PIN again.",
        )
    if stands_for_no_value(value) or not any(map(str.isnumeric, value)):
        or_delete = " If the box is not wanted, delete the row." if has_unwanted_clause(value) else ""
        return Fault(ProblemCode.PIN_NOT_DIGITS, f"This is not a PIN. Type one, or leave the cell blank.{or_delete}")
    return Fault(ProblemCode.PIN_NOT_DIGITS, _other_characters(value))


def _other_characters(value: str) -> str:
    """Explain what to do about characters that are not digits, of which some may stand for digits."""
    if has_lookalike_letters(value):
        return "There is a letter among the digits, such as O for 0 or l for 1. Type the PIN again."
    if _IN_FORMULA.fullmatch(value):
        return "The PIN is in a formula, as some programs write it. Remove the equals sign and the quotation marks."
    if _IN_APOSTROPHES.fullmatch(value):
        return "There is an apostrophe beside the PIN, as some programs write it. Remove it."
    remedy = "Remove the other characters." if to_ascii_digits(value) == value else "Type it again with these."
    return f"A PIN contains only the digits 0 to 9. {remedy}"


def pin_length(value: str, policy: PinPolicy) -> Fault | None:
    """Reject a PIN that is shorter or longer than the policy allows."""
    if policy.contradiction:
        return Fault(ProblemCode.PIN_POLICY, policy.contradiction)
    if policy.min_length <= len(value) <= policy.max_length or not _DIGITS.fullmatch(value):
        return None
    length = count(len(value), "digit")
    return Fault(ProblemCode.PIN_LENGTH, f"The PIN has {length}; it needs {describe_length(policy)}.")


def describe_length(policy: PinPolicy) -> str:
    """Describe the allowed length of PINs, and which policy sets it: 6 to 10."""
    least, most = str(policy.min_length), str(policy.max_length)
    bounds = least if least == most else f"{least} to {most}"
    policies = [source for source in dict.fromkeys((policy.min_from, policy.max_from)) if source not in _USUAL_SOURCES]
    return f"{bounds} ({' and '.join(policies)})" if policies else bounds


def no_repeats(value: str, _: PinPolicy) -> Fault | None:
    """Reject three equal digits in a row."""
    if not _REPEATS.search(value) or not _DIGITS.fullmatch(value):
        return None
    return Fault(
        ProblemCode.PIN_REPEATS,
        "The PIN has the same digit three times in a row, which the PBX rejects. Change one of them.",
    )


def no_ascending_run(value: str, _: PinPolicy) -> Fault | None:
    """Reject three ascending digits in a row."""
    if not _ASCENDING.search(value) or not _DIGITS.fullmatch(value):
        return None
    return Fault(
        ProblemCode.PIN_ASCENDING,
        "The PIN has three ascending digits in a row (such as 123), which the PBX rejects. Change one of them.",
    )


def no_descending_run(value: str, _: PinPolicy) -> Fault | None:
    """Warn of three descending digits: the API page does not mention them, and they are easy to guess."""
    if not _DESCENDING.search(value) or not _DIGITS.fullmatch(value):
        return None
    return Fault(
        ProblemCode.PIN_DESCENDING,
        "The PIN has three descending digits in a row (such as 987). The PBX may reject it, and it is easy to guess.",
    )


def without_remedy(message: str) -> str:
    """Why a PIN is refused, for a PIN that need not be corrected since another one replaces it."""
    return _REMEDY.split(message)[0]


def length_of_most(pins: Iterable[str]) -> int:
    """The length of most PINs, if all others are shorter as by lost zeros: mostly by one or two digits; else 0."""
    lengths = Counter(map(len, pins))
    usual = max(lengths, default=0)
    is_uniform = lengths[usual] > 1 and _USUAL_SHARE * lengths.total() <= lengths[usual]
    one_short = lengths[usual - 1]
    much_shorter = sum(pins for length, pins in lengths.items() if length < usual - _MOST_LOST)
    return usual if is_uniform and one_short and much_shorter <= one_short else 0
