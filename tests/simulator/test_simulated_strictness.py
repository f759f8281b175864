import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bulkvm.simulator import SimulatorSettings, create_app
from bulkvm.simulator.behaviours import Behaviours
from bulkvm.simulator.error_responses import ApiError
from bulkvm.simulator.openapi import make_openapi
from bulkvm.simulator.request_validation import RequestValidator
from tests.simulator.requests import BOXES, a_box, in_process

ADDRESS = "someone@example.com"

REFUSED: dict[str, tuple[str, Any]] = {
    "name empty": ("name", ""),
    "name of 65 characters": ("name", "é" * 65),
    "name a number": ("name", 6100),
    "name null": ("name", None),
    "extension of 2 digits": ("extension_number", "61"),
    "extension of 65 digits": ("extension_number", "6" * 65),
    "extension a number": ("extension_number", 6100),
    "extension with a letter": ("extension_number", "61a0"),
    "extension with a blank before": ("extension_number", " 6100"),
    "extension with a line break after": ("extension_number", "6100\n"),
    "extension in Arabic digits": ("extension_number", "٦١٠٠"),
    "extension 555": ("extension_number", "555"),
    "extension 666": ("extension_number", "666"),
    "extension 777": ("extension_number", "777"),
    "extension 888": ("extension_number", "888"),
    "pin of 5 digits": ("pin", "40281"),
    "pin of 11 digits": ("pin", "40281740281"),
    "pin with 3 equal digits": ("pin", "402888"),
    "pin with 3 ascending digits": ("pin", "401234"),
    "pin with 012": ("pin", "950126"),
    "pin with 789": ("pin", "478951"),
    "pin with a letter": ("pin", "40281a"),
    "pin with a line break after": ("pin", "402817\n"),
    "pin in Arabic digits": ("pin", "٤٠٢٨١٧"),
    "pin a number": ("pin", 402817),
    "pin null": ("pin", None),
    "prompt empty": ("prompt", ""),
    "prompt with an underscore": ("prompt", "en_US"),
    "prompt in words": ("prompt", "English (US)"),
    "prompt null": ("prompt", None),
    "enable_pin a text": ("enable_pin", "true"),
    "enable_pin a number": ("enable_pin", 1),
    "enable_email_notify null": ("enable_email_notify", None),
    "recipients without @": ("recipients", "someone"),
    "recipients with a blank": ("recipients", f"{ADDRESS}, {ADDRESS}"),
    "recipients with semicolons": ("recipients", f"{ADDRESS};{ADDRESS}"),
    "recipients ending in a comma": ("recipients", f"{ADDRESS},"),
    "recipients with a line break after": ("recipients", f"{ADDRESS}\n"),
    "16 recipients": ("recipients", ",".join([ADDRESS] * 16)),
    "recipients a list": ("recipients", [ADDRESS]),
    "recipients null": ("recipients", None),
    "play_datetime unknown": ("play_datetime", "12"),
    "play_datetime in lower case": ("play_datetime", "disable"),
    "unknown field": ("greeting", "hello"),
    "id": ("id", "NzAwNTUxOTA5NzczMTQ4MTYw"),
}
ACCEPTED: dict[str, tuple[str, Any]] = {
    "name of 64 characters": ("name", "\N{TELEPHONE RECEIVER}" * 64),
    "extension of 3 digits": ("extension_number", "610"),
    "extension of 64 digits": ("extension_number", "0" * 64),
    "pin of 6 digits": ("pin", "402817"),
    "pin of 10 digits": ("pin", "4028174028"),
    "pin with 2 equal digits": ("pin", "112233"),
    "pin with descending digits": ("pin", "987654"),
    "pin with 890": ("pin", "890890"),
    "prompt of a language": ("prompt", "de"),
    "prompt with script and region": ("prompt", "zh-Hant-TW"),
    "no recipients": ("recipients", ""),
    "15 recipients": ("recipients", ",".join([ADDRESS] * 15)),
    "12-hour clock": ("play_datetime", "12_HOUR_CLOCK"),
}


@pytest.fixture
async def pbx() -> AsyncIterator[httpx.AsyncClient]:
    async with in_process(create_app()) as client:
        yield client


@pytest.mark.parametrize(("field", "value"), REFUSED.values(), ids=REFUSED)
async def test_a_value_that_breaks_the_document_is_refused(pbx: httpx.AsyncClient, field: str, value: object) -> None:
    id_ = (await pbx.post(BOXES, json=a_box(extension_number="6199"))).json()["id"]

    for answer in (
        await pbx.post(BOXES, json=a_box(**{field: value})),
        await pbx.post(f"{BOXES}/{id_}", json={field: value}),
    ):
        assert answer.status_code == 400
        (error,) = answer.json()["errors"]
        assert (error["code"], error["detail"]) == ("VALIDATE_FAILED", {"field": field})
        assert error["message"].startswith(field)
    assert (await pbx.get(BOXES)).json()["count"] == 1


