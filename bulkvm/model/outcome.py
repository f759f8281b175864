"""The outcome of each row."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Self, assert_never

_CORRECT: Final = "correct them; the column bulkvm_message explains how"
CHECK_FIRST: Final = "Check the box that does not read back as expected before you run the command again."
_LEAVE: Final = "leave them unchanged; the next run asks the PBX what it did"


class Colour(StrEnum):
    """Colours for the cells of a workbook, light enough to read the text on them."""

    GREEN = "#C9E7C4"
    AMBER = "#FFE08A"
    RED = "#FFB3B8"
    GREY = "#E4E4E4"


class Status(StrEnum):
    """The outcome of a row. The list is closed: the rows of a sheet are always the sum over it.

    Attributes:
        meaning: what happened.
        remedy: what to do with the row before the sheet is imported again; blank if nothing.
        colour: of its cells in a result.
        is_done: whether nothing is left to do for the row.
    """

    meaning: str
    remedy: str
    colour: Colour
    is_done: bool

    def __new__(cls, status: str, colour: Colour = Colour.RED, meaning: str = "", remedy: str = "") -> Self:
        """Make a member of its name, colour and texts."""
        member = str.__new__(cls, status)
        member._value_ = status
        member.meaning, member.remedy, member.colour = meaning, remedy, colour
        member.is_done = colour in {Colour.GREEN, Colour.GREY}
        return member

    CREATED = "created", Colour.GREEN, "a new box was created"
    UPDATED = "updated", Colour.GREEN, "the box was changed"
    UNCHANGED = "unchanged", Colour.GREEN, "the box already had these values"
    LEFT_OUT = "left out", Colour.GREY, "the row is not a box to import; nothing was sent for it"
    INVALID = "invalid", Colour.RED, "a cell is wrong; nothing was sent for the row", _CORRECT
    REJECTED = "rejected", Colour.RED, "the PBX refused the row; nothing was changed", _CORRECT
    FAILED = "failed", Colour.RED, "the row could not be processed, or an undo kept its box; nothing was changed"
    UNKNOWN = "unknown", Colour.RED, "the row was sent, and it is not known what the PBX did", _LEAVE
    NOT_SENT = "not sent", Colour.AMBER, "the run ended before the row was sent"

    @property
    def may_have_changed(self) -> bool:
        """Whether the row changed its box, or may have, so that an undo looks at it."""
        match self:
            case Status.CREATED | Status.UPDATED | Status.UNKNOWN:
                return True
            case (
                Status.UNCHANGED | Status.LEFT_OUT | Status.INVALID | Status.REJECTED | Status.FAILED | Status.NOT_SENT
            ):
                return False
            case _:
                assert_never(self)


class UndoResult(StrEnum):
    """What an undo did to a box, beside the status of the row. Journals contain the values, which can never be renamed.

    Attributes:
        shown: the word in messages.
        status: of the rows with this result.
    """

    shown: str
    status: Status

    def __new__(cls, stored: str, shown: str = "", status: Status = Status.UPDATED) -> Self:
        """Make a member of its value, the word in messages and the status."""
        member = str.__new__(cls, stored)
        member._value_ = stored
        member.shown, member.status = shown, status
        return member

    RESTORED = "put back", "restored"
    DELETED = "removed", "deleted"
    KEPT = "kept", "kept", Status.FAILED


class Reason(StrEnum):
    """How the box of a row differs from what was expected. Journals and JSON contain the values."""

    KEPT = "kept"  # an undo keeps what others did to it
    GONE = "gone"  # an undo cannot restore it, since it no longer exists
    OUTDATED = "outdated"  # it is not as in the approved plan
    DEVIATES = "deviates"  # the first box of its kind does not read back as expected, which stops the run


DONE: Final = frozenset(status for status in Status if status.is_done)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The outcome of one row.

    Attributes:
        attempts: how many requests that change something were sent.
        changed: the fields that were changed.
        pbx_code: the PBX's own error code.
        unseen: those of the changed fields that the PBX does not show, so that their earlier values are not known.
        reason: how its box differs from what was expected, if it does.
    """

    row: int
    extension_number: str
    status: Status
    id: str | None = None
    changed: tuple[str, ...] = ()
    message: str = ""
    pbx_code: str | None = None
    attempts: int = 0
    unseen: tuple[str, ...] = ()
    reason: Reason | None = None

    @property
    def was_sent(self) -> bool:
        """Whether a request was sent for the row, if only one that was answered with 401."""
        return self.status is not Status.NOT_SENT or self.attempts > 0


def count_unseen(outcomes: Iterable[Outcome]) -> Mapping[str, int]:
    """Count the rows, by field, in which a field was sent that the PBX does not show."""
    return Counter(field for outcome in outcomes for field in outcome.unseen)


def count_statuses(outcomes: Iterable[Outcome]) -> Mapping[Status, int]:
    """Count the rows by status; every status has a count."""
    counted = Counter(outcome.status for outcome in outcomes)
    return {status: counted[status] for status in Status}
