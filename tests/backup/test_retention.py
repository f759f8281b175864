"""Whatever the history of good and bad nights: the newest good backup stays, and what is kept is what was asked for."""

from collections.abc import Hashable
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bulkvm.backup import KEEP_ALL, Keep, Manifest
from bulkvm.backup.retention import choose_pruned
from tests.backup.backups import NIGHT


def backup(time: datetime, *, suspect: bool = False) -> Manifest:
    why = "The PBX lists no boxes at all" if suspect else None
    name = f"clinic-{time:%Y%m%dT%H%M%SZ}{'-suspect' if suspect else ''}.csv"
    return Manifest(file=name, site="clinic", pbx="", time=time, count=1, without_pin=0, sha256="", suspect=why)


backups = st.lists(
    st.builds(
        backup,
        st.integers(-30 * 24, 800 * 24).map(lambda hours: NIGHT - timedelta(hours=hours)),
        suspect=st.booleans(),
    ),
    unique_by=lambda backup: backup.file,
    max_size=40,
)
numbers = st.integers(0, 8)
rules = st.builds(Keep, last=numbers, daily=numbers, weekly=numbers, monthly=numbers)


@given(backups, rules)
def test_the_newest_good_backup_is_never_removed(history: list[Manifest], keep: Keep) -> None:
    left = set(history) - set(choose_pruned(history, keep, NIGHT))

    good = [b for b in history if b.suspect is None and b.time <= NIGHT]
    assert not good or max(good, key=lambda b: b.time) in left


@given(backups, rules)
def test_files_dated_in_the_future_are_left_alone(history: list[Manifest], keep: Keep) -> None:
    pruned = choose_pruned(history, keep, NIGHT)

    assert all(b.time <= NIGHT for b in pruned)
    assert set(pruned) == set(choose_pruned([b for b in history if b.time <= NIGHT], keep, NIGHT))


def period(b: Manifest, name: str) -> Hashable:
    return b.time.strftime({"daily": "%Y-%j", "weekly": "%G-%V", "monthly": "%Y-%m"}[name])


def should_stay(one: Manifest, good: list[Manifest], keep: Keep) -> bool:
    """The rules once more, backup by backup: how many newer ones are in the way of this one?"""
    newer = [b for b in good if b.time > one.time]
    if len(newer) < max(keep.last, 1):
        return True
    for name in ("daily", "weekly", "monthly"):
        periods = {period(b, name) for b in newer}
        if period(one, name) not in periods and len(periods) < getattr(keep, name):
            return True
    return False


@given(backups, rules)
def test_the_keep_options_decide_which_backups_are_kept(history: list[Manifest], keep: Keep) -> None:
    pruned = choose_pruned(history, keep, NIGHT)

    good = [b for b in history if b.suspect is None and b.time <= NIGHT]
    expected = {b for b in good if not should_stay(b, good, keep)} if keep != KEEP_ALL else set()
    assert {b for b in pruned if b.suspect is None} == expected


@given(backups, rules)
def test_a_suspect_backup_is_removed_when_it_is_older_than_all_that_are_kept(
    history: list[Manifest], keep: Keep
) -> None:
    pruned = set(choose_pruned(history, keep, NIGHT))

    good = [b for b in history if b.suspect is None and b.time <= NIGHT and b not in pruned]
    for one in history:
        if one.suspect and one.time <= NIGHT:
            expected = keep != KEEP_ALL and bool(good) and all(one.time < b.time for b in good)
            assert (one in pruned) == expected


@pytest.mark.parametrize(
    ("keep", "left"),
    [
        pytest.param(KEEP_ALL, 100, id="no rule"),
        pytest.param(Keep(last=30), 30, id="keep 30"),
        pytest.param(Keep(daily=7), 7, id="a week"),
        pytest.param(Keep(daily=7, weekly=5, monthly=12), 13, id="as in the manual"),
        pytest.param(Keep(last=500), 100, id="more than there are"),
    ],
)
def test_the_keep_options_decide_how_many_of_a_hundred_backups_are_kept(keep: Keep, left: int) -> None:
    history = [backup(NIGHT - timedelta(days=n)) for n in range(100)]

    assert len(history) - len(choose_pruned(history, keep, NIGHT)) == left


def test_a_day_begins_at_midnight_utc() -> None:
    late, early = datetime(2026, 11, 22, 23, 59, 59, tzinfo=UTC), datetime(2026, 11, 23, tzinfo=UTC)

    assert choose_pruned([backup(late), backup(early)], Keep(daily=2), NIGHT) == ()
    assert choose_pruned([backup(early), backup(NIGHT)], Keep(daily=2), NIGHT) == (backup(early),)


def test_a_week_of_one_year_is_not_that_of_another() -> None:
    history = [backup(NIGHT - timedelta(weeks=weeks)) for weeks in (0, 52, 104)]

    assert choose_pruned(history, Keep(weekly=2), NIGHT) == (history[2],)
    assert choose_pruned(history, Keep(monthly=3), NIGHT) == ()
