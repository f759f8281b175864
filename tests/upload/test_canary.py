"""The first box of each kind is read back whole before any other one is sent."""

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette

from bulkvm.model.box import BLANK, Box, Record
from bulkvm.model.change import Change, ChangeKind, Plan
from bulkvm.model.errors import LoginRefused, ReadBackDiffers
from bulkvm.model.outcome import Outcome, Status
from bulkvm.model.settings import SendSettings, Site
from bulkvm.pbx import Pbx, connect
from bulkvm.planning import find_exact_differences, plan_for, plan_undo_of
from bulkvm.runs import Journal, RunInfo, read_journal
from bulkvm.simulator import FaultRules, SimulatorSettings, create_app
from bulkvm.simulator.filters import EVERY_ITEM
from bulkvm.upload import RunResult, send
from tests.altered_pbx import AlteredPbx, Answer, Asked
from tests.upload.actual_boxes import boxes_from_rows, records

SITE = Site(name="test", url="http://simulator", token=SimulatorSettings().token)
EIGHT = SendSettings(max_rps=0, retries=1, max_outage=0)
BOXES = "/api/shared_voicemails"
ROWS = 12


def facts(extensions: Sequence[str]) -> RunInfo:
    rows = dict(enumerate(extensions, start=2))
    began = datetime(2026, 11, 23, tzinfo=UTC)
    return RunInfo(name="run", site="test", url="http://simulator", file="a.csv", began=began, extensions=rows)


async def make(pbx: Pbx, count: int = ROWS) -> None:
    ending = await send(await plan_for(pbx, records(count)), pbx, replace(EIGHT, canary=False))
    assert ending.error is None


async def import_into(app: Any, rows: Sequence[Record], journal: Journal | None = None) -> RunResult:
    async with connect(SITE, EIGHT, app=app) as pbx:
        count_pauses(pbx)
        return await send(await plan_for(pbx, rows), pbx, EIGHT, journal=journal)


def statuses(ending: RunResult) -> list[Status]:
    return [outcome.status for outcome in ending.outcomes]


def is_update(asked: Asked) -> bool:
    return asked.method == "POST" and asked.path.startswith(f"{BOXES}/")


def order_of(app: AlteredPbx) -> list[str]:
    """What was asked about boxes, in order: a letter each for list, fetch, create, update and destroy."""
    letters = {"GET": "lf", "POST": "cu"}
    asked = [a for a in app.asked if a.path.startswith(BOXES)]
    return ["d" if a.path.endswith("/destroy") else letters[a.method][a.path != BOXES] for a in asked]


def test_records_that_are_used_here_are_new_and_renamed() -> None:
    assert records(1)[0].name != records(1, name="New")[0].name


@pytest.mark.parametrize("kind", ["create", "update", "both"])
async def test_a_first_box_of_each_kind_is_read_back_before_another_one_is_begun(kind: str) -> None:
    app = create_app()
    async with connect(SITE, EIGHT, app=app) as pbx:
        await make(pbx, {"create": 0, "update": ROWS, "both": 3}[kind])
        plan = await plan_for(pbx, records(ROWS, name="New"))
    hostile = AlteredPbx(app)

    async with connect(SITE, EIGHT, app=hostile) as pbx:
        ending = await send(plan, pbx, EIGHT)

    first = {"create": "cf", "update": "fuf", "both": "cffuf"}[kind]
    assert ending.error is None
    assert "".join(order_of(hostile)).startswith(first)


