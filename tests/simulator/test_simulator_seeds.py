import json
from pathlib import Path

import pytest

from bulkvm.simulator import SimulatorError, create_app
from bulkvm.simulator.seeds import read_seed
from tests.simulator.requests import BOXES, a_box, in_process

HEADERS = "extension_number,name,pin,prompt,enable_pin,enable_email_notify,recipients,play_datetime,id"
FULL = {
    "id": "NzAwNTUxOTA5NzczMTQ4MTYw",
    "name": "Clinic, ground floor",
    "extension_number": "0042",
    "prompt": "de-DE",
    "enable_pin": False,
    "pin": "004281",
    "enable_email_notify": True,
    "recipients": "a@example.com,b@example.com",
    "play_datetime": "DISABLE",
}
FULL_LINE = (
    '0042,"Clinic, ground floor",004281,de-DE,no,yes,"a@example.com,b@example.com",DISABLE,NzAwNTUxOTA5NzczMTQ4MTYw'
)


def write_csv(folder: Path, *lines: str, encoding: str = "utf-8-sig") -> Path:
    path = folder / "export.csv"
    path.write_text("\r\n".join([HEADERS, *lines, ""]), encoding=encoding, newline="")
    return path


def write_json(folder: Path, content: object) -> Path:
    path = folder / "export.json"
    path.write_text(json.dumps(content))
    return path


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_a_csv_export_is_read_as_it_was_written(tmp_path: Path, encoding: str) -> None:
    assert read_seed(write_csv(tmp_path, FULL_LINE, encoding=encoding)) == [FULL]


def test_a_json_export_is_read_as_it_was_written(tmp_path: Path) -> None:
    assert read_seed(write_json(tmp_path, [FULL])) == [FULL]


def test_blanks_are_null_and_an_id_is_given(tmp_path: Path) -> None:
    (from_csv,) = read_seed(write_csv(tmp_path, "6100,Clinic,,,,,,,"))
    (from_json,) = read_seed(write_json(tmp_path, [{"extension_number": "6100", "name": "Clinic", "recipients": ""}]))

    assert from_csv.pop("id") != from_json.pop("id")
    assert from_csv == from_json == dict.fromkeys(FULL.keys() - {"id"}) | {"extension_number": "6100", "name": "Clinic"}


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("'=SUM(A1)", "=SUM(A1)"),
        ("'+49 30", "+49 30"),
        ("'-", "-"),
        ("'@home", "@home"),
        ('"\'\ttab"', "\ttab"),
        ("''=1", "'=1"),
        ("'''=1", "''=1"),
        ("'Tis", "'Tis"),
        ("''quoted''", "''quoted''"),
        ("'", "'"),
        ("=1", "=1"),
    ],
)
def test_exactly_the_escape_of_an_export_is_taken_off(tmp_path: Path, written: str, name: str) -> None:
    assert read_seed(write_csv(tmp_path, f"6100,{written},402817,,,,,,"))[0]["name"] == name


async def test_a_seed_replaces_all_boxes_and_other_extensions_with_their_numbers(tmp_path: Path) -> None:
    state, seed = tmp_path / "state.sqlite3", write_csv(tmp_path, FULL_LINE, "6300,Sales box,402817,,yes,no,,,")
    async with in_process(create_app(state)) as pbx:
        await pbx.post(BOXES, json=a_box())

    async with in_process(create_app(state, seed=seed)) as pbx:
        items = (await pbx.get(BOXES)).json()["items"]
        assert [box["extension_number"] for box in items] == ["0042", "6300"]
        assert items[0] == FULL
        assert (await pbx.get(f"{BOXES}/{FULL['id']}")).json() == FULL
        assert (await pbx.get("/api/extension_numbers/6300")).json()["type"] == "SHARED_VOICEMAIL"
        assert (await pbx.get("/api/extension_numbers/6301")).json()["type"] == "CALL_QUEUE"


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (",Clinic,402817,,,,,,", "line 3: extension_number must have 3 to 64 digits"),
        ("61O0,Clinic,402817,,,,,,", "line 3: extension_number must have 3 to 64 digits"),
        ("6100,Clinic,402817,,perhaps,,,,", "line 3: the value of enable_pin is not one that an export contains"),
        ("6100,Clinic,402817,,,,,,NzAwNTUxOTA5NzczMTQ4MTYw", "two boxes have the same id"),
        ('6100,"Clinic,402817,,,,,,', "cannot be read as an export"),
    ],
)
def test_a_seed_that_is_not_an_export_is_refused_with_the_place(tmp_path: Path, line: str, words: str) -> None:
    seed = write_csv(tmp_path, FULL_LINE, line)

    with pytest.raises(SimulatorError, match=words) as refused:
        create_app(seed=seed)
    assert "402817" not in str(refused.value)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ({"items": []}, "it is not a list of boxes"),
        (["6100"], "it is not a list of boxes"),
        ([a_box(), {"name": "Clinic"}], "box 2: extension_number must have 3 to 64 digits"),
        ([a_box(pin=402817)], "box 1: the value of pin is not one that an export contains"),
        ([a_box(enable_pin="yes")], "box 1: the value of enable_pin is not one that an export contains"),
        ([a_box(recipients=["a@example.com"])], "box 1: the value of recipients is not one that an export contains"),
    ],
)
def test_json_that_is_not_an_export_is_refused_with_its_place(tmp_path: Path, content: object, words: str) -> None:
    with pytest.raises(SimulatorError, match=words) as refused:
        read_seed(write_json(tmp_path, content))
    assert "402817" not in str(refused.value)


def test_files_that_cannot_be_read_are_refused(tmp_path: Path) -> None:
    (tmp_path / "cut.json").write_text("[{")
    (tmp_path / "latin.csv").write_bytes(b"extension_number,name\r\n6100,Z\xfcrich\r\n")

    for name in ("missing.csv", "cut.json", "latin.csv", "book.xlsx"):
        with pytest.raises(SimulatorError, match=name):
            read_seed(tmp_path / name)


async def test_a_refused_seed_leaves_the_state_as_it_was(tmp_path: Path) -> None:
    state = tmp_path / "state.sqlite3"
    async with in_process(create_app(state)) as pbx:
        await pbx.post(BOXES, json=a_box())

    with pytest.raises(SimulatorError):
        create_app(state, seed=write_csv(tmp_path, "x"))

    async with in_process(create_app(state)) as pbx:
        assert (await pbx.get(BOXES)).json()["count"] == 1
