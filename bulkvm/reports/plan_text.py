"""What a run would do, in words."""

from collections.abc import Callable, Iterator, Mapping, Sequence

from bulkvm.box import BLANK, NOT_KNOWN, Absent, Record, Value
from bulkvm.changes import Change, ChangeKind, Difference, Plan
from bulkvm.columns import CLEAR, COLUMN_OF_HEADER, COLUMNS
from bulkvm.outcomes import Status
from bulkvm.printable import printable
from bulkvm.reports.problem_texts import count

_OF_SHEETS = frozenset({ChangeKind.UPDATE, ChangeKind.UNCHANGED})  # and no new box

_WORDS = {
    ChangeKind.CREATE: "to create",
    ChangeKind.UPDATE: "to update",
    ChangeKind.UNCHANGED: "unchanged",
    ChangeKind.REMOVE: "to remove",
}


def render_counts(counts: Mapping[Status, int] | Mapping[ChangeKind, int]) -> str:
    """Say how many rows there are and what they come to: `50 rows: 40 created, 10 rejected`."""
    told = [f"{n:,} {_WORDS[kind] if isinstance(kind, ChangeKind) else kind}" for kind, n in counts.items() if n]
    return ": ".join(filter(None, (count(sum(counts.values()), "row"), ", ".join(told))))


def render_plan(plan: Plan, *, most: int = 20) -> str:
    """Tell a plan: its counts, then the rows that change, at most so many of each kind. A PIN is never shown."""
    lines = [f"{render_counts(plan.counts)}. The PBX has {count(plan.existing, 'box', 'boxes')} now."]
    for kind, heading, render in (
        (ChangeKind.CREATE, "New boxes", _render_create),
        (ChangeKind.UPDATE, "Boxes that change", _render_update),
        (ChangeKind.REMOVE, "Boxes that are removed, with the messages in them", _render_title),
    ):
        changes = [change for change in plan.changes if change.kind is kind]
        lines += _render_some(heading, [render(change) for change in changes[:most]], len(changes))
    lines += _explain(plan.changes)
    return "\n".join(lines)


def _render_some(heading: str, told: Sequence[str], total: int) -> Iterator[str]:
    if told:
        yield from ("", f"{heading}:", *told)
    if total > len(told):
        yield f"  ... and {total - len(told):,} more"


def _render_create(change: Change) -> str:
    name = change.record.name
    return (
        f"  row {change.record.row}: {change.record.extension_number} {'' if name is BLANK else _shown(name)}".rstrip()
    )


def _render_title(change: Change) -> str:
    name = change.box.name if change.box else NOT_KNOWN
    title = f"  row {change.record.row}: {change.record.extension_number}"
    return f"{title} {_shown(name)}" if isinstance(name, str) else title


def _render_update(change: Change) -> str:
    return "\n".join([_render_title(change), *(f"    {_render_difference(d)}" for d in change.differences)])


def _render_difference(difference: Difference) -> str:
    column = COLUMN_OF_HEADER[difference.field]
    if column.secret:
        return f"{column.title}: changes (not shown)"
    old, new = (_render_value(value, column.format) for value in (difference.old, difference.new))
    return f"{column.title}: {old} -> {new}"


def _render_value(value: Value | Absent, to_text: Callable[[Value], str]) -> str:
    if value is NOT_KNOWN:
        return "(not known)"
    if value is BLANK or value == ():
        return "(none)"
    return _shown(value) if isinstance(value, str) else printable(to_text(value))


def _shown(text: str) -> str:
    return f'"{printable(text)}"'


def _explain(changes: Sequence[Change]) -> list[str]:
    """Say what blank cells and <clear> come to, where there are any."""
    new = [change.record for change in changes if change.kind is ChangeKind.CREATE]
    existing = [change.record for change in changes if change.kind in _OF_SHEETS and not change.wanted]
    cleared = sum(change.record.recipients == () for change in changes)
    lines = []
    if any(map(_has_blank, existing)):
        lines.append("Blank cells keep what is there.")
    if any(map(_has_blank, new)):
        lines.append("What is blank for a new box is left to the PBX.")
    if cleared:
        lines.append(f"{CLEAR} takes all recipients off, in {count(cleared, 'row')}.")
    return ["", *lines] if lines else []


def _has_blank(record: Record) -> bool:
    return any(getattr(record, column.header) is BLANK for column in COLUMNS if column.updatable)
