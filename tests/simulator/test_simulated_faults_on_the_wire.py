import http.client
import json
from collections.abc import Callable, Iterator
from email.utils import parsedate_to_datetime
from typing import Any

import pytest
from starlette.applications import Starlette

from bulkvm.simulator import FaultRules, SimulatorSettings, create_app, running
from tests.simulator.requests import BOXES, Answered, a_box, ask, in_process

Ask = Callable[..., Answered]


@pytest.fixture(scope="module")
def server() -> Iterator[tuple[Starlette, str]]:
    app = create_app(settings=SimulatorSettings(control=True))
    with running(app) as here:
        yield app, here.url


@pytest.fixture
def app(server: tuple[Starlette, str]) -> Iterator[Starlette]:
    """The application behind the socket; each test begins without boxes and faults."""
    app, url = server
    app.state.faults = FaultRules()
    for box in json.loads(ask(url, "GET", BOXES).body)["items"]:
        ask(url, "POST", f"{BOXES}/{box['id']}/destroy")
    yield app
    app.state.faults = FaultRules()


@pytest.fixture
def pbx(server: tuple[Starlette, str]) -> Ask:
    return lambda *arguments, **named: ask(server[1], *arguments, **named)


def numbers(pbx: Ask) -> list[str]:
    items: list[dict[str, Any]] = json.loads(pbx("GET", f"{BOXES}?orderby=extension_number").body)["items"]
    return [box["extension_number"] for box in items]


@pytest.mark.parametrize("status", [400, 403, 429, 500, 502, 503, 599])
def test_an_error_status_comes_instead_of_the_change(app: Starlette, pbx: Ask, status: int) -> None:
    app.state.faults = FaultRules([f"{status}:create:1"])

    answer = pbx("POST", BOXES, a_box())

    assert answer.status == status
    assert json.loads(answer.body)["errors"][0]["code"]
    assert answer.headers["Retry-After"] is None
    assert numbers(pbx) == []


@pytest.mark.parametrize("what", ["502-after", "html-after"])
def test_a_change_that_was_made_may_be_answered_with_an_error(app: Starlette, pbx: Ask, what: str) -> None:
    app.state.faults = FaultRules([f"{what}:create:1"])

    assert pbx("POST", BOXES, a_box()).status == 502
    assert numbers(pbx) == ["6100"]


def test_the_time_to_wait_is_reported_in_seconds_or_as_a_date(app: Starlette, pbx: Ask) -> None:
    app.state.faults = FaultRules(["429(retry-after=2):list:1", "503(retry-date=60):list:2"])

    first, second = pbx("GET", BOXES), pbx("GET", BOXES)

    assert (first.status, first.headers["Retry-After"]) == (429, "2")
    waiting = parsedate_to_datetime(second.headers["Retry-After"]) - parsedate_to_datetime(second.headers["Date"])
    assert second.status == 503
    assert 58 <= waiting.total_seconds() <= 61


@pytest.mark.parametrize(("what", "made"), [("reset", []), ("reset-after", ["6100"])])
def test_the_connection_is_really_cut(app: Starlette, pbx: Ask, what: str, made: list[str]) -> None:
    app.state.faults = FaultRules([f"{what}:create:1"])

    with pytest.raises(ConnectionError):
        pbx("POST", BOXES, a_box())

    assert numbers(pbx) == made
    assert any(entry == ("POST", BOXES, 0) for entry in app.state.traffic.log)


@pytest.mark.parametrize(("what", "made"), [("reset", 0), ("reset-after", 1)])
async def test_in_process_a_cut_is_an_exception(what: str, made: int) -> None:
    app = create_app(faults=[f"{what}:create:1"])
    async with in_process(app) as client:
        with pytest.raises(ConnectionResetError):
            await client.post(BOXES, json=a_box())

        assert (await client.get(BOXES)).json()["count"] == made


def test_a_change_may_be_made_after_the_client_has_gone(app: Starlette, pbx: Ask) -> None:
    app.state.faults = FaultRules(["slow(seconds=0.3):create:1"])

    with pytest.raises(TimeoutError):
        pbx("POST", BOXES, a_box(), timeout=0.1)
    before = numbers(pbx)
    while app.state.traffic.in_flight:
        pass

    assert (before, numbers(pbx)) == ([], ["6100"])


def test_an_answer_later_than_the_client_waits_reports_a_change_that_was_made(app: Starlette, pbx: Ask) -> None:
    app.state.faults = FaultRules(["late(seconds=600):create:1"])

    with pytest.raises(TimeoutError):
        pbx("POST", BOXES, a_box(), timeout=0.2)

    assert numbers(pbx) == ["6100"]


