"""A box as the PBX shows it, with the fields that bulkvm does not know, and what an update did to these."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from bulkvm.box import Box
from bulkvm.columns import COLUMN_OF_HEADER

# Words in the name of a field that the PBX itself keeps up to date.
_VOLATILE: Final = frozenset(
    {"etag", "version", "revision", "hash", "checksum", "updated", "modified", "changed", "last"}
)
_WORD: Final = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
_DEEPEST: Final = 8  # levels, below which values are compared as a whole
_FIRST_EPOCH: Final = 1_000_000_000  # smaller numbers are no time of this century


@dataclass(frozen=True, slots=True)
class WholeBox:
    """One box: what bulkvm knows of it, and all `fields` as the PBX shows them."""

    box: Box
    fields: Mapping[str, Any] = field(repr=False)

    def to_json(self) -> str:
        """All fields, in ASCII."""
        return json.dumps(self.fields)


@dataclass(frozen=True, slots=True)
class FieldChange:
    """An undocumented field that is not as it was. `path` names it, with dots where it is within another one."""

    path: str
    old: Any = field(repr=False)
    new: Any = field(repr=False)
    is_lost: bool


def find_field_changes(before: WholeBox, after: WholeBox) -> tuple[FieldChange, ...]:
    """The undocumented fields that an update lost or changed.

    What the PBX keeps itself may change: times that grow, counters, and what is called version, updated_by or the like.
    A new field is no loss.
    """
    names = [name for name in before.fields if name not in COLUMN_OF_HEADER]
    return tuple(
        change for name in names for change in _compare(name, before.fields[name], after.fields.get(name), depth=1)
    )


def is_nothing(value: Any) -> bool:
    """Whether a field without this value would hold as much."""
    return value is None or (isinstance(value, str | list | dict) and not value)


def _compare(path: str, old: Any, new: Any, *, depth: int) -> Iterator[FieldChange]:
    if is_nothing(old):
        return
    if is_nothing(new):
        yield FieldChange(path, old, new, is_lost=True)
    elif isinstance(old, dict) and isinstance(new, dict) and depth < _DEEPEST:
        for name, value in old.items():
            yield from _compare(f"{path}.{name}", value, new.get(name), depth=depth + 1)
    elif not _is_same(old, new) and not _is_volatile(path, old, new):
        yield FieldChange(path, old, new, is_lost=False)


def _is_same(old: Any, new: Any) -> bool:
    if isinstance(old, list) and isinstance(new, list):
        return sorted(map(repr, old)) == sorted(map(repr, new))
    return bool(old == new) or str(old) == str(new)


def _is_volatile(path: str, old: Any, new: Any) -> bool:
    words = {word.lower() for word in _WORD.findall(path.rpartition(".")[2])}
    return bool(words & _VOLATILE) or _is_counter(old, new) or _is_time(old, new)


def _is_counter(old: Any, new: Any) -> bool:
    return _is_number(old) and _is_number(new) and abs(new - old) == 1


def _is_time(old: Any, new: Any) -> bool:
    """Whether both are times, and the new one is not before the old one."""
    if _is_number(old) and _is_number(new):
        return bool(_FIRST_EPOCH <= old <= new)
    try:
        return datetime.fromisoformat(old) <= datetime.fromisoformat(new)
    except (TypeError, ValueError):  # not a text, no time, or only one of them with a time zone
        return False


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
