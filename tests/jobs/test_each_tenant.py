"""What is done for every tenant of a PBX, whatever its list of tenants shows of them."""

import asyncio
import logging
from dataclasses import replace
from typing import Any

import pytest

from bulkvm.jobs.connection import Connection
from bulkvm.jobs.count_boxes import count_boxes
from bulkvm.jobs.each_tenant import for_each_tenant
from bulkvm.model.errors import TenantNotConfirmed
from bulkvm.model.settings import SendSettings, Site
from bulkvm.simulator import SimulatorSettings, create_app
from tests.altered_pbx import AlteredPbx, Answer, Asked

USER = SimulatorSettings()
SITE = Site(name="provider", url="http://pbx.example", user=USER.system_user, password=USER.system_password)
SECOND, THIRD = "clinic-002.example", "clinic-003.example"


def provider(**fields: Any) -> AlteredPbx:
    """A PBX with three tenants, which have 1, 2 and 3 boxes, and whose list shows other fields of the second one."""
    app = create_app(settings=SimulatorSettings(tenants=3, boxes=3, behave=("system:first",)))
    for number in (1, 2):
        app.state.tenants.state(number).db.execute(f"DELETE FROM box WHERE name > 'Box {number} of tenant {number}'")

    def change(asked: Asked, answer: Answer) -> None:
        if asked.path == "/api/tenants":
            page = answer.json
            page["items"] = [item | (fields if item["domain"] == SECOND else {}) for item in page["items"]]
            answer.json = page

    return AlteredPbx(app, change=change)


def connection_to(app: AlteredPbx) -> Connection:
    return Connection(SITE, SendSettings(max_rps=0, max_outage=0), app)


@pytest.mark.parametrize("value", [True, "true", "True", 1, "1", None])
def test_a_tenant_is_enabled(value: object) -> None:
    assert count_boxes(connection_to(provider(enabled=value))).by_tenant == {SECOND: 2, THIRD: 3, USER.domain: 1}


@pytest.mark.parametrize("value", [False, "false", "False ", 0, "0"])
def test_a_tenant_is_disabled(value: object) -> None:
    report = count_boxes(connection_to(provider(enabled=value)))

    assert (report.by_tenant, report.disabled) == ({THIRD: 3, USER.domain: 1}, [SECOND])


@pytest.mark.parametrize("value", ["", "no", "locked", 2, [], {"until": "2027-01-01"}])
def test_a_tenant_in_an_unknown_state_is_reported_and_not_called(value: object) -> None:
    pbx = provider(enabled=value)

    report = count_boxes(connection_to(pbx))

    found = report.by_tenant[SECOND]
    assert isinstance(found, TenantNotConfirmed)
    assert "neither true nor false" in str(found)
    assert (report.by_tenant[THIRD], report.disabled, report.exit_code) == (3, [], found.exit_code)
    assert len([asked for asked in pbx.asked if asked.path == "/api/tenants/switch"]) == 2


def test_a_tenant_without_a_domain_is_switched_to_by_its_id() -> None:
    report = count_boxes(connection_to(provider(domain=None)))

    assert sorted(count for count in report.by_tenant.values() if isinstance(count, int)) == [1, 2, 3]


@pytest.mark.parametrize("shown", [None, "", " ", {}, [], True])
def test_a_tenant_without_an_id_is_named_and_not_called(shown: object) -> None:
    pbx = provider(id=shown)

    report = count_boxes(connection_to(pbx))

    found = report.by_tenant[SECOND]
    assert isinstance(found, TenantNotConfirmed)
    assert f"no id for the tenant {SECOND}," in str(found)
    assert {name: report.by_tenant[name] for name in (THIRD, USER.domain)} == {THIRD: 3, USER.domain: 1}
    assert report.exit_code == found.exit_code
    assert len([asked for asked in pbx.asked if asked.path == "/api/tenants/switch"]) == 2


@pytest.mark.parametrize("enabled", [False, 0])
def test_a_disabled_tenant_without_an_id_is_disabled(enabled: object) -> None:
    report = count_boxes(connection_to(provider(id=None, enabled=enabled)))

    assert (report.disabled, report.exit_code) == ([SECOND], 0)


def test_a_tenant_without_any_detail_is_counted_and_others_are_used() -> None:
    report = count_boxes(connection_to(provider(id=None, domain=None, name="\x1b[31mred")))

    assert [count for count in report.by_tenant.values() if isinstance(count, int)] == [3, 1]
    (name,) = report.by_tenant.keys() - {THIRD, USER.domain}
    assert ("red" in name, name.isprintable(), len(report.errors)) == (True, True, 1)


def test_a_tenant_without_an_id_does_not_change_the_name_of_another_one_with_its_domain() -> None:
    report = count_boxes(connection_to(provider(id=None, domain=THIRD)))

    assert report.by_tenant[THIRD] == 3
    (name,) = report.by_tenant.keys() - {THIRD, USER.domain}
    assert name.startswith(f"{THIRD} (no id) ")


@pytest.mark.parametrize("name", [SECOND, SECOND.upper()])
def test_a_chosen_tenant_without_an_id_is_refused(name: str) -> None:
    pbx = provider(id=None)
    connection = Connection(replace(SITE, switch_to=name), SendSettings(max_rps=0, max_outage=0), pbx)

    with pytest.raises(TenantNotConfirmed, match=f"shows no id for the tenant {SECOND}"):
        connection.find_tenant()

    assert not [asked for asked in pbx.asked if asked.path == "/api/tenants/switch"]


async def test_an_interruption_names_the_tenants_that_are_not_done(caplog: pytest.LogCaptureFixture) -> None:
    at_work = asyncio.Event()

    async def do(name: str, _: Connection) -> None:
        if name == THIRD:
            at_work.set()
            await asyncio.Event().wait()
        if name == SECOND:
            raise TenantNotConfirmed("in doubt")

    with caplog.at_level(logging.WARNING, "bulkvm"):
        task = asyncio.create_task(for_each_tenant(connection_to(provider()), do))
        await at_work.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    (message,) = caplog.messages
    assert message == f"Stopped: 1 of 3 tenants of provider are done. Not done: {SECOND}, {THIRD}."
