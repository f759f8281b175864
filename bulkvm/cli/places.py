"""Where bulkvm keeps what outlives a command."""

import os
import re
from pathlib import Path

import platformdirs


def state_folder() -> Path:
    """The folder for state, made if need be: BULKVM_STATE, or the platform's own place."""
    chosen = os.environ.get("BULKVM_STATE")
    folder = Path(chosen).expanduser() if chosen else platformdirs.user_state_path("bulkvm", appauthor=False)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def sites_file() -> Path:
    """The file of the sites, in the folder for settings: BULKVM_CONFIG, or the platform's own place."""
    chosen = os.environ.get("BULKVM_CONFIG")
    folder = Path(chosen).expanduser() if chosen else platformdirs.user_config_path("bulkvm", appauthor=False)
    return folder / "sites.toml"


def simulator_state() -> Path:
    """The boxes of `--site simulator`."""
    return state_folder() / "simulator.sqlite3"


def runs_folder() -> Path:
    """The journals of all runs."""
    return state_folder() / "runs"


def site_lock(url: str) -> Path:
    """The file that the one run against a site holds on to."""
    folder = state_folder() / "locks"
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder / f"{re.sub(r'[^A-Za-z0-9.-]+', '-', url)}.lock"
