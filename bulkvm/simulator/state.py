"""What the simulated PBX remembers, in SQLite: its boxes, the numbers of other kinds, the tokens."""

import base64
import secrets
import sqlite3
import weakref
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from bulkvm.simulator.errors import SimulatorError
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

_VERSION: Final = 1
_TABLES: Final = (
    """
    CREATE TABLE other_number (
        id TEXT NOT NULL, extension_number TEXT PRIMARY KEY, name TEXT NOT NULL, type TEXT NOT NULL
    )
    """,
    """
    CREATE TABLE box (
        position INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        name TEXT,
        extension_number TEXT NOT NULL UNIQUE,
        prompt TEXT,
        enable_pin INTEGER,
        pin TEXT,
        enable_email_notify INTEGER,
        recipients TEXT,
        play_datetime TEXT
    )
    """,
    """
    CREATE TRIGGER number_is_taken BEFORE INSERT ON box
    WHEN EXISTS (SELECT 1 FROM other_number WHERE extension_number = NEW.extension_number)
    BEGIN SELECT RAISE(ABORT, 'the number is taken'); END
    """,
    "CREATE TABLE token (value TEXT PRIMARY KEY, refresh TEXT UNIQUE, expires_at REAL NOT NULL)",
)
_INSERT: Final = f"INSERT INTO box ({', '.join(FIELDS)}) VALUES ({', '.join(f':{f}' for f in FIELDS)})"  # noqa: S608  (our own names)
_SELECT: Final = f"SELECT {', '.join(FIELDS)} FROM box WHERE"  # noqa: S608  (the same)
# Nothing is said about what an update makes of the fields that it leaves out. Here they are reset, which is the less
# forgiving reading, but for name and pin, which a box cannot be without.
_UPDATE: Final = """
UPDATE box SET name = coalesce(:name, name), pin = coalesce(:pin, pin), prompt = :prompt, enable_pin = :enable_pin,
    enable_email_notify = :enable_email_notify, recipients = :recipients, play_datetime = :play_datetime
WHERE id = :id
"""
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
        try:
            self.db.execute(_INSERT, {**box, "id": id_})
        except sqlite3.IntegrityError:
            raise NumberTaken from None
        return id_

    def fetch(self, id_: str) -> dict[str, Any] | None:
        """The box with an id."""
        row = self.db.execute(f"{_SELECT} id = ?", (id_,)).fetchone()
        return row and _box(row)

    def update(self, id_: str, box: Mapping[str, Any]) -> bool:
        """Overwrite a box; whether there is one with this id."""
        return self.db.execute(_UPDATE, {**box, "id": id_}).rowcount == 1

    def delete(self, id_: str) -> bool:
        """Remove a box; whether there was one with this id."""
        return self.db.execute("DELETE FROM box WHERE id = ?", (id_,)).rowcount == 1

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
                self.db.execute(_INSERT, box)


def new_id() -> str:
    """An id as the PBX writes them: opaque to clients, in fact 18 digits in base64."""
    return base64.b64encode(str(10**17 + secrets.randbelow(9 * 10**17)).encode()).decode()


def _open(path: Path | None) -> sqlite3.Connection:
    if path is not None:
        path.touch(mode=0o600)
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
        db.execute("PRAGMA journal_mode = WAL")
    except BaseException:
        db.close()
        raise
    return db


def _make_tables(db: sqlite3.Connection) -> None:
    (version,) = db.execute("PRAGMA user_version").fetchone()
    if version == _VERSION:
        return
    if version or db.execute("SELECT count(*) FROM sqlite_master").fetchone() != (0,):
        raise sqlite3.DatabaseError("it is a database of something else")
    for table in _TABLES:
        db.execute(table)
    db.executemany("INSERT INTO other_number VALUES (?, ?, ?, ?)", [(new_id(), *other) for other in OTHER_NUMBERS])
    db.execute(f"PRAGMA user_version = {_VERSION}")


def _box(row: tuple[Any, ...]) -> dict[str, Any]:
    box = dict(zip(FIELDS, row, strict=True))
    for switch in ("enable_pin", "enable_email_notify"):
        if box[switch] is not None:
            box[switch] = bool(box[switch])
    return box


def _startswith(text: str | None, part: str) -> bool:
    return text is not None and text.startswith(part)


def _endswith(text: str | None, part: str) -> bool:
    return text is not None and text.endswith(part)


def _contains(text: str | None, part: str) -> bool:
    return text is not None and part in text


def _mentions(text: str | None, part: str) -> bool:
    return text is not None and part.casefold() in text.casefold()
