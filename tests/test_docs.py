"""README describes what the code does."""

import re
import shutil
import subprocess
import sys
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path

import pytest

from bulkvm.cli.command_help import VARIABLES
from bulkvm.cli.commands.backup import verify_command
from bulkvm.cli.commands.runs import forget_command
from bulkvm.cli.main import COMMANDS, bulkvm
from bulkvm.columns import CLEAR, COLUMNS, ID_COLUMN, Column
from bulkvm.model.exit_codes import ExitCode
from bulkvm.model.outcome import Status
from bulkvm.model.problem_codes import ProblemCode
from bulkvm.readers.other_systems.system import System
from bulkvm.readers.other_systems.systems import SYSTEMS

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text("utf-8")
CODE = "\n".join(file.read_text("utf-8") for file in (ROOT / "bulkvm").rglob("*.py"))


def render_table(headings: str, rows: Iterable[Sequence[str]]) -> str:
    """A table in Markdown."""
    lines = [headings, "| --- " * headings.count(" | ") + "| --- |", *(f"| {' | '.join(row)} |" for row in rows)]
    return "\n".join([*(line.replace("|  |", "| |") for line in lines), ""])


def _needed(column: Column) -> str:
    if "update" in column.required_for:
        return "always"
    return "for a new box" if column.required_for else ""


def _examples(column: Column) -> str:
    return ", ".join(f"`{example}`" for example in column.valid_examples[:2])


def _given(system: System) -> set[str]:
    """The headers of the columns that an export can have."""
    given = {header for layout in system.layouts for header in layout.sources()}
    return given | ({"enable_email_notify"} if any(layout.mails_if_address for layout in system.layouts) else set())


def _titles(headers: Collection[str]) -> str:
    titles = (column.title for column in COLUMNS if column.header in headers and column is not ID_COLUMN)
    return ", ".join(titles).replace("Extension, ", "").replace("Name, ", "")


def _variables_of_options() -> str:
    """The variables that set the option with the same name, in alphabetical order."""
    context = bulkvm.make_context("bulkvm", ["demo"], resilient_parsing=True)
    parameters = [p for name in COMMANDS if (command := bulkvm.get_command(context, name)) for p in command.params]
    return ", ".join(sorted({str(p.envvar) for p in parameters if p.envvar} - set(", ".join(VARIABLES).split(", "))))


TABLES = {
    "systems": render_table(
        "| `--from` | export | gives beside the extension and the name | lacks | based on | check in the first one |",
        [
            (
                f"`{system.name}`",
                system.export,
                _titles(_given(system)),
                _titles({column.header for column in COLUMNS} - _given(system)),
                system.certainty,
                system.check,
            )
            for system in SYSTEMS
        ],
    ),
    "columns": render_table(
        "| column | needed | what it is | for example |",
        [
            (column.header, _needed(column), column.help.replace(CLEAR, f"`{CLEAR}`"), _examples(column))
            for column in COLUMNS
        ],
    ),
    "statuses": render_table(
        "| status | meaning | what to do with these rows |",
        [(status, status.meaning, status.remedy) for status in Status],
    ),
    "exit codes": render_table(
        "| exit code | meaning | what to do |", [(str(code), code.meaning, code.remedy) for code in ExitCode]
    ),
    "variables": render_table(
        "| variable | what it sets |",
        [*VARIABLES.items(), (_variables_of_options(), "The option with the same name; 1 for one without a value.")],
    ),
    "problem codes": render_table(
        "| code | severity | meaning | what to do |",
        [(code, code.severity, code.meaning, code.remedy) for code in ProblemCode],
    ),
}


@pytest.mark.parametrize("name", TABLES)
def test_a_reference_table_is_made_from_the_code(name: str, request: pytest.FixtureRequest) -> None:
    table = re.compile(rf"(<!-- {name}: .*? -->\n)(.*?)(<!-- /{name} -->)", re.DOTALL)
    text = (ROOT / "README.md").read_text("utf-8")
    if request.config.getoption("--renew-golden"):
        text = table.sub(lambda found: found[1] + TABLES[name] + found[3], text)
        (ROOT / "README.md").write_text(text, encoding="utf-8", newline="\n")

    found = table.search(text)

    assert found is not None
    assert found[2] == TABLES[name]


def test_every_exit_code_is_raised_or_returned_somewhere() -> None:
    used = set(re.findall(r"\bExitCode\.([A-Z_]+)", CODE))

    assert used >= {code.name for code in ExitCode}


