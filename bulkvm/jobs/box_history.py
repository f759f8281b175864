"""What the journals of runs show of boxes: the PINs, names and addresses that they had, and which run set them."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace

from bulkvm.columns import NAME_COLUMN, PIN_COLUMN
from bulkvm.columns.mask_digits import may_be_mask
from bulkvm.model.box import NOT_KNOWN, Absent, Box, Record
from bulkvm.model.change import Change, ChangeKind
from bulkvm.model.outcome import Outcome, Status
from bulkvm.model.tenant import Tenant
from bulkvm.planning import changed_anything, expected_box, fields_differ
from bulkvm.runs import ListedRun, PastRun, read_journal
from bulkvm.runs.history import record_of


@dataclass(frozen=True, slots=True)
class PinSet:
    """A PIN that a box had.

    Attributes:
        run: the run that set it; blank if that was something else, such as a person in the web portal.
        is_certain: whether the PBX confirmed it.
        is_hidden: whether the PBX only confirmed the other fields of the box, since it does not show PINs.
    """

    pin: str = field(repr=False)
    run: str
    is_certain: bool = True
    is_hidden: bool = False


@dataclass(slots=True)
class BoxHistory:
    """What is known of one box.

    Attributes:
        extensions, names, addresses: all that it had.
        pins: in the order in which it had them.
        created_by: the run that created it, or may have.
        deleted_by: the run that deleted it.
        may_be_deleted_by: the undo that may have deleted it.
        last: its last known name and addresses. Those that a run may have changed are NOT_KNOWN.
        in_doubt_by: the last run that may have changed its name or addresses.
    """

    extensions: set[str] = field(default_factory=set)
    names: set[str] = field(default_factory=set)
    addresses: set[str] = field(default_factory=set)
    pins: list[PinSet] = field(default_factory=list, repr=False)
    created_by: str = ""
    deleted_by: str = ""
    may_be_deleted_by: str = ""
    last: Box | None = None
    in_doubt_by: str = ""

    @property
    def current_pin(self) -> PinSet | None:
        """The last PIN that it had, or may have."""
        return self.pins[-1] if self.pins else None

    def contradicts(self, box: Box) -> bool:
        """Whether a box that is read from a file never had its extension, name, first address or PIN."""
        if box.extension_number not in self.extensions:
            return True
        if self.pins and box.pin not in {known.pin for known in self.pins}:
            return True
        names = self.names if isinstance(box.name, str) else ()
        if names and not any(NAME_COLUMN.equal(box.name, name) for name in names):
            return True
        first = box.recipients[:1] if isinstance(box.recipients, tuple) else ()
        return bool(self.names) and not self.addresses.issuperset(map(str.casefold, first))

    def add(self, run: str, outcome: Outcome, change: Change | None, record: Record | None, shown: Box | None) -> None:
        """Add what a run did to the box. `shown` is what the PBX showed of it, if the run changed nothing."""
        self.extensions.add(outcome.extension_number)
        if change and change.box:
            self._add_box(change.box)
        if outcome.status is Status.UNCHANGED and shown:
            self._add_box(shown)
        elif outcome.status is Status.UNCHANGED and record:
            self._add_texts(record)  # without the PIN, which the PBX may not show
        if not (change and outcome.status.may_have_changed):
            return
        is_certain = outcome.status is not Status.UNKNOWN
        if change.kind is ChangeKind.REMOVE:
            self.deleted_by, self.may_be_deleted_by = (run, "") if is_certain else ("", run)
            return
        if change.kind is ChangeKind.CREATE:
            self.created_by = run
        box = expected_box(change, outcome.id or "")
        if isinstance(box.pin, str) and sets_pin(change, outcome):
            self.pins.append(PinSet(box.pin, run, is_certain))
        if not is_certain:
            self._add_in_doubt(run, change, box)
            return
        self._add_box(box)
        if "recipients" in outcome.changed and self.last:
            self.last = replace(self.last, recipients=box.recipients)  # also if they were cleared

    def _add_in_doubt(self, run: str, change: Change, box: Box) -> None:
        """Add the values that a change may have set."""
        self._add_texts(box)
        if change.box is None or self.last is None:  # if the box exists, it was created like this
            self.last = box
            return
        name = NOT_KNOWN if box.name != change.box.name else self.last.name
        recipients = NOT_KNOWN if _first(box) != _first(change.box) else self.last.recipients
        if NOT_KNOWN in (name, recipients):
            self.in_doubt_by = run
        self.last = replace(self.last, name=name, recipients=recipients)

    def _add_box(self, box: Box) -> None:
        """Add the values that the box has at that time."""
        self.may_be_deleted_by = ""
        self._add_texts(box)
        self._add_pin(box)
        self.last = box.filled_from(self.last, blanks=True) if self.last else box

    def _add_pin(self, box: Box) -> None:
        """Add the PIN that the PBX shows. It settles whether a run set a PIN of which that is not known."""
        last = self.current_pin
        if not isinstance(box.pin, str) or may_be_mask(PIN_COLUMN, box.pin):
            is_created = last and last.run == self.created_by and self.last and not fields_differ(self.last, box)
            if last and is_created:  # the box is like the one that the run may have created
                self.pins[-1] = replace(last, is_certain=True, is_hidden=last.is_hidden or not last.is_certain)
        elif last and last.pin == box.pin:
            self.pins[-1] = replace(last, is_certain=True, is_hidden=False)
        else:
            former = next((known for known in reversed(self.pins) if known.is_certain), None)
            is_former = last and not last.is_certain and former and former.pin == box.pin
            self.pins.append(former if former and is_former else PinSet(box.pin, ""))

    def _add_texts(self, box: Box | Record) -> None:
        self.names.update([box.name] if isinstance(box.name, str) else [])
        self.addresses.update(map(str.casefold, box.recipients if isinstance(box.recipients, tuple) else ()))


def _first(box: Box) -> tuple[str, ...] | Absent:
    """The first address of a box."""
    return box.recipients[:1] if isinstance(box.recipients, tuple) else box.recipients


def sets_pin(change: Change, outcome: Outcome) -> bool:
    """Whether a change with this outcome set a PIN, or may have."""
    if change.kind is ChangeKind.CREATE:
        return True
    if outcome.status is Status.UNKNOWN and change.box:
        return expected_box(change, change.box.id).pin != change.box.pin
    return PIN_COLUMN.header in outcome.changed


class BoxHistories:
    """The boxes of a tenant, from the journals of all runs.

    Attributes:
        tenant: None if no run knows it.
        runs: the runs by name.
    """

    def __init__(self, runs: Sequence[ListedRun], tenant: Tenant | None) -> None:
        self.tenant = tenant
        self.runs = {run.info.name: run.info for run in runs}
        self._by_id: dict[str, BoxHistory] = {}
        self._by_extension: dict[str, BoxHistory] = {}
        self._without_id: dict[str, BoxHistory] = {}  # by extension, until a run shows the id
        for run in runs:
            past = read_journal(run.file)
            for outcome in past.outcomes:
                self._add(past, outcome)

    def find(self, box: Box) -> BoxHistory | None:
        """Find a box by its id, or, if that is in no journal, by its extension."""
        return self._by_id.get(box.id) or self._by_extension.get(box.extension_number)

    def find_current(self, box: Box) -> BoxHistory | None:
        """Find the last box with the extension of a box."""
        history, last = self.find(box), self._by_extension.get(box.extension_number)
        # The PBX may have swapped the ids of two creates of a run in its answers.
        is_swapped = history and last and history.created_by and history.created_by == last.created_by
        return history if last is None or (is_swapped and history and not history.deleted_by) else last

    def _add(self, past: PastRun, outcome: Outcome) -> None:
        change = past.changes.get(outcome.row)
        box_id = outcome.id or (change.box.id if change and change.box else "")
        is_box = bool(box_id) or outcome.status.may_have_changed
        if not is_box:
            return
        number = outcome.extension_number
        if box_id:
            history = self._by_id.get(box_id) or self._without_id.pop(number, None) or BoxHistory()
            self._by_id[box_id] = history
        else:
            history = self._without_id[number] = BoxHistory()
        self._by_extension[number] = history
        history.add(past.info.name, outcome, change, record_of(past, outcome.row), past.read_back.get(outcome.row))


def read_histories(runs: Sequence[ListedRun], tenant: Tenant | None, boxes: Collection[Box]) -> BoxHistories:
    """Read the journals of a tenant's runs that changed any box, or show that boxes were unchanged.

    Args:
        runs: all runs, the oldest first.
        tenant: None for that of the run that knows the ids of most of the boxes, and sent most of their PINs.
        boxes: from a result that does not show the tenant.
    """
    read = [run for run in runs if changed_anything(run.counts) or run.counts[Status.UNCHANGED]]
    tenant = tenant or _find_tenant(read, boxes)
    return BoxHistories([run for run in read if tenant and not run.info.known_tenant.contradicts(tenant)], tenant)


def _find_tenant(runs: Sequence[ListedRun], boxes: Collection[Box]) -> Tenant | None:
    """Find the tenant of the run that knows most of the boxes; of several, the last.

    The same sheet may have been imported into another PBX, which has some of the PINs, or some of the ids.
    """
    ids = {box.id for box in boxes if box.id}
    pins = {(box.extension_number, box.pin) for box in boxes if isinstance(box.pin, str)}
    most, tenant = 0, None
    for run in reversed(runs if boxes else ()):
        past = read_journal(run.file)
        sent = {(change.record.extension_number, change.record.pin) for change in past.changes.values()}
        known = len(sent & pins) + len(ids.intersection(outcome.id or "" for outcome in past.outcomes))
        if known > most:
            most, tenant = known, run.info.known_tenant
    return tenant
