"""Matches headings to columns."""

import difflib
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Final

from bulkvm.columns import COLUMN_OF_HEADER, COLUMNS, KEY_COLUMN, NAME_COLUMN, PIN_COLUMN, RESULT_PREFIX
from bulkvm.columns.cell_display import shown
from bulkvm.columns.column import Column
from bulkvm.columns.heading_notes import explains, inverts, without_count
from bulkvm.columns.heading_words import (
    asks_yes_or_no,
    fold,
    is_note,
    is_status,
    names_any_address,
    names_box,
    names_display,
    names_other_address,
    names_other_box,
    names_other_number,
    names_other_person,
    names_other_secret,
    names_outdated,
    names_pin_of_box,
    names_place,
    names_secret,
    names_size,
    negates,
    spellings,
    without_new,
    word_set,
)
from bulkvm.columns.headings import AMBIGUOUS, FIRST_NAMES, LAST_NAMES
from bulkvm.text import runs_in_shell

_LONGEST: Final = 255  # of a heading: the readers cut those of sheets there, and a JSON field may have any length
_UNKNOWN: Final[frozenset[str]] = frozenset()
_PIN: Final = frozenset({PIN_COLUMN.header})
_RECIPIENTS: Final = frozenset({"recipients"})
# With the note "yes/no", the heading of one column means the other: "E-mail (yes/no)".
_SWITCHES: Final = {PIN_COLUMN.header: "enable_pin", "recipients": "enable_email_notify"}
_QUESTION: Final = re.compile(r"(.*\w)[\s:,-]+(\w{1,5}/\w{1,5})\s*\??\s*")
_LETTER: Final = re.compile(r"[^\W\d_]")
_BRACKETS: Final = re.compile(  # the last one may lack its end
    r"\(([^()]*)(?:\)|\Z)|\[([^\[\]]*)(?:\]|\Z)|\{([^{}]*)(?:\}|\Z)|<([^<>]*)(?:>|\Z)"
)
_WIDE_BRACKETS: Final = str.maketrans("\uff08\uff09\uff3b\uff3d\u3010\u3011\uff5b\uff5d", "()[][]{}")
_SEPARATORS: Final = re.compile(r"[/|;,:*\r\n\u2013\u2014\u2022\u00b7]| - ")
# Separators with spaces around them; those without may be part of an alias, such as date/time.
_SPACED: Final = re.compile(r"\s[/|\u2013\u2014-]\s|[\r\n]+")
# A note of several words behind a heading: "Name: as shown on the phones".
_NOTE_BEHIND: Final = re.compile(
    r"([^\r\n:\u2013\u2014]+?)(?:\s*:\s|\s+[-\u2013\u2014]\s|[\r\n])\s*(\w[^/|;]*\s\S[^/|;]*)"
)
_ENUMERATION: Final = re.compile(r"\A\s*(?:[0-9]{1,2}|[A-Za-z])[.)]\s+")  # as in "1. Name"
_LINE_BREAK: Final = re.compile(r"[\r\n]+")
_STRUCTURE: Final = re.compile(rf"[(\[{{<]|{_SEPARATORS.pattern}")
_MOST_PARTS: Final = 12  # brackets and separators
_NUMBER_AT_END: Final = re.compile(r"[\s_.#-]*[0-9]{1,2}\s*\Z")
_SIMILAR: Final = 0.8
_COMMON_WORDS: Final = frozenset({"name", "nom", "nombre", "nome", "de"})  # in headings of whole names too
_BARE_NAMES: Final = frozenset({"name", "nom", "nombre", "nome", "naam"})  # some are first names, or last names
_VOICEMAIL: Final = "voicemail"  # makes headings look alike that are not
_SWITCH: Final = "enabled"
_SHORT: Final = 4  # characters
_SIMILAR_IF_SHORT: Final = 0.9
# Folded headings of a language or a number of anything.
_ANY_LANGUAGE: Final = word_set("language languagecode languagetag lang locale sprache langue idioma lingua taal")
_ANY_NUMBER: Final = word_set("number box boxnumber nummer rufnummer numero")
_ID: Final = "id"


