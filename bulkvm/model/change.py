"""The plan of a run: one change for each row."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final, Self

from bulkvm.model.box import NOT_KNOWN, Absent, Box, Record, Value
from bulkvm.model.outcome import Colour, Outcome
from bulkvm.model.problem import Problem


class ChangeKind(StrEnum):
    """The kind of a change."""

    CREATE = "create"
    UPDATE = "update"
    UNCHANGED = "unchanged"
    REMOVE = "remove"  # only in an undo
    KEEP = "keep"  # only in an undo, which does not restore the box


_WITHOUT_REQUEST: Final = frozenset({ChangeKind.UNCHANGED, ChangeKind.KEEP})
_ONLY_IN_UNDO: Final = frozenset({ChangeKind.REMOVE, ChangeKind.KEEP})


class PlannedStatus(StrEnum):
    """What a plan file shows for a row.

    Attributes:
        meaning: what an import of the plan does with the row.
        colour: of its cell; None for no colour.
    """

    meaning: str
    colour: Colour | None

    def __new__(cls, status: str, colour: Colour | None = None, meaning: str = "") -> Self:
        """Make a member of its name, colour and meaning."""
        member = str.__new__(cls, status)
        member._value_ = status
        member.meaning, member.colour = meaning, colour
        return member

    NEW = "new", Colour.GREEN, "a new box is created"
    CHANGES = "changes", Colour.AMBER, "the box gets other values, as shown beside the row"
    UNCHANGED = "unchanged", None, "the box has these values already; nothing is sent"
    LEFT_OUT = "left out", Colour.GREY, "nothing is sent for the row, for the reason shown beside it"
    REFUSED = "refused", Colour.RED, "the row has an error, shown beside it; nothing is sent"


@dataclass(frozen=True, slots=True)
class Difference:
    """One field of a box that a change affects. Its values may be a PIN: mask them before showing them."""

    field: str
    old: Value | Absent
    new: Value | Absent

    def __repr__(self) -> str:
        """The field only, since the values may be PINs."""
        return f"Difference({self.field!r})"


@dataclass(frozen=True, slots=True)
class Change:
    """The change that one row makes.

    Attributes:
        box: as it is on the PBX, None if it does not exist.
        wanted: the box after an undo, which may also blank fields; a record cannot express that.
        kept: fields that the row gives and that are left unchanged, since the PBX does not show them
            (`--keep-unseen`). They are not in the record.
        spares_messages: do not delete the box if it holds messages or greetings by then.
        undocumented: do not change the box if one of these undocumented fields has another value by then.
        is_exact: do not update the box if it has changed by then, as for an approved plan.
        reason: why an undo keeps the box, and what to do.
    """

    kind: ChangeKind
    record: Record
    box: Box | None = None
    differences: tuple[Difference, ...] = ()
    wanted: Box | None = None
    kept: tuple[str, ...] = ()
    spares_messages: bool = False
    undocumented: Mapping[str, Any] | None = field(default=None, repr=False)
    is_exact: bool = False
    reason: str = ""

    @property
    def is_to_send(self) -> bool:
        """Whether it needs a request."""
        return self.kind not in _WITHOUT_REQUEST

    @property
    def changed(self) -> tuple[str, ...]:
        """The names of the fields that change, in the columns' order."""
        return tuple(difference.field for difference in self.differences)

    @property
    def unseen(self) -> tuple[str, ...]:
        """The fields among them that the PBX does not show, so that it is not known whether they change."""
        return tuple(difference.field for difference in self.differences if difference.old is NOT_KNOWN)

    @property
    def is_unseen_only(self) -> bool:
        """Whether all the fields that may change are unseen."""
        return bool(self.differences) and len(self.unseen) == len(self.differences)


@dataclass(frozen=True, slots=True)
class Plan:
    """The changes of all valid rows in the order of the sheet, and the problems that the comparison found.

    Attributes:
        existing: how many boxes the PBX has.
        ids: the ids of these boxes.
        numbers: the extension numbers of these boxes and of the sheet.
        left_out: the outcomes of the rows that are left out. They have no change.
        refused: how many rows have an error. They have no change either.
        skips_taken: whether a row is also left out if only the PBX's refusal shows that its number is taken.
    """

    changes: tuple[Change, ...]
    problems: tuple[Problem, ...] = ()
    existing: int = 0
    ids: frozenset[str] = field(default=frozenset(), repr=False)
    numbers: frozenset[str] = field(default=frozenset(), repr=False)
    left_out: tuple[Outcome, ...] = ()
    refused: int = 0
    skips_taken: bool = False

    @property
    def counts(self) -> Mapping[ChangeKind, int]:
        """Count the changes by kind. REMOVE and KEEP are left out if there are none, as in every import."""
        counted = Counter(change.kind for change in self.changes)
        return {kind: counted[kind] for kind in ChangeKind if counted[kind] or kind not in _ONLY_IN_UNDO}

    @property
    def is_exact(self) -> bool:
        """Whether it is an approved plan."""
        return any(change.is_exact for change in self.changes)

    @property
    def to_send(self) -> tuple[Change, ...]:
        """The changes that need a request."""
        return tuple(change for change in self.changes if change.is_to_send)
