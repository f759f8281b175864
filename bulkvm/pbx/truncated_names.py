"""Finds names that a list truncates, by the boxes with the longest names."""

from collections.abc import Collection, Iterable, Mapping
from heapq import nlargest
from typing import Final

from bulkvm.model.box import Box
from bulkvm.text import count

_PROBES: Final = 3  # boxes; the longest name in a list that truncates at the end of a word may be a complete one
_ELLIPSES: Final = ("...", "…")


def choose_probes(listed: Iterable[Box]) -> list[Box]:
    """Choose the boxes to fetch: those with the longest names, and one whose name ends in an ellipsis."""
    marked, others = _by_ellipsis(listed)
    return [*nlargest(_PROBES, others, key=_length), *marked[:1]]


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
