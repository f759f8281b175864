"""The cells that a formula refers to."""

import re
from collections.abc import Iterator, Mapping
from itertools import count
from typing import Final, NamedTuple

from bulkvm.readers.read_limits import ROWS
from bulkvm.readers.table import COLUMN_OF, LETTERS

_MAX_NAMED: Final = 20  # names of ranges that are followed in one formula
# Another worksheet, such as 'Other sheet'!.
_SHEET: Final = r"(?:'((?:[^'\[\]]|''){1,62})'|(?<![\w.'\]])([A-Za-z_]\w{0,30}))!"
_CELLS: Final = r"\$?([A-Z]{1,3})(\$?)([0-9]{1,7})(?::\$?([A-Z]{1,3})(\$?)([0-9]{1,7}))?(?![A-Z0-9_(!.])"
_WHOLE: Final = r"\$?([A-Z]{1,3}):\$?([A-Z]{1,3})(?![A-Z0-9_(!.$])"
_HERE: Final = r"(?<![A-Z0-9_.!:$'\"])"
_REFERENCE: Final = re.compile(_HERE + _CELLS)
_ELSEWHERE: Final = re.compile(_SHEET + _CELLS)
_COLUMNS: Final = re.compile(_HERE + _WHOLE)
_COLUMNS_ELSEWHERE: Final = re.compile(_SHEET + _WHOLE)
# A lookup has its result from one column of a range: VLOOKUP(A2,Data!A:D,4).
_LOOKUP: Final = re.compile(
    r"VLOOKUP\([^(),]*,\s*((?:[^(),:!]*!)?)\$?([A-Z]{1,3})(\$?[0-9]{0,7}):\$?([A-Z]{1,3})(\$?[0-9]{0,7})\s*,\s*([0-9]{1,3})",
    re.IGNORECASE,
)
# A cell in the same row of a table, by its heading, such as Boxes[[#This Row],[New PIN]], and the column of a table.
_THIS_ROW: Final = re.compile(r"\[#This Row\],\s*\[([^\[\]]{1,255})\]", re.IGNORECASE)
_OF_TABLE: Final = re.compile(r"(?<![\w\]\[])[A-Za-z_]\w*\[([^\[\]#@]{1,255})\]")
_NAME: Final = re.compile(r"(?<![\w.!'\]\\])[A-Za-z_\\][\w.\\]*(?![\w.(!'\[])")
# What cannot be followed: computed references, and other workbooks.
_COMPUTED: Final = re.compile(r"\b(?:INDIRECT|OFFSET)\s*\(|\[[0-9]+\][^\[\]!]{0,64}!", re.IGNORECASE)
# A formula that only refers to a cell, a range, a name or the column of a table.
_LINK: Final = re.compile(
    r"(?:'(?:[^']|'')*'!|[\w.\[\]]+!)?\$?[A-Z]{1,3}\$?[0-9]{1,7}(?::\$?[A-Z]{1,3}\$?[0-9]{1,7})?#?"
    r"|[A-Za-z_\\][\w.\\]*(?:\[.*\])?"
)
_CALL: Final = re.compile(r"(?:_xl\w+\.)*([A-Z.]+)\((.*)\)", re.DOTALL)
_MARKS: Final = re.compile(r""""(?:[^"]|"")*"|'(?:[^']|\'\')*'|[(),{}\[\]]""")
# Functions whose result may be a cell that they refer to.
_LOOKUPS: Final = frozenset({
    "VLOOKUP", "HLOOKUP", "LOOKUP", "XLOOKUP", "INDEX", "INDIRECT", "OFFSET", "SINGLE", "N", "FILTER", "SORT",
    "SORTBY", "UNIQUE", "TRANSPOSE", "TAKE", "DROP", "CHOOSECOLS", "CHOOSEROWS", "VSTACK", "HSTACK",
})  # fmt: skip
# Functions whose result is one of their arguments from this one on.
_CHOICES: Final = {"IF": 1, "IFS": 1, "CHOOSE": 1, "SWITCH": 1, "IFERROR": 0, "IFNA": 0}
_MAX_CHOICES: Final = 4  # within each other
_MAX_FOLLOWED: Final = 512  # characters of a formula


class Reference(NamedTuple):
    """A rectangle of cells, and whether its first and last row move with the formula."""

    first: int
    last: int
    top: int
    bottom: int
    moves_top: bool = True
    moves_bottom: bool = True
    sheet: str = ""  # its name, folded, if it is another one

    @property
    def is_of_one_row(self) -> bool:
        """Whether it is a cell, or cells of one row. What a larger range holds need not be in the result."""
        return self.top == self.bottom

    def moved(self, down: int) -> "Reference":
        """The reference of a cell below that shares the formula."""
        top = self.top + down if self.moves_top else self.top
        return self._replace(top=top, bottom=self.bottom + down if self.moves_bottom else self.bottom)


