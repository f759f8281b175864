"""Exports of other phone systems are read as sheets of boxes."""

import contextlib
import csv
import io
import itertools
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bulkvm.columns import COLUMN_OF_HEADER, COLUMNS
from bulkvm.columns.header_matching import heading_key
from bulkvm.model.errors import SheetError, UsageError
from bulkvm.model.problem import ProblemCode
from bulkvm.model.settings import PinPolicy
from bulkvm.model.sheet import CellKind, Sheet
from bulkvm.readers import read_sheet
from bulkvm.readers.csv_quotes import escape_bare_quotes
from bulkvm.readers.other_systems.recognition import recognise
from bulkvm.readers.other_systems.system import VOICEMAIL_OFF, FileKind, Flag, Layout, System
from bulkvm.readers.other_systems.systems import OTHER_NAMES, SYSTEM_OF_NAME, SYSTEMS
from bulkvm.readers.table import Row
from bulkvm.reports.text.export_text import render_read_as
from bulkvm.reports.workbook.clean_copy import write_clean
from bulkvm.validation import validate
from tests.readers.exports import (
    ASTERISK_TABLE,
    EXPORTS,
    FREEPBX,
    FUSIONPBX,
    ISSABEL,
    KAZOO,
    OWN_HEADINGS,
    SECRETS,
    SWITCHVOX,
    THREE_CX_20,
    VOICEMAIL_CONF,
    Export,
    boxes_in,
)
from tests.readers.files import write_workbook

TABLES = [export for export in EXPORTS if SYSTEM_OF_NAME[export.system].kind is FileKind.TABLE]
LAYOUTS = [(system, layout) for system in SYSTEMS if system.kind is FileKind.TABLE for layout in system.layouts]
each_export = pytest.mark.parametrize("export", EXPORTS, ids=lambda export: export.system)
each_table = pytest.mark.parametrize("export", TABLES, ids=lambda export: export.system)


def rows_of(export: Export) -> list[list[str]]:
    """The cells of a table."""
    text = export.text
    if export is ISSABEL:
        text = text.replace('Zoë "Zo", Bär', 'Zoë ""Zo"", Bär').replace('12" Store', '12"" Store')
    return list(csv.reader(io.StringIO(text), delimiter=";" if export.system == "vodia" else ","))


def csv_of(rows: Sequence[Sequence[str]], delimiter: str = ",") -> str:
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter, lineterminator="\n").writerows(rows)
    return text.getvalue()


def read(path: Path, text: str, system: str, heading_map: Mapping[str, str] | None = None) -> Sheet:
    path.write_text(text, encoding="utf-8")
    return read_sheet(path, system=system, heading_map=heading_map)


@each_export
def test_every_row_of_an_export_is_read_as_it_is_meant(tmp_path: Path, export: Export) -> None:
    sheet = read_sheet(export.write(tmp_path), system=export.system)

    assert boxes_in(sheet) == export.expected()
    assert [problem.message for problem in sheet.problems if problem.is_error] == []


@each_export
def test_what_is_not_taken_is_reported_once_for_all_rows(tmp_path: Path, export: Export) -> None:
    sheet = read_sheet(export.write(tmp_path), system=export.system)

    warnings = [problem.message for problem in sheet.problems if problem.code is ProblemCode.NOT_TAKEN]
    assert len(warnings) == len(export.warnings)
    assert all(any(words in warning for warning in warnings) for words in export.warnings)


@each_export
def test_no_secret_of_an_export_is_in_the_sheet(tmp_path: Path, export: Export) -> None:
    sheet = read_sheet(export.write(tmp_path), system=export.system)

    everything = f"{sheet.cells.to_csv()}{sheet.problems}{sheet.read_as}"
    assert [secret for secret in SECRETS if secret in everything] == []


@each_export
def test_an_export_is_recognised_and_not_read_without_its_option(tmp_path: Path, export: Export) -> None:
    with pytest.raises(SheetError, match=rf"--from {export.system}\b") as raised:
        read_sheet(export.write(tmp_path))

    assert raised.value.problem.code is ProblemCode.OTHER_SYSTEM


@each_export
def test_an_export_is_not_read_as_a_sheet_of_boxes_with_a_map_alone(tmp_path: Path, export: Export) -> None:
    system = SYSTEM_OF_NAME[export.system]
    heading_map = {system.layouts[0].number: "extension_number"}
    paths = [export.write(tmp_path)]
    if export in TABLES:
        paths.append(write_workbook(tmp_path / "a.xlsx", *rows_of(export)))

    for path in paths:
        with pytest.raises(SheetError) as raised:
            read_sheet(path, heading_map=heading_map)
        if export is not VOICEMAIL_CONF:  # which has no headings to map
            assert raised.value.problem.code is ProblemCode.OTHER_SYSTEM
            assert str(raised.value).endswith(f"Read it as one: --from {export.system}.")


@each_table
def test_an_export_is_recognised_after_a_spreadsheet_saved_it(tmp_path: Path, export: Export) -> None:
    workbook = write_workbook(tmp_path / "a.xlsx", *rows_of(export))
    semicolons = tmp_path / "a.csv"
    semicolons.write_text(csv_of(rows_of(export), ";"), encoding="cp1252")

    for path in (workbook, semicolons):
        with pytest.raises(SheetError, match=rf"--from {export.system}\b"):
            read_sheet(path)


@pytest.mark.parametrize(
    ("system", "headings"),
    [(system, headings) for system, layout in LAYOUTS for headings in layout.identified_by],
    ids=lambda value: value.name if isinstance(value, System) else "+".join(value),
)
def test_the_headings_that_identify_an_export_identify_no_other_one(system: System, headings: Sequence[str]) -> None:
    assert recognise([Row(1, dict(enumerate_cells(headings)))]) is system


def enumerate_cells(headings: Sequence[str]) -> Iterator[tuple[str, str]]:
    return ((f"{place}", heading) for place, heading in enumerate(headings))


@pytest.mark.parametrize(("system", "layout"), LAYOUTS, ids=lambda value: getattr(value, "name", ""))
def test_all_known_headings_of_an_export_together_identify_no_other_one(system: System, layout: Layout) -> None:
    assert recognise([Row(1, dict(enumerate_cells([*layout.known_headings()])))]) is system


OUR_HEADINGS = [
    *(column.header for column in COLUMNS),
    *(alias for column in COLUMNS for line in column.aliases.values() for alias in line.split(", ")),
    "bulkvm_status", "bulkvm_message", "bulkvm_id", "bulkvm_changed", "bulkvm_pin", "First name", "Last name",
]  # fmt: skip


@pytest.mark.parametrize("layout", [layout for _, layout in LAYOUTS])
def test_our_headings_alone_identify_no_export(layout: Layout) -> None:
    ours = {heading_key(heading) for heading in OUR_HEADINGS}

    assert not [headings for headings in layout.identified_by if ours.issuperset(map(heading_key, headings))]


@given(st.lists(st.sampled_from(OUR_HEADINGS), max_size=12))
def test_a_sheet_with_our_headings_is_no_export(headings: Sequence[str]) -> None:
    needed = ["extension_number", *(heading for heading in headings if heading.casefold() != "voicemail id")]

    assert recognise([Row(1, dict(enumerate_cells(needed)))]) is None


@each_table
def test_the_result_of_a_mapped_export_is_a_result_and_no_export(export: Export) -> None:
    headings = [*rows_of(export)[0], "bulkvm_status", "bulkvm_message"]

    assert recognise([Row(1, dict(enumerate_cells(headings)))]) is None


