"""The zip archive that a workbook is, and what its parts other than the worksheets say."""

import os
import posixpath
import zipfile
from dataclasses import dataclass
from typing import IO, Final

from bulkvm.model.errors import SheetError
from bulkvm.readers.cell_text import CellText
from bulkvm.readers.file_type import NOT_A_SHEET, SAVE_AS
from bulkvm.readers.read_limits import (
    DIRECTORY_BYTES,
    FILE_BYTES,
    MIB,
    PART_BYTES,
    SHEETS,
    STRINGS_BYTES,
    unpacked_bytes,
    xml_steps,
)
from bulkvm.readers.source import Source
from bulkvm.readers.workbook_parts import Book, Relations, Strings, Styles
from bulkvm.readers.xml_parts import Reader, Steps, parse_whole

_MEMBERS: Final = {
    "xl/workbook.bin": ("a binary workbook (.xlsb)", SAVE_AS),
    "mimetype": ("an OpenDocument file, such as .ods", SAVE_AS),
    "Index/Document.iwa": ("a Numbers document", "In Numbers, choose File > Export To > Excel, and use that file."),
    "word/document.xml": ("a Word document", NOT_A_SHEET),
    "ppt/presentation.xml": ("a presentation", NOT_A_SHEET),
}

# Others unpack to far more than spreadsheet programs' own, or take memory by what the file declares.
_PACKINGS: Final = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})


@dataclass(frozen=True, slots=True)
class SheetPart:
    """A worksheet: its name, whether it can be seen, and where in the archive it is."""

    name: str
    is_visible: bool
    path: str


@dataclass(frozen=True, slots=True)
class Package:
    """An open workbook."""

    archive: zipfile.ZipFile
    sheets: tuple[SheetPart, ...]
    texts: CellText
    steps: Steps

    def open_sheet(self, path: str) -> IO[bytes]:
        """Open a worksheet's XML."""
        return self.archive.open(path)


@dataclass(frozen=True, slots=True)
class _Directory:
    """The file while `zipfile` opens it, which reads the list of the parts at once, however long it is."""

    source: Source

    def read(self, size: int = -1) -> bytes:
        """Read so many bytes, or all that are left."""
        data = self.source.stream.read(size if 0 <= size <= DIRECTORY_BYTES else DIRECTORY_BYTES + 1)
        if len(data) > DIRECTORY_BYTES:
            raise SheetError(
                f"{self.source.name} has far more parts than a workbook has, so it is not read. "
                "Open it in Excel, save it as .xlsx, and use that file.",
                "hostile",
            )
        return data

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Go to a place."""
        return self.source.stream.seek(offset, whence)

    def tell(self) -> int:
        """The place."""
        return self.source.stream.tell()


def open_archive(source: Source) -> zipfile.ZipFile:
    """Open the archive, if it is a workbook's and what it unpacks to fits into memory.

    Raises:
        SheetError: it is too big, or another program's.
        zipfile.BadZipFile: it is damaged.
    """
    size = source.size
    _check_size(source.name, size, FILE_BYTES)
    archive = zipfile.ZipFile(_Directory(source))
    archive.fp = source.stream
    members = frozenset(archive.namelist())
    for name, (kind, advice) in _MEMBERS.items():
        if name in members:
            raise SheetError(f"{source.name} is {kind}, which cannot be read. {advice}", "not-a-sheet")
    if "[Content_Types].xml" not in members:
        raise SheetError(f"{source.name} is an archive and not a workbook. {NOT_A_SHEET}", "not-a-sheet")
    # zipfile never unpacks more of a member than it declares, so that these sizes are the real ones.
    _check_size(
        f"The content of {source.name}", sum(part.file_size for part in archive.infolist()), unpacked_bytes(size)
    )
    if not all(part.compress_type in _PACKINGS for part in archive.infolist()):
        raise zipfile.BadZipFile
    return archive


def open_package(archive: zipfile.ZipFile, file_bytes: int) -> Package:
    """Read what the worksheets' cells refer to.

    Raises:
        KeyError: a part is not there.
        ValueError: a part is not as a workbook has it.
    """
    parts = _Parts(archive, Steps(xml_steps(file_bytes)))
    main = parts.relations("").of_type("officeDocument")
    if main is None:
        raise KeyError("officeDocument")
    book, relations, styles, strings = Book(), parts.relations(main), Styles(), Strings()
    parts.parse(main, book)
    if path := relations.of_type("styles"):
        parts.parse(path, styles)
    if path := relations.of_type("sharedStrings"):
        parts.parse(path, strings, STRINGS_BYTES)
    if len(book.sheets) > SHEETS:
        raise SheetError(
            f"The workbook has {len(book.sheets):,} sheets, and at most {SHEETS:,} are read. "
            "Copy the one that is meant into a new workbook.",
            "too-large",
        )
    sheets = (
        SheetPart(name, is_visible, relations.targets[key])
        for name, is_visible, key in book.sheets
        if relations.types.get(key) == "worksheet"
    )
    return Package(archive, tuple(sheets), CellText(strings.texts, styles.formats(), book.epoch), parts.steps)


@dataclass(frozen=True, slots=True)
class _Parts:
    """The small parts of a workbook, read whole."""

    archive: zipfile.ZipFile
    steps: Steps

    def parse(self, path: str, reader: Reader, largest: int = PART_BYTES) -> None:
        """Parse a part."""
        _check_size(f"The workbook's inner part {path}", self.archive.getinfo(path).file_size, largest)
        with self.archive.open(path) as stream:
            parse_whole(stream, reader, self.steps)

    def relations(self, path: str) -> Relations:
        """What a part refers to."""
        folder, name = posixpath.split(path)
        relations = Relations(folder)
        self.parse(posixpath.join(folder, "_rels", f"{name}.rels"), relations)
        return relations


def _check_size(what: str, size: int, largest: int) -> None:
    if size > largest:
        raise SheetError(
            f"{what} is too big to read: {size / MIB:,.1f} MiB, of at most {largest / MIB:,.0f}. "
            "Copy the rows alone into a new workbook, or save the sheet as CSV.",
            "too-large",
        )
