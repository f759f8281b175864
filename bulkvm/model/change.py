"""What a run would do: a change for each row, and the plan that holds them all."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from bulkvm.model.box import NOT_KNOWN, Absent, Box, Record, Value
from bulkvm.model.problem import Problem


class ChangeKind(StrEnum):
    """What a row comes to."""

    CREATE = "create"
    UPDATE = "update"
    UNCHANGED = "unchanged"
    REMOVE = "remove"  # only to undo what a run created


@dataclass(frozen=True, slots=True)
class Difference:
    """One field of a box that a row would change. Not for people as it stands: a PIN must be masked first."""

    field: str
    old: Value | Absent
    new: Value | Absent

    def __repr__(self) -> str:
        """The field alone, since the values may be PINs."""
        return f"Difference({self.field!r})"


@dataclass(frozen=True, slots=True)
class Change:
    """What one row comes to.

    `box` is the box as it is on the PBX, None where there is none. `wanted` is the box as it is to be, where that is
    more than a record can say: to put a box back is also to leave fields blank. `kept` are fields that the row gives,
    and that stay as they are because the PBX does not show them (`--keep-unseen`); the record lacks them.
    `spares_messages`: a box that is to be removed is kept if it holds messages or greetings by then; and if one of the
    `undocumented` fields is not as it was planned, where these are known.
    """

    kind: ChangeKind
    record: Record
    box: Box | None = None
    differences: tuple[Difference, ...] = ()
    wanted: Box | None = None
    kept: tuple[str, ...] = ()
    spares_messages: bool = False
    undocumented: Mapping[str, Any] | None = field(default=None, repr=False)

    @property
    def changed(self) -> tuple[str, ...]:
        """The names of the fields that change, in the columns' order."""
        return tuple(difference.field for difference in self.differences)

    @property
    def unseen(self) -> tuple[str, ...]:
        """Those of them that the PBX does not show, so that it is not known whether they change."""
        return tuple(difference.field for difference in self.differences if difference.old is NOT_KNOWN)

    @property
    def is_unseen_only(self) -> bool:
        """Whether nothing is known to change."""
        return bool(self.differences) and len(self.unseen) == len(self.differences)


@dataclass(frozen=True, slots=True)
class Plan:
    """The changes of all valid rows, in the sheet's order, and the problems that only the PBX could show.

    `existing` is how many boxes the PBX had when it was compared, and `ids` are theirs.
    """

    changes: tuple[Change, ...]
    problems: tuple[Problem, ...] = ()
    existing: int = 0
    ids: frozenset[str] = field(default=frozenset(), repr=False)

    @property
    def counts(self) -> Mapping[ChangeKind, int]:
        """How many rows come to each kind. Only an undo removes, so that others do not speak of it."""
        counted = Counter(change.kind for change in self.changes)
        return {kind: counted[kind] for kind in ChangeKind if counted[kind] or kind is not ChangeKind.REMOVE}

    @property
    def to_send(self) -> tuple[Change, ...]:
        """The changes that need a request."""
        return tuple(change for change in self.changes if change.kind is not ChangeKind.UNCHANGED)
