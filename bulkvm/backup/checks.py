"""What must hold before a backup counts as one."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Final

from bulkvm.backup.manifest import Manifest
from bulkvm.columns import COLUMN_OF_HEADER, COLUMNS, SECRET_HEADERS, Column
from bulkvm.model.box import BLANK, Absent, Box
from bulkvm.model.settings import MIN_SAMPLE
from bulkvm.model.sheet import Sheet

_MOST_FEWER: Final = 30  # per cent


def find_loss(sheet: Sheet, boxes: Sequence[Box]) -> str | None:
    """Say what a sheet that was read back does not hold as it was fetched; None where it holds all of it, exactly."""
    if error := next((problem for problem in sheet.problems if problem.is_error), None):
        return error.message
    if list(sheet.headings.values()) != [column.header for column in COLUMNS]:
        return "its headings are not those that were written."
    if len(sheet.cells) != len(boxes):
        return f"it holds {len(sheet.cells)} boxes, and {len(boxes)} were fetched."
    for letter, column in zip(sheet.headings, COLUMNS, strict=True):
        for box, text in zip(boxes, sheet.texts(letter).values(), strict=True):
            if text != _written(box, column):
                return f"the {column.title} of box {box.extension_number} is not what was fetched."
    return None


def last_good(backups: Collection[Manifest], now: datetime) -> Manifest | None:
    """The backup to compare with: the newest good one, those set aside that a wrong clock dated later than now."""
    good = [backup for backup in backups if backup.suspect is None]
    past = [backup for backup in good if backup.time <= now]
    return max(past or good, key=lambda backup: backup.time, default=None)


def find_suspicion(
    boxes: Sequence[Box], last: Manifest | None, not_shown: Mapping[str, int] = MappingProxyType({})
) -> str | None:
    """Say why a complete list is still not to be trusted, by the last good backup; None where it is."""
    if not boxes and (last is None or last.count):
        return "The PBX lists no boxes at all"
    if last is None:
        return None
    fewer = last.count - len(boxes)
    if fewer >= MIN_SAMPLE and 100 * fewer > _MOST_FEWER * last.count:
        return f"The PBX lists {len(boxes)} boxes, and the last good backup ({last.file}) has {last.count}"
    if boxes and count_without_pin(boxes) == len(boxes) and last.without_pin < last.count:
        return f"The PBX shows no PINs any more, and the last good backup ({last.file}) has them"
    for field, n in not_shown.items():
        if field not in SECRET_HEADERS and n == len(boxes) and _lacked(last, field) < last.count:
            title = COLUMN_OF_HEADER[field].title
            return f"The PBX shows no {title} any more, and the last good backup ({last.file}) has them"
    return None


def _lacked(last: Manifest, field: str) -> int:
    """How many boxes of a backup lack a field; all of them where an earlier version did not count them."""
    return last.count if last.not_shown is None else last.not_shown.get(field, 0)


def count_without_pin(boxes: Iterable[Box]) -> int:
    """How many boxes the PBX showed without their PINs. Each has one."""
    return sum(isinstance(box.pin, Absent) for box in boxes)


def _written(box: Box, column: Column) -> str:
    value = getattr(box, column.header)
    return "" if value is BLANK else column.cell_text(value)
