"""The API calls that bulkvm needs, one method each."""

import time
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from dataclasses import replace
from typing import Final, TypeVar
from urllib.parse import quote as escape

import httpx

from bulkvm.columns import KEY_COLUMN
from bulkvm.model.box import Box, Owner, Record
from bulkvm.model.confirmation import Gap, is_confirmed
from bulkvm.model.errors import MalformedAnswer, NoSuchBox, OutcomeUnknown, PbxError, PbxRefused, TenantNotConfirmed
from bulkvm.model.settings import DEFAULT_PIN_POLICY, PinPolicy
from bulkvm.model.tenant import Tenant
from bulkvm.pbx.box_json import box_json, read_owner
from bulkvm.pbx.call_results import (
    UpdateAnswers,
    read_change_of,
    read_created_id,
    read_greeting_count,
    read_list_page,
    read_message_count,
    read_optional_json,
    read_pin_policy,
    read_requested_box,
    read_whole_page,
)
from bulkvm.pbx.listing import PAGE, Page, Params, Progress, Query, list_completely, no_progress, quote
from bulkvm.pbx.masked_values import Masks, fill_from_list
from bulkvm.pbx.number_lists import NumberList, NumberPage, read_number_page
from bulkvm.pbx.parallel import in_parallel
from bulkvm.pbx.responses import BOXES_PATH, TENANT_PATH, not_the_api, read_object
from bulkvm.pbx.retry import Response, RetryingClient
from bulkvm.pbx.tenant_lookup import make_tenant, read_tenant
from bulkvm.pbx.whole_box import WholeBox

T = TypeVar("T")

_MAX_READINGS: Final = 3


