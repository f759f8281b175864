"""Every fault that the PBX knows, in every call, with few and many workers: one right box a row."""

import re

import pytest

from bulkvm.model.box import Record
from bulkvm.model.errors import BulkvmError
from bulkvm.model.outcome import DONE, Status
from bulkvm.model.settings import SendSettings
from bulkvm.pbx import Pbx
from bulkvm.planning import plan_for
from bulkvm.simulator import SimulatorSettings, create_app
from bulkvm.simulator.fault_rules import PLAIN_FAULTS, TIMED_FAULTS
from bulkvm.upload import send
from tests.upload.actual_boxes import ANY_ERRORS, Striking, assert_truth, on_a_socket, records

WORKERS = [8, *(pytest.param(n, marks=pytest.mark.campaign) for n in (1, 32))]
IN_CALLS = ["create", "update", "list", "login"]
FAULTS = [
    "401:{call}:2",
    "429:{call}:2-4",
    "429(retry-after=1):{call}:2",
    "429(retry-date=1):{call}:2",
    "500:{call}:2-4",
    "500-after:{call}:2-3",
    "502-after:{call}:2-4",
    "503:{call}:2-4",
    "503(retry-after=1):{call}:2",
    "503-after(retry-date=1):{call}:2",
    "504:{call}:2",
    "html:{call}:2",
    "html-after:{call}:2-3",
    "reset:{call}:2-5",
    "reset-after:{call}:2-5",
    "late(seconds=0.8):{call}:2-3",
    "slow(seconds=0.8):{call}:2-3",
    "truncated:{call}:2-4",
    "expire:{call}:2",
    "down(seconds=0.5):{call}:2",
    "admin-add:{call}:2",
    "admin-remove:{call}:2",
    "admin-rename:{call}:2",
    "random:{call}:rate=0.6,seed=3",
]


def test_all_faults_of_the_simulator_are_tested() -> None:
    # No fault of a call, but of what it is about: that no box or tenant is mistaken for another, and no message lost,
    # is held by tests of their own.
    of_identity = {"message", "other-box", "other-tenant", "no-switch", "other-switch", "unswitch"}
    assert {*PLAIN_FAULTS, *TIMED_FAULTS} - of_identity <= {re.split("[(:]", fault)[0] for fault in FAULTS}


async def begin(pbx: Pbx, call: str) -> list[Record]:
    """Make what there must be before a fault in this call, and give the rows of the sheet that meets it."""
    made = 0 if call == "create" else 10
    await send(await plan_for(pbx, records(made)), pbx)
    return records(12, name="New")


def faults_in(call: str, fault: str) -> Striking:
    """A fault in a call. The first login is that of a token that ends while boxes are read, the second in sending."""
    ends = ["expire:list:1", *(f"expire:update:{nth}" for nth in (2, 6, 10))] if call == "login" else []
    return Striking(fault.format(call=call), *ends)


@pytest.mark.parametrize("workers", WORKERS)
@pytest.mark.parametrize(
    ("fault", "call"),
    [
        # Each fault in the creates and in one other call; in every call in the campaign.
        pytest.param(fault, call, marks=() if nth in {0, 1 + place % 3} else pytest.mark.campaign)
        for place, fault in enumerate(FAULTS)
        for nth, call in enumerate(IN_CALLS)
    ],
)
async def test_every_fault_in_every_call_leaves_one_right_box_a_row(fault: str, call: str, workers: int) -> None:
    app = create_app(settings=SimulatorSettings(page_cap=4))
    sending = SendSettings(concurrency=workers, timeout=0.5, max_rps=0, max_errors=ANY_ERRORS, retries=8)
    async with on_a_socket(app, sending) as pbx:
        rows = await begin(pbx, call)
        faults = app.state.faults = faults_in(call, fault)
        plan = await plan_for(pbx, rows)

        ending = await send(plan, pbx, sending)

    touched = {"7000"} if fault.startswith(("admin-remove", "admin-rename")) else set()
    assert {what for what in faults.matched if what != "expire"} or fault.startswith("expire")
    assert ending.error is None
    assert all(o.status in DONE for o in ending.outcomes if o.extension_number not in touched), ending.outcomes
    await assert_truth(app, plan, ending.outcomes, but=touched)


@pytest.mark.parametrize("workers", WORKERS)
@pytest.mark.parametrize("call", IN_CALLS)
@pytest.mark.parametrize("status", [400, 403, 404, 409, 422])
async def test_a_refusal_of_any_call_affects_only_its_own_row(status: int, call: str, workers: int) -> None:
    app = create_app()
    sending = SendSettings(concurrency=workers, max_rps=0)
    async with on_a_socket(app, sending) as pbx:
        rows = await begin(pbx, call)
        before = app.state.traffic.counts.copy()
        faults = app.state.faults = faults_in(call, f"{status}:{{call}}:{2 if call == 'login' else 1}")
        if call == "list":
            with pytest.raises(BulkvmError):
                await plan_for(pbx, rows)
            assert app.state.traffic.counts - before == {"list": 1}
            return
        plan = await plan_for(pbx, rows)

        ending = await send(plan, pbx, sending)

    asked = app.state.traffic.counts - before
    assert str(status) in faults.matched
    assert ending.error is None
    if call != "login":
        assert [o.status for o in ending.outcomes if o.status not in DONE] == [Status.REJECTED]
        assert asked["create"] + asked["update"] == len(rows)
    await assert_truth(app, plan, ending.outcomes)


@pytest.mark.parametrize("lost", ["reset", "reset-after", "504", "html"])
@pytest.mark.parametrize("logins", [1, 2])
async def test_an_update_whose_answer_was_lost_before_its_login_ended_is_sent_again(lost: str, logins: int) -> None:
    app = create_app()
    sending = SendSettings(concurrency=1, max_rps=0, canary=False, max_errors=ANY_ERRORS)
    async with on_a_socket(app, sending) as pbx:
        plan = await plan_for(pbx, await begin(pbx, "update"))
        app.state.faults = Striking(f"{lost}:update:3", f"401:update:4-{3 + logins}")

        ending = await send(plan, pbx, sending)

    assert {outcome.status for outcome in ending.outcomes} <= DONE
    await assert_truth(app, plan, ending.outcomes)


async def test_an_update_that_may_still_be_made_is_not_known_if_sending_it_again_is_refused() -> None:
    app = create_app()
    sending = SendSettings(concurrency=1, max_rps=0, canary=False, max_errors=ANY_ERRORS)
    async with on_a_socket(app, sending) as pbx:
        plan = await plan_for(pbx, await begin(pbx, "update"))
        app.state.faults = Striking("reset:update:3", "401:update:4", "422:update:5")

        ending = await send(plan, pbx, sending)

    assert [outcome.status for outcome in ending.outcomes if outcome.status not in DONE] == [Status.UNKNOWN]
    await assert_truth(app, plan, ending.outcomes)
