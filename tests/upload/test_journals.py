"""What a run did can be told from its journal, however the run ended."""

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

    assert past.facts.began == FACTS.began
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
