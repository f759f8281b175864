"""What a column is: how its cells are read, written, checked, compared and explained."""

import operator
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias

from bulkvm.model.box import Value
from bulkvm.model.problem import Fault
from bulkvm.model.settings import PinPolicy


class Parsed(NamedTuple):
    """A cell's value, None where none can be made of it, and what was wrong or was repaired on the way."""

    value: Value | None
    faults: tuple[Fault, ...] = ()


Parse: TypeAlias = Callable[[str], Parsed]
Rule: TypeAlias = Callable[[Any, PinPolicy], Fault | None]


def as_typed(text: str) -> Parsed:
    """Take the text as it stands."""
    return Parsed(text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column of the sheet, which is one field of the API.

    `header` is both the heading in our own sheets and the API's name of the field. `parse` reads the text of a cell
    that is not blank, stripped of white space; the `rules` then look at its value. `format` writes a value so that
    `parse` reads it back. `same` compares values, not spellings. `needed_to` names the changes that need a value.
    `digits` says that a cell holds digits that a spreadsheet must not have touched; `secret`, that no message may
    show it. `aliases` are other headings for it, in any case. `good` and `bad` are cells that the rules accept and
    refuse.
    """

    header: str
    title: str
    help: str
    good: tuple[str, ...]
    bad: tuple[str, ...] = ()
    parse: Parse = as_typed
    rules: tuple[Rule, ...] = ()
    format: Callable[[Any], str] = str
    same: Callable[[Any, Any], bool] = operator.eq
    required_for: frozenset[str] = frozenset()
    updatable: bool = True
    clearable: bool = False
    digits: bool = False
    secret: bool = False
    choices: tuple[str, ...] = ()
    choices_only: bool = False
    aliases: tuple[str, ...] = ()
    width: int = 16

    def cell_text(self, value: Value) -> str:
        """A value as a cell of an export holds it. A NUL, which no file of text can hold, becomes its symbol."""
        text = value if isinstance(value, str) else self.format(value)
        return text.replace("\0", "\N{SYMBOL FOR NULL}")
