"""A PBX moves the session of a system administrator to another tenant, and nothing that it did there is claimed."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from starlette.applications import Starlette

from bulkvm.model.box import Record
from bulkvm.model.change import Change, ChangeKind, Plan
from bulkvm.model.errors import LoginRefused, OtherTenant, TenantNotConfirmed
from bulkvm.model.outcome import Outcome, Status, count_statuses
from bulkvm.model.settings import SendSettings, Site
from bulkvm.model.tenant import Tenant
from bulkvm.pbx import Pbx, connect, connect_administrator
from bulkvm.planning import find_differences
from bulkvm.runs import Journal, RunInfo, list_run, read_journal
from bulkvm.simulator import FaultRules, SimulatorSettings, create_app
from bulkvm.upload import send
from tests.altered_pbx import AlteredPbx, Answer, Asked

USER = SimulatorSettings()
SITE = Site(name="provider", url="http://pbx.example", user=USER.system_user, password=USER.system_password)
ONE_BY_ONE = SendSettings(max_rps=0, max_outage=0, concurrency=1, canary=False)
MEANT = "clinic-002.example"
FACTS = RunInfo(
    name="20261123T021500Z-ab12", site="provider", url=SITE.url, file="boxes.csv",
    began=datetime(2026, 11, 23, 2, 15, tzinfo=UTC), number=7,
)  # fmt: skip


def several(boxes: int = 2, behave: Sequence[str] = ("system:first",)) -> Starlette:
    """A PBX whose administrator's login begins in the first tenant, to which a session is moved."""
    return create_app(settings=SimulatorSettings(tenants=3, boxes=boxes, behave=tuple(behave)))


async def meant(app: Starlette) -> Tenant:
    async with connect_administrator(SITE, ONE_BY_ONE, app=app) as administrator:
        return (await administrator.find_tenant(MEANT)).tenant


def names_in(app: Starlette, tenant: int) -> dict[str, str]:
    """The boxes of a tenant: the name by extension."""
    rows = app.state.tenants.state(tenant).db.execute("SELECT extension_number, name FROM box").fetchall()
    return {str(extension): name for extension, name in rows}


def creates(count: int) -> Plan:
    records = [Record(row=n, extension_number=str(7100 + n), name="Desk", pin="402817") for n in range(count)]
    return Plan(tuple(Change(ChangeKind.CREATE, record) for record in records))


async def updates(pbx: Pbx) -> Plan:
    boxes = await pbx.list_boxes()
    records = [Record(row=n, extension_number=box.extension_number, name="New") for n, box in enumerate(boxes)]
    pairs = zip(records, boxes, strict=True)
    return Plan(tuple(Change(ChangeKind.UPDATE, record, box, find_differences(record, box)) for record, box in pairs))


async def removals(pbx: Pbx) -> Plan:
    boxes = await pbx.list_boxes()
    records = [Record(row=n, extension_number=box.extension_number) for n, box in enumerate(boxes)]
    return Plan(tuple(Change(ChangeKind.REMOVE, record, box) for record, box in zip(records, boxes, strict=True)))


def check_claims(app: Starlette, outcomes: Sequence[Outcome]) -> None:
    """Every box that is claimed as created is in the tenant that is meant."""
    there = names_in(app, 2)
    assert [
        o.extension_number for o in outcomes if o.status is Status.CREATED and o.extension_number not in there
    ] == []


async def test_rows_of_a_session_that_was_moved_and_then_ended_are_not_claimed() -> None:
    app = several()
    tenant = await meant(app)

    async with connect(SITE, ONE_BY_ONE, app=app, tenant=tenant) as pbx:
        app.state.faults = FaultRules(["unswitch(requests=3):create:3"])
        ending = await send(creates(9), pbx, ONE_BY_ONE)

    assert len(names_in(app, 1)) == 2 + 3  # in the wrong tenant
    counted = count_statuses(ending.outcomes)
    assert (counted[Status.CREATED], counted[Status.UNKNOWN]) == (6, 3)
    check_claims(app, ending.outcomes)
    assert {"7100", "7101"} <= names_in(app, 2).keys()  # were read back
    assert ending.outcomes[0].message == "Confirmed by reading the box back after the PBX had ended the login."
    assert "The box does not exist." in ending.outcomes[2].message
    assert isinstance(ending.error, TenantNotConfirmed)


