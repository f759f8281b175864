"""Finds values that a list truncates or shows otherwise, by fetching some of its boxes."""

from collections.abc import Collection, Iterable, Mapping
from heapq import nlargest
from itertools import islice
from typing import Final

from bulkvm.columns import COLUMNS
from bulkvm.model.box import BLANK, NOT_KNOWN, Box
from bulkvm.text import count

_PROBES: Final = 3  # boxes; the longest name in a list that truncates at the end of a word may be a complete one
_BLANKS: Final = (BLANK, NOT_KNOWN, ())
_OPTIONAL: Final = ("recipients", "prompt")
_COMPARED: Final = tuple(c.header for c in COLUMNS if not c.secret and c.header != "name")
_ELLIPSES: Final = ("...", "…")


def choose_probes(listed: Iterable[Box]) -> list[Box]:
    """Choose the boxes to fetch.

    Returns:
        Those with the longest names, one whose name ends in an ellipsis, one with the most recipients, and one for each
        field that may be blank because the list does not show it.
    """
    boxes = list(listed)
    marked, others = _by_ellipsis(boxes)
    most = nlargest(1, boxes, key=lambda box: len(str(box.recipients)))
    blank = [box for name in _OPTIONAL for box in islice((b for b in boxes if getattr(b, name) in _BLANKS), 1)]
    chosen = *nlargest(_PROBES, others, key=_length), *marked[:1], *most, *blank
    return list({box.id: box for box in chosen}.values())


def shows_other_values(listed: Box, single: Box) -> bool:
    """Whether a list shows a box with other values than a single answer, apart from its name and its PIN."""
    pairs = ((getattr(listed, name), getattr(single, name)) for name in _COMPARED)
    return any(shown != value and shown is not NOT_KNOWN and value not in _BLANKS for shown, value in pairs)


def find_truncated(listed: Collection[Box], fetched: Mapping[str, Box]) -> list[Box]:
    """Find the boxes whose names may be truncated.

    Args:
        listed: the boxes as they were listed.
        fetched: the probes as they were fetched, by id.

    Returns:
        The boxes whose names end in an ellipsis. Also, if the list truncates names without one, those whose names have
        the greatest length, or all boxes if it truncates at the end of a word.
    """
    marked, others = _by_ellipsis(listed)
    pairs = [(str(box.name), str(fetched[box.id].name)) for box in others if box.id in fetched]
    cut = [(name, whole) for name, whole in pairs if name != whole]
    if not cut:
        return marked
    if not all(whole.startswith(name) and whole[len(name) - 1 : len(name) + 1].isalnum() for name, whole in cut):
        return list(listed)
    longest = max(map(_length, others))
    return [*marked, *(box for box in others if _length(box) >= longest - 1)]  # a space at the end may be left out


def describe_unchecked(listed: Iterable[Box]) -> str:
    """Describe names that may be truncated because no box can be fetched."""
    marked, others = _by_ellipsis(listed)
    text = "The PBX does not show single boxes to this user, so names that its list truncates cannot be completed."
    if marked:
        return f"{text} {count(len(marked), 'name')} in it {'end' if len(marked) > 1 else 'ends'} in an ellipsis."
    longest = max(others, key=_length)
    return f"{text} The longest name in it has {_length(longest)} characters (box {longest.extension_number})."


def _by_ellipsis(listed: Iterable[Box]) -> tuple[list[Box], list[Box]]:
    """The boxes whose names end in an ellipsis, and the others that have a name."""
    marked: list[Box] = []
    others: list[Box] = []
    for box in listed:
        if isinstance(box.name, str):
            (marked if box.name.endswith(_ELLIPSES) else others).append(box)
    return marked, others


def _length(box: Box) -> int:
    return len(str(box.name))
