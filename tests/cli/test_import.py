"""The whole job, through the command line, over a real socket."""

import csv
import json
import subprocess
import sys
from pathlib import Path

import pytest
from openpyxl import Workbook, load_workbook
from starlette.applications import Starlette

from bulkvm.simulator import FaultRules
from tests.cli.program import SAMPLES, Bulkvm
from tests.cli.sheet_files import HEADINGS, statuses, write_csv


@pytest.mark.parametrize("sample", ["clinic.xlsx", "clinic.csv"])
def test_a_migration_is_created_then_unchanged_then_updated_where_two_cells_were_edited(
    bulkvm: Bulkvm, pbx: Starlette, folder: Path, sample: str
) -> None:
    created = bulkvm("import", SAMPLES / sample, "--yes", "--json", "--result", "first.xlsx")
    sent = pbx.state.traffic.counts["create"]
    again = bulkvm("import", SAMPLES / sample, "--yes", "--json", "--result", "second.xlsx")

    assert (created.code, again.code) == (0, 0)
    assert created.json["counts"] == {**dict.fromkeys(created.json["counts"], 0), "created": 42}
    assert again.json["counts"] == {**dict.fromkeys(again.json["counts"], 0), "unchanged": 42}
    assert (sent, pbx.state.traffic.counts["create"], pbx.state.traffic.counts["update"]) == (42, 42, 0)
    assert statuses(folder / "first.xlsx") == ["created"] * 42

    with (SAMPLES / "clinic.csv").open(encoding="utf-8", newline="") as opened:
        rows = list(csv.reader(opened))
    rows[1][1], rows[2][2] = "Main Reception", "582046"
    edited = write_csv(folder / "edited.csv", *(tuple(row) for row in rows[1:]), headings=tuple(rows[0]))

    updated = bulkvm("import", edited, "--yes", "--json")

    assert updated.code == 0
    assert updated.json["counts"] == {**dict.fromkeys(updated.json["counts"], 0), "updated": 2, "unchanged": 40}
    assert [row["changed"] for row in updated.json["rows"] if row["changed"]] == [["name"], ["pin"]]
    assert pbx.state.traffic.counts["update"] == 2


def test_a_sheet_with_mistakes_sends_nothing(bulkvm: Bulkvm, pbx: Starlette, folder: Path) -> None:
    ended = bulkvm("import", SAMPLES / "mistakes.xlsx", "--yes", "--result", "result.xlsx")

    assert ended.code == 3
    assert set(pbx.state.traffic.counts) <= {"tenant", "tenants", "policy"}
    found = statuses(folder / "result.xlsx")
    assert (found.count("invalid"), found.count("not sent"), len(found)) == (46, 30, 76)


@pytest.mark.usefixtures("pbx")
def test_more_problems_than_are_shown_can_be_seen_in_the_result(bulkvm: Bulkvm, folder: Path) -> None:
    file = write_csv(folder / "boxes.csv", *((str(6100 + n), f"Desk {n}", "111402", "", "") for n in range(7)))

    ended = bulkvm("import", file, "--yes")

    assert "[pin-repeats] 2 more like this are not shown." in ended.err
    assert "The result marks every cell." in ended.err
    result = load_workbook(folder / "boxes.result.xlsx").worksheets[-1]
    marked = [f"C{row}" for row in range(1, result.max_row + 1) if result[f"C{row}"].comment]
    assert marked == [f"C{row}" for row in range(2, 9)]


def test_with_skip_invalid_the_valid_rows_are_sent_and_the_others_named(bulkvm: Bulkvm, pbx: Starlette) -> None:
    ended = bulkvm("import", SAMPLES / "mistakes.xlsx", "--yes", "--skip-invalid", "--json")

    assert ended.code == 1
    assert ended.json["counts"]["created"] == pbx.state.traffic.counts["create"] == 30
    assert ended.json["counts"]["invalid"] == 46
    assert sum(ended.json["counts"].values()) == 76