async def test_a_pbx_that_erases_what_an_update_leaves_out_does_so_to_one_box(tmp_path: Path) -> None:
    app = create_app(
        settings=SimulatorSettings(behave=("updates:erase", "extra:retain_days=30", "extra:api_token=SECRET-1"))
    )
    async with connect(SITE, EIGHT, app=app) as pbx:
        await make(pbx)
    journal = Journal(tmp_path, facts([record.extension_number for record in records(ROWS)]))

    ending = await import_into(app, records(ROWS, name="New"), journal)
    journal.close()

    first = ending.outcomes[0]
    assert isinstance(ending.error, ReadBackDiffers)
    assert ending.error.exit_code == 7
    assert "Box 7000 (row 2)" in str(ending.error)
    assert "retain_days: lost (it was 30)" in str(ending.error)
    assert "retain_days: lost (it was 30)" in first.message
    assert "SECRET-1" not in f"{ending.error}{ending.outcomes}"
    assert statuses(ending) == [Status.UPDATED] + [Status.NOT_SENT] * (ROWS - 1)
    assert app.state.traffic.counts["update"] == 1
    assert {box.name for box in (await stored(app)).values()} == {"New 0", *(f"Desk {n}" for n in range(1, ROWS))}
    before, after = updated_boxes(tmp_path / "run.jsonl")
    assert (before["retain_days"], before["api_token"], before["name"]) == (30, "SECRET-1", "Desk 0")
    assert (after.get("retain_days"), after["name"]) == (None, "New 0")


def with_days(folder: Path, days: Sequence[int | None], *behave: str) -> Starlette:
    """A PBX with a box for each number of days; with None, the box does not have the field."""
    boxes = [
        {"name": f"Desk {n}", "extension_number": str(7000 + n), "pin": "402817"}
        | ({} if kept is None else {"retain_days": kept})
        for n, kept in enumerate(days)
    ]
    (folder / "seed.json").write_text(json.dumps(boxes), "utf-8")
    return create_app(seed=folder / "seed.json", settings=SimulatorSettings(behave=behave))


def days_of(app: Starlette) -> list[Any]:
    return [box.get("retain_days") for box in app.state.stored.page(EVERY_ITEM, "extension_number", 0, 100)]


@pytest.mark.parametrize(
    ("days", "before"),
    [([30, 30, 90, 90, 90, 30], 30), ([None, None, 90, 90, 90, None], None)],
    ids=["default", "none"],
)
async def test_a_pbx_that_resets_a_field_does_so_to_one_box_though_the_first_one_does_not_show_it(
    tmp_path: Path, days: list[int | None], before: int | None
) -> None:
    app = with_days(tmp_path, days, "updates:replace", *([] if before is None else ["extra:retain_days=30"]))

    ending = await import_into(app, records(len(days), name="New"))

    assert isinstance(ending.error, ReadBackDiffers)
    assert days_of(app).count(90) == 2
    (message,) = (outcome.message for outcome in ending.outcomes if "retain_days" in outcome.message)
    assert "lost (it was 90)" in message if before is None else "was 90, reads back 30" in message
    assert set(statuses(ending)) <= {Status.UPDATED, Status.NOT_SENT}


async def test_a_field_of_which_two_values_were_kept_is_read_back_no_more(tmp_path: Path) -> None:
    plain, other = (
        AlteredPbx(with_days(tmp_path, days, "updates:merge")) for days in ([None] * ROWS, range(1, ROWS + 1))
    )

    endings = [await import_into(app, records(ROWS, name="New")) for app in (plain, other)]

    assert [ending.error for ending in endings] == [None, None]
    assert statuses(endings[1]) == [Status.UPDATED] * ROWS
    assert order_of(other).count("f") == order_of(plain).count("f") + 1


async def stored(app: Starlette) -> dict[str, Box]:
    async with connect(SITE, EIGHT, app=app) as pbx:
        return {box.extension_number: box for box in await pbx.list_boxes()}


def updated_boxes(file: Path) -> list[Any]:
    lines = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
    return [json.loads(line["whole"]["box"]) for line in lines if "whole" in line]


async def test_a_journal_with_updated_boxes_is_read_and_listed_as_any_other(tmp_path: Path) -> None:
    journal = Journal(tmp_path, facts([record.extension_number for record in records(ROWS)]))
    ending = await import_into(create_app(), records(ROWS), journal)
    journal.close()

    past = read_journal(tmp_path / "run.jsonl")

    assert past.damaged == ()
    assert past.outcomes == ending.outcomes


