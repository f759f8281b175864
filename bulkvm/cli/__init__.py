"""The command line. It words what the stages do; it does none of it."""

from bulkvm.cli.commands import main

__all__ = ["main"]
