"""The calls that bulkvm needs, one method each."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any, Final
from urllib.parse import quote as escape

import httpx

from bulkvm.columns import COLUMNS
from bulkvm.model.box import NOT_KNOWN, Box, Owner, Record
from bulkvm.model.errors import (
    AnotherBox,
    ListKeptChanging,
    MalformedAnswer,
    NoSuchBox,
    NotDoneYet,
    OutcomeUnknown,
    PbxRefused,
)
from bulkvm.model.settings import DEFAULT_PIN_POLICY, LONGEST_PIN, PinPolicy
from bulkvm.model.tenant import Tenant
from bulkvm.pbx.listing import Page, Params, Progress, Query, list_completely, no_progress, quote, read_page
from bulkvm.pbx.masked_values import Masks, doubtful_values
from bulkvm.pbx.parallel import in_parallel
from bulkvm.pbx.responses import (
    box_json,
    is_web_page,
    not_the_api,
    read_box,
    read_id,
    read_json,
    read_object,
    read_owner,
)
from bulkvm.pbx.retry import Response, RetryingClient
from bulkvm.pbx.tenant_lookup import TENANT_PATH, make_tenant, read_tenant
from bulkvm.pbx.whole_box import WholeBox

_BOXES: Final = "/api/shared_voicemails"


class Pbx:
    """One tenant of a PBX. `connections` says how many calls it is made for at once.

    Every method may raise PbxUnreachable, PbxBusy and StoppedEarly (nothing was changed), LoginRefused, NotTrusted,
    NotAllowed and OutcomeUnknown; what the last one means for a call that changes something is said at the method.
    Each method repeats its request where that is safe.
    """

    def __init__(self, client: RetryingClient, connections: int) -> None:
        self._client = client
        self.connections = connections
        self._masks = Masks()

    def end_waits(self) -> None:
        """Let no call wait any longer: for its turn, for a PBX that is away or asks for silence, before a repeat.

        Calls that would have to wait raise Interrupted from now on. Requests that are under way are finished.
        """
        self._client.end_waits()

    async def pause(self, seconds: float) -> None:
        """Wait before a call that would come too early now.

        Raises:
            Interrupted: the waits were ended.
        """
        await self._client.pause(seconds)

    async def tenant(self) -> Tenant:
        """Which tenant this login reaches; from then on, nothing is sent to another one.

        A PBX that does not say so leaves the login's domain, or else the token.

        Source: vendor's OpenAPI, retrieveTenant.
        """
        try:
            tenant = await self._client.get(TENANT_PATH, self._tenant_of)
        except PbxRefused:
            tenant = make_tenant({}, self._client.site)
        self._client.expect(tenant, checked=True)
        return tenant

    async def list_boxes(self, query: Query | None = None, progress: Progress = no_progress) -> tuple[Box, ...]:
        """List every shared voicemail box that the query finds, complete or not at all.

        Returns:
            In extension order. Fields that a list leaves out are NOT_KNOWN.

        Raises:
            ListKeptChanging: three readings disagreed with the count that the PBX gave.

        Source: API page, "List shared voicemails".
        """
        return self._masks.remove(await list_completely(self._fetch_page, query or Query(), progress))

    async def count_boxes(self) -> int:
        """How many boxes the tenant has.

        Source: API page, "List shared voicemails", count.
        """
        return (await self._fetch_page({"top": 1})).count

    async def list_whole_boxes(
        self, query: Query | None = None, progress: Progress = no_progress, *, without: Collection[str] = ()
    ) -> tuple[Box, ...]:
        """List boxes with all that the PBX shows of them, also where its list is a summary.

        Args:
            query: which boxes.
            progress: hears how many boxes are read, of how many.
            without: fields for which alone no box is fetched.

        Returns:
            In extension order. What the PBX never shows is NOT_KNOWN. A box that was removed meanwhile is left out.

        Raises:
            ListKeptChanging: the list cannot be had completely.
        """
        boxes = {box.id: box for box in await self.list_boxes(query, progress)}
        needed = {c.header for c in COLUMNS} - set(without)
        in_part = [
            box
            for box in boxes.values()
            if any(getattr(box, header) is NOT_KNOWN for header in needed) or doubtful_values(box).keys() & needed
        ]
        return self._masks.remove((await self.complete_listed(boxes, in_part, query, progress)).values())

    async def complete_listed(
        self,
        boxes: Mapping[str, Box],
        in_part: Sequence[Box],
        query: Query | None = None,
        progress: Progress = no_progress,
    ) -> dict[str, Box]:
        """Add to listed boxes what the PBX shows of each alone.

        Args:
            boxes: as they were listed, by id.
            in_part: those of which the list does not tell enough.
            query: what they were listed with.
            progress: hears how many boxes are read, of how many.

        Returns:
            In the same order. A box that was removed meanwhile is left out.

        Raises:
            ListKeptChanging: the PBX lists a box that it does not have.
        """
        fetched = await self.fetch_boxes(in_part, progress)
        gone = {box.id for box in in_part} - fetched.keys()
        if gone and gone & {box.id for box in await self.list_boxes(query)}:
            raise ListKeptChanging(
                "The PBX lists boxes, and then says that it does not have them. Nothing incomplete is used. Try again "
                "when nobody is changing boxes, or ask its administrator whether this user may see every box."
            )
        return {
            box_id: fetched[box_id].filled_from(box, blanks=True) if box_id in fetched else box
            for box_id, box in boxes.items()
            if box_id not in gone
        }

    async def fetch_box(self, box_id: str, extension_number: str | None = None) -> Box:
        """Fetch one box with all that a single answer shows of it.

        Raises:
            NoSuchBox: it is gone.
            AnotherBox: the PBX answered with another box, or another number than the one that is given.

        Source: API page, "Retrieve a shared voicemail".
        """
        return (await self.fetch_whole_box(box_id, extension_number)).box

    async def fetch_whole_box(self, box_id: str, extension_number: str | None = None) -> WholeBox:
        """The same, with all fields as the PBX shows them, also those that are not documented."""
        whole = await self._client.get(_path(box_id), lambda response: _this_box_of(response, box_id, extension_number))
        (box,) = self._masks.remove([whole.box])
        return replace(whole, box=box)

    async def fetch_again(self, known: Box) -> Box:
        """Fetch a box that was read before. What a single answer shows no more, the list may: it is then asked too.

        Raises:
            NoSuchBox: it is gone.
        """
        return await self.complete(await self.fetch_box(known.id, known.extension_number), known)

    async def complete(self, box: Box, known: Box) -> Box:
        """A box that was fetched again, with what the list shows of it where a single answer shows no more."""
        masked: dict[str, Any] = {
            header: NOT_KNOWN for header, value in doubtful_values(box).items() if value != getattr(known, header)
        }
        box = replace(box, **masked)
        if box.filled_from(known, blanks=True) == box:
            return box
        for listed in self._masks.remove((await self._page_with(known.extension_number)).boxes):
            if (listed.id, listed.extension_number) == (known.id, known.extension_number):
                return box.filled_from(listed, blanks=True)
        return box

    async def fetch_boxes(self, listed: Iterable[Box], progress: Progress = no_progress) -> dict[str, Box]:
        """Fetch many boxes that were listed, several at once; by their ids. A box that is gone by now is left out.

        Source: API page, "Retrieve a shared voicemail".
        """
        wanted = tuple(listed)
        fetched: dict[str, Box] = {}

        async def fetch(box: Box) -> None:
            with suppress(NoSuchBox):
                fetched[box.id] = await self.fetch_box(box.id, box.extension_number)
            progress(len(fetched), len(wanted))

        await in_parallel(wanted, fetch, self.connections)
        return dict(zip(fetched, self._masks.remove(fetched.values()), strict=True))

    async def find_box(self, extension_number: str) -> Box | None:
        """Fetch the box with this extension, None where there is certainly none.

        A PBX that passes over the filter answers with other boxes, of which this one may come later.

        Raises:
            OutcomeUnknown, ListKeptChanging: the PBX contradicts itself, so that it is not known.

        Source: API page, "List shared voicemails", filter.
        """
        page = await self._page_with(extension_number)
        found = _with_number(page.boxes, extension_number)
        if not found and len({box.id for box in page.boxes}) != page.count:
            found = _with_number(await self.list_boxes(), extension_number)
        if len(found) > 1:
            raise MalformedAnswer(f"The PBX lists {len(found)} boxes with the number {extension_number}.")
        if not found:
            return None
        (listed,) = self._masks.remove(found)
        return (await self.fetch_box(listed.id, extension_number)).filled_from(listed, blanks=True)

    async def _page_with(self, extension_number: str) -> Page:
        return await self._fetch_page({"filter": f"extension_number eq {quote(extension_number)}"})

    async def create_box(self, record: Record) -> Response[str]:
        """Create a box and return its id.

        It is repeated only if nothing was created for certain. After OutcomeUnknown the box may exist: look for it
        before the next call, which may create it twice or fail because of it.

        Raises:
            PbxRefused: the PBX answered no, and made nothing.

        Source: API page, "Create a shared voicemail".
        """
        return await self._client.post(_BOXES, _id_of, idempotent=False, json=box_json(record))

    async def update_box(self, box: Box) -> Response[None]:
        """Give a box these values.

        The whole box is sent, so that repeating the call does no harm. After OutcomeUnknown the box may have them.

        Raises:
            PbxRefused: the PBX answered no, and changed nothing.
            NoSuchBox: the box is gone.

        Source: API page, "Update a shared voicemail".
        """
        fields = box_json(box)
        del fields["extension_number"]  # not part of this body: the number cannot be changed
        return await self._client.post(_path(box.id), _is_done_to(box.id), idempotent=True, json=fields)

    async def count_messages(self, box_id: str) -> int | None:
        """How many messages a box holds, None where the PBX does not show it.

        Source: vendor's OpenAPI, voicemails of a shared voicemail.
        """
        try:
            return await self._client.get(f"{_path(box_id)}/voicemails", _message_count, {"top": 1})
        except (PbxRefused, OutcomeUnknown):
            return None

    async def count_greetings(self, box_id: str) -> int | None:
        """How many greetings a box has, None where the PBX has no such list, or none that this user may read.

        Raises:
            OutcomeUnknown: it has such a list, and did not show it.

        Source: vendor's OpenAPI, greetings of a shared voicemail.
        """
        try:
            return await self._client.get(f"{_path(box_id)}/greetings", _greeting_count)
        except PbxRefused:
            return None

    async def destroy_box(self, box_id: str) -> Response[None]:
        """Remove a box.

        It is not repeated after OutcomeUnknown, since the second answer would be that there is no such box.

        Raises:
            NoSuchBox: it is gone already.

        Source: vendor's OpenAPI, deleteSharedVoicemail.
        """
        return await self._client.post(f"{_path(box_id)}/destroy", _is_done_to(box_id), idempotent=False)

    async def number_owner(self, extension_number: str) -> Owner | None:
        """What has this extension number, None where it is free.

        Source: vendor's OpenAPI, getExtensionNumber.
        """
        try:
            return await self._client.get(f"/api/extension_numbers/{escape(extension_number, safe='')}", read_owner)
        except NoSuchBox:
            return None

    async def pin_policy(self) -> PinPolicy:
        """How long a PIN may be: what the tenant's password policy says, or else the API page."""
        with suppress(PbxRefused, OutcomeUnknown):
            return await self.tenant_pin_policy() or DEFAULT_PIN_POLICY
        return DEFAULT_PIN_POLICY

    async def tenant_pin_policy(self) -> PinPolicy | None:
        """What the tenant's password policy says of PINs, None where the PBX has no such policy.

        Raises:
            PbxRefused, OutcomeUnknown: it was not shown, so that it is not known.

        Source: vendor's OpenAPI, retrieveTenantPasswordPolicy.
        """
        try:
            told = await self._client.get("/api/tenant/password_policy", read_object)
        except NoSuchBox:  # 404: before 22.3
            return None
        return _pin_policy(told.get("min_length"), told.get("max_length"))

    async def revoke_token(self) -> None:
        """End the token that this login uses.

        Source: vendor's guide, "Login", revoke.
        """
        await self._client.post("/api/login/oauth/revoke", _nothing, idempotent=True, changes=False)

    async def _fetch_page(self, params: Params) -> Page:
        try:
            return await self._client.get(_BOXES, _page_of, params)
        except NoSuchBox as error:
            raise not_the_api(self._client.base_url) from error

    def _tenant_of(self, response: httpx.Response) -> Tenant:
        return read_tenant(response, self._client.site)


