"""Arguments that are files or folders, on this machine or in a store."""

from pathlib import Path
from typing import Any, Final

import click

from bulkvm.files.storage import is_store_url, open_store
from bulkvm.files.temporary_files import scratch_folder

_SOURCES: Final = "bulkvm.sources"


class FolderPath(click.Path[Any]):
    """A folder, or the URL of one in a store."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return a path or a store."""
        if isinstance(value, str) and is_store_url(value):
            return open_store(value)
        return super().convert(value, param, ctx)


class SheetPath(click.Path[Any]):
    """A sheet, or the URL of one in a store, which is copied to this machine for the time of the command."""

    def __init__(self) -> None:
        super().__init__(path_type=Path, allow_dash=True)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the path, or that of the copy."""
        if not isinstance(value, str) or not is_store_url(value) or ctx is None or ctx.resilient_parsing:
            return super().convert(value, param, ctx)
        from bulkvm.backup import download

        store = open_store(value)
        # The root context is closed even if another argument is wrong.
        copy = download(store, Path(ctx.find_root().with_resource(scratch_folder())))
        ctx.meta.setdefault(_SOURCES, {})[copy] = store.url
        return copy


class SheetOrFolderPath(SheetPath):
    """A sheet; with --all-tenants, a folder or the URL of one in a store."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return a path or a store."""
        if ctx and ctx.params.get("all_tenants") and isinstance(value, str) and is_store_url(value):
            return open_store(value)
        return super().convert(value, param, ctx)


def source_of(file: Path) -> str | None:
    """The URL that a sheet was copied from; None for a file on this machine."""
    found: str | None = click.get_current_context().meta.get(_SOURCES, {}).get(file)
    return found
