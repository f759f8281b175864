"""A site is moved from another phone system: from its export to boxes that are proven to be as they were sent."""

import shutil
import zipfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from openpyxl import load_workbook
from starlette.applications import Starlette

from bulkvm.columns import COLUMN_OF_HEADER, COLUMNS
from tests.cli.program import SAMPLES, Bulkvm, CommandResult, stored
from tests.cli.sheet_files import statuses
from tests.readers.exports import FREEPBX, FUSIONPBX, SECRETS, THREE_CX, VOICEMAIL_CONF, Export

FLAGS = ("--replace-pins", "--generate-pins", "--skip-taken", "--yes", "--json")
SAMPLE_FLAGS = ("--replace-pins", "--skip-taken")
SETTINGS = ("pin", "prompt", "enable_pin", "play_datetime")  # words of the other system would be in them
TAKEN = "7002"  # the number of a user on the new PBX


def add_user(app: Starlette) -> None:
    with app.state.stored.db as db:
        db.execute("INSERT INTO other_number VALUES ('u', ?, 'Zoe', 'EXTENSION')", [TAKEN])


def expected_boxes(export: Export) -> dict[str, tuple[str, str | None]]:
    """The names and addresses that the boxes should have, by extension."""
    rows = [row for row in export.expected().values() if row and row["extension_number"] != TAKEN]
    return {row["extension_number"]: (row["name"], row["recipients"].replace(" ", "") or None) for row in rows}


def texts_of(file: Path) -> bytes:
    """The content of a file, with the parts of a workbook unpacked."""
    if not zipfile.is_zipfile(file):
        return file.read_bytes()
    with zipfile.ZipFile(file) as parts:
        return b"".join(map(parts.read, parts.namelist()))


def counts(ended: CommandResult) -> dict[str, int]:
    return {status: n for status, n in ended.json["counts"].items() if n}


@pytest.mark.parametrize("export", [FREEPBX, VOICEMAIL_CONF, THREE_CX, FUSIONPBX], ids=lambda export: export.system)
def test_a_site_is_moved_by_way_of_a_sheet(bulkvm: Bulkvm, pbx: Starlette, folder: Path, export: Export) -> None:
    add_user(pbx)
    file, boxes = export.write(folder), expected_boxes(export)

    recognised = bulkvm("validate", file)
    cleaned = bulkvm("validate", file, "--from", export.system, "--clean", "boxes.xlsx")
    imported = bulkvm("import", "boxes.xlsx", *FLAGS, "--result", "first.xlsx")
    sent = dict(pbx.state.traffic.counts)
    again = bulkvm("import", "boxes.xlsx", *FLAGS, "--result", "second.xlsx")
    compared = bulkvm("diff", "first.xlsx")
    letters = bulkvm("pins", "first.xlsx", "--output", "letters.xlsx")

    assert (recognised.code, cleaned.code) == (3, 3)
    assert f"--from {export.system}" in recognised.err
    assert (imported.code, counts(imported)) == (0, {"created": len(boxes), "left out": 1})
    assert stored(pbx, "name", "recipients") == boxes
    assert all(len(pin) >= 6 for pin in stored(pbx, "pin").values())
    assert (again.code, counts(again)) == (0, {"unchanged": len(boxes), "left out": 1})
    assert (sent["create"], pbx.state.traffic.counts["create"], pbx.state.traffic.counts["update"]) == (
        len(boxes),
    ) * 2 + (0,)
    assert (compared.code, letters.code) == (0, 0)
    assert f"No differences: {len(boxes)} boxes in both." in compared.err
    assert len(list(load_workbook("letters.xlsx").worksheets[0].iter_rows())) == 1 + len(boxes)


