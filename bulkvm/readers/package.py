"""The zip package of a workbook, and its parts other than worksheets."""

import os
import posixpath
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import IO, Final

from bulkvm.model.errors import SheetError
from bulkvm.model.problem import ProblemCode
from bulkvm.readers.cell_text import CellText
from bulkvm.readers.file_type import NOT_A_SHEET, SAVE_AS
from bulkvm.readers.read_limits import (
    DIRECTORY_BYTES,
    FILE_BYTES,
    MIB,
    PART_BYTES,
    SHEETS,
    STRINGS_BYTES,
    max_unpacked_bytes,
    max_xml_steps,
)
from bulkvm.readers.source import Source
from bulkvm.readers.workbook_parts import Relationships, SharedStrings, Styles, TableParts, WorkbookPart
from bulkvm.readers.xml_parts import Steps, XmlHandler, parse_whole

_MEMBERS: Final = {
    "xl/workbook.bin": ("a binary workbook (.xlsb)", SAVE_AS),
    "mimetype": ("an OpenDocument file (.ods)", SAVE_AS),
    "Index/Document.iwa": ("a Numbers document", "In Numbers, choose File > Export To > Excel, and use that file."),
    "word/document.xml": ("a Word document", NOT_A_SHEET),
    "ppt/presentation.xml": ("a presentation", NOT_A_SHEET),
}

# Other methods have far higher compression ratios, or take as much memory as the file declares.
_COMPRESSION_METHODS: Final = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})


@dataclass(frozen=True, slots=True)
class SheetPart:
    """A worksheet: its name, whether it is visible, and its path in the archive."""

    name: str
    is_visible: bool
    path: str


@dataclass(frozen=True, slots=True)
class Package:
    """An open workbook.

    `changing` are the conditional formats that strike through or change how numbers are shown, `print_areas` the ranges
    that are printed, and `parts` the paths of the styles and the theme.
    """

    archive: zipfile.ZipFile
    sheets: tuple[SheetPart, ...]
    texts: CellText
    steps: Steps
    changing: frozenset[str]
    print_areas: tuple[str, ...] = ()
    parts: Mapping[str, str] = field(default_factory=dict)
    file_bytes: int = 0

    def parse(self, kind: str, handler: XmlHandler) -> None:
        """Parse the styles or the theme, if there is such a part."""
        if path := self.parts.get(kind):
            _Parts(self.archive, self.steps).parse(path, handler)

    def open_sheet(self, path: str) -> IO[bytes]:
        """Open a worksheet's XML."""
        return self.archive.open(fold_name(path))

    def dark_tables(self, path: str) -> list[str]:
        """Return the ranges of a worksheet's tables with a dark style, on which white text can be seen."""
        there, parts, tables = self.archive.NameToInfo, _Parts(self.archive, self.steps), TableParts()
        if fold_name(relationships_path(path)) in there:
            relationships = parts.relationships(path)
            for key, kind in relationships.types.items():
                if kind == "table" and fold_name(relationships.targets[key]) in there:
                    parts.parse(relationships.targets[key], tables)
        return tables.dark


