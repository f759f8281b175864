"""E-mail addresses that are notified of new messages."""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from functools import cache, lru_cache
from types import ModuleType
from typing import Final

from bulkvm.columns.cell_display import DITTO, STRIP_CHARS, is_ditto, may_hold_pin, shown, stands_for_no_value
from bulkvm.columns.column import Parsed
from bulkvm.columns.heading_words import names_outdated
from bulkvm.columns.unwanted_words import marks_unwanted
from bulkvm.model.box import BLANK, Blank, Value
from bulkvm.model.problem import Fault, ProblemCode, Severity
from bulkvm.model.settings import PinPolicy

MAX_RECIPIENTS: Final = 15

# Without quotes or brackets, a text can be split at the separators.
_PLAIN_TEXT: Final = re.compile(r"[A-Za-z0-9_+.@,; -]+")
_BETWEEN: Final = re.compile(r"[,; ]+")
_PIECES: Final = re.compile(r"""((?:"[^"]*"|"|[^",;\r\n])+)([,;\r\n]?)""")
# Local parts that are valid by RFC 5321 beyond doubt; with a domain up to this length, so is the address.
_PLAIN_LOCAL: Final = re.compile(r"[A-Za-z0-9_+-]+(?:\.[A-Za-z0-9_+-]+)*")
_LONGEST_LOCAL: Final = 64
_LONGEST_PLAIN_DOMAIN: Final = 180
# Domains that are valid beyond doubt if they are short: they are in no domain for special use.
_PLAIN_DOMAIN: Final = (
    r"(?:[A-Za-z0-9]++(?:-[A-Za-z0-9]++)*+\.)++"
    r"(?:[A-Za-z]{2,3}|(?!(?i:arpa|invalid|localhost|onion|test)(?![A-Za-z]))[A-Za-z]{4,}+)(?![A-Za-z0-9.-])"
)
_MATCH_PLAIN_DOMAIN: Final = re.compile(_PLAIN_DOMAIN).fullmatch
# Addresses with no mark of a list before them, and lists of these.
_NOT_PLAIN: Final = "(?!(?:[Nn](?:ull|ULL|one|ONE)|[Uu]ndefined|UNDEFINED)@)"  # stand for no address
_PLAIN_ADDRESS: Final = rf"{_NOT_PLAIN}[A-Za-z0-9_][A-Za-z0-9_+-]*+(?:\.[A-Za-z0-9_+-]++)*+@{_PLAIN_DOMAIN}"
_PLAIN_LIST: Final = re.compile(rf"{_PLAIN_ADDRESS}(?:(?:[,;] ?| ){_PLAIN_ADDRESS})*+")
_LONGEST_PLAIN: Final = 63  # characters of an address, and so of its parts
_LONGEST_ADDRESS: Final = 320  # local part, at sign and domain
_MOST_READ: Final = 60  # addresses of a cell, duplicates included
# Marks of lists, apostrophes and signs of formulas, which are valid in an address, and meant in none.
_MARKS: Final = frozenset("'`*#=+-~!?$%&^|/\u00b7\u2010\u2013\u2014\u2018\u2019\u2022\u25aa\u25cf\u25e6\u2023\u2043")
_NO_ADDRESS: Final = frozenset({"null", "undefined", "n/a", "none"})  # before the @
_PLACES: Final = re.compile("[{}]")  # around placeholders of a template
# Words before an address in angle brackets.
_PHRASE: Final = re.compile(r"([^<>,;\r\n]{2,64})<[^<>]*@")
_ANY_BRACKET: Final = re.compile(r"[()\[\]]")
_NOT_TO_NOTIFY: Final = re.compile(r"\b(?:no[ _-]?reply|do not|don'?t|nicht|ne pas|niet|n\u00e3o)\b", re.IGNORECASE)
_LOOKALIKE_SCRIPTS: Final = frozenset({"CYRILLIC", "GREEK"})
_CLEAR: Final = "<clear>"
_SCHEME: Final = re.compile("^mailto:", re.IGNORECASE)
_IN_BRACKETS: Final = re.compile(r"<([^<>]*)>")
# `Anna Bell (anna@example.com)`, `anna@example.com (Anna Bell)`, and the same with square brackets.
_BRACKETED_ADDRESS: Final = re.compile(r"[(\[]\s*([^()\[\]\s@]+@[^()\[\]\s@]+)\s*[)\]]")
_BRACKETED_NAME: Final = re.compile(r"(?<=[\w\s>])[(\[][^()\[\]@]*[)\]](?=\s*(?:[,;|\r\n]|\Z))")
# What is around an address, and part of none.
_PUNCTUATION: Final = "\"'`.,;:!?<>()[]{}\u2018\u2019\u201a\u201c\u201d\u201e\u2039\u203a\u00ab\u00bb"
_CODE_POINT: Final = re.compile(r"\bCodepoint U\+|\bU\+[0-9A-F]{4}")
_AROUND: Final = "\"'()[]:"
_AT_IN_WORDS: Final = re.compile(r"[(\[{]\s*(?:at|a|\u00e4t)\s*[)\]}]", re.IGNORECASE)
_NOBODY: Final = frozenset({
    "no", "none", "nobody", "no one", "noone", "no-one", "false", "off", "0", "x", "no email", "no e-mail", "keine",
    "keiner", "niemand", "nein", "kein", "personne", "aucun", "non", "nadie", "ninguno", "nessuno", "geen",
    "nee", "ningu\u00e9m", "nenhum", "n\u00e3o",
})  # fmt: skip
# What people write between two addresses.
_JOINERS: Final = frozenset({
    "and", "&", "+", "or", "/", "und", "oder", "sowie", "et", "ou", "y", "e", "o", "en", "of", "-", "\u2013", "\u2022",
    "\u00b7", "\\", ":", "\uff0c", "\uff1b", "\u3001",
})  # fmt: skip
_JOINED: Final = re.compile(r"[^@\s]+@[^@\s]+\.\w+([/\\&+:\uff0c\uff1b\u3001\u2022\u00b7])[^@\s]+@[^@\s]+")


