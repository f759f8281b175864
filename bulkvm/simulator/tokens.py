"""Bearer tokens and their expiry."""

import secrets
import sqlite3
import time
from typing import Any


class Tokens:
    """The tenant's tokens: those from logins, stored with the boxes, and a preset one."""

    def __init__(self, db: sqlite3.Connection, preset: str, lifetime: int) -> None:
        """Accept `preset` without a login, in this process only; a login gives a token for `lifetime` seconds."""
        self._db = db
        self._lifetime = lifetime
        self._preset: str | None = preset

    def accepts(self, token: str) -> bool:
        """Return whether a token is valid."""
        if self._preset and secrets.compare_digest(token.encode(), self._preset.encode()):
            return True
        row = self._db.execute("SELECT expires_at FROM token WHERE value = ?", (token,)).fetchone()
        return row is not None and row[0] > time.time()

    def issue(self) -> dict[str, Any]:
        """Issue a token and a refresh token, and return the body of a login response."""
        token, refresh = secrets.token_urlsafe(24), secrets.token_urlsafe(24)
        self._db.execute("INSERT INTO token VALUES (?, ?, ?)", (token, refresh, time.time() + self._lifetime))
        return {
            "access_token": token,
            "expires_in": self._lifetime,
            "refresh_token": refresh,
            "token_type": "Bearer",
        }

    def use_refresh(self, refresh: str) -> bool:
        """Use up a refresh token, and return whether it was valid. Whether it can be reused is not documented."""
        return self._db.execute("UPDATE token SET refresh = NULL WHERE refresh = ?", (refresh,)).rowcount == 1

    def revoke(self, token: str) -> None:
        """Revoke a token and its refresh token."""
        if token == self._preset:
            self._preset = None
        self._db.execute("DELETE FROM token WHERE value = ?", (token,))

    def expire(self) -> None:
        """Expire all tokens, including the preset one. Refresh tokens stay valid."""
        self._preset = None
        self._db.execute("UPDATE token SET expires_at = 0")