@pytest.mark.parametrize("export", [FREEPBX, VOICEMAIL_CONF, THREE_CX, FUSIONPBX], ids=lambda export: export.system)
def test_a_site_is_moved_in_one_step(bulkvm: Bulkvm, pbx: Starlette, folder: Path, export: Export) -> None:
    add_user(pbx)
    file, boxes = export.write(folder), expected_boxes(export)
    rows = [row and row["extension_number"] for row in export.expected().values()]

    ended = [
        bulkvm("import", file, "--from", export.system, *FLAGS, "--result", "first.xlsx"),
        bulkvm("import", file, "--from", export.system, *FLAGS, "--result", "second.csv"),
        bulkvm("validate", file, "--from", export.system, "--annotate", "copy.xlsx", "--clean", "clean.csv", "--json"),
        bulkvm("plan", file, "--from", export.system, *FLAGS[:3], "--output", "plan.xlsx"),
        bulkvm("import", "first.xlsx", *FLAGS, "--result", "third.xlsx"),
        bulkvm("runs", "last", "--result", "rebuilt.xlsx"),
    ]

    assert [result.code for result in ended] == [0, 0, 3, 0, 0, 0]
    assert statuses(folder / "first.xlsx") == ["created" if number in boxes else "left out" for number in rows]
    left_out = len(rows) - len(boxes)
    assert counts(ended[1]) == counts(ended[4]) == {"unchanged": len(boxes), "left out": left_out}
    assert stored(pbx, "name", "recipients") == boxes
    headings, *cells = load_workbook("first.xlsx")["Boxes"].iter_rows(values_only=True)
    assert list(headings[: len(COLUMNS)]) == [column.title for column in COLUMNS]
    off = [dict(zip(headings, row, strict=True)) for row in cells if "left out" in row and TAKEN not in row]
    assert {row[COLUMN_OF_HEADER[header].title] for row in off for header in SETTINGS} <= {None}
    written = [path for path in (*folder.iterdir(), *(folder.parent / "state").rglob("*")) if path.is_file()]
    assert len(written) > 7
    texts = {path.name: texts_of(path) for path in written if path != file}
    texts["output"] = "".join(result.out + result.err for result in ended).encode()
    assert [(name, secret) for name, text in texts.items() for secret in SECRETS if secret.encode() in text] == []


def test_the_plan_of_an_export_can_be_approved(bulkvm: Bulkvm, pbx: Starlette, folder: Path) -> None:
    add_user(pbx)
    file, boxes = FREEPBX.write(folder), expected_boxes(FREEPBX)

    planned = bulkvm("plan", file, "--from", "freepbx", *FLAGS[:3], "--output", "plan.xlsx")
    ended = bulkvm("import", "plan.xlsx", "--approved", "--yes", "--json", "--result", "r.xlsx")

    assert (planned.code, ended.code) == (0, 0)
    assert (counts(ended)["created"], counts(ended)["left out"]) == (len(boxes), 5)
    assert bulkvm("diff", "r.xlsx").code == 0


@pytest.mark.usefixtures("pbx")
def test_the_sheet_of_an_export_is_compared_without_what_it_does_not_show(bulkvm: Bulkvm, folder: Path) -> None:
    file = FREEPBX.write(folder)
    file.write_text(file.read_text("utf-8").replace("3690", "402817").replace("0582", "582046"), "utf-8")
    bulkvm("validate", file, "--from", "freepbx", "--clean", "boxes.xlsx")
    bulkvm("import", "boxes.xlsx", *FLAGS)

    compared = bulkvm("diff", "boxes.xlsx", "--json").json

    assert (compared["counts"]["unchanged"], compared["only_a"], compared["only_b"]) == (2, [], [])
    assert [[d["field"] for d in box["differences"]] for box in compared["changed"]] == [["pin"]]


@pytest.mark.usefixtures("pbx")
def test_the_result_of_a_second_import_has_no_differences_in_pins_that_were_not_sent(
    bulkvm: Bulkvm, folder: Path
) -> None:
    file = FREEPBX.write(folder)
    bulkvm("import", file, "--from", "freepbx", *FLAGS, "--result", "first.csv")
    bulkvm("import", file, "--from", "freepbx", *FLAGS, "--result", "second.csv")

    compared = bulkvm("diff", "second.csv", "--json")

    assert compared.code == 0
    assert "pin" in compared.json["not_compared"]


