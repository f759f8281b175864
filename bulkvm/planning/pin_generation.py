"""Generates PINs, and warns of old PINs that the current rules refuse."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from bulkvm.columns import PIN_COLUMN, SENT_PIN_HEADING
from bulkvm.columns.pin import without_remedy
from bulkvm.model.box import BLANK, Box, Record
from bulkvm.model.change import Change, ChangeKind
from bulkvm.model.errors import UsageError
from bulkvm.model.problem import Fault, Problem, ProblemCode, Severity
from bulkvm.model.settings import DEFAULT_PIN_POLICY, SET_PIN_LENGTH, PinPolicy
from bulkvm.planning.box_index import BoxIndex
from bulkvm.planning.comparison import box_to_send, find_differences, updated_box

_NOT_NEEDED: Final[Mapping[int, Problem]] = {}
_DIGITS: Final = "0123456789"
_TRIES: Final = 1000
_SENT_ALONG: Final = "An update sends it too, so the PBX may refuse the whole row. Enter a new PIN in the sheet."
_LEFT_OUT: Final = (
    "is shown with a PIN of one repeated digit, which may be a mask for a hidden PIN, so an update leaves it out. If "
    "the PBX refuses that, enter a new PIN."
)
_UNDONE: Final = (
    "Undoing the row sends it again, so the PBX may refuse that. If it does, import the former values with a new PIN."
)


def generate_pin(policy: PinPolicy, extension_number: str, choose: Callable[[Sequence[str]], str]) -> str:
    """Generate a random PIN that follows every rule, including those that only warn, and is not the extension.

    It is as short as the policy allows, but no shorter than the API page requires, unless the policy forbids that.

    Args:
        policy: how long a PIN may be.
        extension_number: the box that it is for.
        choose: picks a random element, such as `secrets.choice`.

    Raises:
        UsageError: no PIN can follow the policy.
    """
    if policy.contradiction:
        raise UsageError(f"No PIN can be generated: {policy.contradiction} {SET_PIN_LENGTH}")
    rules = PIN_COLUMN.rules
    length = max(policy.min_length, min(policy.max_length, DEFAULT_PIN_POLICY.min_length))
    for _ in range(_TRIES):
        pin = ""
        while len(pin) < length:
            pin += choose([digit for digit in _DIGITS if not _ends_badly(pin + digit)])
        if pin != extension_number and not any(rule(pin, policy) for rule in rules):
            return pin
    raise UsageError(
        f"No PIN of {length} digits was found that follows the PBX's rules. Allow longer PINs with --pin-length."
    )


@dataclass(frozen=True, slots=True)
class NewPins:
    """Which rows without a PIN get a generated one.

    Attributes:
        policy: how long a PIN may be.
        make: generates a PIN for an extension; None to generate none.
        refused: the errors of refused PINs, by row; their records have none. A new box gets a generated PIN instead.
        for_refused_only: whether other rows without a PIN get none. Else they get one if they create a box, or update
            one whose present PIN the rules refuse.
        only_of_new: whether the PINs of rows whose box exists are not sent, and boxes that exist get no generated one.
        not_sent: rows of a result whose PIN is not sent if their box exists.
        sent: the PINs that an earlier import sent in place of those in the cells, by row of its result. If the box no
            longer exists, a new one gets the same PIN, unless the policy refuses it.
    """

    policy: PinPolicy = DEFAULT_PIN_POLICY
    make: Callable[[str], str] | None = None
    refused: Mapping[int, Problem] = field(default_factory=lambda: _NOT_NEEDED)
    for_refused_only: bool = False
    only_of_new: bool = False
    not_sent: Collection[int] = frozenset()
    sent: Mapping[int, str] = field(default_factory=dict, repr=False)

    def fill_in_all(self, records: Sequence[Record], index: BoxIndex) -> tuple[list[Record], list[int]]:
        """Remove the PINs that are not to be sent, and add generated ones.

        Returns:
            The records, and the rows whose PIN is not sent although it differs from that of their box, or cannot be
            compared with it.
        """
        boxes = [index.find(record) for record in records]
        pairs = list(zip(records, boxes, strict=True))
        kept = [record.row for record, box in pairs if box and self._is_kept(record, box)]
        if self.only_of_new or self.not_sent:
            pairs = [(replace(r, pin=BLANK) if box and self._spares(r) else r, box) for r, box in pairs]
        return [self.fill_in(record, box) for record, box in pairs], kept

    def _is_kept(self, record: Record, box: Box) -> bool:
        if record.pin is BLANK:
            return record.row in self.refused
        return self._spares(record) and record.pin != box.pin

    def _spares(self, record: Record) -> bool:
        """Whether the PIN of a row is not sent if its box exists."""
        return self.only_of_new or record.row in self.not_sent

    def fill_in(self, record: Record, box: Box | None) -> Record:
        """Add a PIN to a record whose box is given, if it needs one: that of an earlier import, or a generated one."""
        if box is None and self._is_sent_again(record):
            return replace(record, pin=self.sent[record.row])
        if record.pin is not BLANK or self.make is None or not self._is_needed(record, box):
            return record
        return replace(record, pin=self.make(record.extension_number))

    def _is_sent_again(self, record: Record) -> bool:
        """Whether a new box gets the PIN that an earlier import sent in place of the one in the cell."""
        is_replaced = record.pin is BLANK or record.row in self.not_sent
        return record.row in self.sent and is_replaced and pin_fault(self.sent[record.row], self.policy) is None

    def _is_needed(self, record: Record, box: Box | None) -> bool:
        if box is None:
            return record.row in self.refused or not self.for_refused_only
        if self.for_refused_only or self.only_of_new:
            return False
        return pin_fault(box.pin, self.policy) is not None and bool(find_differences(record, box))

    def warn_of_kept(self, changes: Iterable[Change], kept_rows: Collection[int]) -> Iterator[Problem]:
        """Warn of each refused PIN that a generated one replaces, and once each of the others that are not sent."""
        kept, again = [], []
        for change in changes:
            row = change.record.row
            if change.box:
                kept += [row] if row in kept_rows else []
            elif row in self.sent and change.record.pin == self.sent[row]:
                again.append(row)
            elif error := self.refused.get(row):
                message = (
                    f"{without_remedy(error.message)} A generated PIN replaces it: the result has it in bulkvm_pin."
                )
                yield replace(error, code=ProblemCode.PIN_REPLACED, message=message, severity=Severity.WARNING)
        if again:
            pins = "1 new box gets the PIN" if len(again) == 1 else f"{len(again):,} new boxes get the PINs"
            message = f"{pins} in {SENT_PIN_HEADING}, which an earlier import sent (first in row {again[0]})."
            yield Problem(row=None, code=ProblemCode.PIN_REPLACED, message=message)
        if kept:
            pins = "the PIN of 1 row is" if len(kept) == 1 else f"the PINs of {len(kept):,} rows are"
            boxes = "The box exists and keeps its PIN" if len(kept) == 1 else "These boxes exist and keep their PINs"
            message = f"{pins} not sent (first in row {kept[0]}). {boxes}."
            if not self.only_of_new and any(row in self.not_sent for row in kept):
                message += f" To send one, empty its cell in the column {SENT_PIN_HEADING}."
            yield Problem(row=None, code=ProblemCode.PIN_REPLACED, message=message)


def pin_fault(pin: object, policy: PinPolicy) -> Fault | None:
    """The error of a PIN by the current rules; None if it is valid or not known."""
    if not isinstance(pin, str):
        return None
    faults = (rule(pin, policy) for rule in PIN_COLUMN.rules)
    return next((fault for fault in faults if fault and fault.severity is Severity.ERROR), None)


def warn_of_old_pins(changes: Iterable[Change], policy: PinPolicy, *, of_undo: bool = False) -> Iterator[Problem]:
    """Warn of each change that sends a present or former PIN which the current rules refuse."""
    for change in changes:
        if fault := pin_fault(_old_pin(change, of_undo=of_undo), policy):
            is_left_out = change.kind is ChangeKind.UPDATE and box_to_send(change).pin is BLANK
            how = _UNDONE if of_undo else _SENT_ALONG
            what = _LEFT_OUT if is_left_out else f"has a PIN that the current rules refuse: {fault.message} {how}"
            yield Problem(
                row=change.record.row,
                column=PIN_COLUMN.header,
                code=ProblemCode.PIN_OUTDATED,
                message=f"Box {change.record.extension_number} {what}",
                severity=Severity.WARNING,
            )


def _old_pin(change: Change, *, of_undo: bool) -> object:
    """The PIN that a change sends although it is not in a sheet."""
    if change.kind is ChangeKind.UPDATE and (of_undo or PIN_COLUMN.header not in change.changed):
        return updated_box(change).pin
    return change.record.pin if of_undo else None


def _ends_badly(pin: str) -> bool:
    """Whether the last three digits are equal, ascending or descending."""
    if len(pin) < 3:  # noqa: PLR2004  (the rules are about three digits in a row)
        return False
    first, second, third = map(int, pin[-3:])
    return second - first == third - second and abs(second - first) <= 1
