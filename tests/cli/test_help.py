"""Help is fast and correct."""

import re
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click import Option

from bulkvm.cli.command_help import DocumentedCommand
from bulkvm.cli.main import COMMANDS, bulkvm
from tests.golden_files import Golden

CALLING = ("asyncio", "ssl", "filelock", "httpx", "aiohttp")  # what only a command that calls a PBX needs
HEAVY = ("pandas", "openpyxl", "httpx", "numpy", "aiohttp", "tqdm", "xlsxwriter", "starlette")


def test_help_imports_no_heavy_library() -> None:
    commands = [["--help"], ["--version"], *([name, "--help"] for name in COMMANDS)]
    program = (
        "import sys; from bulkvm.cli.main import run\n"
        f"for arguments in {commands!r}:\n"
        f"    print('HEAVY', arguments, run(arguments), [name for name in {HEAVY!r} if name in sys.modules])"
    )

    out = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, encoding="utf-8", check=True
    ).stdout

    assert [line for line in out.splitlines() if line.startswith("HEAVY")] == [
        f"HEAVY {arguments} 0 []" for arguments in commands
    ]


def test_validating_a_csv_file_imports_nothing_that_calls_a_pbx_or_reads_a_workbook(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("extension_number\n6201\n")
    program = (
        f"import sys; from bulkvm.cli.main import run; run(['validate', {str(tmp_path / 'a.csv')!r}])\n"
        f"print([name for name in {(*CALLING, 'openpyxl', 'xlsxwriter')!r} if name in sys.modules])"
    )

    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert "1 row" in ended.stdout
    assert ended.stdout.endswith("\n[]\n")


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_a_help_text_and_its_own_name(name: str) -> None:
    command = bulkvm.get_command(bulkvm.make_context("bulkvm", ["demo"], resilient_parsing=True), name)

    assert command is not None
    assert command.name == name
    assert command.help
    assert all(parameter.help for parameter in command.params if isinstance(parameter, click.Option))


@pytest.mark.parametrize(
    ("option", "default"),
    [
        ("--concurrency", "8"),
        ("--max-rps", "75"),
        ("--retries", "5"),
        ("--max-outage", "120.0"),
        ("--max-changes", "30%"),
        ("--max-errors", "10%"),
        ("--verify", "unsure"),
    ],
)
def test_help_shows_how_a_run_is_sent_by_default(option: str, default: str) -> None:
    context = bulkvm.make_context("bulkvm", ["demo"], resilient_parsing=True)
    command = bulkvm.get_command(context, "import")
    assert command is not None
    printed = " ".join(command.get_help(click.Context(command, parent=context)).split())

    assert re.search(rf" {option} [^[]*(\[unsure\|all\][^[]*)?\[default: (the site.s, or )?{default}[;\]]", printed)


def test_python_dash_m_is_the_same_program() -> None:
    out = subprocess.run(
        [sys.executable, "-m", "bulkvm", "--version"], capture_output=True, text=True, encoding="utf-8", check=True
    ).stdout

    assert out.startswith("bulkvm 0.")


def test_no_option_takes_a_secret() -> None:
    context = bulkvm.make_context("bulkvm", ["demo"], resilient_parsing=True)
    commands = [command for name in COMMANDS if (command := bulkvm.get_command(context, name))]

    taking = {o for c in commands for p in c.params if isinstance(p, Option) and not p.is_flag for o in p.opts}

    assert {o for o in taking if any(word in o for word in ("password", "token", "secret", "pin"))} == {
        "--pin-length",
        "--password-command",
        "--password-file",
    }


@pytest.mark.parametrize("command", ["", *COMMANDS, "backup verify", "runs forget"])
def test_the_help_of_every_command_matches_its_golden_file(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, golden: Golden, command: str
) -> None:
    run = request.getfixturevalue("bulkvm")  # the name means the command line here
    monkeypatch.setenv("COLUMNS", "100")

    ended = run(*command.split(), "--help")

    assert ended.code == 0
    golden(f"help/{command.replace(' ', '-') or 'bulkvm'}.txt", ended.out)


def test_every_subcommand_has_a_golden_file_of_its_help() -> None:
    context = bulkvm.make_context("bulkvm", ["demo"], resilient_parsing=True)
    groups = {name: group for name in COMMANDS if isinstance(group := bulkvm.get_command(context, name), click.Group)}

    assert {f"{name} {sub}" for name, group in groups.items() for sub in group.commands} == {
        "backup verify",
        "runs forget",
    }


def test_every_command_has_its_options_in_groups_and_an_example() -> None:
    context = bulkvm.make_context("bulkvm", ["demo"], resilient_parsing=True)
    commands = {name: bulkvm.get_command(context, name) for name in COMMANDS}

    assert {name for name, command in commands.items() if not isinstance(command, DocumentedCommand)} == set()
    assert {name for name, command in commands.items() if "Examples:" not in help_of(command)} == set()


def help_of(command: click.Command | None) -> str:
    assert command
    parent = bulkvm.make_context("bulkvm", ["demo"], resilient_parsing=True)
    return command.get_help(click.Context(command, info_name=command.name, parent=parent))


@pytest.mark.parametrize("arguments", [["help", "plan"], ["help", "runs", "forget"], ["help"]], ids=" ".join)
def test_help_is_a_command_too(request: pytest.FixtureRequest, arguments: list[str]) -> None:
    run = request.getfixturevalue("bulkvm")

    assert run(*arguments) == run(*arguments[1:], "--help")
