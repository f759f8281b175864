"""Options that several commands share."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import wraps
from typing import Any, Final, Protocol

import click
from click.core import ParameterSource

from bulkvm.cli.completers import complete_sites
from bulkvm.cli.console import Command
from bulkvm.cli.file_arguments import SheetPath
from bulkvm.cli.main import current_streams
from bulkvm.cli.number_types import Duration, NumberOrNone, Seconds, WholeNumber
from bulkvm.cli.site_access import Printed, RateOptions, Trust, open_site
from bulkvm.columns import COLUMN_OF_HEADER
from bulkvm.columns.header_matching import heading_key
from bulkvm.jobs.connection import Connection
from bulkvm.jobs.sheet_options import DEFAULT_MAX_CHANGES, PlanOptions, SheetOptions
from bulkvm.model.errors import UsageError
from bulkvm.model.settings import DEFAULT_SETTINGS, PinPolicy, SendSettings, parse_limit, parse_pin_length
from bulkvm.readers.other_systems.recognition import describe_unknown
from bulkvm.readers.other_systems.systems import SYSTEM_NAMES

_LEADING_ZEROS: Final = "leading-zeros"


class _SystemName(click.Choice[str]):
    """The name of a phone system; a message about another one names the system whose export is most like its own."""

    def get_invalid_choice_message(self, value: Any, ctx: click.Context | None) -> str:  # noqa: ARG002  (of the base class)
        """Describe a name that is not in the table."""
        return describe_unknown(str(value))


SHEET_ARGUMENT: Final = click.argument("file", type=SheetPath())
DURATION: Final = Duration()
ALL_TENANTS_OPTION: Final = click.option(
    "--all-tenants",
    is_flag=True,
    is_eager=True,  # the argument of `diff` depends on it
    help="All enabled tenants of the site, several at once, with a system administrator's login.",
)
JSON_OPTION: Final = click.option("--json", "as_json", is_flag=True, help="Print one JSON document on standard output.")
OVERWRITE_OPTION: Final = click.option("--overwrite", is_flag=True, help="Replace an existing file.")
SITE_OPTION: Final = click.option(
    "--site",
    metavar="NAME",
    envvar="BULKVM_SITE",
    shell_complete=complete_sites,
    help="The site to use, as in `bulkvm sites`; `simulator` for the built-in PBX.",
)
TENANT_OPTION: Final = click.option(
    "--tenant",
    metavar="DOMAIN",
    envvar="BULKVM_TENANT",
    help="The domain or id of the tenant, for a system administrator's login; see `bulkvm tenants`.",
)
_FIX_OPTION: Final = click.option(
    "--fix",
    type=click.Choice([_LEADING_ZEROS]),
    multiple=True,
    help="Restore the leading zeros that PINs lost in a spreadsheet.",
)
SHEET_OPTION: Final = click.option(
    "--sheet", metavar="NAME", help="The sheet of the workbook to read; of a voicemail.conf, the context."
)
FROM_OPTION: Final = click.option(
    "--from",
    "system",
    metavar="SYSTEM",
    type=_SystemName(SYSTEM_NAMES, case_sensitive=False),
    help=f"Read the file as another phone system's export: {', '.join(SYSTEM_NAMES[:-1])} or {SYSTEM_NAMES[-1]}.",
)
NO_CANARY_OPTION: Final = click.option(
    "--no-canary",
    is_flag=True,
    help="Continue even if the first box reads back differently from what was sent.",
)


class OpenNamed(Protocol):
    """Opens the site with a name, as `open_site`, with the settings of the options."""

    def __call__(
        self, name: str | None, /, *, secret_needed: bool = True, printed: Printed | None = None
    ) -> Connection:
        """Open it."""


def _note_site() -> None:
    """Note the --site and --tenant of the current command for the commands in its messages."""
    context = click.get_current_context()
    names = [n for n in ("site", "tenant") if context.get_parameter_source(n) is ParameterSource.COMMANDLINE]
    current_streams().site_options = [(name, context.params[name]) for name in names]


def sheet_options(command: Command) -> Command:
    """Add the options about reading a sheet to a command, and pass it a `reading` made of them."""

    @SHEET_OPTION
    @click.option("--encoding", metavar="NAME", help="The encoding of a CSV file, such as cp1252.")
    @click.option(
        "--map",
        "heading_map",
        metavar='"HEADING=COLUMN"',
        multiple=True,
        callback=_parse_heading_map,
        help='Read a heading as a column, such as "Code=pin"; "Code=" ignores it. May be repeated: several headings '
        "for name or recipients are joined.",
    )
    @FROM_OPTION
    @_FIX_OPTION
    @click.option("--only-failed", is_flag=True, help="Read only the rows that an earlier run did not complete.")
    @click.option(
        "--pin-length",
        "pin_policy",
        metavar="MIN-MAX",
        envvar="BULKVM_PIN_LENGTH",
        callback=_parse_pin_length,
        help="The number of digits in a PIN, such as 6-10. Overrides the PBX's password policy.",
    )
    @wraps(command)
    def with_reading(
        *,
        sheet: str | None,
        encoding: str | None,
        heading_map: Mapping[str, str],
        system: str | None,
        fix: tuple[str, ...],
        only_failed: bool,
        pin_policy: PinPolicy | None,
        **options: Any,
    ) -> int:
        reading = SheetOptions(
            sheet=sheet,
            encoding=encoding,
            heading_map=heading_map,
            system=system,
            fix_zeros=_LEADING_ZEROS in fix,
            only_failed=only_failed,
            pin_policy=pin_policy,
        )
        return command(reading=reading, **options)

    return with_reading


def plan_options(command: Command) -> Command:
    """Add the options about reading and planning a sheet to a command, and pass it `options` made of them."""

    @sheet_options
    @click.option("--generate-pins", is_flag=True, help="Generate a PIN for each box that needs one and has none.")
    @click.option(
        "--replace-pins",
        is_flag=True,
        help="Generate a PIN for each new box whose PIN the PBX's rules refuse. Existing boxes keep their PINs.",
    )
    @click.option("--skip-invalid", is_flag=True, help="Skip invalid rows instead of refusing the sheet.")
    @click.option(
        "--skip-taken",
        is_flag=True,
        help="Leave out rows whose number belongs to something else on the PBX, such as a user.",
    )
    @click.option("--keep-unseen", is_flag=True, help="Do not send fields that the PBX does not show, such as PINs.")
    @click.option(
        "--max-changes",
        metavar="N|N%",
        envvar="BULKVM_MAX_CHANGES",
        default=str(DEFAULT_MAX_CHANGES),
        show_default=True,
        help="Refuse to change more of the existing boxes than this.",
    )
    @wraps(command)
    def with_options(
        *,
        reading: SheetOptions,
        generate_pins: bool,
        replace_pins: bool,
        skip_invalid: bool,
        skip_taken: bool,
        keep_unseen: bool,
        max_changes: str,
        **others: Any,
    ) -> int:
        options = PlanOptions(
            reading=replace(reading, replace_pins=replace_pins),
            generate_pins=generate_pins,
            skip_invalid=skip_invalid,
            skip_taken=skip_taken,
            keep_unseen=keep_unseen,
            max_changes=parse_limit(max_changes),
        )
        return command(options=options, **others)

    return with_options


def site_options(command: Command) -> Command:
    """Add the options about the PBX to a command, --site included, and pass it a `connection` made of them."""
    return SITE_OPTION(connection_options(command))


def connection_options(command: Command) -> Command:
    """Add the options about the PBX to a command with a `site`, and pass it a `connection` made of both."""

    @calling_options
    @wraps(command)
    def with_connection(*, site: str | None, open_named: OpenNamed, **options: Any) -> int:
        return command(connection=open_named(site), **options)

    return with_connection


def calling_options(command: Command) -> Command:
    """Add the options about calling a PBX to a command, and pass it `open_named` to open one with them."""

    @TENANT_OPTION
    @rate_options
    @_setting("--timeout", Seconds(0.1, 3600, example="30 or 30s"), "The timeout of one request, in seconds.")
    @_setting("--retries", WholeNumber(1, 100), "How often to send one request, where repeating it is safe.")
    @_setting(
        "--max-outage",
        Seconds(0, 86_400, example="120 or 2m"),
        "How long to wait for a PBX that stops responding, in seconds.",
    )
    @trust_options
    @wraps(command)
    def with_open_named(
        *,
        tenant: str | None,
        concurrency: int | None,
        max_rps: float | None,
        timeout: float,
        retries: int,
        max_outage: float,
        trust: Trust,
        **options: Any,
    ) -> int:
        _note_site()

        def open_named(site: str | None, /, **of_secret: Any) -> Connection:
            settings = SendSettings(timeout=timeout, retries=retries, max_outage=max_outage)
            return open_site(site, settings, trust, RateOptions(max_rps, concurrency), tenant=tenant, **of_secret)

        return command(open_named=open_named, **options)

    return with_open_named


def rate_options(command: Command) -> Command:
    """Add the options that limit the requests to a PBX."""
    defaults = DEFAULT_SETTINGS
    command = click.option(
        "--max-rps",
        type=NumberOrNone(0.1, 100_000, example="75, or 0 for no limit"),
        envvar="BULKVM_MAX_RPS",
        help="The maximum number of requests per second, for all connections to the PBX; 0 for no limit.  [default: "
        f"the site's, or {defaults.max_rps:.0f}]",
    )(command)
    return click.option(
        "--concurrency",
        type=WholeNumber(1, 256, example=8),
        envvar="BULKVM_CONCURRENCY",
        help=f"The maximum number of concurrent requests.  [default: the site's, or {defaults.concurrency}]",
    )(command)


def trust_options(command: Command) -> Command:
    """Add the options about trust to a command, and pass it a `trust` made of them."""

    @click.option(
        "--ca-file",
        type=click.Path(resolve_path=True),
        metavar="FILE",
        envvar="BULKVM_CA_FILE",
        help="Trust the certificates in this .pem file.",
    )
    @click.option(
        "--insecure", is_flag=True, envvar="BULKVM_INSECURE", help="Do not verify the PBX's certificate. Dangerous."
    )
    @click.option(
        "--allow-http",
        is_flag=True,
        envvar="BULKVM_ALLOW_HTTP",
        help="Allow unencrypted http. The login and the PINs are sent in clear text.",
    )
    @wraps(command)
    def with_trust(*, ca_file: str | None, insecure: bool, allow_http: bool, **options: Any) -> int:
        if insecure:
            current_streams().write_error(
                "WARNING: --insecure: the PBX's certificate is not verified. Anyone on the network path can read and "
                "change the login and every PIN."
            )
        return command(trust=Trust(ca_file or None, insecure, allow_http), **options)

    return with_trust


def check_together(flags: Mapping[str, bool]) -> None:
    """Check that no two options choose the sites or tenants, and that no variable chooses one where all are meant.

    Raises:
        UsageError: two of them do.
    """
    context = click.get_current_context()
    chosen = [flag for flag, given in flags.items() if given]
    for option, excluded in (("site", "--all-sites"), ("tenant", "--all-sites"), ("tenant", "--all-tenants")):
        is_given = context.get_parameter_source(option) is ParameterSource.COMMANDLINE
        chosen += [f"--{option}"] if is_given and excluded in chosen else []
    if len(chosen) > 1:
        raise UsageError(f"{chosen[0]} and {chosen[1]} cannot be used together. Omit one of them.")
    if chosen and context.get_parameter_source("tenant") is ParameterSource.ENVIRONMENT:
        raise UsageError(f"BULKVM_TENANT names one tenant, and {chosen[0]} means all of them. Unset the variable.")


def _setting(option: str, kind: click.ParamType[Any], text: str) -> Callable[[Command], Command]:
    """An option for the field of DEFAULT_SETTINGS with its name."""
    name = option.removeprefix("--").replace("-", "_")
    return click.option(
        option,
        type=kind,
        default=getattr(DEFAULT_SETTINGS, name),
        envvar=f"BULKVM_{name.upper()}",
        show_default=True,
        help=text,
    )


def _parse_pin_length(_context: click.Context, _parameter: click.Parameter, given: str | None) -> PinPolicy | None:
    return parse_pin_length(given) if given is not None else None


def _parse_heading_map(
    _context: click.Context, _parameter: click.Parameter, given: tuple[str, ...]
) -> Mapping[str, str]:
    heading_map: dict[str, str] = {}
    columns: dict[str, str] = {}
    for text in given:
        heading, _, header = (part.strip() for part in text.rpartition("="))
        if not heading or (header and header.casefold() not in COLUMN_OF_HEADER):
            raise click.BadParameter(
                f'"{text}" does not name a column. Write "Heading=pin", with one of {", ".join(COLUMN_OF_HEADER)}; or '
                '"Heading=" to ignore the column.'
            )
        key = heading_key(heading)
        if columns.setdefault(key, header.casefold()) != header.casefold():
            raise click.BadParameter(f'"{heading}" is mapped twice. Map each heading to one column, or ignore it.')
        heading_map[heading] = header.casefold()
    return heading_map
