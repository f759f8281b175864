"""What only several cells, or several rows, show together."""

from collections import defaultdict
from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from typing import Final

from bulkvm.box import BLANK, Record
from bulkvm.problems import Fault, Severity

RowFault = tuple[int, str, Fault]  # row, the column's header, what is wrong

_NOTIFICATION: Final = frozenset({"enable_email_notify", "recipients"})
_NAMED: Final = 5  # rows that a message names


def check_rows(records: Sequence[Record], read: Mapping[str, Collection[int]]) -> Iterator[RowFault]:
    """What is doubtful in each row by itself, or beside the other rows.

    Args:
        records: what was understood of each row.
        read: for each column that the sheet has, the rows whose cells could be read. Of others nothing is said.
    """
    for record in records:
        if all(record.row in rows for header, rows in read.items() if header in _NOTIFICATION):
            yield from _check_notification(record)
        if record.pin == record.extension_number:
            yield record.row, "pin", Fault("pin-is-extension", "the PIN is the extension itself.", Severity.WARNING)
    yield from _shared(records, lambda r: r.name.casefold() if r.name is not BLANK else None, "name", _name_twice)
    yield from _shared(records, lambda r: r.pin if r.pin is not BLANK else None, "pin", _pin_shared)


def extension_twice(rows: Sequence[tuple[int, str]]) -> Iterator[RowFault]:
    """An error for each row whose extension stands in another row too."""
    for number, found in _group(rows).items():
        if len(found) > 1:
            for row in found:
                yield (
                    row,
                    "extension_number",
                    Fault("extension-twice", f"{number} stands in {_others(row, found)} too. Keep one of them."),
                )


def _check_notification(record: Record) -> Iterator[RowFault]:
    if record.enable_email_notify is True and not _has_recipients(record):
        yield (
            record.row,
            "recipients",
            Fault(
                "notify-nobody",
                "e-mails are switched on without recipients. Nobody is told, unless the box has some already.",
                Severity.WARNING,
            ),
        )
    if record.enable_email_notify is not True and _has_recipients(record):
        yield (
            record.row,
            "enable_email_notify",
            Fault(
                "recipients-unused",
                "there are recipients, and e-mails are not switched on. Write yes if they are to be told.",
                Severity.WARNING,
            ),
        )


def _has_recipients(record: Record) -> bool:
    return record.recipients is not BLANK and bool(record.recipients)


def _shared(
    records: Iterable[Record],
    key: Callable[[Record], str | None],
    header: str,
    fault: Callable[[str], Fault],
) -> Iterator[RowFault]:
    keyed = ((record.row, key(record)) for record in records)
    for found in _group((row, k) for row, k in keyed if k is not None).values():
        if len(found) > 1:
            yield from ((row, header, fault(_others(row, found))) for row in found)


def _name_twice(others: str) -> Fault:
    return Fault("name-twice", f"the same name stands in {others}.", Severity.WARNING)


def _pin_shared(others: str) -> Fault:
    return Fault("pin-shared", f"the same PIN stands in {others}.", Severity.WARNING)


def _group(keyed: Iterable[tuple[int, Hashable]]) -> dict[Hashable, list[int]]:
    rows: defaultdict[Hashable, list[int]] = defaultdict(list)
    for row, key in keyed:
        rows[key].append(row)
    return rows


def _others(row: int, rows: Sequence[int]) -> str:
    """The other rows, in words: `row 5`, `rows 5, 9 and 12 more`."""
    named = [str(other) for other in rows[: _NAMED + 1] if other != row][:_NAMED]
    rest = len(rows) - 1 - len(named)
    words = ", ".join(named) + (f" and {rest} more" if rest else "")
    return f"row{'s' if len(rows) > 2 else ''} {words}"  # noqa: PLR2004  (the row itself and one other)
