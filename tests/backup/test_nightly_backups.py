"""A backup: listed completely, written, verified, pruned; or an error, with all former backups as they were."""

import asyncio
import hashlib
import logging
import os
import stat
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bulkvm.backup import Keep, verify
from bulkvm.model.errors import (
    BackupNotProven,
    BulkvmError,
    ListKeptChanging,
    LoginRefused,
    NotAllowed,
    OutcomeUnknown,
    PbxAway,
    PbxError,
)
from bulkvm.model.settings import SendSettings, Site
from bulkvm.readers import read_sheet
from bulkvm.simulator import FaultRules, SimulatorSettings
from bulkvm.validation import validate
from tests.backup.backups import NIGHT, SITE, back_up_from, files_in, pbx_with

DAY = timedelta(days=1)
NAME = "clinic-20261123T021500Z"


def extensions_in(file: Path) -> list[str]:
    return [record.extension_number for record in validate(read_sheet(file)).records]


def modes_in(folder: Path) -> dict[str, int]:
    return {entry.name: stat.S_IMODE(entry.stat().st_mode) for entry in (folder, *folder.rglob("*"))}


async def test_a_backup_is_all_boxes_in_a_file_of_its_own_with_its_manifest_beside_it(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "nights"

    manifest = await back_up_from(pbx_with(tmp_path, 50), folder)

    assert set(files_in(folder)) == {f"{NAME}.csv", f"{NAME}.manifest.json"}
    assert extensions_in(folder / manifest.file) == [f"{n:04}" for n in range(101, 151)]
    assert (manifest.file, manifest.site, manifest.pbx, manifest.time) == (f"{NAME}.csv", "clinic", SITE.url, NIGHT)
    assert (manifest.count, manifest.without_pin) == (50, 0)
    assert manifest.sha256 == hashlib.sha256((folder / manifest.file).read_bytes()).hexdigest()


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such file modes")
async def test_the_folder_and_all_in_it_are_private_to_their_owner(tmp_path: Path) -> None:
    await back_up_from(pbx_with(tmp_path, 3), tmp_path / "nights")

    modes = modes_in(tmp_path / "nights")
    assert modes == {
        "nights": 0o700, ".bulkvm": 0o700, "lock": 0o600, f"{NAME}.csv": 0o600, f"{NAME}.manifest.json": 0o600,
    }  # fmt: skip


async def test_boxes_of_a_pbx_whose_lists_are_summaries_are_backed_up_whole(tmp_path: Path) -> None:
    app = pbx_with(tmp_path, 5, settings=SimulatorSettings(summary_lists=True))

    manifest = await back_up_from(app, tmp_path / "nights")

    assert [record.pin for record in validate(read_sheet(tmp_path / "nights" / manifest.file)).records] == [
        "024680"
    ] * 5


async def test_a_pbx_that_shows_no_pins_is_backed_up_and_the_manifest_reports_it(tmp_path: Path) -> None:
    manifest = await back_up_from(
        pbx_with(tmp_path, 5, settings=SimulatorSettings(behave=("hide:pin:both",))), tmp_path / "nights"
    )

    assert (manifest.count, manifest.without_pin) == (5, 5)


@pytest.mark.parametrize(
    ("faults", "error"),
    [
        (["500:list:every=1"], OutcomeUnknown),
        (["500:list:2-99"], OutcomeUnknown),
        (["html:list:2-99"], OutcomeUnknown),
        (["truncated:list:2-99"], OutcomeUnknown),
        (["reset:list:2-99"], PbxError),
        (["down(seconds=9):list:2"], PbxError),
        (["401:list:2-99"], LoginRefused),
        (["403:list:1-99"], NotAllowed),
        (["400:list:1-99"], PbxError),
        (["admin-add:list:every=1"], ListKeptChanging),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else "",
)
async def test_an_incomplete_list_makes_no_backup_and_leaves_former_ones(
    tmp_path: Path, faults: list[str], error: type[BulkvmError]
) -> None:
    app, folder = pbx_with(tmp_path, 50), tmp_path / "nights"
    await back_up_from(app, folder, now=NIGHT - DAY)
    before = files_in(folder)
    app.state.faults = FaultRules(faults)

    with pytest.raises(error) as raised:
        await back_up_from(app, folder, keep=Keep(last=1), settings=SendSettings(retries=1, max_rps=0, max_outage=0))

    assert raised.value.exit_code in {4, 5}
    assert files_in(folder) == before
    assert verify(folder).damaged == {}


async def test_a_pbx_that_goes_away_while_boxes_are_fetched_is_away(
    tmp_path: Path,
) -> None:
    app = pbx_with(tmp_path, 50, settings=SimulatorSettings(summary_lists=True), faults=["down(seconds=99):fetch:20"])

    with pytest.raises(PbxAway, match="was unreachable for more than 0 seconds"):
        await back_up_from(app, tmp_path / "nights", settings=SendSettings(retries=3, max_rps=0, max_outage=0))

    assert files_in(tmp_path / "nights") == {}


@pytest.mark.parametrize(("damaged", "warnings"), [(2, 1), (1, 0)])
async def test_a_backup_without_an_intact_one_to_compare_with_warns(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, damaged: int, warnings: int
) -> None:
    folder = tmp_path / "nights"
    for night in range(2):
        await back_up_from(pbx_with(tmp_path, 5), folder, now=NIGHT + (night - 2) * DAY)
    for file in sorted(folder.glob("*.csv"))[-damaged:]:
        file.write_text("damaged")

    with caplog.at_level(logging.WARNING, "bulkvm"):
        await back_up_from(pbx_with(tmp_path, 5), folder)

    message = (
        f"clinic: all earlier good backups in {folder} are damaged, so whether boxes are missing was not checked. "
        "`bulkvm backup verify` lists them."
    )
    assert caplog.messages == [message] * warnings


@pytest.mark.parametrize("what", ["admin-add", "admin-remove", "admin-rename", "503", "reset", "truncated"])
async def test_a_list_request_of_a_backup_is_repeated(tmp_path: Path, what: str) -> None:
    app, folder = pbx_with(tmp_path, 50, faults=[f"{what}:list:2"]), tmp_path / "nights"

    manifest = await back_up_from(app, folder, settings=SendSettings(retries=3, max_rps=0))

    app.state.faults = FaultRules()
    now = await back_up_from(app, tmp_path / "now")
    assert extensions_in(folder / manifest.file) == extensions_in(tmp_path / "now" / now.file)


async def test_a_suspiciously_short_list_is_kept_under_a_name_that_shows_it_and_nothing_is_rotated(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "nights"
    for days in (2, 1):
        await back_up_from(pbx_with(tmp_path, 50), folder, now=NIGHT - days * DAY)
    before = files_in(folder)

    with pytest.raises(BackupNotProven, match=r"lists 30 boxes, but the last good backup .*20261122.* has 50.*--force"):
        await back_up_from(pbx_with(tmp_path, 30), folder, keep=Keep(last=1))

    after = files_in(folder)
    assert after.keys() - before.keys() == {f"{NAME}-suspect.csv", f"{NAME}-suspect.manifest.json"}
    assert {name: after[name] for name in before} == before
    assert len(extensions_in(folder / f"{NAME}-suspect.csv")) == 30
    assert verify(folder).suspect == (f"{NAME}-suspect.csv",)


async def test_an_empty_list_is_suspect_even_the_first_time(tmp_path: Path) -> None:
    with pytest.raises(BackupNotProven, match="no boxes at all"):
        await back_up_from(pbx_with(tmp_path, 0), tmp_path / "nights")

    assert set(files_in(tmp_path / "nights")) == {f"{NAME}-suspect.csv", f"{NAME}-suspect.manifest.json"}


@pytest.mark.parametrize("count", [0, 30])
async def test_force_accepts_a_suspect_backup_and_later_ones_are_compared_with_it(tmp_path: Path, count: int) -> None:
    folder, app = tmp_path / "nights", pbx_with(tmp_path, count)
    await back_up_from(pbx_with(tmp_path, 50), folder, now=NIGHT - DAY)

    forced = await back_up_from(app, folder, force=True)
    await back_up_from(app, folder, now=NIGHT + DAY)

    assert forced.suspect is None
    assert verify(folder).suspect == ()


async def test_suspect_backups_are_always_compared_with_the_last_good_one(tmp_path: Path) -> None:
    folder = tmp_path / "nights"
    await back_up_from(pbx_with(tmp_path, 50), folder, now=NIGHT - DAY)

    for night in range(3):
        with pytest.raises(BackupNotProven, match="has 50"):
            await back_up_from(pbx_with(tmp_path, 30), folder, now=NIGHT + night * DAY, keep=Keep(last=1))

    assert len(verify(folder).suspect) == 3


async def test_only_intact_backups_of_this_site_are_pruned(tmp_path: Path) -> None:
    folder, app = tmp_path / "nights", pbx_with(tmp_path, 3)
    other = replace(SITE, name="other")
    for days in range(9, 3, -1):
        await back_up_from(app, folder, now=NIGHT - days * DAY)
        await back_up_from(app, folder, now=NIGHT - days * DAY, site=other)
    edited = folder / "clinic-20261114T021500Z.csv"
    edited.write_text("somebody else's work", "utf-8")
    (folder / "clinic-20200101T000000Z.csv").write_text("a foreign file with our kind of name", "utf-8")
    (folder / "boxes.csv").write_text("a foreign file", "utf-8")
    (folder / "clinic-20200102T000000Z.manifest.json").write_text("{}", "utf-8")
    before = files_in(folder)

    await back_up_from(app, folder, keep=Keep(last=3))

    gone = before.keys() - files_in(folder).keys()
    assert {name for name in gone if name.endswith(".csv")} == {
        f"clinic-202611{day}T021500Z.csv" for day in (15, 16, 17)
    }
    assert len(gone) == 6
    assert edited.exists()


async def test_several_backups_of_a_site_and_second_in_one_folder_do_not_touch_each_other(tmp_path: Path) -> None:
    folder = tmp_path / "nights"
    await back_up_from(pbx_with(tmp_path, 3), folder, now=NIGHT - DAY)

    made = await asyncio.gather(*(back_up_from(pbx_with(tmp_path, n), folder) for n in range(10, 16)))

    assert sorted(manifest.count for manifest in made) == list(range(10, 16))
    assert [len(extensions_in(folder / manifest.file)) for manifest in made] == list(range(10, 16))
    assert len(verify(folder).intact) == 7
    assert verify(folder).damaged == {}


@pytest.mark.parametrize("jump", [timedelta(days=-4), timedelta(days=-20000), timedelta(days=3000)])
async def test_a_clock_that_jumps_does_not_remove_backups(tmp_path: Path, jump: timedelta) -> None:
    folder, app = tmp_path / "nights", pbx_with(tmp_path, 20)
    for days in (3, 2, 1):
        await back_up_from(app, folder, now=NIGHT - days * DAY, keep=Keep(last=3))
    before = files_in(folder)

    wrong = await back_up_from(app, folder, now=NIGHT + jump, keep=Keep(last=3))
    while_wrong = files_in(folder)
    right = await back_up_from(app, folder, keep=Keep(last=3))

    assert wrong.file in while_wrong
    assert before.keys() <= while_wrong.keys() or jump > timedelta()
    assert right.file in files_in(folder)
    assert verify(folder).damaged == {}


async def test_a_backup_with_too_few_boxes_is_suspect_even_if_the_clock_jumped(tmp_path: Path) -> None:
    folder = tmp_path / "nights"
    await back_up_from(pbx_with(tmp_path, 50), folder)

    with pytest.raises(BackupNotProven):
        await back_up_from(pbx_with(tmp_path, 20), folder, now=NIGHT - 20000 * DAY)


async def test_a_folder_that_is_a_file_is_reported(tmp_path: Path) -> None:
    (tmp_path / "nights").write_text("precious", "utf-8")

    with pytest.raises(BackupNotProven, match="No backup was made in"):
        await back_up_from(pbx_with(tmp_path, 3), tmp_path / "nights")

    assert (tmp_path / "nights").read_text("utf-8") == "precious"


async def test_the_later_of_two_backups_in_one_second_is_kept(tmp_path: Path) -> None:
    folder, app = tmp_path / "nights", pbx_with(tmp_path, 3)
    await back_up_from(app, folder)

    later = await back_up_from(app, folder, keep=Keep(last=1))

    assert verify(folder).intact == (later.file,) == (f"{NAME}-2.csv",)


def pbx_of(box: str, *, status: int = 200) -> Starlette:
    """A PBX with one box, given as JSON, whose lists are summaries; it answers with a status when asked for the box."""

    def listed(_: Request) -> Response:
        items = '[{"id": "1", "extension_number": "101"}]'
        return Response(f'{{"count": 1, "items": {items}}}', media_type="application/json")

    def fetched(_: Request) -> Response:
        return Response(box, status, media_type="application/json")

    return Starlette(
        routes=[Route("/api/shared_voicemails", listed), Route("/api/shared_voicemails/{id}", fetched)],
    )


async def test_a_nul_character_in_a_name_does_not_prevent_a_backup(tmp_path: Path) -> None:
    app = pbx_of('{"id": "1", "extension_number": "101", "name": "a\\u0000b", "pin": "024680"}')

    made = await back_up_from(app, tmp_path / "nights")

    assert made.count == 1
    assert verify(tmp_path / "nights").intact == (made.file,)


async def test_a_box_that_is_listed_and_cannot_be_fetched_is_not_left_out(tmp_path: Path) -> None:
    with pytest.raises(ListKeptChanging, match="reports as missing"):
        await back_up_from(pbx_of("{}", status=404), tmp_path / "nights", force=True)

    assert files_in(tmp_path / "nights") == {}


async def test_a_box_that_is_removed_while_boxes_are_fetched_is_left_out(tmp_path: Path) -> None:
    app = pbx_with(tmp_path, 30, settings=SimulatorSettings(summary_lists=True), faults=["admin-remove:fetch:1"])

    assert (await back_up_from(app, tmp_path / "nights")).count == 29


def test_a_path_that_is_not_a_folder_cannot_be_verified(tmp_path: Path) -> None:
    (tmp_path / "nights").write_text("precious", "utf-8")

    with pytest.raises(BackupNotProven, match="cannot be read"):
        verify(tmp_path / "nights")


async def test_verification_finds_missing_changed_and_unlisted_backups(tmp_path: Path) -> None:
    folder, app = tmp_path / "nights", pbx_with(tmp_path, 3)
    made = [await back_up_from(app, folder, now=NIGHT - days * DAY) for days in range(4, 0, -1)]
    (folder / made[0].file).unlink()
    content = (folder / made[1].file).read_bytes()
    (folder / made[1].file).write_bytes(content.replace(b"024680", b"024681", 1))
    (folder / made[2].file).with_suffix(".manifest.json").unlink()

    verified = verify(folder)

    assert verified.intact == (made[3].file,)
    assert list(verified.damaged) == [manifest.file for manifest in made[:3]]
    for word, damage in zip(("is missing", "changed", "manifest"), verified.damaged.values(), strict=True):
        assert word in damage


async def test_the_newest_good_backup_of_each_site_is_named_though_later_ones_are_suspect_or_damaged(
    tmp_path: Path,
) -> None:
    folder, app, other = tmp_path / "nights", pbx_with(tmp_path, 30), replace(SITE, name="other")
    for days in (5, 4, 3):
        late = await back_up_from(app, folder, now=NIGHT - days * DAY)
    (folder / late.file).write_text("damaged", "utf-8")
    await back_up_from(app, folder, now=NIGHT - 2 * DAY, site=other)
    with pytest.raises(BackupNotProven):
        await back_up_from(pbx_with(tmp_path, 0), folder, now=NIGHT - DAY)

    assert verify(folder).newest == {"clinic": NIGHT - 4 * DAY, "other": NIGHT - 2 * DAY}


async def test_a_manifest_of_another_backup_does_not_verify_a_file(tmp_path: Path) -> None:
    folder, app = tmp_path / "nights", pbx_with(tmp_path, 3)
    one, other = [await back_up_from(app, folder, now=NIGHT - days * DAY) for days in (2, 1)]
    manifests = [(folder / made.file).with_suffix(".manifest.json") for made in (one, other)]
    manifests[1].write_bytes(manifests[0].read_bytes())

    assert list(verify(folder).damaged) == [other.file]


async def test_sites_of_one_pbx_under_two_names_have_their_own_backups(tmp_path: Path) -> None:
    folder = tmp_path / "nights"
    await back_up_from(pbx_with(tmp_path, 50), folder, site=Site(name="north", url=SITE.url, token=SITE.token))

    south = await back_up_from(pbx_with(tmp_path, 5), folder, site=Site(name="south", url=SITE.url, token=SITE.token))

    assert south.suspect is None
