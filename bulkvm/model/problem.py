"""What is wrong in a sheet."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import cast

from bulkvm.model.problem_codes import ProblemCode, Severity

__all__ = ["Fault", "Problem", "ProblemCode", "Severity", "rows_with_errors"]

_OF_CODE = cast("Severity", None)  # replaced by the severity of the code


@dataclass(frozen=True, slots=True)
class Fault:
    """A problem of one value, without its place.

    Attributes:
        code: stable, for scripts.
        message: what is wrong, why, and what to do. It never shows a PIN.
        severity: if not given, that of the code.
    """

    code: ProblemCode
    message: str
    severity: Severity = _OF_CODE

    def __post_init__(self) -> None:
        """Take the severity of the code, if none is given."""
        if self.severity is _OF_CODE:
            object.__setattr__(self, "severity", self.code.severity)


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """A fault with its place: a cell, a row, or the whole file.

    Attributes:
        row: the number that Excel shows, None for the whole file.
        cell: the column's letter and the row, such as C7; for a problem of the whole file, that of a heading.
        column: the column's header.
        code, message, severity: as for a Fault.
        option: what the command line offers in addition, which is not in notes in a workbook.
    """

    row: int | None
    code: ProblemCode
    message: str
    cell: str | None = None
    column: str | None = None
    severity: Severity = _OF_CODE
    option: str = ""

    def __post_init__(self) -> None:
        """Take the severity of the code, if none is given."""
        if self.severity is _OF_CODE:
            object.__setattr__(self, "severity", self.code.severity)

    @property
    def message_with_option(self) -> str:
        """The message for the terminal."""
        return f"{self.message} {self.option}".rstrip()

    @property
    def is_error(self) -> bool:
        """Whether it stops its row."""
        return self.severity is Severity.ERROR


def rows_with_errors(problems: Iterable[Problem]) -> frozenset[int]:
    """The numbers of the rows that an error stops."""
    return frozenset(p.row for p in problems if p.is_error and p.row is not None)