@pytest.mark.parametrize("behave", [(), ("updates:merge",), ("updates:erase",)], ids=["replaces", "merges", "erases"])
async def test_a_pbx_that_preserves_other_fields_gets_all_rows(behave: tuple[str, ...]) -> None:
    app = create_app(settings=SimulatorSettings(behave=behave))
    async with connect(SITE, EIGHT, app=app) as pbx:
        await make(pbx)

    ending = await import_into(app, records(ROWS + 3, name="New"))

    assert ending.error is None
    assert statuses(ending) == [Status.UPDATED] * ROWS + [Status.CREATED] * 3


@pytest.mark.parametrize(
    "rule",
    [
        "hide:pin:both", "hide:pin:single", "hide:pin:list", "omit:pin:both", "mask-stars:pin:both",
        "mask-digits:pin:both", "mask-digits:pin:single", "omit:recipients:both", "omit:recipients:single",
        "hide:recipients:single", "hide:prompt:single", "omit:enable_pin:both", "hide:name:single",
    ],
)  # fmt: skip
async def test_a_field_that_is_not_shown_does_not_stop_the_run(rule: str) -> None:
    app = create_app(settings=SimulatorSettings(behave=(rule,)))
    full = [replace(record, recipients=("a@example.com",), prompt="de-DE") for record in records(ROWS)]

    created = await import_into(app, full)
    updated = await import_into(app, [replace(record, name=f"New {record.row}") for record in full])

    assert (created.error, updated.error) == (None, None)
    assert set(statuses(created)) == {Status.CREATED}
    assert set(statuses(updated)) == {Status.UPDATED}


def after_updates(change: Callable[[dict[str, Any]], dict[str, Any]]) -> AlteredPbx:
    """A PBX that shows this in place of a box, once one was updated."""
    updated = False

    def alter(asked: Asked, answer: Answer) -> None:
        nonlocal updated
        updated = updated or is_update(asked)
        if updated and asked.method == "GET" and asked.path.startswith(f"{BOXES}/"):
            answer.json = change(answer.json)
        elif updated and asked.path == BOXES:
            answer.json = answer.json | {"items": [change(item) for item in answer.json["items"]]}

    return AlteredPbx(create_app(), change=alter)


FULL = replace(records(1)[0], name="New", pin="582046", recipients=("B@example.com", "a@example.com"), prompt="de-DE")


@pytest.mark.parametrize(
    "shown",
    [
        {"recipients": "a@EXAMPLE.com, b@example.com"},
        {"recipients": ["a@example.com", "b@example.com"]},
        {"pin": None},
        {"pin": "******"},
        {"pin": "000000"},
        {"updated_at": "2026-11-27T10:00:00Z"},
        {"anything": "new"},
    ],
    ids=str,
)
async def test_another_spelling_of_a_value_reads_back_as_equal(shown: dict[str, Any]) -> None:
    app = after_updates(lambda box: box | shown)
    async with connect(SITE, EIGHT, app=app) as pbx:
        await make(pbx, 3)

    ending = await import_into(app, [FULL, *records(3, name="New")[1:]])

    assert (ending.error, statuses(ending)) == (None, [Status.UPDATED] * 3)


@pytest.mark.parametrize(
    ("shown", "status", "printed"),
    [
        ({"name": "NEW"}, Status.UNKNOWN, 'sent "New", reads back "NEW"'),
        ({"pin": "402817"}, Status.UNKNOWN, "sent a value that is not shown here"),
        ({"recipients": "a@example.com"}, Status.UNKNOWN, "reads back"),
        ({"recipients": None}, Status.UNKNOWN, "reads back nothing"),
        ({"enable_pin": False}, Status.UPDATED, 'was "yes", reads back "no"'),
        ({"play_datetime": "DISABLE"}, Status.UPDATED, 'was nothing, reads back "DISABLE"'),
    ],
    ids=str,
)
async def test_an_update_that_reads_back_differently_stops_the_run(
    shown: dict[str, Any], status: Status, printed: str
) -> None:
    app = after_updates(lambda box: box | shown)
    async with connect(SITE, EIGHT, app=app) as pbx:
        await make(pbx, 3)

    ending = await import_into(app, [FULL, *records(3, name="New")[1:]])

    assert isinstance(ending.error, ReadBackDiffers)
    assert printed in str(ending.error)
    assert printed in ending.outcomes[0].message
    assert statuses(ending) == [status, Status.NOT_SENT, Status.NOT_SENT]
    assert not {"402817", "582046"} & {*str(ending.error).split(), *ending.outcomes[0].message.split()}
    assert len([asked for asked in app.asked if is_update(asked)]) == 1


