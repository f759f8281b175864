"""Cell styles whose text can hardly be read: a plan is approved as it is seen."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from bulkvm.model.colours import BLACK, SMALLEST_FONT, WHITE, Palette, has_letters, is_legible
from bulkvm.readers.xml_parts import EndHandlers, StartHandler, StartHandlers, XmlHandler, for_drawing, for_elements

_MOST_INDENT: Final = 5  # of about three characters each
_DISPLACING: Final = frozenset({"fill", "centerContinuous"})  # repeats the text, or centers it across other cells
_TRUE: Final = frozenset({"1", "true"})
_LIGHT_CODE: Final = re.compile(r"\[(?:white|yellow|cyan|green|color ?[0-9]+)\]", re.IGNORECASE)
_THEME_ORDER: Final = ("lt1", "dk1", "lt2", "dk2", *(f"accent{n}" for n in range(1, 7)), "hlink", "folHlink")
_SYSTEM_COLOURS: Final = {"window": WHITE, "windowText": BLACK}
_SECTIONS: Final = ("fonts", "fills", "borders", "cellStyleXfs", "cellXfs", "cellStyles", "dxfs", "numFmts", "colors")


@dataclass(slots=True)
class _Font:
    colour: dict[str, str] = field(default_factory=dict)
    size: float = 11
    name: str = ""
    scheme: str = ""


class StyleLooks(XmlHandler):
    """The fonts, fills and alignments of cell styles."""

    def __init__(self) -> None:
        self._section = ""
        self._fonts: list[_Font] = []
        self._fills: list[list[tuple[dict[str, str], str]]] = []  # colours, and what they are if automatic
        self._pattern = "none"
        self._light_codes: set[str] = set()
        self._styles: list[dict[str, str]] = []
        self._displaced: set[int] = set()  # styles that move text out of sight, repeat it, or make it smaller
        self.wrapped: set[str] = set()  # the indexes of styles that wrap text, as cells have them
        self._indexed: list[str] = []

    def illegible(self, theme: list[str], fonts: Mapping[str, str]) -> frozenset[str]:
        """Return the indexes of the styles whose text can hardly be read, as cells have them.

        Args:
            theme: the colours of the workbook's theme; those of Office if there are none.
            fonts: the fonts of the theme, which programs show instead of those that a style names beside them.
        """
        for font in self._fonts:
            font.name = fonts.get(font.scheme, font.name)
        palette = Palette(theme or Palette().theme, self._indexed or Palette().indexed)
        return frozenset(str(n) for n, style in enumerate(self._styles) if not self._is_legible(n, style, palette))

    def _is_legible(self, number: int, style: dict[str, str], palette: Palette) -> bool:
        font = self._fonts[int(style.get("fontId", 0))] if self._fonts else _Font()
        fill = self._fills[int(style.get("fillId", 0))] if self._fills else []
        grounds = [palette.find(colour, automatic) for colour, automatic in fill] or [WHITE]
        return (
            is_legible(palette.find(font.colour, BLACK), grounds)
            and font.size >= SMALLEST_FONT
            and has_letters(font.name)
            and number not in self._displaced
            and style.get("numFmtId") not in self._light_codes
        )

    def start_handlers(self) -> StartHandlers:
        """Return the handlers of start tags."""
        return {
            **for_elements(**{name: self._section_handler(name) for name in _SECTIONS}),
            **for_elements(
                font=self._start_font,
                sz=self._start_size,
                name=self._start_name,
                scheme=self._start_scheme,
                color=self._start_color,
                fill=self._start_fill,
                patternFill=self._start_pattern,
                fgColor=self._start_foreground,
                bgColor=self._start_background,
                numFmt=self._start_code,
                xf=self._start_style,
                alignment=self._start_alignment,
                rgbColor=self._start_indexed,
            ),
        }

    def _section_handler(self, name: str) -> StartHandler:
        def start(_: dict[str, str]) -> None:
            self._section = name

        return start

    def _start_font(self, _: dict[str, str]) -> None:
        if self._section == "fonts":
            self._fonts.append(_Font())

    def _start_size(self, attributes: dict[str, str]) -> None:
        if self._section == "fonts":
            self._fonts[-1].size = float(attributes["val"])

    def _start_name(self, attributes: dict[str, str]) -> None:
        if self._section == "fonts":
            self._fonts[-1].name = attributes["val"]

    def _start_scheme(self, attributes: dict[str, str]) -> None:
        if self._section == "fonts":
            self._fonts[-1].scheme = attributes["val"]

    def _start_color(self, attributes: dict[str, str]) -> None:
        if self._section == "fonts":
            self._fonts[-1].colour = attributes
        elif self._section == "fills":  # of a gradient
            self._fills[-1].append((attributes, WHITE))

    def _start_fill(self, _: dict[str, str]) -> None:
        if self._section == "fills":
            self._fills.append([])

    def _start_pattern(self, attributes: dict[str, str]) -> None:
        self._pattern = attributes.get("patternType", "none")
        if self._section == "fills" and self._pattern not in {"none", "solid", "gray125", "gray0625"}:
            self._fills[-1].append(({}, BLACK))  # of its lines

    def _start_foreground(self, attributes: dict[str, str]) -> None:
        if self._section == "fills" and self._pattern != "none":
            self._fills[-1].append((attributes, BLACK))

    def _start_background(self, attributes: dict[str, str]) -> None:
        if self._section == "fills" and self._pattern not in {"none", "solid"}:
            self._fills[-1].append((attributes, WHITE))

    def _start_code(self, attributes: dict[str, str]) -> None:
        if self._section == "numFmts" and _LIGHT_CODE.search(attributes["formatCode"]):
            self._light_codes.add(attributes["numFmtId"])

    def _start_style(self, attributes: dict[str, str]) -> None:
        if self._section == "cellXfs":
            self._styles.append(attributes)

    def _start_alignment(self, attributes: dict[str, str]) -> None:
        if self._section != "cellXfs":
            return
        style = len(self._styles) - 1
        is_moved = int(attributes.get("indent", 0)) > _MOST_INDENT or attributes.get("horizontal") in _DISPLACING
        if is_moved or attributes.get("shrinkToFit") in _TRUE:
            self._displaced.add(style)
        if attributes.get("wrapText") in _TRUE:
            self.wrapped.add(str(style))

    def _start_indexed(self, attributes: dict[str, str]) -> None:
        self._indexed.append(attributes.get("rgb", ""))


class Theme(XmlHandler):
    """The colours and fonts of a theme.

    Attributes:
        fonts: the names of the fonts by what styles call them: major and minor.
    """

    def __init__(self) -> None:
        self.fonts: dict[str, str] = {}
        self._scheme = ""
        self._colours: dict[str, str] = {}
        self._name = ""

    def colours(self) -> list[str]:
        """Return the colours in the order of their indexes; a blank one is not known."""
        return [self._colours.get(name, "") for name in _THEME_ORDER] if self._colours else []

    def start_handlers(self) -> StartHandlers:
        """Return the handlers of start tags."""
        return for_drawing(
            **{name: self._name_handler(name) for name in _THEME_ORDER},
            srgbClr=self._start_rgb,
            sysClr=self._start_system,
            majorFont=self._scheme_handler("major"),
            minorFont=self._scheme_handler("minor"),
            latin=self._start_latin,
        )

    def end_handlers(self) -> EndHandlers:
        """Return the handlers of end tags."""
        return for_drawing(clrScheme=self._end_scheme)

    def _name_handler(self, name: str) -> StartHandler:
        def start(_: dict[str, str]) -> None:
            self._name = name

        return start

    def _scheme_handler(self, scheme: str) -> StartHandler:
        def start(_: dict[str, str]) -> None:
            self._scheme = scheme

        return start

    def _start_latin(self, attributes: dict[str, str]) -> None:
        if self._scheme:
            self.fonts[self._scheme] = attributes.get("typeface", "")
            self._scheme = ""

    def _start_rgb(self, attributes: dict[str, str]) -> None:
        self._add(attributes["val"])

    def _start_system(self, attributes: dict[str, str]) -> None:
        self._add(_SYSTEM_COLOURS.get(attributes["val"], attributes.get("lastClr", "")))

    def _add(self, colour: str) -> None:
        if self._name:
            self._colours.setdefault(self._name, colour)

    def _end_scheme(self, _: str) -> None:
        self._name = ""
