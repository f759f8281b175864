"""Readers: CSV, Excel and JSON files to a sheet of text, with facts about cells that text cannot express."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bulkvm.readers.sheet_file import read_sheet

__all__ = ["read_sheet"]


def __getattr__(name: str) -> Any:
    """Import the readers when they are used, so that help, which lists the systems, does not wait for them."""
    if name != "read_sheet":
        raise AttributeError(name)
    from bulkvm.readers.sheet_file import read_sheet  # noqa: PLC0415  (see above)

    return read_sheet