async def test_a_create_that_reads_back_differently_stops_the_run() -> None:
    def alter(asked: Asked, answer: Answer) -> None:
        if asked.method == "GET" and asked.path.startswith(f"{BOXES}/"):
            answer.json = answer.json | {"name": "Cut off"}

    app = create_app()
    ending = await import_into(AlteredPbx(app, change=alter), records(ROWS))

    assert isinstance(ending.error, ReadBackDiffers)
    assert statuses(ending) == [Status.UNKNOWN] + [Status.NOT_SENT] * (ROWS - 1)
    assert list(await boxes_from_rows(app)) == ["7000"]


async def test_an_update_that_was_applied_to_another_box_stops_the_run() -> None:
    app = create_app()
    async with connect(SITE, EIGHT, app=app) as pbx:
        await make(pbx, 3)
        plan = await plan_for(pbx, records(3, name="New"))
        app.state.faults = FaultRules(["other-box:update:1-9"])
        count_pauses(pbx)

        ending = await send(plan, pbx, EIGHT)

    assert isinstance(ending.error, ReadBackDiffers)
    assert statuses(ending) == [Status.UNKNOWN, Status.NOT_SENT, Status.NOT_SENT]
    assert app.state.traffic.counts["update"] == 1


async def test_a_field_that_reads_back_as_null_everywhere_is_a_difference() -> None:
    app = create_app(settings=SimulatorSettings(behave=("hide:prompt:both",)))
    async with connect(SITE, EIGHT, app=app) as pbx:
        count_pauses(pbx)
        ending = await send(await plan_for(pbx, [replace(record, prompt="de-DE") for record in records(3)]), pbx, EIGHT)

    assert 'sent "de-DE", reads back nothing' in str(ending.error)
    assert statuses(ending) == [Status.UNKNOWN, Status.NOT_SENT, Status.NOT_SENT]


@pytest.mark.parametrize("late", [1, 3])
async def test_a_change_that_becomes_visible_late_is_waited_for(late: int) -> None:
    app, hidden = create_app(), late

    def instead(asked: Asked) -> Answer | None:
        nonlocal hidden
        if asked.method == "GET" and asked.path.startswith(f"{BOXES}/") and hidden:
            hidden -= 1
            return Answer(404, b"{}")
        return None

    async with connect(SITE, EIGHT, app=AlteredPbx(app, instead=instead)) as pbx:
        pauses = count_pauses(pbx)
        ending = await send(await plan_for(pbx, records(3)), pbx, EIGHT)

    assert (ending.error, statuses(ending)) == (None, [Status.CREATED] * 3)
    assert len(pauses) == late + 1


def count_pauses(pbx: Pbx) -> list[float]:
    """Let no pause of a PBX take any time, and note it."""
    pauses: list[float] = []

    async def pause(seconds: float) -> None:
        pauses.append(seconds)

    pbx.pause = pause  # type: ignore[method-assign]
    return pauses