def test_every_command_and_option_that_the_documentation_names_exists() -> None:
    context = bulkvm.make_context("bulkvm", ["demo"], resilient_parsing=True)
    options = {"--help", "--version", "--renew-golden"}
    for name in COMMANDS:
        command = bulkvm.get_command(context, name)
        assert command is not None
        options |= {option for parameter in command.params for option in parameter.opts}
    for command in (verify_command, forget_command):
        options |= {option for parameter in command.params for option in parameter.opts}
    commands = set(re.findall(r"`bulkvm ([a-z]+)|^bulkvm ([a-z]+)", README, re.MULTILINE))

    assert {first or second for first, second in commands} <= set(COMMANDS)
    assert set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", README)) - {"--quiet", "--editable"} <= options


@pytest.mark.parametrize("name", ["bulkvm-backup.service", "bulkvm-backup.cmd", "restore-drill.sh"])
def test_the_commands_and_options_in_a_sample_exist(name: str) -> None:
    context = bulkvm.make_context("bulkvm", ["demo"], resilient_parsing=True)
    text = (ROOT / "samples" / name).read_text("utf-8")
    calls = re.findall(r"(?:^|[/\\\"])bulkvm(?:\.exe)? ([a-z]+) (.*)", text, re.MULTILINE)

    assert calls
    for name_of_command, arguments in calls:
        command = bulkvm.get_command(context, name_of_command)
        assert command is not None
        options = {option for parameter in command.params for option in parameter.opts}
        assert set(re.findall(r"(?<!\S)-[-a-z]+", arguments)) <= options


def test_every_variable_that_the_code_reads_is_in_readme_and_no_other() -> None:
    context = bulkvm.make_context("bulkvm", ["demo"], resilient_parsing=True)
    parameters = [p for name in COMMANDS if (command := bulkvm.get_command(context, name)) for p in command.params]
    read = {p.envvar for p in parameters if p.envvar} | set(re.findall(r"BULKVM_[A-Z_]+[A-Z]", CODE))

    assert set(re.findall(r"BULKVM_[A-Z_]+[A-Z]", README)) == read


def test_the_test_command_is_the_one_that_ci_runs() -> None:
    (command,) = re.findall(r"<!-- setup: tests -->\n```\n(.*)\n```", README)

    assert command in (ROOT / ".ci" / "run").read_text("utf-8").splitlines()


def test_the_python_example_uses_only_the_public_names() -> None:
    import bulkvm as package  # noqa: PLC0415  (the name means the command line here)

    used = set(re.findall(r"bulkvm\.([A-Za-z_]\w+)", re.search(r"```python\n(.*?)```", README, re.DOTALL)[1]))  # type: ignore[index]

    assert used <= set(package.__all__)
    assert all(getattr(package, name) for name in package.__all__)


def test_the_readme_of_the_samples_lists_every_file() -> None:
    listed = set(re.findall(r"`([\w.-]+\.\w+)`", (ROOT / "samples" / "README.md").read_text("utf-8")))

    assert {file.name for file in (ROOT / "samples").iterdir()} - {"README.md"} <= listed | {
        f"{name}.expected.txt" for name in listed
    }
    assert all((ROOT / "samples" / name).exists() for name in listed)
    assert "`samples/README.md`" in README


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="there is no systemd here")
def test_the_systemd_units_are_right_and_let_the_job_do_little_else(tmp_path: Path) -> None:
    for kind in ("service", "timer"):
        unit = (ROOT / "samples" / f"bulkvm-backup.{kind}").read_text("utf-8")
        (tmp_path / f"bulkvm-backup.{kind}").write_text(unit.replace("/opt/bulkvm/bin/bulkvm", sys.executable))
    service, timer = tmp_path / "bulkvm-backup.service", tmp_path / "bulkvm-backup.timer"

    verified = subprocess.run(
        ["systemd-analyze", "verify", "--recursive-errors=no", service, timer],
        capture_output=True,
        text=True,
        check=False,
    )
    rated = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", "--threshold=35", service], capture_output=True, check=False
    )

    assert (verified.returncode, verified.stdout + verified.stderr) == (0, "")
    assert rated.returncode == 0


@pytest.mark.parametrize(
    ("gap", "remedies"), [("not encrypted", ["LUKS", "BitLocker", "`age -r "]), ("not signed", ["gpg --detach-sign"])]
)
def test_security_md_names_each_gap_with_a_remedy(gap: str, remedies: list[str]) -> None:
    text = (ROOT / "SECURITY.md").read_text("utf-8")
    gaps = re.split(r"^- ", text.partition("## What is not protected")[2].partition("\n## ")[0], flags=re.MULTILINE)

    (found,) = [point for point in gaps if gap in point.partition(".**")[0]]

    assert all(remedy in found for remedy in remedies)
    assert "SECURITY.md" in README
