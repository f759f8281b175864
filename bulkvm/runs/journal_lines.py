"""The lines of a journal: one JSON object each, in this order.

- `run`: what the run is, and how many rows its sheet has.
- `row`, once for each row of the sheet: the row as it was read, flushed to disk before anything is sent.
- `begin`, before a row is sent: the change and the present box. `end`, after it: the outcome, and the box if it was
  read back, or if nothing was to be sent. A row with a `begin` and no `end` was in progress when the run died. A second
  `end`, with `again`, replaces the first one: the box was read back later. `span` is when the row was sent, in moments
  of the connection.
- `unconfirmed`, if the PBX can move the login to another tenant: the gaps that no check of the tenant has confirmed.
  Each replaces the one before. In a run that died, rows whose span touches one of the last ones are in doubt.
- `whole`: a box with all fields that the PBX shows, as text: the first one of each kind, before and after its change.
- `done`: the number of rows by status, and the exit code. A run without it died or is still in progress. A run in
  progress holds the lock on the file of the same name that ends in .lock.

With the first and the last line, a list of runs needs no other. A journal of 0.1.0 has neither `row` nor `done`; its
first line holds the extension of every row.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, fields
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from bulkvm.columns import COLUMNS
from bulkvm.model.box import BLANK, NOT_KNOWN, Box, Record
from bulkvm.model.change import Change, ChangeKind
from bulkvm.model.confirmation import Gap, Span
from bulkvm.model.outcome import Outcome, Reason, Status, UndoResult
from bulkvm.model.tenant import Tenant
from bulkvm.runs.run import NO_CELLS, RunInfo, SheetRow

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

UNREADABLE: Final = (LookupError, TypeError, ValueError, AttributeError, RecursionError)  # of a damaged line

_FIELDS: Final = tuple(column.header for column in COLUMNS)
_OUTCOME: Final = tuple((f.name, f.default) for f in fields(Outcome))
_encode: Final = json.JSONEncoder(ensure_ascii=False).encode


def format_line(content: Mapping[str, Any]) -> bytes:
    """One line of a journal."""
    return _encode(content).encode("utf-8", "surrogatepass") + b"\n"


def format_head(info: RunInfo, rows: Iterable[SheetRow]) -> Iterator[bytes]:
    """The lines that a journal starts with: the run, and every row of its sheet."""
    by_row = {row.record.row: row for row in rows}
    if not by_row:
        by_row = {row: SheetRow(record=Record(row, extension)) for row, extension in info.extensions.items()}
    run = {f.name: getattr(info, f.name) for f in fields(info) if f.name not in {"number", "extensions"}}
    run |= {"began": info.began.isoformat(), "tenant": info.tenant and asdict(info.tenant)}
    yield format_line({"run": {"number": info.number, **run}, "rows": len(by_row)})
    for row in by_row.values():
        yield format_line(_row_to_json(row))


def parse_head(line: bytes) -> tuple[RunInfo, int]:
    """The run of a journal's first line, and the number of rows of its sheet. Raises one of UNREADABLE."""
    head = json.loads(line)
    read = head["run"]
    extensions = {int(row): extension for row, extension in read.get("extensions", {}).items()}
    began = datetime.fromisoformat(read["began"])
    tenant = Tenant(**_known_fields(Tenant, read["tenant"])) if read.get("tenant") else None
    info = RunInfo(**_known_fields(RunInfo, read) | {"began": began, "extensions": extensions, "tenant": tenant})
    return info, int(head.get("rows", len(extensions)))