@pytest.mark.parametrize("reported", ["TRUE", "true", "Yes", "1"])
@pytest.mark.parametrize("recipients", ["b@example.com; A@example.com", "a@EXAMPLE.com,b@example.com"])
def test_a_sheet_that_only_spells_the_same_values_differently_changes_nothing(
    bulkvm: Bulkvm, pbx: Starlette, folder: Path, reported: str, recipients: str
) -> None:
    row = ("6201", "Front Desk", "402817")
    bulkvm("import", write_csv(folder / "a.csv", (*row, "a@example.com,b@example.com", "yes")), "--yes")

    again = bulkvm("import", write_csv(folder / "b.csv", (*row, recipients, reported)), "--yes", "--json")

    assert again.json["counts"]["unchanged"] == 1
    assert pbx.state.traffic.counts["update"] == 0


@pytest.mark.parametrize(("option", "pages"), [((), 0), (("--verify", "all"), 1)], ids=["usual", "all"])
def test_one_row_for_each_set_of_blank_cells_is_read_back_and_all_on_request(
    bulkvm: Bulkvm, pbx: Starlette, option: tuple[str, ...], pages: int
) -> None:
    ended = bulkvm("import", SAMPLES / "clinic.csv", "--yes", *option)

    assert ended.code == 0
    assert pbx.state.traffic.counts["fetch"] == 2
    assert pbx.state.traffic.counts["list"] == 2 + pages


def test_numbers_and_formulas_survive_csv_and_workbook_both_ways(bulkvm: Bulkvm, pbx: Starlette, folder: Path) -> None:
    rows = [
        ("0101", "=1+1", "024680", "", ""),
        ("123456789012345678", "'=x", "058246", "", ""),
        ("6203", "NA", "402817", "", ""),
    ]
    sheet = write_csv(folder / "boxes.csv", *rows)

    assert bulkvm("import", sheet, "--yes").code == 0
    for name in ("one.csv", "one.xlsx"):
        assert bulkvm("export", name).code == 0
        again = bulkvm("import", name, "--yes", "--json")
        assert again.json["counts"]["unchanged"] == 3, name
    exported = json.loads(bulkvm("export", "-", "--format", "json").out)
    assert [(box["extension_number"], box["name"], box["pin"]) for box in exported] == sorted(row[:3] for row in rows)
    assert pbx.state.traffic.counts["update"] == 0


@pytest.mark.usefixtures("pbx")
def test_an_export_of_hundreds_of_boxes_changes_nothing_when_it_is_imported(bulkvm: Bulkvm, folder: Path) -> None:
    rows = [
        (str(20000 + n), f"Desk {n}, ground floor", str(402817 + n * 13), f"d{n}@example.com", "yes")
        for n in range(400)
    ]
    sheet = write_csv(folder / "boxes.csv", *rows)
    created = bulkvm("import", sheet, "--yes", "--json", "--skip-invalid")
    boxes = created.json["counts"]["created"]

    for name in ("all.csv", "all.xlsx"):
        assert bulkvm("export", name).code == 0
        planned = bulkvm("plan", name, "--json", "--exit-code")
        assert (planned.code, planned.json["counts"]) == (0, {"create": 0, "update": 0, "unchanged": boxes})
    assert boxes > 300


def test_the_same_job_on_the_embedded_pbx_needs_no_settings_and_keeps_its_boxes(bulkvm: Bulkvm) -> None:
    first = bulkvm("import", SAMPLES / "clinic.xlsx", "--site", "simulator", "--yes", "--json")
    second = bulkvm("import", SAMPLES / "clinic.xlsx", "--site", "simulator", "--yes", "--json")

    assert (first.json["counts"]["created"], second.json["counts"]["unchanged"]) == (42, 42)


