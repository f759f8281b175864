"""The fixtures of jobs."""

from tests.cli.fixtures import app, bulkvm, folder

__all__ = ["app", "bulkvm", "folder"]
