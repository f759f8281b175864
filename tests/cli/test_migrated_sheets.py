"""Sheets from another phone system: numbers of users, and PINs that the new PBX refuses."""

import csv
import stat
from collections.abc import Sequence
from pathlib import Path

import pytest
from openpyxl import load_workbook
from starlette.applications import Starlette
from starlette.types import Scope

from bulkvm.simulator import FaultRules
from tests.cli.program import Bulkvm, Serve, stored
from tests.cli.sheet_files import statuses, write_csv


def column(file: Path, heading: str) -> list[str]:
    """A column of a result or list, in the order of its rows."""
    if file.suffix == ".csv":
        with file.open(encoding="utf-8-sig", newline="") as opened:
            return [row[heading] for row in csv.DictReader(opened)]
    sheet = next(s for s in load_workbook(file) if s.title != "bulkvm")
    rows = list(sheet.iter_rows(values_only=True))
    place = rows[0].index(heading)
    return [str(row[place] or "") for row in rows[1:]]


TAKEN = ("6300", "Sales", "402817", "", "")  # the number of a ring group of the simulator
USERS = [(str(20000 + n), f"User {n}", "402817", "", "") for n in range(30)]
FREE = ("6302", "Free", "582046", "", "")


def add_users(app: Starlette, numbers: Sequence[str]) -> None:
    with app.state.stored.db as db:
        db.executemany("INSERT INTO other_number VALUES (?, ?, ?, 'EXTENSION')", [(n, n, f"User {n}") for n in numbers])


@pytest.mark.parametrize("users", [[], USERS], ids=["asked for one by one", "in lists"])
def test_rows_whose_number_is_taken_are_left_out_and_named(
    bulkvm: Bulkvm, pbx: Starlette, folder: Path, users: list[tuple[str, ...]]
) -> None:
    add_users(pbx, [row[0] for row in users])
    sheet = write_csv(folder / "a.csv", TAKEN, FREE, *users)

    refused = bulkvm("import", sheet, "--yes", "--json")
    planned = bulkvm("plan", sheet, "--skip-taken", "--json").json
    ended = bulkvm("import", sheet, "--skip-taken", "--yes", "--json", "--result", "r.xlsx")
    again = bulkvm("import", sheet, "--skip-taken", "--yes", "--json")

    assert refused.code == 3
    assert planned["counts"] == {"create": 1, "update": 0, "unchanged": 0, "left out": 1 + len(users)}
    assert planned["rows"][0]["message"] == 'The number belongs to the ring group "Sales".'
    assert (ended.code, ended.json["problems"]) == (0, [])
    assert (ended.json["counts"]["created"], ended.json["counts"]["left out"]) == (1, 1 + len(users))
    assert statuses(folder / "r.xlsx") == ["left out", "created", *["left out"] * len(users)]
    assert column(folder / "r.xlsx", "bulkvm_message")[0] == 'The number belongs to the ring group "Sales".'
    assert again.json["counts"]["unchanged"] == pbx.state.traffic.counts["create"] == 1


@pytest.mark.usefixtures("pbx")
def test_errors_of_rows_whose_number_is_taken_do_not_refuse_the_sheet(bulkvm: Bulkvm, folder: Path) -> None:
    user = ("6300", "", "4028", "not an address", "perhaps")
    sheet = write_csv(folder / "a.csv", user, FREE)

    ended = bulkvm("import", sheet, "--skip-taken", "--yes", "--json")
    wrong = bulkvm("import", write_csv(folder / "b.csv", user, ("6303", "X", "1", "", "")), "--skip-taken", "--json")

    assert (ended.code, ended.json["problems"]) == (0, [])
    assert wrong.code == 3
    assert [row["status"] for row in wrong.json["rows"]] == ["left out", "invalid"]
    assert {problem["row"] for problem in wrong.json["problems"]} == {3}


@pytest.mark.parametrize("call", ["users", "groups"])
def test_rows_are_looked_up_one_by_one_if_a_list_is_not_shown(
    bulkvm: Bulkvm, pbx: Starlette, folder: Path, call: str
) -> None:
    pbx.state.faults = FaultRules([f"403:{call}:every=1"])
    add_users(pbx, [row[0] for row in USERS])
    sheet = write_csv(folder / "a.csv", TAKEN, FREE, *USERS)

    planned = bulkvm("plan", sheet, "--skip-taken", "--json").json

    assert planned["counts"] == {"create": 1, "update": 0, "unchanged": 0, "left out": 1 + len(USERS)}


