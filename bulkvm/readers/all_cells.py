"""The text of every cell of a workbook, wherever it is."""

from collections.abc import Mapping
from typing import Final, NamedTuple

from bulkvm.model.errors import BulkvmError
from bulkvm.model.sheet import CellKind
from bulkvm.readers.file_type import FileType, damaged_error, detect_type
from bulkvm.readers.package import open_archive, open_package
from bulkvm.readers.source import Source
from bulkvm.readers.worksheet import Worksheet

_FORMULAS: Final = frozenset({CellKind.FORMULA, CellKind.NO_RESULT, CellKind.TOTAL})


class SheetCells(NamedTuple):
    """A worksheet, and the text of each of its cells by place, such as C7."""

    is_visible: bool
    cells: Mapping[str, str]


def read_all_cells(source: Source) -> Mapping[str, SheetCells]:
    """Read every cell of a workbook as text, by the names of its sheets. A formula is marked as one.

    Raises:
        SheetError: it is not a workbook, or damaged.
    """
    if detect_type(source) is not FileType.WORKBOOK:
        raise damaged_error(source.name)
    try:
        with open_archive(source) as archive:
            package = open_package(archive, source.size)
            found = {}
            for part in package.sheets:
                with package.open_sheet(part.path) as stream:
                    rows = Worksheet(stream, package.texts, package.steps).rows()
                    cells = {
                        f"{letter}{row.number}": f"= {text}" if row.kinds.get(letter) in _FORMULAS else text
                        for row in rows
                        for letter, text in row.cells.items()
                    }
                found[part.name] = SheetCells(part.is_visible, cells)
            return found
    except BulkvmError:
        raise
    except Exception:  # noqa: BLE001  (a damaged file can raise anything)
        raise damaged_error(source.name) from None
