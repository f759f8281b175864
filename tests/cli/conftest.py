"""The fixtures of the command line."""

from tests.cli.fixtures import app, bulkvm, folder, pbx, ring, serve, slow_pbx, type_in

__all__ = ["app", "bulkvm", "folder", "pbx", "ring", "serve", "slow_pbx", "type_in"]