@pytest.mark.parametrize("name", ["export.csv", "export.xlsx", "export.json", "template.xlsx", "boxes.result.xlsx"])
def test_no_file_of_a_release_is_an_export_of_another_system(name: str) -> None:
    assert read_sheet(Path(__file__).parents[1] / "fixtures" / "0.1.0" / name).read_as is None


@each_table
@settings(max_examples=20)
@given(data=st.data())
def test_optional_columns_never_change_what_the_others_mean(
    tmp_path_factory: pytest.TempPathFactory, export: Export, data: st.DataObject
) -> None:
    header, *rows = rows_of(export)
    layout = next(layout for layout in SYSTEM_OF_NAME[export.system].layouts if not layout.pin or layout.pin in header)
    # These columns say something themselves. Without a flag, for example, rows that it leaves out are boxes.
    fixed = {layout.number, *(flag.heading for flag in layout.off), *itertools.chain(*layout.name, *layout.recipients)}
    fixed |= {flag.heading for flags in layout.flags().values() for flag in flags}
    kept = [
        place for place, heading in enumerate(header) if heading in fixed or data.draw(st.booleans(), label=heading)
    ]
    shuffled = data.draw(st.permutations(kept))
    extra = [[*(row[place] for place in shuffled), "x"] for row in [header, *rows]]
    extra[0][-1] = "Extra"
    path = tmp_path_factory.mktemp("exports") / "a.csv"

    found = boxes_in(read(path, csv_of(extra), export.system))

    expected = export.expected()
    assert found.keys() == expected.keys()
    for row, texts in found.items():
        whole = expected[row]
        assert (texts is None) is (whole is None)
        if texts is not None and whole is not None:
            assert texts == {header: whole[header] for header in texts}
            assert whole.keys() - texts.keys() <= {"pin"}


@each_table
def test_headings_in_other_cases_and_spellings_mean_the_same(tmp_path: Path, export: Export) -> None:
    header, *rows = rows_of(export)
    for change in (str.upper, str.lower, lambda text: f" {text.replace('_', ' ')} "):
        text = csv_of([[change(heading) for heading in header], *rows])

        assert boxes_in(read(tmp_path / "a.csv", text, export.system)) == export.expected()


@each_table
@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252"])
def test_semicolons_and_other_encodings_are_read(tmp_path: Path, export: Export, encoding: str) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(csv_of(rows_of(export), ";").encode(encoding))

    assert boxes_in(read_sheet(path, system=export.system)) == export.expected()


def as_typed(text: str) -> str | int | bool:
    """What a spreadsheet makes of a cell."""
    if text.casefold() in {"true", "false"}:
        return text.casefold() == "true"
    return int(text) if text.lstrip("-").isdecimal() else text


@each_table
def test_a_workbook_with_numbers_as_numbers_is_read_but_for_lost_zeros(tmp_path: Path, export: Export) -> None:
    header, *rows = rows_of(export)
    typed = [[as_typed(text) for text in row] for row in rows]
    path = write_workbook(tmp_path / "a.xlsx", header, *typed)

    found = boxes_in(read_sheet(path, system=export.system))

    expected = export.expected()
    for row in (texts for texts in expected.values() if texts and "pin" in texts):
        row["pin"] = row["pin"].lstrip("0")
    assert found == expected


def problems_of_digits(sheet: Sheet, *, fix_zeros: bool) -> list[tuple[int | None, str]]:
    problems = validate(sheet, fix_zeros=fix_zeros).problems
    return [(p.row, p.code) for p in problems if p.code.startswith(("pin-", "extension-")) and "shared" not in p.code]


SHORT_PINS = [(2, "pin-length"), (3, "pin-length"), (4, "pin-length")]


@pytest.mark.parametrize("fix_zeros", [False, True])
@pytest.mark.parametrize("system", ["asterisk", "kazoo", None])
def test_a_file_that_keeps_leading_zeros_has_lost_none(tmp_path: Path, system: str | None, *, fix_zeros: bool) -> None:
    boxes = [("7001", "25801"), ("7002", "25802"), ("7003", "2580"), ("701", "482915"), ("7005", "482916")]
    number = "mailbox" if system else "extension_number"
    fields = {"require_pin": True} if system else {}
    (tmp_path / "a").write_text(
        "[default]\n" + "".join(f"{number} => {pin},A\n" for number, pin in boxes)
        if system == "asterisk"
        else json.dumps([{number: digits, "pin": pin, **fields} for digits, pin in boxes])
    )

    assert problems_of_digits(read_sheet(tmp_path / "a", system=system), fix_zeros=fix_zeros) == SHORT_PINS


@pytest.mark.parametrize("suffix", ["csv", "xlsx"])
@pytest.mark.parametrize("fix_zeros", [False, True])
@pytest.mark.parametrize(
    ("pins", "found"),
    [
        (["25801", "25802", "25803"], SHORT_PINS),
        (["25801", "25802", "2580", "482915"], SHORT_PINS),
        (["25801", "482915", "482961", "482907"], [(2, "pin-lost-zero")]),
        (["25801", "258", *map(str, range(402815, 402850, 7))], [(2, "pin-lost-zero"), (3, "pin-length")]),
    ],
    ids=["all alike", "of all lengths", "most are longer", "one is much shorter"],
)
def test_a_short_pin_has_lost_a_zero_only_if_most_others_are_longer(
    tmp_path: Path, pins: Sequence[str], found: list[tuple[int, str]], suffix: str, *, fix_zeros: bool
) -> None:
    rows = [["extension", "name", "voicemail_vmpwd"], *([str(7001 + n), f"N{n}", pin] for n, pin in enumerate(pins))]
    path = tmp_path / f"a.{suffix}"
    if suffix == "csv":
        path.write_text(csv_of(rows))
    else:
        write_workbook(path, rows[0], *([as_typed(text) for text in row] for row in rows[1:]))
    sheet = read_sheet(path, system="freepbx")

    expected = [(row, code.replace("lost-zero", "zero-restored")) if fix_zeros else (row, code) for row, code in found]
    assert problems_of_digits(sheet, fix_zeros=fix_zeros) == expected
    copy = read_sheet(write_clean(tmp_path / "clean.xlsx", sheet, validate(sheet).understood))
    assert problems_of_digits(copy, fix_zeros=fix_zeros) == expected


@pytest.mark.parametrize(
    ("enabled", "kept", "warned"),
    [("1", "", True), ("1", "1", False), ("true", "", False), ("true", "false", True), ("", "", False)],
)
def test_a_blank_cell_is_false_where_booleans_are_1_and_blank(
    tmp_path: Path, enabled: str, kept: str, *, warned: bool
) -> None:
    header, row = "voicemail_id,voicemail_mail_to,voicemail_local_after_email,voicemail_enabled", "7001,a@example.com"

    sheet = read(tmp_path / "a.csv", f"{header}\n{row},{kept},{enabled}\n7002,,1,1\n", "fusionpbx")

    assert any("deletes messages" in problem.message for problem in sheet.problems) == warned


@pytest.mark.parametrize(
    ("after", "line"), [("", None), (" ;-- x", 2), ("\n;-- x\n;-- y\n", 3), (" ;-- x --;", None), (" ;--- x", None)]
)
def test_a_comment_of_a_voicemail_conf_that_is_not_closed_is_named(
    tmp_path: Path, after: str, line: int | None
) -> None:
    sheet = read(tmp_path / "a", f"[default]\n7001 => 258014,A{after}\n7002 => 258016,B\n", "asterisk")

    found = [problem.message for problem in sheet.problems if "comment" in problem.message]
    assert found == (
        [f"the comment that begins with ;-- in line {line} is not closed: no line after it is read."] if line else []
    )
    assert len(sheet.cells) == (1 if line else 2)


