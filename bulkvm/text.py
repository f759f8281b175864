"""Text of others, made harmless to a terminal, and unambiguous between quotes."""

import re
from collections.abc import Sequence
from typing import Final

_UNPRINTABLE: Final = re.compile(r"[^\n\x20-\x7e]")


def printable(text: str) -> str:
    """Replace what would steer a terminal instead of showing on it: control characters, bidi marks, half characters."""
    if text.isprintable():  # nearly always
        return text
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)


def printable_lines(text: str) -> str:
    """The same for a text of several lines."""
    return text if text.isprintable() else "\n".join(map(printable, text.split("\n")))


def printable_json(document: str) -> str:
    """The same for a JSON document, which stays the same data: JSON can escape any character.

    Half characters (of a file name that is not UTF-8) are replaced: no UTF-8 has them, and not every reader of JSON
    takes their escape.
    """
    return _UNPRINTABLE.sub(lambda found: found[0] if found[0].isprintable() else _escape(found[0]), document)


def quoted(text: str) -> str:
    """A name between quotes, whose end can be told."""
    return f'"{printable(escape_quotes(text))}"'


def join_limited(items: Sequence[str], most: int, between: str = ", ") -> str:
    """Join items for a message, counting those beyond the maximum: `a, b and 3 more`."""
    more = f" and {len(items) - most:,} more" if len(items) > most else ""
    return between.join(items[:most]) + more


def escape_quotes(text: str) -> str:
    """Escape the quotes in a text that a message puts between quotes."""
    return text.replace("\\", "\\\\").replace('"', '\\"')


def _escape(character: str) -> str:
    if "\ud800" <= character <= "\udfff":
        return "\N{REPLACEMENT CHARACTER}"
    return character.encode("utf-16-be").hex(" ", 2).join(("\\u", "")).replace(" ", "\\u")
