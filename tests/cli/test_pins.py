"""The list of new PINs for a mail merge."""

import csv
import json
import os
import stat
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import openpyxl
import pytest
from starlette.applications import Starlette

from bulkvm.model.outcome import Status
from bulkvm.simulator import FaultRules
from tests.cli.program import Bulkvm, Serve, stored
from tests.cli.sheet_files import statuses, write_csv

HEADINGS = ("Name", "Extension", "PIN", "E-mail")
ROWS = (
    ("6201", "Front Desk", "024680", "desk@example.com; second@example.com", "yes"),
    ("6202", "  Müller  ", "2580", "mueller@example.com", "yes"),
    ("6203", "=Lab", "", "", ""),
)


def listed(file: Path) -> list[tuple[str, ...]]:
    if file.suffix == ".csv":
        with file.open(encoding="utf-8-sig", newline="") as opened:
            return [tuple(cell.removeprefix("'") for cell in row) for row in csv.reader(opened)]
    sheet = openpyxl.load_workbook(file).worksheets[0]
    return [tuple(str(cell or "") for cell in row) for row in sheet.iter_rows(values_only=True)]


@pytest.mark.parametrize("output", ["letters.xlsx", "letters.csv"])
@pytest.mark.parametrize("result", ["r.xlsx", "r.csv", "last"])
def test_the_list_has_the_new_pins_of_a_result_or_a_run(
    bulkvm: Bulkvm, pbx: Starlette, folder: Path, result: str, output: str
) -> None:
    written = result if result != "last" else "r.xlsx"
    sheet = write_csv(folder / "a.csv", *ROWS)
    bulkvm("import", sheet, "--replace-pins", "--generate-pins", "--yes", "--result", written)

    ended = bulkvm("pins", result, "--output", output)

    pins, port = stored(pbx, "pin"), os.environ["BULKVM_URL"].rpartition(":")[2]
    assert ended.code == 0
    assert listed(folder / output) == [
        HEADINGS,
        ("Front Desk", "6201", "024680", "desk@example.com"),
        ("Müller", "6202", pins["6202"], "mueller@example.com"),
        ("=Lab", "6203", pins["6203"], ""),
    ]
    assert stat.S_IMODE((folder / output).stat().st_mode) == 0o600
    assert f"3 PINs of Simulated clinic (simulator.example) on localhost:{port}: {output}\nDelete {output}" in ended.err
    assert not [pin for pin in pins.values() if pin in f"{ended.out}{ended.err}"]


def test_only_boxes_with_a_new_pin_are_listed(bulkvm: Bulkvm, pbx: Starlette, folder: Path) -> None:
    bulkvm("import", write_csv(folder / "a.csv", ROWS[0]), "--yes")
    pbx.state.faults = FaultRules(["422:create:2"])
    rows = (
        ("6201", "Reception", "", "", ""),
        ("6301", "Taken", "", "", ""),
        *ROWS[1:],
        ("6204", "Refused", "", "", ""),
    )
    bulkvm(
        "import", write_csv(folder / "b.csv", *rows), "--replace-pins", "--generate-pins", "--skip-taken", "--yes",
        "--concurrency", "1", "--max-errors", "9", "--result", "r.xlsx",
    )  # fmt: skip

    for result in ("r.xlsx", "last"):
        output = folder / f"{result}.csv"
        assert bulkvm("pins", result, "--output", output).code == 0
        assert len(listed(output)) == 3
        assert {row[1] for row in listed(output)} < {"Extension", "6202", "6203", "6204"}


@pytest.mark.usefixtures("pbx")
def test_a_restored_zero_is_in_the_list(bulkvm: Bulkvm, folder: Path) -> None:
    sheet = write_csv(folder / "a.csv", ("6201", "Front Desk", "24680", "", ""))
    bulkvm("import", sheet, "--fix", "leading-zeros", "--yes", "--result", "r.xlsx")

    for result in ("r.xlsx", "last"):
        bulkvm("pins", result, "--output", f"{result}.csv")
        assert listed(folder / f"{result}.csv")[1][2] == "024680"


@pytest.mark.usefixtures("pbx")
def test_a_result_that_was_imported_again_keeps_its_new_pins(bulkvm: Bulkvm, folder: Path) -> None:
    bulkvm("import", write_csv(folder / "a.csv", *ROWS), "--replace-pins", "--generate-pins", "--yes")
    bulkvm("import", "a.result.xlsx", "--replace-pins", "--yes", "--result", "again.xlsx")

    assert bulkvm("pins", "again.xlsx", "--output", "letters.csv").code == 0
    assert [row[1] for row in listed(folder / "letters.csv")[1:]] == ["6201", "6202", "6203"]


@pytest.mark.parametrize("options", [["--replace-pins", "--generate-pins"], []], ids=["replaced again", "as it is"])
def test_a_recreated_result_that_was_imported_again_keeps_its_new_pins(
    bulkvm: Bulkvm, pbx: Starlette, folder: Path, options: list[str]
) -> None:
    bulkvm("import", write_csv(folder / "a.csv", *ROWS), "--replace-pins", "--generate-pins", "--yes")
    bulkvm("runs", "last", "--result", "rebuilt.xlsx")
    bulkvm("import", "rebuilt.xlsx", *options, "--yes", "--result", "again.xlsx")

    assert bulkvm("pins", "again.xlsx", "--output", "letters.csv").code == 0
    pins = {row[1]: row[2] for row in listed(folder / "letters.csv")[1:]}
    assert pins == stored(pbx, "pin")


