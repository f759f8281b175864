"""The sites file: a TOML table for each site, without its secret."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import tomli_w

from bulkvm.files import check_target, writing
from bulkvm.files.ownership import check_own_folder, read_own_file
from bulkvm.model.errors import FileError, UsageError
from bulkvm.model.settings import Site
from bulkvm.model.tenant import Tenant, normalize_url
from bulkvm.model.url import check_url
from bulkvm.sites.passwords import split_command
from bulkvm.sites.site_lock import lock_sites

SIMULATOR: Final = "simulator"  # built in


_OWN_FIELDS: Final = (
    "url",
    "domain",
    "user",
    "switch_to",
    "password_command",
    "password_file",
    "ca_file",
    "fingerprint",
)
_TENANT_FIELDS: Final = ("tenant_id", "tenant_name", "tenant_domain")
_LIMITS: Final = {"max_rps": ((int, float), 0, 100_000), "concurrency": ((int,), 1, 256)}  # as the options
_FIELDS: Final = (*_OWN_FIELDS, *_TENANT_FIELDS, *_LIMITS)
_NAME: Final = re.compile(r"\w[\w.-]{0,63}")


def check_name(name: str) -> str:
    """Check the name of a new site.

    Raises:
        UsageError: it is not a valid name.
    """
    if name == SIMULATOR:
        raise UsageError(f'"{SIMULATOR}" is the built-in PBX. Give your site another name.')
    if not _NAME.fullmatch(name):
        raise UsageError(
            f'"{name}" is not a valid name for a site. Use letters, digits, dots, hyphens and underscores.'
        )
    return name


class Sites(Mapping[str, Site]):
    """The sites by name. An invalid entry raises UsageError when it is used."""

    def __init__(self, file: Path, entries: Mapping[str, Any]) -> None:
        """Take the tables of a file."""
        self._file = file
        self._entries = entries

    def __getitem__(self, name: str) -> Site:
        """The site with a name."""
        entry = self._entries[name]
        try:
            return _read_site(name, entry, self._file.absolute().parent)
        except UsageError as error:
            raise UsageError(f"In the sites file {self._file}: {error}") from error

    def __contains__(self, name: object) -> bool:
        """Whether there is an entry with a name, valid or not."""
        return name in self._entries

    def __iter__(self) -> Iterator[str]:
        """All names, including those of invalid entries."""
        return iter(self._entries)

    def __len__(self) -> int:
        """The number of entries."""
        return len(self._entries)


def read_sites(file: Path) -> Sites:
    """Read the sites by name; none if there is no file.

    Raises:
        UsageError: it is not a sites file.
    """
    return Sites(file, _read_entries(file))


def change_site(file: Path, name: str, site: Site | None) -> None:
    """Write the entry of one site, without its secret, or delete it. The other entries are unchanged.

    Only the owner can read the file. Programs that change it at the same time take turns.

    Raises:
        FileError: it cannot be written.
        LockHeld: another program is changing it.
        UsageError: it is not a sites file.
    """
    with lock_sites(file):
        entries = _read_entries(file)
        if site is None:
            entries.pop(name, None)
        else:
            fields = {field: _value(site, field) for field in _FIELDS}
            entries[name] = {field: value for field, value in fields.items() if value is not None}
        with writing(file.resolve(), overwrite=True) as new:  # a symbolic link is kept
            new.file.write(tomli_w.dumps(entries).encode())


def check_changeable(file: Path) -> None:
    """Check that the sites file can be changed, before the user is asked or a secret is deleted.

    Raises:
        FileError: it cannot be written.
        LockHeld: another program is changing it.
        UsageError: it is not a sites file.
    """
    with lock_sites(file):
        _read_entries(file)
        check_target(file.resolve(), overwrite=True)


def _read_entries(file: Path) -> dict[str, Any]:
    try:
        check_own_folder(file.parent)
        return tomllib.loads(read_own_file(file).decode("utf-8-sig"))
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise FileError(f"The sites file {file} cannot be read: {error.strerror or error}.") from error
    except (ValueError, RecursionError) as error:
        raise UsageError(f"The sites file {file} cannot be read: {error}.") from error


def _read_site(name: str, entry: Any, folder: Path) -> Site:
    """The site of an entry. Relative file names in it start from the folder of the sites file."""
    check_name(name)
    if not isinstance(entry, dict):
        raise UsageError(f"[{name}] must be a table of strings.")
    command = _read_command(name, entry)
    limits = _read_limits(name, entry)
    entry = {field: value for field, value in entry.items() if field not in {"password_command", *_LIMITS}}
    if not all(isinstance(value, str) for value in entry.values()):
        raise UsageError(f"[{name}] must be a table of strings.")
    if unknown := sorted(entry.keys() - set(_FIELDS)):
        raise UsageError(f"[{name}] has the unknown keys {', '.join(unknown)}. Valid keys are {', '.join(_FIELDS)}.")
    if "url" not in entry:
        raise UsageError(f"[{name}] has no url.")
    url = check_url(entry["url"])
    known = {field.removeprefix("tenant_"): entry[field] for field in _TENANT_FIELDS if field in entry}
    tenant = Tenant(pbx=normalize_url(url), **known) if known else None
    own: dict[str, Any] = {field: entry.get(field) for field in _OWN_FIELDS}
    if own["ca_file"] is not None:
        own["ca_file"] = str(folder / _expanded(own["ca_file"]))
    return Site(name=name, tenant=tenant, **{**own, **limits, "url": url, "password_command": command})


def _expanded(file: str) -> str:
    try:
        return str(Path(file).expanduser())
    except RuntimeError:  # no home folder
        return file


def _value(site: Site, field: str) -> Any:
    is_of_tenant = field in _TENANT_FIELDS
    holder, name = (site.tenant, field.removeprefix("tenant_")) if is_of_tenant else (site, field)
    return getattr(holder, name, None)


def _read_limits(name: str, entry: Mapping[str, Any]) -> dict[str, float]:
    """The limits of a site's requests, in the range of the options."""
    limits = {field: entry[field] for field in _LIMITS if field in entry}
    for field, value in limits.items():
        types, least, most = _LIMITS[field]
        if isinstance(value, bool) or not isinstance(value, types) or not least <= value <= most:
            raise UsageError(
                f"[{name}] has a {field} that is not a number from {least} to {most}. Example: {field} = 16."
            )
    return limits


def _read_command(name: str, entry: Mapping[str, Any]) -> tuple[str, ...] | None:
    """The password command of a site: a list of strings, or one string to be split."""
    command = entry.get("password_command")
    if command is None:
        return None
    if "password_file" in entry:
        raise UsageError(f"[{name}] has a password_command and a password_file. Delete one of them.")
    if isinstance(command, str):
        return split_command(command)
    if not command or not isinstance(command, list) or not all(isinstance(word, str) for word in command):
        raise UsageError(
            f"[{name}] has a password_command that is not a list of strings: the program and its arguments."
        )
    return tuple(command)
