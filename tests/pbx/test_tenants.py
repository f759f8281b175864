"""Which tenant a login reaches is known before anything else is sent."""

from dataclasses import replace
from typing import Any

import pytest
from starlette.types import ASGIApp

from bulkvm.model.box import Record
from bulkvm.model.change import Change, ChangeKind, Plan
from bulkvm.model.errors import OtherTenant, PbxError
from bulkvm.model.outcome import Status, count_statuses
from bulkvm.model.settings import SendSettings, Site
from bulkvm.model.tenant import Tenant
from bulkvm.pbx import connect
from bulkvm.simulator import SimulatorSettings, create_app
from bulkvm.upload import send
from tests.altered_pbx import AlteredPbx, Answer, Asked, json_answer

USER = SimulatorSettings()
BY_TOKEN = Site(name="test", url="http://PBX.example", token=USER.token)
BY_PASSWORD = Site(name="test", url="http://pbx.example:80", user=USER.user, domain=USER.domain, password=USER.password)
ONCE = SendSettings(retries=1, max_rps=0, max_outage=0)
PBX = "http://pbx.example:80"
CLINIC = Tenant(pbx=PBX, id="7", name="Clinic", domain="clinic.example")
OTHER = {"id": "8", "name": "Other", "domain": "other.example"}


def showing(content: Any, status: int = 200) -> AlteredPbx:
    """A PBX that answers so when it is asked for its tenant."""

    def instead(asked: Asked) -> Answer | None:
        if asked.path != "/api/tenant":
            return None
        return Answer(status, content) if isinstance(content, bytes) else json_answer(content, status)

    return AlteredPbx(create_app(), instead=instead)


async def tenant_of(site: Site, app: ASGIApp) -> Tenant:
    async with connect(site, ONCE, app=app) as pbx:
        return await pbx.tenant()


@pytest.mark.parametrize("site", [BY_TOKEN, BY_PASSWORD], ids=["by token", "by password"])
async def test_a_tenant_is_the_same_for_every_login(site: Site) -> None:
    app = showing({"id": "7", "name": "Clinic", "domain": "clinic.example", "capability": {"new": [1]}})

    assert await tenant_of(site, app) == CLINIC


@pytest.mark.parametrize(
    "app",
    [
        showing({"errors": []}, 403),
        showing({"errors": []}, 404),
        showing({"errors": []}, 405),
        showing(b"<!DOCTYPE html><html></html>"),
        showing({}),
        showing({"id": None, "name": "", "domain": ["x"]}),
        showing({"id": True, "name": {"a": 1}, "domain": None}),
    ],
    ids=["403", "404", "405", "a page for every path", "nothing", "other types", "still others"],
)
async def test_a_pbx_that_does_not_show_its_tenant_leaves_the_domain_or_the_token(app: AlteredPbx) -> None:
    assert await tenant_of(BY_PASSWORD, app) == Tenant(pbx=PBX, domain=USER.domain)

    by_token, by_another = await tenant_of(BY_TOKEN, app), await tenant_of(replace(BY_TOKEN, token="another"), app)

    assert by_token.key != by_another.key
    assert by_token.token_hash
    assert USER.token not in repr(by_token) + by_token.key


@pytest.mark.parametrize("app", [showing({}, 500), showing(b'{"id": "7", "na'), showing(b"")])
async def test_a_tenant_that_could_not_be_asked_for_is_not_guessed(app: AlteredPbx) -> None:
    with pytest.raises(PbxError):
        await tenant_of(BY_PASSWORD, app)


@pytest.mark.parametrize("site", [BY_TOKEN, BY_PASSWORD], ids=["by token", "by password"])
async def test_nothing_is_sent_to_another_tenant_than_the_one_that_was_chosen(site: Site) -> None:
    app = showing(OTHER)
    async with connect(site, ONCE, app=app, tenant=CLINIC) as pbx:
        for _ in range(2):
            with pytest.raises(OtherTenant, match=r"Other \(other.example\) .* instead of Clinic \(clinic.example\)"):
                await pbx.list_boxes()

    assert not [asked for asked in app.asked if asked.path.startswith("/api/shared_voicemails")]


@pytest.mark.parametrize("site", [BY_TOKEN, BY_PASSWORD], ids=["by token", "by password"])
async def test_a_pbx_that_no_longer_shows_its_tenant_works_as_before(site: Site) -> None:
    async with connect(site, ONCE, app=showing({}, 403), tenant=replace(CLINIC, domain=USER.domain)) as pbx:
        assert await pbx.list_boxes() == ()


@pytest.mark.parametrize("concurrency", [1, 8])
async def test_a_run_whose_next_login_reaches_another_tenant_ends_before_anything_is_sent_there(
    concurrency: int,
) -> None:
    app = create_app(faults=["expire:create:3"])
    asked_before = 0

    def instead(asked: Asked) -> Answer | None:
        nonlocal asked_before
        if asked.path != "/api/tenant":
            return None
        asked_before += 1
        return json_answer({"id": "7", "name": "Clinic"} if asked_before == 1 else OTHER)

    pbx_app, sending = AlteredPbx(app, instead=instead), SendSettings(concurrency=concurrency, max_rps=0)
    records = [Record(row=n, extension_number=str(6100 + n), name="Desk", pin="402817") for n in range(2, 42)]
    async with connect(BY_PASSWORD, sending, app=pbx_app) as pbx:
        assert (await pbx.tenant()).id == "7"
        ending = await send(Plan(tuple(Change(ChangeKind.CREATE, record) for record in records)), pbx, sending)

    counts = count_statuses(ending.outcomes)
    tokens = [
        asked.headers["authorization"] for asked in pbx_app.asked if asked.method == "POST" and asked.body[:1] == b"{"
    ]
    assert isinstance(ending.error, OtherTenant)
    assert counts[Status.CREATED] + counts[Status.NOT_SENT] == len(records)
    assert counts[Status.NOT_SENT] > 0
    assert len(set(tokens)) == 1


async def test_a_new_token_that_cannot_be_checked_at_once_is_checked_before_it_is_used() -> None:
    app = create_app(faults=["expire:list:2"])
    answers = [
        json_answer({"id": "7"}),
        json_answer({}, 500),
        json_answer({}, 401),
        json_answer({}, 503),
        json_answer({"id": "7"}),
    ]

    def instead(asked: Asked) -> Answer | None:
        return answers.pop(0) if asked.path == "/api/tenant" else None

    patient = SendSettings(concurrency=1, max_rps=0)
    async with connect(BY_PASSWORD, patient, app=(hostile := AlteredPbx(app, instead=instead))) as pbx:
        await pbx.tenant()
        for _ in range(3):
            await pbx.list_boxes()

    checked_with = [asked.headers["authorization"] for asked in hostile.asked if asked.path == "/api/tenant"]
    listed_with = [asked.headers["authorization"] for asked in hostile.asked if asked.path == "/api/shared_voicemails"]
    assert not answers
    assert set(listed_with) == {checked_with[0], checked_with[-1]}
