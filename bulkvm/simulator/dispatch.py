"""Request dispatch: rate limiting, latency, fault injection, authorization and logging around each operation."""

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
from bulkvm.simulator.operations import Operations, bearer
from bulkvm.simulator.request_validation import RequestValidator
from bulkvm.simulator.tenant_states import Tenants
from bulkvm.simulator.tokens import Tokens
from bulkvm.simulator.traffic import LogEntry, Traffic


class Dispatcher:
    """Dispatches requests to operations. The fault rules in force are those of `app.state.faults`."""

    def __init__(self, tenants: Tenants, document: Schema, settings: SimulatorSettings, behaviours: Behaviours) -> None:
        self.traffic = Traffic(settings)
        self._tenants = tenants
        self._tokens = Tokens(tenants.db, settings.token, settings.token_lifetime, behaviours.system_tenant)
        self._operations = Operations(tenants, self._tokens, RequestValidator(document), settings, behaviours)

    def route(self, path: str, path_item: Schema) -> Route:
        """Make the route of one path of the OpenAPI document, for all its methods."""
        names = {method.upper(): operation["operationId"] for method, operation in path_item.items()}
        if "GET" in names:
            names["HEAD"] = names["GET"]
        public = {operation["operationId"] for operation in path_item.values() if operation.get("security") == []}

        async def handle(request: Request) -> Response:
            name = names[request.method]
            with self.traffic.request(name):
                response = await self._handle(request, name, is_public=name in public)
            self.traffic.log.append(LogEntry(request.method, request.url.path, response.status_code))
            return response

        return Route(path, handle, methods=list(names))

    async def _handle(self, request: Request, name: str, *, is_public: bool) -> Response:
        if self.traffic.over_limit():
            # Whether the PBX sends Retry-After is not documented; without it, the client has the harder task.
            return error_response(429, "there were too many requests in a minute")
        fault = request.app.state.faults.match(name)
        if fault:
            await request.body()  # so that the operation can run even if the client disconnects
        if delay := self.traffic.delay():
            await asyncio.sleep(delay)
        operate = partial(self._operate, request, name, is_public=is_public)
        if fault is None:
            return await operate()
        access = self._tokens.find(bearer(request))
        state = self._tenants.state(access.tenant if access and access.tenant else 1)
        return await respond_with_fault(fault, request, operate, state, self._tokens)

    async def _operate(self, request: Request, name: str, *, is_public: bool) -> Response:
        try:
            if not is_public:
                self._operations.authorize(request, name)
            response: Response = await getattr(self._operations, name)(request)
        except ApiError as error:
            return error.response
        return response
