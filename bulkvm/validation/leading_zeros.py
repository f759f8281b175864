"""Detects and restores leading zeros that a spreadsheet dropped: 12345 for the PIN 012345."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

from bulkvm.columns import KEY_COLUMN
from bulkvm.columns.pin import length_of_most
from bulkvm.columns.sheet_columns import may_have_lost_zero
from bulkvm.model.problem import Fault, Problem, ProblemCode
from bulkvm.model.settings import PinPolicy
from bulkvm.model.sheet import Sheet

ZERO_RESTORED: Final = Fault(
    ProblemCode.PIN_ZERO_RESTORED,
    "A leading zero that Excel dropped was restored.",
)
_ENOUGH: Final = 5  # so many PINs seldom all begin with a zero
_PROBABLY_LOST: Final = (
    "The PIN has {digits} digits{was}: Excel probably dropped a leading zero. Format the column as Text and type the "
    "PIN again with its zero."
)

_PERHAPS_LOST: Final = (
    "The PIN is shorter than most others, which have {usual} digits{was}: Excel may have dropped a leading zero. "
    "If so, format the column as Text and type the PIN again with its zero."
)


def restore_zeros(
    sheet: Sheet, letter: str, rows: Sequence[int], texts: Sequence[str], policy: PinPolicy
) -> tuple[list[str], dict[int, Fault]]:
    """Put zeros before each PIN that is one digit short and was a number: one, or as many as most PINs have digits.

    Args:
        sheet: the sheet.
        letter: of the column.
        rows: the numbers of the rows.
        texts: the texts of the column.
        policy: the allowed length of PINs.

    Returns:
        The texts, and a warning for each restored row.
    """
    length = max(policy.min_length, length_of_most(filter(str.isdecimal, map(str.strip, texts))))
    restored = {
        row: text.strip().zfill(length)
        for row, text in zip(rows, texts, strict=True)
        if _is_one_short(text, policy) and may_have_lost_zero(sheet, letter, row)
    }
    all_texts = [restored.get(row, text) for row, text in zip(rows, texts, strict=True)]
    return all_texts, dict.fromkeys(restored, ZERO_RESTORED)


def warn_of_lost_zeros(sheet: Sheet, letter: str, problems: Iterable[Problem], policy: PinPolicy) -> Iterator[Problem]:
    """Return the problems of a PIN column; if a PIN is one digit short, name the likely cause, a dropped zero.

    If most PINs are one digit short, as those of another system, no zeros were dropped.
    """
    are_short: bool | None = None
    for problem in problems:
        row = problem.row
        if problem.code == ProblemCode.PIN_LENGTH and are_short is None:
            are_short = _are_most_short(sheet, letter, policy)
        if (
            problem.code == ProblemCode.PIN_LENGTH
            and not are_short
            and row is not None
            and _is_one_short(str(sheet.cells.at[row, letter]), policy)
            and may_have_lost_zero(sheet, letter, row)
        ):
            message = _PROBABLY_LOST.format(digits=policy.min_length - 1, was=_was_number(sheet))
            yield replace(problem, code=ProblemCode.PIN_LOST_ZERO, message=message)
        else:
            yield problem


def warn_of_short_extensions(sheet: Sheet, letter: str, numbers: Mapping[int, str]) -> Iterator[tuple[int, str, Fault]]:
    """Warn of each number that is shorter than all other extensions."""
    lengths = Counter(map(len, numbers.values()))
    usual = max(lengths, key=lambda length: (lengths[length], length), default=0)
    if usual == min(lengths, default=0):  # nearly always
        return
    shorter = [(row, number) for row, number in numbers.items() if len(number) < usual]
    if (
        not shorter
        or 2 * len(shorter) > len(numbers)
        or not all(may_have_lost_zero(sheet, letter, row) for row, _ in shorter)
    ):
        return
    for row, number in shorter:
        yield (
            row,
            KEY_COLUMN.header,
            Fault(
                ProblemCode.EXTENSION_LOST_ZERO,
                f"{number} is shorter than the other extensions{_was_number(sheet)}: Excel may have "
                "dropped a leading zero. If so, format the column as Text and type it again.",
            ),
        )


def warn_of_short_pins(sheet: Sheet, letter: str, pins: Mapping[int, str]) -> Iterator[tuple[int, Fault]]:
    """Warn of valid PINs that are shorter than most others, which all have the same length."""
    usual = length_of_most(pins.values())
    if not usual:  # nearly always
        return
    fault = Fault(ProblemCode.PIN_SHORT, _PERHAPS_LOST.format(usual=usual, was=_was_number(sheet)))
    shorter = (row for row, pin in pins.items() if len(pin) < usual and may_have_lost_zero(sheet, letter, row))
    yield from ((row, fault) for row in shorter)


def restore_short_pins(sheet: Sheet, letter: str, pins: Mapping[int, str]) -> dict[int, str]:
    """Put zeros before each valid PIN that `warn_of_short_pins` would warn of, and return these PINs by row."""
    usual = length_of_most(pins.values())
    return {row: pins[row].zfill(usual) for row, _ in warn_of_short_pins(sheet, letter, pins)}


def _are_most_short(sheet: Sheet, letter: str, policy: PinPolicy) -> bool:
    texts = sheet.cells[letter].tolist()
    short = sum(_is_one_short(text, policy) for text in texts)
    return short >= _ENOUGH and 2 * short > sum(bool(text.strip()) for text in texts)


def _was_number(sheet: Sheet) -> str:
    """What a workbook shows of the cell, and a text file does not."""
    return ", and it was a number" if sheet.name is not None else ""


def _is_one_short(text: str, policy: PinPolicy) -> bool:
    stripped = text.strip()
    return stripped.isascii() and stripped.isdecimal() and len(stripped) == policy.min_length - 1