def test_a_pin_that_the_pbx_no_longer_has_is_not_listed(bulkvm: Bulkvm, pbx: Starlette, folder: Path) -> None:
    bulkvm("import", write_csv(folder / "a.csv", *ROWS), "--replace-pins", "--generate-pins", "--yes")
    with pbx.state.stored.db as db:
        db.execute("UPDATE box SET pin = '739402' WHERE extension_number IN ('6201', '6202')")
    bulkvm("import", "a.result.xlsx", "--replace-pins", "--yes", "--result", "again.xlsx")

    ended = bulkvm("pins", "again.xlsx", "--output", "letters.csv")

    assert [row[1] for row in listed(folder / "letters.csv")[1:]] == ["6203"]
    assert "2 rows not listed: the box existed before this import, which did not set its PIN." in ended.err


@pytest.mark.parametrize("result", ["b.xlsx", "last"])
def test_rows_that_an_earlier_run_created_are_counted(
    bulkvm: Bulkvm, pbx: Starlette, folder: Path, result: str
) -> None:
    sheet = write_csv(folder / "a.csv", *ROWS)
    pbx.state.faults = FaultRules(["422:create:3"])
    again = "--replace-pins", "--generate-pins", "--yes", "--concurrency", "1", "--max-errors", "9"
    bulkvm("import", sheet, *again)
    bulkvm("import", sheet, *again, "--result", "b.xlsx")

    ended = bulkvm("pins", result, "--output", "letters.csv")

    assert len(listed(folder / "letters.csv")) == 2
    assert (
        "2 rows not listed: the box existed before this import, which did not set its PIN. If an earlier" in ended.err
    )


@pytest.mark.parametrize("pins", ["4-6", "12-14"])
@pytest.mark.parametrize("suffix", ["xlsx", "csv"])
def test_pins_of_another_length_are_listed_after_their_result_was_imported_again(
    bulkvm: Bulkvm, serve: Serve, folder: Path, pins: str, suffix: str
) -> None:
    own = "2580" if pins == "4-6" else "482915738204"
    options = "--replace-pins", "--generate-pins", "--yes"
    with serve(f"pins:{pins}") as app:
        bulkvm("import", write_csv(folder / "a.csv", (*ROWS[0][:2], own, "", ""), ROWS[2]), *options)
        bulkvm("import", "a.result.xlsx", *options, "--result", f"again.{suffix}")

        ended = bulkvm("pins", f"again.{suffix}", "--output", "letters.csv")

        assert ended.code == 0
        assert {row[1]: row[2] for row in listed(folder / "letters.csv")[1:]} == stored(app, "pin")


@pytest.mark.usefixtures("pbx")
def test_an_import_that_created_nothing_refers_to_the_run_that_did(bulkvm: Bulkvm, folder: Path) -> None:
    sheet = write_csv(folder / "a.csv", *ROWS)
    for _ in range(2):
        bulkvm("import", sheet, "--replace-pins", "--generate-pins", "--yes")

    ended = bulkvm("pins", "last", "--output", "letters.csv")

    assert ended.code == 2
    assert "no list was written. 3 rows not listed: the box existed before this import, which" in ended.err


def run_names(bulkvm: Bulkvm) -> list[str]:
    """The names of all runs, the oldest first."""
    return [run["run"] for run in bulkvm("runs", "--json").json["runs"]]


@pytest.mark.usefixtures("pbx")
@pytest.mark.parametrize("result", ["r.xlsx", "r.csv", "run"])
def test_boxes_that_an_undo_deleted_are_named_and_not_listed(bulkvm: Bulkvm, folder: Path, result: str) -> None:
    written = "r.xlsx" if result == "run" else result
    bulkvm("import", write_csv(folder / "a.csv", ROWS[0]), "--yes", "--result", written)
    (run,) = run_names(bulkvm)
    bulkvm("undo", "last", "--yes")

    ended = bulkvm("pins", run if result == "run" else result, "--output", "letters.csv")

    assert ended.code == 2
    assert f"1 box not listed: 6201. Deleted by the run {run_names(bulkvm)[-1]}." in ended.err
    assert not (folder / "letters.csv").exists()


def test_the_pins_of_boxes_that_were_deleted_and_created_again_are_listed(
    bulkvm: Bulkvm, pbx: Starlette, folder: Path
) -> None:
    bulkvm("import", write_csv(folder / "a.csv", ROWS[0]), "--yes", "--result", "r.xlsx")
    bulkvm("undo", "last", "--yes")
    bulkvm("undo", run_names(bulkvm)[-1], "--yes")

    ended = bulkvm("pins", "r.xlsx", "--output", "letters.csv")

    assert (ended.code, "not listed" in ended.err) == (0, False)
    assert [row[2] for row in listed(folder / "letters.csv")[1:]] == [stored(pbx, "pin")["6201"]]


@pytest.mark.parametrize(
    ("suffix", "behave"), [("xlsx", []), ("csv", ["hide:pin:both"])], ids=["PINs are shown", "PINs are hidden"]
)
def test_a_pin_that_a_later_run_changed_is_listed_by_that_run_alone(
    bulkvm: Bulkvm, serve: Serve, folder: Path, suffix: str, behave: list[str]
) -> None:
    with serve(*behave):
        bulkvm("import", write_csv(folder / "a.csv", *ROWS[:2]), "--replace-pins", "--yes", "--result", f"r.{suffix}")
        sheet = write_csv(folder / "b.csv", ("6201", "", "739402", "", ""), ("6209", "New", "582046", "", ""))
        bulkvm("import", sheet, "--yes", "--result", f"later.{suffix}")
        first, later = run_names(bulkvm)

        for number, result in enumerate((f"r.{suffix}", first)):
            ended = bulkvm("pins", result, "--output", f"{number}.csv")
            assert [row[1] for row in listed(folder / f"{number}.csv")[1:]] == ["6202"]
            assert f"1 box not listed: 6201. The PIN was changed later by the run {later}" in ended.err
        for number, result in enumerate((f"later.{suffix}", later), start=2):
            ended = bulkvm("pins", result, "--output", f"{number}.csv")
            assert "not listed" not in ended.err
            assert listed(folder / f"{number}.csv")[1:] == [
                ("Front Desk", "6201", "739402", "desk@example.com"),
                ("New", "6209", "582046", ""),
            ]


