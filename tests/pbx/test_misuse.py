"""Mistakes of a Python program are reported where they are made."""

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from bulkvm.backup import BackupSettings
from bulkvm.model.errors import UsageError
from bulkvm.model.settings import Site
from bulkvm.pbx import connect
from bulkvm.simulator import SimulatorSettings, create_app, running

TOKEN = SimulatorSettings().token


@pytest.mark.parametrize(
    "url", ["pbx", "pbx.example.com:8887", "ftp://pbx", "https://", "https://a b", "https://u:p@x"]
)
def test_an_invalid_address_is_refused_when_a_site_is_set_up(url: str) -> None:
    with pytest.raises(UsageError, match="address"):
        Site(name="clinic", url=url, token=TOKEN)


@pytest.mark.parametrize("url", ["https://pbx:8887/api", "https://pbx:8887/api/", "https://pbx:8887/"])
def test_an_address_is_converted_to_its_usual_form(url: str) -> None:
    assert Site(name="clinic", url=url, token=TOKEN).url == "https://pbx:8887"


@pytest.mark.parametrize(("user", "password"), [(None, None), ("admin", None), (None, "secret")])
async def test_a_site_without_a_usable_login_is_reported_before_anything_is_sent(
    user: str | None, password: str | None
) -> None:
    app = create_app()

    site = Site(name="clinic", url="http://simulator", user=user, domain="clinic.example", password=password)
    async with connect(site, app=app) as pbx:
        with pytest.raises(UsageError, match="neither a token nor a user with a password"):
            await pbx.list_boxes()

    assert sum(app.state.traffic.counts.values()) == 0


async def test_a_system_administrator_without_a_tenant_is_refused_before_anything_is_sent() -> None:
    site = Site(name="provider", url="http://simulator", user="sysadmin", password="secret")

    with pytest.raises(UsageError, match=r"--tenant DOMAIN .* `bulkvm tenants --site provider`"):
        async with connect(site, app=create_app()):
            pass


@pytest.mark.parametrize("used_before", [False, True])
async def test_a_pbx_is_not_called_after_it_was_closed(*, used_before: bool) -> None:
    app = create_app()
    with running(app) as server:
        async with connect(Site(name="clinic", url=server.url, token=TOKEN)) as pbx:
            if used_before:
                await pbx.list_boxes()
        before = sum(app.state.traffic.counts.values())

        with pytest.raises(UsageError, match="is closed"):
            await pbx.list_boxes()

        assert sum(app.state.traffic.counts.values()) == before


def test_the_time_of_a_backup_has_a_time_zone() -> None:
    with pytest.raises(UsageError, match="time zone"):
        BackupSettings(folder=Path("nights"), now=datetime(2026, 11, 23, 2, 15))  # noqa: DTZ001  (that is the mistake)


def test_the_time_of_a_backup_in_another_zone_is_converted_to_utc() -> None:
    elsewhere = datetime(2026, 11, 23, 2, 15, tzinfo=timezone(timedelta(hours=-5)))

    night = BackupSettings(folder=Path("nights"), now=elsewhere)

    assert (night.now, night.now.tzinfo) == (elsewhere, UTC)
