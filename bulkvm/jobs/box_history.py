"""What the journals of runs show of boxes: the PINs, names and addresses that they had, and which run set them."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from bulkvm.columns import NAME_COLUMN, PIN_COLUMN
from bulkvm.columns.mask_digits import may_be_mask
from bulkvm.model.box import Box, Record
from bulkvm.model.change import Change, ChangeKind
from bulkvm.model.outcome import Outcome, Status
from bulkvm.model.tenant import Tenant
from bulkvm.planning import expected_box
from bulkvm.planning.undo_plan import changed_anything
from bulkvm.runs import ListedRun, PastRun, read_journal
from bulkvm.runs.history import record_of


@dataclass(frozen=True, slots=True)
class PinSet:
    """A PIN that a box had.

    Attributes:
        run: the run that set it; blank if that was something else, such as a person in the web portal.
        is_certain: whether the PBX confirmed it.
    """

    pin: str = field(repr=False)
    run: str
    is_certain: bool = True


@dataclass(slots=True)
class BoxHistory:
    """What is known of one box.

    Attributes:
        extensions, names, addresses: all that it had.
        pins: in the order in which it had them.
        created_by: the run that created it, or may have.
        deleted_by: the run that deleted it.
        last: its last known name and addresses.
    """

    extensions: set[str] = field(default_factory=set)
    names: set[str] = field(default_factory=set)
    addresses: set[str] = field(default_factory=set)
    pins: list[PinSet] = field(default_factory=list, repr=False)
    created_by: str = ""
    deleted_by: str = ""
    last: Box | None = None

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

    def add(self, run: str, outcome: Outcome, change: Change | None, record: Record | None) -> None:
        """Add what a run did to the box."""
        self.extensions.add(outcome.extension_number)
        if change and change.box:
            self._add_box(change.box)
        if outcome.status is Status.UNCHANGED and record:
            self._add_texts(record)  # without the PIN, which the PBX may not show
        if not (change and outcome.status.may_have_changed):
            return
        is_certain = outcome.status is not Status.UNKNOWN
        if change.kind is ChangeKind.REMOVE:
            self.deleted_by = run if is_certain else ""
            return
        if change.kind is ChangeKind.CREATE:
            self.created_by = run
        box = expected_box(change, outcome.id or "")
        if isinstance(box.pin, str) and sets_pin(change, outcome):
            self.pins.append(PinSet(box.pin, run, is_certain))
        self._add_box(box)
        if "recipients" in outcome.changed and self.last:
            self.last = replace(self.last, recipients=box.recipients)  # also if they were cleared

    def _add_box(self, box: Box) -> None:
        """Add the values that the box has at that time."""
        self._add_texts(box)
        is_known = isinstance(box.pin, str) and not may_be_mask(PIN_COLUMN, box.pin)
        if is_known and box.pin not in {known.pin for known in self.pins[-1:]}:
            self.pins.append(PinSet(str(box.pin), ""))
        self.last = box.filled_from(self.last, blanks=True) if self.last else box

    def _add_texts(self, box: Box | Record) -> None:
        self.names.update([box.name] if isinstance(box.name, str) else [])
        self.addresses.update(map(str.casefold, box.recipients if isinstance(box.recipients, tuple) else ()))


def sets_pin(change: Change, outcome: Outcome) -> bool:
    """Whether a change with this outcome set a PIN, or may have."""
    if change.kind is ChangeKind.CREATE:
        return True
    if outcome.status is Status.UNKNOWN and change.box:
        return expected_box(change, change.box.id).pin != change.box.pin
    return PIN_COLUMN.header in outcome.changed


class BoxHistories:
    """The boxes of a tenant, from the journals of all runs."""

    def __init__(self, runs: Iterable[PastRun]) -> None:
        self._by_id: dict[str, BoxHistory] = {}
        self._by_extension: dict[str, BoxHistory] = {}
        self._without_id: dict[str, BoxHistory] = {}  # by extension, until a run shows the id
        for past in runs:
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
        history.add(past.info.name, outcome, change, record_of(past, outcome.row))


def read_histories(runs: Sequence[ListedRun], tenant: Tenant | None, ids: Collection[str]) -> BoxHistories:
    """Read the journals of a tenant's runs that changed any box.

    Args:
        runs: all runs, the oldest first.
        tenant: None for that of the last run that knows one of the ids.
        ids: of boxes.
    """
    changing = [run for run in runs if changed_anything(run.counts)]
    tenant = tenant or _find_tenant(changing, ids)
    return BoxHistories(_read_all(changing, tenant) if tenant else ())


def _read_all(runs: Iterable[ListedRun], tenant: Tenant) -> Iterator[PastRun]:
    return (read_journal(run.file) for run in runs if not run.info.known_tenant.contradicts(tenant))


def _find_tenant(runs: Sequence[ListedRun], ids: Collection[str]) -> Tenant | None:
    for run in reversed(runs):
        if any(outcome.id in ids for outcome in read_journal(run.file).outcomes):
            return run.info.known_tenant
    return None
