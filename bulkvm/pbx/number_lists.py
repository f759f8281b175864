"""The lists of the tenant's users and other extensions, which show most of the numbers that are in use."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import httpx

from bulkvm.columns import KEY_COLUMN
from bulkvm.model.box import Owner
from bulkvm.model.errors import MalformedAnswer
from bulkvm.pbx.box_json import make_owner
from bulkvm.pbx.responses import read_object


@dataclass(frozen=True, slots=True)
class NumberList:
    """One of the lists: its path, the kind of its extensions, and the field that holds their names."""

    path: str
    kind: str
    name: str


# Source: vendor's OpenAPI, listUsers and the others.
NUMBER_LISTS: Final = (
    NumberList("/api/users", "EXTENSION", "display_name"),
    NumberList("/api/ring_groups", "RING_GROUP", "name"),
    NumberList("/api/call_queues", "CALL_QUEUE", "name"),
    NumberList("/api/conference_rooms", "CONFERENCE_ROOM", "subject"),
    NumberList("/api/ivrs", "VIRTUAL_RECEPTIONIST", "name"),
)


@dataclass(frozen=True, slots=True)
class NumberPage:
    """One page of such a list.

    Attributes:
        count: how many extensions match, on all pages.
        size: how many of them are on this page.
        ids: their ids.
        owners: those of them that have a number, by number.
    """

    count: int
    size: int
    ids: frozenset[str]
    owners: Mapping[str, Owner]


def read_number_page(number_list: NumberList) -> Callable[[httpx.Response], NumberPage]:
    """Make the function that reads one page of a list from a response.

    Raises:
        MalformedAnswer: it is not a page of a list.
    """

    def read(response: httpx.Response) -> NumberPage:
        answer = read_object(response)
        count, items = answer.get("count"), answer.get("items") or []
        if not isinstance(count, int) or not isinstance(items, list) or not all(isinstance(i, dict) for i in items):
            raise MalformedAnswer(f"The PBX at {response.url.host} did not respond with a list.")
        owners = {
            item[KEY_COLUMN.header]: make_owner(item.get(number_list.name) or item.get("name"), number_list.kind)
            for item in items
            if isinstance(item.get(KEY_COLUMN.header), str)
        }
        return NumberPage(count, len(items), frozenset(str(item.get("id")) for item in items), owners)

    return read
