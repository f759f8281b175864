"""The rows of an earlier result that are still to be done."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from bulkvm.errors import UsageError
from bulkvm.outcomes import DONE
from bulkvm.problems import Problem
from bulkvm.sheet import Sheet

STATUS_HEADING: Final = "bulkvm_status"


def select_failed(sheet: Sheet) -> Sheet:
    """The sheet with the rows alone that an earlier run did not do (`--only-failed`).

    Raises:
        UsageError: it is no result.
    """
    letter = _status_letter(sheet.headings)
    status = sheet.cells[letter].str.strip().str.casefold()
    cells = sheet.cells[~status.isin([str(done) for done in DONE])]
    left = set(cells.index)

    def concerns(problem: Problem) -> bool:
        return problem.row is None or problem.row in left

    return replace(sheet, cells=cells, problems=tuple(filter(concerns, sheet.problems)))


def _status_letter(headings: Mapping[str, str]) -> str:
    for letter, heading in headings.items():
        if heading.strip().casefold() == STATUS_HEADING:
            return letter
    raise UsageError(
        f"--only-failed takes the rows that an earlier run did not do, and this sheet has no column {STATUS_HEADING}. "
        "Name the result of that run, or leave --only-failed out."
    )
