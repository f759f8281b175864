"""Updates are sent for the boxes as they are now, with about one request each."""

import random
import time
from collections.abc import Callable, Sequence
from types import SimpleNamespace

import pytest
from starlette.applications import Starlette

from bulkvm.model.outcome import Status
from bulkvm.model.settings import SendSettings
from bulkvm.pbx import connect
from bulkvm.planning import plan_for
from bulkvm.simulator import SimulatorSettings
from bulkvm.upload import send
from bulkvm.upload.current_boxes import CurrentBoxes
from tests.altered_pbx import AlteredPbx, Answer, Asked
from tests.upload.actual_boxes import BY_TOKEN, boxes_from_rows
from tests.upload.desks import QUICK, app_with, renamed, requests


async def updated(pbx_app: Starlette | AlteredPbx, numbers: Sequence[int], settings: SendSettings = QUICK) -> None:
    """Rename boxes, and check that all were."""
    app = pbx_app.app if isinstance(pbx_app, AlteredPbx) else pbx_app
    assert isinstance(app, Starlette)
    async with connect(BY_TOKEN, settings, app=pbx_app) as pbx:
        plan = await plan_for(pbx, renamed(numbers))
        ended = await send(plan, pbx, settings)
    assert {outcome.status for outcome in ended.outcomes} == {Status.UPDATED}
    assert [app.state.stored.fetch(f"Q{n}==")["name"] for n in numbers] == [f"New {n}" for n in numbers]


async def test_a_thousand_spread_updates_take_little_more_than_one_request_each() -> None:
    app = app_with(range(10000, 15000))
    chosen = list(range(10000, 15000, 5))
    random.Random(7).shuffle(chosen)

    await updated(app, chosen)

    assert app.state.traffic.counts["update"] == 1000
    assert requests(app) <= 1150, app.state.traffic.counts


SHAPES: dict[str, tuple[Callable[[], Starlette], list[int], int]] = {
    "dense": (lambda: app_with(range(7000, 7300)), list(range(7000, 7300)), 300 + 3 + 25),
    "sparse": (lambda: app_with(range(7000, 9000)), list(range(7000, 9000, 150)), 2 * 14 + 20 + 10),
    "summary lists": (
        lambda: app_with(range(7000, 7100), SimulatorSettings(summary_lists=True)),
        list(range(7000, 7100)),
        3 * 100 + 20,
    ),
    "lists without PINs": (
        lambda: app_with(range(7000, 7100), SimulatorSettings(behave=("hide:pin:list",))),
        list(range(7000, 7100)),
        3 * 100 + 20,
    ),
    "lists without a field": (
        lambda: app_with(range(7000, 7100), SimulatorSettings(behave=("omit:prompt:list",))),
        list(range(7000, 7100)),
        3 * 100 + 20,
    ),
    "no filters": (
        lambda: app_with(range(7000, 7300), SimulatorSettings(behave=("ignore:filter",))),
        list(range(7200, 7300)),
        2 * 100 + 40,
    ),
    "small pages": (lambda: app_with(range(7000, 7100), SimulatorSettings(page_cap=3)), list(range(7000, 7100)), 250),
}


@pytest.mark.parametrize(("make", "chosen", "most"), SHAPES.values(), ids=SHAPES)
async def test_updates_take_few_requests_whatever_the_lists_show(
    make: Callable[[], Starlette], chosen: list[int], most: int
) -> None:
    app = make()

    await updated(app, chosen)

    assert requests(app) <= most, app.state.traffic.counts


async def test_a_box_that_someone_changed_since_the_plan_keeps_that_change() -> None:
    app = app_with(range(7000, 7040))
    async with connect(BY_TOKEN, QUICK, app=app) as pbx:
        plan = await plan_for(pbx, renamed(range(7000, 7040)))
        for number in range(7000, 7040, 3):
            box = app.state.stored.fetch(f"Q{number}==")
            app.state.stored.update(box["id"], box | {"recipients": "front@example.com"})

        await send(plan, pbx, QUICK)

    boxes = await boxes_from_rows(app)
    assert {int(number) for number, box in boxes.items() if box.recipients} == set(range(7000, 7040, 3))
    assert {box.name for box in boxes.values()} == {f"New {number}" for number in range(7000, 7040)}


async def test_an_answer_with_other_boxes_is_not_used() -> None:
    app = app_with(range(7000, 7040))

    def mislead(asked: Asked, given: Answer) -> None:
        if " ge " in asked.params.get("filter", ""):
            given.json = given.json | {"items": [item | {"id": f"{item['id']}x"} for item in given.json["items"]]}

    async with connect(BY_TOKEN, QUICK, app=app) as pbx:
        plan = await plan_for(pbx, renamed(range(7000, 7040)))
    async with connect(BY_TOKEN, QUICK, app=AlteredPbx(app, change=mislead)) as pbx:
        ended = await send(plan, pbx, QUICK)

    assert {outcome.status for outcome in ended.outcomes} == {Status.UPDATED}
    assert app.state.traffic.counts["fetch"] >= 40


