"""Runs: one at a time, stopped in good order, listed and undone, with results that can be re-created."""

import asyncio
import csv
import errno
import hashlib
import json
import os
import re
import signal
import subprocess
import sys
from datetime import datetime, tzinfo
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from filelock import FileLock
from openpyxl import load_workbook
from starlette.applications import Starlette

from bulkvm.jobs import run_execution
from bulkvm.model.settings import Site
from bulkvm.model.tenant import Tenant, normalize_url
from bulkvm.pbx import connect
from bulkvm.runs.tenant_lock import lock_tenant
from bulkvm.simulator import FaultRules, SimulatorSettings, running
from tests.altered_pbx import AlteredPbx, json_answer
from tests.cli.program import SAMPLES, Bulkvm, names_by_extension, start_import, wait_for_creates, wait_for_request
from tests.cli.sheet_files import rows, statuses, write_csv

POSIX = pytest.mark.skipif(os.name != "posix", reason="these signals are POSIX's")


CLINIC = {"id": "7", "name": "Clinic", "domain": "clinic.example.com"}


def log_in_by_password(monkeypatch: pytest.MonkeyPatch, domain: str = SimulatorSettings().domain) -> None:
    monkeypatch.delenv("BULKVM_TOKEN", raising=False)
    monkeypatch.setenv("BULKVM_USER", SimulatorSettings().user)
    monkeypatch.setenv("BULKVM_DOMAIN", domain)
    monkeypatch.setenv("BULKVM_PASSWORD", SimulatorSettings().password)


@pytest.mark.parametrize("host", ["127.0.0.1", "LOCALHOST"])
@pytest.mark.parametrize("by_token", [True, False], ids=["by token", "by password"])
def test_a_second_run_against_the_same_tenant_is_refused_under_any_address(
    bulkvm: Bulkvm,
    app: Starlette,
    monkeypatch: pytest.MonkeyPatch,
    host: str,
    by_token: bool,  # noqa: FBT001
) -> None:
    shown = AlteredPbx(app, instead=lambda asked: json_answer(CLINIC) if asked.path == "/api/tenant" else None)
    with running(shown) as server:
        port = urlsplit(server.url).port
        monkeypatch.setenv("BULKVM_URL", f"http://{host}:{port}")
        if by_token:
            monkeypatch.setenv("BULKVM_TOKEN", SimulatorSettings().token)
        else:
            log_in_by_password(monkeypatch)
        with lock_tenant(Tenant(pbx=f"http://localhost:{port}", id="7")):
            refused = bulkvm("import", SAMPLES / "clinic.csv", "--yes")

    assert refused.code == 2
    assert "Another run against Clinic (clinic.example.com) on localhost" in refused.err
    assert app.state.traffic.counts["create"] == 0
    assert app.state.traffic.counts["list"] == 0


@pytest.mark.parametrize("known", [{}, {"id": "7"}], ids=["domain", "domain and id"])
def test_a_second_run_by_a_domain_in_another_spelling_is_refused(
    bulkvm: Bulkvm, pbx: Starlette, monkeypatch: pytest.MonkeyPatch, known: dict[str, str]
) -> None:
    """The login of a system administrator is also shown the id of the tenant."""
    log_in_by_password(monkeypatch)
    hidden = AlteredPbx(pbx, instead=lambda asked: json_answer({}, 404) if asked.path == "/api/tenant" else None)
    with running(hidden) as server:
        monkeypatch.setenv("BULKVM_URL", server.url)
        with lock_tenant(Tenant(pbx=normalize_url(server.url), domain=SimulatorSettings().domain.upper(), **known)):
            assert bulkvm("import", SAMPLES / "clinic.csv", "--yes").code == 2

    assert pbx.state.traffic.counts["create"] == 0