@pytest.mark.parametrize("fault", ["404", "500", "403", "reset", "truncated", "other-box"])
@pytest.mark.parametrize(("existing", "status"), [(0, Status.CREATED), (3, Status.UPDATED)], ids=["create", "update"])
async def test_a_first_box_that_cannot_be_read_back_stops_the_run(existing: int, status: Status, fault: str) -> None:
    app = create_app()
    async with connect(SITE, EIGHT, app=app) as pbx:
        await make(pbx, existing)
        await make_others(pbx)
        plan = await plan_for(pbx, records(3, name="New"))
        count_pauses(pbx)
        app.state.faults = FaultRules([f"{fault}:fetch:{2 if existing else 1}-99"])

        ending = await send(plan, pbx, EIGHT)

    assert isinstance(ending.error, ReadBackDiffers)
    assert statuses(ending) == [Status.UNKNOWN if fault == "404" else status, Status.NOT_SENT, Status.NOT_SENT]
    assert app.state.traffic.counts["create"] == existing + 2 + (status is Status.CREATED)
    assert app.state.traffic.counts["update"] == (status is Status.UPDATED)


async def make_others(pbx: Pbx) -> None:
    for number in ("8500", "8501"):
        await pbx.create_box(Record(row=2, extension_number=number, name="Other", pin="582046"))


async def test_a_login_that_ends_at_the_read_back_is_reported_as_such() -> None:
    app = create_app()
    async with connect(SITE, EIGHT, app=app) as pbx:
        app.state.faults = FaultRules(["401:fetch:1-9"])
        ending = await send(await plan_for(pbx, records(3)), pbx, EIGHT)

    assert type(ending.error) is LoginRefused
    assert statuses(ending) == [Status.CREATED, Status.NOT_SENT, Status.NOT_SENT]


@pytest.mark.parametrize(
    ("fault", "outcome"),
    [
        ("422:create:1-2", Status.REJECTED),
        ("500-after:create:1", Status.CREATED),
        ("422:update:1-2", Status.REJECTED),
        ("500-after:update:1", Status.UPDATED),
    ],
)
async def test_a_first_box_that_was_not_written_is_followed_by_another_canary(fault: str, outcome: Status) -> None:
    app = create_app()
    async with connect(SITE, EIGHT, app=app) as pbx:
        if "update" in fault:
            await make(pbx)
        plan = await plan_for(pbx, records(ROWS, name="New"))
    hostile = AlteredPbx(app)
    app.state.faults = FaultRules([fault])

    async with connect(SITE, EIGHT, app=hostile) as pbx:
        ending = await send(plan, pbx, replace(EIGHT, max_errors=replace(EIGHT.max_errors, share=1.0)))

    expected = {
        "422:create:1-2": "cccf",
        "500-after:create:1": "clff",
        "422:update:1-2": "fufufuf",
        "500-after:update:1": "fuff",
    }[fault]
    assert ending.error is None
    assert statuses(ending)[0] is outcome
    assert "".join(order_of(hostile)).startswith(expected)


async def test_without_the_canary_all_are_sent_at_once() -> None:
    app = create_app(settings=SimulatorSettings(behave=("updates:erase", "extra:retain_days=30")))
    async with connect(SITE, EIGHT, app=app) as pbx:
        await make(pbx)
        plan = await plan_for(pbx, records(ROWS, name="New"))

        ending = await send(plan, pbx, replace(EIGHT, canary=False))

    assert (ending.error, statuses(ending)) == (None, [Status.UPDATED] * ROWS)


async def test_an_undo_has_its_canaries_too(tmp_path: Path) -> None:
    """One box is restored and one deleted before the others."""
    app = create_app()
    async with connect(SITE, EIGHT, app=app) as pbx:
        await make(pbx, 3)
        journal = Journal(tmp_path, facts([record.extension_number for record in records(6)]))
        await send(await plan_for(pbx, records(6, name="New")), pbx, EIGHT, journal=journal)
        journal.close()
        plan = await plan_undo_of(read_journal(tmp_path / "run.jsonl"), pbx)
    hostile = AlteredPbx(app)

    async with connect(SITE, EIGHT, app=hostile) as pbx:
        ending = await send(plan, pbx, EIGHT)

    asked = [letter for letter in order_of(hostile) if letter != "l"]
    assert ending.error is None
    assert asked[:3] == ["f", "u", "f"]
    assert asked.index("d") < len(asked) - 1
    assert asked[asked.index("d") + 1] == "f"
    assert {box.name for box in (await boxes_from_rows(app)).values()} == {"Desk 0", "Desk 1", "Desk 2"}