def test_a_plan_shows_each_field_and_sends_nothing(bulkvm: Bulkvm, pbx: Starlette, folder: Path) -> None:
    bulkvm("import", write_csv(folder / "a.csv", ("6201", "Front Desk", "402817", "", "")), "--yes")
    edited = write_csv(folder / "b.csv", ("6201", "Reception", "582046", "", ""), ("6202", "New", "402817", "", ""))

    planned = bulkvm("plan", edited)

    assert planned.code == 0
    assert planned.err == ""
    assert '"Front Desk" -> "Reception"' in planned.out
    assert "582046" not in planned.out
    assert "402817" not in planned.out
    assert bulkvm("plan", edited, "--exit-code").code == 10
    assert (pbx.state.traffic.counts["create"], pbx.state.traffic.counts["update"]) == (1, 0)


def test_pins_can_be_left_out_of_an_export_and_importing_it_keeps_them(
    bulkvm: Bulkvm, pbx: Starlette, folder: Path
) -> None:
    bulkvm("import", SAMPLES / "clinic.csv", "--yes")

    assert bulkvm("export", "open.csv", "--without-pins").code == 0
    assert "pin" not in (folder / "open.csv").read_text("utf-8-sig").splitlines()[0].split(",")
    assert bulkvm("import", "open.csv", "--yes", "--json").json["counts"]["unchanged"] == 42
    assert pbx.state.traffic.counts["update"] == 0


def test_without_a_terminal_nothing_is_sent_without_the_option_yes(bulkvm: Bulkvm, pbx: Starlette) -> None:
    ended = bulkvm("import", SAMPLES / "clinic.csv")

    assert ended.code == 2
    assert "--yes" in ended.err
    assert pbx.state.traffic.counts["create"] == 0


def test_changing_too_many_boxes_is_refused_and_yes_does_not_override_it(
    bulkvm: Bulkvm, pbx: Starlette, folder: Path
) -> None:
    rows = [(str(6200 + n), f"Desk {n}", str(402817 + n), "", "") for n in range(20)]
    bulkvm("import", write_csv(folder / "a.csv", *rows), "--yes", "--skip-invalid")
    renamed = write_csv(folder / "b.csv", *((number, f"New {name}", "", "", "") for number, name, *_ in rows))

    refused = bulkvm("import", renamed, "--yes")
    sent = pbx.state.traffic.counts["update"]
    forced = bulkvm("import", renamed, "--yes", "--force", "--skip-invalid")

    assert (refused.code, sent) == (6, 0)
    assert "--force" in refused.err
    assert "--max-changes" in refused.err
    assert forced.code in {0, 1}
    assert pbx.state.traffic.counts["update"] > 6


def test_rows_that_the_pbx_refuses_are_reported_and_the_others_are_sent(
    bulkvm: Bulkvm, pbx: Starlette, folder: Path
) -> None:
    pbx.state.faults = FaultRules(["422:create:1"])
    sheet = write_csv(folder / "a.csv", ("6201", "Refused", "402817", "", ""), ("6202", "Made", "582046", "", ""))

    ended = bulkvm("import", sheet, "--yes", "--json", "--result", "r.csv", "--concurrency", "1")

    assert ended.code == 1
    assert [row["status"] for row in ended.json["rows"]] == ["rejected", "created"]
    assert "The PBX said:" in ended.json["rows"][0]["message"]
    with (folder / "r.csv").open(encoding="utf-8-sig", newline="") as opened:
        assert [row["bulkvm_status"] for row in csv.DictReader(opened)] == ["rejected", "created"]


@pytest.mark.usefixtures("pbx")
def test_a_number_in_use_by_another_extension_is_reported_before_sending(bulkvm: Bulkvm, folder: Path) -> None:
    rows = [("6300", "Taken", "402817", "", ""), ("6302", "Free", "582046", "", "")]

    ended = bulkvm("import", write_csv(folder / "a.csv", *rows), "--yes", "--json")

    assert ended.code == 3
    assert [(p["row"], p["code"]) for p in ended.json["problems"]] == [(2, "number-taken")]
    assert ended.json["problems"][0]["message"] == (
        '6300 belongs to the ring group "Sales"; the next free number is 6303.'
    )


