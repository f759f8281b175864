"""The file of the sites: a TOML table for each, with all but its secret."""

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import tomli_w

from bulkvm.address import check_url
from bulkvm.errors import UsageError
from bulkvm.files import make_private_folder, writing
from bulkvm.settings import Site
from bulkvm.sites.passwords import split_command
from bulkvm.tenant import Tenant, normalize_url

SIMULATOR: Final = "simulator"  # built in

_OWN_FIELDS: Final = ("url", "domain", "user", "password_command", "password_file", "ca_file", "fingerprint")
_TENANT_FIELDS: Final = ("tenant_id", "tenant_name", "tenant_domain")
_FIELDS: Final = (*_OWN_FIELDS, *_TENANT_FIELDS)
_NAME: Final = re.compile(r"\w[\w.-]{0,63}")


def check_name(name: str) -> str:
    """The name of a site of the user's own.

    Raises:
        UsageError: it cannot be one.
    """
    if name == SIMULATOR:
        raise UsageError(f'"{SIMULATOR}" is the PBX that is built in. Give your site another name.')
    if not _NAME.fullmatch(name):
        raise UsageError(f'"{name}" cannot be the name of a site. Use letters, digits, dots, hyphens and underscores.')
    return name


def read_sites(file: Path) -> dict[str, Site]:
    """The sites by their names; none where there is no file.

    Raises:
        UsageError: it is not a file of sites.
    """
    try:
        entries = tomllib.loads(file.read_text("utf-8"))
        return {name: _read_site(name, entry) for name, entry in entries.items()}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise UsageError(f"The file of your sites, {file}, cannot be read: {error}.") from error
    except UsageError as error:
        raise UsageError(f"In the file of your sites, {file}: {error}") from error


def write_sites(file: Path, sites: Mapping[str, Site]) -> None:
    """Write the sites, without their secrets. The file is readable for its owner alone.

    Raises:
        UsageError: it cannot be written there.
    """
    entries = {name: {field: _value(site, field) for field in _FIELDS} for name, site in sites.items()}
    filled = {name: {k: v for k, v in entry.items() if v is not None} for name, entry in entries.items()}
    make_private_folder(file.parent)
    with writing(file, overwrite=True) as new:
        new.file.write(tomli_w.dumps(filled).encode())


def _read_site(name: str, entry: Any) -> Site:
    check_name(name)
    if not isinstance(entry, dict):
        raise UsageError(f"[{name}] must be a table of texts.")
    command = _read_command(name, entry)
    entry = {field: value for field, value in entry.items() if field != "password_command"}
    if not all(isinstance(value, str) for value in entry.values()):
        raise UsageError(f"[{name}] must be a table of texts.")
    if unknown := sorted(entry.keys() - set(_FIELDS)):
        raise UsageError(f"[{name}] holds {', '.join(unknown)}; it may hold {', '.join(_FIELDS)}.")
    if "url" not in entry:
        raise UsageError(f"[{name}] lacks its url.")
    url = check_url(entry["url"])
    known = {field.removeprefix("tenant_"): entry[field] for field in _TENANT_FIELDS if field in entry}
    tenant = Tenant(pbx=normalize_url(url), **known) if known else None
    own: dict[str, Any] = {field: entry.get(field) for field in _OWN_FIELDS}
    return Site(name=name, tenant=tenant, **{**own, "url": url, "password_command": command})


def _value(site: Site, field: str) -> Any:
    holder, name = (site, field) if field in _OWN_FIELDS else (site.tenant, field.removeprefix("tenant_"))
    return getattr(holder, name, None)


def _read_command(name: str, entry: Mapping[str, Any]) -> tuple[str, ...] | None:
    """The command that prints a site's password: a list of texts, or one text to be split."""
    command = entry.get("password_command")
    if command is None:
        return None
    if "password_file" in entry:
        raise UsageError(f"[{name}] holds a password_command and a password_file. Delete one of them.")
    if isinstance(command, str):
        return split_command(command)
    if not command or not isinstance(command, list) or not all(isinstance(word, str) for word in command):
        raise UsageError(f"[{name}] has a password_command that is no list of texts: the program and its arguments.")
    return tuple(command)
