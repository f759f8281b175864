"""The secrets of the sites, in the operating system's keyring. A machine may have none, as most servers.

An entry names the PBX, the domain and the user that it is for, and is used for these alone: a site of which one of them
has changed since, in its file or by a variable, does not get the secret of another PBX.
"""

import json
from contextlib import suppress
from typing import Any, Final

from bulkvm.model.errors import UsageError
from bulkvm.model.settings import Site

_SERVICE: Final = "bulkvm"
_SECRET: Final = "secret"  # noqa: S105  (the name of a field)
_BOUND_TO: Final = ("url", "domain", "user")


def read_secret(site: Site) -> str | None:
    """The password or token of a site; None where none is stored, or where there is no keyring.

    Raises:
        UsageError: the one that is stored is for another PBX, domain or user.
    """
    held = _get(site.name)
    if held is None:
        return None
    bound = _parse(held)
    if bound is None:  # bulkvm 0.1.0 stored the secret alone: it is for what the site is now
        store_secret(site, held)
        return held
    if any(bound[field] != getattr(site, field) for field in _BOUND_TO):
        whose = f"{bound['user']} of {bound['domain']}" if bound["domain"] else bound["user"] or "a token"
        raise UsageError(
            f"The secret in the keyring for the site {site.name} is for {bound['url']} ({whose}), and the site is "
            f"another one now, so nothing was sent. Store its own with `bulkvm login {site.name}`."
        )
    return str(bound[_SECRET])


def store_secret(site: Site, secret: str) -> bool:
    """Store the password or token of a site; False where there is no keyring that keeps it."""
    import keyring  # noqa: PLC0415  (a tenth of a second, for the sites that are kept in it)

    entry = json.dumps({field: getattr(site, field) for field in _BOUND_TO} | {_SECRET: secret})
    with suppress(Exception):  # each keyring fails with errors of its own
        keyring.set_password(_SERVICE, site.name, entry)
    return _get(site.name) == entry  # there are keyrings that take everything and keep nothing


def forget_secret(name: str) -> None:
    """Forget the password or token of a site, if one is stored."""
    import keyring  # noqa: PLC0415  (the same)

    with suppress(Exception):  # the same; there may be none to forget
        keyring.delete_password(_SERVICE, name)


def _get(name: str) -> str | None:
    import keyring  # noqa: PLC0415  (the same)

    with suppress(Exception):  # the same
        return keyring.get_password(_SERVICE, name)
    return None


def _parse(held: str) -> dict[str, Any] | None:
    """The fields of an entry; None where it is a secret alone."""
    try:
        fields = json.loads(held)
    except (ValueError, RecursionError):
        return None
    is_entry = isinstance(fields, dict) and fields.keys() == {*_BOUND_TO, _SECRET}
    return fields if is_entry else None
