"""Bearer tokens: what a login gives, and until when it is good."""

import secrets
import sqlite3
import time
from typing import Any, Final

_NEVER: Final = float("inf")


class Tokens:
    """The tokens of the tenant, kept beside its boxes so that a login outlives the process."""

    def __init__(self, db: sqlite3.Connection, ready: str, lifetime: int) -> None:
        """Let `ready` in without a login; a token from a login is good for `lifetime` seconds."""
        self._db = db
        self._lifetime = lifetime
        db.execute("INSERT OR REPLACE INTO token VALUES (?, NULL, ?)", (ready, _NEVER))

    def accepts(self, token: str) -> bool:
        """Whether a token is good now."""
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
        self._db.execute("DELETE FROM token WHERE value = ?", (token,))

    def expire(self) -> None:
        """End all tokens, the ready one too; refresh tokens stay good."""
        self._db.execute("UPDATE token SET expires_at = 0")
