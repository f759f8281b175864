"""An S3 server on this machine, whose answers a test can disturb."""

import socket
import threading
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from itertools import count
from typing import Any, Final

import pytest
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from moto.s3.models import s3_backends
from werkzeug.serving import WSGIRequestHandler, make_server

from bulkvm.files.storage import Store, open_store

REFUSALS: Final = {
    "403": ("403 Forbidden", b"<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>"),
    "501": ("501 Not Implemented", b"<Error><Code>NotImplemented</Code><Message>If-None-Match</Message></Error>"),
}
_BUCKETS: Final = count(1)
Disturb = Callable[[str, str], str | None]


@dataclass
class S3:
    """The server, and one bucket in it.

    Attributes:
        requests: the method and path of each request.
        disturb: what happens to a request: None, `403`, `501`, `reset`, `half` (of it is read), `after` (it is
            executed, and the answer is lost), `damage` (what it wrote) or `lose` (the same).
    """

    url: str = ""
    bucket: str = ""
    requests: list[tuple[str, str]] = field(default_factory=list)
    disturb: Disturb = lambda _method, _path: None

    @cached_property
    def folder(self) -> Store:
        return open_store(f"s3://{self.bucket}/nights")

    @property
    def files(self) -> dict[str, bytes]:
        """What the bucket contains."""
        return {name: key.value for name, key in self._keys.items()}

    @property
    def names(self) -> list[str]:
        return sorted(name.removeprefix("nights/") for name in self._keys)

    def put(self, name: str, content: bytes) -> None:
        s3_backends[DEFAULT_ACCOUNT_ID]["aws"].put_object(self.bucket, name, content)

    def delete_all_but(self, names: Collection[str]) -> None:
        for name in [name for name in self._keys if name not in names]:
            s3_backends[DEFAULT_ACCOUNT_ID]["aws"].delete_object(self.bucket, name)

    def make_older(self, by: timedelta) -> None:
        for key in self._keys.values():
            key.last_modified -= by

    @property
    def _keys(self) -> Any:
        return s3_backends[DEFAULT_ACCOUNT_ID]["aws"].buckets[self.bucket].keys

    def start_test(self) -> None:
        self.bucket = f"bucket-{next(_BUCKETS)}"
        s3_backends[DEFAULT_ACCOUNT_ID]["aws"].create_bucket(self.bucket, "us-east-1")
        self.requests.clear()
        self.__dict__.pop("folder", None)
        self.disturb = lambda _method, _path: None

    def fail_from(
        self, number: int, by: str = "reset", methods: Collection[str] = ("PUT", "GET", "HEAD", "DELETE")
    ) -> None:
        """Disturb every request from this one with these methods on, as if the server had died."""
        sent = 0

        def disturb(method: str, _path: str) -> str | None:
            nonlocal sent
            sent += method in methods
            return by if sent >= number else None

        self.disturb = disturb

    def __call__(self, environ: Any, start_response: Any) -> Iterable[bytes]:
        method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"]
        self.requests.append((method, path))
        what = self.disturb(method, path)
        if what in REFUSALS:
            status, content = REFUSALS[what]
            environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
            start_response(status, [("Content-Type", "application/xml"), ("Content-Length", str(len(content)))])
            return [content if method != "HEAD" else b""]
        if what in {"reset", "half"}:
            if what == "half":
                environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0) // 2)
            return self._hang_up(environ)
        answer: Iterable[bytes] = self._moto(environ, start_response)
        if what == "after":
            list(answer)
            return self._hang_up(environ)
        if what == "lose":
            answer = list(answer)
            self.delete_all_but([name for name in self.files if f"/{self.bucket}/{name}" != path])
        if what == "damage":
            name = path.removeprefix(f"/{self.bucket}/")
            self.put(name, self.files[name].replace(b"0", b"1"))
        return answer

    _moto: Any = field(default_factory=lambda: DomainDispatcherApplication(create_backend_app))

    @staticmethod
    def _hang_up(environ: Any) -> Iterable[bytes]:
        environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
        raise ConnectionResetError


class _Silent(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002  (its signature)
        pass


@contextmanager
def serve_s3() -> Iterator[S3]:
    """Serve S3 on a free port."""
    s3 = S3()
    server = make_server("127.0.0.1", 0, s3, threaded=True, request_handler=_Silent)
    s3.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield s3
    server.shutdown()
    thread.join()
    server.server_close()


def use_s3(s3: S3, monkeypatch: pytest.MonkeyPatch) -> None:
    """Set what the S3 libraries read from the environment. Requests are hardly repeated."""
    variables = {
        "AWS_ACCESS_KEY_ID": "id",
        "AWS_SECRET_ACCESS_KEY": "secret-of-the-store",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": s3.url,
        "AWS_MAX_ATTEMPTS": "1",
        "AWS_CONFIG_FILE": "none",
        "AWS_SHARED_CREDENTIALS_FILE": "none",
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("s3fs.S3FileSystem.retries", 1)
