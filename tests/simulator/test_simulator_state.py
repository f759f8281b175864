import gc
import os
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from bulkvm.simulator import SimulatorError, SimulatorSettings, create_app
from bulkvm.simulator.box_fields import DEFAULTS
from bulkvm.simulator.filters import EVERY_ITEM
from bulkvm.simulator.state import State
from tests.simulator.requests import BOXES, LOGIN, PASSWORD_LOGIN, a_box, in_process

_WRITTEN_BY_0_1_0 = (Path(__file__).parents[1] / "fixtures" / "0.1.0" / "state" / "simulator.sql").read_text("utf-8")
STATE_OF_0_1_0 = f"""{_WRITTEN_BY_0_1_0}
DELETE FROM box WHERE extension_number IN ('6201', '6204');
INSERT INTO token VALUES ('LOGGED-IN', 'REFRESH', 4102444800.0);
"""

# Creates boxes with the numbers given, prints those that it got, and tries numbers that others want too.
MAKE_BOXES = """
import sys
import threading
from pathlib import Path
from bulkvm.simulator.box_fields import BOX_FIELDS
from bulkvm.simulator.state import NumberTaken, State
state = State(Path(sys.argv[1]))
fields = dict.fromkeys(BOX_FIELDS)
for number in sys.argv[2:]:
    try:
        state.insert(fields | {"name": "Clinic", "extension_number": number, "pin": "402817"})
        print(number)
    except NumberTaken:
        pass
"""


async def test_boxes_and_logins_outlive_the_process(tmp_path: Path) -> None:
    path = tmp_path / "state.sqlite3"
    async with in_process(create_app(path)) as pbx:
        await pbx.post(BOXES, json=a_box())
        boxes = (await pbx.get(BOXES)).json()
        token = (await pbx.post(LOGIN, data=PASSWORD_LOGIN)).json()["access_token"]

    async with in_process(create_app(path), token=token) as pbx:
        assert (await pbx.get(BOXES)).json() == boxes
        assert (await pbx.get("/api/extension_numbers/6300")).json()["name"] == "Sales"


async def test_the_ready_token_works_again_after_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "state.sqlite3"
    async with in_process(create_app(path, faults=["expire:list:1"])) as pbx:
        assert (await pbx.get(BOXES)).status_code == 401

    async with in_process(create_app(path)) as pbx:
        assert (await pbx.get(BOXES)).status_code == 200


async def test_without_a_file_every_application_has_boxes_of_its_own() -> None:
    async with in_process(create_app()) as one, in_process(create_app()) as other:
        await one.post(BOXES, json=a_box())

        assert (await other.get(BOXES)).json()["count"] == 0


def test_processes_share_a_state_and_no_number_is_given_twice(tmp_path: Path) -> None:
    path = tmp_path / "state.sqlite3"
    shared = [str(number) for number in range(6100, 6160)]
    own = [[str(number) for number in range(start, start + 40)] for start in (7000, 7100, 7200)]
    wanted = [*own[0], *own[1], *own[2], *shared]

    makers = [
        subprocess.Popen(
            [sys.executable, "-c", MAKE_BOXES, str(path), *numbers, *shared], stdout=subprocess.PIPE, text=True
        )
        for numbers in own
    ]
    made = [maker.communicate(timeout=60)[0].split() for maker in makers]

    assert [maker.returncode for maker in makers] == [0, 0, 0]
    assert sorted(number for numbers in made for number in numbers) == sorted(wanted)
    assert State(path).count(EVERY_ITEM) == len(wanted)


def test_a_change_waits_for_that_of_another_process(tmp_path: Path) -> None:
    path = tmp_path / "state.sqlite3"
    state = State(path)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    change = threading.Thread(target=state.replace, args=([],))

    change.start()
    change.join(timeout=0.2)
    waits = change.is_alive()
    other.execute("COMMIT")
    other.close()
    change.join()

    assert waits


@pytest.mark.skipif(os.name == "nt", reason="Windows has other permissions")
def test_only_the_user_may_read_the_state(tmp_path: Path) -> None:
    path = tmp_path / "state.sqlite3"

    state = State(path)

    assert state.count(EVERY_ITEM) == 0
    assert {file.stat().st_mode & 0o777 for file in tmp_path.iterdir()} == {0o600}


def test_a_file_of_something_else_is_left_alone(tmp_path: Path) -> None:
    text, database = tmp_path / "letter.txt", tmp_path / "other.sqlite3"
    text.write_text("Dear Dr. Weber, " * 100)
    other = sqlite3.connect(database)
    other.execute("CREATE TABLE letter (text)")
    other.close()

    for path in (text, database, tmp_path / "nowhere" / "state.sqlite3"):
        before = path.read_bytes() if path.exists() else None
        with pytest.raises(SimulatorError, match="cannot be used as the simulator's state"):
            create_app(path)
        assert before is None or path.read_bytes() == before