@pytest.mark.parametrize("suffix", ["xlsx", "csv"])
@pytest.mark.parametrize("rows", [ROWS[:1], ROWS[:2]], ids=["some boxes", "all boxes"])
def test_the_same_sheet_in_another_pbx_does_not_hide_what_a_run_changed(
    bulkvm: Bulkvm, serve: Serve, folder: Path, suffix: str, rows: Sequence[tuple[str, ...]]
) -> None:
    with serve():
        bulkvm("import", write_csv(folder / "a.csv", *ROWS[:2]), "--replace-pins", "--yes", "--result", f"r.{suffix}")
        bulkvm("import", write_csv(folder / "b.csv", ("6202", "", "739402", "", "")), "--yes")
    with serve():
        assert bulkvm("import", write_csv(folder / "c.csv", *rows), "--replace-pins", "--yes").code == 0

    ended = bulkvm("pins", f"r.{suffix}", "--output", "letters.csv")

    assert ended.code == 0
    assert [row[1:3] for row in listed(folder / "letters.csv")[1:]] == [("6201", "024680")]
    assert f"1 box not listed: 6202. The PIN was changed later by the run {run_names(bulkvm)[1]}" in ended.err


@pytest.mark.parametrize("suffix", ["xlsx", "csv"])
@pytest.mark.parametrize("is_lost", [False, True], ids=["created", "may have been created"])
def test_the_pin_of_a_box_that_was_deleted_elsewhere_is_listed_by_the_run_that_created_it_again(
    bulkvm: Bulkvm, pbx: Starlette, folder: Path, suffix: str, *, is_lost: bool
) -> None:
    sheet = write_csv(folder / "a.csv", *ROWS[:2])
    bulkvm("import", sheet, "--replace-pins", "--yes", "--result", f"r.{suffix}")
    with pbx.state.stored.db as db:
        db.execute("DELETE FROM box WHERE extension_number = '6202'")
    pbx.state.faults = FaultRules(["reset-after:create:1", "503:list:4-99"] if is_lost else [])
    impatient = "--retries", "2", "--max-outage", "0.2"
    bulkvm("import", sheet, "--replace-pins", "--yes", "--result", f"later.{suffix}", *impatient)
    pbx.state.faults = FaultRules([])
    if is_lost:
        bulkvm("import", write_csv(folder / "b.csv", ("6202", "Lab", "", "", "")), "--yes")
    first, later = run_names(bulkvm)[:2]

    for number, result in enumerate((f"r.{suffix}", first)):
        ended = bulkvm("pins", result, "--output", f"{number}.csv")
        assert [row[1] for row in listed(folder / f"{number}.csv")[1:]] == ["6201"]
        assert f"1 box not listed: 6202. The PIN was changed later by the run {later}: `bulkvm pins" in ended.err
    bulkvm("pins", f"later.{suffix}", "--output", "letters.csv")
    assert [row[1:3] for row in listed(folder / "letters.csv")[1:]] == [("6202", stored(pbx, "pin")["6202"])]


@pytest.mark.usefixtures("pbx")
@pytest.mark.parametrize("suffix", ["xlsx", "csv"])
def test_a_letter_has_the_name_and_the_address_that_a_later_run_set(bulkvm: Bulkvm, folder: Path, suffix: str) -> None:
    bulkvm("import", write_csv(folder / "a.csv", *ROWS[:2]), "--replace-pins", "--yes", "--result", f"r.{suffix}")
    (first,) = run_names(bulkvm)
    new = ("6201", "Reception", "", "new@example.com", "yes"), ("6202", "", "", "<clear>", "no")
    bulkvm("import", write_csv(folder / "b.csv", *new), "--yes")

    def letters() -> list[list[tuple[str, str]]]:
        found = []
        for result in (f"r.{suffix}", first):
            assert bulkvm("pins", result, "--output", "letters.csv").code == 0
            found.append([(row[0], row[3]) for row in listed(folder / "letters.csv")[1:]])
            (folder / "letters.csv").unlink()
        return found

    assert letters() == [[("Reception", "new@example.com"), ("Müller", "")]] * 2
    bulkvm("undo", "last", "--yes")
    assert letters() == [[("Front Desk", "desk@example.com"), ("Müller", "mueller@example.com")]] * 2


@pytest.mark.usefixtures("folder")
def test_the_pin_of_a_box_that_was_replaced_elsewhere_is_not_listed_once_a_run_has_seen_that(
    bulkvm: Bulkvm, serve: Serve, folder: Path
) -> None:
    with serve("hide:pin:both") as app:
        bulkvm("import", write_csv(folder / "a.csv", *ROWS[:2]), "--replace-pins", "--yes", "--result", "r.csv")
        with app.state.stored.db as db:
            db.execute("UPDATE box SET id = '987654321', pin = '739402' WHERE extension_number = '6202'")
        bulkvm("import", write_csv(folder / "b.csv", ("6202", "Lab", "", "", "")), "--keep-unseen", "--yes")

        ended = bulkvm("pins", "r.csv", "--output", "letters.csv")

        assert [row[1] for row in listed(folder / "letters.csv")[1:]] == ["6201"]
        assert "1 box not listed: 6202. The PBX showed another box with this extension later, whose PIN" in ended.err


