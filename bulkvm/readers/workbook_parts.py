"""Handlers for the parts of a workbook other than worksheets."""

import posixpath
from typing import TYPE_CHECKING, Final

from openpyxl.utils.datetime import CALENDAR_MAC_1904, CALENDAR_WINDOWS_1900

from bulkvm.readers.cell_text import join_text_runs
from bulkvm.readers.number_format import Formats
from bulkvm.readers.read_limits import FORMAT_CODE_CHARACTERS, FORMAT_CODES, RELATIONSHIPS, STYLES
from bulkvm.readers.xml_parts import RELATIONSHIP_ID, XmlHandler, names

if TYPE_CHECKING:
    from datetime import datetime


class Relationships(XmlHandler):
    """Types and targets of relationships, by id."""

    def __init__(self, folder: str) -> None:
        self.types: dict[str, str] = {}
        self.targets: dict[str, str] = {}
        self._folder = folder

    def target_of_type(self, name: str) -> str | None:
        """Return the target of the first relationship of a type."""
        return next((self.targets[key] for key, kind in self.types.items() if kind == name), None)

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """Handle a start tag."""
        if name.endswith(" Relationship"):
            key = attributes["Id"]
            self.types[key] = posixpath.basename(attributes["Type"])
            self.targets[key] = posixpath.normpath(posixpath.join("/", self._folder, attributes["Target"]))[1:]
            if len(self.types) > RELATIONSHIPS:
                raise ValueError(len(self.types))


class WorkbookPart(XmlHandler):
    """The sheets in order, and the date epoch."""

    _SHEET: Final = names("sheet")
    _PROPERTIES: Final = names("workbookPr")

    def __init__(self) -> None:
        self.sheets: list[tuple[str, bool, str]] = []
        self.epoch: datetime = CALENDAR_WINDOWS_1900

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """Handle a start tag."""
        if name in self._SHEET:
            key = next((attributes[id_] for id_ in RELATIONSHIP_ID if id_ in attributes), "")
            self.sheets.append((attributes["name"], attributes.get("state", "visible") == "visible", key))
        elif name in self._PROPERTIES and attributes.get("date1904") in {"1", "true"}:
            self.epoch = CALENDAR_MAC_1904


class Styles(XmlHandler):
    """The number formats of cell styles."""

    _LIST: Final = names("cellXfs")
    _STYLE: Final = names("xf")
    _CODE: Final = names("numFmt")

    def __init__(self) -> None:
        self._codes: dict[int, str | None] = {}
        self._ids: list[int] = []
        self._in_list = False

    def formats(self) -> Formats:
        """Return the formats by style index."""
        return Formats(self._ids, self._codes)

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """Handle a start tag."""
        if name in self._STYLE and self._in_list:
            self._ids.append(int(attributes.get("numFmtId", 0)))
        elif name in self._CODE:  # the first definition applies; conditional formats have later ones
            code = attributes["formatCode"]
            self._codes.setdefault(int(attributes["numFmtId"]), code if len(code) <= FORMAT_CODE_CHARACTERS else None)
        elif name in self._LIST:
            self._in_list = True
        if len(self._ids) > STYLES or len(self._codes) > FORMAT_CODES:
            raise ValueError(name)

    def end(self, name: str, text: str) -> None:  # noqa: ARG002  (styles have attributes only)
        """Handle an end tag."""
        if name in self._LIST:
            self._in_list = False


class SharedStrings(XmlHandler):
    """The shared strings, without formatting and phonetic guides."""

    _ITEM: Final = names("si")
    _TEXT: Final = names("t")
    _PHONETIC: Final = names("rPh")

    def __init__(self) -> None:
        self.texts: list[str] = []
        self._runs: list[str] = []
        self._in_phonetic = False

    def start(self, name: str, attributes: dict[str, str]) -> None:  # noqa: ARG002  (strings have no attributes)
        """Handle a start tag."""
        if name in self._PHONETIC:
            self._in_phonetic = True

    def end(self, name: str, text: str) -> None:
        """Handle an end tag."""
        if name in self._TEXT:
            if not self._in_phonetic:
                self._runs.append(text)
        elif name in self._ITEM:
            self.texts.append(join_text_runs(self._runs))
            self._runs.clear()
        elif name in self._PHONETIC:
            self._in_phonetic = False
