"""A box with all fields that the PBX shows, and how its undocumented fields changed."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from bulkvm.columns import COLUMN_OF_HEADER
from bulkvm.model.box import Box

# Words in the names of fields that the PBX itself updates.
_VOLATILE: Final = frozenset(
    {"etag", "version", "revision", "hash", "checksum", "updated", "modified", "changed", "last"}
)
# Words in the names of numbers that grow as callers use the box.
_USAGE: Final = frozenset({"count", "unread", "messages", "voicemails", "used", "usage", "size", "total", "duration"})
_WORD: Final = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
_MAX_DEPTH: Final = 8  # levels; deeper values are compared as a whole
_MIN_ID_LENGTH: Final = 8  # characters; a text with a digit that is as long may be an id
_MIN_TIMESTAMP: Final = 1_000_000_000  # seconds, in 2001; smaller numbers are not timestamps


@dataclass(frozen=True, slots=True)
class WholeBox:
    """One box: the documented fields as a Box, and all `fields` in JSON.

    `read_at` is the latest time, by `time.monotonic`, at which it is known to have been like this.
    """

    box: Box
    fields: Mapping[str, Any] = field(repr=False)
    read_at: float = field(default=0.0, compare=False)

    def to_json(self) -> str:
        """Format all fields as JSON in ASCII."""
        return json.dumps(self.fields)


@dataclass(frozen=True, slots=True)
class FieldChange:
    """An undocumented field that changed. `path` is its name, with dots for nested fields."""

    path: str
    old: Any = field(repr=False)
    new: Any = field(repr=False)
    is_lost: bool


def find_field_changes(before: WholeBox, after: WholeBox) -> tuple[FieldChange, ...]:
    """Find the undocumented fields that an update lost or changed.

    Fields that the PBX itself updates may change: later timestamps, counters, and names such as version or updated_by.
    A new field is not a change.
    """
    return tuple(
        change
        for name, old in undocumented(before.fields).items()
        for change in _compare(name, old, after.fields.get(name), depth=1)
    )


def undocumented(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The undocumented fields of a box."""
    return {name: value for name, value in fields.items() if name not in COLUMN_OF_HEADER}


def find_set_fields(made: Mapping[str, Any], now: Mapping[str, Any]) -> tuple[str, ...]:
    """Find the undocumented fields that were set, changed or cleared since a box was created.

    Fields that the PBX itself updates do not count: timestamps, and names such as version or message_count.
    """
    names = sorted(undocumented(made).keys() | undocumented(now).keys())
    return tuple(name for name in names if _is_set(name, made.get(name), now.get(name), depth=1))


def lasting_values(fields: Mapping[str, Any]) -> dict[str, str]:
    """The undocumented fields of a box by path, as text: without blank ones, and without those that the PBX updates."""
    return {path: text for name, value in undocumented(fields).items() for path, text in _lasting(name, value, depth=1)}


def find_not_default(
    sample: Mapping[str, Any], boxes: Mapping[str, Mapping[str, Any]]
) -> tuple[Mapping[str, tuple[str, ...]], tuple[str, ...]]:
    """Find the undocumented fields in which boxes differ from the defaults of a new box.

    A value that is different in each box, such as an address or a serial number, is not a default.

    Args:
        sample: the fields of one box right after it was created.
        boxes: the fields of the others, by id.

    Returns:
        The fields by box, and the fields whose default is not known.
    """
    found = {box_id: find_set_fields(sample, fields) for box_id, fields in boxes.items()}
    own = [name for name in sorted({n for names in found.values() for n in names}) if _is_own(name, sample, boxes)]
    return {box_id: tuple(n for n in names if n not in own) for box_id, names in found.items()}, tuple(own)


def _is_own(name: str, sample: Mapping[str, Any], boxes: Mapping[str, Mapping[str, Any]]) -> bool:
    """Whether a field seems to have a different value in each box."""
    value = sample.get(name)
    if is_nothing(value) or isinstance(value, bool):
        return False
    others = [repr(fields.get(name)) for fields in boxes.values()]
    if len(others) > 1:
        return repr(value) not in others and len(set(others)) == len(others)
    return (isinstance(value, int | float) and abs(value) >= _MIN_TIMESTAMP) or (
        len(str(value)) >= _MIN_ID_LENGTH and _has_digit(value)
    )


def _has_digit(value: Any) -> bool:
    return any(character.isdigit() for character in str(value))


def is_nothing(value: Any) -> bool:
    """Whether a value is null or empty."""
    return value is None or (isinstance(value, str | list | dict) and not value)


def _compare(path: str, old: Any, new: Any, *, depth: int) -> Iterator[FieldChange]:
    if is_nothing(old):
        return
    if is_nothing(new):
        yield FieldChange(path, old, new, is_lost=True)
    elif isinstance(old, dict) and isinstance(new, dict) and depth < _MAX_DEPTH:
        for name, value in old.items():
            yield from _compare(f"{path}.{name}", value, new.get(name), depth=depth + 1)
    elif not _is_same(old, new) and not _is_volatile(path, old, new):
        yield FieldChange(path, old, new, is_lost=False)


def _is_set(path: str, old: Any, new: Any, *, depth: int) -> bool:
    if not old and not new:  # null, false, 0 and a missing field are the same
        return False
    words = _words(path)
    if words & _VOLATILE or (words & _USAGE and _is_number(old or 0) and _is_number(new or 0)):
        return False
    if is_nothing(old) or is_nothing(new):
        return True
    if isinstance(old, dict) and isinstance(new, dict) and depth < _MAX_DEPTH:
        return any(_is_set(f"{path}.{n}", old.get(n), new.get(n), depth=depth + 1) for n in old.keys() | new.keys())
    return not _is_same(old, new) and not _is_time(old, new) and not _is_time(new, old)


def _lasting(path: str, value: Any, *, depth: int) -> Iterator[tuple[str, str]]:
    words = _words(path)
    if not value or words & _VOLATILE or (words & _USAGE and _is_number(value)) or _is_time(value, value):
        return
    if isinstance(value, dict) and depth < _MAX_DEPTH:
        for name, inner in value.items():
            yield from _lasting(f"{path}.{name}", inner, depth=depth + 1)
    else:
        yield path, str(sorted(map(str, value)) if isinstance(value, list) else value)


def _is_same(old: Any, new: Any) -> bool:
    if isinstance(old, list) and isinstance(new, list):
        return sorted(map(repr, old)) == sorted(map(repr, new))
    return bool(old == new) or str(old) == str(new)


def _is_volatile(path: str, old: Any, new: Any) -> bool:
    return bool(_words(path) & _VOLATILE) or _is_counter(old, new) or _is_time(old, new)


def _words(path: str) -> set[str]:
    """The words in the name of a field."""
    return {word.lower() for word in _WORD.findall(path.rpartition(".")[2])}


def _is_counter(old: Any, new: Any) -> bool:
    return _is_number(old) and _is_number(new) and abs(new - old) == 1


def _is_time(old: Any, new: Any) -> bool:
    """Whether both are timestamps, and the new one is not before the old one."""
    if _is_number(old) and _is_number(new):
        return bool(_MIN_TIMESTAMP <= old <= new)
    try:
        return datetime.fromisoformat(old) <= datetime.fromisoformat(new)
    except (TypeError, ValueError):  # not a text, not a timestamp, or only one of them has a time zone
        return False


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