async def test_a_run_whose_session_ends_without_being_moved_ends_normally() -> None:
    app = several()
    tenant = await meant(app)
    app.state.faults = FaultRules(["expire:create:5"])

    async with connect(SITE, ONE_BY_ONE, app=app, tenant=tenant) as pbx:
        ending = await send(creates(9), pbx, ONE_BY_ONE)

    assert (ending.error, count_statuses(ending.outcomes)[Status.CREATED]) == (None, 9)
    assert len(names_in(app, 2)) == 2 + 9


async def test_boxes_are_read_back_three_times_if_the_session_ends_in_between() -> None:
    app = several()
    tenant = await meant(app)
    app.state.faults = FaultRules(["expire:create:2", "expire:fetch:1", "expire:fetch:4"])

    async with connect(SITE, ONE_BY_ONE, app=app, tenant=tenant) as pbx:
        ending = await send(creates(2), pbx, ONE_BY_ONE)

    assert (ending.error, count_statuses(ending.outcomes)[Status.CREATED]) == (None, 2)


async def test_a_box_whose_pin_the_pbx_does_not_show_is_not_confirmed_by_reading_it_back() -> None:
    app = several(behave=("system:first", "hide:pin:both"))
    tenant = await meant(app)
    app.state.faults = FaultRules(["expire:create:2"])

    async with connect(SITE, ONE_BY_ONE, app=app, tenant=tenant) as pbx:
        ending = await send(creates(3), pbx, ONE_BY_ONE)

    assert ending.outcomes[0].status is Status.UNKNOWN
    assert "The PBX does not show PIN." in ending.outcomes[0].message


async def test_updates_of_a_session_that_was_moved_and_then_ended_are_neither_claimed_nor_called_rejected() -> None:
    app = several(boxes=12)
    tenant = await meant(app)

    async with connect(SITE, ONE_BY_ONE, app=app, tenant=tenant) as pbx:
        plan = await updates(pbx)
        app.state.faults = FaultRules(["unswitch(requests=4):update:6"])
        ending = await send(plan, pbx, ONE_BY_ONE)

    there = names_in(app, 2)
    for outcome in ending.outcomes:
        assert outcome.status in {Status.UPDATED, Status.UNKNOWN, Status.FAILED}
        assert outcome.status is not Status.UPDATED or there[outcome.extension_number] == "New"
    assert count_statuses(ending.outcomes)[Status.UPDATED] == list(there.values()).count("New") == 11


async def test_boxes_that_a_moved_session_called_deleted_are_not_claimed_to_be() -> None:
    app = several(boxes=6)
    tenant = await meant(app)

    async with connect(SITE, ONE_BY_ONE, app=app, tenant=tenant) as pbx:
        plan = await removals(pbx)
        app.state.faults = FaultRules(["unswitch(requests=5):destroy:3"])
        ending = await send(plan, pbx, ONE_BY_ONE)

    left = names_in(app, 2)
    done = [o for o in ending.outcomes if o.status in {Status.UPDATED, Status.UNCHANGED}]
    assert [outcome for outcome in done if outcome.extension_number in left] == []
    assert len(done) == 6 - len(left) == 2
    assert {o.status for o in ending.outcomes if o.extension_number in left} == {Status.FAILED}


@pytest.mark.parametrize("fault", ["403:tenant:1-99", "500:tenant:1-99", "reset:tenant:1-99", "other-tenant:tenant:1"])
async def test_rows_since_the_last_good_check_are_not_claimed_if_the_last_one_fails(fault: str) -> None:
    app = several()
    tenant = await meant(app)
    quick = replace(ONE_BY_ONE, retries=2)

    async with connect(SITE, quick, app=app, tenant=tenant) as pbx:
        await pbx.count_boxes()
        app.state.faults = FaultRules(["unswitch:create:3", fault])
        ending = await send(creates(6), pbx, quick)

    assert {outcome.status for outcome in ending.outcomes} == {Status.UNKNOWN}
    assert isinstance(ending.error, LoginRefused)
    assert ending.error.exit_code == 4