def _known_fields(type_: "type[DataclassInstance]", read: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a dataclass; those that a later version added are ignored."""
    return {f.name: read[f.name] for f in fields(type_) if f.name in read}


def format_begin(change: Change) -> bytes:
    """The line of a change that is about to be sent."""
    boxes = {name: _to_json(box) for name, box in (("box", change.box), ("wanted", change.wanted)) if box}
    return format_line({"begin": {"kind": change.kind, "record": _to_json(change.record), **boxes}})


def parse_begin(read: Mapping[str, Any]) -> Change:
    """The change of a `begin` line."""
    box, wanted = (parse_box(read[name]) if name in read else None for name in ("box", "wanted"))
    return Change(ChangeKind(read["kind"]), Record(**_from_json(read["record"], BLANK)), box, wanted=wanted)


def format_end(
    outcome: Outcome, box: Box | None, *, again: str | bool | None = None, span: Span | None = None
) -> bytes:
    """The line of an outcome, with the box if it was read back.

    `again` is set if it replaces an earlier line: to True, or to how that line was counted if this one is not.
    """
    mark: dict[str, Any] = {"again": again} if again else {}
    mark |= {"span": span} if span else {}
    return format_line(mark | {"end": _outcome_to_json(outcome), **({"box": _to_json(box)} if box else {})})


def parse_outcome(read: Mapping[str, Any]) -> Outcome:
    """The outcome of an `end` line."""
    lists = {name: tuple(read.get(name, ())) for name in ("changed", "unseen")}
    reason = Reason(read["reason"]) if "reason" in read else None
    return Outcome(**{**read, **lists, "status": Status(read["status"]), "reason": reason})


def parse_span(read: Mapping[str, Any]) -> Span | None:
    """When the row of an `end` line was sent, if the PBX could move the login."""
    return (int(read["span"][0]), int(read["span"][1])) if "span" in read else None


def parse_gaps(read: Mapping[str, Any]) -> tuple[Gap, ...]:
    """The gaps of an `unconfirmed` line."""
    return tuple((int(checked), last if last is None else int(last)) for checked, last in read["unconfirmed"])


def parse_box(read: Mapping[str, Any]) -> Box:
    """A box of a `begin` or `end` line."""
    return Box(**_from_json(read, NOT_KNOWN))


def parse_row(read: Mapping[str, Any]) -> SheetRow:
    """The row of a `row` line."""
    return SheetRow(
        record=Record(**_from_json(read["row"], BLANK)),
        cells=read.get("cells", NO_CELLS),
        has_generated_pin=read.get("has_generated_pin", False),
        outcome=parse_outcome(read["outcome"]) if "outcome" in read else None,
    )


def update_word(kind: ChangeKind, *, has_wanted: bool) -> str:
    """How the list of runs counts a row with the status `updated`: an undo restores or deletes boxes."""
    if kind is ChangeKind.REMOVE:
        return UndoResult.DELETED
    return UndoResult.RESTORED if has_wanted else Status.UPDATED


def _row_to_json(row: SheetRow) -> dict[str, Any]:
    """A row of the sheet, without what is blank, empty or false."""
    record = row.record
    fields_of = {header: value for header in _FIELDS if (value := getattr(record, header)) is not BLANK}
    line: dict[str, Any] = {"row": {"row": record.row, **fields_of}}
    if row.cells:
        line["cells"] = dict(row.cells)
    if row.has_generated_pin:
        line["has_generated_pin"] = True
    if row.outcome:
        line["outcome"] = _outcome_to_json(row.outcome)
    return line


def _outcome_to_json(outcome: Outcome) -> dict[str, Any]:
    return {name: value for name, default in _OUTCOME if (value := getattr(outcome, name)) != default}


def _to_json(value: Box | Record) -> dict[str, Any]:
    """The fields of a box or record: null for BLANK, and none for NOT_KNOWN."""
    known = {
        header: None if held is BLANK else held
        for header in _FIELDS
        if (held := getattr(value, header)) is not NOT_KNOWN
    }
    if isinstance(value, Record):
        known["row"] = value.row
    return known


def _from_json(read: Mapping[str, Any], absent: Any) -> dict[str, Any]:
    """The fields of a box or record; those that are left out are `absent`."""
    fields_of: dict[str, Any] = dict.fromkeys(_FIELDS, absent)
    for header, value in read.items():
        fields_of[header] = BLANK if value is None else tuple(value) if isinstance(value, list) else value
    return fields_of
