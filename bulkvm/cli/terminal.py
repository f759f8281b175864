"""Text on a terminal: wrapped at its width, and in colour."""

import os
import re
from collections.abc import Mapping
from typing import Final, TextIO
from unicodedata import combining, east_asian_width

import click

_DEFAULT_WIDTH: Final = 80
_DEEP: Final = 8  # cells; a line that begins there continues a column
_PIECE: Final = re.compile(r"\s*(?:[^\s`]|`[^`]*`|`)+")  # a word, with commands in backticks
_ITEM: Final = re.compile(r"[+-]\S")  # of a list: what is added or removed
_COLUMN_GAP: Final = re.compile(r"(?<=\S)  +(?=\S)")

# By the first word of a line.
_COLOURS: Final = {
    "+": "green",
    "~": "yellow",
    "-": "red",
    "error:": "red",
    "warning:": "yellow",
    "ok": "green",
}
_FIRST_WORD: Final = re.compile(rf"^( *)({'|'.join(map(re.escape, _COLOURS))})(?= )", re.MULTILINE)


def has_colour(stream: TextIO, environment: Mapping[str, str] = os.environ) -> bool:
    """Whether text to a stream is in colour: on a terminal, unless the environment variables say otherwise."""
    if environment.get("NO_COLOR"):
        return False
    if any(environment.get(name, "0") not in {"", "0"} for name in ("FORCE_COLOR", "CLICOLOR_FORCE")):
        return True
    return stream.isatty() and environment.get("CLICOLOR") != "0" and environment.get("TERM") != "dumb"


def layout(text: str, stream: TextIO) -> str:
    """Wrap text if a stream is a terminal."""
    if not stream.isatty():
        return text
    width = _width(stream)
    return "\n".join(_wrap(line, width) for line in text.split("\n"))


def colour_first_words(text: str) -> str:
    """Colour the words at the beginning of lines that stand for a change or a severity."""
    return _FIRST_WORD.sub(lambda found: found[1] + click.style(found[2], fg=_COLOURS[found[2]], bold=True), text)


def _width(stream: TextIO) -> int:
    """The width of a terminal, in cells."""
    if (given := os.environ.get("COLUMNS", "")).isdecimal() and int(given):
        return int(given)
    try:
        return os.get_terminal_size(stream.fileno()).columns or _DEFAULT_WIDTH
    except (OSError, ValueError):
        return _DEFAULT_WIDTH


def _wrap(line: str, width: int) -> str:
    """Wrap a line between words, and align the next lines. Commands and what is longer than a line are kept whole."""
    if _cells(line) <= width:
        return line
    indent = _hanging_indent(line, width)
    lines, used = [""], 0
    for piece in _PIECE.findall(line):
        word = piece.lstrip()
        cells, of_word = _cells(piece), _cells(word)
        fits = width >= indent + of_word or _ITEM.match(word)
        if used + cells > width and fits and lines[-1].strip():
            lines.append(" " * indent + word)
            used = indent + of_word
        else:
            lines[-1] += piece
            used += cells
    return "\n".join(lines)


def _hanging_indent(line: str, width: int) -> int:
    """Where the lines after the first one begin: below the last column of a table, or two cells further in."""
    gaps = [found.end() for found in _COLUMN_GAP.finditer(line, 0, width // 2)]
    if gaps:
        return gaps[-1]
    leading = len(line) - len(line.lstrip())
    return leading + 2 if 0 < leading < _DEEP else leading


def _cells(text: str) -> int:
    """The width of text on a terminal."""
    if text.isascii():
        return len(text)
    return sum((not combining(c)) * (1 + (east_asian_width(c) in "WF")) for c in text)
