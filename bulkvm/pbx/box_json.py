"""Boxes and number owners as the API has them in JSON. Every answer is input: it may lack what it should hold."""

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

import httpx

from bulkvm.columns import COLUMNS, ID_COLUMN, KEY_COLUMN, Column, FieldKind
from bulkvm.model.box import BLANK, NOT_KNOWN, Absent, Box, Owner, Record
from bulkvm.model.errors import MalformedAnswer
from bulkvm.pbx.responses import read_object
from bulkvm.text import printable

_MASK: Final = re.compile(r"[*•●]{3,}")
_MASKED_IN_PART: Final = re.compile(r"[*•●…]")  # such as a***@example.com
_SENT: Final = tuple(column for column in COLUMNS if column is not ID_COLUMN)
_PATHS: Final = frozenset({".", ".."})  # as an id, they would change the path of a request
_LONGEST_ID: Final = 1000


def read_box(item: Any, host: str) -> Box:
    """Read a box. A null is BLANK; unknown fields are ignored.

    A field that is missing or masked is NOT_KNOWN, and so is a null in a field that every box has.

    Raises:
        MalformedAnswer: the id or the extension number is missing or invalid, or a field is of another type.
    """
    if not isinstance(item, dict) or not item.get("id") or not item.get(KEY_COLUMN.header):
        raise MalformedAnswer(f"The PBX at {host} sent a box without an id or an extension number.")
    # A JSON number is ambiguous: 101 may be 101 or 0101, which are two boxes (API page: extension_number is a text of 3
    # to 64 digits).
    if not isinstance(item[KEY_COLUMN.header], str):
        raise MalformedAnswer(
            f"The answer of the PBX at {host} is malformed: the {KEY_COLUMN.header} of a box is not a string, so its "
            "leading zeros may be lost and the box cannot be identified. Contact the PBX's administrator."
        )
    box_id, number = read_id(item["id"]), read_id(item[KEY_COLUMN.header])
    if box_id is None or number is None:
        raise MalformedAnswer(f"The PBX at {host} sent a box with an invalid id or extension number.")
    fields: dict[str, Any] = {c.header: _read_field(c, item, host) for c in COLUMNS if c.updatable}
    return Box(id=box_id, extension_number=number, **fields)


def box_json(box: Box | Record) -> dict[str, str | bool]:
    """The fields of a box or record that have a value, as the API expects them."""
    return {
        column.header: value if isinstance(value, bool) else column.format(value)
        for column in _SENT
        if not isinstance(value := getattr(box, column.header), Absent)
    }


def read_id(value: Any) -> str | None:
    """Read an id or an extension number; None if it cannot be part of a request or a message."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    text = str(value)
    return text if text.isprintable() and text not in _PATHS and 0 < len(text) <= _LONGEST_ID else None


def read_owner(number: str) -> Callable[[httpx.Response], Owner | None]:
    """Reads what uses an extension number; None if the number is free.

    Raises:
        MalformedAnswer: there is no JSON object, or it is about another number.
    """

    def read(response: httpx.Response) -> Owner | None:
        owner = read_object(response)
        if not any(owner.get(key) for key in ("id", "name", "type")):
            return None
        if (shown := owner.get(KEY_COLUMN.header)) == number or (not shown and owner.get("type")):
            return make_owner(owner.get("name"), owner.get("type"))
        raise MalformedAnswer(f"The PBX at {response.url.host} did not respond with the owner of a number.")

    return read


def make_owner(name: Any, kind: Any) -> Owner:
    """Make an owner from the values of an answer."""
    return Owner(name=_shown(str(name or "")), kind=_shown(str(kind or "")) or "UNKNOWN")


def _shown(words: str) -> str:
    """A text of the PBX on one line, without control characters."""
    return printable(" ".join(words.split()))


def _read_field(column: Column, item: Mapping[str, Any], host: str) -> Any:
    value = item.get(column.header)
    is_blank = value is None or value == ""
    if column.header not in item or _is_mask(value) or (column.is_always_set and is_blank):
        return NOT_KNOWN
    if column.kind is FieldKind.LIST:
        return _read_recipients(value)
    if _has_lost_zeros(column, value):
        return NOT_KNOWN
    if is_blank:
        return BLANK
    is_boolean = column.kind is FieldKind.BOOLEAN
    if is_boolean and str(value).isdecimal():
        return NOT_KNOWN  # digits are a mask
    if isinstance(value, bool) is not is_boolean:
        raise MalformedAnswer(f"The PBX at {host} sent a box whose {column.header} has an unexpected type.")
    return value if isinstance(value, bool) else _text(value)


def _has_lost_zeros(column: Column, value: Any) -> bool:
    """Whether a value is not digits as it must be, or a JSON number that may have lost leading zeros."""
    if column.digits:
        return not (isinstance(value, str) and value.isdecimal())
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return is_number and column.kind is FieldKind.TEXT and column.is_always_set


def _is_mask(value: Any) -> bool:
    """Whether a text is a mask for a hidden one."""
    return isinstance(value, str) and _MASK.fullmatch(value) is not None


def _text(value: Any) -> str:
    """A text that can be encoded: lone surrogates, which JSON allows, become question marks."""
    return str(value).encode("utf-8", "replace").decode()


def _read_recipients(value: Any) -> tuple[str, ...] | Absent:
    addresses = value if isinstance(value, list) else str(value or "").split(",")
    recipients = tuple(filter(None, (_text(address).strip() for address in addresses)))
    return NOT_KNOWN if any(_MASKED_IN_PART.search(address) for address in recipients) else recipients
