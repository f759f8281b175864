"""Bearer tokens: what a login gives, and until when it is good."""

import secrets
import sqlite3
import time
from typing import Any


class Tokens:
    """The tokens of the tenant: those of logins, kept beside its boxes to outlive the process, and the ready one."""

    def __init__(self, db: sqlite3.Connection, ready: str, lifetime: int) -> None:
        """Accept `ready` without a login, in this process only; a token from a login is good for `lifetime` seconds."""
        self._db = db
        self._lifetime = lifetime
        self._ready: str | None = ready

    def accepts(self, token: str) -> bool:
        """Whether a token is good now."""
        if self._ready and secrets.compare_digest(token.encode(), self._ready.encode()):
            return True
        row = self._db.execute("SELECT expires_at FROM token WHERE value = ?", (token,)).fetchone()
        return row is not None and row[0] > time.time()

    def issue(self) -> dict[str, Any]:
        """A new pair of tokens, as a login answers it."""
        token, refresh = secrets.token_urlsafe(24), secrets.token_urlsafe(24)
        self._db.execute("INSERT INTO token VALUES (?, ?, ?)", (token, refresh, time.time() + self._lifetime))
        return {
            "access_token": token,
            "expires_in": self._lifetime,
            "refresh_token": refresh,
            "token_type": "Bearer",
        }

    def use_refresh(self, refresh: str) -> bool:
        """Whether a refresh token is good. It is good once: whether for longer is not documented."""
        return self._db.execute("UPDATE token SET refresh = NULL WHERE refresh = ?", (refresh,)).rowcount == 1

    def revoke(self, token: str) -> None:
        """Forget a token and its refresh token."""
        if token == self._ready:
            self._ready = None
        self._db.execute("DELETE FROM token WHERE value = ?", (token,))

    def expire(self) -> None:
        """End all tokens, the ready one too; refresh tokens stay good."""
        self._ready = None
        self._db.execute("UPDATE token SET expires_at = 0")
