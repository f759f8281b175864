"""Several tenants, and a system administrator who switches between them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from bulkvm.simulator import SimulatorSettings, create_app
from tests.simulator.requests import BOXES, LOGIN, PASSWORD_LOGIN, a_box, in_process

FIRST = SimulatorSettings()
SECOND, THIRD = "clinic-002.example", "clinic-003.example"
SYSTEM_LOGIN = PASSWORD_LOGIN | {"username": FIRST.system_user, "password": FIRST.system_password}
del SYSTEM_LOGIN["domain"]


def several(*behave: str, faults: tuple[str, ...] = (), **settings: Any) -> Starlette:
    return create_app(settings=SimulatorSettings(tenants=3, boxes=2, behave=behave, **settings), faults=faults)


@asynccontextmanager
async def logged_in(app: Starlette, form: dict[str, str] = SYSTEM_LOGIN) -> AsyncIterator[httpx.AsyncClient]:
    async with in_process(app, token="") as pbx:
        use(pbx, (await pbx.post(LOGIN, data=form)).json())
        yield pbx


def use(pbx: httpx.AsyncClient, tokens: dict[str, Any]) -> None:
    pbx.headers["Authorization"] = f"Bearer {tokens['access_token']}"


async def switch(pbx: httpx.AsyncClient, domain: str) -> httpx.Response:
    (tenant,) = (await pbx.get("/api/tenants", params={"filter": f"domain eq '{domain}'"})).json()["items"]
    return await pbx.post("/api/tenants/switch", params={"id": tenant["id"]})


async def domain_of(pbx: httpx.AsyncClient) -> Any:
    answer = await pbx.get("/api/tenant")
    return answer.json()["domain"] if answer.status_code == 200 else answer.status_code


async def names(pbx: httpx.AsyncClient) -> list[str]:
    return [box["name"] for box in (await pbx.get(BOXES)).json()["items"]]


async def test_a_system_administrator_reaches_each_tenant_after_a_switch() -> None:
    async with logged_in(several()) as pbx:
        assert (await domain_of(pbx), (await pbx.get(BOXES)).status_code) == (403, 403)

        for number, domain in enumerate((FIRST.domain, SECOND, THIRD), start=1):
            answer = await switch(pbx, domain)

            assert (answer.status_code, answer.content) == (200, b"")
            assert await domain_of(pbx) == domain
            assert await names(pbx) == [f"Box {n} of tenant {number}" for n in (1, 2)]


async def test_tenants_come_in_pages_and_can_be_filtered() -> None:
    app = several()
    app.state.tenants.enable(SECOND, enabled=False)
    async with logged_in(app) as pbx:
        page = (await pbx.get("/api/tenants", params={"skip": 2, "top": 1, "orderby": "domain desc"})).json()
        found = (await pbx.get("/api/tenants", params={"search": "CLINIC-00", "filter": "enabled eq true"})).json()

    assert (page["count"], [tenant["domain"] for tenant in page["items"]]) == (3, [SECOND])
    assert page["items"][0]["enabled"] is False
    assert [tenant["domain"] for tenant in found["items"]] == [THIRD]


async def test_a_tenants_user_sees_that_tenant_only() -> None:
    async with logged_in(several(), PASSWORD_LOGIN | {"domain": SECOND.upper()}) as pbx:
        assert await domain_of(pbx) == SECOND
        assert (await pbx.get("/api/tenants")).status_code == 403
        assert (await pbx.post("/api/tenants/switch", params={"id": FIRST.tenant_id})).status_code == 403
        assert await names(pbx) == ["Box 1 of tenant 2", "Box 2 of tenant 2"]


async def test_each_login_has_a_tenant_of_its_own_and_a_refresh_keeps_it() -> None:
    app = several()
    async with logged_in(app) as one, logged_in(app) as other, in_process(app, token="") as refreshed:
        tokens = (await refreshed.post(LOGIN, data=SYSTEM_LOGIN)).json()
        use(refreshed, tokens)
        for pbx, domain in ((one, SECOND), (other, THIRD), (refreshed, SECOND)):
            await switch(pbx, domain)
        form = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
        use(refreshed, (await refreshed.post(LOGIN, data=form | {"client_id": SYSTEM_LOGIN["client_id"]})).json())
        await one.post(BOXES, json=a_box())

        assert [await domain_of(pbx) for pbx in (one, other, refreshed)] == [SECOND, THIRD, SECOND]
        assert [len(await names(pbx)) for pbx in (one, other, refreshed)] == [3, 2, 3]


async def test_an_older_pbx_gives_a_new_token() -> None:
    async with logged_in(several("switch:token", "system:first")) as pbx:
        tokens = (await switch(pbx, SECOND)).json()

        assert await domain_of(pbx) == FIRST.domain
        use(pbx, tokens)
        assert await domain_of(pbx) == SECOND


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        ("no-switch:switch:1", 403),
        ("other-switch:switch:1", THIRD),
        ("500:switch:1", 403),
        ("403-after:switch:1", SECOND),
        ("unswitch:tenant:1", 403),
        ("unswitch:tenant:2", SECOND),
    ],
)
@pytest.mark.parametrize("behave", [(), ("system:first",)], ids=["none before", "first before"])
async def test_a_switch_can_go_wrong_on_order(fault: str, expected: object, behave: tuple[str, ...]) -> None:
    async with logged_in(several(*behave, faults=(fault,))) as pbx:
        await switch(pbx, SECOND)

        assert await domain_of(pbx) == (FIRST.domain if behave and expected == 403 else expected)


async def test_a_switch_can_be_lost_on_a_refresh() -> None:
    app = several(faults=("unswitch:login:2",))
    async with in_process(app, token="") as pbx:
        tokens = (await pbx.post(LOGIN, data=SYSTEM_LOGIN)).json()
        use(pbx, tokens)
        await switch(pbx, SECOND)
        form = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}

        use(pbx, (await pbx.post(LOGIN, data=form | {"client_id": SYSTEM_LOGIN["client_id"]})).json())

        assert await domain_of(pbx) == 403


@pytest.mark.parametrize("wrong", [{"username": FIRST.user}, {"domain": FIRST.domain}, {"password": FIRST.password}])
async def test_a_system_administrator_has_no_domain(wrong: dict[str, str]) -> None:
    async with in_process(several(), token="") as pbx:
        assert (await pbx.post(LOGIN, data=SYSTEM_LOGIN | wrong)).status_code == 400


async def test_an_unknown_tenant_cannot_be_switched_to() -> None:
    async with logged_in(several()) as pbx:
        assert (await pbx.post("/api/tenants/switch", params={"id": "nobody"})).status_code == 404
        assert (await pbx.post("/api/tenants/switch")).status_code == 404


async def test_the_boxes_of_all_tenants_outlive_the_process(tmp_path: Path) -> None:
    settings, path = SimulatorSettings(tenants=2), tmp_path / "state.sqlite3"
    for expected in (0, 1):
        async with logged_in(create_app(path, settings=settings), PASSWORD_LOGIN | {"domain": SECOND}) as pbx:
            assert len(await names(pbx)) == expected
            await pbx.post(BOXES, json=a_box())
