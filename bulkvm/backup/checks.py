"""Checks that a backup must pass before it is published."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Final

from bulkvm.backup.manifest import Manifest
from bulkvm.columns import COLUMN_OF_HEADER, COLUMNS, SECRET_HEADERS, Column
from bulkvm.model.box import BLANK, Absent, Box
from bulkvm.model.settings import MIN_SAMPLE
from bulkvm.model.sheet import Sheet

_MAX_LOSS: Final = 30  # per cent of the boxes of the last good backup


def find_loss(sheet: Sheet, boxes: Sequence[Box]) -> str | None:
    """Describe how a sheet that was read back differs from the fetched boxes; None if it is equal."""
    if error := next((problem for problem in sheet.problems if problem.is_error), None):
        return error.message
    if list(sheet.headings.values()) != [column.header for column in COLUMNS]:
        return "its headings are not the ones that were written."
    if len(sheet.cells) != len(boxes):
        return f"it has {len(sheet.cells)} boxes, but {len(boxes)} were fetched."
    for letter, column in zip(sheet.headings, COLUMNS, strict=True):
        for box, text in zip(boxes, sheet.texts(letter).values(), strict=True):
            if text != _written(box, column):
                return f"the {column.title} of box {box.extension_number} is not the value that was fetched."
    return None


def last_good(backups: Collection[Manifest], now: datetime) -> Manifest | None:
    """The newest good backup, to compare with. Backups dated in the future, by a wrong clock, count only if all are."""
    good = [backup for backup in backups if backup.suspect is None]
    past = [backup for backup in good if backup.time <= now]
    return max(past or good, key=lambda backup: backup.time, default=None)


def find_suspicion(
    boxes: Sequence[Box], last: Manifest | None, not_shown: Mapping[str, int] = MappingProxyType({})
) -> str | None:
    """Describe why a list is suspicious, compared with the last good backup; None if it is not."""
    if not boxes and (last is None or last.count):
        return "The PBX lists no boxes at all"
    if last is None:
        return None
    fewer = last.count - len(boxes)
    if fewer >= MIN_SAMPLE and 100 * fewer > _MAX_LOSS * last.count:
        return f"The PBX lists {len(boxes)} boxes, but the last good backup ({last.file}) has {last.count}"
    if boxes and count_without_pin(boxes) == len(boxes) and last.without_pin < last.count:
        return f"The PBX no longer shows PINs, but the last good backup ({last.file}) has them"
    for field, n in not_shown.items():
        if field not in SECRET_HEADERS and n == len(boxes) and _lacked(last, field) < last.count:
            title = COLUMN_OF_HEADER[field].title
            return f"The PBX no longer shows {title}, but the last good backup ({last.file}) has values for it"
    return None


def _lacked(last: Manifest, field: str) -> int:
    """The number of boxes in a backup without a field; all boxes, if 0.1.0 made the backup and did not count them."""
    return last.count if last.not_shown is None else last.not_shown.get(field, 0)


def count_without_pin(boxes: Iterable[Box]) -> int:
    """The number of boxes whose PIN the PBX did not show. Every box has one."""
    return sum(isinstance(box.pin, Absent) for box in boxes)


def _written(box: Box, column: Column) -> str:
    value = getattr(box, column.header)
    return "" if value is BLANK else column.cell_text(value)