def match_headings(headings: Mapping[str, str], heading_map: Mapping[str, str] | None = None) -> dict[str, Column]:
    """Map letters to columns. If several headings mean the same column, all of them are in it.

    Beside a heading that names the PIN of a box, one that could be any password is that of something else. In the same
    way, beside a "Voicemail Email", an "Email" is another address.

    Args:
        headings: by letter, as they are in the sheet.
        heading_map: headings that the user maps to a column, each to the column's header, or to a blank text if it is
            to be ignored (`--map`). A mapped column is matched by these headings only.
    """
    mapped = {heading_key(theirs): header for theirs, header in (heading_map or {}).items()}
    taken = set(mapped.values())
    columns: dict[str, Column] = {}
    for letter, heading in headings.items():
        if is_result_heading(heading):
            continue
        if mapped and (header := mapped.get(heading_key(heading))) is not None:
            if header:
                columns[letter] = COLUMN_OF_HEADER[header]
        elif len(found := possible_columns(heading)) == 1:
            (header,) = found
            if header not in taken:
                columns[letter] = COLUMN_OF_HEADER[header]
    columns.update(_questions(columns, headings, taken))
    others = (*_other_passwords(columns, headings), *_other_addresses(columns, headings))
    return {letter: column for letter, column in columns.items() if letter not in others or column.header in taken}


def match_heading(heading: str) -> Column | None:
    """The column that a heading names, None if it is not known or may be one of several."""
    found = possible_columns(heading)
    return COLUMN_OF_HEADER[next(iter(found))] if len(found) == 1 else None


@lru_cache(maxsize=2**14)  # as many as a sheet has columns: rows are split in several ways
def possible_columns(heading: str) -> frozenset[str]:
    """The headers of the columns that a heading names, in any of the known languages: usually one, or none.

    Notes in brackets are left out: "PIN (required)" is the PIN.
    """
    if len(heading) > _LONGEST or not _LETTER.search(heading):
        return _UNKNOWN
    heading = _ENUMERATION.sub("", heading.translate(_WIDE_BRACKETS))
    if (question := _QUESTION.fullmatch(heading)) and asks_yes_or_no(question[2]):
        heading = f"{question[1]} ({question[2]})"  # E-mail Y/N
    structure = _STRUCTURE.findall(heading)
    if not structure:
        return _one(heading)
    if len(structure) > _MOST_PARTS or names_new_number(heading):
        return _UNKNOWN
    outer, notes = _split_notes(heading)
    if notes and (found := _named(outer)):
        if any(_changes_meaning(note, outer, found) for note in notes):
            return _UNKNOWN
        if any(map(asks_yes_or_no, notes)):
            found = frozenset(_SWITCHES.get(header, header) for header in found)
        others = (note for note in notes if not (is_note(note) or _completes_pin(outer, note, found)))
        return found.union(*map(_named, others))
    return _named(heading) or _without_note_behind(heading)


def _without_note_behind(heading: str) -> frozenset[str]:
    """The column that a heading names before a note without brackets."""
    note = _NOTE_BEHIND.fullmatch(heading.strip())
    found = _one(note[1]) if note else _UNKNOWN
    if not note or not found or _changes_meaning(note[2], note[1], found):
        return _UNKNOWN
    others = (columns for part in _SEPARATORS.split(note[2]) if (columns := _one(part)))
    return found.union(*others)


def _split_notes(heading: str) -> tuple[str, list[str]]:
    """A heading without its notes in brackets, and these notes."""
    notes: list[str] = []
    while found := _BRACKETS.findall(heading):  # those within others first
        notes += ("".join(groups) for groups in found)
        heading = _BRACKETS.sub(" ", heading)
    return heading, notes


def without_notes(heading: str) -> str:
    """A heading without notes in brackets, and without the answers to its question: "Delete Y/N" is "Delete"."""
    question = _QUESTION.fullmatch(heading)
    return question[1] if question and asks_yes_or_no(question[2]) else _split_notes(heading)[0]


def heading_key(heading: str) -> str:
    """What two headings have in common that differ in no more than case, accents, spaces and punctuation."""
    return fold(heading) or heading.strip()


def map_option(heading: str, header: str) -> str:
    """The option that maps a heading, with a placeholder if a message or a command cannot have it as it is."""
    is_shown = heading_key(shown(heading)) == heading_key(heading) and not runs_in_shell(heading)
    text = shown(heading) if is_shown else "Their heading"
    return f'--map "{text}={header}"'


def is_result_heading(heading: str) -> bool:
    """Whether a heading is that of a column with results, which is never read."""
    return heading.strip().casefold().startswith(RESULT_PREFIX)


def names_new_number(heading: str) -> bool:
    """Whether a heading is that of a number which a box is to get: "New extension"."""
    return KEY_COLUMN.header in _ALL_HEADINGS.get(without_new(heading), _UNKNOWN)


def may_be_other_secret(heading: str) -> bool:
    """Whether a heading means the PIN, and may also be that of another password."""
    return possible_columns(heading) == {PIN_COLUMN.header} and _is_vague(heading)


