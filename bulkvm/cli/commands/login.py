"""`bulkvm login`."""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import click

from bulkvm.cli.command_help import DocumentedCommand
from bulkvm.cli.completers import complete_files, complete_sites
from bulkvm.cli.console import Console, console_options
from bulkvm.cli.login_prompts import ask_address, ask_login, check_address, get_secret, settle_trust, without_login_hint
from bulkvm.cli.options import TENANT_OPTION, rate_options, trust_options
from bulkvm.cli.site_access import Trust, in_tenant
from bulkvm.model.errors import LoginRefused, OtherTenant, UsageError
from bulkvm.model.exit_codes import ExitCode
from bulkvm.model.settings import Site
from bulkvm.paths import sites_file
from bulkvm.sites import (
    change_site,
    check_changeable,
    check_name,
    forget_secret,
    lock_sites,
    read_sites,
    split_command,
    store_secret,
)
from bulkvm.text import count

_RETRIES = 2  # a PBX may lock a user out after some wrong passwords


@click.command(
    "login",
    cls=DocumentedCommand,
    examples=(
        ("bulkvm login clinic", "Prompt for everything."),
        (
            'bulkvm login clinic --password-command "pass show pbx/clinic"',
            "Take the password from a password manager at each use.",
        ),
        ("bulkvm login clinic --password-file /etc/bulkvm/clinic.password", "Take it from a file at each use."),
    ),
    exit_codes=(ExitCode.DONE, ExitCode.USAGE, ExitCode.LOGIN, ExitCode.PBX, ExitCode.INTERRUPTED),
)
@click.argument("name", metavar="SITE", shell_complete=complete_sites)
@click.option("--url", envvar="BULKVM_URL", help="The PBX's address, such as https://pbx.example.com:8887.")
@click.option("--user", envvar="BULKVM_USER", help="The user name.")
@click.option("--domain", envvar="BULKVM_DOMAIN", help="The tenant's SIP domain; blank for a system administrator.")
@TENANT_OPTION
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
@click.option(
    "--token-stdin", is_flag=True, help="Read a bearer token from standard input, instead of a user and password."
)
@click.option(
    "--password-command", metavar="COMMAND", help="Run this command to get the password, whenever the site is used."
)
@click.option(
    "--password-file",
    metavar="FILE",
    shell_complete=complete_files,
    help="Read the password from this file, whenever the site is used.",
)
@rate_options
@trust_options
@console_options
def command(
    name: str,
    *,
    url: str | None,
    user: str | None,
    domain: str | None,
    tenant: str | None,
    password_stdin: bool,
    token_stdin: bool,
    password_command: str | None,
    password_file: str | None,
    max_rps: float | None,
    concurrency: int | None,
    trust: Trust,
    console: Console,
) -> int:
    """Set up or change the site SITE: prompt for what is not given, log in, and save the site.

    The password or token is stored in the operating system's keyring, everything else in a file. On a machine without a
    keyring, use a password manager's command or a file.

    The command is split into words as in a shell, but run without one, and must print only the password; for pipes and
    variables, use sh -c '...'. The file must belong to you or root, be readable for its owner only (mode 600 or 400),
    and be in a folder where no other user can replace it. Its name is absolute, or begins with ~/ or with
    $CREDENTIALS_DIRECTORY/ (systemd).
    """
    sources = {"--password-stdin": password_stdin, "--token-stdin": token_stdin}
    sources |= {"--password-command": password_command is not None, "--password-file": password_file is not None}
    given = _check_sources(sources)
    check_name(name)
    console.streams.site = name
    check_changeable(sites_file())
    known = _read_known(name, console)
    site = _with_address(known, url, console)
    if not token_stdin:
        site = ask_login(site, known, user, domain, console)
    site = _with_source(in_tenant(site, tenant), known, given, password_command, password_file)
    site = _with_limits(site, max_rps, concurrency)
    has_source = site.password_command or site.password_file  # for this address only
    site = settle_trust(_with_trust(site, trust), console, may_ask=url is None and not has_source)
    is_piped = password_stdin or token_stdin
    for _ in range(_RETRIES if _can_retry(site, from_stdin=is_piped) else 0):
        try:
            return _log_in_and_save(site, known, console)
        except OtherTenant:
            raise
        except LoginRefused as error:
            console.always(f"{without_login_hint(error)}\nTry again; Ctrl-C stops.", fg="red")
            site = ask_login(site, site, user, domain, console)
    return _log_in_and_save(site, known, console, from_stdin=is_piped)


def _log_in_and_save(site: Site, known: Site, console: Console, *, from_stdin: bool = False) -> int:
    secret = get_secret(site, from_stdin=from_stdin)
    _save(_log_in(site, secret, known, console), secret, console)
    return ExitCode.DONE


def _can_retry(site: Site, *, from_stdin: bool) -> bool:
    """Whether the login can be typed again."""
    return bool(site.user) and not (from_stdin or site.password_command or site.password_file) and sys.stdin.isatty()


