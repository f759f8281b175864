"""Excel workbooks: choice of the sheet, and its rows."""

from collections.abc import Collection, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from itertools import takewhile
from typing import IO, Final

from bulkvm.columns import ID_COLUMN, KEY_COLUMN, NAME_COLUMN
from bulkvm.columns.cell_display import sheet_option, shown_number
from bulkvm.columns.header_matching import match_headings
from bulkvm.model.errors import BulkvmError, HeadingsHidden, SheetError, UsageError
from bulkvm.model.problem import Problem, ProblemCode
from bulkvm.model.sheet import HiddenCells, Sheet
from bulkvm.readers.file_type import damaged_error
from bulkvm.readers.header_row import (
    Header,
    find_header,
    first_rows,
    no_header_error,
    refuse_boxes_above,
    refuse_header_below,
    warn_unnamed_columns,
)
from bulkvm.readers.hidden_and_merged import (
    allow_partly_struck,
    find_covered_headings,
    join_groups,
    mark_merged,
    spread_merged,
    warn_conditional,
    warn_hidden_columns,
    warn_hidden_rows,
    warn_repeated_text,
    warn_struck_rows,
    warn_white_rows,
)
from bulkvm.readers.other_systems.recognition import recognise, refuse_export
from bulkvm.readers.package import Package, SheetPart, open_archive, open_package
from bulkvm.readers.random_numbers import mark_random
from bulkvm.readers.read_limits import HEADER_ROWS, SEARCHED_ROWS
from bulkvm.readers.source import Source
from bulkvm.readers.table import COLUMN_OF, LETTERS, Row, Table, has_text
from bulkvm.readers.unread_sheets import warn_unread_sheets
from bulkvm.readers.worksheet import HIDES_VALUE, Worksheet
from bulkvm.text import join_limited

