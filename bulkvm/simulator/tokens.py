"""Bearer tokens and their expiry."""

import secrets
import sqlite3
import time
from typing import Any, Final, NamedTuple


class Access(NamedTuple):
    """What a token gives access to: the tenant in force, by its number, if any; and whether it can be switched."""

    tenant: int | None = 1
    is_system: bool = False


_PRESET: Final = Access()


class Tokens:
    """All tokens: those from logins, stored with the boxes of the first tenant, and a preset one for that tenant."""

    def __init__(self, db: sqlite3.Connection, preset: str, lifetime: int, start: int | None = None) -> None:
        """Accept `preset` without a login, in this process only; a login gives a token for `lifetime` seconds.

        `start` is the tenant in force after a system administrator's login.
        """
        self._db = db
        self._lifetime = lifetime
        self._start = start
        self._preset: str | None = preset
        self._requests_left: dict[str, int] = {}

    def find(self, token: str) -> Access | None:
        """Return what a token gives access to; None if it is not valid."""
        if self._requests_left.get(token) == 0:
            return None
        if self._preset and secrets.compare_digest(token.encode(), self._preset.encode()):
            return _PRESET
        row = self._db.execute("SELECT tenant, is_system, expires_at FROM token WHERE value = ?", (token,)).fetchone()
        return Access(row[0], bool(row[1])) if row is not None and row[2] > time.time() else None

    def issue(self, access: Access) -> dict[str, Any]:
        """Issue a token and a refresh token, and return the body of a login response."""
        token, refresh = secrets.token_urlsafe(24), secrets.token_urlsafe(24)
        self._db.execute(
            "INSERT INTO token (value, refresh, expires_at, tenant, is_system) VALUES (?, ?, ?, ?, ?)",
            (token, refresh, time.time() + self._lifetime, access.tenant, access.is_system),
        )
        return {
            "access_token": token,
            "expires_in": self._lifetime,
            "refresh_token": refresh,
            "token_type": "Bearer",
        }

    def count(self, token: str) -> None:
        """Count a request with a token that ends after some."""
        if self._requests_left.get(token):
            self._requests_left[token] -= 1

    def unswitch(self, token: str, requests: int | None = None) -> None:
        """Undo all switches of a token, which ends after so many more requests, if that is given."""
        if requests is not None:
            self._requests_left.setdefault(token, requests)
        self._db.execute("UPDATE token SET tenant = ? WHERE value = ? AND is_system", (self._start, token))

    def switch(self, token: str, tenant: int) -> None:
        """Give a token access to another tenant."""
        self._db.execute("UPDATE token SET tenant = ? WHERE value = ?", (tenant, token))

    def use_refresh(self, refresh: str) -> Access | None:
        """Use up a refresh token, and return its access; None if it was not valid.

        Whether it can be reused is not documented.
        """
        row = self._db.execute("SELECT tenant, is_system FROM token WHERE refresh = ?", (refresh,)).fetchone()
        self._db.execute("UPDATE token SET refresh = NULL WHERE refresh = ?", (refresh,))
        return row and Access(row[0], bool(row[1]))

    def revoke(self, token: str) -> None:
        """Revoke a token and its refresh token."""
        if token == self._preset:
            self._preset = None
        self._db.execute("DELETE FROM token WHERE value = ?", (token,))

    def expire(self) -> None:
        """Expire all tokens, including the preset one. Refresh tokens stay valid."""
        self._preset = None
        self._db.execute("UPDATE token SET expires_at = 0")
