"""Names of boxes."""

import re
import unicodedata
from contextlib import suppress
from typing import Final

from bulkvm.columns.cell_display import STRIP_CHARS, character_name, is_ditto, shown, stands_for_no_value
from bulkvm.columns.column import Parsed
from bulkvm.columns.error_values import is_error_value
from bulkvm.columns.invisible import find_stray_invisible
from bulkvm.columns.unwanted_words import names_switched_off, names_unassigned
from bulkvm.model.problem import Fault, ProblemCode, Severity
from bulkvm.model.settings import PinPolicy

MAX_LENGTH: Final = 64
_MAX_SEARCHED: Final = 1000  # longer texts are no names, and take long to search for what programs left in one

# Words of letters or digits; a first one alone may stand for no value. Most first letters show that it does not.
PLAIN_NAME: Final = re.compile(
    rf"(?=.{{1,{MAX_LENGTH}}}\Z)(?:[A-CEH-MP-RV-Z]|"
    "(?!(?:NULL|Null|NIL|Nil|NaN|NAN|Nan|None|NONE|NA|Na|Undefined|UNDEFINED|TBD|TBA) )"
    "(?!(?i:no|not|do|to|nicht|ne|non|niet|sin|sans|senza|sem|geen|ohne|uit|dado|dada|former) )"
    "[DFGNOSTU])[A-Za-z]*+(?: [A-Za-z0-9]++)++"
)

_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_LOST: Final = "\ufffd"
# Where a program without the letter wrote a question mark: M?ller, ?ngstr?m.
_LOST_AS_MARK: Final = re.compile(r"[^\W\d_]\?[^\W\d_]|(?<!\S)\?[^\W\d_]")
# As programs and people write them; 0 is a link to an empty cell, as in =HR!B3.
_NO_NAME: Final = frozenset({
    "true", "false", "[object object]", "0", "loading...", "no name", "noname",
    "unknown", "unbekannt", "ohne name", "ohne namen",
    "sans nom", "inconnu", "sin nombre", "desconocido", "senza nome", "sconosciuto", "geen naam", "onbekend",
    "sem nome", "desconhecido",
})  # fmt: skip
_QUOTES: Final = {
    '"': '"', "'": "'", "\u201c": "\u201d", "\u201e": "\u201c\u201d", "\u2018": "\u2019", "\u201a": "\u2018\u2019",
    "\u00ab": "\u00bb", "\u00bb": "\u00ab", "\u2039": "\u203a", "\u203a": "\u2039", "`": "`\u00b4'",
}  # fmt: skip
_ENTITY: Final = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9A-Fa-f]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
# Of a web address, of JSON, of Python and of an e-mail.
_AS_BYTES: Final = re.compile(
    r"(?:%[0-9A-Fa-f]{2})+|(?:\\u[0-9A-Fa-f]{4})+|(?:\\x[0-9A-Fa-f]{2})+|(?:=[0-9A-F]{2}){2,}"
)
_CODE_MARKS: Final = re.compile(r"%|\\u|\\x|=")
_ENCODED_WORD: Final = re.compile(r"=\?[\w-]+\?[BQ]\?[^?]*\?=", re.IGNORECASE | re.ASCII)  # of the head of an e-mail
# Placeholders of templates.
_PLACE: Final = re.compile(
    r"\{\{.*\}\}|\$\{[^{}]*\}|\$\([^()]*\)|<%.*%>|\{%.*%\}|%[A-Za-z_]+%|%\([A-Za-z_]+\)s|\{\w*\}|\[\[.*\]\]"
    r"|\A<+[^<>]+>+\Z|\A\$[A-Za-z_]\w*\Z|\A%[sd]\Z"
)
_PLACE_MARK: Final = re.compile(r"[{$<%\[]")
_PARTS: Final = re.compile(r"\s+[-\u2013\u2014|]+\s+|:\s+|[()\[\]{}*]+")
_LETTERS: Final = re.compile(r"[^\W\d_]+")
# Of languages of today, without those of phonetics.
_LATIN: Final = re.compile(
    "[A-Za-z\u00aa\u00ba\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u017f\u01a0\u01a1\u01af\u01b0\u0218-\u021b\u0259\u1e00-\u1eff]"
)
_OF_SCRIPTS: Final = re.compile("[\u0250-\u1fff]")  # also their marks and digits
_NO_TEXT: Final = frozenset({"Cc", "Cn", "Co"})  # categories of characters
_ODD_SPACES: Final = re.compile(r"[\u00a0\u2000-\u200a\u202f\u205f]")


