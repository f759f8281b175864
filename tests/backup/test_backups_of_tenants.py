"""A backup belongs to a tenant of a PBX: only backups of one tenant are compared, and only they make room."""

import json
import logging
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from starlette.applications import Starlette

from bulkvm.backup import Keep, Manifest, verify
from bulkvm.model.errors import BackupNotProven
from bulkvm.model.settings import Site
from bulkvm.simulator import SimulatorSettings
from tests.backup.backups import NIGHT, SITE, back_up_from, pbx_with

DAY = timedelta(days=1)
LAST = Keep(last=1)


def tenant(folder: Path, name: str, count: int = 20) -> Starlette:
    """A PBX whose tenant has this name, id and domain, and so many boxes."""
    shown = SimulatorSettings(page_cap=20, tenant_id=f"id-{name}", tenant_name=name, domain=f"{name}.example.com")
    return pbx_with(folder, count, settings=shown)


def hidden(folder: Path, domain: str, count: int = 20) -> tuple[Starlette, Site]:
    """A PBX that does not show its tenant, and a site that logs in to one of its domains."""
    shown = SimulatorSettings(page_cap=20, domain=domain)
    app = pbx_with(folder, count, settings=shown, faults=["404:tenant:every=1"])
    return app, Site(name="clinic", url=SITE.url, user=shown.user, password=shown.password, domain=domain)


def names(folder: Path) -> set[str]:
    return {file.name for file in folder.glob("*.csv")}


async def test_backups_of_two_tenants_with_one_site_name_are_kept_apart(tmp_path: Path) -> None:
    folder, small, big = tmp_path / "nights", tenant(tmp_path, "a", 3), tenant(tmp_path, "b", 50)
    made: list[Manifest] = []
    for _ in range(3):
        for app in (big, small):
            made.append(await back_up_from(app, folder, now=NIGHT + len(made) * DAY, keep=LAST))

    assert names(folder) == {backup.file for backup in made[-2:]}
    assert [backup.count for backup in made] == [50, 3] * 3


@pytest.mark.parametrize("domains", [("a.example", "b.example"), ("b.example", "a.example")])
async def test_tenants_that_differ_only_in_their_login_are_kept_apart(tmp_path: Path, domains: tuple[str, str]) -> None:
    folder = tmp_path / "nights"

    for night, domain in enumerate(domains):
        app, site = hidden(tmp_path, domain, 50 - 40 * night)
        await back_up_from(app, folder, now=NIGHT + night * DAY, site=site, keep=LAST)

    assert len(names(folder)) == 2


async def test_a_tenant_is_the_same_after_the_pbx_begins_to_show_it(tmp_path: Path) -> None:
    folder = tmp_path / "nights"
    app, site = hidden(tmp_path, "clinic.example")
    await back_up_from(app, folder, site=site)
    shown = pbx_with(tmp_path, 20, settings=SimulatorSettings(page_cap=20, domain="Clinic.Example"))

    made = await back_up_from(shown, folder, now=NIGHT + DAY, site=replace(site, domain="Clinic.Example"), keep=LAST)

    assert names(folder) == {made.file}


async def test_a_site_whose_tenant_changed_reports_it_once_and_keeps_all(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder, former, now = tmp_path / "nights", tenant(tmp_path, "former", 50), tenant(tmp_path, "now", 5)
    for night in range(2):
        await back_up_from(former, folder, now=NIGHT + night * DAY)

    with caplog.at_level(logging.WARNING, "bulkvm"):
        for night in range(2, 4):
            await back_up_from(now, folder, now=NIGHT + night * DAY, keep=LAST)

    assert len(names(folder)) == 3
    (printed,) = caplog.messages
    assert "former (former.example.com)" in printed
    assert "now (now.example.com)" in printed
    assert "neither compared nor deleted" in printed


async def test_a_tenant_that_was_created_again_under_the_same_name_is_named_with_its_id(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    former = SimulatorSettings(page_cap=20, tenant_id="id-1", tenant_name="Clinic", domain="clinic.example.com")
    for number, shown in enumerate((former, replace(former, tenant_id="id-2"))):
        await back_up_from(pbx_with(tmp_path, 5, settings=shown), tmp_path / "nights", now=NIGHT + number * DAY)

    (printed,) = caplog.messages
    assert "(id id-1)" in printed
    assert "(id id-2)" in printed


def as_of_the_first_release(folder: Path) -> None:
    """Take the tenant out of all manifests of a folder."""
    for file in folder.glob("*.manifest.json"):
        form = json.loads(file.read_text("utf-8"))
        del form["tenant"]
        file.write_text(json.dumps(form), "utf-8")


async def test_backups_of_the_first_release_are_compared_but_never_removed(tmp_path: Path) -> None:
    folder = tmp_path / "nights"
    for night in range(2):
        await back_up_from(tenant(tmp_path, "clinic", 50), folder, now=NIGHT + night * DAY)
    as_of_the_first_release(folder)
    old = names(folder)

    with pytest.raises(BackupNotProven, match="lists 5 boxes, but the last good backup"):
        await back_up_from(tenant(tmp_path, "clinic", 5), folder, now=NIGHT + 2 * DAY, keep=LAST)
    made = await back_up_from(tenant(tmp_path, "clinic", 50), folder, now=NIGHT + 3 * DAY, keep=LAST)

    assert names(folder) >= {*old, made.file}
    assert verify(folder).damaged == {}


async def test_the_newest_backup_of_each_tenant_is_named(tmp_path: Path) -> None:
    folder = tmp_path / "nights"
    await back_up_from(tenant(tmp_path, "a"), folder, now=NIGHT)
    as_of_the_first_release(folder)
    await back_up_from(tenant(tmp_path, "a"), folder, now=NIGHT + DAY)
    await back_up_from(tenant(tmp_path, "b"), folder, now=NIGHT + 2 * DAY)

    assert verify(folder, now=NIGHT + 9 * DAY).newest == {
        "clinic (a (a.example.com) on simulator)": NIGHT + DAY,
        "clinic (b (b.example.com) on simulator)": NIGHT + 2 * DAY,
    }


async def test_a_tenant_with_a_new_domain_is_still_backed_up(tmp_path: Path) -> None:
    """Of the backups of all tenants, which are named after the domains; those of two sites are not joined."""
    folder = tmp_path / "nights"
    for night, domain in enumerate(("former.example", "now.example")):
        app = pbx_with(tmp_path, 20, settings=SimulatorSettings(page_cap=20, tenant_id="1", domain=domain))
        for name in (domain, f"site-{night}"):
            await back_up_from(app, folder, now=NIGHT + night * DAY, site=replace(SITE, name=name))

    assert verify(folder, now=NIGHT + 9 * DAY).newest == {
        "now.example": NIGHT + DAY, "site-0": NIGHT, "site-1": NIGHT + DAY,
    }  # fmt: skip


async def test_tenants_of_one_name_and_domain_are_told_apart_by_their_ids(tmp_path: Path) -> None:
    folder = tmp_path / "nights"
    for night in range(2):
        shown = SimulatorSettings(page_cap=20, tenant_id=f"{night}", tenant_name="a", domain="a.example.com")
        await back_up_from(pbx_with(tmp_path, 20, settings=shown), folder, now=NIGHT + night * DAY)

    assert verify(folder, now=NIGHT + 9 * DAY).newest == {
        "clinic (a (a.example.com) on simulator) (id 0)": NIGHT,
        "clinic (a (a.example.com) on simulator) (id 1)": NIGHT + DAY,
    }
