"""What commands may make of a PBX that behaves in any way, judged by the PBX's own state."""

import csv
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeAlias

from bulkvm.simulator.behaviours import parse_behaviours
from bulkvm.simulator.box_fields import BOX_FIELDS

BoxState: TypeAlias = dict[str, Any]
Boxes: TypeAlias = Mapping[str, Sequence[BoxState]]  # by number

WRITTEN: Final = ("name", "pin", "prompt", "enable_pin", "enable_email_notify", "recipients", "play_datetime")
# A PBX that shows null for these cannot be distinguished from one where nothing is set.
MAY_BE_NULL: Final = frozenset(WRITTEN) - {"name", "pin"}
DONE: Final = frozenset({"created", "updated", "unchanged"})
UNTOUCHED: Final = frozenset({"unchanged", "invalid", "rejected", "failed", "not sent"})
UNDOABLE: Final = frozenset({"created", "updated", "unknown"})
CLEAR: Final = "<clear>"
STOPPED_EARLY: Final = 7
UNKNOWN: Final = 9

# How messages may name a field.
_WORDS: Final = {
    "enable_pin": "enable_pin|ask for the pin",
    "enable_email_notify": "enable_email_notify|notify by e-mail",
    "prompt": "prompt",
    "play_datetime": "play_datetime|announce date and time",
}


class Violation(AssertionError):
    """What a command did or printed is not right."""


