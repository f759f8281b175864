"""Text files: encoding detection and lines."""

import codecs
import io
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import IO, Final

from bulkvm.model.errors import SheetError, UsageError
from bulkvm.model.problem import Problem, ProblemCode, Severity
from bulkvm.readers.likely_encoding import suggest_encoding
from bulkvm.readers.read_limits import MIB, RECORD_CHARACTERS
from bulkvm.readers.source import Source

_CHUNK: Final = 2**16
_FALLBACK: Final = "cp1252"
_UTF_8: Final = "utf-8"
_MOST_WORDS: Final = 8  # that a warning shows
ENCODING_TITLES: Final = {_FALLBACK: "Windows-1252", _UTF_8: "UTF-8"}
_MARKS: Final = {  # those of UTF-32 first: one of them begins with one of UTF-16
    codecs.BOM_UTF32_LE: "utf-32", codecs.BOM_UTF32_BE: "utf-32", codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}  # fmt: skip
_DOS_END_OF_FILE: Final = "\x1a"

# A word with a non-ASCII letter. It has no digits, so that no message shows a PIN.
NON_ASCII_WORD: Final = re.compile(r"[^\W\d_]{0,20}[^\x00-\x7f\d\ud800-\udfff][^\W\d_]{0,20}")
FOREIGN_BYTES: Final = re.compile("[\udc80-\udcff]+")


@dataclass(frozen=True, slots=True)
class Text:
    """A text file with a known or guessed encoding.

    `encodings` are that of most lines and, if a few lines are in another one, that of those. `repair` is called for
    each line.
    """

    name: str
    stream: io.TextIOWrapper
    is_guess: bool
    encodings: tuple[str, ...]
    repair: Callable[[str], str] | None = None

    @property
    def is_mixed(self) -> bool:
        """Whether some lines are in another encoding. Their bytes are surrogates in `lines`, see `decode_foreign`."""
        return len(self.encodings) > 1

    def decode_foreign(self, text: str) -> str:
        """Decode the bytes in a text that are in the other encoding."""
        return FOREIGN_BYTES.sub(lambda found: _bytes_of(found[0]).decode(self.encodings[1], "replace"), text)

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
                if self.is_mixed and self.encodings[0] == _FALLBACK:
                    line = _swap_encodings(line)
                line = line.removeprefix(mark)
                yield self.repair(line) if self.repair else line
                mark = ""
        except UnicodeError as error:
            raise _wrong_encoding(self) from error

    def suggest_encoding(self) -> tuple[str, str] | None:
        """Suggest another encoding by the words at the beginning of the file, with a word in it."""
        self.stream.seek(0)
        suggested = suggest_encoding(bytes(self.stream.buffer.read(MIB)), self.stream.encoding)
        self.stream.seek(0)
        return suggested


def decode(source: Source, encoding: str | None, *, may_be_mixed: bool = True) -> Text:
    """Open a file as text.

    Args:
        source: the file; it is closed together with the text.
        encoding: the encoding that the user gives (`--encoding`). Without it, it is detected.
        may_be_mixed: whether lines in another encoding are marked; otherwise they are an error on reading.
    """
    encodings = _detect(source) if encoding is None else (encoding,)
    try:
        if may_be_mixed and encoding is not None and codecs.lookup(encoding).name == _UTF_8:
            encodings = _encodings_of_lines(source.stream) or encodings
        used, errors = (_UTF_8, "surrogateescape") if len(encodings) > 1 else (encodings[0], "strict")
        stream = io.TextIOWrapper(source.stream, used, errors, newline="")
        return Text(source.name, stream, encodings[0] == _FALLBACK != encoding, encodings)
    except (LookupError, ValueError) as error:
        raise UsageError(
            f"{encoding!r} is not the name of an encoding. Common names are utf-8, utf-16, windows-1252, "
            "windows-1250, iso-8859-15, cp850, shift_jis and gb18030."
        ) from error


