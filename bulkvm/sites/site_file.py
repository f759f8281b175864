"""The file of the sites: a TOML table for each, with all but its secret."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import tomli_w

from bulkvm.files import check_own_folder, check_target, make_private_folder, read_own_file, writing
from bulkvm.locks import locked
from bulkvm.model.errors import FileError, LockHeld, UsageError
from bulkvm.model.settings import Site
from bulkvm.model.tenant import Tenant, normalize_url
from bulkvm.model.url import check_url
from bulkvm.sites.passwords import split_command

SIMULATOR: Final = "simulator"  # built in

_MOMENT: Final = 20.0  # seconds for a lock, where many programs change the file at once

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


class Sites(Mapping[str, Site]):
    """The sites by their names. One whose entry is wrong raises UsageError where it is meant."""

    def __init__(self, file: Path, entries: Mapping[str, Any]) -> None:
        """Take the tables of a file."""
        self._file = file
        self._entries = entries

    def __getitem__(self, name: str) -> Site:
        """The site of that name."""
        entry = self._entries[name]
        try:
            return _read_site(name, entry, self._file.absolute().parent)
        except UsageError as error:
            raise UsageError(f"In the file of your sites, {self._file}: {error}") from error

    def __contains__(self, name: object) -> bool:
        """Whether there is an entry of that name, right or wrong."""
        return name in self._entries

    def __iter__(self) -> Iterator[str]:
        """All names, those of wrong entries too."""
        return iter(self._entries)

    def __len__(self) -> int:
        """How many entries there are."""
        return len(self._entries)


def read_sites(file: Path) -> Sites:
    """The sites by their names; none where there is no file.

    Raises:
        UsageError: it is not a file of sites.
    """
    return Sites(file, _read_entries(file))


def change_site(file: Path, name: str, site: Site | None) -> None:
    """Write the entry of one site, without its secret, or remove it; all others stay as they are.

    The file is made for its owner alone. Programs that change it at the same time take turns.

    Raises:
        FileError: it cannot be written.
        LockHeld: another program is changing it.
        UsageError: it is not a file of sites.
    """
    with _locked(file):
        entries = _read_entries(file)
        if site is None:
            entries.pop(name, None)
        else:
            fields = {field: _value(site, field) for field in _FIELDS}
            entries[name] = {field: value for field, value in fields.items() if value is not None}
        with writing(file.resolve(), overwrite=True) as new:  # a link to where somebody keeps settings stays one
            new.file.write(tomli_w.dumps(entries).encode())


def check_changeable(file: Path) -> None:
    """Make sure that an entry of the file of the sites can be changed, before anything is asked or forgotten.

    Raises:
        FileError: it cannot be written.
        LockHeld: another program is changing it.
        UsageError: it is not a file of sites.
    """
    with _locked(file):
        _read_entries(file)
        check_target(file.resolve(), overwrite=True)


@contextmanager
def _locked(file: Path) -> Iterator[None]:
    try:
        make_private_folder(file.parent)
        check_own_folder(file.parent)
        with locked(file.with_name(f"{file.name}.lock"), _MOMENT):
            yield
    except LockHeld as error:
        raise LockHeld(
            f"Another program has been changing the file of your sites, {file}, all the time. Try again later."
        ) from error
    except OSError as error:
        raise FileError(
            f"The file of your sites, {file}, cannot be written: {error.strerror or error}. Make sure that you may "
            "write in its folder, or name another one in BULKVM_CONFIG."
        ) from error


def _read_entries(file: Path) -> dict[str, Any]:
    try:
        check_own_folder(file.parent)
        return tomllib.loads(read_own_file(file).decode("utf-8-sig"))
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise FileError(f"The file of your sites, {file}, cannot be read: {error.strerror or error}.") from error
    except (ValueError, RecursionError) as error:
        raise UsageError(f"The file of your sites, {file}, cannot be read: {error}.") from error


def _read_site(name: str, entry: Any, folder: Path) -> Site:
    """The site of an entry; the name of a file in it starts from the folder of the file that it stands in."""
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
    if own["ca_file"] is not None:
        own["ca_file"] = str(folder / _expanded(own["ca_file"]))
    return Site(name=name, tenant=tenant, **{**own, "url": url, "password_command": command})


def _expanded(file: str) -> str:
    try:
        return str(Path(file).expanduser())
    except RuntimeError:  # there is no home folder
        return file


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
