"""What the simulated PBX remembers, in SQLite: its boxes and their messages, the numbers of other kinds, the tokens."""

import base64
import json
import os
import secrets
import sqlite3
import stat
import weakref
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from bulkvm.simulator.configuration import SimulatorError
from bulkvm.simulator.filters import Condition

FIELDS: Final = (
    "id",
    "name",
    "extension_number",
    "prompt",
    "enable_pin",
    "pin",
    "enable_email_notify",
    "recipients",
    "play_datetime",
)

# What else has a number in a fresh state.
OTHER_NUMBERS: Final = (
    ("1001", "Reception", "EXTENSION"),
    ("1002", "Dr. Weber", "EXTENSION"),
    ("1003", "Billing", "EXTENSION"),
    ("6300", "Sales", "RING_GROUP"),
    ("6301", "Support", "CALL_QUEUE"),
    ("6400", "Monday meeting", "CONFERENCE_ROOM"),
    ("8000", "Main menu", "VIRTUAL_RECEPTIONIST"),
)

_VERSION: Final = 2
_FIRST_VERSION: Final = 1
# `extra` holds the undocumented fields. A seed may have two boxes with one number; the calls make no such boxes.
_BOX_TABLES: Final = (
    """
    CREATE TABLE box (
        position INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        name TEXT,
        extension_number TEXT NOT NULL,
        prompt TEXT,
        enable_pin INTEGER,
        pin TEXT,
        enable_email_notify INTEGER,
        recipients TEXT,
        play_datetime TEXT,
        extra TEXT NOT NULL DEFAULT '{}'
    )
    """,
    "CREATE INDEX box_number ON box (extension_number)",
    """
    CREATE TABLE message (
        position INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        box_id TEXT NOT NULL,
        sender_name TEXT,
        sender_number TEXT,
        created_at TEXT NOT NULL,
        duration INTEGER NOT NULL,
        status TEXT NOT NULL
    )
    """,
    "CREATE INDEX message_box ON message (box_id)",
    "CREATE TRIGGER messages_go AFTER DELETE ON box BEGIN DELETE FROM message WHERE box_id = OLD.id; END",
)
_OTHER_TABLES: Final = (
    """
    CREATE TABLE other_number (
        id TEXT NOT NULL, extension_number TEXT PRIMARY KEY, name TEXT NOT NULL, type TEXT NOT NULL
    )
    """,
    "CREATE TABLE token (value TEXT PRIMARY KEY, refresh TEXT UNIQUE, expires_at REAL NOT NULL)",
)
_GREETINGS: Final = (  # not in the states of former versions
    "CREATE TABLE IF NOT EXISTS greeting (id TEXT NOT NULL UNIQUE, box_id TEXT NOT NULL, file_name TEXT NOT NULL)",
    """
    CREATE TRIGGER IF NOT EXISTS greetings_go AFTER DELETE ON box
    BEGIN DELETE FROM greeting WHERE box_id = OLD.id; END
    """,
)
_COLUMNS: Final = (*FIELDS, "extra")
_VALUES: Final = ", ".join(f":{column}" for column in _COLUMNS)
_PLACE: Final = f"INSERT INTO box ({', '.join(_COLUMNS)}) SELECT {_VALUES}"
_IS_FREE: Final = """
NOT EXISTS (SELECT 1 FROM box WHERE extension_number = :extension_number)
AND NOT EXISTS (SELECT 1 FROM other_number WHERE extension_number = :extension_number)
"""
_INSERT: Final = f"{_PLACE} WHERE {_IS_FREE}"
_SELECT: Final = f"SELECT {', '.join(_COLUMNS)} FROM box WHERE"  # noqa: S608  (the same)
_UPDATE: Final = f"UPDATE box SET ({', '.join(_COLUMNS)}) = ({_VALUES}) WHERE id = :id"  # noqa: S608  (the same)
_NEXT: Final = """
SELECT id FROM box WHERE id != :id
ORDER BY position > (SELECT position FROM box WHERE id = :id) DESC, position LIMIT 1
"""
_MESSAGE: Final = ("id", "sender_name", "sender_number", "created_at", "duration", "status")
_OWNER: Final = """
SELECT id, extension_number, name, type FROM other_number WHERE extension_number = :number
UNION ALL
SELECT id, extension_number, name, 'SHARED_VOICEMAIL' FROM box WHERE extension_number = :number
"""


class NumberTaken(Exception):
    """Something else on the PBX has this number."""


