"""A PBX that does not show PINs: what is sent without comparison is reported, counted, and can be left out."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.applications import Starlette

from bulkvm.simulator import SimulatorSettings, create_app, running
from tests.cli.program import Bulkvm, serve_pbx
from tests.cli.sheet_files import write_csv

HEADINGS = ("extension_number", "name", "pin")
BOXES = [(str(6200 + n), f"Desk {n}", f"4028{n}7") for n in (1, 3, 5, 7, 9)] + [
    (str(6300 + n), f"Ward {n}", f"5820{n}6") for n in (1, 3, 5, 7, 9)
]
SENT = "PIN sent in 10 rows; this PBX does not show PINs."


@pytest.fixture
def hiding(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Starlette]:
    seed = folder / "seed.json"
    seed.write_text(json.dumps([dict(zip(HEADINGS, box, strict=True)) for box in BOXES]), "utf-8")
    app = create_app(seed=seed, settings=SimulatorSettings(behave=("hide:pin:both",)))
    with serve_pbx(app, monkeypatch):
        yield app


@pytest.fixture
def sheet(folder: Path) -> Path:
    return write_csv(folder / "boxes.csv", *BOXES, headings=HEADINGS)


def test_an_import_shows_how_many_pins_it_sent_without_comparing_them(
    bulkvm: Bulkvm, hiding: Starlette, sheet: Path
) -> None:
    planned, first, again = bulkvm("plan", sheet), bulkvm("import", sheet, "--yes"), bulkvm("import", sheet, "--yes")

    assert (planned.code, first.code, again.code) == (0, 0, 0)
    assert "10 rows: 10 to update without comparison" in planned.out
    assert f"{SENT} The values cannot be compared; --keep-unseen leaves them unchanged." in planned.out
    assert f"10 rows: 10 updated. {SENT}" in first.err
    assert f"10 rows: 10 updated. {SENT}" in again.err
    assert hiding.state.traffic.counts["update"] == 20


def test_in_json_each_row_names_what_could_not_be_compared(bulkvm: Bulkvm, hiding: Starlette, sheet: Path) -> None:
    planned, sent = bulkvm("plan", sheet, "--json").json, bulkvm("import", sheet, "--yes", "--json").json

    assert (planned["counts"]["update"], planned["unseen"], sent["unseen"]) == (10, {"pin": 10}, {"pin": 10})
    for row in (planned["rows"][0], sent["rows"][0]):
        assert (row["changed"], row["unseen"]) == (["pin"], ["pin"])
        assert row["message"] == "PIN sent; this PBX does not show PINs."
    assert hiding.state.traffic.counts["update"] == 10


def test_keep_unseen_does_not_send_fields_that_are_not_shown(bulkvm: Bulkvm, hiding: Starlette, sheet: Path) -> None:
    planned = bulkvm("plan", sheet, "--keep-unseen", "--exit-code")
    sent = bulkvm("import", sheet, "--yes", "--keep-unseen", "--json")

    assert planned.code == 0
    assert "PIN not sent in 10 rows; this PBX does not show PINs." in planned.out
    assert (sent.code, sent.json["counts"]["unchanged"], sent.json["unseen"]) == (0, 10, {})
    assert sent.json["rows"][0]["message"] == "PIN not sent; this PBX does not show PINs."
    assert hiding.state.traffic.counts["update"] == 0


def test_the_limit_on_changes_counts_only_known_changes(
    bulkvm: Bulkvm, hiding: Starlette, folder: Path, sheet: Path
) -> None:
    renamed = write_csv(folder / "renamed.csv", *((n, f"{name} b", pin) for n, name, pin in BOXES), headings=HEADINGS)

    refused, accepted = bulkvm("import", renamed, "--yes"), bulkvm("import", sheet, "--yes")

    assert (refused.code, accepted.code) == (6, 0)
    assert "change 10 of the 10 boxes" in refused.err
    assert hiding.state.traffic.counts["update"] == 10


def test_a_rebuilt_result_shows_what_was_sent_without_being_compared(
    bulkvm: Bulkvm, hiding: Starlette, folder: Path, sheet: Path
) -> None:
    bulkvm("import", sheet, "--yes")

    assert bulkvm("runs", "last", "--result", "again.csv").code == 0

    assert (folder / "again.csv").read_text("utf-8-sig").count("PIN sent; this PBX does not show PINs.") == 10
    assert hiding.state.traffic.counts["update"] == 10


@pytest.mark.parametrize("rule", ["omit", "mask-stars", "mask-digits"])
def test_an_export_and_a_backup_report_and_count_what_is_not_shown(
    bulkvm: Bulkvm, folder: Path, monkeypatch: pytest.MonkeyPatch, rule: str
) -> None:
    seed = folder / "seed.json"
    boxes = [
        dict(zip(HEADINGS, box, strict=True)) | {"recipients": "a@example.com", "enable_pin": True} for box in BOXES
    ]
    seed.write_text(json.dumps(boxes), "utf-8")
    behave = (f"{rule}:pin:both", f"{rule}:recipients:both", "omit:enable_pin:both", "omit:enable_email_notify:both")
    with running(create_app(seed=seed, settings=SimulatorSettings(behave=behave))) as server:
        monkeypatch.setenv("BULKVM_URL", server.url)
        monkeypatch.setenv("BULKVM_TOKEN", SimulatorSettings().token)
        exported, without_pins = bulkvm("export", "all.csv"), bulkvm("export", "some.csv", "--without-pins")
        backed_up = bulkvm("backup", "nights")

    words = (
        "does not show the PINs of 10 boxes, Ask for the PIN of 10 boxes, Notify by e-mail of 10 boxes and "
        "Recipients of 10 boxes"
    )
    assert f"The PBX {words}, so they are left blank. Importing the file does not change them." in exported.err
    assert "does not show Ask for the PIN of 10 boxes" in without_pins.err
    assert f"the PBX {words}, so the backup does not contain them." in backed_up.err
    (manifest,) = (folder / "nights").glob("*.manifest.json")
    counted = json.loads(manifest.read_text("utf-8"))["not_shown"]
    assert counted == {"pin": 10, "enable_pin": 10, "enable_email_notify": 10, "recipients": 10}
    assert "000000" not in (folder / "all.csv").read_text("utf-8-sig")


def test_the_journal_has_the_pins_of_rows_whose_boxes_kept_theirs(
    bulkvm: Bulkvm, hiding: Starlette, folder: Path, sheet: Path
) -> None:
    bulkvm("import", sheet, "--yes", "--keep-unseen")

    assert bulkvm("runs", "last", "--result", "again.csv").code == 0

    text = (folder / "again.csv").read_text("utf-8-sig")
    assert all(pin in text for _, _, pin in BOXES)
    assert hiding.state.traffic.counts["update"] == 0
