"""A leading zero that a spreadsheet dropped is reported, and restored only on request."""

import pytest

from bulkvm.model.problem import Severity
from bulkvm.model.settings import PinPolicy
from bulkvm.model.sheet import CellKind
from bulkvm.reports.text.problem_text import render_problems
from bulkvm.validation import validate
from tests.sheets import sheet_of

NUMBER = CellKind.NUMBER


@pytest.mark.parametrize(
    ("pin", "kind", "name", "code"),
    [
        ("24680", NUMBER, "Boxes", "pin-lost-zero"),
        ("24680", None, None, "pin-lost-zero"),
        ("24680", None, "Boxes", "pin-length"),
        ("2468", NUMBER, "Boxes", "pin-length"),
        ("2468a", None, None, "pin-not-digits"),
    ],
    ids=["number cell", "csv", "text cell", "two digits short", "no digits"],
)
def test_a_pin_one_digit_short_in_a_number_cell_or_a_csv_lost_its_zero(
    pin: str, kind: CellKind | None, name: str | None, code: str
) -> None:
    kinds = {"B2": kind} if kind else {}
    checked = validate(sheet_of(("Ext", "PIN"), ("6201", pin), kinds=kinds, name=name))

    assert code in [problem.code for problem in checked.problems]
    assert checked.records == ()


@pytest.mark.parametrize("others", [[], ["402817", "402818", "402819", ""], ["48291"]])
def test_pins_that_are_mostly_one_digit_short_lost_no_zeros(others: list[str]) -> None:
    pins = ["24680", "35791", "46802", "57913", "68024", *others]
    rows = [(str(6201 + number), pin) for number, pin in enumerate(pins)]

    problems = [p for p in validate(sheet_of(("Ext", "PIN"), *rows, name=None)).problems if p.is_error]

    assert {problem.code for problem in problems} == {"pin-length"}
    assert "it needs 6 to 10" in problems[0].message
    assert "--fix" not in render_problems(problems)


@pytest.mark.parametrize("pins", [["24680"] * 4, ["24680"] * 5 + ["402817"] * 5])
def test_pins_of_which_few_or_only_half_are_one_digit_short_may_have_lost_zeros(pins: list[str]) -> None:
    rows = [(str(6201 + number), pin) for number, pin in enumerate(pins)]

    problems = [p for p in validate(sheet_of(("Ext", "PIN"), *rows, name=None)).problems if p.is_error]

    assert {problem.code for problem in problems} == {"pin-lost-zero"}


@pytest.mark.parametrize(("name", "kinds"), [("Boxes", {"A4": NUMBER, "B2": NUMBER}), (None, {})])
def test_a_csv_does_not_show_whether_a_cell_was_a_number(name: str | None, kinds: dict[str, CellKind]) -> None:
    rows = [("6201", "24680"), ("6202", "402817"), ("620", "402818"), *((f"630{n}", f"4028{n}71") for n in range(6))]
    kinds |= {"B3": NUMBER, "B4": NUMBER} if name else {}
    problems = validate(sheet_of(("Ext", "PIN"), *rows, kinds=kinds, name=name)).problems

    assert {problem.code for problem in problems} == {"pin-lost-zero", "pin-short", "extension-lost-zero"}
    for problem in problems:
        assert ("it was a number" in problem.message) == (name is not None)
        assert "  " not in problem.message


def test_the_option_that_puts_zeros_back_is_named_on_the_terminal_and_not_in_the_cell() -> None:
    (problem,) = validate(sheet_of(("Ext", "PIN"), ("6201", "24680"), kinds={"B2": NUMBER})).problems

    assert "type the PIN again with its zero." in problem.message
    assert "--" not in problem.message
    assert "--fix leading-zeros" in render_problems([problem])
    assert "24680" not in render_problems([problem])


def test_on_request_the_zero_is_restored_in_the_whole_column_and_each_is_listed() -> None:
    rows = [("6201", "24680"), ("6202", "402817"), ("6203", " 35791 "), ("6204", "402818")]
    sheet = sheet_of(("Ext", "PIN"), *rows, kinds={"B2": NUMBER, "B3": NUMBER, "B4": NUMBER})

    checked = validate(sheet, fix_zeros=True)

    assert [record.pin for record in checked.records] == ["024680", "402817", "035791", "402818"]
    assert [(p.cell, p.code, p.severity) for p in checked.problems] == [
        ("B2", "pin-zero-restored", Severity.WARNING),
        ("B4", "pin-zero-restored", Severity.WARNING),
    ]


def test_a_restored_pin_keeps_the_rules() -> None:
    sheet = sheet_of(("Ext", "PIN"), ("6201", "12402"), kinds={"B2": NUMBER})

    assert [p.code for p in validate(sheet, fix_zeros=True).problems] == ["pin-ascending", "pin-zero-restored"]


def test_how_long_a_pin_was_follows_the_tenants_policy() -> None:
    sheet = sheet_of(("Ext", "PIN"), ("6201", "2468024"), kinds={"B2": NUMBER})

    checked = validate(sheet, PinPolicy(8, 10, "the tenant", "the PBX"), fix_zeros=True)

    assert [record.pin for record in checked.records] == ["02468024"]


