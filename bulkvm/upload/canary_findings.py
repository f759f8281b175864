"""Finds deviations of a box that was read back from what was sent, and side effects of an update."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from bulkvm.columns import COLUMN_OF_HEADER, COLUMNS, Column
from bulkvm.columns.mask_digits import may_be_mask
from bulkvm.model.box import BLANK, NOT_KNOWN, Box
from bulkvm.model.change import Change
from bulkvm.pbx import WholeBox, find_field_changes, is_nothing
from bulkvm.planning import fields_not_applied, find_exact_differences, is_empty
from bulkvm.text import printable

_MAX_SHOWN: Final = 60  # characters of a value
_SECRET_WORDS: Final = ("pin", "pass", "secret", "token", "key", "auth", "credential")  # in the name of a field
_HIDDEN: Final = "a value that is not shown here"


@dataclass(frozen=True, slots=True)
class Findings:
    """How a box that was read back deviates.

    Attributes:
        not_saved: the fields that do not have the value that was sent.
        texts: a description of each deviation, side effects included.
        not_cleared: the fields that were to be blank and are not: leaving them out of the update did not clear them.
    """

    not_saved: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()
    not_cleared: tuple[str, ...] = ()


def find_deviations(change: Change, before: WholeBox | None, after: WholeBox, shown: Box) -> Findings:
    """Compare a box that was read back with what was sent, and with what it was before.

    Fields that the PBX does not show cannot deviate.

    Args:
        change: the change that was sent.
        before: the box right before an update, None if it was created.
        after: the box as it is now.
        shown: the same, completed with what only a list shows.
    """
    differing = [
        header
        for header in fields_not_applied(change, change.record, shown)
        if change.box is None or header in change.changed
    ]
    not_saved = tuple(header for header in differing if _wanted(change, header) is not BLANK)
    not_cleared = tuple(header for header in differing if header not in not_saved)
    texts = [
        f"{_title(header)}: sent {_show(header, _wanted(change, header))}, "
        f"reads back {_show(header, getattr(shown, header))}"
        for header in not_saved
    ]
    if before:
        texts += _side_effects(change, before, after)
    return Findings(not_saved, tuple(texts), not_cleared)


def _wanted(change: Change, header: str) -> Any:
    return getattr(change.wanted or change.record, header)


def _side_effects(change: Change, before: WholeBox, after: WholeBox) -> Iterator[str]:
    """What an update did to fields that it should not change."""
    changed = {difference.field: difference for difference in find_exact_differences(after.box, before.box)}
    for column in COLUMNS:
        header = column.header
        if not column.updatable or header in change.changed:
            continue
        old, new = getattr(before.box, header), getattr(after.box, header)
        if may_be_mask(column, old) or may_be_mask(column, new):
            continue
        if header in changed:
            yield f"{column.title}: was {_show(header, old)}, reads back {_show(header, new)}"
        elif new is NOT_KNOWN and not is_nothing(before.fields.get(header)) and is_nothing(after.fields.get(header)):
            yield f"{column.title}: was {_show(header, old)}, is no longer shown"
    for found in find_field_changes(before, after):
        name, old = printable(found.path), _show_undocumented(found.path, found.old)
        if found.is_lost:
            yield f"{name}: lost (it was {old})"
        else:
            yield f"{name}: was {old}, reads back {_show_undocumented(found.path, found.new)}"


def _title(header: str) -> str:
    return COLUMN_OF_HEADER[header].title


def _show(header: str, value: Any) -> str:
    column: Column = COLUMN_OF_HEADER[header]
    if is_empty(value):
        return "nothing"
    if column.secret:
        return _HIDDEN
    return _quote(column.format(value))


def _show_undocumented(path: str, value: Any) -> str:
    if any(word in path.lower() for word in _SECRET_WORDS):
        return _HIDDEN
    return _quote(value) if isinstance(value, str) else printable(_shorten(json.dumps(value)))


def _quote(text: str) -> str:
    return f'"{printable(_shorten(text))}"'


def _shorten(text: str) -> str:
    return text if len(text) <= _MAX_SHOWN else f"{text[:_MAX_SHOWN]}..."
