"""The operations of the API. Each method is named after its operationId."""

from collections.abc import Sequence
from functools import partialmethod
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from bulkvm.simulator.behaviours import Behaviours
from bulkvm.simulator.box_fields import BOX_FIELDS
from bulkvm.simulator.configuration import SimulatorSettings
from bulkvm.simulator.error_responses import ApiError, error_response
from bulkvm.simulator.filters import (
    EVERY_ITEM,
    FILTERS_OF_BOXES,
    FILTERS_OF_NUMBERS,
    FILTERS_OF_TENANTS,
    Condition,
    Fields,
    parse_filter,
    parse_order,
    parse_search,
)
from bulkvm.simulator.openapi import NUMBER_LISTS
from bulkvm.simulator.request_validation import RequestValidator
from bulkvm.simulator.state import NumberTaken, State
from bulkvm.simulator.tenant_states import Tenants
from bulkvm.simulator.tokens import Access, Tokens

_SUMMARY: Final = ("id", "name", "extension_number")
_SYSTEM_CALLS: Final = frozenset({"tenants", "switch"})
WRONG_SWITCH: Final = "bulkvm.simulator.wrong_switch"  # in the scope of a request that switches to the next tenant
_ANY_TENANT: Final = frozenset({"revoke"})


class Operations:
    """Performs the operations. Each returns a response or raises ApiError."""

    def __init__(
        self,
        tenants: Tenants,
        tokens: Tokens,
        validator: RequestValidator,
        settings: SimulatorSettings,
        behaviours: Behaviours,
    ) -> None:
        self._tenants = tenants
        self._tokens = tokens
        self._validator = validator
        self._settings = settings
        self._behaviours = behaviours

    def authorize(self, request: Request, call: str) -> None:
        """Raise ApiError unless the request has a bearer token that is valid for this call."""
        access = self._tokens.find(bearer(request))
        if access is None:
            raise ApiError(
                error_response(401, "a valid access token is needed", headers={"WWW-Authenticate": "Bearer"})
            )
        if not access.is_system if call in _SYSTEM_CALLS else access.tenant is None and call not in _ANY_TENANT:
            raise ApiError(error_response(403, "this login has no access to that, or no tenant was chosen"))
        self._tokens.count(bearer(request))
        request.state.tenant = access.tenant

    async def list(self, request: Request) -> Response:
        """Return one page of boxes, and the total count."""
        condition, order, skip, top = self._read_list_query(request, "list", FILTERS_OF_BOXES, "position")
        boxes = self._state(request).page(condition, order, skip, top)
        items = [self._behaviours.show(box, "list") for box in boxes]
        if self._settings.summary_lists:
            items = [{field: box[field] for field in _SUMMARY if field in box} for box in items]
        return self._page("list", self._state(request).count(condition), items)

    async def _list_numbers(self, request: Request, *, call: str) -> Response:
        """Return one page of the other extensions of one kind, and their total count."""
        kind, name = NUMBER_LISTS[call]
        condition, order, skip, top = self._read_list_query(request, call, FILTERS_OF_NUMBERS, "rowid")
        condition &= Condition("type = ?", (kind,))
        items = [
            {"id": item["id"], name: item["name"], "extension_number": item["extension_number"]}
            for item in self._state(request).page_of_numbers(condition, order, skip, top)
        ]
        return self._page(call, self._state(request).count_numbers(condition), items)

    users = partialmethod(_list_numbers, call="users")
    groups = partialmethod(_list_numbers, call="groups")
    queues = partialmethod(_list_numbers, call="queues")
    rooms = partialmethod(_list_numbers, call="rooms")
    receptionists = partialmethod(_list_numbers, call="receptionists")

    async def create(self, request: Request) -> Response:
        """Create a box."""
        given = await self._read_box(request, "create")
        try:
            return JSONResponse(
                {"id": self._state(request).insert(self._validator.defaults["create"] | given)}, status_code=201
            )
        except NumberTaken:
            raise ApiError(error_response(409, "the extension_number is taken")) from None

    async def fetch(self, request: Request) -> Response:
        """Return one box with all its fields."""
        box = self._state(request).fetch(request.path_params["id"])
        if box is None:
            raise _no_such_box()
        return JSONResponse(self._behaviours.show(box, "single"))

    async def update(self, request: Request) -> Response:
        """Update a box."""
        given = await self._read_box(request, "update")
        before = self._state(request).fetch(request.path_params["id"])
        if before is None:
            raise _no_such_box()
        self._state(request).update(before["id"], self._unset_fields(before) | given)
        return Response()

    async def destroy(self, request: Request) -> Response:
        """Delete a box."""
        if not self._state(request).delete(request.path_params["id"]):
            raise _no_such_box()
        return Response(status_code=204)

    async def messages(self, request: Request) -> Response:
        """Return one page of the messages in a box."""
        query = self._validator.read_query(request, "messages")
        if self._state(request).fetch(request.path_params["id"]) is None:
            raise _no_such_box()
        messages = self._state(request).messages(request.path_params["id"])
        return self._page("messages", len(messages), messages[query["skip"] :][: query["top"]])

    async def greetings(self, request: Request) -> Response:
        """Return the greetings of a box."""
        if self._state(request).fetch(request.path_params["id"]) is None:
            raise _no_such_box()
        return JSONResponse({"items": self._state(request).greetings(request.path_params["id"])})

    async def tenant(self, request: Request) -> Response:
        """Return the tenant of the token."""
        tenant = self._tenants.show(request.state.tenant)
        del tenant["enabled"]
        return JSONResponse(self._with_nulls("tenant", tenant))

    async def tenants(self, request: Request) -> Response:
        """Return one page of tenants, and their total count."""
        condition, order, skip, top = self._read_list_query(request, "tenants", FILTERS_OF_TENANTS, "number")
        items = self._tenants.page(condition, order, skip, top)
        return self._page("tenants", self._tenants.count(condition), items)

    async def switch(self, request: Request) -> Response:
        """Give the token, or on an older PBX a new one, access to another tenant."""
        query = self._validator.read_query(request, "switch")
        tenant = self._tenants.number_of(tenant_id=query["id"])
        if tenant is None:
            raise ApiError(error_response(404, "there is no tenant with this id"))
        tenant = self._tenants.next_number(tenant) if request.scope.get(WRONG_SWITCH) else tenant
        if self._behaviours.switch_gives_token:
            return JSONResponse(self._tokens.issue(Access(tenant, is_system=True)))
        self._tokens.switch(bearer(request), tenant)
        return Response()

    async def owner(self, request: Request) -> Response:
        """Return what has a number. Shared voicemails are included, which is not documented."""
        owner = self._state(request).owner(request.path_params["extension_number"])
        if owner is None and "owner" in self._behaviours.nulls:
            owner = dict.fromkeys(("id", "extension_number", "name", "type"))
        elif owner is None:
            raise ApiError(error_response(404, "no extension has this number"))
        return JSONResponse(owner)

    async def policy(self, _: Request) -> Response:
        """Return the tenant's password policy, which also applies to PINs (PBX 22.3 and later)."""
        behaviours = self._behaviours
        least, most = behaviours.policy or behaviours.pins or (self._settings.pin_min, self._settings.pin_max)
        lengths = {"min_length": least, "max_length": most}
        switches = ("contains_letters", "contains_numbers", "contains_special_letters")
        disabled = ("sequential_characters", "repeating_characters", "account_information")
        policy = lengths | dict.fromkeys(switches, False) | {f"disable_{what}": True for what in disabled}
        return JSONResponse(self._with_nulls("policy", policy))

    async def login(self, request: Request) -> Response:
        """Issue tokens for a password or a refresh token."""
        form = await self._validator.read_form(request, "login")
        refresh = form["grant_type"] == "refresh_token"
        access = self._tokens.use_refresh(form["refresh_token"]) if refresh else self._log_in(form)
        if access is None:
            raise ApiError(error_response(400, "Login failed, authentication error", code="UNAUTHORIZED"))
        return JSONResponse(self._tokens.issue(access))

    async def revoke(self, request: Request) -> Response:
        """Revoke the token of the request."""
        self._tokens.revoke(bearer(request))
        return Response()

    def _state(self, request: Request) -> State:
        """The state of the tenant in force."""
        return self._tenants.state(request.state.tenant)

    def _log_in(self, form: dict[str, Any]) -> Access | None:
        """Return the access of a user, who names a tenant's domain, or of the system administrator, who does not."""
        settings, given = self._settings, (form["username"], form["password"])
        if "domain" not in form:
            access = Access(self._behaviours.system_tenant, is_system=True)
            return access if given == (settings.system_user, settings.system_password) else None
        tenant = self._tenants.number_of(domain=form["domain"])
        return Access(tenant) if tenant and given == (settings.user, settings.password) else None

    def _read_list_query(
        self, request: Request, call: str, fields: Fields, default_order: str
    ) -> tuple[Condition, str, int, int]:
        """Return the condition, order, offset and size of a page. The default order is not documented."""
        query = self._validator.read_query(request, call)
        query |= {name: self._validator.defaults[call][name] for name in self._behaviours.ignored}
        condition = EVERY_ITEM
        if query["filter"] is not None:
            condition &= parse_filter(query["filter"], fields)
        if query["search"] is not None:
            condition &= parse_search(query["search"], "domain" if call == "tenants" else "extension_number")
        order = default_order if query["orderby"] is None else parse_order(query["orderby"], fields)
        return condition, order, query["skip"], min(query["top"], self._settings.page_cap)

    async def _read_box(self, request: Request, call: str) -> dict[str, Any]:
        """Return the fields of the body, with null for an empty string."""
        box = await self._validator.read_json(request, call)
        return {field: None if value == "" else value for field, value in box.items()}

    def _unset_fields(self, before: dict[str, Any]) -> dict[str, Any]:
        """Return the fields of a box after an update that sets none of them."""
        if self._behaviours.updates == "merge":
            return before
        if self._behaviours.updates == "erase":
            return {field: before[field] for field in BOX_FIELDS}
        required = {field: before[field] for field in ("id", "name", "extension_number", "pin")}
        return self._validator.defaults["update"] | required

    def _with_nulls(self, call: str, answer: dict[str, Any]) -> dict[str, Any]:
        return dict.fromkeys(answer) if call in self._behaviours.nulls else answer

    def _page(self, call: str, count: int, items: Sequence[dict[str, Any]]) -> Response:
        empty = None if call in self._behaviours.nulls else ()
        return JSONResponse({"count": count, "items": items or empty})


def bearer(request: Request) -> str:
    """The bearer token of a request."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token if scheme.lower() == "bearer" else ""


def _no_such_box() -> ApiError:
    return ApiError(error_response(404, "there is no shared voicemail with this id"))
