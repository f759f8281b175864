"""The sheet as it was understood."""

from collections.abc import Sequence
from pathlib import Path

from bulkvm.box import BLANK, Record
from bulkvm.columns import CLEAR, COLUMNS, OURS, Column
from bulkvm.files import Reservation, writing
from bulkvm.reports.tables import Table, format_table, table_kind
from bulkvm.reports.targets import check_result_name
from bulkvm.sheet import Sheet


def write_clean(
    target: Path, sheet: Sheet, records: Sequence[Record], *, overwrite: bool | Reservation = False
) -> Path:
    """Write records to a .csv or .xlsx file, each with the number of its row in the sheet.

    Args:
        target: the file, not the sheet's own; its suffix says which form it gets.
        sheet: as it was read.
        records: what was understood of its rows; one without an extension gets a blank there.
        overwrite: whether a file that has the name may be replaced; or the reservation of the name.

    Returns:
        The file really written, see `writing`.
    """
    check_result_name(target, sheet, overwrite=overwrite)
    table = Table(
        headings=[*(column.header for column in COLUMNS), f"{OURS}row"],
        widths=[*(column.width for column in COLUMNS), 12],
        rows=([*(cell_text(record, column) for column in COLUMNS), str(record.row)] for record in records),
    )
    content = format_table(table, table_kind(target))
    with writing(target, overwrite=overwrite) as new:
        new.file.write(content)
    return new.path


def cell_text(record: Record, column: Column) -> str:
    """What a record wants in a column, as a sheet would have it."""
    value = getattr(record, column.header)
    if value is BLANK:
        return ""
    return CLEAR if value == () else column.format(value)