def test_the_hidden_sheet_of_an_export_is_named(tmp_path: Path) -> None:
    path = write_workbook(tmp_path / "a.xlsx", ["hello"])
    workbook = openpyxl.load_workbook(path)
    hidden = workbook.create_sheet("Export")
    for row in rows_of(FREEPBX):
        hidden.append(row)
    hidden.sheet_state = "hidden"
    workbook.save(path)

    with pytest.raises(SheetError, match='its headings in the hidden sheet "Export"'):
        read_sheet(path, system="freepbx")
    assert boxes_in(read_sheet(path, system="freepbx", sheet="Export")) == FREEPBX.expected()


OFF, BOX = "left out", "box"
# What each word means, in bulkvm's words.
WORDS: Mapping[tuple[str, str], Mapping[str, str | None]] = {
    ("freepbx", "voicemail_enable"): {"yes": BOX, "YES": BOX, "no": OFF, "": OFF},
    ("freepbx", "voicemail"): {"novm": OFF, "NOVM": OFF, "disabled": OFF, "default": BOX, "sales": BOX, "": BOX},
    ("freepbx", "voicemail_options"): {"envelope=no": "off", "attach=yes|Envelope=NO|x=": "off", "delete=no": None},
    ("issabel", "Voicemail Status"): {"enabled": BOX, "enable": BOX, "Enabled": BOX, "disable": OFF, "disabled": OFF},
    ("issabel", "VM Play Envelope"): {"no": "off", "yes": None, "": None},
    ("3cx", "EnableVoicemail"): {"1": BOX, "0": OFF, "TRUE": BOX, "FALSE": OFF},
    ("3cx", "VMEmailOptions"): {"0": "no", "1": "yes", "2": "yes", "3": "yes", "None": "no", "Attachment": "yes"},
    ("3cx", "VMNoPin"): {"1": "no", "0": "yes", "TRUE": "no", "": ""},
    ("3cx", "VMPlayMsgDateTime"): {"0": "off", "1": "12-hour clock", "2": "24-hour clock", "Play12Hr": "12-hour clock"},
    ("fusionpbx", "voicemail_enabled"): {"true": BOX, "1": BOX, "VRAI": BOX, "false": OFF, "0": OFF, "": OFF},
    ("yeastar", "Enable Voicemail"): {"1": BOX, "0": OFF},
    ("yeastar", "New Voicemail Notification"): {"no": "no", "email_with_attachment": "yes", "attachment": "yes"},
    ("yeastar", "Voicemail PIN Authentication"): {"1": "yes", "0": "no"},
    ("yeastar", "Voicemail Language"): {"German": "de", "follow_system": None, "": None, "French": "fr"},
    ("yeastar", "Play Date and Time"): {"1": "12-hour clock", "0": "off"},
    ("yeastar", "Time Display Format"): {"12": "12-hour clock", "24": "24-hour clock", "follow_system": None},
    ("grandstream", "Enable Voicemail"): {"yes": BOX, "no": OFF},
    ("grandstream", "Skip Voicemail Password Verification"): {"yes": "no", "no": "yes"},
    ("grandstream", "Language"): {"Default": None, "en": "en", "zh_CN": "zh-CN"},
    ("wazo", "voicemail_number"): {"7001": BOX, "": OFF},
    ("wazo", "voicemail_ask_password"): {"1": "yes", "0": "no"},
    ("wazo", "language"): {"de_DE": "de-DE", "": None, "xx_YY": None},
    ("asterisk-table", "envelope"): {"no": "off", "yes": None, "0": "off", "1": None},
    ("portsip", "enable_voicemail_notify"): {"TRUE": "yes", "FALSE": "no"},
    ("portsip", "enable_voicemail_pin"): {"TRUE": "yes", "FALSE": "no", "1": "yes"},
    ("portsip", "voicemail_play_datetime"): {"FALSE": "off", "TRUE": None, "24_HOUR_CLOCK": "24-hour clock"},
}


@pytest.mark.parametrize(
    ("system", "heading", "word", "meaning"),
    [(*place, word, meaning) for place, words in WORDS.items() for word, meaning in words.items()],
)
def test_a_word_means_what_it_means_in_its_system(
    tmp_path: Path, system: str, heading: str, word: str, meaning: str | None
) -> None:
    header, row, *_ = rows_of(next(export for export in EXPORTS if export.system == system))
    row[header.index(heading)] = word

    sheet = read(tmp_path / "a.csv", csv_of([header, row]), system)

    box = boxes_in(sheet)[2]
    assert [problem for problem in sheet.problems if problem.is_error] == []
    if meaning in {OFF, BOX}:
        assert (box is None) is (meaning == OFF)
    else:
        layout = next(layout for layout in SYSTEM_OF_NAME[system].layouts if layout.number in header)
        column = next(header for header, flags in layout.flags().items() if heading in {flag.heading for flag in flags})
        assert box is not None
        assert box.get(column) == meaning


FLAGS = [
    (system, layout, header, flag)
    for system, layout in LAYOUTS
    for header, flags in (("", layout.off), *layout.flags().items())
    for flag in flags
]


@pytest.mark.parametrize(
    ("system", "layout", "header", "flag"),
    FLAGS,
    ids=[f"{system.name}-{flag.heading}" for system, _, _, flag in FLAGS],
)
def test_an_unknown_word_is_an_error_or_leaves_an_uncertain_column_blank(
    tmp_path: Path, system: System, layout: Layout, header: str, flag: Flag
) -> None:
    word = f"{flag.option}=perhaps" if flag.option else "perhaps"
    identified = next(headings for headings in layout.identified_by)
    values = {layout.number: "7001", **dict.fromkeys(identified, "1"), layout.number: "7001"}
    for other in (*layout.off, *(first for flags in layout.flags().values() for first in flags)):
        known = next((word for word, meaning in other.words.items() if word and meaning != VOICEMAIL_OFF), "enabled")
        values[other.heading] = f"{other.option}={known}" if other.option else known
    values[flag.heading] = word
    values[layout.number] = "7001"

    sheet = read(tmp_path / "a.csv", csv_of([list(values), list(values.values())]), system.name)

    errors = [problem for problem in sheet.problems if problem.code is ProblemCode.WORD_UNKNOWN]
    if header in {"prompt", "play_datetime"} or flag.others is not None:
        assert errors == []
        assert header not in boxes_in(sheet)[2]  # type: ignore[operator]
    else:
        (error,) = errors
        assert error.row == 2
        assert flag.heading in error.message


def test_an_unknown_word_is_no_error_if_the_user_ignores_its_column(tmp_path: Path) -> None:
    text = FREEPBX.text.replace(",yes,3690,", ",perhaps,3690,")

    asked = read(tmp_path / "a.csv", text, "freepbx")
    ignored = read(tmp_path / "a.csv", text, "freepbx", {"voicemail_enable": ""})

    assert [problem.cell for problem in asked.problems if problem.is_error] == ["J2"]
    assert [problem.cell for problem in ignored.problems if problem.is_error] == []


OFF_FLAGS = [
    (export, flag) for export in TABLES for flag in SYSTEM_OF_NAME[export.system].layouts[0].off
    if flag.heading in rows_of(export)[0]
]  # fmt: skip


