"""Which PBX is meant, and who logs in: what an option says comes first, then the variables, then the site's entry."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from urllib.parse import urlsplit

from bulkvm.address import check_url
from bulkvm.errors import UsageError
from bulkvm.settings import Site


def choose_site(
    name: str | None,
    environment: Mapping[str, str],
    sites: Mapping[str, Site],
    read_secret: Callable[[str], str | None],
) -> Site:
    """The site of that name; without a name the one that BULKVM_URL describes, or else the only one there is.

    Args:
        name: what an option or BULKVM_SITE says.
        environment: the variables. Those that say who logs in stand above a site's entry.
        sites: the entries, by name.
        read_secret: gives the stored password or token of an entry, by its name.

    Raises:
        UsageError: none is meant, two are, or nothing says who logs in.
    """
    url = environment.get("BULKVM_URL")
    if url and not name:
        address = check_url(url)
        site = _with_login(Site(name=urlsplit(address).hostname or address, url=address), environment)
        if not _can_log_in(site):
            raise UsageError(
                "BULKVM_URL names a PBX, and nothing says who logs in. "
                "Set BULKVM_TOKEN, or BULKVM_USER, BULKVM_DOMAIN and BULKVM_PASSWORD."
            )
        return site
    entry = _entry(name, sites)
    if url and check_url(url) != entry.url:
        # One of the two is a leftover, and a password must not go to the wrong PBX.
        raise UsageError(f"The site {entry.name} is {entry.url}, and BULKVM_URL names another PBX. Unset BULKVM_URL.")
    site = _with_login(entry, environment)
    if not _can_log_in(site) and (site.user, site.domain) == (entry.user, entry.domain):
        secret = read_secret(entry.name)
        site = replace(site, password=secret) if entry.user else replace(site, token=secret)
    if not _can_log_in(site):
        raise UsageError(
            f"Nothing says the password or token for the site {entry.name}. Store it with `bulkvm login {entry.name}`, "
            "or set BULKVM_PASSWORD or BULKVM_TOKEN where there is no keyring, as under cron."
        )
    return site


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
