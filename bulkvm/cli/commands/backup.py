"""`bulkvm backup` and `bulkvm backup verify`."""

import asyncio
import os
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NoReturn

import click
from click.core import ParameterSource

from bulkvm.cli.console import Command, Console, console_options
from bulkvm.cli.options import DURATION, SITE_OPTION, OpenNamed, calling_options
from bulkvm.files import warn_of_shared_folder
from bulkvm.model.errors import BackupNotProven, BulkvmError, UsageError
from bulkvm.paths import sites_file
from bulkvm.sites import read_sites

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from bulkvm.backup import BackupSettings, Manifest
    from bulkvm.cli.connection import Connection

_SITES_AT_ONCE: Final = 8


@click.command("verify")
@click.argument("folder", metavar="DIR", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option(
    "--max-age",
    type=DURATION,
    metavar="TIME",
    help="Exit code 8 where a site's newest good backup is older than this, such as 36h.",
)
@console_options
def verify_command(folder: Path, *, max_age: timedelta | None, console: Console) -> int:
    """Check every backup in DIR against its manifest, offline. Nothing is changed there."""
    from bulkvm.backup import verify
    from bulkvm.reports.text.problem_text import count

    now = datetime.now(UTC)
    verified = verify(folder, now=now)
    for file, damage in verified.damaged.items():
        console.always(f"{file}: {damage}", fg="red")
    good = len(verified.intact) - len(verified.suspect)
    suspect = f", and {len(verified.suspect)} kept as suspect" if verified.suspect else ""
    console.info(f"As written: {count(good, 'good backup')}{suspect}, in {folder}.")
    for file in verified.future:
        console.always(f"{file}: it is dated later than now, so a clock was wrong. It does not count as the newest.")
    late = [
        _say_newest(site, time, None if max_age is None else now - max_age, console)
        for site, time in sorted(verified.newest.items())
    ]
    if not good:
        raise BackupNotProven(f"There is no good backup in {folder}.")
    return BackupNotProven.exit_code if verified.damaged or any(late) else 0


def _say_newest(site: str, time: datetime | None, oldest: datetime | None, console: Console) -> bool:
    """Say when the newest good backup of a site was made; True where it is older than it may be."""
    is_late = oldest is not None and (time is None or time < oldest)
    if time:
        text = f"The newest of {site} was made on {time:%Y-%m-%d at %H:%M} UTC."
    else:
        text = f"{site} has no good backup that is not dated later than now."
    if is_late:
        advice = "Find out why there is none since, or move these away if no more are to come."
        console.always(f"{text} That is too long ago. {advice}" if time else f"{text} {advice}", fg="red")
    else:
        console.info(text)
    return is_late


class _Backup(click.Command):
    """A command whose first argument may be the name of another one."""

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        if args[:1] == ["verify"]:
            return verify_command.make_context(f"{info_name} verify", args[1:], parent, **extra)
        return super().make_context(info_name, args, parent, **extra)


def _keep_option(name: str, text: str) -> "Callable[[Command], Command]":
    return click.option(name, type=click.IntRange(1), metavar="N", default=None, help=text)


@click.command("backup", cls=_Backup)
@click.argument("folder", metavar="DIR", type=click.Path(file_okay=False, path_type=Path))
@SITE_OPTION
@click.option("--all-sites", is_flag=True, help="Every one of `bulkvm sites`, several at once.")
@calling_options
@_keep_option("--keep", "Remove all but the last N backups.")
@_keep_option("--keep-daily", "Keep the last backup of each of the last N days that have one.")
@_keep_option("--keep-weekly", "The same for weeks.")
@_keep_option("--keep-monthly", "The same for months.")
@click.option(
    "--lock-timeout",
    type=DURATION,
    default="10m",
    show_default=True,
    metavar="TIME",
    help="How long to wait while another backup is at work in DIR.",
)
@click.option("--force", is_flag=True, help="Accept that there are far fewer boxes than in the last backup.")
@console_options
def command(
    folder: Path,
    *,
    site: str | None,
    all_sites: bool,
    open_named: OpenNamed,
    keep: int | None,
    keep_daily: int | None,
    keep_weekly: int | None,
    keep_monthly: int | None,
    lock_timeout: timedelta,
    force: bool,
    console: Console,
) -> int:
    """Back up all boxes of the PBX to a new file in DIR that was read back and proven. Silent when all is well.

    Backups are only removed if a --keep option says so, after a good one, and never the newest good one. To restore,
    import the file. `bulkvm backup verify DIR` checks all files against their manifests.
    """
    from bulkvm.backup import BackupSettings, Keep

    rules = Keep(last=keep or 0, daily=keep_daily or 0, weekly=keep_weekly or 0, monthly=keep_monthly or 0)
    night = BackupSettings(
        folder=folder, now=datetime.now(UTC), keep=rules, force=force, lock_timeout=lock_timeout.total_seconds()
    )
    if all_sites and click.get_current_context().get_parameter_source("site") is ParameterSource.COMMANDLINE:
        raise UsageError("--all-sites and --site exclude each other. Leave one of them out.")
    warn_of_shared_folder(folder, "backups")
    if all_sites:
        return _back_up_all(open_named, night, console)
    connection = open_named(site)
    return _tell(asyncio.run(back_up_sites({connection.site.name: lambda: connection}, night)), console)


# What says who logs in at one PBX.
_OF_ONE_SITE: Final = ("BULKVM_URL", "BULKVM_TOKEN", "BULKVM_USER", "BULKVM_DOMAIN", "BULKVM_PASSWORD")


def _back_up_all(open_named: OpenNamed, night: "BackupSettings", console: Console) -> int:
    names = sorted(read_sites(sites_file()))
    if not names:
        raise UsageError("There are no sites to back up. Set one up with `bulkvm login NAME`.")
    if len(names) > 1 and (told := [name for name in _OF_ONE_SITE if os.environ.get(name)]):
        raise UsageError(
            f"{' and '.join(told)} would go to all of the {len(names)} sites, and one PBX's login must not be shown to "
            "another. Keep each site's secret in the keyring (`bulkvm login NAME`), or name a password_file or "
            "password_command for each; or back up site by site."
        )
    # One after the other, before the first backup: a password may have to be typed, and a command for it is waited for.
    ended = asyncio.run(back_up_sites({name: _opened(open_named, name) for name in names}, night))
    code = _tell(ended, console)
    failed = sum(isinstance(end, Exception) for end in ended.values())
    console.info(f"{len(names)} sites: {len(names) - failed} backed up, {failed} not.")
    return code


def _opened(open_named: OpenNamed, name: str) -> "Callable[[], Connection]":
    """A site that is open already; or one that fails when its turn comes, so that the others are backed up."""
    try:
        connection = open_named(name)
    except Exception as error:  # noqa: BLE001  (not even a fault of ours at one site may stop the others)
        return partial(_fail, error)
    return lambda: connection


def _fail(error: Exception) -> NoReturn:
    raise error


async def back_up_sites(
    sites: "Mapping[str, Callable[[], Connection]]", night: "BackupSettings"
) -> "dict[str, Manifest | Exception]":
    """Back up several sites, some at once. What fails at one stops no other.

    Returns:
        What became of each, by the site's name.
    """
    from bulkvm.backup import back_up
    from bulkvm.pbx import in_parallel

    ended: dict[str, Manifest | Exception] = {}

    async def one(name: str) -> None:
        try:
            connection = sites[name]()
            async with connection.open() as pbx:
                ended[name] = await back_up(pbx, connection.site, night)
        except Exception as error:  # noqa: BLE001  (not even a fault of ours at one site may stop the others)
            ended[name] = error

    await in_parallel(sites, one, _SITES_AT_ONCE)
    return {name: ended[name] for name in sites}


def _tell(ended: "Mapping[str, Manifest | Exception]", console: Console) -> int:
    """Say of each site, in one line, what went wrong; the worst exit code."""
    from bulkvm.reports.export_file import describe_not_shown

    for name, end in ended.items():
        if isinstance(end, BulkvmError):
            outcome = "" if isinstance(end, BackupNotProven) else "No backup was made. "  # or it says what became of it
            console.always(f"{name}: {outcome}{' '.join(str(end).split())}", fg="red")
        elif not isinstance(end, Exception):
            if end.not_shown:
                console.info(f"{name}: {describe_not_shown(end.not_shown)}, so the backup lacks them.")
            for number, n in end.same_number.items():
                console.info(f"{name}: {n} boxes have the number {number}. Remove all but one on the PBX.")
    errors = [end for end in ended.values() if isinstance(end, Exception)]
    for error in errors:
        if not isinstance(error, BulkvmError):
            raise error
    return max((error.exit_code for error in errors if isinstance(error, BulkvmError)), default=0)
