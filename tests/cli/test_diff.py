"""`bulkvm diff`: between files, and between a file and the PBX."""

import csv
import importlib
import json
from pathlib import Path

import pytest
from openpyxl import load_workbook
from openpyxl.worksheet.worksheet import Worksheet
from starlette.applications import Starlette

from bulkvm.reports.workbook.styles import AMBER, GREEN, RED
from bulkvm.simulator import SimulatorSettings, create_app, running
from tests.backup.backups import pbx_with
from tests.cli.program import SAMPLES, Bulkvm
from tests.golden_files import Golden
from tests.reports.printing import assert_prints_as_wide_as_a_page

A = """\
extension_number,name,pin,enable_pin,recipients,id
0101,Front Desk,024680,yes,"a@example.com,b@example.com",aWQx
0102,Lab,402817,no,,aWQy
0103,Ward,582046,yes,,aWQz
"""
B = """\
extension_number,name,pin,enable_pin,recipients,id
0101,Reception,024681,yes,"B@example.com,A@example.com",b3Ro
0102,Lab,402817,no,lab@example.com,ZXIx
0104,=New,720493,yes,,ZXIy
"""
PINS = ("024680", "024681", "402817", "582046", "720493")


def write(name: str, text: str) -> Path:
    Path(name).write_text(text, "utf-8")
    return Path(name)


def test_the_table_names_boxes_of_one_side_alone_and_changed_fields(bulkvm: Bulkvm, golden: Golden) -> None:
    ended = bulkvm("diff", write("a.csv", A), write("b.csv", B))

    assert ended.code == 10
    golden("cli/diff.txt", f"{ended.out}---\n{ended.err}")


def test_two_files_with_the_same_content_have_no_differences(bulkvm: Bulkvm) -> None:
    ended = bulkvm("diff", write("a.csv", A), write("b.csv", A.replace("aWQ", "b3Ro")))

    assert (ended.code, ended.out) == (0, "")
    assert "No differences: 3 boxes in both." in ended.err


def test_json_has_both_sides_of_each_field(bulkvm: Bulkvm) -> None:
    ended = bulkvm("diff", write("a.csv", A), write("b.csv", B), "--json")

    assert ended.code == 10
    assert ended.json == {
        "schema": 1,
        "read_as": None,
        "a": "a.csv",
        "b": "b.csv",
        "counts": {"only_a": 1, "only_b": 1, "changed": 2, "unchanged": 0},
        "only_a": [{"extension_number": "0103", "name": "Ward"}],
        "only_b": [{"extension_number": "0104", "name": "=New"}],
        "changed": [
            {
                "extension_number": "0101",
                "name": "Front Desk",
                "differences": [
                    {"field": "name", "a": "Front Desk", "b": "Reception"},
                    {"field": "pin", "a": None, "b": None},
                ],
            },
            {
                "extension_number": "0102",
                "name": "Lab",
                "differences": [{"field": "recipients", "a": "", "b": "lab@example.com"}],
            },
        ],
        "not_compared": ["prompt", "enable_email_notify", "play_datetime"],
    }


@pytest.mark.parametrize("name", ["diff.xlsx", "diff.csv"])
def test_the_table_can_be_a_file_of_text(bulkvm: Bulkvm, name: str) -> None:
    ended = bulkvm("diff", write("a.csv", A), write("b.csv", B), "--output", name)

    if name.endswith("xlsx"):
        sheet = load_workbook(name)["Differences"]
        assert {cell.data_type for row in sheet.iter_rows() for cell in row if cell.value is not None} == {"s"}
        rows = [[value or "" for value in row] for row in sheet.iter_rows(values_only=True)]
        assert_is_coloured(sheet)
        assert_prints_as_wide_as_a_page(sheet)
    else:
        with Path(name).open(encoding="utf-8-sig", newline="") as file:
            rows = [[cell.removeprefix("'") for cell in row] for row in csv.reader(file)]
    assert ended.code == 10
    assert rows == [
        ["Extension", "Name", "Difference", "a.csv", "b.csv"],
        ["0101", "Front Desk", "Name", "Front Desk", "Reception"],
        ["0101", "Front Desk", "PIN", "(not shown)", "(not shown)"],
        ["0102", "Lab", "Recipients", "(none)", "lab@example.com"],
        ["0103", "Ward", "box", "present", "missing"],
        ["0104", "=New", "box", "missing", "present"],
    ]


