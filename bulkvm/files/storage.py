"""Files in a store that a URL names: an object store such as S3, or a server by SFTP.

A file is read back and compared when it is written, and none is ever replaced: an object store creates it on the
condition that its name is free, and an SFTP server renames it. The libraries for this are optional.
"""

import errno
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache, partial
from importlib.util import find_spec
from io import BytesIO
from threading import RLock
from typing import Any, Final
from urllib.parse import SplitResult, urlsplit

from bulkvm.model.errors import FileError, UsageError

# The library that each kind of URL needs, and the optional part of bulkvm that installs it.
_LIBRARIES: Final = {
    "s3": ("s3fs", "s3"),
    "gs": ("gcsfs", "gcs"),
    "az": ("adlfs", "azure"),
    "sftp": ("paramiko", "sftp"),
}
_URL: Final = re.compile(rf"([A-Za-z][A-Za-z0-9+.-]+:)+//|({'|'.join(_LIBRARIES)}):")
_LOGIN_IN_URL: Final = re.compile(r"(?<=//)[^/\s@]*@")
_LONGEST: Final = 300  # characters of a library's message


class StoreError(FileError):
    """A store cannot be reached, denies access, or returns something else than was written to it."""


def is_store_url(text: str) -> bool:
    """Whether a text is a URL, also one with a mistake, and not a path."""
    return _URL.match(text) is not None


@dataclass(frozen=True, slots=True)
class Store:
    """A file or folder in a store. Its `url` contains no password.

    Every method raises StoreError if the store cannot be used.
    """

    url: str
    _path: str = field(repr=False)
    _connect: Callable[[], Any] = field(repr=False)
    _lock: Any = field(repr=False, compare=False)

    def __truediv__(self, name: str) -> "Store":
        return Store(f"{self.url}/{name}", f"{self._path}/{name}", self._connect, self._lock)

    def __str__(self) -> str:
        return self.url

    def beside(self, name: str) -> "Store":
        """Another file in the same folder."""
        folder = Store(self.url.rpartition("/")[0], self._path.rpartition("/")[0], self._connect, self._lock)
        return folder / name

    @property
    def name(self) -> str:
        """The last part of the URL."""
        return self.url.rpartition("/")[2]

    def list_names(self, of: str = "") -> list[str]:
        """List the names of files in this folder that begin with `of`; none if there is no such folder."""
        with self._calling() as files:
            try:
                if of and not _is_sftp(files):
                    listed = files.find(self._path, prefix=of)
                else:
                    listed = files.ls(self._path, detail=False)
            except FileNotFoundError:
                listed = self._list_empty(files)
        folder = f"{self._path}/"
        names = (path.removeprefix(folder) for path in listed if path.startswith(folder))
        return [name for name in names if name.startswith(of) and "/" not in name]

    def list_folders(self) -> list[str]:
        """List the names of the folders in this folder."""
        with self._calling() as files, suppress(FileNotFoundError):
            listed = files.ls(self._path, detail=True)
            return [one["name"].rstrip("/").rpartition("/")[2] for one in listed if one["type"] == "directory"]
        return []

    def _list_empty(self, files: Any) -> list[str]:
        """List a folder that was not found: nothing, or the error of a missing bucket."""
        try:
            return list(files.find(self._path))
        except FileNotFoundError as error:
            raise StoreError(f"There is no bucket or container for {self}. Create it, or correct the URL.") from error

    def read(self) -> bytes:
        """Read this file.

        Raises:
            FileNotFoundError: there is no such file.
        """
        with self._calling() as files:
            content: bytes = files.cat_file(self._path)
        return content

    def open(self) -> BytesIO:
        """Read this file, and return it as a stream."""
        return BytesIO(self.read())

    def is_older(self, age: timedelta) -> bool:
        """Whether this file was written so long ago, by the clock of the store."""
        with self._calling() as files, suppress(FileNotFoundError):
            return bool(datetime.now(UTC) - files.modified(self._path) > age)
        return False

    def write(self, content: bytes, staged: "Store | None" = None) -> None:
        """Write this file, read it back and compare it.

        Args:
            content: its content.
            staged: a file with the same content and a temporary name, which an SFTP server renames.

        Raises:
            FileExistsError: another file has the name.
        """
        with self._calling() as files:
            try:
                if not _is_sftp(files):
                    files.pipe_file(self._path, content, mode="create")
                elif staged:
                    _rename_by_sftp(files, staged._path, self._path)  # noqa: SLF001  (of the same class)
                else:
                    _write_by_sftp(files, self._path, content)
            except FileExistsError:
                # A library that repeats a request after its answer was lost finds its own file.
                if files.cat_file(self._path) != content:
                    raise
            except OSError as error:
                if error.errno != errno.ENOSYS:
                    raise
                raise StoreError(
                    f"{self} was not written, because the store does not support conditional writes (If-None-Match), "
                    "by which no backup replaces another one. Use a newer version of the store, or another one."
                ) from error
        try:
            found = self.read()
        except FileNotFoundError as error:
            raise StoreError(f"{self} is missing, although the store accepted it.") from error
        if found != content:
            self.delete()
            raise StoreError(f"{self} was read back, and its content is not what was written.")

    def delete(self) -> None:
        """Delete this file, if it exists."""
        with self._calling() as files, suppress(FileNotFoundError):
            if _is_sftp(files):
                files.ftp.remove(self._path)
                return
            try:
                files.rm_file(self._path)
            except NotImplementedError:  # adlfs
                files.rm(self._path)

    @contextmanager
    def _calling(self) -> Iterator[Any]:
        """Connect, and raise an error without credentials for whatever a library raises."""
        try:
            with self._lock:
                yield self._connect()
        except (FileNotFoundError, FileExistsError, StoreError):
            raise
        except Exception as error:
            words = _LOGIN_IN_URL.sub("", str(error).strip().partition("\n")[0]).strip()[:_LONGEST].rstrip(".")
            raise StoreError(
                f"{self} cannot be used ({words or type(error).__name__}). Check its address, the login of the store, "
                "what the login permits, and the network."
            ) from error