def _render(problem: Mapping[str, str]) -> str:
    return f"{problem['severity']}: {problem['cell'] or 'the whole file'}: {problem['message']}"


def _render_row(row: Mapping[str, str]) -> str:
    return f"row {row['row']}, {row['extension_number']}: {row['status']}. {row['message']}".rstrip()


def test_the_sample_of_an_export_has_the_outcome_beside_it(
    request: pytest.FixtureRequest, bulkvm: Bulkvm, folder: Path
) -> None:
    shutil.copy(SAMPLES / "freepbx.csv", folder)
    reported = Path(__file__).parents[2] / "samples" / "freepbx.csv.expected.txt"

    validated = bulkvm("validate", "freepbx.csv", "--from", "freepbx", "--clean", "boxes.xlsx", "--json").json
    imported = bulkvm("import", "boxes.xlsx", *SAMPLE_FLAGS, "--yes", "--json", "--site", "simulator").json
    compared = bulkvm("diff", "boxes.result.xlsx", "--site", "simulator", "--json").json

    text = "\n".join([
        "$ bulkvm validate freepbx.csv --from freepbx --clean boxes.xlsx",
        f"{validated['rows']} rows, {validated['left_out']} left out",
        *map(_render, validated["problems"]),
        f"$ bulkvm import boxes.xlsx {' '.join(SAMPLE_FLAGS)}",
        *map(_render, imported["problems"]),
        *map(_render_row, imported["rows"]),
        "$ bulkvm diff boxes.result.xlsx",
        f"{compared['counts']['unchanged']} unchanged, {len(compared['changed'])} changed",
        "",
    ])  # fmt: skip
    if request.config.getoption("--renew-golden"):
        reported.write_text(text, encoding="utf-8", newline="\n")
    assert text == reported.read_text("utf-8")


UNKNOWN_WORDS = {
    "freepbx": (FREEPBX, ",yes,3690,", ",vielleicht,3690,"),
    "3cx": (THREE_CX, "sip-Secret-1,1,0,", "sip-Secret-1,vielleicht,0,"),
    "fusionpbx": (FUSIONPBX, "true,true,Reception", "true,vielleicht,Reception"),
}


@pytest.mark.usefixtures("pbx")
@pytest.mark.parametrize("copy", ["clean.xlsx", "clean.csv", "result.xlsx", "result.csv", "annotated.xlsx"])
@pytest.mark.parametrize(("export", "known", "unknown"), UNKNOWN_WORDS.values(), ids=UNKNOWN_WORDS)
def test_a_row_that_may_be_no_box_is_an_error_in_each_copy(
    bulkvm: Bulkvm, folder: Path, export: Export, known: str, unknown: str, copy: str
) -> None:
    file = replace(export, text=export.text.replace(known, unknown)).write(folder)

    if copy.startswith("clean"):
        bulkvm("validate", file, "--from", export.system, "--clean", copy)
    elif copy.startswith("annotated"):
        bulkvm("validate", file, "--from", export.system, "--annotate", copy)
    else:
        bulkvm("import", file, "--from", export.system, *FLAGS, "--result", copy)
    ended = bulkvm("import", copy, *FLAGS)

    assert ended.code == 3
    assert [problem["code"] for problem in ended.json["problems"] if problem["severity"] == "error"] == ["cell-refused"]
    assert ended.json["rows"][0]["status"] == "invalid"


@pytest.mark.parametrize("export", [FREEPBX, VOICEMAIL_CONF, THREE_CX, FUSIONPBX], ids=lambda export: export.system)
def test_an_annotated_copy_leaves_the_same_rows_out(
    bulkvm: Bulkvm, pbx: Starlette, folder: Path, export: Export
) -> None:
    add_user(pbx)

    bulkvm("validate", export.write(folder), "--from", export.system, "--annotate", "copy.xlsx")
    ended = bulkvm("import", "copy.xlsx", *FLAGS)

    assert ended.code == 0
    assert stored(pbx, "name", "recipients") == expected_boxes(export)