def parse_recipients(text: str) -> Parsed:
    """Parse addresses separated by comma, semicolon, line break, vertical bar or space; duplicates are left out."""
    if is_ditto(text):
        return Parsed(None, (Fault(ProblemCode.RECIPIENT, DITTO),))
    if "@" not in text and (text.casefold() in _NOBODY or stands_for_no_value(text)):
        message = (
            "Leave the cell blank if no one should be notified. That keeps the addresses of a box that exists: "
            f"{_CLEAR} removes them."
        )
        return Parsed(None, (Fault(ProblemCode.RECIPIENT, message),))
    addresses: dict[str, str] = {}
    faults = _doubt_notes(text) if "(" in text or "[" in text or "<" in text else []
    for number, address in enumerate(_with_phrases(_split(text))):
        if number == _MOST_READ:
            faults.append(_too_many(f"more than {_MOST_READ}"))
            return Parsed(None, tuple(dict.fromkeys(faults)))
        if fault := _check_address(address):
            faults.append(fault)
            continue
        if fault := _doubt(address):
            faults.append(fault)
        folded = address.casefold()
        if folded in addresses:
            faults.append(listed_twice(address))
        else:
            addresses[folded] = address
    if not addresses and not faults:
        faults.append(
            Fault(ProblemCode.RECIPIENT, "The cell has no e-mail address. Type one, or leave the cell blank.")
        )
    return Parsed(tuple(addresses.values()) or None, tuple(dict.fromkeys(faults)) if faults else ())


def read_plain_recipients(texts: Sequence[str]) -> list[Value | Blank | None]:
    """Read the texts that are lists of different simple addresses, as nearly all are; None for the others."""
    match = _PLAIN_LIST.fullmatch
    return [_split_plain(text) if match(text) else None if text else BLANK for text in texts]


def _split_plain(text: str) -> tuple[str, ...] | None:
    """Split a list of addresses that are valid if short; None if there are too many, duplicates or long ones."""
    with_commas = text.replace(", ", ",")
    if ";" in with_commas or " " in with_commas:
        with_commas = _BETWEEN.sub(",", text)
    addresses = tuple(with_commas.split(","))
    if len(text) > _LONGEST_PLAIN and max(map(len, addresses)) > _LONGEST_PLAIN:
        return None
    folded = with_commas.lower()
    different = set(addresses if folded == with_commas else folded.split(","))
    return addresses if len(different) == len(addresses) <= MAX_RECIPIENTS else None