def assert_is_coloured(sheet: Worksheet) -> None:
    """The cells that differ, and no others."""
    fills = [
        [str(cell.fill.fgColor.rgb) if cell.fill.fill_type else "" for cell in row]
        for row in sheet.iter_rows(min_row=2)
    ]
    amber, red, green = (f"FF{colour[1:]}" for colour in (AMBER, RED, GREEN))
    assert [row[:3] for row in fills] == [[""] * 3] * 5
    assert [row[3:] for row in fills] == [[amber, amber]] * 3 + [[green, red], [red, green]]


@pytest.mark.parametrize("more", [[], ["--json"], ["--output", "d.csv"]])
def test_no_pin_is_ever_shown(bulkvm: Bulkvm, folder: Path, more: list[str]) -> None:
    ended = bulkvm("diff", write("a.csv", A), write("b.csv", B), *more)

    shown = ended.out + ended.err + "".join(file.read_text("utf-8-sig") for file in folder.glob("d.csv"))
    assert [pin for pin in PINS if pin in shown] == []


@pytest.mark.parametrize("more", [[], ["--json"]])
@pytest.mark.parametrize(
    ("changed", "reported"),
    [
        ({"extension_number": "what"}, ["no column is called Extension"]),
        ({"name,pin": "PIN code,pin"}, ["both mean PIN"]),
        ({"0102": "", "0103": ""}, ["A3 (Extension)", "A4 (Extension)", "missing"]),
        ({"0102": "0101", "0103": "'0101", "aWQy": "", "aWQz": ""}, ["A2 (Extension)", "A3", "A4", "0101 is also in"]),
        ({"Lab,": "Lab,,,,,,"}, ["line 3", "values for 6 columns"]),
        ({"Lab": "\0"}, ["line 3", "NUL"]),
        ({"Lab": '"Lab'}, ["quote", "line 3"]),
    ],
    ids=["no extensions", "a column twice", "a row without one", "one twice", "too wide", "NUL", "open quote"],
)
def test_a_file_whose_rows_cannot_be_distinguished_is_refused_and_not_ignored(
    bulkvm: Bulkvm, changed: dict[str, str], reported: list[str], more: list[str]
) -> None:
    text = A
    for old, new in changed.items():
        text = text.replace(old, new)
    bad = write("bad.csv", text)

    for pair in ([bad, write("a.csv", A)], [Path("a.csv"), bad]):
        ended = bulkvm("diff", *pair, *more)

        assert ended.code == 3
        assert list(ended.json) == ["schema", "error"] if more else ended.out == ""
        assert [word for word in (*reported, "bad.csv") if word not in ended.err] == []
        assert not any(pin in ended.err for pin in PINS)


REFUSED = """\
extension_number,name,pin,prompt,enable_pin,recipients,play_datetime
62,a\x07b,111222,English,maybe,no address,13_HOUR_CLOCK
888,Lab,12345,en-US,yes,,DISABLE
ext. 9,Ward,582046,de-DE,yes,,DISABLE
"""