@pytest.mark.parametrize(
    ("export", "flag"), OFF_FLAGS, ids=[f"{export.system}-{flag.heading}" for export, flag in OFF_FLAGS]
)
def test_a_column_that_shows_which_boxes_are_off_is_never_ignored_without_a_warning(
    tmp_path: Path, export: Export, flag: Flag
) -> None:
    header, *rows = rows_of(export)
    place = header.index(flag.heading)
    wrong = csv_of([header, [*rows[0][:place], "perhaps", *rows[0][place + 1 :]], *rows[1:]])

    asked = read(tmp_path / "a.csv", wrong, export.system)
    warned = [
        read(tmp_path / "a.csv", wrong, export.system, {flag.heading.upper(): header}).problems
        for header in ("", "name")
    ]

    unknown = [problem for problem in asked.problems if problem.code is ProblemCode.WORD_UNKNOWN]
    assert len(unknown) == (flag.others is None)
    assert not any(problem.option for problem in unknown)
    for problems in warned:
        (message,) = (p.message for p in problems if "boxes that are off in the old system are also read" in p.message)
        assert f'"{flag.heading}"' in message
        assert "--map" in message


def test_a_mapped_heading_takes_precedence_over_the_table(tmp_path: Path) -> None:
    heading_map = {
        "description": "name",
        "voicemail_vmpwd": "",
        "voicemail_pager": "recipients",
        "voicemail_email": "recipients",
    }

    sheet = read(tmp_path / "a.csv", FREEPBX.text.replace(",,attach", ",p@example.com,attach"), "freepbx", heading_map)

    row = boxes_in(sheet)[2]
    assert row == {
        "extension_number": "7001",
        "name": "x",
        "enable_email_notify": "yes",
        "recipients": "p@example.com, front@example.com",
        "play_datetime": "off",
    }


@each_table
def test_a_mapped_number_never_gives_a_row_another_reason(tmp_path: Path, export: Export) -> None:
    rows, before = rows_of(export), read(tmp_path / export.file, export.text, export.system).left_out
    boxes = [row for row in range(2, len(rows) + 1) if row not in before]
    rows = [
        [*row, "New extension" if n == 1 else "" if n == boxes[0] else str(8000 + n)] for n, row in enumerate(rows, 1)
    ]

    sheet = read(tmp_path / export.file, csv_of(rows), export.system, {"New extension": "extension_number"})

    unnumbered = {row for row, reason in before.items() if "whose number" in reason}  # these have a number now
    expected = {row: reason for row, reason in before.items() if row not in unnumbered}
    may_lack = any(layout.no_number for layout in SYSTEM_OF_NAME[export.system].layouts)  # else it is an error
    blank = {boxes[0]: 'It has no number in the column "New extension".'} if may_lack else {}
    assert sheet.left_out == expected | blank
    assert sheet.read_as is not None
    assert sheet.read_as.columns["extension_number"] == ("New extension",)
    assert sum(sheet.read_as.left_out.values()) == len(sheet.left_out)


@each_table
def test_a_mapped_column_that_does_not_show_what_a_box_is_changes_no_reason(tmp_path: Path, export: Export) -> None:
    before = read(tmp_path / export.file, export.text, export.system)
    layouts = SYSTEM_OF_NAME[export.system].layouts
    deciding = {heading_key(flag.heading) for layout in layouts for flag in layout.off}
    deciding |= {heading_key(layout.number) for layout in layouts}

    for heading, header in itertools.product(rows_of(export)[0], ("name", "recipients", "pin", "")):
        if heading_key(heading) not in deciding:
            sheet = read(tmp_path / export.file, export.text, export.system, {heading: header})
            assert sheet.left_out == before.left_out, heading
            assert sheet.read_as is not None
            assert sheet.read_as.left_out == Counter(before.left_out.values())
            assert not header or heading in sheet.read_as.columns[header]
            assert heading not in sheet.read_as.never_read or not header


def test_a_mapped_heading_that_is_not_there_is_an_error_of_the_file(tmp_path: Path) -> None:
    from bulkvm.validation import validate  # noqa: PLC0415  (only here)

    sheet = read(tmp_path / "a.csv", FREEPBX.text, "freepbx", {"Pager 2": "recipients"})

    assert ProblemCode.MAP_NOT_THERE in {problem.code for problem in validate(sheet).problems}


