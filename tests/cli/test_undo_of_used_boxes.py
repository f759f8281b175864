"""An undo deletes no box that someone set up further since, in undocumented fields or with a greeting."""

from pathlib import Path

import pytest
from starlette.applications import Starlette

from bulkvm.simulator import FaultRules
from tests.cli.program import Bulkvm, Serve, stored
from tests.cli.sheet_files import write_csv

ROWS = [(str(6201 + n), f"Desk {n}", str(402817 + n * 13), "", "") for n in range(3)]
NUMBERS = [row[0] for row in ROWS]


def set_extra(app: Starlette, number: str, field: str, value: object) -> None:
    """Set an undocumented field of a box as an administrator does."""
    app.state.stored.db.execute(
        "UPDATE box SET extra = json_set(extra, ?, ?) WHERE extension_number = ?", (f"$.{field}", value, number)
    )


def record_greeting(app: Starlette, number: str) -> None:
    app.state.stored.record_greeting(stored(app, "id")[number])


@pytest.mark.parametrize("rows", [1, 2, 3])
@pytest.mark.parametrize("nth", [0, 1, 2])
@pytest.mark.parametrize(("field", "value"), [("retain_days", 90), ("note", "by hand"), ("retain_days", None)])
def test_a_box_with_an_undocumented_field_that_someone_set_since_is_kept_and_named(
    bulkvm: Bulkvm, serve: Serve, folder: Path, field: str, value: object, nth: int, rows: int
) -> None:
    nth = min(nth, rows - 1)
    with serve("extra:retain_days=30") as app:
        bulkvm("import", write_csv(folder / "a.csv", *ROWS[:rows]), "--yes")
        set_extra(app, NUMBERS[nth], field, value)

        undone = bulkvm("undo", "last", "--yes", "--with-messages")

        assert list(stored(app)) == [NUMBERS[nth]]
    assert undone.code == 1
    assert f"Box {NUMBERS[nth]} was changed since the run in {field}, so it is kept as it is." in undone.err


def test_undocumented_fields_that_the_pbx_sets_itself_do_not_count_as_changes(
    bulkvm: Bulkvm, serve: Serve, folder: Path
) -> None:
    with serve("extra:retain_days=30", "extra:url=u", "extra:created_at=2026-01-01", "extra:unread_count=0") as app:
        for n, number in enumerate(NUMBERS):
            bulkvm("import", write_csv(folder / f"{n}.csv", ROWS[n]), "--yes")
            assert number in stored(app)
        bulkvm("undo", "last", "--yes")
        write_csv(folder / "a.csv", *ROWS)
        app.state.stored.db.execute("DELETE FROM box")
        bulkvm("import", "a.csv", "--yes")
        for n, number in enumerate(NUMBERS[1:]):
            set_extra(app, number, "url", f"/boxes/{n}")
        for n, number in enumerate(NUMBERS):
            set_extra(app, number, "created_at", f"2025-01-0{n + 1}")
            set_extra(app, number, "unread_count", n * 3)

        undone = bulkvm("undo", "last", "--yes")

        assert stored(app) == {}
    assert "Whether url was changed since the run is not known" in undone.err


def test_fields_that_no_journal_has_are_reported_as_unknown(bulkvm: Bulkvm, serve: Serve, folder: Path) -> None:
    with serve("extra:retain_days=30") as app:
        bulkvm("import", write_csv(folder / "a.csv", *ROWS), "--yes", "--no-canary")

        undone = bulkvm("undo", "last", "--yes")

        assert stored(app) == {}
    assert "Whether retain_days was changed since the run is not known" in undone.err


def test_a_field_that_is_set_after_the_question_keeps_its_box_too(bulkvm: Bulkvm, serve: Serve, folder: Path) -> None:
    asked = []

    def before(app: Starlette, scope: dict[str, object]) -> None:
        if str(scope["path"]).endswith("/greetings"):
            asked.append(scope["path"])
            if len(asked) == len(ROWS):
                set_extra(app, "6202", "retain_days", 90)

    with serve("extra:retain_days=30", before=before) as app:
        bulkvm("import", write_csv(folder / "a.csv", *ROWS), "--yes")

        undone = bulkvm("undo", "last", "--yes", "--json")

        assert list(stored(app)) == ["6202"]
    assert "the box was changed in retain_days" in undone.json["rows"][1]["message"]


def test_a_box_with_a_greeting_is_kept_and_reported_without_with_messages(
    bulkvm: Bulkvm, pbx: Starlette, folder: Path
) -> None:
    bulkvm("import", write_csv(folder / "a.csv", *ROWS), "--yes")
    record_greeting(pbx, "6202")

    undone = bulkvm("undo", "last", "--yes")
    left = list(stored(pbx))
    forced = bulkvm("undo", "last", "--yes", "--with-messages")

    assert (undone.code, left) == (1, ["6202"])
    assert "Box 6202 has a greeting, so it is kept as it is." in undone.err
    assert (forced.code, stored(pbx)) == (0, {})


def test_a_greeting_that_is_recorded_after_the_question_keeps_its_box_too(
    bulkvm: Bulkvm, serve: Serve, folder: Path
) -> None:
    asked = []

    def before(app: Starlette, scope: dict[str, object]) -> None:
        if str(scope["path"]).endswith("/greetings"):
            asked.append(scope["path"])
            if len(asked) == len(ROWS) + 1:
                record_greeting(app, "6203")

    with serve(before=before) as app:
        bulkvm("import", write_csv(folder / "a.csv", *ROWS), "--yes")

        undone = bulkvm("undo", "last", "--yes", "--json")

        assert list(stored(app)) == ["6203"]
    assert "has a greeting now" in undone.json["rows"][2]["message"]


@pytest.mark.parametrize("fault", ["403", "404", "405", "500", "html", "truncated"])
def test_boxes_whose_greetings_the_pbx_does_not_show_are_kept_without_with_messages(
    bulkvm: Bulkvm, pbx: Starlette, folder: Path, fault: str
) -> None:
    bulkvm("import", write_csv(folder / "a.csv", *ROWS), "--yes")
    pbx.state.faults = FaultRules([f"{fault}:greetings:1-99"])

    undone = bulkvm("undo", "last", "--yes", "--retries", "1")
    left = list(stored(pbx))
    forced = bulkvm("undo", "last", "--yes", "--with-messages")

    assert (undone.code, left) == (1, NUMBERS)
    assert [f"whether box {number} has a greeting, so it is kept" in undone.err for number in NUMBERS] == [True] * 3
    assert (forced.code, stored(pbx)) == (0, {})


def test_a_box_whose_greetings_are_no_longer_shown_after_the_question_is_kept(
    bulkvm: Bulkvm, pbx: Starlette, folder: Path
) -> None:
    bulkvm("import", write_csv(folder / "a.csv", *ROWS), "--yes")
    pbx.state.faults = FaultRules(["404:greetings:4-99"])  # after three that are read for the plan

    undone = bulkvm("undo", "last", "--yes", "--json")

    assert (list(stored(pbx)), [row["reason"] for row in undone.json["rows"]]) == (NUMBERS, ["kept"] * 3)
    assert "no longer shows whether the box has a greeting" in undone.json["rows"][0]["message"]