async def test_a_ready_token_ends_with_its_process(tmp_path: Path) -> None:
    path = tmp_path / "state.sqlite3"
    create_app(path, settings=SimulatorSettings(token="FORMER"))

    async with in_process(create_app(path, settings=SimulatorSettings(token="NEW")), token="FORMER") as pbx:
        assert (await pbx.get(BOXES)).status_code == 401


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such file modes")
def test_a_state_that_others_could_read_is_made_private(tmp_path: Path) -> None:
    file = tmp_path / "pbx.sqlite3"
    create_app(file)
    file.chmod(0o644)

    create_app(file)

    assert file.stat().st_mode & 0o777 == 0o600


def write_database(path: Path, script: str) -> None:
    db = sqlite3.connect(path)
    db.executescript(script)
    db.close()


def schema_of(path: Path) -> list[tuple[str, str]]:
    db = sqlite3.connect(path)
    rows = db.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY name").fetchall()
    db.close()
    return [(name, " ".join(sql.split())) for name, sql in rows]


async def test_a_state_of_0_1_0_keeps_its_boxes_numbers_and_logins(tmp_path: Path) -> None:
    path = tmp_path / "state.sqlite3"
    write_database(path, STATE_OF_0_1_0)

    for expected in (["0101", "6202"], ["0101", "6202", "6101"]):  # the second time, it is migrated already
        app = create_app(path, settings=SimulatorSettings(token="NEW", behave=("extra:retain_days=30",)))
        async with in_process(app, token="LOGGED-IN") as pbx:
            boxes = (await pbx.get(BOXES)).json()["items"]
            taken = await pbx.post(BOXES, json=a_box(extension_number="6300"))
            created = await pbx.post(BOXES, json=a_box(extension_number="6101"))
            app.state.stored.leave_message(boxes[0]["id"])
            app.state.stored.record_greeting(boxes[0]["id"])

        assert [box["extension_number"] for box in boxes] == expected
        assert (boxes[0]["name"], boxes[0]["pin"], boxes[0]["enable_pin"]) == ("Reception", "024680", True)
        assert (taken.status_code, created.status_code) == (409, 201 if len(expected) == 2 else 409)
    assert len(app.state.stored.messages(boxes[0]["id"])) == len(app.state.stored.greetings(boxes[0]["id"])) == 2
    async with in_process(app, token="SIMULATOR-READY-TOKEN") as pbx:
        assert (await pbx.get(BOXES)).status_code == 401


def test_a_migrated_state_has_the_schema_of_a_new_one(tmp_path: Path) -> None:
    old, new = tmp_path / "old.sqlite3", tmp_path / "new.sqlite3"
    write_database(old, STATE_OF_0_1_0)

    create_app(old)
    create_app(new)

    assert schema_of(old) == schema_of(new)


def test_a_state_from_before_a_field_was_added_gets_its_column(tmp_path: Path) -> None:
    path = tmp_path / "state.sqlite3"
    before = State(path)
    id_ = before.insert(DEFAULTS | a_box())
    before.db.execute("ALTER TABLE box DROP COLUMN play_datetime")

    after = State(path)

    assert after.fetch(id_) == DEFAULTS | a_box(id=id_)


def test_a_state_of_a_newer_version_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "state.sqlite3"
    create_app(path)
    gc.collect()  # closes the database; else that may change the file later
    write_database(path, "PRAGMA user_version = 99")
    before = path.read_bytes()

    with pytest.raises(SimulatorError, match="was written by a newer version of bulkvm"):
        create_app(path)

    assert path.read_bytes() == before


@pytest.mark.parametrize("version", [0, 1, 2, 99])
def test_another_programs_database_is_left_alone_whatever_its_version(tmp_path: Path, version: int) -> None:
    path = tmp_path / "letters.sqlite3"
    write_database(path, f"CREATE TABLE letter (text); PRAGMA user_version = {version}")

    with pytest.raises(SimulatorError, match="is another program's database"):
        create_app(path)

    assert [name for name, _ in schema_of(path)] == ["letter"]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such file modes")
def test_no_file_is_left_in_a_folder_that_others_can_change(tmp_path: Path) -> None:
    tmp_path.chmod(0o777)

    with pytest.raises(SimulatorError, match="Other users can change"):
        create_app(tmp_path / "state.sqlite3")

    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(os.name == "nt", reason="Windows has no named pipes in folders")
def test_a_state_that_is_a_pipe_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")

    with pytest.raises(SimulatorError, match="is not a regular file"):
        create_app(tmp_path / "pipe")
