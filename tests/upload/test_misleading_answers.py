"""Answers to a change that do not match what the PBX did: another box's id, or that the login has ended."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from starlette.applications import Starlette

from bulkvm.model.box import Box, Record
from bulkvm.model.change import Change, ChangeKind, Plan
from bulkvm.model.outcome import Outcome, Status
from bulkvm.model.settings import SendSettings, Site
from bulkvm.pbx import connect
from bulkvm.planning import plan_for
from bulkvm.runs import Journal, RunInfo, SheetRow, list_run, read_journal
from bulkvm.simulator import FaultRules, SimulatorSettings, create_app
from bulkvm.upload import RunResult, send
from bulkvm.upload.row_result import VerifyMode
from bulkvm.upload.row_sender import RowSender
from tests.altered_pbx import AlteredPbx, Answer, Asked

SETTINGS = SimulatorSettings()
BY_TOKEN = Site(name="test", url="http://simulator", token=SETTINGS.token)
BY_PASSWORD = replace(BY_TOKEN, token=None, user=SETTINGS.user, password=SETTINGS.password, domain=SETTINGS.domain)
ONE_BY_ONE = SendSettings(retries=1, max_rps=0, max_outage=0, concurrency=1)
RECORDS = [Record(row=2 + n, extension_number=str(6201 + n), name=f"Desk {n}", pin=str(402817 + n)) for n in range(4)]
FORMER = Record(row=2, extension_number="6100", name="Former", pin="582046")


def ids(app: Starlette) -> dict[str, str]:
    return dict(app.state.stored.db.execute("SELECT extension_number, id FROM box").fetchall())


async def import_with(
    answer: Callable[[str, list[str]], str], settings: SendSettings
) -> tuple[RunResult, dict[str, str]]:
    """Import the records into a PBX with one box, whose creates answer with another id."""
    app = create_app()
    made: list[str] = []

    def mislead(asked: Asked, given: Answer) -> None:
        if asked.method == "POST" and given.status == 201:
            made.append(given.json["id"])
            given.json = {"id": answer(ids(app)["6100"], made)}

    async with connect(BY_TOKEN, settings, app=app) as pbx:
        await pbx.create_box(FORMER)
    async with connect(BY_TOKEN, settings, app=AlteredPbx(app, change=mislead)) as pbx:
        return await send(await plan_for(pbx, RECORDS), pbx, settings), ids(app)


@pytest.mark.parametrize("verify", [False, True])
@pytest.mark.parametrize("canary", [False, True])
@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(lambda former, made: former if len(made) > 1 else made[-1], id="of a box that was listed"),
        pytest.param(lambda former, _: former, id="of a box that was listed, from the first one on"),
        pytest.param(lambda _, made: made[0], id="of a box that this run made"),
    ],
)
async def test_a_create_that_is_answered_with_the_id_of_another_box_is_looked_up_by_its_number(
    answer: Callable[[str, list[str]], str], *, canary: bool, verify: bool
) -> None:
    ending, there = await import_with(answer, replace(ONE_BY_ONE, canary=canary, verify=verify))

    assert ending.error is None
    assert {outcome.status for outcome in ending.outcomes} == {Status.CREATED}
    assert {outcome.extension_number: outcome.id for outcome in ending.outcomes} == {
        number: box_id for number, box_id in there.items() if number != "6100"
    }


async def test_a_create_answered_with_the_id_of_another_box_is_looked_up() -> None:
    app = create_app()

    def instead(asked: Asked) -> Answer | None:
        if asked.method == "POST" and asked.path == "/api/shared_voicemails":
            return Answer(201, f'{{"id": "{ids(app)["6100"]}"}}'.encode())
        return None

    async with connect(BY_TOKEN, ONE_BY_ONE, app=app) as pbx:
        await pbx.create_box(FORMER)
    async with connect(BY_TOKEN, ONE_BY_ONE, app=AlteredPbx(app, instead=instead)) as pbx:
        ending = await send(await plan_for(pbx, RECORDS[:1]), pbx, ONE_BY_ONE)

    assert [outcome.status for outcome in ending.outcomes] == [Status.FAILED]
    assert "id of another box" in ending.outcomes[0].message


@pytest.mark.parametrize("verify", [VerifyMode.ALWAYS, VerifyMode.CANARY])
async def test_a_box_that_turns_out_to_be_under_another_number_is_looked_up_by_its_own(verify: VerifyMode) -> None:
    app = create_app()

    def mislead(asked: Asked, given: Answer) -> None:
        if asked.method == "POST" and given.status == 201:
            given.json = {"id": ids(app)["6100"]}

    async with connect(BY_TOKEN, ONE_BY_ONE, app=app) as pbx:
        await pbx.create_box(FORMER)
    async with connect(BY_TOKEN, ONE_BY_ONE, app=AlteredPbx(app, change=mislead)) as pbx:
        sent = await RowSender(pbx, Plan(())).send(Change(ChangeKind.CREATE, RECORDS[0]), verify)

    assert (sent.error, sent.outcome.status, sent.outcome.id) == (None, Status.CREATED, ids(app)["6201"])


C, U, R = ChangeKind.CREATE, ChangeKind.UPDATE, ChangeKind.REMOVE
CALLS = {C: "create", U: "update", R: "destroy"}


def change_of(kind: ChangeKind, box: Box) -> Change:
    if kind is C:
        return Change(kind, RECORDS[0])
    record = Record(row=2, extension_number="6100")
    return Change(kind, replace(record, name="New") if kind is U else record, box)


async def send_under(kind: ChangeKind, faults: list[str], site: Site) -> tuple[Outcome, list[str], RunResult]:
    """What becomes of a change, and how often its call was made, under faults."""
    app = create_app()
    async with connect(BY_TOKEN, ONE_BY_ONE, app=app) as pbx:
        await pbx.create_box(FORMER)
    async with connect(site, ONE_BY_ONE, app=app) as pbx:
        box = await pbx.find_box("6100")
        assert box is not None
        app.state.faults = FaultRules(faults)
        ending = await send(Plan((change_of(kind, box),)), pbx, replace(ONE_BY_ONE, canary=False))
    numbers = app.state.stored.db.execute("SELECT extension_number, name FROM box ORDER BY extension_number").fetchall()
    return ending.outcomes[0], [f"{number} {name}" for number, name in numbers], ending


AFTER = {C: ["6100 Former", "6201 Desk 0"], U: ["6100 New"], R: []}
DONE = {C: Status.CREATED, U: Status.UPDATED, R: Status.UPDATED}


@pytest.mark.parametrize("site", [BY_TOKEN, BY_PASSWORD], ids=["token", "password"])
@pytest.mark.parametrize("kind", [C, U, R])
@pytest.mark.parametrize(("fault", "attempts"), [("401-after", 1), ("401", 2)])
async def test_a_change_that_is_answered_with_401_is_looked_up(
    kind: ChangeKind, fault: str, attempts: int, site: Site
) -> None:
    outcome, boxes, ending = await send_under(kind, [f"{fault}:{CALLS[kind]}:1"], site)

    assert (outcome.status, outcome.attempts, ending.error) == (DONE[kind], attempts, None)
    assert boxes == AFTER[kind]


@pytest.mark.parametrize("kind", [C, U, R])
async def test_a_change_whose_login_is_no_longer_accepted_is_not_sent_and_stops_the_run(kind: ChangeKind) -> None:
    outcome, boxes, ending = await send_under(kind, [f"expire:{CALLS[kind]}:1-9"], BY_TOKEN)

    assert (outcome.status, boxes) == (Status.NOT_SENT, ["6100 Former"])
    assert ending.error is not None
    assert ending.error.exit_code == 4


@pytest.mark.parametrize("kind", [C, U, R])
async def test_a_change_that_is_always_answered_with_401_and_never_done_is_not_sent(kind: ChangeKind) -> None:
    outcome, boxes, ending = await send_under(kind, [f"401:{CALLS[kind]}:1-9"], BY_PASSWORD)

    assert (outcome.status, boxes) == (Status.NOT_SENT, ["6100 Former"])
    assert ending.error is not None
    assert ending.error.exit_code == 4


@pytest.mark.parametrize("kind", [C, U, R])
async def test_a_change_that_is_answered_with_401_and_cannot_be_looked_up_is_not_known(kind: ChangeKind) -> None:
    look = "500:list:1-9" if kind is C else "500:fetch:2-9"
    outcome, _, _ = await send_under(kind, [f"401-after:{CALLS[kind]}:1", look], BY_TOKEN)

    assert outcome.status is Status.UNKNOWN


async def send_answered(kind: ChangeKind, status: int, body: bytes, *, is_done: bool) -> tuple[Outcome, int]:
    """What becomes of a change that is answered so, whether or not it is done, and how often it was sent."""
    app = create_app()
    async with connect(BY_TOKEN, ONE_BY_ONE, app=app) as pbx:
        await pbx.create_box(FORMER)
        box = await pbx.find_box("6100")
    assert box is not None

    def changes_something(asked: Asked) -> bool:
        return asked.method == "POST" and asked.path.startswith("/api/shared_voicemails")

    def instead(asked: Asked) -> Answer | None:
        return Answer(status, body) if changes_something(asked) and not is_done else None

    def mislead(asked: Asked, given: Answer) -> None:
        if changes_something(asked):
            given.status, given.body = status, body

    hostile = AlteredPbx(app, instead=instead, change=mislead)
    settings = replace(ONE_BY_ONE, canary=False, retries=5)
    async with connect(BY_TOKEN, settings, app=hostile) as pbx:
        ending = await send(Plan((change_of(kind, box),)), pbx, settings)
    return ending.outcomes[0], sum(map(changes_something, hostile.asked))


@pytest.mark.parametrize("kind", [C, U, R])
@pytest.mark.parametrize("body", [b"", b'{"id": "made"}', b'{"status": "queued"}'], ids=str)
async def test_a_change_that_is_answered_as_to_be_done_later_is_looked_up(kind: ChangeKind, body: bytes) -> None:
    done, sent = await send_answered(kind, 202, body, is_done=True)
    open_still, _ = await send_answered(kind, 202, body, is_done=False)

    assert (done.status, sent) == (DONE[kind], 1)
    assert open_still.status is Status.UNKNOWN
    assert "for later processing (status 202)" in open_still.message


@pytest.mark.parametrize("kind", [U, R])
@pytest.mark.parametrize("is_done", [True, False])
async def test_a_change_that_is_answered_with_another_box_is_looked_up(kind: ChangeKind, *, is_done: bool) -> None:
    outcome, _ = await send_answered(kind, 200, b'{"id": "another", "name": "Another"}', is_done=is_done)

    assert outcome.status is (DONE[kind] if is_done else Status.FAILED)


@pytest.mark.parametrize("kind", [C, U, R])
@pytest.mark.parametrize(
    ("status", "body"),
    [
        (400, b"<html><h1>Bad Request</h1></html>"),
        (403, b""),
        (404, b'{"message": "Not Found"}'),
        (413, b'{"errors": []}'),
    ],
)
async def test_a_refusal_that_a_proxy_may_have_sent_is_looked_up(kind: ChangeKind, status: int, body: bytes) -> None:
    done, sent = await send_answered(kind, status, body, is_done=True)
    not_done, _ = await send_answered(kind, status, body, is_done=False)

    assert (done.status, sent) == (DONE[kind], 1)
    assert not_done.status is Status.REJECTED


@pytest.mark.parametrize(("kind", "status"), [(C, 400), (R, 403), (R, 404)])
async def test_a_change_that_is_refused_after_a_429_is_looked_up(kind: ChangeKind, status: int) -> None:
    """A proxy limits the rate after the PBX made the change, and the PBX refuses to make it twice."""
    app = create_app()
    sent: list[Asked] = []

    def limit(asked: Asked, given: Answer) -> None:
        if asked.method != "POST":
            return
        sent.append(asked)
        given.status = 429 if len(sent) == 1 else status
        given.json = {"errors": [{"code": "REFUSED", "message": "no"}]}

    async with connect(BY_TOKEN, ONE_BY_ONE, app=app) as pbx:
        await pbx.create_box(FORMER)
        box = await pbx.find_box("6100")
    assert box is not None
    settings = replace(ONE_BY_ONE, canary=False, max_outage=60)
    async with connect(BY_TOKEN, settings, app=AlteredPbx(app, change=limit)) as pbx:
        ending = await send(Plan((change_of(kind, box),)), pbx, settings)

    (outcome,) = ending.outcomes
    assert (outcome.status, outcome.attempts, len(sent)) == (DONE[kind], 2, 2)
    assert outcome.id == (ids(app)["6201"] if kind is C else box.id)


async def test_a_create_that_is_always_answered_with_429_is_looked_up() -> None:
    app = create_app()

    def limit(asked: Asked, given: Answer) -> None:
        given.status = 429 if asked.method == "POST" else given.status

    async with connect(BY_TOKEN, ONE_BY_ONE, app=AlteredPbx(app, change=limit)) as pbx:
        ending = await send(Plan((Change(ChangeKind.CREATE, RECORDS[0]),)), pbx, replace(ONE_BY_ONE, canary=False))

    (outcome,) = ending.outcomes
    assert (outcome.status, outcome.id) == (Status.CREATED, ids(app)["6201"])
    assert outcome.message.endswith("(status 429). The box exists, with the values of the row.")


async def test_a_box_that_is_neither_as_it_was_nor_as_it_was_sent_is_reported_as_such() -> None:
    app = create_app()

    def rename(asked: Asked) -> Answer | None:
        if asked.method != "POST" or asked.path.endswith("shared_voicemails"):
            return None
        app.state.stored.db.execute("UPDATE box SET name = 'By hand'")
        return Answer(500, b"")

    async with connect(BY_TOKEN, ONE_BY_ONE, app=app) as pbx:
        await pbx.create_box(FORMER)
        box = await pbx.find_box("6100")
    assert box is not None
    async with connect(BY_TOKEN, ONE_BY_ONE, app=AlteredPbx(app, instead=rename)) as pbx:
        ending = await send(Plan((change_of(U, box),)), pbx, replace(ONE_BY_ONE, canary=False))

    (outcome,) = ending.outcomes
    assert (outcome.status, outcome.id) == (Status.UNKNOWN, box.id)
    assert "neither its former values nor those that were sent: it differs in name." in outcome.message
    assert "could not be looked up" not in outcome.message


@pytest.mark.parametrize("status", [206, 203, 226])
@pytest.mark.parametrize(("is_done", "outcome"), [(True, Status.UPDATED), (False, Status.FAILED)], ids=["done", "not"])
async def test_an_update_with_an_undocumented_success_is_looked_up(
    status: int,
    is_done: bool,  # noqa: FBT001
    outcome: Status,
) -> None:
    found, sent = await send_answered(U, status, b"", is_done=is_done)

    assert found.status is outcome
    assert sent > 1


@pytest.mark.parametrize("canary", [True, False])
@pytest.mark.parametrize(("status", "body"), [(204, b""), (200, b""), (200, b'{"status": "ok"}')], ids=str)
@pytest.mark.parametrize(("is_done", "outcome"), [(True, Status.UPDATED), (False, Status.FAILED)], ids=["done", "not"])
async def test_an_update_that_is_answered_without_the_box_unlike_others_is_looked_up(
    status: int,
    body: bytes,
    is_done: bool,  # noqa: FBT001
    outcome: Status,
    canary: bool,  # noqa: FBT001
) -> None:
    app = create_app()
    settings = replace(ONE_BY_ONE, canary=canary)
    async with connect(BY_TOKEN, settings, app=app) as pbx:
        for record in RECORDS:
            await pbx.create_box(record)
    odd = ids(app)["6202"]

    def updates(asked: Asked) -> bool:
        return asked.method == "POST" and not asked.path.endswith("shared_voicemails")

    def instead(asked: Asked) -> Answer | None:
        return Answer(status, body) if updates(asked) and asked.path.endswith(odd) and not is_done else None

    def change(asked: Asked, given: Answer) -> None:
        if updates(asked):
            box_id = asked.path.rpartition("/")[2]
            given.status, given.body = (status, body) if box_id == odd else (200, f'{{"id": "{box_id}"}}'.encode())

    async with connect(BY_TOKEN, settings, app=AlteredPbx(app, instead=instead, change=change)) as pbx:
        plan = await plan_for(pbx, [replace(record, name="New") for record in RECORDS])
        ending = await send(plan, pbx, settings)

    assert [o.status for o in ending.outcomes] == [Status.UPDATED, outcome, Status.UPDATED, Status.UPDATED]
    assert is_done or "without the box" in ending.outcomes[1].message


@pytest.mark.parametrize("is_made", [True, False])
async def test_a_create_whose_answer_names_another_number_is_looked_up_by_its_own(*, is_made: bool) -> None:
    app = create_app()
    other = b'{"id": "of-another-run", "extension_number": "6209"}'

    def about(asked: Asked) -> bool:
        return asked.method == "POST" and b'"6202"' in asked.body

    made: list[str] = []

    def instead(asked: Asked) -> Answer | None:
        if is_made or made or not about(asked):
            return None
        made.append("next time")
        return Answer(201, other)

    def change(asked: Asked, given: Answer) -> None:
        if is_made and about(asked):
            given.body = other

    async with connect(BY_TOKEN, ONE_BY_ONE, app=AlteredPbx(app, instead=instead, change=change)) as pbx:
        ending = await send(await plan_for(pbx, RECORDS), pbx, ONE_BY_ONE)

    assert {outcome.status for outcome in ending.outcomes} == {Status.CREATED}
    assert {outcome.extension_number: outcome.id for outcome in ending.outcomes} == ids(app)


@pytest.mark.parametrize("is_made", [True, False])
async def test_two_creates_answered_with_the_same_id_are_both_looked_up(tmp_path: Path, *, is_made: bool) -> None:
    """The first of them gets the id that the second one's box will have."""
    app = create_app()
    missed: list[str] = []

    def instead(asked: Asked) -> Answer | None:
        if is_made or missed or asked.method != "POST" or b'"6202"' not in asked.body:
            return None
        missed.append("6202")
        return Answer(201, b'{"id": "shared"}')

    def change(asked: Asked, given: Answer) -> None:
        if asked.method != "POST" or not asked.body or given.status != 201:
            return
        if b'"6203"' in asked.body:
            app.state.stored.db.execute("UPDATE box SET id = 'shared' WHERE extension_number = '6203'")
            given.json = {"id": "shared"}
        elif b'"6202"' in asked.body and is_made:
            given.json = {"id": "shared"}

    info = RunInfo(
        name="run", site="test", url="http://simulator", file="a.csv", began=datetime(2026, 11, 23, tzinfo=UTC)
    )
    journal = Journal(tmp_path, info, [SheetRow(record=record) for record in RECORDS])
    async with connect(BY_TOKEN, ONE_BY_ONE, app=AlteredPbx(app, instead=instead, change=change)) as pbx:
        ending = await send(await plan_for(pbx, RECORDS), pbx, ONE_BY_ONE, journal=journal)
    journal.close()

    assert {outcome.status for outcome in ending.outcomes} == {Status.CREATED}
    assert {outcome.extension_number: outcome.id for outcome in ending.outcomes} == ids(app)
    assert read_journal(tmp_path / "run.jsonl").outcomes == ending.outcomes
    assert list_run(tmp_path / "run.jsonl").counts[Status.CREATED] == len(RECORDS)


