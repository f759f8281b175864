"""Two users of one machine: what one's commands write, another can neither read nor redirect.

The other user owns a folder in which both may write, as /tmp is one, and has prepared it: under every name that a
command could use there is a link, a pipe, a file or a folder of theirs, and while the commands run, a program of theirs
tries to read whatever appears, and to put something else in its place.
"""

import json
import os
import pwd
import shutil
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest

from bulkvm.simulator import SimulatorError, create_app
from tests.cli.program import SAMPLES, Bulkvm

pytestmark = pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() != 0, reason="a second user takes root to become one"
)

OTHER: Final = 54321  # needs no entry in /etc/passwd
SAMPLE: Final = Path(__file__).parents[2] / "samples" / "clinic.csv"
BAIT: Final = b"bait of the other user\n"

STATE, CONFIG = "state", "config"
HANDED_OUT: Final = [["template", "template.xlsx"], ["template", "template.csv", "--csv"], ["demo", "tour"]]
COMMANDS: Final = [
    ["validate", "clinic.csv", "--annotate", "copy.xlsx", "--clean", "clean.csv"],
    ["plan", "clinic.csv", "--site", "simulator"],
    ["import", "clinic.csv", "--site", "simulator", "--yes"],
    ["import", "clinic.csv", "--site", "simulator", "--yes", "--result", "result.csv"],
    ["export", "export.csv", "--site", "simulator"],
    ["export", "export.xlsx", "--site", "simulator"],
    ["export", "export.json", "--site", "simulator"],
    ["backup", "nights", "--site", "simulator"],
    ["backup", ".", "--site", "simulator"],
    ["backup", "verify", "nights"],
    ["diff", "clinic.csv", "--site", "simulator", "--output", "differences.xlsx"],
    ["runs", "last", "--result", "again.xlsx"],
    ["undo", "last", "--site", "simulator", "--yes"],
    ["login", "clinic", "--url", "http://127.0.0.1:9", "--token-stdin"],
    ["sites"],
]
# The names that the other user prepares: those of the commands above, and those that bulkvm and its libraries choose.
NAMES: Final = [
    "template.xlsx", "template.csv", "copy.xlsx", "clean.csv", "clinic.result.xlsx", "clinic.result-2.xlsx",
    "result.csv", "export.csv", "export.xlsx", "export.json", "nights", ".bulkvm", "differences.xlsx", "again.xlsx",
    "tour",
    "sites.toml", "sites.toml.lock", "sites.lock", "runs", "locks", "sequence", "simulator.sqlite3",
    "simulator.sqlite3-journal", "simulator.sqlite3-wal", "simulator.sqlite3-shm", "simulator.certificate.pem",
    "simulator.key.pem",
]  # fmt: skip

COMMANDS_IN_TURN: Final = """
import json, os, sys
os.umask(0)
from bulkvm.cli.main import run
for command in json.loads(sys.argv[1]):
    print(json.dumps([command, run(command)]), flush=True)
"""

# What the other user's program does until it is ended. It prints which files of the first user it can read or change.
ATTACK: Final = """
folder, precious = sys.argv[1], sys.argv[2]
mine = os.getuid()
done = set()
while True:
    for place, folders, files in os.walk(folder):
        for name in files + folders:
            path = os.path.join(place, name)
            try:
                found = os.lstat(path)
                if found.st_uid == mine or stat.S_ISDIR(found.st_mode):
                    continue
                for how in (os.O_RDONLY, os.O_WRONLY):
                    try:
                        os.close(os.open(path, how | os.O_NONBLOCK | os.O_NOFOLLOW))
                    except OSError:
                        continue
                    print("opened", how, name, flush=True)
                if name.startswith(".bulkvm-") or name.endswith((".lock", ".jsonl", "-journal")):
                    if len(done) % 3 == 0:
                        os.rename(path, path + ".stolen")
                        os.symlink(precious, path)
                    elif len(done) % 3 == 1:
                        os.rename(path, path + ".stolen")
                        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o666))
                        os.chmod(path, 0o666)
                    else:
                        os.rename(path, path + ".stolen")
                        os.mkfifo(path, 0o666)
                    done.add(path)
            except OSError:
                pass
"""


@pytest.fixture
def shared(request: pytest.FixtureRequest) -> Iterator[Path]:
    """A folder in which both may write: the other user's own, or a sticky one as /tmp is."""
    folder = Path(tempfile.mkdtemp(prefix="shared-", dir="/tmp"))
    folder.chmod(request.param)
    if not request.param & stat.S_ISVTX:
        os.chown(folder, OTHER, OTHER)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def precious(tmp_path: Path) -> Path:
    """A file of the first user, elsewhere, which only this one can read."""
    file = tmp_path / "precious"
    file.write_text("precious")
    file.chmod(0o600)
    return file


