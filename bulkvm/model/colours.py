"""Colours of a workbook, and whether text in them can be read."""

import colorsys
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

BLACK: Final = "000000"
WHITE: Final = "FFFFFF"
SMALLEST_FONT: Final = 6.0  # points
# As Excel numbers them: the background comes before the text.
_OFFICE_THEME: Final = "FFFFFF000000EEECE11F497D4F81BDC0504D9BBB598064A24BACC6F796460000FF800080"
# Colours by index (ECMA-376 part 1, 18.8.27), six digits each.
_INDEXED: Final = (
    "000000FFFFFFFF000000FF000000FFFFFF00FF00FF00FFFF000000FFFFFFFF000000FF000000FFFFFF00FF00FF00FFFF"
    "800000008000000080808000800080008080C0C0C08080809999FF993366FFFFCCCCFFFF660066FF80800066CCCCCCFF"
    "000080FF00FFFFFF0000FFFF8000808000000080800000FF00CCFFCCFFFFCCFFCCFFFF9999CCFFFF99CCCC99FFFFCC99"
    "3366FF33CCCC99CC00FFCC00FF9900FF6600666699969696003366339966003300333300993300993366333399333333"
)
_SYSTEM: Final = {64: BLACK, 65: WHITE}
_LEAST_CONTRAST: Final = 2.0  # of 1 to 21, nearly as WCAG 2 defines it; light grey on white has 1.4
_GAMMA: Final = 2.2
# Fonts with pictures, bars or nothing instead of letters.
_SYMBOLS: Final = re.compile(
    "dings|symbol|marlett|emoji|icon|awesome|braille|redact|blank|bar ?code|code ?-?(?:39|93|128)|[23] ?of ?[59]|"
    "ean-?[0-9]|upc-?[ae]|pdf-?417|qr ?-?code|data ?matrix|postnet"
)


@dataclass(frozen=True, slots=True)
class Palette:
    """The colours of a theme, and those by index if the workbook replaces them."""

    theme: Sequence[str] = tuple(_OFFICE_THEME[n : n + 6] for n in range(0, len(_OFFICE_THEME), 6))
    indexed: Sequence[str] = tuple(_INDEXED[n : n + 6] for n in range(0, len(_INDEXED), 6))

    def find(self, color: Mapping[str, str], automatic: str) -> str | None:
        """Return a colour of a style as six hexadecimal digits; None if it is not known.

        Args:
            color: the attributes of the element.
            automatic: the colour if they name none.
        """
        try:
            return _tinted(self._find(color, automatic), float(color.get("tint", 0)))
        except (ValueError, IndexError):
            return None

    def _find(self, color: Mapping[str, str], automatic: str) -> str:
        if "rgb" in color:
            return color["rgb"][-6:]
        if "theme" in color:
            return self.theme[int(color["theme"])]
        if "indexed" not in color:
            return automatic
        index = int(color["indexed"])
        return _SYSTEM.get(index) or self.indexed[index][-6:]


def is_legible(text: str | None, grounds: Iterable[str | None]) -> bool:
    """Whether text of a colour can be read on all of these. A colour that is not known cannot be relied on."""
    return text is not None and all(
        ground is not None and _contrast(text, ground) >= _LEAST_CONTRAST for ground in grounds
    )


def has_letters(font: str) -> bool:
    """Whether a font shows letters as letters."""
    return not _SYMBOLS.search(font.casefold())


def _tinted(colour: str, tint: float) -> str:
    """Lighten a colour, or darken it by a negative tint (ECMA-376 part 1, 18.8.19)."""
    hue, light, saturation = colorsys.rgb_to_hls(*_channels(colour))
    light = light * (1 + tint) if tint < 0 else light * (1 - tint) + tint
    return "".join(f"{round(255 * one):02X}" for one in colorsys.hls_to_rgb(hue, light, saturation))


def _contrast(one: str, other: str) -> float:
    darker, lighter = sorted(map(_luminance, (one, other)))
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    red, green, blue = (float(channel**_GAMMA) for channel in _channels(colour))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _channels(colour: str) -> tuple[float, float, float]:
    red, green, blue = bytes.fromhex(colour)
    return red / 255, green / 255, blue / 255
