"""Extension numbers: digits, always kept as text."""

import re
import unicodedata
from typing import Final

from bulkvm.columns.cell_display import (
    has_lookalike_letters,
    is_changed_by_spreadsheet,
    shown,
    shown_number,
    stands_for_no_value,
    to_ascii_digits,
)
from bulkvm.columns.column import Parsed
from bulkvm.model.problem import Fault, ProblemCode
from bulkvm.model.settings import PinPolicy
from bulkvm.text import count

MIN_LENGTH: Final = 3
MAX_LENGTH: Final = 64
# The PBX's own numbers, which no box can have (vendor's guide).
RESERVED: Final = frozenset({"555", "666", "777", "888"})

PLAIN_EXTENSION: Final = re.compile(rf"(?!(?:{'|'.join(sorted(RESERVED))})\Z)[0-9]{{{MIN_LENGTH},{MAX_LENGTH}}}")

_LOOKED_AT: Final = 128  # characters, to find out what is wrong
_SHORTEST_PIN: Final = 5  # less a zero that a spreadsheet dropped
_SHORTEST_GROUPED: Final = 6  # typed as text, it has lost none
_UNGROUPED: Final = str.maketrans("", "", "().-")
_GROUPED: Final = re.compile(r"[0-9]+(?:[().-]+[0-9]+)*")  # a number in groups of digits: 402-817
_DIGITS: Final = re.compile(r"[0-9]+")
_NUMBER_WITHIN: Final = re.compile(rf"[0-9]{{{MIN_LENGTH}}}")
_LONG_RUN: Final = re.compile(rf"[0-9]{{{_SHORTEST_PIN}}}")
_WRAPPER: Final = re.compile(r"""=\s*"(.*)"|'(.*?)'?""", re.DOTALL)
_DECIMALS: Final = re.compile(r"([0-9]+)[.,]0+")
_THOUSANDS: Final = re.compile(r"[0-9]{1,3}(?:[.,'\u2019][0-9]{3})+")
_DECIMALS_OR_THOUSANDS: Final = re.compile(r"[0-9]{1,3}[.,]000")
_DASHES: Final = re.compile(r"[\u2010-\u2015\u2212\ufe58\ufe63\uff0d]")
_RANGE: Final = re.compile(
    r"([0-9]{3,})\s*(?:-+|\.\.+|\u2026|to|through|until|bis|\u00e0|a|hasta|fino a|tot|at\u00e9)\s*([0-9]+)",
    re.IGNORECASE,
)
_WIDEST_SHORT_RANGE: Final = 200  # 101-120 is a range, and 402-817 a number in groups
# As in "Printed 12/07/2026".
_DATE_WITHIN: Final = re.compile(
    r"(?<![0-9])[0-9]{1,2}([./-])[0-9]{1,2}\1(?:20)?[0-9]{2}(?![0-9])|(?<![0-9])20[0-9]{2}-[0-9]{2}-[0-9]{2}(?![0-9])"
)
_EXAMPLE: Final = re.compile(
    r"(?:e\. ?g\.|eg|example|ex\.|exemple|par exemple|z\. ?B\.|beispiel|bsp|p\. ?ej\.?|ejemplo|por ejemplo|"
    r"ad es\.|es\.|esempio|bijv\.?|bv\.|voorbeeld|p\. ?ex\.?|exemplo|por exemplo)[\s:]*[0-9]+|"
    r"[0-9]+\s*[(\[](?:example|beispiel|exemple|ejemplo|esempio|voorbeeld|exemplo)[)\]]",
    re.IGNORECASE,
)
_OF_EXAMPLE: Final = "This looks like an example. If the row is one, delete it; if not, type the number alone."
_WHOLE_NUMBER: Final = re.compile(r"(?=(?:[^0-9]*[0-9]){9})\+?[0-9\s()./-]+|\+[0-9\s()./-]+")
_ONLY_EXTENSION: Final = "Enter only the extension, without the rest of a phone number or other numbers."
_NO_NUMBER: Final = "This is not a number. If the row is a heading or a note, delete it."
_BETWEEN_NUMBERS: Final = re.compile(r"\s*(?:[/,;&+|\s]|\b(?:and|or|und|oder|et|ou|y|o|e|en|of)\b)\s*", re.IGNORECASE)
_LENGTH_OF_WORDS: Final = 4  # 6216 6217 are two numbers, and 402 817 may be one in groups


def parse_extension(text: str) -> Parsed:
    """Parse an extension number; remove what other programs put around digits, with a warning."""
    if _DIGITS.fullmatch(text):
        return Parsed(text)
    if len(text) > _LOOKED_AT:
        return Parsed(None, (_not_digits(text[:_LOOKED_AT], text[:_LOOKED_AT]),))
    faults = []
    if wrapped := _WRAPPER.fullmatch(text):
        text = (wrapped[1] or wrapped[2] or "").strip()
        faults.append(
            Fault(
                ProblemCode.EXTENSION_UNWRAPPED,
                "The digits are in an apostrophe or a formula, as some programs write them; "
                f"{shown_number(text)} is used.",
            )
        )
    plain = to_ascii_digits(text)
    if plain != text and _DIGITS.fullmatch(plain):
        faults.append(
            Fault(
                ProblemCode.EXTENSION_OTHER_DIGITS,
                f"The digits are written in another script; {shown_number(plain)} is used.",
            )
        )
        text = plain
    if not _DIGITS.fullmatch(text):
        faults.append(_not_digits(text, plain))
        return Parsed(None, tuple(faults))
    return Parsed(text, tuple(faults))