def test_a_truncated_answer_is_whole_http_and_half_json(app: Starlette, pbx: Ask) -> None:
    app.state.faults = FaultRules(["truncated:create:1"])

    answer = pbx("POST", BOXES, a_box())

    assert (answer.status, answer.headers["Content-Type"]) == (201, "application/json")
    with pytest.raises(json.JSONDecodeError):
        json.loads(answer.body)
    assert numbers(pbx) == ["6100"]


def test_an_error_page_is_html(app: Starlette, pbx: Ask) -> None:
    app.state.faults = FaultRules(["html:create:1"])

    answer = pbx("POST", BOXES, a_box())

    assert (answer.status, answer.headers["Content-Type"]) == (502, "text/html; charset=utf-8")
    assert answer.body.startswith(b"<html>")
    assert numbers(pbx) == []


def test_a_down_fault_resets_every_connection(app: Starlette, pbx: Ask) -> None:
    app.state.faults = FaultRules(["down(seconds=600):create:1"])

    for method, path, body in (("POST", BOXES, a_box()), ("GET", BOXES, None), ("POST", BOXES, a_box())):
        with pytest.raises(ConnectionError):
            pbx(method, path, body)

    app.state.faults = FaultRules()
    assert numbers(pbx) == []


def test_a_down_fault_ends_after_its_time(app: Starlette, pbx: Ask) -> None:
    app.state.faults = FaultRules(["down(seconds=0):create:1"])

    with pytest.raises(ConnectionError):
        pbx("POST", BOXES, a_box())
    assert pbx("POST", BOXES, a_box()).status == 201


def test_another_administrator_works_between_two_pages(app: Starlette, pbx: Ask) -> None:
    for number in ("6100", "6101"):
        pbx("POST", BOXES, a_box(extension_number=number))
    app.state.faults = FaultRules(
        ["admin-rename:list:1", "admin-remove:list:2", "admin-add:list:3", "admin-add:list:4"]
    )

    pages = [json.loads(pbx("GET", f"{BOXES}?orderby=extension_number").body)["items"] for _ in range(4)]

    assert [[box["extension_number"] for box in page] for page in pages] == [
        ["6100", "6101"],
        ["6101"],
        ["2000", "6101"],
        ["2000", "2001", "6101"],
    ]
    assert [box["name"] for box in pages[0]] == ["Renamed by another administrator", "Clinic"]


@pytest.mark.parametrize("what", ["admin-rename", "admin-remove"])
def test_another_administrator_has_nothing_to_do_without_boxes(app: Starlette, pbx: Ask, what: str) -> None:
    app.state.faults = FaultRules([f"{what}:list:1"])

    assert numbers(pbx) == []


def test_all_tokens_end_when_a_rule_requires_it() -> None:
    with running(create_app(faults=["expire:list:2"])) as here:
        statuses = [ask(here.url, "GET", BOXES).status for _ in range(3)]

    assert statuses == [200, 401, 401]


@pytest.mark.usefixtures("app")
def test_rules_can_be_set_through_a_control_call(pbx: Ask) -> None:
    assert pbx("POST", "/simulator/faults", ["503:list:1"]).status == 204
    assert [pbx("GET", BOXES).status, pbx("GET", BOXES).status] == [503, 200]


@pytest.mark.parametrize("body", [["503"], [5], 5, "503:list:1", None])
def test_a_control_call_without_rules_changes_nothing(app: Starlette, pbx: Ask, body: object) -> None:
    before = app.state.faults

    assert pbx("POST", "/simulator/faults", body).status == 400
    assert app.state.faults is before


def test_under_any_fault_a_box_that_was_confirmed_exists(app: Starlette, pbx: Ask) -> None:
    app.state.faults = FaultRules(["random:create:rate=0.5,seed=7"])
    reported: set[str] = set()
    unsure: set[str] = set()
    for number in map(str, range(6100, 6140)):
        try:
            answer = pbx("POST", BOXES, a_box(extension_number=number))
        except ConnectionError:
            unsure.add(number)
        else:
            (reported if answer.status == 201 else unsure).add(number)

    assert reported <= set(numbers(pbx)) <= reported | unsure
    assert reported
    assert unsure


def test_a_connection_is_used_again(server: tuple[Starlette, str]) -> None:
    connection = http.client.HTTPConnection(server[1].removeprefix("http://"), timeout=10)
    ports = set()
    for _ in range(3):
        connection.request("GET", BOXES)
        connection.getresponse().read()
        assert connection.sock
        ports.add(connection.sock.getsockname()[1])
    connection.close()

    assert len(ports) == 1