def warn_guessed_encoding(text: Text) -> Iterator[Problem]:
    """Warn if the encoding was guessed, with words as they were decoded."""
    words = _changed_words(text) if text.is_guess else []
    if not words:
        return
    (number, word), *others = words
    named = f'line {number} contains "{word}"' + "".join(f', line {line} "{other}"' for line, other in others)
    suggested = text.suggest_encoding()
    yield Problem(
        row=None,
        code=ProblemCode.ENCODING,
        message=f"the file is not in UTF-8 and was read as Windows-1252: {named}. "
        f"If {'one of these' if others else 'that'} is wrong, save the file as CSV UTF-8.",
        option=_how_to_read(suggested),
        severity=Severity.WARNING,
    )


def _how_to_read(suggested: tuple[str, str] | None) -> str:
    if not suggested:
        return "Or give the encoding with --encoding."
    encoding, word = suggested
    return f'Or read it with --encoding {encoding}, if "{word}" is right.'


def _changed_words(text: Text) -> list[tuple[int, str]]:
    """Words with non-ASCII letters that those before do not have, with their lines: a letter may be right by chance."""
    words: list[tuple[int, str]] = []
    seen: set[str] = set()
    for number, line in enumerate(text.lines(), start=1):
        for word in () if line.isascii() else NON_ASCII_WORD.findall(line):
            letters = {letter for letter in word if letter.isalpha() and not letter.isascii()}
            if not words or not letters <= seen:
                words.append((number, word))
                seen |= letters
        if len(words) >= _MOST_WORDS:
            break
    return words[:_MOST_WORDS]


def _detect(source: Source) -> tuple[str, ...]:
    head = source.stream.read(_CHUNK)
    if encoding := next((name for mark, name in _MARKS.items() if head.startswith(mark)), None):
        return (encoding,)
    _refuse_binary(source.name, head)
    return _encodings_of_lines(source.stream) or (_FALLBACK,)


def _encodings_of_lines(stream: IO[bytes]) -> tuple[str, ...]:
    """Return the encoding of most lines and that of the others, if any; empty if no line is certainly in UTF-8."""
    stream.seek(0)
    if _is_utf8(stream):
        return (_UTF_8,)
    stream.seek(0)
    has_mark = stream.read(len(codecs.BOM_UTF8)) == codecs.BOM_UTF8
    valid = invalid = 0
    while chunk := stream.readline(RECORD_CHARACTERS):
        for line in chunk.splitlines():
            if not line.isascii():
                try:
                    line.decode()
                    valid += 1
                except UnicodeDecodeError:
                    invalid += 1
    if not (valid or has_mark):
        return ()
    return (_UTF_8, _FALLBACK) if has_mark or valid >= invalid else (_FALLBACK, _UTF_8)


def _swap_encodings(line: str) -> str:
    """Decode a line of a file in Windows-1252 that was read as UTF-8; one that is in UTF-8 becomes surrogates."""
    if line.isascii():
        return line
    stored = _bytes_of(line)
    return (
        stored.decode(_FALLBACK, "replace") if FOREIGN_BYTES.search(line) else stored.decode("ascii", "surrogateescape")
    )


def _bytes_of(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


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
    letters = {"utf-32-be": head[3::4], "utf-32-le": head[0::4], "utf-16-be": head[1::2], "utf-16-le": head[0::2]}
    if head.count(0) * 8 < len(head) * 5:  # UTF-32 has three of them for each letter
        letters = {encoding: found for encoding, found in letters.items() if "16" in encoding}
    for encoding, found in letters.items():
        if found.count(0) * 8 <= len(found):
            raise SheetError(
                f"{name} looks like {encoding.upper()} text without a byte order mark. "
                f"Read it with --encoding {encoding}, or save it as CSV UTF-8.",
                ProblemCode.ENCODING,
            )
    raise SheetError(
        f"{name} is neither a workbook nor text. Use the sheet itself, as .xlsx or .csv.", ProblemCode.NOT_A_SHEET
    )


def _wrong_encoding(text: Text) -> SheetError:
    encoding = text.stream.encoding
    what = "neither UTF-8 nor Windows-1252" if encoding == _FALLBACK else f"not valid {encoding}"
    message = f"{text.name} is {what}. Give its encoding with --encoding, or save it as CSV UTF-8."
    if suggested := text.suggest_encoding():
        message += f' With --encoding {suggested[0]}, a word in it is "{suggested[1]}".'
    return SheetError(message, ProblemCode.ENCODING)
