"""The text of every cell of a workbook, wherever it is."""

import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final, NamedTuple

from bulkvm.model.errors import BulkvmError, SheetError
from bulkvm.model.problem import ProblemCode
from bulkvm.model.sheet import CellKind
from bulkvm.readers.file_type import FileType, damaged_error, detect_type
from bulkvm.readers.legible_styles import StyleLooks, Theme
from bulkvm.readers.package import Package, open_archive, open_package
from bulkvm.readers.source import Source
from bulkvm.readers.table import COLUMN_OF, LETTERS, Row
from bulkvm.readers.worksheet import Worksheet

_PLAIN: Final = frozenset({None, CellKind.NUMBER})


_LINE: Final = 15  # points
_HIGHEST: Final = 409  # points of a row, in Excel
_DEFAULT_WIDTH: Final = 9
_MAX_CELLS: Final = 2**21  # of all sheets; they take about 300 MiB
_MAX_CHARACTERS: Final = 2**27


class SheetCells(NamedTuple):
    """A worksheet.

    Attributes:
        cells: the text of each cell by place, such as C7.
        concealed: the rows and columns with text that is hidden, struck through or can hardly be read, and merged and
            conditional ranges.
    """

    is_visible: bool
    cells: Mapping[str, str]
    concealed: frozenset[str] = frozenset()


def read_all_cells(source: Source) -> Mapping[str, SheetCells]:
    """Read every cell of a workbook as text, by the names of its sheets.

    A cell that is more than text or a number, such as a formula, or that is stored twice, is marked with its kind.

    Raises:
        SheetError: it is not a workbook, is damaged, or has more cells than fit in memory.
    """
    if detect_type(source) is not FileType.WORKBOOK:
        raise damaged_error(source.name)
    try:
        with open_archive(source) as archive:
            _check_parts(archive)
            return _read(open_package(archive, source.size), _Room(source.name))
    except BulkvmError:
        raise
    except Exception:  # noqa: BLE001  (a damaged file can raise anything)
        raise damaged_error(source.name) from None


def _check_parts(archive: zipfile.ZipFile) -> None:
    """Check that no part is there twice.

    Raises:
        zipfile.BadZipFile: one is, and other programs may show another one than this reads.
    """
    if len(archive.infolist()) != len(archive.NameToInfo):
        raise zipfile.BadZipFile


def _read(package: Package, room: "_Room") -> Mapping[str, SheetCells]:
    """Read all sheets.

    Raises:
        ValueError: two sheets have the same name, so that it is not known which of them a program shows.
    """
    looks, theme = StyleLooks(), Theme()
    package.parse("styles", looks)
    package.parse("theme", theme)
    texts = replace(
        package.texts,
        white_styles=looks.illegible(theme.colours(), theme.fonts),
        wrapped_styles=frozenset(looks.wrapped),
    )
    found: dict[str, SheetCells] = {}
    for part in package.sheets:
        if part.name in found:
            raise ValueError(part.name)
        with package.open_sheet(part.path) as stream:
            worksheet, concealed = Worksheet(stream, texts, package.steps), set[str]()
            cells = dict(room.take(_cells(worksheet, concealed)))
            concealed.update(_concealed_ranges(worksheet))
            found[part.name] = SheetCells(part.is_visible, cells, frozenset(concealed))
    return found


class _Room:
    """Limits the cells that are read: many can share one long text."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._cells = _MAX_CELLS
        self._characters = _MAX_CHARACTERS

    def take(self, cells: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
        for place, text in cells:
            self._cells -= 1
            self._characters -= len(text)
            if min(self._cells, self._characters) < 0:
                raise SheetError(
                    f"{self._name} has too many cells. Split the sheet into several files, and make a plan of each.",
                    ProblemCode.TOO_LARGE,
                )
            yield place, text


def _cells(worksheet: Worksheet, concealed: set[str]) -> Iterator[tuple[str, str]]:
    """The places and texts of cells. What conceals a row is added to `concealed`."""
    for row in worksheet.rows():
        marks = {
            "is hidden": row.is_hidden,
            "has text that is cut": _is_cut(row, worksheet.widths),
            "is too low for its text": _is_low(row, worksheet.widths),
            "has text that can hardly be read": row.white,
            "has text that is struck through": row.struck,
        }
        concealed.update(f"row {row.number} {mark}" for mark, is_set in marks.items() if is_set)
        for letter, text in row.cells.items():
            kind = row.kinds.get(letter)
            yield f"{letter}{row.number}", text if kind in _PLAIN else f"{kind}: {text}"


def _is_cut(row: Row, widths: Sequence[tuple[int, int, str]]) -> bool:
    """Whether a text without wrapped lines has several lines, or more than twice the width of its column."""
    return any(
        "\n" in text or len(text) > 2 * _width(letter, widths)
        for letter, text in row.cells.items()
        if letter not in row.wrapped
    )


def _is_low(row: Row, widths: Sequence[tuple[int, int, str]]) -> bool:
    """Whether a row hides a line of a text, or has less than half of the height that its texts need."""
    height, lines, wrapped = float(row.height or _HIGHEST), 1, 1
    for letter in row.cells.keys() & row.wrapped:
        parts = row.cells[letter].split("\n")
        lines = max(lines, len(parts))
        wrapped = max(wrapped, sum(1 + int(len(part) / _width(letter, widths)) for part in parts))
    return height < min((lines - 0.5) * _LINE, _HIGHEST) or height < min(wrapped * _LINE, _HIGHEST) / 2


def _width(letter: str, widths: Sequence[tuple[int, int, str]]) -> float:
    """The width of a column in characters."""
    column = COLUMN_OF[letter]
    width = next((width for first, last, width in widths if first <= column <= last and width), "")
    return max(float(width or _DEFAULT_WIDTH), 1)


def _concealed_ranges(worksheet: Worksheet) -> Iterator[str]:
    """The columns and ranges that hide values, or show others. The rows must have been read before."""
    for first, last in worksheet.hidden_columns:
        yield from (f"column {letter} is hidden" for letter in LETTERS[first - 1 : last])
    yield from (f"{cells} is merged" for cells in worksheet.merged)
    yield from (f"{cells} has a conditional format" for _, cells in worksheet.conditional)
