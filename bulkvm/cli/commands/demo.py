"""`bulkvm demo`."""

import csv
import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from bulkvm.cli.console import Console, console_options
from bulkvm.cli.main import run_command
from bulkvm.cli.options import OVERWRITE_OPTION
from bulkvm.files import make_private_folder, writing
from bulkvm.model.errors import SheetError, UsageError
from bulkvm.model.exit_codes import ExitCode
from bulkvm.paths import simulator_state


@click.command("demo")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path), default="bulkvm-demo")
@OVERWRITE_OPTION
@console_options
def command(folder: Path, *, overwrite: bool, console: Console) -> int:
    """Tour the whole job on sample sheets, in under a minute, and leave its files in FOLDER.

    It runs on the PBX built in here and touches nothing else.
    """
    make_private_folder(folder)
    if not overwrite and any(folder.iterdir()):
        raise UsageError(
            f"{folder} holds files already. Name another folder, or add --overwrite to replace those of the tour."
        )
    with _only_setting(BULKVM_STATE=str(folder / "state")):
        simulator_state().unlink(missing_ok=True)
        for step in _tour(_samples(), folder):
            console.info(f"\n{step.title}", bold=True)
            console.info(f"$ bulkvm {' '.join(step.words)}", fg="cyan")
            words = [*step.words, *(["--quiet"] * console.quiet), *(["--overwrite"] * overwrite)]
            code = run_command(words, console.streams)
            if code != step.code:
                console.always("The tour ends here, since this did not go as it should.")
                return code or UsageError.exit_code
    console.info(
        f"\nLook at the files in {folder}, first at clinic.result.xlsx and mistakes-annotated.xlsx.", bold=True
    )
    return ExitCode.DONE


def _tour(samples: Path, folder: Path) -> "Iterator[_Step]":
    """The commands of the tour, as a user would type them."""
    yield _Step("The sheet to hand out", "template", folder / "template.xlsx")
    yield _Step(
        "A sheet with one of every mistake: nothing is sent, all is said",
        "validate", samples / "mistakes.xlsx", "--annotate", folder / "mistakes-annotated.xlsx",
        code=SheetError.exit_code,
    )  # fmt: skip
    yield _import("A clinic moves to the PBX", samples / "clinic.xlsx", folder / "clinic.result.xlsx")
    yield _import("The same again changes nothing", samples / "clinic.csv", folder / "clinic-again.result.xlsx")
    edited = folder / "clinic-edited.csv"
    _edit(samples / "clinic.csv", edited)
    yield _import("Two cells were edited", edited, folder / "clinic-edited.result.xlsx")
    yield _Step("What is on the PBX now", "export", folder / "boxes.csv", "--site", "simulator")


class _Step:
    """One command, and the exit code with which it should end."""

    def __init__(self, title: str, *arguments: str | Path, code: int = 0) -> None:
        self.title = title
        self.words = [str(argument) for argument in arguments]
        self.code = code


def _import(title: str, sheet: Path, result: Path) -> _Step:
    return _Step(title, "import", sheet, "--site", "simulator", "--yes", "--result", result)


def _edit(original: Path, edited: Path) -> None:
    """Give one box another name, and another one another PIN."""
    with original.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    rows[1][1], rows[2][2] = "Main Reception", "582046"
    text = io.StringIO(newline="")
    csv.writer(text).writerows(rows)
    with writing(edited, overwrite=True) as new:
        new.file.write(text.getvalue().encode())


def _samples() -> Path:
    """The sample sheets: beside the package where it is installed, at the top of a checkout."""
    package = Path(__file__).parents[2]
    return next(folder for folder in (package / "samples", package.parent / "samples") if folder.is_dir())


@contextmanager
def _only_setting(**variables: str) -> Iterator[None]:
    """Take these variables for all settings: the tour has boxes of its own, and goes the same way for everybody."""
    before = {name: value for name, value in os.environ.items() if name.startswith("BULKVM_")}
    for name in before:
        del os.environ[name]
    os.environ.update(variables)
    try:
        yield
    finally:
        for name in variables:
            del os.environ[name]
        os.environ.update(before)
