"""Exports contain exactly what is on the PBX."""

import csv
import io
import json
import os
import stat
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bulkvm.columns import COLUMNS
from bulkvm.columns.csv_escape import unescape_formula
from bulkvm.model.box import BLANK, Box, Record
from bulkvm.model.change import ChangeKind
from bulkvm.model.errors import UsageError
from bulkvm.planning import make_plan
from bulkvm.readers import read_sheet
from bulkvm.reports.export_file import render_export, write_export
from bulkvm.reports.workbook.clean_copy import write_clean
from bulkvm.validation import validate
from tests.boxes import full_box
from tests.reports.printing import assert_prints_as_wide_as_a_page, widths_of
from tests.sheets import sheet_of

HEADERS = [column.header for column in COLUMNS]
BOX = full_box(prompt=BLANK)

# What a spreadsheet takes for a formula, an escape, markup or a number comes up often.
texts = st.one_of(
    st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=64),
    st.sampled_from(
        ["=1+1", "'=1", "-1", "@x", "+49", "'", "<r>x</r>", "<r></r>", "_x0041_", " a ", "#N/A", "007", "NA"]
    ),
)
boxes = st.lists(
    st.builds(
        Box,
        id=texts,
        extension_number=st.from_regex(r"[0-9]{3,64}", fullmatch=True),
        name=texts | st.just(BLANK),
        pin=st.from_regex(r"[0-9]{6,10}", fullmatch=True) | st.just(BLANK),
        prompt=st.sampled_from(["en-US", BLANK]),
        enable_pin=st.booleans() | st.just(BLANK),
        enable_email_notify=st.booleans() | st.just(BLANK),
        recipients=st.lists(st.sampled_from(["a@example.com", "b@example.com"]), unique=True).map(tuple),
        play_datetime=st.sampled_from(["DISABLE", "12_HOUR_CLOCK", "24_HOUR_CLOCK", "LATER", BLANK]),
    ),
    max_size=4,
)


def written_texts(box: Box) -> list[str]:
    def text(value: object) -> str:
        match value:
            case bool():
                return "yes" if value else "no"
            case tuple():
                return ",".join(value)
            case _:
                return "" if value is BLANK else str(value)

    return [text(getattr(box, header)) for header in HEADERS]


def shown_texts(box: Box) -> list[str]:
    """What a workbook shows: the same in the words of the template."""
    words = {"DISABLE": "off", "12_HOUR_CLOCK": "12-hour clock", "24_HOUR_CLOCK": "24-hour clock"}
    texts = dict(zip(HEADERS, written_texts(box), strict=True))
    texts["recipients"] = texts["recipients"].replace(",", ", ")
    texts["play_datetime"] = words.get(texts["play_datetime"], texts["play_datetime"])
    return list(texts.values())


def rows_of_workbook(content: bytes) -> list[list[Any]]:
    sheet = openpyxl.load_workbook(io.BytesIO(content)).worksheets[0]
    assert {cell.data_type for row in sheet.iter_rows() for cell in row if cell.value is not None} <= {"s"}
    return [["" if value is None else value for value in row] for row in sheet.iter_rows(values_only=True)]


@given(boxes)
def test_a_csv_export_reads_back_as_it_is(given_boxes: list[Box]) -> None:
    text = render_export(given_boxes, "csv").decode()

    header, *rows = csv.reader(io.StringIO(text, newline=""))

    assert header == HEADERS
    assert [[unescape_formula(value) for value in row] for row in rows] == [written_texts(box) for box in given_boxes]
    assert not any(value.startswith(tuple("=+-@\t\r")) for row in rows for value in row)


@given(boxes)
def test_a_workbook_export_reads_back_as_it_is_and_is_all_text(given_boxes: list[Box]) -> None:
    header, *rows = rows_of_workbook(render_export(given_boxes, "xlsx"))

    assert header == [column.title for column in COLUMNS]
    assert rows == [shown_texts(box) for box in given_boxes]


@given(boxes)
def test_a_json_export_has_the_apis_fields_and_values(given_boxes: list[Box]) -> None:
    objects = json.loads(render_export(given_boxes, "json"))

    assert [list(exported) for exported in objects] == [HEADERS] * len(given_boxes)
    for exported, box in zip(objects, given_boxes, strict=True):
        values = {field: BLANK if value is None else value for field, value in exported.items()}
        values["recipients"] = tuple(filter(None, (exported["recipients"] or "").split(",")))
        assert values == {header: getattr(box, header) for header in HEADERS}


# What no sheet can hold is a NUL, and what no name can be is the word that clears.
ODD_NAMES = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=64) | st.sampled_from(
    [" ", "\ufeffDesk", "\u200bA\u00a0 B\t", "two\r\nlines", "bell\x07", "BÃ¼ro", "'=1", "_x0007_"]
)


