"""What was taken from another phone system's export, as text."""

from typing import Final

from bulkvm.columns import COLUMN_OF_HEADER, KEY_COLUMN
from bulkvm.model.sheet import ReadAs
from bulkvm.text import count, join_limited, printable

_MAX_LISTED: Final = 6  # contexts


def render_read_as(read_as: ReadAs) -> str:
    """Render which columns were read, which secrets were not, and which rows are left out.

    For example: `Read as a FreePBX export: number <- extension, PIN <- voicemail_vmpwd; never read: secret, password;
    14 of 60 rows left out: voicemail is off there.`
    """
    taken = (f"{_title(header)} <- {' + '.join(headings)}" for header, headings in read_as.columns.items())
    parts = [", ".join(taken)]
    if read_as.contexts:
        boxes = [f"{name} ({count(rows, 'box', 'boxes')})" for name, rows in read_as.contexts.items()]
        parts.append(f"contexts: {join_limited(boxes, _MAX_LISTED)}")
    if read_as.never_read:
        parts.append(f"never read: {', '.join(read_as.never_read)}")
    for reason, rows in read_as.left_out.items():
        why = f"{reason[:1].lower()}{reason[1:]}".rstrip(".")
        parts.append(f"{rows:,} of {count(read_as.rows, 'row')} left out: {why}")
    return printable(f"Read as {read_as.title} export: {'; '.join(parts)}.")


def _title(header: str) -> str:
    title = COLUMN_OF_HEADER[header].title
    if header == KEY_COLUMN.header:
        return "number"
    return title if title.isupper() else f"{title[:1].lower()}{title[1:]}"
