"""A journal shows what its run did, however the run ended."""

import errno
import os
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bulkvm.model.box import BLANK, NOT_KNOWN, Box, Record
from bulkvm.model.change import Change, ChangeKind
from bulkvm.model.errors import FileError
from bulkvm.model.exit_codes import ExitCode
from bulkvm.model.outcome import Outcome, Status, count_statuses
from bulkvm.runs import (
    Journal,
    RunInfo,
    RunState,
    SheetRow,
    is_in_progress,
    list_journals,
    list_run,
    next_number,
    read_journal,
)

FACTS = RunInfo(
    name="20261123T021500Z-ab12",
    site="clinic",
    url="https://pbx.example.com:8887",
    file="clinic.xlsx",
    began=datetime(2026, 11, 23, 2, 15, tzinfo=UTC),
    extensions={2: "6201", 3: "6202", 4: "6203", 5: "62"},
    number=7,
)
NEW = Change(ChangeKind.CREATE, Record(row=2, extension_number="6201", name="Zentrale", pin="402817"))
BOX = Box(id="QQ==", extension_number="6202", name="Sales", pin="582046", prompt=BLANK, recipients=("a@example.com",))
CHANGED = Change(ChangeKind.UPDATE, Record(row=3, extension_number="6202", recipients=()), BOX, wanted=BOX)
INVALID = Outcome(row=5, extension_number="62", status=Status.INVALID, message="A5: too short")
ROWS = [
    SheetRow(record=NEW.record, has_generated_pin=True),
    SheetRow(record=CHANGED.record),
    SheetRow(record=Record(row=4, extension_number="6203", name='Lab "row": 9, "status": "created"', enable_pin=False)),
    SheetRow(
        record=Record(row=5, extension_number="62"), cells={"extension_number": " 62", "pin": "12"}, outcome=INVALID
    ),
]
CREATED = Outcome(row=2, extension_number="6201", status=Status.CREATED, id="Qg==", changed=("name",), attempts=2)


def write(folder: Path) -> Path:
    """The journal of a run that died while row 3 was in progress."""
    journal = Journal(folder / "runs", FACTS, ROWS)
    journal.begin(NEW)
    journal.end(CREATED, BOX)
    journal.begin(CHANGED)
    journal.close()
    return folder / "runs" / f"{FACTS.name}.jsonl"


OF_0_1_0 = Path(__file__).parent / "journal_of_0_1_0.jsonl"  # it was killed while row 7 was in progress
IN_0_1_0 = {Status.CREATED: 2, Status.UPDATED: 2, Status.INVALID: 1, Status.UNKNOWN: 1, Status.NOT_SENT: 1}
STATUSES = {2: Status.CREATED, 3: Status.UNKNOWN, 4: Status.NOT_SENT, 5: Status.INVALID}


def test_a_run_is_read_back_as_it_was(tmp_path: Path) -> None:
    past = read_journal(write(tmp_path))

    assert past.info == FACTS
    assert past.changes == {2: NEW, 3: CHANGED}
    assert past.outcomes[0] == CREATED
    assert past.outcomes[3] == INVALID
    assert past.rows == {row.record.row: row for row in ROWS}
    assert past.read_back == {2: BOX}


def test_a_row_and_its_change_are_in_memory_once(tmp_path: Path) -> None:
    past = read_journal(write(tmp_path))

    assert all(change.record is past.rows[row].record for row, change in past.changes.items())


def test_a_row_in_progress_is_unknown_and_a_row_after_it_not_sent(tmp_path: Path) -> None:
    past = read_journal(write(tmp_path))

    assert {outcome.row: outcome.status for outcome in past.outcomes} == STATUSES


def test_every_row_is_on_the_disk_before_anything_is_sent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[bytes] = []
    file = tmp_path / f"{FACTS.name}.jsonl"
    monkeypatch.setattr(os, "fsync", lambda _: synced.append(file.read_bytes()))

    journal = Journal(tmp_path, FACTS, (row for row in ROWS))

    assert synced == [file.read_bytes()]
    assert read_journal(file).rows == {row.record.row: row for row in ROWS}
    journal.close()


def test_a_journal_that_cannot_be_flushed_is_of_no_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: int) -> None:
        raise OSError(errno.EIO, "no disk")

    monkeypatch.setattr(os, "fsync", refuse)

    with pytest.raises(OSError, match="no disk"):
        Journal(tmp_path, FACTS, ROWS)
    assert list(tmp_path.iterdir()) == []


