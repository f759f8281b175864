"""Commands in messages: each of them can be pasted."""

import ast
import ntpath
import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace

import click
import pytest
from openpyxl import load_workbook

import bulkvm as package
from bulkvm.cli.main import bulkvm as program
from bulkvm.simulator import SimulatorSettings, create_app, running
from bulkvm.text import command_file, command_option
from tests.cli.program import Bulkvm, sites_file
from tests.cli.sheet_files import rows, write_csv

_COMMAND = re.compile("`bulkvm ([^`]+)`")


def parse(arguments: list[str], command: click.Command = program, parent: click.Context | None = None) -> click.Context:
    """Parse a command line as the program does, without running it."""
    context = command.make_context(command.name or "bulkvm", [*arguments], parent)
    if isinstance(command, click.Group) and arguments and arguments[0] in {*command.list_commands(context)}:
        _, child, more = command.resolve_command(context, arguments)
        assert child
        return parse(more, child, context)
    return context


def texts_of(source: str) -> Iterator[str]:
    """The texts of a module but its docstrings: each literal as a whole, with `sites` for what is filled in."""
    inner = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Expr):  # a docstring
            inner.add(id(node.value))
        elif isinstance(node, ast.JoinedStr):
            inner.update(map(id, node.values))
            yield "".join(str(v.value) if isinstance(v, ast.Constant) else "sites" for v in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in inner:
            yield node.value


def suggested() -> list[str]:
    modules = Path(package.__file__).parent.rglob("*.py")
    texts = (" ".join(text.split()) for module in modules for text in texts_of(module.read_text("utf-8")))
    return sorted({command for text in texts for command in _COMMAND.findall(text) if "[^" not in command})


@pytest.mark.parametrize("command", suggested())
def test_a_command_in_a_message_can_be_parsed(command: str) -> None:
    words = shlex.split(command)
    if words[:2] == ["backup", "verify"]:
        words[2:3] = ["."]  # a folder that exists
    with suppress(click.exceptions.Exit):  # of --help and --version
        parse(words)


@pytest.fixture
def clinic(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A site that is not the only one, whose PBX is served."""
    assert folder.is_dir()
    with running(create_app()) as server:
        monkeypatch.setenv("BULKVM_MAX_RPS", "0")
        (folder / "token").write_text(SimulatorSettings().token, "utf-8")
        (folder / "token").chmod(0o600)
        entry = f'url = "{server.url}"\npassword_file = "{folder / "token"}"\n'
        sites_file().write_text(f"[clinic]\n{entry}\n[other]\n{entry}", "utf-8")
        yield "clinic"


def commands_in(text: str) -> list[str]:
    return [" ".join(command.split()) for command in _COMMAND.findall(text)]


def test_commands_in_the_messages_of_runs_name_the_site(bulkvm: Bulkvm, clinic: str, folder: Path) -> None:
    site = ("--site", clinic)
    write_csv(folder / "a b.csv", *rows(8))
    texts = [
        bulkvm("import", "a b.csv", "--yes", "--skip-invalid", "--generate-pins", *site).text,
        bulkvm("undo", "last", "--yes", *site).text,
        bulkvm("undo", "last", "--yes", *site).text,
        bulkvm("import", "a b.csv", "--yes", "--skip-invalid", *site).text,
    ]
    write_csv(folder / "a b.csv", *((number, "Other", *rest) for number, _, *rest in rows(8)))
    texts += [
        bulkvm("plan", "a b.csv", "--skip-invalid", "--output", "my plan.xlsx", *site).text,
        bulkvm("import", "a b.csv", "--yes", "--skip-invalid", *site).text,
        bulkvm("import", "my plan.xlsx", "--approved", "--yes", *site).text,
        bulkvm("import", "a b.csv", "--approved", "--yes", *site).text,
        bulkvm("tenants", *site).text,
        bulkvm("doctor", clinic).text,
        bulkvm("plan", "a b.csv").text,
    ]
    page = load_workbook(folder / "my plan.xlsx").worksheets[0]
    lines = [str(cell.value) for (cell, *_) in page.iter_rows()]
    texts += [f"`{line.removeprefix('To send it: ')}`" for line in lines if line.startswith("To send it: ")]

    found = [command for text in texts for command in commands_in(text)]

    for command in found:
        parameters = parse(shlex.split(command)).params
        assert parameters.get("site", clinic) == clinic or "SHEET" in command, command
    assert {command.split()[0] for command in found} >= {"import", "undo", "plan"}, found


NAMES = [
    "our plan.xlsx",
    "-p.xlsx",
    "--yes.xlsx",
    "~plan.xlsx",
    'it\'s "mine" $HOME & `date`; *.xlsx',
    "#1 !x.xlsx",
    "a\\b.xlsx",
    "Büro für 日本.xlsx",
    "two\nlines\x1b.xlsx",
    "not utf-8 \udcff.xlsx",
]


def split_by(shell: str, line: str) -> list[str]:
    """Split a command line as a shell does."""
    command = [shell, "-c", f"printf '%s\\0' {line}"]
    return [
        os.fsdecode(word) for word in subprocess.run(command, capture_output=True, check=True).stdout.split(b"\0")[:-1]
    ]


@pytest.mark.skipif(os.name != "posix", reason="the names are POSIX's")
@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_names_of_files_can_be_pasted_into_a_shell(shell: str) -> None:
    if not shutil.which(shell):
        pytest.skip(f"{shell} is not installed")
    names = [
        name for name in NAMES if shell != "fish" or not command_file(name).startswith("$'")
    ]  # it has no such quotes

    words = split_by(shell, " ".join(map(command_file, names)))

    assert words == [f"./{name}" if name.startswith("-") else name for name in names]


@pytest.mark.parametrize("tenant", ["clinic.example.com", "a b", "-x"])
def test_a_value_that_begins_like_an_option_is_joined_to_its_option(tenant: str) -> None:
    words = shlex.split(command_option("--tenant", tenant))

    assert parse(["import", "a.csv", "--site", "simulator", *words]).command.name == "import"
    assert words[-1].removeprefix("--tenant=") == tenant


@pytest.mark.parametrize(
    ("name", "written"),
    [
        (r"C:\Users\Ann Lee\plan.xlsx", r'"C:\Users\Ann Lee\plan.xlsx"'),
        (r"plans\plan.xlsx", r"plans\plan.xlsx"),
        ("it's.xlsx", "it's.xlsx"),
        ("-p.xlsx", r".\-p.xlsx"),
    ],
)
def test_on_windows_the_name_of_a_file_has_the_quotes_of_its_shells(
    monkeypatch: pytest.MonkeyPatch, name: str, written: str
) -> None:
    windows = SimpleNamespace(name="nt", fspath=os.fspath, path=ntpath)
    monkeypatch.setattr("bulkvm.text.os", windows)

    assert command_file(name) == written


@pytest.mark.skipif(os.name != "posix", reason="the names are POSIX's")
@pytest.mark.parametrize("name", [NAMES[1], NAMES[4], NAMES[-1]])
def test_the_command_that_sends_a_plan_can_be_pasted_whatever_its_name(
    bulkvm: Bulkvm, clinic: str, folder: Path, name: str
) -> None:
    write_csv(folder / "a.csv", *rows(1))

    planned = bulkvm("plan", "a.csv", "--skip-invalid", "--site", clinic, f"--output=./{name}")

    assert planned.code == 0
    page = load_workbook(folder / name).worksheets[0]
    (on_page,) = (str(cell.value) for (cell, *_) in page.iter_rows() if str(cell.value).startswith("To send it: "))
    (in_text,) = (command for command in commands_in(planned.text) if command.startswith("import"))
    for line in (in_text, on_page.removeprefix("To send it: bulkvm ")):
        context = parse(split_by("bash", line))
        assert (context.params["file"], context.params["approved"]) == (Path(name), True)
        assert "--site clinic" in line


@pytest.mark.usefixtures("pbx")
def test_a_sheet_that_is_imported_as_a_plan_is_no_damaged_workbook(bulkvm: Bulkvm, folder: Path) -> None:
    write_csv(folder / "a.csv", *rows(2))

    refused = bulkvm("import", "a.csv", "--approved", "--yes")

    assert refused.code == 3
    assert refused.err.splitlines() == [
        "a.csv is not a plan, so nothing was sent. Make a new plan.",
        "  A plan is a workbook that `bulkvm plan SHEET --output PLAN.xlsx` wrote.",
    ]


@pytest.mark.usefixtures("pbx")
def test_an_import_beyond_the_limit_names_its_plan_and_an_approved_one_does_not(bulkvm: Bulkvm, folder: Path) -> None:
    sheet = write_csv(folder / "a.csv", ("6201", "Desk", "402817"), ("6202", "Lab", "582046"))
    assert bulkvm("import", sheet, "--yes").code == 0
    write_csv(folder / "a.csv", ("6201", "Front", "402817"), ("6202", "Lab 2", "582046"))
    assert bulkvm("plan", "a.csv", "--output", "plan.xlsx").code == 0

    of_sheet = bulkvm("import", "a.csv", "--yes", "--max-changes", "1")
    of_plan = bulkvm("import", "plan.xlsx", "--approved", "--yes", "--max-changes", "1")

    assert (of_sheet.code, of_plan.code) == (6, 6)
    assert "Check the plan with `bulkvm plan a.csv`, and with the options" in of_sheet.err
    assert "Check the plan. If it is right, use --force or a higher --max-changes." in of_plan.err
