"""The results of API calls, from their answers."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

import httpx

from bulkvm.columns import KEY_COLUMN
from bulkvm.model.errors import AnotherBox, MalformedAnswer, NotDoneYet
from bulkvm.model.settings import DEFAULT_PIN_POLICY, LONGEST_PIN, PinPolicy
from bulkvm.pbx.box_json import read_box, read_id
from bulkvm.pbx.listing import Page, read_page
from bulkvm.pbx.responses import read_json, read_object, unexpected_json
from bulkvm.pbx.whole_box import WholeBox

_CREATED: Final = frozenset({httpx.codes.OK, httpx.codes.CREATED})
_CHANGED: Final = frozenset({httpx.codes.OK, httpx.codes.NO_CONTENT})


def read_list_page(response: httpx.Response) -> Page:
    """One page of the list of boxes."""
    return read_page(read_object(response), lambda item: read_box(item, response.url.host))


def read_whole_page(response: httpx.Response) -> tuple[WholeBox, ...]:
    """One page of the list, with all fields of its boxes."""
    fields = read_object(response)
    page = read_page(fields, lambda item: read_box(item, response.url.host))
    return tuple(WholeBox(box, item) for box, item in zip(page.boxes, fields["items"] or (), strict=True))


def read_requested_box(box_id: str, extension_number: str | None) -> Callable[[httpx.Response], WholeBox]:
    """Reads the requested box.

    Raises:
        AnotherBox: the answer is about another box.
    """

    def read(response: httpx.Response) -> WholeBox:
        fields = read_object(response)
        box = read_box(fields, response.url.host)
        if box.id == box_id and extension_number in {None, box.extension_number}:
            return WholeBox(box, fields)
        requested = f"box {extension_number}" if extension_number else "a box"
        is_same_number = box.extension_number == extension_number
        answered = "one that has another id" if is_same_number else f"another one, {box.extension_number}"
        raise AnotherBox(f"The PBX at {response.url.host} was asked for {requested} and answered with {answered}.")

    return read


def read_message_count(response: httpx.Response) -> int | None:
    """The number of messages in a box, None if it is not shown."""
    answer = read_object(response)
    count, items = answer.get("count"), answer.get("items")
    if not isinstance(items, list | None):
        return None
    listed = len(items or ())
    if isinstance(count, int) and not isinstance(count, bool) and count >= listed:
        return count
    return listed or None  # a contradictory answer does not prove that the box is empty


def read_greeting_count(response: httpx.Response) -> int:
    """The number of greetings of a box."""
    items = read_object(response).get("items")
    if not isinstance(items, list | None):
        raise unexpected_json(response)
    return len(items or ())


def read_created_id(extension_number: str) -> Callable[[httpx.Response], str]:
    """Reads the id of a box that was created.

    Raises:
        NotDoneYet, MalformedAnswer, AnotherBox: the answer does not confirm that this box was created.
    """

    def read(response: httpx.Response) -> str:
        _check_status(response, _CREATED)
        body = read_object(response)
        box_id, number = read_id(body.get("id")), body.get(KEY_COLUMN.header)
        if box_id is None:
            raise MalformedAnswer(f"The PBX at {response.url.host} created the box, but sent no valid id for it.")
        if isinstance(number, str) and number != extension_number:
            raise AnotherBox(f"The PBX at {response.url.host} answered the create with another box.")
        return box_id

    return read


def read_change_of(box_id: str) -> Callable[[httpx.Response], bool]:
    """Reads the answer to a change of a box: whether it holds the box. It may have no body.

    Raises:
        NotDoneYet, MalformedAnswer, AnotherBox: the answer does not confirm that this box was changed.
    """

    def read(response: httpx.Response) -> bool:
        _check_status(response, _CHANGED)
        body = read_optional_json(response)
        holds_box = isinstance(body, dict) and bool(body.get("id"))
        if holds_box and read_id(body["id"]) != box_id:
            raise AnotherBox(f"The PBX at {response.url.host} answered the change of a box with another box.")
        return holds_box

    return read


class UpdateAnswers:
    """Reads the answers to updates. Once one of them held the box, each of them is expected to."""

    def __init__(self) -> None:
        self._hold_box = False

    def read_update_of(self, box_id: str) -> Callable[[httpx.Response], None]:
        """Reads the answer to an update. Raises the same errors as `read_change_of`."""
        read_change = read_change_of(box_id)

        def read(response: httpx.Response) -> None:
            holds_box = read_change(response)
            if self._hold_box and not holds_box:
                raise MalformedAnswer(
                    f"The PBX at {response.url.host} answered an update without the box (status "
                    f"{response.status_code}), unlike before."
                )
            self._hold_box = holds_box

        return read


def read_optional_json(response: httpx.Response) -> Any:
    """The JSON of an answer, None without a body. HTML is not an answer of the PBX."""
    return read_json(response) if response.content.strip() else None


def read_pin_policy(minimum: Any, maximum: Any) -> PinPolicy:
    """The tenant's limits for PINs; each that is missing is the API page's. Since 22.3, the tenant decides."""
    tenant, policy = "the tenant's password policy", DEFAULT_PIN_POLICY
    if _is_length(minimum):
        policy = replace(policy, min_length=minimum, min_from=tenant)
    if _is_length(maximum):
        policy = replace(policy, max_length=maximum, max_from=tenant)
    elif policy.contradiction:  # the API page's maximum does not apply to this tenant
        policy = replace(policy, max_length=LONGEST_PIN)
    return policy


def _check_status(response: httpx.Response, done: frozenset[int]) -> None:
    """Accept only the statuses that the API documents; after any other one, the box must be looked up."""
    if response.status_code in done:
        return
    if response.status_code == httpx.codes.ACCEPTED:
        raise NotDoneYet(f"The PBX at {response.url.host} accepted the request for later processing (status 202).")
    raise MalformedAnswer(
        f"The PBX at {response.url.host} answered with an unexpected status ({response.status_code})."
    )


def _is_length(value: Any) -> bool:
    """Whether a limit is set; 0 means that it is not."""
    return isinstance(value, int) and not isinstance(value, bool) and value > 0
