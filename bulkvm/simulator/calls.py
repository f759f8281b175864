"""What each call of the document does. A method's name is the call's operationId."""

from typing import Any, Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from bulkvm.simulator.checking import Checker
from bulkvm.simulator.filters import EVERY_BOX, parse_filter, parse_order, parse_search
from bulkvm.simulator.refusals import Refused, error_answer
from bulkvm.simulator.settings import Settings
from bulkvm.simulator.state import NumberTaken, State
from bulkvm.simulator.tokens import Tokens

_SUMMARY: Final = ("id", "name", "extension_number")


class Calls:
    """The calls. Each answers, or raises Refused."""

    def __init__(self, state: State, tokens: Tokens, checker: Checker, settings: Settings) -> None:
        self._state = state
        self._tokens = tokens
        self._checker = checker
        self._settings = settings

    def authorize(self, request: Request) -> None:
        """Let only requests with a good bearer token pass."""
        if not self._tokens.accepts(_bearer(request)):
            raise Refused(error_answer(401, "a valid access token is needed", headers={"WWW-Authenticate": "Bearer"}))

    async def list(self, request: Request) -> Response:
        """One page of the boxes, and how many there are in all."""
        query = self._checker.read_query(request, "list")
        condition = EVERY_BOX
        if query["filter"] is not None:
            condition &= parse_filter(query["filter"])
        if query["search"] is not None:
            condition &= parse_search(query["search"])
        # The order where none is asked for is not documented; here it is that of the boxes' making.
        order = "position" if query["orderby"] is None else parse_order(query["orderby"])
        boxes = self._state.page(condition, order, query["skip"], min(query["top"], self._settings.page_cap))
        items = [self._shown(box) for box in boxes]
        if self._settings.summary_lists:
            items = [{field: box[field] for field in _SUMMARY} for box in items]
        return JSONResponse({"count": self._state.count(condition), "items": items})

    async def create(self, request: Request) -> Response:
        """Add a box."""
        box = await self._read_box(request, "create")
        try:
            return JSONResponse({"id": self._state.insert(box)}, status_code=201)
        except NumberTaken:
            raise Refused(error_answer(409, "the extension_number is taken")) from None

    async def fetch(self, request: Request) -> Response:
        """One box, in full."""
        box = self._state.fetch(request.path_params["id"])
        if box is None:
            raise _no_such_box()
        return JSONResponse(self._shown(box))

    async def update(self, request: Request) -> Response:
        """Overwrite a box."""
        id_ = request.path_params["id"]
        merged = self._state.fetch(id_) if self._settings.merge_updates else None
        box = await self._read_box(request, "update", left_out=merged)
        if not self._state.update(id_, box):
            raise _no_such_box()
        return Response()

    async def destroy(self, request: Request) -> Response:
        """Remove a box."""
        if not self._state.delete(request.path_params["id"]):
            raise _no_such_box()
        return Response(status_code=204)

    async def owner(self, request: Request) -> Response:
        """What has a number; shared voicemails are told as well, which is not documented."""
        owner = self._state.owner(request.path_params["extension_number"])
        if owner is None:
            raise Refused(error_answer(404, "nothing has this number"))
        return JSONResponse(owner)

    async def policy(self, _: Request) -> Response:
        """The tenant's password policy, which is that of PINs too (PBX 22.3 and later)."""
        lengths = {"min_length": self._settings.pin_min, "max_length": self._settings.pin_max}
        switches = ("contains_letters", "contains_numbers", "contains_special_letters")
        disabled = ("sequential_characters", "repeating_characters", "account_information")
        return JSONResponse(lengths | dict.fromkeys(switches, False) | {f"disable_{what}": True for what in disabled})

    async def login(self, request: Request) -> Response:
        """Tokens for a password, or for a refresh token."""
        form = await self._checker.read_form(request, "login")
        if form["grant_type"] == "refresh_token":
            good = self._tokens.use_refresh(form["refresh_token"])
        else:
            given = (form["username"], form["password"], form.get("domain"))
            good = given == (self._settings.user, self._settings.password, self._settings.domain)
        if not good:
            raise Refused(error_answer(400, "Login failed, authentication error", code="UNAUTHORIZED"))
        return JSONResponse(self._tokens.issue())

    async def revoke(self, request: Request) -> Response:
        """End the token that the request bears."""
        self._tokens.revoke(_bearer(request))
        return Response()

    async def _read_box(self, request: Request, call: str, left_out: dict[str, Any] | None = None) -> dict[str, Any]:
        """The fields of a body, with what those left out are taken for: their defaults, if nothing else is said."""
        box = (left_out or self._checker.defaults[call]) | await self._checker.read_json(request, call)
        return {field: None if value == "" else value for field, value in box.items()}

    def _shown(self, box: dict[str, Any]) -> dict[str, Any]:
        return box | {"pin": None} if self._settings.hide_pins else box


def _bearer(request: Request) -> str:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token if scheme.lower() == "bearer" else ""


def _no_such_box() -> Refused:
    return Refused(error_answer(404, "there is no shared voicemail with this id"))