class State:
    """The tables, in a file that several processes may share, or in memory. It needs no closing."""

    def __init__(self, path: Path | None) -> None:
        """Open the state, or make a fresh one.

        Raises:
            SimulatorError: the file is no state of a simulator, or cannot be opened.
        """
        try:
            self.db = _open(path)
        except (OSError, sqlite3.Error) as error:
            raise SimulatorError(f"{path} cannot be used as the simulator's state: {error}.") from error
        weakref.finalize(self, self.db.close)

    def insert(self, box: Mapping[str, Any]) -> str:
        """Add a box; its new id.

        Raises:
            NumberTaken: something of any kind has its number.
        """
        id_ = new_id()
        if self.db.execute(_INSERT, _row({**box, "id": id_})).rowcount != 1:
            raise NumberTaken
        return id_

    def fetch(self, id_: str) -> dict[str, Any] | None:
        """The box with an id."""
        row = self.db.execute(f"{_SELECT} id = ?", (id_,)).fetchone()
        return row and _box(row)

    def update(self, id_: str, box: Mapping[str, Any]) -> bool:
        """Overwrite a box; whether there is one with this id."""
        return self.db.execute(_UPDATE, _row({**box, "id": id_})).rowcount == 1

    def delete(self, id_: str) -> bool:
        """Remove a box and its messages; whether there was one with this id."""
        return self.db.execute("DELETE FROM box WHERE id = ?", (id_,)).rowcount == 1

    def next_id(self, id_: str) -> str:
        """The id of another box: the next one, or after the last the first. Where there is none, the same id."""
        row = self.db.execute(_NEXT, {"id": id_}).fetchone()
        return str(row[0]) if row else id_

    def leave_message(self, id_: str, sender_number: str = "+493012345") -> None:
        """Put a message into a box, as a caller does."""
        now = datetime.now(UTC).isoformat(timespec="seconds")
        self.db.execute(
            "INSERT INTO message (id, box_id, sender_name, sender_number, created_at, duration, status) "
            "VALUES (?, ?, 'A caller', ?, ?, 12, 'UNREAD')",
            (new_id(), id_, sender_number, now),
        )

    def messages(self, id_: str) -> list[dict[str, Any]]:
        """The messages in a box, the first one first."""
        rows = self.db.execute(
            f"SELECT {', '.join(_MESSAGE)} FROM message WHERE box_id = ? ORDER BY position",  # noqa: S608  (our own names)
            (id_,),
        )
        return [dict(zip(_MESSAGE, row, strict=True)) for row in rows]

    def record_greeting(self, id_: str, file_name: str = "greeting.wav") -> None:
        """Give a box a greeting, as an administrator does."""
        self.db.execute("INSERT INTO greeting (id, box_id, file_name) VALUES (?, ?, ?)", (new_id(), id_, file_name))

    def greetings(self, id_: str) -> list[dict[str, Any]]:
        """The greetings of a box."""
        rows = self.db.execute("SELECT id, file_name FROM greeting WHERE box_id = ?", (id_,))
        return [{"id": greeting, "enabled": True, "file_name": file_name} for greeting, file_name in rows]

    def count(self, condition: Condition) -> int:
        """How many boxes a condition holds for."""
        sql = f"SELECT count(*) FROM box WHERE {condition.sql}"  # noqa: S608  (compiled: values are parameters)
        (count,) = self.db.execute(sql, condition.values).fetchone()
        return int(count)

    def page(self, condition: Condition, order: str, skip: int, top: int) -> list[dict[str, Any]]:
        """Some of the boxes that a condition holds for; boxes that the order leaves equal, in that of their making."""
        rows = self.db.execute(
            f"{_SELECT} {condition.sql} ORDER BY {order}, position LIMIT ? OFFSET ?", (*condition.values, top, skip)
        )
        return [_box(row) for row in rows]

    def owner(self, number: str) -> dict[str, Any] | None:
        """What has a number: a box or another kind of extension."""
        row = self.db.execute(_OWNER, {"number": number}).fetchone()
        return row and dict(zip(("id", "extension_number", "name", "type"), row, strict=True))

    def replace(self, boxes: Iterable[Mapping[str, Any]]) -> None:
        """Put these boxes, with their ids, in place of all that are there and of whatever has their numbers."""
        with self.db:
            self.db.execute("BEGIN IMMEDIATE")
            self.db.execute("DELETE FROM box")
            for box in boxes:
                self.db.execute("DELETE FROM other_number WHERE extension_number = :extension_number", box)
                self.db.execute(_PLACE, _row(box))


