"""Text on a terminal is wrapped and coloured; what a command is for can be piped."""

import io
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bulkvm.cli.terminal import colour_first_words, has_colour, layout
from tests.cli.program import SAMPLES, Bulkvm
from tests.cli.sheet_files import write_csv
from tests.cli.terminals import on_a_terminal

ESCAPE = re.compile(r"\x1b\[[0-9;]*m")
LONG = "the quick brown fox jumps over the lazy dog"


class Screen(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def screen(monkeypatch: pytest.MonkeyPatch) -> Screen:
    """A terminal of 24 columns."""
    monkeypatch.setenv("COLUMNS", "24")
    return Screen()


@pytest.mark.parametrize(
    ("line", "wrapped"),
    [
        pytest.param("short", "short", id="short"),
        pytest.param(LONG, "the quick brown fox\njumps over the lazy dog", id="between words"),
        pytest.param(f"  {LONG}", "  the quick brown fox\n    jumps over the lazy\n    dog", id="further in"),
        pytest.param("ok  a  one two three four five", "ok  a  one two three\n       four five", id="in a column"),
        pytest.param(f"{'':9}one two three four", f"{'':9}one two three\n{'':9}four", id="below a column"),
        pytest.param("Undo it: `bulkvm undo last -y`.", "Undo it:\n`bulkvm undo last -y`.", id="whole command"),
        pytest.param("see /a/path/longer/than/one/line ok", "see /a/path/longer/than/one/line\nok", id="long word"),
        pytest.param("北京上海广州 深圳成都杭州 ok", "北京上海广州\n深圳成都杭州 ok", id="wide characters"),
        pytest.param(
            "      To: +anna.of.the.clinic@example.com -b@example.com",
            "      To:\n        +anna.of.the.clinic@example.com\n        -b@example.com",
            id="list with an item longer than a line",
        ),
        pytest.param("", "", id="blank"),
    ],
)
def test_text_is_wrapped_at_the_width_of_a_terminal(screen: Screen, line: str, wrapped: str) -> None:
    assert layout(line, screen) == wrapped
    assert layout(line, io.StringIO()) == line


@given(st.lists(st.text("ab北`  -", max_size=12), max_size=12).map(" ".join))
def test_wrapping_loses_no_word_and_keeps_commands_whole(text: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COLUMNS", "24")
        wrapped = layout(text, Screen())

    assert wrapped.split() == text.split()
    assert [command for command in re.findall(r"`[^`]*`", text) if command not in wrapped] == []


@pytest.mark.parametrize(
    ("environment", "on_terminal", "in_pipe"),
    [
        ({}, True, False),
        ({"NO_COLOR": "1"}, False, False),
        ({"NO_COLOR": ""}, True, False),
        ({"FORCE_COLOR": "1"}, True, True),
        ({"FORCE_COLOR": "0"}, True, False),
        ({"CLICOLOR_FORCE": "1"}, True, True),
        ({"CLICOLOR": "0"}, False, False),
        ({"CLICOLOR": "0", "FORCE_COLOR": "1"}, True, True),
        ({"NO_COLOR": "1", "FORCE_COLOR": "1"}, False, False),
        ({"TERM": "dumb"}, False, False),
    ],
    ids=str,
)
def test_colours_follow_the_variables_that_other_programs_use(
    environment: dict[str, str], *, on_terminal: bool, in_pipe: bool
) -> None:
    assert has_colour(Screen(), environment) is on_terminal
    assert has_colour(io.StringIO(), environment) is in_pipe


def test_the_word_for_a_change_or_a_severity_is_coloured() -> None:
    text = "  + 6201\n~ 6202\n  - 6203\n  error: C7\n  warning: C8\na + b\n-x"

    coloured = colour_first_words(text)

    assert ESCAPE.sub("", coloured) == text
    assert [line for line in coloured.split("\n") if "\x1b" not in line] == ["a + b", "-x"]
    assert coloured.startswith("  \x1b[32m\x1b[1m+\x1b[0m 6201")


def test_problems_can_be_piped(bulkvm: Bulkvm) -> None:
    ended = bulkvm("validate", SAMPLES / "mistakes.xlsx")

    assert ended.err == ""
    assert "[pin-repeats]" in ended.out
    assert re.search(r"\d+ rows, \d+ of them valid\. \d+ errors and \d+ warnings\.$", ended.out)
    assert "\x1b" not in ended.out
    assert max(map(len, ended.out.splitlines())) > 100


def test_json_stays_alone_on_standard_output(bulkvm: Bulkvm) -> None:
    ended = bulkvm("validate", SAMPLES / "mistakes.xlsx", "--json")

    assert "[pin-repeats]" in ended.err
    assert ended.json["schema"] == 1
    assert bulkvm("validate", SAMPLES / "mistakes.xlsx", "--json", "--quiet").err == ""


@pytest.mark.usefixtures("pbx")
def test_a_plan_can_be_piped(bulkvm: Bulkvm, folder: Path) -> None:
    ended = bulkvm("plan", write_csv(folder / "a.csv", ("6201", "Desk", "402817", "", "")))

    assert ended.err == ""
    assert "6201" in ended.out


def test_on_a_terminal_problems_are_wrapped_and_coloured(tmp_path: Path) -> None:
    sheet = Path(__file__).parents[2] / "samples" / "mistakes.xlsx"

    with on_a_terminal(tmp_path, "validate", sheet, COLUMNS="80", TERM="xterm") as (terminal, _):
        terminal.read_to_the_end()

    assert "\x1b[31m\x1b[1merror:\x1b[0m " in terminal.seen
    assert max(len(ESCAPE.sub("", line)) for line in terminal.seen.splitlines()) <= 80