async def test_rows_of_a_session_that_ended_are_not_claimed_if_a_new_login_is_refused() -> None:
    app = several()
    tenant = await meant(app)

    async with connect(SITE, ONE_BY_ONE, app=app, tenant=tenant) as pbx:
        await pbx.count_boxes()
        app.state.faults = FaultRules(["unswitch(requests=2):create:2", "400:login:1-99"])
        ending = await send(creates(6), pbx, ONE_BY_ONE)

    counted = count_statuses(ending.outcomes)
    assert counted[Status.UNKNOWN] >= 3
    assert counted[Status.UNKNOWN] + counted[Status.NOT_SENT] == 6
    assert isinstance(ending.error, LoginRefused)


async def ready_token(app: Starlette, tenant: Tenant) -> str:
    """A token of an administrator that was switched to a tenant."""
    async with connect(SITE, ONE_BY_ONE, app=app, tenant=tenant) as pbx:
        await pbx.count_boxes()
    return str(app.state.tenants.db.execute("SELECT value FROM token ORDER BY rowid DESC").fetchone()[0])


async def test_the_tenant_of_a_ready_token_is_checked_after_the_rows_too() -> None:
    app = several()
    tenant = await meant(app)
    token = await ready_token(app, tenant)
    site = Site(name="provider", url=SITE.url, token=token, switch_to=MEANT, tenant=tenant)

    async with connect(site, ONE_BY_ONE, app=app) as pbx:
        app.state.faults = FaultRules(["unswitch:create:3"])
        ending = await send(creates(6), pbx, ONE_BY_ONE)
    async with connect(site, ONE_BY_ONE, app=app) as pbx:
        with pytest.raises(OtherTenant):
            await pbx.count_boxes()

    assert {outcome.status for outcome in ending.outcomes} == {Status.UNKNOWN}
    assert isinstance(ending.error, OtherTenant)
    assert "may have reached it" in str(ending.error)


async def test_a_token_whose_tenant_was_found_by_the_first_request_is_checked_before_the_next_one() -> None:
    app = several()
    token = await ready_token(app, await meant(app))
    site = Site(name="provider", url=SITE.url, token=token, switch_to=MEANT)

    async with connect(site, ONE_BY_ONE, app=app) as pbx:
        await pbx.tenant()
        app.state.faults = FaultRules(["403:tenant:1"])
        with pytest.raises(TenantNotConfirmed, match="does not show whether the login reaches Clinic 2"):
            await pbx.count_boxes()

    assert app.state.traffic.counts["list"] == 1  # that of the login whose token it is


async def test_a_list_that_two_sessions_read_is_read_again() -> None:
    app = several(boxes=250)
    tenant = await meant(app)
    for number in (1, 2):
        app.state.tenants.state(number).db.execute("UPDATE box SET name = ?", (f"of {number}",))

    async with connect(SITE, ONE_BY_ONE, app=app, tenant=tenant) as pbx:
        await pbx.count_boxes()
        app.state.faults = FaultRules(["unswitch(requests=1):list:2"])
        boxes = await pbx.read_confirmed(pbx.list_boxes)

    assert {box.name for box in boxes} == {"of 2"}
    assert len(boxes) == 250


async def test_a_list_whose_session_ends_in_each_reading_is_not_used() -> None:
    app = several(boxes=250)
    tenant = await meant(app)

    async with connect(SITE, replace(ONE_BY_ONE, retries=9), app=app, tenant=tenant) as pbx:
        app.state.faults = FaultRules(["expire:list:every=2"])
        with pytest.raises(TenantNotConfirmed, match="ended the login during each of 3 readings"):
            await pbx.read_confirmed(pbx.list_boxes)