@pytest.mark.parametrize(
    "more", [[], ["--json"], ["--output", "d.csv", "--overwrite"], ["--output", "d.xlsx", "--overwrite"]]
)
def test_values_that_the_rules_refuse_are_compared_unparsed(bulkvm: Bulkvm, folder: Path, more: list[str]) -> None:
    other = REFUSED.replace("English", "Deutsch").replace("12345", "54321").replace("maybe", "perhaps")

    same = bulkvm("diff", write("a.csv", REFUSED), "a.csv", *more)
    ended = bulkvm("diff", "a.csv", write("b.csv", other), "--json")
    shown = bulkvm("diff", "a.csv", "b.csv", *more)

    assert same.code == 0
    assert "No differences: 3 boxes in both." in same.err
    assert (ended.code, shown.code) == (10, 10)
    assert [(d["field"], d["a"], d["b"]) for box in ended.json["changed"] for d in box["differences"]] == [
        ("prompt", "English", "Deutsch"),
        ("enable_pin", "maybe", "perhaps"),
        ("pin", None, None),
    ]
    assert "\x07" not in shown.out + shown.err
    written = "".join(file.read_text("utf-8-sig") for file in folder.glob("d.csv"))
    assert not any(pin in shown.out + shown.err + written for pin in ("111222", "12345", "54321", "582046"))


