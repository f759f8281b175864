"""Errors that end a command or a call.

BulkvmError
├── UsageError (2)            an option, a variable, a setting or a file's name is wrong: change it
├── FileError (2)             a file or folder cannot be read or written, or other users can change it
│   └── DiskFull              there is no room for the file: make room and repeat
├── LockHeld (2)              another program holds the lock: repeat when it has finished
├── SheetError (3)            the file cannot be read as a sheet, or its rows are not valid
│   ├── HeadingsHidden        the headings are in a hidden sheet only
│   └── PlanRefused           an approved plan was edited, or does not fit the PBX or the sheet any more
├── LoginRefused (4)          the PBX does not accept the login
│   ├── OtherTenant           the login reaches another tenant than the expected one
│   └── TenantNotConfirmed    the PBX does not show which tenant a system administrator's login was switched to
├── NotTrusted (5)            the PBX's certificate is not trusted, so nothing is sent
├── PbxError (5)              a call to the PBX failed
│   ├── PbxUnreachable        the request never left this machine: nothing was changed
│   │   └── SwitchFailed      the switch to a tenant, or its check, got no answer that can be used
│   ├── PbxBusy               the PBX asks to wait (429): nothing was changed
│   ├── OutcomeUnknown        the request was sent, and it is not known what the PBX did
│   │   ├── AnswerLost        no answer came, so the PBX may still be processing the request
│   │   │   └── NotDoneYet    the request was accepted (202), to be processed later
│   │   ├── MalformedAnswer   an answer came, and it is not what the API describes
│   │   │   └── AnotherBox    it is about another box
│   │   ├── PbxFailed         the PBX answered with an error of its own (500-class)
│   │   └── LoginEnded (4)    a request that changes something was answered with 401
│   ├── PbxRefused            the PBX refused the request (any other 400-class answer)
│   │   ├── NotAllowed (4)    this user lacks the permission (403)
│   │   │   └── Blocked (5)   the answer is a web page, so a proxy or firewall may have sent it
│   │   ├── NoSuchBox         there is no box with this id (404)
│   │   └── NotTheApi         the server at this address is not the REST API of a PBX
│   └── ListKeptChanging      three readings of the list disagreed with the PBX's own count
├── LimitExceeded (6)         a safety limit was exceeded
├── StoppedEarly (7)          too many errors, or an outage: run it again to continue
│   ├── PbxAway (5)           the PBX is unreachable, or asks to wait, for longer than --max-outage; 7 once a run began
│   └── ReadBackDiffers       the first box that was written does not read back as expected
├── TooLate (1)               a request was not sent, because its turn came after its deadline: nothing was changed
├── BackupNotProven (8)       a backup could not be made or verified
└── Interrupted (130)         the user stopped the command; a run's result was still written

The numbers are exit codes; a class without one has that of the class above. A mistake in a cell is a Problem and a
row's failure an Outcome; neither is raised.
"""

from collections.abc import Sequence
from copy import copy
from typing import Self

from bulkvm.model.exit_codes import ExitCode
from bulkvm.model.problem import Problem, ProblemCode


class BulkvmError(Exception):
    """The root. The text is for the user: what happened, where, why, and what to do."""

    exit_code: ExitCode = ExitCode.NOT_ALL_DONE


class UsageError(BulkvmError):
    """An option, a variable, a setting or a file's name is wrong."""

    exit_code = ExitCode.USAGE


class FileError(BulkvmError):
    """A file or folder cannot be read or written, or other users can change it."""

    exit_code = ExitCode.USAGE


class DiskFull(FileError):
    """There is no room for the file."""


class LockHeld(BulkvmError):
    """Another program holds the lock."""

    exit_code = ExitCode.USAGE


class SheetError(BulkvmError):
    """The file cannot be read as a sheet, or its rows are not valid. Nothing was sent."""

    exit_code = ExitCode.SHEET

    def __init__(self, message: str, code: ProblemCode = ProblemCode.UNREADABLE, *, cell: str | None = None) -> None:
        super().__init__(message)
        self.problem = Problem(row=None, cell=cell, code=code, message=message)


class HeadingsHidden(SheetError):
    """The headings are in a hidden sheet only. The message quotes no cell."""


class PlanRefused(SheetError):
    """An approved plan was edited, has expired, or no longer fits the tenant, the sheet or the boxes. Nothing was sent.

    Attributes:
        problems: every difference.
    """

    def __init__(self, message: str, problems: Sequence[Problem]) -> None:
        super().__init__(message, problems[0].code)
        self.problems = tuple(problems)


class LoginRefused(BulkvmError):
    """The PBX does not accept the login.

    Attributes:
        attempts: how many requests that change something were answered with 401 before.
    """

    exit_code = ExitCode.LOGIN
    attempts = 0

    def after(self, attempts: int) -> Self:
        """Copy the error, with the number of requests that were answered with 401."""
        copied = copy(self)
        copied.attempts = attempts
        return copied


class OtherTenant(LoginRefused):
    """The login reaches another tenant than the expected one."""