def test_the_warning_about_an_encoding_shows_no_part_of_a_secret(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(FREEPBX.text.replace("sip-Secret-1", "Geheimwört").encode("cp1252"))

    sheet = read_sheet(path, system="freepbx")

    (warning,) = (problem.message for problem in sheet.problems if problem.code is ProblemCode.ENCODING)
    assert "Windows-1252" in warning
    assert "Geheim" not in warning


@pytest.mark.parametrize("secret", ["s3cretWord", "Geheimnis", "welcome", "90417263", "417"])
def test_an_unknown_word_that_may_be_a_secret_is_not_shown(tmp_path: Path, secret: str) -> None:
    text = ISSABEL.text.replace('"83350417","enable","7004"', f'"enable","{secret}","7004"')

    sheet = read(tmp_path / "a.csv", text, "issabel")

    assert [problem.row for problem in sheet.problems if problem.code is ProblemCode.WORD_UNKNOWN] == [5]
    assert secret not in f"{sheet.problems}{sheet.cells.to_csv()}"


@pytest.mark.parametrize("word", ["on", "Aktiviert", "2", "novm"])
def test_an_unknown_word_that_is_no_secret_is_shown(tmp_path: Path, word: str) -> None:
    text = ISSABEL.text.replace('"83350417","enable","7004"', f'"83350417","{word}","7004"')

    sheet = read(tmp_path / "a.csv", text, "issabel")

    (problem,) = (problem for problem in sheet.problems if problem.code is ProblemCode.WORD_UNKNOWN)
    assert problem.message.startswith(f'"{word}" is not a known word')


def test_a_row_that_lacks_a_value_before_a_password_is_an_error(tmp_path: Path) -> None:
    text = SWITCHVOX.text.replace("7002,Zoë,Bär,", "7002,Zoë,", 1)

    sheet = read(tmp_path / "a.csv", text, "switchvox")

    (error,) = (problem for problem in sheet.problems if problem.is_error)
    assert (error.row, error.code) == (3, ProblemCode.MISSING_VALUES)
    assert boxes_in(sheet)[3] == {"extension_number": "7002", "name": "", "pin": "", "recipients": ""}


def test_a_row_with_a_blank_value_too_many_after_a_password_is_an_error(tmp_path: Path) -> None:
    header = "#alias;first_name;last_name;web_pass;password;mb_pin;ani"
    rows = "7001;A;Lee; Jr;90417263;83350417;482917;\n7002;A;B;90417263;83350417;582917;\n"

    sheet = read(tmp_path / "a.csv", f"{header}\n{rows}", "vodia")

    (error,) = (problem for problem in sheet.problems if problem.is_error)
    assert (error.row, error.code) == (2, ProblemCode.SURPLUS_VALUES)
    assert "may be the password of something else" in error.message
    assert "83350417" not in f"{sheet.problems}{sheet.cells.to_csv()}"
    assert boxes_in(sheet)[3] == {"extension_number": "7002", "name": "A B", "pin": "582917"}


def test_a_row_that_could_not_be_read_gives_no_value(tmp_path: Path) -> None:
    text = "extension,name,voicemail_vmpwd,voicemail_email\n7001,Bell, Anna,482915,a@example.com\n7002,B,482916,\n"

    assert boxes_in(read(tmp_path / "a.csv", text, "freepbx")) == {
        2: {"extension_number": "7001", "name": "", "pin": "", "enable_email_notify": "", "recipients": ""},
        3: {"extension_number": "7002", "name": "B", "pin": "482916", "enable_email_notify": "no", "recipients": ""},
    }


@pytest.mark.parametrize("written", ["<clear>", " <Clear> "])
@pytest.mark.parametrize("export", [FREEPBX, VOICEMAIL_CONF, KAZOO], ids=lambda export: export.system)
def test_an_address_of_an_export_never_removes_those_of_a_box(tmp_path: Path, export: Export, written: str) -> None:
    address = re.search(r"[a-z]+@example\.com", export.text)
    assert address
    path = tmp_path / export.file
    path.write_text(export.text.replace(address[0], written), encoding="utf-8")
    sheet = read_sheet(path, system=export.system)

    checked = validate(sheet, PinPolicy(4, 10))

    (error,) = (problem for problem in checked.problems if problem.code is ProblemCode.RECIPIENT and problem.is_error)
    assert error.message == '"<clear>" is not an e-mail address. Type the whole address, or delete it.'
    assert error.row not in {record.row for record in checked.records}
    copy = write_clean(tmp_path / "clean.xlsx", sheet, checked.understood)
    assert [p.row for p in validate(read_sheet(copy)).problems if p.code is ProblemCode.CELL_REFUSED]


def test_blank_values_at_the_end_of_rows_are_no_error_without_a_password_before_a_column_that_is_read(
    tmp_path: Path,
) -> None:
    text = FUSIONPBX.text.replace("\n", ",,\n").replace(",,\n", "\n", 1)

    assert [problem for problem in read(tmp_path / "a.csv", text, "fusionpbx").problems if problem.is_error] == []


def test_a_row_that_ends_early_is_read_if_no_password_can_be_in_another_column(tmp_path: Path) -> None:
    sheet = read(tmp_path / "a.csv", FUSIONPBX.text.replace(",true,Lift", ",false"), "fusionpbx")

    assert [problem.code for problem in sheet.problems if problem.row] == []


def test_a_heading_that_is_there_twice_is_refused(tmp_path: Path) -> None:
    header, *rows = rows_of(FREEPBX)

    with pytest.raises(SheetError, match=r'"name" twice \(C and O\)'):
        read(tmp_path / "a.csv", csv_of([[*header, "Name"], *([*row, "x"] for row in rows)]), "freepbx")


@pytest.mark.parametrize(
    ("name", "text", "system", "words"),
    [
        ("a.csv", "extension_number,name\n7001,a\n", "freepbx", "is not a FreePBX export"),
        (
            "a.csv",
            "extension,name,mailbox,vm,vmpwd,email\n101,A,101@default,enabled,482917,a@x.com\n",
            "freepbx",
            "is not a FreePBX export",
        ),
        ("a.csv", FREEPBX.text, "3cx", "is not a 3CX export"),
        ("a.csv", "extension_number,pin\n7001,1\n", "portsip", "is not a PortSIP users export"),
        ("a.csv", FREEPBX.text, "kazoo", "a Kazoo export is JSON"),
        ("a.csv", FREEPBX.text, "asterisk", "is not a voicemail.conf"),
        ("a.json", "[]", "freepbx", "is a table"),
        ("a.json", "[]", "kazoo", "it has no boxes"),
        ("a.json", '[{"mailbox": "7001"', "kazoo", "damaged"),
    ],
)
def test_a_file_of_something_else_is_refused(tmp_path: Path, name: str, text: str, system: str, words: str) -> None:
    with pytest.raises(SheetError, match=words):
        read(tmp_path / name, text, system)


def test_an_unknown_system_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="freepbx, asterisk"):
        read(tmp_path / "a.csv", FREEPBX.text, "elsewhere")


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        ("elastix", "issabel for Elastix 2 to 4, or 3cx for Elastix 5"),
        ("XiVO", "wazo, which"),
        ("PBXact", "freepbx, on which"),
        ("Cisco CUC", "unity for"),
        ("voicemail.conf", "asterisk."),
        ("asterisk-conf", "asterisk."),
        ("3CX-v20", "3cx."),
        ("freebpx", "freepbx."),
        ("yeastar-p-series", "yeastar."),
    ],
)
def test_the_nearest_system_is_suggested(tmp_path: Path, name: str, nearest: str) -> None:
    with pytest.raises(UsageError, match=f"is not a system whose export can be read. Use {nearest}"):
        read(tmp_path / "a.csv", FREEPBX.text, name)


def test_the_systems_that_are_suggested_exist() -> None:
    suggested = {name for advice in OTHER_NAMES.values() for name in re.findall("(?:^|, or )([^ ,]+)", advice)}

    assert suggested <= SYSTEM_OF_NAME.keys()


@pytest.mark.parametrize("headings", [[c.header for c in COLUMNS], [f"{c.title} *" for c in COLUMNS]])
@pytest.mark.parametrize("system", [system.name for system in SYSTEMS if system.kind is FileKind.TABLE])
def test_a_sheet_of_ours_is_no_export_of_any_system(tmp_path: Path, system: str, headings: list[str]) -> None:
    row = ["7001", "Front", "482915", "en-US", "yes", "no", "a@example.com", "DISABLE", ""]

    with pytest.raises(SheetError, match="Check it, or omit --from"):
        read(tmp_path / "a.csv", csv_of([[*headings, "bulkvm_row"], [*row, "2"]]), system)


@pytest.mark.parametrize(
    "box", [{"extension_number": "7001", "name": "A", "pin": "482915"}, {"mailbox": None, "name": "A"}]
)
def test_boxes_without_a_mailbox_are_none_of_kazoo(tmp_path: Path, box: Mapping[str, object]) -> None:
    with pytest.raises(SheetError, match='cannot be read as boxes of Kazoo: its boxes have no "mailbox"'):
        read(tmp_path / "a.json", json.dumps([box]), "kazoo")


def test_a_list_of_kazoo_without_pins_is_recognised(tmp_path: Path) -> None:
    text = '{"data": [{"id": "a", "name": "Front", "mailbox": "7001", "owner_id": "b", "new_messages": 0}]}'

    (tmp_path / "a.json").write_text(text)

    with pytest.raises(SheetError, match="is a Kazoo export"):
        read_sheet(tmp_path / "a.json")


def test_mailboxes_in_a_template_that_no_context_uses_are_left_out(tmp_path: Path) -> None:
    text = (
        "[unused](!)\n7001 => 482915,A\n[base](!)\n7002 => 482916,B\n[middle](!,base)\n7003 => 482917,C\n"
        "[default](middle)\n7004 => 482918,D\n[shop](+)\n7005 => 482919,E\n"
    )

    sheet = read(tmp_path / "voicemail.conf", text, "asterisk")

    assert sheet.left_out == {2: "It is in the template unused, which no context uses."}
    chosen = read_sheet(tmp_path / "voicemail.conf", system="asterisk", sheet="default")
    assert list(chosen.left_out) == [2, 10]


@pytest.mark.parametrize(
    "text",
    [
        "[general]\nsecret=90417263\n[7001]\ntype=friend\nsecret=90417263\nmailbox=7001@default\n",
        "[general]\nhasvoicemail=yes\n[7001]\nfullname=Joe\nsecret=90417263\nvmsecret=4829\n",
        "[default]\nexten => 7001,1,Answer()\n",
    ],
    ids=["sip.conf", "users.conf", "extensions.conf"],
)
def test_another_file_of_asterisk_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(SheetError, match=r"is not a voicemail\.conf with mailboxes"):
        read(tmp_path / "voicemail.conf", text, "asterisk")