def _this_box_of(response: httpx.Response, box_id: str, extension_number: str | None) -> WholeBox:
    """The box that was asked for, and no other."""
    fields = read_object(response)
    box = read_box(fields, response.url.host)
    if box.id == box_id and extension_number in {None, box.extension_number}:
        return WholeBox(box, fields)
    asked = f"box {extension_number}" if extension_number else "one box"
    raise AnotherBox(
        f"The PBX at {response.url.host} was asked for {asked} and answered with another one, {box.extension_number}."
    )


def _with_number(boxes: Iterable[Box], extension_number: str) -> list[Box]:
    return [box for box in boxes if box.extension_number == extension_number]


def _page_of(response: httpx.Response) -> Page:
    return read_page(read_object(response), lambda item: read_box(item, response.url.host))


def _message_count(response: httpx.Response) -> int | None:
    answer = read_object(response)
    count, items = answer.get("count"), answer.get("items")
    if not isinstance(items, list | None):
        return None
    listed = len(items or ())
    if isinstance(count, int) and not isinstance(count, bool) and count >= listed:
        return count
    return listed or None  # what contradicts itself proves no box to be empty


def _greeting_count(response: httpx.Response) -> int | None:
    if is_web_page(response):
        return None
    items = read_object(response).get("items")
    if not isinstance(items, list | None):
        raise MalformedAnswer(f"The PBX at {response.url.host} answered with JSON of an unexpected form.")
    return len(items or ())


