"""`bulkvm demo`."""

import csv
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from bulkvm.cli.commands import run
from bulkvm.cli.places import simulator_state
from bulkvm.cli.screen import Screen, screen_options


@click.command("demo")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path), default="bulkvm-demo")
@screen_options
def command(folder: Path, *, screen: Screen) -> int:
    """Tour the whole job on sample sheets, in under a minute, and leave its files in FOLDER.

    It runs on the PBX built in here and touches nothing else.
    """
    folder.mkdir(parents=True, exist_ok=True)
    samples = _samples()
    edited = folder / "clinic-edited.csv"
    with _state_in(folder / "state"):
        simulator_state().unlink(missing_ok=True)
        _show(screen, "The sheet to hand out", "template", folder / "template.xlsx", "--force")
        _show(
            screen, "A sheet with one of every mistake: nothing is sent, all is said",
            "validate", samples / "mistakes.xlsx", "--annotate", folder / "mistakes-annotated.xlsx",
        )  # fmt: skip
        _import(screen, "A clinic moves to the PBX", samples / "clinic.xlsx", folder / "clinic.result.xlsx")
        _import(screen, "The same again changes nothing", samples / "clinic.csv", folder / "clinic-again.result.xlsx")
        _edit(samples / "clinic.csv", edited)
        _import(screen, "Two cells were edited", edited, folder / "clinic-edited.result.xlsx")
        code = _show(screen, "What is on the PBX now", "export", folder / "boxes.csv", "--site", "simulator")
    screen.say(f"\nLook at the files in {folder}, first at clinic.result.xlsx and mistakes-annotated.xlsx.", bold=True)
    return code


def _import(screen: Screen, title: str, sheet: Path, result: Path) -> None:
    _show(screen, title, "import", sheet, "--site", "simulator", "--yes", "--result", result)


def _show(screen: Screen, title: str, *arguments: str | Path) -> int:
    """Run a command as a user would, and show it."""
    words = [str(argument) for argument in arguments]
    screen.say(f"\n{title}", bold=True)
    screen.say(f"$ bulkvm {' '.join(words)}", fg="cyan")
    return run([*words, "--quiet"] if screen.quiet else words)


def _edit(original: Path, edited: Path) -> None:
    """Give one box another name, and another one another PIN."""
    from bulkvm.reports import writing

    with original.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    rows[1][1], rows[2][2] = "Main Reception", "582046"
    with writing(edited) as new, new.temporary.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)


def _samples() -> Path:
    """The sample sheets: beside the package where it is installed, at the top of a checkout."""
    package = Path(__file__).parents[1]
    return next(folder for folder in (package / "samples", package.parent / "samples") if folder.is_dir())


@contextmanager
def _state_in(folder: Path) -> Iterator[None]:
    """Keep the tour's boxes apart from those that the user has on `--site simulator`."""
    before = os.environ.get("BULKVM_STATE")
    os.environ["BULKVM_STATE"] = str(folder)
    try:
        yield
    finally:
        if before is None:
            del os.environ["BULKVM_STATE"]
        else:
            os.environ["BULKVM_STATE"] = before
