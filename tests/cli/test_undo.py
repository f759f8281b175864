"""An undo keeps what others have changed since, and reports what it does not restore."""

import csv
from pathlib import Path

import pytest
from openpyxl import Workbook, load_workbook
from starlette.applications import Starlette
from starlette.types import Scope

from bulkvm.simulator import FaultRules
from tests.cli.program import Bulkvm, Serve, stored
from tests.cli.sheet_files import statuses, write_csv

ROWS = [(str(6201 + n), f"Desk {n}", str(402817 + n * 13), "", "") for n in range(3)]


def box_id(app: Starlette, number: str) -> str:
    return str(stored(app, "id")[number])


def edit(app: Starlette, number: str, field: str, value: str | None) -> None:
    """Change a box on the PBX as an administrator does."""
    app.state.stored.db.execute(f"UPDATE box SET {field} = ? WHERE extension_number = ?", (value, number))


def names(bulkvm: Bulkvm) -> list[str]:
    return [run["run"] for run in bulkvm("runs", "--json").json["runs"]]


def test_a_box_with_a_message_is_kept_and_reported_without_with_messages(
    bulkvm: Bulkvm, pbx: Starlette, folder: Path
) -> None:
    bulkvm("import", write_csv(folder / "a.csv", *ROWS), "--yes")
    pbx.state.stored.leave_message(box_id(pbx, "6202"))

    undone = bulkvm("undo", "last", "--yes")
    left = list(stored(pbx))
    forced = bulkvm("undo", "last", "--yes", "--with-messages")

    assert (undone.code, left) == (1, ["6202"])
    assert "Box 6202 holds 1 message, so it is kept as it is." in undone.err
    assert "3 rows: 2 deleted, 1 kept" in undone.err
    assert (forced.code, stored(pbx)) == (0, {})
    assert "Boxes to delete, including their messages:" in forced.err
    assert "with the messages in them" not in undone.err


def test_a_message_that_is_left_after_the_question_keeps_its_box_too(
    bulkvm: Bulkvm, pbx: Starlette, folder: Path
) -> None:
    bulkvm("import", write_csv(folder / "a.csv", *ROWS), "--yes")
    pbx.state.faults = FaultRules(["message:fetch:4"])  # after three that are read for the plan

    undone = bulkvm("undo", "last", "--yes", "--json", "--concurrency", "1")

    assert [row["status"] for row in undone.json["rows"]] == ["failed", "updated", "updated"]
    assert "holds a message now" in undone.json["rows"][0]["message"]
    assert list(stored(pbx)) == ["6201"]


@pytest.mark.parametrize("status", [403, 404])
def test_where_the_pbx_does_not_show_messages_boxes_are_kept_and_named(
    bulkvm: Bulkvm, pbx: Starlette, folder: Path, status: int
) -> None:
    bulkvm("import", write_csv(folder / "a.csv", *ROWS), "--yes")
    pbx.state.faults = FaultRules([f"{status}:messages:1-999"])

    undone = bulkvm("undo", "last", "--yes")
    left = list(stored(pbx))
    forced = bulkvm("undo", "last", "--yes", "--with-messages")

    assert (undone.code, left) == (1, ["6201", "6202", "6203"])
    assert undone.err.count("does not show whether box") == 3
    assert (forced.code, stored(pbx)) == (0, {})


@pytest.mark.parametrize(("field", "value"), [("prompt", "fr-FR"), ("play_datetime", "DISABLE")])
def test_a_field_that_the_row_left_blank_and_someone_set_since_keeps_its_box(
    bulkvm: Bulkvm, pbx: Starlette, folder: Path, field: str, value: str
) -> None:
    bulkvm("import", write_csv(folder / "a.csv", *ROWS), "--yes")
    edit(pbx, "6203", field, value)

    undone = bulkvm("undo", "last", "--yes")

    assert (undone.code, stored(pbx, field)) == (1, {"6203": value})
    assert f"Box 6203 was changed since the run in {field}" in undone.err or f"value in {field} that" in undone.err