def test_odd_boxes_on_the_pbx_can_be_compared(bulkvm: Bulkvm, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    many = ",".join(f"a{n}@example.com" for n in range(16))
    odd = [
        {"extension_number": "101", "name": "a\x07b", "pin": "111222", "prompt": "en_US", "recipients": many},
        {"extension_number": "102", "name": "x" * 99, "pin": "1234", "prompt": "xx-QQQQ", "recipients": "no address"},
    ]
    (folder / "odd.json").write_text(json.dumps(odd), "utf-8")
    with running(create_app(seed=folder / "odd.json")) as server:
        monkeypatch.setenv("BULKVM_URL", server.url)
        monkeypatch.setenv("BULKVM_TOKEN", SimulatorSettings().token)
        bulkvm("export", "odd.csv")
        bulkvm("export", "odd.xlsx")
        same = [bulkvm("diff", name).code for name in ("odd.csv", "odd.xlsx")]
        text = Path("odd.csv").read_text("utf-8-sig").replace("xx-QQQQ", "de-DE")
        drifted = bulkvm("diff", write("drifted.csv", text), "--json")

    assert same == [0, 0]
    assert [box["differences"] for box in drifted.json["changed"]] == [
        [{"field": "prompt", "a": "de-DE", "b": "xx-QQQQ"}]
    ]


def test_a_file_and_the_pbx(bulkvm: Bulkvm, pbx: Starlette) -> None:
    bulkvm("import", SAMPLES / "clinic.csv", "--yes", "--result", "r.csv")
    bulkvm("export", "was.csv")
    bulkvm("export", "was.xlsx")
    same = bulkvm("diff", "was.csv")
    from_workbook = bulkvm("diff", "was.xlsx")
    text = Path("was.csv").read_text("utf-8-sig").replace("Reception,", "Old Reception,", 1)

    changed = bulkvm("diff", write("older.csv", text), "--json")

    assert (same.code, from_workbook.code, changed.code) == (0, 0, 10)
    assert (changed.json["a"], changed.json["b"]) == ("older.csv", "the PBX 127.0.0.1")
    assert changed.json["changed"][0]["differences"] == [{"field": "name", "a": "Old Reception", "b": "Reception"}]
    assert pbx.state.traffic.counts["update"] == 0


@pytest.mark.usefixtures("pbx")
def test_pins_that_one_side_does_not_show_are_reported_as_not_compared(bulkvm: Bulkvm) -> None:
    bulkvm("import", SAMPLES / "clinic.csv", "--yes", "--result", "r.csv")
    bulkvm("export", "open.csv", "--without-pins")

    ended = bulkvm("diff", "open.csv")

    assert ended.code == 0
    assert "Not compared for every box, because one side does not show them: PIN." in ended.err


def test_hidden_pins_are_not_reported_as_differences(
    bulkvm: Bulkvm, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert folder.is_dir()
    with (
        running(pbx_with(tmp_path, 30, settings=SimulatorSettings(behave=("hide:pin:both",)))) as hiding,
        running(pbx_with(tmp_path, 30)) as open_,
    ):
        monkeypatch.setenv("BULKVM_TOKEN", SimulatorSettings().token)
        monkeypatch.setenv("BULKVM_URL", open_.url)
        bulkvm("export", "open.csv")
        monkeypatch.setenv("BULKVM_URL", hiding.url)
        ended = bulkvm("diff", "open.csv")

    assert ended.code == 0
    assert "PIN" in ended.err


def test_a_migrated_site_has_no_differences_from_the_old_one(
    bulkvm: Bulkvm, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert folder.is_dir()
    with running(create_app()) as old, running(create_app()) as new:
        monkeypatch.setenv("BULKVM_TOKEN", SimulatorSettings().token)
        monkeypatch.setenv("BULKVM_URL", old.url)
        bulkvm("import", SAMPLES / "clinic.xlsx", "--yes", "--result", "r.csv")
        bulkvm("export", "old.csv")
        monkeypatch.setenv("BULKVM_URL", new.url)
        moved = bulkvm("import", "old.csv", "--yes", "--json", "--result", "moved.csv")
        bulkvm("export", "new.csv")

        assert moved.json["counts"]["created"] == 42
        assert bulkvm("diff", "old.csv").code == 0
        assert bulkvm("diff", "old.csv", "new.csv").code == 0


def test_two_files_need_no_pbx_and_a_wrong_name_for_the_output_is_reported_first(bulkvm: Bulkvm) -> None:
    write("a.csv", A)

    assert bulkvm("diff", "a.csv", "a.csv").code == 0
    assert bulkvm("diff", "a.csv", "a.csv", "--output", "d.pdf").code == 2
    assert bulkvm("diff", "a.csv").code == 2
    assert bulkvm("diff", "a.csv", "missing.csv").code == 2


@pytest.mark.parametrize("output", ["a.csv", "b.csv", "./b.csv"])
def test_the_sheets_themselves_are_never_written_to(bulkvm: Bulkvm, output: str) -> None:
    write("a.csv", A)
    write("b.csv", B)

    ended = bulkvm("diff", "a.csv", "b.csv", "--output", output)

    assert (ended.code, ended.out) == (2, "")
    assert "which bulkvm never overwrites" in ended.err
    assert [Path(name).read_text("utf-8") for name in ("a.csv", "b.csv")] == [A, B]


def test_a_place_that_cannot_be_written_to_is_reported_before_the_pbx_is_asked(bulkvm: Bulkvm, pbx: Starlette) -> None:
    write("a.csv", A)

    assert bulkvm("diff", "a.csv", "--output", "nowhere/d.xlsx").code == 2
    assert bulkvm("export", "nowhere/boxes.csv").code == 2
    assert sum(pbx.state.traffic.counts.values()) == 0


def test_two_files_can_be_compared_from_python_too(bulkvm: Bulkvm) -> None:
    package = importlib.import_module("bulkvm")
    assert bulkvm("diff", write("a.csv", A), write("b.csv", B)).code == 10

    a, b = (
        package.boxes_from_rows(package.take_rows(package.read_sheet(Path(name)))[0]) for name in ("a.csv", "b.csv")
    )

    assert (len(package.make_diff(a, b).changed), package.make_diff(a, a).is_empty) == (2, True)


@pytest.mark.parametrize("suffix", ["xlsx", "csv"])
def test_a_list_of_differences_is_not_imported_as_a_sheet(bulkvm: Bulkvm, suffix: str) -> None:
    bulkvm("diff", write("a.csv", A), write("b.csv", B.replace("0104,=New,720493", "0103,=New,720493")))
    bulkvm("diff", "a.csv", "b.csv", "--output", f"d.{suffix}")

    refused = bulkvm("import", f"d.{suffix}", "--site", "simulator", "--yes")
    checked = bulkvm("validate", f"d.{suffix}", "--json")

    assert (refused.code, checked.code) == (3, 3)
    assert f"Nothing was sent. d.{suffix}: this is a list of differences" in refused.err
    assert "diff-as-sheet" in {problem["code"] for problem in checked.json["problems"]}


def test_a_sheet_with_a_column_of_differences_is_no_list_of_them(bulkvm: Bulkvm) -> None:
    checked = bulkvm("validate", write("a.csv", "Extension,Name,PIN,Difference\n6201,Desk,402817,none\n"))

    assert checked.code == 0
