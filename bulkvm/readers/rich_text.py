"""The text of a cell in runs, each with a font of its own."""

from typing import Final

from bulkvm.readers.cell_text import join_text_runs
from bulkvm.readers.xml_parts import SMALLEST_TEXT, EndHandlers, StartHandlers, for_elements, is_below, is_on

_RAISED: Final = str.maketrans("0123456789", "\u2070\u00b9\u00b2\u00b3\u2074\u2075\u2076\u2077\u2078\u2079")
_LOWERED: Final = str.maketrans("0123456789", "\u2080\u2081\u2082\u2083\u2084\u2085\u2086\u2087\u2088\u2089")
_ALIGNED: Final = {"superscript": _RAISED, "subscript": _LOWERED}
_PLAIN: Final[dict[int, int]] = {}


_OF_THEME: Final = {"0": "FFFFFF", "1": "000000"}  # background and text of the usual themes
_INDEXED: Final = {"0": "000000", "1": "FFFFFF", "8": "000000", "9": "FFFFFF", "64": "000000", "65": "FFFFFF"}
WHITE: Final = "FFFFFF"
BLACK: Final = "000000"
_MOST_ALIKE: Final = 16  # of 255: two colours that differ less look the same


def read_color(color: dict[str, str]) -> str:
    """Return a colour as six digits; one that is not known, such as a tint of a theme, as it is written."""
    if "rgb" in color:
        return color["rgb"][-6:].upper()
    if "tint" not in color and (
        known := _OF_THEME.get(color.get("theme", "")) or _INDEXED.get(color.get("indexed", ""))
    ):
        return known
    return " ".join(f"{name}={value}" for name, value in sorted(color.items()))


def look_alike(one: str, other: str) -> bool:
    """Whether two colours look the same, so that text in one of them cannot be seen on the other."""
    if one == other:
        return True
    try:
        return all(abs(a - b) <= _MOST_ALIKE for a, b in zip(bytes.fromhex(one), bytes.fromhex(other), strict=True))
    except ValueError:  # not known
        return False


class RichText:
    """The runs of a text, without phonetic guides, and whether some are struck through, or are white or tiny.

    Digits in superscript, such as those of footnotes, are superscript characters: 6201 with a small 1 is not 62011.
    """

    def __init__(self) -> None:
        self.runs: list[str] = []
        self.is_struck = False
        self.is_white = False
        self._struck_runs = 0
        self._in_phonetic = False
        self._start_run({})

    def start_handlers(self) -> StartHandlers:
        """Return the handlers of start tags."""
        return for_elements(
            r=self._start_run,
            rPh=self._start_phonetic,
            strike=self._start_strike,
            color=self._start_color,
            sz=self._start_size,
            vertAlign=self._start_alignment,
        )

    def end_handlers(self) -> EndHandlers:
        """Return the handlers of end tags."""
        return for_elements(t=self._end_text, rPh=self._end_phonetic)

    @property
    def is_partly_struck(self) -> bool:
        """Whether some of the text is struck through, and some is not."""
        return self.is_struck and sum(bool(run.strip()) for run in self.runs) > self._struck_runs

    def take(self) -> str:
        """Return the text, and begin another one without marks."""
        text = join_text_runs(self.runs)
        self.runs.clear()
        self.is_struck = self.is_white = False
        self._struck_runs = 0
        self._start_run({})
        return text

    def _start_run(self, _: dict[str, str]) -> None:
        self._has_struck = self._has_white = False
        self._digits = _PLAIN

    def _start_phonetic(self, _: dict[str, str]) -> None:
        self._in_phonetic = True

    def _end_phonetic(self, _: str) -> None:
        self._in_phonetic = False

    def _start_strike(self, attributes: dict[str, str]) -> None:
        self._has_struck = is_on(attributes)

    def _start_color(self, attributes: dict[str, str]) -> None:
        self._has_white |= look_alike(read_color(attributes), WHITE)

    def _start_size(self, attributes: dict[str, str]) -> None:
        self._has_white |= is_below(attributes.get("val"), SMALLEST_TEXT)

    def _start_alignment(self, attributes: dict[str, str]) -> None:
        self._digits = _ALIGNED.get(attributes.get("val", ""), _PLAIN)

    def _end_text(self, text: str) -> None:
        if self._in_phonetic:
            return
        self.runs.append(text.translate(self._digits) if self._digits else text)
        if (self._has_struck or self._has_white) and text.strip():
            self.is_struck |= self._has_struck
            self._struck_runs += self._has_struck
            self.is_white |= self._has_white
