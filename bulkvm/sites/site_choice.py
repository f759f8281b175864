"""Chooses the site and its login: from the options, else the environment variables, else the site's entry."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import urlsplit

from bulkvm.model.errors import UsageError
from bulkvm.model.settings import Site
from bulkvm.model.url import check_url

_SECRETS: Final = ("BULKVM_TOKEN", "BULKVM_PASSWORD")


@dataclass(frozen=True, slots=True)
class ChosenSite:
    """The chosen site, with the login from the environment variables, and its entry.

    The entry is None if the variables alone describe the site.
    """

    site: Site
    entry: Site | None = None

    @property
    def has_login_of_entry(self) -> bool:
        """Whether the login is that of the entry, so that its secret can be used."""
        return self.entry is not None and (self.site.user, self.site.domain) == (self.entry.user, self.entry.domain)


def choose_site(name: str | None, environment: Mapping[str, str], sites: Mapping[str, Site]) -> ChosenSite:
    """Choose the site with a name; without a name, the one in BULKVM_URL, else the only site.

    Args:
        name: from an option or BULKVM_SITE.
        environment: the environment variables. Their login overrides that of a site's entry.
        sites: the entries, by name.

    Raises:
        UsageError: no site or several match, or a secret in the variables may be for another site.
    """
    url = environment.get("BULKVM_URL")
    if url and not name:
        address = check_url(url)
        site = Site(name=urlsplit(address).hostname or address, url=address, from_variables=True)
        return ChosenSite(_with_login(site, environment))
    entry = _entry(name, sites)
    if url and check_url(url) != entry.url:
        # A password must not be sent to the wrong PBX.
        raise UsageError(f"The site {entry.name} is {entry.url}, but BULKVM_URL names another PBX. Unset BULKVM_URL.")
    _check_secrets(entry.name, environment)
    return ChosenSite(_with_login(entry, environment), entry)


def add_secret(chosen: ChosenSite, stored: Callable[[Site], str | None], ask: Callable[[Site], str | None]) -> Site:
    """Add the password or token to a site: from the variables, else from the entry, else from the user.

    Args:
        chosen: the site.
        stored: reads the stored secret of an entry.
        ask: prompts for the secret of a site, on a terminal.

    Raises:
        UsageError: there is no secret.
    """
    site, entry = chosen.site, chosen.entry
    if _can_log_in(site):
        return site
    secret = stored(entry) if entry and chosen.has_login_of_entry else None
    if not secret and (entry or site.user):
        secret = ask(site)
    if secret:
        return replace(site, password=secret) if site.user else replace(site, token=secret)
    if not entry:
        raise UsageError(
            "BULKVM_URL is set, but there is no login for it. "
            "Set BULKVM_TOKEN, or BULKVM_USER, BULKVM_DOMAIN and BULKVM_PASSWORD."
        )
    kind = "password" if site.user else "token"
    raise UsageError(
        f"No {kind} for the site {site.name}. Store it with `bulkvm login {site.name}`. Without a keyring, as in cron "
        "jobs, give the site a password_file or password_command (--password-file, --password-command), or set "
        f"BULKVM_SITE={site.name} and BULKVM_{kind.upper()}."
    )


def _entry(name: str | None, sites: Mapping[str, Site]) -> Site:
    known = ", ".join(sorted(sites))
    if name:
        if name not in sites:
            raise UsageError(
                f'There is no site called "{name}". {f"The sites are: {known}. " if known else ""}'
                f"Set it up with `bulkvm login {name}`; `simulator` is built in."
            )
        return sites[name]
    if len(sites) > 1:
        raise UsageError(f"There are several sites: {known}. Choose one with --site or BULKVM_SITE.")
    if not sites:
        raise UsageError(
            "There is no site yet. Set one up with `bulkvm login NAME`, or set BULKVM_URL (such as "
            "https://pbx.example.com:8887) and BULKVM_TOKEN,\n"
            "or BULKVM_URL, BULKVM_USER, BULKVM_DOMAIN and BULKVM_PASSWORD. "
            "To try everything without a PBX, use the site `simulator`, as in --site simulator."
        )
    return next(iter(sites.values()))


def _check_secrets(name: str, environment: Mapping[str, str]) -> None:
    """Check that secrets in the variables are for this site.

    Raises:
        UsageError: they may be for another site.
    """
    secrets = [variable for variable in _SECRETS if environment.get(variable, "").strip()]
    site = environment.get("BULKVM_SITE")
    if not secrets or site == name or (not site and environment.get("BULKVM_URL")):
        return
    found = f"BULKVM_SITE names the site {site}" if site else "neither BULKVM_SITE nor BULKVM_URL names a PBX for it"
    raise UsageError(
        f"{' and '.join(secrets)} {'is' if len(secrets) == 1 else 'are'} set, but {found}, so nothing was sent to the "
        f"site {name}. Set BULKVM_SITE={name} if the secret is for this site, else unset {' and '.join(secrets)}."
    )


def _with_login(site: Site, environment: Mapping[str, str]) -> Site:
    return replace(
        site,
        token=environment.get("BULKVM_TOKEN", "").strip() or None,
        user=environment.get("BULKVM_USER") or site.user,
        domain=environment.get("BULKVM_DOMAIN") or site.domain,
        password=environment.get("BULKVM_PASSWORD") or None,
    )


def _can_log_in(site: Site) -> bool:
    return bool(site.token or (site.user and site.password))
