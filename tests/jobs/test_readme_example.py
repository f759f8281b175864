"""README's Python example keeps what the command line promises."""

import re
import shutil
from pathlib import Path

import pytest
from starlette.applications import Starlette

from bulkvm import RunReport, Status
from bulkvm.model.errors import SheetError
from bulkvm.paths import runs_folder
from bulkvm.runs import complete_outcomes, list_journals, read_journal
from bulkvm.simulator import SimulatorSettings, running

ROOT = Path(__file__).parents[2]
(EXAMPLE,) = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text("utf-8"), re.DOTALL)


def run_example(app: Starlette, sample: str) -> RunReport:
    """Run the example as it is, on a sample and against the embedded PBX."""
    shutil.copy(ROOT / "samples" / sample, "boxes.xlsx")
    with running(app) as server:
        code = EXAMPLE.replace("https://pbx.example.com:8887", server.url).replace(
            '"..."', repr(SimulatorSettings().token)
        )
        names: dict[str, object] = {}
        exec(code, names)
    report = names["report"]
    assert isinstance(report, RunReport)
    return report


@pytest.mark.usefixtures("folder")
def test_the_example_accounts_for_all_rows_of_a_sheet_with_mistakes_and_sends_nothing(app: Starlette) -> None:
    report = run_example(app, "mistakes.xlsx")

    assert len(report.outcomes) == 76
    assert {outcome.status for outcome in report.outcomes} == {Status.INVALID, Status.NOT_SENT}
    assert (report.exit_code, report.run) == (3, None)
    assert isinstance(report.error, SheetError)
    assert report.result is not None
    assert report.result.is_file()
    counts = app.state.traffic.counts
    assert (counts["create"], counts["update"], counts["remove"]) == (0, 0, 0)


@pytest.mark.usefixtures("folder")
def test_the_example_creates_the_boxes_of_a_valid_sheet_with_a_journal_and_a_result(
    app: Starlette, capsys: pytest.CaptureFixture[str]
) -> None:
    report = run_example(app, "clinic.xlsx")

    (journal,) = list_journals(runs_folder())
    past = read_journal(journal)
    assert [outcome.status for outcome in report.outcomes] == [Status.CREATED] * 42
    assert (report.exit_code, report.error, report.run) == (0, None, past.info.name)
    assert complete_outcomes(past.info.extensions, (), past.outcomes) == report.outcomes
    assert "created" in capsys.readouterr().out