@pytest.mark.parametrize("suffix", ["xlsx", "csv"])
def test_a_pin_is_listed_again_after_the_run_that_changed_it_was_undone(
    bulkvm: Bulkvm, pbx: Starlette, folder: Path, suffix: str
) -> None:
    bulkvm("import", write_csv(folder / "a.csv", ROWS[0]), "--yes", "--result", f"r.{suffix}")
    sheet = write_csv(folder / "b.csv", ("6201", "Front Desk", "739402", "", ""))
    bulkvm("import", sheet, "--yes", "--result", f"later.{suffix}")
    bulkvm("undo", "last", "--yes")

    ended = bulkvm("pins", f"r.{suffix}", "--output", "letters.csv")
    later = bulkvm("pins", f"later.{suffix}", "--output", "later.letters.csv")
    undo = bulkvm("pins", run_names(bulkvm)[-1], "--output", "undo.letters.csv")

    assert (ended.code, "not listed" in ended.err) == (0, False)
    assert [row[2] for row in listed(folder / "letters.csv")[1:]] == [stored(pbx, "pin")["6201"]]
    assert (later.code, undo.code) == (2, 0)
    assert listed(folder / "undo.letters.csv") == listed(folder / "letters.csv")
    assert f"6201. The PIN was changed later by the run {run_names(bulkvm)[-1]}" in later.err


def test_a_pin_that_something_else_changed_is_not_listed_once_a_run_has_seen_that(
    bulkvm: Bulkvm, pbx: Starlette, folder: Path
) -> None:
    bulkvm("import", write_csv(folder / "a.csv", *ROWS[:2]), "--replace-pins", "--yes", "--result", "r.xlsx")
    with pbx.state.stored.db as db:
        db.execute("UPDATE box SET pin = '739402' WHERE extension_number = '6201'")
    bulkvm("import", write_csv(folder / "b.csv", ("6201", "Reception", "", "", "")), "--yes")

    ended = bulkvm("pins", "r.xlsx", "--output", "letters.csv")

    assert [row[1] for row in listed(folder / "letters.csv")[1:]] == ["6202"]
    assert "1 box not listed: 6201. The PBX showed another PIN later, which bulkvm did not set." in ended.err


def test_a_pin_that_the_pbx_does_not_show_is_current_although_a_sheet_has_another(
    bulkvm: Bulkvm, serve: Serve, folder: Path
) -> None:
    with serve("hide:pin:both") as app:
        bulkvm("import", write_csv(folder / "a.csv", ROWS[0]), "--yes", "--result", "r.csv")
        for name in ("Front Desk", "Reception"):
            bulkvm("import", write_csv(folder / "b.csv", ("6201", name, "739402", "", "")), "--keep-unseen", "--yes")

        ended = bulkvm("pins", "r.csv", "--output", "letters.csv")

        assert (ended.code, "not listed" in ended.err) == (0, False)
        assert [row[2] for row in listed(folder / "letters.csv")[1:]] == [stored(app, "pin")["6201"]]


def test_the_pin_of_a_former_box_is_not_kept_for_another_box_whose_pin_is_not_shown(
    bulkvm: Bulkvm, serve: Serve, folder: Path
) -> None:
    sheet = write_csv(folder / "a.csv", *ROWS[:2])
    with serve("hide:pin:both") as app:
        bulkvm("import", sheet, "--replace-pins", "--yes", "--result", "first.csv")
        bulkvm("undo", "last", "--yes")
        bulkvm("import", sheet, "--replace-pins", "--yes", "--result", "second.csv")
        bulkvm("import", "first.csv", "--replace-pins", "--yes", "--result", "again.csv")

        ended = bulkvm("pins", "again.csv", "--output", "again.letters.csv")
        bulkvm("pins", "second.csv", "--output", "letters.csv")

        assert (ended.code, "2 rows not listed: the box existed before" in ended.err) == (2, True)
        assert {row[1]: row[2] for row in listed(folder / "letters.csv")[1:]} == stored(app, "pin")


@pytest.mark.usefixtures("pbx")
def test_boxes_that_are_gone_are_not_listed_after_an_import_of_failed_rows(bulkvm: Bulkvm, folder: Path) -> None:
    bulkvm("import", write_csv(folder / "a.csv", ROWS[0], ("6202", "B", "1", "", "")), "--yes", "--skip-invalid")
    bulkvm("undo", "last", "--yes")
    text = bulkvm("import", "a.result.xlsx", "--only-failed", "--replace-pins", "--yes", "--result", "again.csv").err

    ended = bulkvm("pins", "again.csv", "--output", "letters.csv")

    assert "the boxes of 1 row that an earlier run completed no longer exist (first in row 2)" in text
    assert [row[1] for row in listed(folder / "letters.csv")[1:]] == ["6202"]
    assert "1 box not listed: 6201. Deleted by the run" in ended.err


def kill_run(folder: Path, bulkvm: Bulkvm, number: str) -> str:
    """Cut the journal of the last run as if it had been killed before the answer for a box, and return its name."""
    name = run_names(bulkvm)[-1]
    (file,) = (folder.parent / "state").rglob(f"{name}.jsonl")
    lines = file.read_bytes().splitlines(keepends=True)
    parsed = map(json.loads, lines)
    kept = [
        line
        for line, read in zip(lines, parsed, strict=True)
        if "done" not in read and read.get("end", {}).get("extension_number") != number
    ]
    assert len(kept) == len(lines) - 2
    file.write_bytes(b"".join(kept))
    return name


