"""What scripts rely on: data on standard output in UTF-8, words on standard error, JSON however it ends."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from openpyxl import Workbook
from starlette.applications import Starlette

from tests.cli.program import SAMPLES, Bulkvm
from tests.cli.sheet_files import write_csv

RUN_KEYS = {"schema", "site", "tenant", "run", "counts", "rows", "problems", "unseen"}
ROWS = [("6201", "Łukasz", "402817", "", ""), ("6202", "Sales", "582046", "", "")]


def test_json_is_utf_8_in_any_encoding_of_the_terminal(folder: Path) -> None:
    write_csv(folder / "a.csv", ("6201", "Front Desk", "402817", "Łukasz", "yes"))
    environment = {**os.environ, "PYTHONIOENCODING": "cp1252"}

    out = subprocess.run(
        [sys.executable, "-m", "bulkvm", "validate", "a.csv", "--json"],
        capture_output=True,
        env=environment,
        check=False,
    ).stdout

    assert "Łukasz" in json.loads(out.decode("utf-8"))["problems"][0]["message"]


@pytest.mark.parametrize("wrong", [0, 1, 2_500])
def test_a_document_with_any_number_of_problems_is_as_python_writes_it(
    bulkvm: Bulkvm, folder: Path, wrong: int
) -> None:
    boxes = (f"{6200 + n},Desk {n},{'12' if n < wrong else 402817}\n" for n in range(wrong + 1))
    (folder / "a.csv").write_text("extension_number,name,pin\n" + "".join(boxes), "utf-8")

    ended = bulkvm("validate", "a.csv", "--json")

    assert sum(problem["severity"] == "error" for problem in ended.json["problems"]) == wrong
    assert ended.out == json.dumps(ended.json, ensure_ascii=False, indent=2) + "\n"


@pytest.mark.usefixtures("pbx")
def test_import_prints_its_document_also_where_nothing_was_sent(bulkvm: Bulkvm, folder: Path) -> None:
    write_csv(folder / "a.csv", *((str(6200 + n), f"Desk {n}", "402817", "", "") for n in range(20)))
    write_csv(folder / "b.csv", *((str(6200 + n), f"Other {n}", "", "", "") for n in range(20)))
    bulkvm("import", "a.csv", "--yes")
    (folder / "c.csv").write_text("Colour\nred\n", "utf-8")

    unasked = bulkvm("import", "a.csv", "--json", "--only-failed")
    refused = bulkvm("import", "b.csv", "--yes", "--json")
    unreadable = [bulkvm(command, "c.csv", "--json") for command in ("import", "plan")]

    assert (refused.code, refused.json["counts"]["not sent"]) == (6, 20)
    assert [ended.code for ended in unreadable] == [3, 3]
    assert all(ended.json.keys() >= RUN_KEYS for ended in (refused, *unreadable))
    assert [ended.json["problems"][0]["code"] for ended in unreadable] == ["no-header", "no-header"]
    assert unasked.code == 2


@pytest.mark.usefixtures("pbx")
@pytest.mark.parametrize(
    ("arguments", "variables", "code"),
    [
        (["import", "missing.csv"], {}, 2),
        (["import", SAMPLES / "clinic.csv", "--max-errors", "lots"], {}, 2),
        (["plan", SAMPLES / "clinic.csv", "--nothing"], {}, 2),
        (["improt"], {}, 2),
        (["runs", "last"], {}, 2),
        (["undo", "last"], {}, 2),
        (["diff", SAMPLES / "mistakes.xlsx"], {}, 3),
        (["plan", SAMPLES / "clinic.csv"], {"BULKVM_TOKEN": "ended"}, 4),
        (["import", SAMPLES / "clinic.csv"], {"BULKVM_TOKEN": "ended"}, 4),
        (["diff", SAMPLES / "clinic.csv"], {"BULKVM_URL": "http://127.0.0.1:9"}, 5),
        (["import", SAMPLES / "clinic.csv"], {"BULKVM_URL": "http://127.0.0.1:9"}, 5),
    ],
)
def test_a_command_that_fails_early_prints_its_error_as_the_document(
    bulkvm: Bulkvm, monkeypatch: pytest.MonkeyPatch, arguments: list[str | Path], variables: dict[str, str], code: int
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)

    ended = bulkvm(*arguments, "--json")

    assert ended.code == code
    assert ended.json == {"schema": 1, "error": {"exit_code": code, "message": ended.json["error"]["message"]}}
    assert f"{ended.json['error']['message']}\n" in ended.err
    assert bulkvm(*arguments).out == ""


def test_words_go_to_standard_error_and_lists_to_standard_output(bulkvm: Bulkvm, pbx: Starlette) -> None:
    imported = bulkvm("import", SAMPLES / "clinic.csv", "--yes")
    listed = bulkvm("runs")
    exported = bulkvm("export")
    quiet = bulkvm("import", SAMPLES / "clinic.csv", "--yes", "-q")

    assert imported.out == ""
    assert "clinic.csv" in listed.out
    assert len(exported.out.splitlines()) == 43
    assert (exported.err, quiet.err) == ("", "")
    assert pbx.state.traffic.counts["create"] == 42


def test_a_macro_workbook_gets_its_result(bulkvm: Bulkvm, pbx: Starlette, folder: Path) -> None:
    book = Workbook()
    for row in (("Ext", "Name", "PIN"), ("6201", "Front Desk", "402817")):
        book.active.append(row)  # type: ignore[union-attr]  # a new workbook has a sheet
    book.save(folder / "a.xlsm")

    assert bulkvm("import", "a.xlsm", "--yes").code == 0
    assert (folder / "a.result.xlsx").exists()
    assert pbx.state.traffic.counts["create"] == 1


@pytest.mark.parametrize("result", ["out.txt", "nowhere/r.xlsx", "a.csv", "-", "r.xlsm"])
def test_a_result_that_cannot_be_written_is_reported_before_anything_is_sent(
    bulkvm: Bulkvm, pbx: Starlette, folder: Path, result: str
) -> None:
    sheet = write_csv(folder / "a.csv", *ROWS)
    before = sheet.read_bytes()

    ended = bulkvm("import", "a.csv", "--yes", "--result", result)

    assert ended.code == 2
    assert sum(pbx.state.traffic.counts.values()) == 0
    assert sheet.read_bytes() == before


@pytest.mark.parametrize("option", ["--clean", "--annotate"])
def test_a_check_never_overwrites_the_sheet_itself(bulkvm: Bulkvm, folder: Path, option: str) -> None:
    sheet = write_csv(folder / "a.csv", *ROWS)
    before = sheet.read_bytes()

    assert bulkvm("validate", "a.csv", option, folder / "a.csv").code == 2
    assert sheet.read_bytes() == before


def test_the_csv_form_of_the_template_can_be_asked_for(bulkvm: Bulkvm, folder: Path) -> None:
    assert bulkvm("template", "--csv").code == 0
    assert (folder / "bulkvm-template.csv").read_text("utf-8-sig").startswith("extension_number,name,pin,")
    assert bulkvm("template", "boxes.xlsx", "--csv").code == 2


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX's")
def test_the_files_of_a_demo_that_hold_pins_are_private_to_their_owner(bulkvm: Bulkvm, folder: Path) -> None:
    assert bulkvm("demo", "-q").code == 0

    for file in (folder / "bulkvm-demo").rglob("*"):
        if file.is_file() and file.name != "template.xlsx":
            assert file.stat().st_mode & 0o077 == 0, file


@pytest.mark.skipif(not Path("/proc").exists(), reason="there is no folder in which none can be created")
def test_a_state_folder_that_cannot_be_made_is_reported(bulkvm: Bulkvm, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BULKVM_STATE", "/proc/nowhere")

    ended = bulkvm("runs")

    assert ended.code == 2
    assert "BULKVM_STATE" in ended.err


def test_a_demo_reports_each_step_and_leaves_its_files(bulkvm: Bulkvm, folder: Path) -> None:
    ended = bulkvm("demo")

    assert ended.code == 0
    for words in (" errors:", "[extension-twice]", "42 created", "42 unchanged", "2 updated, 40 unchanged", "42 boxes"):
        assert words in ended.text
    assert {
        "template.xlsx",
        "mistakes.csv",
        "mistakes-annotated.xlsx",
        "clinic.xlsx",
        "clinic.result.xlsx",
        "boxes.csv",
    } <= {file.name for file in (folder / "bulkvm-demo").iterdir()}


@pytest.mark.parametrize(
    ("in_the_way", "reported", "steps"),
    [("state", "cannot be created", 0), ("state/simulator.sqlite3/x", "", 0), ("clinic.result.xlsx", "is a folder", 3)],
)
def test_a_demo_ends_at_the_first_step_that_goes_wrong(
    bulkvm: Bulkvm, folder: Path, in_the_way: str, reported: str, steps: int
) -> None:
    place = folder / "bulkvm-demo" / in_the_way
    place.parent.mkdir(parents=True)
    if in_the_way == "state":
        place.write_text("a file", "utf-8")
    else:
        place.mkdir()

    ended = bulkvm("demo", "--overwrite")

    assert ended.code == 2
    assert reported in ended.err
    assert ended.err.count("$ bulkvm") == steps
    assert "bug in bulkvm" not in ended.err


def test_a_simulator_whose_boxes_cannot_be_kept_is_reported(
    bulkvm: Bulkvm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BULKVM_STATE", str(tmp_path / "kept"))
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept" / "simulator.sqlite3").write_text("no database, and long enough to be recognised" * 9, "utf-8")

    ended = bulkvm("export", "boxes.csv", "--site", "simulator")

    assert ended.code == 2
    assert "cannot be used as the simulator's state" in ended.err
