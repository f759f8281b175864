"""Every box of the PBX in one file."""

import json
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from bulkvm.columns import COLUMN_OF_HEADER, COLUMNS, Column
from bulkvm.files import Reservation, writing
from bulkvm.model.box import BLANK, NOT_KNOWN, Absent, Blank, Box, Value, group_duplicates
from bulkvm.model.errors import UsageError
from bulkvm.reports.table_file import Table, format_table
from bulkvm.reports.text.problem_text import count

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


def count_not_shown(boxes: Iterable[Box]) -> Mapping[str, int]:
    """How many boxes the PBX shows without each of their fields, for those fields that any box lacks."""
    counted = Counter(c.header for box in boxes for c in COLUMNS if getattr(box, c.header) is NOT_KNOWN)
    return {column.header: counted[column.header] for column in COLUMNS if counted[column.header]}


def describe_not_shown(counts: Mapping[str, int]) -> str:
    """Say which fields the PBX does not show: `the PBX does not show the PINs of 40 boxes and Recipients of 3`."""
    parts = [
        f"{'the PINs' if field == 'pin' else COLUMN_OF_HEADER[field].title} of {count(n, 'box', 'boxes')}"
        for field, n in counts.items()
    ]
    return f"the PBX does not show {' and '.join(filter(None, (', '.join(parts[:-1]), parts[-1])))}"


def describe_duplicates(boxes: Collection[Box]) -> list[str]:
    """Name the boxes that have one number: `2 boxes have the number 6201: "Front Desk" and "Old Desk"`."""
    return [
        f"{len(twins)} boxes have the number {number}: {' and '.join(_quoted(box.name) for box in twins)}. "
        "Remove all but one on the PBX."
        for number, twins in group_duplicates(boxes).items()
    ]


def _quoted(name: str | Absent) -> str:
    return f'"{name}"' if isinstance(name, str) else "one without a name"


def without_gaps(box: Box) -> Box:
    """The box, with a blank for what the PBX does not show."""
    unknown: dict[str, Any] = {c.header: BLANK for c in COLUMNS if getattr(box, c.header) is NOT_KNOWN}
    return replace(box, **unknown)


def _text(box: Box, column: Column) -> str:
    value = _known(box, column)
    return "" if value is BLANK else column.cell_text(value)


def _json_value(box: Box, column: Column) -> str | bool | None:
    """The value as the API has it: recipients are one string there, and nothing is null."""
    value = _known(box, column)
    if value is BLANK or value == ():
        return None
    return value if isinstance(value, bool) else column.format(value)


def _known(box: Box, column: Column) -> Value | Blank:
    value: Value | Absent = getattr(box, column.header)
    if value is NOT_KNOWN:
        raise ValueError(f"{column.header} of the box {box.extension_number} is not known")
    return value
