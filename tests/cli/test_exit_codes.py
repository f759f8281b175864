"""Each exit code of README's table, shown once, with the words that explain what to do about it."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from starlette.applications import Starlette

from bulkvm.simulator import FaultRules
from tests.cli.program import SAMPLES, Bulkvm, CommandResult, wait_for_request
from tests.cli.sheet_files import write_csv

README = Path(__file__).parents[2] / "README.md"
ROWS = [(str(20000 + n), f"Desk {n}", "402817", "", "") for n in range(40)]
IMPORT = ("import", "a.csv", "--yes", "--max-outage", "0.2", "--retries", "2")


def done(bulkvm: Bulkvm, _: Starlette) -> CommandResult:
    return bulkvm(*IMPORT)


def some_rows_rejected(bulkvm: Bulkvm, pbx: Starlette) -> CommandResult:
    pbx.state.faults = FaultRules(["422:create:1"])
    return bulkvm(*IMPORT)


def an_option_is_wrong(bulkvm: Bulkvm, _: Starlette) -> CommandResult:
    return bulkvm(*IMPORT, "--max-errors", "lots")


def the_sheet_is_not_valid(bulkvm: Bulkvm, _: Starlette) -> CommandResult:
    return bulkvm("import", SAMPLES / "mistakes.xlsx", "--yes")


def the_login_is_refused(bulkvm: Bulkvm, pbx: Starlette) -> CommandResult:
    pbx.state.faults = FaultRules(["expire:any:1"])
    return bulkvm(*IMPORT)


def the_pbx_is_away(bulkvm: Bulkvm, pbx: Starlette) -> CommandResult:
    pbx.state.faults = FaultRules(["down(seconds=600):any:1"])
    return bulkvm(*IMPORT)


def a_limit_refuses(bulkvm: Bulkvm, _: Starlette) -> CommandResult:
    bulkvm(*IMPORT)
    return bulkvm("import", write_csv(Path("b.csv"), *((row[0], "Other", *row[2:]) for row in ROWS)), "--yes")


def too_many_rows_fail(bulkvm: Bulkvm, pbx: Starlette) -> CommandResult:
    pbx.state.faults = FaultRules(["422:create:1-99"])
    return bulkvm(*IMPORT, "--concurrency", "1")


def a_backup_cannot_be_proven(bulkvm: Bulkvm, _: Starlette) -> CommandResult:
    bulkvm(*IMPORT)
    bulkvm("backup", "nights")
    bulkvm("undo", "last", "--yes")
    return bulkvm("backup", "nights")


def an_outcome_is_unknown(bulkvm: Bulkvm, pbx: Starlette) -> CommandResult:
    pbx.state.faults = FaultRules(["reset-after:create:1", "503:list:3-99"])
    return bulkvm(*IMPORT, "--concurrency", "1")


def differences_are_found(bulkvm: Bulkvm, _: Starlette) -> CommandResult:
    return bulkvm("plan", "a.csv", "--exit-code")


def somebody_stops_it(_: Bulkvm, pbx: Starlette) -> CommandResult:
    pbx.state.faults = FaultRules(["late(seconds=60):list:1"])
    command = [sys.executable, "-m", "bulkvm", *IMPORT]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, encoding="utf-8") as process:
        wait_for_request(pbx, process, lambda: pbx.state.traffic.counts["list"] > 0)
        process.send_signal(signal.SIGINT)
        _out, err = process.communicate(timeout=30)
    return CommandResult(process.returncode, "", err)


ENDS: dict[int, tuple[Callable[[Bulkvm, Starlette], CommandResult], str]] = {
    0: (done, "created"),
    1: (some_rows_rejected, "1 rejected"),
    2: (an_option_is_wrong, "Write 50 or 40%"),
    3: (the_sheet_is_not_valid, "Nothing was sent. Correct the errors first"),
    4: (the_login_is_refused, "rejected the login, or the token has expired"),
    5: (the_pbx_is_away, "was closed before the answer came"),
    6: (a_limit_refuses, "--force"),
    7: (too_many_rows_fail, "--max-errors"),
    8: (a_backup_cannot_be_proven, "--force"),
    9: (an_outcome_is_unknown, "1 unknown"),
    10: (differences_are_found, "to create"),
    130: (somebody_stops_it, "Stopped."),
}


@pytest.mark.parametrize("code", ENDS)
def test_each_exit_code_comes_with_a_message_that_explains_it(
    bulkvm: Bulkvm, pbx: Starlette, folder: Path, code: int
) -> None:
    if code == 130 and os.name != "posix":
        pytest.skip("this signal is POSIX's")
    write_csv(folder / "a.csv", *ROWS)
    end, words = ENDS[code]

    ended = end(bulkvm, pbx)

    assert ended.code == code, ended.err
    assert words in ended.text
    assert "Traceback" not in ended.err


def test_readme_lists_the_exit_codes_that_are_tested() -> None:
    chapter = README.read_text("utf-8").partition("### Exit codes")[2].partition("\n### ")[0]

    assert [int(code) for code in re.findall(r"^\| (\d+) \|", chapter, re.MULTILINE)] == list(ENDS)