@pytest.mark.usefixtures("pbx")
def test_the_number_of_an_invalid_row_is_not_suggested(bulkvm: Bulkvm, folder: Path) -> None:
    rows = [("6300", "Taken", "402817", "", ""), ("6302", "Invalid", "111111", "", "")]

    ended = bulkvm("plan", write_csv(folder / "a.csv", *rows), "--skip-invalid", "--json")

    (taken,) = (p["message"] for p in ended.json["problems"] if p["code"] == "number-taken")
    assert taken.endswith("the next free number is 6303.")


def test_an_earlier_result_is_never_overwritten_by_default(bulkvm: Bulkvm, pbx: Starlette, folder: Path) -> None:
    sheet = write_csv(folder / "a.csv", ("6201", "Front Desk", "402817", "", ""))

    for _ in range(3):
        assert bulkvm("import", sheet, "--yes").code == 0

    assert {file.name for file in folder.glob("*.xlsx")} == {"a.result.xlsx", "a.result-2.xlsx", "a.result-3.xlsx"}
    assert pbx.state.traffic.counts["create"] == 1


def test_a_result_can_be_corrected_and_imported(bulkvm: Bulkvm, pbx: Starlette, folder: Path) -> None:
    book = Workbook()
    for row in (HEADINGS, ("6201", "Front Desk", "402111", "", ""), ("6202", "Sales", "582046", "", "")):
        book.active.append(row)  # type: ignore[union-attr]  # a new workbook has a sheet
    book.save(folder / "a.xlsx")
    bulkvm("import", "a.xlsx", "--yes", "--skip-invalid")
    result = load_workbook(folder / "a.result.xlsx")
    sheet = next(s for s in result if s.title != "bulkvm")
    sheet["C2"] = "402817"
    result.save(folder / "a.result.xlsx")

    again = bulkvm("import", "a.result.xlsx", "--yes", "--json")

    assert again.code == 0
    assert [row["status"] for row in again.json["rows"]] == ["created", "unchanged"]
    assert pbx.state.traffic.counts["create"] == 2


def test_the_sheet_can_come_from_standard_input_and_the_boxes_go_to_standard_output(folder: Path) -> None:
    def piped(*arguments: str, given: str = "") -> str:
        command = [sys.executable, "-m", "bulkvm", *arguments, "--site", "simulator"]
        return subprocess.run(command, input=given, text=True, encoding="utf-8", capture_output=True, check=True).stdout

    sheet = "Ext,Name,PIN\n6201,Zentrale Süd,402817\n"

    assert json.loads(piped("import", "-", "--yes", "--json", given=sheet))["counts"]["created"] == 1
    exported = piped("export")
    assert json.loads(piped("plan", "-", "--json", given=exported))["counts"]["unchanged"] == 1
    assert (folder / "bulkvm.result.xlsx").exists()


@pytest.mark.parametrize("name", ["a.result.xlsx", "b.csv", "c.xlsx", "c.json"])
def test_files_that_hold_pins_are_readable_by_their_owner_only(
    bulkvm: Bulkvm, pbx: Starlette, folder: Path, name: str
) -> None:
    sheet = write_csv(folder / "a.csv", ("6201", "Front Desk", "402817", "", ""))
    bulkvm("import", sheet, "--yes")
    if not name.startswith("a."):
        bulkvm("export", name)

    assert (folder / name).stat().st_mode & 0o777 == 0o600
    assert pbx.state.traffic.counts["create"] == 1


def test_with_exit_code_a_plan_with_changes_is_exit_code_10(bulkvm: Bulkvm, pbx: Starlette) -> None:
    plain = bulkvm("plan", SAMPLES / "clinic.csv")
    asked = bulkvm("plan", SAMPLES / "clinic.csv", "--exit-code")

    assert (plain.code, asked.code) == (0, 10)
    assert pbx.state.traffic.counts["create"] == 0


