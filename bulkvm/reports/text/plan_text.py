"""Plans and outcomes as text."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from bulkvm.columns import CLEAR, COLUMN_OF_HEADER, COLUMNS, SECRET_HEADERS, Column, FieldKind
from bulkvm.model.box import BLANK, NOT_KNOWN, Absent, Record, Value
from bulkvm.model.change import Change, ChangeKind, Difference, Plan, PlannedStatus
from bulkvm.model.outcome import Outcome, Reason, Status, UndoResult
from bulkvm.model.tenant import Tenant
from bulkvm.text import count, join_and, printable, quoted

MOST_ROWS = 20  # of each kind, unless all are asked for

_CHANGING = (Status.CREATED, Status.UPDATED)
_OF_EXISTING = frozenset({ChangeKind.UPDATE, ChangeKind.UNCHANGED})

_TO_RESTORE = "to restore"
_TO_SEND_UNSEEN = "to update without comparison"
_TO_DO = {
    ChangeKind.CREATE: "to create",
    ChangeKind.UPDATE: "to update",
    ChangeKind.REMOVE: "to delete",
    ChangeKind.KEEP: "to keep",
    ChangeKind.UNCHANGED: "unchanged",
}
_GONE = "gone"
_WITHOUT_REQUEST = (_TO_DO[ChangeKind.KEEP], _GONE, _TO_DO[ChangeKind.UNCHANGED])
_SIGNS = {ChangeKind.CREATE: "+", ChangeKind.UPDATE: "~", ChangeKind.REMOVE: "-"}
_DONE: tuple[str, ...] = (*_CHANGING, *UndoResult, *(status for status in Status if status not in _CHANGING))


def render_counts(counts: Mapping[Status, int] | Mapping[str, int]) -> str:
    """Render counts of rows: `50 rows: 40 created, 10 rejected`."""
    parts = [f"{n:,} {words}" for words, n in counts.items() if n]
    return ": ".join(filter(None, (count(sum(counts.values()), "row"), ", ".join(parts))))


def render_to_send(plan: Plan) -> str:
    """Render what a plan sends: `40 creates and 2 updates`."""
    unseen = sum(change.is_unseen_only for change in plan.changes)
    counts = {**plan.counts, ChangeKind.UPDATE: plan.counts[ChangeKind.UPDATE] - unseen}
    sent = [count(n, kind) for kind, n in counts.items() if n and kind in _SIGNS]
    if unseen:
        sent.append(f"{count(unseen, 'update')} without comparison")
    return join_and(sent)


def render_unseen(rows: Mapping[str, int], done: str = "sent") -> str:
    """Render the fields that the PBX does not show, with the number of rows; empty if there are none.

    For example: `PIN sent in 40 rows; this PBX does not show PINs.`
    """
    return " ".join(
        f"{COLUMN_OF_HEADER[field].title} {done} in {count(n, 'row')}; this PBX does not show "
        f"{'PINs' if field in SECRET_HEADERS else 'this field'}."
        for field, n in rows.items()
    )


def render_outcomes(outcomes: Iterable[Outcome], changes: Mapping[int, Change]) -> str:
    """Render the outcomes of a run. For an undo, updates are shown as `3 restored, 2 deleted`.

    Args:
        outcomes: the outcomes of the rows.
        changes: the changes that the run started, by row.
    """
    return render_words(Counter(_done(outcome, changes.get(outcome.row)) for outcome in outcomes))


def render_words(words: Mapping[str, int]) -> str:
    """Render rows counted by outcome word: `5 rows: 3 restored, 2 deleted`."""
    return render_counts({word.shown if isinstance(word, UndoResult) else word: words.get(word, 0) for word in _DONE})


def render_plan(plan: Plan, tenant: Tenant | None = None, *, most: int = MOST_ROWS, of_sheet: bool = True) -> str:
    """Render a plan: counts, then a limited number of rows of each kind. PINs are never shown.

    Args:
        plan: the plan.
        tenant: the tenant of the boxes.
        most: the maximum number of rows of each kind.
        of_sheet: whether the plan is of a sheet, in which blank cells have a meaning.
    """
    lines = [f"{render_plan_counts(plan)}. {tenant or 'The PBX'} has {count(plan.existing, 'box', 'boxes')} now."]
    for words, (title, render) in _SECTIONS.items():
        heading = title
        changes = [change for change in plan.changes if _to_do(change) == words]
        if any(change.kind is ChangeKind.REMOVE and not change.spares_messages for change in changes):
            heading += _WITH_MESSAGES
        lines += _render_some(heading, [render(change) for change in changes[:most]], len(changes))
    lines += _render_some("Rows left out", list(map(_render_left_out, plan.left_out[:most])), len(plan.left_out))
    lines += _explain(plan.changes) if of_sheet else []
    if of_sheet and not (plan.changes or plan.left_out or plan.refused):
        lines.append("Nothing is left to do: an earlier run completed every row.")
    return "\n".join(lines)


def render_plan_counts(plan: Plan) -> str:
    """Render the rows of a plan by what is to be done: `50 rows: 40 to create, 10 unchanged`."""
    counted = Counter(map(_to_do, plan.changes))
    counts = {words: counted[words] for words in (*_SECTIONS, *_WITHOUT_REQUEST)}
    return render_counts(counts | {Status.LEFT_OUT: len(plan.left_out), PlannedStatus.REFUSED: plan.refused})


def _to_do(change: Change) -> str:
    if change.is_unseen_only:
        return _TO_SEND_UNSEEN
    if change.kind is ChangeKind.KEEP and change.box is None:
        return _GONE
    return _TO_RESTORE if change.wanted else _TO_DO[change.kind]


def _done(outcome: Outcome, change: Change | None) -> str:
    if outcome.reason is Reason.KEPT:
        return UndoResult.KEPT
    if outcome.status is not Status.UPDATED or change is None:
        return outcome.status
    if change.kind is ChangeKind.REMOVE:
        return UndoResult.DELETED
    return UndoResult.RESTORED if change.wanted else Status.UPDATED


def _render_some(heading: str, rows: Sequence[str], total: int) -> Iterator[str]:
    if rows:
        yield from ("", f"{heading}:", *rows)
    if total > len(rows):
        yield f"  ... and {total - len(rows):,} more"


def _render_left_out(outcome: Outcome) -> str:
    words = filter(None, (f"row {outcome.row}", outcome.extension_number, outcome.message))
    return f"  {printable(': '.join(words))}"


def _render_create(change: Change) -> str:
    name = change.record.name
    return f"{_render_place(change)} {'' if name is BLANK else quoted(name)}".rstrip()


def _render_title(change: Change) -> str:
    name = change.box.name if change.box else NOT_KNOWN
    title = _render_place(change)
    return f"{title} {quoted(name)}" if isinstance(name, str) else title


def _render_place(change: Change) -> str:
    return f"  {_SIGNS[change.kind]} row {change.record.row}: {change.record.extension_number}"


def _render_update(change: Change) -> str:
    return "\n".join([_render_title(change), *(f"      {render_difference(d)}" for d in change.differences)])


_WITH_MESSAGES = ", including their messages"
_SECTIONS = {
    _TO_DO[ChangeKind.CREATE]: ("Boxes to create", _render_create),
    _TO_DO[ChangeKind.UPDATE]: ("Boxes to update", _render_update),
    _TO_SEND_UNSEEN: ("Boxes to update without comparison", _render_update),
    _TO_RESTORE: ("Boxes to restore to their former values", _render_update),
    _TO_DO[ChangeKind.REMOVE]: ("Boxes to delete", _render_title),
}


def render_difference(difference: Difference) -> str:
    """Render what happens to a field: `Name: "Desk" -> "Front Desk"`, `Recipients: +a@example.com -b@example.com`."""
    column = COLUMN_OF_HEADER[difference.field]
    if column.secret and difference.old is NOT_KNOWN:
        return f"{column.title}: (not known) -> value in the sheet (not shown)"
    if column.secret:
        return f"{column.title}: changes (not shown)"
    if column.kind is FieldKind.LIST and isinstance(difference.old, tuple) and isinstance(difference.new, tuple):
        return f"{column.title}: {_render_lists(difference.old, difference.new)}"
    return f"{column.title}: {_render_value(difference.old, column)} -> {_render_value(difference.new, column)}"


def render_new(record: Record, pin: str) -> Iterator[str]:
    """Render each field of a new box: `Name: "Desk"`, `PIN: set`, where `pin` is what happens to it."""
    for column in COLUMNS:
        value = getattr(record, column.header, BLANK)
        if column.secret:
            yield f"{column.title}: {pin}"
        elif column.updatable and value is not BLANK:
            yield f"{column.title}: {_render_value(value, column)}"


def find_list_changes(old: Sequence[str], new: Sequence[str]) -> tuple[list[str], list[str]]:
    """The items that are added to a list, and those that are removed from it."""
    before, after = ({item.casefold() for item in items} for items in (old, new))
    return [item for item in new if item.casefold() not in before], [i for i in old if i.casefold() not in after]


def _render_lists(old: Sequence[str], new: Sequence[str]) -> str:
    """Render what is added to a list and removed from it."""
    added, removed = find_list_changes(old, new)
    return printable(" ".join([*(f"+{item}" for item in added), *(f"-{item}" for item in removed)]))


def _render_value(value: Value | Absent, column: Column) -> str:
    if value is NOT_KNOWN:
        return "(not known)"
    if isinstance(value, Absent) or value == ():
        return "(none)"
    if isinstance(value, tuple):
        return printable(", ".join(value))
    text = column.in_words(value)
    return quoted(text) if isinstance(value, str) else printable(text)


def explain_blanks(changes: Sequence[Change]) -> list[str]:
    """Explain the effect of blank cells and <clear>, if there are any."""
    new = [change.record for change in changes if change.kind is ChangeKind.CREATE]
    existing = [change.record for change in changes if change.kind in _OF_EXISTING]
    cleared = sum(change.record.recipients == () for change in changes)
    lines = []
    if any(map(_has_blank, existing)):
        lines.append("Blank cells leave the field unchanged.")
    if any(map(_has_blank, new)):
        lines.append("For new boxes, the PBX decides on blank fields.")
    if cleared:
        lines.append(f"{CLEAR} removes all recipients in {count(cleared, 'row')}.")
    return lines


def _explain(changes: Sequence[Change]) -> list[str]:
    """Explain the effect of blank cells, <clear> and fields that the PBX does not show, if there are any."""
    lines = explain_blanks(changes)
    if unseen := Counter(field for change in changes for field in change.unseen):
        lines.append(f"{render_unseen(unseen)} The values cannot be compared; --keep-unseen leaves them unchanged.")
    if kept := Counter(field for change in changes for field in change.kept):
        lines.append(render_unseen(kept, "not sent"))
    return ["", *lines] if lines else []


def _has_blank(record: Record) -> bool:
    return any(getattr(record, column.header) is BLANK for column in COLUMNS if column.updatable)