def _doubt_notes(text: str) -> list[Fault]:
    """Warn of an address with a note that is not a name, such as "until Friday", since notes are not read."""
    notes = [
        note
        for note in _BRACKETED_NAME.findall(text)
        if names_outdated(note) or marks_unwanted(note) or note[1:].lstrip()[:1].islower()
    ]
    phrases = [phrase.strip(_PUNCTUATION + " ") for phrase in _PHRASE.findall(text)]
    notes += [phrase for phrase in phrases if _is_about_notifying(phrase)]
    return [
        Fault(
            ProblemCode.RECIPIENT,
            f'The note "{shown(note)}" is not read. If the address beside it should not be notified, remove it.',
            Severity.WARNING,
        )
        for note in notes
    ]


def _is_about_notifying(phrase: str) -> bool:
    """Whether the words before an address may show that it should not be notified."""
    return bool(_NOT_TO_NOTIFY.search(phrase)) or any(map(marks_unwanted, _ANY_BRACKET.split(phrase)))


def _doubt(address: str) -> Fault | None:
    """Warn of an address that is valid, and probably not the one that a person sees."""
    if address[0] in _MARKS:
        return Fault(
            ProblemCode.RECIPIENT,
            f'"{shown(address)}" begins with {address[0]}. If that is not part of the address, remove it.',
            Severity.WARNING,
        )
    if _PLACES.search(address):
        return Fault(
            ProblemCode.RECIPIENT,
            f'"{shown(address)}" has a template placeholder that was not filled in. Type the address, or delete it.',
            Severity.WARNING,
        )
    if address.partition("@")[0].casefold() in _NO_ADDRESS:
        return Fault(
            ProblemCode.RECIPIENT,
            f'"{shown(address)}" probably stands for no address. Type the address, or delete it.',
            Severity.WARNING,
        )
    if address.isascii():
        return None
    for part in re.split(r"[@.\u3002]", address):
        scripts = {unicodedata.name(character, "").partition(" ")[0] for character in part if character.isalpha()}
        if (
            unicodedata.normalize("NFKC", part) != part
            or "\u3002" in address
            or ("LATIN" in scripts and scripts & _LOOKALIKE_SCRIPTS)
        ):
            return Fault(
                ProblemCode.RECIPIENT,
                f'"{shown(address)}" has letters that only look like usual ones. Type the address again.',
                Severity.WARNING,
            )
    return None


def listed_twice(address: str) -> Fault:
    """Warn of an address that a row has twice."""
    return Fault(ProblemCode.RECIPIENT_TWICE, f"{shown(address)} is listed twice; the second one is left out.")


def format_recipients(value: tuple[str, ...]) -> str:
    """Join addresses with commas, as the PBX expects."""
    return ",".join(value)


def equal_recipients(one: tuple[str, ...] | str, other: tuple[str, ...] | str) -> bool:
    """Whether two lists have the same addresses, in any order and case; a list that could not be parsed is a text."""
    return _folded(one) == _folded(other)


def _folded(value: tuple[str, ...] | str) -> set[str]:
    addresses = value.split(",") if isinstance(value, str) else value
    return {address.strip().casefold() for address in addresses}


def recipient_count(value: tuple[str, ...], _: PinPolicy) -> Fault | None:
    """Reject more than 15 (API page, "Create", recipients)."""
    if len(value) <= MAX_RECIPIENTS:
        return None
    return _too_many(str(len(value)))


def _too_many(count: str) -> Fault:
    return Fault(
        ProblemCode.RECIPIENTS_MANY,
        f"There are {count} addresses; the PBX accepts at most {MAX_RECIPIENTS}. Use a distribution list for the rest.",
    )


def _split(text: str) -> Iterable[str]:
    """Split a text into addresses, without display names."""
    if "@" not in text and may_hold_pin(text):
        return (text,)  # as one, so that a message shows none of its digits
    if _PLAIN_TEXT.fullmatch(text):
        return filter(None, _BETWEEN.split(text))
    if "(" in text or "[" in text:
        text = _BRACKETED_NAME.sub("", _BRACKETED_ADDRESS.sub(r"<\1>", text))
    if "|" in text and all("@" in piece.strip()[1:] for piece in text.split("|") if piece.strip()):
        text = text.replace("|", ",")
    return map(_unwrap, _split_at_marks(text))


def _with_phrases(pieces: Iterable[str]) -> Iterator[str]:
    """Join the words of a note, so that one message is about all of them: "instead of"."""
    words: list[str] = []
    for piece in pieces:
        if "@" not in piece and (words or piece.casefold() not in _JOINERS):
            words.append(piece)
            continue
        if words:
            yield " ".join(words)
            words.clear()
        yield piece
    if words:
        yield " ".join(words)