def test_a_second_run_against_the_same_site_is_refused(bulkvm: Bulkvm, pbx: Starlette) -> None:
    async def ask() -> Tenant:
        async with connect(Site(name="test", url=os.environ["BULKVM_URL"], token=SimulatorSettings().token)) as opened:
            return await opened.tenant()

    tenant = asyncio.run(ask())
    with lock_tenant(tenant):
        refused = bulkvm("import", SAMPLES / "clinic.csv", "--yes")

    assert refused.code == 2
    assert "Another run" in refused.err
    assert pbx.state.traffic.counts["create"] == 0
    assert bulkvm("import", SAMPLES / "clinic.csv", "--yes").code == 0
    with lock_tenant(tenant):
        assert bulkvm("undo", "last", "--yes").code == 2
    assert pbx.state.traffic.counts["destroy"] == 0
    assert bulkvm("undo", "last", "--yes").code == 0


@pytest.mark.usefixtures("pbx")
def test_runs_are_listed_and_a_lost_result_is_rebuilt(bulkvm: Bulkvm, folder: Path) -> None:
    bulkvm("import", SAMPLES / "mistakes.xlsx", "--yes", "--skip-invalid", "--result", "r.xlsx")
    bulkvm("import", SAMPLES / "clinic.csv", "--yes")
    listed = bulkvm("runs", "--json").json["runs"]

    assert "30 created, 46 invalid" in bulkvm("runs", listed[0]["run"]).out
    rebuilt = bulkvm("runs", listed[0]["run"], "--result", "again.xlsx")

    assert [Path(run["file"]).name for run in listed] == ["mistakes.xlsx", "clinic.csv"]
    assert (listed[0]["counts"]["created"], listed[0]["counts"]["invalid"]) == (30, 46)
    assert listed[1]["counts"]["created"] == 42
    assert rebuilt.code == 0
    assert statuses(folder / "again.xlsx") == statuses(folder / "r.xlsx")


@pytest.mark.usefixtures("pbx")
def test_a_rebuilt_result_holds_what_the_rows_wanted_and_the_pins_that_were_made_for_them(
    bulkvm: Bulkvm, folder: Path
) -> None:
    sheet = write_csv(folder / "a.csv", ("6201", "Front Desk", "", "a@example.com", "yes"), ("6202", "Lab", "", "", ""))
    bulkvm("import", sheet, "--yes", "--generate-pins", "--result", "r.xlsx")
    bulkvm("export", "all.csv")

    bulkvm("runs", "last", "--result", "again.csv")
    bulkvm("runs", "last", "--result", "again.xlsx")

    on_the_pbx = {row["extension_number"]: row for row in read(folder / "all.csv")}
    rebuilt = {row["extension_number"]: row for row in read(folder / "again.csv")}
    summary = [cell for row in load_workbook(folder / "again.xlsx")["bulkvm"].values for cell in row]
    assert [rebuilt[number]["pin"] for number in rebuilt] == [on_the_pbx[number]["pin"] for number in on_the_pbx]
    assert [rebuilt[number]["bulkvm_id"] for number in rebuilt] == [on_the_pbx[number]["id"] for number in on_the_pbx]
    assert (rebuilt["6201"]["name"], rebuilt["6201"]["recipients"]) == ("Front Desk", "a@example.com")
    assert hashlib.sha256(sheet.read_bytes()).hexdigest() in summary
    if os.name == "posix":
        assert {(folder / f"again.{kind}").stat().st_mode & 0o777 for kind in ("csv", "xlsx")} == {0o600}


