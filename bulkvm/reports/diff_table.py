"""How two lists of boxes differ: as a table on the screen, and as a file."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from bulkvm.columns import COLUMN_OF_HEADER, KEY_COLUMN
from bulkvm.files import Reservation, writing
from bulkvm.model.box import Absent, Box, Value
from bulkvm.planning import Diff
from bulkvm.reports.table_file import Table, format_table, table_kind
from bulkvm.reports.text.problem_text import count
from bulkvm.text import printable

_LONGEST: Final = 40  # characters in a cell of the screen's table
_WIDTHS: Final = (18, 28, 24, 36, 36)


def write_diff(target: Path, diff: Diff, names: tuple[str, str], *, overwrite: bool | Reservation = False) -> Path:
    """Write the differences to an .xlsx or .csv file, one a row. A PIN is never shown.

    Returns:
        The file really written, see `writing`.
    """
    content = format_table(Table(_headings(names), _WIDTHS, _rows(diff), name="Differences"), table_kind(target))
    with writing(target, overwrite=overwrite) as new:
        new.file.write(content)
    return new.path


def render_diff(diff: Diff, names: tuple[str, str]) -> str:
    """Give the differences as a table, one a line; only the headings where there are none. A PIN is never shown."""
    rows = [[_cut(printable(text)) for text in row] for row in (_headings(names), *_rows(diff))]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )


def render_diff_counts(diff: Diff, names: tuple[str, str]) -> str:
    """Say how many boxes differ, and what could not be compared."""
    a, b = names
    told = (
        f"No differences: {count(diff.unchanged, 'box', 'boxes')} in both."
        if diff.is_empty
        else (
            f"{count(len(diff.only_a), 'box', 'boxes')} only in {a}, {len(diff.only_b):,} only in {b}, "
            f"{len(diff.changed):,} different, {diff.unchanged:,} the same."
        )
    )
    if not diff.not_compared:
        return told
    titles = ", ".join(COLUMN_OF_HEADER[header].title for header in diff.not_compared)
    return f"{told}\nNot compared for every box, since one side does not tell: {titles}."


def _headings(names: tuple[str, str]) -> Sequence[str]:
    return (KEY_COLUMN.title, COLUMN_OF_HEADER["name"].title, "Difference", *names)


def _rows(diff: Diff) -> Sequence[Sequence[str]]:
    """All differences, in extension order."""
    rows = [
        *((*_title(box), "box", "there", "not there") for box in diff.only_a),
        *((*_title(box), "box", "not there", "there") for box in diff.only_b),
        *(
            (*_title(changed.box), COLUMN_OF_HEADER[d.field].title, _shown(d.field, d.old), _shown(d.field, d.new))
            for changed in diff.changed
            for d in changed.differences
        ),
    ]
    return sorted(rows, key=lambda row: row[0])


def _title(box: Box) -> tuple[str, str]:
    return box.extension_number, box.name if isinstance(box.name, str) else ""


def _shown(field: str, value: Value | Absent) -> str:
    column = COLUMN_OF_HEADER[field]
    if column.secret:
        return "(not shown)"
    if isinstance(value, str):  # also where it is none that the column knows
        return value
    return "(none)" if isinstance(value, Absent) or value == () else column.format(value)


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
