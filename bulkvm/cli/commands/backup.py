"""`bulkvm backup` and `bulkvm backup verify`."""

import os
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final, NoReturn

import click

from bulkvm.cli.command_group import ArgumentOrSubcommand, CommandGroup
from bulkvm.cli.command_help import DocumentedCommand
from bulkvm.cli.console import Command, Console, console_options
from bulkvm.cli.file_arguments import FolderPath
from bulkvm.cli.main import current_streams
from bulkvm.cli.number_types import WholeNumber
from bulkvm.cli.options import ALL_TENANTS_OPTION, DURATION, SITE_OPTION, OpenNamed, calling_options, check_together
from bulkvm.cli.streams import name_site
from bulkvm.files.storage import Store
from bulkvm.model.errors import BackupNotProven, BulkvmError, UsageError
from bulkvm.model.exit_codes import ExitCode
from bulkvm.model.settings import Site
from bulkvm.model.shard import Shard, parse_shard
from bulkvm.paths import sites_file
from bulkvm.sites import read_sites, run_commands
from bulkvm.text import count, join_limited

if TYPE_CHECKING:
    from bulkvm.backup import Verified
    from bulkvm.jobs.back_up_sites import BackupReport
    from bulkvm.jobs.connection import Connection

# The variables that describe the login at one PBX.
_LOGIN_VARIABLES: Final = (
    "BULKVM_URL",
    "BULKVM_TOKEN",
    "BULKVM_USER",
    "BULKVM_DOMAIN",
    "BULKVM_PASSWORD",
)


_MOST_NAMED: Final = 20  # tenants


def _keep_option(name: str, text: str) -> Callable[[Command], Command]:
    return click.option(name, type=WholeNumber(1, example=30), metavar="N", default=None, help=text)


def _parse_shard(_context: click.Context, _parameter: click.Parameter, given: str | None) -> Shard | None:
    return parse_shard(given) if given is not None else None


@click.group(
    "backup",
    cls=CommandGroup,
    examples=(
        ("bulkvm backup /var/backups/pbx --all-sites --keep-daily 30 -q", "For cron: all sites, 30 days."),
        ("bulkvm backup /var/backups/pbx --all-tenants --site provider", "The same for all tenants of a provider."),
        ("bulkvm backup s3://bucket/pbx --all-sites --shard 3/20", "The third of 20 machines that share a bucket."),
        ("bulkvm backup verify /var/backups/pbx --max-age 36h", "For monitoring: code 8 if there is no good backup."),
    ),
    exit_codes=(
        ExitCode.DONE,
        ExitCode.USAGE,
        ExitCode.LOGIN,
        ExitCode.PBX,
        ExitCode.BACKUP,
        ExitCode.INTERRUPTED,
    ),
)
@click.argument("folder", cls=ArgumentOrSubcommand, metavar="DIR", type=FolderPath(file_okay=False, path_type=Path))
@SITE_OPTION
@click.option("--all-sites", is_flag=True, help="Back up all sites of `bulkvm sites`, several at once.")
@ALL_TENANTS_OPTION
@click.option(
    "--shard",
    metavar="I/N",
    callback=_parse_shard,
    help="With --all-sites or --all-tenants: only the PBXs whose host is in share I of N, such as 3/20.",
)
@calling_options
@_keep_option("--keep", "Keep the last N backups.")
@_keep_option("--keep-daily", "Keep the last backup of each of the last N days that have one.")
@_keep_option("--keep-weekly", "Keep the last backup of each of the last N weeks that have one.")
@_keep_option("--keep-monthly", "Keep the last backup of each of the last N months that have one.")
@click.option(
    "--lock-timeout",
    type=DURATION,
    default="10m",
    show_default=True,
    metavar="TIME",
    help="How long to wait for another backup into DIR.",
)
@click.option("--force", is_flag=True, help="Accept far fewer boxes than in the last backup.")
@console_options
def command(
    folder: Path | Store,
    *,
    site: str | None,
    all_sites: bool,
    all_tenants: bool,
    shard: Shard | None,
    open_named: OpenNamed,
    keep: int | None,
    keep_daily: int | None,
    keep_weekly: int | None,
    keep_monthly: int | None,
    lock_timeout: timedelta,
    force: bool,
    console: Console,
) -> int:
    """Back up all boxes of the PBX to a new, verified file in DIR.

    Prints nothing on success; with --all-sites or --all-tenants a line of counts, which --quiet omits.

    A manifest beside the file has its site, tenant, time, PBX, number of boxes and SHA-256. `bulkvm backup verify DIR`
    checks all files against their manifests. To restore a backup, import its file.

    Old backups are removed only with a --keep option and after a successful backup, and never the newest good one.

    DIR is a folder, or the URL of one in a store: s3://, gs://, az:// or sftp://, with `pip install "bulkvm[s3]"` or
    the extra gcs, azure or sftp. The store's login is read from its usual variables and files.
    """
    from bulkvm.backup import BackupSettings, Keep
    from bulkvm.jobs.back_up_sites import back_up_sites, back_up_tenants

    check_together({"--all-sites": all_sites, "--all-tenants": all_tenants and not all_sites})
    settings = BackupSettings(
        folder=folder,
        now=datetime.now(UTC),
        keep=Keep(last=keep or 0, daily=keep_daily or 0, weekly=keep_weekly or 0, monthly=keep_monthly or 0),
        force=force,
        lock_timeout=lock_timeout.total_seconds(),
    )
    if shard and not (all_sites or all_tenants):
        raise UsageError("--shard is a share of all sites or tenants. Add --all-sites or --all-tenants, or omit it.")
    if all_sites:
        report = back_up_sites(_open_all(open_named, shard, all_tenants=all_tenants), settings, all_tenants=all_tenants)
        return _show_report(report, console, of="tenant" if all_tenants else "site")
    connection = open_named(site)
    if shard and not shard.has(connection.site.url):
        return _skip(connection.site, shard, console)
    if all_tenants:
        return _show_report(back_up_tenants(connection, settings), console, of="tenant")
    return _show_report(back_up_sites({connection.site.name: lambda: connection}, settings), console)