def parts_of_name(headings: Iterable[str], names: Iterable[str] = ()) -> list[str]:
    """The headings of parts of a name, in the order of a name: a `Name` is the last name beside a first name."""
    keys = {heading: fold(heading) for heading in headings}
    first = [heading for heading, key in keys.items() if key in _FIRST_NAME_HEADINGS]
    last = [heading for heading, key in keys.items() if key in _LAST_NAME_HEADINGS]
    return [*first, *names, *last] if first or last else []


def is_part_of_name(headings: Collection[str], name: str) -> bool:
    """Whether a `Name` beside these headings is a part of a name: the rest is a first or a last name, not both."""
    keys = set(map(fold, headings))
    is_first, is_last = not keys.isdisjoint(_FIRST_NAME_HEADINGS), not keys.isdisjoint(_LAST_NAME_HEADINGS)
    return fold(name) in _BARE_NAMES and is_first != is_last


def numbered_recipients(headings: Iterable[str]) -> list[str]:
    """The headings of several columns of addresses, which have numbers: "Email 2"."""
    return [heading for heading in headings if possible_columns(_NUMBER_AT_END.sub("", heading)) == _RECIPIENTS]


def suggest_column(heading: str) -> Column | None:
    """The column whose name is close to the heading, for a "did you mean".

    Never the PIN for another secret, or a switch for its opposite ("Disable notification") or for another one
    ("Voicemail enabled").
    """
    if negates(heading) or is_status(heading):
        return None
    folded = fold(heading[:_LONGEST])
    cutoff = _SIMILAR if len(folded) > _SHORT else _SIMILAR_IF_SHORT
    close = difflib.get_close_matches(folded, _ALL_HEADINGS, n=1, cutoff=cutoff)
    if not close or (names_other_secret(heading) and names_secret(heading)):
        return None
    one, other = folded.removeprefix(_VOICEMAIL), close[0].removeprefix(_VOICEMAIL)
    if not difflib.get_close_matches(one, [other], cutoff=cutoff):
        return None
    header = min(_ALL_HEADINGS[close[0]])
    is_box = header == _SWITCHES["recipients"] and "mailbox" in folded  # "Mailbox enabled"
    is_other_switch = is_box or (_SWITCH in folded and _SWITCH not in close[0])
    if is_other_switch or (header == _SWITCHES[PIN_COLUMN.header] and not names_secret(heading)):
        return None
    is_size = header in {KEY_COLUMN.header, _ID} and names_size(heading)  # "Mailbox size"
    if is_size or (header == PIN_COLUMN.header and "phone" in folded):  # "Phone Number" is similar to "PIN number"
        return None
    return COLUMN_OF_HEADER[header]


def _questions(columns: Mapping[str, Column], headings: Mapping[str, str], taken: Collection[str]) -> dict[str, Column]:
    """The switches among columns with the same heading: an "E-mail?" beside an "E-mail"."""
    found: dict[str, Column] = {}
    for header, switch in _SWITCHES.items():
        letters = [letter for letter, column in columns.items() if column.header == header]
        asking = [letter for letter in letters if headings[letter].rstrip().endswith("?")]
        is_there = COLUMN_OF_HEADER[switch] in columns.values() or not {header, switch}.isdisjoint(taken)
        if len(asking) == 1 < len(letters) and not is_there:
            found[asking[0]] = COLUMN_OF_HEADER[switch]
    return found


def _other_passwords(columns: Mapping[str, Column], headings: Mapping[str, str]) -> list[str]:
    pins = [letter for letter, column in columns.items() if column is PIN_COLUMN]
    if not any(_is_pin_of_box(headings[letter]) for letter in pins):
        return []
    return [letter for letter in pins if may_be_other_secret(headings[letter])]


def _other_addresses(columns: Mapping[str, Column], headings: Mapping[str, str]) -> list[str]:
    recipients = [letter for letter, column in columns.items() if {column.header} == _RECIPIENTS]
    of_box = any(names_box(headings[letter]) for letter in recipients)
    return [letter for letter in recipients if of_box and names_any_address(headings[letter])]


def _named(heading: str) -> frozenset[str]:
    """The columns that a heading without notes names, as a whole or in parts: "Durchwahl / Extension"."""
    whole = _one(heading)
    parts = [part for part in _SEPARATORS.split(heading) if _LETTER.search(part)]
    if len(parts) <= 1:
        return whole
    if whole and not _SEPARATORS.search(_LINE_BREAK.sub("", heading)):  # wrapped, or with a note on the last lines
        while len(parts) > 1 and explains(parts[-1]):
            parts.pop()
        return whole | _one(" ".join(parts))
    found = [columns for part in parts if (columns := _one(part)) or not explains(part)]
    if whole or all(found):
        return whole.union(*found)
    found = [_one(part) for part in _SPACED.split(heading)]
    return _UNKNOWN.union(*found) if all(found) else _UNKNOWN


