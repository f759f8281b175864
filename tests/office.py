"""LibreOffice, where it is installed: other people's program, with their settings."""

import atexit
import os
import shutil
import signal
import subprocess
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import pytest

_OFFICE: Final = shutil.which("soffice")
NEEDS_OFFICE: Final = pytest.mark.skipif(not _OFFICE, reason="LibreOffice is not installed")
NEEDS_PDF_TEXT: Final = pytest.mark.skipif(not shutil.which("pdftotext"), reason="Poppler is not installed")

_SETTINGS: Final = (
    '<oor:items xmlns:oor="http://openoffice.org/2001/registry"><item oor:path="/org.openoffice.Setup/L10N">'
    '<prop oor:name="ooSetupSystemLocale" oor:op="fuse"><value>{}</value></prop></item></oor:items>'
)


@cache
def _profile(language: str) -> TemporaryDirectory[str]:
    """A profile of a person with this language. Its first start takes longest, so that all tests share it."""
    folder = TemporaryDirectory(prefix="office-")
    user = Path(folder.name) / "user"
    user.mkdir()
    (user / "registrymodifications.xcu").write_text(_SETTINGS.format(language), encoding="utf-8")
    atexit.register(folder.cleanup)
    return folder


def save_as(file: Path, kind: str, folder: Path, *, language: str = "en-US", as_text: bool = False) -> Path:
    """Open a file in LibreOffice and save it as another kind, such as xlsx or `csv:<filter>`.

    Args:
        file: what is opened.
        kind: what it is saved as.
        folder: where to, under the same stem.
        language: of the person's computer.
        as_text: whether a CSV file is opened as a careful person does, each column as Text.
    """
    text_columns = "/".join(f"{column}/2" for column in range(1, 10))
    convert([file], kind, folder, language=language, opened_as=f"CSV:44,34,76,1,{text_columns}" if as_text else None)
    return folder / f"{file.stem}.{kind.partition(':')[0]}"


def convert(
    files: Iterable[Path], kind: str, folder: Path, *, language: str = "en-US", opened_as: str | None = None
) -> None:
    """Open files in LibreOffice, with an input filter if one is given, and save each of them as another kind."""
    assert _OFFICE
    profile = Path(_profile(language).name)
    opened = [f"--infilter={opened_as}"] if opened_as else []
    command: list[str | Path] = [_OFFICE, f"-env:UserInstallation={profile.as_uri()}", "--headless", *opened,
               "--convert-to", kind, "--outdir", folder, *files]  # fmt: skip
    with subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    ) as office:
        try:
            assert office.wait(timeout=300) == 0
        except subprocess.TimeoutExpired:
            os.killpg(office.pid, signal.SIGKILL)  # soffice starts a program of its own
            raise


def pdf_text(file: Path) -> str:
    """The text of a PDF, line by line of each column."""
    program = shutil.which("pdftotext")
    assert program
    return subprocess.run([program, file, "-"], capture_output=True, encoding="utf-8", check=True).stdout