async def test_a_session_is_confirmed_before_it_is_renewed_with_one_request() -> None:
    app = create_app(settings=SimulatorSettings(tenants=3, boxes=2, token_lifetime=3600))
    tenant = await meant(app)

    def short_lived(asked: Asked, answer: Answer) -> None:
        if asked.path.endswith("/token"):
            answer.json = answer.json | {"expires_in": 1e-6}  # each token is renewed before the next request

    watched = AlteredPbx(app, change=short_lived)
    async with connect(SITE, ONE_BY_ONE, app=watched, tenant=tenant) as pbx:
        ending = await send(creates(3), pbx, ONE_BY_ONE)

    assert (ending.error, count_statuses(ending.outcomes)[Status.CREATED]) == (None, 3)
    calls = [asked.path.removeprefix("/api/") for asked in watched.asked]
    login, create = ["login/oauth/token", "tenants/switch", "tenant"], ["shared_voicemails", "tenant"]
    assert calls == [*login, *create, *login, *create, *login, *create, *login, "tenant"]


OWN_LOGIN = Site(name="clinic", url=SITE.url, user=USER.user, password=USER.password, domain=USER.domain)


@pytest.mark.parametrize("site", [OWN_LOGIN, Site(name="clinic", url=SITE.url, token=USER.token)])
async def test_a_tenants_own_login_sends_no_request_for_checks(site: Site) -> None:
    app = create_app(settings=SimulatorSettings(boxes=2))

    async with connect(site, ONE_BY_ONE, app=app) as pbx:
        await send(creates(3), pbx, ONE_BY_ONE)
        await pbx.read_confirmed(pbx.count_boxes)

    assert (app.state.traffic.counts["create"], app.state.traffic.counts["list"]) == (3, 1)
    assert app.state.traffic.counts["tenant"] == 0


