"""What happens to every request before and after its call: it is counted, slowed down, struck by faults, checked."""

import asyncio
from functools import partial

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bulkvm.simulator.behaviours import Behaviours
from bulkvm.simulator.configuration import SimulatorSettings
from bulkvm.simulator.error_responses import ApiError, error_response
from bulkvm.simulator.fault_injection import respond_with_fault
from bulkvm.simulator.openapi import Schema
from bulkvm.simulator.operations import Operations
from bulkvm.simulator.request_validation import RequestValidator
from bulkvm.simulator.state import State
from bulkvm.simulator.tokens import Tokens
from bulkvm.simulator.traffic import LogEntry, Traffic


class Dispatcher:
    """Takes the requests in. The faults in force are those of `app.state.faults`."""

    def __init__(self, state: State, document: Schema, settings: SimulatorSettings, behaviours: Behaviours) -> None:
        self.traffic = Traffic(settings)
        self._state = state
        self._tokens = Tokens(state.db, settings.token, settings.token_lifetime)
        self._calls = Operations(state, self._tokens, RequestValidator(document), settings, behaviours)

    def route(self, path: str, operations: Schema) -> Route:
        """The route of one path of the document, for all its methods."""
        names = {method.upper(): operation["operationId"] for method, operation in operations.items()}
        if "GET" in names:
            names["HEAD"] = names["GET"]
        open_calls = {call["operationId"] for call in operations.values() if call.get("security") == []}

        async def answer(request: Request) -> Response:
            call = names[request.method]
            with self.traffic.request(call):
                response = await self._answer(request, call, open_to_all=call in open_calls)
            self.traffic.log.append(LogEntry(request.method, request.url.path, response.status_code))
            return response

        return Route(path, answer, methods=list(names))

    async def _answer(self, request: Request, call: str, *, open_to_all: bool) -> Response:
        if self.traffic.over_limit():
            # Whether the PBX says how long to wait is not documented; not to be told is the harder case.
            return error_response(429, "there were too many requests in a minute")
        fault = request.app.state.faults.match(call)
        if fault:
            await request.body()  # from here on the call can be done, though the client may go away
        if delay := self.traffic.delay():
            await asyncio.sleep(delay)
        do = partial(self._do, request, call, open_to_all=open_to_all)
        return await (do() if fault is None else respond_with_fault(fault, request, do, self._state, self._tokens))

    async def _do(self, request: Request, call: str, *, open_to_all: bool) -> Response:
        try:
            if not open_to_all:
                self._calls.authorize(request)
            response: Response = await getattr(self._calls, call)(request)
        except ApiError as refused:
            return refused.answer
        return response