def pins_of(bulkvm: Bulkvm, folder: Path, *results: str) -> tuple[list[tuple[str, str]], list[str]]:
    """The extensions and PINs in the lists of several results or runs, and all messages."""
    pins: list[tuple[str, str]] = []
    messages = []
    for result in results:
        ended = bulkvm("pins", result, "--output", "some.csv")
        messages.append(ended.err)
        if ended.code == 0:
            pins += [(row[1], row[2]) for row in listed(folder / "some.csv")[1:]]
            (folder / "some.csv").unlink()
    return sorted(pins), messages


@pytest.mark.parametrize("again", ["the same sheet", "its result"])
@pytest.mark.parametrize("is_done", [True, False], ids=["done", "not done"])
@pytest.mark.parametrize(
    ("pin", "behave"),
    [("739402", []), ("", []), ("", ["hide:pin:both"])],
    ids=["update", "create", "create, PINs are hidden"],
)
def test_the_advice_about_a_run_that_was_killed_leads_to_one_right_letter_for_each_box(
    bulkvm: Bulkvm, serve: Serve, folder: Path, behave: list[str], pin: str, again: str, *, is_done: bool
) -> None:
    with serve(*behave) as app:
        if pin:
            bulkvm(
                "import", write_csv(folder / "old.csv", ("6202", "Old", "582046", "old@example.com", "yes")), "--yes"
            )
        before = stored(app, "name", "pin", "recipients")
        sheet = write_csv(folder / "a.csv", ROWS[0], ("6202", "New", pin, "new@example.com", "yes"))
        options = "--generate-pins", "--max-changes", "100%", "--yes"
        bulkvm("import", sheet, *options, "--result", "lost.xlsx")
        killed = kill_run(folder, bulkvm, "6202")
        if not is_done:
            set_back(app, before)
        bulkvm("runs", killed, "--result", "r.csv")

        first = [pins_of(bulkvm, folder, result) for result in (killed, "r.csv")]
        for pins, (message,) in first:
            assert [number for number, _ in pins] == ["6201"]
            assert "1 box not listed: 6202. The box may have this PIN: it is not known what the PBX did. Im" in message
        bulkvm("import", sheet if again == "the same sheet" else "r.csv", *options, "--result", "again.csv")
        for result in (killed, "r.csv"):
            pins, messages = pins_of(bulkvm, folder, result, run_names(bulkvm)[-1])
            assert dict(pins) == stored(app, "pin")
            assert not any("may have" in message for message in messages)
            assert len(pins) == 2 or result == "r.csv" or behave  # PINs that are hidden are sent by both runs


def set_back(app: Starlette, boxes: Mapping[str, tuple[str, ...]]) -> None:
    """Give the box 6202 its former values, or delete it."""
    with app.state.stored.db as db:
        db.execute("DELETE FROM box WHERE extension_number = '6202'" if "6202" not in boxes else
                   "UPDATE box SET name = ?, pin = ?, recipients = ? WHERE extension_number = '6202'",
                   boxes.get("6202", ()))  # fmt: skip


@pytest.mark.parametrize("is_done", [True, False], ids=["done", "not done"])
@pytest.mark.parametrize("suffix", ["xlsx", "csv"])
def test_a_letter_has_only_a_name_and_an_address_that_are_certain(
    bulkvm: Bulkvm, pbx: Starlette, folder: Path, suffix: str, *, is_done: bool
) -> None:
    bulkvm("import", write_csv(folder / "a.csv", *ROWS[:2]), "--replace-pins", "--yes", "--result", f"r.{suffix}")
    (first,) = run_names(bulkvm)
    before = stored(pbx, "name", "pin", "recipients")
    sheet = write_csv(folder / "b.csv", ("6202", "New", "", "new@example.com", "yes"))
    options = "--max-changes", "100%", "--yes"
    bulkvm("import", sheet, *options)
    killed = kill_run(folder, bulkvm, "6202")
    if not is_done:
        set_back(pbx, before)

    def letters() -> set[tuple[tuple[str, ...], ...]]:
        found = set()
        for result in (f"r.{suffix}", first):
            ended = bulkvm("pins", result, "--output", "letters.csv")
            found.add((*(row[::3] for row in listed(folder / "letters.csv")[1:]), (ended.err,)))
            (folder / "letters.csv").unlink()
        return found

    ((desk, (message,)),) = letters()
    assert desk == ("Front Desk", "desk@example.com")
    assert (
        f"1 box not listed: 6202. The run {killed} may have changed the name or the addresses: it is not known what "
        f"the PBX did. Import the result of that run again (`bulkvm runs {killed} --result FILE` writes it), then run"
    ) in message
    bulkvm("import", sheet, *options)
    ((_, other, (message,)),) = letters()
    assert other == ("New", "new@example.com")
    assert "not listed" not in message


@pytest.mark.parametrize("is_done", [True, False], ids=["done", "not done"])
def test_the_advice_about_an_undo_that_was_killed_leads_to_right_letters(
    bulkvm: Bulkvm, pbx: Starlette, folder: Path, *, is_done: bool
) -> None:
    bulkvm("import", write_csv(folder / "old.csv", ("6202", "Old", "582046", "old@example.com", "yes")), "--yes")
    sheet = write_csv(folder / "a.csv", ROWS[0], ("6202", "New", "739402", "new@example.com", "yes"))
    bulkvm("import", sheet, "--max-changes", "100%", "--yes")
    before = stored(pbx, "name", "pin", "recipients")
    bulkvm("undo", run_names(bulkvm)[-1], "--yes")
    kill_run(folder, bulkvm, "6202")
    if not is_done:
        set_back(pbx, before)

    names = run_names(bulkvm)
    pins, messages = pins_of(bulkvm, folder, *names)
    assert pins == []
    assert all("`bulkvm export FILE` and import this file, which changes nothing" in message for message in messages)
    bulkvm("export", "all.csv")
    assert bulkvm("import", "all.csv", "--yes", "--json").json["counts"]["unchanged"] == len(stored(pbx, "pin"))
    pins, messages = pins_of(bulkvm, folder, *names)

    assert ("6202", stored(pbx, "pin")["6202"]) in pins
    assert dict(pins) == stored(pbx, "pin")
    assert not any("may have" in message for message in messages)


