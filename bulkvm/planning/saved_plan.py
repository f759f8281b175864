"""Plans that are saved for approval, and what has changed since: a plan is sent as it was approved, or not at all.

A saved row is a JSON object. It holds what the row sends, and the whole box as it was when the plan was made. PINs and
undocumented fields are replaced by seals, which show whether two values are equal and nothing else without the key.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, TypeAlias

from bulkvm.columns import COLUMN_OF_HEADER
from bulkvm.model.box import BLANK, NOT_KNOWN, Box, Record
from bulkvm.model.change import Change, ChangeKind, Plan
from bulkvm.model.outcome import Status
from bulkvm.model.problem import Problem, ProblemCode
from bulkvm.pbx import lasting_values
from bulkvm.planning.comparison import HEADERS
from bulkvm.text import join_and, printable, quoted

SavedRow: TypeAlias = Mapping[str, Any]

REFUSED: Final = "refused"
LEFT_OUT: Final = "left out"
_GENERATED: Final = {"generated": True}
_TO_SEND: Final = frozenset({ChangeKind.CREATE, ChangeKind.UPDATE})
_CONFIRMED: Final = frozenset({Status.CREATED, Status.UPDATED})


def save_rows(
    plan: Plan,
    others: Mapping[int, tuple[str, str, str]],
    generated: Collection[int],
    seal: Callable[[str, str], str],
) -> list[SavedRow]:
    """Save the rows of a plan, in the order of the sheet.

    Args:
        plan: the plan.
        others: the rows that are not in the plan: extension, REFUSED or LEFT_OUT, and the reason.
        generated: the rows whose PIN is generated.
        seal: seals a PIN for an extension.
    """
    rows = [_save(change, seal, has_generated_pin=change.record.row in generated) for change in plan.changes]
    rows += [
        {"row": row, "extension_number": extension, "change": change, "reason": reason}
        for row, (extension, change, reason) in others.items()
    ]
    return sorted(rows, key=lambda row: row["row"])


def find_changes_since(
    saved: Sequence[SavedRow], current: Sequence[SavedRow], sent_before: Mapping[int, Status]
) -> list[Problem]:
    """Find every way in which a plan that is made now differs from a saved one of the same sheet.

    Args:
        saved: the rows of the saved plan.
        current: the rows of the plan that is made now.
        sent_before: the rows that an earlier run of the saved plan has sent, or may have sent.
    """
    now = _by_row(current)
    done = _done_rows(saved, now, sent_before)
    return [
        problem
        for row in saved
        if row["row"] not in done
        for problem in _compare(row, now.get(row["row"], {"change": LEFT_OUT}), sent_before.get(row["row"]))
    ]


def exact_plan(
    plan: Plan, saved: Sequence[SavedRow], current: Sequence[SavedRow], sent_before: Mapping[int, Status]
) -> Plan:
    """The plan to send if nothing has changed since: without the rows that are done, and for unchanged boxes only."""
    done = _done_rows(saved, _by_row(current), sent_before)

    def exact(change: Change) -> Change:
        if change.record.row in done:
            return replace(change, kind=ChangeKind.UNCHANGED, differences=())
        return replace(change, is_exact=True)

    return replace(plan, changes=tuple(map(exact, plan.changes)))


def _by_row(rows: Sequence[SavedRow]) -> dict[int, SavedRow]:
    return {row["row"]: row for row in rows}


def _done_rows(saved: Sequence[SavedRow], now: Mapping[int, SavedRow], sent_before: Mapping[int, Status]) -> set[int]:
    """The rows of a saved plan whose change was made: by an earlier run of it, or, if all changes were, by anyone."""
    to_send = {row["row"] for row in saved if row["change"] in _TO_SEND}
    unchanged = {row for row in to_send if now.get(row, {}).get("change") == ChangeKind.UNCHANGED}
    if unchanged == to_send:
        return to_send
    sent = {row for row, status in sent_before.items() if status is not Status.UNKNOWN}
    unseen = {row for row in to_send & sent & now.keys() if _is_unseen_only(now[row])}
    return unchanged & sent_before.keys() | unseen


def unseen_rows(
    saved: Sequence[SavedRow], current: Sequence[SavedRow], sent_before: Mapping[int, Status]
) -> list[SavedRow]:
    """The rows, as they are now, that were sent before, and differ only in fields that the PBX does not show."""
    now = _by_row(current)
    return [now[row] for row in sorted(_done_rows(saved, now, sent_before)) if _is_unseen_only(now[row])]


def _save(change: Change, seal: Callable[[str, str], str], *, has_generated_pin: bool) -> SavedRow:
    number = change.record.extension_number

    def save(header: str, value: Any) -> Any:
        if value is BLANK:
            return None
        if COLUMN_OF_HEADER[header].secret:
            return {"seal": seal(number, value)}
        return list(value) if isinstance(value, tuple) else value

    saved: dict[str, Any] = {"row": change.record.row, "extension_number": number, "change": change.kind.value}
    if change.kind is ChangeKind.UNCHANGED:
        return saved
    if change.box:
        saved["box"] = {"id": change.box.id, **{h: save(h, v) for h, v in _fields(change.box) if v is not NOT_KNOWN}}
        saved["new"] = {d.field: save(d.field, d.new) for d in change.differences}
        saved["unseen"] = list(change.unseen)
    else:
        saved["new"] = {header: save(header, value) for header, value in _fields(change.record) if value is not BLANK}
    if change.undocumented is not None:
        lasting = lasting_values(change.undocumented)
        saved["others"] = {path: seal(number, f"{path}\0{text}") for path, text in lasting.items()}
    if has_generated_pin:
        saved["new"] |= dict.fromkeys((h for h in saved["new"] if COLUMN_OF_HEADER[h].secret), _GENERATED)
    return saved


def _fields(value: Box | Record) -> Iterator[tuple[str, Any]]:
    return ((header, getattr(value, header)) for header in HEADERS)


def _is_unseen_only(row: SavedRow) -> bool:
    """Whether a row updates only fields that the PBX does not show."""
    return row["change"] == ChangeKind.UPDATE and set(row["new"]) == set(row["unseen"])


def _compare(saved: SavedRow, found: SavedRow, sent: Status | None) -> list[Problem]:
    """Describe how a row differs from the plan, or that its box is as it was before an earlier run sent the row."""
    problems = list(_compare_with_plan(saved, found))
    if not problems and saved["change"] in _TO_SEND and sent in _CONFIRMED:
        return [_problem(saved, _describe_reversal(saved))]
    return problems


def _compare_with_plan(saved: SavedRow, found: SavedRow) -> Iterator[Problem]:
    if saved["change"] != found["change"]:
        yield _problem(saved, _describe_kind(saved, found))
        return
    if saved["change"] not in _TO_SEND:
        return
    for header in ("id", *HEADERS):
        old, new = (row.get("box", {}).get(header, NOT_KNOWN) for row in (saved, found))
        if old != new:
            yield _problem(saved, _describe_field(saved, header, old, new), header)
    yield from _compare_others(saved, found)
    sent = [h for h in HEADERS if saved["new"].get(h, NOT_KNOWN) != found["new"].get(h, NOT_KNOWN)]
    if sent and all(saved.get("box", {}).get(h) == found.get("box", {}).get(h) for h in sent):
        titles = join_and([_title(header) for header in sent])
        yield _problem(saved, f"For box {saved['extension_number']}, another {titles} would be sent than in the plan.")


def _compare_others(saved: SavedRow, found: SavedRow) -> Iterator[Problem]:
    """Name the undocumented fields that were changed, as far as the PBX showed them when the plan was made."""
    old, new, number = saved.get("others"), found.get("others"), saved["extension_number"]
    if old is None:
        return
    if new is None:
        yield _problem(saved, f"The PBX no longer shows whether undocumented fields of box {number} were changed.")
    elif changed := sorted(path for path in old.keys() | new.keys() if old.get(path) != new.get(path)):
        names = join_and([printable(path) for path in changed])
        yield _problem(saved, f"Box {number} was changed in undocumented fields of the PBX: {names}.")


def _describe_kind(saved: SavedRow, found: SavedRow) -> str:
    number = saved["extension_number"]
    match saved["change"]:
        case ChangeKind.CREATE:
            planned = f"The plan creates box {number}"
        case ChangeKind.UPDATE:
            planned = f"The plan changes box {number} in {_names(saved)}"
        case ChangeKind.UNCHANGED:
            planned = f"The plan does not change box {number}"
        case _:
            planned = "The plan does not send this row"
    match found["change"]:
        case ChangeKind.CREATE if saved["change"] in {ChangeKind.UPDATE, ChangeKind.UNCHANGED}:
            return f"{planned}, and the box no longer exists."
        case ChangeKind.CREATE:
            return f"{planned}, and now it could be created."
        case ChangeKind.UPDATE if saved["change"] == ChangeKind.CREATE:
            text = _describe_differences(found, "it")
            return f"{planned}, and the box exists now. {text[0].upper()}{text[1:]}."
        case ChangeKind.UPDATE:
            return f"{planned}, and now {_describe_differences(found, 'the box')}."
        case ChangeKind.UNCHANGED:
            return f"{planned}, and the box has the values of the sheet already."
        case _:
            return f"{planned}, and now the row is {found['change']}: {found.get('reason', '')}".rstrip(": ")


def _describe_reversal(saved: SavedRow) -> str:
    number = saved["extension_number"]
    if saved["change"] == ChangeKind.CREATE:
        return f"An earlier run of this plan created box {number}, and the box no longer exists."
    return (
        f"An earlier run of this plan changed box {number} in {_names(saved)}, and the box has its former values now."
    )


def _describe_differences(found: SavedRow, box: str) -> str:
    """Name the fields in which a box differs from the sheet, and those that cannot be compared."""
    hidden = [_title(header) for header in found["new"] if header in found["unseen"]]
    shown = [_title(header) for header in found["new"] if header not in found["unseen"]]
    texts = [f"{box} differs from the sheet in {join_and(shown)}"] if shown else []
    if hidden:
        what = "it" if len(hidden) == 1 else "they"
        texts.append(f"the PBX does not show its {join_and(hidden)}, so {what} cannot be compared")
    return join_and(texts)


def _describe_field(saved: SavedRow, header: str, old: Any, new: Any) -> str:
    number = saved["extension_number"]
    if header == "id":
        return f"Box {number} was deleted and created again: the PBX shows another id."
    title = _title(header)
    if COLUMN_OF_HEADER[header].secret and NOT_KNOWN not in (old, new):
        return f"The {title} of box {number} was changed."
    return f"{title} of box {number} was {_shown(header, old)}, and is {_shown(header, new)} now."


def _shown(header: str, value: Any) -> str:
    if value is NOT_KNOWN:
        return "not shown"
    if COLUMN_OF_HEADER[header].secret and value is not None:
        return "shown"
    if value is None or value == []:
        return "blank"
    return quoted(value) if isinstance(value, str) else printable(COLUMN_OF_HEADER[header].format(value))


def _names(row: SavedRow) -> str:
    return join_and([_title(header) for header in row["new"]])


def _title(header: str) -> str:
    column = COLUMN_OF_HEADER[header]
    return column.title if column.secret else column.title[:1].lower() + column.title[1:]


def _problem(row: SavedRow, message: str, header: str | None = None) -> Problem:
    column = header if header in COLUMN_OF_HEADER else None
    message = message[:1].upper() + message[1:]
    return Problem(row=row["row"], column=column, code=ProblemCode.PLAN_OUTDATED, message=message)
