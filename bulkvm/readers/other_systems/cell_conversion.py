"""Rewrites the cells of an export in the words of bulkvm."""

import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import chain, compress
from typing import Final

from bulkvm.columns import CLEAR, COLUMN_OF_HEADER, NAME_COLUMN, PIN_COLUMN
from bulkvm.columns.boolean import parse_boolean
from bulkvm.columns.cell_display import STRIP_CHARS, shown
from bulkvm.columns.header_matching import map_option
from bulkvm.columns.pin import length_of_most
from bulkvm.columns.prompt import parse_prompt
from bulkvm.model.problem import Problem, ProblemCode
from bulkvm.model.sheet import UNREADABLE, CellKind, Sheet
from bulkvm.readers.other_systems.export_columns import ExportColumns
from bulkvm.readers.other_systems.system import NEXT, NO, UNCERTAIN, YES, FileKind, Flag
from bulkvm.readers.other_systems.systems import SYSTEMS
from bulkvm.readers.table import LETTERS, make_frame

_NOTIFY: Final = "enable_email_notify"
_PROMPT: Final = "prompt"
_RECIPIENTS: Final = "recipients"
# Columns that are blank where a word is not certain, with one warning for all rows.
_MAY_BE_UNCERTAIN: Final = {
    _PROMPT: "the language of the prompts is",
    "play_datetime": "whether and how the date and time are announced is",
}
_WRAPPED: Final = re.compile(r'=\s*"(.*)"|\'(.*)', re.DOTALL)  # as some programs write texts for Excel
_WORDS: Final = frozenset(
    word
    for system in SYSTEMS
    for layout in system.layouts
    for flag in (*layout.off, *chain.from_iterable(layout.flags().values()))
    for word in flag.words
)
_SHORT_NUMBER: Final = re.compile(r"[0-9]{1,2}")
_TAG: Final = re.compile(r"[a-z]{2,3}(?:[_-][a-z0-9]{2,8}){0,3}")
# Languages as systems name them. The region is not certain.
_LANGUAGES: Final = {
    "english": "en", "german": "de", "french": "fr", "spanish": "es", "italian": "it", "dutch": "nl", "polish": "pl",
    "portuguese": "pt", "russian": "ru", "turkish": "tr", "swedish": "sv", "danish": "da", "finnish": "fi",
    "greek": "el", "hebrew": "he", "arabic": "ar", "czech": "cs", "hungarian": "hu", "romanian": "ro",
    "japanese": "ja", "korean": "ko", "thai": "th", "vietnamese": "vi", "ukrainian": "uk",
}  # fmt: skip


def word_of(text: str, flag: Flag) -> str:
    """Return the word in a cell, in lower case; of a cell with options, the value of one of them."""
    text = text.strip(STRIP_CHARS)
    if wrapped := _WRAPPED.fullmatch(text):
        text = wrapped[1] or wrapped[2] or ""
    if flag.option:
        found = re.search(rf"(?:^|\|)\s*{re.escape(flag.option)}\s*=([^|]*)", text, re.IGNORECASE)
        text = found[1] if found else ""
    return text.strip(STRIP_CHARS).casefold()


def unknown_word(sheet: Sheet, cell: str, text: str, what: str, part: str) -> Problem:
    """Make the error for a word that an export is not known to have. `part` is what it calls a column."""
    letter = cell.rstrip("0123456789")
    heading = shown(sheet.headings[letter])
    is_shown = text.strip(STRIP_CHARS) and _is_no_secret(text)
    found = f'"{shown(text)}" is not a known word in' if is_shown else "The cell has no known word in"
    return Problem(
        row=int(cell.removeprefix(letter)),
        cell=cell,
        code=ProblemCode.WORD_UNKNOWN,
        message=f'{found} the {part} "{heading}", {what}. Correct it.',
    )


def _is_no_secret(text: str) -> bool:
    """Whether a text may be shown: it is no password in the wrong column of a row whose values are shifted."""
    word = text.strip(STRIP_CHARS).casefold()
    return bool(_SHORT_NUMBER.fullmatch(word)) or word in _WORDS or parse_boolean(word).value is not None


def unread_rows(sheet: Sheet) -> set[int]:
    """The rows that could not be read as a whole, such as those with more values than headings."""
    return {p.row for p in sheet.problems if p.is_error and p.row is not None and p.cell is None}


