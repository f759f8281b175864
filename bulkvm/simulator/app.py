"""The simulated PBX as an ASGI application."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bulkvm.simulator.behaviours import parse_behaviours
from bulkvm.simulator.configuration import SimulatorError, SimulatorSettings
from bulkvm.simulator.dispatch import Dispatcher
from bulkvm.simulator.error_responses import error_response, http_error_response
from bulkvm.simulator.fault_rules import FaultRules
from bulkvm.simulator.openapi import make_openapi
from bulkvm.simulator.seeds import read_seed
from bulkvm.simulator.tenant_states import Tenants

_DEFAULT: Final = SimulatorSettings()


def create_app(
    state: Path | None = None,
    *,
    seed: Path | None = None,
    settings: SimulatorSettings = _DEFAULT,
    faults: Iterable[str] = (),
) -> Starlette:
    """Create a simulated PBX.

    `app.state.faults` can be replaced by other `FaultRules` at any time, `app.state.traffic` counts and logs requests,
    and `app.state.stored` is the stored data, including what responses hide (`leave_message` adds a message to a box).
    `app.state.stored` is that of the first tenant; `app.state.tenants` has all of them.

    Args:
        state: file for the boxes, which other processes may share; further tenants get files beside it. Defaults to
            memory.
        seed: an export (.csv or .json); its boxes replace those of the first tenant.
        settings: the logins and policy of the tenants, and the limits and behaviour of the PBX.
        faults: fault rules (see `fault_rules.py`).

    Raises:
        SimulatorError: a file cannot be used, or a rule is not valid.
    """
    rules, behaviours = FaultRules(faults), parse_behaviours(settings.behave)
    boxes = None if seed is None else read_seed(seed)
    tenants = Tenants(state, settings)
    stored = tenants.state(1)
    if boxes is not None:
        stored.replace(boxes)
    tenants.fill(1)
    document = make_openapi(settings, behaviours)
    dispatcher = Dispatcher(tenants, document, settings, behaviours)
    routes = [dispatcher.route(path, path_item) for path, path_item in document["paths"].items()]
    routes.append(Route("/openapi.json", lambda _: JSONResponse(document)))
    if settings.control:
        routes.append(Route("/simulator/faults", _set_faults, methods=["POST"]))
    app = Starlette(routes=routes, exception_handlers={HTTPException: http_error_response})
    app.router.redirect_slashes = False
    app.state.faults = rules
    app.state.traffic = dispatcher.traffic
    app.state.stored = stored
    app.state.tenants = tenants
    return app


async def _set_faults(request: Request) -> Response:
    """Replace the fault rules by those in the body, a JSON list of rules."""
    try:
        request.app.state.faults = FaultRules(json.loads(await request.body()))
    except (ValueError, TypeError):
        return error_response(400, "the body must be a list of rules")
    except SimulatorError as error:
        return error_response(400, str(error))
    return Response(status_code=204)
