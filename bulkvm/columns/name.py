"""Names of boxes."""

import re
import unicodedata
from contextlib import suppress
from typing import Final

from bulkvm.columns.cell_display import STRIP_CHARS, shown
from bulkvm.columns.column import Parsed
from bulkvm.model.problem import Fault, ProblemCode
from bulkvm.model.settings import PinPolicy

MAX_LENGTH: Final = 64

_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")


def parse_name(text: str) -> Parsed:
    """Parse a name; a line break becomes a space, with a warning."""
    if not text.isascii():
        text = unicodedata.normalize("NFC", text)  # macOS writes accents as separate characters
    if text.isprintable():  # no line break is
        return Parsed(text)
    joined = " ".join(line.strip() for line in text.splitlines())
    if joined == text:
        return Parsed(text)
    warning = Fault(ProblemCode.NAME_LINE_BREAK, "the name has several lines; they were joined with a space.")
    return Parsed(joined, (warning,))


def equal_names(one: str, other: str) -> bool:
    """Whether two names are equal except for spaces, the encoding of accents, and invisible characters around them."""
    return one == other or _words(one) == _words(other)


def _words(name: str) -> list[str]:
    return unicodedata.normalize("NFC", name).strip(STRIP_CHARS).split()


def name_length(value: str, _: PinPolicy) -> Fault | None:
    """Reject more than 64 characters, counted as code points (API page, "Create", name)."""
    if len(value) <= MAX_LENGTH:
        return None
    return Fault(
        ProblemCode.NAME_LENGTH,
        f"the name has {len(value)} characters; the PBX accepts at most {MAX_LENGTH}. Shorten it.",
    )


def no_control_characters(value: str, _: PinPolicy) -> Fault | None:
    """Reject control characters, which no telephone shows."""
    if not _CONTROL.search(value):
        return None
    return Fault(ProblemCode.NAME_CONTROL, "the name contains an invisible control character. Type the name again.")


def no_wrong_encoding(value: str, _: PinPolicy) -> Fault | None:
    """Warn of mojibake, which a program saved after it used the wrong encoding: BÃ¼ro for Büro."""
    if value.isascii():
        return None
    for encoding in ("cp1252", "cp850", "cp437"):  # of Windows, and of its command line, as in `program > file`
        meant = value
        with suppress(UnicodeError):
            while not meant.isascii():
                meant = meant.encode(encoding).decode("utf-8")
        if meant != value:
            break
    else:
        return None
    return Fault(
        ProblemCode.NAME_ENCODING,
        f'the name was probably "{shown(meant)}" originally: a program saved it in the wrong encoding. '
        "Type the name again, or export the file again.",
    )