def read(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8-sig", newline="") as opened:
        return list(csv.DictReader(opened))


@pytest.mark.usefixtures("pbx")
def test_a_damaged_journal_is_reported_and_a_box_that_the_run_made_is_still_removed(
    bulkvm: Bulkvm, folder: Path
) -> None:
    bulkvm("import", write_csv(folder / "a.csv", *rows(3)), "--yes", "--skip-invalid", "--concurrency", "1")
    (journal,) = (folder.parent / "state" / "runs").glob("*.jsonl")
    lines = journal.read_bytes().split(b"\n")
    journal.write_bytes(b"\n".join([*lines[:4], b"\0" * 80, *lines[5:]]))

    listed = bulkvm("runs", "last")
    undone = bulkvm("undo", "last", "--yes")

    assert "3 created" in listed.out
    assert "the journal is damaged at line 5; all other lines were read" in listed.out
    assert bulkvm("runs", listed.out.split()[0], "--json").json["runs"][0]["damaged_lines"] == [5]
    assert bulkvm("runs", "--json").json["runs"][0]["damaged_lines"] is None
    assert (undone.code, names_by_extension(bulkvm)) == (0, {})


def test_an_unknown_run_is_reported(bulkvm: Bulkvm) -> None:
    assert bulkvm("runs").code == 0
    assert bulkvm("runs", "last").code == 2
    assert bulkvm("undo", "2026", "--site", "simulator").code == 2


def test_undo_restores_boxes_that_no_one_changed_since(bulkvm: Bulkvm, pbx: Starlette, folder: Path) -> None:
    before = rows(20, "Before")
    bulkvm("import", write_csv(folder / "a.csv", *before), "--yes", "--skip-invalid")
    old = names_by_extension(bulkvm)
    both = [*rows(20, "After"), *((str(30000 + n), f"New {n}", str(582046 + n * 17), "", "") for n in range(20))]
    bulkvm("import", write_csv(folder / "b.csv", *both), "--yes", "--force", "--skip-invalid")
    made = names_by_extension(bulkvm)
    by_hand = [("20001", "By hand", "", "", ""), ("30001", "By hand too", "", "", "")]
    run = bulkvm("runs", "--json").json["runs"][1]["run"]
    bulkvm("import", write_csv(folder / "c.csv", *by_hand), "--yes")

    undone = bulkvm("undo", run, "--yes", "--json")
    listed = bulkvm("runs", "last")
    again = bulkvm("undo", run, "--yes", "--json")

    assert len(made) > len(old)
    assert (undone.code, again.code) == (1, 1)
    assert names_by_extension(bulkvm) == {**old, "20001": "By hand", "30001": "By hand too"}
    assert [(p["row"], p["code"]) for p in undone.json["problems"]] == [(3, "changed-since"), (23, "changed-since")]
    assert undone.json["counts"]["failed"] == 2
    reported = f"{len(made)} rows: {len(old) - 1} restored, {len(made) - len(old) - 1} deleted, 2 kept"
    assert (f"{reported}.\n" in undone.err, reported in listed.out) == (True, True)
    assert load_workbook(next(folder.glob("undo-*.result.xlsx")))["bulkvm"]["A1"].value == reported
    assert "Box 20001 was changed since the run in name" in undone.err
    assert statuses(next(folder.glob("undo-*.result.xlsx"))).count("failed") == 2
    assert again.json["counts"]["updated"] == 0
    assert pbx.state.traffic.counts["destroy"] == len(made) - len(old) - 1


@pytest.mark.usefixtures("pbx")
def test_an_undo_can_be_undone(bulkvm: Bulkvm, folder: Path) -> None:
    bulkvm("import", write_csv(folder / "a.csv", *rows(12)), "--yes", "--skip-invalid")
    bulkvm("import", write_csv(folder / "b.csv", ("20003", "Other", "", "a@example.com", "yes")), "--yes")
    made = names_by_extension(bulkvm)
    bulkvm("undo", "last", "--yes")
    undone = names_by_extension(bulkvm)

    bulkvm("undo", bulkvm("runs", "--json").json["runs"][-1]["run"], "--yes")

    runs = bulkvm("runs", "--json").json["runs"]
    rebuilt = bulkvm("runs", runs[2]["run"], "--result", "again.xlsx")
    assert undone["20003"] == "Desk 3"
    assert names_by_extension(bulkvm) == made
    assert runs[2]["file"] == f"undo of {runs[1]['run']}"
    assert (runs[2]["counts"]["updated"], rebuilt.code) == (1, 0)
    assert statuses(folder / "again.xlsx") == ["updated"]


@pytest.mark.usefixtures("pbx")
def test_undo_of_a_run_that_changed_nothing_reports_it_and_names_the_one_that_did(bulkvm: Bulkvm, folder: Path) -> None:
    bulkvm("import", write_csv(folder / "none.csv", ("62", "Too short", "402817")), "--yes", "--skip-invalid")
    nothing_before = bulkvm("undo", "last", "--yes")
    bulkvm("import", write_csv(folder / "a.csv", *rows(2)), "--yes")
    bulkvm("import", "a.csv", "--yes")
    did = bulkvm("runs", "--json").json["runs"][1]["run"]
    before = sorted(folder.iterdir())

    ended = bulkvm("undo", "last", "--yes", "--json")
    bulkvm("undo", did, "--yes", "--result", folder.parent / "undone.xlsx")
    undone = bulkvm("undo", "last", "--yes")
    undo = bulkvm("runs", "--json").json["runs"][-1]["run"]

    assert (nothing_before.code, nothing_before.err.count("\n")) == (0, 1)
    assert "(none.csv) changed nothing, so there is nothing to undo." in nothing_before.err
    assert (ended.code, ended.json["run"], ended.json["rows"]) == (0, None, [])
    assert f"The last import that did is {did} (a.csv; 2 rows: 2 created)." in ended.err
    assert f"`bulkvm undo {did}`" in ended.err
    assert f"It was already undone by {undo}." in undone.err
    assert f"`bulkvm undo {did}`" not in undone.err
    assert (len(names_by_extension(bulkvm)), sorted(folder.iterdir())) == (0, before)


@pytest.mark.usefixtures("pbx")
def test_undo_asks_and_is_bound_to_its_site(bulkvm: Bulkvm) -> None:
    bulkvm("import", SAMPLES / "clinic.csv", "--yes")

    asked = bulkvm("undo", "last", "--json")
    elsewhere = bulkvm("undo", "last", "--site", "simulator", "--yes")

    assert (asked.code, elsewhere.code) == (2, 2)
    assert "--yes" in asked.err
    assert "42 rows: 42 to delete." in asked.err
    assert "Boxes to delete:" in asked.err
    assert (asked.json["run"], asked.json["counts"]["not sent"]) == (None, 42)
    assert "Use the site of that run" in elsewhere.err
    assert len(names_by_extension(bulkvm)) == 42


@POSIX
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_one_signal_finishes_what_is_in_progress_and_writes_the_result(
    bulkvm: Bulkvm, slow_pbx: Starlette, folder: Path, number: signal.Signals
) -> None:
    with start_import(folder, 300) as process:
        wait_for_creates(slow_pbx, 20, process)
        process.send_signal(number)
        _, printed = process.communicate()

    found = statuses(folder / "r.xlsx")
    assert process.returncode == 130
    assert "Stopping" in printed
    assert "Traceback" not in printed
    assert len(names_by_extension(bulkvm)) == found.count("created") >= 20
    assert found.count("created") + found.count("not sent") + found.count("invalid") == 300
    assert bulkvm("import", "a.csv", "--yes", "--skip-invalid", "--json").json["counts"]["unchanged"] >= 20


@POSIX
@pytest.mark.parametrize(
    ("number", "rule"),
    [
        (signal.SIGINT, "down(seconds=600):create:20"),
        (signal.SIGTERM, "429(retry-after=100):create:20"),
        pytest.param(signal.SIGTERM, "down(seconds=600):create:20", marks=pytest.mark.campaign),
        pytest.param(signal.SIGINT, "429(retry-after=100):create:20", marks=pytest.mark.campaign),
    ],
)
def test_one_signal_ends_a_run_that_waits_for_the_pbx(
    slow_pbx: Starlette, folder: Path, number: signal.Signals, rule: str
) -> None:
    slow_pbx.state.faults = FaultRules([rule])
    with start_import(folder, 100) as process:
        wait_for_creates(slow_pbx, 20, process)
        process.send_signal(number)
        _, printed = process.communicate(timeout=30)

    found = statuses(folder / "r.xlsx")
    assert process.returncode == 130
    assert "Traceback" not in printed
    assert found.count("not sent") > 30


@POSIX
def test_two_signals_end_a_run_at_once_and_its_journal_reports_it(
    bulkvm: Bulkvm, slow_pbx: Starlette, folder: Path
) -> None:
    slow_pbx.state.faults = FaultRules(["late(seconds=60):create:20"])
    with start_import(folder, 100) as process:
        wait_for_creates(slow_pbx, 20, process)
        process.send_signal(signal.SIGINT)
        printed = process.stderr.readline() if process.stderr else ""
        while "Stopping" not in printed and process.stderr:
            printed = process.stderr.readline()
        process.send_signal(signal.SIGINT)
        _, printed = process.communicate(timeout=30)

    assert process.returncode == 130
    assert printed.count("\n") == 1
    assert "Stopped at once" in printed
    assert not (folder / "r.xlsx").exists()
    (run,) = bulkvm("runs", "--json").json["runs"]
    assert run["run"] in printed
    assert (
        run["counts"]["created"]
        <= len(names_by_extension(bulkvm))
        <= run["counts"]["created"] + run["counts"]["unknown"]
    )


READS = [
    ["import", "a.csv", "--yes", "--json"],
    ["plan", "a.csv", "--json"],
    ["export", "all.csv"],
    ["backup", "backups"],
    ["diff", "a.csv", "--json"],
    ["doctor", "--json"],
]


@POSIX
@pytest.mark.parametrize(
    ("command", "number"),
    [
        pytest.param(
            command,
            number,
            id=f"{command[0]}-{number.name}",
            # Each command by one of the two signals, and all by both in the campaign.
            marks=() if (place + turn) % 2 == 0 else pytest.mark.campaign,
        )
        for place, command in enumerate(READS)
        for turn, number in enumerate((signal.SIGINT, signal.SIGTERM))
    ],
)
def test_a_signal_before_anything_is_sent_ends_any_command_with_one_line(
    slow_pbx: Starlette, folder: Path, number: signal.Signals, command: list[str]
) -> None:
    write_csv(folder / "a.csv", *rows(3))
    slow_pbx.state.faults = FaultRules(["late(seconds=60):list:1-9"])
    python = [sys.executable, "-m", "bulkvm", *command, "--quiet"]
    with subprocess.Popen(
        python, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8"
    ) as process:
        wait_for_request(slow_pbx, process, lambda: slow_pbx.state.traffic.in_flight > 0)
        process.send_signal(number)
        out, printed = process.communicate(timeout=30)

    message = "Stopped. Nothing was sent." if command[0] in {"plan", "import", "undo"} else "Stopped."
    assert (process.returncode, printed.strip()) == (130, message)
    assert "--json" not in command or json.loads(out)["error"] == {"exit_code": 130, "message": message}
    assert [file.name for file in folder.rglob("*") if file.is_file() and file.name != "a.csv"] == []


@POSIX
def test_a_job_in_the_background_of_a_script_which_ignores_ctrl_c_ends_by_sigterm(
    slow_pbx: Starlette, folder: Path
) -> None:
    slow_pbx.state.faults = FaultRules(["late(seconds=60):list:1-9"])
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)  # a program inherits it
    try:
        export = subprocess.Popen([sys.executable, "-m", "bulkvm", "export", folder / "b.csv"], stderr=subprocess.PIPE)
    finally:
        signal.signal(signal.SIGINT, before)
    with export:
        wait_for_request(slow_pbx, export, lambda: slow_pbx.state.traffic.in_flight > 0)
        export.terminate()
        _, printed = export.communicate(timeout=30)

    assert (export.returncode, printed.strip()) == (130, b"Stopped.")