@pytest.mark.parametrize(
    ("numbers", "kinds", "name", "doubted"),
    [
        (["0102", "101", "0103"], {"A3": NUMBER}, "Boxes", ["A3"]),
        (["0102", "101", "0103"], {}, None, ["A3"]),
        (["0102", "101", "0103"], {}, "Boxes", []),
        (["0102", "101", "102"], {"A3": NUMBER, "A4": NUMBER}, "Boxes", []),
        (["101", "6202"], {}, None, ["A2"]),
        (["101", "102", "103"], {"A2": NUMBER, "A3": NUMBER, "A4": NUMBER}, "Boxes", []),
        ([], {}, "Boxes", []),
    ],
    ids=["number cell", "csv", "text cell", "most are short", "one of two", "all alike", "no rows"],
)
def test_an_extension_shorter_than_all_others_is_a_warning(
    numbers: list[str], kinds: dict[str, CellKind], name: str | None, doubted: list[str]
) -> None:
    checked = validate(sheet_of(("Ext",), *[(number,) for number in numbers], kinds=kinds, name=name))

    assert [p.cell for p in checked.problems if p.code == "extension-lost-zero"] == doubted
    assert len(checked.records) == len(numbers)


LONG = ["48291570", "59302684", "60413795", "71524806"]


@pytest.mark.parametrize(
    ("pins", "kinds", "name", "doubted"),
    [
        ([*LONG, "4829157"], {"B6": NUMBER}, "Boxes", ["B6"]),
        ([*LONG, "4829157"], {}, None, ["B6"]),
        ([*LONG, "4829157", "582046"], {}, None, ["B6", "B7"]),
        ([*LONG, "4829157", ""], {}, None, ["B6"]),
        ([*LONG, "4829157"], {}, "Boxes", []),
        ([*LONG, "582046"], {}, None, []),
        ([*LONG, "4829157", "40281"], {}, None, ["B6"]),
        ([*LONG, "4829157", "402817402"], {}, None, []),
        ([*LONG, "4829157", "4829158", "4829159"], {}, None, []),
        (["48291570", "4829157"], {}, None, []),
        (["402817", "582046", "4829157"], {}, None, []),
        (LONG, {}, None, []),
        ([], {}, None, []),
    ],
    ids=[
        "number cell", "csv", "two zeros", "a blank", "text cell", "another length", "a refused PIN", "a longer one",
        "few have the same length", "one of two", "longer than the others", "all alike", "no rows",
    ],
)  # fmt: skip
@pytest.mark.parametrize("fix_zeros", [False, True])
def test_a_valid_pin_shorter_than_most_others_of_one_length_is_a_warning(
    pins: list[str], kinds: dict[str, CellKind], name: str | None, doubted: list[str], *, fix_zeros: bool
) -> None:
    rows = [(str(6201 + n), pin) for n, pin in enumerate(pins)]

    problems = validate(sheet_of(("Ext", "PIN"), *rows, kinds=kinds, name=name), fix_zeros=fix_zeros).problems

    code = "pin-zero-restored" if fix_zeros else "pin-short"
    found = [p for p in problems if (p.code in {"pin-short", code} and p.cell != "B7") or p.cell in doubted]
    assert [(p.cell, p.code, p.severity) for p in found] == [(cell, code, Severity.WARNING) for cell in doubted]


@pytest.mark.parametrize(
    ("pins", "policy", "restored"),
    [
        ([*LONG, "4829157", "40281"], PinPolicy(), ["04829157"]),
        ([*LONG, "4829157", "40281"], PinPolicy(5, 10), ["04829157"]),
        ([*(pin[:4] for pin in LONG), "482", "40"], PinPolicy(3, 10), ["0482", "0040"]),
    ],
    ids=["a PIN is refused", "all are valid", "a PIN is one digit short"],
)
def test_all_zeros_are_restored_that_most_pins_have(pins: list[str], policy: PinPolicy, restored: list[str]) -> None:
    """A PIN with three of them is refused, since it begins with the same digit three times."""
    rows = [(str(6201 + n), pin) for n, pin in enumerate(pins)]
    sheet = sheet_of(("Ext", "PIN"), *rows, name=None)

    doubted = [p.cell for p in validate(sheet, policy).problems if p.code in {"pin-short", "pin-lost-zero"}]
    checked = validate(sheet, policy, fix_zeros=True)

    assert doubted == ["B6", "B7"]
    assert [p.cell for p in checked.problems if p.code == "pin-zero-restored"] == ["B6", "B7"]
    assert [record.pin for record in checked.records if record.row > 5] == restored
    assert [p.cell for p in checked.problems if p.code == "pin-repeats"] == (["B7"] if len(restored) == 1 else [])


@pytest.mark.parametrize(("kind", "name"), [(None, None), (NUMBER, "Boxes")], ids=["csv", "shown with zeros"])
@pytest.mark.parametrize("pin", ["04028", "00240", " 04028 "])
def test_a_pin_that_begins_with_a_zero_has_lost_none(pin: str, kind: CellKind | None, name: str | None) -> None:
    sheet = sheet_of(("Ext", "PIN"), ("6201", pin), kinds={"B2": kind} if kind else {}, name=name)

    for fix_zeros in (False, True):
        checked = validate(sheet, fix_zeros=fix_zeros)
        assert [(problem.cell, problem.code) for problem in checked.problems] == [("B2", "pin-length")]
        assert checked.records == ()


def test_an_extension_that_begins_with_a_zero_has_lost_none() -> None:
    sheet = sheet_of(("Ext", "Name"), *((number, number) for number in ("6201", "6202", "010")), name=None)

    assert validate(sheet).problems == ()
