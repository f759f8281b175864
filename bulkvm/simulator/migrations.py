"""The schema of the simulator's state file, as a list of migrations.

A new state runs through all of them, an older one through those that it lacks. To change the schema, append a
migration; never change one that was released. The columns of a new field of boxes are added without one.
"""

import sqlite3
from typing import Final

from bulkvm.simulator.box_fields import BOX_FIELDS

_MIGRATIONS: Final = (
    (  # 1: release 0.1.0
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
    ),
    (  # 2: undocumented fields, duplicate numbers (from a seed only), messages; preset tokens are no longer stored
        "DROP TRIGGER number_is_taken",
        "ALTER TABLE box RENAME TO former_box",
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
        "INSERT INTO box SELECT *, '{}' FROM former_box",
        "DROP TABLE former_box",
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
        "DELETE FROM token WHERE expires_at = 9e999",
    ),
    (  # 3: greetings, which some states of version 2 have already
        "CREATE TABLE IF NOT EXISTS greeting (id TEXT NOT NULL UNIQUE, box_id TEXT NOT NULL, file_name TEXT NOT NULL)",
        """
        CREATE TRIGGER IF NOT EXISTS greetings_go AFTER DELETE ON box
        BEGIN DELETE FROM greeting WHERE box_id = OLD.id; END
        """,
    ),
    (  # 4: several tenants, and a system administrator's tokens; earlier ones are for the first tenant
        "ALTER TABLE token ADD COLUMN is_system INTEGER NOT NULL DEFAULT 0",
        "ALTER TABLE token ADD COLUMN tenant INTEGER DEFAULT 1",
    ),
)


def migrate(db: sqlite3.Connection) -> bool:
    """Bring a database to the current schema, within the caller's transaction, and return whether it was new.

    Raises:
        sqlite3.DatabaseError: another program's database, or one from a newer version of bulkvm.
    """
    (version,) = db.execute("PRAGMA user_version").fetchone()
    tables = {name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    if ("other_number" not in tables) if version else tables:
        raise sqlite3.DatabaseError("it is another program's database")
    if version > len(_MIGRATIONS):
        raise sqlite3.DatabaseError("it was written by a newer version of bulkvm")
    for migration in _MIGRATIONS[version:]:
        for statement in migration:
            db.execute(statement)
    columns = {column for _, column, *_ in db.execute("PRAGMA table_info(box)")}
    for field in BOX_FIELDS:
        if field not in columns:
            db.execute(f"ALTER TABLE box ADD COLUMN {field}")
    db.execute(f"PRAGMA user_version = {len(_MIGRATIONS)}")
    return not version
