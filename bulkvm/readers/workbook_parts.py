"""What a workbook's parts other than the worksheets say."""

import posixpath
from typing import TYPE_CHECKING, Final

from openpyxl.utils.datetime import CALENDAR_MAC_1904, CALENDAR_WINDOWS_1900

from bulkvm.readers.cell_text import join_text
from bulkvm.readers.number_format import Formats
from bulkvm.readers.read_limits import FORMAT_CODE_CHARACTERS, FORMAT_CODES, RELATIONS, STYLES
from bulkvm.readers.xml_parts import RELATION_ID, Reader, names

if TYPE_CHECKING:
    from datetime import datetime


class Relations(Reader):
    """Types and paths by the ids that stand for them."""

    def __init__(self, folder: str) -> None:
        self.types: dict[str, str] = {}
        self.targets: dict[str, str] = {}
        self._folder = folder

    def of_type(self, name: str) -> str | None:
        """The path of the first part of a type."""
        return next((self.targets[key] for key, kind in self.types.items() if kind == name), None)

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """An element begins."""
        if name.endswith(" Relationship"):
            key = attributes["Id"]
            self.types[key] = posixpath.basename(attributes["Type"])
            self.targets[key] = posixpath.normpath(posixpath.join("/", self._folder, attributes["Target"]))[1:]
            if len(self.types) > RELATIONS:
                raise ValueError(len(self.types))


class Book(Reader):
    """The sheets in their order, and the day from which days are counted."""

    _SHEET: Final = names("sheet")
    _PROPERTIES: Final = names("workbookPr")

    def __init__(self) -> None:
        self.sheets: list[tuple[str, bool, str]] = []
        self.epoch: datetime = CALENDAR_WINDOWS_1900

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """An element begins."""
        if name in self._SHEET:
            key = next((attributes[id_] for id_ in RELATION_ID if id_ in attributes), "")
            self.sheets.append((attributes["name"], attributes.get("state", "visible") == "visible", key))
        elif name in self._PROPERTIES and attributes.get("date1904") in {"1", "true"}:
            self.epoch = CALENDAR_MAC_1904


class Styles(Reader):
    """The number formats of the cells' styles."""

    _LIST: Final = names("cellXfs")
    _STYLE: Final = names("xf")
    _CODE: Final = names("numFmt")

    def __init__(self) -> None:
        self._codes: dict[int, str | None] = {}
        self._ids: list[int] = []
        self._in_list = False

    def formats(self) -> Formats:
        """By the index that cells give."""
        return Formats(self._ids, self._codes)

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """An element begins."""
        if name in self._STYLE and self._in_list:
            self._ids.append(int(attributes.get("numFmtId", 0)))
        elif name in self._CODE:  # the first one counts; those of conditional formats come later
            code = attributes["formatCode"]
            self._codes.setdefault(int(attributes["numFmtId"]), code if len(code) <= FORMAT_CODE_CHARACTERS else None)
        elif name in self._LIST:
            self._in_list = True
        if len(self._ids) > STYLES or len(self._codes) > FORMAT_CODES:
            raise ValueError(name)

    def end(self, name: str, text: str) -> None:  # noqa: ARG002  (styles are all attributes)
        """An element ends."""
        if name in self._LIST:
            self._in_list = False


class Strings(Reader):
    """The texts that cells share, without their formatting and without phonetic guides."""

    _ITEM: Final = names("si")
    _TEXT: Final = names("t")
    _PHONETIC: Final = names("rPh")

    def __init__(self) -> None:
        self.texts: list[str] = []
        self._runs: list[str] = []
        self._in_phonetic = False

    def start(self, name: str, attributes: dict[str, str]) -> None:  # noqa: ARG002  (strings have no attributes)
        """An element begins."""
        if name in self._PHONETIC:
            self._in_phonetic = True

    def end(self, name: str, text: str) -> None:
        """An element ends."""
        if name in self._TEXT:
            if not self._in_phonetic:
                self._runs.append(text)
        elif name in self._ITEM:
            self.texts.append(join_text(self._runs))
            self._runs.clear()
        elif name in self._PHONETIC:
            self._in_phonetic = False
