"""A backup is what was fetched, to the last digit of a PIN, or it is none."""

import tempfile
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given

from bulkvm.backup import Manifest
from bulkvm.backup.checks import find_loss, find_suspicion, last_good
from bulkvm.model.box import BLANK, Box
from bulkvm.model.errors import SheetError
from bulkvm.model.sheet import Sheet
from bulkvm.readers import read_sheet
from bulkvm.reports.export_file import write_export
from tests.backup.backups import NIGHT
from tests.boxes import box_lists, full_box

BOX = full_box(name="=1+1")
OTHER = replace(BOX, id="NzAx", extension_number="123456789012345678", name="'=x\nNA", pin="402817", prompt=BLANK)


def read_back(written: Sequence[Box]) -> Sheet:
    with tempfile.TemporaryDirectory() as folder:
        return read_sheet(write_export(Path(folder) / "boxes.csv", written))


@given(box_lists)
def test_a_backup_of_any_boxes_reads_back_unchanged(fetched: list[Box]) -> None:
    assert find_loss(read_back(fetched), fetched) is None


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("id", "NzAy"),
        ("extension_number", "101"),
        ("name", "2"),
        ("pin", "24680"),
        ("pin", BLANK),
        ("prompt", BLANK),
        ("enable_pin", False),
        ("enable_email_notify", BLANK),
        ("recipients", ("a@example.com",)),
        ("play_datetime", "12_HOUR_CLOCK"),
    ],
)
def test_one_field_of_one_box_that_reads_back_differently_is_found(field: str, value: Any) -> None:
    changed: dict[str, Any] = {field: value}

    loss = find_loss(read_back([OTHER, replace(BOX, **changed)]), [OTHER, BOX])

    assert loss is not None
    assert "0101" in loss
    assert "024680" not in loss


@pytest.mark.parametrize("fetched", [[], [BOX], [OTHER, BOX], [BOX, OTHER, BOX]])
def test_a_missing_or_surplus_box_is_found(fetched: list[Box]) -> None:
    assert bool(find_loss(read_back([BOX, OTHER]), fetched)) == (fetched != [BOX, OTHER])


def test_a_file_without_headings_or_with_an_open_quote_is_not_verified(tmp_path: Path) -> None:
    whole = write_export(tmp_path / "whole.csv", [BOX, OTHER]).read_text("utf-8-sig")
    (tmp_path / "other.csv").write_text(whole.replace("play_datetime", "played"), "utf-8")
    (tmp_path / "cut.csv").write_text(whole + '0103,"Lab', "utf-8")

    assert find_loss(read_sheet(tmp_path / "other.csv"), [BOX, OTHER])
    with pytest.raises(SheetError, match="quote"):
        read_sheet(tmp_path / "cut.csv")


def test_a_nul_in_a_name_is_written_as_its_symbol() -> None:
    odd = replace(BOX, name="a\0b")

    assert find_loss(read_back([odd]), [odd]) is None


def manifest(count: int, *, without_pin: int = 0, nights: int = 1, suspect: str | None = None) -> Manifest:
    return Manifest(
        file="clinic.csv",
        site="clinic",
        pbx="",
        time=NIGHT - timedelta(days=nights),
        count=count,
        without_pin=without_pin,
        sha256="",
        suspect=suspect,
    )


@pytest.mark.parametrize(
    ("before", "now", "is_suspect"),
    [
        (None, 0, True),
        (None, 1, False),
        (1, 0, True),
        (0, 0, False),
        (10, 1, False),
        (11, 1, True),
        (33, 24, False),
        (33, 23, True),
        (34, 24, False),
        (100, 70, False),
        (100, 69, True),
        (100, 200, False),
    ],
)
def test_a_backup_with_far_fewer_boxes_or_none_is_suspect(*, before: int | None, now: int, is_suspect: bool) -> None:
    last = None if before is None else manifest(before)

    assert bool(find_suspicion([BOX] * now, last)) == is_suspect


@pytest.mark.parametrize(
    ("before", "is_suspect"), [(None, False), (manifest(1), True), (manifest(1, without_pin=1), False)]
)
def test_a_backup_is_suspect_if_pins_are_no_longer_shown(*, before: Manifest | None, is_suspect: bool) -> None:
    assert bool(find_suspicion([replace(BOX, pin=BLANK)], before)) == is_suspect


def test_new_backups_are_compared_with_the_last_good_one_that_is_not_of_the_future() -> None:
    old, recent, future = manifest(1, nights=9), manifest(2), manifest(3, nights=-30)
    suspect = manifest(4, nights=0, suspect="The PBX lists no boxes at all")

    assert last_good([recent, suspect, old], NIGHT) == recent
    assert last_good([old, future], NIGHT) == old
    assert last_good([future], NIGHT) == future
    assert last_good([suspect], NIGHT) is None


@pytest.mark.parametrize(
    ("lacked", "now", "is_suspect"),
    [
        ({}, {"recipients": 1}, True),
        ({"recipients": 1}, {"recipients": 1}, False),
        (None, {"recipients": 1}, False),
        ({}, {}, False),
    ],
    ids=["not shown any more", "never shown", "an earlier version did not count", "shown"],
)
def test_a_backup_is_suspect_if_any_field_is_no_longer_shown(
    lacked: dict[str, int] | None, now: dict[str, int], *, is_suspect: bool
) -> None:
    last = replace(manifest(1), not_shown=lacked)

    assert bool(find_suspicion([BOX], last, now)) == is_suspect