def test_a_run_that_fails_too_often_ends_with_exit_code_7_and_the_rest_is_not_sent(
    bulkvm: Bulkvm, pbx: Starlette
) -> None:
    pbx.state.faults = FaultRules(["422:create:1-99"])

    ended = bulkvm("import", SAMPLES / "clinic.csv", "--yes", "--json", "--max-errors", "3", "--concurrency", "1")

    assert ended.code == 7
    counts = ended.json["counts"]
    assert (counts["rejected"], counts["not sent"], sum(counts.values())) == (4, 38, 42)
    assert "42 rows: 4 rejected, 38 not sent." in ended.err


@pytest.mark.usefixtures("pbx")
def test_an_option_takes_precedence_over_its_variable_and_that_above_the_default(
    bulkvm: Bulkvm, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bulkvm("import", SAMPLES / "clinic.csv", "--yes", "--result", "r.csv")
    edited = (SAMPLES / "clinic.csv").read_text("utf-8").replace("Cardiology", "Heart")
    (folder / "edited.csv").write_text(edited, "utf-8")

    by_default = bulkvm("import", "edited.csv")
    monkeypatch.setenv("BULKVM_MAX_CHANGES", "1")
    by_variable = bulkvm("import", "edited.csv", "--yes")
    by_option = bulkvm("import", "edited.csv", "--yes", "--max-changes", "2")

    assert (by_default.code, by_variable.code, by_option.code) == (2, 6, 0)


@pytest.mark.usefixtures("pbx")
def test_a_site_that_an_option_names_takes_precedence_over_the_one_of_a_variable(
    bulkvm: Bulkvm, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BULKVM_SITE", "nowhere")

    assert bulkvm("export", "boxes.csv").code == 2
    assert bulkvm("export", "boxes.csv", "--site", "simulator").code == 0


def test_a_plan_shows_what_an_import_would_refuse_by_its_limit(bulkvm: Bulkvm, pbx: Starlette, folder: Path) -> None:
    boxes = [(str(6200 + n), f"Desk {n}", f"{n // 10}19{n % 10}60", "", "") for n in range(100)]
    assert bulkvm("import", write_csv(folder / "a.csv", *boxes), "--yes").code == 0
    edited = write_csv(folder / "b.csv", *((row[0], row[1] + "b", *row[2:]) for row in boxes[:29]))

    usual, within, beyond, in_json = (
        bulkvm("plan", edited, *options)
        for options in ([], ["--max-changes", "29%"], ["--max-changes", "28"], ["--max-changes", "28%", "--json"])
    )
    refused = bulkvm("import", edited, "--yes", "--max-changes", "28%")

    assert [ended.code for ended in (usual, within, beyond, in_json, refused)] == [0, 0, 0, 0, 6]
    assert "allowed" not in usual.err + within.err
    assert "change 29 of the 100 boxes on the PBX, and 28 are allowed" in beyond.err
    assert in_json.json["excess"] == "This would change 29 of the 100 boxes on the PBX, and 28% are allowed."
    assert bulkvm("import", edited, "--yes", "--max-changes", "29%").code == 0
    assert pbx.state.traffic.counts["update"] == 29


@pytest.mark.parametrize("content", [b"Ext,Name,PIN\n", b"Ext,Name,PIN\n,,\ne.g. 6201,e.g. Desk,e.g. 402817\n", None])
def test_a_sheet_without_rows_is_refused(bulkvm: Bulkvm, pbx: Starlette, folder: Path, content: bytes | None) -> None:
    if content is None:
        bulkvm("template", "boxes.xlsx")
    else:
        Path("boxes.csv").write_bytes(content)
    (name,) = [file.name for file in folder.glob("boxes.*")]

    validated = bulkvm("validate", name)
    ended = bulkvm("import", name, "--yes")

    assert (validated.code, ended.code) == (3, 3)
    assert "There are no rows below the headings" in validated.out.replace("there", "There")
    assert pbx.state.traffic.counts["create"] == 0
    assert [file.name for file in folder.glob("boxes*")] == [name]
