"""The sheet of a plan file, as its author formatted it, as far as its text can be read."""

import io
from collections.abc import Callable, Sequence
from copy import copy
from functools import partial
from typing import Any, Final

from openpyxl import Workbook, load_workbook
from openpyxl.cell import Cell
from openpyxl.styles import Alignment
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.header_footer import HeaderFooterItem, _HeaderFooterPart
from openpyxl.worksheet.page import PageMargins
from openpyxl.worksheet.worksheet import Worksheet

from bulkvm.model.colours import BLACK, SMALLEST_FONT, WHITE, Palette, has_letters, is_legible
from bulkvm.model.sheet import Sheet
from bulkvm.reports.workbook.annotation import Annotation
from bulkvm.reports.workbook.original.original_cells import existing_cells, set_text, visible_cell
from bulkvm.reports.workbook.original.original_summary import ROW_BORDER, write_summary
from bulkvm.reports.workbook.original.result_cells import add_results
from bulkvm.reports.workbook.original.result_pane import column_widths, fit_pages
from bulkvm.reports.workbook.page_setup import FOOTER, HIDDEN_SHEET, MARGINS
from bulkvm.reports.workbook.plan_columns import NOT_SHOWN, contains_secret
from bulkvm.reports.workbook.text_cells import FONT_SIZE, LINE_HEIGHT, fitting_width, full_row_height

_HORIZONTAL: Final = frozenset({"left", "center", "right"})  # others may show a text in other cells, or repeat it
_NARROWEST: Final = 5  # characters; one word in a wrapped text can then be read


def format_plan_copy(sheet: Sheet, pins: frozenset[str], annotation: Annotation) -> bytes:
    """Return a new workbook with the texts of a sheet, in the formats and at the places of its workbook.

    Nothing else is copied: comments, other sheets, lists, pictures and formulas may contain PINs.

    Args:
        sheet: the sheet, without PINs.
        pins: all known PINs; a cell above the headings that contains one is not shown.
        annotation: the columns to add, the first page, and the hidden part.
    """
    assert sheet.name is not None
    with sheet.path.open("rb") as source:
        original = load_workbook(source, data_only=True)
    workbook = Workbook()
    worksheet = workbook.worksheets[0]
    worksheet.title = sheet.name
    _copy_cells(original[sheet.name], worksheet, sheet, pins)
    assert annotation.results is not None
    add_results(worksheet, sheet, annotation.results)
    _wrap(worksheet, sheet)
    write_summary(workbook, annotation.summary, sheet.name)
    for page in workbook.worksheets:
        page.page_margins = PageMargins(**MARGINS)
        page.HeaderFooter.oddFooter = HeaderFooterItem(
            left=_HeaderFooterPart(annotation.footer), right=_HeaderFooterPart(FOOTER[1])
        )
    if annotation.hidden:
        hidden = workbook.create_sheet(HIDDEN_SHEET)
        hidden.sheet_state = "veryHidden"
        for row, text in enumerate(annotation.hidden, start=1):
            set_text(hidden.cell(row, 1), text)
    file = io.BytesIO()
    workbook.save(file)
    return file.getvalue()


def _copy_cells(original: Worksheet, worksheet: Worksheet, sheet: Sheet, pins: frozenset[str]) -> None:
    texts = {letter: {**sheet.texts(letter)} for letter in sheet.cells.columns}
    for letter, heading in sheet.headings.items():
        texts.setdefault(letter, {})[sheet.header_row] = heading
    styles: dict[Any, Any] = {}
    for theirs in existing_cells(original):
        ours = visible_cell(worksheet, theirs.row, theirs.column)
        _style_once(ours, _style(theirs), styles, partial(_copy_style, theirs))
        text = texts.get(theirs.column_letter, {}).get(theirs.row, "")
        if theirs.row < sheet.header_row and theirs.value is not None:
            text = NOT_SHOWN if contains_secret(str(theirs.value), pins) else str(theirs.value)
        set_text(ours, text)
    for area in original.merged_cells.ranges:
        worksheet.merge_cells(area.coord)
    for letter, dimension in original.column_dimensions.items():
        ours_of = worksheet.column_dimensions[letter]
        ours_of.min, ours_of.max = dimension.min, dimension.max
        ours_of.width = max(dimension.width, _NARROWEST)
    for row, height in original.row_dimensions.items():
        worksheet.row_dimensions[row].height = height.height and max(height.height, LINE_HEIGHT)
    worksheet.freeze_panes = original.freeze_panes


