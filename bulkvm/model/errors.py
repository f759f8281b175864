"""Why a run cannot go on.

BulkvmError
├── UsageError (2)            an option, a variable or a file's name is wrong
├── SheetError (3)            the file cannot be read as a sheet, or its rows are not valid
├── LoginRefused (4)          the PBX does not accept the login
│   ├── NotAllowed            it does, and does not allow this user what is asked (403)
│   └── OtherTenant           it does, and the login reaches another tenant than the one that is meant
├── NotTrusted (5)            the PBX's certificate is not one that may be trusted, so nothing is sent to it
├── PbxError (5)              a call to the PBX did not do what it should
│   ├── PbxUnreachable        the request never left this machine: nothing was changed
│   ├── PbxBusy               the PBX asks to wait (429): nothing was changed
│   ├── AnswerLost            the request left, and no readable answer came: what became of it is not known
│   │   ├── NoAnswer          none came at all, so that the PBX may still be at it
│   │   │   └── NotDoneYet    it was accepted (202), to be done later
│   │   ├── LoginEnded        a request that changes something was answered with 401
│   │   └── AnotherBox        the answer is about another box
│   ├── PbxRefused            the PBX answered no (any other 400-class answer)
│   │   └── NoSuchBox         it has no box with this id (404)
│   └── ListKeptChanging      three readings of the list disagreed with the PBX's own count
├── LimitExceeded (6)         a safety limit refuses
├── StoppedEarly (7)          too many errors, or an outage: run it again to go on
│   └── ReadBackDiffers       the first box that was written does not read back as it should
├── BackupNotProven (8)       a backup could not be made, or could not be proven good
└── Interrupted (130)         a person stopped it; the result was still written

The numbers are exit codes. A mistake in a cell is a Problem and a row's failure an Outcome; neither is raised.
"""

from copy import copy
from typing import Self

from bulkvm.model.problem import Problem


class BulkvmError(Exception):
    """The root: its text is for the user, and says where, what, why and how to mend."""

    exit_code = 1


class UsageError(BulkvmError):
    """An option, a variable or a file's name is wrong."""

    exit_code = 2


class SheetError(BulkvmError):
    """The file cannot be read as a sheet, or its rows are not valid. Nothing was sent."""

    exit_code = 3

    def __init__(self, message: str, code: str = "unreadable", *, cell: str | None = None) -> None:
        super().__init__(message)
        self.problem = Problem(row=None, cell=cell, code=code, message=message)


class LoginRefused(BulkvmError):
    """The PBX does not accept the login."""

    exit_code = 4


class NotAllowed(LoginRefused):
    """The PBX accepts the login and does not allow this user what is asked."""


class OtherTenant(LoginRefused):
    """The login reaches another tenant than the one that is meant. Nothing was sent to it."""


class NotTrusted(BulkvmError):
    """The PBX's certificate is not one that may be trusted. Waiting does not mend that, and nothing was sent."""

    exit_code = 5


class PbxError(BulkvmError):
    """A call to the PBX failed. `attempts` is how many requests were sent for it."""

    exit_code = 5

    def __init__(self, message: str, *, attempts: int = 1) -> None:
        super().__init__(message)
        self.attempts = attempts

    def after(self, attempts: int) -> Self:
        """A copy of this error for a call that took several requests."""
        copied = copy(self)
        copied.attempts = attempts
        return copied


class PbxUnreachable(PbxError):
    """The request never left this machine: nothing was changed."""


class PbxBusy(PbxError):
    """The PBX asks to wait (429): nothing was changed."""


class AnswerLost(PbxError):
    """The request left, and no readable answer came back: what became of it is not known."""


class NoAnswer(AnswerLost):
    """No answer came at all: the PBX may have done it, may still do it, or never."""


class NotDoneYet(NoAnswer):
    """The PBX accepted the request to do it later (202), or never."""


class LoginEnded(AnswerLost):
    """A request that changes something was answered with 401: the PBX should have done nothing, and may have."""

    exit_code = 4


class AnotherBox(AnswerLost):
    """The answer is about another box than the one that was asked for, or made."""


class PbxRefused(PbxError):
    """The PBX answered no. `code` is its own; the message quotes its words.

    `lost` is the error of an earlier attempt whose answer was lost: that one may have been done. Where it is not
    `is_certain`, what was refused may have been done nonetheless, as after a conflict (409).
    """

    def __init__(self, message: str, code: str = "UNKNOWN", *, is_certain: bool = True) -> None:
        super().__init__(message)
        self.code = code
        self.is_certain = is_certain
        self.lost: AnswerLost | None = None

    def after(self, attempts: int, lost: AnswerLost | None = None) -> Self:
        """A copy of this error for a call that took several requests, one of which may have been done."""
        copied = super().after(attempts)
        copied.lost = lost
        return copied


class NotTheApi(PbxRefused):
    """The server at this address is not the REST API of a PBX."""


class NoSuchBox(PbxRefused):
    """The PBX has no box with this id."""


class ListKeptChanging(PbxError):
    """The list did not hold still: no reading of it agreed with the PBX's own count."""


class LimitExceeded(BulkvmError):
    """A safety limit refuses; the text names the option that overrides it."""

    exit_code = 6


class StoppedEarly(BulkvmError):
    """Too many errors, or an outage. Running the same again goes on."""

    exit_code = 7


class ReadBackDiffers(StoppedEarly):
    """The first box that a run wrote does not read back as it should, so that no other one was written."""


class BackupNotProven(BulkvmError):
    """A backup could not be made, or could not be proven good. The former ones stand as they were."""

    exit_code = 8


class Interrupted(BulkvmError):
    """A person stopped the run; what was in flight was finished and the result was written."""

    exit_code = 130
