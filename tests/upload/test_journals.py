"""What a run did can be told from its journal, however the run ended."""

import errno
import os
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bulkvm.box import BLANK, NOT_KNOWN, Box, Record
from bulkvm.changes import Change, ChangeKind
from bulkvm.errors import UsageError
from bulkvm.outcomes import Outcome, Status
from bulkvm.upload import Journal, RunFacts, read_journal

FACTS = RunFacts(
    name="20261123T021500Z-ab12",
    site="clinic",
    url="https://pbx.example.com:8887",
    file="clinic.xlsx",
    began=datetime(2026, 11, 23, 2, 15, tzinfo=UTC),
    extensions={2: "6201", 3: "6202", 4: "6203"},
)
NEW = Change(ChangeKind.CREATE, Record(row=2, extension_number="6201", name="Zentrale", pin="402817"))
BOX = Box(id="QQ==", extension_number="6202", name="Sales", pin="582046", prompt=BLANK, recipients=("a@example.com",))
CHANGED = Change(ChangeKind.UPDATE, Record(row=3, extension_number="6202", recipients=()), BOX, wanted=BOX)
CREATED = Outcome(row=2, extension_number="6201", status=Status.CREATED, id="Qg==", changed=("name",), attempts=2)


def write(folder: Path) -> Path:
    journal = Journal(folder / "runs", FACTS)
    journal.begin(NEW)
    journal.end(CREATED)
    journal.begin(CHANGED)
    journal.close()
    return folder / "runs" / f"{FACTS.name}.jsonl"


def test_a_run_is_read_back_as_it_was(tmp_path: Path) -> None:
    past = read_journal(write(tmp_path))

    assert past.facts == FACTS
    assert past.changes == {2: NEW, 3: CHANGED}
    assert past.outcomes[0] == CREATED


def test_a_row_under_way_is_unknown_and_a_row_after_it_not_sent(tmp_path: Path) -> None:
    past = read_journal(write(tmp_path))

    assert [(o.row, o.status) for o in past.outcomes] == [
        (2, Status.CREATED),
        (3, Status.UNKNOWN),
        (4, Status.NOT_SENT),
    ]


@given(cut=st.integers(0, 400))
def test_a_journal_whose_writer_was_killed_tells_all_but_the_line_it_died_in(
    tmp_path_factory: pytest.TempPathFactory, cut: int
) -> None:
    file = write(tmp_path_factory.mktemp("journal"))
    whole = file.read_bytes()
    first = whole.index(b"\n") + 1
    file.write_bytes(whole[: max(first, len(whole) - cut)])

    past = read_journal(file)

    assert [outcome.row for outcome in past.outcomes] == [2, 3, 4]
    assert past.outcomes[0].status in {Status.CREATED, Status.UNKNOWN, Status.NOT_SENT}


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


LINES = ["run", "begin of row 2", "end of row 2", "begin of row 3"]


@pytest.mark.parametrize(
    "garbage", [b"", b"{", b"\xff\xfe", b"\0" * 40, b"[1]", b"null", b"{}", b'{"end": {"row": 2}}']
)
@pytest.mark.parametrize(
    ("lost", "statuses"),
    [
        (2, [Status.CREATED, Status.UNKNOWN, Status.UNKNOWN]),
        (3, [Status.UNKNOWN, Status.UNKNOWN, Status.UNKNOWN]),
        (4, [Status.CREATED, Status.UNKNOWN, Status.UNKNOWN]),
    ],
    ids=LINES[1:],
)
def test_a_damaged_line_hides_no_other_and_what_is_not_told_is_unknown(
    tmp_path: Path, lost: int, statuses: list[Status], garbage: bytes
) -> None:
    file = write(tmp_path)
    lines = file.read_bytes().splitlines(keepends=True)
    lines[lost - 1] = garbage + b"\n" if garbage else b"{half a line\n"
    file.write_bytes(b"".join(lines))

    past = read_journal(file)

    assert past.damaged == (lost,)
    assert [outcome.status for outcome in past.outcomes] == statuses
    assert set(past.changes) == {2, 3} - ({2} if lost == 2 else {3} if lost == 4 else set())


def test_a_line_that_its_writer_was_killed_in_is_no_damage(tmp_path: Path) -> None:
    file = write(tmp_path)
    file.write_bytes(file.read_bytes()[:-9])

    assert read_journal(file).damaged == ()


def test_a_line_that_a_full_disk_cut_spoils_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journal = Journal(tmp_path, FACTS)
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
    assert past.damaged == (3,)


def test_a_journal_of_an_earlier_version_is_read(tmp_path: Path) -> None:
    file = write(tmp_path)
    file.write_bytes(file.read_bytes().replace(b', "input_sha256": ""', b""))

    assert read_journal(file).facts == FACTS


@pytest.mark.parametrize("content", ["", "{}\n", "text\n", "[1]\n", '{"run": {}}\n'])
def test_any_other_file_is_no_journal(tmp_path: Path, content: str) -> None:
    file = tmp_path / "other.jsonl"
    file.write_text(content, "utf-8")

    with pytest.raises(UsageError, match="not the journal of a run"):
        read_journal(file)


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX's")
def test_a_journal_holds_pins_and_is_for_its_owner_alone(tmp_path: Path) -> None:
    file = write(tmp_path)

    assert file.stat().st_mode & 0o777 == 0o600
    assert file.parent.stat().st_mode & 0o777 == 0o700


def test_two_runs_of_one_name_are_refused_by_the_file_system(tmp_path: Path) -> None:
    write(tmp_path)

    with pytest.raises(FileExistsError):
        Journal(tmp_path / "runs", FACTS)