@pytest.mark.usefixtures("pbx")
def test_a_box_that_an_undo_may_have_deleted_gets_no_letter(bulkvm: Bulkvm, folder: Path) -> None:
    bulkvm("import", write_csv(folder / "a.csv", *ROWS[:1], ("6202", "New", "739402", "", "")), "--yes")
    (name,) = run_names(bulkvm)
    bulkvm("undo", name, "--yes")
    killed = kill_run(folder, bulkvm, "6202")

    pins, (message,) = pins_of(bulkvm, folder, name)

    assert pins == []
    assert (
        f"1 box not listed: 6202. The run {killed} may have deleted it: it is not known what the PBX did. If the box "
        f"still exists, `bulkvm undo {name}` deletes it."
    ) in message


def edit(file: Path, change: Callable[[list[list[object]]], None]) -> None:
    """Edit the rows of a result, with its headings first."""
    if file.suffix == ".csv":
        with file.open(encoding="utf-8-sig", newline="") as opened:
            table: list[list[object]] = [list(row) for row in csv.reader(opened)]
        change(table)
        with file.open("w", encoding="utf-8", newline="") as opened:
            csv.writer(opened).writerows(table)
        return
    book = openpyxl.load_workbook(file)
    sheet = next(s for s in book if s.title != "bulkvm")
    table = [list(row) for row in sheet.iter_rows(values_only=True)]
    change(table)
    for number, row in enumerate(table, start=1):
        for place, value in enumerate(row, start=1):
            sheet.cell(number, place).value = value  # type: ignore[assignment]
    book.save(file)


def swapped(heading: str, other: int) -> Callable[[list[list[object]]], None]:
    """Exchange the cells of a column in the first and another row."""

    def change(table: list[list[object]]) -> None:
        place = table[0].index(heading)
        table[1][place], table[other][place] = table[other][place], table[1][place]

    return change


def copied(table: list[list[object]]) -> None:
    table.append(list(table[1]))


@pytest.mark.usefixtures("pbx")
@pytest.mark.parametrize("suffix", ["xlsx", "csv"])
def test_a_column_that_was_sorted_separately_is_refused(bulkvm: Bulkvm, folder: Path, suffix: str) -> None:
    old = ("6204", "Old", "402819", "", "")
    bulkvm("import", write_csv(folder / "z.csv", old), "--yes")
    bulkvm("import", write_csv(folder / "a.csv", *ROWS, old), "--replace-pins", "--generate-pins", "--yes",
           "--result", f"r.{suffix}")  # fmt: skip
    headings = dict.fromkeys(("extension_number", "name", "pin", "recipients", "bulkvm_pin", "bulkvm_id"), 2)
    headings |= {"bulkvm_status": 4} if suffix == "xlsx" else {}  # a CSV file does not name the run

    for heading, other in headings.items():
        edit(folder / f"r.{suffix}", swapped(heading, other))
        ended = bulkvm("pins", f"r.{suffix}", "--output", "letters.csv")
        edit(folder / f"r.{suffix}", swapped(heading, other))

        assert ended.code == 3, heading
        assert "columns were sorted separately" in ended.err
        assert not (folder / "letters.csv").exists()
    assert bulkvm("pins", f"r.{suffix}", "--output", "letters.csv").code == 0


@pytest.mark.usefixtures("pbx")
@pytest.mark.parametrize("is_known", [True, False], ids=["journal", "no journal"])
@pytest.mark.parametrize("suffix", ["xlsx", "csv"])
def test_a_row_that_was_copied_gives_one_letter(bulkvm: Bulkvm, folder: Path, suffix: str, *, is_known: bool) -> None:
    bulkvm("import", write_csv(folder / "a.csv", *ROWS[:2]), "--replace-pins", "--yes", "--result", f"r.{suffix}")
    if not is_known:
        bulkvm("runs", "forget", "--older-than", "0d", "--yes")
    edit(folder / f"r.{suffix}", copied)

    one = bulkvm("pins", f"r.{suffix}", "--output", "letters.csv")

    def change(table: list[list[object]]) -> None:
        table[-1][table[0].index("name")] = "Somewhere else"

    edit(folder / f"r.{suffix}", change)
    other = bulkvm("pins", f"r.{suffix}", "--output", "other.csv")

    assert one.code == 0
    assert [row[1] for row in listed(folder / "letters.csv")[1:]] == ["6201", "6202"]
    assert other.code == 3
    assert "(rows 2, 4)" in other.err


