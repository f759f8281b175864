"""What a file may be called, and where it may be, told before there is anything to write."""

from pathlib import Path
from typing import Final

from bulkvm.files import Reservation, check_target
from bulkvm.model.errors import UsageError
from bulkvm.model.sheet import Sheet
from bulkvm.reports.table_file import table_kind

_LAST_ROW: Final = 1_048_576  # of a sheet in Excel


def check_result_name(target: Path, sheet: Sheet, *, overwrite: bool | Reservation = False) -> None:
    """Refuse a file that what is made of a sheet could not be written to.

    Args:
        target: the file.
        sheet: as it was read.
        overwrite: whether a file that has the name may be replaced; or the reservation of the name.

    Raises:
        UsageError: its name ends otherwise, it is the sheet's own file, the name is taken, its folder takes no new
            file, or the sheet has more rows than a workbook holds.
    """
    if target.suffix.lower() == ".xlsm":
        raise UsageError(f"{target.name} could not be written: bulkvm writes no macros. End its name in .xlsx.")
    kind = table_kind(target)
    check_not_input(target, sheet.path)
    last = int(max(sheet.cells.index, default=sheet.header_row))
    if kind == "xlsx" and last > _LAST_ROW:
        raise UsageError(
            f"{target.name} could not be written: the sheet goes on to row {last:,}, and a workbook ends at row "
            f"{_LAST_ROW:,}. Name a .csv file, or split the sheet."
        )
    check_target(target, overwrite=bool(overwrite))


def check_not_input(target: Path, sheet: Path) -> None:
    """Refuse to write over the file that a sheet was read from, however it is spelt."""
    if target.exists() and sheet.exists() and target.samefile(sheet):
        raise UsageError(f"{target} is the sheet itself, which is never written to. Name another file.")