def test_a_rebuilt_result_has_the_generated_pins_that_were_sent_and_no_others(
    bulkvm: Bulkvm, pbx: Starlette, folder: Path
) -> None:
    sheet = write_csv(folder / "a.csv", *((str(6201 + n), f"Desk {n}", "", "", "") for n in range(4)))
    pbx.state.faults = FaultRules(["422:create:2", "down(seconds=600):create:3-99"])
    options = ("--generate-pins", "--max-outage", "0.1", "--concurrency", "1")
    ended = bulkvm("import", sheet, "--yes", "--result", "r.csv", *options)
    pbx.state.faults = FaultRules()

    bulkvm("runs", "last", "--result", "again.csv")
    again = bulkvm("import", "again.csv", "--yes", "--result", "rest.csv", *options, "--json")

    first, rebuilt, rest = (read(folder / name) for name in ("r.csv", "again.csv", "rest.csv"))
    set_by_it = {row["extension_number"] for row in first if row["bulkvm_status"] in {"created", "unknown"}}
    assert (ended.code, len(set_by_it)) == (9, 2)
    assert [row["bulkvm_pin"] for row in rebuilt] == [row["bulkvm_pin"] for row in first]
    assert {row["extension_number"] for row in rebuilt if row["pin"]} == set_by_it
    assert {row["extension_number"] for row in rebuilt if row["bulkvm_pin"]} == set_by_it
    assert (again.json["counts"]["created"], again.json["counts"]["unchanged"]) == (3, 1)
    on_the_pbx = dict(pbx.state.stored.db.execute("SELECT extension_number, pin FROM box"))
    assert {row["extension_number"]: row["bulkvm_pin"] or row["pin"] for row in rest} == on_the_pbx