class TenantNotConfirmed(LoginRefused):
    """The PBX does not show which tenant a system administrator's login reaches, or reached."""


class NotTrusted(BulkvmError):
    """The PBX's certificate is not trusted, so nothing was sent. Waiting does not help."""

    exit_code = ExitCode.PBX


class PbxError(BulkvmError):
    """A call to the PBX failed.

    Attributes:
        attempts: how many requests were sent.
    """

    exit_code = ExitCode.PBX

    def __init__(self, message: str, *, attempts: int = 1) -> None:
        super().__init__(message)
        self.attempts = attempts

    def after(self, attempts: int) -> Self:
        """Copy the error, with the number of requests that were sent."""
        copied = copy(self)
        copied.attempts = attempts
        return copied


class PbxUnreachable(PbxError):
    """The request never left this machine: nothing was changed."""


class SwitchFailed(PbxUnreachable):
    """The switch to a tenant, or its check, got no answer that can be used. The call itself was not sent."""


class PbxBusy(PbxError):
    """The PBX asks to wait (429): nothing was changed.

    Attributes:
        is_certain: whether the answer is the PBX's own. A gateway may send one after a change.
    """

    def __init__(self, message: str, *, attempts: int = 1, is_certain: bool = True) -> None:
        super().__init__(message, attempts=attempts)
        self.is_certain = is_certain


class OutcomeUnknown(PbxError):
    """The request was sent, and it is not known what the PBX did.

    Attributes:
        login_ended: whether the last attempt was answered with 401, so that another one needs a new login.
    """

    login_ended = False

    def after_lost(self, attempts: int, last: BulkvmError) -> Self:
        """Copy the error of an attempt, with the number of attempts and how the last one of them ended."""
        copied = self.after(attempts)
        copied.login_ended = isinstance(last, LoginEnded)
        return copied


class AnswerLost(OutcomeUnknown):
    """No answer came, so the PBX may still be processing the request."""


class NotDoneYet(AnswerLost):
    """The PBX accepted the request to process it later (202)."""


class MalformedAnswer(OutcomeUnknown):
    """An answer came, and it is not what the API describes."""


class AnotherBox(MalformedAnswer):
    """The answer is about another box than the one that was asked for or created."""


class PbxFailed(OutcomeUnknown):
    """The PBX answered with an error of its own (500-class)."""


class LoginEnded(OutcomeUnknown):
    """A request that changes something was answered with 401: the PBX should have done nothing, and may have."""

    exit_code = ExitCode.LOGIN
    login_ended = True


class PbxRefused(PbxError):
    """The PBX refused the request; the message quotes its reason.

    Attributes:
        code: the PBX's own error code.
        is_certain: whether nothing was changed for certain. After a conflict (409) or a proxy's answer, it is not.
        lost: the error of an earlier attempt of the same request whose outcome is unknown, if any.
    """

    def __init__(self, message: str, code: str = "UNKNOWN", *, is_certain: bool = True) -> None:
        super().__init__(message)
        self.code = code
        self.is_certain = is_certain
        self.lost: OutcomeUnknown | None = None

    @property
    def is_certain_and_first(self) -> bool:
        """Whether no request changed anything: an earlier one may have been answered by a proxy (429)."""
        return self.is_certain and self.attempts == 1

    def after(self, attempts: int, lost: OutcomeUnknown | None = None) -> Self:
        """Copy the error, with the number of requests that were sent and the error of an earlier one."""
        copied = super().after(attempts)
        copied.lost = lost
        return copied


class NotAllowed(PbxRefused):
    """This user lacks the permission (403)."""

    exit_code = ExitCode.LOGIN


class Blocked(NotAllowed):
    """The 403 is a web page, so it may be from a proxy or firewall."""

    exit_code = ExitCode.PBX


class NotTheApi(PbxRefused):
    """The server at this address is not the REST API of a PBX."""


class NoSuchBox(PbxRefused):
    """The PBX has no box with this id (404)."""


class ListKeptChanging(PbxError):
    """The list changed during each of three readings: none of them agreed with the PBX's own count."""


class LimitExceeded(BulkvmError):
    """A safety limit was exceeded; the text names the option that raises it."""

    exit_code = ExitCode.LIMIT


class StoppedEarly(BulkvmError):
    """Too many errors, or an outage. Running the same command again continues the run."""

    exit_code = ExitCode.STOPPED


class PbxAway(StoppedEarly):
    """The PBX is unreachable, or asks to wait, for longer than the longest outage. This request was not sent."""

    exit_code = ExitCode.PBX


class ReadBackDiffers(StoppedEarly):
    """The first box that a run wrote does not read back as expected, so that no other one was written."""


class TooLate(BulkvmError):
    """A request was not sent, because its turn came after its deadline. Nothing was changed."""


class BackupNotProven(BulkvmError):
    """A backup could not be made or verified. Earlier backups are unchanged."""

    exit_code = ExitCode.BACKUP


class Interrupted(BulkvmError):
    """The user stopped the run. Requests in flight were completed and the result was written."""

    exit_code = ExitCode.INTERRUPTED
