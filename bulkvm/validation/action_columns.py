"""Checks columns that ask for something that an import does not do, such as "Delete?"."""

from collections.abc import Iterator, Sequence

from bulkvm.columns.action_headings import is_unwanted, marks_only_wanted, names_action
from bulkvm.columns.cell_display import STRIP_CHARS, shown
from bulkvm.columns.header_matching import heading_key, is_result_heading, map_option
from bulkvm.columns.sheet_columns import sheet_columns
from bulkvm.model.problem import Problem, ProblemCode, Severity
from bulkvm.model.sheet import CellKind, Sheet


def check_action_columns(sheet: Sheet) -> Iterator[Problem]:
    """Yield an error for each row that such a column marks as not wanted: an import would create or update its box.

    If it only marks the rows that are wanted, yield a warning about the others.
    """
    columns, mapped = sheet_columns(sheet), set(map(heading_key, sheet.heading_map))
    of_first = sheet.kinds.get(next(iter(columns), ""), {})
    notes = {row for row, kind in of_first.items() if kind is CellKind.NOTE}
    for letter, heading in sheet.headings.items():
        if (
            letter in columns
            or is_result_heading(heading)
            or heading_key(heading) in mapped
            or letter not in sheet.cells
            or not names_action(heading)
        ):
            continue
        texts = {row: text for row, text in sheet.texts(letter).items() if row not in notes}
        unwanted = {text for text in set(texts.values()) if is_unwanted(heading, text)}
        message = (
            f'Column {letter} ("{shown(heading)}") is not read, and marks this row as not wanted: an import would '
            "create or update the box. Delete the row, or empty this cell. To delete a box, use the PBX's web portal."
        )
        option = f"Or ignore the column with {map_option(heading, '')}."
        for row, text in texts.items() if unwanted else ():
            if text in unwanted:
                yield Problem(
                    row=row, cell=f"{letter}{row}", code=ProblemCode.ROW_NOT_WANTED, message=message, option=option
                )
        if marks_only_wanted(heading, set(texts.values())):
            blank = [row for row, text in texts.items() if not text.strip(STRIP_CHARS)]
            yield from _warn_unmarked(letter, heading, blank, option)


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
