"""Where bulkvm keeps what outlives a command."""

import os
from pathlib import Path

import platformdirs


def state_folder() -> Path:
    """The folder for state, made if need be: BULKVM_STATE, or the platform's own place."""
    chosen = os.environ.get("BULKVM_STATE")
    folder = Path(chosen).expanduser() if chosen else platformdirs.user_state_path("bulkvm", appauthor=False)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def simulator_state() -> Path:
    """The boxes of `--site simulator`."""
    return state_folder() / "simulator.sqlite3"