def test_many_contexts_are_counted_in_messages(tmp_path: Path) -> None:
    text = "".join(f"[c{n}]\n7001 => 482915,A\n" for n in range(40))

    (problem,) = (p for p in read(tmp_path / "voicemail.conf", text, "asterisk").problems if p.is_error)

    assert problem.message.startswith("the contexts c0, c1, c2, c3, c4, c5 and 34 more have the same numbers: 7001.")


def test_many_contexts_are_counted_in_the_paragraph(tmp_path: Path) -> None:
    text = "".join(f"[c{n}]\n7{n:03} => 482915,A\n" for n in range(40))

    everything = read(tmp_path / "voicemail.conf", text, "asterisk").read_as
    chosen = read_sheet(tmp_path / "voicemail.conf", system="asterisk", sheet="c7").read_as

    assert everything
    assert chosen
    assert "; contexts: c0 (1 box), c1 (1 box), c2 (1 box)" in render_read_as(everything)
    assert render_read_as(everything).endswith("c5 (1 box) and 34 more.")
    assert render_read_as(chosen).endswith("; 39 of 40 rows left out: it is not in the context c7.")


def test_a_number_in_two_contexts_needs_a_choice(tmp_path: Path) -> None:
    path = tmp_path / "voicemail.conf"
    path.write_text(VOICEMAIL_CONF.text.replace("7101", "7001"), encoding="utf-8")

    asked = read_sheet(path, system="asterisk")
    chosen = read_sheet(path, system="asterisk", sheet="shop")

    (error,) = (problem for problem in asked.problems if problem.is_error)
    assert error.row is None
    assert error.message_with_option == (
        "the contexts default and shop have the same numbers: 7001. Only one of them can be read. Choose it with "
        '--sheet "default".'
    )
    assert [row for row, texts in boxes_in(chosen).items() if texts] == [25]
    assert set(chosen.left_out.values()) == {"It is not in the context shop."}
    with pytest.raises(UsageError, match="It has default and shop"):
        read_sheet(path, system="asterisk", sheet="elsewhere")


def test_the_contexts_of_an_export_are_named_and_counted(tmp_path: Path) -> None:
    conf = (
        "[general]\naliasescontext=others\n[zonemessages]\neu=Europe/Berlin|HM\n[default]\n7001 => 482915,A\n"
        "7002 => 482916,B\n[branch]\n7101 => 482917,C\n[others]\n700 => 7001@default\n[empty]\n"
    )
    table = (
        "context,mailbox,password,fullname,email\ndefault,7001,482915,A,a@example.com\n"
        "default,7002,482916,B,\nbranch,7101,482917,C,\n"
    )

    sheets = read(tmp_path / "voicemail.conf", conf, "asterisk"), read(tmp_path / "a.csv", table, "asterisk-table")
    chosen = read_sheet(tmp_path / "voicemail.conf", system="asterisk", sheet="branch")

    for sheet in sheets:
        assert sheet.read_as is not None
        assert sheet.read_as.contexts == {"default": 2, "branch": 1}
        assert "; contexts: default (2 boxes), branch (1 box)." in render_read_as(sheet.read_as)
        assert not [problem for problem in sheet.problems if problem.is_error]
    assert chosen.read_as is not None
    assert chosen.read_as.contexts == {}


def test_a_number_in_two_contexts_of_a_table_is_an_error_that_names_both(tmp_path: Path) -> None:
    head = "context,mailbox,password,fullname,email\n"
    text = f"{head}default,7001,482915,A,\nbranch,7001,482917,C,\nbranch,7002,482918,D,\n"

    sheet = read(tmp_path / "a.csv", text, "asterisk-table")

    (error,) = (problem for problem in sheet.problems if problem.is_error)
    assert error.message_with_option == (
        "the contexts default and branch have the same numbers: 7001. Only one of them can be read. Delete the rows of "
        "the others, or give them numbers of their own."
    )


def test_messages_about_a_voicemail_conf_have_its_words(tmp_path: Path) -> None:
    text = VOICEMAIL_CONF.text.replace("language=de_DE", "language=xx_YY|passwordlocation=spooldir")

    sheet = read(tmp_path / "voicemail.conf", text, "asterisk")

    messages = [problem.message for problem in sheet.problems]
    assert '1 mailbox (field "pager", first in line ' in " ".join(messages)
    assert not [message for message in messages if re.search(r"\b(?:rows?|columns?|sheets?|cells?|CSV)\b", message)]


def test_a_context_is_not_taken_for_a_sheet(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("[base](!)\n7001 => 482915,A\n")

    with pytest.raises(SheetError, match="Read it as one: --from asterisk"):
        read_sheet(tmp_path / "a.csv", sheet="base")
    with pytest.raises(UsageError, match="Its mailboxes are in templates that no context uses"):
        read_sheet(tmp_path / "a.csv", sheet="base", system="asterisk")


CONF_PARTS = (
    "[default]",
    "[zonemessages]",
    "[general]",
    "7001",
    "=>",
    "=",
    "3690",
    ",",
    "|",
    ";",
    ";--",
    "--;",
    "\\",
    "tz",
    "\n",
)


@settings(max_examples=200)
@given(st.lists(st.sampled_from(CONF_PARTS), max_size=40))
def test_any_voicemail_conf_is_read_or_refused(tmp_path_factory: pytest.TempPathFactory, parts: Sequence[str]) -> None:
    path = tmp_path_factory.mktemp("conf") / "voicemail.conf"

    with contextlib.suppress(SheetError):
        sheet = read(path, "".join(parts) or " ", "asterisk")
        assert all(row > 1 for row in sheet.cells.index)


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda values: (
        st.lists(values, max_size=3)
        | st.dictionaries(
            st.sampled_from(["data", "mailbox", "pin", "name", "notify_email_addresses"]), values, max_size=4
        )
    ),
    max_leaves=8,
)


@settings(max_examples=200)
@given(JSON_VALUES)
def test_any_json_is_read_as_boxes_of_kazoo_or_refused(tmp_path_factory: pytest.TempPathFactory, value: object) -> None:
    path = tmp_path_factory.mktemp("json") / "a.json"

    with contextlib.suppress(SheetError):
        sheet = read(path, json.dumps(value), "kazoo")
        assert all(isinstance(text, str) for texts in boxes_in(sheet).values() if texts for text in texts.values())


def test_sections_of_a_voicemail_conf_are_recognised_in_any_case(tmp_path: Path) -> None:
    text = "[General]\naliasescontext=Alias\nenvelope=no\n[ZoneMessages]\n24=Europe/Berlin|kM\n[PbxAliases]\n9=8\n"
    sheet = read(tmp_path / "voicemail.conf", f"{text}[alias]\n7009 => 7001\n[Default]\n7001 => 3690,Lab\n", "asterisk")

    assert {row: box["play_datetime"] for row, box in boxes_in(sheet).items() if box} == {11: "off"}


def test_a_voicemail_conf_with_more_lines_than_any_has_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SheetError, match="more than 200,000 settings"):
        read(tmp_path / "voicemail.conf", "[default]\n" + "1=\n" * 200_001, "asterisk")