def test_defaults_that_the_pbx_sets_for_blank_cells_do_not_count_as_changes(
    bulkvm: Bulkvm, serve: Serve, folder: Path
) -> None:
    def fill(app: Starlette, _: Scope) -> None:
        app.state.stored.db.execute("UPDATE box SET prompt = 'en-US' WHERE prompt IS NULL")

    with serve(before=fill) as app:
        bulkvm("import", write_csv(folder / "a.csv", *ROWS), "--yes")
        edit(app, "6203", "prompt", "fr-FR")

        undone = bulkvm("undo", "last", "--yes")

        assert (undone.code, stored(app, "prompt")) == (1, {"6203": "fr-FR"})
    assert "Box 6203 was changed since the run in prompt" in undone.err


def test_another_box_that_has_the_number_since_is_kept_and_named(bulkvm: Bulkvm, pbx: Starlette, folder: Path) -> None:
    bulkvm("import", write_csv(folder / "a.csv", *ROWS), "--yes")
    edit(pbx, "6202", "id", "another")

    undone = bulkvm("undo", "last", "--yes")

    assert (undone.code, stored(pbx, "id")) == (1, {"6202": "another"})
    assert "Box 6202 of the run no longer exists. Another box has its number now, which is kept" in undone.err


@pytest.mark.parametrize(("verify", "code"), [(("--verify", "all", "--no-canary"), 9), ((), 7)])
def test_a_box_that_someone_changed_before_it_was_read_back_is_kept(
    bulkvm: Bulkvm, serve: Serve, folder: Path, verify: tuple[str, ...], code: int
) -> None:
    def rename(app: Starlette, scope: Scope) -> None:
        if scope["method"] == "GET" and scope["path"].count("/") == 3:
            app.state.stored.db.execute("UPDATE box SET name = 'By hand'")

    with serve(before=rename) as app:
        imported = bulkvm("import", write_csv(folder / "a.csv", *ROWS), "--yes", *verify)
        made = stored(app, "name")

        undone = bulkvm("undo", "last", "--yes")

        assert (imported.code, undone.code) == (code, 1)
        assert stored(app, "name") == made
        assert set(made.values()) == {"By hand"}
    assert "Box 6201 did not read back as it was sent in name" in undone.err


def test_a_box_that_a_later_run_created_after_a_killed_one_belongs_to_the_later_run(
    bulkvm: Bulkvm, pbx: Starlette, folder: Path
) -> None:
    sheet = write_csv(folder / "a.csv", *ROWS)
    bulkvm("import", sheet, "--yes", "--concurrency", "1")
    (journal,) = (folder.parent / "state" / "runs").glob("*.jsonl")
    lines = journal.read_text("utf-8").splitlines(keepends=True)
    ended = [n for n, line in enumerate(lines) if '"created"' in line]
    text = "".join(lines[: ended[0] + 1] + [line for line in lines if "begin" in line and "6202" in line])
    journal.write_text(text, "utf-8")
    for number in ("6202", "6203"):
        pbx.state.stored.db.execute("DELETE FROM box WHERE extension_number = ?", (number,))

    again = bulkvm("import", sheet, "--yes")
    third = bulkvm("import", sheet, "--yes")
    killed, later, *_ = names(bulkvm)
    undone = bulkvm("undo", killed, "--yes")

    assert (
        "The journal of the last import, of a.csv, has no end: the import was killed, or the journal was cut."
        in again.err
    )
    assert f"`bulkvm runs {killed} --result FILE`." in again.err
    assert "has no end" not in third.err
    assert (undone.code, list(stored(pbx))) == (1, ["6202", "6203"])
    assert f"Box 6202 was created by run {later}, so it is kept as it is." in undone.err


def test_an_undo_does_not_claim_that_no_journal_has_a_pin_that_an_earlier_run_set(
    bulkvm: Bulkvm, serve: Serve, folder: Path
) -> None:
    with serve("mask-stars:pin:both"):
        for name, pin in ("Old", "402817"), ("New", "582046"):
            sheet = write_csv(folder / "a.csv", ("6201", name, pin, "", ""))
            bulkvm("import", sheet, "--yes", "--max-changes", "100%")

        undone = bulkvm("undo", "last", "--yes")

    assert "1 of the boxes to update, and the run's journal has no former value, so the update leaves it" in undone.err