def new_id() -> str:
    """An id as the PBX writes them: opaque to clients, in fact 18 digits in base64."""
    return base64.b64encode(str(10**17 + secrets.randbelow(9 * 10**17)).encode()).decode()


def _open(path: Path | None) -> sqlite3.Connection:
    if path is not None:
        _claim(path)
    # A server runs in another thread than the one that makes the application; only one of them is at work at a time.
    db = sqlite3.connect(path or ":memory:", timeout=30, isolation_level=None, check_same_thread=False)
    for function in (_startswith, _endswith, _contains, _mentions):
        db.create_function(function.__name__.lstrip("_"), 2, function, deterministic=True)
    try:
        # A crash of the process loses nothing; one of the whole computer may, which is good enough for a rehearsal.
        db.execute("PRAGMA synchronous = OFF")
        with db:
            db.execute("BEGIN IMMEDIATE")
            _make_tables(db)
            for statement in _GREETINGS:
                db.execute(statement)
        db.execute("PRAGMA journal_mode = WAL")
    except BaseException:
        db.close()
        raise
    return db


def _claim(path: Path) -> None:
    """Make a state that only its owner can read, or make one that is there so.

    SQLite opens it and its companions (-wal, -shm) by name, so nobody else may be able to put a file there.

    Raises:
        SimulatorError: somebody can.
        OSError: it cannot be made.
    """
    path = path.resolve()
    handle = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_NONBLOCK", 0), 0o600)
    try:
        if os.name != "posix":
            return
        file, folder = os.fstat(handle), path.parent.stat()
        trusted = {0, os.geteuid()}
        if (
            not {file.st_uid, folder.st_uid} <= trusted
            or folder.st_mode & stat.S_IWOTH
            or not stat.S_ISREG(file.st_mode)
        ):
            raise SimulatorError(
                f"Other users can change {path} or its folder, so it is not used as the simulator's state. Name a file "
                "in a folder of your own."
            )
        if file.st_mode & 0o077:
            os.fchmod(handle, 0o600)
    finally:
        os.close(handle)


def _make_tables(db: sqlite3.Connection) -> None:
    (version,) = db.execute("PRAGMA user_version").fetchone()
    if version == _VERSION:
        return
    if version == _FIRST_VERSION:
        _bring_up_to_date(db)
        return
    if version or db.execute("SELECT count(*) FROM sqlite_master").fetchone() != (0,):
        raise sqlite3.DatabaseError("it is a database of something else")
    for table in (*_BOX_TABLES, *_OTHER_TABLES):
        db.execute(table)
    db.executemany("INSERT INTO other_number VALUES (?, ?, ?, ?)", [(new_id(), *other) for other in OTHER_NUMBERS])
    db.execute(f"PRAGMA user_version = {_VERSION}")


def _bring_up_to_date(db: sqlite3.Connection) -> None:
    """Convert a state of the first version, which had no messages and no undocumented fields, and kept ready tokens."""
    db.execute("DROP TRIGGER number_is_taken")
    db.execute("ALTER TABLE box RENAME TO former_box")
    for table in _BOX_TABLES:
        db.execute(table)
    columns = ", ".join(("position", *FIELDS))
    db.execute(f"INSERT INTO box ({columns}) SELECT {columns} FROM former_box")  # noqa: S608  (our own names)
    db.execute("DROP TABLE former_box")
    db.execute("DELETE FROM token WHERE expires_at = 9e999")
    db.execute(f"PRAGMA user_version = {_VERSION}")


def _row(box: Mapping[str, Any]) -> dict[str, Any]:
    """A box as the table keeps it."""
    extra = {name: value for name, value in box.items() if name not in FIELDS}
    return {field: box[field] for field in FIELDS} | {"extra": json.dumps(extra)}


def _box(row: tuple[Any, ...]) -> dict[str, Any]:
    *values, extra = row
    box: dict[str, Any] = dict(zip(FIELDS, values, strict=True))
    for switch in ("enable_pin", "enable_email_notify"):
        if box[switch] is not None:
            box[switch] = bool(box[switch])
    box.update(json.loads(extra))
    return box


def _startswith(text: str | None, part: str) -> bool:
    return text is not None and text.startswith(part)


def _endswith(text: str | None, part: str) -> bool:
    return text is not None and text.endswith(part)


def _contains(text: str | None, part: str) -> bool:
    return text is not None and part in text


def _mentions(text: str | None, part: str) -> bool:
    return text is not None and part.casefold() in text.casefold()