def _one(text: str) -> frozenset[str]:
    """The columns that a heading without parts names; a "New PIN" is the PIN, and a "New extension" another box."""
    found = _ALL_HEADINGS.get(fold(text)) or (_PIN if names_pin_of_box(text) else None)
    if found or names_new_number(text):
        return found or _UNKNOWN
    return _ALL_HEADINGS.get(without_new(text)) or _ALL_HEADINGS.get(fold(without_count(text)), _UNKNOWN)


def _changes_meaning(note: str, heading: str, found: frozenset[str]) -> bool:
    """Whether a note shows that a heading is about something else, as in "PIN (SIP)"."""
    if names_outdated(note) or (inverts(note) and not found.isdisjoint(_SWITCHES.values())):
        return True
    if PIN_COLUMN.header in found and not names_pin_of_box(heading):
        if explains(note) or asks_yes_or_no(note) or not _LETTER.search(note):
            return False
        is_known = _named(note) or _completes_pin(heading, note, found)
        return names_other_secret(note) or not is_known  # "PIN (door)"
    if found == _RECIPIENTS:
        return names_other_address(note)  # "E-mail (private)"
    if NAME_COLUMN.header in found:  # the first name or the last name alone, and not "Name (first and last)"
        words = frozenset(fold(word) for word in note.split())
        is_part = words.isdisjoint(_FIRST_NAME_WORDS) != words.isdisjoint(_LAST_NAME_WORDS)
        return is_part or names_other_person(note)  # "Name (manager)"
    is_other_language = names_display(note) and fold(heading) in _ANY_LANGUAGE  # "Language (UI)"
    return is_other_language or (KEY_COLUMN.header in found and _is_other_number(note, heading))


def _is_other_number(note: str, heading: str) -> bool:
    """Whether a note shows that a number is not the extension, as in "Extension (mobile)" and "Number (room)"."""
    if names_other_number(note) or names_other_person(note) or names_size(note) or names_other_box(note):
        return True
    is_megabytes = fold(note) == "mb" and names_box(heading)
    return is_megabytes or (names_place(note) and fold(heading) in _ANY_NUMBER)


def _completes_pin(heading: str, note: str, found: frozenset[str]) -> bool:
    """Whether a heading of a PIN and its note together name that of a box: "PIN (mailbox)"."""
    return PIN_COLUMN.header in found and names_pin_of_box(f"{heading} {note}")


def _is_vague(heading: str) -> bool:
    keys = {key for piece in _pieces(heading) for key in (fold(piece), without_new(piece))}
    return keys.isdisjoint(_COLUMN_OF_HEADING) and not _is_pin_of_box(heading)


def _is_pin_of_box(heading: str) -> bool:
    return any(map(names_pin_of_box, _pieces(heading)))


def _pieces(heading: str) -> Iterator[str]:
    yield heading
    whole, notes = _split_notes(heading)
    for outer in (whole, *notes):
        yield outer
        yield from _SEPARATORS.split(outer)


def _index(aliases: Callable[[Column], Iterable[str]]) -> dict[str, frozenset[str]]:
    found: dict[str, frozenset[str]] = {}
    for column in COLUMNS:
        names = (column.header, column.title, *(name for line in aliases(column) for name in line.split(", ")))
        keys = (key for name in names for key in spellings(name))
        found.update(dict.fromkeys(keys, frozenset({column.header})))
    return found


_COLUMN_OF_HEADING: Final = _index(lambda column: column.aliases.values())
_ALL_HEADINGS: Final = {
    **_index(lambda column: (*column.aliases.values(), *column.vague_aliases.values())),
    **{fold(heading): frozenset(headers) for heading, headers in AMBIGUOUS.items()},
}
_FIRST_NAME_HEADINGS: Final = frozenset(map(fold, FIRST_NAMES.split(", ")))
_FIRST_NAME_WORDS: Final = frozenset(map(fold, FIRST_NAMES.replace(",", "").split())) - _COMMON_WORDS
_LAST_NAME_WORDS: Final = frozenset(map(fold, LAST_NAMES.replace(",", "").split())) - _COMMON_WORDS
_LAST_NAME_HEADINGS: Final = frozenset(map(fold, LAST_NAMES.split(", ")))