@given(
    box=st.builds(
        replace,
        st.just(BOX),
        name=ODD_NAMES,
        prompt=st.sampled_from(["en-US", "EN-us", "en_US", "en-UK", "English", "xx-YY", "und", " ", BLANK]),
        play_datetime=st.sampled_from(["DISABLE", BLANK]),
    ),
    suffix=st.sampled_from(["csv", "xlsx"]),
)
def test_importing_an_export_of_any_boxes_changes_nothing(
    tmp_path_factory: pytest.TempPathFactory, box: Box, suffix: str
) -> None:
    file = write_export(tmp_path_factory.mktemp("exported") / f"a.{suffix}", [box])

    checked = validate(read_sheet(file))

    assert [problem for problem in checked.problems if problem.is_error] == []
    plan = make_plan(checked.records, [box])
    assert [change.kind for change in plan.changes] == [ChangeKind.UNCHANGED]


def test_a_csv_export_has_the_byte_order_mark_and_line_ends_of_excel(tmp_path: Path) -> None:
    content = write_export(tmp_path / "boxes.csv", [BOX]).read_bytes()
    without = write_export(tmp_path / "plain.csv", [BOX], bom=False).read_bytes()

    assert content == b"\xef\xbb\xbf" + without
    assert without.count(b"\r\n") == without.count(b"\n") == 2


@pytest.mark.parametrize("suffix", ["csv", "xlsx", "json"])
def test_an_export_is_private_to_its_owner(tmp_path: Path, suffix: str) -> None:
    written = write_export(tmp_path / f"boxes.{suffix.upper()}", [BOX])

    assert os.name == "nt" or stat.S_IMODE(written.stat().st_mode) == 0o600
    assert written.read_bytes()


@pytest.mark.parametrize("kind", ["csv", "json"])
def test_an_export_without_pins_has_no_column_for_them(kind: str) -> None:
    content = render_export([BOX], kind, pins=False)

    assert b"024680" not in content
    assert b"pin" not in content.replace(b"enable_pin", b"")


def test_a_value_that_is_not_known_cannot_be_exported() -> None:
    with pytest.raises(ValueError, match="pin of the box 0101"):
        render_export([Box(id="x", extension_number="0101", name="Lab")], "csv", pins=True)


def test_a_name_with_another_suffix_is_refused_with_the_three_that_are_not(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"must end in \.csv, \.xlsx or \.json"):
        write_export(tmp_path / "boxes.ods", [BOX])


def test_an_exported_workbook_has_a_filter_widths_and_a_frozen_header() -> None:
    sheet = openpyxl.load_workbook(io.BytesIO(render_export([BOX], "xlsx"))).worksheets[0]

    assert sheet.freeze_panes == "B2"
    assert sheet.auto_filter.ref == "A1:I2"
    for number, column in enumerate(COLUMNS, start=1):
        assert len(column.title) + 3 <= widths_of(sheet)[number]  # beside the filter's button
    assert [letter for letter, column in sheet.column_dimensions.items() if column.hidden] == ["I"]
    assert_prints_as_wide_as_a_page(sheet)
    assert sheet["A1"].font.bold
    assert sheet["A2"].number_format == "@"


@pytest.mark.parametrize("suffix", ["csv", "xlsx"])
def test_a_clean_sheet_distinguishes_cleared_from_blank_and_names_each_row(suffix: str) -> None:
    records = [
        Record(row=7, extension_number="0101", name="=1+1", enable_pin=False, recipients=()),
        Record(row=9, extension_number="", recipients=("a@example.com",)),
    ]

    with tempfile.TemporaryDirectory() as folder:
        written = write_clean(Path(folder) / f"clean.{suffix}", sheet_of(["Ext"]), records)
        content = written.read_bytes()
        mode = stat.S_IMODE(written.stat().st_mode)

    rows = (
        rows_of_workbook(content)
        if suffix == "xlsx"
        else [[unescape_formula(v) for v in row] for row in csv.reader(io.StringIO(content.decode("utf-8-sig")))]
    )
    required = {"extension_number", "name", "pin"}
    titles = [f"{column.title} *" if column.header in required else column.title for column in COLUMNS]
    assert rows == [
        [*(titles if suffix == "xlsx" else HEADERS), "bulkvm_row"],
        ["0101", "=1+1", "", "", "no", "", "<clear>", "", "", "7"],
        ["", "", "", "", "", "", "a@example.com", "", "", "9"],
    ]
    assert os.name == "nt" or mode == 0o600


def test_a_clean_sheet_never_replaces_its_input(tmp_path: Path) -> None:
    sheet = replace(sheet_of(["Ext"], name=None), path=tmp_path / "boxes.csv")
    sheet.path.write_text("Ext\n6201\n")

    with pytest.raises(UsageError, match="is the sheet itself"):
        write_clean(tmp_path / "." / "boxes.csv", sheet, [])

    assert sheet.path.read_text() == "Ext\n6201\n"


def test_a_clean_sheet_has_no_other_form(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"must end in \.csv or \.xlsx"):
        write_clean(tmp_path / "clean.json", sheet_of(["Ext"]), [])


def test_a_box_without_recipients_has_null_there() -> None:
    (exported,) = json.loads(render_export([replace(BOX, recipients=())], "json"))

    assert exported["recipients"] is None