def _skip(site: Site, shard: Shard, console: Console) -> int:
    """Report that a PBX is in another shard."""
    theirs = shard.of_same_count(site.url)
    console.info(f"The PBX of {site.name} is in shard {theirs}, so shard {shard} backs up no tenants.")
    return ExitCode.DONE


@command.command(
    "verify",
    cls=DocumentedCommand,
    exit_codes=(ExitCode.DONE, ExitCode.USAGE, ExitCode.BACKUP),
    short_help="Check all backups against their manifests.",
)
@click.argument("folder", metavar="DIR", type=FolderPath(exists=True, file_okay=False, path_type=Path))
@click.option(
    "--max-age",
    type=DURATION,
    metavar="TIME",
    help="Exit with code 8 if the newest good backup of a site is older than this, such as 36h.",
)
@console_options
def verify_command(folder: Path | Store, *, max_age: timedelta | None, console: Console) -> int:
    """Check every backup in DIR, and in the folders of sites in it, against its manifest. Nothing is changed."""
    from bulkvm.backup import verify_all

    now = datetime.now(UTC)
    oldest = None if max_age is None else now - max_age
    codes = [
        _show_verified(place, verified, oldest, console) for place, verified in verify_all(folder, now=now).items()
    ]
    return max(codes)


def _show_verified(
    folder: Path | Store, verified: "Verified | BackupNotProven", oldest: datetime | None, console: Console
) -> int:
    """Print what was found in a folder, and return the exit code."""
    if isinstance(verified, BackupNotProven):
        console.always(str(verified), fg="red")
        return verified.exit_code
    for file, damage in verified.damaged.items():
        console.always(f"{file}: {damage}", fg="red")
    # A sentence that ends in `..` or `...` cannot be read.
    place = folder.resolve() if isinstance(folder, Path) and folder.name in {"", ".."} else folder
    good = len(verified.intact) - len(verified.suspect)
    suspect = f" and {len(verified.suspect)} marked as suspect" if verified.suspect else ""
    console.info(f"Intact: {count(good, 'good backup')}{suspect}, in {place}.")
    for file in verified.future:
        console.always(f"{file}: dated in the future, so a clock was wrong. It does not count as the newest backup.")
    late = [_show_newest(site, time, oldest, console) for site, time in sorted(verified.newest.items())]
    if not good:
        console.always(f"There is no good backup in {place}.", fg="red")
    for site in verified.without_good if good else ():
        advice = "If its list of boxes is right, back it up once with --force."
        console.always(f"{site} has no good backup: all of its backups are marked as suspect. {advice}", fg="red")
    is_bad = verified.damaged or verified.without_good or any(late) or not good
    return BackupNotProven.exit_code if is_bad else ExitCode.DONE


def _show_newest(site: str, time: datetime | None, oldest: datetime | None, console: Console) -> bool:
    """Print when the newest good backup of a site was made; return whether it is older than `oldest`."""
    is_late = oldest is not None and (time is None or time < oldest)
    if time:
        text = f"The newest good backup of {site} is of {time:%Y-%m-%d %H:%M} UTC."
    else:
        text = f"{site} has no good backup that is not dated in the future."
    if is_late:
        advice = "Find out why there is no newer one, or move these files away if the site is no longer backed up."
        console.always(f"{text} That is older than --max-age. {advice}" if time else f"{text} {advice}", fg="red")
    else:
        console.info(text)
    return is_late


