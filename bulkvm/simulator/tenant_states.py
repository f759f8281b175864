"""The tenants of the simulated PBX. Each has a state of its own, so that no request can reach the boxes of another."""

import base64
import sqlite3
from pathlib import Path
from typing import Any, Final

from bulkvm.simulator.box_fields import DEFAULTS
from bulkvm.simulator.configuration import SimulatorSettings
from bulkvm.simulator.filters import EVERY_ITEM, Condition
from bulkvm.simulator.state import NumberTaken, State

_FIELDS: Final = ("id", "name", "domain", "enabled")
_FIRST_ID: Final = 10**17
_FIRST_BOX: Final = 6000
_PIN: Final = "402817"
_TABLE: Final = """
CREATE TEMP TABLE tenant (
    number INTEGER PRIMARY KEY, id TEXT UNIQUE, name TEXT, domain TEXT UNIQUE COLLATE NOCASE, enabled INTEGER
)
"""


class Tenants:
    """The tenants by number, from 1 on. Apart from their boxes, they are those of the settings at each start."""

    def __init__(self, path: Path | None, settings: SimulatorSettings) -> None:
        """Open the states of all tenants. That of the first is `path`, or in memory.

        Raises:
            SimulatorError: a file cannot be used.
        """
        self._path = path
        self._settings = settings
        self._states = {1: State(path)}
        self._db = self._states[1].db
        self._db.execute(_TABLE)
        first = (1, settings.tenant_id, settings.tenant_name, settings.domain, True)
        self._db.execute("INSERT INTO tenant VALUES (?, ?, ?, ?, ?)", first)
        for _ in range(1, settings.tenants):
            self.add()

    @property
    def db(self) -> sqlite3.Connection:
        """The database of the first tenant, which also has all tokens."""
        return self._db

    def add(self) -> int:
        """Add a tenant, and return its number."""
        (number,) = self._db.execute("SELECT max(number) + 1 FROM tenant").fetchone()
        tenant_id = base64.b64encode(str(_FIRST_ID + number).encode()).decode()
        tenant = (number, tenant_id, f"Clinic {number}", f"clinic-{number:03}.example", True)
        self._db.execute("INSERT INTO tenant VALUES (?, ?, ?, ?, ?)", tenant)
        return int(number)

    def remove(self, domain: str) -> None:
        """Remove a tenant."""
        self._db.execute("DELETE FROM tenant WHERE domain = ?", (domain,))

    def enable(self, domain: str, *, enabled: bool) -> None:
        """Enable or disable a tenant."""
        self._db.execute("UPDATE tenant SET enabled = ? WHERE domain = ?", (enabled, domain))

    def state(self, number: int) -> State:
        """The boxes and other data of a tenant. A tenant without boxes gets those of the settings at first use."""
        if number not in self._states:
            path = self._path and self._path.with_name(f"{self._path.name}.tenant-{number}")
            self._states[number] = State(path)
            self.fill(number)
        return self._states[number]

    def fill(self, number: int) -> None:
        """Add the boxes and numbers of the settings to a tenant."""
        state, settings = self._states[number], self._settings
        state.add_numbers(settings.numbers)
        if not settings.boxes or state.count(EVERY_ITEM):
            return
        with state.db:
            state.db.execute("BEGIN IMMEDIATE")
            for place in range(settings.boxes):
                box = {"name": f"Box {place + 1} of tenant {number}", "extension_number": str(_FIRST_BOX + place)}
                try:
                    state.insert(DEFAULTS | box | {"pin": _PIN})
                except NumberTaken:
                    continue

    def show(self, number: int) -> dict[str, Any]:
        """Return a tenant, with the fields of the list."""
        (tenant,) = self.page(Condition("number = ?", (number,)), "number", 0, 1)
        return tenant

    def number_of(self, *, domain: str | None = None, tenant_id: str | None = None) -> int | None:
        """The number of the tenant with a domain, which ignores case, or with an id."""
        row = self._db.execute("SELECT number FROM tenant WHERE domain = ? OR id = ?", (domain, tenant_id)).fetchone()
        return int(row[0]) if row else None

    def next_number(self, number: int) -> int:
        """The number of the tenant after another one, or of the first after the last."""
        sql = "SELECT number FROM tenant ORDER BY number > ? DESC, number LIMIT 1"
        (found,) = self._db.execute(sql, (number,)).fetchone()
        return int(found)

    def count(self, condition: Condition) -> int:
        """Count the tenants that match a condition."""
        sql = f"SELECT count(*) FROM tenant WHERE {condition.sql}"  # noqa: S608  (compiled: values are parameters)
        (count,) = self._db.execute(sql, condition.values).fetchone()
        return int(count)

    def page(self, condition: Condition, order: str, skip: int, top: int) -> list[dict[str, Any]]:
        """Return a page of the tenants that match a condition."""
        rows = self._db.execute(
            f"SELECT {', '.join(_FIELDS)} FROM tenant "  # noqa: S608  (our own names)
            f"WHERE {condition.sql} ORDER BY {order} LIMIT ? OFFSET ?",
            (*condition.values, top, skip),
        )
        return [dict(zip(_FIELDS, row, strict=True)) | {"enabled": bool(row[-1])} for row in rows]
