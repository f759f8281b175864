"""What became of each row."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Status(StrEnum):
    """The end of a row; the list is closed, and the rows read are always the sum over it."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    INVALID = "invalid"  # our check refused it
    REJECTED = "rejected"  # the PBX answered no
    FAILED = "failed"  # could not be done, and nothing was changed
    UNKNOWN = "unknown"  # sent, and what became of it could not be established
    NOT_SENT = "not sent"  # the run ended first


# What an undo calls its updates, for people.
PUT_BACK: Final = "put back"
REMOVED: Final = "removed"

DONE = frozenset({Status.CREATED, Status.UPDATED, Status.UNCHANGED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of one row.

    `attempts` counts the changing requests that were sent for it. `pbx_code` is the PBX's own error code. `unseen` are
    those of the changed fields that the PBX does not show, so that it is not known whether they were other ones before.
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


def count_unseen(outcomes: Iterable[Outcome]) -> Mapping[str, int]:
    """In how many rows each field was sent that the PBX does not show."""
    return Counter(field for outcome in outcomes for field in outcome.unseen)


def count_statuses(outcomes: Iterable[Outcome]) -> Mapping[Status, int]:
    """How many rows ended in each status; every status is named."""
    counted = Counter(outcome.status for outcome in outcomes)
    return {status: counted[status] for status in Status}
