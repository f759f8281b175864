"""The fixtures of the command line."""

from tests.cli.fixtures import app, bulkvm, folder, pbx

__all__ = ["app", "bulkvm", "folder", "pbx"]