@pytest.mark.parametrize("users", [[], USERS], ids=["asked for one by one", "in lists"])
def test_numbers_that_the_pbx_does_not_show_are_reported(
    bulkvm: Bulkvm, pbx: Starlette, folder: Path, users: list[tuple[str, ...]]
) -> None:
    pbx.state.faults = FaultRules(["403:users:every=1", "403:owner:every=1"])
    sheet = write_csv(folder / "a.csv", FREE, *users)

    skipped = bulkvm("plan", sheet, "--skip-taken", "--json").json
    not_skipped = bulkvm("plan", sheet, "--json").json

    numbers = f"{1 + len(users)} number{'s' if users else ''}"
    assert f"does not show whether {numbers} in the sheet (first {FREE[0]})" in skipped["problems"][0]["message"]
    assert skipped["problems"][0]["code"] == "numbers-not-known"
    assert skipped["problems"][1:] == not_skipped["problems"]


def test_a_create_that_is_refused_for_a_number_that_was_taken_since_is_left_out(
    bulkvm: Bulkvm, serve: Serve, folder: Path
) -> None:
    def take(app: Starlette, scope: Scope) -> None:
        if scope["method"] == "POST" and "voicemail" in scope["path"] and not app.state.stored.owner("6303"):
            add_users(app, ["6303"])

    sheet = write_csv(folder / "a.csv", FREE, ("6303", "Late", "402817", "", ""))

    with serve(before=take):
        ended = bulkvm("import", sheet, "--skip-taken", "--yes", "--json")

    assert ended.code == 0
    assert [(row["status"], row["attempts"]) for row in ended.json["rows"]] == [("created", 1), ("left out", 1)]
    assert ended.json["rows"][1]["message"] == 'The number belongs to the user "User 6303".'


@pytest.mark.usefixtures("pbx")
def test_a_number_of_a_box_is_not_skipped(bulkvm: Bulkvm, folder: Path) -> None:
    sheet = write_csv(folder / "a.csv", FREE)
    bulkvm("import", sheet, "--yes")
    changed = write_csv(folder / "b.csv", ("6302", "Changed", "", "", ""))

    assert bulkvm("plan", changed, "--skip-taken", "--json").json["counts"]["update"] == 1


PINS = ("2580", "482915", "1112223", "0417", "12345", "482917", "")


def test_refused_pins_of_new_boxes_are_replaced_and_in_the_result(bulkvm: Bulkvm, pbx: Starlette, folder: Path) -> None:
    rows = [(str(6101 + n), f"Desk {n}", pin, "", "") for n, pin in enumerate(PINS[:-1])]
    sheet = write_csv(folder / "a.csv", *rows)

    refused = bulkvm("import", sheet, "--yes", "--json")
    ended = bulkvm("import", sheet, "--replace-pins", "--yes", "--json", "--result", "r.xlsx")
    again = bulkvm("import", sheet, "--replace-pins", "--yes", "--json")

    assert refused.code == 3
    assert (ended.code, ended.json["counts"]["created"]) == (0, 6)
    replaced = [problem for problem in ended.json["problems"] if problem["code"] == "pin-replaced"]
    assert [problem["cell"] for problem in replaced] == ["C2", "C4", "C5", "C6"]
    assert {problem["severity"] for problem in replaced} == {"warning"}
    pins = dict(zip(stored(pbx, "pin"), column(folder / "r.xlsx", "bulkvm_pin"), strict=True))
    on_pbx = stored(pbx, "pin")
    assert [bool(pin) for pin in pins.values()] == [True, False, True, True, True, False]
    assert all(on_pbx[number] == pin for number, pin in pins.items() if pin)
    assert (on_pbx["6102"], on_pbx["6106"]) == ("482915", "482917")
    assert all(
        len(pin) >= 6 and old not in pin for pin, (_, _, old, _, _) in zip(pins.values(), rows, strict=True) if pin
    )
    assert stat.S_IMODE((folder / "r.xlsx").stat().st_mode) == 0o600
    assert again.json["counts"]["unchanged"] == 6
    assert pbx.state.traffic.counts["update"] == 0
    assert not {"2580", "0417", *filter(None, pins.values())} & set(f"{ended.err} {ended.out}".split())


def test_a_refused_pin_of_an_existing_box_is_not_sent(bulkvm: Bulkvm, pbx: Starlette, folder: Path) -> None:
    bulkvm("import", write_csv(folder / "a.csv", FREE), "--yes")
    sheet = write_csv(folder / "b.csv", ("6302", "Renamed", "1111", "", ""))

    ended = bulkvm("import", sheet, "--replace-pins", "--yes", "--json")

    assert ended.code == 0
    assert ended.json["rows"][0]["changed"] == ["name"]
    assert stored(pbx, "name", "pin") == {"6302": ("Renamed", "582046")}
    (warning,) = ended.json["problems"]
    assert (warning["row"], warning["code"]) == (None, "pin-replaced")
    assert "its PIN" in warning["message"]