@pytest.mark.parametrize("behaviour", ["hide:pin:both", "omit:pin:both", "mask-stars:pin:both"])
def test_an_undo_of_an_undo_takes_pins_that_the_pbx_hides_from_the_first_run(
    bulkvm: Bulkvm, serve: Serve, folder: Path, behaviour: str
) -> None:
    with serve(behaviour) as app:
        bulkvm("import", write_csv(folder / "a.csv", *ROWS), "--yes")
        before = stored(app, "name", "pin")
        bulkvm("undo", "last", "--yes")
        between = stored(app)

        again = bulkvm("undo", names(bulkvm)[-1], "--yes")

        assert (between, again.code, stored(app, "name", "pin")) == ({}, 0, before)
    assert "box 6201 gets the value that an earlier run sent" in again.err
    assert not any(pin in again.err for _, _, pin, *_ in ROWS)


def test_an_update_is_undone_without_any_other_kind_and_what_an_update_leaves_open_is_reported(
    bulkvm: Bulkvm, serve: Serve, folder: Path
) -> None:
    with serve("omit:recipients:both", "updates:merge") as app:
        bulkvm("import", write_csv(folder / "a.csv", *ROWS), "--yes")
        before = stored(app, "name")
        bulkvm("import", write_csv(folder / "b.csv", *((row[0], "Other") for row in ROWS)), "--yes")

        undone = bulkvm("undo", names(bulkvm)[-1], "--yes")

        assert (undone.code, stored(app, "name")) == (0, before)
    assert "this PBX does not show Recipients for 3 of the boxes to update" in undone.err


def test_a_run_that_is_already_undone_is_reported_as_such_and_gets_no_second_result(
    bulkvm: Bulkvm, pbx: Starlette, folder: Path
) -> None:
    bulkvm("import", write_csv(folder / "a.csv", *ROWS), "--yes")
    bulkvm("undo", "last", "--yes")
    files, runs = sorted(folder.iterdir()), names(bulkvm)

    again = bulkvm("undo", "last", "--yes", "--json")

    assert again.code == 0
    assert f"Run {runs[0]} was already undone by {runs[1]}." in again.err
    assert (again.json["run"], again.json["counts"]["unchanged"]) == (None, 3)
    assert (sorted(folder.iterdir()), names(bulkvm)) == (files, runs)
    assert stored(pbx) == {}


def test_an_undo_that_cannot_blank_a_field_is_named_by_the_next_one(bulkvm: Bulkvm, serve: Serve, folder: Path) -> None:
    with serve("updates:merge") as app:
        bulkvm("import", write_csv(folder / "a.csv", *ROWS), "--yes")
        sheet = folder / "b.csv"
        sheet.write_text("extension_number,name,prompt\n6202,Other,de-DE\n", "utf-8")
        bulkvm("import", sheet, "--yes")
        first = bulkvm("undo", "last", "--yes")

        second = bulkvm("undo", "last", "--yes", "--json")

        assert stored(app, "name", "prompt")["6202"] == ("Desk 1", "de-DE")
    (row,) = second.json["rows"]
    (problem,) = second.json["problems"]
    assert (first.code, second.code, row["status"]) == (9, 1, "invalid")
    assert f"The undo {names(bulkvm)[-1]} restored box 6202 except for prompt" in problem["message"]


@pytest.mark.usefixtures("pbx")
@pytest.mark.parametrize("name", ["", " "])
def test_an_empty_run_name_is_refused(bulkvm: Bulkvm, pbx: Starlette, folder: Path, name: str) -> None:
    bulkvm("import", write_csv(folder / "a.csv", *ROWS), "--yes")

    undone, listed = bulkvm("undo", name, "--yes"), bulkvm("runs", name)

    assert (undone.code, listed.code, len(stored(pbx))) == (2, 2, 3)
    assert "empty" in undone.err


