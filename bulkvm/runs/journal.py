"""What a run did, on disk before it matters: one JSON object a line, so that kill -9 loses nothing that was sent.

The file of a run, in the order of its lines:

- `run`: what the run is, and how many rows its sheet has. With the last line, all that a list of runs needs.
- `row`, once for each row of the sheet: the row as it was read, written and flushed to disk before anything is sent.
- `begin`, before a row is sent: the change and the box as it was. `end`, after it: the outcome, and the box as it was
  read back, where it was. A row with a `begin` and no `end` was under way when the run died.
- `whole`: a box with all fields that the PBX shows, as text: the first one of each kind, before and after it was sent.
- `done`: how many rows came to what, and the exit code. A run without it died, or is still under way: as long as it
  is, it holds the lock on the file of the same name that ends in .lock.

A journal of 0.1.0 has neither `row` nor `done`; its first line holds the extension of every row.
"""

import json
import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, suppress
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from filelock import FileLock, Timeout

from bulkvm.columns import COLUMNS
from bulkvm.files import writing
from bulkvm.locks import locked
from bulkvm.model.box import BLANK, NOT_KNOWN, Box, Record
from bulkvm.model.change import Change, ChangeKind
from bulkvm.model.errors import UsageError
from bulkvm.model.outcome import PUT_BACK, REMOVED, Outcome, Status
from bulkvm.model.tenant import Tenant, normalize_url

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

_FIELDS: Final = tuple(column.header for column in COLUMNS)
_UNREADABLE: Final = (LookupError, TypeError, ValueError, AttributeError, RecursionError)
_OUTCOME: Final = tuple((f.name, f.default) for f in fields(Outcome))
_SUFFIX: Final = ".jsonl"
_LOCK_SUFFIX: Final = ".lock"
_SEQUENCE: Final = "sequence"
_AT_ONCE: Final = 1 << 20  # bytes that are written at once
_END_BYTES: Final = 4096  # of a file, which its last line does not exceed
_PATIENCE: Final = 0.2  # seconds; who only looks whether a run is under way holds its lock for less

_NUMBER: Final = re.compile(rb'\{"run": \{"number": (\d+),')
_ROW: Final = re.compile(rb'"row": (\d+)')
_STATUS: Final = re.compile(rb'"status": "([a-z ]+)"')  # in a text, the quotes would be escaped
_KIND: Final = re.compile(rb'"kind": "([a-z]+)"')

_NO_CELLS: Final[Mapping[str, str]] = MappingProxyType({})  # one for all rows
_WITHOUT_OUTCOME: Final = (b'{"row": ', b'{"whole": ', b"\n")  # for the most part

_encode: Final = json.JSONEncoder(ensure_ascii=False).encode


@dataclass(frozen=True, slots=True, kw_only=True)
class RunInfo:
    """What a run is.

    `extensions` gives the extension of every row that was read. `input_sha256` is that of the file, where there was
    one. `tenant` is the one that was asked for by the run; journals of 0.1.0 name none. `number` orders the runs of a
    machine, whatever its clock says.
    """

    name: str
    site: str
    url: str
    domain: str | None = None
    tenant: Tenant | None = None
    file: str
    began: datetime
    extensions: Mapping[int, str] = field(default_factory=dict, repr=False)
    input_sha256: str = ""
    number: int = 0

    @property
    def known_tenant(self) -> Tenant:
        """The tenant, as far as it is known."""
        return self.tenant or Tenant(pbx=normalize_url(self.url), domain=self.domain)


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetRow:
    """A row of the sheet, whole.

    Attributes:
        record: what was understood of it.
        cells: its texts by header, of a row that is not valid: the record has nothing of what could not be read.
        has_generated_pin: whether the record's PIN was generated, and is not the sheet's.
        outcome: what became of it already, before anything is sent.
    """

    record: Record
    cells: Mapping[str, str] = field(default_factory=lambda: _NO_CELLS, repr=False)
    has_generated_pin: bool = False
    outcome: Outcome | None = None


