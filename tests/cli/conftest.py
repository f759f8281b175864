"""The command line, and a PBX on a real socket for it."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.types import Receive, Scope, Send

from bulkvm.cli.main import run
from bulkvm.simulator import SimulatorSettings, create_app, running

SAMPLES = Path("..") / "samples"  # a copy of the samples, seen from the folder that tests work in


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Bulkvm = Callable[..., Ended]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to work in, and none of this machine's own settings."""
    for name in [name for name in os.environ if name.startswith("BULKVM_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("BULKVM_STATE", str(tmp_path / "state"))
    monkeypatch.setenv("BULKVM_CONFIG", str(tmp_path / "config"))
    shutil.copytree(Path(__file__).parents[2] / "samples", tmp_path / "samples")
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)
    return work


@pytest.fixture
def bulkvm(folder: Path, capfd: pytest.CaptureFixture[str]) -> Bulkvm:
    """Run a command in the folder."""
    assert Path.cwd() == folder

    def command(*arguments: str | Path) -> Ended:
        capfd.readouterr()
        code = run([str(argument) for argument in arguments])
        captured = capfd.readouterr()
        return Ended(code, captured.out, captured.err)

    return command


@pytest.fixture
def app() -> Starlette:
    return create_app()


@pytest.fixture
def pbx(app: Starlette, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Starlette]:
    """A PBX on a real socket, which BULKVM_URL names."""
    assert folder.is_dir()
    with running(app) as server:
        monkeypatch.setenv("BULKVM_URL", server.url)
        monkeypatch.setenv("BULKVM_TOKEN", SimulatorSettings().token)
        monkeypatch.setenv("BULKVM_MAX_RPS", "0")
        yield app


Serve = Callable[..., AbstractContextManager[Starlette]]


@pytest.fixture
def serve(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Serve:
    """Serve a PBX that behaves as given, which BULKVM_URL names; `before` is called before each request."""
    assert folder.is_dir()

    @contextmanager
    def serving(*behave: str, before: Callable[[Starlette, Scope], None] | None = None) -> Iterator[Starlette]:
        app = create_app(settings=SimulatorSettings(behave=behave))

        async def watched(scope: Scope, receive: Receive, send: Send) -> None:
            if before:
                before(app, scope)
            await app(scope, receive, send)

        with running(watched) as server:
            monkeypatch.setenv("BULKVM_URL", server.url)
            monkeypatch.setenv("BULKVM_TOKEN", SimulatorSettings().token)
            monkeypatch.setenv("BULKVM_MAX_RPS", "0")
            yield app

    return serving


def stored(app: Starlette, *fields: str) -> dict[str, Any]:
    """What the PBX holds in these fields, whatever it shows, by extension."""
    columns = ", ".join(("extension_number", *fields))
    rows = app.state.stored.db.execute(f"SELECT {columns} FROM box ORDER BY extension_number")
    return {number: values[0] if len(values) == 1 else tuple(values) for number, *values in rows}


def beside(*arguments: str, **variables: str) -> Ended:
    """Run a command in a process of its own, with these variables."""
    command = [sys.executable, "-m", "bulkvm", *arguments]
    ended = subprocess.run(command, capture_output=True, encoding="utf-8", env={**os.environ, **variables}, check=False)
    return Ended(ended.returncode, ended.stdout, ended.stderr)
