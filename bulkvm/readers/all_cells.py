"""The text of every cell of a workbook, wherever it is."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final, NamedTuple

from bulkvm.model.errors import BulkvmError, SheetError
from bulkvm.model.problem import ProblemCode
from bulkvm.model.sheet import CellKind
from bulkvm.readers.file_type import FileType, damaged_error, detect_type
from bulkvm.readers.package import Package, open_archive, open_package
from bulkvm.readers.source import Source
from bulkvm.readers.table import LETTERS, Row
from bulkvm.readers.worksheet import Worksheet

_PLAIN: Final = frozenset({None, CellKind.NUMBER})


_MAX_CELLS: Final = 2**21  # of all sheets; they take about 300 MiB
_MAX_CHARACTERS: Final = 2**27


class SheetCells(NamedTuple):
    """A worksheet.

    Attributes:
        cells: the text of each cell by place, such as C7.
        concealed: the rows and columns with hidden, white or struck-through text, and merged and conditional ranges.
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
            return _read(open_package(archive, source.size), _Room(source.name))
    except BulkvmError:
        raise
    except Exception:  # noqa: BLE001  (a damaged file can raise anything)
        raise damaged_error(source.name) from None


def _read(package: Package, room: "_Room") -> Mapping[str, SheetCells]:
    """Read all sheets.

    Raises:
        ValueError: two sheets have the same name, so that it is not known which of them a program shows.
    """
    found: dict[str, SheetCells] = {}
    for part in package.sheets:
        if part.name in found:
            raise ValueError(part.name)
        with package.open_sheet(part.path) as stream:
            worksheet, concealed = Worksheet(stream, package.texts, package.steps), set[str]()
            cells = dict(room.take(_cells(worksheet.rows(), concealed)))
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


def _cells(rows: Iterable[Row], concealed: set[str]) -> Iterator[tuple[str, str]]:
    """The places and texts of cells. What conceals a row is added to `concealed`."""
    for row in rows:
        marks = {"is hidden": row.is_hidden, "has white text": row.white, "has text that is struck through": row.struck}
        concealed.update(f"row {row.number} {mark}" for mark, is_set in marks.items() if is_set)
        for letter, text in row.cells.items():
            kind = row.kinds.get(letter)
            yield f"{letter}{row.number}", text if kind in _PLAIN else f"{kind}: {text}"


def _concealed_ranges(worksheet: Worksheet) -> Iterator[str]:
    """The columns and ranges that hide values, or show others. The rows must have been read before."""
    for first, last in worksheet.hidden_columns:
        yield from (f"column {letter} is hidden" for letter in LETTERS[first - 1 : last])
    yield from (f"{cells} is merged" for cells in worksheet.merged)
    yield from (f"{cells} has a conditional format" for _, cells in worksheet.conditional)
