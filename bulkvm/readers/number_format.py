"""Number formats: how a workbook shows a number or text."""

from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from bulkvm.model.sheet import CellKind
from bulkvm.readers.date_mask import DateMask


@dataclass(frozen=True, slots=True)
class Mask:
    """A sequence of literals and digit placeholders."""

    characters: tuple[tuple[bool, str], ...]
    places: int
    _layouts: dict[int, str] = field(default_factory=dict, compare=False, repr=False)

    def fill(self, digits: str) -> str:
        """Fill digits into the placeholders from the right; the first placeholder takes all remaining digits."""
        filled = min(len(digits), self.places)
        layout = self._layouts.get(filled)
        if layout is None:
            layout = self._layouts[filled] = self._layout(self.places - filled)
        if not filled:
            return layout % ()
        surplus = len(digits) - filled
        return layout % (digits[: surplus + 1], *digits[surplus + 1 :])

    def _layout(self, empty: int) -> str:
        """Return the text with %s for each digit if this many placeholders from the left have none."""
        layout = []
        place = 0
        for is_digit, character in self.characters:
            if is_digit:
                layout.append("%s" if place >= empty else {"0": "0", "?": " ", "#": ""}[character])
                place += 1
            else:
                layout.append(character.replace("%", "%%"))
        return "".join(layout)


@dataclass(frozen=True, slots=True)
class Section:
    """How numbers of one sign are shown.

    `kind` is None if digits are shown. `mask` adds zeros or literals to the digits, if any. `literal` is the text that
    replaces the number, if any. `has_words`: whether digits without a mask are shown with literals around them.
    """

    kind: CellKind | None = None
    is_duration: bool = False
    mask: Mask | None = None
    shows_zero: bool = True
    literal: str | None = None
    has_words: bool = False
    date_mask: DateMask | None = None


@dataclass(frozen=True, slots=True)
class TextSection:
    """How text is shown: between `affixes`; or hidden or shown as something else, depending on `kind`."""

    affixes: tuple[str, ...] = ("", "")
    kind: CellKind | None = None

    def show(self, text: str) -> str:
        """Return text as shown, or as stored if it is not shown that way."""
        return text if self.kind else text.join(self.affixes)


@dataclass(frozen=True, slots=True)
class NumberFormat:
    """A parsed format: sections for positive numbers, negative numbers and zero, or with conditions.

    `texts` is how text is shown. `is_plain`: whole numbers are shown as their digits.
    """

    sections: tuple[Section, ...] = (Section(),)
    conditions: tuple[Callable[[Decimal], bool] | None, ...] = ()
    texts: TextSection = TextSection()
    is_plain: bool = False

    def section(self, number: Decimal) -> tuple[Section, bool]:
        """Return the section for a number, and whether a minus sign is shown before it."""
        if self.conditions:
            for section, holds in zip(self.sections, self.conditions, strict=True):
                if holds is None or holds(number):
                    # Programs differ in whether they show the minus sign here.
                    return (section if number >= 0 or section.kind else NOT_PLAIN_DIGITS), False
            return NOT_PLAIN_DIGITS, False
        place = 1 if number < 0 else 2 if number == 0 else 0
        own = place < len(self.sections)
        return self.sections[place if own else 0], number < 0 and not own


NOT_PLAIN_DIGITS: Final = Section(CellKind.SHOWN_OTHERWISE)
