"""What a run did, on disk before it matters: one line a step, so that kill -9 loses nothing that was sent.

A line is a JSON object. The first tells of the run; then, for each row, `begin` with the change and the box as it was,
before it is sent, and `end` with the outcome. A row with a `begin` and no `end` was under way when the run died.
"""

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from bulkvm.box import BLANK, NOT_KNOWN, Box, Record
from bulkvm.changes import Change, ChangeKind
from bulkvm.columns import COLUMNS
from bulkvm.errors import UsageError
from bulkvm.outcomes import Outcome, Status
from bulkvm.tenant import Tenant, normalize_url

_FIELDS: Final = tuple(column.header for column in COLUMNS)
_UNREADABLE: Final = (LookupError, TypeError, ValueError, AttributeError, RecursionError)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFacts:
    """What a run is.

    `extensions` gives the extension of every row that was read. `input_sha256` is that of the file, where there was
    one. `tenant` is the one that was asked for by the run; journals of bulkvm 0.1 name none.
    """

    name: str
    site: str
    url: str
    domain: str | None = None
    tenant: Tenant | None = None
    file: str
    began: datetime
    extensions: Mapping[int, str] = field(repr=False)
    input_sha256: str = ""

    @property
    def known_tenant(self) -> Tenant:
        """The tenant, as far as it is known."""
        return self.tenant or Tenant(pbx=normalize_url(self.url), domain=self.domain)


class Journal:
    """The journal of a run that is under way. Its file is made for its owner alone, and only ever appended to."""

    def __init__(self, folder: Path, facts: RunFacts) -> None:
        """Begin a journal in a folder, which is made if need be."""
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
        file = folder / f"{facts.name}.jsonl"
        self._file = os.open(file, flags, 0o600)
        self._is_torn = False
        try:
            self._write({"run": {**asdict(facts), "began": facts.began.isoformat()}})
        except OSError:
            os.close(self._file)
            file.unlink()  # of no run
            raise

    def begin(self, change: Change) -> None:
        """Note that a change is about to be sent."""
        boxes = {name: _to_json(box) for name, box in (("box", change.box), ("wanted", change.wanted)) if box}
        self._write({"begin": {"kind": change.kind, "record": _to_json(change.record), **boxes}})

    def end(self, outcome: Outcome) -> None:
        """Note what became of a row."""
        self._write({"end": {name: getattr(outcome, name) for name in Outcome.__slots__}})

    def close(self) -> None:
        """Make sure that all is on the disk."""
        try:
            os.fsync(self._file)
        finally:
            os.close(self._file)

    def _write(self, line: Mapping[str, Any]) -> None:
        # Past Python's own buffers: from here on the operating system keeps it, whatever becomes of us.
        left = json.dumps(line, ensure_ascii=False).encode("utf-8", "replace") + b"\n"
        if self._is_torn:  # a full disk took a part of the line before: that must not spoil this one
            left = b"\n" + left
        self._is_torn = True
        while left:
            left = left[os.write(self._file, left) :]
        self._is_torn = False


@dataclass(frozen=True, slots=True)
class PastRun:
    """A run as its journal tells it: the changes that were begun, and the outcome of every row.

    `damaged` are the numbers of lines that cannot be read. What they told is not known; all other lines count.
    """

    facts: RunFacts
    changes: Mapping[int, Change] = field(repr=False)
    outcomes: tuple[Outcome, ...] = field(repr=False)
    damaged: tuple[int, ...] = ()


def read_journal(file: Path) -> PastRun:
    """Read a journal, also that of a run that was killed in the middle of a line, and one that is damaged.

    Raises:
        UsageError: it is no journal.
    """
    try:
        first, *lines = file.read_bytes().split(b"\n")
        told = json.loads(first)["run"]
        rows = {int(row): extension for row, extension in told["extensions"].items()}
        tenant = Tenant(**told["tenant"]) if told.get("tenant") else None
        began = datetime.fromisoformat(told["began"])
        facts = RunFacts(**{**told, "began": began, "extensions": rows, "tenant": tenant})
    except (OSError, *_UNREADABLE) as error:
        raise UsageError(f"{file.name} is not the journal of a run, or its beginning is damaged.") from error
    changes: dict[int, Change] = {}
    ended: dict[int, Outcome] = {}
    damaged = []
    for number, line in enumerate(lines, start=2):
        try:
            _read_line(line, changes, ended)
        except _UNREADABLE:
            if number <= len(lines):  # else it is the one that its writer was killed in
                damaged.append(number)
    outcomes = tuple(
        ended.get(row) or _without_end(row, extension, row in changes, damaged) for row, extension in rows.items()
    )
    return PastRun(facts, changes, outcomes, tuple(damaged))


def list_journals(folder: Path) -> tuple[Path, ...]:
    """The journals of a folder, the oldest first."""
    return tuple(sorted(folder.glob("*.jsonl")))


def _read_line(line: bytes, changes: dict[int, Change], ended: dict[int, Outcome]) -> None:
    """Add what a line tells."""
    if not line:
        return
    told = json.loads(line)
    if "begin" in told:
        change = _change(told["begin"])
        changes[change.record.row] = change
    else:
        outcome = _outcome(told["end"])
        ended[outcome.row] = outcome


def _without_end(row: int, extension: str, begun: bool, damaged: Sequence[int]) -> Outcome:  # noqa: FBT001  (known)
    status = Status.UNKNOWN
    if begun:
        message = "The run died while this row was under way. Run the same command again to see."
    elif damaged:
        message = "The journal is damaged, so what became of this row is not known. Run the same command again to see."
    else:
        status, message = Status.NOT_SENT, "The run died first. Run the same command again to go on."
    return Outcome(row=row, extension_number=extension, status=status, message=message)


def _change(told: Mapping[str, Any]) -> Change:
    box, wanted = (Box(**_from_json(told[name], NOT_KNOWN)) if name in told else None for name in ("box", "wanted"))
    record = Record(**_from_json(told["record"], BLANK))
    return Change(ChangeKind(told["kind"]), record, box, wanted=wanted)


def _outcome(told: Mapping[str, Any]) -> Outcome:
    return Outcome(**{**told, "status": Status(told["status"]), "changed": tuple(told["changed"])})


def _to_json(value: Box | Record) -> dict[str, Any]:
    """The fields of a box or record: null for what is blank, nothing for what is not known."""
    fields = {header: getattr(value, header) for header in _FIELDS}
    known = {header: None if held is BLANK else held for header, held in fields.items() if held is not NOT_KNOWN}
    return known | ({"row": value.row} if isinstance(value, Record) else {})


def _from_json(told: Mapping[str, Any], absent: Any) -> dict[str, Any]:
    fields: dict[str, Any] = dict.fromkeys(_FIELDS, absent)
    for header, held in told.items():
        fields[header] = BLANK if held is None else tuple(held) if isinstance(held, list) else held
    return fields