class Journal:
    """The journal of a run that is under way. Its file is made for its owner alone, and only ever appended to."""

    def __init__(self, folder: Path, facts: RunInfo, rows: Iterable[SheetRow] = ()) -> None:
        """Begin a journal in a folder, which is made if need be, with every row of the sheet.

        Args:
            folder: of all journals.
            facts: what the run is.
            rows: all that were read; without them, only the extension of each is noted.

        Raises:
            OSError: it cannot be written, and nothing is left of it.
        """
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = folder / f"{facts.name}{_SUFFIX}"
        self._begun: dict[int, str] = {}  # of the rows under way: what they come to, if they are updated
        self._updated: Counter[str] = Counter()
        self._is_torn = False
        self._lock_file = file.with_suffix(_LOCK_SUFFIX)
        self._lock = ExitStack()
        self._lock.enter_context(locked(self._lock_file, _PATIENCE))
        try:
            flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
            self._file = os.open(file, flags, 0o600)
        except OSError:
            self._lock.close()
            raise
        try:
            self._begin_file(facts, rows)
        except BaseException:
            os.close(self._file)
            file.unlink()  # of no run
            self._unlock()
            raise

    def begin(self, change: Change) -> None:
        """Note that a change is about to be sent."""
        boxes = {name: _to_json(box) for name, box in (("box", change.box), ("wanted", change.wanted)) if box}
        self._begun[change.record.row] = _update_word(change.kind, has_wanted=change.wanted is not None)
        self._write(_line({"begin": {"kind": change.kind, "record": _to_json(change.record), **boxes}}))

    def end(self, outcome: Outcome, box: Box | None = None) -> None:
        """Note what became of a row, and the box as it was read back after it was written, where it was."""
        word = self._begun.pop(outcome.row, Status.UPDATED)
        if outcome.status is Status.UPDATED:
            self._updated[word] += 1
        self._write(_line({"end": _outcome_to_json(outcome), **({"box": _to_json(box)} if box else {})}))

    def whole(self, row: int, when: str, box: str) -> None:
        """Note a box with all its fields, also those that are not documented, as JSON in a text."""
        self._write(_line({"whole": {"row": row, "when": when, "box": box}}))

    def finish(self, outcomes: Iterable[Outcome], exit_code: int) -> None:
        """Note how the run ended, with the outcomes of all its rows."""
        counts = Counter(outcome.status for outcome in outcomes)
        self._write(_line({"done": {"counts": counts, "updated": self._updated, "exit_code": exit_code}}))

    def close(self) -> None:
        """Make sure that all is on the disk, and let go of it."""
        try:
            os.fsync(self._file)
        finally:
            os.close(self._file)
            self._unlock()

    def _begin_file(self, facts: RunInfo, rows: Iterable[SheetRow]) -> None:
        """Write the head and the rows, and flush them to disk once."""
        batch, size = [], 0
        for line in _first_lines(facts, rows):
            batch.append(line)
            size += len(line)
            if size > _AT_ONCE:
                self._write(b"".join(batch))
                batch, size = [], 0
        self._write(b"".join(batch))
        os.fsync(self._file)

    def _unlock(self) -> None:
        self._lock.close()
        with suppress(OSError):  # some other program looks at it right now; it is of no use any more
            self._lock_file.unlink()

    def _write(self, lines: bytes) -> None:
        # Past Python's own buffers: from here on the operating system keeps it, whatever becomes of us.
        left = lines
        if self._is_torn:  # a full disk took a part of the line before: that must not spoil this one
            left = b"\n" + left
        self._is_torn = True
        while left:
            left = left[os.write(self._file, left) :]
        self._is_torn = False


@dataclass(frozen=True, slots=True)
class PastRun:
    """A run as its journal tells it: the changes that were begun, and the outcome of every row.

    Attributes:
        damaged: the numbers of lines that cannot be read. What they told is not known; all other lines count.
        rows: those of the sheet, as far as the journal has them.
        read_back: boxes as they were read back after they were written, by row.
        whole: all fields of those that were read back whole, undocumented ones included, by row.
        exit_code: None for a run whose end is not noted.
    """

    facts: RunInfo
    changes: Mapping[int, Change] = field(repr=False)
    outcomes: tuple[Outcome, ...] = field(repr=False)
    damaged: tuple[int, ...] = ()
    rows: Mapping[int, SheetRow] = field(default_factory=dict, repr=False)
    read_back: Mapping[int, Box] = field(default_factory=dict, repr=False)
    whole: Mapping[int, Mapping[str, Any]] = field(default_factory=dict, repr=False)
    exit_code: int | None = None


class RunState(StrEnum):
    """How far a run is."""

    ENDED = "ended"
    UNDER_WAY = "under way"
    DIED = "died"  # its end is not noted: it was killed, or the journal could not be written any more