@pytest.mark.parametrize(("field", "value"), ACCEPTED.values(), ids=ACCEPTED)
async def test_a_value_that_keeps_the_document_is_accepted(pbx: httpx.AsyncClient, field: str, value: object) -> None:
    id_ = (await pbx.post(BOXES, json=a_box(extension_number="6199"))).json()["id"]

    assert (await pbx.post(BOXES, json=a_box(**{field: value}))).status_code == 201
    if field != "extension_number":
        assert (await pbx.post(f"{BOXES}/{id_}", json={field: value})).status_code == 200


async def test_all_that_is_wrong_is_reported_at_once(pbx: httpx.AsyncClient) -> None:
    answer = await pbx.post(BOXES, json={"pin": "1", "colour": "red"})

    fields = sorted(error["detail"]["field"] for error in answer.json()["errors"])
    assert fields == ["colour", "extension_number", "name", "pin"]


async def test_the_number_of_a_box_cannot_be_changed(pbx: httpx.AsyncClient) -> None:
    id_ = (await pbx.post(BOXES, json=a_box())).json()["id"]

    assert (await pbx.post(f"{BOXES}/{id_}", json={"extension_number": "6100"})).status_code == 400


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"[]", id="a list"),
        pytest.param(b"null", id="null"),
        pytest.param(b'{"name": ', id="cut off"),
        pytest.param(b'\xff\xfe{\x00"\x00', id="UTF-16"),
        pytest.param(b'{"name": "\\ud800", "extension_number": "6100", "pin": "402817"}', id="half a character"),
        pytest.param(b"[" * 100_000, id="very deep"),
        pytest.param(b"1" * 10_000, id="a huge number"),
    ],
)
async def test_a_body_that_is_not_a_json_object_is_refused(pbx: httpx.AsyncClient, body: bytes) -> None:
    answer = await pbx.post(BOXES, content=body, headers={"Content-Type": "application/json"})

    assert answer.status_code == 400
    assert answer.json()["errors"][0]["code"] == "VALIDATE_FAILED"


async def test_a_body_of_another_type_is_refused(pbx: httpx.AsyncClient) -> None:
    answer = await pbx.post(BOXES, content=json.dumps(a_box()), headers={"Content-Type": "text/plain"})

    assert answer.status_code == 415
    assert answer.json()["errors"][0]["code"] == "UNSUPPORTED_MEDIA_TYPE"


@pytest.mark.parametrize(
    "query",
    [
        "top=0",
        "top=101",
        "top=",
        "top=ten",
        "top=%2B5",
        "top=%D9%A5",
        "skip=-1",
        "skip=2147483648",
        "skip=1.0",
        "skip=1&skip=2",
        "$skip=1",
        "orderby=",
        "orderby=pin",
        "orderby=name,name",
        "orderby=name%20down",
        "orderby=name;DROP%20TABLE%20box",
        "filter=",
    ],
)
async def test_a_malformed_query_is_refused(pbx: httpx.AsyncClient, query: str) -> None:
    answer = await pbx.get(f"{BOXES}?{query}")

    assert answer.status_code == 400
    assert answer.json()["errors"][0]["code"] == "VALIDATE_FAILED"


@pytest.mark.parametrize(
    "authorization",
    [None, "", "Bearer", "Bearer wrong", f"Basic {SimulatorSettings().token}", SimulatorSettings().token],
)
async def test_nothing_is_shown_without_a_good_token(pbx: httpx.AsyncClient, authorization: str | None) -> None:
    del pbx.headers["Authorization"]
    headers = {} if authorization is None else {"Authorization": authorization}

    for method, path in (
        ("GET", BOXES),
        ("POST", BOXES),
        ("GET", f"{BOXES}/x"),
        ("GET", "/api/extension_numbers/6300"),
    ):
        answer = await pbx.request(method, path, headers=headers)

        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"] == "Bearer"
        assert answer.json()["errors"][0]["code"] == "UNAUTHORIZED"


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/api/outbound_rules", 404, "NOT_FOUND"),
        ("GET", f"{BOXES}/", 404, "NOT_FOUND"),
        ("GET", "/simulator/faults", 404, "NOT_FOUND"),
        ("PUT", BOXES, 405, "METHOD_NOT_ALLOWED"),
        ("DELETE", f"{BOXES}/x", 405, "METHOD_NOT_ALLOWED"),
    ],
)
async def test_an_unknown_path_has_a_documented_error_body(
    pbx: httpx.AsyncClient, method: str, path: str, status: int, code: str
) -> None:
    answer = await pbx.request(method, path)

    assert answer.status_code == status
    assert answer.json()["errors"][0]["code"] == code
    assert status != 405 or {"GET", "POST"} <= set(answer.headers["Allow"].split(", "))


@given(
    st.dictionaries(st.sampled_from(["name", "pin", "recipients", "play_datetime"]), st.from_regex(r"\A[0-9]{4,12}\Z"))
)
def test_no_error_repeats_what_was_sent(values: dict[str, str]) -> None:
    with pytest.raises(ApiError) as refused:
        RequestValidator(make_openapi(SimulatorSettings(), Behaviours()))._check("create", values)  # noqa: SLF001  (in place of many requests)

    assert not any(value in bytes(refused.value.response.body).decode() for value in values.values())