def test_a_list_of_runs_reads_the_head_and_the_end_alone(tmp_path: Path) -> None:
    journal = Journal(tmp_path, FACTS, ROWS)
    journal.begin(CHANGED)
    journal.end(replace(CREATED, row=3, status=Status.UPDATED))
    outcomes = [CREATED, replace(CREATED, row=3, status=Status.UPDATED), INVALID]
    journal.finish(outcomes, ExitCode.NOT_ALL_DONE)
    journal.close()
    file = tmp_path / f"{FACTS.name}.jsonl"
    head, *between, last = file.read_bytes().splitlines(keepends=True)
    file.write_bytes(b"".join([head, *[b"\0" * (len(line) - 1) + b"\n" for line in between], last]))

    listed = list_run(file)

    assert (listed.info, listed.state) == (replace(FACTS, extensions={}), RunState.ENDED)
    assert listed.words == {Status.CREATED: 1, "put back": 1, Status.INVALID: 1, Status.UPDATED: 0}
    assert (listed.counts[Status.UPDATED], sum(listed.counts.values())) == (1, 3)


def test_a_run_without_an_end_is_counted_as_it_is_read(tmp_path: Path) -> None:
    file = write(tmp_path)

    listed = list_run(file)

    assert listed.state is RunState.DIED
    assert {status: n for status, n in listed.counts.items() if n} == dict.fromkeys(STATUSES.values(), 1)


@pytest.mark.parametrize("is_ended", [True, False])
def test_a_list_of_runs_does_not_keep_their_rows_in_memory(tmp_path: Path, is_ended: bool) -> None:  # noqa: FBT001
    rows = [SheetRow(record=Record(row=n, extension_number=str(10000 + n), name="Desk " * 10)) for n in range(2, 5002)]
    journal = Journal(tmp_path, FACTS, rows)
    for row in rows:
        journal.begin(Change(ChangeKind.CREATE, row.record))
        journal.end(replace(CREATED, row=row.record.row))
    if is_ended:
        journal.finish([replace(CREATED, row=row.record.row) for row in rows], ExitCode.DONE)
    journal.close()
    file = tmp_path / f"{FACTS.name}.jsonl"

    tracemalloc.start()
    listed = list_run(file)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert listed.counts[Status.CREATED] == 5000
    assert peak < 300_000, f"{file.stat().st_size} bytes were counted in {peak}"


def test_a_run_is_in_progress_as_long_as_its_journal_is_open(tmp_path: Path) -> None:
    file = tmp_path / f"{FACTS.name}.jsonl"
    journal = Journal(tmp_path, FACTS, ROWS)
    journal.begin(NEW)
    journal.end(CREATED)
    journal.begin(CHANGED)

    during = list_run(file)
    journal.close()

    assert (during.state, dict(during.counts)) == (
        RunState.IN_PROGRESS,
        dict.fromkeys(Status, 0) | {Status.CREATED: 1, Status.INVALID: 1},
    )
    assert list_run(file).state is RunState.DIED
    assert [one.name for one in tmp_path.iterdir()] == [file.name]


def test_a_lock_of_a_killed_run_is_not_listed_as_a_run(tmp_path: Path) -> None:
    file = write(tmp_path)
    file.with_suffix(".lock").touch()

    assert not is_in_progress(file)


def test_runs_are_ordered_by_number_and_not_by_time(tmp_path: Path) -> None:
    names = []
    for name in ["2036", "2026", "2020"]:
        facts = replace(FACTS, name=name, number=next_number(tmp_path))
        Journal(tmp_path, facts, ROWS).close()
        names.append(name)
    (tmp_path / "20261123T021500.000Z-of-0.1.0.jsonl").write_bytes(OF_0_1_0.read_bytes())

    assert [file.stem for file in list_journals(tmp_path)] == ["20261123T021500.000Z-of-0.1.0", *names]


@pytest.mark.parametrize("damage", [b"", b"x", None])
def test_numbers_continue_where_the_file_that_counts_them_is_lost(tmp_path: Path, damage: bytes | None) -> None:
    Journal(tmp_path, replace(FACTS, number=41), ROWS).close()
    if damage is not None:
        (tmp_path / "sequence").write_bytes(damage)

    assert [next_number(tmp_path), next_number(tmp_path)] == [42, 43]


