"""Describes fields that a sheet gives and the PBX does not show."""

from collections.abc import Iterable

from bulkvm.columns import COLUMN_OF_HEADER, SECRET_HEADERS
from bulkvm.model.change import Change


def describe_unseen(change: Change) -> str:
    """Describe what happens to fields that the PBX does not show, as in `PIN sent; this PBX does not show PINs`."""
    return " ".join(filter(None, (_describe(change.unseen, "sent"), _describe(change.kept, "not sent"))))


def name_fields(fields: Iterable[str]) -> str:
    """The titles of fields as a list: `PIN, Recipients and Name`."""
    *others, last = (COLUMN_OF_HEADER[field].title for field in fields)
    return f"{', '.join(others)} and {last}" if others else last


def _describe(fields: tuple[str, ...], what: str) -> str:
    if not fields:
        return ""
    them = "PINs" if fields == SECRET_HEADERS else "it" if len(fields) == 1 else "them"
    return f"{name_fields(fields)} {what}; this PBX does not show {them}."