async def test_a_deletion_without_effect_stops_the_run() -> None:
    app = create_app()
    async with connect(SITE, EIGHT, app=app) as pbx:
        await make(pbx, 3)
        boxes = await pbx.list_boxes()
        plan = Plan(
            tuple(
                Change(ChangeKind.REMOVE, Record(row=n, extension_number=box.extension_number), box)
                for n, box in enumerate(boxes, start=2)
            )
        )
        app.state.faults = FaultRules(["other-box:destroy:1-9"])
        count_pauses(pbx)

        ending = await send(plan, pbx, EIGHT)

    assert isinstance(ending.error, ReadBackDiffers)
    assert "it still exists on the PBX" in str(ending.error)
    assert statuses(ending) == [Status.UNKNOWN, Status.NOT_SENT, Status.NOT_SENT]
    assert len(await boxes_from_rows(app)) == 2


async def test_a_field_that_does_not_become_blank_again_is_unknown_in_its_row_and_stops_no_other() -> None:
    app = create_app(settings=SimulatorSettings(behave=("updates:merge",)))
    german = [replace(record, prompt="de-DE") for record in records(3)]
    async with connect(SITE, EIGHT, app=app) as pbx:
        await send(await plan_for(pbx, german), pbx, EIGHT)
        changes = []
        for record in german:
            box = await pbx.find_box(record.extension_number)
            assert box is not None
            wanted = replace(box, prompt=BLANK, name="Former")
            record_alone = Record(row=record.row, extension_number=record.extension_number)
            change = Change(ChangeKind.UPDATE, record_alone, box, differences_of(box, wanted), wanted=wanted)
            changes.append(change)

        ending = await send(Plan(tuple(changes)), pbx, EIGHT)

    assert ending.error is None
    assert statuses(ending) == [Status.UNKNOWN] * 3
    assert {box.name for box in (await boxes_from_rows(app)).values()} == {"Former"}


def differences_of(box: Box, wanted: Box) -> Any:
    return find_exact_differences(box, wanted)


async def test_the_defaults_of_blank_cells_are_recorded_once_for_each_set_of_them(tmp_path: Path) -> None:
    app = create_app()
    rows = [replace(record, enable_pin=False) if n % 2 else record for n, record in enumerate(records(ROWS))]
    journal = Journal(tmp_path, facts([record.extension_number for record in rows]))

    ending = await import_into(app, rows, journal)
    journal.close()

    past = read_journal(tmp_path / "run.jsonl")
    assert ending.error is None
    assert app.state.traffic.counts["fetch"] == 2
    assert sorted(past.read_back) == [2, 3]
    assert [past.read_back[row].enable_pin for row in (2, 3)] == [True, False]
    assert past.read_back[2].recipients == ()


async def test_defaults_that_cannot_be_read_do_not_affect_rows(tmp_path: Path) -> None:
    app = create_app(faults=["500:fetch:2-99"])
    rows = [replace(record, enable_pin=False) if n % 2 else record for n, record in enumerate(records(ROWS))]
    journal = Journal(tmp_path, facts([record.extension_number for record in rows]))

    ending = await import_into(app, rows, journal)
    journal.close()

    assert (ending.error, set(statuses(ending))) == (None, {Status.CREATED})
    assert sorted(read_journal(tmp_path / "run.jsonl").read_back) == [2]


async def test_a_run_that_is_stopped_at_its_canary_sends_nothing_more() -> None:
    app = create_app()
    seen: list[Outcome] = []
    async with connect(SITE, EIGHT, app=app) as pbx:
        plan = await plan_for(pbx, records(ROWS))
        ending = await send(plan, pbx, EIGHT, on_outcome=seen.append, stop=lambda: bool(seen))

    assert statuses(ending) == [Status.CREATED] + [Status.NOT_SENT] * (ROWS - 1)
