"""Mistyped commands and options, the site before the command, completion, and codes in words."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.shell_completion import ShellComplete

from bulkvm.cli import suggestions
from bulkvm.cli.main import COMMANDS, COMPLETION_VARIABLE
from bulkvm.cli.main import bulkvm as program
from bulkvm.model.exit_codes import ExitCode
from bulkvm.model.explanations import EXIT_REASONS, EXPLANATIONS, REASONS, STATUS_REASONS, UNDO_RESULTS
from bulkvm.model.outcome import Status, UndoResult
from bulkvm.model.problem_codes import ProblemCode
from tests.cli.program import SAMPLES, Bulkvm, sites_file
from tests.cli.sheet_files import rows, write_csv
from tests.golden_files import Golden


@pytest.mark.parametrize(
    ("arguments", "suggested"),
    [
        ("imprt a.csv", "'import'"),
        ("valid a.csv", "'validate'"),
        ("restore", "`bulkvm import FILE`"),
        ("rollback", "`bulkvm undo RUN`"),
        ("apply a.csv", "`bulkvm import FILE`"),
        ("list", "`bulkvm export FILE`"),
        ("import a.csv --dry-run", "`bulkvm plan FILE`"),
        ("import a.csv -n", "`bulkvm plan FILE`"),
        ("login a --password x", "`bulkvm login --help`"),
        ("plan a.csv --exitcode", "'--exit-code'"),
        ("validate ../samples/clinic.csv --from Elastix", "Use issabel for Elastix 2 to 4"),
    ],
)
def test_what_does_not_exist_comes_with_what_does(bulkvm: Bulkvm, arguments: str, suggested: str) -> None:
    ended = bulkvm(*arguments.split())

    assert (ended.code, ended.out) == (2, "")
    assert suggested in ended.err


def test_the_commands_that_are_suggested_exist() -> None:
    source = Path(suggestions.__file__).read_text("utf-8")

    words = {text.split()[0].rstrip("`") for text in source.split("`bulkvm ")[1:]}

    assert {word for word in words if not word.startswith("-")} <= COMMANDS.keys()


@pytest.mark.parametrize("command", [("plan", SAMPLES / "clinic.csv"), ("doctor",), ("export", "-")], ids=str)
def test_the_site_may_stand_before_the_command(bulkvm: Bulkvm, command: tuple[str | Path, ...]) -> None:
    assert bulkvm("--site", "simulator", *command).code == 0


@pytest.mark.parametrize("command", ["template", "backup verify x", "runs forget last"])
def test_a_command_without_a_site_refuses_one(bulkvm: Bulkvm, command: str) -> None:
    ended = bulkvm("--site", "simulator", *command.split())

    assert ended.code == 2
    assert f"`bulkvm {' '.join(command.split()[: 2 if ' ' in command else 1])}` uses no site" in ended.err


def test_an_empty_site_before_the_command_is_refused(bulkvm: Bulkvm) -> None:
    assert "The value of --site is empty" in bulkvm("--site", "", "export").err


def completed(line: str, shell: str = "bash", **variables: str) -> list[str]:
    """What a shell would offer for a line."""
    words = line.split(" ")
    environment = {
        **os.environ,
        "_BULKVM_COMPLETE": f"{shell}_complete",
        "COMP_WORDS": line,
        "COMP_CWORD": str(len(words) - 1),
        **variables,
    }
    ended = subprocess.run(
        [sys.executable, "-c", "from bulkvm.cli.main import main; main()"],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert ended.stderr == ""
    return [item.partition(",")[2] if item.startswith("plain,") else item for item in ended.stdout.split()]


def test_a_shell_completes_commands_options_sites_runs_and_codes(bulkvm: Bulkvm, folder: Path) -> None:
    sites_file().write_text('[clinic]\nurl = "https://pbx.example.com:8887"\n', "utf-8")
    bulkvm("import", write_csv(folder / "a.csv", *rows(1)), "--yes", "--site", "simulator")
    (run,) = bulkvm("runs", "--json").json["runs"]

    assert completed("bulkvm va") == ["validate"]
    assert completed("bulkvm plan --exit") == ["--exit-code"]
    assert completed("bulkvm plan --site ") == ["simulator", "clinic"]
    assert completed("bulkvm doctor cl") == ["clinic"]
    assert completed("bulkvm undo ") == ["last", run["run"]]
    assert completed("bulkvm explain pin-rep") == ["pin-repeats", "pin-replaced"]
    assert completed("bulkvm import a") == ["file,a"]


@pytest.mark.usefixtures("folder")
def test_a_shell_completes_the_value_after_an_option_and_an_equals_sign() -> None:
    as_word, as_lines = ["--site=simulator"], ["plain", "--site=simulator", "_"]

    assert completed("bulkvm plan --site = sim") == ["simulator"]  # bash splits the word
    assert completed("bulkvm plan --site =") == ["simulator"]
    assert completed("bulkvm plan --site=sim") == as_word  # unless COMP_WORDBREAKS has no "="
    assert completed("bulkvm plan --site=sim", "zsh") == as_lines
    assert completed("bulkvm plan --site=sim", "powershell") == as_lines
    assert completed("bulkvm plan --site=sim", "fish", COMP_CWORD="--site=sim") == as_word
    assert completed("bulkvm plan --site sim", "zsh") == ["plain", "simulator", "_"]
    assert completed("bulkvm plan --output=a", "zsh") == ["file", "a", "_"]


@pytest.mark.usefixtures("folder")
def test_settings_that_cannot_be_read_leave_completion_silent() -> None:
    sites_file().write_text("no toml", "utf-8")

    assert completed("bulkvm plan --site ") == ["simulator"]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish", "powershell"])
def test_each_shell_gets_a_script(bulkvm: Bulkvm, shell: str) -> None:
    ended = bulkvm("completion", shell)

    assert (ended.code, ended.err) == (0, "")
    assert f"{shell}_complete" in ended.out


@pytest.mark.parametrize(
    ("shell", "corrected"),
    [
        ("bash", "local response completion type value\n"),
        ("bash", "compopt -o plusdirs\n"),
        ("zsh", "compset -P '*='; _path_files -f\n"),
        ("fish", 'string split -m 1 "," $completion'),
    ],
)
def test_the_script_for_a_shell_lacks_nothing(bulkvm: Bulkvm, shell: str, corrected: str) -> None:
    assert corrected in bulkvm("completion", shell).out


def test_the_script_for_powershell_quotes_paths(bulkvm: Bulkvm) -> None:
    script = bulkvm("completion", "powershell").out

    assert script.count("""{ "'" + $_.FullName.Replace("'", "''") + "'" } else { $_.FullName }), $_.Name, """) == 2
    assert "  $_.FullName, " not in script


def test_a_missing_argument_is_named_with_its_values(bulkvm: Bulkvm) -> None:
    ended = bulkvm("completion")

    assert (ended.code, ended.err.splitlines()[-2:]) == (2, ["  fish,", "  powershell"])


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_accepts_its_script(bulkvm: Bulkvm, folder: Path, shell: str) -> None:
    if not shutil.which(shell):
        pytest.skip(f"{shell} is not installed")
    (folder / "script").write_text(bulkvm("completion", shell).out, "utf-8")

    ended = subprocess.run([shell, "-n", folder / "script"], capture_output=True, text=True, check=False)

    assert (ended.returncode, ended.stderr) == (0, "")


def test_a_shell_completes_subcommands_beside_the_argument_of_their_group() -> None:
    def offered(*words: str) -> list[tuple[str, str]]:
        *before, incomplete = words
        found = ShellComplete(program, {}, "bulkvm", COMPLETION_VARIABLE).get_completions(before, incomplete)
        return [(item.type, item.value) for item in found]

    assert offered("backup", "v") == [("dir", "v"), ("plain", "verify")]
    assert offered("backup", "--all-sites", "v") == [("dir", "v")]
    assert offered("backup", "verify", "--max") == [("plain", "--max-age")]
    assert offered("runs", "f") == [("plain", "forget")]
    assert offered("runs", "forget", "l") == [("plain", "last")]
    assert offered("pins", "l") == [("file", "l"), ("plain", "last")]
    assert offered("login", "--password-file", "a") == [("file", "a")]
    assert offered("he") == [("plain", "help")]
    assert offered("help", "pi") == [("plain", "pins")]


def parameters(command: click.Command, context: click.Context, path: str) -> Iterator[tuple[str, click.Parameter]]:
    """All parameters of a command and its subcommands, with the words that lead to them."""
    for parameter in command.params:
        yield path, parameter
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            found = command.get_command(context, name)
            assert found
            yield from parameters(found, click.Context(found, parent=context), f"{path} {name}".strip())


def test_every_file_folder_choice_site_and_run_is_completed() -> None:
    metavars = {"FILE": {"file"}, "DIR": {"dir"}, "SITE": {"plain"}, "RUN": {"plain"}, "CODE": {"plain"}}

    for path, parameter in parameters(program, click.Context(program), ""):
        context = click.Context(program)
        words = {parameter.metavar or "", parameter.name.upper() if isinstance(parameter, click.Argument) else ""}
        is_choice = isinstance(parameter.type, click.Choice)
        if is_choice or words & metavars.keys():
            kinds = {item.type for item in parameter.shell_complete(context, "")}
            (word,) = words & metavars.keys() or {""}
            assert kinds >= metavars.get(word, {"plain"}), (path, parameter)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no bash")
def test_the_script_for_bash_runs_there(bulkvm: Bulkvm) -> None:
    script = bulkvm("completion", "bash").out

    ended = subprocess.run(["bash", "-c", f"{script}\ncomplete -p bulkvm"], capture_output=True, text=True, check=True)

    assert ended.stdout == "complete -o nosort -F _bulkvm_completion bulkvm\n"


def test_every_code_is_explained() -> None:
    assert REASONS.keys() == set(ProblemCode)
    assert STATUS_REASONS.keys() == set(Status)
    assert UNDO_RESULTS.keys() == set(UndoResult)
    assert EXIT_REASONS.keys() == set(ExitCode)
    assert all(entry.reason.endswith(".") for entry in EXPLANATIONS)
    assert len({entry.code for entry in EXPLANATIONS}) == len(EXPLANATIONS)


@pytest.mark.parametrize("given", ["pin-repeats", "[PIN-repeats]", "left out", "9", "none-such", "pin-repeat", "kept"])
def test_a_code_is_explained_as_it_is_printed(bulkvm: Bulkvm, golden: Golden, given: str) -> None:
    ended = bulkvm("explain", *given.split())

    assert (ended.code, ended.err) == ((2, ended.err) if given in {"none-such", "pin-repeat"} else (0, ""))
    name = given.strip("[]").casefold().replace(" ", "-")
    golden(f"explain/{name}.txt", ended.text)


@pytest.mark.parametrize("status", [status for status in Status if not status.is_done])
def test_a_status_of_a_row_that_is_not_done_is_explained_with_what_to_do(bulkvm: Bulkvm, status: Status) -> None:
    assert "No action is needed." not in bulkvm("explain", status).out


def test_several_codes_are_explained(bulkvm: Bulkvm) -> None:
    ended = bulkvm("explain", "[pin-repeats]", "7", "not sent")

    assert [line.split(" (")[0] for line in ended.out.splitlines() if line[:1].strip()] == [
        "pin-repeats",
        "7",
        "not sent",
    ]
    assert 'There is no code "none".' in bulkvm("explain", "7", "none").err


def test_explanations_are_data_too(bulkvm: Bulkvm) -> None:
    one, every = bulkvm("explain", "7", "--json").json, bulkvm("explain", "--json").json

    assert [code["kind"] for code in one["codes"]] == ["exit code"]
    assert one["codes"][0] in every["codes"]
    assert len(every["codes"]) == len(EXPLANATIONS)


def test_without_a_code_all_are_listed_with_their_meanings(bulkvm: Bulkvm) -> None:
    lines = bulkvm("explain").out.splitlines()

    assert [line for line in lines if line.endswith(":")] == ["Problems:", "Statuses of a row:", "Exit codes:"]
    assert [line.split("  ")[1] for line in lines if line.startswith("  ")] == [entry.code for entry in EXPLANATIONS]
