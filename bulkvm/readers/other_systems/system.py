"""What an export of another phone system is: its headings, the meaning of its words, and what is known about it."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import chain
from typing import Final, Self

from bulkvm.columns import KEY_COLUMN, NAME_COLUMN, PIN_COLUMN
from bulkvm.columns.header_matching import heading_key
from bulkvm.text import count

YES: Final = "yes"
NO: Final = "no"
OFF: Final = "off"
CLOCK_12: Final = "12-hour clock"
CLOCK_24: Final = "24-hour clock"
# Leaves the cell blank: what the word means here is not certain.
UNCERTAIN: Final = ""
# The next flag of the same column decides.
NEXT: Final = ">"
# As a reason why a row is not a box: the row is one.
IS_BOX: Final = ""
VOICEMAIL_OFF: Final = "Voicemail is off there."

# Booleans as spreadsheets write them after they opened a CSV file, in the languages that bulkvm knows.
TRUE: Final = ("true", "wahr", "vrai", "verdadero", "vero", "waar", "verdadeiro")
FALSE: Final = ("false", "falsch", "faux", "falso", "onwaar")


class FileKind(StrEnum):
    """How a file is read.

    Attributes:
        row, part: what a row and a column of the sheet are in the file.
        place: what the numbers of the rows count.
        text_format: as what it is saved as UTF-8.
    """

    row: str
    part: str
    place: str
    text_format: str

    def __new__(cls, kind: str, row: str = "", part: str = "", place: str = "", text_format: str = "") -> Self:
        """Make a member of its name and words."""
        member = str.__new__(cls, kind)
        member._value_ = kind
        member.row, member.part, member.place, member.text_format = row, part, place, text_format
        return member

    TABLE = "CSV", "row", "column", "row", "CSV UTF-8"
    VOICEMAIL_CONF = "voicemail.conf", "mailbox", "field", "line", "UTF-8"
    JSON = "JSON", "box", "field", "row", "UTF-8"

    def count_rows(self, rows: int) -> str:
        """Render a number of rows: `2 rows`, `2 mailboxes`."""
        return count(rows, self.row, f"{self.row}es" if self.row.endswith("x") else None)


def either(yes: str, no: str) -> dict[str, str]:
    """The meaning of a boolean, written as true and false or as 1 and 0."""
    return {**dict.fromkeys((*TRUE, "1"), yes), **dict.fromkeys((*FALSE, "0"), no)}


@dataclass(frozen=True, slots=True)
class Flag:
    """A column with words of a closed list.

    Attributes:
        heading: its heading.
        words: what each word means, in lower case; "" is a blank cell.
        matches: what words mean that match a pattern.
        others: what any other word means; None if it is an error.
        option: the name of an option in a cell such as `attach=yes|envelope=no`; its value is the word.
    """

    heading: str
    words: Mapping[str, str]
    others: str | None = None
    option: str = ""
    matches: Mapping[str, str] = field(default_factory=dict)

    def meaning(self, word: str) -> str | None:
        """What a word in lower case means; None if it is not known."""
        if word in self.words:
            return self.words[word]
        found = (meaning for pattern, meaning in self.matches.items() if re.search(pattern, word))
        return next(found, self.others)


@dataclass(frozen=True, slots=True)
class Note:
    """A warning about values that have no column here: one for all rows that match.

    `has_addresses` is whether they can be read as recipients. `blank_beside` is the heading of another boolean:
    where it is 1, booleans are written as 1 and blank, and a blank cell matches, too.
    """

    heading: str
    pattern: re.Pattern[str]
    message: str
    has_addresses: bool = False
    blank_beside: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """The headings of one export. Case, accents, spaces and punctuation in headings do not matter.

    Attributes:
        identified_by: each of them is a set of headings that no other file has.
        never_with: headings that the export never has.
        number, pin: the headings of the extension and the PIN.
        name, recipients: alternatives, the first that a file has counts; each is a list of headings that are joined.
            Where it is blank, the next alternative counts.
        separator: between addresses, if it is not a comma or a semicolon.
        pin_mark: a mark before a PIN, which is not part of it.
        nulls: texts of cells without a value, as a database writes them.
        off: which rows are not boxes, and why; a row is left out if one of them gives a reason.
        no_number: why a row without a number is not a box; if blank, such a row is an error.
        needs_number: whether such a row is no box either if another column is mapped to the number.
        notify, ask, prompt, clock: flags of the columns enable_email_notify, enable_pin, prompt and play_datetime; of
            several, the first counts that is not NEXT.
        mails_if_address: whether an e-mail is sent if there is an address, and none if there is not.
        notes: warnings about values that are not taken.
        secrets: headings of secrets, which are never read.
        others: other headings of the export that match a column of bulkvm and mean something else.
        context: the heading of the context; the same number in two contexts is two different boxes.
    """

    identified_by: tuple[tuple[str, ...], ...]
    never_with: tuple[str, ...] = ()
    number: str
    pin: str = ""
    name: tuple[tuple[str, ...], ...] = ()
    recipients: tuple[tuple[str, ...], ...] = ()
    separator: str = ""
    pin_mark: str = ""
    nulls: tuple[str, ...] = ()
    off: tuple[Flag, ...] = ()
    no_number: str = ""
    needs_number: bool = False
    notify: tuple[Flag, ...] = ()
    ask: tuple[Flag, ...] = ()
    prompt: tuple[Flag, ...] = ()
    clock: tuple[Flag, ...] = ()
    mails_if_address: bool = False
    notes: tuple[Note, ...] = ()
    secrets: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    context: str = ""

    def identifies(self, keys: Collection[str]) -> bool:
        """Whether a file with these headings, each as its `heading_key`, is this export."""
        if any(heading_key(heading) in keys for heading in self.never_with):
            return False
        return any(all(heading_key(heading) in keys for heading in headings) for headings in self.identified_by)

    def flags(self) -> dict[str, tuple[Flag, ...]]:
        """The flags of each column, by its header."""
        return {
            "enable_email_notify": self.notify, "enable_pin": self.ask, "prompt": self.prompt,
            "play_datetime": self.clock,
        }  # fmt: skip

    def sources(self) -> dict[str, tuple[str, ...]]:
        """All headings from which a column may be read, by the column's header."""
        found = {
            KEY_COLUMN.header: (self.number,),
            NAME_COLUMN.header: tuple(chain.from_iterable(self.name)),
            PIN_COLUMN.header: (self.pin,),
            "recipients": tuple(chain.from_iterable(self.recipients)),
            **{header: tuple(flag.heading for flag in flags) for header, flags in self.flags().items()},
        }
        return {header: headings for header, headings in found.items() if any(headings)}

    def own_headings(self) -> Iterator[str]:
        """The headings of what makes a voicemail box, apart from those of the number and the name."""
        yield self.pin
        yield from chain.from_iterable(self.recipients)
        yield from (flag.heading for flag in (*self.off, *chain.from_iterable(self.flags().values())))

    def known_headings(self) -> Iterator[str]:
        """All headings that the entry names."""
        yield from chain.from_iterable(self.identified_by)
        yield from chain.from_iterable(self.sources().values())
        yield from (flag.heading for flag in self.off)
        yield from (note.heading for note in self.notes)
        yield from (*self.secrets, *self.others, *filter(None, [self.context]))


@dataclass(frozen=True, slots=True, kw_only=True)
class System:
    """A phone system whose export can be read.

    Attributes:
        name: as of `--from`.
        title: its name for people, with an article: "a FreePBX".
        export: what to export, and where.
        kind: how the file is read.
        layouts: the headings, of each version that has its own.
        has_bare_quotes: whether quotes inside values are not written twice.
        certainty: what the entry is based on.
        check: what a first real export should be checked for.
    """

    name: str
    title: str
    export: str
    kind: FileKind = FileKind.TABLE
    layouts: Sequence[Layout] = field(repr=False)
    has_bare_quotes: bool = False
    certainty: str
    check: str
