"""Chooses the backups to delete."""

from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Final

from bulkvm.backup.manifest import Manifest


@dataclass(frozen=True, slots=True, kw_only=True)
class Keep:
    """How many backups to keep: the last ones, and the last one of each day, week and month with a backup.

    A backup is kept if any of the numbers keeps it. If all are 0, every backup is kept.
    """

    last: int = 0
    daily: int = 0
    weekly: int = 0
    monthly: int = 0


KEEP_ALL: Final = Keep()


def choose_pruned(backups: Iterable[Manifest], keep: Keep, now: datetime) -> tuple[Manifest, ...]:
    """Choose the backups of one site to delete.

    The newest good backup is always kept; of two with the same time, the first one counts as newer. A suspicious
    backup is deleted once it is older than all that are kept. A backup dated in the future, by a wrong clock, is
    neither deleted nor counted.
    """
    past = [backup for backup in backups if backup.time <= now]
    good = sorted((b for b in past if b.suspect is None), key=lambda b: b.time, reverse=True)
    if not good or keep == KEEP_ALL:
        return ()
    kept = set(good[: keep.last])
    for most, period in ((keep.daily, _day), (keep.weekly, _week), (keep.monthly, _month)):
        newest: dict[Hashable, Manifest] = {}
        for backup in good:
            newest.setdefault(period(backup.time), backup)
        kept.update(islice(newest.values(), most))
    oldest = min(backup.time for backup in kept)
    return tuple(b for b in past if b not in kept and (b.suspect is None or b.time < oldest))


def _day(time: datetime) -> Hashable:
    return time.date()


def _week(time: datetime) -> Hashable:
    return time.isocalendar()[:2]


def _month(time: datetime) -> Hashable:
    return time.year, time.month