@pytest.mark.parametrize(
    ("text", "system"),
    [(f'[{{"mailbox": "7001", "name": "{"a" * 40_000}"}}]', "kazoo"), (f"[a]\n7001 => 1,{'a' * 40_000}\n", "asterisk")],
    ids=["kazoo", "asterisk"],
)
def test_a_text_that_is_longer_than_a_cell_is_cut_and_marked(tmp_path: Path, text: str, system: str) -> None:
    sheet = read(tmp_path / ("a.json" if system == "kazoo" else "a.conf"), text, system)

    assert [kind for kinds in sheet.kinds.values() for kind in kinds.values()] == [CellKind.TOO_LONG]


def test_lines_in_another_encoding_are_errors_of_their_cells(tmp_path: Path) -> None:
    path = tmp_path / "voicemail.conf"
    path.write_bytes("[a]\n7001 => 3690,Zoë\n7002 => 0582,Bär\n".encode() + "7003 => 1470,Jörg\n".encode("cp1252"))

    sheet = read_sheet(path, system="asterisk")

    assert [(p.cell, p.code) for p in sheet.problems if p.is_error] == [("C4", ProblemCode.ENCODING)]
    assert sheet.cells.at[4, "C"] == "Jörg"


def test_a_page_of_a_longer_list_of_kazoo_is_reported(tmp_path: Path) -> None:
    text = KAZOO.text.replace('"status": "success"', '"status": "success", "next_start_key": "g2wAA"')

    sheet = read(tmp_path / "a.json", text, "kazoo")

    assert "the file has 3 boxes, and is one page of a longer list" in sheet.problems[0].message


def test_the_password_of_a_mail_server_is_named_as_never_read(tmp_path: Path) -> None:
    sheet = read_sheet(VOICEMAIL_CONF.write(tmp_path), system="asterisk")

    assert sheet.read_as is not None
    assert sheet.read_as.never_read == ("imappassword",)


@pytest.mark.parametrize("null", ["NULL", "\\N"])
def test_a_null_of_a_database_is_blank(tmp_path: Path, null: str) -> None:
    header, row, *_ = rows_of(ASTERISK_TABLE)
    row = [
        null if heading in {"email", "language", "pager", "envelope"} else text
        for heading, text in zip(header, row, strict=True)
    ]

    sheet = read(tmp_path / "a.csv", csv_of([header, row]), "asterisk-table")

    assert boxes_in(sheet)[2] == {
        "extension_number": "7001", "pin": "3690", "name": "Reception", "recipients": "", "enable_email_notify": "no",
    }  # fmt: skip
    assert sheet.problems == ()


def test_an_address_of_kazoo_that_is_no_text_is_not_lost(tmp_path: Path) -> None:
    text = KAZOO.text.replace('["front@example.com"]', '[{"address": "front@example.com"}]')

    sheet = read(tmp_path / "a.json", text, "kazoo")

    (error,) = (problem for problem in validate(sheet, PinPolicy(4, 10)).problems if problem.is_error)
    assert (error.row, error.code) == (2, ProblemCode.RECIPIENT)


def test_a_single_box_of_kazoo_is_read(tmp_path: Path) -> None:
    sheet = read(tmp_path / "a.json", '{"data": {"mailbox": "7001", "pin": 417, "is_setup": true}}', "kazoo")

    assert boxes_in(sheet) == {2: {"extension_number": "7001", "pin": "417"}}


@given(st.lists(st.text(st.sampled_from('ab",'), max_size=6), min_size=2, max_size=4))
def test_quotes_inside_quoted_values_are_kept_where_a_line_shows_its_values(values: Sequence[str]) -> None:
    line = ",".join(f'"{value}"' for value in values) + "\n"

    (found,) = csv.reader([escape_bare_quotes(line)], strict=True)

    assert found == next(csv.reader([line])) or ",".join(f'"{value}"' for value in found) + "\n" == line


def test_pins_that_are_stored_elsewhere_are_not_read(tmp_path: Path) -> None:
    text = VOICEMAIL_CONF.text.replace("[general]", "[general]\npasswordlocation=spooldir\n#include more.conf")

    sheet = read(tmp_path / "voicemail.conf", text, "asterisk")

    assert all("pin" not in texts for texts in boxes_in(sheet).values() if texts)
    messages = " ".join(problem.message for problem in sheet.problems)
    assert "the PINs are not in this file" in messages
    assert "files that this one includes are not read (1 line: 4)" in messages


def test_the_pin_of_a_mailbox_that_is_stored_elsewhere_is_blank(tmp_path: Path) -> None:
    text = "[default]\n7001 => 482915,Reception,,,attach=yes|PasswordLocation = spooldir\n7002 => 482916,Store\n"

    sheet = read(tmp_path / "voicemail.conf", text, "asterisk")

    assert [texts["pin"] for texts in boxes_in(sheet).values() if texts] == ["", "482916"]
    assert any("the PINs of 1 mailbox are not in this file" in problem.message for problem in sheet.problems)


def test_lines_of_a_voicemail_conf_that_are_not_read_are_reported(tmp_path: Path) -> None:
    text = "7001 => 482915,Reception\n[default]\n7002 => 482916,Store\n7003 482917,Gate\n\n; a comment\n"

    sheet = read(tmp_path / "voicemail.conf", text, "asterisk")

    assert list(boxes_in(sheet)) == [3]
    assert any("2 lines without a setting or mailbox: not read (1, 4)" in problem.message for problem in sheet.problems)


@each_table
def test_an_export_without_the_columns_that_show_which_boxes_are_off_is_reported(
    tmp_path: Path, export: Export
) -> None:
    system = SYSTEM_OF_NAME[export.system]
    off = {flag.heading for layout in system.layouts for flag in layout.off}
    rows = rows_of(export)
    kept = [column for column, heading in enumerate(rows[0]) if heading not in off]
    without = csv_of([[row[column] for column in kept] for row in rows])

    with_them = read(tmp_path / "with.csv", csv_of(rows), export.system)
    sheet = read(tmp_path / "without.csv", without, export.system)

    words = "so boxes that are off in the old system are also read"
    assert not any(words in problem.message for problem in with_them.problems)
    assert any(words in problem.message for problem in sheet.problems) == bool(off)


@pytest.mark.parametrize(
    ("heading", "off", "on"),
    [
        ("Disabled", "1", "0"),
        ("disabled", "True", "False"),
        ("Enabled", "no", "yes"),
        ("enable_voicemail", "FALSE", "TRUE"),
        ("mb_enable", "0", "1"),
        ("Status", "Disabled", "1"),
        ("is_active", "0", "1"),
        ("Deleted", "x", ""),
        ("Disable This Extension", "yes", "no"),
    ],
)
def test_rows_that_may_be_switched_off_are_reported(tmp_path: Path, heading: str, off: str, on: str) -> None:
    header, *rows = rows_of(SWITCHVOX)
    text = csv_of([[*header, heading], [*rows[0], on], [*rows[1], off]])

    sheet = read(tmp_path / "a.csv", text, "switchvox")
    ignored = read(tmp_path / "a.csv", text, "switchvox", {heading: ""})

    assert boxes_in(sheet) == SWITCHVOX.expected()
    (message,) = (problem.message for problem in sheet.problems)
    assert message.startswith(f'1 row (column "{heading}", first in row 3): this may be switched off in the old')
    assert ignored.problems == ()


def unread_in(sheet: Sheet) -> list[tuple[str, str]]:
    """The code and the `--map` of each warning that has one."""
    return [(p.code.value, p.option.partition("--map ")[2]) for p in sheet.problems if "--map" in p.option]


