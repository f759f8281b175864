"""Every box of the PBX in one file."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from bulkvm.box import BLANK, NOT_KNOWN, Absent, Blank, Box, Value
from bulkvm.columns import COLUMNS, Column
from bulkvm.errors import UsageError
from bulkvm.files import Reservation, writing
from bulkvm.reports.tables import Table, format_table

_KINDS: Final = {".csv": "csv", ".xlsx": "xlsx", ".json": "json"}


def check_export_name(target: Path) -> str:
    """Say in which form an export is written: csv, xlsx or json.

    Raises:
        UsageError: the name ends in none of these.
    """
    kind = _KINDS.get(target.suffix.lower())
    if kind is None:
        raise UsageError(f"{target.name} could not be written: its name must end in .csv, .xlsx or .json.")
    return kind


def write_export(
    target: Path,
    boxes: Sequence[Box],
    *,
    pins: bool = True,
    bom: bool = True,
    overwrite: bool | Reservation = False,
) -> Path:
    """Write boxes to a .csv, .xlsx or .json file, in the order given.

    Args:
        target: the file; its suffix says which form it gets.
        boxes: complete: no field may be NOT_KNOWN, except PINs that are left out.
        pins: whether the PINs are written.
        bom: whether a CSV begins with the mark by which Excel knows UTF-8.
        overwrite: whether a file that has the name may be replaced; or the reservation of the name.

    Returns:
        The file really written, see `writing`.

    Raises:
        UsageError: the name ends otherwise or is taken, or the file cannot be written there.
    """
    content = render_export(boxes, check_export_name(target), pins=pins, bom=bom)
    with writing(target, overwrite=overwrite) as new:
        new.file.write(content)
    return new.path


def render_export(boxes: Sequence[Box], kind: str, *, pins: bool = True, bom: bool = False) -> bytes:
    """Give what `write_export` writes to a file, for standard output; `kind` is csv, xlsx or json."""
    columns = [column for column in COLUMNS if pins or not column.secret]
    if kind == "json":
        objects = [{column.header: _json_value(box, column) for column in columns} for box in boxes]
        return (json.dumps(objects, ensure_ascii=False, indent=2) + "\n").encode()
    table = Table(
        headings=[column.header for column in columns],
        widths=[column.width for column in columns],
        rows=([_text(box, column) for column in columns] for box in boxes),
    )
    return format_table(table, kind, bom=bom)


def without_gaps(box: Box) -> Box:
    """The box, with a blank for what the PBX does not show."""
    unknown: dict[str, Any] = {c.header: BLANK for c in COLUMNS if getattr(box, c.header) is NOT_KNOWN}
    return replace(box, **unknown)


def _text(box: Box, column: Column) -> str:
    value = _known(box, column)
    return "" if value is BLANK else column.format(value)


def _json_value(box: Box, column: Column) -> str | bool | None:
    """The value as the API has it: recipients are one string there."""
    value = _known(box, column)
    if value is BLANK:
        return None
    return value if isinstance(value, bool) else column.format(value)


def _known(box: Box, column: Column) -> Value | Blank:
    value: Value | Absent = getattr(box, column.header)
    if value is NOT_KNOWN:
        raise ValueError(f"{column.header} of the box {box.extension_number} is not known")
    return value