@dataclass(frozen=True, slots=True)
class _BoundedFile:
    """Limits how much `zipfile` reads at once when it opens the file: it reads the whole central directory."""

    source: Source

    def read(self, size: int = -1) -> bytes:
        """Read at most `size` bytes, or the rest."""
        data = self.source.stream.read(size if 0 <= size <= DIRECTORY_BYTES else DIRECTORY_BYTES + 1)
        if len(data) > DIRECTORY_BYTES:
            raise SheetError(
                f"{self.source.name} has far more parts than a workbook, so it is not read. "
                "Open it in Excel, save it as .xlsx, and use that file.",
                ProblemCode.HOSTILE,
            )
        return data

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Move to an offset."""
        return self.source.stream.seek(offset, whence)

    def tell(self) -> int:
        """Return the offset."""
        return self.source.stream.tell()


def open_archive(source: Source) -> zipfile.ZipFile:
    """Open the archive of a workbook within the size limits.

    Raises:
        SheetError: it is too large, or not an Excel workbook.
        zipfile.BadZipFile: it is damaged.
    """
    size = source.size
    _check_size(source.name, size, FILE_BYTES)
    archive = zipfile.ZipFile(_BoundedFile(source))
    archive.fp = source.stream
    archive.NameToInfo = {fold_name(name): info for name, info in archive.NameToInfo.items()}
    members = archive.NameToInfo.keys()
    for name, (kind, advice) in _MEMBERS.items():
        if fold_name(name) in members:
            raise SheetError(f"{source.name} is {kind}, which cannot be read. {advice}", ProblemCode.NOT_A_SHEET)
    if fold_name("[Content_Types].xml") not in members:
        raise SheetError(f"{source.name} is an archive, not a workbook. {NOT_A_SHEET}", ProblemCode.NOT_A_SHEET)
    # zipfile never unpacks more of a member than the size that it declares.
    _check_size(
        f"The content of {source.name}", sum(part.file_size for part in archive.infolist()), max_unpacked_bytes(size)
    )
    if not all(part.compress_type in _COMPRESSION_METHODS for part in archive.infolist()):
        raise zipfile.BadZipFile
    return archive


def fold_name(name: str) -> str:
    """Fold the name of a part: its case does not count, and some programs write backslashes."""
    return name.replace("\\", "/").lstrip("/").casefold()


def relationships_path(path: str) -> str:
    """Return the path of the part with the relationships of a part."""
    folder, name = posixpath.split(path)
    return posixpath.join(folder, "_rels", f"{name}.rels")


def open_package(archive: zipfile.ZipFile, file_bytes: int) -> Package:
    """Read the parts that cells refer to.

    Raises:
        KeyError: a part is missing.
        ValueError: a part is not valid.
    """
    parts = _Parts(archive, Steps(max_xml_steps(file_bytes)))
    main = parts.relationships("").target_of_type("officeDocument")
    if main is None:
        raise KeyError("officeDocument")
    book, relationships, styles, strings = WorkbookPart(), parts.relationships(main), Styles(), SharedStrings()
    parts.parse(main, book)
    if path := relationships.target_of_type("styles"):
        parts.parse(path, styles)
    if path := relationships.target_of_type("sharedStrings"):
        parts.parse(path, strings, STRINGS_BYTES)
    if len(book.sheets) > SHEETS:
        raise SheetError(
            f"The workbook has {len(book.sheets):,} sheets, and at most {SHEETS:,} are read. "
            "Copy the one to read into a new workbook.",
            ProblemCode.TOO_LARGE,
        )
    sheets = (
        SheetPart(name, is_visible, relationships.targets[key])
        for name, is_visible, key in book.sheets
        if relationships.types.get(key) == "worksheet"
    )
    texts = CellText(
        strings.texts,
        styles.formats(),
        book.epoch,
        styles.struck(),
        frozenset(strings.struck),
        styles.white(),
        frozenset(strings.white),
        styles.filled(),
        frozenset(strings.partly_struck),
        repeating_styles=frozenset(styles.repeating),
        random_names=frozenset(book.random_names),
        names=book.names,
    )
    found = {kind: path for kind in ("styles", "theme") if (path := relationships.target_of_type(kind))}
    areas = tuple(book.print_areas)
    return Package(archive, tuple(sheets), texts, parts.steps, frozenset(styles.changing), areas, found, file_bytes)


@dataclass(frozen=True, slots=True)
class _Parts:
    """The parts of a workbook that are read at once."""

    archive: zipfile.ZipFile
    steps: Steps

    def parse(self, path: str, handler: XmlHandler, largest: int = PART_BYTES) -> None:
        """Parse a part."""
        _check_size(f"The part {path} of the workbook", self.archive.getinfo(fold_name(path)).file_size, largest)
        with self.archive.open(fold_name(path)) as stream:
            parse_whole(stream, handler, self.steps)

    def relationships(self, path: str) -> Relationships:
        """Read the relationships of a part."""
        relationships = Relationships(posixpath.dirname(path))
        self.parse(relationships_path(path), relationships)
        return relationships


def _check_size(what: str, size: int, largest: int) -> None:
    if size > largest:
        raise SheetError(
            f"{what} is too large: {size / MIB:,.1f} MiB; the limit is {largest / MIB:,.0f} MiB. "
            "Copy only the rows into a new workbook, or save the sheet as CSV.",
            ProblemCode.TOO_LARGE,
        )
