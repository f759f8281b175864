"""Every problem of every row, at its cell."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bulkvm.columns import COLUMNS
from bulkvm.model.box import BLANK
from bulkvm.model.problem import Problem, ProblemCode, Severity
from bulkvm.model.settings import PinPolicy
from bulkvm.model.sheet import CellKind, HiddenCells, Sheet
from bulkvm.planning import make_plan
from bulkvm.text import join_and
from bulkvm.validation import Checked, validate, warn_of_blanks, warn_of_blanks_beside_errors
from tests.sheets import sheet_of

HEADINGS = ("extension_number", "name", "pin", "recipients", "enable_email_notify")
GOOD = ("6201", "Front Desk", "402817", "", "")


def found(checked: Checked) -> list[tuple[str | None, str]]:
    return [(problem.cell, problem.code) for problem in checked.problems]


def check(*rows: tuple[str, ...], kinds: dict[str, CellKind] | None = None) -> Checked:
    return validate(sheet_of(HEADINGS, *rows, kinds=kinds))


def test_a_valid_row_becomes_a_record_with_its_blanks() -> None:
    (record,) = check(GOOD).records

    assert (record.row, record.extension_number, record.name, record.pin) == (2, "6201", "Front Desk", "402817")
    assert record.recipients is BLANK
    assert record.prompt is BLANK


def test_all_problems_of_all_rows_are_reported_in_the_sheets_order() -> None:
    checked = check(("62", "x" * 65, "111", "", ""), GOOD, ("ext. 6202", "Sales", "402818", "anna", "perhaps"))

    assert found(checked) == [
        ("A2", "extension-length"),
        ("B2", "name-length"),
        ("C2", "pin-length"),
        ("C2", "pin-repeats"),
        ("A4", "extension-not-digits"),
        ("D4", "recipient"),
        ("E4", "yes-no"),
    ]
    assert [record.row for record in checked.records] == [3]


def test_a_problem_names_its_row_column_and_severity() -> None:
    (problem,) = check(("6201", "Front Desk", "402111", "", "")).problems

    assert problem == Problem(
        row=2, cell="C2", column="pin", severity=Severity.ERROR, code=ProblemCode.PIN_REPEATS, message=problem.message
    )


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("  6201  ", []),
        ("\u00a06201", ["invisible-characters"]),
        ("6201\u200b", ["invisible-characters"]),
        ("\u202a6201\u202c", ["invisible-characters"]),
        ("6201\n", ["invisible-characters"]),
    ],
)
def test_characters_around_a_value_are_stripped_and_only_spaces_without_a_warning(text: str, codes: list[str]) -> None:
    checked = check((text, *GOOD[1:]))

    assert [problem.code for problem in checked.problems] == codes
    assert checked.records[0].extension_number == "6201"


def test_a_cell_of_nothing_but_white_space_is_blank() -> None:
    assert check(("6201", "Front Desk", "402817", " \u00a0\u200b ", "")).records[0].recipients is BLANK


def test_clear_empties_recipients() -> None:
    assert check(("6201", "Front Desk", "402817", "<Clear>", "")).records[0].recipients == ()


def test_clear_is_refused_where_nothing_can_be_cleared() -> None:
    assert found(check(("6201", "<clear>", "402817", "", ""))) == [("B2", "clear")]


def test_a_row_without_an_extension_is_refused() -> None:
    assert found(check(("", "Front Desk", "402817", "", ""))) == [("A2", "extension-missing")]


def test_an_extension_on_several_rows_is_an_error_on_each_naming_the_others() -> None:
    checked = check(("6201", "A", "402817", "", ""), ("6201 ", "B", "518294", "", ""), ("6201", "C", "402819", "", ""))

    assert found(checked) == [("A2", "extension-twice"), ("A3", "extension-twice"), ("A4", "extension-twice")]
    assert "rows 2 and 4" in checked.problems[1].message or "rows 2, 4" in checked.problems[1].message
    assert checked.records == ()


def test_a_message_names_few_of_many_rows() -> None:
    checked = check(*[("6201", f"Name {n}", str(402817 + 7 * n), "", "") for n in range(20)])

    assert checked.problems[0].message == "6201 is also in rows 3, 4, 5, 6, 7 and 14 more. Keep only one of them."
    assert checked.problems[-1].message == "6201 is also in rows 2, 3, 4, 5, 6 and 14 more. Keep only one of them."


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (("402817", "Front Desk", "402817", "", ""), [("C2", "pin-is-extension")]),
        (("6201", "Front Desk", "402817", "", "yes"), [("D2", "notify-nobody")]),
        (("6201", "Front Desk", "402817", "<clear>", "yes"), [("D2", "notify-nobody")]),
        (("6201", "Front Desk", "402817", "a@example.com", ""), [("E2", "recipients-unused")]),
        (("6201", "Front Desk", "402817", "a@example.com", "no"), [("E2", "recipients-unused")]),
        (("6201", "Front Desk", "402817", "a@example.com", "yes"), []),
        (("6201", "Front Desk", "402817", "", "no"), []),
    ],
)
def test_contradictions_in_a_row_are_warnings(row: tuple[str, ...], expected: list[tuple[str, str]]) -> None:
    checked = check(row)

    assert found(checked) == expected
    assert len(checked.records) == 1


def test_a_blank_cell_is_not_reported_as_e_mail_that_is_off() -> None:
    blank, off = check((*GOOD[:3], "a@example.com", ""), ("6202", "Lab", "402818", "b@example.com", "no")).problems

    assert "an existing one keeps its setting" in blank.message
    assert "e-mail is off" not in blank.message
    assert "e-mail is off" in off.message


def test_a_name_and_a_pin_used_twice_are_warnings_on_each_row() -> None:
    checked = check(("6201", "Sales", "402817", "", ""), ("6202", "SALES", "402817", "", ""))

    assert found(checked) == [("B2", "name-twice"), ("C2", "pin-shared"), ("B3", "name-twice"), ("C3", "pin-shared")]
    assert checked.problems[0].message.startswith("The same name is in row 3. ")
    assert len(checked.records) == 2


@pytest.mark.parametrize(
    ("pins", "cells"),
    [
        (["482950", "482951", "482952", "739104"], "C2, C3 and C4"),
        (["739104", "482952", "482951", "482950"], "C3, C4 and C5"),
        (["482950", "482951", "739104", "739105"], ""),
        (["482950", "482961", "482972", "482983"], ""),
    ],
)
def test_pins_that_count_from_row_to_row_are_one_warning_without_the_pins(pins: list[str], cells: str) -> None:
    checked = check(*[(f"620{n}", f"Name {n}", pin, "", "") for n, pin in enumerate(pins)])

    messages = [problem.message for problem in checked.problems if problem.code == "pin-sequence"]
    assert [cells in message for message in messages] == ([True] if cells else [])
    assert not any(pin in message for message in messages for pin in pins)


def test_boxes_without_name_or_pin_do_not_share_them() -> None:
    assert check(("6201", "", "", "", ""), ("6202", "", "", "", "")).problems == ()


@pytest.mark.parametrize(
    ("header", "texts", "code", "words"),
    [
        ("enable_email_notify", ["yes", "yes", "no"], "notify-nobody",
         '2 rows turn e-mail on, but there is no column "Recipients"'),
        ("enable_email_notify", ["yes", "no", ""], "notify-nobody", "1 row turns e-mail on, but"),
        ("recipients", ["a@x.org", "b@x.org", ""], "recipients-unused",
         '2 rows have recipients, but there is no column "Notify by e-mail"'),
        ("recipients", ["a@x.org", "", ""], "recipients-unused", "1 row has recipients"),
    ],
)  # fmt: skip
def test_a_column_for_e_mail_that_the_sheet_lacks_is_one_warning_for_the_file(
    header: str, texts: list[str], code: str, words: str
) -> None:
    checked = validate(sheet_of(("Ext", header), *[(f"620{n}", text) for n, text in enumerate(texts)]))

    assert found(checked) == [(None, code)]
    assert words in checked.problems[0].message
    assert not checked.problems[0].is_error


@pytest.mark.parametrize(
    ("headings", "row", "places"),
    [
        (("Ext", "Name", "PIN"), ("6201", "", ""), [("B2", "name"), ("C2", "pin")]),
        (("PIN", "Name", "Ext"), ("", "", "6201"), [("B2", "name"), ("A2", "pin")]),
    ],
)
def test_a_problem_of_a_row_and_a_column_names_the_cell(
    headings: tuple[str, ...], row: tuple[str, ...], places: list[tuple[str, str]]
) -> None:
    checked = validate(sheet_of(headings, row))

    planned = checked.with_cells(make_plan(checked.records, []).problems)

    assert [(p.cell, p.column) for p in planned] == places
    assert [(p.cell, p.column) for p in warn_of_blanks(checked)] == places


def test_a_problem_of_a_column_that_the_sheet_lacks_is_at_the_extension() -> None:
    checked = validate(sheet_of(("Ext",), ("6201",)))

    planned = checked.with_cells(make_plan(checked.records, []).problems)

    assert {(p.cell, p.column) for p in planned} == {("A2", "extension_number")}


@pytest.mark.parametrize(
    ("cell", "kind", "code"),
    [
        ("C2", CellKind.DATE, "excel-date"),
        ("C2", CellKind.TIME, "excel-time"),
        ("C2", CellKind.FRACTION, "excel-fraction"),
        ("C2", CellKind.LONG_NUMBER, "excel-long-number"),
        ("C2", CellKind.SCIENTIFIC, "excel-scientific"),
        ("C2", CellKind.PERCENTAGE, "excel-percentage"),
        ("A2", CellKind.BOOLEAN, "excel-boolean"),
        ("B2", CellKind.EXCEL_ERROR, "excel-error"),
        ("D2", CellKind.NO_RESULT, "formula-no-result"),
    ],
)
def test_damage_by_a_spreadsheet_is_reported_at_its_cell(cell: str, kind: CellKind, code: str) -> None:
    checked = check(GOOD, kinds={cell: kind})

    assert found(checked) == [(cell, code)]
    assert checked.records == ()


@pytest.mark.parametrize(
    ("cell", "kind"),
    [
        ("A2", CellKind.NUMBER),
        ("A2", CellKind.PADDED),
        ("C2", CellKind.FORMULA),
        ("B2", CellKind.FRACTION),
        ("E2", CellKind.BOOLEAN),
    ],
)
def test_harmless_changes_by_a_spreadsheet_are_not_reported(cell: str, kind: CellKind) -> None:
    checked = check(GOOD, kinds={cell: kind})

    assert found(checked) == []
    assert len(checked.records) == 1


@pytest.mark.parametrize("kind", [CellKind.DATE, CellKind.TIME, CellKind.PERCENTAGE, CellKind.LONG_NUMBER])
def test_a_name_that_excel_converted_is_a_warning(kind: CellKind) -> None:
    checked = check(GOOD, kinds={"B2": kind})

    assert [(p.cell, p.severity) for p in checked.problems] == [("B2", Severity.WARNING)]
    assert len(checked.records) == 1


def test_rows_with_errors_also_get_their_warnings() -> None:
    checked = check(("6201", "Lab", "402817", "", "yes"), ("62", "Lab", "402817", "", "perhaps"))

    assert found(checked) == [
        ("B2", "name-twice"),
        ("C2", "pin-shared"),
        ("D2", "notify-nobody"),
        ("A3", "extension-length"),
        ("B3", "name-twice"),
        ("C3", "pin-shared"),
        ("E3", "yes-no"),
    ]


def test_an_unreadable_cell_has_no_other_problems() -> None:
    assert found(check(("6201", "Lab", "402817", "anna", "yes"))) == [("D2", "recipient")]


def test_recipients_with_an_invalid_address_are_not_read() -> None:
    checked = check(("6201", "Sales", "402817", "a@example.com, b(at)example.com", "yes"))

    assert checked.understood[0].recipients is BLANK
    assert [problem.code for problem in checked.problems] == ["recipient"]


def test_every_row_is_understood_as_far_as_it_can_be() -> None:
    understood = check(GOOD, ("x", "Sales", "111", "<clear>", "")).understood

    assert [(r.row, r.extension_number, r.name, r.recipients) for r in understood] == [
        (2, "6201", "Front Desk", BLANK),
        (3, "", "Sales", ()),
    ]


@pytest.mark.parametrize(
    ("header", "text", "code"), [("name", "Desk\x07", "name-control"), ("prompt", "en-UK", "prompt-tag")]
)
def test_an_exported_row_may_have_an_invalid_value_if_the_box_has_it(header: str, text: str, code: str) -> None:
    checked = validate(sheet_of(("extension_number", header, "id"), ("6201", text, "QQ=="), ("6202", text, "")))

    assert [(p.row, p.code, p.severity) for p in checked.problems if p.code == code] == [
        (2, code, Severity.WARNING),
        (3, code, Severity.ERROR),
    ]
    assert checked.problems[0].message.endswith("It is accepted only as it was exported.")
    (kept,) = checked.records
    assert (getattr(kept, header), [p.severity for p in kept.errors_if_changed]) == (text, [Severity.ERROR])


def test_a_heading_that_is_mapped_must_be_there() -> None:
    checked = validate(replace(sheet_of(("Ext", "Code"), ("6201", "402817")), heading_map={"Schlüssel": "pin"}))

    assert [(p.row, p.code) for p in checked.problems if p.is_error] == [(None, "map-not-there")]


def test_a_mapped_heading_replaces_its_usual_names() -> None:
    sheet = sheet_of(("Ext", "Code", "PIN"), ("6201", "402817", "999"))

    assert [record.pin for record in validate(replace(sheet, heading_map={"Code": "pin"})).records] == ["402817"]


def test_digits_that_may_be_a_pin_are_shown_in_no_message() -> None:
    headings = ("Ext", "Prompt", "Notify", "Emails", "Announce time", "402817x")
    row = ("6201", *["402817"] * 5)

    problems = validate(sheet_of(headings, row)).problems

    assert len(problems) == 5
    assert not any("402817" in problem.message for problem in problems)


def test_a_merged_cell_has_no_value_and_only_reading_reports_it() -> None:
    reported = Problem(row=2, cell="B2", code=ProblemCode.MERGED_CELLS, message="merged")
    sheet = sheet_of(HEADINGS, GOOD, kinds={"B2": CellKind.MERGED}, problems=[reported])

    checked = validate(sheet)

    assert checked.problems == (replace(reported, column="name"),)
    assert checked.records == ()


def test_the_tenants_policy_decides_the_length_of_a_pin() -> None:
    checked = validate(sheet_of(HEADINGS, GOOD), PinPolicy(8, 10, "the tenant", "the PBX"))

    assert found(checked) == [("C2", "pin-length")]


def test_a_sheet_without_extensions_is_refused_as_a_whole_and_names_what_it_found() -> None:
    checked = validate(sheet_of(("Nmae", "Secret"), ("Front Desk", "402817")))

    assert not checked.is_readable
    assert checked.records == ()
    assert [(p.row, p.code) for p in checked.problems] == [(None, "column-missing"), (None, "column-unknown")]
    assert '"Nmae", "Secret"' in checked.problems[0].message
    assert list(checked.extensions) == [2]


def test_two_columns_for_one_field_refuse_the_sheet_as_a_whole() -> None:
    checked = validate(sheet_of(("Ext", "PIN", "Passcode"), ("6201", "402817", "402818")))

    assert not checked.is_readable
    assert [(p.row, p.column, p.code) for p in checked.problems] == [(None, "pin", "column-twice")]
    assert 'columns B ("PIN") and C ("Passcode")' in checked.problems[0].message


def test_unknown_columns_are_one_warning_with_a_suggestion() -> None:
    headings = ("Ext", "Floor", "Langauge", "bulkvm_status")

    checked = validate(sheet_of(headings, ("6201", "3", "en-US", "created")))

    (problem,) = checked.problems
    assert (problem.code, problem.severity) == ("column-unknown", Severity.WARNING)
    assert 'B "Floor", C "Langauge" (did you mean Prompt language?)' in problem.message
    assert len(checked.records) == 1


def test_many_unknown_columns_are_not_all_named() -> None:
    headings = ("Ext", *[f"Zzz{n}" for n in range(20)])

    (problem,) = validate(sheet_of(headings, ("6201", *["x"] * 20))).problems

    assert problem.message.endswith("and 12 more.")


def test_unknown_columns_about_voicemail_pins_and_mail_are_named_first() -> None:
    headings = ("Ext", *[f"Zzz{n}" for n in range(20)], "SIP password", "E-mails of the team", "Voicemail quota")

    problems = validate(sheet_of(headings, ("6201", *["x"] * 23))).problems
    (problem,) = [problem for problem in problems if problem.code == "column-unknown"]

    assert problem.message.startswith(
        'these columns are not read: V "SIP password", W "E-mails of the team", X "Voicemail quota", B "Zzz'
    )


def test_a_heading_can_be_mapped() -> None:
    sheet = sheet_of(("Platz", "Schlüssel"), ("6201", "402817"))

    checked = validate(replace(sheet, heading_map={"platz": "extension_number", "Schlüssel": "pin"}))

    assert [(r.extension_number, r.pin) for r in checked.records] == [("6201", "402817")]


def test_a_problem_that_reading_found_stops_its_row() -> None:
    reported = Problem(row=2, code=ProblemCode.SURPLUS_VALUES, message="too many")

    checked = validate(sheet_of(HEADINGS, GOOD, ("6202", "Sales", "402818", "", ""), problems=[reported]))

    assert [record.row for record in checked.records] == [3]


def test_offline_a_blank_that_a_new_box_needs_is_a_warning() -> None:
    checked = check(("6201", "", "402817", "", ""), ("6202", "Sales", "", "", ""))

    warned = warn_of_blanks(checked)

    assert [(p.row, p.code, p.severity) for p in warned] == [
        (2, "name-blank", Severity.WARNING),
        (3, "pin-blank", Severity.WARNING),
    ]


def test_offline_a_blank_is_a_warning_also_in_a_row_that_has_an_error() -> None:
    checked = check(("6201", "", "4028", "", ""), ("62", "", "", "", ""), ("", "Desk", "", "", ""))

    assert [(p.row, p.code) for p in warn_of_blanks(checked)] == [
        (2, "name-blank"), (3, "name-blank"), (3, "pin-blank"), (4, "pin-blank"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("row", "codes"),
    [
        (("", "", "", "b@example.com", ""), ["extension-missing"]),
        (("", "Second line of the name", "", "", ""), ["extension-missing", "pin-blank"]),
    ],
)
def test_a_row_that_continues_the_one_above_has_one_problem_that_says_so(
    row: tuple[str, ...], codes: list[str]
) -> None:
    checked = check((*GOOD[:3], "a@example.com", "yes"), row, ("6202", "Lab", "402818", "", ""))

    found_in_row = [problem for problem in (*checked.problems, *warn_of_blanks(checked)) if problem.row == 3]
    assert [problem.code for problem in found_in_row] == codes
    assert "continues the one above it, move its values there first" in found_in_row[0].message


def test_offline_a_column_without_a_value_is_one_warning() -> None:
    rows = [(str(6201 + n), "", "", "a@example.com", "yes") for n in range(30)]

    warned = warn_of_blanks(check(*rows))

    assert [(p.row, p.column, p.code, p.severity) for p in warned] == [
        (None, "name", "name-blank", Severity.WARNING),
        (None, "pin", "pin-blank", Severity.WARNING),
    ]
    assert warned[0].message == 'the column "Name" is empty, so this sheet can change boxes but not create any.'


def test_offline_a_column_with_an_invalid_value_is_not_called_empty() -> None:
    warned = warn_of_blanks(check(("6201", "A", "4028", "", ""), ("6202", "B", "", "", ""), ("6203", "C", "", "", "")))

    assert [(p.row, p.code) for p in warned] == [(3, "pin-blank"), (4, "pin-blank")]


def test_a_total_or_a_note_below_the_rows_has_no_blanks() -> None:
    checked = check(
        ("Total", "2", "", "", ""), ("Total: 2 boxes", "", "", "", ""), ("Prepared by Anna", "", "", "", "")
    )

    assert {problem.code for problem in checked.problems} == {"extension-not-digits"}
    assert warn_of_blanks(checked) == ()


def test_before_the_pbx_is_asked_blanks_are_a_warning_only_beside_errors() -> None:
    checked = check(("6201", "", "4028", "", ""), ("6202", "", "402817", "", ""))

    assert [(p.cell, p.code) for p in warn_of_blanks_beside_errors(checked)] == [("B2", "name-blank")]


@pytest.mark.parametrize("name", ["E.G. Marshall Clinic", "E.G. & Sons", "E.G. Lab"])
def test_initials_are_no_example(name: str) -> None:
    checked = check(("6201", name, "402817", "", ""))

    assert [record.name for record in checked.records] == [name]


def test_a_message_about_a_cell_that_cannot_be_seen_names_what_is_hidden() -> None:
    sheet = sheet_of(HEADINGS, ("62", "", "4028", "", ""), ("6202", "Sales", "4028", "", ""))

    checked = validate(replace(sheet, hidden=HiddenCells(frozenset({2}), frozenset("C"))))

    ends = {p.cell: p.message.partition("hidden: ")[0].rpartition(". ")[2] for p in checked.problems}
    assert ends == {"A2": "Row 2 is ", "C2": "Column C and row 2 are ", "C3": "Column C is "}
    assert "Row 2 is hidden: unhide it to see the cell." in warn_of_blanks(checked)[0].message


def test_a_message_about_a_cell_that_can_be_seen_names_nothing_hidden() -> None:
    sheet = sheet_of(HEADINGS, ("62", "Lab", "402817", "", ""))

    checked = validate(replace(sheet, hidden=HiddenCells(frozenset({3}), frozenset("C"))))

    assert "hidden" not in checked.problems[0].message


def test_offline_a_missing_column_that_a_new_box_needs_is_one_warning() -> None:
    checked = validate(sheet_of(("Ext", "Name"), ("6201", "A"), ("6202", "B")))

    assert [(p.row, p.code) for p in warn_of_blanks(checked)] == [(None, "pin-missing")]


CELL = st.text(max_size=12) | st.sampled_from(["6201", "0101", "402817", "yes", "<clear>", "a@example.com", "en_US"])


@st.composite
def sheets(draw: st.DrawFn) -> Sheet:
    headings = draw(st.lists(st.sampled_from([c.header for c in COLUMNS]), unique=True, min_size=1))
    rows = draw(st.lists(st.tuples(*[CELL for _ in headings]), max_size=6))
    return sheet_of(headings, *rows)


@given(sheets())
def test_each_row_has_a_record_or_an_error_and_never_both(sheet: Sheet) -> None:
    checked = validate(sheet)

    with_records = {record.row for record in checked.records}
    with_errors = {p.row for p in checked.problems if p.is_error and p.row is not None}
    rows = set(sheet.cells.index.tolist())
    assert set(checked.extensions) == rows
    assert with_records.isdisjoint(with_errors)
    assert with_records | with_errors == (rows if checked.is_readable else with_errors)


@given(st.lists(st.from_regex(r"[0-9]{5,12}|[0-9]{4}[-. ][0-9]{4}|[0-9]{4}[a-z]{4}", fullmatch=True), max_size=4))
def test_no_problem_shows_a_pin(pins: list[str]) -> None:
    rows = [(f"62{n:02}", "Front Desk", pin, "", "") for n, pin in enumerate(pins)]

    for problem in check(*rows).problems:
        assert not any(pin in problem.message for pin in pins)


@pytest.mark.parametrize(
    ("header", "text", "value", "code"),
    [
        ("recipients", "root@localhost,a@example.com", ("root@localhost", "a@example.com"), "recipient"),
        (
            "recipients",
            ",".join(f"a{n}@x.org" for n in range(16)),
            tuple(f"a{n}@x.org" for n in range(16)),
            "recipients-many",
        ),
        ("play_datetime", "ISO_CLOCK", "ISO_CLOCK", "clock"),
        ("pin", "4028", "4028", "pin-length"),
        ("pin", "111402", "111402", "pin-repeats"),
        ("pin", "123902", "123902", "pin-ascending"),
        ("name", "x" * 65, "x" * 65, "name-length"),
    ],
)
def test_an_exported_row_may_have_any_value_that_the_rules_refuse(
    header: str, text: str, value: object, code: str
) -> None:
    checked = validate(sheet_of(("extension_number", header, "id"), ("6201", text, "QQ=="), ("6202", text, "")))

    assert [(p.row, p.severity) for p in checked.problems if p.code == code] == [
        (2, Severity.WARNING),
        (3, Severity.ERROR),
    ]
    (kept,) = checked.records
    assert getattr(kept, header) == value


@pytest.mark.parametrize("number", ["62", "666", "*97"])
def test_an_exported_row_may_have_a_number_that_the_rules_refuse(number: str) -> None:
    checked = validate(sheet_of(("extension_number", "id"), (number, "QQ==")))

    assert [record.extension_number for record in checked.records] == [number]
    assert not any(problem.is_error for problem in checked.problems)


def test_damage_by_a_spreadsheet_in_an_exported_cell_is_still_an_error() -> None:
    sheet = sheet_of(("extension_number", "pin", "id"), ("6201", "4.0E+05", "QQ=="), kinds={"B2": CellKind.SCIENTIFIC})

    assert [p.code for p in validate(sheet).problems if p.is_error] == ["excel-scientific"]


@pytest.mark.parametrize(
    ("ids", "refused"), [(("QQ==", "Qg=="), []), (("QQ==", ""), [2, 3]), (("QQ==", "QQ=="), [2, 3]), (("", ""), [2, 3])]
)
def test_two_exported_rows_with_one_number_are_distinguished_by_their_ids(
    ids: tuple[str, str], refused: list[int]
) -> None:
    checked = validate(sheet_of(("extension_number", "id"), ("6201", ids[0]), ("6201", ids[1])))

    assert [p.row for p in checked.problems if p.is_error] == refused
    assert {p.code for p in checked.problems} == {"extension-twice"}


def test_a_sheet_without_rows_is_an_error_of_the_file() -> None:
    checked = check()

    assert [(problem.row, problem.code, problem.is_error) for problem in checked.problems] == [(None, "no-rows", True)]
    assert not checked.is_readable


@pytest.mark.parametrize(
    "headings",
    [["Ext", "Name", "PIN", "Ext", "Name", "PIN"], ["Ext", "Name", "Number", "Display name"], ["Ext", "Name"] * 3],
)
def test_tables_beside_each_other_are_one_error_that_says_what_to_do(headings: list[str]) -> None:
    (problem,) = validate(sheet_of(headings, [""] * len(headings))).problems

    letters = [letter for letter, heading in zip("ABCDEF", headings, strict=False) if heading in {"Ext", "Number"}]
    assert f"extensions in columns {join_and(letters)}. Move the rows of all of them" in problem.message


@pytest.mark.parametrize(
    "headings",
    [["Ext", "PIN", "Pin code"], ["Ext", "E-mail / Notify"], ["Ext", "Password", "SIP PIN"],
     ["Ext", "Password", "User"],
     ["Nr", "Name"], ["Ext", "Vorname", "Nachname"], ["Ext", "Langauge"], ["Ext", "Name", "Ext", "Name"]],
)  # fmt: skip
def test_what_a_workbook_shows_names_no_option(headings: list[str]) -> None:
    problems = validate(sheet_of(headings, ["6201"] * len(headings))).problems

    assert problems
    assert not any("--" in problem.message or "extension_number" in problem.message[:30] for problem in problems)


@pytest.mark.parametrize(
    ("cells", "doubtful"),
    [
        (["x", "o"], [3]),
        (["X", "O", "o", ""], [3, 4]),
        (["\u2713", "o"], [3]),
        (["\u2714\ufe0f", "o"], [3]),
        (["x", "o", "yes"], [3]),
        (["o", "n"], []),
        (["o", ""], []),
        (["oui", "o", "x"], []),
        (["x", "o", "Non"], []),
        (["x", ""], []),
        (["o", "yes"], []),
    ],
)
@pytest.mark.parametrize("heading", ["Ask for the PIN", "Notify"])
def test_an_o_beside_marks_is_an_error_unless_it_is_french(heading: str, cells: list[str], doubtful: list[int]) -> None:
    sheet = sheet_of(["Ext", heading], *([f"{6201 + place}", text] for place, text in enumerate(cells)))

    checked = validate(sheet)

    errors = [problem for problem in checked.problems if problem.is_error]
    assert [(error.cell, error.code) for error in errors] == [(f"B{row}", "yes-no") for row in doubtful]
    assert all("may mean yes or no" in error.message for error in errors)
    assert not {record.row for record in checked.records} & set(doubtful)


def test_rows_of_one_box_are_not_to_get_names_and_pins_of_their_own() -> None:
    row = ("6201", "Desk", "402817")
    checked = validate(sheet_of(("Ext", "Name", "PIN"), row, row))

    assert [problem.code for problem in checked.problems] == ["extension-twice", "extension-twice"]


@pytest.mark.parametrize("text", ["e.g. Desk", "E.g. Desk", "E.G. FRONT DESK", "e.G. front desk"])
def test_an_example_is_one_in_any_case(text: str) -> None:
    checked = validate(sheet_of(("Ext", "Name"), ("6201", text)))

    assert [problem.code for problem in checked.problems] == ["example-cell"]
