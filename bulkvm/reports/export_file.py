"""Exports: all boxes of a PBX in one file."""

import json
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from bulkvm.columns import COLUMN_OF_HEADER, COLUMNS, ID_COLUMN, SECRET_HEADERS, Column
from bulkvm.files import Reservation, writing
from bulkvm.model.box import BLANK, NOT_KNOWN, Absent, Blank, Box, Value, group_duplicates
from bulkvm.reports.table_file import FILTER_BUTTON, Table, format_table, table_format
from bulkvm.text import count, join_and


def check_export_name(target: Path) -> str:
    """Return the format of an export: csv, xlsx or json.

    Raises:
        UsageError: the name has another extension.
    """
    return table_format(target, (".csv", ".xlsx", ".json"))


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
        target: the file; its extension determines the format.
        boxes: the boxes; no field may be NOT_KNOWN, except PINs that are left out.
        pins: whether to include the PINs.
        bom: whether a CSV starts with a byte order mark, by which Excel recognises UTF-8.
        overwrite: whether an existing file may be replaced; or the reservation of the name.

    Returns:
        The path of the file written, see `writing`.

    Raises:
        UsageError: the name has another extension or is taken, or the file cannot be written.
    """
    content = render_export(boxes, check_export_name(target), pins=pins, bom=bom)
    with writing(target, overwrite=overwrite) as new:
        new.file.write(content)
    return new.path


def render_export(boxes: Sequence[Box], file_format: str, *, pins: bool = True, bom: bool = False) -> bytes:
    """Return the content of an export; `file_format` is csv, xlsx or json."""
    columns = [column for column in COLUMNS if pins or not column.secret]
    if file_format == "json":
        objects = [{column.header: _json_value(box, column) for column in columns} for box in boxes]
        return (json.dumps(objects, ensure_ascii=False, indent=2) + "\n").encode()
    if file_format == "csv":
        rows = ([_text(box, column) for column in columns] for box in boxes)
        return format_table(Table([column.header for column in columns], [], rows), file_format, bom=bom)
    table = Table(
        headings=[column.title for column in columns],
        widths=[max(column.width, len(column.title) + FILTER_BUTTON) for column in columns],
        rows=([_words(box, column) for column in columns] for box in boxes),
        hidden=frozenset({columns.index(ID_COLUMN)}),
    )
    return format_table(table, file_format)


def count_not_shown(boxes: Iterable[Box]) -> Mapping[str, int]:
    """Count, by field, the boxes of which the PBX does not show it."""
    counted = Counter(c.header for box in boxes for c in COLUMNS if getattr(box, c.header) is NOT_KNOWN)
    return {column.header: counted[column.header] for column in COLUMNS if counted[column.header]}


def describe_not_shown(counts: Mapping[str, int]) -> str:
    """Render the fields not shown: `the PBX does not show the PINs of 40 boxes and Recipients of 3`."""
    parts = [
        f"{'the PINs' if field in SECRET_HEADERS else COLUMN_OF_HEADER[field].title} of {count(n, 'box', 'boxes')}"
        for field, n in counts.items()
    ]
    return f"the PBX does not show {join_and(parts)}"


def describe_duplicates(boxes: Collection[Box]) -> list[str]:
    """Render duplicate numbers: `2 boxes have the number 6201: "Front Desk" and "Old Desk"`."""
    return [
        f"{len(duplicates)} boxes have the number {number}: {' and '.join(_quoted(box.name) for box in duplicates)}. "
        "Delete all but one on the PBX."
        for number, duplicates in group_duplicates(boxes).items()
    ]


def _quoted(name: str | Absent) -> str:
    return f'"{name}"' if isinstance(name, str) else "one without a name"


def unknown_as_blank(box: Box) -> Box:
    """Return the box with BLANK for fields that the PBX does not show."""
    unknown: dict[str, Any] = {c.header: BLANK for c in COLUMNS if getattr(box, c.header) is NOT_KNOWN}
    return replace(box, **unknown)


def _text(box: Box, column: Column) -> str:
    value = _known(box, column)
    return "" if value is BLANK else column.cell_text(value)


def _words(box: Box, column: Column) -> str:
    """Return a value as in the template: `24-hour clock`, and addresses that can be wrapped."""
    value = _known(box, column)
    if isinstance(value, tuple):
        return column.cell_text(column.joiner.join(value))
    return "" if value is BLANK else column.cell_text(column.in_words(value))


def _json_value(box: Box, column: Column) -> str | bool | None:
    """Return the value as in the API, where recipients are one string and a missing value is null."""
    value = _known(box, column)
    if value is BLANK or value == ():
        return None
    return value if isinstance(value, bool) else column.format(value)


def _known(box: Box, column: Column) -> Value | Blank:
    value: Value | Absent = getattr(box, column.header)
    if value is NOT_KNOWN:
        raise ValueError(f"{column.header} of the box {box.extension_number} is not known")
    return value
