"""Conditional formats that keep marks visible above the person's own, and their text readable."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import chain, islice
from typing import Final

from openpyxl.cell import Cell
from openpyxl.formatting.rule import Rule
from openpyxl.styles import Font, PatternFill
from openpyxl.styles.differential import DifferentialStyle
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

_FORMULA: Final = 'ISTEXT("bulkvm")'  # always true; by it, later copies recognise the rule
_BLACK: Final = "FF000000"
_MAX_RANGES: Final = 5_000  # with more, a spreadsheet program opens the copy slowly
_LIGHT: Final = 128  # of 255
_LIGHT_THEMES: Final = frozenset({0, 2})  # the theme's colours for backgrounds


def add_mark_rules(worksheet: Worksheet, cells: Mapping[str, Iterable[Cell]]) -> None:
    """Add rules that fill marked cells, by colour, if a format of the person would hide the marks or their text."""
    marked = {colour: list(cells) for colour, cells in cells.items()}
    if not worksheet.conditional_formatting and not any(map(_has_light_text, chain.from_iterable(marked.values()))):
        return
    theirs = list(worksheet.conditional_formatting)
    for formatting in theirs:
        del worksheet.conditional_formatting[formatting.sqref]
    for priority, (colour, found) in enumerate(marked.items(), start=1):
        places = {(cell.column, cell.row) for cell in found}
        if ranges := " ".join(islice(_ranges(places), _MAX_RANGES)):
            fill = PatternFill("solid", fgColor=f"FF{colour[1:]}", bgColor=f"FF{colour[1:]}")
            style = DifferentialStyle(font=Font(color=_BLACK), fill=fill)
            rule = Rule(type="expression", formula=[_FORMULA], dxf=style, stopIfTrue=True, priority=priority)
            worksheet.conditional_formatting.add(ranges, rule)
    for formatting in theirs:  # below: the first in the file wins in LibreOffice, and the lowest priority in Excel
        for rule in formatting.rules:
            rule.priority += len(marked)
            worksheet.conditional_formatting.add(formatting, rule)


def remove_mark_rules(worksheet: Worksheet) -> None:
    """Remove the rules of an earlier copy."""
    for formatting in list(worksheet.conditional_formatting):
        formatting.rules[:] = [rule for rule in formatting.rules if rule.formula != [_FORMULA]]
        if not formatting.rules:
            del worksheet.conditional_formatting[formatting.sqref]


def _has_light_text(cell: Cell) -> bool:
    colour = cell.font.color
    if colour is None:
        return False
    if colour.type == "theme":
        return colour.theme in _LIGHT_THEMES
    return colour.type == "rgb" and min(bytes.fromhex(str(colour.rgb))[-3:]) > _LIGHT


def _ranges(places: Iterable[tuple[int, int]]) -> Iterator[str]:
    """Yield ranges of cells that are below each other, from columns and rows."""
    start = end = (0, 0)
    for place in [*sorted(places), (0, 0)]:
        if place == (end[0], end[1] + 1):
            end = place
            continue
        if start[0]:
            letter = get_column_letter(start[0])
            yield f"{letter}{start[1]}" if start == end else f"{letter}{start[1]}:{letter}{end[1]}"
        start = end = place
