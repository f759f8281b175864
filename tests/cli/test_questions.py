"""What a person is asked before anything is sent, and what each answer does."""

from pathlib import Path

import pytest
from starlette.applications import Starlette

from bulkvm.simulator import SimulatorSettings, create_app, running
from tests.cli.terminals import on_a_terminal

SAMPLE = Path(__file__).parents[2] / "samples" / "clinic.csv"
QUESTION = "Send 42 creates to Simulated clinic (simulator.example) on localhost"


def asked(folder: Path, app: Starlette, answer: str | None, *more: str) -> tuple[int | None, str]:
    """Import on a terminal, and answer the question or press Ctrl-C: the exit code, and what was shown after it."""
    with running(app) as server:
        known = {
            "BULKVM_URL": server.url,
            "BULKVM_TOKEN": SimulatorSettings().token,
            "BULKVM_STATE": str(folder / "state"),
        }
        known["NO_COLOR"] = "1"
        with on_a_terminal(folder, "import", SAMPLE, "--result", folder / "r.xlsx", *more, **known) as (
            terminal,
            program,
        ):
            if answer is None:
                terminal.wait_for(QUESTION)
                terminal.interrupt(program)
            else:
                terminal.answer(QUESTION, answer)
            terminal.read_to_the_end()
    return program.returncode, terminal.seen.partition(QUESTION)[2]


@pytest.mark.parametrize(
    ("answer", "code", "printed"),
    [("n", 1, "Nothing was sent."), ("", 1, "Nothing was sent."), (None, 130, "Stopped. Nothing was sent.")],
    ids=["no", "return", "ctrl-c"],
)
def test_without_confirmation_nothing_is_sent(tmp_path: Path, answer: str | None, code: int, printed: str) -> None:
    app = create_app()

    ended, shown = asked(tmp_path, app, answer)

    assert ended == code
    assert printed in shown.splitlines()
    assert app.state.traffic.counts["create"] == 0
    assert not (tmp_path / "r.xlsx").exists()


@pytest.mark.parametrize("answer", ["n", None], ids=["no", "ctrl-c"])
def test_a_script_gets_the_notice_that_nothing_was_sent(tmp_path: Path, answer: str | None) -> None:
    _, shown = asked(tmp_path, create_app(), answer, "--json")

    assert '"not sent": 42' in shown


def test_after_confirmation_the_outcome_is_reported(tmp_path: Path) -> None:
    ended, shown = asked(tmp_path, create_app(), "y")

    assert ended == 0
    assert "42 rows: 42 created." in shown
    assert (tmp_path / "r.xlsx").exists()


def test_the_questions_about_a_run_show_how_much_they_delete_and_restore(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("extension_number,name,pin\n6201,Desk,402817\n6202,Sales,402818\n", "utf-8")
    (tmp_path / "b.csv").write_text("extension_number,name,pin\n6201,Front Desk,\n6203,Bar,402819\n", "utf-8")
    with running(create_app()) as server:
        known = {
            "BULKVM_URL": server.url,
            "BULKVM_TOKEN": SimulatorSettings().token,
            "BULKVM_STATE": str(tmp_path / "state"),
        }
        for sheet in ("a.csv", "b.csv"):
            with on_a_terminal(tmp_path, "import", tmp_path / sheet, "--yes", "--force", **known) as (terminal, _):
                terminal.read_to_the_end()

        with on_a_terminal(tmp_path, "undo", "last", **known) as (terminal, program):
            terminal.answer("Delete 1 box and restore 1 box of Simulated clinic (simulator.example) on localhost", "n")
            terminal.read_to_the_end()
        with on_a_terminal(tmp_path, "runs", "forget", "last", **known) as (terminal, _):
            terminal.answer("Delete 1 journal? This run can then no longer be undone.", "n")
            terminal.read_to_the_end()

    assert program.returncode == 1


COLOURS: list[tuple[list[str], dict[str, str], bool]] = [
    ([], {}, True),
    (["--no-color"], {}, False),
    ([], {"NO_COLOR": "1"}, False),
]


@pytest.mark.parametrize(
    ("arguments", "options", "variables", "coloured"),
    [
        # Each command and each way once, and all of both in the campaign.
        pytest.param(arguments, *way, marks=() if place == turn else pytest.mark.campaign)
        for place, arguments in enumerate([["validate", "nothing.csv"], ["export", "boxes.csv"], ["backup", "nights"]])
        for turn, way in enumerate(COLOURS)
    ],
)
def test_without_colours_no_output_has_one_even_after_an_error(
    tmp_path: Path, arguments: list[str], options: list[str], variables: dict[str, str], *, coloured: bool
) -> None:
    with on_a_terminal(tmp_path, *arguments, *options, **variables) as (terminal, program):
        terminal.read_to_the_end()

    assert program.returncode == 2
    assert ("\x1b[31m" in terminal.seen) is coloured


def test_a_question_is_wrapped_with_its_answers(tmp_path: Path) -> None:
    with running(create_app()) as server:
        (tmp_path / "a.csv").write_text("extension_number,name,pin\n6201,Desk,402817\n", "utf-8")
        known = {"BULKVM_URL": server.url, "BULKVM_TOKEN": SimulatorSettings().token, "COLUMNS": "60"}
        state = {"BULKVM_STATE": str(tmp_path / "state")}
        with on_a_terminal(tmp_path, "import", tmp_path / "a.csv", **known, **state) as (terminal, program):
            terminal.answer("[y/N]: ", "n")
            terminal.read_to_the_end()

    question = terminal.seen[terminal.seen.index("Send 1 create") :].split("[y/N]: ")[0].splitlines()
    assert (program.returncode, len(question)) == (1, 2)
    assert max(len(line + "[y/N]: n") if line is question[-1] else len(line) for line in question) <= 60
