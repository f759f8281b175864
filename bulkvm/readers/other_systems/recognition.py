"""Recognises the export of another phone system by its headings."""

import difflib
import re
from collections.abc import Collection, Iterable, Mapping
from typing import Final

from bulkvm.columns import COLUMNS
from bulkvm.columns.cell_display import shown
from bulkvm.columns.header_matching import heading_key, is_result_heading
from bulkvm.model.errors import SheetError, UsageError
from bulkvm.model.problem import ProblemCode
from bulkvm.readers.other_systems.system import FileKind, Layout, System
from bulkvm.readers.other_systems.systems import OTHER_NAMES, SYSTEM_NAMES, SYSTEM_OF_NAME, SYSTEMS
from bulkvm.readers.table import Row
from bulkvm.text import join_and

_LONGEST: Final = 64  # characters of a heading that identifies an export
_WIDEST: Final = 1_000  # columns of an export
_OURS: Final = frozenset(heading_key(heading) for column in COLUMNS for heading in (column.header, column.title))
_FEWEST_KNOWN: Final = 2  # headings of an export, so that one alone is no coincidence


def find_system(name: str) -> System:
    """Return the system with the name that `--from` gives.

    Raises:
        UsageError: there is none.
    """
    if name not in SYSTEM_OF_NAME:
        raise UsageError(describe_unknown(name))
    return SYSTEM_OF_NAME[name]


def describe_unknown(name: str) -> str:
    """The message for a system that is not in the table, with the nearest one that is, if there is any."""
    word = re.sub("[^a-z0-9]", "", name.casefold())
    nearest = _find_nearest(word)
    advice = f"Use {nearest}." if nearest else f"The systems are {', '.join(SYSTEM_NAMES)}."
    return f'"{shown(name)}" is not a system whose export can be read. {advice}'


def _find_nearest(word: str) -> str:
    for known, advice in OTHER_NAMES.items():
        if known in word:
            return advice
    names = {re.sub("[^a-z0-9]", "", system): system for system in SYSTEM_NAMES}
    part_of = [system for plain, system in names.items() if word.startswith(plain) or (word and plain.startswith(word))]
    close = difflib.get_close_matches(word, names, n=1)
    return part_of[-1] if part_of else names[close[0]] if close else ""


def recognise(rows: Iterable[Row]) -> System | None:
    """Return the system whose export has one of these rows as its header, if there is exactly one.

    A result is not an export, even if it is that of an export whose headings were mapped.
    """
    headers = [row.cells for row in rows if not any(map(is_result_heading, row.cells.values()))]
    found = {system.name: system for cells in headers for system in _identified(_keys(cells))}
    return next(iter(found.values())) if len(found) == 1 else None


def choose_layout(file: str, system: System, headings: Mapping[str, str], mapped: Collection[str]) -> Layout:
    """Choose the layout of a system that fits the headings of a file best.

    Args:
        file: its name, for messages.
        system: the system that `--from` names.
        headings: of the header row.
        mapped: the headings that the user maps to columns.

    Raises:
        SheetError: none fits.
    """
    keys = _keys(headings)
    layout = max(system.layouts, key=lambda layout: (layout.identifies(keys), _known(layout, keys)))
    if system.kind is not FileKind.TABLE:
        return layout
    if not layout.identifies(keys) and len(_OURS & keys) > _known(layout, keys):
        raise not_an_export(file, system)
    is_known = layout.identifies(keys) or mapped or any(heading_key(own) in keys for own in layout.own_headings())
    if (heading_key(layout.number) in keys or mapped) and _known(layout, keys) >= _FEWEST_KNOWN and is_known:
        return layout
    raise not_an_export(file, system)


def not_an_export(file: str, system: System) -> SheetError:
    """Make the error for a file that is not an export of the system that `--from` names."""
    needed = join_and([f'"{heading}"' for heading in system.layouts[0].identified_by[0]])
    return SheetError(
        f"{file} is not {with_article(system)} export, which has the headings {needed}. Check it, or omit --from: "
        "exports are recognised.",
        ProblemCode.NO_HEADER,
    )


def refuse_export(file: str, rows: Iterable[Row]) -> None:
    """Raise an error if one of the first rows of a file is the header of another system's export.

    Raises:
        SheetError: it is one, and was given without `--from`.
    """
    if system := recognise(rows):
        raise export_error(file, system)


def export_error(file: str, system: System) -> SheetError:
    """Make the error for an export that was given without `--from`."""
    return SheetError(
        f"{file} is {with_article(system)} export. Read it as one: --from {system.name}.",
        ProblemCode.OTHER_SYSTEM,
    )


def with_article(system: System) -> str:
    """The title of a system with its article: a FreePBX, an Asterisk."""
    return f"{'an' if system.title[0] in 'AEI' else 'a'} {system.title}"


def _identified(keys: Collection[str]) -> list[System]:
    return [system for system in SYSTEMS if any(layout.identifies(keys) for layout in system.layouts)]


def _known(layout: Layout, keys: Collection[str]) -> int:
    return len({heading_key(heading) for heading in layout.known_headings()}.intersection(keys))


def _keys(cells: Mapping[str, str]) -> frozenset[str]:
    """The headings in a row, each as its `heading_key`."""
    if len(cells) > _WIDEST:
        return frozenset()
    return frozenset(heading_key(text) for text in cells.values() if 0 < len(text) <= _LONGEST)
