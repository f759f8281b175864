"""A job uses what it read of a tenant only if the PBX did not move the session while it was read."""

import asyncio
import csv
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from starlette.applications import Starlette

from bulkvm.backup import BackupSettings, back_up
from bulkvm.jobs.connection import Connection
from bulkvm.jobs.count_boxes import count_boxes
from bulkvm.jobs.diff_boxes import diff_boxes
from bulkvm.jobs.export_boxes import export_boxes
from bulkvm.jobs.import_sheet import import_sheet
from bulkvm.jobs.plan_sheet import plan_sheet
from bulkvm.model.errors import OtherTenant
from bulkvm.model.outcome import Status
from bulkvm.model.settings import SendSettings, Site
from bulkvm.pbx.diagnostics import examine
from bulkvm.simulator import FaultRules, SimulatorSettings, create_app

USER = SimulatorSettings()
SITE = Site(name="provider", url="http://pbx.example", user=USER.system_user, password=USER.system_password)
SECOND = "clinic-002.example"


def write_sheet(folder: Path) -> Path:
    """A sheet with the boxes of the second tenant."""
    file = folder / "boxes.csv"
    lines = [f"{6000 + n},Box {n + 1} of tenant 2,402817" for n in range(3)]
    file.write_text("\n".join(["extension_number,name,pin", *lines]))
    return file


def export(connection: Connection, _: Path) -> Iterable[str]:
    return [str(box.name) for box in export_boxes(None, connection).boxes]


def backup(connection: Connection, folder: Path) -> Iterable[str]:
    async def run() -> str:
        async with connection.open() as pbx:
            return (await back_up(pbx, connection.site, BackupSettings(folder=folder, now=datetime.now(UTC)))).file

    with (folder / asyncio.run(run())).open(encoding="utf-8-sig", newline="") as file:
        return [row["name"] for row in csv.DictReader(file)]


def diff(connection: Connection, folder: Path) -> Iterable[str]:
    diff = diff_boxes(write_sheet(folder), connection).diff
    return [str(box.name) for box in (*diff.only_a, *diff.only_b)] + ["changed"] * len(diff.changed)


def plan(connection: Connection, folder: Path) -> Iterable[str]:
    report = plan_sheet(write_sheet(folder), connection)
    return [str(change.record.name) for change in report.plan.to_send] if report.plan else ["no plan"]


@pytest.fixture
def app() -> Starlette:
    """A PBX with 4 boxes in the first tenant, which a session is moved to, and 3 in each of the others."""
    app = create_app(settings=SimulatorSettings(tenants=3, boxes=4, behave=("system:first",)))
    for number in (2, 3):
        app.state.tenants.state(number).db.execute("DELETE FROM box WHERE name LIKE 'Box 4%'")
    return app


@pytest.mark.parametrize("requests", [1, 2, 3, 6])
@pytest.mark.parametrize(
    ("read", "expected"),
    [
        (export, [f"Box {n} of tenant 2" for n in (1, 2, 3)]),
        (backup, [f"Box {n} of tenant 2" for n in (1, 2, 3)]),
        (diff, []),
        (plan, []),
    ],
)
def test_what_a_moved_session_read_is_read_again(
    app: Starlette,
    tmp_path: Path,
    read: Callable[[Connection, Path], Iterable[str]],
    expected: list[str],
    requests: int,
) -> None:
    connection = Connection(replace(SITE, switch_to=SECOND), SendSettings(max_rps=0, max_outage=0), app)
    app.state.faults = FaultRules([f"unswitch(requests={requests}):list:1"])

    assert list(read(connection, tmp_path)) == expected


def test_the_count_of_a_moved_session_is_not_used(app: Starlette) -> None:
    app.state.faults = FaultRules(["unswitch(requests=1):list:2", "unswitch(requests=1):list:4"])

    report = count_boxes(Connection(SITE, SendSettings(max_rps=0, max_outage=0), app))

    assert report.by_tenant == {USER.domain: 4, SECOND: 3, "clinic-003.example": 3}


async def make_token(app: Starlette) -> str:
    """A ready token of an administrator, which is switched to the second tenant."""
    connection = Connection(replace(SITE, switch_to=SECOND), SendSettings(max_rps=0, max_outage=0), app)
    async with connection.open() as pbx:
        await pbx.count_boxes()
    return str(app.state.tenants.db.execute("SELECT value FROM token ORDER BY rowid DESC").fetchone()[0])


@pytest.mark.parametrize("read", [export, backup, plan])
def test_a_ready_token_of_an_administrator_is_checked_without_a_chosen_tenant(
    app: Starlette, tmp_path: Path, read: Callable[[Connection, Path], Iterable[str]]
) -> None:
    site = Site(name="provider", url=SITE.url, token=asyncio.run(make_token(app)))
    connection = Connection(site, SendSettings(max_rps=0, max_outage=0), app)
    app.state.faults = FaultRules(["unswitch:list:1"])

    with pytest.raises(OtherTenant, match="may have reached it"):
        read(connection, tmp_path)


def test_rows_that_a_ready_token_sent_to_another_tenant_are_not_claimed(app: Starlette, tmp_path: Path) -> None:
    site = Site(name="provider", url=SITE.url, token=asyncio.run(make_token(app)))
    sheet = tmp_path / "new.csv"
    sheet.write_text("extension_number,name,pin\n7100,A,402817\n7101,B,402817\n7102,C,402817\n")
    app.state.faults = FaultRules(["unswitch:create:2"])

    ending = import_sheet(sheet, Connection(site, SendSettings(max_rps=0, max_outage=0), app))

    assert {outcome.status for outcome in ending.outcomes} == {Status.UNKNOWN}
    assert isinstance(ending.error, OtherTenant)


def test_whether_a_token_is_an_administrators_is_asked_once(app: Starlette, tmp_path: Path) -> None:
    connection = Connection(Site(name="clinic", url=SITE.url, token=USER.token), SendSettings(max_rps=0), app)

    export(connection, tmp_path)
    export(connection, tmp_path)

    assert app.state.traffic.counts["tenants"] == 1


async def test_the_doctor_does_not_count_the_boxes_of_a_moved_session(app: Starlette) -> None:
    app.state.faults = FaultRules(["unswitch(requests=1):list:1"])
    settings = SendSettings(max_rps=0, max_outage=0)

    findings = {found.check: found.text async for found in examine(replace(SITE, switch_to=SECOND), settings, app=app)}

    assert findings["boxes"] == "3 found"