@dataclass(frozen=True)
class Pbx:
    """How the PBX behaves."""

    behave: tuple[str, ...] = ()
    summary_lists: bool = False
    page_cap: int = 100

    def is_hidden(self, name: str) -> bool:
        """Whether nothing shows what a field truly is."""
        return "as it is" not in self._shown(name)

    def seems_empty(self, name: str) -> bool:
        """Whether a hidden field cannot be distinguished from one without a value."""
        # A null in a list is a value, and no reason to ask for each box.
        shown = parse_behaviours(self.behave).masks
        null_in_lists = shown["list"].get(name) == "hide" and not self.summary_lists
        return name in MAY_BE_NULL and (null_in_lists or (self.is_hidden(name) and "hide" in self._shown(name)))

    def takes_away(self, name: str) -> bool:
        """Whether an update that leaves a field out removes what is there, and nothing shows what that was."""
        return name in BOX_FIELDS and self.updates == "replace" and self.is_hidden(name)

    @property
    def updates(self) -> str:
        """What an update makes of the fields that it leaves out."""
        return parse_behaviours(self.behave).updates

    def _shown(self, name: str) -> set[str]:
        """What lists and single answers do to a field."""
        shown = parse_behaviours(self.behave).masks
        in_lists = not self.summary_lists or name in {"id", "name", "extension_number"}
        return {shown[place].get(name, "as it is") for place in (("single", "list") if in_lists else ("single",))}


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    arguments: tuple[str, ...]
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The document that it printed."""
        try:
            return json.loads(self.out)
        except ValueError:
            raise Violation(f"no JSON document: {self}") from None


@dataclass(frozen=True)
class Run:
    """A run that may be undone: the state before and after it, and its rows as it reported them."""

    name: str
    before: Boxes
    after: Boxes
    rows: Sequence[Mapping[str, Any]]
    result: Path
    is_undo: bool = False


@dataclass(frozen=True)
class Fate:
    """One box before and after a command, and what the command reported about it."""

    pbx: Pbx
    ended: Ended
    row: Mapping[str, Any] | None
    old: BoxState | None
    new: BoxState | None

    def demand(self, what: str, right: object) -> None:
        """Raise Violation in these words, unless something is right."""
        if not right:
            raise Violation(f"{what}: {self.row}: {self.old} -> {self.new}: {self.ended}")

    @property
    def status(self) -> str | None:
        return self.row["status"] if self.row else None

    @property
    def remarks(self) -> list[str]:
        """What was reported about this row alone."""
        if self.row is None:
            return []
        problems = [one["message"] for one in self.ended.json["problems"] if one["row"] == self.row["row"]]
        return [text for text in (self.row["message"], *problems) if text]

    def says(self, name: str) -> bool:
        """Whether a field is named in what was reported about this row, or about the run."""
        of_run = [one["message"] for one in self.ended.json["problems"] if one["row"] is None]
        return any(names_field(text, name) for text in (self.ended.err, *of_run, *self.remarks))

    def changed(self) -> set[str]:
        """The fields that differ now; none for a box that was not there before, or is not there any more."""
        return differing(self.old, self.new) if self.old and self.new else set()

    def check_untouched(self) -> None:
        """A status that means that nothing was changed is true."""
        same = (self.old is None) == (self.new is None) and self.changed() <= {"messages"}
        self.demand(f"{self.status}, and the box was changed", self.status not in UNTOUCHED or same)

    def check_lost(self, lost: Iterable[str]) -> bool:
        """Fields that were lost are lost by no fault of ours, and named; whether any is not documented."""
        # An undocumented field may also be new to a box, as a PBX gives it its default.
        lost = {name for name in lost if name in BOX_FIELDS or name in (self.old or {})} - {"messages"}
        extras = {name for name in lost if name not in BOX_FIELDS}
        for name in lost - extras:
            allowed = self.pbx.takes_away(name) and (self.pbx.seems_empty(name) or self.says(name))
            self.demand(f"{name} is lost", allowed)
        for name in extras:
            is_said = self.status == "unknown" or self.says(name)
            self.demand(f"{name} is lost", self.pbx.updates != "merge" and is_said)
        return bool(extras) and self.status != "unknown"


def names_field(text: str, name: str) -> bool:
    """Whether a text names a field, by its name or in words."""
    return bool(re.search(_WORDS.get(name, name), text, re.IGNORECASE))


def typed(name: str, cell: str) -> Any:
    """A cell as the PBX keeps it."""
    if name in {"enable_pin", "enable_email_notify"}:
        return cell == "yes"
    return None if cell == CLEAR else cell


def read_rows(file: Path) -> list[dict[str, str]]:
    """The rows of an export, as cells."""
    if file.suffix == ".json":
        boxes = json.loads(file.read_text("utf-8"))
        words = {True: "yes", False: "no", None: ""}
        return [
            {name: value if isinstance(value, str) else words[value] for name, value in box.items()} for box in boxes
        ]
    with file.open(encoding="utf-8-sig", newline="") as lines:
        return [dict(row) for row in csv.DictReader(lines)]


def _cell(value: Any) -> str:
    return value if isinstance(value, str) else {True: "yes", False: "no", None: ""}[value]


def differing(one: BoxState, other: BoxState) -> set[str]:
    """The fields in which two states of a box differ."""
    return {name for name in one.keys() | other.keys() if name != "id" and one.get(name) != other.get(name)}


def same_state(ended: Ended, before: Boxes, after: Boxes) -> None:
    """Nothing was changed."""
    if before != after:
        raise Violation(f"the PBX was changed: {before} -> {after}: {ended}")


def check_secrets(ended: Ended, *states: Boxes) -> None:
    """No PIN is in anything that is printed."""
    pins = {box["pin"] for state in states for boxes in state.values() for box in boxes}
    for pin in pins:
        if re.search(rf"(?<![0-9]){pin}(?![0-9])", ended.out + ended.err):
            raise Violation(f"a PIN is printed: {ended}")


def check_counts(ended: Ended, rows: int) -> None:
    """Every row has one status, and the exit code is that of these statuses."""
    document = ended.json
    statuses = [row["status"] for row in document["rows"]]
    if len(statuses) != rows or sum(document["counts"].values()) != rows:
        raise Violation(f"the counts are not those of {rows} rows: {ended}")
    if ended.code == 0 and not set(statuses) <= DONE:
        raise Violation(f"exit code 0, though not all was done: {ended}")
    if "unknown" in statuses and ended.code not in {UNKNOWN, STOPPED_EARLY}:
        raise Violation(f"an unknown row, and another exit code: {ended}")


def check_result(ended: Ended, result: Path, truth: Boxes) -> None:
    """A result file has the outcome of each row as on the terminal, and PINs that the PBX has."""
    rows = read_rows(result)
    if [row["bulkvm_status"] for row in rows] != [row["status"] for row in ended.json["rows"]]:
        raise Violation(f"the result says something else: {result.read_text('utf-8')}: {ended}")
    for row in rows:
        pins = [box["pin"] for box in truth.get(row["extension_number"], ())]
        if row.get("bulkvm_pin") and row["bulkvm_status"] in DONE and row["bulkvm_pin"] not in pins:
            raise Violation(f"the result has another PIN than {pins}: {row}: {ended}")


def check_import(pbx: Pbx, ended: Ended, rows: Sequence[Mapping[str, str]], before: Boxes, after: Boxes) -> None:
    """What an import did is what its rows report, and what it reports of each row is true."""
    check_counts(ended, len(rows))
    wanted = {row["extension_number"]: row for row in rows}
    # Of two rows with one number, as an export may have them, at most one is sent.
    reported = {
        row["extension_number"]: row for row in sorted(ended.json["rows"], key=lambda row: row["status"] in DONE)
    }
    losers = 0
    for number in before.keys() | after.keys() | reported.keys():
        olds, news = before.get(number, ()), after.get(number, ())
        fate = Fate(pbx, ended, reported.get(number), _only(olds), _only(news))
        fate.demand(f"{number} was made twice", len(news) <= max(1, len(olds)))
        if number not in wanted:
            fate.demand(f"{number} is named by no row, and was changed", olds == news)
        elif len(olds) > 1:
            fate.demand(f"{number} is not one box, and was changed", olds == news)
        else:
            losers += _check_row(fate, wanted[number])
    _check_losers(ended, losers)


def _check_row(fate: Fate, wanted: Mapping[str, str]) -> bool:
    """Whether a row's box lost a field that is not documented, after checking that what became of it is true."""
    given = {name: typed(name, wanted[name]) for name in WRITTEN if wanted.get(name)}
    row, old, new = fate.row, fate.old, fate.new
    assert row is not None
    fate.check_untouched()
    fate.demand("the box is gone", new or not old)
    if fate.status in DONE:
        fate.demand(f"{fate.status} is not so", new and (fate.status == "created") == (old is None))
        assert new is not None
        fate.demand("the id is another one", row["id"] == new["id"])
        for name, value in given.items():
            is_kept = fate.status == "unchanged" or "--keep-unseen" in fate.ended.arguments
            unseen = is_kept and fate.pbx.is_hidden(name) and (fate.says(name) or not value)
            fate.demand(f"{name} is not as the row says", new[name] == value or unseen)
    if old is None or new is None:
        return False
    changed = fate.changed()
    if fate.status == "updated":
        set_by_it = {name for name in changed & given.keys() if new[name] == given[name]}
        fate.demand("fields that were changed are not named", set_by_it <= set(row["changed"]) | _emptied(fate))
    lost = {name for name in changed if new.get(name) != given.get(name, old.get(name))}
    if "--generate-pins" in fate.ended.arguments and "pin" in row["changed"]:
        lost.discard("pin")  # in place of one that the PBX would not take any more
    return fate.check_lost(lost)


