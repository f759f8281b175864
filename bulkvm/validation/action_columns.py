"""Checks columns that ask for something that an import does not do, such as "Delete?"."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

from bulkvm.columns.action_headings import (
    find_unwanted,
    has_date,
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
from bulkvm.text import count

_UNWANTED: Final = (
    "marks this row as not wanted: an import would create or update the box. Delete the row, or empty this cell. If "
    "the column means something else, delete the column. To delete a box, use the PBX's web portal."
)


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
        different = set(texts.values())
        unwanted = find_unwanted(heading, different) if is_action else set()
        of_text = dict.fromkeys(unwanted, _problem(f"Column {letter}", heading, _UNWANTED, Severity.ERROR))
        for text in filter(has_unwanted_clause, different) if has_remarks else ():
            remark = f'has the remark "{shown(text)}". If the box is not wanted, delete the row.'
            of_text[text] = _problem(f"Column {letter}", heading, remark)
        for row, text in texts.items() if of_text else ():
            if text in of_text:
                yield replace(of_text[text], row=row, cell=f"{letter}{row}")
        dates = set(filter(has_date, different - unwanted)) if has_dates else set()
        dated = [row for row, text in texts.items() if text in dates]
        have_dates = count(len(dated), "row has a date", "rows have a date")
        yield from _warn_of_rows(letter, heading, dated, have_dates, "Delete the rows of people who have left.")
        is_mark = is_action and marks_only_wanted(heading, different)
        blank = [row for row, text in texts.items() if is_mark and not text.strip(STRIP_CHARS)]
        are_blank = count(len(blank), "row is blank", "rows are blank")
        yield from _warn_of_rows(letter, heading, blank, are_blank, "If blank means no, delete these rows.")


def _warn_of_rows(letter: str, heading: str, rows: Sequence[int], found: str, remedy: str) -> Iterator[Problem]:
    if rows:
        effect = "An import creates or updates these boxes too."
        yield _problem(f"column {letter}", heading, f"{found} in it, first row {rows[0]}. {effect} {remedy}")


def _problem(column: str, heading: str, message: str, severity: Severity = Severity.WARNING) -> Problem:
    return Problem(
        row=None,
        code=ProblemCode.ROW_NOT_WANTED,
        message=f'{column} ("{shown(heading)}") is not read, and {message}',
        severity=severity,
        option=f"Or ignore the column with {map_option(heading, '')}.",
    )