def _style_once(cell: Cell, key: Any, styles: dict[Any, Any], apply: Callable[[Cell], None]) -> None:
    """Style a cell, or give it the style of the first cell with the same key: cells have few, and each takes long."""
    if key not in styles:
        apply(cell)
        styles[key] = _style(cell)
    cell._style = copy(styles[key])  # type: ignore[attr-defined]  # noqa: SLF001  (no public API)


def _style(cell: Cell) -> Any:
    return copy(cell._style)  # type: ignore[attr-defined]  # noqa: SLF001  (no public API)


def _copy_style(theirs: Cell, ours: Cell) -> None:
    if not theirs.has_style:
        return
    for style in ("border", "alignment", *(("font", "fill") if _is_legible(theirs) else ())):
        setattr(ours, style, copy(getattr(theirs, style)))


def _is_legible(cell: Cell) -> bool:
    """Whether text can be read in the font of a cell, on its background; with Office's theme, as in the copy."""
    font, fill, palette = cell.font, cell.fill, Palette()
    if fill.fill_type not in {None, "solid"}:
        return False
    colour = palette.find(dict(font.color or {}), BLACK)
    ground = palette.find(dict(fill.fgColor), BLACK) if fill.fill_type else WHITE
    return is_legible(colour, [ground]) and (font.sz or SMALLEST_FONT) >= SMALLEST_FONT and has_letters(font.name or "")


def _wrap(worksheet: Worksheet, sheet: Sheet) -> None:
    """Wrap all texts, and make columns and rows large enough for them."""
    for dimension in worksheet.column_dimensions.values():
        dimension.reindex()  # those of the new columns have no number yet
    rows = [sheet.header_row, *sheet.cells.index.tolist()]
    widths = _widen(worksheet, rows)
    wrapped: dict[Any, Any] = {}
    for row in rows:
        cells = [visible_cell(worksheet, row, column) for column in range(1, len(widths) + 1)]
        for cell in cells:
            _style_once(cell, _style(cell), wrapped, _wrap_cell)
        sizes = (cell.font.sz or FONT_SIZE for cell in cells)
        needed = full_row_height((str(cell.value or "") for cell in cells), widths, sizes)
        worksheet.row_dimensions[row].height = max(needed, worksheet.row_dimensions[row].height or LINE_HEIGHT)
    fit_pages(worksheet, sheet, widths)


def _widen(worksheet: Worksheet, rows: Sequence[int]) -> list[float]:
    """Widen the columns with more text than a row can show, and return the widths of all columns."""
    widths = column_widths(worksheet, worksheet.max_column)
    for column, width in enumerate(widths, start=1):
        texts = (str(visible_cell(worksheet, row, column).value or "") for row in rows)
        if (needed := fitting_width(texts, int(width) or 1)) > width:
            worksheet.column_dimensions[get_column_letter(column)].width = widths[column - 1] = needed
    return widths


def _wrap_cell(cell: Cell) -> None:
    """Wrap the text of a cell, and give the cell a border if it has none."""
    if not cell.border.bottom or not cell.border.bottom.style:
        cell.border = ROW_BORDER
    horizontal = cell.alignment.horizontal if cell.alignment.horizontal in _HORIZONTAL else None
    cell.alignment = Alignment(horizontal=horizontal, vertical="top", wrap_text=True)
