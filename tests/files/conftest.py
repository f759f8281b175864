"""An S3 server, and the command line, for the tests of stores."""

from collections.abc import Iterator

import pytest

from tests.cli.fixtures import app, bulkvm, folder, pbx
from tests.files.s3_server import S3, serve_s3, use_s3

__all__ = ["app", "bulkvm", "folder", "pbx"]


@pytest.fixture(scope="session")
def s3_server() -> Iterator[S3]:
    with serve_s3() as s3:
        yield s3


@pytest.fixture
def s3(s3_server: S3, monkeypatch: pytest.MonkeyPatch) -> S3:
    """An S3 server with an empty bucket."""
    s3_server.start_test()
    use_s3(s3_server, monkeypatch)
    return s3_server
