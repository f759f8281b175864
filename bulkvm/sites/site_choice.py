"""Which PBX is meant, and who logs in: what an option says comes first, then the variables, then the site's entry."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import urlsplit

from bulkvm.model.errors import UsageError
from bulkvm.model.settings import Site
from bulkvm.model.url import check_url

_SECRETS: Final = ("BULKVM_TOKEN", "BULKVM_PASSWORD")


@dataclass(frozen=True, slots=True)
class Choice:
    """The site that is meant, with what the variables say of its login, and its entry.

    The entry is None where the variables alone describe the site.
    """

    site: Site
    entry: Site | None = None

    @property
    def is_of_the_entry(self) -> bool:
        """Whether the entry's own user logs in, so that its secret may be used."""
        return self.entry is not None and (self.site.user, self.site.domain) == (self.entry.user, self.entry.domain)


def choose_site(name: str | None, environment: Mapping[str, str], sites: Mapping[str, Site]) -> Choice:
    """The site of that name; without a name the one that BULKVM_URL describes, or else the only one there is.

    Args:
        name: what an option or BULKVM_SITE says.
        environment: the variables. Those that say who logs in stand above a site's entry.
        sites: the entries, by name.

    Raises:
        UsageError: none is meant, two are, or a secret in the variables may be for another one.
    """
    url = environment.get("BULKVM_URL")
    if url and not name:
        address = check_url(url)
        return Choice(_with_login(Site(name=urlsplit(address).hostname or address, url=address), environment))
    entry = _entry(name, sites)
    if url and check_url(url) != entry.url:
        # One of the two is a leftover, and a password must not go to the wrong PBX.
        raise UsageError(f"The site {entry.name} is {entry.url}, and BULKVM_URL names another PBX. Unset BULKVM_URL.")
    _check_secrets(entry.name, environment)
    return Choice(_with_login(entry, environment), entry)


def add_secret(choice: Choice, stored: Callable[[Site], str | None], ask: Callable[[Site], str | None]) -> Site:
    """The site with its password or token: from the variables, else the entry's own, else a person's.

    Args:
        choice: which site.
        stored: gives the secret of an entry, from where that is kept.
        ask: asks a person for the secret of a site, if there is one to be asked.

    Raises:
        UsageError: nothing says the secret.
    """
    site, entry = choice.site, choice.entry
    if _can_log_in(site):
        return site
    secret = stored(entry) if entry and choice.is_of_the_entry else None
    if not secret and (entry or site.user):
        secret = ask(site)
    if secret:
        return replace(site, password=secret) if site.user else replace(site, token=secret)
    if not entry:
        raise UsageError(
            "BULKVM_URL names a PBX, and nothing says who logs in. "
            "Set BULKVM_TOKEN, or BULKVM_USER, BULKVM_DOMAIN and BULKVM_PASSWORD."
        )
    kind = "password" if site.user else "token"
    raise UsageError(
        f"No {kind} for the site {site.name}. Store it with `bulkvm login {site.name}`. Where there is no keyring, as "
        "under cron, give the site a password_file or password_command (--password-file, --password-command), or set "
        f"BULKVM_SITE={site.name} and BULKVM_{kind.upper()}."
    )


def _entry(name: str | None, sites: Mapping[str, Site]) -> Site:
    known = ", ".join(sorted(sites))
    if name:
        if name not in sites:
            raise UsageError(
                f'There is no site called "{name}". {f"There are: {known}. " if known else ""}'
                f"`bulkvm login {name}` makes it; `simulator` is built in."
            )
        return sites[name]
    if len(sites) > 1:
        raise UsageError(f"There are several sites: {known}. Say which one is meant with --site or BULKVM_SITE.")
    if not sites:
        raise UsageError(
            "No PBX is named. Set one up with `bulkvm login NAME`, or set BULKVM_URL (such as "
            "https://pbx.example.com:8887) and BULKVM_TOKEN,\n"
            "or BULKVM_URL, BULKVM_USER, BULKVM_DOMAIN and BULKVM_PASSWORD. "
            "To try everything without a PBX, use the site `simulator`, as in --site simulator."
        )
    return next(iter(sites.values()))


def _check_secrets(name: str, environment: Mapping[str, str]) -> None:
    """Make sure that secrets in the variables are for this site: they may be there for another one.

    Raises:
        UsageError: no variable says that they are.
    """
    given = [variable for variable in _SECRETS if environment.get(variable, "").strip()]
    meant = environment.get("BULKVM_SITE")
    if not given or meant == name or (not meant and environment.get("BULKVM_URL")):
        return
    found = f"BULKVM_SITE names the site {meant}" if meant else "neither BULKVM_SITE nor BULKVM_URL says for which PBX"
    raise UsageError(
        f"{' and '.join(given)} {'is' if len(given) == 1 else 'are'} set, and {found}, so nothing was sent to the site "
        f"{name}. Set BULKVM_SITE={name} if it is meant, else unset {' and '.join(given)}."
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
