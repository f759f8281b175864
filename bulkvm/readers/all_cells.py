"""The text of every cell of a workbook, wherever it is."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final, NamedTuple

from bulkvm.model.errors import BulkvmError, SheetError
from bulkvm.model.problem import ProblemCode
from bulkvm.model.sheet import CellKind
from bulkvm.readers.file_type import FileType, damaged_error, detect_type
from bulkvm.readers.package import Package, open_archive, open_package
from bulkvm.readers.source import Source
from bulkvm.readers.table import Row
from bulkvm.readers.worksheet import Worksheet

_PLAIN: Final = frozenset({None, CellKind.NUMBER})


_MAX_CELLS: Final = 2**21  # of all sheets; they take about 300 MiB
_MAX_CHARACTERS: Final = 2**27


class SheetCells(NamedTuple):
    """A worksheet, and the text of each of its cells by place, such as C7."""

    is_visible: bool
    cells: Mapping[str, str]


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
            rows = Worksheet(stream, package.texts, package.steps).rows()
            found[part.name] = SheetCells(part.is_visible, dict(room.take(_cells(rows))))
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


def _cells(rows: Iterable[Row]) -> Iterator[tuple[str, str]]:
    """The places and texts of cells."""
    for row in rows:
        for letter, text in row.cells.items():
            kind = row.kinds.get(letter)
            yield f"{letter}{row.number}", text if kind in _PLAIN else f"{kind}: {text}"
