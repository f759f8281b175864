"""The zip archive that a workbook is, and what its parts other than the worksheets say."""

import os
import posixpath
import zipfile
from dataclasses import dataclass
from typing import IO, Final

from bulkvm.errors import SheetError
from bulkvm.readers.cell_text import CellText
from bulkvm.readers.contents import NOT_A_SHEET, SAVE_AS
from bulkvm.readers.parts import Book, Relations, Strings, Styles
from bulkvm.readers.source import Source
from bulkvm.readers.xml_parts import Reader, parse_whole

_MEMBERS: Final = {
    "xl/workbook.bin": ("a binary workbook (.xlsb)", SAVE_AS),
    "mimetype": ("an OpenDocument file, such as .ods", SAVE_AS),
    "Index/Document.iwa": ("a Numbers document", "In Numbers, choose File > Export To > Excel, and use that file."),
    "word/document.xml": ("a Word document", NOT_A_SHEET),
    "ppt/presentation.xml": ("a presentation", NOT_A_SHEET),
}

_MIB: Final = 2**20
_MAX_FILE: Final = 100 * _MIB  # a million rows take about half of it
_MAX_UNPACKED: Final = 1024 * _MIB
_MAX_STRINGS: Final = 192 * _MIB
_MAX_PART: Final = 32 * _MIB  # any part but strings and worksheets


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

    def open_sheet(self, sheet: SheetPart) -> IO[bytes]:
        """Open a worksheet's XML."""
        return self.archive.open(sheet.path)


def open_archive(source: Source) -> zipfile.ZipFile:
    """Open the archive, if it is a workbook's and what it unpacks to fits into memory.

    Raises:
        SheetError: it is too big, or another program's.
        zipfile.BadZipFile: it is damaged.
    """
    _check_size(source.name, source.stream.seek(0, os.SEEK_END), _MAX_FILE)
    archive = zipfile.ZipFile(source.stream)
    members = frozenset(archive.namelist())
    for name, (kind, advice) in _MEMBERS.items():
        if name in members:
            raise SheetError(f"{source.name} is {kind}, which cannot be read. {advice}", "not-a-sheet")
    if "[Content_Types].xml" not in members:
        raise SheetError(f"{source.name} is an archive and not a workbook. {NOT_A_SHEET}", "not-a-sheet")
    # zipfile never unpacks more of a member than it declares, so that these sizes are the real ones.
    _check_size(source.name, sum(member.file_size for member in archive.infolist()), _MAX_UNPACKED)
    return archive


def open_package(archive: zipfile.ZipFile) -> Package:
    """Read what the worksheets' cells refer to.

    Raises:
        KeyError: a part is not there.
        ValueError: a part is not as a workbook has it.
    """
    main = _relations(archive, "").of_type("officeDocument")
    if main is None:
        raise KeyError("officeDocument")
    book, relations, styles, strings = Book(), _relations(archive, main), Styles(), Strings()
    _parse(archive, main, book)
    if path := relations.of_type("styles"):
        _parse(archive, path, styles)
    if path := relations.of_type("sharedStrings"):
        _parse(archive, path, strings, _MAX_STRINGS)
    sheets = (
        SheetPart(name, is_visible, relations.targets[key])
        for name, is_visible, key in book.sheets
        if relations.types.get(key) == "worksheet"
    )
    return Package(archive, tuple(sheets), CellText(strings.texts, styles.formats(), book.epoch))


def _parse(archive: zipfile.ZipFile, path: str, reader: Reader, largest: int = _MAX_PART) -> None:
    _check_size(f"The workbook's inner part {path}", archive.getinfo(path).file_size, largest)
    with archive.open(path) as stream:
        parse_whole(stream, reader)


def _relations(archive: zipfile.ZipFile, path: str) -> Relations:
    """What a part refers to."""
    folder, name = posixpath.split(path)
    relations = Relations(folder)
    _parse(archive, posixpath.join(folder, "_rels", f"{name}.rels"), relations)
    return relations


def _check_size(what: str, size: int, largest: int) -> None:
    if size > largest:
        raise SheetError(
            f"{what} is too big to read: {size // _MIB:,} MiB, of at most {largest // _MIB:,}. "
            "Copy the rows alone into a new workbook, or save the sheet as CSV.",
            "too-large",
        )