def _open_all(
    open_named: OpenNamed, shard: Shard | None, *, all_tenants: bool
) -> dict[str, "Callable[[], Connection]"]:
    """Open all sites of a shard, one by one before the first backup, since a password may have to be typed.

    Passwords are fetched several at once, so that a command that hangs does not delay all sites.

    Raises:
        UsageError: there are no sites, or a variable holds a login that would go to several of them.
    """
    sites = read_sites(sites_file())
    names = sorted(sites)
    if not names:
        raise UsageError("There are no sites to back up. Set one up with `bulkvm login NAME`.")
    if len(names) > 1 and (given := [name for name in _LOGIN_VARIABLES if os.environ.get(name)]):
        raise UsageError(
            f"{' and '.join(given)} would be sent to all {len(names)} sites, but a login must only be sent to its own "
            "PBX. Keep each site's secret in the keyring (`bulkvm login NAME`), or name a password_file or "
            "password_command for each, or back up one site at a time."
        )
    ours = [name for name in names if not shard or shard.has(_url_of(sites, name))]
    commands = [command for name in ours if (command := _password_command(sites, name))]
    opening = partial(open_named, printed=run_commands(commands) if len(commands) > 1 else None)
    connections = {name: _open(opening, name, all_tenants=all_tenants) for name in ours}
    current_streams().site = None  # messages are about several
    return connections


def _password_command(sites: Mapping[str, Site], name: str) -> tuple[str, ...] | None:
    """The password command of a site; none if its settings are not valid."""
    try:
        return sites[name].password_command
    except UsageError:
        return None


def _url_of(sites: Mapping[str, Site], name: str) -> str:
    """The address of a site; none if its settings are not valid, which the shard that has it reports."""
    try:
        return sites[name].url
    except UsageError:
        return ""


def _open(opening: Callable[[str], "Connection"], name: str, *, all_tenants: bool) -> "Callable[[], Connection]":
    """Open a site; a failure is raised when its turn comes, so that the other sites are backed up."""
    try:
        connection = opening(name)
    except Exception as error:  # noqa: BLE001  (not even a bug at one site may stop the others)
        return partial(_fail, error)
    if connection.site.is_administrator and not (all_tenants or connection.site.switch_to):
        return partial(
            _fail,
            UsageError(
                f"The login of {name} is a system administrator's, which reaches every tenant. Add --all-tenants, or "
                f"choose one tenant for the site with `bulkvm login {name} --tenant DOMAIN`."
            ),
        )
    return lambda: connection


def _fail(error: Exception) -> NoReturn:
    raise error


def _show_report(report: "BackupReport", console: Console, of: str = "") -> int:
    """Print one line for each site where something went wrong, and return the exit code.

    Args:
        report: the report.
        console: where it is printed.
        of: what was backed up, for a summary: site or tenant. Without it, there is none.

    Raises:
        Exception: a bug at one of the sites.
    """
    from bulkvm.reports.export_file import describe_not_shown

    for name, end in report.by_site.items():
        if isinstance(end, BulkvmError):
            outcome = "" if isinstance(end, BackupNotProven) else "No backup was made. "  # else the message contains it
            text = str(end) if console.streams.site else name_site(str(end), name)
            console.always(f"{name}: {outcome}{' '.join(text.split())}", fg="red")
        elif isinstance(end, Exception):
            console.always(f"{name}: No backup was made because of an internal error.", fg="red")
        else:
            if end.not_shown:
                console.info(f"{name}: {describe_not_shown(end.not_shown)}, so the backup does not contain them.")
            for number, n in end.same_number.items():
                console.info(f"{name}: {n} boxes have the number {number}. Remove all but one on the PBX.")
    _show_summary(report, console, of)
    for error in report.errors:
        if not isinstance(error, BulkvmError):
            raise error
    return report.exit_code


def _show_summary(report: "BackupReport", console: Console, of: str) -> None:
    """Print which tenants are no longer listed, and a summary of several sites or tenants."""
    if report.former:
        names = join_limited(report.former, _MOST_NAMED)
        console.always(f"The PBX no longer lists tenants that have backups: {names}. Their files are kept.")
    for former, name in report.renamed.items():
        console.info(f"The domain of {former} is now {name}. Its earlier backups count as those of {name}.")
    if repeated := report.repeated:
        several = "1 tenant is" if len(repeated) == 1 else f"{len(repeated)} tenants are"
        names = join_limited([" and ".join(names) for names in repeated], _MOST_NAMED)
        console.info(f"{several} backed up more than once, since several sites reach the same PBX: {names}.")
    if report.loss:
        console.always(str(report.loss), fg="red")
    if of:
        total, failed = len(report.by_site), len(report.errors)
        disabled = f", {len(report.disabled)} disabled ({join_limited(report.disabled, _MOST_NAMED)})"
        console.info(
            f"{count(total, of)}: {total - failed} backed up, {failed} failed{disabled if report.disabled else ''}."
        )