class Pbx:
    """One tenant of a PBX. `connections` is how many calls can be in flight at once; `masks` are its masks so far.

    Every method may raise PbxUnreachable, PbxBusy and PbxAway (nothing was changed), LoginRefused, NotTrusted,
    NotAllowed and OutcomeUnknown; a method that changes something documents what the last one means for it.
    Each method repeats its request where that is safe.
    """

    def __init__(self, client: RetryingClient, connections: int) -> None:
        self._client = client
        self.connections = connections
        self.masks = Masks()
        self._update_answers = UpdateAnswers()

    def end_waits(self) -> None:
        """Cancel all waits, now and from now on: for a slot, for the end of an outage or a pause, before a repeat.

        Calls that have to wait raise Interrupted. Requests in flight are finished.
        """
        self._client.end_waits()

    async def pause(self, seconds: float) -> None:
        """Wait before a call that would be too early now.

        Raises:
            Interrupted: the waits were cancelled.
        """
        await self._client.pause(seconds)

    async def tenant(self) -> Tenant:
        """Fetch the tenant that this login reaches. From then on, nothing is sent to another one.

        If the PBX does not show it, the login's domain or the token identifies the tenant.

        A system administrator's login is switched to a tenant that is known before, and nothing is asked.

        Source: vendor's OpenAPI, retrieveTenant.
        """
        if self._client.expected and self._client.site.is_administrator:
            return self._client.expected
        try:
            tenant = await self._client.get(TENANT_PATH, self._tenant_of)
        except PbxRefused:
            tenant = make_tenant({}, self._client.site)
        self._client.expect(tenant, checked=True)
        return tenant

    def moment(self) -> int:
        """The present moment, by which `gaps` count."""
        return self._client.checks.moment() if self._client.checks else 0

    @property
    def gaps(self) -> tuple[Gap, ...]:
        """What no check has confirmed to have reached the expected tenant; none if the PBX cannot move the login."""
        return self._client.checks.gaps if self._client.checks else ()

    async def confirm_tenant(self) -> None:
        """Check that a login which the PBX can move to another tenant still reaches the same one.

        Raises:
            OtherTenant, TenantNotConfirmed: it does not, or that is not certain. Nothing more is sent.
        """
        if self._client.checks and self._client.expected:
            await self._client.confirm_tenant()

    async def read_confirmed(self, read: Callable[[], Awaitable[T]]) -> T:
        """Read something, again if it is not confirmed that all of it is the expected tenant's.

        Raises:
            OtherTenant, TenantNotConfirmed: it is another tenant's, or that is not certain after several readings.
        """
        for _ in range(_MAX_READINGS):
            began = self.moment()
            try:
                value = await read()
            except PbxError:  # perhaps since the boxes of two tenants contradict each other
                if await self._is_confirmed_since(began):
                    raise
            else:
                if await self._is_confirmed_since(began):
                    return value
        raise TenantNotConfirmed(
            f"The PBX ended the login during each of {_MAX_READINGS} readings, so it is not certain that they show "
            f"{self._client.expected}. Try again later, or use the login of one of the tenant's own users."
        )

    async def _is_confirmed_since(self, began: int) -> bool:
        """Check the tenant, and return whether all that was read since a moment is confirmed."""
        span = began, self.moment()
        await self.confirm_tenant()
        return is_confirmed(span, self.gaps)

    async def list_boxes(self, query: Query | None = None, progress: Progress = no_progress) -> tuple[Box, ...]:
        """List every shared voicemail box that matches the query, completely or not at all.

        Returns:
            In extension order. Fields that a list leaves out are NOT_KNOWN.

        Raises:
            ListKeptChanging: three readings of the list disagreed with the PBX's count.

        Source: API page, "List shared voicemails".
        """
        return self.masks.remove(await list_completely(self._fetch_page, query or Query(), progress))

    async def count_boxes(self) -> int:
        """Count the boxes of the tenant.

        Source: API page, "List shared voicemails", count.
        """
        return (await self._fetch_page({"top": 1})).count

    async def fetch_box(self, box_id: str, extension_number: str | None = None) -> Box:
        """Fetch one box, as a single answer shows it.

        Raises:
            NoSuchBox: it does not exist.
            AnotherBox: the PBX answered with another box, or with another number than the given one.

        Source: API page, "Retrieve a shared voicemail".
        """
        return (await self.fetch_whole_box(box_id, extension_number)).box

    async def fetch_whole_box(self, box_id: str, extension_number: str | None = None) -> WholeBox:
        """Fetch one box with all its fields, undocumented ones included. Raises the same errors as `fetch_box`."""
        whole = await self._client.get(_path(box_id), read_requested_box(box_id, extension_number))
        (box,) = self.masks.remove([whole.box])
        return replace(whole, box=box, read_at=time.monotonic())

    async def fetch_whole_page(self, first: str, last: str) -> tuple[WholeBox, ...]:
        """Fetch a page of the boxes from one number to another, with all fields that the list shows.

        A PBX may ignore the numbers, and a page does not prove that it has no other box.

        Args:
            first: the lowest number.
            last: the highest number, with as many digits.

        Source: API page, "List shared voicemails", filter.
        """
        within = f"{KEY_COLUMN.header} ge {quote(first)} and {KEY_COLUMN.header} le {quote(last)}"
        params: Params = {"filter": within, "orderby": KEY_COLUMN.header, "top": PAGE}
        began = time.monotonic()
        page = await self._client.get(BOXES_PATH, read_whole_page, params)
        boxes = self.masks.remove(whole.box for whole in page)
        return tuple(replace(whole, box=box, read_at=began) for whole, box in zip(page, boxes, strict=True))

    async def fetch_boxes(self, listed: Iterable[Box], progress: Progress = no_progress) -> dict[str, Box]:
        """Fetch listed boxes, several at once. Returns them by id, without those that no longer exist.

        Source: API page, "Retrieve a shared voicemail".
        """
        wanted = tuple(listed)
        fetched: dict[str, Box] = {}

        async def fetch(box: Box) -> None:
            with suppress(NoSuchBox):
                fetched[box.id] = await self.fetch_box(box.id, box.extension_number)
            progress(len(fetched), len(wanted))

        await in_parallel(wanted, fetch, self.connections)
        return dict(zip(fetched, self.masks.remove(fetched.values()), strict=True))

    async def find_box(self, extension_number: str) -> Box | None:
        """Fetch the box with this extension; None if it certainly does not exist.

        A PBX that ignores the filter answers with the first page of all boxes, which may not include this one.

        Raises:
            OutcomeUnknown, ListKeptChanging: the PBX contradicts itself, so it is not known whether the box exists.

        Source: API page, "List shared voicemails", filter.
        """
        page = await self.list_number(extension_number)
        found = _with_number(page.boxes, extension_number)
        if not found and len({box.id for box in page.boxes}) != page.count:
            found = _with_number(await self.list_boxes(), extension_number)
        if len(found) > 1:
            raise MalformedAnswer(f"The PBX lists {len(found)} boxes with the number {extension_number}.")
        if not found:
            return None
        (listed,) = self.masks.remove(found)
        return fill_from_list(await self.fetch_box(listed.id, extension_number), listed)

    async def list_number(self, extension_number: str) -> Page:
        """Fetch the first page of the list, filtered by an extension number. A PBX may ignore the filter.

        Source: API page, "List shared voicemails", filter.
        """
        return await self._fetch_page({"filter": f"{KEY_COLUMN.header} eq {quote(extension_number)}"})

    async def create_box(self, record: Record) -> Response[str]:
        """Create a box and return its id.

        It is repeated only if nothing was created for certain. After OutcomeUnknown the box may exist: look for it
        before the next call, which may create it twice or fail because of it.

        Raises:
            PbxRefused: the PBX refused, and created nothing if that `is_certain`.

        Source: API page, "Create a shared voicemail".
        """
        return await self._client.post(
            BOXES_PATH, read_created_id(record.extension_number), idempotent=False, json=box_json(record)
        )

    async def update_box(self, box: Box, deadline: float | None = None) -> Response[None]:
        """Update a box to these values, not later than a deadline, which is a time by `time.monotonic`.

        The whole box is sent, so repeating the call is harmless. After OutcomeUnknown the box may have been updated.

        Raises:
            PbxRefused: the PBX refused, and changed nothing if that `is_certain`.
            NoSuchBox: the box does not exist.
            TooLate: it was not sent, because its turn came after the deadline.

        Source: API page, "Update a shared voicemail".
        """
        fields = box_json(box)
        del fields[KEY_COLUMN.header]  # not in this body: the number cannot be changed
        read = self._update_answers.read_update_of(box.id)
        return await self._client.post(_path(box.id), read, idempotent=True, json=fields, deadline=deadline)

    async def count_messages(self, box_id: str) -> int | None:
        """Count the messages in a box; None if the PBX does not show it.

        Source: vendor's OpenAPI, voicemails of a shared voicemail.
        """
        try:
            return await self._client.get(f"{_path(box_id)}/voicemails", read_message_count, {"top": 1})
        except (PbxRefused, OutcomeUnknown):
            return None

    async def count_greetings(self, box_id: str) -> int | None:
        """Count the greetings of a box; None if the PBX does not show it, or has no such list.

        Source: vendor's OpenAPI, greetings of a shared voicemail.
        """
        try:
            return await self._client.get(f"{_path(box_id)}/greetings", read_greeting_count)
        except (PbxRefused, OutcomeUnknown):
            return None

    async def destroy_box(self, box_id: str) -> Response[bool]:
        """Delete a box.

        It is not repeated after OutcomeUnknown, since the second answer would be a 404.

        Raises:
            NoSuchBox: it does not exist.

        Source: vendor's OpenAPI, deleteSharedVoicemail.
        """
        return await self._client.post(f"{_path(box_id)}/destroy", read_change_of(box_id), idempotent=False)

    async def number_owner(self, extension_number: str) -> Owner | None:
        """Look up what uses an extension number; None if it is free.

        Raises:
            MalformedAnswer: the PBX answered with something else.

        Source: vendor's OpenAPI, getExtensionNumber.
        """
        try:
            path = f"/api/extension_numbers/{escape(extension_number, safe='')}"
            return await self._client.get(path, read_owner(extension_number))
        except NoSuchBox:
            return None

    async def fetch_number_page(self, number_list: NumberList, first: str, last: str, skip: int = 0) -> NumberPage:
        """Fetch one page of a list of users or other extensions.

        Args:
            number_list: the list.
            first: the lowest number. A PBX may ignore it.
            last: the highest number, with as many digits as `first`.
            skip: how many extensions are on the pages before this one.

        Source: vendor's OpenAPI, listUsers and the others.
        """
        within = f"{KEY_COLUMN.header} ge {quote(first)} and {KEY_COLUMN.header} le {quote(last)}"
        params: Params = {"filter": within, "orderby": KEY_COLUMN.header, "skip": skip, "top": PAGE}
        return await self._client.get(number_list.path, read_number_page(number_list), params)

    async def pin_policy(self) -> PinPolicy:
        """Fetch how long a PIN may be: from the tenant's password policy, else from the API page."""
        with suppress(PbxRefused, OutcomeUnknown):
            return await self.tenant_pin_policy() or DEFAULT_PIN_POLICY
        return DEFAULT_PIN_POLICY

    async def tenant_pin_policy(self) -> PinPolicy | None:
        """Fetch the tenant's limits for PINs; None if the PBX has no password policy.

        Raises:
            PbxRefused, OutcomeUnknown: it could not be read.

        Source: vendor's OpenAPI, retrieveTenantPasswordPolicy.
        """
        try:
            policy = await self._client.get("/api/tenant/password_policy", read_object)
        except NoSuchBox:  # 404: before 22.3
            return None
        return read_pin_policy(policy.get("min_length"), policy.get("max_length"))

    async def revoke_token(self) -> None:
        """Revoke the token of this login.

        Source: vendor's guide, "Login", revoke.
        """
        await self._client.post("/api/login/oauth/revoke", read_optional_json, idempotent=True, changes=False)

    async def _fetch_page(self, params: Params) -> Page:
        try:
            return await self._client.get(BOXES_PATH, read_list_page, params)
        except NoSuchBox as error:
            raise not_the_api(self._client.base_url) from error

    def _tenant_of(self, response: httpx.Response) -> Tenant:
        return read_tenant(response, self._client.site)


def _with_number(boxes: Iterable[Box], extension_number: str) -> list[Box]:
    return [box for box in boxes if box.extension_number == extension_number]


def _path(box_id: str) -> str:
    return f"{BOXES_PATH}/{escape(box_id, safe='')}"