def test_many_runs_at_once_get_a_number_each(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        numbers = list(pool.map(lambda _: next_number(tmp_path), range(40)))

    assert sorted(numbers) == list(range(1, 41))


def test_a_journal_of_0_1_0_is_read_and_listed() -> None:
    past, listed = read_journal(OF_0_1_0), list_run(OF_0_1_0)

    counts = {status: n for status, n in listed.counts.items() if n}
    assert counts == {status: n for status, n in count_statuses(past.outcomes).items() if n} == IN_0_1_0
    assert listed.state is RunState.DIED
    assert past.damaged == ()
    assert {change.kind for change in past.changes.values()} == {ChangeKind.CREATE, ChangeKind.UPDATE}
    assert listed.info.extensions == {}
    assert len(past.info.extensions) == len(past.outcomes)


@given(cut=st.integers(0, 1000))
def test_a_journal_of_a_killed_run_has_all_lines_but_the_last(
    tmp_path_factory: pytest.TempPathFactory, cut: int
) -> None:
    file = write(tmp_path_factory.mktemp("journal"))
    whole = file.read_bytes()
    first = whole.index(b"\n") + 1
    file.write_bytes(whole[: max(first, len(whole) - cut)])

    past = read_journal(file)

    assert {outcome.row for outcome in past.outcomes} <= STATUSES.keys()
    if cut < len(whole) - whole.index(b'{"begin"'):
        assert [outcome.row for outcome in past.outcomes] == [*STATUSES]
    assert past.damaged == ()


FIELDS = st.fixed_dictionaries(
    {
        "name": st.text() | st.sampled_from([BLANK, NOT_KNOWN]),
        "pin": st.from_regex("[0-9]{6}", fullmatch=True) | st.just(NOT_KNOWN),
        "enable_pin": st.booleans() | st.sampled_from([BLANK, NOT_KNOWN]),
        "recipients": st.lists(st.emails()).map(tuple) | st.just(NOT_KNOWN),
    }
)


@given(FIELDS)
def test_any_box_survives_the_journal(tmp_path_factory: pytest.TempPathFactory, fields: dict[str, Any]) -> None:
    folder = tmp_path_factory.mktemp("journal")
    change = Change(ChangeKind.UPDATE, replace(NEW.record), Box(id="x", extension_number="6201", **fields))
    journal = Journal(folder, FACTS)
    journal.begin(change)
    journal.close()

    assert read_journal(folder / f"{FACTS.name}.jsonl").changes == {2: change}


LINES = {2: "row 2", 6: "begin of row 2", 7: "end of row 2", 8: "begin of row 3"}


@pytest.mark.parametrize(
    "garbage", [b"", b"{", b"\xff\xfe", b"\0" * 40, b"[1]", b"null", b"{}", b'{"end": {"row": 2}}']
)
@pytest.mark.parametrize(
    ("lost", "statuses"),
    [
        (2, [Status.CREATED, Status.UNKNOWN, Status.UNKNOWN, Status.INVALID]),
        (6, [Status.CREATED, Status.UNKNOWN, Status.UNKNOWN, Status.INVALID]),
        (7, [Status.UNKNOWN, Status.UNKNOWN, Status.UNKNOWN, Status.INVALID]),
        (8, [Status.CREATED, Status.UNKNOWN, Status.UNKNOWN, Status.INVALID]),
    ],
    ids=LINES.values(),
)
def test_a_damaged_line_loses_only_its_own_row_which_is_unknown(
    tmp_path: Path, lost: int, statuses: list[Status], garbage: bytes
) -> None:
    file = write(tmp_path)
    lines = file.read_bytes().splitlines(keepends=True)
    lines[lost - 1] = garbage + b"\n" if garbage else b"{half a line\n"
    file.write_bytes(b"".join(lines))

    past = read_journal(file)

    assert past.damaged == (lost,)
    assert [outcome.status for outcome in past.outcomes] == statuses
    assert set(past.changes) == {2, 3} - ({2} if lost == 6 else {3} if lost == 8 else set())
    assert dict(list_run(file).counts) == count_statuses(past.outcomes)


def write_unconfirmed(folder: Path) -> Path:
    """The journal of a run that died before the tenant of its rows was confirmed. The new box was read back later."""
    journal = Journal(folder, FACTS, ROWS)
    journal.begin(CHANGED)
    journal.end(replace(CREATED, row=3, status=Status.UPDATED), span=(2, 3), gaps=[(1, None)])
    journal.begin(NEW)
    journal.end(CREATED)
    journal.end(CREATED, BOX, former=Status.CREATED, span=(2, 5), gaps=[(1, None)])
    journal.close()
    return folder / f"{FACTS.name}.jsonl"


def test_a_row_that_was_confirmed_and_read_back_when_others_were_not_is_counted_as_it_is_read(tmp_path: Path) -> None:
    file = write_unconfirmed(tmp_path)

    counts = count_statuses(read_journal(file).outcomes)

    assert (counts[Status.UNKNOWN], counts[Status.NOT_SENT]) == (2, 1)
    assert dict(list_run(file).counts) == counts


@pytest.mark.parametrize("start", ['{"begin"', '{"end"', '{"unconfirmed"', '{"span"'])
def test_a_line_that_was_cut_in_a_run_that_is_not_confirmed_is_counted_as_it_is_read(
    tmp_path: Path, start: str
) -> None:
    file = write_unconfirmed(tmp_path)
    lines = file.read_text("utf-8").splitlines()
    cut = next(number for number, line in enumerate(lines) if line.startswith(start))
    lines[cut] = lines[cut][: len(lines[cut]) * 3 // 4]
    file.write_text("\n".join([*lines, ""]), "utf-8", newline="\n")

    past = read_journal(file)

    assert past.damaged == (cut + 1,)
    assert dict(list_run(file).counts) == count_statuses(past.outcomes)


def test_an_unfinished_last_line_does_not_count_as_damage(tmp_path: Path) -> None:
    file = write(tmp_path)
    file.write_bytes(file.read_bytes()[:-9])

    assert read_journal(file).damaged == ()


def test_a_line_that_a_full_disk_cut_spoils_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journal = Journal(tmp_path, FACTS, ROWS)
    journal.begin(NEW)
    write_all = os.write

    def write_half(file: int, content: bytes) -> int:
        monkeypatch.setattr(os, "write", refuse)
        return write_all(file, content[: len(content) // 2])

    def refuse(_file: int, _content: bytes) -> int:
        raise OSError(errno.ENOSPC, "no space")

    monkeypatch.setattr(os, "write", write_half)
    with pytest.raises(OSError, match="no space"):
        journal.begin(CHANGED)
    monkeypatch.undo()
    journal.end(CREATED)
    journal.close()

    past = read_journal(tmp_path / f"{FACTS.name}.jsonl")
    assert past.outcomes[0] == CREATED
    assert past.damaged == (7,)


@pytest.mark.parametrize("content", ["", "{}\n", "text\n", "[1]\n", '{"run": {}}\n'])
def test_any_other_file_is_not_a_journal(tmp_path: Path, content: str) -> None:
    file = tmp_path / "other.jsonl"
    file.write_text(content, "utf-8")

    with pytest.raises(FileError, match="not the journal of a run"):
        read_journal(file)


@pytest.mark.skipif(os.name != "posix", reason="Windows has no named pipes in folders")
def test_a_pipe_is_not_a_journal_and_is_not_waited_for(tmp_path: Path) -> None:
    file = tmp_path / "pipe.jsonl"
    os.mkfifo(file)
    writer = os.open(file, os.O_RDWR | os.O_NONBLOCK)  # a pipe without one would be waited for
    os.write(writer, b"text\n")
    try:
        with pytest.raises(FileError, match="not the journal of a run"):
            read_journal(file)
        assert os.read(writer, 5) == b"text\n"
    finally:
        os.close(writer)


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX's")
def test_a_journal_holds_pins_and_is_private_to_its_owner(tmp_path: Path) -> None:
    file = write(tmp_path)

    assert file.stat().st_mode & 0o777 == 0o600
    assert file.parent.stat().st_mode & 0o777 == 0o700


def test_two_runs_of_one_name_are_refused_by_the_file_system(tmp_path: Path) -> None:
    write(tmp_path)

    with pytest.raises(FileExistsError):
        Journal(tmp_path / "runs", FACTS)