@pytest.mark.parametrize(("is_made", "status"), [(True, Status.CREATED), (False, Status.FAILED)])
async def test_a_run_that_stops_looks_up_creates_with_one_id_and_creates_no_more(
    is_made: bool,  # noqa: FBT001
    status: Status,
) -> None:
    app = create_app()
    stopped: list[bool] = []

    def about(asked: Asked, number: str) -> bool:
        return asked.method == "POST" and number.encode() in asked.body

    def instead(asked: Asked) -> Answer | None:
        return Answer(201, b'{"id": "shared"}') if about(asked, "6202") and not is_made else None

    def change(asked: Asked, given: Answer) -> None:
        if about(asked, "6202"):
            given.json = {"id": "shared"}
        if about(asked, "6203"):
            app.state.stored.db.execute("UPDATE box SET id = 'shared' WHERE extension_number = '6203'")
            given.json = {"id": "shared"}
            stopped.append(True)

    async with connect(BY_TOKEN, ONE_BY_ONE, app=AlteredPbx(app, instead=instead, change=change)) as pbx:
        plan = await plan_for(pbx, RECORDS)
        ending = await send(plan, pbx, ONE_BY_ONE, stop=lambda: bool(stopped))

    found = [outcome.status for outcome in ending.outcomes]
    assert found == [Status.CREATED, status, Status.CREATED, Status.NOT_SENT]
    assert ending.outcomes[1].id == ids(app).get("6202")
    assert is_made or "The box was not created. Run the same command again." in ending.outcomes[1].message