def _unwrap(written: str) -> str:
    return _SCHEME.sub("", written.strip(STRIP_CHARS))


def _split_at_marks(text: str) -> Iterator[str]:
    names: list[str] = []  # pieces without an address yet: "Doe" of "Doe, Jane <jane@example.com>"
    for piece, separator in _PIECES.findall(text):
        if found := _IN_BRACKETS.findall(piece):
            names.clear()
            before = {word.strip(_AROUND).casefold() for word in _IN_BRACKETS.sub(" ", piece).split() if "@" in word}
            if before <= {_unwrap(address).casefold() for address in found}:  # anna@example.com<mailto:anna@...>
                yield from (address.strip() for address in found)
            else:  # two addresses, of which one would be lost
                yield piece
        elif "@" in piece:
            yield from names
            names.clear()
            yield from piece.split()
        else:
            names.extend(piece.split())
        if separator != ",":
            yield from names
            names.clear()
    yield from names


def _check_address(address: str) -> Fault | None:
    """Check an address. For a simple one it is enough to check the domain, which is cached."""
    if len(address) > _LONGEST_ADDRESS:
        return _not_an_address(address, "It is too long.")
    local, at, domain = address.rpartition("@")
    if at and len(local) <= _LONGEST_LOCAL and _PLAIN_LOCAL.fullmatch(local) and _is_domain(domain):
        return None
    return _check_any_address(address) if at else _explain(address, "")


@lru_cache(maxsize=4096)
def _is_domain(domain: str) -> bool:
    if len(domain) <= _LONGEST_PLAIN and _MATCH_PLAIN_DOMAIN(domain):
        return True
    return len(domain) <= _LONGEST_PLAIN_DOMAIN and _check_any_address(f"a@{domain}") is None


@cache
def _email_validator() -> ModuleType:
    import email_validator  # noqa: PLC0415  (slow to import, and most sheets do without)

    # A PBX in an office sends to addresses of the office's own network, such as desk@clinic.local.
    email_validator.SPECIAL_USE_DOMAIN_NAMES.remove("local")
    return email_validator


@lru_cache(maxsize=4096)
def _check_any_address(address: str) -> Fault | None:
    email_validator = _email_validator()
    try:
        email_validator.validate_email(address, check_deliverability=False)
    except email_validator.EmailNotValidError as reason:
        is_code = _CODE_POINT.search(str(reason))
        return _explain(address, "It has a character that is not allowed." if is_code else str(reason))
    return None


def _explain(address: str, reason: str) -> Fault:
    """Explain why a text is not an address, and what to do."""
    if address.casefold() in _JOINERS:
        return Fault(ProblemCode.RECIPIENT, f'Put a comma between the addresses, not "{shown(address)}".')
    if address.strip(_PUNCTUATION).casefold() == _CLEAR.strip(_PUNCTUATION):
        message = f"To remove all addresses of a box, write {_CLEAR} with its brackets, and nothing else in the cell."
        return Fault(ProblemCode.RECIPIENT, message)
    if joined := _JOINED.fullmatch(address):
        return Fault(ProblemCode.RECIPIENT, f'Put a comma between the addresses, not "{shown(joined[1])}".')
    if _IN_BRACKETS.search(address) and address.count("@") > 1:
        return Fault(
            ProblemCode.RECIPIENT,
            "There are two addresses without a comma between them. Put a comma between them, or delete one.",
        )
    if _AT_IN_WORDS.search(address):
        return _not_an_address(address, "Write @ between the name and the domain.")
    return _not_an_address(address, _correct(address) or reason)


def _correct(address: str) -> str:
    """What to do about a text with an @ or without; blank if the reason of the library explains it."""
    if "@" not in address:
        return "It has no @. Type the whole address, or delete it."
    if address.startswith("@") or address.endswith("@"):
        return "Type the whole address, without a space beside the @."
    before, colon, after = address.partition(":")
    if colon and before.isalpha() and "@" in after and _check_address(after) is None:
        return f"Type the address alone, without {shown(before)} and the colon."
    inner = address.strip(_PUNCTUATION)
    return f"Did you mean {shown(inner)}?" if inner != address and _check_address(inner) is None else ""


def _not_an_address(address: str, why: str) -> Fault:
    return Fault(ProblemCode.RECIPIENT, f'"{shown(address)}" is not an e-mail address. {why}')