def extension_length(value: str, _: PinPolicy) -> Fault | None:
    """Reject what the API rejects: it requires [0-9]{3,64}."""
    if MIN_LENGTH <= len(value) <= MAX_LENGTH:
        return None
    return Fault(
        ProblemCode.EXTENSION_LENGTH,
        f"{shown_number(value)} has {count(len(value), 'digit')}; an extension has {MIN_LENGTH} to {MAX_LENGTH}. "
        "Give the whole number.",
    )


def not_reserved(value: str, _: PinPolicy) -> Fault | None:
    """Reject the PBX's own numbers."""
    if value not in RESERVED:
        return None
    return Fault(ProblemCode.EXTENSION_RESERVED, f"{value} is reserved by the PBX. Choose another number.")


def _not_digits(text: str, plain: str) -> Fault:
    plain = _DASHES.sub("-", plain)
    if is_changed_by_spreadsheet(plain):
        return Fault(
            ProblemCode.EXTENSION_NOT_DIGITS,
            f'"{shown_number(text)}" is a date, a time, a percentage or an error: a spreadsheet converted the number. '
            "Format the column as Text and type the number again.",
        )
    if explanation := _OF_EXAMPLE if _EXAMPLE.fullmatch(plain) else _what_else(plain):
        return Fault(ProblemCode.EXTENSION_NOT_DIGITS, explanation)
    is_secret = _may_hold_pin(text)
    digits = "" if is_secret else _intended_digits(plain)
    is_number = _NUMBER_WITHIN.search(plain)
    if not is_secret and not is_number and len(digits) < MIN_LENGTH and any(map(str.isalpha, text)):
        return Fault(ProblemCode.EXTENSION_NOT_DIGITS, _NO_NUMBER)
    advice = f"Did you mean {shown_number(digits)}?" if len(digits) >= MIN_LENGTH else "Enter only the number."
    if not digits and _WHOLE_NUMBER.fullmatch(plain):
        advice = _ONLY_EXTENSION
    text = shown(text) if is_secret else shown_number(text)
    return Fault(ProblemCode.EXTENSION_NOT_DIGITS, f'"{text}" contains other characters than digits. {advice}')


def _what_else(text: str) -> str:
    """Explain what a text is that is certainly no number; blank if it may be one."""
    if stands_for_no_value(text):
        return "This is a placeholder, not a number. Type the extension, or delete the row."
    if not any(map(str.isnumeric, text)) or (_DATE_WITHIN.search(text) and any(map(str.isalpha, text))):
        return _NO_NUMBER
    if has_lookalike_letters(text):
        return "There is a letter among the digits, such as O for 0 or l for 1. Type the number again."
    if (found := _RANGE.fullmatch(text)) and _is_range(found[1], found[2]):
        return "This is a range. Write one row for each box."
    numbers = _BETWEEN_NUMBERS.split(text)
    shortest = min(map(len, numbers))
    if (
        len(numbers) > 1
        and not _DECIMALS_OR_THOUSANDS.fullmatch(text)
        and all(map(_DIGITS.fullmatch, numbers))
        and shortest >= (MIN_LENGTH if re.search(r"[^0-9\s]", text) else _LENGTH_OF_WORDS)
    ):
        return "There are several numbers in this cell. Write one row for each box."
    return ""


def _is_range(first: str, last: str) -> bool:
    """Whether two numbers with a dash between them are the ends of a range; the last one may be shortened."""
    end = first[: -len(last)] + last
    span = int(end) - int(first)
    return len(end) == len(first) and span > 0 and (len(first) > MIN_LENGTH or span < _WIDEST_SHORT_RANGE)


def shown_extension(text: str) -> str:
    """Shorten a text for a message, without digits if there are several numbers, of which one may be a PIN."""
    return shown(text) if _may_hold_pin(text) else shown_number(text)


def _may_hold_pin(text: str) -> bool:
    """Whether there are several numbers, with enough digits for a PIN beside an extension."""
    plain = text[:_LOOKED_AT]
    if not plain.isascii():  # raised and circled digits are digits
        plain = unicodedata.normalize("NFKC", to_ascii_digits(plain))
    groups = _GROUPED.findall(plain)
    first = _DIGITS.match(groups[0]) if groups else None
    if first is None or (len(groups) == 1 and first.end() == len(groups[0])):  # not an extension and a PIN
        return False
    numbers = [group.translate(_UNGROUPED) for group in groups]
    if len(groups) == 1:  # 40-28-17 is one number, and 6201-402-817 is two
        is_one = first.end() < MIN_LENGTH
        return (not is_one and len(numbers[0]) - first.end() >= _SHORTEST_GROUPED) or bool(_LONG_RUN.search(plain))
    return sum(map(len, numbers)) - first.end() >= _SHORTEST_GROUPED or max(map(len, numbers)) >= _SHORTEST_PIN


def _intended_digits(text: str) -> str:
    """The digits that a text certainly means: one run, or runs with only punctuation between them."""
    if _DECIMALS_OR_THOUSANDS.fullmatch(text):
        return ""
    if decimals := _DECIMALS.fullmatch(text):  # as some programs write a number
        return decimals[1]
    if _THOUSANDS.fullmatch(text):
        return "".join(_DIGITS.findall(text))
    joined = "".join(text.split()).translate(_UNGROUPED)
    runs = _DIGITS.findall(text)
    is_numbered = len(runs) == 2 and len(runs[0]) >= MIN_LENGTH and len(runs[1]) == 1  # noqa: PLR2004  (6213-1)
    if _DIGITS.fullmatch(joined) and not is_numbered:
        runs = [joined]
    return runs[0] if len(runs) == 1 else ""
