"""Options that several commands share."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol

import click

from bulkvm.cli.connection import Connection, Trust, open_site
from bulkvm.cli.console import Command, Console
from bulkvm.cli.main import current_streams
from bulkvm.columns import COLUMN_OF_HEADER
from bulkvm.columns.header_matching import same_heading
from bulkvm.model.problem import Problem
from bulkvm.model.settings import DEFAULT_PIN_POLICY, DEFAULT_SETTINGS, PinPolicy, SendSettings, parse_pin_length
from bulkvm.model.tenant import Tenant

if TYPE_CHECKING:
    from bulkvm.model.sheet import Sheet
    from bulkvm.validation import Checked

_LEADING_ZEROS: Final = "leading-zeros"
_UNITS: Final = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_DURATION: Final = re.compile(r"([0-9]{1,5})([smhd])")

SHEET_ARGUMENT: Final = click.argument("file", type=click.Path(path_type=Path, allow_dash=True))


class Duration(click.ParamType[timedelta]):
    """A length of time: 90s, 10m, 36h or 90d."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> timedelta:
        """Read it."""
        if isinstance(value, timedelta):
            return value
        found = _DURATION.fullmatch(value.strip())
        if not found:
            self.fail(f'"{value}" is no length of time. Write it as 90s, 10m, 36h or 7d.', param, ctx)
        return timedelta(**{_UNITS[found[2]]: int(found[1])})


DURATION: Final = Duration()
OVERWRITE_OPTION: Final = click.option("--overwrite", is_flag=True, help="Replace a file that exists already.")
SITE_OPTION: Final = click.option(
    "--site",
    metavar="NAME",
    envvar="BULKVM_SITE",
    help="Which of `bulkvm sites`; `simulator` for the PBX built in here.",
)
KEEP_UNSEEN_OPTION: Final = click.option(
    "--keep-unseen",
    is_flag=True,
    help="Leave what the PBX does not show, such as PINs, as it is, in place of sending it.",
)
MAX_CHANGES_OPTION: Final = click.option(
    "--max-changes",
    metavar="N|N%",
    envvar="BULKVM_MAX_CHANGES",
    default="30%",
    show_default=True,
    help="Refuse to change more of the existing boxes than this.",
)


class OpenNamed(Protocol):
    """Opens the PBX of a name; without one, what the variables describe, or the only site."""

    def __call__(self, name: str | None, /, *, secret_needed: bool = True) -> Connection:
        """Open it, as the options say."""


@dataclass(frozen=True, slots=True)
class Reading:
    """How a sheet is to be read and checked; `pin_policy` is the user's own, None where the PBX decides."""

    sheet: str | None
    encoding: str | None
    meant: Mapping[str, str]
    fix: tuple[str, ...]
    only_failed: bool = False
    pin_policy: PinPolicy | None = None

    def read(self, file: Path, console: Console) -> "Sheet":
        """Read the sheet of a file."""
        with console.progress("Reading the sheet"):
            from bulkvm.readers import read_sheet

            sheet = read_sheet(file, sheet=self.sheet, encoding=self.encoding, heading_map=self.meant)
            check_backup(sheet)
            return sheet

    def check(self, sheet: "Sheet", console: Console, policy: PinPolicy = DEFAULT_PIN_POLICY) -> "Checked":
        """Check a sheet that was read, or those of its rows that are asked for; the user's own policy comes first."""
        with console.progress("Checking the rows"):
            from bulkvm.validation import select_failed, validate

            checked = validate(sheet, self.pin_policy or policy, fix_zeros=_LEADING_ZEROS in self.fix)
            return select_failed(sheet, checked) if self.only_failed else checked


def check_backup(sheet: "Sheet") -> None:
    """Make sure that a backup is what its manifest says; nothing else has one beside it.

    Raises:
        SheetError: it was changed or damaged.
    """
    if sheet.path.with_suffix(".manifest.json").exists():
        from bulkvm.backup import check_backup as check  # which is slow to come

        check(sheet)


def warn_of_other_tenant(sheet: "Sheet", tenant: Tenant) -> tuple[Problem, ...]:
    """Say of a backup that it is not of the tenant that is meant."""
    if sheet.path.with_suffix(".manifest.json").exists():
        from bulkvm.backup import warn_of_other_tenant as warn  # which is slow to come

        return tuple(filter(None, [warn(sheet, tenant)]))
    return ()


def sheet_options(command: Command) -> Command:
    """Give a command the options about how a sheet is read, and a `reading` made of them."""

    @click.option("--sheet", metavar="NAME", help="The sheet of the workbook to read.")
    @click.option("--encoding", metavar="NAME", help="The encoding of a CSV file, such as cp1252.")
    @click.option(
        "--map",
        "meant",
        metavar='"HEADING=COLUMN"',
        multiple=True,
        callback=_parse_meant,
        help='What a heading of theirs means, such as "Code=pin". May be given several times.',
    )
    @click.option(
        "--fix",
        type=click.Choice([_LEADING_ZEROS]),
        multiple=True,
        help="Put back the zero in front of PINs that a spreadsheet took for numbers.",
    )
    @click.option("--only-failed", is_flag=True, help="Take only the rows that an earlier run did not do.")
    @click.option(
        "--pin-length",
        "pin_policy",
        metavar="MIN-MAX",
        envvar="BULKVM_PIN_LENGTH",
        callback=_parse_pin_length,
        help="How many digits a PIN may have, whatever the PBX's password policy says, such as 6-10.",
    )
    @wraps(command)
    def with_reading(
        *,
        sheet: str | None,
        encoding: str | None,
        meant: Mapping[str, str],
        fix: tuple[str, ...],
        only_failed: bool,
        pin_policy: PinPolicy | None,
        **options: Any,
    ) -> int:
        return command(reading=Reading(sheet, encoding, meant, fix, only_failed, pin_policy), **options)

    return with_reading


