"""Random numbers that PINs and extensions get from other cells of a workbook, wherever these are."""

from collections.abc import Mapping
from typing import Final

from bulkvm.columns import PIN_COLUMN, Column
from bulkvm.readers.formula_cells import CAN_BE_RANDOM, FormulaCells, Origin
from bulkvm.readers.package import Package, SheetPart
from bulkvm.readers.read_limits import max_xml_steps
from bulkvm.readers.table import Table
from bulkvm.readers.worksheet import Worksheet
from bulkvm.readers.xml_parts import Steps

_MAX_READINGS: Final = 4  # of all worksheets together, each of which follows references one cell further ahead


def mark_random(
    package: Package, part: SheetPart, formulas: FormulaCells, columns: Mapping[str, Column], table: Table
) -> None:
    """Mark the cells of read columns that get a random number from another cell, or may do so in the PIN column."""
    if not formulas.has_any_in([letter for letter, column in columns.items() if column.digits]):
        return
    pins = [letter for letter, column in columns.items() if column is PIN_COLUMN]
    found = _follow(package, part, formulas, follows_all=any(formulas.random.rows(p, Origin.COMPUTED) for p in pins))
    own = found[part.name.casefold()]
    has_random = any(other.random.has(Origin.CERTAIN) for other in found.values())
    for letter, row, kind in own.marks(columns, pins) if has_random else ():
        if table.text(letter, row) and table.kinds.get(letter, {}).get(row) in CAN_BE_RANDOM:
            table.mark(letter, row, kind)


def _follow(
    package: Package, part: SheetPart, formulas: FormulaCells, *, follows_all: bool
) -> Mapping[str, FormulaCells]:
    """The formulas of a worksheet and of those that it refers to, by folded name, with all their random numbers."""
    parts = {sheet.name.casefold(): sheet for sheet in package.sheets}
    name = part.name.casefold()
    found = {name: formulas}
    needed = set(parts) if follows_all else set(formulas.sheets)
    while unread := (needed & parts.keys()) - found.keys():
        for sheet in sorted(unread):
            found[sheet] = _read(package, parts[sheet], {}, package.steps)
            needed |= found[sheet].sheets
    for _ in range(_MAX_READINGS):
        count = sum(each.random.count for each in found.values())
        if not count or not any(each.refers_ahead for each in found.values()):
            break
        steps = Steps(max_xml_steps(package.file_bytes))
        found |= {sheet: _read(package, parts[sheet], found, steps) for sheet in found}
        if sum(each.random.count for each in found.values()) == count:
            break
    return found


def _read(package: Package, part: SheetPart, known: Mapping[str, FormulaCells], steps: Steps) -> FormulaCells:
    random = {name: formulas.random for name, formulas in known.items()}
    if part.name.casefold() in random:
        random[""] = random[part.name.casefold()]
    with package.open_sheet(part.path) as stream:
        worksheet = Worksheet(stream, package.texts, steps, random)
        for _ in worksheet.rows():
            pass
    return worksheet.formulas
