"""Removes external references and self-running content from the copy of a workbook.

A copy contains PINs, and the person who runs the import opens it: nothing in it may send them elsewhere or run a
program.
"""

from collections import Counter
from collections.abc import Collection, Iterator
from itertools import chain
from typing import Any, Final
from urllib.parse import urlsplit

from openpyxl import Workbook
from openpyxl.cell import Cell
from openpyxl.chart.data_source import MultiLevelStrRef, NumRef, StrRef
from openpyxl.descriptors.serialisable import Serialisable
from openpyxl.drawing.text import Hyperlink as DrawingLink
from openpyxl.formatting.formatting import ConditionalFormattingList
from openpyxl.worksheet.formula import ArrayFormula, DataTableFormula
from openpyxl.worksheet.table import Table
from openpyxl.worksheet.worksheet import Worksheet

from bulkvm.columns import refused_text
from bulkvm.reports.workbook.original.formula_reach import has_external_reference
from bulkvm.reports.workbook.original.original_cells import existing_cells, set_text
from bulkvm.text import count, join_and, join_limited

# Links that only open a page or a message, and only on a click.
_SCHEMES: Final = frozenset({"http", "https", "mailto"})
_AUTORUN_NAMES: Final = ("auto_", "workbook_", "_xlnm.auto_")  # names of macros that Excel runs by itself
_MAX_LINK_LENGTH: Final = 2_048
_MAX_LISTED: Final = 6  # cells in the summary


class _Removed:
    """What was converted to text or removed."""

    def __init__(self) -> None:
        self.formulas: list[str] = []
        self.others: Counter[str] = Counter()

    def describe(self) -> str:
        """Render it: `2 formulas (Boxes!D5, Lists!A1) and 1 link`, or nothing."""
        counts = []
        if self.formulas:
            cells = join_limited(self.formulas, _MAX_LISTED)
            counts.append(f"{count(len(self.formulas), 'formula')} ({cells})")
        counts += [count(n, what) for what, n in self.others.items()]
        return join_and(counts)


def remove_external_content(workbook: Workbook, worksheet: Worksheet, header_row: int, read: Collection[str]) -> str:
    """Convert formulas with external references to text, and remove other external or self-running content.

    Args:
        workbook: the copy.
        worksheet: the sheet in it that was read.
        header_row: the row of its headings. A formula below, in a column that is read, has no usable result.
        read: the letters of the columns that are read.

    Returns:
        A description of what was converted or removed; empty if nothing was.
    """
    removed = _Removed()
    sheets = frozenset(title.casefold() for title in workbook.sheetnames)
    _drop_links_to_workbooks(workbook, removed)
    _drop_names(workbook.defined_names, sheets, removed)
    for sheet in workbook.worksheets:
        _drop_names(sheet.defined_names, sheets, removed)
        for cell in existing_cells(sheet):
            if cell.data_type == "f" and any(
                has_external_reference(formula, sheets) for formula in _formulas(cell.value)
            ):
                removed.formulas.append(f"{sheet.title}!{cell.coordinate}")
                is_read = sheet is worksheet and cell.row > header_row and cell.column_letter in read
                set_text(cell, refused_text(_formula_text(cell)) if is_read else _formula_text(cell))
            link = cell.hyperlink
            if link and (
                _is_unsafe_link(link.target) or has_external_reference((link.location or "").removeprefix("#"), sheets)
            ):
                removed.others["link"] += 1
                cell.hyperlink = None
        _drop_validations(sheet, sheets, removed)
        _drop_rules(sheet, sheets, removed)
        for table in list(sheet.tables.values()):
            _disconnect_table(table, sheets, removed)
            if not table.tableColumns:  # openpyxl would create every cell in it
                del sheet.tables[table.name]
        _drop_pivots(sheet, sheets, removed)
    for drawn_on in chain(workbook.worksheets, workbook.chartsheets):
        charts: list[Any] = vars(drawn_on)["_charts"]  # no public API
        kept = [chart for chart in charts if not _is_chart_external(chart, sheets)]
        removed.others["chart"] += len(charts) - len(kept)
        charts[:] = kept
    removed.others += Counter()  # drops zero counts
    return removed.describe()


def _formulas(value: object) -> Iterator[str]:
    if isinstance(value, ArrayFormula):
        yield value.text or ""
    elif isinstance(value, DataTableFormula):
        yield from filter(None, (value.r1, value.r2))
    else:
        yield str(value)


