"""Jobs called from Python, with the lock, journal and limits of the command line."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
from starlette.applications import Starlette

from bulkvm import (
    Connection,
    Limit,
    Observer,
    Plan,
    PlanOptions,
    Problem,
    Site,
    Status,
    Tenant,
    diff_boxes,
    export_boxes,
    import_sheet,
    plan_sheet,
    undo_run,
    validate_sheet,
)
from bulkvm.jobs.observer import Progress
from bulkvm.model.errors import DiskFull, LimitExceeded, LockHeld, SheetError, StoppedEarly
from bulkvm.reports.workbook import annotated_copy as annotated_copy_module
from bulkvm.reports.workbook import result as result_module
from bulkvm.runs.tenant_lock import lock_tenant
from bulkvm.simulator import SimulatorSettings

CLINIC = Path("..") / "samples" / "clinic.csv"
MISTAKES = Path("..") / "samples" / "mistakes.xlsx"


class Recorder(Observer):
    """Records what a job reports, and answers its question."""

    def __init__(self, *, approves: bool = True) -> None:
        self.approves = approves
        self.phases: list[str] = []
        self.notices: list[str] = []
        self.questions: list[str] = []

    @contextmanager
    def progress(self, phase: str) -> Iterator[Progress]:
        self.phases.append(phase)
        yield lambda _done, _total: None

    def notice(self, text: str) -> None:
        self.notices.append(text)

    def approve(self, plan: Plan, problems: Sequence[Problem], tenant: Tenant) -> bool:
        assert not [problem for problem in problems if problem.is_error]
        self.questions.append(f"{len(plan.to_send)} changes to {tenant.domain}")
        return self.approves


@pytest.fixture
def connection(app: Starlette, folder: Path) -> Connection:
    assert folder.is_dir()
    return Connection(Site(name="clinic", url="http://simulator", token=SimulatorSettings().token), app=app)


def test_an_observer_sees_the_phases_and_the_plan_and_may_decline(connection: Connection, app: Starlette) -> None:
    declining, approving = Recorder(approves=False), Recorder()

    declined = import_sheet(CLINIC, connection, observer=declining)
    approved = import_sheet(CLINIC, connection, observer=approving)

    assert (declined.exit_code, declined.run, declined.error) == (1, None, None)
    assert {outcome.status for outcome in declined.outcomes} == {Status.NOT_SENT}
    assert declining.questions == approving.questions == ["42 changes to simulator.example"]
    assert list(dict.fromkeys(approving.phases)) == [
        "Reading the sheet", "Checking the rows", "Connecting", "Planning", "Sending", "Writing the result",
    ]  # fmt: skip
    assert (approved.exit_code, app.state.traffic.counts["create"]) == (0, 42)


def test_the_limit_on_changes_applies_unless_it_is_lifted(connection: Connection, folder: Path) -> None:
    import_sheet(CLINIC, connection)
    renamed = folder / "renamed.csv"
    renamed.write_text(CLINIC.read_text("utf-8").replace("@", "-at-home@"), "utf-8")

    refused = import_sheet(renamed, connection, PlanOptions(max_changes=Limit(count=1)))
    planned = plan_sheet(renamed, connection, PlanOptions(max_changes=Limit(count=1)))
    done = import_sheet(renamed, connection, PlanOptions(max_changes=None))

    assert isinstance(refused.error, LimitExceeded)
    assert (refused.exit_code, refused.run) == (6, None)
    assert planned.excess is not None
    assert (done.exit_code, done.error) == (0, None)
    assert {outcome.status for outcome in done.outcomes} <= {Status.UPDATED, Status.UNCHANGED}


def test_only_one_run_at_a_time_works_on_a_tenant(connection: Connection, app: Starlette) -> None:
    with lock_tenant(connection.find_tenant()), pytest.raises(LockHeld):
        import_sheet(CLINIC, connection)

    assert app.state.traffic.counts["create"] == 0


def test_a_run_is_undone_and_the_undo_is_undone(connection: Connection) -> None:
    imported = import_sheet(CLINIC, connection)

    undone = undo_run("last", connection)
    empty = export_boxes(None, connection)
    again = undo_run("last", connection)
    restored = undo_run(str(undone.report.run), connection)

    assert undone.undone.name == imported.run
    assert (undone.report.exit_code, len(undone.report.outcomes), len(empty.boxes)) == (0, 42, 0)
    assert (again.report.run, again.undone_by) == (None, undone.report.run)
    assert (restored.report.exit_code, len(export_boxes(None, connection).boxes)) == (0, 42)


def test_a_result_that_cannot_be_written_leaves_the_outcomes_in_the_report(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(result_module, "make_results", fail)

    report = import_sheet(CLINIC, connection)

    assert {outcome.status for outcome in report.outcomes} == {Status.CREATED}
    assert (report.result, report.exit_code) == (None, 1)
    assert isinstance(report.result_error, OSError)


def test_a_run_that_ends_early_accounts_for_the_rows_that_were_not_sent(
    connection: Connection, app: Starlette, folder: Path
) -> None:
    taken = folder / "taken.csv"
    rows = [f"{number},Box {number},402817" for number in range(7000, 7040)]
    taken.write_text("\n".join(["extension_number,name,pin", *rows, ""]), "utf-8")
    app.state.faults = type(app.state.faults)(["400:create:1-99"])

    report = import_sheet(taken, connection.with_settings(max_errors=Limit(count=0)))

    assert isinstance(report.error, StoppedEarly)
    assert report.exit_code == 7
    assert len(report.outcomes) == 40
    assert Status.NOT_SENT in {outcome.status for outcome in report.outcomes}


def test_boxes_are_exported_and_compared(connection: Connection) -> None:
    import_sheet(CLINIC, connection)

    exported = export_boxes(Path("boxes.csv"), connection)
    same = diff_boxes(Path("boxes.csv"), connection)
    other = diff_boxes(Path("boxes.csv"), CLINIC, output=Path("diff.csv"))

    assert (len(exported.boxes), exported.file) == (42, Path("boxes.csv"))
    assert (same.exit_code, same.diff.is_empty, same.names) == (0, True, ("boxes.csv", "the PBX clinic"))
    assert other.output == Path("diff.csv")


def test_a_sheet_is_validated_offline_with_its_copies(folder: Path) -> None:
    observer = Recorder()

    report = validate_sheet(MISTAKES, annotate=Path("annotated.xlsx"), clean=Path("clean.csv"), observer=observer)

    assert (report.rows, report.exit_code, report.output_error) == (76, SheetError.exit_code, None)
    assert 0 < report.valid < report.rows
    assert any(problem.is_error for problem in report.problems)
    assert (report.annotated, report.clean) == (Path("annotated.xlsx"), Path("clean.csv"))
    assert all((folder / str(copy)).exists() for copy in (report.annotated, report.clean))
    assert observer.phases[-2:] == ["Writing the annotated copy", "Writing the clean copy"]


def test_a_copy_that_cannot_be_written_leaves_the_problems_in_the_report(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> Path:
        raise DiskFull("The disk is full.")

    monkeypatch.setattr(annotated_copy_module, "write_annotated", fail)

    report = validate_sheet(MISTAKES, annotate=folder / "annotated.xlsx")

    assert isinstance(report.output_error, DiskFull)
    assert (report.rows, report.annotated) == (76, None)
    assert report.problems