class Clock:
    """A clock that is set by hand."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


async def test_no_page_is_used_for_longer_than_leaves_time_to_send_the_updates() -> None:
    app, clock = app_with(range(7000, 7021)), Clock()
    async with connect(BY_TOKEN, QUICK, app=app) as pbx:
        plan = await plan_for(pbx, renamed(range(7000, 7021)))
        current = CurrentBoxes(pbx, plan, clock=clock)
        changes = iter(plan.changes)
        for _ in range(2):  # the first box, and one before which samples are compared with the list
            await current.fetch(next(changes))
        needed = []
        for moment in (0.0, 1.4, 1.6, 1.6, 3.2, 3.2):
            clock.now, before = moment, requests(app)
            await current.fetch(next(changes))
            needed.append(requests(app) - before)

    assert needed == [0, 0, 1, 0, 1, 0]


async def test_a_page_that_took_too_long_is_not_used() -> None:
    app, clock = app_with(range(7000, 7060)), Clock()

    def delay(asked: Asked, _: Answer) -> None:
        clock.now += 2.1 if " ge " in asked.params.get("filter", "") else 0.0

    async with connect(BY_TOKEN, QUICK, app=AlteredPbx(app, change=delay)) as pbx:
        plan = await plan_for(pbx, renamed(range(7000, 7060)))
        before = app.state.traffic.counts["list"]
        current = CurrentBoxes(pbx, plan, clock=clock)
        for change in plan.changes:
            await current.fetch(change)

    assert app.state.traffic.counts["fetch"] >= len(plan.changes)
    assert app.state.traffic.counts["list"] - before <= 4 + 1, "those that are not used, and one of a sample"


ALL = ["front@example.com", "desk@example.com"]
OTHER_VALUES: dict[str, dict[str, object]] = {
    "truncated": {"recipients": ALL[0]},
    "as blanks": {"recipients": None, "prompt": None},
    "as empty texts": {"recipients": ""},
    "as defaults": {"prompt": "en-US", "enable_email_notify": False},
}


@pytest.mark.parametrize("shown", OTHER_VALUES.values(), ids=OTHER_VALUES)
async def test_a_list_that_shows_other_values_than_single_answers_changes_none_of_them(
    shown: dict[str, object],
) -> None:
    numbers, kept = range(7000, 7040), {"recipients": ",".join(ALL), "enable_email_notify": True}
    app = app_with(numbers)
    for number in numbers:
        box = app.state.stored.fetch(f"Q{number}==")
        app.state.stored.update(box["id"], box | kept)

    def alter(asked: Asked, given: Answer) -> None:
        if asked.method == "GET" and asked.path == "/api/shared_voicemails":
            given.json = given.json | {"items": [item | shown for item in given.json["items"]]}

    await updated(AlteredPbx(app, change=alter), numbers)

    boxes = (await boxes_from_rows(app)).values()
    assert {(box.recipients, box.enable_email_notify, box.prompt) for box in boxes} == {(tuple(ALL), True, "de-DE")}


async def test_a_list_that_lags_behind_overwrites_no_change_of_someone_else() -> None:
    app, numbers = app_with(range(7000, 7040)), range(7000, 7040)
    async with connect(BY_TOKEN, QUICK, app=app) as pbx:
        plan = await plan_for(pbx, renamed(numbers))
        listed = {f"Q{number}==": app.state.stored.fetch(f"Q{number}==") for number in numbers}
        for number in numbers[10:]:
            app.state.stored.update(f"Q{number}==", listed[f"Q{number}=="] | {"recipients": ALL[0]})

    def lag(asked: Asked, given: Answer) -> None:
        if asked.method == "GET" and asked.path == "/api/shared_voicemails":
            given.json = given.json | {"items": [listed[item["id"]] for item in given.json["items"]]}

    async with connect(BY_TOKEN, QUICK, app=AlteredPbx(app, change=lag)) as pbx:
        await send(plan, pbx, QUICK)

    boxes = await boxes_from_rows(app)
    assert {int(number) for number, box in boxes.items() if box.recipients} == set(numbers[10:])


def age_reads(monkeypatch: pytest.MonkeyPatch, *ages: float) -> None:
    """Make the first reads of boxes this many seconds old when their updates are sent; the last age is repeated."""
    left = list(ages)

    def moment() -> float:
        return time.monotonic() - (left.pop(0) if len(left) > 1 else left[0])

    monkeypatch.setattr("bulkvm.pbx.client.time", SimpleNamespace(monotonic=moment))


async def test_a_box_whose_update_had_to_wait_for_two_seconds_is_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    app = app_with(range(7000, 7002))
    reads: list[str] = []

    def change_after_the_first_read(asked: Asked, _: Answer) -> None:
        box_id = asked.path.rpartition("/")[2]
        if asked.method == "GET" and box_id in {"Q7000==", "Q7001=="}:
            reads.append(box_id)
            if reads.count(box_id) == 1:
                app.state.stored.update(box_id, app.state.stored.fetch(box_id) | {"prompt": "fr-FR"})

    one_by_one = SendSettings(max_rps=0, concurrency=1, canary=False)
    async with connect(BY_TOKEN, one_by_one, app=app) as pbx:
        plan = await plan_for(pbx, renamed(range(7000, 7002)))
    async with connect(BY_TOKEN, one_by_one, app=AlteredPbx(app, change=change_after_the_first_read)) as pbx:
        age_reads(monkeypatch, 2.1, 0.0, 2.1, 0.0)
        ended = await send(plan, pbx, one_by_one)

    assert {outcome.status for outcome in ended.outcomes} == {Status.UPDATED}
    assert reads == ["Q7000==", "Q7000==", "Q7001==", "Q7001=="]
    assert {(box.name, box.prompt) for box in (await boxes_from_rows(app)).values()} == {
        ("New 7000", "fr-FR"),
        ("New 7001", "fr-FR"),
    }


async def test_a_pbx_that_is_too_slow_for_two_seconds_is_updated_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    app = app_with(range(7000, 7010))
    one_by_one = SendSettings(max_rps=0, concurrency=1, canary=False)
    age_reads(monkeypatch, 2.1)

    await updated(app, range(7000, 7010), one_by_one)

    assert app.state.traffic.counts["update"] == 10
    assert app.state.traffic.counts["fetch"] == 3 + 3 + 9, "3 samples of the plan, and one box again"
