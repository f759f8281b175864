"""Handlers for the parts of a workbook other than worksheets."""

import posixpath
import re
from datetime import datetime
from typing import Final

from bulkvm.readers.cell_text import is_random
from bulkvm.readers.format_codes import Formats
from bulkvm.readers.read_limits import FORMAT_CODE_CHARACTERS, FORMAT_CODES, RELATIONSHIPS, STYLES
from bulkvm.readers.rich_text import BLACK, WHITE, RichText, look_alike, read_color
from bulkvm.readers.xml_parts import (
    RELATIONSHIP,
    RELATIONSHIP_ID,
    SMALLEST_TEXT,
    EndHandlers,
    StartHandlers,
    XmlHandler,
    for_elements,
    is_below,
    is_on,
)

# Number formats that show text in white.
_WHITE_CODE: Final = re.compile(r"\[(?:white|color ?2)\]", re.IGNORECASE)
_LONGEST_RANGE: Final = 255  # characters
_MAX_NAMES: Final = 2**12
_EPOCH_1900: Final = datetime(1899, 12, 30)  # noqa: DTZ001  (dates of sheets have no time zone)
_EPOCH_1904: Final = datetime(1904, 1, 1)  # noqa: DTZ001  (the same)


class Relationships(XmlHandler):
    """Types and targets of relationships, by id."""

    def __init__(self, folder: str) -> None:
        self.types: dict[str, str] = {}
        self.targets: dict[str, str] = {}
        self._folder = folder

    def target_of_type(self, name: str) -> str | None:
        """Return the target of the first relationship of a type."""
        return next((self.targets[key] for key, kind in self.types.items() if kind == name), None)

    def start_handlers(self) -> StartHandlers:
        """Return the handlers of start tags."""
        return {RELATIONSHIP: self._start_relationship}

    def _start_relationship(self, attributes: dict[str, str]) -> None:
        key = attributes["Id"]
        target = attributes["Target"].replace("\\", "/")  # as some programs write it
        self.types[key] = posixpath.basename(attributes["Type"])
        self.targets[key] = posixpath.normpath(posixpath.join("/", self._folder, target))[1:]
        if len(self.types) > RELATIONSHIPS:
            raise ValueError(len(self.types))


class TableParts(XmlHandler):
    """The ranges of the tables that have a dark style."""

    def __init__(self) -> None:
        self.dark: list[str] = []
        self._range = ""

    def start_handlers(self) -> StartHandlers:
        """Return the handlers of start tags."""
        return for_elements(table=self._start_table, tableStyleInfo=self._start_style)

    def _start_table(self, attributes: dict[str, str]) -> None:
        self._range = attributes.get("ref", "")

    def _start_style(self, attributes: dict[str, str]) -> None:
        if attributes.get("name", "").startswith("TableStyleDark"):
            self.dark.append(self._range)


class WorkbookPart(XmlHandler):
    """The sheets in order, the date epoch, the ranges that are printed, and the names of random formulas."""

    def __init__(self) -> None:
        self.sheets: list[tuple[str, bool, str]] = []
        self.epoch: datetime = _EPOCH_1900
        self.print_areas: list[str] = []
        self.random_names: set[str] = set()
        self.names: dict[str, str] = {}  # what other names stand for
        self._name = ""

    def start_handlers(self) -> StartHandlers:
        """Return the handlers of start tags."""
        return for_elements(
            sheet=self._start_sheet, workbookPr=self._start_properties, definedName=self._start_defined_name
        )

    def end_handlers(self) -> EndHandlers:
        """Return the handlers of end tags."""
        return for_elements(definedName=self._end_defined_name)

    def _start_defined_name(self, attributes: dict[str, str]) -> None:
        self._name = attributes.get("name", "")

    def _end_defined_name(self, text: str) -> None:
        if self._name == "_xlnm.Print_Area":
            self.print_areas.append(text)
        if is_random(text):
            self.random_names.add(self._name.casefold())
        elif len(text) <= _LONGEST_RANGE and len(self.names) < _MAX_NAMES and not self._name.startswith("_xlnm."):
            self.names[self._name.casefold()] = text

    def _start_sheet(self, attributes: dict[str, str]) -> None:
        key = next((attributes[id_] for id_ in RELATIONSHIP_ID if id_ in attributes), "")
        self.sheets.append((attributes["name"], attributes.get("state", "visible") == "visible", key))

    def _start_properties(self, attributes: dict[str, str]) -> None:
        if attributes.get("date1904") in {"1", "true"}:
            self.epoch = _EPOCH_1904


