"""`bulkvm demo`."""

import csv
import io
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import click

from bulkvm.cli.command_help import DocumentedCommand
from bulkvm.cli.console import Console, console_options
from bulkvm.cli.main import run_command
from bulkvm.cli.options import OVERWRITE_OPTION
from bulkvm.files import make_private_folder, writing
from bulkvm.model.errors import SheetError, UsageError
from bulkvm.model.exit_codes import ExitCode
from bulkvm.paths import simulator_state

# By row and column of samples/clinic.csv.
_MISTAKES: Final = {(3, 2): "111234", (5, 6): "reception@", (7, 0): "6106", (9, 2): "12", (10, 5): "maybe"}
_EDITS: Final = {(1, 1): "Main Reception", (2, 2): "582046"}


@click.command(
    "demo",
    cls=DocumentedCommand,
    examples=(("bulkvm demo", "The tour; its files are in bulkvm-demo."),),
)
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path), default="bulkvm-demo")
@OVERWRITE_OPTION
@console_options
def command(folder: Path, *, overwrite: bool, console: Console) -> int:
    """Try every step on sample sheets, in under a minute. The files stay in FOLDER.

    The demo uses the built-in PBX and changes nothing else.
    """
    make_private_folder(folder)
    if not overwrite and any(folder.iterdir()):
        raise UsageError(
            f"{folder} is not empty. Name another folder, or add --overwrite to replace the files of the demo."
        )
    with _environment(BULKVM_STATE=str(folder / "state")):
        simulator_state().unlink(missing_ok=True)
        for step in _steps(_samples(), folder):
            console.info(f"\n{step.title}", bold=True)
            console.info(f"$ bulkvm {' '.join(step.arguments)}", fg="cyan")
            arguments = [*step.arguments, *(["--quiet"] * console.quiet), *(["--overwrite"] * overwrite)]
            code = run_command(arguments, console.streams)
            if code != step.code:
                console.always("The demo stops here because this step failed.")
                return code or UsageError.exit_code
    console.info(
        f"\nThe files are in {folder}. Look at clinic.result.xlsx and mistakes-annotated.xlsx first.\n"
        f"To go on with these boxes and runs, set BULKVM_STATE={folder / 'state'} and use --site simulator.",
        bold=True,
    )
    return ExitCode.DONE


def _steps(samples: Path, folder: Path) -> "Iterator[_Step]":
    """The commands of the demo, as a user would type them."""
    yield _Step("A blank sheet to fill in", "template", folder / "template.xlsx")
    clinic, mistakes, edited = folder / "clinic.xlsx", folder / "mistakes.csv", folder / "clinic-edited.csv"
    _write(clinic, (samples / "clinic.xlsx").read_bytes())
    _edit(samples / "clinic.csv", mistakes, _MISTAKES)
    _edit(samples / "clinic.csv", edited, _EDITS)
    yield _Step(
        "A sheet with mistakes: nothing is sent, every problem is reported",
        "validate", mistakes, "--annotate", folder / "mistakes-annotated.xlsx",
        code=SheetError.exit_code,
    )  # fmt: skip
    yield _import("A clinic's boxes are created", clinic, folder / "clinic.result.xlsx")
    yield _import("Importing the same sheet again changes nothing", clinic, folder / "clinic-again.result.xlsx")
    yield _import("Two edited cells are two updates", edited, folder / "clinic-edited.result.xlsx")
    yield _Step("All boxes are exported", "export", folder / "boxes.csv", "--site", "simulator")


class _Step:
    """A command and its expected exit code."""

    def __init__(self, title: str, *arguments: str | Path, code: int = 0) -> None:
        self.title = title
        self.arguments = [str(argument) for argument in arguments]
        self.code = code


def _import(title: str, sheet: Path, result: Path) -> _Step:
    return _Step(title, "import", sheet, "--site", "simulator", "--yes", "--result", result)


def _edit(original: Path, edited: Path, edits: Mapping[tuple[int, int], str]) -> None:
    """Write a copy of a .csv file with other values in some cells, by row and column."""
    with original.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    for (row, column), value in edits.items():
        rows[row][column] = value
    text = io.StringIO(newline="")
    csv.writer(text).writerows(rows)
    _write(edited, text.getvalue().encode())


def _write(file: Path, content: bytes) -> None:
    with writing(file, overwrite=True) as new:
        new.file.write(content)


def _samples() -> Path:
    """The folder of the sample sheets: in the installed package, or at the top of a checkout."""
    package = Path(__file__).parents[2]
    return next(folder for folder in (package / "samples", package.parent / "samples") if folder.is_dir())


@contextmanager
def _environment(**variables: str) -> Iterator[None]:
    """Use only these variables as settings, so that the demo has its own boxes and is the same for everyone."""
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