def as_other(program: str, *arguments: str | Path) -> "subprocess.Popen[str]":
    """Start a Python program as the other user. It begins as root, in whose home Python itself may stand."""
    become = f"import os, stat, sys; os.setgroups([]); os.setgid({OTHER}); os.setuid({OTHER})\n"
    command = [sys.executable, "-I", "-S", "-c", become + program, *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd="/")


@contextmanager
def attacking(folder: Path, precious: Path) -> Iterator[list[str]]:
    """Attack for as long as the context lasts; what the attack got hold of is known afterwards."""
    got: list[str] = []
    with as_other(ATTACK, folder, precious) as attack:
        try:
            yield got
        finally:
            attack.kill()
            assert attack.stdout
            got += attack.stdout.read().splitlines()


def prepare(shared: Path, kind: str, precious: Path) -> None:
    """Let the other user put something under each of the names."""
    program = """
folder, kind, precious, names = sys.argv[1:5]
os.umask(0)
bait = os.path.join(folder, "bait")
for name in names.split("/"):
    path = os.path.join(folder, name)
    if kind == "link":
        os.symlink(precious, path)
    elif kind == "link to theirs":
        with open(path + ".theirs", "wb") as file:
            file.write(b"bait of the other user\\n")
        os.symlink(path + ".theirs", path)
    elif kind == "link to nothing":
        os.symlink(path + ".theirs", path)
    elif kind == "file":
        with open(path, "wb") as file:
            file.write(b"bait of the other user\\n")
    elif kind == "empty file":
        open(path, "wb").close()
    elif kind == "pipe":
        os.mkfifo(path, 0o666)
    elif kind == "folder":
        os.mkdir(path, 0o777)
"""
    with as_other(program, shared, kind, precious, "/".join(NAMES)) as preparing:
        assert preparing.wait() == 0


def run_all(shared: Path, commands: list[list[str]], where: dict[str, str]) -> list[tuple[list[str], int]]:
    """Run all commands in the folder, as the first user with the widest umask; how each ended."""
    work = shared / "clinic.csv"
    work.write_bytes(SAMPLE.read_bytes())
    work.chmod(0o600)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("BULKVM_")}
    environment |= {"TMPDIR": str(shared), "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring"} | where
    ended = subprocess.run(
        [sys.executable, "-P", "-c", COMMANDS_IN_TURN, json.dumps(commands)],
        cwd=shared,
        env=environment,
        input="token\n",
        capture_output=True,
        text=True,
        timeout=240,  # a command that waits for a pipe would wait without end
        check=False,
    )
    reported = [json.loads(line) for line in ended.stdout.splitlines() if line.startswith('[["')]
    assert len(reported) == len(commands), ended.stderr
    assert "Internal error" not in ended.stderr
    assert "bug in bulkvm" not in ended.stderr
    assert "Traceback" not in ended.stderr
    return [(command, code) for command, code in reported]


def changed_bait(shared: Path, kind: str) -> list[str]:
    """The files of the other user that now hold something else than this user wrote."""
    baits = (
        set(NAMES) if kind == "file" else {f"{name}.theirs" for name in NAMES} if kind == "link to theirs" else set()
    )
    return [
        str(file)
        for file in shared.rglob("*")
        if file.is_file() and not file.is_symlink() and file.lstat().st_uid == OTHER
        if file.read_bytes() != (BAIT if file.name in baits else b"")  # those of the attack are empty
    ]


def readable_by_others(shared: Path) -> list[str]:
    """The first user's files that the other one may open."""
    return [
        str(file.relative_to(shared))
        for file in shared.rglob("*")
        if not file.is_symlink()
        and file.is_file()
        and file.lstat().st_uid != OTHER
        and file.lstat().st_mode & 0o077
        and not file.name.startswith("template.")  # which is made to be handed out
        and file.stat().st_size
    ]


REPLACE, STICKY = 0o777, 0o1777
KINDS = ["nothing", "link", "link to theirs", "link to nothing", "file", "empty file", "pipe", "folder"]
STATES = ["in it", "below it", "elsewhere"]
CASES = [
    (STICKY, "link", "in it"),
    (REPLACE, "pipe", "below it"),
]


@pytest.mark.parametrize(("shared", "kind", "state"), CASES, indirect=["shared"])
def test_another_user_can_neither_read_nor_redirect_what_a_command_writes(
    shared: Path, tmp_path: Path, precious: Path, kind: str, state: str
) -> None:
    place = {"in it": shared, "below it": shared / "own", "elsewhere": tmp_path}[state]
    where = {"BULKVM_STATE": str(place), "BULKVM_CONFIG": str(place)}
    if kind != "nothing":
        prepare(shared, kind, precious)

    with attacking(shared, precious) as got:
        ended = run_all(shared, COMMANDS, where)
    run_all(shared, HANDED_OUT, where)

    assert {code for _, code in ended} <= {0, 1, 2, 3, 5, 8, 10}
    assert got == []
    assert changed_bait(shared, kind) == []
    assert readable_by_others(shared) == []
    assert precious.read_text() == "precious"