_MAX_LISTED: Final = 8  # sheets in a message


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A sheet that may be the one to read, with its first rows."""

    part: SheetPart
    rows: list[Row]
    header: Header | None


def read_workbook(source: Source, *, sheet: str | None, heading_map: Mapping[str, str] | None) -> Sheet:
    """Read a workbook.

    Raises:
        SheetError: it is damaged, or several sheets could be the one to read.
        UsageError: it has no sheet with the given name.
    """
    try:
        with open_archive(source) as archive:
            package = open_package(archive, source.size)
            parts = _parts(source.name, package, sheet)
            candidates = _candidates(package, parts, heading_map)
            if not heading_map:
                _refuse_export(source.name, candidates)
            if sheet is None and not any(candidate.header for candidate in candidates):
                _check_hidden_sheets(source.name, package, heading_map)
            part, header = _choose(source.name, package, candidates)
            read = _read(source, package, part, header, heading_map)
            others = [other for other in package.sheets if other.path != part.path]
            return read if sheet else _warn_unread(package, read, heading_map, others)
    except BulkvmError:
        raise
    except Exception:  # noqa: BLE001  (a damaged file can raise anything)
        raise damaged_error(source.name) from None  # the cause may quote a cell, and so a PIN


def _warn_unread(
    package: Package, read: Sheet, heading_map: Mapping[str, str] | None, others: Sequence[SheetPart]
) -> Sheet:
    """Add the warning about other sheets that seem to contain boxes."""
    first = {part.path: part for part in reversed(others)}  # several sheets may share a part
    rows = ((part, _rows_to(package, part.path, SEARCHED_ROWS)) for part in reversed(first.values()))
    keys = [letter for letter, column in match_headings(read.headings, heading_map).items() if column is KEY_COLUMN]
    extensions = {text for letter in keys for text in read.cells[letter]} if others else ()
    return replace(read, problems=(*read.problems, *warn_unread_sheets(rows, read.name or "", extensions)))


def _rows_to(package: Package, path: str, last: int) -> list[Row]:
    with package.open_sheet(path) as stream, closing(_worksheet(stream, package).rows(last)) as rows:
        return list(takewhile(lambda row: row.number <= last, rows))


def _parts(name: str, package: Package, sheet: str | None) -> list[SheetPart]:
    """Return the visible sheets, or the one with the given name, ignoring case."""
    parts = [part for part in package.sheets if part.is_visible]
    if sheet is not None:
        parts = [part for part in package.sheets if part.name.casefold() == sheet.casefold()]
        if not parts:
            raise UsageError(f'{name} has no sheet "{sheet}". Its sheets are {_list_names(package.sheets, ", ")}.')
    return parts


def _check_hidden_sheets(name: str, package: Package, heading_map: Mapping[str, str] | None) -> None:
    """Raise an error if a hidden sheet has the headings that are in no visible one."""
    hidden = _candidates(package, [part for part in package.sheets if not part.is_visible], heading_map)
    found = [candidate.part for candidate in hidden if candidate.header and candidate.header.is_certain]
    if found:
        title = found[0].name
        raise HeadingsHidden(
            f'{name} has its headings in the hidden sheet "{shown_number(title)}". Show it (right-click on a sheet '
            f"tab, Unhide), or choose it with {sheet_option(title)}.",
            ProblemCode.NO_HEADER,
        )


def _candidates(
    package: Package, parts: Sequence[SheetPart], heading_map: Mapping[str, str] | None
) -> list[_Candidate]:
    """Read the first rows of sheets, and find their headers."""
    read: dict[str, tuple[list[Row], Header | None]] = {}  # several sheets may share a part
    for path in dict.fromkeys(part.path for part in parts):
        with package.open_sheet(path) as stream, closing(_worksheet(stream, package).rows(HEADER_ROWS)) as rows:
            first = first_rows(rows)
        header = find_header(first, heading_map)
        if header is None:  # some programs store rows in another order
            first = _unordered_first_rows(package, path)
            header = find_header(first, heading_map)
        read[path] = first, header
    return [_Candidate(part, *read[part.path]) for part in parts]


def _refuse_export(name: str, candidates: Sequence[_Candidate]) -> None:
    """Raise an error if the sheet to be read is an export of another phone system."""
    others = [c for c in candidates if c.header and c.header.is_certain and recognise(c.rows) is None]
    if not others:
        for candidate in candidates:
            refuse_export(name, candidate.rows)


def _unordered_first_rows(package: Package, path: str) -> list[Row]:
    """Return the rows in which to look for the header, wherever the worksheet has them."""
    found: dict[int, Row] = {}
    with package.open_sheet(path) as stream:
        for row in _worksheet(stream, package).rows():
            if row.number <= HEADER_ROWS:
                before = found.get(row.number, Row(row.number, {}))
                found[row.number] = row._replace(cells={**before.cells, **row.cells})
    return first_rows(found[number] for number in sorted(found))


def _worksheet(stream: IO[bytes], package: Package) -> Worksheet:
    return Worksheet(stream, package.texts, package.steps)


def _list_names(parts: Sequence[SheetPart], between: str) -> str:
    """List sheet names for a message."""
    return join_limited([f'"{shown_number(part.name)}"' for part in parts], _MAX_LISTED, between)


def _has_text(package: Package, path: str) -> bool:
    with package.open_sheet(path) as stream, closing(_worksheet(stream, package).rows()) as rows:
        return any(has_text(row.cells.values()) for row in rows)


def _choose(name: str, package: Package, candidates: Sequence[_Candidate]) -> tuple[SheetPart, Header]:
    """Choose the only sheet with a header, or of several, the only one whose header is certain."""
    found = [(candidate.part, candidate.header) for candidate in candidates if candidate.header]
    if not found:
        is_empty = not any(_has_text(package, candidate.part.path) for candidate in candidates)
        for candidate in candidates:
            refuse_header_below(name, _rows_to(package, candidate.part.path, SEARCHED_ROWS))
        raise no_header_error(name, [row for candidate in candidates for row in candidate.rows], is_empty=is_empty)
    # A sheet of instructions may contain a single heading.
    certain = [(part, header) for part, header in found if header.is_certain] or found
    if len(certain) > 1:
        there = _list_names([part for part, _ in certain], " and ")
        raise SheetError(
            f"{name} has several sheets with known headings: {there}. Choose one with "
            f"{sheet_option(certain[0][0].name)}.",
            ProblemCode.SEVERAL_SHEETS,
        )
    return certain[0]


def _read(
    source: Source, package: Package, part: SheetPart, header: Header, heading_map: Mapping[str, str] | None
) -> Sheet:
    table = Table(source, header.headings, is_packed=True)
    with package.open_sheet(part.path) as stream:
        worksheet = _worksheet(stream, package)
        for row in worksheet.rows():
            if row.number > header.row.number:
                table.add(row)
            elif row.number == header.row.number and row.cells.keys() != header.row.cells.keys():
                raise ValueError(row.number)  # the header is in parts, with other rows between them
    table.sort()
    columns = match_headings(header.headings, heading_map)
    used = set(columns)
    mark_random(package, part, worksheet.formulas, columns, table)
    if table.struck:
        allow_partly_struck(table, [letter for letter, column in columns.items() if column is NAME_COLUMN])
    dark = package.dark_tables(part.path) if table.white else ()
    problems = (
        *warn_hidden_rows(table.hidden),
        *warn_struck_rows(table.struck, used),
        *warn_white_rows(table.white, used, dark),
        *_warn_of_columns(package, worksheet, table, header, used),
    )
    cells, merged, of_used = table.to_frame(), worksheet.merged, {letter: letter for letter in used}
    return Sheet(
        path=source.path,
        name=part.name,
        header_row=header.row.number,
        headings=header.headings,
        cells=cells,
        kinds=table.kinds,
        titles=header.titles,
        groups=join_groups(header.groups, merged),
        hidden=HiddenCells(
            frozenset(table.hidden),
            frozenset(letter for first, last in worksheet.hidden_columns for letter in LETTERS[first - 1 : last]),
        ),
        problems=(
            *refuse_boxes_above(header),
            *warn_unnamed_columns(header, cells, cells.columns, spread_merged(header.row.number, of_used, merged)),
            *problems,
        ),
    )


def _warn_of_columns(
    package: Package, worksheet: Worksheet, table: Table, header: Header, used: Collection[str]
) -> tuple[Problem, ...]:
    """Find what a person may not see, or sees differently, in the columns that are used."""
    in_order = sorted(used, key=COLUMN_OF.__getitem__)
    return (
        *warn_repeated_text(table.repeated, used),
        *warn_hidden_columns(
            worksheet.hidden_columns, [c for c in in_order if header.headings[c].strip() != ID_COLUMN.title], table
        ),
        *warn_conditional(worksheet.conditional, {*package.changing, HIDES_VALUE}, in_order, table),
        *find_covered_headings(worksheet.merged, in_order, header.row.number),
        *mark_merged(worksheet.merged, used, table),
    )
