"""Runs against a PBX on a socket, and checks of their outcomes against the PBX's own state."""

from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

from starlette.applications import Starlette

from bulkvm.model.box import BLANK, Box, Record
from bulkvm.model.change import Plan
from bulkvm.model.outcome import DONE, Outcome, Status, count_statuses
from bulkvm.model.settings import Limit, SendSettings, Site
from bulkvm.pbx import Pbx, connect
from bulkvm.planning import fields_differ
from bulkvm.simulator import FaultRules, SimulatorSettings, running
from bulkvm.simulator.fault_rules import Fault
from tests.simulator.requests import BOXES, LOGIN, PASSWORD_LOGIN, in_process

USER = SimulatorSettings()
BY_PASSWORD = Site(name="test", url="http://simulator", user=USER.user, password=USER.password, domain=USER.domain)
BY_TOKEN = Site(name="test", url="http://simulator", token=USER.token)
ANY_ERRORS = Limit(share=1.0)


def records(count: int, *, name: str = "Desk") -> list[Record]:
    return [
        Record(row=n + 2, extension_number=str(7000 + n), name=f"{name} {n}", pin=str(402817 + n)) for n in range(count)
    ]


@asynccontextmanager
async def on_a_socket(app: Starlette, sending: SendSettings) -> AsyncIterator[Pbx]:
    """The PBX over a real socket, by a login with a password."""
    with running(app) as server:
        async with connect(replace(BY_PASSWORD, url=server.url), sending) as pbx:
            yield pbx


async def boxes_from_rows(app: Starlette) -> dict[str, Box]:
    """What the PBX has, asked without faults and without the client. Fails where a number has two boxes."""
    app.state.faults = FaultRules()
    items: list[dict[str, Any]] = []
    async with in_process(app, token="") as asking:
        token = (await asking.post(LOGIN, data=PASSWORD_LOGIN)).json()["access_token"]
        asking.headers["Authorization"] = f"Bearer {token}"
        while True:
            answer = await asking.get(BOXES, params={"orderby": "extension_number", "skip": len(items)})
            items += answer.json()["items"]
            if len(items) >= answer.json()["count"]:
                break
    found = {item["extension_number"]: box_of(item) for item in items}
    assert len(found) == len(items)
    return found


def box_of(item: dict[str, Any]) -> Box:
    fields: dict[str, Any] = {name: BLANK if value is None else value for name, value in item.items()}
    fields["recipients"] = tuple(item["recipients"].split(",")) if item["recipients"] else ()
    return Box(**fields)


async def assert_truth(app: Starlette, plan: Plan, outcomes: Sequence[Outcome], *, but: Collection[str] = ()) -> None:
    """Each outcome is what the PBX's own state shows, except for boxes that someone else changed."""
    assert [outcome.row for outcome in outcomes] == [change.record.row for change in plan.changes]
    assert sum(count_statuses(outcomes).values()) == len(plan.changes)
    boxes = await boxes_from_rows(app)
    for change, outcome in zip(plan.changes, outcomes, strict=True):
        if change.record.extension_number in but:
            continue
        box = boxes.get(change.record.extension_number)
        as_wanted = box is not None and not fields_differ(change.record, box)
        if outcome.status in DONE:
            assert as_wanted, outcome
            assert box is not None
            assert outcome.id == box.id
        elif outcome.status is not Status.UNKNOWN:
            assert not as_wanted, outcome
            assert (box and box.name) == (change.box and change.box.name), outcome


class Striking(FaultRules):
    """FaultRules that record which of them applied."""

    def __init__(self, *rules: str) -> None:
        super().__init__(rules)
        self.matched: list[str] = []

    def match(self, call: str) -> Fault | None:
        fault = super().match(call)
        self.matched += [fault.what] if fault else []
        return fault
