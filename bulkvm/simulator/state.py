"""The data of the simulated PBX in SQLite: boxes, messages and greetings, other extensions, tokens."""

import base64
import json
import secrets
import sqlite3
import weakref
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from bulkvm.simulator.box_fields import BOOLEAN_FIELDS, BOX_FIELDS
from bulkvm.simulator.configuration import SimulatorError
from bulkvm.simulator.filters import Condition
from bulkvm.simulator.migrations import migrate
from bulkvm.simulator.state_file import claim_state_file

# The other extensions in a new state.
OTHER_NUMBERS: Final = (
    ("1001", "Reception", "EXTENSION"),
    ("1002", "Dr. Weber", "EXTENSION"),
    ("1003", "Billing", "EXTENSION"),
    ("6300", "Sales", "RING_GROUP"),
    ("6301", "Support", "CALL_QUEUE"),
    ("6400", "Monday meeting", "CONFERENCE_ROOM"),
    ("8000", "Main menu", "VIRTUAL_RECEPTIONIST"),
)

# The kinds of other extensions, in the order in which `add_numbers` repeats them.
_KINDS: Final = (*["EXTENSION"] * 16, "RING_GROUP", "CALL_QUEUE", "CONFERENCE_ROOM", "VIRTUAL_RECEPTIONIST")
_FIRST_ADDED: Final = 20000

_COLUMNS: Final = (*BOX_FIELDS, "extra")
_VALUES: Final = ", ".join(f":{column}" for column in _COLUMNS)
_INSERT_ALWAYS: Final = f"INSERT INTO box ({', '.join(_COLUMNS)}) SELECT {_VALUES}"
_IS_FREE: Final = """
NOT EXISTS (SELECT 1 FROM box WHERE extension_number = :extension_number)
AND NOT EXISTS (SELECT 1 FROM other_number WHERE extension_number = :extension_number)
"""
_INSERT: Final = f"{_INSERT_ALWAYS} WHERE {_IS_FREE}"
_SELECT: Final = f"SELECT {', '.join(_COLUMNS)} FROM box WHERE"  # noqa: S608  (our own names)
_UPDATE: Final = f"UPDATE box SET ({', '.join(_COLUMNS)}) = ({_VALUES}) WHERE id = :id"  # noqa: S608  (our own names)
_NEXT_ID: Final = """
SELECT id FROM box WHERE id != :id
ORDER BY position > (SELECT position FROM box WHERE id = :id) DESC, position LIMIT 1
"""
_NUMBER_FIELDS: Final = ("id", "extension_number", "name")
_MESSAGE_FIELDS: Final = ("id", "sender_name", "sender_number", "created_at", "duration", "status")
_OWNER: Final = """
SELECT id, extension_number, name, type FROM other_number WHERE extension_number = :number
UNION ALL
SELECT id, extension_number, name, 'SHARED_VOICEMAIL' FROM box WHERE extension_number = :number
"""


class NumberTaken(Exception):
    """The number is already in use on the PBX."""


