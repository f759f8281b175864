"""What of a person's own workbook reaches out of it or starts by itself, and so is text in a copy or not in it.

A copy holds PINs and is opened by whoever runs the import: nothing in it may send them elsewhere or run a program.
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
from bulkvm.reports.workbook.original.formula_reach import reaches_out
from bulkvm.reports.workbook.original.original_cells import cells_there, set_text

# Links that only open a page or a message, and only when somebody clicks them.
_SCHEMES: Final = frozenset({"http", "https", "mailto"})
_STARTING: Final = ("auto_", "workbook_", "_xlnm.auto_")  # names of what Excel runs by itself
_LONGEST_LINK: Final = 2_048
_NAMED: Final = 6  # cells that the summary names


class _Found:
    """What was made text or left out."""

    def __init__(self) -> None:
        self.formulas: list[str] = []
        self.others: Counter[str] = Counter()

    def in_words(self) -> str:
        """All of it, such as `2 formulas (Boxes!D5, Lists!A1) and 1 link`; nothing where there is none."""
        told = []
        if self.formulas:
            more = f" and {len(self.formulas) - _NAMED:,} more" if len(self.formulas) > _NAMED else ""
            told.append(f"{_count(len(self.formulas), 'formula')} ({', '.join(self.formulas[:_NAMED])}{more})")
        told += [_count(number, what) for what, number in self.others.items()]
        return " and ".join(filter(None, (", ".join(told[:-1]), *told[-1:])))


def leave_out_external(workbook: Workbook, own: Worksheet, header_row: int, read: Collection[str]) -> str:
    """Make formulas text that reach out of a workbook, and take out all else that does or that starts by itself.

    Args:
        workbook: the copy.
        own: the sheet in it that was read.
        header_row: where its headings are. A formula below them in a column that is read had no usable result.
        read: the letters of these columns.

    Returns:
        What it was, in words; nothing where there was none.
    """
    found = _Found()
    sheets = frozenset(title.casefold() for title in workbook.sheetnames)
    _drop_links_to_workbooks(workbook, found)
    _drop_names(workbook.defined_names, sheets, found)
    for sheet in workbook.worksheets:
        _drop_names(sheet.defined_names, sheets, found)
        for cell in cells_there(sheet):
            if cell.data_type == "f" and any(reaches_out(formula, sheets) for formula in _formulas(cell.value)):
                found.formulas.append(f"{sheet.title}!{cell.coordinate}")
                is_read = sheet is own and cell.row > header_row and cell.column_letter in read
                set_text(cell, refused_text(_in_words(cell)) if is_read else _in_words(cell))
            link = cell.hyperlink
            if link and (_leads_out(link.target) or reaches_out((link.location or "").removeprefix("#"), sheets)):
                found.others["link"] += 1
                cell.hyperlink = None
        _drop_validations(sheet, sheets, found)
        _drop_rules(sheet, sheets, found)
        for table in list(sheet.tables.values()):
            _cut_off_table(table, sheets, found)
            if not table.tableColumns:  # openpyxl would make a cell of each place in it
                del sheet.tables[table.name]
        _drop_pivots(sheet, sheets, found)
    for drawn_on in chain(workbook.worksheets, workbook.chartsheets):
        charts: list[Any] = vars(drawn_on)["_charts"]  # there is no public way
        kept = [chart for chart in charts if not _chart_reaches_out(chart, sheets)]
        found.others["chart"] += len(charts) - len(kept)
        charts[:] = kept
    found.others += Counter()  # without what was not found
    return found.in_words()


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def _formulas(value: object) -> Iterator[str]:
    if isinstance(value, ArrayFormula):
        yield value.text or ""
    elif isinstance(value, DataTableFormula):
        yield from filter(None, (value.r1, value.r2))
    else:
        yield str(value)


def _in_words(cell: Cell) -> str:
    return "=" + next(_formulas(cell.value), "").removeprefix("=")


def _leads_out(target: str | None) -> bool:
    """Whether a link leads to a file, a program or another computer's folder."""
    if target is None:  # it leads to a cell
        return False
    try:
        scheme = urlsplit(target).scheme
    except ValueError:
        return True
    return len(target) > _LONGEST_LINK or scheme not in _SCHEMES


