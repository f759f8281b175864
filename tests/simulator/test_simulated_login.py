from collections.abc import AsyncIterator

import httpx
import pytest

from bulkvm.simulator import SimulatorSettings, create_app
from tests.simulator.requests import BOXES, LOGIN, PASSWORD_LOGIN, in_process

REFRESH = {key: PASSWORD_LOGIN[key] for key in ("client_id",)} | {"grant_type": "refresh_token"}


@pytest.fixture
async def pbx() -> AsyncIterator[httpx.AsyncClient]:
    async with in_process(create_app(), token="") as client:
        yield client


async def works(pbx: httpx.AsyncClient, token: str) -> bool:
    answer = await pbx.get(BOXES, headers={"Authorization": f"Bearer {token}"})
    return answer.status_code == 200


async def test_a_login_gives_tokens_that_work(pbx: httpx.AsyncClient) -> None:
    tokens = (await pbx.post(LOGIN, data=PASSWORD_LOGIN)).json()

    assert tokens.keys() == {"access_token", "refresh_token", "expires_in", "token_type"}
    assert (tokens["expires_in"], tokens["token_type"]) == (1800, "Bearer")
    assert await works(pbx, tokens["access_token"])
    assert not await works(pbx, tokens["refresh_token"])


@pytest.mark.parametrize(
    "wrong", [{"username": "someone"}, {"password": "guess"}, {"domain": "elsewhere.example"}, {"domain": None}]
)
async def test_a_wrong_login_is_answered_as_documented(pbx: httpx.AsyncClient, wrong: dict[str, str | None]) -> None:
    form = {key: value for key, value in (PASSWORD_LOGIN | wrong).items() if value is not None}

    answer = await pbx.post(LOGIN, data=form)

    assert answer.status_code == 400
    assert answer.json() == {"errors": [{"code": "UNAUTHORIZED", "message": "Login failed, authentication error"}]}


@pytest.mark.parametrize(
    ("form", "field"),
    [
        ({"grant_type": "client_credentials"}, "grant_type"),
        ({"client_id": "mine"}, "client_id"),
        ({"password": ""}, "password"),
        ({"scope": "boxes"}, "scope"),
        ({"colour": "red"}, "colour"),
        ({"grant_type": "refresh_token"}, "refresh_token"),
    ],
)
async def test_a_login_form_that_breaks_the_document_is_refused(
    pbx: httpx.AsyncClient, form: dict[str, str], field: str
) -> None:
    answer = await pbx.post(LOGIN, data=PASSWORD_LOGIN | form)

    assert answer.status_code == 400
    assert [error["detail"]["field"] for error in answer.json()["errors"]] == [field]
    assert SimulatorSettings().password not in answer.text


@pytest.mark.parametrize("body", [b"grant_type=\xff", b"grant_type=%FF", b"username=a&username=b"])
async def test_a_form_that_cannot_be_read_is_refused(pbx: httpx.AsyncClient, body: bytes) -> None:
    headers = {"Content-Type": "application/x-www-form-urlencoded"}

    assert (await pbx.post(LOGIN, content=body, headers=headers)).status_code == 400


async def test_a_login_in_json_is_refused(pbx: httpx.AsyncClient) -> None:
    assert (await pbx.post(LOGIN, json=PASSWORD_LOGIN)).status_code == 415


async def test_a_refresh_token_is_good_once(pbx: httpx.AsyncClient) -> None:
    first = (await pbx.post(LOGIN, data=PASSWORD_LOGIN)).json()
    form = REFRESH | {"refresh_token": first["refresh_token"]}

    second = (await pbx.post(LOGIN, data=form)).json()

    assert await works(pbx, second["access_token"])
    assert (await pbx.post(LOGIN, data=form)).json()["errors"][0]["code"] == "UNAUTHORIZED"


async def test_a_revoked_token_and_its_refresh_token_are_gone(pbx: httpx.AsyncClient) -> None:
    tokens = (await pbx.post(LOGIN, data=PASSWORD_LOGIN)).json()

    answer = await pbx.post("/api/login/oauth/revoke", headers={"Authorization": f"Bearer {tokens['access_token']}"})

    assert answer.status_code == 200
    assert not await works(pbx, tokens["access_token"])
    form = REFRESH | {"refresh_token": tokens["refresh_token"]}
    assert (await pbx.post(LOGIN, data=form)).status_code == 400


async def test_a_token_ends_when_its_time_is_over_and_can_be_refreshed() -> None:
    async with in_process(create_app(settings=SimulatorSettings(token_lifetime=0))) as pbx:
        tokens = (await pbx.post(LOGIN, data=PASSWORD_LOGIN)).json()

        assert not await works(pbx, tokens["access_token"])
        form = REFRESH | {"refresh_token": tokens["refresh_token"]}
        assert (await pbx.post(LOGIN, data=form)).status_code == 200


async def test_another_tenant_can_be_set() -> None:
    settings = SimulatorSettings(user="ute", password="geheim", domain="klinik.example", token="READY")
    async with in_process(create_app(settings=settings), token="READY") as pbx:
        mine = {"username": "ute", "password": "geheim", "domain": "klinik.example"}

        assert (await pbx.get(BOXES)).status_code == 200
        assert (await pbx.post(LOGIN, data=PASSWORD_LOGIN | mine)).status_code == 200
        assert (await pbx.post(LOGIN, data=PASSWORD_LOGIN)).status_code == 400
        assert "geheim" not in repr(settings)
        assert "READY" not in repr(settings)
