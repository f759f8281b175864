import os
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from bulkvm.simulator import SimulatorError, SimulatorSettings, create_app
from bulkvm.simulator.filters import EVERY_BOX
from bulkvm.simulator.state import State
from tests.simulator.simulated import BOXES, LOGIN, PASSWORD_LOGIN, a_box, in_process

# Makes boxes on the numbers given, says which ones it got, and tries numbers that others want too.
MAKE_BOXES = """
import sys
import threading
from pathlib import Path
from bulkvm.simulator.state import NumberTaken, State
state = State(Path(sys.argv[1]))
fields = dict.fromkeys(("prompt", "enable_pin", "enable_email_notify", "recipients", "play_datetime"))
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
    assert State(path).count(EVERY_BOX) == len(wanted)


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

    assert state.count(EVERY_BOX) == 0
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