def with_ranges(formula: str, names: Mapping[str, str]) -> str:
    """A formula with the ranges that its first names stand for."""
    if not names:
        return formula
    left = count(_MAX_NAMED, -1)

    def named(found: re.Match[str]) -> str:
        text = names.get(found[0].casefold())
        return text if text is not None and next(left) > 0 else found[0]

    return _NAME.sub(named, formula)


def find_references(formula: str, row: int, headings: Mapping[str, int]) -> Iterator[Reference]:
    """Yield the cells that a formula refers to.

    Args:
        formula: the formula.
        row: its row.
        headings: the columns of the worksheet by heading, folded.
    """
    formula = _LOOKUP.sub(_result_column, formula)
    for first, dollar, top, last, end_dollar, bottom in _REFERENCE.findall(formula):
        yield from _rectangle((first, last or first), (top, bottom or top), (dollar, end_dollar if bottom else dollar))
    if ":" in formula:
        for first, last in _COLUMNS.findall(formula):
            yield from _rectangle((first, last), ("1", str(ROWS)), ("$", "$"))
    if "!" in formula:
        for quoted, name, first, dollar, top, last, end_dollar, bottom in _ELSEWHERE.findall(formula):
            dollars = (dollar, end_dollar if bottom else dollar)
            yield from _rectangle((first, last or first), (top, bottom or top), dollars, _sheet(quoted, name))
        for quoted, name, first, last in _COLUMNS_ELSEWHERE.findall(formula):
            yield from _rectangle((first, last), ("1", str(ROWS)), ("$", "$"), _sheet(quoted, name))
    if "[" in formula:
        yield from _in_tables(formula, row, headings)


def _in_tables(formula: str, row: int, headings: Mapping[str, int]) -> Iterator[Reference]:
    for heading in _THIS_ROW.findall(formula):
        if column := headings.get(heading.casefold()):
            yield Reference(column, column, row, row)
    for heading in _OF_TABLE.findall(formula):
        if column := headings.get(heading.casefold()):
            yield Reference(column, column, 1, ROWS, moves_top=False, moves_bottom=False)


def is_computed(formula: str) -> bool:
    """Whether a formula refers to cells that cannot be found without calculating it, or may be in another worksheet."""
    return bool(_COMPUTED.search(formula)) or ("[" in formula and bool(_OF_TABLE.search(formula)))


def may_give_blank(formula: str, depth: int = 0) -> bool:
    """Whether the result of a formula may be that of an empty cell, which Excel stores and shows as 0.

    A formula that names the 0 itself, as in IF(A2="","0",A2), or that calculates it, does not.
    """
    formula = formula.strip(" +-\n\r")
    if len(formula) > _MAX_FOLLOWED or depth > _MAX_CHOICES:
        return False
    if _LINK.fullmatch(formula):
        return True
    called = _CALL.fullmatch(formula)
    if called is None or (parts := _arguments(called[2])) is None:
        return False
    if called[1] in _LOOKUPS:
        return True
    chosen = parts[_CHOICES[called[1]] :] if called[1] in _CHOICES else []
    return "0" not in (part.strip() for part in chosen) and any(may_give_blank(part, depth + 1) for part in chosen)


def _arguments(text: str) -> list[str] | None:
    """Split the arguments of a function; None if the text has more brackets that are closed than opened."""
    parts, start, depth = [], 0, 0
    for mark in _MARKS.finditer(text):
        depth += (mark[0] in "([{") - (mark[0] in ")]}")
        if depth < 0:
            return None
        if mark[0] == "," and not depth:
            parts.append(text[start : mark.start()])
            start = mark.end()
    return [*parts, text[start:]]


def is_aggregate_of_row(formula: str, row: int) -> bool:
    """Whether all ranges of an aggregate are in its own row, as in SUM(D2:E2)."""
    ranges = _REFERENCE.findall(formula)
    return (
        "[" not in formula
        and formula.count(":") == sum(bool(found[3]) for found in ranges)
        and all(int(found[2]) == row == int(found[5] or found[2]) for found in ranges)
    )


def _sheet(quoted: str, name: str) -> str:
    return (quoted.replace("''", "'") or name).casefold()


def _rectangle(
    columns: tuple[str, str], rows: tuple[str, str], dollars: tuple[str, str], sheet: str = ""
) -> Iterator[Reference]:
    if columns[0] in COLUMN_OF and columns[1] in COLUMN_OF:
        left, right = sorted(COLUMN_OF[letters] for letters in columns)
        top, bottom = map(int, rows)
        yield Reference(left, right, top, bottom, not dollars[0], not dollars[1], sheet)


def _result_column(found: re.Match[str]) -> str:
    """The column of a range from which a lookup has its result, as a reference."""
    sheet, first, top, last, bottom, place = found.groups()
    column = COLUMN_OF.get(first.upper(), 0) + int(place) - 1
    if not 0 < column <= COLUMN_OF.get(last.upper(), 0):
        return found[0]
    letters = LETTERS[column - 1]
    return f"{sheet}{letters}{top}:{letters}{bottom}"
