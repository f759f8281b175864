"""The table of columns keeps its own promises."""

import pytest

from bulkvm.columns import CLEAR, COLUMNS, Column, FieldKind
from bulkvm.columns.header_matching import match_heading, match_headings
from bulkvm.model.box import Box, Record
from bulkvm.model.problem import Severity
from bulkvm.model.settings import DEFAULT_PIN_POLICY
from tests.boxes import full_box


def errors_of(column: Column, text: str) -> list[str]:
    parsed = column.parse(text)
    faults = list(parsed.faults)
    if parsed.value is not None:
        faults += [fault for rule in column.rules if (fault := rule(parsed.value, DEFAULT_PIN_POLICY))]
    return [fault.code for fault in faults if fault.severity is Severity.ERROR]


@pytest.mark.parametrize(
    ("column", "text"), [(c, text) for c in COLUMNS for text in c.valid_examples], ids=lambda x: str(x)[:20]
)
def test_a_good_example_has_no_error_and_reads_back_as_it_is_written(column: Column, text: str) -> None:
    value = column.parse(text).value

    assert errors_of(column, text) == []
    assert value is not None
    assert column.parse(column.format(value)).value == value


@pytest.mark.parametrize(
    ("column", "text"), [(c, text) for c in COLUMNS for text in c.invalid_examples], ids=lambda x: str(x)[:20]
)
def test_a_bad_example_has_an_error(column: Column, text: str) -> None:
    assert errors_of(column, text) != []


@pytest.mark.parametrize("column", COLUMNS, ids=lambda c: c.header)
def test_a_column_is_a_field_of_boxes_and_records(column: Column) -> None:
    assert column.header in Box.__dataclass_fields__
    assert column.header in Record.__dataclass_fields__


def test_a_record_has_its_fields_in_the_order_of_the_columns() -> None:
    assert tuple(Record.__dataclass_fields__) == ("row", *(column.header for column in COLUMNS), "errors_if_changed")


@pytest.mark.parametrize("column", COLUMNS, ids=lambda c: c.header)
def test_a_secret_column_hides_in_every_repr(column: Column) -> None:
    for kind in (Box, Record):
        assert kind.__dataclass_fields__[column.header].repr is not column.secret


@pytest.mark.parametrize("column", COLUMNS, ids=lambda c: c.header)
def test_every_name_of_a_column_leads_to_it_alone(column: Column) -> None:
    lines = [*column.aliases.values(), *column.vague_aliases.values()]
    names = (column.header, column.title, *(name for line in lines for name in line.split(", ")))

    assert [match_heading(name) for name in names] == [column] * len(names)


def test_the_word_that_clears_is_in_the_help_of_what_can_be_cleared() -> None:
    assert [column.header for column in COLUMNS if CLEAR in column.help] == [c.header for c in COLUMNS if c.clearable]


@pytest.mark.parametrize(
    "heading",
    ["PIN *", "  p-i-n ", "Voicemail_PIN", "PIN-CODE", "passcode:"],
)
def test_a_heading_matches_in_any_case_and_with_any_spaces_and_marks(heading: str) -> None:
    column = match_heading(heading)

    assert column is not None
    assert column.header == "pin"


@pytest.mark.parametrize(
    ("heading", "header"),
    [
        ("Ext", "extension_number"),
        ("Extension No.", "extension_number"),
        ("Mailbox", "extension_number"),
        ("Number", "extension_number"),
        ("Display Name", "name"),
        ("Voicemail PIN", "pin"),
        ("PIN code", "pin"),
        ("Password", "pin"),
        ("E-mail", "recipients"),
        ("Emails", "recipients"),
        ("Notify", "enable_email_notify"),
        ("Language", "prompt"),
        ("Prompt language", "prompt"),
        ("Announce date/time", "play_datetime"),
    ],
)
def test_the_usual_headings_of_other_systems_are_known(heading: str, header: str) -> None:
    column = match_heading(heading)

    assert column is not None
    assert column.header == header


def test_a_mapped_heading_means_the_given_column() -> None:
    (column,) = match_headings({"A": "Secret code"}, {"secret CODE": "pin"}).values()

    assert column.header == "pin"


def test_the_kind_of_a_column_is_the_type_of_its_values() -> None:
    types = {FieldKind.TEXT: str, FieldKind.BOOLEAN: bool, FieldKind.LIST: tuple}
    box = full_box()

    assert all(isinstance(getattr(box, column.header), types[column.kind]) for column in COLUMNS)
    assert all(isinstance(c.default, types[c.kind]) for c in COLUMNS if c.default is not None)
    assert [column.header for column in COLUMNS if column.secret] == ["pin"]
