"""What a run prints when it ends: failed rows with their reasons, counts, the result, and how to undo it."""

import os
import re
from pathlib import Path

import pytest
from starlette.applications import Starlette

from bulkvm.model.outcome import Outcome, Status
from bulkvm.reports.text.outcome_text import render_failures
from bulkvm.simulator import FaultRules
from tests.cli.program import Bulkvm, run_separately
from tests.cli.sheet_files import rows, write_csv
from tests.golden_files import Golden

RUN = re.compile(r"\d{8}T\d{6}Z-\d{4}-\S+(?=[ `])")


def shown(text: str, folder: Path) -> str:
    """What was printed, without what differs between two runs."""
    return RUN.sub("RUN", text).replace(f"{folder}{os.sep}", "")


def test_an_import_names_rejected_rows_the_run_and_how_to_undo_it(
    bulkvm: Bulkvm, pbx: Starlette, folder: Path, golden: Golden
) -> None:
    pbx.state.faults = FaultRules(["422:create:2-13"])
    sheet = write_csv(folder / "a.csv", *((str(6201 + n), f"Desk {n}", "402817", "", "") for n in range(20)))

    ended = bulkvm("import", sheet, "--yes", "--concurrency", "1", "--max-errors", "20")

    assert ended.code == 1
    golden("cli/import-with-rejected-rows.txt", shown(ended.err.partition("blank fields.\n")[2], folder))


def test_a_quiet_import_prints_only_what_failed(bulkvm: Bulkvm, pbx: Starlette, folder: Path, golden: Golden) -> None:
    pbx.state.faults = FaultRules(["422:create:2"])
    sheet = write_csv(folder / "a.csv", *rows(3))

    ended = bulkvm("import", sheet, "--yes", "--quiet", "--concurrency", "1")

    assert (ended.code, ended.out) == (1, "")
    golden("cli/quiet-import-with-a-rejected-row.txt", ended.err)


@pytest.mark.usefixtures("pbx")
def test_an_import_shows_where_generated_pins_are(bulkvm: Bulkvm, folder: Path) -> None:
    sheet = write_csv(folder / "a.csv", ("6201", "Desk", "", "", ""), ("6202", "Lab", "582046", "", ""))

    ended = bulkvm("import", sheet, "--yes", "--generate-pins")

    assert "1 generated PIN in the result, which only you can read. `bulkvm pins " in ended.err


@pytest.mark.parametrize("site", [(), ("--site", "simulator")], ids=["variable", "option"])
def test_the_command_that_undoes_a_run_can_be_pasted(bulkvm: Bulkvm, folder: Path, site: tuple[str, ...]) -> None:
    sheet = write_csv(folder / "a.csv", *rows(1))
    variables = {} if site else {"BULKVM_SITE": "simulator"}

    ended = run_separately("import", str(sheet), "--yes", *site, **variables)
    suggested = ended.err.rpartition("`bulkvm ")[2].rstrip("`\n").split()

    assert suggested[0] == "undo"
    assert suggested[2:] == list(site)
    assert run_separately(*suggested, "--yes", **variables).code == 0
    assert "deleted" in bulkvm("runs", "last").out


@pytest.mark.usefixtures("pbx")
def test_a_run_that_changes_nothing_suggests_no_undo(bulkvm: Bulkvm, folder: Path) -> None:
    sheet = write_csv(folder / "a.csv", *rows(1))
    bulkvm("import", sheet, "--yes")

    assert "undo" not in bulkvm("import", sheet, "--yes").err


def test_the_reason_of_a_failed_row_is_one_printable_line() -> None:
    outcome = Outcome(row=7, extension_number="6207", status=Status.REJECTED, message="No.\n\x1b[2JAdvice.")

    assert (
        render_failures([outcome])
        == "Rows that failed:\n  row 7: 6207 rejected: No. \N{REPLACEMENT CHARACTER}[2JAdvice."
    )
