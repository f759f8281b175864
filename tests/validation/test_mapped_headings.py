"""Columns that `--map` joins, adds up and ignores."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from bulkvm.columns.sheet_columns import joined_texts, letters_by_header
from bulkvm.model.box import BLANK
from bulkvm.model.problem import Problem
from bulkvm.model.sheet import CellKind, Sheet
from bulkvm.reports.workbook.marks import make_marks
from bulkvm.validation import Checked, take_rows, validate
from tests.sheets import sheet_of


def mapped(headings: Sequence[str], row: Sequence[str], **heading_map: str) -> Sheet:
    """A sheet with a heading map: its names are headings, with underscores for spaces."""
    spelled = {theirs.replace("_", " "): header for theirs, header in heading_map.items()}
    return replace(sheet_of(headings, row), heading_map=spelled)


def found(checked: Checked) -> list[tuple[str | None, str]]:
    return [(problem.cell, problem.code) for problem in checked.problems]


NAMES = {"Vorname": "name", "Nachname": "name"}


@pytest.mark.parametrize(
    ("first", "last", "name"),
    [
        ("Anna", "Bell", "Anna Bell"),
        (" Anna ", "Bell\u00a0", "Anna Bell"),
        ("", "Bell", "Bell"),
        ("Anna", "", "Anna"),
        ("Anna", " ", "Anna"),
        ("Anna Maria", "de la Cruz", "Anna Maria de la Cruz"),
    ],
)
def test_two_columns_are_joined_to_the_name_without_blank_parts(first: str, last: str, name: str) -> None:
    (record,) = validate(mapped(["Nachname", "Ext", "Vorname"], [last, "6201", first], **NAMES)).records

    assert record.name == name


def test_names_are_joined_in_the_order_of_the_options() -> None:
    headings, row = ["Ext", "Vorname", "Nachname"], ["6201", "Anna", "Bell"]

    for heading_map, name in ((NAMES, "Anna Bell"), (dict(reversed(NAMES.items())), "Bell Anna")):
        (record,) = validate(mapped(headings, row, **heading_map)).records
        assert record.name == name


def test_a_name_of_blank_parts_is_blank() -> None:
    sheet = mapped(["Ext", "Vorname", "Nachname", "PIN"], ["6201", "", " ", "402817"], **NAMES)

    (record,) = validate(sheet).records

    assert record.name is BLANK


@pytest.mark.parametrize(
    ("one", "other", "recipients"),
    [
        ("a@example.com", "b@example.com", ("a@example.com", "b@example.com")),
        ("a@example.com; c@example.com", "b@example.com", ("a@example.com", "c@example.com", "b@example.com")),
        ("", "b@example.com", ("b@example.com",)),
        ("Doe, Jane <a@example.com>", "Bell <b@example.com>", ("a@example.com", "b@example.com")),
        ("<clear>", "", ()),
        ("<clear>", "<clear>", ()),
    ],
)
def test_columns_of_addresses_are_added_up(one: str, other: str, recipients: tuple[str, ...]) -> None:
    sheet = mapped(["Ext", "Email", "Email 2"], ["6201", one, other], Email="recipients", Email_2="recipients")

    (record,) = validate(sheet).records

    assert record.recipients == recipients


def test_an_address_in_two_columns_is_taken_once_with_a_warning_at_the_second() -> None:
    row = ["6201", "a@example.com", "A@example.com, b@example.com"]
    checked = validate(mapped(["Ext", "E1", "E2"], row, E1="recipients", E2="recipients"))

    assert [record.recipients for record in checked.records] == [("a@example.com", "b@example.com")]
    assert ("C2", "recipient-twice") in found(checked)


@pytest.mark.parametrize(
    ("row", "problems"),
    [
        pytest.param(["6201", "anna.example.com", "b@example.com"], [("B2", "recipient")], id="the first"),
        pytest.param(["6201", "a@example.com", "anna.example.com"], [("C2", "recipient")], id="the second"),
        pytest.param(["6201", "<clear>", "b@example.com"], [("B2", "clear")], id="cleared and filled"),
        pytest.param(
            ["6201", *(",".join(f"{x}{n}@example.com" for n in range(9)) for x in "ab")],
            [("B2", "recipients-many"), ("C2", "recipients-many")],
            id="too many together",
        ),
    ],
)
def test_a_problem_of_one_cell_is_at_this_cell_and_one_of_all_is_at_each(
    row: Sequence[str], problems: list[tuple[str, str]]
) -> None:
    sheet = mapped(["Ext", "E1", "E2"], row, E1="recipients", E2="recipients")
    checked = validate(sheet)

    errors = [problem for problem in checked.problems if problem.is_error]
    assert [(problem.cell, problem.code) for problem in errors] == problems
    assert checked.records == ()
    assert make_marks(sheet, errors).keys() == {cell for cell, _ in problems}


def test_a_joined_name_that_is_too_long_is_marked_in_all_its_cells() -> None:
    checked = validate(mapped(["Ext", "Vorname", "Nachname"], ["6201", "a" * 40, "b" * 40], **NAMES))

    assert found(checked) == [("B2", "name-length"), ("C2", "name-length")]


def test_a_part_that_a_spreadsheet_damaged_is_no_part_of_a_name() -> None:
    sheet = mapped(["Ext", "Vorname", "Nachname"], ["6201", "Anna", "#N/A"], **NAMES)

    checked = validate(replace(sheet, kinds={"C": {2: CellKind.EXCEL_ERROR}}))

    assert [(p.cell, p.code) for p in checked.problems if p.is_error] == [("C2", "excel-error")]
    assert checked.records == ()


@pytest.mark.parametrize(
    ("first", "last", "problems"),
    [
        ("=A1", "Bell", [("B2", "name-marks", "begins with =")]),
        ("Anna", "=A1", [("C2", "name-marks", "begins with =")]),
        ("n/a", "Bell", [("B2", "name-placeholder", '"n/a" ')]),
        ("Anna", "n/a", [("C2", "name-placeholder", '"n/a" ')]),
        ("A &amp; B", "Bell", [("B2", "name-encoding", '"A & B"')]),
        ('"Anna', 'Bell"', [("B2", "name-marks", "Anna Bell"), ("C2", "name-marks", "Anna Bell")]),
    ],
)
def test_a_warning_of_a_part_of_a_name_is_not_repeated_for_the_whole(
    first: str, last: str, problems: Sequence[tuple[str, str, str]]
) -> None:
    checked = validate(mapped(["Ext", "Vorname", "Nachname"], ["6201", first, last], **NAMES))

    assert found(checked) == [(cell, code) for cell, code, _ in problems]
    assert all(text in p.message for p, (_, _, text) in zip(checked.problems, problems, strict=True))


def test_rows_that_are_compared_have_the_joined_texts() -> None:
    sheet = mapped(
        ["Ext", "Vorname", "Nachname", "E1", "E2"],
        ["6201", "Anna", "Bell", "a@example.com", "b@example.com"],
        **NAMES,
        E1="recipients",
        E2="recipients",
    )

    rows, errors = take_rows(sheet)

    assert errors == ()
    assert rows == ({"extension_number": "6201", "name": "Anna Bell", "recipients": "a@example.com, b@example.com"},)


def test_an_exported_row_keeps_a_joined_name_that_is_too_long() -> None:
    row = ["6201", "a" * 40, "b" * 40, "QQ=="]

    (record,) = validate(mapped(["Ext", "Vorname", "Nachname", "id"], row, **NAMES)).records

    assert record.name == f"{'a' * 40} {'b' * 40}"
    assert {problem.code for problem in record.errors_if_changed} == {"name-length"}


@pytest.mark.parametrize("heading", ["Language", "language *", "Sprache"])
def test_an_ignored_column_is_neither_read_nor_reported(heading: str) -> None:
    sheet = mapped(["Ext", heading], ["6201", "no tag"], **{heading.replace(" ", "_"): ""})

    checked = validate(sheet)

    assert "prompt-tag" not in {problem.code for problem in checked.problems}
    assert "column-unknown" not in {problem.code for problem in checked.problems}
    assert len(checked.records) == 1


def test_where_a_password_is_ignored_the_other_one_is_the_pin() -> None:
    sheet = mapped(["Ext", "Password", "SIP Password"], ["6201", "402817", "918264"], SIP_Password="")

    assert [record.pin for record in validate(sheet).records] == ["402817"]


def test_one_of_two_columns_with_the_same_meaning_can_be_ignored() -> None:
    sheet = mapped(["Ext", "PIN", "Passcode"], ["6201", "402817", "918264"], Passcode="")

    assert [record.pin for record in validate(sheet).records] == ["402817"]


def errors(sheet: Sheet) -> list[Problem]:
    return [problem for problem in validate(sheet).problems if problem.is_error]


@pytest.mark.parametrize("header", ["pin", "extension_number", "prompt", "enable_pin", "id"])
def test_other_columns_cannot_be_joined(header: str) -> None:
    (problem, *_) = errors(mapped(["Ext", "One", "Two"], ["6201", "1", "2"], One=header, Two=header))

    assert (problem.code, problem.column) == ("column-twice", header)
    assert "map only one" in problem.option


def test_two_columns_that_can_be_joined_name_the_options_that_do() -> None:
    (problem,) = errors(sheet_of(["Ext", "Email", "Recipients"], ["6201", "a@example.com", "b@example.com"]))

    assert problem.code == "column-twice"
    assert '--map "Email=recipients" or --map "Recipients=recipients"' in problem.message_with_option
    assert 'To read all of them: --map "Email=recipients" --map "Recipients=recipients"' in problem.message_with_option


def test_columns_with_the_same_heading_are_to_be_renamed() -> None:
    (problem,) = errors(sheet_of(["Ext", "PIN", "Pin *"], ["6201", "402817", "918264"]))

    assert "rename the others" in problem.message
    assert "--map" not in problem.message_with_option


@pytest.mark.parametrize(
    ("theirs", "words"),
    [
        ("Langauge", 'Did you mean "Language"?'),
        ("Floor", "Write it as in the sheet."),
        ("bulkvm_pin", "a column of results"),
    ],
)
@pytest.mark.parametrize("header", ["prompt", ""])
def test_a_mapped_heading_that_is_not_there_is_an_error(theirs: str, words: str, header: str) -> None:
    sheet = sheet_of(["Ext", "Language", "bulkvm_pin"], ["6201", "en-US", "402817"])

    (problem,) = errors(replace(sheet, heading_map={theirs: header}))

    assert problem.code == "map-not-there"
    assert words in problem.message


@pytest.mark.parametrize(
    ("headings", "advice"),
    [
        (["Ext", "Vorname", "Nachname"], 'Or read them as the name: --map "Vorname=name" --map "Nachname=name".'),
        (["Ext", "Nachname", "Vorname"], 'Or read them as the name: --map "Vorname=name" --map "Nachname=name".'),
        (
            ["Ext", "Nom de famille", "Prénom"],
            'Or read them as the name: --map "Prénom=name" --map "Nom de famille=name".',
        ),
        (["Ext", "First Name", "Floor"], 'Or read it as the name: --map "First Name=name".'),
    ],
)
def test_parts_of_a_name_come_with_the_options_that_join_them(headings: Sequence[str], advice: str) -> None:
    problems = validate(sheet_of(headings, ["6201", "x", "y"])).problems

    (problem,) = [problem for problem in problems if problem.code == "column-unknown"]
    assert problem.option == advice
    assert problem.message.endswith('Put the whole name into one column, "Name".')


def test_a_column_that_is_there_is_not_suggested() -> None:
    sheet = mapped(["Ext", "Key", "PIN"], ["6201", "402817", "1"], Key="pin")

    (problem,) = validate(sheet).problems

    assert problem.message == 'this column is not read: C "PIN".'


@pytest.mark.parametrize(
    ("headings", "row", "option"),
    [
        (["Name", "Platz"], ["Lab", "6201"], '--map "Platz=extension_number"'),
        (["Name", "Platz", "Zahl"], ["Lab", "6201", "402817"], '--map "Platz=extension_number"'),
        (["Name", "Floor"], ["Lab", "ground"], None),
        (["Name", "SIP Password"], ["Lab", "402817"], None),
        (
            ["Name", "Platz", "Zahl"],
            ["Lab", "6201", "6202"],
            '--map "Platz=extension_number" or --map "Zahl=extension_number"',
        ),
        (["Old Ext", "New Ext", "Name"], ["201", "6201", "Lab"], 'read it with --map "New Ext=extension_number"'),
        (["Old Ext", "Name"], ["201", "Lab"], None),
    ],
)
def test_without_extensions_a_column_that_looks_like_them_is_suggested(
    headings: Sequence[str], row: Sequence[str], option: str | None
) -> None:
    (problem,) = [p for p in errors(sheet_of(headings, row)) if p.code == "column-missing"]

    assert (option or "--map") in problem.message_with_option if option else "--map" not in problem.message_with_option


@pytest.mark.parametrize(
    ("first", "last", "name"),
    [
        ("n/a", "Bell", "Bell"),
        ("Anna", "-", "Anna"),
        ("NULL", "Bell", "Bell"),
        ("NULL", "NULL", "NULL NULL"),
        ("", "n/a", "n/a"),
    ],
)
def test_a_part_that_stands_for_no_name_is_left_out_if_there_is_another(first: str, last: str, name: str) -> None:
    sheet = mapped(["Nachname", "Ext", "Vorname"], [last, "6201", first], **NAMES)
    checked = validate(sheet)

    assert [record.name for record in checked.records] == [name]
    assert {code for _, code in found(checked)} == {"name-placeholder"}
    assert joined_texts(sheet, "name", letters_by_header(sheet)["name"]) == {2: name}


@pytest.mark.parametrize(
    ("headings", "options"),
    [
        (["Nombre", "Apellidos"], '--map "Nombre=name" --map "Apellidos=name"'),
        (["Apellidos", "Nombre"], '--map "Nombre=name" --map "Apellidos=name"'),
        (["Name", "Surname"], '--map "Name=name" --map "Surname=name"'),
        (["Name", "Vorname"], '--map "Vorname=name" --map "Name=name"'),
        (["Last name", "First name"], '--map "First name=name" --map "Last name=name"'),
    ],
)
def test_the_options_that_join_a_name_are_in_the_order_of_a_name(headings: Sequence[str], options: str) -> None:
    problems = validate(sheet_of(["Ext", *headings], ["6201", "a", "b"])).problems

    (option,) = filter(None, (problem.option for problem in problems))
    assert options in option


@pytest.mark.parametrize(
    ("headings", "row"),
    [
        (["Nom", "Prénom"], ["Dupont", "Claire"]),
        (["Nombre", "Apellidos"], ["Ana", "García"]),
        (["Cognome", "Nome"], ["Rossi", "Paola"]),
    ],
)
def test_half_of_a_name_is_not_read_as_the_name(headings: Sequence[str], row: Sequence[str]) -> None:
    sheet = sheet_of(["Ext", *headings], ["6201", *row])

    assert [problem.code for problem in errors(sheet)] == ["heading-ambiguous"]
    both = validate(replace(sheet, heading_map=dict.fromkeys(headings, "name")))
    assert [len(str(record.name).split()) for record in both.records] == [2]
    other = next(heading for heading in headings if heading not in {"Nom", "Nombre", "Nome"})
    assert not errors(replace(sheet, heading_map={other: ""}))


@pytest.mark.parametrize(
    "headings",
    [["Surname", "Forename", "Name"], ["Last Name", "First Name", "Display Name"], ["Surname", "Floor", "Name"]],
)
def test_parts_of_a_name_beside_the_whole_name_are_not_to_be_joined(headings: Sequence[str]) -> None:
    problems = validate(sheet_of(["Ext", *headings], ["6201", "Baker", "Susan", "Susan Baker"])).problems

    assert [(problem.code, problem.option) for problem in problems] == [("column-unknown", "")]


@pytest.mark.parametrize("heading", ["Description", "Omschrijving", "Descrizione", "Descripción", "Descrição"])
def test_a_description_is_offered_as_the_name_if_there_is_no_other(heading: str) -> None:
    sheet = sheet_of(["Ext", heading, "Floor"], ["6201", "Front Desk", "ground"])

    assert f'--map "{heading}=name"' in str([problem.option for problem in validate(sheet).problems])


@pytest.mark.parametrize(
    ("headings", "options"),
    [
        (["Email 1", "Email 2"], '--map "Email 1=recipients" --map "Email 2=recipients"'),
        (["E-Mail", "E-Mail 2"], '--map "E-Mail=recipients" --map "E-Mail 2=recipients"'),
        (["Empfänger1", "Empfänger2"], '--map "Empfänger1=recipients" --map "Empfänger2=recipients"'),
    ],
)
def test_several_columns_of_addresses_come_with_the_options_that_add_them_up(
    headings: Sequence[str], options: str
) -> None:
    sheet = sheet_of(["Ext", *headings], ["6201", "a@example.com", "b@example.com"])
    (problem,) = [problem for problem in validate(sheet).problems if problem.code == "column-unknown"]

    assert problem.option == f"Or read all addresses: {options}."
    assert 'Put all addresses into one column, "Recipients", separated by commas.' in problem.message


def test_a_heading_that_is_not_read_for_another_reason_is_not_suggested_for_itself() -> None:
    problems = validate(mapped(["Ext", "PIN"], ["6201", "402817"], Code="pin")).problems

    assert not any("did you mean PIN?" in problem.message for problem in problems)