class State:
    """The tables, in a file that several processes can share or in memory. Garbage collection closes them."""

    def __init__(self, path: Path | None) -> None:
        """Open a state, migrating one of an older version, or create a new one.

        Raises:
            SimulatorError: the file is not a simulator's state, cannot be opened, or can be changed by other users.
        """
        try:
            self.db = _open(path)
        except (OSError, sqlite3.Error) as error:
            raise SimulatorError(f"{path} cannot be used as the simulator's state: {error}.") from error
        weakref.finalize(self, self.db.close)

    def insert(self, box: Mapping[str, Any]) -> str:
        """Add a box, and return its new id.

        Raises:
            NumberTaken: a box or another extension has its number.
        """
        id_ = new_id()
        if self.db.execute(_INSERT, _row({**box, "id": id_})).rowcount != 1:
            raise NumberTaken
        return id_

    def fetch(self, id_: str) -> dict[str, Any] | None:
        """Return the box with an id."""
        row = self.db.execute(f"{_SELECT} id = ?", (id_,)).fetchone()
        return row and _box(row)

    def update(self, id_: str, box: Mapping[str, Any]) -> bool:
        """Overwrite a box, and return whether it exists."""
        return self.db.execute(_UPDATE, _row({**box, "id": id_})).rowcount == 1

    def delete(self, id_: str) -> bool:
        """Delete a box with its messages and greetings, and return whether it existed."""
        return self.db.execute("DELETE FROM box WHERE id = ?", (id_,)).rowcount == 1

    def next_id(self, id_: str) -> str:
        """Return the id of the next box, or of the first after the last; the same id if there is no other box."""
        row = self.db.execute(_NEXT_ID, {"id": id_}).fetchone()
        return str(row[0]) if row else id_

    def leave_message(self, id_: str, sender_number: str = "+493012345") -> None:
        """Add a message to a box, as a caller does."""
        now = datetime.now(UTC).isoformat(timespec="seconds")
        self.db.execute(
            "INSERT INTO message (id, box_id, sender_name, sender_number, created_at, duration, status) "
            "VALUES (?, ?, 'A caller', ?, ?, 12, 'UNREAD')",
            (new_id(), id_, sender_number, now),
        )

    def messages(self, id_: str) -> list[dict[str, Any]]:
        """Return the messages in a box, oldest first."""
        rows = self.db.execute(
            f"SELECT {', '.join(_MESSAGE_FIELDS)} FROM message WHERE box_id = ? ORDER BY position",  # noqa: S608  (our own names)
            (id_,),
        )
        return [dict(zip(_MESSAGE_FIELDS, row, strict=True)) for row in rows]

    def record_greeting(self, id_: str, file_name: str = "greeting.wav") -> None:
        """Add a greeting to a box, as an administrator does."""
        self.db.execute("INSERT INTO greeting (id, box_id, file_name) VALUES (?, ?, ?)", (new_id(), id_, file_name))

    def greetings(self, id_: str) -> list[dict[str, Any]]:
        """Return the greetings of a box."""
        rows = self.db.execute("SELECT id, file_name FROM greeting WHERE box_id = ?", (id_,))
        return [{"id": greeting, "enabled": True, "file_name": file_name} for greeting, file_name in rows]

    def count(self, condition: Condition) -> int:
        """Count the boxes that match a condition."""
        sql = f"SELECT count(*) FROM box WHERE {condition.sql}"  # noqa: S608  (compiled: values are parameters)
        (count,) = self.db.execute(sql, condition.values).fetchone()
        return int(count)

    def page(self, condition: Condition, order: str, skip: int, top: int) -> list[dict[str, Any]]:
        """Return a page of the boxes that match a condition; ties are in order of creation."""
        rows = self.db.execute(
            f"{_SELECT} {condition.sql} ORDER BY {order}, position LIMIT ? OFFSET ?", (*condition.values, top, skip)
        )
        return [_box(row) for row in rows]

    def owner(self, number: str) -> dict[str, Any] | None:
        """Return the box or other extension that has a number."""
        row = self.db.execute(_OWNER, {"number": number}).fetchone()
        return row and dict(zip(("id", "extension_number", "name", "type"), row, strict=True))

    def add_numbers(self, amount: int) -> None:
        """Add other extensions with consecutive numbers from 20000 on, unless they exist."""
        numbers = range(_FIRST_ADDED, _FIRST_ADDED + amount)
        rows = [
            (new_id(), str(number), f"Extension {number}", _KINDS[place % len(_KINDS)])
            for place, number in enumerate(numbers)
        ]
        with self.db:
            self.db.execute("BEGIN IMMEDIATE")
            self.db.executemany(
                "INSERT INTO other_number SELECT ?1, ?2, ?3, ?4 WHERE NOT EXISTS "
                "(SELECT 1 FROM box WHERE extension_number = ?2) ON CONFLICT DO NOTHING",
                rows,
            )

    def count_numbers(self, condition: Condition) -> int:
        """Count the other extensions that match a condition."""
        sql = f"SELECT count(*) FROM other_number WHERE {condition.sql}"  # noqa: S608  (compiled: values are parameters)
        (count,) = self.db.execute(sql, condition.values).fetchone()
        return int(count)

    def page_of_numbers(self, condition: Condition, order: str, skip: int, top: int) -> list[dict[str, str]]:
        """Return a page of the other extensions that match a condition, with id, extension_number and name."""
        rows = self.db.execute(
            f"SELECT {', '.join(_NUMBER_FIELDS)} FROM other_number "  # noqa: S608  (our own names)
            f"WHERE {condition.sql} ORDER BY {order} LIMIT ? OFFSET ?",
            (*condition.values, top, skip),
        )
        return [dict(zip(_NUMBER_FIELDS, row, strict=True)) for row in rows]

    def replace(self, boxes: Iterable[Mapping[str, Any]]) -> None:
        """Replace all boxes by these, which keep their ids, and remove other extensions with their numbers."""
        with self.db:
            self.db.execute("BEGIN IMMEDIATE")
            self.db.execute("DELETE FROM box")
            for box in boxes:
                self.db.execute("DELETE FROM other_number WHERE extension_number = :extension_number", box)
                self.db.execute(_INSERT_ALWAYS, _row(box))


def new_id() -> str:
    """Return a new id as the PBX forms them: opaque to clients, in fact 18 digits in base64."""
    return base64.b64encode(str(10**17 + secrets.randbelow(9 * 10**17)).encode()).decode()


def _open(path: Path | None) -> sqlite3.Connection:
    if path is not None:
        claim_state_file(path)
    # The server may run in another thread than the one that created the application, but never at the same time.
    db = sqlite3.connect(path or ":memory:", timeout=30, isolation_level=None, check_same_thread=False)
    for function in (_startswith, _endswith, _contains, _contains_ignoring_case):
        db.create_function(function.__name__.lstrip("_"), 2, function, deterministic=True)
    try:
        # Data survives a crash of the process but maybe not of the machine, which is enough for a simulator.
        db.execute("PRAGMA synchronous = OFF")
        with db:
            db.execute("BEGIN IMMEDIATE")
            if migrate(db):
                others = [(new_id(), *other) for other in OTHER_NUMBERS]
                db.executemany("INSERT INTO other_number VALUES (?, ?, ?, ?)", others)
        db.execute("PRAGMA journal_mode = WAL")
    except BaseException:
        db.close()
        raise
    return db


def _row(box: Mapping[str, Any]) -> dict[str, Any]:
    """Return the table's row for a box."""
    extra = {name: value for name, value in box.items() if name not in BOX_FIELDS}
    return {field: box[field] for field in BOX_FIELDS} | {"extra": json.dumps(extra)}


def _box(row: tuple[Any, ...]) -> dict[str, Any]:
    *values, extra = row
    box: dict[str, Any] = dict(zip(BOX_FIELDS, values, strict=True))
    for field in BOOLEAN_FIELDS:
        if box[field] is not None:
            box[field] = bool(box[field])
    box.update(json.loads(extra))
    return box


def _startswith(text: str | None, part: str) -> bool:
    return text is not None and text.startswith(part)


def _endswith(text: str | None, part: str) -> bool:
    return text is not None and text.endswith(part)


def _contains(text: str | None, part: str) -> bool:
    return text is not None and part in text


def _contains_ignoring_case(text: str | None, part: str) -> bool:
    return text is not None and part.casefold() in text.casefold()