class Styles(XmlHandler):
    """The number formats of cell styles, and which of them strike text through or show it so that it is not seen."""

    def __init__(self) -> None:
        self._codes: dict[int, str | None] = {}
        self._ids: list[int] = []
        self._fonts: list[str] = []  # of the styles
        self._struck_fonts: set[str] = set()
        self._font_colors: dict[str, str] = {}
        self._tiny_fonts: set[str] = set()
        self._font = -1
        self._fills: list[str] = []  # of the styles
        self._fill_colors: dict[str, str] = {}  # blank for a pattern of two colours
        self._fill = -1
        self._in_fills = False
        self._in_list = False
        self._in_fonts = False
        self.repeating: set[str] = set()  # styles that repeat the text over the width of the cell, as cells have them
        self._conditional = -1  # conditional formats so far
        self._in_conditional = self._in_conditional_font = False
        self.changing: set[str] = (
            set()
        )  # conditional formats that strike through, hide, or change how numbers are shown

    def formats(self) -> Formats:
        """Return the formats by style index."""
        return Formats(self._ids, self._codes)

    def struck(self) -> frozenset[str]:
        """Return the indexes of the styles whose font is struck through, as cells have them."""
        if not self._struck_fonts:
            return frozenset()
        return frozenset(str(style) for style, font in enumerate(self._fonts) if font in self._struck_fonts)

    def white(self) -> frozenset[str]:
        """Return the indexes of the styles with text in the colour of its background, or too small to be seen."""
        white_codes = {number for number, code in self._codes.items() if code and _WHITE_CODE.search(code)}
        styles = enumerate(zip(self._fonts, self._fills, self._ids, strict=True))
        return frozenset(
            str(style)
            for style, (font, fill, code) in styles
            if font in self._tiny_fonts
            or look_alike(
                WHITE if code in white_codes else self._font_colors.get(font, BLACK), self._fill_colors.get(fill, "")
            )
        )

    def filled(self) -> frozenset[str]:
        """Return the indexes of the styles with another background than white, as cells have them."""
        return frozenset(
            str(style)
            for style, fill in enumerate(self._fills)
            if not look_alike(self._fill_colors.get(fill, ""), WHITE)
        )

    def start_handlers(self) -> StartHandlers:
        """Return the handlers of start tags."""
        return for_elements(
            color=self._start_color,
            fills=self._start_fills,
            fill=self._start_fill,
            patternFill=self._start_pattern,
            fgColor=self._start_fill_color,
            bgColor=self._start_conditional_fill,
            sz=self._start_size,
            cellXfs=self._start_list,
            xf=self._start_style,
            alignment=self._start_alignment,
            numFmt=self._start_code,
            fonts=self._start_fonts,
            font=self._start_font,
            strike=self._start_strike,
            dxf=self._start_conditional,
        )

    def end_handlers(self) -> EndHandlers:
        """Return the handlers of end tags."""
        return for_elements(
            cellXfs=self._end_list,
            fonts=self._end_fonts,
            font=self._end_font,
            fills=self._end_fills,
            dxf=self._end_conditional,
        )

    def _start_conditional(self, _: dict[str, str]) -> None:
        self._conditional += 1
        self._in_conditional = True
        self._in_conditional_font = False
        self._conditional_color, self._conditional_fill = BLACK, WHITE

    def _end_conditional(self, _: str) -> None:
        self._in_conditional = False
        if look_alike(self._conditional_color, self._conditional_fill):
            self.changing.add(str(self._conditional))

    def _start_fonts(self, _: dict[str, str]) -> None:
        self._in_fonts = True

    def _end_fonts(self, _: str) -> None:
        self._in_fonts = False

    def _start_font(self, _: dict[str, str]) -> None:
        self._font += self._in_fonts
        self._in_conditional_font = self._in_conditional

    def _end_font(self, _: str) -> None:
        self._in_conditional_font = False

    def _start_color(self, attributes: dict[str, str]) -> None:
        if self._in_fonts:
            self._font_colors[str(self._font)] = read_color(attributes)
        elif self._in_conditional and self._in_conditional_font:
            self._conditional_color = read_color(attributes)

    def _start_size(self, attributes: dict[str, str]) -> None:
        if self._in_fonts and is_below(attributes.get("val"), SMALLEST_TEXT):
            self._tiny_fonts.add(str(self._font))

    def _start_fills(self, _: dict[str, str]) -> None:
        self._in_fills = True

    def _end_fills(self, _: str) -> None:
        self._in_fills = False

    def _start_fill(self, _: dict[str, str]) -> None:
        self._fill += self._in_fills

    def _start_pattern(self, attributes: dict[str, str]) -> None:
        self._pattern = attributes.get("patternType", "none")
        if self._in_fills:
            self._fill_colors[str(self._fill)] = WHITE if self._pattern == "none" else ""

    def _start_fill_color(self, attributes: dict[str, str]) -> None:
        if self._in_fills and self._pattern == "solid":
            self._fill_colors[str(self._fill)] = read_color(attributes)

    def _start_conditional_fill(self, attributes: dict[str, str]) -> None:
        if self._in_conditional:
            self._conditional_fill = read_color(attributes)

    def _start_strike(self, attributes: dict[str, str]) -> None:
        if not is_on(attributes):
            return
        if self._in_fonts:
            self._struck_fonts.add(str(self._font))
        elif self._in_conditional:
            self.changing.add(str(self._conditional))

    def _start_list(self, _: dict[str, str]) -> None:
        self._in_list = True

    def _start_style(self, attributes: dict[str, str]) -> None:
        if self._in_list:
            self._ids.append(int(attributes.get("numFmtId", 0)))
            self._fonts.append(attributes.get("fontId", "0"))
            self._fills.append(attributes.get("fillId", "0"))
            if len(self._ids) > STYLES:
                raise ValueError(len(self._ids))

    def _start_alignment(self, attributes: dict[str, str]) -> None:
        if self._in_list and attributes.get("horizontal") == "fill":
            self.repeating.add(str(len(self._ids) - 1))

    def _start_code(self, attributes: dict[str, str]) -> None:
        if self._in_conditional:
            self.changing.add(str(self._conditional))
            return
        code = attributes["formatCode"]
        self._codes.setdefault(int(attributes["numFmtId"]), code if len(code) <= FORMAT_CODE_CHARACTERS else None)
        if len(self._codes) > FORMAT_CODES:
            raise ValueError(len(self._codes))

    def _end_list(self, _: str) -> None:
        self._in_list = False


class SharedStrings(XmlHandler):
    """The shared strings, without phonetic guides, and which of them have text that is struck through or white."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.struck: set[int] = set()
        self.partly_struck: set[int] = set()
        self.white: set[int] = set()
        self._text = RichText()

    def start_handlers(self) -> StartHandlers:
        """Return the handlers of start tags."""
        return self._text.start_handlers()

    def end_handlers(self) -> EndHandlers:
        """Return the handlers of end tags."""
        return {**self._text.end_handlers(), **for_elements(si=self._end_item)}

    def _end_item(self, _: str) -> None:
        if self._text.is_struck:
            self.struck.add(len(self.texts))
        if self._text.is_partly_struck:
            self.partly_struck.add(len(self.texts))
        if self._text.is_white:
            self.white.add(len(self.texts))
        self.texts.append(self._text.take())