def _formula_text(cell: Cell) -> str:
    return "=" + next(_formulas(cell.value), "").removeprefix("=")


def _is_unsafe_link(target: str | None) -> bool:
    """Return whether a link opens a file, a program or a network folder."""
    if target is None:  # a link to a cell
        return False
    try:
        scheme = urlsplit(target).scheme
    except ValueError:
        return True
    return len(target) > _MAX_LINK_LENGTH or scheme not in _SCHEMES


def _drop_links_to_workbooks(workbook: Workbook, removed: _Removed) -> None:
    links: list[object] = vars(workbook)["_external_links"]  # no public API
    removed.others["connection to another workbook or program"] += len(links)
    links.clear()


def _drop_names(names: dict[str, Any], sheets: Collection[str], removed: _Removed) -> None:
    for key, name in list(names.items()):
        starts = key.casefold().startswith(_AUTORUN_NAMES) or name.xlm or name.vbProcedure or name.function
        if starts or has_external_reference(name.value or "", sheets):
            removed.others["name"] += 1
            del names[key]


def _drop_validations(sheet: Worksheet, sheets: Collection[str], removed: _Removed) -> None:
    rules = sheet.data_validations.dataValidation
    kept = [
        rule
        for rule in rules
        if not any(has_external_reference(f or "", sheets) for f in (rule.formula1, rule.formula2))
    ]
    removed.others["input rule"] += len(rules) - len(kept)
    sheet.data_validations.dataValidation = kept


def _drop_rules(sheet: Worksheet, sheets: Collection[str], removed: _Removed) -> None:
    formats = ConditionalFormattingList()
    dropped = 0
    for area in sheet.conditional_formatting:
        for rule in area.rules:
            if any(has_external_reference(formula, sheets) for formula in _formulas_of_rule(rule)):
                dropped += 1
            else:
                formats.add(str(area.sqref), rule)
    if dropped:
        sheet.conditional_formatting = formats
        removed.others["conditional format"] += dropped


def _formulas_of_rule(rule: Any) -> Iterator[str]:
    yield from rule.formula
    for scale in (rule.colorScale, rule.dataBar, rule.iconSet):
        if scale is not None:
            yield from (str(point.val) for point in scale.cfvo if point.val is not None)


def _disconnect_table(table: Table, sheets: Collection[str], removed: _Removed) -> None:
    """Disconnect a table from its query, and remove calculated columns with external references."""
    if table.tableType not in {None, "worksheet"} or table.connectionId is not None:
        removed.others["query"] += 1
        table.tableType = table.connectionId = None
    for column in table.tableColumns:
        column.queryTableFieldId = column.xmlColumnPr = None
        for key in ("calculatedColumnFormula", "totalsRowFormula"):
            formula = getattr(column, key)
            if formula is not None and has_external_reference(formula.attr_text or "", sheets):
                removed.others["formula of a table"] += 1
                setattr(column, key, None)


def _drop_pivots(sheet: Worksheet, sheets: Collection[str], removed: _Removed) -> None:
    pivots: list[Any] = vars(sheet)["_pivots"]  # no public API
    kept = [pivot for pivot in pivots if not _is_pivot_external(pivot, sheets)]
    removed.others["pivot table"] += len(pivots) - len(kept)
    pivots[:] = kept
    for pivot in kept:
        pivot.cache.refreshOnLoad = None


def _is_pivot_external(pivot: Any, sheets: Collection[str]) -> bool:
    source = pivot.cache.cacheSource
    inside = source.type == "worksheet" and source.connectionId is None and source.worksheetSource is not None
    if not inside or (source.worksheetSource.sheet or "").casefold() not in {"", *sheets}:
        return True
    return any(has_external_reference(field.formula or "", sheets) for field in pivot.cache.cacheFields)


def _is_chart_external(chart: object, sheets: Collection[str]) -> bool:
    for part in _parts(chart):
        if isinstance(part, DrawingLink):
            return True
        if isinstance(part, NumRef | StrRef | MultiLevelStrRef) and has_external_reference(part.f or "", sheets):
            return True
    return False


def _parts(chart: object) -> Iterator[object]:
    """Yield a chart and all its parts."""
    left, seen = [chart], set[int]()
    while left:
        part = left.pop()
        if isinstance(part, list | tuple):
            left.extend(part)
        elif isinstance(part, Serialisable) and id(part) not in seen:
            seen.add(id(part))
            yield part
            left.extend(vars(part).values())