@pytest.mark.campaign
@pytest.mark.parametrize("shared", [REPLACE, STICKY], indirect=True, ids=["replace", "sticky"])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("state", STATES)
def test_another_user_cannot_redirect_files_in_any_prepared_way(
    shared: Path, tmp_path: Path, precious: Path, kind: str, state: str
) -> None:
    test_another_user_can_neither_read_nor_redirect_what_a_command_writes(shared, tmp_path, precious, kind, state)


@pytest.mark.parametrize("mode", [0o777, 0o1777, 0o702, 0o700], ids=oct)
@pytest.mark.parametrize("owner", [0, OTHER])
def test_settings_and_state_in_a_folder_that_others_can_change_are_not_used(
    bulkvm: Bulkvm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: int, owner: int
) -> None:
    place = tmp_path / "place"
    place.mkdir()
    (place / "sites.toml").write_text("[clinic]\nurl = 'https://pbx'\npassword_command = 'touch executed'\n")
    place.chmod(mode)
    os.chown(place, owner, owner)
    monkeypatch.setenv("BULKVM_STATE", str(place))
    monkeypatch.setenv("BULKVM_CONFIG", str(place))

    ended = [bulkvm("sites"), bulkvm("plan", SAMPLES / "clinic.csv", "--site", "simulator")]

    is_own = mode == 0o700 and owner == 0
    assert [end.code for end in ended] == ([0, 0] if is_own else [2, 2])
    assert is_own or all("can be changed by other users" in end.err for end in ended)


@pytest.mark.parametrize(("mode", "owner"), [(0o602, 0), (0o666, 0), (0o600, OTHER)])
def test_a_file_of_sites_that_others_can_change_is_not_used(bulkvm: Bulkvm, mode: int, owner: int) -> None:
    file = Path(os.environ["BULKVM_CONFIG"]) / "sites.toml"
    file.parent.mkdir()
    file.write_text("[clinic]\nurl = 'https://pbx'\npassword_command = 'touch executed'\n")
    file.chmod(mode)
    os.chown(file, owner, owner)

    ended = bulkvm("export", "boxes.csv", "--site", "clinic")

    assert ended.code == 2
    assert "can be changed by other users" in ended.err
    assert not Path("executed").exists()


def group_of_others() -> int:
    """A group of this machine that has a member besides the user."""
    return next(user.pw_gid for user in pwd.getpwall() if user.pw_uid and user.pw_gid)


@pytest.mark.parametrize(
    ("shares", "is_taken"), [("folder", False), ("file", False), ("neither", True)], ids=["folder", "file", "neither"]
)
def test_settings_that_a_group_with_other_members_can_change_are_not_used(
    bulkvm: Bulkvm, shares: str, *, is_taken: bool
) -> None:
    file = Path(os.environ["BULKVM_CONFIG"]) / "sites.toml"
    file.parent.mkdir(mode=0o700)
    file.write_text("[clinic]\nurl = 'https://127.0.0.1:1'\nuser = 'admin'\npassword_command = 'touch executed'\n")
    file.chmod(0o600)
    for name, place, mode in (("folder", file.parent, 0o2770), ("file", file, 0o660)):
        os.chown(place, 0, group_of_others() if name == shares else 0)  # root's own group has no other member
        place.chmod(mode)

    ended = bulkvm("export", "boxes.csv", "--site", "clinic")

    assert ended.code == 2
    assert ("can be changed by other users" in ended.err) is not is_taken
    assert Path("executed").exists() is is_taken


@pytest.mark.parametrize(
    ("folder_mode", "mode", "owner"), [(0o777, 0o600, 0), (0o1777, 0o600, 0), (0o700, 0o600, OTHER), (0o700, 0o644, 0)]
)
def test_a_simulators_state_is_private_to_its_owner(tmp_path: Path, folder_mode: int, mode: int, owner: int) -> None:
    file = tmp_path / "place" / "state.sqlite3"
    file.parent.mkdir()
    create_app(file)
    file.chmod(mode)
    file.parent.chmod(folder_mode)
    os.chown(file, owner, owner)

    if (folder_mode, owner) == (0o700, 0):
        create_app(file)
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    else:
        with pytest.raises(SimulatorError, match="Other users can change"):
            create_app(file)


@pytest.mark.parametrize(
    ("shares", "is_taken"), [("folder", False), ("file", False), ("neither", True)], ids=["folder", "file", "neither"]
)
def test_a_simulators_state_is_not_where_a_group_with_other_members_can_change_it(
    tmp_path: Path, shares: str, *, is_taken: bool
) -> None:
    file = tmp_path / "place" / "state.sqlite3"
    file.parent.mkdir()
    create_app(file)
    for name, place, mode in (("folder", file.parent, 0o2770), ("file", file, 0o660)):
        os.chown(place, 0, group_of_others() if name == shares else 0)
        place.chmod(mode)

    if is_taken:
        create_app(file)
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    else:
        with pytest.raises(SimulatorError, match="Other users can change"):
            create_app(file)
