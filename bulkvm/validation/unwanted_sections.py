"""Headings of boxes that are not wanted: "Boxes to be deleted"."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Final

from bulkvm.columns import KEY_COLUMN
from bulkvm.columns.cell_display import STRIP_CHARS, shown
from bulkvm.columns.unwanted_words import has_unwanted_clause
from bulkvm.model.problem import Problem, ProblemCode, Severity
from bulkvm.model.sheet import Sheet

_BELOW: Final = "The rows below it may not be wanted: if so, delete these too."


def warn_of_unwanted_sheet(sheet: Sheet) -> Iterator[Problem]:
    """Warn of a title above the headings, or a name of the sheet, that marks its boxes as not wanted."""
    named = [("the sheet is named", sheet.name or ""), *(("the title is", title) for title in sheet.titles)]
    for what, text in named:
        if has_unwanted_clause(text):
            yield Problem(
                row=None,
                code=ProblemCode.ROW_NOT_WANTED,
                message=f'{what} "{shown(text)}". An import creates or updates the boxes of this sheet. If they are '
                "not wanted, do not import it.",
                severity=Severity.WARNING,
            )


def warn_of_rows_below(problems: Iterable[Problem], sheet: Sheet) -> list[Problem]:
    """Add a warning of the rows below to the errors of headings between rows, such as "To be deleted"."""
    problems = list(problems)
    rows = {p.row for p in problems if p.row is not None and _is_of_extension(p)}
    if not rows:
        return problems
    cells = sheet.cells[sheet.cells.index.isin(rows)]
    texts_of_rows = zip(cells.index.tolist(), cells.to_numpy().tolist(), strict=True)
    headings = {row for row, texts in texts_of_rows if _is_heading(texts)}
    return [
        replace(p, message=f"{p.message} {_BELOW}") if p.row in headings and _is_of_extension(p) else p
        for p in problems
    ]


def _is_of_extension(problem: Problem) -> bool:
    return problem.is_error and problem.column == KEY_COLUMN.header


def _is_heading(texts: Iterable[str]) -> bool:
    filled = [text for text in texts if text.strip(STRIP_CHARS)]
    return len(filled) == 1 and has_unwanted_clause(filled[0])