@pytest.mark.usefixtures("pbx")
def test_undo_last_fails_if_only_undos_are_left(bulkvm: Bulkvm, folder: Path) -> None:
    bulkvm("import", write_csv(folder / "a.csv", *ROWS), "--yes")
    bulkvm("undo", "last", "--yes")
    bulkvm("runs", "forget", names(bulkvm)[0], "--yes")

    undone = bulkvm("undo", "last", "--yes")

    assert undone.code == 2
    assert "There is no import to undo" in undone.err


def test_undo_with_yes_requires_the_full_name_of_a_run(bulkvm: Bulkvm, pbx: Starlette, folder: Path) -> None:
    bulkvm("import", write_csv(folder / "a.csv", *ROWS), "--yes")
    (run,) = names(bulkvm)

    beginning = bulkvm("undo", run[:-1], "--yes")
    whole = bulkvm("undo", run, "--yes")

    assert (beginning.code, whole.code, stored(pbx)) == (2, 0, {})
    assert f"full name of the run: {run}." in beginning.err


def test_a_run_continues_in_its_journal_until_the_undo_has_the_lock(bulkvm: Bulkvm, serve: Serve, folder: Path) -> None:
    """The rest of the journal is written while the undo asks which tenant it is at, before it takes the lock."""
    rest: list[tuple[Path, bytes]] = []

    def write_rest(_: Starlette, scope: Scope) -> None:
        if rest and scope.get("path") == "/api/tenant":
            file, content = rest.pop()
            file.write_bytes(content)

    with serve(before=write_rest) as app:
        bulkvm("import", write_csv(folder / "a.csv", *ROWS), "--yes", "--concurrency", "1")
        (journal,) = (folder.parent / "state" / "runs").glob("*.jsonl")
        whole = journal.read_bytes()
        lines = whole.splitlines(keepends=True)
        journal.write_bytes(b"".join(lines[:-5]))
        rest.append((journal, whole))

        undone = bulkvm("undo", "last", "--yes")

        assert (rest, undone.code, stored(app)) == ([], 0, {})


@pytest.mark.usefixtures("pbx")
def test_a_row_that_the_journal_lost_is_named_counted_and_not_done(
    bulkvm: Bulkvm, pbx: Starlette, folder: Path
) -> None:
    bulkvm("import", write_csv(folder / "a.csv", *ROWS), "--yes")
    renamed = [(number, f"New {number}", "", "", "") for number, *_ in ROWS]
    bulkvm("import", write_csv(folder / "b.csv", *renamed), "--yes", "--force", "--concurrency", "1")
    journal = max((folder.parent / "state" / "runs").glob("*.jsonl"))
    lines = journal.read_bytes().splitlines(keepends=True)
    (at,) = (n for n, line in enumerate(lines) if line.startswith(b'{"begin"') and b"New 6202" in line)
    journal.write_bytes(b"".join([*lines[:at], b"\0" * 40 + b"\n", *lines[at + 1 :]]))

    undone = bulkvm("undo", "last", "--yes", "--json")

    assert undone.code == 1
    assert [row["status"] for row in undone.json["rows"]] == ["updated", "invalid", "updated"]
    assert [(p["row"], p["code"]) for p in undone.json["problems"]] == [(3, "not-told")]
    assert stored(pbx, "name") == {"6201": "Desk 0", "6202": "New 6202", "6203": "Desk 2"}
    assert statuses(next(folder.glob("undo-*.xlsx"))) == ["updated", "invalid", "updated"]