@pytest.mark.usefixtures("pbx")
@pytest.mark.parametrize("spelling", [str.upper, str.title, lambda text: f"  {text.replace(' ', '  ')} "])
def test_words_in_a_result_are_read_in_any_case_and_spacing(
    bulkvm: Bulkvm, folder: Path, spelling: Callable[[str], str]
) -> None:
    bulkvm("import", write_csv(folder / "a.csv", ROWS[0]), "--yes")
    sheet = write_csv(folder / "b.csv", ("6201", "Front Desk", "739402", "", ""), ("6300", "Taken", "402817", "", ""),
                      ROWS[1])  # fmt: skip
    options = "--replace-pins", "--skip-taken", "--yes"
    bulkvm("import", sheet, *options, "--result", "r.csv")

    def change(table: list[list[object]]) -> None:
        for row in table[1:]:
            row[:] = [spelling(str(cell)) if cell in {*Status, "not sent"} else cell for cell in row]

    edit(folder / "r.csv", change)
    letters = bulkvm("pins", "r.csv", "--output", "letters.csv")
    compared = bulkvm("diff", "r.csv")
    again = bulkvm("import", "r.csv", "--yes", "--json", "--result", "again.csv").json
    failed = bulkvm("import", "r.csv", "--only-failed", "--yes", "--json").json

    assert (letters.code, compared.code) == (0, 0)
    assert [row[1] for row in listed(folder / "letters.csv")[1:]] == ["6202"]
    assert {status: n for status, n in again["counts"].items() if n} == {"unchanged": 2, "left out": 1}
    assert failed["rows"] == []


@pytest.mark.usefixtures("pbx")
@pytest.mark.parametrize("number", ["6299", "6202"])
def test_a_changed_extension_in_a_result_is_reported(bulkvm: Bulkvm, folder: Path, number: str) -> None:
    bulkvm("import", write_csv(folder / "a.csv", *ROWS), "--replace-pins", "--generate-pins", "--yes")
    book = openpyxl.load_workbook(folder / "a.result.xlsx")
    sheet = next(s for s in book if s.title != "bulkvm")
    sheet["A2"].value = number
    book.save(folder / "a.result.xlsx")

    ended = bulkvm("pins", "a.result.xlsx", "--output", "letters.csv")

    assert ended.code == 3
    assert "values that are not those of the import, or PINs that the rules refuse (row 2): it was edited" in ended.err
    assert not (folder / "letters.csv").exists()


@pytest.mark.usefixtures("pbx")
@pytest.mark.parametrize(("old", "new"), [("6201", "6299"), ("024680", "024681"), ("desk@", "front@")])
def test_an_edited_csv_result_is_compared_with_the_journals_of_its_boxes(
    bulkvm: Bulkvm, folder: Path, old: str, new: str
) -> None:
    bulkvm("import", write_csv(folder / "a.csv", ROWS[0]), "--yes", "--result", "r.csv")
    bulkvm("import", write_csv(folder / "b.csv", ("6209", "Other", "739402", "", "")), "--yes", "--result", "b.r.csv")
    text = (folder / "r.csv").read_text(encoding="utf-8-sig")
    (folder / "r.csv").write_text(text.replace(old, new), encoding="utf-8")

    ended = bulkvm("pins", "r.csv", "--output", "letters.csv")

    assert ended.code == 3
    assert "has values that are not those of the import" in ended.err


@pytest.mark.usefixtures("pbx")
def test_a_result_without_a_journal_is_not_compared_and_says_so(bulkvm: Bulkvm, folder: Path) -> None:
    bulkvm("import", write_csv(folder / "a.csv", ROWS[0]), "--yes", "--result", "r.csv")
    bulkvm("runs", "forget", "--older-than", "0d", "--yes")

    ended = bulkvm("pins", "r.csv", "--output", "letters.csv")

    assert "1 PIN in r.csv could not be compared" in ended.err
    assert "1 PIN: letters.csv" in ended.err


@pytest.mark.usefixtures("pbx")
@pytest.mark.parametrize("named", ["r.csv", "a run"])
def test_a_journal_that_cannot_be_read_may_hold_later_pins(bulkvm: Bulkvm, folder: Path, named: str) -> None:
    bulkvm("import", write_csv(folder / "a.csv", ROWS[0]), "--yes", "--result", "r.csv")
    bulkvm("import", write_csv(folder / "b.csv", ("6201", "Front Desk", "739402", "", "")), "--yes")
    first, last = sorted((folder.parent / "state").rglob("*.jsonl"))
    last.write_text(last.read_text("utf-8")[:200], "utf-8")

    ended = bulkvm("pins", first.stem if named == "a run" else named, "--output", "letters.csv")

    assert ended.code == 0
    assert (
        f"{last.name} is not the journal of a run, or its first line is damaged. If that run deleted boxes or changed "
        "PINs, the list does not show it.\n"
    ) in ended.err


@pytest.mark.usefixtures("pbx")
def test_a_row_whose_outcome_is_not_known_is_reported(bulkvm: Bulkvm, folder: Path) -> None:
    headings = ("extension_number", "name", "pin", "bulkvm_status", "bulkvm_pin")
    rows = (("6201", "A", "402817", "created", ""), ("6202", "B", "", "unknown", "582046"))
    write_csv(folder / "r.csv", *rows, headings=headings)

    ended = bulkvm("pins", "r.csv", "--output", "letters.csv")

    assert (
        "1 box not listed: 6202. The box may have this PIN: it is not known what the PBX did. Import r.csv again, then "
        "run this command again."
    ) in ended.err
    assert len(listed(folder / "letters.csv")) == 2


def test_the_pin_of_a_row_whose_outcome_was_not_known_is_listed_after_its_result_is_imported(
    bulkvm: Bulkvm, pbx: Starlette, folder: Path
) -> None:
    pbx.state.faults = FaultRules(["reset-after:create:2", "503:list:3-99"])
    sheet = write_csv(folder / "a.csv", *ROWS)
    one_by_one = "--concurrency", "1", "--retries", "2", "--max-outage", "0.2"
    bulkvm("import", sheet, "--replace-pins", "--generate-pins", "--yes", *one_by_one)
    assert statuses(folder / "a.result.xlsx")[1] == "unknown"
    pbx.state.faults = FaultRules([])
    bulkvm("import", "a.result.xlsx", "--replace-pins", "--generate-pins", "--yes", "--result", "again.xlsx")

    bulkvm("pins", "again.xlsx", "--output", "letters.csv")

    assert {row[1]: row[2] for row in listed(folder / "letters.csv")[1:]} == stored(pbx, "pin")


