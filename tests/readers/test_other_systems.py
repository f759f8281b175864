"""Exports of other phone systems are read as sheets of boxes."""

from pathlib import Path

import pytest

from bulkvm.model.errors import SheetError
from bulkvm.model.problem import ProblemCode
from bulkvm.readers import read_sheet
from tests.readers.exports import EXPORTS, SECRETS, Export, boxes_in

each_export = pytest.mark.parametrize("export", EXPORTS, ids=lambda export: export.system)


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
