"""Fault injection: what happens to a request that a fault rule matches."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from email.utils import formatdate
from http import HTTPStatus
from typing import Final, TypeAlias

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.types import Receive, Scope, Send

from bulkvm.simulator import other_admin
from bulkvm.simulator.error_responses import error_response
from bulkvm.simulator.fault_rules import Fault
from bulkvm.simulator.operations import WRONG_SWITCH, bearer
from bulkvm.simulator.state import State
from bulkvm.simulator.tokens import Tokens

Operation: TypeAlias = Callable[[], Awaitable[Response]]

# The ASGI extension through which the server lets a response abort its connection.
ABORT_EXTENSION: Final = "bulkvm.simulator.cut"

_OTHER_TENANT: Final = {"id": "MjAwMDAwMDAwMDAwMDAwMDAy", "name": "Another clinic", "domain": "another.example"}
_ERROR_PAGE: Final = "<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>"


class ConnectionCut(Response):
    """No response: the connection is aborted. In-process, ConnectionResetError is raised."""

    def __init__(self) -> None:
        super().__init__()
        self.status_code = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002  (ASGI's signature)
        """Abort the connection, and wait until the server has noticed."""
        cut = scope.get("extensions", {}).get(ABORT_EXTENSION)
        if cut is None:
            raise ConnectionResetError("the simulated PBX cut the connection")
        cut["abort"]()
        while (await receive())["type"] != "http.disconnect":
            pass


async def respond_with_fault(
    fault: Fault, request: Request, operate: Operation, state: State, tokens: Tokens
) -> Response:
    """Return the response under a fault; `operate` performs the requested operation."""
    box = request.path_params.get("id")
    failure = _failure(fault)
    if failure and not fault.what.endswith("-after"):
        return failure
    if fault.what == "no-switch":
        return Response()
    _interfere(fault, request, state, tokens)
    if fault.what == "slow":
        await asyncio.sleep(fault.amount)
    response = await operate()
    match fault.what:
        case "late":
            await asyncio.sleep(fault.amount)
        case "truncated":
            return _truncate(response)
        case "other-tenant":
            return JSONResponse(_OTHER_TENANT)
        case "message":
            _leave_message(state, box, response)
        case "unswitch" if response.status_code == HTTPStatus.OK and request.url.path.endswith("/token"):
            tokens.unswitch(json.loads(bytes(response.body))["access_token"])
    return failure or response


def _interfere(fault: Fault, request: Request, state: State, tokens: Tokens) -> None:
    """Do what a fault does just before the operation."""
    box = request.path_params.get("id")
    if fault.what == "expire":
        tokens.expire()
    elif fault.what.startswith("admin-"):
        other_admin.change(state, fault.what)
    elif fault.what == "other-box" and box:
        request.path_params["id"] = state.next_id(box)
    elif fault.what == "other-switch":
        request.scope[WRONG_SWITCH] = True
    elif fault.what == "unswitch":
        tokens.unswitch(bearer(request), int(fault.amount) if fault.option else None)


def _leave_message(state: State, box: str | None, response: Response) -> None:
    if response.status_code == HTTPStatus.CREATED:
        box = json.loads(bytes(response.body))["id"]
    if box and state.fetch(box):
        state.leave_message(box)


def _failure(fault: Fault) -> Response | None:
    """Return the error response of a fault; None if it has none."""
    what = fault.what.removesuffix("-after")
    if what == "reset":
        return ConnectionCut()
    if what == "html":
        return HTMLResponse(_ERROR_PAGE, 502)
    if what.isdigit():
        return error_response(int(what), "a fault rule asked for this", headers=_retry_headers(fault))
    return None


def _truncate(response: Response) -> Response:
    half = bytes(response.body)[: len(response.body) // 2]
    return Response(half, response.status_code, media_type=response.media_type)


def _retry_headers(fault: Fault) -> dict[str, str]:
    match fault.option:
        case "retry-after":
            return {"Retry-After": f"{fault.amount:.0f}"}
        case "retry-date":
            return {"Retry-After": formatdate(time.time() + fault.amount, usegmt=True)}
    return {}
