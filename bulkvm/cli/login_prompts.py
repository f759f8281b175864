"""The prompts of `bulkvm login`."""

import sys
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Final

import click

from bulkvm.cli.console import Console
from bulkvm.cli.site_access import ask_secret
from bulkvm.model.errors import BulkvmError, NotTrusted, PbxError, UsageError
from bulkvm.model.settings import Site
from bulkvm.model.url import check_url
from bulkvm.sites import fetch_secret

_WHICH_TENANT: Final = "Domain of the tenant (blank for a system administrator)"


def ask_address(given: str | None, known: str | None, console: Console) -> str:
    """The address of an option or variable, or as prompted for."""
    return _ask(
        "PBX address, such as https://pbx.example.com:8887", "--url", given, known, console, check=check_address
    )


def check_address(text: str) -> str:
    """The normalized address; https if it names no scheme."""
    return check_url(text if "://" in text else f"https://{text}")


def ask_login(site: Site, known: Site, user: str | None, domain: str | None, console: Console) -> Site:
    """The site with the domain and user as given, else as prompted for, with the known ones as defaults."""
    tenant = _ask(_WHICH_TENANT, "--domain", domain, known.domain or "", console)
    return replace(site, domain=tenant or None, user=_ask("User", "--user", user, known.user, console))


def get_secret(site: Site, *, from_stdin: bool) -> str:
    """The password or token: from the site's source, standard input, or a prompt.

    Raises:
        UsageError: there is none.
    """
    if site.password_command or site.password_file:
        secret = fetch_secret(site)
    elif from_stdin:
        secret = _read_line() if site.user else _read_line().strip()
    elif sys.stdin.isatty():
        secret = ask_secret(site)
    else:
        raise UsageError(
            "There is no terminal to prompt on. Pipe the password to --password-stdin, or use --password-command or "
            "--password-file."
        )
    if not secret:
        raise UsageError("No password or token was given.")
    return secret


def settle_trust(site: Site, console: Console, *, may_ask: bool) -> Site:
    """Connect. On a terminal, offer to pin an untrusted certificate, and prompt for another address if it is wrong.

    Args:
        site: the PBX, as described so far.
        console: where to ask.
        may_ask: whether another address may be prompted for.

    Raises:
        NotTrusted: the certificate is not trusted.
        PbxError: there is no PBX at the address.
    """
    from bulkvm.jobs.log_in import check_server

    while True:
        try:
            check_server(site)
        except NotTrusted as error:
            if not sys.stdin.isatty():
                raise
            return _pin(site, error, console)
        except PbxError as error:
            if not may_ask or not sys.stdin.isatty():
                raise
            console.always(str(error), fg="red")
            site = replace(site, url=ask_address(None, site.url, console))
        else:
            return site


def _pin(site: Site, error: NotTrusted, console: Console) -> Site:
    """Show the certificate of a site, and pin it if the user agrees.

    Raises:
        NotTrusted: the user does not agree.
    """
    from bulkvm.jobs.log_in import read_certificate

    shown = read_certificate(site)
    console.always(
        f"{without_login_hint(error)}\n\nThe PBX presents this certificate:\n"
        f"  subject      {shown.subject}\n"
        f"  valid until  {shown.expires:%Y-%m-%d}\n"
        f"  SHA-256      {shown.fingerprint}\n"
        "Compare its SHA-256 fingerprint with the one that the administrator sees on the PBX itself."
    )
    if not console.confirm("Trust only this certificate for this site from now on?"):
        raise NotTrusted(
            "The certificate is not trusted, so nothing was sent to the PBX, and nothing was saved."
        ) from error
    return replace(site, ca_file=None, fingerprint=shown.fingerprint)


def without_login_hint(error: BulkvmError) -> str:
    """The message of an error without the advice to run the command that is running."""
    return "\n".join(line for line in str(error).split("\n") if "`bulkvm login" not in line)


def _ask(
    what: str,
    option: str,
    given: str | None,
    known: str | None,
    console: Console,
    *,
    check: Callable[[str], str] = str,
) -> str:
    """The value of an option or variable; otherwise the answer to a prompt, or the known value without a terminal.

    Raises:
        UsageError: the value is not valid. On a terminal, the prompt is repeated.
    """
    if given is not None:
        return check(given)
    if sys.stdin.isatty():
        answer: str = console.prompt(what, default=known, value_proc=partial(_try, check))
        return answer
    if known is None:
        raise UsageError(f"There is no terminal to prompt on. Add {option}.")
    return check(known)


def _try(check: Callable[[str], str], text: str) -> str:
    """Check an answer to a prompt, which is repeated after click's error."""
    try:
        return check(text)
    except UsageError as error:
        raise click.UsageError(str(error)) from error


def _read_line() -> str:
    try:
        line = sys.stdin.readline()
    except UnicodeDecodeError:
        raise UsageError("Standard input is not valid UTF-8.") from None  # the cause contains the secret
    return line.removeprefix("\ufeff").rstrip("\r\n")  # PowerShell writes a byte order mark
