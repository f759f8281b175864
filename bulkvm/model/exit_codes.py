"""How a command ends, in a number. README's table is made from this list."""

from enum import IntEnum
from typing import Final, Self

_AGAIN: Final = (
    "run the same command again to continue, with another `--result` if one was given: what is done stays as it is"
)


class ExitCode(IntEnum):
    """An exit code of the command line.

    Attributes:
        meaning: how the command ended.
        remedy: what to do.
    """

    meaning: str
    remedy: str

    def __new__(cls, number: int, meaning: str = "", remedy: str = "") -> Self:
        """Make a member of its number and texts."""
        member = int.__new__(cls, number)
        member._value_ = number
        member.meaning, member.remedy = meaning, remedy
        return member

    DONE = 0, "done, or nothing to do"
    NOT_ALL_DONE = (
        1,
        "finished, but some rows were not done, or an undo kept boxes",
        (
            "read `bulkvm_message` in the result; correct the rows of a sheet and import the result; after an approved "
            "plan or an undo, follow the first page of the result"
        ),
    )
    USAGE = (
        2,
        "an option, a variable or a file name is wrong, or a file or standard output cannot be written",
        "read the message: it names what to change",
    )
    SHEET = (
        3,
        "the sheet is not valid, or the approved plan was refused; nothing was sent",
        (
            "`bulkvm validate SHEET --annotate COPY.xlsx` marks the wrong cells of a sheet; if a plan was refused, "
            "make a new one"
        ),
    )
    LOGIN = 4, "login or permission refused", "check user, password, domain or token"
    PBX = (
        5,
        "the PBX cannot be reached or asks to wait too long, its certificate is not trusted, or its list kept changing",
        "try again later, or with a longer `--max-outage`; check address, port and certificate",
    )
    LIMIT = (
        6,
        "refused by a safety limit; nothing was sent",
        "check the plan (`bulkvm plan SHEET`), then use `--max-changes` or `--force`",
    )
    STOPPED = (
        7,
        (
            "stopped early: too many rows failed, the PBX was unreachable or asked to wait too long, or the first box "
            "read back differently; the result was written"
        ),
        (
            f"read the message; if the first box read back differently, find the cause first; otherwise, {_AGAIN}; "
            "if boxes of an approved plan were changed, make a new plan; `--max-errors` of an import and "
            "`--max-outage` set the limits"
        ),
    )
    BACKUP = (
        8,
        "a backup could not be made or verified; former backups are unchanged",
        "read the message: it gives the reason; `--force` accepts far fewer boxes",
    )
    UNKNOWN = (
        9,
        "the outcome of at least one row is unknown",
        f"{_AGAIN}, and the PBX is asked what it did",
    )
    DIFFERENCES = 10, "differences were found (`diff`, `plan --exit-code`)"
    INTERRUPTED = (
        130,
        "interrupted; an import or undo that had begun wrote its result",
        _AGAIN,
    )
