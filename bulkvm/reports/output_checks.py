"""Checks of an output file's name and place, before there is anything to write."""

from pathlib import Path
from typing import Final

from bulkvm.files import Reservation, check_target
from bulkvm.model.errors import UsageError
from bulkvm.model.sheet import Sheet
from bulkvm.reports.table_file import table_format

_LAST_ROW: Final = 1_048_576  # of a sheet in Excel


def check_result_name(target: Path, sheet: Sheet, *, overwrite: bool | Reservation = False) -> None:
    """Check that a copy or result of a sheet can be written to a file.

    Args:
        target: the file.
        sheet: the sheet as it was read.
        overwrite: whether an existing file may be replaced; or the reservation of the name.

    Raises:
        UsageError: the name has another extension or is taken, it is the sheet's own file, its folder is not
            writable, or the sheet has more rows than a workbook can have.
    """
    if target.suffix.lower() == ".xlsm":
        raise UsageError(f"{target} could not be written: bulkvm does not write macros. Use a name that ends in .xlsx.")
    file_format = table_format(target)
    check_not_input(target, sheet.path)
    last = int(max(sheet.cells.index, default=sheet.header_row))
    if file_format == "xlsx" and last > _LAST_ROW:
        raise UsageError(
            f"{target} could not be written: the sheet has rows up to {last:,}, and a workbook ends at row "
            f"{_LAST_ROW:,}. Use a .csv file, or split the sheet."
        )
    check_target(target, overwrite=bool(overwrite))


def check_not_input(target: Path, sheet: Path) -> None:
    """Refuse to overwrite the file that a sheet was read from, however its path is spelt."""
    if target.exists() and sheet.exists() and target.samefile(sheet):
        raise UsageError(f"{target} is the sheet itself, which bulkvm never overwrites. Use another file.")
