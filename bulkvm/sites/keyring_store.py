"""Stores the secrets of sites in the operating system's keyring. Most servers have none.

An entry names the PBX, the domain and the user that it is for, and is not used for others: a site whose address, domain
or user was changed, in its file or by a variable, does not get the secret of another PBX.
"""

import json
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from bulkvm.model.errors import FileError, UsageError
from bulkvm.model.settings import Site
from bulkvm.paths import sites_file
from bulkvm.sites.site_lock import lock_sites

if TYPE_CHECKING:
    from keyring.backend import KeyringBackend

_SERVICE: Final = "bulkvm"
_SECRET: Final = "secret"  # noqa: S105  (the name of a field)
_BOUND_TO: Final = ("url", "domain", "user")


def read_secret(site: Site) -> str | None:
    """Read the password or token of a site; None if none is stored, or there is no keyring.

    Raises:
        UsageError: the stored secret is for another PBX, domain or user.
    """
    held = _get(site.name)
    if held is None:
        return None
    bound = _parse(held)
    if bound is None:
        return _bind(site, held)
    if any(bound[field] != getattr(site, field) for field in _BOUND_TO):
        whose = f"{bound['user']} of {bound['domain']}" if bound["domain"] else bound["user"] or "a token"
        raise UsageError(
            f"The secret in the keyring for the site {site.name} is for {bound['url']} ({whose}). The site has changed "
            f"since, so nothing was sent. Store the new secret with `bulkvm login {site.name}`."
        )
    return str(bound[_SECRET])


def _bind(site: Site, held: str) -> str | None:
    """Store the secret of bulkvm 0.1.0, which stored it alone, as that of the present site, and return it."""
    try:
        with lock_sites(sites_file()):
            if _get(site.name) == held:
                store_secret(site, held)
                return held
    except FileError:  # the folder of the sites is read-only
        return held
    return read_secret(site)  # another program changed it in the meantime


def store_secret(site: Site, secret: str) -> bool:
    """Store the password or token of a site; False if there is no keyring that keeps it."""
    entry = json.dumps({field: getattr(site, field) for field in _BOUND_TO} | {_SECRET: secret})
    with suppress(Exception):  # keyrings raise errors of their own
        _keyring().set_password(_SERVICE, site.name, entry)
    return _get(site.name) == entry  # some keyrings accept everything and store nothing


def forget_secret(name: str) -> None:
    """Delete the password or token of a site, if one is stored."""
    with suppress(Exception):  # the same; there may be none to delete
        _keyring().delete_password(_SERVICE, name)


def _get(name: str) -> str | None:
    with suppress(Exception):  # the same
        return _keyring().get_password(_SERVICE, name)
    return None


def _keyring() -> "KeyringBackend":
    """The keyring of the operating system."""
    import keyring  # noqa: PLC0415  (slow to import, and only needed for sites that use it)

    return keyring.get_keyring()


def _parse(held: str) -> dict[str, Any] | None:
    """The fields of an entry; None if it is a secret alone."""
    try:
        fields = json.loads(held)
    except (ValueError, RecursionError):
        return None
    is_entry = isinstance(fields, dict) and fields.keys() == {*_BOUND_TO, _SECRET}
    return fields if is_entry else None