def parse_name(text: str) -> Parsed:
    """Parse a name; a line break becomes a space, with a warning."""
    if not text.isascii():
        text = unicodedata.normalize("NFC", text)  # macOS writes accents as separate characters
    if text.isprintable():  # no line break is
        return Parsed(text)
    joined = " ".join(line.strip() for line in text.splitlines())
    if joined == text:
        return Parsed(text)
    warning = Fault(ProblemCode.NAME_LINE_BREAK, "The name has several lines; they were joined with a space.")
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
        f"The name has {len(value)} characters; the PBX accepts at most {MAX_LENGTH}. Shorten it.",
    )


def no_control_characters(value: str, _: PinPolicy) -> Fault | None:
    """Reject control characters, which no telephone shows."""
    if not _CONTROL.search(value):
        return None
    return Fault(ProblemCode.NAME_CONTROL, "The name contains an invisible control character. Type the name again.")


def no_wrong_encoding(value: str, _: PinPolicy) -> Fault | None:
    """Warn of mojibake, which a program saved after it used the wrong encoding: BÃ¼ro for Büro."""
    if _LOST in value:
        return _lost_letter(_LOST, "lost")
    if _LOST_AS_MARK.search(value) and not _ENCODED_WORD.search(value):
        return _lost_letter("?", "may have lost")
    if value.isascii():
        return None
    # Of Windows, of its command line, as in `program > file`, of macOS, and of Windows in Central Europe.
    for encoding in ("cp1252", "cp850", "cp437", "mac_roman", "cp1250"):
        if (decoded := _decoded_as_utf8(value, encoding)) != value:
            break
    else:
        return None
    return Fault(
        ProblemCode.NAME_ENCODING,
        f'The name was probably "{shown(decoded)}" originally: a program saved it in the wrong encoding. '
        "Type the name again, or export the file again.",
    )


def _decoded_as_utf8(value: str, encoding: str) -> str:
    """The name before an encoding was used for UTF-8, once or several times; as it is if that is no likely name."""
    likely = decoded = value
    with suppress(UnicodeError):
        while not decoded.isascii():
            decoded = decoded.encode(encoding).decode("utf-8")
            if _is_likely(unicodedata.normalize("NFC", decoded)):
                likely = decoded
    return likely


def _is_likely(name: str) -> bool:
    """Whether the letters of each word are of one script.

    A typographic apostrophe and É, as macOS stores them, are UTF-8 of an Armenian letter.
    """
    if any(unicodedata.category(character) in _NO_TEXT for character in name):
        return False
    words = [(word, _LATIN.sub("", word)) for word in _LETTERS.findall(name)]
    if any(other and other != word for word, other in words):
        return False
    others = "".join(other for _, other in words)
    if len(others) == 1 or any(unicodedata.name(letter, "").startswith("LATIN") for letter in others):
        return False
    return bool(others) or not _OF_SCRIPTS.search(_LATIN.sub("", name))


def _lost_letter(mark: str, lost: str) -> Fault:
    message = f"The name has {mark} where a program {lost} a letter. Type the name again, or export the file again."
    return Fault(ProblemCode.NAME_ENCODING, message)


def no_hidden_characters(value: str, _: PinPolicy) -> Fault | None:
    """Warn of invisible characters and unusual spaces, which make two names that look equal differ."""
    if value.isascii():
        return None
    odd = (
        (find_stray_invisible(value), "an invisible character"),
        (_ODD_SPACES.findall(value), "an unusual space"),
    )
    for characters, what in odd:
        if found := [*characters]:
            names = ", ".join(dict.fromkeys(map(character_name, found)))
            message = f"There is {what} ({names}) in this name. If it should not be there, type the name again."
            return Fault(ProblemCode.INVISIBLE_CHARACTERS, message)
    return None


