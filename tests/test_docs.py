"""README says what the code does."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from bulkvm.cli.commands.backup import verify_command
from bulkvm.cli.commands.runs import forget_command
from bulkvm.cli.main import COMMANDS, bulkvm
from bulkvm.columns import COLUMNS, Column
from bulkvm.model import errors

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text("utf-8")
CODE = "\n".join(file.read_text("utf-8") for file in (ROOT / "bulkvm").rglob("*.py"))

TABLE = re.compile(r"(<!-- columns: .*? -->\n)(.*?)(<!-- /columns -->)", re.DOTALL)


def render_columns() -> str:
    """The table of columns, in Markdown."""
    rows = [f"| {column.header} | {_needed(column)} | {column.help} | {_examples(column)} |" for column in COLUMNS]
    return "\n".join(["| column | needed | what it is | for example |", "| --- | --- | --- | --- |", *rows, ""])


def _needed(column: Column) -> str:
    if "update" in column.required_for:
        return "always"
    return "for a new box" if column.required_for else ""


def _examples(column: Column) -> str:
    return ", ".join(f"`{example}`" for example in column.valid_examples[:2])


def test_the_table_of_columns_is_made_from_the_code(request: pytest.FixtureRequest) -> None:
    if request.config.getoption("--renew-golden"):
        renewed = TABLE.sub(lambda found: found[1] + render_columns() + found[3], README)
        (ROOT / "README.md").write_text(renewed, encoding="utf-8", newline="\n")
    found = TABLE.search((ROOT / "README.md").read_text("utf-8"))

    assert found is not None
    assert found[2] == render_columns()


def test_every_exit_code_is_explained_and_no_other() -> None:
    told = {int(code) for code in re.findall(r"^\| (\d+) \| .* \|$", README, re.MULTILINE)}
    raised = {kind.exit_code for kind in vars(errors).values() if isinstance(kind, type) and hasattr(kind, "exit_code")}

    assert raised <= told
    assert told - raised == {0, 9, 10}


def test_every_command_and_option_that_readme_names_exists() -> None:
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
    assert set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", README)) - {"--quiet", "--editable", "--now"} <= options


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


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="there is no systemd here")
def test_the_systemd_units_are_right_and_let_the_job_do_little_else(tmp_path: Path) -> None:
    units = re.findall(r"```\n(\[Unit\]\n.*?)```", README, re.DOTALL)
    for unit, kind in zip(units, ("service", "timer"), strict=True):
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