@dataclass(frozen=True, slots=True)
class ListedRun:
    """A run as the head and the end of its journal tell it. Only where there is no end, the lines between are counted.

    Attributes:
        facts: without the extensions.
        state: how far it is.
        words: how many rows came to what, in words: what an undo updates was put back, or removed.
    """

    file: Path
    facts: RunInfo
    state: RunState
    words: Mapping[str, int]

    @property
    def counts(self) -> Mapping[Status, int]:
        """How many rows ended in each status; of a run under way, those that have ended."""
        updated = sum(self.words.get(word, 0) for word in (PUT_BACK, REMOVED))
        return {s: self.words.get(s, 0) + (updated if s is Status.UPDATED else 0) for s in Status}


def next_number(folder: Path) -> int:
    """A number for a new run, higher than those of all runs before it. No other caller gets the same.

    Raises:
        OSError: the folder cannot be written to.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    file = folder / _SEQUENCE
    with locked(file.with_suffix(_LOCK_SUFFIX), 60):
        try:
            last = int(file.read_text("ascii"))
        except (OSError, ValueError):  # there is none yet, or it is damaged
            last = max(map(_number, folder.glob(f"*{_SUFFIX}")), default=0)
        with writing(file, overwrite=True) as new:
            new.file.write(str(last + 1).encode())
    return last + 1


def list_journals(folder: Path) -> tuple[Path, ...]:
    """The journals of a folder, that of the oldest run first."""
    return tuple(sorted(folder.glob(f"*{_SUFFIX}"), key=lambda file: (_number(file), file.name)))


def list_run(file: Path) -> ListedRun:
    """Read the head and the end of a journal.

    Raises:
        UsageError: it is no journal.
    """
    facts, row_count = _read_head(file)
    facts = replace(facts, extensions={})
    is_live = is_under_way(file)
    if (words := _read_end(file)) is not None:
        return ListedRun(file, facts, RunState.ENDED, words)
    if is_live:
        return ListedRun(file, facts, RunState.UNDER_WAY, _count_ends(file))
    return ListedRun(file, facts, RunState.DIED, _count_ends(file, row_count))


def read_facts(file: Path) -> RunInfo:
    """What a run is, from the first line of its journal.

    Raises:
        UsageError: it is no journal.
    """
    return replace(_read_head(file)[0], extensions={})


def remove_journal(file: Path) -> None:
    """Delete a journal.

    Raises:
        UsageError: it cannot be deleted.
    """
    try:
        file.unlink(missing_ok=True)
        file.with_suffix(_LOCK_SUFFIX).unlink(missing_ok=True)
    except OSError as error:
        raise UsageError(f"{file} could not be deleted: {error.strerror}.") from error


def is_under_way(file: Path) -> bool:
    """Whether the run with this journal is under way: it holds its lock, however the journal looks."""
    lock = file.with_suffix(_LOCK_SUFFIX)
    if not lock.exists():
        return False
    try:
        with FileLock(lock, mode=0o600).acquire(timeout=_PATIENCE, poll_interval=_PATIENCE / 10):
            return False
    except Timeout:
        return True
    except OSError:  # the run has ended right now and took the file with it, or it is somebody else's
        return False


def read_journal(file: Path) -> PastRun:
    """Read a journal, also that of a run that was killed in the middle of a line, and one that is damaged.

    Raises:
        UsageError: it is no journal.
    """
    facts, _ = _read_head(file)
    reading = _Reading()
    with file.open("rb") as lines:
        next(lines)
        for number, line in enumerate(lines, start=2):
            reading.add(number, line)
    return reading.end(facts)


class _Reading:
    """What the lines of a journal that were read so far come to."""

    def __init__(self) -> None:
        self._rows: dict[int, SheetRow] = {}
        self._changes: dict[int, Change] = {}
        self._ended: dict[int, Outcome] = {}
        self._read_back: dict[int, Box] = {}
        self._whole: dict[int, Mapping[str, Any]] = {}
        self._exit_code: int | None = None
        self._damaged: list[int] = []

    def add(self, number: int, line: bytes) -> None:
        """Add a line."""
        if line == b"\n":
            return
        try:
            self._add(json.loads(line))
        except _UNREADABLE:
            if line.endswith(b"\n"):  # else it is the one that its writer was killed in
                self._damaged.append(number)

    def end(self, facts: RunInfo) -> PastRun:
        """The run, with an outcome for every row that any line tells of."""
        extensions = dict(sorted((dict(facts.extensions) | dict(self._extensions())).items()))
        return PastRun(
            replace(facts, extensions=extensions),
            self._changes,
            tuple(self._ended.get(row) or self._without_end(row, extension) for row, extension in extensions.items()),
            tuple(self._damaged),
            self._rows,
            self._read_back,
            self._whole,
            self._exit_code,
        )

    def _add(self, read: Mapping[str, Any]) -> None:
        if "begin" in read:
            change = self._change(read["begin"])
            self._changes[change.record.row] = change
        elif "end" in read:
            outcome = _outcome(read["end"])
            self._ended[outcome.row] = outcome
            if "box" in read:
                self._read_back[outcome.row] = Box(**_from_json(read["box"], NOT_KNOWN))
        elif "row" in read:
            row = _row_from_json(read)
            self._rows[row.record.row] = row
        elif "whole" in read:
            if read["whole"]["when"] == "after":
                self._whole[read["whole"]["row"]] = dict(json.loads(read["whole"]["box"]))
        else:
            self._exit_code = int(read["done"]["exit_code"])

    def _change(self, read: Mapping[str, Any]) -> Change:
        box, wanted = (Box(**_from_json(read[name], NOT_KNOWN)) if name in read else None for name in ("box", "wanted"))
        record = Record(**_from_json(read["record"], BLANK))
        if (row := self._rows.get(record.row)) and row.record == record:
            record = row.record  # 100,000 of them need not be held twice
        return Change(ChangeKind(read["kind"]), record, box, wanted=wanted)

    def _extensions(self) -> Iterator[tuple[int, str]]:
        yield from ((outcome.row, outcome.extension_number) for outcome in self._ended.values())
        yield from ((row, change.record.extension_number) for row, change in self._changes.items())
        yield from ((row, given.record.extension_number) for row, given in self._rows.items())

    def _without_end(self, row: int, extension: str) -> Outcome:
        given = self._rows.get(row)
        if given and given.outcome:
            return given.outcome
        status, has_ended = Status.UNKNOWN, self._exit_code is not None
        if self._damaged:
            message = (
                "The journal is damaged, so what became of this row is not known. Run the same command again to see."
            )
        elif row in self._changes:
            message = "The run died while this row was under way. Run the same command again to see."
        else:
            first = "ended" if has_ended else "died"
            status, message = Status.NOT_SENT, f"The run {first} first. Run the same command again to go on."
        return Outcome(row=row, extension_number=extension, status=status, message=message)


def _read_head(file: Path) -> tuple[RunInfo, int]:
    """What a run is, and how many rows its sheet has."""
    try:
        with file.open("rb") as lines:
            head = json.loads(lines.readline())
        read = head["run"]
        extensions = {int(row): extension for row, extension in read.get("extensions", {}).items()}
        began = datetime.fromisoformat(read["began"])
        tenant = Tenant(**_known(Tenant, read["tenant"])) if read.get("tenant") else None
        facts = RunInfo(**_known(RunInfo, read) | {"began": began, "extensions": extensions, "tenant": tenant})
        return facts, int(head.get("rows", len(extensions)))
    except (OSError, *_UNREADABLE) as error:
        raise UsageError(f"{file.name} is not the journal of a run, or its beginning is damaged.") from error


def _known(type_: "type[DataclassInstance]", read: Mapping[str, Any]) -> dict[str, Any]:
    """The fields that this version knows."""
    return {f.name: read[f.name] for f in fields(type_) if f.name in read}


def _read_end(file: Path) -> Mapping[str, int] | None:
    """How many rows came to what, in words, of a run whose end is noted."""
    with file.open("rb") as opened:
        opened.seek(max(0, file.stat().st_size - _END_BYTES))
        last = opened.read().rstrip(b"\n").rpartition(b"\n")[2]
    try:
        done = json.loads(last)["done"]
        counts: Counter[str] = Counter({Status(status): int(n) for status, n in done["counts"].items()})
        for word, n in done["updated"].items():
            counts[Status.UPDATED] -= n
            counts[word] += n
    except _UNREADABLE:
        return None
    return counts


def _count_ends(file: Path, row_count: int | None = None) -> Mapping[str, int]:
    """Count what rows came to, in words, without reading more of each line than that takes.

    Args:
        file: a journal.
        row_count: how many rows the sheet has, if those without an end are to be counted too.
    """
    begun: dict[int, str] = {}
    words: Counter[str] = Counter()
    is_damaged = False
    with file.open("rb") as lines:
        next(lines)
        for line in lines:
            if not line.endswith(b"\n"):  # its writer was killed in it
                break
            if line.startswith(b'{"begin": ') and (row := _ROW.search(line)) and (kind := _KIND.search(line)):
                is_put_back = b'"wanted": {' in line
                begun[int(row[1])] = _update_word(ChangeKind(kind[1].decode()), has_wanted=is_put_back)
            elif line.startswith(_WITHOUT_OUTCOME) and b'"outcome": {' not in line:
                continue
            elif (row := _ROW.search(line)) and (status := _STATUS.search(line)):
                word = begun.pop(int(row[1]), Status.UPDATED)
                words[word if status[1] == b"updated" else status[1].decode()] += 1
            else:
                is_damaged = True
    if row_count is not None:
        left = row_count - words.total()
        unknown = left if is_damaged else len(begun)
        words += Counter({Status.UNKNOWN: unknown, Status.NOT_SENT: left - unknown})
    return words


def _number(file: Path) -> int:
    """The number of a run, which the first bytes of its journal tell; 0 for those of 0.1.0 and for what is none."""
    try:
        with file.open("rb") as opened:
            found = _NUMBER.match(opened.read(80))
    except OSError:
        return 0
    return int(found[1]) if found else 0


def _first_lines(facts: RunInfo, rows: Iterable[SheetRow]) -> Iterator[bytes]:
    given = {row.record.row: row for row in rows}
    if not given:
        given = {row: SheetRow(record=Record(row, extension)) for row, extension in facts.extensions.items()}
    run = {f.name: getattr(facts, f.name) for f in fields(facts) if f.name not in {"number", "extensions"}}
    run |= {"began": facts.began.isoformat(), "tenant": facts.tenant and asdict(facts.tenant)}
    yield _line({"run": {"number": facts.number, **run}, "rows": len(given)})
    for row in given.values():
        yield _line(_row_to_json(row))


def _line(content: Mapping[str, Any]) -> bytes:
    return _encode(content).encode("utf-8", "surrogatepass") + b"\n"


def _update_word(kind: ChangeKind, *, has_wanted: bool) -> str:
    """What a row came to, if its outcome is `updated`, in a word that people read."""
    if kind is ChangeKind.REMOVE:
        return REMOVED
    return PUT_BACK if has_wanted else Status.UPDATED


def _row_to_json(row: SheetRow) -> dict[str, Any]:
    """A row of the sheet; what is blank, empty or false is left out."""
    record = row.record
    told: dict[str, Any] = {"row": record.row}
    for header in _FIELDS:
        if (value := getattr(record, header)) is not BLANK:
            told[header] = value
    line: dict[str, Any] = {"row": told}
    if row.cells:
        line["cells"] = dict(row.cells)
    if row.has_generated_pin:
        line["has_generated_pin"] = True
    if row.outcome:
        line["outcome"] = _outcome_to_json(row.outcome)
    return line


def _row_from_json(read: Mapping[str, Any]) -> SheetRow:
    return SheetRow(
        record=Record(**_from_json(read["row"], BLANK)),
        cells=read.get("cells", _NO_CELLS),
        has_generated_pin=read.get("has_generated_pin", False),
        outcome=_outcome(read["outcome"]) if "outcome" in read else None,
    )


def _outcome_to_json(outcome: Outcome) -> dict[str, Any]:
    return {name: value for name, default in _OUTCOME if (value := getattr(outcome, name)) != default}


def _outcome(read: Mapping[str, Any]) -> Outcome:
    fields_of = {name: tuple(read.get(name, ())) for name in ("changed", "unseen")}
    return Outcome(**{**read, **fields_of, "status": Status(read["status"])})


def _to_json(value: Box | Record) -> dict[str, Any]:
    """The fields of a box or record: null for what is blank, nothing for what is not known."""
    known = {header: None if held is BLANK else held for header, held in _held(value) if held is not NOT_KNOWN}
    return known | ({"row": value.row} if isinstance(value, Record) else {})


def _held(value: Box | Record) -> Iterator[tuple[str, Any]]:
    return ((header, getattr(value, header)) for header in _FIELDS)


def _from_json(read: Mapping[str, Any], absent: Any) -> dict[str, Any]:
    given: dict[str, Any] = dict.fromkeys(_FIELDS, absent)
    for header, held in read.items():
        given[header] = BLANK if held is None else tuple(held) if isinstance(held, list) else held
    return given
