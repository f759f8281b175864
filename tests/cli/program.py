"""Running bulkvm's commands: in this process and in one of their own."""

import csv
import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.types import ASGIApp

from bulkvm.simulator import SimulatorSettings, running
from tests.cli.sheet_files import rows, write_csv

SAMPLES = Path("..") / "samples"  # a copy of the samples, seen from the folder that tests work in


@dataclass(frozen=True)
class CommandResult:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def text(self) -> str:
        """What a person sees on a terminal."""
        return self.out + self.err

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Bulkvm = Callable[..., CommandResult]
Serve = Callable[..., AbstractContextManager[Starlette]]


def stored(app: Starlette, *fields: str) -> dict[str, Any]:
    """What the PBX holds in these fields, whatever it shows, by extension."""
    columns = ", ".join(("extension_number", *fields))
    rows = app.state.stored.db.execute(f"SELECT {columns} FROM box ORDER BY extension_number")
    return {number: values[0] if len(values) == 1 else tuple(values) for number, *values in rows}


def names_by_extension(bulkvm: Bulkvm) -> dict[str, str]:
    """The names of all boxes, by extension."""
    exported = bulkvm("export", "-").out.removeprefix("\ufeff").splitlines()
    return {row["extension_number"]: row["name"] for row in csv.DictReader(exported)}


def run_separately(*arguments: str, **variables: str) -> CommandResult:
    """Run a command in a process of its own, with these variables."""
    command = [sys.executable, "-m", "bulkvm", *arguments]
    ended = subprocess.run(command, capture_output=True, encoding="utf-8", env={**os.environ, **variables}, check=False)
    return CommandResult(ended.returncode, ended.stdout, ended.stderr)


def start_import(folder: Path, count: int) -> "subprocess.Popen[str]":
    """Start an import of so many new boxes."""
    sheet = write_csv(folder / "a.csv", *rows(count))
    command = [sys.executable, "-m", "bulkvm", "import", str(sheet), "--yes", "--skip-invalid", "--result", "r.xlsx"]
    return subprocess.Popen(command, stderr=subprocess.PIPE, text=True, encoding="utf-8")


def wait_for_creates(app: Starlette, count: int, process: "subprocess.Popen[Any]") -> None:
    """Wait until a program has sent so many creates to a PBX."""
    wait_for_request(app, process, lambda: app.state.traffic.counts["create"] >= count)
    assert process.poll() is None


def wait_for_request(app: Starlette, process: "subprocess.Popen[Any]", is_last: Callable[[], bool]) -> None:
    """Wait until a PBX has a request in progress after which `is_last` is true, or the program has ended."""
    changed = threading.Condition()
    traffic = app.state.traffic
    count = traffic.request

    def wake() -> None:
        with changed:
            changed.notify()

    def wake_at_the_end() -> None:
        process.wait()
        wake()

    @contextmanager
    def request(operation: str) -> Iterator[None]:
        with count(operation):
            wake()
            yield

    traffic.request = request
    threading.Thread(target=wake_at_the_end, daemon=True).start()
    with changed:
        changed.wait_for(lambda: is_last() or process.poll() is not None)
    traffic.request = count


def sites_file() -> Path:
    """The file of the sites, in a folder that exists."""
    folder = Path(os.environ["BULKVM_CONFIG"])
    folder.mkdir(exist_ok=True)
    return folder / "sites.toml"


@contextmanager
def serve_pbx(app: ASGIApp, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Serve a PBX on a real socket, at the address in BULKVM_URL and without a rate limit."""
    with running(app) as server:
        monkeypatch.setenv("BULKVM_URL", server.url)
        monkeypatch.setenv("BULKVM_TOKEN", SimulatorSettings().token)
        monkeypatch.setenv("BULKVM_MAX_RPS", "0")
        yield