@pytest.mark.parametrize("behave", [[], ["hide:pin:both"]], ids=["PINs are shown", "PINs are hidden"])
def test_no_pin_of_an_existing_box_is_reset_by_an_old_export(
    bulkvm: Bulkvm, serve: Serve, folder: Path, behave: list[str]
) -> None:
    old = write_csv(folder / "a.csv", FREE, ("6303", "Lab", "402817", "", ""))
    new = write_csv(folder / "b.csv", FREE, ("6303", "Laboratory", "402817", "", ""), ("6304", "New", "604927", "", ""))
    with serve(*behave) as app:
        bulkvm("import", old, "--yes")
        with app.state.stored.db as db:
            db.execute("UPDATE box SET pin = '918273'")

        planned = bulkvm("plan", new, "--replace-pins", "--json").json
        bulkvm("plan", new, "--replace-pins", "--output", "plan.xlsx")
        ended = bulkvm("import", "plan.xlsx", "--approved", "--yes", "--json", "--result", "r.xlsx")
        compared = bulkvm("diff", "r.xlsx")

        assert [row["changed"] for row in planned["rows"] if row["change"] == "update"] == [["name"]]
        assert (ended.code, compared.code) == (0, 0)
        assert stored(app, "pin") == {"6302": "918273", "6303": "918273", "6304": "604927"}
        (warning,) = [problem for problem in ended.json["problems"] if problem["code"] == "pin-replaced"]
        assert warning["row"] is None
        assert "the PINs of 2 rows are not sent" in warning["message"]
        assert column(folder / "r.xlsx", "bulkvm_pin") == ["not sent", "not sent", ""]
        assert bulkvm("pins", "r.xlsx", "--output", "letters.csv").code == 0
        assert column(folder / "letters.csv", "PIN") == ["604927"]


@pytest.mark.usefixtures("pbx")
@pytest.mark.parametrize(
    ("pin", "options", "code"),
    [
        ("", ["--replace-pins"], "pin-missing"),
        ("40a8", ["--replace-pins"], "pin-not-digits"),
        ("1.2E+5", ["--replace-pins"], "excel-scientific"),
        ("4028", ["--generate-pins"], "pin-length"),
    ],
)
def test_what_is_no_refused_pin_is_not_replaced(
    bulkvm: Bulkvm, folder: Path, pin: str, options: list[str], code: str
) -> None:
    ended = bulkvm("plan", write_csv(folder / "a.csv", ("6302", "Free", pin, "", "")), *options, "--json")

    assert (ended.code, ended.json["problems"][0]["code"]) == (3, code)


@pytest.mark.usefixtures("pbx")
def test_zeros_are_restored_before_pins_are_replaced(bulkvm: Bulkvm, folder: Path) -> None:
    sheet = write_csv(folder / "a.csv", ("6302", "Free", "24680", "", ""), ("6303", "Other", "4711", "", ""))

    planned = bulkvm("plan", sheet, "--replace-pins", "--fix", "leading-zeros", "--json").json

    assert [(p["row"], p["code"]) for p in planned["problems"]] == [(2, "pin-zero-restored"), (3, "pin-replaced")]


def test_a_result_is_compared_as_it_was_sent(bulkvm: Bulkvm, pbx: Starlette, folder: Path) -> None:
    sheet = write_csv(
        folder / "a.csv", TAKEN, FREE, ("6303", "Old PIN", "2580", "", ""), ("6304", "No PIN", "", "", "")
    )
    bulkvm("import", sheet, "--replace-pins", "--generate-pins", "--skip-taken", "--yes", "--result", "r.xlsx")

    compared, changed = bulkvm("diff", "r.xlsx"), bulkvm("diff", sheet)
    with pbx.state.stored.db as db:
        db.execute("UPDATE box SET pin = '918273' WHERE extension_number = '6304'")
    drifted = bulkvm("diff", "r.xlsx", "--json")

    assert compared.code == 0
    assert "No differences: 3 boxes in both." in compared.err
    assert changed.code == 10
    assert [box["extension_number"] for box in drifted.json["changed"]] == ["6304"]
    assert compared.err.endswith("because one side does not show them: Prompt language, Announce date and time.\n")


