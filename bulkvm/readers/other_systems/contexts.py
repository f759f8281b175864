"""The contexts of an export: the same number in two of them is two different boxes."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Final

from bulkvm.columns import KEY_COLUMN
from bulkvm.columns.cell_display import STRIP_CHARS, sheet_option, shown_number
from bulkvm.model.problem import Problem, ProblemCode
from bulkvm.model.sheet import Sheet
from bulkvm.readers.other_systems.export_columns import ExportColumns
from bulkvm.readers.other_systems.system import FileKind
from bulkvm.text import join_and, join_limited

_MAX_LISTED: Final = 6


def contexts_of(raw: Sheet, columns: ExportColumns, boxes: Collection[int]) -> dict[int, str]:
    """The context of each row that is read as a box, in the order of the file; none if the export has no contexts."""
    letter = columns.find(columns.layout.context)
    texts = raw.texts(letter).items() if letter else ()
    return {row: text.strip(STRIP_CHARS) for row, text in texts if row in boxes and text.strip(STRIP_CHARS)}


def count_contexts(contexts: Mapping[int, str]) -> dict[str, int]:
    """How many boxes are in each context; none if there is only one context."""
    counted = Counter(contexts.values())
    return dict(counted) if len(counted) > 1 else {}


def find_doubtful_numbers(
    raw: Sheet, columns: ExportColumns, contexts: Mapping[int, str], kind: FileKind
) -> Iterator[Problem]:
    """Report the numbers that several contexts have: only one of them can be meant."""
    letters = columns.letters().get(KEY_COLUMN.header, ())
    numbers = raw.texts(letters[0]) if letters else {}
    places: dict[str, dict[str, None]] = {}
    for row, context in contexts.items():
        if number := numbers.get(row, "").strip(STRIP_CHARS):
            places.setdefault(number, {})[context] = None
    twice = {number: names for number, names in places.items() if len(names) > 1}
    if not twice:
        return
    names = list(dict.fromkeys(name for found in twice.values() for name in found))
    listed = join_limited([shown_number(number) for number in twice], _MAX_LISTED)
    is_file = kind is FileKind.VOICEMAIL_CONF
    remedy = "" if is_file else " Delete the rows of the others, or give them numbers of their own."
    yield Problem(
        row=None,
        code=ProblemCode.EXTENSION_TWICE,
        message=f"the contexts {join_names(names)} have the same numbers: {listed}. Only one of them can be read."
        + remedy,
        option=f"Choose it with {sheet_option(names[0])}." if is_file else "",
    )


def join_names(names: Sequence[str]) -> str:
    """The names of contexts as a list; of many, only the first ones."""
    shown_names = list(map(shown_number, names))
    return join_and(shown_names) if len(names) <= _MAX_LISTED else join_limited(shown_names, _MAX_LISTED)
