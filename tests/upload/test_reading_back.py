"""On request every box is read back after it was sent, with few requests, and every difference is found."""

import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from starlette.applications import Starlette

from bulkvm.model.box import Record
from bulkvm.model.errors import LoginRefused
from bulkvm.model.outcome import Outcome, Status
from bulkvm.model.settings import Limit
from bulkvm.pbx import connect
from bulkvm.planning import plan_for
from bulkvm.runs import RunInfo
from bulkvm.runs.journal import Journal
from bulkvm.runs.journal_reader import read_journal
from bulkvm.runs.run_list import list_run
from bulkvm.simulator import FaultRules, SimulatorSettings
from bulkvm.upload import RunResult, send
from tests.altered_pbx import AlteredPbx, Answer, Asked
from tests.upload.actual_boxes import BY_TOKEN
from tests.upload.desks import QUICK, app_with, renamed, requests

VERIFY = replace(QUICK, verify=True)
BOXES = "/api/shared_voicemails"


def new(numbers: Sequence[int]) -> list[Record]:
    return [
        Record(row=row, extension_number=str(n), name=f"New {n}", pin="402817")
        for row, n in enumerate(numbers, start=2)
    ]


async def verified(app: Starlette | AlteredPbx, records: Sequence[Record], **sending: object) -> RunResult:
    async with connect(BY_TOKEN, VERIFY, app=app) as pbx:
        return await send(await plan_for(pbx, records), pbx, VERIFY, **sending)  # type: ignore[arg-type]


def shuffled(numbers: range) -> list[int]:
    return random.Random(7).sample(numbers, len(numbers))


SUMMARY = SimulatorSettings(summary_lists=True)
SHAPES: dict[str, tuple[Callable[[], Starlette], list[Record], int]] = {
    "a thousand new ones": (lambda: app_with([], SimulatorSettings(numbers=2000)), new(range(70000, 71000)), 1100),
    "new ones in any order": (lambda: app_with(range(8000, 9000)), new(shuffled(range(7000, 7300))), 300 + 10 + 30),
    "spread updates": (lambda: app_with(range(10000, 11500)), renamed(range(10000, 11500, 5)), 300 + 3 * 15 + 40),
    "sparse updates": (lambda: app_with(range(7000, 9000)), renamed(range(7000, 9000, 150)), 3 * 14 + 20 + 10),
    "few new ones": (lambda: app_with(range(7000, 7100)), new([7200, 7300]), 14),
    "small pages": (lambda: app_with([], SimulatorSettings(page_cap=10)), new(range(7000, 7100)), 100 + 10 + 20),
    "summary lists": (lambda: app_with([], SUMMARY), new(range(7000, 7100)), 200 + 15),
    "no filters": (
        lambda: app_with(range(8000, 8300), SimulatorSettings(behave=("ignore:filter",))),
        new(range(9000, 9100)),
        200 + 50,
    ),
    "no order": (
        lambda: app_with(range(8000, 8100), SimulatorSettings(behave=("ignore:orderby",))),
        new(range(9000, 9100)),
        200 + 15,
    ),
}


@pytest.mark.parametrize(("make", "records", "most"), SHAPES.values(), ids=SHAPES)
async def test_boxes_are_read_back_with_few_requests_whatever_the_lists_show(
    make: Callable[[], Starlette], records: list[Record], most: int
) -> None:
    app = make()

    ended = await verified(app, records)

    assert {outcome.status for outcome in ended.outcomes} <= {Status.CREATED, Status.UPDATED}
    assert requests(app) <= most, app.state.traffic.counts


def pbx_that_alters(numbers: Sequence[int], **values: object) -> AlteredPbx:
    """A PBX that saves these boxes otherwise than they were sent."""
    app = app_with(range(7000, 7100))

    def change(asked: Asked, given: Answer) -> None:
        if asked.method == "POST" and asked.path.startswith(BOXES):
            is_create = asked.path == BOXES
            box = app.state.stored.fetch(given.json["id"] if is_create else asked.path.rpartition("/")[2])
            if int(box["extension_number"]) in numbers:
                app.state.stored.update(box["id"], box | values)

    return AlteredPbx(app, change=change)


ALL = [*renamed(range(7000, 7100)), *(replace(record, row=record.row + 100) for record in new(range(7100, 7200)))]
ALTERED = [7003, 7050, 7099, 7101, 7150, 7199]


def found(outcomes: Sequence[Outcome]) -> list[int]:
    return [int(outcome.extension_number) for outcome in outcomes if outcome.status is Status.UNKNOWN]


@pytest.mark.parametrize("values", [{"name": "Other"}, {"pin": "582461"}, {"name": "Other", "prompt": "fr-FR"}])
async def test_every_box_that_was_saved_otherwise_is_found(values: dict[str, object]) -> None:
    pbx = pbx_that_alters(ALTERED if "name" in values else ALTERED[3:], **values)

    ended = await verified(pbx, ALL)

    assert found(ended.outcomes) == (ALTERED if "name" in values else ALTERED[3:])
    assert sum(asked.params.get("filter", "").count(" ge ") for asked in pbx.asked if asked.path == BOXES) >= 2


async def test_a_box_is_read_after_it_was_written() -> None:
    pbx = pbx_that_alters([])

    await verified(pbx, ALL)

    is_page = [asked.path == BOXES and " ge " in asked.params.get("filter", "") for asked in pbx.asked]
    creates = [n for n, asked in enumerate(pbx.asked) if (asked.method, asked.path) == ("POST", BOXES)]
    assert is_page[creates[-1] :].count(True) >= 1