def _id_of(response: httpx.Response) -> str:
    _check_is_done(response)
    box_id = read_id(read_object(response).get("id"))
    if box_id is None:
        raise MalformedAnswer(f"The PBX at {response.url.host} made the box and gave no id for it that can be used.")
    return box_id


def _is_done_to(box_id: str) -> Callable[[httpx.Response], None]:
    """Reads the answer to a change of a box, which has no body, or none that matters.

    Raises:
        NotDoneYet, AnotherBox: it does not say that this box was changed.
    """

    def read(response: httpx.Response) -> None:
        _check_is_done(response)
        told = _nothing(response)
        if isinstance(told, dict) and told.get("id") and read_id(told["id"]) != box_id:
            raise AnotherBox(f"The PBX at {response.url.host} was to change one box and answered with another one.")

    return read


def _check_is_done(response: httpx.Response) -> None:
    if response.status_code == httpx.codes.ACCEPTED:
        raise NotDoneYet(f"The PBX at {response.url.host} answered that it will be done later (status 202).")


def _nothing(response: httpx.Response) -> Any:
    """The answer has no body, or none that matters. A page of HTML comes from somebody else than the PBX."""
    return read_json(response) if response.content.strip() else None


def _path(box_id: str) -> str:
    return f"{_BOXES}/{escape(box_id, safe='')}"


def _pin_policy(least: Any, most: Any) -> PinPolicy:
    """The tenant's bounds, each where it gives one, else the API page's: since 22.3 the tenant decides."""
    tenant, policy = "the tenant's password policy", DEFAULT_PIN_POLICY
    if _is_length(least):
        policy = replace(policy, min_length=least, min_from=tenant)
    if _is_length(most):
        policy = replace(policy, max_length=most, max_from=tenant)
    elif policy.contradiction:  # the API page's bound is not the tenant's
        policy = replace(policy, max_length=LONGEST_PIN)
    return policy


def _is_length(value: Any) -> bool:
    """Whether a bound is one; 0 stands for none."""
    return isinstance(value, int) and not isinstance(value, bool) and value > 0
