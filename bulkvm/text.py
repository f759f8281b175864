"""Makes untrusted text safe to print on a terminal, quotes it, and puts counts and lists into words."""

import os
import re
import shlex
import subprocess
from collections.abc import Sequence
from typing import Final

_UNPRINTABLE: Final = re.compile(r"[^\n\x20-\x7e]")


def printable(text: str) -> str:
    """Replace characters that could control a terminal: control characters, bidi marks, lone surrogates."""
    if text.isprintable():  # nearly always
        return text
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)


def printable_lines(text: str) -> str:
    """Like `printable`, but keep line breaks."""
    return text if text.isprintable() else "\n".join(map(printable, text.split("\n")))


def printable_json(document: str) -> str:
    """Like `printable` for a JSON document; its data is unchanged, since JSON can escape any character.

    Lone surrogates (of a file name that is not UTF-8) are replaced: UTF-8 cannot encode them, and some JSON parsers
    reject their escapes.
    """
    return _UNPRINTABLE.sub(lambda found: found[0] if found[0].isprintable() else _escape(found[0]), document)


def quoted(text: str) -> str:
    """Put a name in quotes, with the quotes inside it escaped."""
    return f'"{printable(escape_quotes(text))}"'


def command_word(text: str) -> str:
    """Write an argument so that it can be pasted into a shell: POSIX shells, or on Windows its own."""
    if os.name == "nt":
        return subprocess.list2cmdline([text])
    if text.isprintable() and "`" not in text:  # a message has commands in backticks
        return shlex.quote(text)
    escaped = (
        character if character.isascii() and character.isalnum() else _escape_bytes(character) for character in text
    )
    return f"$'{''.join(escaped)}'"


def runs_in_shell(text: str) -> bool:
    """Whether a shell would run or replace a part of the text, even in double quotes, which all shells know."""
    return "$" in text or "`" in text


def command_file(file: str | os.PathLike[str]) -> str:
    """Write the name of a file so that it can be pasted into a shell, also if it begins like an option."""
    text = os.fspath(file)
    return command_word(os.path.join(".", text) if text.startswith("-") else text)  # noqa: PTH118  (a path drops `.`)


def command_option(option: str, value: str) -> str:
    """Write an option and its value so that they can be pasted into a shell."""
    return f"{option}={command_word(value)}" if value.startswith("-") else f"{option} {command_word(value)}"


def join_and(items: Sequence[str]) -> str:
    """Join items for a message: `a, b and c`; blank if there are none."""
    return " and ".join(filter(None, (", ".join(items[:-1]), *items[-1:])))


def join_limited(items: Sequence[str], most: int, between: str = ", ") -> str:
    """Join items for a message, counting those beyond the maximum: `a, b and 3 more`."""
    more = f" and {len(items) - most:,} more" if len(items) > most else ""
    return between.join(items[:most]) + more


def count(n: int, noun: str, plural: str | None = None) -> str:
    """Render a count: `1 row`, `1,200 rows`."""
    return f"{n:,} {noun if n == 1 else plural or noun + 's'}"


def truncate(text: str, length: int) -> str:
    """Cut text to a number of characters, the last of which is an ellipsis then."""
    return text if len(text) <= length else text[: length - 1] + "…"


def escape_quotes(text: str) -> str:
    """Escape quotes and backslashes."""
    return text.replace("\\", "\\\\").replace('"', '\\"')


def _escape_bytes(character: str) -> str:
    """Escape a character for $'...', which bash, zsh and other shells read."""
    return "".join(f"\\x{byte:02x}" for byte in os.fsencode(character))


def _escape(character: str) -> str:
    if "\ud800" <= character <= "\udfff":
        return "\N{REPLACEMENT CHARACTER}"
    return character.encode("utf-16-be").hex(" ", 2).join(("\\u", "")).replace(" ", "\\u")