def open_store(url: str) -> Store:
    """Open a file or folder in a store. It is connected to at the first call.

    Raises:
        UsageError: the URL is not valid or contains a password, or a library is not installed. The message does not
            repeat the URL.
    """
    try:
        parts = urlsplit(url)
        is_valid = bool(parts.hostname) and (parts.scheme == "sftp" or parts.port is None)
    except ValueError:
        is_valid = False
    if not is_valid or parts.scheme not in _LIBRARIES:
        kinds = ", ".join(f"{kind}://" for kind in _LIBRARIES)
        raise UsageError(f"The URL does not name a store. Begin it with one of {kinds} and a bucket or host.")
    if parts.password or parts.query or parts.fragment or (parts.username and parts.scheme != "sftp"):
        raise UsageError(
            "The URL of the store contains a login, ? or #. Leave it out: the login is taken from the environment or "
            "the files of the store's own tools, where other users of this machine cannot see it."
        )
    if "//" in parts.path.rstrip("/") and parts.scheme != "sftp":
        # Stores list such a folder without its files, so no backup in it would be found.
        raise UsageError(
            "The URL of the store contains // in its path. Is a variable unset? Write it with single slashes."
        )
    library, extra = _LIBRARIES[parts.scheme]
    if not (find_spec("fsspec") and find_spec(library)):
        raise UsageError(f'{parts.scheme}:// needs an optional part of bulkvm: pip install "bulkvm[{extra}]"')
    path = parts.path if parts.scheme == "sftp" else parts.netloc + parts.path
    lock = RLock() if parts.scheme == "sftp" else nullcontext()  # its connection serves one thread at a time
    return Store(url.rstrip("/"), path.rstrip("/"), cache(partial(_connect, parts)), lock)


def _connect(parts: SplitResult) -> Any:
    """Open the file system of a URL, without a cache of its listings."""
    if parts.scheme == "sftp":
        return _connect_by_sftp(parts)
    import fsspec  # noqa: PLC0415  (optional)

    return fsspec.filesystem(parts.scheme, use_listings_cache=False, skip_instance_cache=True)


def _connect_by_sftp(parts: SplitResult) -> Any:
    """Log in to an SFTP server, whose key must be a known one: fsspec itself accepts every key."""
    import paramiko  # noqa: PLC0415  (optional)
    from fsspec.implementations.sftp import SFTPFileSystem  # noqa: PLC0415  (the same)

    class KnownHosts(SFTPFileSystem):  # type: ignore[misc]  # fsspec has no types
        def _connect(self) -> None:
            self.client = paramiko.SSHClient()
            self.client.load_system_host_keys()
            self.client.set_missing_host_key_policy(paramiko.RejectPolicy())
            self.client.connect(self.host, **self.ssh_kwargs)
            self.ftp = self.client.open_sftp()

    login = {name: value for name, value in (("port", parts.port), ("username", parts.username)) if value}
    return KnownHosts(parts.hostname, skip_instance_cache=True, **login)


def _is_sftp(files: Any) -> bool:
    return hasattr(files, "ftp")


def _write_by_sftp(files: Any, path: str, content: bytes) -> None:
    """Write a file that only its owner can read, in a folder of which the same is true."""
    files.makedirs(path.rpartition("/")[0], exist_ok=True, mode=0o700)
    with files.ftp.open(path, "wx") as file:
        file.chmod(0o600)
        file.write(content)


def _rename_by_sftp(files: Any, staged: str, path: str) -> None:
    if files.exists(path):  # some servers would replace it
        raise FileExistsError(path)
    try:
        files.ftp.rename(staged, path)
    except OSError as error:
        if files.exists(path) and files.exists(staged):
            raise FileExistsError(path) from error
        raise