class Conversion:
    """The cells of an export while they are rewritten.

    `letters` are those of each column, by its header, in the order in which they are joined.
    """

    def __init__(self, sheet: Sheet, columns: ExportColumns, kind: FileKind) -> None:
        self.letters = columns.letters()
        self._sheet = sheet
        self._columns = columns
        self._kind = kind
        self._layout = columns.layout
        self._rows: list[int] = sheet.cells.index.tolist()
        skipped = sheet.left_out.keys() | unread_rows(sheet)
        self._is_box = [row not in skipped for row in self._rows]
        self._texts: dict[str, list[str]] = {letter: sheet.cells[letter].tolist() for letter in sheet.cells.columns}
        self._kinds: dict[str, dict[int, CellKind]] = {letter: dict(kinds) for letter, kinds in sheet.kinds.items()}
        self._derived: dict[str, str] = {}
        self._text_letters: set[str] = set()
        self._problems: list[Problem] = []

    def run(self) -> list[Problem]:
        """Rewrite all cells, and return the unknown words and the warnings about values that are not taken."""
        self._warn_of_values_not_taken()
        for header, flags in self._layout.flags().items():
            if header in self.letters and header not in self._columns.mapped:
                self._read_flags(header, flags)
        for header in (NAME_COLUMN.header, _RECIPIENTS):
            self._fill_in_from_next_alternative(header)
        self._take_pins()
        self._refuse_clear()
        self._take_recipients()
        return self._problems

    def headings(self) -> dict[str, tuple[str, ...]]:
        """Return the headings that were read, by the header of the column."""
        flags = {
            header: self._columns.find_all(flag.heading for flag in flags)
            for header, flags in self._layout.flags().items()
            if header in self.letters and header not in self._columns.mapped
        }
        letters = self.letters | flags | dict.fromkeys(self._derived, self.letters.get(_RECIPIENTS, ()))
        return {
            header: tuple(self._sheet.headings[letter] for letter in letters[header])
            for header in COLUMN_OF_HEADER
            if header in letters
        }

    def result(self) -> Sheet:
        """Return the sheet with the columns of boxes only."""
        headers = {letter: header for header, letters in self.letters.items() for letter in letters}
        headings = {letter: self._sheet.headings[letter] for letter in headers}
        heading_map = {heading: headers[letter] for letter, heading in headings.items()}
        headings |= {letter: header for header, letter in self._derived.items()}
        kept = sorted(headings, key=lambda letter: (len(letter), letter))
        return replace(
            self._sheet,
            headings={letter: headings[letter] for letter in kept},
            cells=make_frame({letter: self._texts[letter] for letter in kept}, self._rows),
            kinds={letter: kinds for letter, kinds in self._kinds.items() if letter in headings and kinds},
            heading_map=heading_map,
            text_letters=self._sheet.text_letters | self._text_letters,
        )

    def _read_flags(self, header: str, flags: Sequence[Flag]) -> None:
        """Rewrite the words of a column, with those of the columns that complete it."""
        letter, uncertain = self.letters[header][0], 0
        found = [(flag, self._texts[other]) for flag in flags if (other := self._columns.find(flag.heading))]
        texts, kinds = list(self._texts[letter]), self._kinds.setdefault(letter, {})
        for place, row in enumerate(self._rows):
            if row in self._sheet.left_out:
                texts[place] = ""  # words of the other system would be in the result
            if kinds.get(row) in UNREADABLE or not self._is_box[place]:
                continue
            words = [(flag, word_of(of_flag[place], flag)) for flag, of_flag in found]
            meaning = _meaning(words, header)
            if meaning is None:
                kinds[row] = CellKind.UNKNOWN_WORD
                what = "so its meaning is not certain"
                problem = unknown_word(self._sheet, f"{letter}{row}", texts[place], what, self._kind.part)
                ignoring = map_option(self._sheet.headings[letter], "")
                self._problems.append(replace(problem, option=f"Or ignore the {self._kind.part} with {ignoring}."))
                texts[place] = texts[place] if _is_no_secret(texts[place]) else ""
                continue
            uncertain += meaning == UNCERTAIN and (words[0][1] != "" or "" in flags[0].words)
            texts[place] = meaning
            kinds.pop(row, None)
        self._texts[letter] = texts
        if header in _MAY_BE_UNCERTAIN:
            self._warn_of_uncertain(header, letter, uncertain)

    def _warn_of_uncertain(self, header: str, letter: str, uncertain: int) -> None:
        """Warn once of the cells that are left blank; a column without any value is left out."""
        if uncertain:
            self._warn(
                f"{_MAY_BE_UNCERTAIN[header]} not certain for {self._kind.count_rows(uncertain)} ({self._kind.part} "
                f'"{shown(self._sheet.headings[letter])}"), so it is left blank there.'
            )
        if not any(text for text, is_box in zip(self._texts[letter], self._is_box, strict=True) if is_box):
            del self.letters[header]

    def _warn_of_values_not_taken(self) -> None:
        for note in self._layout.notes:
            letter = self._columns.find(note.heading)
            beside = self._columns.find(note.blank_beside) if note.blank_beside else None
            others = self._texts[beside] if beside else [""] * len(self._rows)
            texts = zip(self._rows, self._texts[letter], others, self._is_box, strict=True) if letter else ()
            rows = [
                row
                for row, text, other, is_box in texts
                if is_box and (note.pattern.search(text.casefold()) or (not text.strip() and other.strip() == "1"))
            ]
            if rows:
                place = f'{self._kind.part} "{shown(note.heading)}", first in {self._kind.place} {rows[0]}'
                option = self._how_to_read(note.heading) if note.has_addresses else ""
                self._warn(f"{self._kind.count_rows(len(rows))} ({place}): {note.message}", option)

    def _how_to_read(self, heading: str) -> str:
        """The options that add a column to the recipients: a mapped column replaces those that are read without it."""
        own = [self._sheet.headings[letter] for letter in self.letters.get(_RECIPIENTS, ())]
        maps = (map_option(each, _RECIPIENTS) for each in (*own, heading))
        return f"To do so, add {' '.join(maps)}."

    def _fill_in_from_next_alternative(self, header: str) -> None:
        """Fill in blank names or recipients."""
        alternatives = self._columns.alternatives(header)
        if header in self._columns.mapped or len(alternatives) < 2:  # noqa: PLR2004  (one and the next)
            return
        first, second = alternatives[:2]
        for place in range(len(self._rows)):
            if not any(self._texts[letter][place].strip(STRIP_CHARS) for letter in first):
                parts = (self._texts[letter][place].strip(STRIP_CHARS) for letter in second)
                self._texts[first[0]][place] = COLUMN_OF_HEADER[header].joiner.join(filter(None, parts))

    def _take_pins(self) -> None:
        """Remove the mark before PINs, and find out whether they may have lost leading zeros.

        The old system may allow short PINs: they have lost none if the others are as short, or of various lengths.
        """
        mark, marked = self._layout.pin_mark, 0
        for letter in self.letters.get(PIN_COLUMN.header, ()) if mark else ():
            for place, text in enumerate(self._texts[letter]):
                bare = text.strip(STRIP_CHARS).removeprefix(mark)
                if bare.isdecimal() and bare != text.strip(STRIP_CHARS):
                    self._texts[letter][place] = bare
                    marked += self._is_box[place]
        if marked:
            self._warn(
                f"{self._kind.count_rows(marked)}: the old system does not let people change this PIN. Here they can."
            )
        for letter in self.letters.get(PIN_COLUMN.header, ()):
            texts = (text.strip(STRIP_CHARS) for text in compress(self._texts[letter], self._is_box))
            if not length_of_most(filter(str.isdecimal, texts)):
                self._text_letters.add(letter)

    def _refuse_clear(self) -> None:
        """Report `<clear>` among the recipients as an error: no export removes the addresses of a box."""
        for letter in self.letters.get(_RECIPIENTS, ()):
            kinds = self._kinds.setdefault(letter, {})
            for row, text, is_box in zip(self._rows, self._texts[letter], self._is_box, strict=True):
                if is_box and text.strip(STRIP_CHARS).casefold() == CLEAR:
                    kinds[row] = CellKind.UNKNOWN_WORD
                    message = f'"{CLEAR}" is not an e-mail address. Type the whole address, or delete it.'
                    self._problems.append(
                        Problem(row=row, cell=f"{letter}{row}", code=ProblemCode.RECIPIENT, message=message)
                    )

    def _take_recipients(self) -> None:
        """Separate addresses by commas, and turn e-mail on where there are any, if the old system sends it then."""
        separator, letters = self._layout.separator, self.letters.get(_RECIPIENTS, ())
        for letter in letters if separator else ():
            self._texts[letter] = [
                ", ".join(filter(None, map(str.strip, text.split(separator)))) if separator in text else text
                for text in self._texts[letter]
            ]
        if letters and self._layout.mails_if_address and _NOTIFY not in self.letters:
            rows = zip(*(self._texts[letter] for letter in letters), strict=True)
            letter = next(letter for letter in LETTERS if self._is_free(letter))
            unread = unread_rows(self._sheet)
            mailed = (YES if any(text.strip(STRIP_CHARS) for text in row) else NO for row in rows)
            self._texts[letter] = ["" if row in unread else flag for row, flag in zip(self._rows, mailed, strict=True)]
            self._derived[_NOTIFY] = letter

    def _is_free(self, letter: str) -> bool:
        last = max(((len(used), used) for used in self._columns.used), default=(0, ""))
        return (len(letter), letter) > last

    def _warn(self, message: str, option: str = "") -> None:
        self._problems.append(Problem(row=None, code=ProblemCode.NOT_TAKEN, message=message, option=option))


def _meaning(words: Sequence[tuple[Flag, str]], header: str) -> str | None:
    """Return what the first word means that decides; None if a word is not known and must be."""
    for flag, word in words:
        meaning = flag.meaning(word)
        if meaning is None and header == _PROMPT:
            return _language(word)
        if meaning is None and (header in _MAY_BE_UNCERTAIN or not word):
            return UNCERTAIN
        if meaning != NEXT:
            return meaning
    return UNCERTAIN


def _language(word: str) -> str:
    """Return the tag of a language, if the word certainly means one."""
    tag = _LANGUAGES.get(word) or (word.replace("_", "-") if _TAG.fullmatch(word) else "")
    parsed = parse_prompt(tag).value if tag else None
    return parsed if isinstance(parsed, str) else UNCERTAIN