@pytest.mark.parametrize(
    "shown",
    [{"name": "New"}, {"recipients": None}, {"pin": "******"}, {"pin": None}, {"prompt": "en-GB"}, {"id": "other"}],
    ids=str,
)
async def test_a_list_that_shows_other_values_than_single_answers_reports_no_difference(
    shown: dict[str, object],
) -> None:
    app = app_with(range(7000, 7100))

    def alter(asked: Asked, given: Answer) -> None:
        if asked.method == "GET" and asked.path == BOXES:
            given.json = given.json | {"items": [item | shown for item in given.json["items"]]}

    async with connect(BY_TOKEN, VERIFY, app=app) as pbx:
        plan = await plan_for(pbx, ALL)
    async with connect(BY_TOKEN, VERIFY, app=AlteredPbx(app, change=alter)) as pbx:
        ended = await send(plan, pbx, VERIFY)

    assert found(ended.outcomes) == []


async def test_a_list_that_shows_what_was_sent_and_not_what_single_answers_show_is_not_used() -> None:
    app = app_with([])

    def alter(asked: Asked, given: Answer) -> None:
        if asked.method == "GET" and asked.path.startswith(f"{BOXES}/"):
            given.json = given.json | {"name": "Other"}

    async with connect(BY_TOKEN, VERIFY, app=AlteredPbx(app, change=alter)) as pbx:
        ended = await send(await plan_for(pbx, new(range(7000, 7100))), pbx, replace(VERIFY, canary=False))

    assert found(ended.outcomes) == list(range(7000, 7100))


@pytest.mark.parametrize("fault", ["500:list:1-99", "403:list:1-99"])
async def test_without_a_list_boxes_are_fetched_one_by_one(fault: str) -> None:
    app = app_with(range(7000, 7100))
    async with connect(BY_TOKEN, VERIFY, app=app) as pbx:
        plan = await plan_for(pbx, new(range(7100, 7200)))
        app.state.faults = FaultRules([fault])
        ended = await send(plan, pbx, VERIFY)

    assert {outcome.status for outcome in ended.outcomes} == {Status.CREATED}
    assert app.state.traffic.counts["fetch"] >= 100


@pytest.mark.parametrize(
    "faults",
    [
        ["401:list:1-99"],
        ["401:list:2-99", "401:fetch:2-99"],
        ["429(retry-after=300):list:1"],
        ["down(seconds=600):list:1"],
        ["down(seconds=600):fetch:2"],
        ["html:list:every=2", "500:fetch:every=3"],
    ],
    ids=str,
)
async def test_a_row_that_cannot_be_read_back_is_unknown_and_ends_no_other(faults: list[str]) -> None:
    app = app_with([])
    settings = replace(VERIFY, max_outage=0)
    async with connect(BY_TOKEN, settings, app=app) as pbx:
        plan = await plan_for(pbx, new(range(7000, 7100)))
        app.state.faults = FaultRules(faults)
        ended = await send(plan, pbx, settings)

    assert len(ended.outcomes) == app.state.traffic.counts["create"] == 100
    assert {outcome.status for outcome in ended.outcomes} <= {Status.CREATED, Status.UNKNOWN}
    unknown = [outcome.message for outcome in ended.outcomes if outcome.status is Status.UNKNOWN]
    assert all("It was created, but could not be read back: " in message for message in unknown)


async def test_the_journal_has_each_box_that_was_read_back_and_counts_each_row_once(tmp_path: Path) -> None:
    pbx = pbx_that_alters(ALTERED, name="Other")
    journal = Journal(tmp_path, RunInfo(name="run", site="clinic", url="", file="a.csv", began=datetime.now(UTC)))

    ended = await verified(pbx, ALL, journal=journal)
    journal.close()

    file = tmp_path / "run.jsonl"
    past = read_journal(file)
    assert {outcome.row: outcome for outcome in past.outcomes} == {outcome.row: outcome for outcome in ended.outcomes}
    assert len(past.read_back) >= len(ALL) - 1
    assert {word: n for word, n in list_run(file).counts.items() if n} == {"created": 97, "updated": 97, "unknown": 6}


async def test_each_outcome_is_reported_once_and_after_its_box_was_read_back() -> None:
    reported: list[Outcome] = []

    ended = await verified(pbx_that_alters(ALTERED, name="Other"), ALL, on_outcome=reported.append)

    assert sorted(reported, key=lambda outcome: outcome.row) == list(ended.outcomes)


async def test_a_run_that_is_stopped_reads_back_what_it_sent() -> None:
    pbx = pbx_that_alters([7120], name="Other")

    def stop() -> bool:
        return sum(asked.method == "POST" for asked in pbx.asked) >= 150

    ended = await verified(pbx, ALL, stop=stop)

    sent = [outcome for outcome in ended.outcomes if outcome.status is not Status.NOT_SENT]
    assert 150 <= len(sent) < 170
    assert found(sent) == [7120]


async def test_a_run_whose_login_ends_before_boxes_are_read_back_ends_for_that_reason() -> None:
    app = app_with([])
    settings = replace(VERIFY, canary=False, max_errors=Limit(count=0))
    async with connect(BY_TOKEN, settings, app=app) as pbx:
        plan = await plan_for(pbx, new(range(7000, 7010)))
        app.state.faults = FaultRules(["401:list:every=1", "401:fetch:every=1"])

        ended = await send(plan, pbx, settings)

    assert {outcome.status for outcome in ended.outcomes} == {Status.UNKNOWN}
    assert isinstance(ended.error, LoginRefused)