@pytest.mark.parametrize("suffix", ["csv", "xlsx"])
@pytest.mark.parametrize("is_rebuilt", [False, True])
def test_the_result_of_an_undo_is_refused_as_a_sheet_and_shows_how_to_continue(
    bulkvm: Bulkvm,
    pbx: Starlette,
    folder: Path,
    suffix: str,
    is_rebuilt: bool,  # noqa: FBT001  (a case)
) -> None:
    bulkvm("import", write_csv(folder / "a.csv", *ROWS), "--yes")
    (run,) = names(bulkvm)
    pbx.state.faults = FaultRules(["422:destroy:2"])
    undone = bulkvm("undo", "last", "--yes", "--result", f"u.{suffix}", "--concurrency", "1")
    if is_rebuilt:
        bulkvm("runs", "last", "--result", f"u.{suffix}", "--overwrite")

    imported = bulkvm("import", f"u.{suffix}", "--yes")
    planned, validated = bulkvm("plan", f"u.{suffix}"), bulkvm("validate", f"u.{suffix}")
    again = bulkvm("undo", "last", "--yes")

    assert (undone.code, imported.code, planned.code, validated.code) == (1, 3, 3, 3)
    assert "this is the result of an undo" in imported.err
    assert "Result:" not in imported.err
    if suffix == "xlsx":
        shown = [str(cell) for row in load_workbook(folder / "u.xlsx")["bulkvm"].values for cell in row]
        assert any(f"undo the run {run} of the site " in cell for cell in shown)
        assert not any("import it again" in cell for cell in shown)
    assert (again.code, stored(pbx)) == (0, {})


