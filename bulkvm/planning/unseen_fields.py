"""Describes fields that a sheet gives and the PBX does not show."""

from collections.abc import Iterable

from bulkvm.columns import COLUMN_OF_HEADER, SECRET_HEADERS
from bulkvm.model.change import Change
from bulkvm.planning.comparison import left_out_values
from bulkvm.text import join_and


def describe_unseen(change: Change) -> str:
    """Describe what happens to fields that the PBX does not show, as in `PIN sent; this PBX does not show PINs`."""
    left_out = tuple(field for field in left_out_values(change) if field not in change.kept)
    fields = {"sent": change.unseen, "not sent": change.kept, "left out of the update": left_out}
    return " ".join(_describe(names, what) for what, names in fields.items() if names)


def name_fields(fields: Iterable[str]) -> str:
    """The titles of fields as a list: `PIN, Recipients and Name`."""
    return join_and([COLUMN_OF_HEADER[field].title for field in fields])


def _describe(fields: tuple[str, ...], what: str) -> str:
    them = "PINs" if fields == SECRET_HEADERS else "it" if len(fields) == 1 else "them"
    return f"{name_fields(fields)} {what}; this PBX does not show {them}."
