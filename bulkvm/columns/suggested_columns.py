"""Suggests which headings that are not recognised are the extension, the name, the PIN and the recipients."""

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Final

from bulkvm.columns import COLUMN_OF_HEADER, KEY_COLUMN, NAME_COLUMN, PIN_COLUMN
from bulkvm.columns.cell_display import STRIP_CHARS
from bulkvm.columns.header_matching import map_option, match_heading, parts_of_name, possible_columns, suggest_column
from bulkvm.columns.heading_words import (
    fold,
    names_other_address,
    names_other_person,
    names_outdated,
    names_pin_of_box,
    names_secret,
    names_size,
    negates,
    split_words,
    word_set,
)

_RECIPIENTS: Final = COLUMN_OF_HEADER["recipients"]
_DIALLED: Final = re.compile("[0-9]{3,9}")
_LONGEST_DIALLED: Final = 4  # shorter than PINs that lost a zero
_ADDRESS: Final = re.compile(r"[^@\s]+@[^@\s]+")
_PIN: Final = re.compile("[0-9]{3,12}")
# Beside the word for e-mail, of addresses to which no messages are to be sent, and of what is no address.
_NO_RECIPIENTS: Final = word_set("from reply fax bounce bounced blocked server domain format template type subject")
_DESCRIPTIONS: Final = ("descrip", "descriz", "descric", "beschreibung", "omschrijving", "beschrijving")
# Parts of what systems call a name, in plain letters.
_NAMES: Final = (
    "name", "user", "display", "subscriber", "owner", "person", "employee", "holder", "contact", "label",
    "teilnehmer", "mitarbeiter", "nutzer", "inhaber", "anzeige", "bezeichnung", "nom", "utilisateur", "titulaire",
    "abonne", "usuario", "titular", "abonado", "nome", "utente", "intestatario", "naam", "gebruiker", "utilizador",
)  # fmt: skip


def suggest_map(values: Mapping[str, Sequence[str]], known: Collection[str] = ()) -> list[str]:
    """Suggest options such as `--map "Station=extension_number"`, for columns that are not known.

    A column is left out if no heading or several headings may be it.

    Args:
        values: the first values below each heading that is not recognised.
        known: the headers of the columns that the sheet has.
    """
    texts = {heading: [text.strip(STRIP_CHARS) for text in below] for heading, below in values.items()}
    numbers = [] if KEY_COLUMN.header in known else suggest_extensions(texts)
    left = {heading: list(filter(None, below)) for heading, below in texts.items() if heading not in numbers}
    found = {
        KEY_COLUMN.header: _only_one(numbers),
        NAME_COLUMN.header: _names(left),
        PIN_COLUMN.header: _only_one([heading for heading, below in left.items() if _may_be_pin(heading, below)]),
        _RECIPIENTS.header: _only_one([heading for heading, below in left.items() if _may_be_mail(heading, below)]),
    }
    return [
        map_option(heading, header) for header, headings in found.items() if header not in known for heading in headings
    ]


def suggest_extensions(values: Mapping[str, Sequence[str]]) -> list[str]:
    """The headings below which there may be extensions: the shortest numbers, and others of few digits."""
    longest = {
        heading: max(map(len, texts))
        for heading, texts in values.items()
        if any(texts)
        and all(map(_DIALLED.fullmatch, filter(None, texts)))
        and not possible_columns(heading)
        and not names_secret(heading)
        and not names_outdated(heading)
        and not names_size(heading)
    }
    shortest = min(longest.values(), default=0)  # shorter than PINs
    return [heading for heading, length in longest.items() if length <= max(shortest, _LONGEST_DIALLED)]


def _names(texts: Mapping[str, Sequence[str]]) -> list[str]:
    if parts := parts_of_name(texts):
        return parts
    named = [heading for heading, below in texts.items() if _may_be_name(heading, below)]
    whole = [heading for heading in named if 2 * sum(" " in text for text in texts[heading]) > len(texts[heading])]
    described = [
        heading for heading, below in texts.items() if fold(heading).startswith(_DESCRIPTIONS) and _are_words(below)
    ]
    return _only_one(whole or named or described)


def _may_be_name(heading: str, texts: Sequence[str]) -> bool:
    if not _are_words(texts):
        return False
    is_named = any(part in fold(heading) for part in _NAMES) or suggest_column(heading) is NAME_COLUMN
    return is_named and not names_other_person(heading)


def _are_words(texts: Sequence[str]) -> bool:
    return bool(texts) and all(any(map(str.isalpha, text)) and "@" not in text for text in texts)


def _may_be_mail(heading: str, texts: Sequence[str]) -> bool:
    if not texts or not all(map(_ADDRESS.match, texts)) or names_other_address(heading):
        return False
    return not (names_outdated(heading) or negates(heading)) and _NO_RECIPIENTS.isdisjoint(split_words(heading))


def _may_be_pin(heading: str, texts: Sequence[str]) -> bool:
    """Whether a heading names the PIN of a box, and nothing else: the secret of a phone is never suggested."""
    is_named = names_pin_of_box(heading) or match_heading(heading) is PIN_COLUMN
    return is_named and bool(texts) and all(map(_PIN.fullmatch, texts))


def _only_one(headings: Sequence[str]) -> list[str]:
    return list(headings) if len(headings) == 1 else []