def test_addresses_that_a_mapped_column_replaces_are_reported(tmp_path: Path) -> None:
    text = (
        "extension,voicemail_vmpwd,voicemail_enable,voicemail_email,voicemail_pager\n7001,369014,yes,a@x.org,b@x.org\n"
    )
    both = {"voicemail_email": "recipients", "voicemail_pager": "recipients"}

    replaced = read(tmp_path / "a.csv", text, "freepbx", {"voicemail_pager": "recipients"})
    added = read(tmp_path / "a.csv", text, "freepbx", both)
    ignored = read(tmp_path / "a.csv", text, "freepbx", {**both, "voicemail_email": ""})

    assert unread_in(replaced) == [("not-taken", '"voicemail_email=recipients".')]
    assert unread_in(added) == unread_in(ignored) == []
    recipients = [box["recipients"] for sheet in (replaced, added) for box in boxes_in(sheet).values() if box]
    assert recipients == ["b@x.org", "a@x.org, b@x.org"]


@each_export
def test_a_second_address_is_read_as_the_warning_about_it_advises(tmp_path: Path, export: Export) -> None:
    sheet = read_sheet(export.write(tmp_path), system=export.system)
    (options,) = [p.option for p in sheet.problems if "second address" in p.message] or [""]
    heading_map = dict.fromkeys(re.findall(r'--map "([^"]+)=recipients"', options), "recipients")

    mapped = read_sheet(export.write(tmp_path), system=export.system, heading_map=heading_map)

    assert [p.message for p in mapped.problems if "addresses are not read" in p.message] == []
    for before, after in zip(boxes_in(sheet).values(), boxes_in(mapped).values(), strict=True):
        if before and after and "recipients" in before:
            assert set(re.findall(r"[^\s,|]+", before["recipients"])) <= set(
                re.findall(r"[^\s,|]+", after["recipients"])
            )


def test_columns_that_a_person_added_under_our_headings_are_reported(tmp_path: Path) -> None:
    text = (
        "voicemail_id,voicemail_password,voicemail_enabled,Name,PIN,Recipients,Prompt\n7001,3690,true,Lab,369014, ,\n"
    )

    sheet = read(tmp_path / "a.csv", text, "fusionpbx")
    mapped = read(tmp_path / "a.csv", text, "fusionpbx", {"Name": "name", "PIN": "pin"})

    assert unread_in(sheet) == [("pin-column-unread", '"Name=name" or --map "PIN=pin".')]
    assert "369014" not in str(sheet.problems)
    assert unread_in(mapped) == []


@pytest.mark.parametrize(
    ("heading", "header"),
    [
        ("Delete?", ""), ("New PIN", "pin"), ("New extension", ""), ("Changed PIN", "pin"), ("Neue PIN", "pin"),
        ("PIN 2", ""), ("Voicemail PIN", "pin"), ("Passcode", ""), ("E-Mail", "recipients"),
        ("New Email", "recipients"), ("Rename to", "name"), ("Action", ""), ("Remove", ""), ("Migrate?", ""),
        ("Active", ""), ("Durchwahl", ""),
    ],
)  # fmt: skip
def test_a_column_that_a_person_added_to_an_export_is_reported(tmp_path: Path, heading: str, header: str) -> None:
    first, *rows = rows_of(FUSIONPBX)
    added = csv_of([[*first, heading], *([*row, "ask Zoë 369014"] for row in rows)])
    blank = csv_of([[*first, heading], *([*row, " "] for row in rows)])

    sheet = read(tmp_path / "a.csv", added, "fusionpbx")
    unfilled = read(tmp_path / "a.csv", blank, "fusionpbx")
    ignored = read(tmp_path / "a.csv", added, "fusionpbx", {heading: ""})

    assert boxes_in(sheet) == FUSIONPBX.expected()
    (warning,) = (p for p in sheet.problems if "not part of this export" in p.message)
    assert f'not read: "{heading}". Enter changes in the columns that are read' in warning.message
    assert warning.option == (f'Or read a column with --map "{heading}={header}".' if header else "")
    assert "369014" not in str(sheet.problems)
    assert not any("not part of this export" in p.message for p in (*unfilled.problems, *ignored.problems))


def test_many_columns_that_a_person_added_are_one_warning(tmp_path: Path) -> None:
    first, *rows = rows_of(FUSIONPBX)
    headings = ["Delete?", "New PIN", "Email", "Action", "Rename to", "Passcode", "Voicemail PIN", "bulkvm_pin", "id"]

    sheet = read(tmp_path / "a.csv", csv_of([[*first, *headings], *([*row, *headings] for row in rows)]), "fusionpbx")

    (message,) = (problem.message for problem in sheet.problems if "not part of" in problem.message)
    assert '"Delete?", "New PIN", "Email", "Action", "Rename to", "Passcode" and 1 more' in message


@each_export
def test_no_heading_of_an_export_is_reported_as_added(tmp_path: Path, export: Export) -> None:
    system = SYSTEM_OF_NAME[export.system]
    path = export.write(tmp_path)
    own = OWN_HEADINGS[export.system].split(",") if export.system in OWN_HEADINGS and export is not THREE_CX_20 else []
    if export in TABLES:  # with more headings, and a value in each cell
        header, *rows = rows_of(export)
        header += [heading for heading in own if heading not in header]
        filled = [[text or "x" for text in [*row, *("x" for _ in header[len(row) :])]] for row in rows]
        path.write_text(csv_of([header, *filled], ";" if export.system == "vodia" else ","), encoding="utf-8")

    sheet = read_sheet(path, system=system.name)

    assert [problem.message for problem in sheet.problems if "not part of this export" in problem.message] == []


def test_an_address_that_is_blank_is_taken_from_the_next_column(tmp_path: Path) -> None:
    rows = ("7001,A,B,369014,,e@x.org", "7002,A,C,369015,l@x.org,e@x.org", "7003,A,D,369016,,")
    text = "\n".join(("ext,fname,lname,voicemail_password,login_email,email", *rows, ""))

    sheet = read(tmp_path / "a.csv", text, "switchvox")

    assert [box["recipients"] for box in boxes_in(sheet).values() if box] == ["e@x.org", "l@x.org", ""]


@pytest.mark.parametrize("older", ["PIN", "EnableVoicemail", "PIN,EnableVoicemail"])
def test_a_box_of_3cx_that_is_off_is_left_out_whichever_heading_shows_it(tmp_path: Path, older: str) -> None:
    values = {"PIN": "593026", "EnableVoicemail": "1"}
    given = ",".join(values[heading] for heading in older.split(","))
    text = (
        f"Number,FirstName,LastName,AuthID,AuthPassword,{older},VMEnable,VMPIN\n"
        f"7001,Front,Desk,a,sip-Secret-1,{given},1,482915\n"
        f"7002,Lift,,a,sip-Secret-1,{given},0,482916\n"
    )

    boxes = boxes_in(read(tmp_path / "export.csv", text, "3cx"))

    assert boxes == {2: {"extension_number": "7001", "name": "Front Desk", "pin": "482915"}, 3: None}


def test_each_entry_of_the_table_has_a_sample_and_names_only_columns_that_exist() -> None:
    assert {export.system for export in EXPORTS} == SYSTEM_OF_NAME.keys()
    for system, layout in itertools.chain.from_iterable(zip(itertools.repeat(s), s.layouts) for s in SYSTEMS):
        assert layout.sources().keys() <= COLUMN_OF_HEADER.keys(), system
