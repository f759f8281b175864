"""Concurrent changes by another administrator."""

from itertools import count
from typing import Final

from bulkvm.simulator.box_fields import DEFAULTS
from bulkvm.simulator.filters import EVERY_ITEM
from bulkvm.simulator.state import State

_FIRST_NUMBER: Final = 2000


def change(state: State, what: str) -> None:
    """Add a box with the first free number from 2000, or remove or rename the box with the lowest number."""
    if what == "admin-add":
        number = next(str(n) for n in count(_FIRST_NUMBER) if state.owner(str(n)) is None)
        state.insert(DEFAULTS | {"name": "Added by another administrator", "extension_number": number, "pin": "402817"})
        return
    for box in state.page(EVERY_ITEM, "extension_number", skip=0, top=1):
        if what == "admin-remove":
            state.delete(box["id"])
        else:
            state.update(box["id"], box | {"name": "Renamed by another administrator"})
