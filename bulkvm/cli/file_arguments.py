"""Arguments that are files or folders, on this machine or in a store."""

from typing import Any

import click

from bulkvm.storage import is_store_url, open_store


class FolderPath(click.Path[Any]):
    """A folder, or the URL of one in a store."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return a path or a store."""
        if isinstance(value, str) and is_store_url(value):
            return open_store(value)
        return super().convert(value, param, ctx)
