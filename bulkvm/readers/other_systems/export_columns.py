"""Finds the columns of an export that are read, by their headings."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Self

from bulkvm.columns import COLUMN_OF_HEADER, KEY_COLUMN, NAME_COLUMN, PIN_COLUMN
from bulkvm.columns.header_matching import heading_key
from bulkvm.model.errors import SheetError
from bulkvm.model.problem import ProblemCode
from bulkvm.model.sheet import Sheet
from bulkvm.readers.other_systems.system import Layout


@dataclass(frozen=True, slots=True)
class ExportColumns:
    """The letters of an export.

    Attributes:
        layout: the headings of the export.
        file: its name.
        by_key: the letters of each heading, by its `heading_key`, without those that the user maps.
        mapped: the letters that the user maps to a column, by the column's header.
        used: all letters of the file.
    """

    layout: Layout
    file: str
    by_key: Mapping[str, Sequence[str]] = field(repr=False)
    mapped: Mapping[str, tuple[str, ...]]
    used: Collection[str] = field(repr=False)

    @classmethod
    def of(cls, sheet: Sheet, layout: Layout, given: Mapping[str, str], file: str) -> Self:
        """Find the letters of a sheet. `given` are the headings that the user maps."""
        by_key: dict[str, list[str]] = {}
        for letter, heading in sheet.headings.items():
            by_key.setdefault(heading_key(heading), []).append(letter)
        mapped: dict[str, tuple[str, ...]] = {}
        for theirs, header in given.items():
            letters = by_key.pop(heading_key(theirs), [])
            if header:
                mapped[header] = (*mapped.get(header, ()), *letters)
        return cls(layout, file, by_key, mapped, tuple(sheet.cells.columns))

    def find(self, heading: str) -> str | None:
        """Return the letter of a heading, None if the export lacks it.

        Raises:
            SheetError: it is there twice.
        """
        letters = self.by_key.get(heading_key(heading), ()) if heading else ()
        if len(letters) > 1:
            raise SheetError(
                f'{self.file} has the heading "{heading}" twice ({" and ".join(letters)}). Delete one of the two.',
                ProblemCode.COLUMN_TWICE,
            )
        return letters[0] if letters else None

    def find_all(self, headings: Iterable[str]) -> tuple[str, ...]:
        """Return the letters of the headings that are there."""
        return tuple(letter for heading in headings if (letter := self.find(heading)))

    def alternatives(self, header: str) -> list[tuple[str, ...]]:
        """Return the letters of each alternative of a name or the recipients that is there."""
        named = {NAME_COLUMN.header: self.layout.name, "recipients": self.layout.recipients}[header]
        return [letters for headings in named if (letters := self.find_all(headings))]

    def letters(self) -> dict[str, tuple[str, ...]]:
        """Return the letters of each column that is read, in the order in which they are joined."""
        layout = self.layout
        found = {
            KEY_COLUMN.header: self.find_all([layout.number]),
            PIN_COLUMN.header: self.find_all([layout.pin]),
            **{header: next(iter(self.alternatives(header)), ()) for header in (NAME_COLUMN.header, "recipients")},
            **{header: self.find_all([flags[0].heading]) for header, flags in layout.flags().items() if flags},
            **self.mapped,
        }
        return {header: found[header] for header in COLUMN_OF_HEADER if found.get(header)}

    def helpers(self) -> set[str]:
        """Return the letters of columns that decide about others, and are not read themselves."""
        layout = self.layout
        headings = [
            *(flag.heading for flags in layout.flags().values() for flag in flags),
            *(flag.heading for flag in layout.off),
            *(note.heading for note in layout.notes),
            layout.number,
        ]
        alternatives = chain(self.alternatives(NAME_COLUMN.header), self.alternatives("recipients"))
        return {*self.find_all(headings), *chain.from_iterable(alternatives)}

    def secrets(self, headings: Mapping[str, str]) -> tuple[str, ...]:
        """Return the headings of the secrets that are there, as written."""
        keys = dict.fromkeys(map(heading_key, self.layout.secrets))
        return tuple(headings[letter] for key in keys for letter in self.by_key.get(key, ()))
