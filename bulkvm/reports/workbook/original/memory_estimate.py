"""Estimates of the memory and time that openpyxl needs for a workbook, before loading it."""

import re
from pathlib import Path
from typing import IO, Final
from xml.parsers import expat
from zipfile import ZipFile

from bulkvm.columns.sheet_columns import sheet_columns
from bulkvm.model.sheet import CellKind, Sheet
from bulkvm.reports.workbook.annotation import Annotation
from bulkvm.reports.workbook.original.unsupported_content import total_picture_bytes

_MIB: Final = 2**20
_MAX_UNPACKED: Final = 60 * _MIB  # of all parts, with pictures counted separately and together
_MAX_MEMORY: Final = 720 * _MIB  # keeps the process below 1 GiB
MAX_CHANGES: Final = 50_000  # each takes up to 0.2 milliseconds
_CHANGES_OF_MARK: Final = 2  # a mark, or text in place of a formula, takes twice as long as a result cell
_REPLACED: Final = frozenset({CellKind.FORMULA, CellKind.TOO_LONG})
_CHUNK: Final = 2**16
_MEDIA: Final = "xl/media/"  # copied without loading

# Bytes per element in openpyxl, as measured; more for elements that take more time than memory.
_BYTES: Final = {
    "v": 0,
    "t": 0,
    "is": 0,
    "f": 0,
    "si": 80,
    "c": 460,
    "row": 2_600,
    "mergeCell": 20_000,
    "cfRule": 8_000,
    "cellStyle": 12_000,
    "dxf": 4_000,
}
_BYTES_OF_OTHERS: Final = 1_000
_BYTES_OF_CELL: Final = 460
_RANGE_ELEMENTS: Final = frozenset({"mergeCell", "hyperlink"})  # openpyxl creates every cell in their ranges
_BYTES_OF_RANGE: Final = 8_000  # of a rule with several ranges, separated by spaces
_BYTES_OF_CHARACTER: Final = 150  # of a shared formula, which openpyxl translates for each cell
_RANGE: Final = re.compile(r"([A-Z]{1,3})([0-9]{1,7}):([A-Z]{1,3})([0-9]{1,7})")


class _LimitReached(Exception):
    """The estimate exceeds the limit."""


def count_changes(sheet: Sheet, annotation: Annotation) -> int:
    """Count the cells that an annotation changes; those that take twice as long count twice."""
    replaced = sum(
        kind in _REPLACED for letter in sheet_columns(sheet) for kind in sheet.kinds.get(letter, {}).values()
    )
    results = annotation.results
    filled = len(results.rows) * len(results.headings) if results else 0
    return _CHANGES_OF_MARK * (len(annotation.marks) + replaced) + filled


def fits_in_memory(file: Path) -> bool:
    """Return whether a workbook is small enough to load with openpyxl."""
    with ZipFile(file) as archive:
        parts = [part for part in archive.infolist() if not part.filename.startswith(_MEDIA)]
        unpacked = sum(part.file_size for part in parts)
        if unpacked > _MAX_UNPACKED or unpacked + total_picture_bytes(archive) > _MAX_UNPACKED:
            return False
        left = _MAX_MEMORY
        try:
            for part in parts:
                with archive.open(part) as stream:
                    left -= _memory(stream, left)
        except _LimitReached:
            return False
    return True


def _memory(stream: IO[bytes], most: int) -> int:
    """Estimate the memory for a part. A part that is not XML is not loaded."""
    counter = _Counter(most)
    parser = expat.ParserCreate()
    parser.StartElementHandler = counter.start
    parser.EndElementHandler = counter.end
    parser.CharacterDataHandler = counter.text
    parser.StartDoctypeDeclHandler = counter.refuse
    try:
        while chunk := stream.read(_CHUNK):
            counter.taken += len(chunk)
            parser.Parse(chunk)
    except expat.ExpatError:
        return counter.taken
    return counter.taken


class _Counter:
    """Adds up the memory for the elements of one part."""

    def __init__(self, most: int) -> None:
        self.taken = 0
        self._most = most
        self._shared: dict[str, int] = {}  # lengths of shared formulas by index
        self._formula: str | None = None  # the index of the current shared formula

    def start(self, name: str, attributes: dict[str, str]) -> None:
        local = name.rpartition(":")[2]
        self.taken += _BYTES.get(local, _BYTES_OF_OTHERS)
        if local in _RANGE_ELEMENTS:
            self.taken += _BYTES_OF_CELL * _area(attributes.get("ref", ""))
        self.taken += _BYTES_OF_RANGE * attributes.get("sqref", "").count(" ")
        if local == "f" and attributes.get("t") == "shared":
            self._formula = attributes.get("si", "")
            self.taken += _BYTES_OF_CHARACTER * self._shared.get(self._formula, 0)
        if self.taken > self._most:
            raise _LimitReached

    def end(self, _: str) -> None:
        self._formula = None

    def text(self, text: str) -> None:
        if self._formula is not None:
            self._shared[self._formula] = self._shared.get(self._formula, 0) + len(text)

    def refuse(self, *_: object) -> None:
        raise _LimitReached  # entities of a document type can expand to any size


def _area(ref: str) -> int:
    """Count the cells of a range; 0 for a single cell."""
    found = _RANGE.fullmatch(ref)
    if not found:
        return 0
    left, top, right, bottom = found.groups()
    return (_number(right) - _number(left) + 1) * (int(bottom) - int(top) + 1)


def _number(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number
