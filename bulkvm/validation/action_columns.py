"""Checks columns that ask for something that an import does not do, such as "Delete?"."""

from collections.abc import Iterator, Sequence

from bulkvm.columns.action_headings import (
    has_date,
    is_unwanted,
    marks_only_wanted,
    names_action,
    names_leaving,
    names_remarks,
)
from bulkvm.columns.cell_display import STRIP_CHARS, shown
from bulkvm.columns.header_matching import heading_key, is_result_heading, map_option
from bulkvm.columns.sheet_columns import sheet_columns
from bulkvm.columns.unwanted_words import has_unwanted_clause
from bulkvm.model.problem import Problem, ProblemCode, Severity
from bulkvm.model.sheet import CellKind, Sheet


def check_action_columns(sheet: Sheet) -> Iterator[Problem]:
    """Yield an error for each row that such a column marks as not wanted: an import would create or update its box.

    If it only marks the rows that are wanted, yield a warning about the others. Yield warnings, too, of dates when
    persons leave, and of remarks that a box is not wanted.
    """
    columns, mapped = sheet_columns(sheet), set(map(heading_key, sheet.heading_map))
    of_first = sheet.kinds.get(next(iter(columns), ""), {})
    notes = {row for row, kind in of_first.items() if kind is CellKind.NOTE}
    for letter, heading in sheet.headings.items():
        if letter in columns or is_result_heading(heading) or heading_key(heading) in mapped:
            continue
        is_action, has_remarks, has_dates = names_action(heading), names_remarks(heading), names_leaving(heading)
        if letter not in sheet.cells or not (is_action or has_remarks or has_dates):
            continue
        texts = {row: text for row, text in sheet.texts(letter).items() if row not in notes}
        different, option = set(texts.values()), f"Or ignore the column with {map_option(heading, '')}."
        unwanted = {text for text in different if is_unwanted(heading, text)} if is_action else set()
        remarks = set(filter(has_unwanted_clause, different)) if has_remarks else set()
        for row, text in texts.items() if unwanted or remarks else ():
            if text in unwanted:
                yield _unwanted(letter, heading, row, option)
            elif text in remarks:
                yield _remark(letter, heading, row, text, option)
        dates = set(filter(has_date, different - unwanted)) if has_dates else set()
        yield from _warn_of_dates(letter, heading, [row for row, text in texts.items() if text in dates], option)
        if is_action and marks_only_wanted(heading, different):
            blank = [row for row, text in texts.items() if not text.strip(STRIP_CHARS)]
            yield from _warn_unmarked(letter, heading, blank, option)


def _unwanted(letter: str, heading: str, row: int, option: str) -> Problem:
    message = (
        f'Column {letter} ("{shown(heading)}") is not read, and marks this row as not wanted: an import would '
        "create or update the box. Delete the row, or empty this cell. If the column means something else, delete the "
        "column. To delete a box, use the PBX's web portal."
    )
    return Problem(row=row, cell=f"{letter}{row}", code=ProblemCode.ROW_NOT_WANTED, message=message, option=option)


def _remark(letter: str, heading: str, row: int, text: str, option: str) -> Problem:
    return Problem(
        row=row,
        cell=f"{letter}{row}",
        code=ProblemCode.ROW_NOT_WANTED,
        message=f'Column {letter} ("{shown(heading)}") is not read, and has the remark "{shown(text)}". If the box is '
        "not wanted, delete the row.",
        severity=Severity.WARNING,
        option=option,
    )


def _warn_of_dates(letter: str, heading: str, rows: Sequence[int], option: str) -> Iterator[Problem]:
    if rows:
        what = "row has" if len(rows) == 1 else "rows have"
        yield Problem(
            row=None,
            code=ProblemCode.ROW_NOT_WANTED,
            message=f'column {letter} ("{shown(heading)}") is not read, and {len(rows):,} {what} a date in it, first '
            f"row {rows[0]}. An import creates or updates these boxes too. Delete the rows of people who have left.",
            severity=Severity.WARNING,
            option=option,
        )


def _warn_unmarked(letter: str, heading: str, rows: Sequence[int], option: str) -> Iterator[Problem]:
    if rows:
        what = "row is" if len(rows) == 1 else "rows are"
        yield Problem(
            row=None,
            code=ProblemCode.ROW_NOT_WANTED,
            message=f'column {letter} ("{shown(heading)}") is not read, and {len(rows):,} {what} blank in it, first '
            f"row {rows[0]}. An import creates or updates these boxes too. If blank means no, delete these rows.",
            severity=Severity.WARNING,
            option=option,
        )
