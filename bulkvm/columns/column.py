"""What a column is: how its cells are read, written, checked, compared and explained."""

import operator
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, NamedTuple, TypeAlias

from bulkvm.columns.cell_display import find_hidden_characters, remove_hidden_characters
from bulkvm.model.box import BLANK, Blank, Value
from bulkvm.model.problem import Fault, ProblemCode
from bulkvm.model.settings import PinPolicy


class Parsed(NamedTuple):
    """A cell's value, None where none can be made of it, and what was wrong or was repaired on the way."""

    value: Value | None
    faults: tuple[Fault, ...] = ()


class FieldKind(Enum):
    """The type of a field in the API."""

    TEXT = "text"
    BOOLEAN = "boolean"
    LIST = "list"  # of texts, in one text with commas


Parse: TypeAlias = Callable[[str], Parsed]
Rule: TypeAlias = Callable[[Any, PinPolicy], Fault | None]
ReadPlain: TypeAlias = Callable[[Sequence[str]], list[Value | Blank | None]]


def parse_text(text: str) -> Parsed:
    """Keep the text unchanged."""
    return Parsed(text)


def read_matching(pattern: re.Pattern[str]) -> ReadPlain:
    """Make a column's `read_plain` of the pattern of texts that are values as they are."""
    match = pattern.fullmatch
    return lambda texts: [text if match(text) else None if text else BLANK for text in texts]


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column of the sheet, which is one field of the API.

    Attributes:
        header: the heading in bulkvm's own sheets, and the API's name of the field.
        title: the name that a person reads.
        kind: the type of the field.
        help: one sentence for the template and README.
        valid_examples, invalid_examples: texts of cells that the rules accept and reject.
        parse: reads the text of a cell that is not blank, without the spaces around it and invisible characters.
        is_free_text: whether invisible characters may belong to the value.
        rules: check the value.
        read_plain: reads many texts with few steps: the values of those that certainly have no problem under the
            default PIN policy, which are most texts of most sheets, BLANK for blank ones, and None for the others.
        format: writes a value so that `parse` reads it back.
        equal: whether two values mean the same, however they are spelled.
        required_for: the changes ("create", "update") for which a row must give a value.
        missing_code, blank_code: for a new box without a value, and for a row that may be for one.
        default: what the API documents for a new box without a value, None if nothing.
        updatable: whether the value of an existing box can be changed.
        clearable: whether `<clear>` empties it.
        digits: whether it holds digits, which spreadsheets may damage.
        secret: whether no message may show its value.
        choices: the values that the template offers; `choices_only` if there are no others.
        words: the API's values for which the template has other words.
        joiner: what joins the cells of several columns that are read as this one; if blank, only one can be.
        aliases: other headings that are recognised, by language, separated by commas.
        vague_aliases: the same, for words that also name something else.
        width: of the column in a workbook, in characters.
    """

    header: str
    title: str
    kind: FieldKind = FieldKind.TEXT
    help: str
    valid_examples: tuple[str, ...]
    invalid_examples: tuple[str, ...] = ()
    parse: Parse = parse_text
    is_free_text: bool = False
    rules: tuple[Rule, ...] = ()
    read_plain: ReadPlain | None = None
    format: Callable[[Any], str] = str
    equal: Callable[[Any, Any], bool] = operator.eq
    required_for: frozenset[str] = frozenset()
    missing_code: ProblemCode | None = None
    blank_code: ProblemCode | None = None
    default: Value | None = None
    updatable: bool = True
    clearable: bool = False
    digits: bool = False
    secret: bool = False
    choices: tuple[str, ...] = ()
    choices_only: bool = False
    words: Mapping[str, str] = field(default_factory=dict, compare=False)
    joiner: str = ""
    aliases: Mapping[str, str] = field(compare=False)
    vague_aliases: Mapping[str, str] = field(default_factory=dict, compare=False)
    width: int = 16

    @property
    def is_always_set(self) -> bool:
        """Whether every box has a value, so that a null from the PBX is a value that is not shown."""
        return self.kind is FieldKind.BOOLEAN or bool(self.required_for)

    def read(self, text: str) -> Parsed:
        """Parse the text of a cell; invisible characters inside it are left out, with a warning."""
        if self.is_free_text or (text.isascii() and text.isprintable()) or not (names := find_hidden_characters(text)):
            return self.parse(text)
        value, faults = self.parse(remove_hidden_characters(text))
        what = "number" if self.digits else "address" if self.kind is FieldKind.LIST else "cell"
        message = (
            f"There is an invisible character ({', '.join(names)}) in this {what}. It was left out; type the {what} "
            "again to be sure."
        )
        return Parsed(value, (Fault(ProblemCode.INVISIBLE_CHARACTERS, message), *faults))

    def in_words(self, value: Value) -> str:
        """A value in the words of the template, such as `24-hour clock`; one that it does not have as it is."""
        text = value if isinstance(value, str) else self.format(value)
        return self.words.get(text, text)

    def cell_text(self, value: Value) -> str:
        """A value as a cell of an export holds it. A NUL, which no file of text can hold, becomes its symbol."""
        text = value if isinstance(value, str) else self.format(value)
        return text.replace("\0", "\N{SYMBOL FOR NULL}")