def site_options(command: Command) -> Command:
    """Give a command the options about the PBX, the choice of one among them, and a `connection` made of them."""
    return SITE_OPTION(connection_options(command))


def connection_options(command: Command) -> Command:
    """Give a command that takes a `site` the options about the PBX, and a `connection` made of both."""

    @calling_options
    @wraps(command)
    def with_connection(*, site: str | None, open_named: OpenNamed, **options: Any) -> int:
        return command(connection=open_named(site), **options)

    return with_connection


def calling_options(command: Command) -> Command:
    """Give a command the options about how a PBX is called, and an `open_named` that opens one like that."""

    @_setting("--concurrency", click.IntRange(1, 256), "Requests under way at once, at most.")
    @click.option(
        "--max-rps",
        type=click.FloatRange(0, 100_000),
        envvar="BULKVM_MAX_RPS",
        help=f"Requests a second, at most; 0 for no limit.  [default: {DEFAULT_SETTINGS.max_rps:.0f}]",
    )
    @_setting("--timeout", click.FloatRange(0.1, 3600), "Seconds that one request may take.")
    @_setting("--retries", click.IntRange(1, 100), "How often one request is sent, where that is safe.")
    @_setting("--max-outage", click.FloatRange(0, 86_400), "Seconds to wait for a PBX that went away.")
    @trust_options
    @wraps(command)
    def with_open_named(
        *,
        concurrency: int,
        max_rps: float | None,
        timeout: float,
        retries: int,
        max_outage: float,
        trust: Trust,
        **options: Any,
    ) -> int:
        def open_named(site: str | None, /, *, secret_needed: bool = True) -> Connection:
            settings = SendSettings(
                concurrency=concurrency,
                max_rps=_pace(site) if max_rps is None else max_rps,
                timeout=timeout,
                retries=retries,
                max_outage=max_outage,
            )
            return open_site(site, settings, trust, secret_needed=secret_needed)

        return command(open_named=open_named, **options)

    return with_open_named


NO_CANARY_OPTION: Final = click.option(
    "--no-canary",
    is_flag=True,
    help="Do not end the run where the first box reads back otherwise than it was sent.",
)


def trust_options(command: Command) -> Command:
    """Give a command the options about how a PBX is trusted, and a `trust` made of them."""

    @click.option(
        "--ca-file",
        type=click.Path(resolve_path=True),
        metavar="FILE",
        envvar="BULKVM_CA_FILE",
        help="A .pem file: trust what it holds.",
    )
    @click.option("--insecure", is_flag=True, envvar="BULKVM_INSECURE", help="Trust whoever answers. Dangerous.")
    @click.option(
        "--allow-http", is_flag=True, envvar="BULKVM_ALLOW_HTTP", help="Let the login and the PINs travel in the clear."
    )
    @wraps(command)
    def with_trust(*, ca_file: str | None, insecure: bool, allow_http: bool, **options: Any) -> int:
        if insecure:
            current_streams().info(
                "WARNING: --insecure: the PBX's certificate is not checked. Whoever stands in between reads the login "
                "and every PIN, and can change them."
            )
        return command(trust=Trust(ca_file or None, insecure, allow_http), **options)

    return with_trust


def _setting(option: str, kind: click.ParamType[Any], text: str) -> Callable[[Command], Command]:
    """An option that sets what DEFAULT_SETTINGS has under its name."""
    name = option.removeprefix("--").replace("-", "_")
    return click.option(
        option,
        type=kind,
        default=getattr(DEFAULT_SETTINGS, name),
        envvar=f"BULKVM_{name.upper()}",
        show_default=True,
        help=text,
    )


def _pace(site: str | None) -> float:
    """Requests a second, where the user does not say: the embedded PBX carries no calls that could suffer."""
    from bulkvm.sites import SIMULATOR

    return 0 if site == SIMULATOR else DEFAULT_SETTINGS.max_rps


def _parse_pin_length(_context: click.Context, _parameter: click.Parameter, given: str | None) -> PinPolicy | None:
    return parse_pin_length(given) if given is not None else None


def _parse_meant(_context: click.Context, _parameter: click.Parameter, given: tuple[str, ...]) -> Mapping[str, str]:
    meant: dict[str, str] = {}
    for text in given:
        heading, _, header = (part.strip() for part in text.rpartition("="))
        if not heading or header.casefold() not in COLUMN_OF_HEADER:
            raise click.BadParameter(
                f'"{text}" does not name a column of ours. Write "Their heading=pin", '
                f"with one of {', '.join(COLUMN_OF_HEADER)}."
            )
        if any(same_heading(heading, other) and meant[other] != header.casefold() for other in meant):
            raise click.BadParameter(f'"{heading}" is given two meanings. A heading can have one.')
        meant[heading] = header.casefold()
    return meant
