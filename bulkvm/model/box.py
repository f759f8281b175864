"""A shared voicemail box on the PBX, and the values that a row of a sheet gives it."""

from collections import defaultdict, deque
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from dataclasses import fields as dataclass_fields
from enum import Enum
from itertools import repeat
from typing import Final, Literal, TypeAlias

from bulkvm.model.problem import Problem
from bulkvm.text import quoted


class Absent(Enum):
    """Why a field has no value.

    BLANK: an empty cell, or a null from the PBX.
    NOT_KNOWN: the PBX was not asked, or does not show the value.
    """

    BLANK = "blank"
    NOT_KNOWN = "not known"


BLANK: Final = Absent.BLANK
NOT_KNOWN: Final = Absent.NOT_KNOWN

Blank: TypeAlias = Literal[Absent.BLANK]
Value: TypeAlias = str | bool | tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """One shared voicemail box of the PBX.

    `recipients` has one item for each address. Without addresses it is empty, never BLANK.
    """

    id: str
    extension_number: str
    name: str | Absent = NOT_KNOWN
    pin: str | Absent = field(default=NOT_KNOWN, repr=False)
    prompt: str | Absent = NOT_KNOWN
    enable_pin: bool | Absent = NOT_KNOWN
    enable_email_notify: bool | Absent = NOT_KNOWN
    recipients: tuple[str, ...] | Absent = NOT_KNOWN
    play_datetime: str | Absent = NOT_KNOWN

    def filled_from(self, other: "Box", *, blanks: bool = False) -> "Box":
        """Fill in what is not known from another answer about the box; with `blanks`, also what is blank.

        Some answers have null where others have the value.
        """
        open_: set[object] = {Absent.NOT_KNOWN, Absent.BLANK, ()} if blanks else {Absent.NOT_KNOWN}
        names = [field.name for field in dataclass_fields(self) if getattr(self, field.name) in open_]
        return replace(self, **{name: getattr(other, name) for name in names if getattr(other, name) not in open_})


def group_duplicates(boxes: Collection[Box]) -> Mapping[str, Sequence[Box]]:
    """The boxes that share an extension number, by number. No PBX should have any, but some do."""
    if len({box.extension_number for box in boxes}) == len(boxes):
        return {}
    found: defaultdict[str, list[Box]] = defaultdict(list)
    for box in boxes:
        found[box.extension_number].append(box)
    return {number: duplicates for number, duplicates in found.items() if len(duplicates) > 1}


@dataclass(frozen=True, slots=True)
class Record:
    """The values that one row of a sheet gives a box, in the order of the columns.

    BLANK leaves the field of an existing box unchanged; `()` clears `recipients`.

    Attributes:
        errors_if_changed: errors that count only if the box has other values on the PBX.
    """

    row: int
    extension_number: str
    name: str | Blank = BLANK
    pin: str | Blank = field(default=BLANK, repr=False)
    prompt: str | Blank = BLANK
    enable_pin: bool | Blank = BLANK
    enable_email_notify: bool | Blank = BLANK
    recipients: tuple[str, ...] | Blank = BLANK
    play_datetime: str | Blank = BLANK
    id: str | Blank = BLANK
    errors_if_changed: tuple[Problem, ...] = ()

    @classmethod
    def from_columns(cls, columns: Iterable[Iterable[object]], count: int) -> "tuple[Record, ...]":
        """Make many records of the values of each field, in the order of the fields.

        One by one, it takes three times as long, since each field of a frozen dataclass is set by a Python call.
        """
        records = tuple(map(object.__new__, repeat(cls, count)))
        for of_class, values in zip(dataclass_fields(cls), columns, strict=True):
            deque(map(getattr(cls, of_class.name).__set__, records, values), maxlen=0)
        return records


@dataclass(frozen=True, slots=True)
class Owner:
    """What uses an extension number. `kind` is the API's name, such as RING_GROUP."""

    name: str
    kind: str

    @property
    def is_box(self) -> bool:
        """Whether it is a shared voicemail box."""
        return self.kind == "SHARED_VOICEMAIL"

    def __str__(self) -> str:
        """For a message: `the ring group "Sales"`, or `a ring group`."""
        kind = "user" if self.kind == "EXTENSION" else self.kind.lower().replace("_", " ")
        if not self.name.strip():
            return "an unknown extension" if kind == "unknown" else f"a {kind}"
        return f"the {kind} {quoted(self.name)}"


@dataclass(frozen=True, slots=True)
class NumberConflict:
    """An extension number that is in use: by what, and the next free number, None if none was found."""

    number: str
    owner: Owner
    next_free: str | None

    def __str__(self) -> str:
        """For a message: `6201 belongs to the ring group "Sales"; the next free number is 6207`."""
        advice = f"the next free number is {self.next_free}" if self.next_free else "choose another number"
        if self.owner.is_box:  # created since the boxes were listed
            advice = "run the same command again"
        return f"{self.number} belongs to {self.owner}; {advice}"