CTRL_C_WHILE_IMPORTING = """
import sys

class Press:
    def find_spec(self, name, path=None, target=None):
        if name == module:
            raise KeyboardInterrupt

module = sys.argv[1]
sys.meta_path.insert(0, Press())
from bulkvm.__main__ import main
del sys.argv[1]
main()
"""


@pytest.mark.parametrize("module", ["click", "bulkvm.jobs.import_sheet"])
def test_ctrl_c_while_modules_are_imported_reports_that_nothing_was_sent(folder: Path, module: str) -> None:
    sheet = write_csv(folder / "a.csv", *rows(2))
    command = [sys.executable, "-c", CTRL_C_WHILE_IMPORTING, module, "import", str(sheet), "--site", "simulator"]

    ended = subprocess.run(command, capture_output=True, check=False)

    assert (ended.returncode, ended.stderr.strip()) == (130, b"Stopped. Nothing was sent.")


@pytest.mark.usefixtures("pbx")
def test_ctrl_c_after_the_rows_were_sent_does_not_deny_that(
    bulkvm: Bulkvm, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def press(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("bulkvm.cli.commands.import_.show_report", press)

    stopped = bulkvm("import", write_csv(folder / "a.csv", *rows(1)), "--yes")

    assert (stopped.code, stopped.err.splitlines()[-1]) == (130, "Stopped. `bulkvm runs last` shows what was sent.")


CTRL_C_BEFORE_THE_FIRST_CALL = """
import asyncio
from bulkvm.cli.main import main

def press(runner):
    raise KeyboardInterrupt

asyncio.Runner.__enter__ = press
main()
"""


@pytest.mark.usefixtures("pbx")
def test_ctrl_c_right_before_the_first_call_is_one_line_too(folder: Path) -> None:
    command = [sys.executable, "-c", CTRL_C_BEFORE_THE_FIRST_CALL, "export", str(folder / "b.csv")]

    ended = subprocess.run(command, capture_output=True, check=False)

    assert (ended.returncode, ended.stderr.strip()) == (130, b"Stopped.")


@POSIX
def test_after_a_kill_the_journal_has_the_true_outcomes_and_the_same_import_completes(
    bulkvm: Bulkvm, slow_pbx: Starlette, folder: Path
) -> None:
    with start_import(folder, 300) as process:
        wait_for_creates(slow_pbx, 40, process)
        process.kill()
        process.communicate()
    there = names_by_extension(bulkvm)
    (run,) = bulkvm("runs", "--json").json["runs"]

    again = bulkvm("import", "a.csv", "--yes", "--skip-invalid", "--json")

    counts = run["counts"]
    assert sum(counts.values()) == 300
    assert counts["created"] <= len(there) <= counts["created"] + counts["unknown"]
    assert again.json["counts"]["unchanged"] == len(there)
    assert again.json["counts"]["created"] == 300 - again.json["counts"]["invalid"] - len(there)


def test_rows_of_unknown_outcome_are_exit_code_nine(bulkvm: Bulkvm, pbx: Starlette, folder: Path) -> None:
    sheet = write_csv(folder / "a.csv", *rows(1))
    pbx.state.faults = FaultRules(["reset-after:create:1", "503:list:3-99"])

    ended = bulkvm("import", sheet, "--yes", "--json", "--max-outage", "0.1", "--retries", "2")

    assert ended.code == 9
    assert [row["status"] for row in ended.json["rows"]] == ["unknown"]
    pbx.state.faults = FaultRules()
    assert bulkvm("import", sheet, "--yes", "--json").json["counts"]["unchanged"] == 1


def test_a_pbx_that_stays_away_ends_the_run_and_most_rows_are_not_sent(
    bulkvm: Bulkvm, pbx: Starlette, folder: Path
) -> None:
    sheet = write_csv(folder / "a.csv", *rows(30))
    pbx.state.faults = FaultRules(["down(seconds=600):create:10"])

    ended = bulkvm("import", sheet, "--yes", "--json", "--max-outage", "0.3", "--concurrency", "1", "--skip-invalid")

    assert ended.code == 9, "the row under way when it went away is unknown, and that matters most"
    assert ended.json["counts"]["not sent"] > 10
    assert "was unreachable" in ended.err


@pytest.mark.usefixtures("pbx")
@pytest.mark.parametrize("target", ["x.pdf", "a.csv", "nowhere/r.xlsx"])
def test_an_undo_whose_result_cannot_be_written_removes_nothing(bulkvm: Bulkvm, folder: Path, target: str) -> None:
    sheet = write_csv(folder / "a.csv", *rows(2))
    before = sheet.read_bytes()
    bulkvm("import", "a.csv", "--yes")

    ended = bulkvm("undo", "last", "--yes", "--result", target)

    assert ended.code == 2
    assert len(names_by_extension(bulkvm)) == 2
    assert sheet.read_bytes() == before


@pytest.mark.usefixtures("pbx")
def test_a_rebuilt_result_never_replaces_its_sheet(
    bulkvm: Bulkvm, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sheet = write_csv(folder / "a.csv", *rows(2))
    before = sheet.read_bytes()
    bulkvm("import", "a.csv", "--yes")
    monkeypatch.chdir(folder.parent)

    ended = bulkvm("runs", "last", "--result", folder / "a.csv")

    assert ended.code == 2
    assert "the sheet itself" in ended.err
    assert sheet.read_bytes() == before


@pytest.mark.usefixtures("pbx")
def test_a_journal_that_cannot_be_written_does_not_prevent_the_result(
    bulkvm: Bulkvm, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sync, synced = os.fsync, []

    def fail_once(file: int) -> None:
        journals = (folder.parent / "state" / "runs").glob("*.jsonl")
        if any(os.path.samestat(journal.stat(), os.fstat(file)) for journal in journals):
            synced.append(file)
            if len(synced) == 2:  # the first flush is that of the rows, before anything is sent
                raise OSError(errno.EIO, os.strerror(errno.EIO))
        sync(file)

    sheet = write_csv(folder / "a.csv", *rows(2))
    monkeypatch.setattr(os, "fsync", fail_once)

    ended = bulkvm("import", sheet, "--yes", "--result", "result.xlsx")

    assert ended.code == 0
    assert "journal may be incomplete on disk" in ended.err
    assert statuses(folder / "result.xlsx") == ["created", "created"]


def test_a_run_is_forgotten_with_its_pins_and_no_other(bulkvm: Bulkvm, pbx: Starlette, folder: Path) -> None:
    bulkvm("import", write_csv(folder / "a.csv", *rows(2)), "--yes")
    bulkvm("import", write_csv(folder / "b.csv", *rows(3)), "--yes")
    first, second = (run["run"] for run in bulkvm("runs", "--json").json["runs"])

    asked = bulkvm("runs", "forget", first)
    forgotten = bulkvm("runs", "forget", first, "--yes")

    journals = folder.parent / "state" / "runs"
    assert (asked.code, forgotten.code) == (2, 0)
    assert "so nothing was deleted. Add --yes" in asked.err
    assert first in asked.err
    assert str(folder / "a.csv") in forgotten.err
    assert "1 journal deleted." in forgotten.err
    assert [run["run"] for run in bulkvm("runs", "--json").json["runs"]] == [second]
    assert [file.stem for file in journals.glob(f"*{second}*")] == [second]
    assert list(journals.glob(f"*{first}*")) == []
    assert pbx.state.traffic.counts["destroy"] == 0


@pytest.mark.usefixtures("pbx")
def test_runs_of_an_age_are_forgotten_but_for_one_that_is_in_progress(bulkvm: Bulkvm, folder: Path) -> None:
    for name in "abcd":
        bulkvm("import", write_csv(folder / f"{name}.csv", *rows(1)), "--yes")
    names = [run["run"] for run in bulkvm("runs", "--json").json["runs"]]
    journals = folder.parent / "state" / "runs"
    for name in names[:3]:
        file = journals / f"{name}.jsonl"
        file.write_bytes(re.sub(rb'"began": "20..', b'"began": "2020', file.read_bytes()))
    (journals / "broken.jsonl").write_bytes(b"402817")
    os.utime(journals / "broken.jsonl", (0, 0))

    with FileLock(journals / f"{names[1]}.lock"):
        refused = bulkvm("runs", "forget", names[1], "--yes")
        forgotten = bulkvm("runs", "forget", "--older-than", "90d", "--yes")

    left = sorted(file.stem for file in journals.glob("*.jsonl"))
    assert (refused.code, forgotten.code) == (2, 0)
    assert left == [names[1], names[3]]
    assert "broken  (unreadable)" in forgotten.err
    assert "still in progress" in refused.err
    assert bulkvm("runs", "forget", "--older-than", "9000d", "--yes").code == 0
    assert sorted(file.stem for file in journals.glob("*.jsonl")) == left


@pytest.mark.usefixtures("pbx")
@pytest.mark.parametrize("arguments", [[], ["last", "--older-than", "1d"], [""], ["2", "--yes"], ["--older-than", "x"]])
def test_a_run_to_forget_must_be_named_unambiguously(bulkvm: Bulkvm, folder: Path, arguments: list[str]) -> None:
    bulkvm("import", write_csv(folder / "a.csv", *rows(1)), "--yes")

    assert bulkvm("runs", "forget", *arguments).code == 2
    assert len(bulkvm("runs", "--json").json["runs"]) == 1


@pytest.mark.usefixtures("pbx")
def test_a_clock_that_is_set_back_does_not_change_the_order_of_runs(
    bulkvm: Bulkvm, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class SetBack(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> "SetBack":
            return cls(2020, 1, 1, tzinfo=tz)

    bulkvm("import", write_csv(folder / "a.csv", *rows(1)), "--yes")
    monkeypatch.setattr(run_execution, "datetime", SetBack)
    bulkvm("import", write_csv(folder / "b.csv", *rows(2)), "--yes")
    bulkvm("import", write_csv(folder / "c.csv", *rows(3)), "--yes")

    files = [Path(run["file"]).name for run in bulkvm("runs", "--json").json["runs"]]
    undone = bulkvm("undo", "last", "--yes")

    assert files == ["a.csv", "b.csv", "c.csv"]
    assert (undone.code, sorted(names_by_extension(bulkvm))) == (0, ["20000", "20001"])
