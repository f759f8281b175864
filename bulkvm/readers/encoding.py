"""Text files: encoding detection and lines."""

import codecs
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, Final

from bulkvm.model.errors import SheetError, UsageError
from bulkvm.model.problem import Problem, ProblemCode, Severity
from bulkvm.readers.read_limits import RECORD_CHARACTERS
from bulkvm.readers.source import Source

_CHUNK: Final = 2**16
_FALLBACK: Final = "cp1252"
_DOS_END_OF_FILE: Final = "\x1a"

# A word with a non-ASCII letter. It has no digits, so that no message shows a PIN.
_NON_ASCII_WORD: Final = re.compile(r"[^\W\d_]{0,20}[^\x00-\x7f\d][^\W\d_]{0,20}")


@dataclass(frozen=True, slots=True)
class Text:
    """A text file with a known or guessed encoding."""

    name: str
    stream: io.TextIOWrapper
    is_guess: bool

    def lines(self) -> Iterator[str]:
        """Yield its lines from the first one on, each with its line end.

        Raises:
            SheetError: the file is in another encoding, or a line is too long.
        """
        self.stream.seek(0)
        mark = "\ufeff"
        try:
            while line := self.stream.readline(RECORD_CHARACTERS + 1):
                if len(line) > RECORD_CHARACTERS:
                    raise SheetError(
                        f"{self.name} is not a table: a line has more than {RECORD_CHARACTERS:,} characters.",
                        ProblemCode.NOT_A_SHEET,
                    )
                if line.endswith(_DOS_END_OF_FILE):  # it ends the file, so no line end follows
                    line = line.rstrip(_DOS_END_OF_FILE)
                    if not line:
                        return
                yield line.removeprefix(mark)
                mark = ""
        except UnicodeError as error:
            raise _wrong_encoding(self.name, self.stream.encoding) from error


def decode(source: Source, encoding: str | None) -> Text:
    """Open a file as text.

    Args:
        source: the file; it is closed together with the text.
        encoding: the encoding that the user gives (`--encoding`). Without it, it is detected.
    """
    used = encoding or _detect(source)
    try:
        return Text(
            source.name, io.TextIOWrapper(source.stream, used, newline=""), is_guess=used == _FALLBACK != encoding
        )
    except (LookupError, ValueError) as error:
        raise UsageError(
            f"{used!r} is not the name of an encoding. Common names are utf-8, utf-16, windows-1252, "
            "windows-1250, iso-8859-15, cp850, shift_jis and gb18030."
        ) from error


def warn_guessed_encoding(text: Text) -> Iterator[Problem]:
    """Warn if the encoding was guessed, with a word as it was decoded."""
    if not text.is_guess:
        return
    words = ((number, _NON_ASCII_WORD.search(line)) for number, line in enumerate(text.lines(), start=1))
    number, word = next((number, found[0]) for number, found in words if found)
    yield Problem(
        row=None,
        code=ProblemCode.ENCODING,
        message=f'the file is not in UTF-8 and was read as Windows-1252: line {number} contains "{word}". '
        "If that is wrong, give the encoding with --encoding, or save the file as CSV UTF-8.",
        severity=Severity.WARNING,
    )


def _detect(source: Source) -> str:
    head = source.stream.read(_CHUNK)
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    _refuse_binary(source.name, head)
    source.stream.seek(0)
    return "utf-8" if _is_utf8(source.stream) else _FALLBACK


def _is_utf8(stream: IO[bytes]) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        while chunk := stream.read(_CHUNK):
            decoder.decode(chunk)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _refuse_binary(name: str, head: bytes) -> None:
    """Refuse a file with many NUL bytes. A few are a problem of their rows."""
    if head.count(0) * 8 <= len(head):
        return
    for start, encoding in enumerate(("utf-16-be", "utf-16-le")):
        if head[1 - start :: 2].count(0) * 8 <= len(head):
            raise SheetError(
                f"{name} looks like {encoding.upper()} text without a byte order mark. "
                f"Read it with --encoding {encoding}, or save it as CSV UTF-8.",
                ProblemCode.ENCODING,
            )
    raise SheetError(
        f"{name} is neither a workbook nor text. Use the sheet itself, as .xlsx or .csv.", ProblemCode.NOT_A_SHEET
    )


def _wrong_encoding(name: str, encoding: str) -> SheetError:
    what = "neither UTF-8 nor Windows-1252" if encoding == _FALLBACK else f"not valid {encoding}"
    return SheetError(
        f"{name} is {what}. Give its encoding with --encoding, or save it as CSV UTF-8.", ProblemCode.ENCODING
    )
