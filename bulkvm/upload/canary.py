"""What is read back of the first box of a run that was written, before any other one is."""

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

_LONGEST: Final = 60
_SECRET: Final = ("pin", "pass", "secret", "token", "key", "auth", "credential")  # in the name of a field


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a box that was read back shows.

    Attributes:
        not_taken: the fields that do not have the value that was sent.
        findings: these, and all else that is not as it should be, in words.
        kept: fields that were to be blank, and are not: leaving them out of the update did not empty them.
    """

    not_taken: tuple[str, ...] = ()
    findings: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()


def judge(change: Change, before: WholeBox | None, after: WholeBox, shown: Box) -> Verdict:
    """Compare a box that was read back with what was sent, and with what it was before.

    What the PBX does not show cannot differ.

    Args:
        change: what was sent.
        before: the box right before it was updated, None where it was created.
        after: the box as it is now.
        shown: the same, with what only a list shows of it.
    """
    differing = [
        header
        for header in fields_not_applied(change, change.record, shown)
        if change.box is None or header in change.changed
    ]
    not_taken = tuple(header for header in differing if _wanted(change, header) is not BLANK)
    kept = tuple(header for header in differing if header not in not_taken)
    findings = [
        f"{_title(header)}: sent {_show(header, _wanted(change, header))}, "
        f"reads back {_show(header, getattr(shown, header))}"
        for header in not_taken
    ]
    if before:
        findings += _side_effects(change, before, after)
    return Verdict(not_taken, tuple(findings), kept)


def _wanted(change: Change, header: str) -> Any:
    return getattr(change.wanted or change.record, header)


def _side_effects(change: Change, before: WholeBox, after: WholeBox) -> Iterator[str]:
    """What an update did to fields that it was not about."""
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
            yield f"{column.title}: was {_show(header, old)}, is not shown any more"
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
        return "a value that is not shown here"
    return _quote(column.format(value))


def _show_undocumented(path: str, value: Any) -> str:
    if any(word in path.lower() for word in _SECRET):
        return "a value that is not shown here"
    return _quote(value) if isinstance(value, str) else printable(_cut(json.dumps(value)))


def _quote(text: str) -> str:
    return f'"{printable(_cut(text))}"'


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."