def _drop_links_to_workbooks(workbook: Workbook, found: _Found) -> None:
    links: list[object] = vars(workbook)["_external_links"]  # there is no public way
    found.others["connection to another workbook or program"] += len(links)
    links.clear()


def _drop_names(names: dict[str, Any], sheets: Collection[str], found: _Found) -> None:
    for key, name in list(names.items()):
        starts = key.casefold().startswith(_STARTING) or name.xlm or name.vbProcedure or name.function
        if starts or reaches_out(name.value or "", sheets):
            found.others["name"] += 1
            del names[key]


def _drop_validations(sheet: Worksheet, sheets: Collection[str], found: _Found) -> None:
    rules = sheet.data_validations.dataValidation
    kept = [rule for rule in rules if not any(reaches_out(f or "", sheets) for f in (rule.formula1, rule.formula2))]
    found.others["input rule"] += len(rules) - len(kept)
    sheet.data_validations.dataValidation = kept


def _drop_rules(sheet: Worksheet, sheets: Collection[str], found: _Found) -> None:
    formats = ConditionalFormattingList()
    dropped = 0
    for area in sheet.conditional_formatting:
        for rule in area.rules:
            if any(reaches_out(formula, sheets) for formula in _formulas_of_rule(rule)):
                dropped += 1
            else:
                formats.add(str(area.sqref), rule)
    if dropped:
        sheet.conditional_formatting = formats
        found.others["conditional format"] += dropped


def _formulas_of_rule(rule: Any) -> Iterator[str]:
    yield from rule.formula
    for scale in (rule.colorScale, rule.dataBar, rule.iconSet):
        if scale is not None:
            yield from (str(point.val) for point in scale.cfvo if point.val is not None)


def _cut_off_table(table: Table, sheets: Collection[str], found: _Found) -> None:
    """Make a table one of cells alone, and take out what its columns would calculate."""
    if table.tableType not in {None, "worksheet"} or table.connectionId is not None:
        found.others["query"] += 1
        table.tableType = table.connectionId = None
    for column in table.tableColumns:
        column.queryTableFieldId = column.xmlColumnPr = None
        for key in ("calculatedColumnFormula", "totalsRowFormula"):
            formula = getattr(column, key)
            if formula is not None and reaches_out(formula.attr_text or "", sheets):
                found.others["formula of a table"] += 1
                setattr(column, key, None)


def _drop_pivots(sheet: Worksheet, sheets: Collection[str], found: _Found) -> None:
    pivots: list[Any] = vars(sheet)["_pivots"]  # there is no public way
    kept = [pivot for pivot in pivots if not _pivot_reaches_out(pivot, sheets)]
    found.others["pivot table"] += len(pivots) - len(kept)
    pivots[:] = kept
    for pivot in kept:
        pivot.cache.refreshOnLoad = None


def _pivot_reaches_out(pivot: Any, sheets: Collection[str]) -> bool:
    source = pivot.cache.cacheSource
    inside = source.type == "worksheet" and source.connectionId is None and source.worksheetSource is not None
    if not inside or (source.worksheetSource.sheet or "").casefold() not in {"", *sheets}:
        return True
    return any(reaches_out(field.formula or "", sheets) for field in pivot.cache.cacheFields)


def _chart_reaches_out(chart: object, sheets: Collection[str]) -> bool:
    for part in _parts(chart):
        if isinstance(part, DrawingLink):
            return True
        if isinstance(part, NumRef | StrRef | MultiLevelStrRef) and reaches_out(part.f or "", sheets):
            return True
    return False


def _parts(chart: object) -> Iterator[object]:
    """A chart and all that it is made of."""
    left, seen = [chart], set[int]()
    while left:
        part = left.pop()
        if isinstance(part, list | tuple):
            left.extend(part)
        elif isinstance(part, Serialisable) and id(part) not in seen:
            seen.add(id(part))
            yield part
            left.extend(vars(part).values())