def no_marks(value: str, _: PinPolicy) -> Fault | None:
    """Warn of a name in quotation marks, and of a formula that was never calculated: =A1&B1."""
    if value.startswith("=") and not _ENCODED_WORD.search(value):
        return Fault(
            ProblemCode.NAME_MARKS,
            "The name begins with =, like a formula that was not calculated. Type the name that it should show.",
        )
    inner = value[1:-1].strip()
    closing = _QUOTES.get(value[0], "")
    if not inner or value[-1] not in closing or any(mark in inner for mark in value[0] + closing):
        return None
    message = f'The name is in quotation marks. If they are not part of it, type "{shown(inner)}".'
    return Fault(ProblemCode.NAME_MARKS, message)


def no_web_code(value: str, _: PinPolicy) -> Fault | None:
    """Warn of characters as web pages, their addresses, JSON and e-mails encode them: &amp; for &, %C3%BC for ü."""
    if len(value) > _MAX_SEARCHED:
        return None
    decoded = _ENCODED_WORD.sub(_decode_word, value) if "=?" in value else value
    if _ENTITY.search(value):
        import html  # noqa: PLC0415  (slow to import, and rarely needed)

        decoded = html.unescape(value)
    decoded = _AS_BYTES.sub(_decode, decoded)
    if decoded == value:
        return None
    return Fault(
        ProblemCode.NAME_ENCODING,
        f'The name was probably "{shown(decoded)}" originally: a program encoded it, as for a web page. '
        "Type the name again, or export the file again.",
    )


def _decode_word(found: re.Match[str]) -> str:
    from email.header import decode_header, make_header  # noqa: PLC0415  (slow to import, and rarely needed)

    with suppress(ValueError, LookupError):
        return str(make_header(decode_header(found[0])))
    return found[0]


def _decode(found: re.Match[str]) -> str:
    """The letters that are encoded as bytes; other text, such as 100%25, as it is."""
    encodings = {"\\u": ("utf-16-be",), "\\x": ("utf-8", "cp1252")}.get(found[0][:2], ("utf-8",))
    for encoding in encodings:
        with suppress(UnicodeError):
            decoded = bytes.fromhex(_CODE_MARKS.sub("", found[0])).decode(encoding)
            return decoded if decoded.isprintable() and not decoded.isascii() else found[0]
    return found[0]


def no_template(value: str, _: PinPolicy) -> Fault | None:
    """Warn of a placeholder of a template that was not filled in: {{name}}."""
    if (
        len(value) > _MAX_SEARCHED
        or not _PLACE_MARK.search(value)
        or not _PLACE.search(value)
        or stands_for_no_value(value)
    ):
        return None
    return Fault(
        ProblemCode.NAME_PLACEHOLDER,
        f'"{shown(value)}" has a template placeholder that was not filled in. Type the name, or export the file again.',
    )


def no_switched_off(value: str, _: PinPolicy) -> Fault | None:
    """Warn of a note that the box is not in use: "Doe, Jane (DISABLED)", or of a name that only shows this."""
    if len(value) > _MAX_SEARCHED:
        return None
    if names_unassigned(value):
        message = f'The name is "{shown(value)}", as for a number that is not in use. If so, delete the row.'
        return Fault(ProblemCode.ROW_NOT_WANTED, message, Severity.WARNING)
    parts = [part for part in _PARTS.split(value) if part]
    notes = (part for part in parts if len(parts) > 1 and not any(map(str.isdigit, part)))
    found = next(filter(names_switched_off, notes), "")
    if not found:
        return None
    return Fault(
        ProblemCode.ROW_NOT_WANTED,
        f'The name has the note "{shown(found)}". If the box is not wanted, delete the row.',
        Severity.WARNING,
    )


def no_placeholder(value: str, _: PinPolicy) -> Fault | None:
    """Warn of a name that probably stands for no name."""
    if is_ditto(value):
        return Fault(
            ProblemCode.NAME_PLACEHOLDER, f'"{shown(value)}" probably stands for the name above. Type the name.'
        )
    is_none = value.casefold() in _NO_NAME or is_error_value(value) or stands_for_no_value(value)
    if not (is_none or all(map(stands_for_no_value, value.split()))):
        return None
    return Fault(
        ProblemCode.NAME_PLACEHOLDER,
        f'"{shown(value)}" probably stands for no name. Type the name, or leave the cell blank.',
    )
