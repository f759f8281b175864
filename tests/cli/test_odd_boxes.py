"""What an export or a backup holds can be imported, however odd the boxes are."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from bulkvm.simulator import SimulatorSettings, create_app
from tests.cli.program import Bulkvm, serve_pbx

PLAIN = {
    "name": "Desk",
    "pin": "402817",
    "prompt": "en-US",
    "enable_pin": True,
    "enable_email_notify": True,
    "recipients": "a@example.com",
    "play_datetime": "DISABLE",
}
ODD: Mapping[str, dict[str, Any]] = {
    "local recipient": {"recipients": "root@localhost"},
    "short host": {"recipients": "alerts@mailhost,a@example.com"},
    "address of a machine": {"recipients": "x@10.0.0.5"},
    "two dots": {"recipients": "o..brien@example.com"},
    "name in recipients": {"recipients": "Anna Bell <a@example.com>"},
    "recipient twice": {"recipients": "a@example.com,A@example.com"},
    "sixteen recipients": {"recipients": ",".join(f"a{n}@example.com" for n in range(16))},
    "new clock": {"play_datetime": "ISO_CLOCK"},
    "clock in words": {"play_datetime": "24h"},
    "NUL in the name": {"name": "De\0sk"},
    "bell in the name": {"name": "Desk\x07"},
    "line break in the name": {"name": "Front\nDesk"},
    "spaces around the name": {"name": "  Front   Desk "},
    "long name": {"name": "x" * 70},
    "unregistered prompt": {"prompt": "en-UK"},
    "prompt by name": {"prompt": "English"},
    "short PIN": {"pin": "4028"},
    "five digits": {"pin": "40281"},
    "long PIN": {"pin": "402817402817"},
    "repeated digits": {"pin": "111402"},
    "reserved number": {"extension_number": "666"},
}


def odd_boxes(*names: str) -> list[dict[str, Any]]:
    numbers = (str(6200 + n) for n in range(len(names)))
    return [{**PLAIN, "extension_number": next(numbers), "id": f"id-{name}", **ODD[name]} for name in names]


@contextmanager
def a_pbx(
    folder: Path, monkeypatch: pytest.MonkeyPatch, boxes: Sequence[Mapping[str, Any]] = (), *behave: str
) -> Iterator[None]:
    """A PBX that holds whatever boxes it is given, and refuses new ones that its rules forbid."""
    seed = folder / "seed.json"
    seed.write_text(json.dumps(boxes), "utf-8")
    with serve_pbx(create_app(seed=seed, settings=SimulatorSettings(behave=behave)), monkeypatch):
        yield


@pytest.mark.parametrize("form", ["csv", "xlsx", "json"])
def test_an_export_of_odd_boxes_changes_nothing(
    bulkvm: Bulkvm, folder: Path, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    with a_pbx(folder, monkeypatch, odd_boxes(*ODD)):
        exported = bulkvm("export", f"all.{form}")
        checked, planned = bulkvm("validate", f"all.{form}"), bulkvm("plan", f"all.{form}", "--json")
        imported = bulkvm("import", f"all.{form}", "--yes", "--json")

    assert (exported.code, checked.code, planned.code, imported.code) == (0, 0, 0, 0)
    assert planned.json["counts"] == {"create": 0, "update": 0, "unchanged": len(ODD)}
    assert imported.json["counts"]["unchanged"] == len(ODD)


@pytest.mark.parametrize("name", ODD)
def test_a_backup_of_an_odd_box_changes_nothing_and_another_field_can_be_changed_alone(
    bulkvm: Bulkvm, folder: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    with a_pbx(folder, monkeypatch, odd_boxes(name)):
        assert bulkvm("backup", "nights", "-q").code == 0
        (backup,) = (folder / "nights").glob("*.csv")
        planned = bulkvm("plan", backup, "--json")
        text = backup.read_text("utf-8-sig")
        assert ",yes,yes," in text
        (folder / "edited.csv").write_text(text.replace(",yes,yes,", ",no,yes,"), "utf-8")
        edited = bulkvm("plan", "edited.csv", "--json")

    assert (planned.code, planned.json["counts"]["unchanged"]) == (0, 1)
    assert edited.json["rows"][0]["changed"] == ["enable_pin"]


def test_a_backup_of_odd_boxes_restores_each_that_the_pbx_takes(
    bulkvm: Bulkvm, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = [name for name in ODD if name != "five digits"]  # which in a CSV are a zero that Excel dropped
    with a_pbx(folder, monkeypatch, odd_boxes(*names)):
        assert bulkvm("export", "all.csv").code == 0
    with a_pbx(folder, monkeypatch, [], "pins:any"):
        restored = bulkvm("import", "all.csv", "--yes", "--json", "--max-errors", "100%")

    statuses = dict(zip(names, (row["status"] for row in restored.json["rows"]), strict=True))
    assert set(statuses.values()) == {"created", "rejected"}  # nothing is refused before the PBX was asked
    created = {name for name, status in statuses.items() if status == "created"}
    assert {"local recipient", "address of a machine", "two dots", "NUL in the name", "short PIN"} <= created


def test_an_exported_value_that_was_edited_into_a_wrong_one_is_still_an_error(
    bulkvm: Bulkvm, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with a_pbx(folder, monkeypatch, [{**PLAIN, "extension_number": "6201", "id": "QQ=="}]):
        for header, value in {"recipients": "root@localhost", "pin": "4028", "play_datetime": "ISO"}.items():
            (folder / "edited.csv").write_text(f"extension_number,{header},id\n6201,{value},QQ==\n", "utf-8")
            refused = bulkvm("import", "edited.csv", "--yes")

            assert refused.code == 3
            assert header != "pin" or value not in refused.err


TWINS = [
    {**PLAIN, "extension_number": "6201", "id": "QQ==", "name": "Front Desk"},
    {**PLAIN, "extension_number": "6201", "id": "Qg==", "name": "Old Desk"},
    {**PLAIN, "extension_number": "6202", "id": "Qw==", "name": "Lab"},
]


def test_two_boxes_with_one_number_are_exported_and_named_and_block_no_other(
    bulkvm: Bulkvm, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "lab.csv").write_text("extension_number,name\n6201,New\n6202,Ward\n", "utf-8")
    with a_pbx(folder, monkeypatch, TWINS):
        exported, backed_up = bulkvm("export", "all.csv"), bulkvm("backup", "nights")
        again, same = bulkvm("plan", "all.csv", "--json"), bulkvm("diff", "all.csv")
        renamed = bulkvm("import", "lab.csv", "--yes", "--skip-invalid")
        differing = bulkvm("diff", "all.csv", "--json")

    assert (exported.code, backed_up.code, again.code, same.code, renamed.code) == (0, 0, 0, 0, 1)
    assert differing.json["counts"] == {"only_a": 0, "only_b": 0, "changed": 1, "unchanged": 2}
    assert again.json["counts"] == {"create": 0, "update": 0, "unchanged": 3}
    assert '2 boxes have the number 6201: "Front Desk" and "Old Desk".' in exported.err
    assert "2 boxes have the number 6201." in backed_up.err
    assert "Front Desk" in renamed.err
    assert "1 updated, 1 invalid" in renamed.err


def test_an_undo_reports_a_pin_that_the_rules_refuse_by_now(
    bulkvm: Bulkvm, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "new.csv").write_text("extension_number,name,pin\n6200,New,582046\n", "utf-8")
    with a_pbx(folder, monkeypatch, odd_boxes("short PIN")):
        assert bulkvm("import", "new.csv", "--yes").code == 0
        undone = bulkvm("undo", "last", "--yes")

    assert undone.code == 1
    assert "Box 6200 has a PIN that the current rules refuse" in undone.err
    assert "4028" not in undone.err