def test_a_result_with_replaced_pins_can_be_imported_as_it_is(bulkvm: Bulkvm, pbx: Starlette, folder: Path) -> None:
    sheet = write_csv(folder / "a.csv", FREE, ("6303", "Old PIN", "2580", "", ""), ("6304", "Run", "1112223", "", ""))
    bulkvm("import", sheet, "--replace-pins", "--yes", "--result", "r.xlsx")
    pins = stored(pbx, "pin")

    checked = bulkvm("validate", "r.xlsx", "--json")
    ended = bulkvm("import", "r.xlsx", "--yes", "--json", "--result", "again.xlsx")

    assert (checked.code, ended.code) == (0, 0)
    assert [(p["cell"], p["code"], p["severity"]) for p in checked.json["problems"]] == [
        ("C3", "pin-replaced", "warning"),
        ("C4", "pin-replaced", "warning"),
    ]
    assert ended.json["counts"]["unchanged"] == 3
    assert [problem["code"] for problem in ended.json["problems"]] == ["pin-replaced"]
    assert stored(pbx, "pin") == pins
    assert bulkvm("diff", "again.xlsx").code == 0


@pytest.mark.parametrize("options", [(), ("--replace-pins", "--generate-pins")], ids=["as it is", "replaced again"])
@pytest.mark.parametrize("suffix", ["xlsx", "csv"])
def test_a_box_that_is_created_again_from_a_result_gets_the_pin_that_was_sent(
    bulkvm: Bulkvm, pbx: Starlette, folder: Path, suffix: str, options: Sequence[str]
) -> None:
    rows = [("6303", "Old PIN", "2580", "", ""), ("6304", "No PIN", "", "", ""), ("6305", "Zero", "4829157", "", "")]
    others = [(str(6310 + n), f"Desk {n}", f"{59302684 + n * 1117}", "", "") for n in range(8)]
    sheet = write_csv(folder / "a.csv", *rows, *others)
    how = "--replace-pins", "--generate-pins", "--fix", "leading-zeros"
    bulkvm("import", sheet, *how, "--yes", "--result", f"r.{suffix}")
    sent, restored = stored(pbx, "pin"), {"6305": "04829157"}
    bulkvm("undo", "last", "--yes")

    planned = bulkvm("plan", f"r.{suffix}", *options, "--json").json
    bulkvm("plan", f"r.{suffix}", *options, "--output", "plan.xlsx")
    ended = bulkvm("import", "plan.xlsx", "--approved", "--yes", "--json", "--result", f"again.{suffix}")
    letters = bulkvm("pins", f"again.{suffix}", "--output", "letters.csv")

    assert sent == sent | restored
    assert (ended.code, letters.code) == (0, 0)
    assert stored(pbx, "pin") == sent
    assert column(folder / f"again.{suffix}", "bulkvm_pin")[:3] == [sent["6303"], sent["6304"], "04829157"]
    assert (
        dict(zip(column(folder / "letters.csv", "Extension"), column(folder / "letters.csv", "PIN"), strict=True))
        == sent
    )
    messages = [problem["message"] for problem in planned["problems"] if problem["code"] == "pin-replaced"]
    assert messages == ["3 new boxes get the PINs in bulkvm_pin, which an earlier import sent (first in row 2)."]


@pytest.mark.usefixtures("pbx")
def test_a_pin_that_was_sent_and_that_the_rules_refuse_now_is_missing(bulkvm: Bulkvm, folder: Path) -> None:
    headings = ("extension_number", "name", "pin", "bulkvm_status", "bulkvm_pin")
    write_csv(folder / "r.csv", ("6303", "Old PIN", "2580", "created", "1112"), headings=headings)

    ended = bulkvm("import", "r.csv", "--yes", "--json")

    assert (ended.code, [problem["code"] for problem in ended.json["problems"]]) == (3, ["pin-missing"])


def test_no_pin_of_an_existing_box_is_generated_together_with_replaced_ones(
    bulkvm: Bulkvm, pbx: Starlette, folder: Path
) -> None:
    bulkvm("import", write_csv(folder / "a.csv", FREE, ("6303", "Lab", "402817", "", "")), "--yes")
    with pbx.state.stored.db as db:
        db.execute("UPDATE box SET pin = '12340' || substr(extension_number, 4)")
    rows = (("6302", "Renamed", "739402", "", ""), ("6303", "Laboratory", "", "", ""), ("6304", "New", "", "", ""))
    sheet = write_csv(folder / "b.csv", *rows)

    ended = bulkvm("import", sheet, "--replace-pins", "--generate-pins", "--yes", "--json", "--result", "r.xlsx")

    pins = stored(pbx, "pin")
    assert (pins["6302"], pins["6303"]) == ("123402", "123403")
    assert column(folder / "r.xlsx", "bulkvm_pin") == ["not sent", "", pins["6304"]]
    assert ended.json["counts"]["created"] == 1