def _emptied(fate: Fate) -> set[str]:
    """Fields that a PBX emptied which does not show them, or shows them as empty all the time."""
    assert fate.new is not None
    kept = {name for name in fate.changed() if "--keep-unseen" in fate.ended.arguments and fate.pbx.takes_away(name)}
    return {name for name in fate.changed() if (fate.pbx.seems_empty(name) or name in kept) and not fate.new.get(name)}


def check_undo(pbx: Pbx, ended: Ended, undone: Run, before: Boxes, after: Boxes) -> None:
    """An undo restores what its run changed, or reports what it does not restore."""
    check_counts(ended, len(ended.json["rows"]))
    touched = {row["extension_number"] for row in undone.rows if row["status"] in UNDOABLE}
    reported = {row["extension_number"]: row for row in ended.json["rows"]}
    losers = 0
    for number in before.keys() | after.keys() | touched:
        olds, news = before.get(number, ()), after.get(number, ())
        fate = Fate(pbx, ended, reported.get(number), _only(olds), _only(news))
        if number in touched:
            losers += _check_restored(fate, _only(undone.before.get(number, ())))
        else:
            fate.demand(f"{number} was not touched by the run, and was changed", olds == news)
    _check_losers(ended, losers)


def _check_restored(fate: Fate, former: BoxState | None) -> bool:
    """Whether a box lost an undocumented field, after checking that it is as it was, or that this is reported."""
    old, new = fate.old, fate.new
    fate.check_untouched()
    if old and not new:
        fate.demand("messages are lost", not old["messages"] or "--with-messages" in fate.ended.arguments)
        fate.demand("the box is gone that was there before the run", not former)
    left = set(WRITTEN) if (former is None) != (new is None) else differing(former or {}, new or {}) & set(WRITTEN)
    is_kept = fate.status not in DONE or fate.remarks
    for name in left:
        unseen = fate.pbx.is_hidden(name) and (fate.pbx.seems_empty(name) or fate.says(name))
        fate.demand(f"{name} is not restored, and nothing reports it (it was {former})", is_kept or unseen)
    return fate.check_lost(name for name in fate.changed() if new and new.get(name) != (former or {}).get(name))


def _check_losers(ended: Ended, losers: int) -> None:
    """A PBX that takes undocumented fields away takes them from one box, and the run ends there."""
    if losers and (losers > 1 or ended.code != STOPPED_EARLY):
        raise Violation(f"{losers} boxes lost a field that is not documented, and the run went on: {ended}")


def _only(boxes: Sequence[BoxState]) -> BoxState | None:
    return boxes[0] if boxes else None


def check_export(pbx: Pbx, ended: Ended, rows: Sequence[Mapping[str, str]], truth: Boxes, manifest: str = "") -> None:
    """An export holds what the PBX has, and what it lacks is reported."""
    if len(rows) != sum(map(len, truth.values())):
        raise Violation(f"{len(rows)} rows of {truth}: {ended}")
    for row in rows:
        box = next(box for box in truth[row["extension_number"]] if box["id"] == row["id"])
        for name in WRITTEN:
            value = typed(name, row[name]) if row.get(name) else None
            about = f"{row}: {box}: {ended}: {manifest}"
            # One box alone does not show that this is no PIN but a mask.
            is_lone_mask = value == "000000" and len(rows) == 1 and pbx.is_hidden(name)
            if value is not None and value != box[name] and not is_lone_mask:
                raise Violation(f"{name} is not what the PBX has: {about}")
            if value is None and box[name] is not None and not (pbx.is_hidden(name) or pbx.seems_empty(name)):
                raise Violation(f"{name} is missing: {about}")
            printed = pbx.seems_empty(name) or names_field(ended.err + manifest, name)
            if value is None and box[name] is not None and not printed:
                raise Violation(f"{name} is hidden, and nothing says so: {about}")
