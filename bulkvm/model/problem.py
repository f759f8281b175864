"""What is wrong in a sheet, told to the person who can mend it."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """An error stops its row; a warning does not."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Fault:
    """What a rule finds in one value, before it is known in which cell.

    `code` is short and stable, for searching and for `--json`. `message` says what, why and how to mend, and
    never repeats a PIN.
    """

    code: str
    message: str
    severity: Severity = Severity.ERROR


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """A fault with its place: a cell (`C7`), a row, or the whole file (`row` None).

    `row` is the number that Excel shows, `cell` the column's letter and the row, `column` the column's header.
    """

    row: int | None
    code: str
    message: str
    cell: str | None = None
    column: str | None = None
    severity: Severity = Severity.ERROR

    @property
    def is_error(self) -> bool:
        """Whether it stops its row."""
        return self.severity is Severity.ERROR


def rows_with_errors(problems: Iterable[Problem]) -> frozenset[int]:
    """The numbers of the rows that an error stops."""
    return frozenset(p.row for p in problems if p.is_error and p.row is not None)