def _check_sources(sources: Mapping[str, bool]) -> list[str]:
    """The options for the password or token that were given: one, or none.

    Raises:
        UsageError: there are several.
    """
    given = [option for option, is_given in sources.items() if is_given]
    if len(given) > 1:
        raise UsageError(f"Give {' or '.join(given)}, not both: a site has one password or token.")
    return given


def _read_known(name: str, console: Console) -> Site:
    """Read the entry of a site, or begin a new one."""
    try:
        return read_sites(sites_file()).get(name) or Site(name=name, url="")
    except UsageError as error:
        console.always(f"{error}\nIts entry will be replaced.")
        return Site(name=name, url="")


def _with_address(known: Site, url: str | None, console: Console) -> Site:
    """The site with the address that is given or prompted for, and without a login.

    Raises:
        UsageError: BULKVM_URL, and not an option, names another PBX: it may be left over, and would get the password.
    """
    by_variable = click.get_current_context().get_parameter_source("url") is click.core.ParameterSource.ENVIRONMENT
    if url and known.url and by_variable and check_address(url) != known.url:
        raise UsageError(
            f"The address of the site {known.name} is {known.url}, but BULKVM_URL names another PBX. Unset BULKVM_URL, "
            "or set the new address with --url."
        )
    address = ask_address(url, known.url or None, console)
    if by_variable and not known.url:
        console.info(f"The address is {address}, from BULKVM_URL.")
    return replace(known, url=address, user=None, domain=None, tenant=None, switch_to=None)


def _check_source(known: Site, site: Site) -> None:
    """Check that the password of one PBX or user is not sent as another's.

    Raises:
        UsageError: the site's password file or command is for its former login.
    """
    was, now = ((each.url, each.domain or None, each.user) for each in (known, site))
    if was == now or not (known.password_command or known.password_file):
        return
    kind = "file" if known.password_file else "command"
    whose = f"the user {known.user}{f' of {known.domain}' if known.domain else ''} at {known.url}"
    raise UsageError(
        f"The password_{kind} of the site {known.name} is for {whose}, so nothing was sent. If it also gives the "
        f"password of the new login, repeat it with --password-{kind}; otherwise give another one."
    )


def _with_source(site: Site, known: Site, given: Sequence[str], command: str | None, file: str | None) -> Site:
    """The site with the password source of an option; without an option, the source stays as it was.

    Raises:
        UsageError: an option is empty, or the source is for the former login.
    """
    if not given:
        _check_source(known, site)
        return site
    words = split_command(command) if command is not None else None
    if file and not file.startswith(("$", "~")):
        file = str(Path(file).absolute())
    elif file == "":
        raise UsageError("--password-file is empty. Give the name of a file.")
    return replace(site, password_command=words, password_file=file)


def _with_limits(site: Site, max_rps: float | None, concurrency: int | None) -> Site:
    """The site with the limits of options; without an option, a limit stays as it was."""
    if max_rps is not None:
        site = replace(site, max_rps=max_rps)
    return replace(site, concurrency=concurrency) if concurrency else site


def _with_trust(site: Site, trust: Trust) -> Site:
    """The site with the options about trust. A certificate file replaces a pinned certificate."""
    return trust.apply_to(replace(site, fingerprint=None) if trust.ca_file else site)


def _log_in(site: Site, secret: str, known: Site, console: Console) -> Site:
    """Log in, and return the site with its tenant, which a system administrator may still have to choose."""
    from bulkvm.jobs.log_in import log_in

    report = log_in(replace(site, password=secret) if site.user else replace(site, token=secret))
    tenant = report.tenant
    if tenant is None:
        console.info(
            f"Logged in as a system administrator of {count(report.tenants, 'tenant')}. Choose one with --tenant "
            f"DOMAIN; {site.tenants_command} lists them."
        )
        return site
    console.info(f"Logged in. {tenant} has {count(report.boxes, 'box', 'boxes')}.")
    if known.tenant and tenant.contradicts(known.tenant):
        console.always(f"The site {site.name} was {known.tenant} before.")
    return replace(site, tenant=tenant if tenant.id or tenant.domain else None)


def _save(site: Site, secret: str, console: Console) -> None:
    """Write the entry of a site, and store its password or token."""
    change_site(sites_file(), site.name, site)
    with lock_sites(sites_file()):
        _store(site, secret, console)


def _store(site: Site, secret: str, console: Console) -> None:
    """Store the password or token in the keyring, unless a command or file gives it."""
    kind = "password" if site.user else "token"
    if site.password_command or site.password_file:
        forget_secret(site.name)
        console.info(f"The {kind} is not stored; it is read from there whenever --site {site.name} is used.")
    elif store_secret(site, secret):
        console.info(f"The {kind} was stored in the keyring. Use the site with --site {site.name}.")
    else:
        console.always(
            f"This machine has no working keyring, so the {kind} was not stored. On a terminal, you are asked for it "
            f"whenever --site {site.name} is used; elsewhere, set BULKVM_SITE={site.name} and BULKVM_{kind.upper()}, "
            "or set up the site with --password-command or --password-file."
        )
