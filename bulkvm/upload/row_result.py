"""The result of sending one row, and how it is verified."""

from dataclasses import dataclass
from enum import Enum
from typing import Final

from bulkvm.model.box import Box
from bulkvm.model.change import Change
from bulkvm.model.errors import BulkvmError
from bulkvm.model.outcome import Outcome

LOOKUP_PAUSES: Final = (0.0, 0.5, 1.0, 2.0)  # seconds before each lookup of a change that may become visible late


class VerifyMode(Enum):
    """Which boxes are read back after they were changed."""

    IN_DOUBT = "in doubt"
    IF_POSSIBLE = "if possible"  # for the journal; the outcome of the row does not depend on it
    ALWAYS = "always"
    LATER = "later"  # together with others
    CANARY = "canary"  # with all fields, before any other row is sent


@dataclass(frozen=True, slots=True)
class RowResult:
    """The result of sending one change.

    Attributes:
        outcome: the outcome of the row.
        box: the box, if it was read back, or as the PBX shows it if nothing was to be sent.
        is_verified: whether it was read back as a canary, and is as expected.
        unverified: the change as it was sent, if the box is to be read back later.
        error: why no other change may be sent.
    """

    outcome: Outcome
    box: Box | None = None
    is_verified: bool = False
    unverified: Change | None = None
    error: BulkvmError | None = None
