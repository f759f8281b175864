"""Every status is in every place that lists the statuses."""

from pathlib import Path

import pytest

from bulkvm.cli.json_output import run_document
from bulkvm.jobs.run_execution import RunReport
from bulkvm.model.exit_codes import ExitCode
from bulkvm.model.outcome import Colour, Outcome, Status, UndoResult, count_statuses
from bulkvm.reports.text.plan_text import render_words
from bulkvm.reports.workbook.styles import COLOURS
from bulkvm.reports.workbook.summary import make_chart, summarise_run
from tests.reports.clinic import RUN, save_clinic

README = (Path(__file__).parents[2] / "README.md").read_text("utf-8")


@pytest.mark.parametrize("status", Status)
def test_each_status_is_in_all_reports(status: Status, tmp_path: Path) -> None:
    outcome = Outcome(row=2, extension_number="6201", status=status)

    lines = summarise_run(save_clinic(tmp_path / "clinic.xlsx"), [outcome], (), RUN)
    document = run_document(RunReport(site="clinic", problems=(), exit_code=ExitCode.DONE, outcomes=(outcome,)))

    chart = make_chart(lines)
    assert chart
    assert chart.colours == [status.colour]
    assert [line.cells for line in lines if line.charted] == [(status, status.meaning, 1)]
    assert COLOURS[status] == status.colour
    assert render_words({status: 1}) == f"1 row: 1 {status}"
    assert document["counts"][status] == 1
    assert f"| {status} | {status.meaning} |" in README


@pytest.mark.parametrize("status", Status)
def test_each_status_has_texts(status: Status) -> None:
    assert status.meaning
    assert status.is_done is (status.colour in {Colour.GREEN, Colour.GREY})
    assert not f"{status.meaning}{status.remedy}".endswith(".")
    assert not (status.is_done and status.remedy)


def test_the_results_of_an_undo_are_counted_beside_the_statuses() -> None:
    assert render_words(dict.fromkeys((*Status, *UndoResult), 1)).startswith(f"{len(Status) + len(UndoResult)} rows: ")
    assert set(count_statuses(())) == set(Status)