@pytest.mark.parametrize("recheck", [0.0, 2.0])
@pytest.mark.parametrize("moved_at", [1, 3, 6, 99])
async def test_rows_after_the_last_check_that_the_journal_records_are_not_claimed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, recheck: float, moved_at: int
) -> None:
    """The journal is cut behind each line, as when the run was killed."""
    app = several()
    tenant = await meant(app)
    monkeypatch.setattr("bulkvm.pbx.session_checks.RECHECK", recheck)
    journal = Journal(tmp_path, replace(FACTS, extensions={n: str(7100 + n) for n in range(6)}))
    async with connect(SITE, ONE_BY_ONE, app=app, tenant=tenant) as pbx:
        app.state.faults = FaultRules([f"unswitch(requests=2):create:{moved_at}"])
        ending = await send(creates(6), pbx, ONE_BY_ONE, journal=journal)
    journal.close()
    file = tmp_path / f"{FACTS.name}.jsonl"
    lines, there = file.read_bytes().splitlines(keepends=True), names_in(app, 2)

    claimed = []
    for end in range(1 + 6, len(lines) + 1):
        file.write_bytes(b"".join(lines[:end]))
        outcomes = read_journal(file).outcomes
        created = [o.extension_number for o in outcomes if o.status is Status.CREATED]
        assert set(created) <= there.keys()
        assert list_run(file).counts == count_statuses(outcomes)
        claimed.append(len(created))

    assert claimed[-1] == count_statuses(ending.outcomes)[Status.CREATED]
    assert recheck or moved_at == 1 or claimed[len(claimed) // 2] > 0


async def test_the_journal_of_a_tenants_own_login_is_as_before(tmp_path: Path) -> None:
    app = create_app(settings=SimulatorSettings(boxes=2))
    journal = Journal(tmp_path, replace(FACTS, extensions={n: str(7100 + n) for n in range(3)}))

    async with connect(OWN_LOGIN, ONE_BY_ONE, app=app) as pbx:
        await send(creates(3), pbx, ONE_BY_ONE, journal=journal)
    journal.close()

    lines = [json.loads(line) for line in (tmp_path / f"{FACTS.name}.jsonl").read_bytes().splitlines()]
    assert {key for line in lines for key in line} == {"run", "rows", "row", "begin", "end"}


async def test_a_box_that_was_made_before_the_session_was_moved_is_not_called_rejected(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The answer of the third create is lost. The session is moved before the lookup, and the repeat is refused."""
    monkeypatch.setattr("bulkvm.upload.creation.LOOKUP_PAUSES", (0.0,))
    app = several()
    tenant = await meant(app)

    async with connect(SITE, ONE_BY_ONE, app=app, tenant=tenant) as pbx:
        app.state.faults = FaultRules(["reset-after:create:3", "unswitch(requests=3):list:1", "400:create:4"])
        ending = await send(creates(6), pbx, ONE_BY_ONE)

    assert "7102" in names_in(app, 2)
    assert ending.outcomes[2].status is Status.UNKNOWN


async def test_a_row_that_was_refused_and_whose_box_is_as_before_is_failed() -> None:
    app = several()
    tenant = await meant(app)

    async with connect(SITE, ONE_BY_ONE, app=app, tenant=tenant) as pbx:
        app.state.faults = FaultRules(["400:create:2", "expire:create:4"])
        ending = await send(creates(6), pbx, ONE_BY_ONE)

    assert "7101" not in names_in(app, 2)
    assert count_statuses(ending.outcomes)[Status.CREATED] == 5
    assert ending.outcomes[1].status is Status.FAILED


@pytest.mark.parametrize("fault", ["403:switch:1", "404:switch:1"])
async def test_a_create_that_was_made_and_answered_with_401_is_not_called_not_sent(fault: str) -> None:
    """The PBX refuses to switch the next login, so the box cannot be looked up."""
    app = several()
    tenant = await meant(app)

    def end_session(asked: Asked, answer: Answer) -> None:
        if asked.method == "POST" and asked.path == "/api/shared_voicemails" and b"7102" in asked.body:
            answer.status, answer.body = 401, b""
            app.state.faults = FaultRules([fault])

    async with connect(SITE, ONE_BY_ONE, app=AlteredPbx(app, change=end_session), tenant=tenant) as pbx:
        ending = await send(creates(6), pbx, ONE_BY_ONE)

    assert "7102" in names_in(app, 2)
    assert ending.outcomes[2].status is Status.UNKNOWN
    assert {outcome.status for outcome in ending.outcomes[3:]} == {Status.NOT_SENT}
    assert isinstance(ending.error, TenantNotConfirmed)


@pytest.mark.parametrize(
    "moved", ["unswitch:list:1", "unswitch(requests=1):list:every=1", "unswitch(requests=3):list:every=1"]
)
async def test_a_create_that_was_answered_with_401_in_a_moved_session_is_in_doubt(moved: str) -> None:
    """Each session is moved at the lookup, which finds no box in the other tenant, and then ends."""
    app = several()
    tenant = await meant(app)

    def end_session(asked: Asked, answer: Answer) -> None:
        if asked.method == "POST" and asked.path == "/api/shared_voicemails" and b"7102" in asked.body:
            answer.status, answer.body = 401, b""

    async with connect(SITE, ONE_BY_ONE, app=AlteredPbx(app, change=end_session), tenant=tenant) as pbx:
        app.state.faults = FaultRules([moved])
        ending = await send(creates(3), pbx, ONE_BY_ONE)

    assert "7102" in names_in(app, 2)
    assert ending.outcomes[2].status is Status.UNKNOWN


async def test_other_fields_of_the_first_box_are_compared_again_after_its_session_ended() -> None:
    """The box that was read back may have been another tenant's."""
    app = several(boxes=3)
    tenant = await meant(app)

    def add_field(asked: Asked, answer: Answer) -> None:
        if asked.method == "GET" and asked.path.startswith("/api/shared_voicemails/") and len(logins) == 1:
            answer.json = answer.json | {"colour": "red"}
        if asked.path.endswith("/token"):
            logins.append(asked)

    logins: list[Asked] = []
    canary = replace(ONE_BY_ONE, canary=True)
    async with connect(SITE, canary, app=AlteredPbx(app, change=add_field), tenant=tenant) as pbx:
        plan = await updates(pbx)
        app.state.faults = FaultRules(["expire:update:2"])
        ending = await send(plan, pbx, canary)

    assert ending.outcomes[0].status is Status.UNKNOWN
    assert "colour" in ending.outcomes[0].message