@pytest.mark.parametrize("is_shown", [True, False], ids=["PINs are shown", "PINs are hidden"])
def test_a_pin_whose_response_was_lost_is_not_confirmed_by_a_pbx_that_hides_pins(
    bulkvm: Bulkvm, serve: Serve, folder: Path, *, is_shown: bool
) -> None:
    with serve(*([] if is_shown else ["mask-stars:pin:both"])) as app:
        lists = "3-99" if is_shown else "4-99"  # the first box is also looked up in a list if its PIN is hidden
        app.state.faults = FaultRules(["reset-after:create:2", f"503:list:{lists}"])
        sheet = write_csv(folder / "a.csv", *[(number, name, "", "", "") for number, name, *_ in ROWS])
        options = "--generate-pins", "--yes", "--concurrency", "1", "--retries", "2", "--max-outage", "0.2"
        bulkvm("import", sheet, *options)
        assert statuses(folder / "a.result.xlsx")[1] == "unknown"
        app.state.faults = FaultRules([])
        bulkvm("import", sheet, *options)

        ended = bulkvm("pins", "a.result.xlsx", "--output", "letters.csv")

    assert "6202" in [row[1] for row in listed(folder / "letters.csv")]
    assert ("1 PIN not confirmed: 6202. The response to the request was lost" in ended.err) is not is_shown


@pytest.mark.usefixtures("pbx")
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("a.csv", "--output", "l.xlsx"), "is not a result"),
        (("mapped.csv", "--output", "l.xlsx"), "recognised without --map, so name the run instead"),
        (("unknown.csv", "--output", "l.xlsx"), "recognised without --map, so name the run instead"),
        (("changed.csv", "--output", "l.xlsx"), "recognised without --map, so name the run instead"),
        (("missing.xlsx", "--output", "l.xlsx"), "There is no file missing.xlsx"),
        (("2026", "--output", "l.xlsx"), "There are no runs yet"),
        (("r.csv", "--output", "l.xlsx"), "no PIN that the import set"),
        (("freepbx.csv", "--output", "l.xlsx"), "freepbx.csv is not a result: it has no column bulkvm_status."),
        (("r.csv", "--output", "l.txt"), "must end in .csv or .xlsx"),
        (("r.csv", "--output", "a.csv"), "a.csv already exists, and a list of PINs never replaces a file."),
        (("a.csv", "--output", "a.csv"), "is the sheet itself"),
    ],
)
def test_what_cannot_be_listed_is_refused(
    bulkvm: Bulkvm, folder: Path, arguments: tuple[str, ...], message: str
) -> None:
    sheet = write_csv(folder / "a.csv", *ROWS)
    before = sheet.read_bytes()
    write_csv(folder / "r.csv", ("6201", "unchanged"), headings=("extension_number", "bulkvm_status"))

    write_csv(folder / "mapped.csv", ("6201", "402817", "created"), headings=("Ext", "Schlüssel", "bulkvm_status"))
    write_csv(folder / "changed.csv", ("6201", "402817", "updated", "pin"),
              headings=("Ext", "Schlüssel", "bulkvm_status", "bulkvm_changed"))  # fmt: skip
    write_csv(folder / "unknown.csv", ("6201", "402817", "created"), headings=("X", "PIN", "bulkvm_status"))
    write_csv(folder / "freepbx.csv", ("6201", "402817"), headings=("extension", "voicemail_vmpwd"))

    ended = bulkvm("pins", *arguments)

    assert ended.code == 2
    assert message in ended.err
    assert sheet.read_bytes() == before
    assert not list(folder.glob("l.*"))


@pytest.mark.usefixtures("pbx")
def test_a_pin_that_the_rules_refuse_is_reported_and_not_listed(bulkvm: Bulkvm, folder: Path) -> None:
    headings = ("extension_number", "name", "pin", "bulkvm_status", "bulkvm_pin")
    write_csv(folder / "r.csv", ("6201", "A", "402817", "created", ""), ("6202", "B", "2580", "created", ""),
              headings=headings)  # fmt: skip

    ended = bulkvm("pins", "r.csv", "--output", "letters.csv")

    assert ended.code == 3
    assert "r.csv has values that are not those of the import, or PINs that the rules refuse (row 3)" in ended.err
    assert "2580" not in ended.text
    assert not (folder / "letters.csv").exists()


@pytest.mark.usefixtures("pbx")
@pytest.mark.parametrize(("cell", "row"), [("bulkvm_pin", 3), ("pin", 2)])
@pytest.mark.parametrize("value", ["", "739402"])
def test_a_result_that_was_edited_is_compared_with_its_journal(
    bulkvm: Bulkvm, folder: Path, cell: str, row: int, value: str
) -> None:
    bulkvm("import", write_csv(folder / "a.csv", *ROWS[:2]), "--replace-pins", "--yes", "--result", "r.xlsx")
    book = openpyxl.load_workbook(folder / "r.xlsx")
    sheet = next(s for s in book if s.title != "bulkvm")
    heading = next(found for found in sheet[1] if found.value == cell)
    sheet.cell(row, heading.column).value = value
    book.save(folder / "r.xlsx")

    ended = bulkvm("pins", "r.xlsx", "--output", "letters.csv")

    assert ended.code == 3
    assert f"r.xlsx has values that are not those of the import, or PINs that the rules refuse (row {row})" in ended.err
    assert not (folder / "letters.csv").exists()
