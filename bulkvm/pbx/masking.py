"""Masks secrets in text of a PBX or of another program."""

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

_LONGEST: Final = 1000  # characters; the rest is dropped
_NESTED: Final = 3  # nested encodings
_BETWEEN: Final = r"(?:\D{0,3}|[^\w]{0,12})"  # separators between the digits of a number
_SHORTEST: Final = 4  # shorter secrets are only searched for verbatim: most texts would contain an encoding of them

_ESCAPE: Final = re.compile(r"""\\(?:u([0-9A-Fa-f]{4})|x([0-9A-Fa-f]{2})|(["'\\/]))""")
_BASE64: Final = re.compile(r"[A-Za-z0-9+/_-]{8,}")


def mask(words: str, secrets: Iterable[str | None]) -> str:
    """Return a text on one line, with at most 1,000 characters, and with the secrets masked.

    Secrets are found in any case, reversed, and numbers also in digits of other scripts, in superscript or circled
    digits, and with separators between the digits. If the text contains an encoded secret (form, JSON, HTML, base64),
    it is withheld as a whole. Numbers in words or in another base are not recognised.
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
    for found in pattern.finditer(_plain_digits(words)):  # positions stay the same
        shown += [words[end : found.start()], "•" * len(found[0])]
        end = found.end()
    return "".join([*shown, words[end:]])


@lru_cache(maxsize=64)
def _pattern(secret: str) -> re.Pattern[str] | None:
    """Compile the pattern of a secret for text with single spaces; None if the secret is blank."""
    secret = " ".join(secret.split())
    forms = {secret, secret.upper(), secret.casefold()}
    if len(secret) >= _SHORTEST:
        forms |= {form[::-1] for form in forms}
    between = _BETWEEN if secret.isdecimal() and len(secret) >= _SHORTEST else ""
    found = (between.join(map(re.escape, _plain_digits(form))) for form in sorted(forms))
    return re.compile("|".join(found), re.IGNORECASE) if secret else None


def _plain_digits(text: str) -> str:
    """Replace digits of other scripts, superscript and circled ones by 0 to 9. Positions do not change."""
    return text if text.isascii() else "".join(str(unicodedata.digit(c, c)) for c in text)


def _decodings(words: str) -> set[str]:
    """The text and its decodings, also of nested encodings."""
    known = latest = {words}
    for _ in range(_NESTED):
        latest = {decode(text) for text in latest for decode in _DECODERS} - known
        known = known | latest
    return known


def _unescape(text: str) -> str:
    """Decode the escapes of JSON and Python."""

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
