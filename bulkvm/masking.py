"""Secrets in the words of a PBX or of another program: the words are shown without them."""

import base64
import binascii
import html
import re
import unicodedata
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Final
from urllib.parse import unquote_plus

WITHHELD: Final = "(not shown, because it repeats a secret)"

_LONGEST: Final = 1000  # characters that are looked at; the rest is dropped
_NESTED: Final = 3  # encodings around one another
_BETWEEN: Final = r"(?:\D{0,3}|[^\w]{0,12})"  # what may separate the digits of a number
_SHORTEST: Final = 4  # shorter ones are looked for as they are alone, or half of all words would hold one

_ESCAPE: Final = re.compile(r"""\\(?:u([0-9A-Fa-f]{4})|x([0-9A-Fa-f]{2})|(["'\\/]))""")
_BASE64: Final = re.compile(r"[A-Za-z0-9+/_-]{8,}")


def mask(words: str, secrets: Iterable[str | None]) -> str:
    """Words on one line, of at most 1,000 characters, without the secrets.

    A secret is replaced by dots whatever its case, reversed or not, and a number also in the digits of another script,
    in raised or circled ones, and with separators between its digits. Where the words hold it in an encoding (form,
    JSON, HTML, base64), none of them are shown. A number spelled in words or in another base is not recognised.
    """
    words = " ".join(words.split())[:_LONGEST]
    patterns = {secret: pattern for secret in secrets if secret and (pattern := _pattern(secret))}
    for pattern in patterns.values():
        words = _replace_by_dots(words, pattern)
    long = [pattern for secret, pattern in patterns.items() if len(secret) >= _SHORTEST]
    if any(pattern.search(_plain_digits(text)) for text in _decodings(words) for pattern in long):
        return WITHHELD
    return words


def _replace_by_dots(words: str, pattern: re.Pattern[str]) -> str:
    shown, end = [], 0
    for found in pattern.finditer(_plain_digits(words)):  # it changes no position
        shown += [words[end : found.start()], "•" * len(found[0])]
        end = found.end()
    return "".join([*shown, words[end:]])


@lru_cache(maxsize=64)
def _pattern(secret: str) -> re.Pattern[str] | None:
    """Finds a secret in words whose white space is single spaces; None where there is nothing to find."""
    secret = " ".join(secret.split())
    forms = {secret, secret.upper(), secret.casefold()}
    if len(secret) >= _SHORTEST:
        forms |= {form[::-1] for form in forms}
    between = _BETWEEN if secret.isdecimal() and len(secret) >= _SHORTEST else ""
    found = (between.join(map(re.escape, _plain_digits(form))) for form in sorted(forms))
    return re.compile("|".join(found), re.IGNORECASE) if secret else None


def _plain_digits(text: str) -> str:
    """The text with digits of other scripts, raised and circled ones too, as 0 to 9. None changes its place."""
    return text if text.isascii() else "".join(str(unicodedata.digit(c, c)) for c in text)


def _decodings(words: str) -> set[str]:
    """The words, and what they say if they are encoded, as often as an encoding may stand in another one."""
    known = latest = {words}
    for _ in range(_NESTED):
        latest = {decode(text) for text in latest for decode in _DECODERS} - known
        known = known | latest
    return known


def _unescape(text: str) -> str:
    """Undo the escapes of JSON and of Python."""

    def replace(found: re.Match[str]) -> str:
        return found[3] or chr(int(found[1] or found[2], 16))

    halves = _ESCAPE.sub(replace, text)
    return halves.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _decode_base64(text: str) -> str:
    def replace(found: re.Match[str]) -> str:
        code = found[0].replace("-", "+").replace("_", "/")
        try:
            return base64.b64decode(code + "=" * (-len(code) % 4)).decode("utf-8", "replace")
        except binascii.Error:
            return found[0]

    return _BASE64.sub(replace, text)


_DECODERS: Final[tuple[Callable[[str], str], ...]] = (unquote_plus, html.unescape, _unescape, _decode_base64)
