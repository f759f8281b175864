"""The command line, and a PBX on a real socket for it."""

import io
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.types import Receive, Scope, Send

from bulkvm.cli.main import run
from bulkvm.simulator import SimulatorSettings, create_app
from tests.cli.program import Bulkvm, CommandResult, Serve, serve_pbx
from tests.keyrings import InMemory, UseKeyring


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

    def command(*arguments: str | Path) -> CommandResult:
        capfd.readouterr()
        code = run([str(argument) for argument in arguments])
        captured = capfd.readouterr()
        return CommandResult(code, captured.out, captured.err)

    return command


@pytest.fixture
def app() -> Starlette:
    return create_app()


@pytest.fixture
def pbx(app: Starlette, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Starlette]:
    """A PBX on a real socket, which BULKVM_URL names."""
    assert folder.is_dir()
    with serve_pbx(app, monkeypatch):
        yield app


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

        with serve_pbx(watched, monkeypatch):
            yield app

    return serving


@pytest.fixture
def slow_pbx(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Starlette]:
    """A PBX with slow responses, so that a test can act in the middle of a run."""
    assert folder.is_dir()
    app = create_app(settings=SimulatorSettings(latency=0.02))
    with serve_pbx(app, monkeypatch):
        yield app


@pytest.fixture
def ring(use_keyring: UseKeyring) -> InMemory:
    """An empty keyring in memory."""
    ring = InMemory()
    use_keyring(ring)
    return ring


@pytest.fixture
def type_in(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Give the next command a line on its standard input."""
    return lambda text: monkeypatch.setattr(sys, "stdin", io.StringIO(f"{text}\n"))
