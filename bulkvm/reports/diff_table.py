"""Differences between two lists of boxes, as a table for the terminal or a file."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from bulkvm.columns import COLUMN_OF_HEADER, DIFFERENCE_HEADING, KEY_COLUMN, NAME_COLUMN
from bulkvm.files import Reservation, writing
from bulkvm.model.box import Absent, Box, Value
from bulkvm.model.outcome import Colour
from bulkvm.planning import Diff
from bulkvm.reports.table_file import Table, format_table, table_format
from bulkvm.text import count, printable, truncate

_MAX_LENGTH: Final = 40  # characters in a cell on the terminal
_WIDTHS: Final = (14, 28, 24, 44, 44)
_BOX: Final = "box"  # the difference of a box that only one side has
_COLOURS: Final = {"present": Colour.GREEN, "missing": Colour.RED}


def write_diff(target: Path, diff: Diff, names: tuple[str, str], *, overwrite: bool | Reservation = False) -> Path:
    """Write the differences to an .xlsx or .csv file, one per row, without PINs.

    Returns:
        The path of the file written, see `writing`.
    """
    file_format = table_format(target)
    rows = _rows(diff, in_words=file_format == "xlsx")
    content = format_table(Table(_headings(names), _WIDTHS, rows, name="Differences", colours=_colours), file_format)
    with writing(target, overwrite=overwrite) as new:
        new.file.write(content)
    return new.path


def render_diff(diff: Diff, names: tuple[str, str]) -> str:
    """Render the differences as a table, one per line, without PINs. Without differences, it has only headings."""
    rows = [[truncate(printable(text), _MAX_LENGTH) for text in row] for row in (_headings(names), *_rows(diff))]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )


def render_diff_counts(diff: Diff, names: tuple[str, str]) -> str:
    """Render the number of boxes that differ, and which fields could not be compared."""
    a, b = names
    counts = (
        f"No differences: {count(diff.unchanged, 'box', 'boxes')} in both."
        if diff.is_empty
        else (
            f"{count(len(diff.only_a), 'box', 'boxes')} only in {a}, {len(diff.only_b):,} only in {b}, "
            f"{len(diff.changed):,} different, {diff.unchanged:,} identical."
        )
    )
    if not diff.not_compared:
        return counts
    titles = ", ".join(COLUMN_OF_HEADER[header].title for header in diff.not_compared)
    return f"{counts}\nNot compared for every box, because one side does not show them: {titles}."


def _headings(names: tuple[str, str]) -> Sequence[str]:
    return (KEY_COLUMN.title, NAME_COLUMN.title, DIFFERENCE_HEADING, *names)


def _rows(diff: Diff, *, in_words: bool = False) -> Sequence[Sequence[str]]:
    """Return all differences, in extension order; values in the words of the template, or as in the API."""
    rows = [
        *((*_title(box), _BOX, "present", "missing") for box in diff.only_a),
        *((*_title(box), _BOX, "missing", "present") for box in diff.only_b),
        *(
            (
                *_title(changed.box),
                COLUMN_OF_HEADER[d.field].title,
                *(_shown(d.field, value, in_words=in_words) for value in (d.old, d.new)),
            )
            for changed in diff.changed
            for d in changed.differences
        ),
    ]
    return sorted(rows, key=lambda row: row[0])


def _colours(row: Sequence[str]) -> Mapping[int, Colour]:
    """Return the colours of the last two cells, which differ."""
    *_, difference, a, b = row
    colours = [_COLOURS[side] for side in (a, b)] if difference == _BOX else [Colour.AMBER] * 2
    return dict(enumerate(colours, start=len(row) - 2))


def _title(box: Box) -> tuple[str, str]:
    return box.extension_number, box.name if isinstance(box.name, str) else ""


def _shown(field: str, value: Value | Absent, *, in_words: bool) -> str:
    column = COLUMN_OF_HEADER[field]
    if column.secret:
        return "(not shown)"
    if isinstance(value, Absent) or value == ():
        return "(none)"
    if in_words:
        return column.in_words(value)
    return value if isinstance(value, str) else column.format(value)  # a text even if the column does not know it
