"""Workbooks have the words of the person's screen: no options, commands, codes of problems or names of the API."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import openpyxl
import pytest

from bulkvm.columns import COLUMNS, RESULT_PREFIX, UNDO_HEADING
from bulkvm.columns.play_datetime import PLAY_DATETIMES
from bulkvm.model.exit_codes import ExitCode
from bulkvm.model.outcome import Outcome, Status
from bulkvm.model.problem import ProblemCode
from bulkvm.planning import make_diff
from bulkvm.readers import read_sheet
from bulkvm.reports.diff_table import write_diff
from bulkvm.reports.export_file import write_export
from bulkvm.reports.pin_list import write_pin_list
from bulkvm.reports.template.template_workbook import write_template
from bulkvm.reports.workbook.annotated_copy import write_annotated
from bulkvm.reports.workbook.clean_copy import write_clean
from bulkvm.reports.workbook.result import write_result
from bulkvm.validation import validate, warn_of_blanks
from tests.boxes import full_box
from tests.readers.exports import EXPORTS, Export
from tests.reports.clinic import RUN
from tests.sheets import sheet_of

MISTAKES = Path(__file__).parents[3] / "samples" / "mistakes.xlsx"
FIELDS = [column.header for column in COLUMNS if "_" in column.header]
NOT_FOR_PEOPLE = re.compile(
    rf"(?<!\S)--[a-z]|`|\b(?:{'|'.join((*FIELDS, *PLAY_DATETIMES))})\b|\[(?:{'|'.join(ProblemCode)})\]"
)


def our_texts(file: Path, *, has_own_sheet: bool) -> Iterator[str]:
    """The texts and notes of a workbook that are bulkvm's; those of a person's own sheet only in added columns."""
    for number, sheet in enumerate(openpyxl.load_workbook(file).worksheets):
        headings = {cell.column: str(cell.value) for cell in sheet[1]}
        for cell in (cell for row in sheet.iter_rows() for cell in row):
            is_theirs = has_own_sheet and number == 1 and not headings[cell.column].startswith(RESULT_PREFIX)
            if isinstance(cell.value, str) and not is_theirs:
                yield cell.value
            if cell.comment:
                yield str(cell.comment.text)


@pytest.mark.parametrize("name", ["Boxes", None], ids=["workbook", "text"])
def test_a_copy_and_a_result_of_every_mistake_have_a_persons_words(tmp_path: Path, name: str | None) -> None:
    sheet = read_sheet(MISTAKES)
    checked = validate(sheet)
    problems = (*checked.problems, *warn_of_blanks(checked))
    codes = {code for code in ProblemCode if "-" in code}
    outcomes = [
        Outcome(row=row, extension_number=number, status=status, changed=tuple(FIELDS[1:]))
        for (row, number), status in zip(checked.extensions.items(), list(Status) * 9, strict=False)
    ]
    sheet = replace(sheet, name=name)
    written = [
        write_annotated(tmp_path / "annotated.xlsx", sheet, problems),
        write_result(tmp_path / "result.xlsx", sheet, outcomes, problems, RUN),
    ]

    for file in written:
        texts = [*our_texts(file, has_own_sheet=True)]
        assert len(texts) > 2 * len({problem.code for problem in problems})
        assert [text for text in texts if NOT_FOR_PEOPLE.search(text) or text in codes] == []


@pytest.mark.parametrize("export", EXPORTS, ids=lambda export: f"{export.system} {export.columns[:30]}")
def test_copies_and_results_of_exports_with_rows_left_out_have_a_persons_words(export: Export, tmp_path: Path) -> None:
    sheet = read_sheet(export.write(tmp_path), system=export.system)
    checked = validate(sheet)
    outcomes = [
        Outcome(row=row, extension_number=number, status=Status.INVALID) for row, number in checked.extensions.items()
    ]
    outcomes += [
        Outcome(row=row, extension_number="", status=Status.LEFT_OUT, message=reason)
        for row, reason in sheet.left_out.items()
    ]

    written = [
        write_annotated(tmp_path / "annotated.xlsx", sheet, checked.problems),
        write_result(tmp_path / "result.xlsx", sheet, outcomes, checked.problems, RUN),
    ]

    for file in written:
        found = [*our_texts(file, has_own_sheet=False)]
        assert {*sheet.left_out.values()} <= {*found}
        assert [text for text in found if NOT_FOR_PEOPLE.search(text)] == []


@pytest.mark.parametrize("code", [code for code in ExitCode if code is not ExitCode.DIFFERENCES])
def test_the_summary_of_any_run_has_a_persons_words(tmp_path: Path, code: ExitCode) -> None:
    sheet = sheet_of(["Ext"], ["6201"], name=None)
    outcome = Outcome(row=2, extension_number="6201", status=Status.FAILED)

    written = write_result(tmp_path / "r.xlsx", sheet, [outcome], (), replace(RUN, exit_code=code))

    assert [text for text in our_texts(written, has_own_sheet=True) if NOT_FOR_PEOPLE.search(text)] == []


def test_files_for_people_have_a_persons_words(tmp_path: Path) -> None:
    box = full_box(play_datetime="24_HOUR_CLOCK")
    sheet = read_sheet(write_export(tmp_path / "export.xlsx", [box]))
    diff = make_diff([box], [full_box(play_datetime="DISABLE", enable_pin=False)])

    written = [
        sheet.path,
        write_template(tmp_path / "template.xlsx"),
        write_clean(tmp_path / "clean.xlsx", sheet, validate(sheet).understood),
        write_diff(tmp_path / "diff.xlsx", diff, ("a.xlsx", "the PBX")),
        write_pin_list(tmp_path / "letters.xlsx", [box]),
    ]

    for file in written:
        assert [text for text in our_texts(file, has_own_sheet=False) if NOT_FOR_PEOPLE.search(text)] == []


@pytest.mark.parametrize(
    "headings",
    [
        ["Ext", UNDO_HEADING],
        ["Ext", "bulkvm_plan"],
        ["Extension", "Name", "Difference"],
        ["Ext", "Password", "Voicemail password"],
        ["Ext", "Email", "E-mail"],
        ["Ext", "Extension"],
        ["Ext", "Delete?"],
        ["Ext", "Comments"],
        ["Name", "PIN"],
    ],
    ids=" ".join,
)
def test_problems_of_headings_are_in_a_persons_words(headings: list[str]) -> None:
    problems = validate(sheet_of(headings, ["6201", *["yes"] * (len(headings) - 1)])).problems

    assert problems
    assert [problem.message for problem in problems if NOT_FOR_PEOPLE.search(problem.message)] == []