def read(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8-sig", newline="") as opened:
        return list(csv.DictReader(opened))


def test_a_rebuilt_result_of_a_run_that_ended_early_holds_every_row_whole(
    bulkvm: Bulkvm, pbx: Starlette, folder: Path
) -> None:
    bulkvm("import", write_csv(folder / "a.csv", *ROWS), "--yes")
    sheet = folder / "b.csv"
    sheet.write_text(
        "Ext,Display Name,PIN\n" + "".join(f"{number},New {number},\n" for number, *_ in ROWS) + "6209,Other,12\n",
        "utf-8",
    )
    pbx.state.faults = FaultRules(["down(seconds=600):update:2-99"])
    options = ["--skip-invalid", "--yes", "--max-outage", "0.1", "--concurrency", "1", "--force"]
    ended = bulkvm("import", sheet, *options)
    pbx.state.faults = FaultRules()

    bulkvm("runs", "last", "--result", "r.csv")
    rebuilt = read(folder / "r.csv")
    again = bulkvm("import", "r.csv", "--skip-invalid", "--yes", "--json", "--force")

    assert ended.code != 0
    assert [row["name"] for row in rebuilt] == ["New 6201", "New 6202", "New 6203", "Other"]
    assert (rebuilt[3]["pin"], rebuilt[3]["bulkvm_status"]) == ("12", "invalid")
    assert "The PIN has 2 digits" in rebuilt[3]["bulkvm_message"]
    assert stored(pbx, "name") == {number: f"New {number}" for number, *_ in ROWS}
    assert again.json["counts"]["invalid"] == 1
    assert again.json["counts"]["updated"] + again.json["counts"]["unchanged"] == 3


@pytest.mark.parametrize("suffix", ["csv", "xlsx"])
def test_a_refused_cell_is_refused_in_a_rebuilt_result_too(
    bulkvm: Bulkvm, pbx: Starlette, folder: Path, suffix: str
) -> None:
    book = Workbook()
    sheet = book.create_sheet("Boxes", 0)
    for row in [["extension_number", "name", "pin"], [6201, "Good", "402817"], [12345678901234567, "Lost", "582046"]]:
        sheet.append(row)
    book.save(folder / "a.xlsx")
    bulkvm("import", "a.xlsx", "--yes", "--skip-invalid")

    bulkvm("runs", "last", "--result", f"r.{suffix}")
    again = bulkvm("import", f"r.{suffix}", "--yes", "--skip-invalid", "--json")

    assert [row["status"] for row in again.json["rows"]] == ["unchanged", "invalid"]
    assert list(stored(pbx)) == ["6201"]


def test_values_that_a_journal_of_0_1_0_lacks_cannot_be_imported_by_mistake(
    bulkvm: Bulkvm, pbx: Starlette, folder: Path
) -> None:
    bulkvm("import", write_csv(folder / "a.csv", ("6206", "Ward 4", "517394", "", "")), "--yes")
    journals = folder.parent / "state" / "runs"
    (journals / "20261101T000000.000Z-old.jsonl").write_bytes(
        (Path(__file__).parents[1] / "runs" / "journal_of_0_1_0.jsonl").read_bytes()
    )

    bulkvm("runs", "2026", "--result", "all.csv")
    rebuilt = bulkvm("runs", "20261127T234057.672Z", "--result", "r.csv")
    imported = bulkvm("import", "r.csv", "--yes")

    rows = {row["bulkvm_status"]: row for row in read(folder / "r.csv")}
    assert (rebuilt.code, imported.code) == (0, 3)
    assert rows["not sent"]["extension_number"] == rows["invalid"]["extension_number"] == ""
    assert "only the extension of this row, 6206. Copy the row from b.csv" in rows["not sent"]["bulkvm_message"]
    assert stored(pbx, "name") == {"6206": "Ward 4"}


@pytest.mark.parametrize("suffix", ["csv", "xlsx"])
def test_a_result_has_only_the_generated_pins_that_the_pbx_has(
    bulkvm: Bulkvm, pbx: Starlette, folder: Path, suffix: str
) -> None:
    rows = [(number, name, "", "", "") for number, name, *_ in ROWS]
    pbx.state.faults = FaultRules(["422:create:2"])
    options = ["--generate-pins", "--yes", "--concurrency", "1"]
    bulkvm("import", write_csv(folder / "a.csv", *rows), *options, "--result", f"r.{suffix}")
    first = pins(folder / f"r.{suffix}")

    bulkvm("import", f"r.{suffix}", *options, "--result", f"again.{suffix}")

    on_the_pbx = list(stored(pbx, "pin").values())
    assert (first[0], first[1], first[2]) == (on_the_pbx[0], "", on_the_pbx[2])
    assert pins(folder / f"again.{suffix}") == on_the_pbx


def pins(file: Path) -> list[str]:
    if file.suffix == ".csv":
        return [row["bulkvm_pin"] for row in read(file)]
    sheet = next(sheet for sheet in load_workbook(file) if sheet.title != "bulkvm")
    headings, *rows = sheet.values
    return [str(row[list(headings).index("bulkvm_pin")] or "") for row in rows]


def cut_journal(folder: Path, last: bytes) -> None:
    """Cut the journal of the only run after the first line that begins like this."""
    (journal,) = (folder.parent / "state" / "runs").glob("*.jsonl")
    lines = journal.read_bytes().splitlines(keepends=True)
    at = next(n for n, line in enumerate(lines) if line.startswith(last))
    journal.write_bytes(b"".join(lines[: at + 1]))


def test_an_undo_of_a_truncated_journal_is_limited_to_its_records_and_reports_that(
    bulkvm: Bulkvm, pbx: Starlette, folder: Path
) -> None:
    bulkvm("import", write_csv(folder / "a.csv", *ROWS), "--yes", "--concurrency", "1")
    cut_journal(folder, b'{"end"')

    listed = bulkvm("runs")
    rebuilt = bulkvm("runs", "last", "--result", "r.csv")
    undone = bulkvm("undo", "last", "--yes")

    assert "the journal has no end: the run was killed, or the journal was cut" in listed.out
    assert (rebuilt.code, undone.code, list(stored(pbx))) == (0, 0, ["6202", "6203"])
    assert "The journal has no record that this row was sent" in (folder / "r.csv").read_text("utf-8-sig")
    assert "Changes that it does not record are not undone." in undone.err


def test_a_journal_that_lost_all_its_changes_does_not_show_that_there_were_none(
    bulkvm: Bulkvm, pbx: Starlette, folder: Path
) -> None:
    bulkvm("import", write_csv(folder / "a.csv", *ROWS), "--yes", "--concurrency", "1")
    cut_journal(folder, b'{"row"')

    undone = bulkvm("undo", "last", "--yes")

    assert (undone.code, len(stored(pbx))) == (0, 3)
    assert "changed nothing" not in undone.err
    assert "records no change" in undone.err
    assert "Changes that it does not record are not undone." in undone.err
