import json
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bulkvm.backup.checks import find_loss
from bulkvm.columns import COLUMNS
from bulkvm.model.errors import SheetError, UsageError
from bulkvm.readers import read_sheet
from bulkvm.reports.export_file import write_export
from bulkvm.validation import validate
from tests.boxes import box_lists
from tests.readers.files import codes, texts


def written(folder: Path, content: str | bytes | list[Any], name: str = "boxes.json") -> Path:
    text = json.dumps(content) if isinstance(content, list) else content
    (folder / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    return folder / name


@given(box_lists)
def test_any_boxes_are_read_unchanged_from_their_json_export(fetched: list[Any]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        sheet = read_sheet(write_export(Path(folder) / "boxes.json", fetched))

    assert find_loss(sheet, fetched) is None
    assert sheet.problems == ()


def test_the_first_box_is_row_2_as_in_a_copy_of_it(tmp_path: Path) -> None:
    sheet = read_sheet(written(tmp_path, [{"extension_number": "101", "pin": "024680"}, {"name": "Lab"}]))

    assert (sheet.header_row, sheet.name, sheet.cells.index.tolist()) == (1, None, [2, 3])
    assert sheet.headings == {"A": "extension_number", "B": "pin", "C": "name"}
    assert texts(sheet) == [["101", "024680", ""], ["", "", "Lab"]]
    assert [problem.cell for problem in validate(sheet).problems] == ["A3"]


def test_nulls_are_blank_and_true_and_false_are_yes_and_no(tmp_path: Path) -> None:
    box = {"extension_number": "101", "name": None, "enable_pin": True, "enable_email_notify": False}

    assert texts(read_sheet(written(tmp_path, [box]))) == [["101", "", "yes", "no"]]


def test_an_export_of_no_boxes_is_a_sheet_without_rows(tmp_path: Path) -> None:
    sheet = read_sheet(write_export(tmp_path / "boxes.json", []))

    assert list(sheet.headings.values()) == [column.header for column in COLUMNS]
    checked = validate(sheet)
    assert (checked.records, [problem.code for problem in checked.problems]) == ((), ["no-rows"])


def test_fields_of_no_column_may_hold_anything_and_are_reported_as_not_read(tmp_path: Path) -> None:
    box = {"extension_number": "101", "greeting": {"size": [1, 2.5]}, "n": 7, "b": True, "text": "kept"}

    sheet = read_sheet(written(tmp_path, [box]))

    assert texts(sheet) == [["101", "", "7", "", "kept"]]
    assert [problem.code for problem in validate(sheet).problems] == ["column-unknown"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_every_encoding_of_json_is_read(tmp_path: Path, encoding: str) -> None:
    text = '[{"extension_number": "101", "name": "Büro 😀"}]'

    assert texts(read_sheet(written(tmp_path, text.encode(encoding)))) == [["101", "Büro 😀"]]


def test_an_encoding_can_be_named(tmp_path: Path) -> None:
    file = written(tmp_path, '[{"extension_number": "101", "name": "Büro"}]'.encode("cp1252"))

    assert texts(read_sheet(file, encoding="cp1252")) == [["101", "Büro"]]
    with pytest.raises(SheetError, match="not valid utf-8 text"):
        read_sheet(file)


@pytest.mark.parametrize("name", ["boxes.csv", "boxes.xlsx"])
def test_json_under_another_name_is_read_with_a_warning(tmp_path: Path, name: str) -> None:
    sheet = read_sheet(written(tmp_path, [{"extension_number": "101"}], name))

    assert texts(sheet) == [["101"]]
    assert codes(sheet) == [(None, "mislabelled")]


def test_fields_may_have_names_of_their_own(tmp_path: Path) -> None:
    file = written(tmp_path, [{"Mailbox": "101", "Key": "024680", "Display Name": "Lab"}])
    heading_map = {"Key": "pin"}

    (record,) = validate(read_sheet(file, heading_map=heading_map)).records

    assert (record.extension_number, record.name, record.pin) == ("101", "Lab", "024680")


@pytest.mark.parametrize("password", ["402817", 402817, None, ["x"]], ids=["text", "a number", "null", "a list"])
@pytest.mark.parametrize("field", ["password", "code", "access_code", "Passwort", "senha"])
@pytest.mark.parametrize("pin", ["voicemail_pin", "vmPassword", "mailbox_pin"])
def test_beside_the_pin_of_the_box_a_password_is_not_read(
    tmp_path: Path, field: str, pin: str, password: object
) -> None:
    for box in ({field: password, pin: "918264"}, {pin: "918264", field: password}):
        (record,) = validate(read_sheet(written(tmp_path, [{"extension_number": "101", **box}]))).records

        assert record.pin == "918264"


def test_a_password_that_is_the_pin_must_be_text(tmp_path: Path) -> None:
    boxes = [{"extension_number": "101", "password": "024680"}, {"extension_number": "102", "password": 24680}]

    with pytest.raises(SheetError, match="in box 2, pin is not text in quotes"):
        read_sheet(written(tmp_path, boxes))


def test_a_sheet_of_a_json_file_cannot_be_chosen(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="has no sheets"):
        read_sheet(written(tmp_path, []), sheet="Boxes")


BOX = '{"extension_number": "101", "pin": "024680"}'


@pytest.mark.parametrize(
    ("content", "words"),
    [
        pytest.param("null", "not a list", id="null"),
        pytest.param(" ", "not a list", id="space"),
        pytest.param('"024680"', "not a list", id="text"),
        pytest.param(BOX, "not a list", id="one box"),
        pytest.param(f'{{"count": 1, "items": {BOX}}}', "not a list", id="an answer without a list"),
        pytest.param(f'{{"count": 1, "items": [{BOX}}}', "damaged", id="an answer cut off"),
        pytest.param(f'{{"items": [{BOX}], "items": [{BOX}]}}', "not a list", id="an answer with two lists"),
        pytest.param('{"count": 1, 2: 3}', "damaged", id="a number as a name"),
        pytest.param("{}", "not a list", id="an empty object"),
        pytest.param("[{}]", "in box 1, there are no fields", id="a box without fields"),
        pytest.param("[1]", "in box 1, ", id="a number in the list"),
        pytest.param(f"[{BOX}, [{BOX}]]", "in box 2, ", id="a list in the list"),
        pytest.param(f"[{BOX}, null]", "in box 2, ", id="null in the list"),
        pytest.param(f"[{BOX}", "cut off", id="cut off"),
        pytest.param(f"[{BOX},", "cut off", id="cut off after a comma"),
        pytest.param(f"[{BOX},]", "damaged", id="a comma too many"),
        pytest.param(f"\n [{BOX}\n{BOX}]", "at line 3", id="no comma"),
        pytest.param('[{"extension_number": "101", "pin": "0246', "cut off", id="cut off in a text"),
        pytest.param(f"[{BOX}] 024680", "damaged", id="something after the end"),
        pytest.param("[{'extension_number': '101'}]", "damaged", id="single quotes"),
        pytest.param('[{"pin": 24680}]', "pin is not text in quotes", id="a number"),
        pytest.param('[{"extension_number": 1e3}]', "extension_number is not text in quotes", id="a fraction"),
        pytest.param('[{"name": NaN}]', "name is not text in quotes", id="NaN"),
        pytest.param('[{"name": -Infinity}]', "name is not text in quotes", id="infinity"),
        pytest.param(f'[{{"name": {"1" * 5000}}}]', "name is not text in quotes", id="a long number"),
        pytest.param('[{"name": true}]', "name is not text in quotes", id="true as a name"),
        pytest.param(
            '[{"recipients": ["a@example.com"]}]',
            "recipients is not text: write all addresses into one",
            id="a list of recipients",
        ),
        pytest.param('[{"enable_pin": 1}]', "enable_pin is not true or false", id="a number for a switch"),
        pytest.param('[{"enable_pin": {}}]', "enable_pin is not true or false", id="an object for a switch"),
        pytest.param('[{"pin": "024680", "pin": "1"}]', 'the field "pin" is repeated', id="a field twice"),
        pytest.param(f'[{BOX}, {{"name": "\\ud800"}}]', "in box 2, .*half a character", id="half a character"),
        pytest.param('[{"\\ud800": "x"}]', "half a character", id="half a character in a field's name"),
        pytest.param("[" * 100_000, "in box 1, |nested too deeply", id="nested lists"),
        pytest.param('[{"a":' * 100_000, "nested too deeply", id="nested objects"),
        pytest.param(b"[\xff]", "not valid utf-8", id="no text"),
        pytest.param(json.dumps([dict.fromkeys(map(str, range(16_385)), "")]), "16,384 different", id="many fields"),
    ],
)
def test_json_that_is_not_a_list_of_boxes_is_refused_in_one_line_without_its_pins(
    tmp_path: Path, content: str | bytes, words: str
) -> None:
    with pytest.raises(SheetError, match=words) as raised:
        read_sheet(written(tmp_path, content))

    message = str(raised.value)
    assert message.startswith("boxes.json cannot be read as JSON: ")
    assert len(message) < 300
    assert "0246" not in message
    assert "\n" not in message


@given(st.binary(max_size=40) | st.text('[]{}":,0 a\\untrefals', max_size=40).map(str.encode))
def test_no_bytes_give_anything_but_a_sheet_or_an_error_in_words(content: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = written(Path(folder), content)
        with suppress(SheetError):
            validate(read_sheet(file))


@pytest.mark.parametrize(
    ("text", "rows", "problems"),
    [
        ('{"count": 2, "items": [%s, %s]}', [2, 3], []),
        ('{"items": [%s, %s], "count": 2}', [2, 3], []),
        ('\ufeff { "items" : [ %s ,\n %s ] }\n', [2, 3], []),
        ('{"next": {"skip": [1, 2]}, "count": 2, "items": [%s, %s], "more": null}', [2, 3], []),
        ('{"count": 200, "items": [%s, %s]}', [2, 3], [(None, "json")]),
        ('{"count": 1, "items": [%s, %s]}', [2, 3], [(None, "json")]),
        ('{"count": 0, "items": []}', [], []),
    ],
)
def test_an_answer_of_the_api_is_read_and_one_page_of_a_list_is_a_warning(
    tmp_path: Path, text: str, rows: list[int], problems: list[tuple[int | None, str]]
) -> None:
    boxes = ('{"extension_number": "6201", "enable_pin": true}', '{"extension_number": "6202", "recipients": null}')

    sheet = read_sheet(written(tmp_path, text % boxes if "%s" in text else text))

    assert sheet.cells.index.tolist() == rows
    assert codes(sheet) == problems
    assert not any(problem.is_error for problem in sheet.problems)


def test_an_answer_longer_than_a_piece_of_the_file_is_read(tmp_path: Path) -> None:
    boxes = [{"extension_number": str(10_000 + n), "name": "x" * 50} for n in range(5_000)]

    sheet = read_sheet(written(tmp_path, json.dumps({"items": boxes, "count": 5_000})))

    assert len(sheet.cells) == 5_000
    assert sheet.problems == ()


@pytest.mark.parametrize(("count", "words"), [(3, "is one page of a list"), (1, "was changed after it was saved")])
def test_an_answer_whose_count_differs_is_a_page_or_was_changed(tmp_path: Path, count: int, words: str) -> None:
    boxes = [{"extension_number": number, "name": "A", "pin": "402817"} for number in ("6201", "6202")]

    (problem,) = read_sheet(written(tmp_path, json.dumps({"count": count, "items": boxes}))).problems

    assert words in problem.message
