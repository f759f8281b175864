"""Checks across the cells of a row, and across rows."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from operator import sub
from typing import Final

from bulkvm.columns import COLUMN_OF_HEADER, KEY_COLUMN, NAME_COLUMN, PIN_COLUMN
from bulkvm.model.box import BLANK, Blank, Record
from bulkvm.model.problem import Fault, Problem, ProblemCode
from bulkvm.text import count, join_and

RowFault = tuple[int, str, Fault]  # row, the column's header, what is wrong

_NOTIFICATION: Final = frozenset({"enable_email_notify", "recipients"})
NO_EXTENSION: Final = Fault(
    ProblemCode.EXTENSION_MISSING,
    "The extension is missing, so the row cannot be matched to a box. Fill it in, or delete the row. If the row "
    "continues the one above it, move its values there first.",
)
_PIN_IS_EXTENSION: Final = Fault(
    ProblemCode.PIN_IS_EXTENSION,
    "The PIN is the extension, which is easy to guess. Choose another one.",
)
_NAMED: Final = 5  # rows that a message names
_COMPARED_DIGITS: Final = 18  # the last ones of a PIN


def check_rows(records: Sequence[Record], unread: Mapping[str, Collection[int]]) -> Iterator[RowFault]:
    """Warn of cells that contradict each other, and of names and PINs that several boxes have.

    Args:
        records: of all rows.
        unread: for each column of the sheet, the rows whose cells could not be read. They are not checked.
    """
    unread_rows = {row for header in _NOTIFICATION for row in unread.get(header, ())}
    has_both = unread.keys() >= _NOTIFICATION
    if has_both:
        one_sided = (r for r in _one_sided(records) if r.extension_number and r.row not in unread_rows)
        yield from map(_notification_fault, one_sided)
    same = [record.row for record in records if record.pin == record.extension_number]
    yield from ((row, PIN_COLUMN.header, _PIN_IS_EXTENSION) for row in same)
    yield from _shared(
        records,
        [name if (name := r.name) is BLANK else name.casefold() for r in records],
        NAME_COLUMN.header,
        _name_twice,
    )
    yield from _shared(records, [r.pin for r in records], PIN_COLUMN.header, _pin_shared)


def check_notification_columns(
    records: Sequence[Record], headers: Collection[str], *, is_export: bool
) -> Iterator[Problem]:
    """Warn once if the sheet has only one of the columns for e-mail, and boxes need both.

    The columns of another system's export are not those of bulkvm, so the missing one is in a clean copy only.
    """
    lacking = _NOTIFICATION.difference(headers)
    rows = len(_one_sided(records)) if len(lacking) == 1 else 0
    if not rows:
        return
    title = COLUMN_OF_HEADER[next(iter(lacking))].title
    if "recipients" in headers:
        code, what = ProblemCode.RECIPIENTS_UNUSED, "has recipients" if rows == 1 else "have recipients"
        effect = "A new box sends no e-mail, and an existing one keeps its setting."
        effect += "" if is_export else " Add the column to turn e-mail on."
    else:
        code, what = ProblemCode.NOTIFY_NOBODY, "turns e-mail on" if rows == 1 else "turn e-mail on"
        effect = "No one will be notified unless the boxes already have recipients."
    yield Problem(
        row=None,
        code=code,
        message=f'{count(rows, "row")} {what}, but there is no column "{title}". {effect}',
        option="To turn e-mail on, write a copy with `validate --clean`, and fill in its column." if is_export else "",
    )


def check_counting_pins(records: Sequence[Record], letter: str) -> Iterator[Problem]:
    """Warn once of PINs that count up or down by one in at least three rows, as in a column filled by Excel.

    PINs that are the extensions are a problem of their own. `letter` is that of the PINs.
    """
    filled = [record for record in records if record.pin is not BLANK and str(record.pin).isdecimal()]
    pins = [int(str(record.pin)[-_COMPARED_DIGITS:]) for record in filled]
    steps = list(map(sub, pins[1:], pins))
    found: set[int] = set()
    for place, (step, next_step) in enumerate(pairwise(steps)):
        if step == next_step and abs(step) == 1:
            run = filled[place : place + 3]
            if len({len(str(record.pin)) for record in run}) == 1 and all(r.pin != r.extension_number for r in run):
                found.update(record.row for record in run)
    if found:
        first = join_and([f"{letter}{row}" for row in sorted(found)[:3]])
        yield Problem(
            row=None,
            column=PIN_COLUMN.header,
            code=ProblemCode.PIN_SEQUENCE,
            message=f"the PINs of {len(found):,} rows count up or down from row to row, the first ones in {first}. "
            "Anyone who knows one PIN can guess the others: give each box a PIN that does not follow from another one.",
            option="Or empty these cells, and generate PINs for new boxes with --generate-pins.",
        )


def extension_twice(numbers: Mapping[int, str]) -> Iterator[RowFault]:
    """Report each row whose extension is in another row, too. `numbers` are by row."""
    for number, found in _find_twice(numbers, numbers.values()).items():
        for row in found:
            message = f"{number} is also in {_others(row, found)}. Keep only one of them."
            yield row, KEY_COLUMN.header, Fault(ProblemCode.EXTENSION_TWICE, message)


def indistinct_rows(numbers: Mapping[int, str], ids: Mapping[int, str]) -> set[int]:
    """The rows whose extension is not unique, and whose ids, by row, do not distinguish them."""
    twice = _find_twice(numbers, numbers.values()).values()
    return {row for rows in twice if len({ids.get(row) or "" for row in rows} - {""}) < len(rows) for row in rows}


def _notification_fault(record: Record) -> RowFault:
    if record.enable_email_notify is True:
        message = (
            "E-mail is on, but there are no recipients. No one will be notified unless the box already has recipients."
        )
        return record.row, "recipients", Fault(ProblemCode.NOTIFY_NOBODY, message)
    if record.enable_email_notify is BLANK:
        message = (
            "There are recipients, and this cell is blank: a new box sends no e-mail, and an existing one keeps its "
            "setting. Write yes if they should be notified."
        )
    else:
        message = "There are recipients, but e-mail is off. Write yes if they should be notified."
    return record.row, "enable_email_notify", Fault(ProblemCode.RECIPIENTS_UNUSED, message)


def _one_sided(records: Iterable[Record]) -> list[Record]:
    """The records with e-mail on and no recipients, or off with some."""
    return [r for r in records if (r.enable_email_notify is True) is (r.recipients is BLANK or not r.recipients)]


def _shared(
    records: Sequence[Record], values: Sequence[str | Blank], header: str, fault: Callable[[str], Fault]
) -> Iterator[RowFault]:
    twice = _find_twice((record.row for record in records), values)
    numbers = {record.row: record.extension_number for record in records} if twice else {}
    for found in twice.values():
        if len({numbers[row] or row for row in found}) > 1:  # and not rows of one box, which is an error of its own
            yield from ((row, header, fault(_others(row, found))) for row in found)


def _name_twice(others: str) -> Fault:
    return Fault(
        ProblemCode.NAME_TWICE,
        f"The same name is in {others}. If these are different boxes, give each its own name.",
    )


def _pin_shared(others: str) -> Fault:
    return Fault(
        ProblemCode.PIN_SHARED,
        f"The same PIN is in {others}. Anyone who knows it can listen to all of them: give each box its own PIN.",
    )


def _find_twice(rows: Iterable[int], values: Collection[str | Blank]) -> Mapping[str, Sequence[int]]:
    """Find the values of several rows, with these rows."""
    distinct = set(values)
    blanks = len([value for value in values if value is BLANK]) - 1 if BLANK in distinct else 0
    if len(distinct) + blanks == len(values):  # nearly always
        return {}
    del distinct
    # Only duplicates are collected: a sheet may have a million rows with different values.
    seen: set[str | Blank] = {BLANK}
    twice: set[str | Blank] = set()
    for value in values:
        (twice if value in seen else seen).add(value)
    found: defaultdict[str, list[int]] = defaultdict(list)
    for row, value in zip(rows, values, strict=True):
        if value is not BLANK and value in twice:
            found[value].append(row)
    return found


def _others(row: int, rows: Sequence[int]) -> str:
    """Name the other rows: `row 5`, `rows 5, 9 and 12 more`."""
    named = [str(other) for other in rows[: _NAMED + 1] if other != row][:_NAMED]
    rest = len(rows) - 1 - len(named)
    words = ", ".join(named) + (f" and {rest} more" if rest else "")
    return f"row{'s' if len(rows) > 2 else ''} {words}"  # noqa: PLR2004  (the row itself and one other)
