"""PINs that a formula takes from random numbers anywhere in the workbook."""

import zipfile
from collections.abc import Mapping
from pathlib import Path

import openpyxl
import pytest
from openpyxl.workbook.defined_name import DefinedName

from bulkvm.readers import read_sheet
from bulkvm.readers.formula_references import with_ranges
from bulkvm.validation import validate

RANDOM = "=RANDBETWEEN(100000,999999)"


def write(path: Path, cells: Mapping[str, str], *, random: str = RANDOM) -> Path:
    """A workbook of boxes with these cells, and of numbers: B2 to B9 of My pins are random, C2 to C9 are not."""
    book = openpyxl.Workbook()
    boxes = book["Sheet"]
    for texts in (["Ext", "Name", "PIN"], ["6201", "Lab", "402817"], ["6202", "Desk", "518294"]):
        boxes.append(texts)
    pins = book.create_sheet("My pins")
    pins.append(["Ext", "New", "Own", "Back"])
    for row in range(2, 10):
        pins.append([f"620{row}", random, 402817, "=Sheet!G9"])
    for place, formula in cells.items():
        boxes[place] = formula
    book.defined_names["Staff"] = DefinedName("Staff", attr_text="'My pins'!$A$2:$C$9")
    book.save(path / "formulas.xlsx")
    with (
        zipfile.ZipFile(path / "formulas.xlsx") as archive,
        zipfile.ZipFile(path / "results.xlsx", "w") as results,
    ):
        for name in archive.namelist():
            text = archive.read(name).decode()
            results.writestr(name, text.replace("<v />", "<v>402817</v>").replace("<v></v>", "<v>402817</v>"))
    return path / "results.xlsx"


def found(path: Path) -> list[tuple[str | None, str]]:
    return [(p.cell, p.severity) for p in validate(read_sheet(path)).problems if p.code == "excel-random"]


@pytest.mark.parametrize(
    ("formula", "others", "severity"),
    [
        pytest.param("=F5", {"F5": RANDOM}, "error", id="further down"),
        pytest.param("=F5", {"F5": "402817"}, None, id="a number further down"),
        pytest.param("=F5", {"F5": "=G6", "G6": "=H7", "H7": RANDOM}, "error", id="further and further down"),
        pytest.param("=F2", {"F2": "=INDEX(G2:G9,3)", "G4": RANDOM}, "error", id="looked up in steps"),
        pytest.param("=INDEX(F2:F9,3)", {"F4": RANDOM}, "error", id="INDEX"),
        pytest.param("=INDEX(F2:F9,3)", {"G4": RANDOM}, None, id="INDEX beside it"),
        pytest.param("=INDEX(F:F,3)", {"F4": RANDOM}, "error", id="INDEX of a column"),
        pytest.param("=INDEX('My pins'!B:B,2)", {}, "error", id="INDEX of a column elsewhere"),
        pytest.param("=INDEX('My pins'!$C$2:$C$9,2)", {}, None, id="INDEX elsewhere beside it"),
        pytest.param("=VLOOKUP(A2,'My pins'!A:B,2,FALSE)", {}, "error", id="VLOOKUP"),
        pytest.param("=VLOOKUP(A2,'My pins'!A:C,3,FALSE)", {}, None, id="VLOOKUP beside it"),
        pytest.param("=VALUE(VLOOKUP(A2,'My pins'!$A$2:$C$9,2,0))", {}, "error", id="VLOOKUP in a range"),
        pytest.param("=VLOOKUP(A2,staff,2,0)", {}, "error", id="VLOOKUP by name"),
        pytest.param("=VLOOKUP(A2,Staff,3,0)", {}, None, id="VLOOKUP by name beside it"),
        pytest.param("=_xlfn.XLOOKUP(A2,'My pins'!A:A,'My pins'!B:B)", {}, "error", id="XLOOKUP"),
        pytest.param("=LARGE(F2:F9,2)", {"F7": "=ROUND(RAND()*1000000,0)"}, "error", id="LARGE"),
        pytest.param("=CHOOSE(2,F2,F5)", {"F5": RANDOM}, "error", id="CHOOSE"),
        pytest.param("='My pins'!D2", {"G9": RANDOM}, "error", id="back from another sheet"),
        pytest.param("='My pins'!D2", {"G9": "402817"}, None, id="a number back from another sheet"),
        pytest.param("=OFFSET(F1,1,0)", {"F2": RANDOM}, "warning", id="OFFSET"),
        pytest.param('=INDIRECT("F2")', {}, "warning", id="INDIRECT"),
        pytest.param("=F2", {"F2": '=INDIRECT("G"&2)'}, "warning", id="INDIRECT in steps"),
        pytest.param("=INDEX(Numbers[Pin],2)", {}, "warning", id="a table elsewhere"),
        pytest.param("=INDEX(Boxes[Fresh],2)", {"F1": "Fresh", "F9": RANDOM}, "error", id="a table"),
        pytest.param("=402817+0", {"F2": RANDOM}, None, id="beside random numbers"),
    ],
)
def test_a_pin_that_may_be_a_random_number_is_reported(
    tmp_path: Path, formula: str, others: Mapping[str, str], severity: str | None
) -> None:
    path = write(tmp_path, {"C2": formula, **others})

    assert found(path) == ([("C2", severity)] if severity else [])


@pytest.mark.parametrize("formula", ["=OFFSET(F1,1,0)", '=INDIRECT("F2")', "=INDEX('My pins'!B:B,2)", "=F5"])
def test_without_random_numbers_any_formula_is_read(tmp_path: Path, formula: str) -> None:
    path = write(tmp_path, {"C2": formula, "F2": "402817"}, random="402817")

    assert found(path) == []


def test_a_range_with_a_random_number_is_no_problem_in_other_columns(tmp_path: Path) -> None:
    path = write(tmp_path, {"A2": "=INDEX(F2:F9,3)", "A3": "=OFFSET(F1,1,0)+1", "F4": RANDOM})

    assert found(path) == []


def test_a_range_that_grows_with_the_rows_is_followed(tmp_path: Path) -> None:
    path = write(tmp_path, {"C2": "=MAX(F$2:F2)+1", "C3": "=MAX(F$2:F3)+1", "F3": RANDOM})

    assert found(path) == [("C3", "error")]


def test_names_that_stand_for_each_other_are_not_followed_without_end() -> None:
    names = {f"name{n}": " ".join([f"name{n + 1}"] * 25) for n in range(30)}
    formula = "+".join(names) + "+name1" * 1000

    assert len(with_ranges(formula, names)) < 10 * len(formula)


def test_a_formula_of_backslashes_takes_no_time() -> None:
    formula = "\\" * 200_000 + "("

    assert with_ranges(formula, {"staff": "A1"}) == formula