def test_a_generated_pin_in_place_of_one_in_the_sheet_is_in_the_result(
    bulkvm: Bulkvm, pbx: Starlette, folder: Path
) -> None:
    bulkvm("import", write_csv(folder / "a.csv", FREE), "--yes")
    sheet = write_csv(folder / "b.csv", ("6302", "Renamed", "739402", "", ""))
    bulkvm("import", sheet, "--replace-pins", "--yes", "--result", "r.xlsx")
    with pbx.state.stored.db as db:
        db.execute("UPDATE box SET pin = '123402', name = 'Old'")

    bulkvm("import", "r.xlsx", "--generate-pins", "--yes", "--result", "again.xlsx")

    pin = stored(pbx, "pin")["6302"]
    assert pin not in {"123402", "739402"}
    assert column(folder / "again.xlsx", "bulkvm_pin") == [pin]


@pytest.mark.parametrize("behave", [[], ["hide:pin:both"]], ids=["PINs are shown", "PINs are hidden"])
def test_a_pin_that_was_not_sent_is_not_sent_with_the_result(
    bulkvm: Bulkvm, serve: Serve, folder: Path, behave: list[str]
) -> None:
    rows = (FREE, ("6303", "Lab", "402817", "", ""))
    old = write_csv(folder / "b.csv", ("6302", "Free", "739402", "", ""), ("6303", "Lab", "4711", "", ""))
    with serve(*behave) as app:
        bulkvm("import", write_csv(folder / "a.csv", *rows), "--yes")
        bulkvm("import", old, "--replace-pins", "--yes", "--result", "r.csv")

        checked = bulkvm("validate", "r.csv", "--json")
        ended = bulkvm("import", "r.csv", "--yes", "--json", "--result", "again.csv")

        assert (checked.code, ended.code, ended.json["counts"]["unchanged"]) == (0, 0, 2)
        assert [problem["severity"] for problem in checked.json["problems"]] == ["warning"]
        assert "It is not sent: the box keeps the PIN that it has." in checked.json["problems"][0]["message"]
        assert "To send one, empty its cell in the column bulkvm_pin." in ended.json["problems"][0]["message"]
        assert stored(app, "pin") == {"6302": "582046", "6303": "402817"}
        assert column(folder / "again.csv", "bulkvm_pin") == ["not sent", "not sent"]


def test_a_pin_that_is_sent_after_all_is_no_longer_marked(bulkvm: Bulkvm, pbx: Starlette, folder: Path) -> None:
    bulkvm("import", write_csv(folder / "a.csv", FREE), "--yes")
    sheet = write_csv(folder / "b.csv", ("6302", "Free", "739402", "", ""))
    bulkvm("import", sheet, "--replace-pins", "--yes", "--result", "r.csv")
    text = (folder / "r.csv").read_text(encoding="utf-8-sig")
    (folder / "unmarked.csv").write_text(text.replace("not sent", ""), encoding="utf-8")

    bulkvm("import", "unmarked.csv", "--yes", "--result", "sent.csv")
    sent = stored(pbx, "pin")
    with pbx.state.stored.db as db:
        db.execute("DELETE FROM box")
    bulkvm("import", "r.csv", "--yes", "--result", "created.csv")

    assert sent == stored(pbx, "pin") == {"6302": "739402"}
    assert column(folder / "sent.csv", "bulkvm_pin") == [""]
    assert column(folder / "created.csv", "bulkvm_pin") == [""]


def test_a_restored_zero_is_not_lost_when_the_result_is_imported(bulkvm: Bulkvm, pbx: Starlette, folder: Path) -> None:
    pins = ("48291570", "59302684", "60413795", "4829157", "71524806")
    sheet = write_csv(folder / "a.csv", *[(str(6302 + n), f"Desk {n}", pin, "", "") for n, pin in enumerate(pins)])
    bulkvm("import", sheet, "--fix", "leading-zeros", "--yes", "--result", "r.csv")

    ended = bulkvm("import", "r.csv", "--yes", "--json", "--result", "again.csv")

    assert stored(pbx, "pin")["6305"] == "04829157"
    assert ended.json["counts"]["unchanged"] == 5
    assert column(folder / "again.csv", "bulkvm_pin")[3] == "04829157"
