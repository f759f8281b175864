"""The OpenAPI document of the simulated PBX.

It is served as /openapi.json. Requests are routed and validated by it, so that document and simulator cannot differ.
An operationId is also the name of the method in `Operations` and the CALL of fault rules. A value's `description`
completes the sentence "<name> must be ..." in error messages.
"""

from typing import Any, Final, TypeAlias

from bulkvm.simulator.behaviours import Behaviours
from bulkvm.simulator.box_fields import BOX_FIELDS, FIXED_FIELDS
from bulkvm.simulator.configuration import SimulatorSettings

Schema: TypeAlias = dict[str, Any]

CLIENT_ID: Final = "9d806019-75b2-4b3d-bb8b-f5a3a412cc0a"

_TEXT: Final = {"type": ["string", "null"]}
_BOX_RESPONSE: Final = {
    "type": "object",
    "properties": {name: {"type": [schema["type"], "null"]} for name, schema in BOX_FIELDS.items()},
    "required": ["id", "name", "extension_number"],
    "additionalProperties": False,
}
# The lists of other extensions: by operationId, the kind, and the field that holds the name.
NUMBER_LISTS: Final = {
    "users": ("EXTENSION", "display_name"),
    "groups": ("RING_GROUP", "name"),
    "queues": ("CALL_QUEUE", "name"),
    "rooms": ("CONFERENCE_ROOM", "subject"),
    "receptionists": ("VIRTUAL_RECEPTIONIST", "name"),
}
_MESSAGE: Final = {
    "type": "object",
    "properties": {
        "id": _TEXT,
        "sender_name": _TEXT,
        "sender_number": _TEXT,
        "created_at": {"type": ["string", "null"], "format": "date-time"},
        "duration": {"type": ["integer", "null"]},
        "status": {"enum": ["READ", "UNREAD"]},
    },
    "additionalProperties": False,
}
_LIST_PARAMETERS: Final = {
    "filter": {"type": "string", "description": "a filter such as name eq 'Sales' and enable_pin eq true"},
    "search": {"type": "string", "description": "a part of the name or of the extension number"},
    "orderby": {"type": "string", "description": "fields with an optional asc or desc, separated by commas"},
    "skip": {
        "type": "integer",
        "minimum": 0,
        "maximum": 2**31 - 1,
        "default": 0,
        "description": "an integer of 0 or more",
    },
    "top": {
        "type": "integer",
        "minimum": 1,
        "maximum": 100,
        "default": 100,
        "description": "an integer from 1 to 100",
    },
}
_SWITCH_PARAMETER: Final = {
    "name": "id",
    "in": "query",
    "schema": {"type": "string", "minLength": 1, "description": "the id of a tenant"},
}
_LOGIN_FORM: Final = {
    "type": "object",
    "properties": {
        "grant_type": {"enum": ["password", "refresh_token"], "description": "password or refresh_token"},
        "client_id": {"enum": [CLIENT_ID], "description": "the client id from the PBX's documentation"},
        "username": {"type": "string", "minLength": 1, "description": "a string that is not empty"},
        "password": {"type": "string", "minLength": 1, "description": "a string that is not empty"},
        "domain": {"type": "string", "minLength": 1, "description": "a string that is not empty"},
        "scope": {"enum": ["all"], "description": "all"},
        "refresh_token": {"type": "string", "minLength": 1, "description": "a string that is not empty"},
    },
    "required": ["grant_type", "client_id"],
    "if": {"properties": {"grant_type": {"const": "refresh_token"}}},
    "then": {"required": ["refresh_token"]},
    "else": {"required": ["username", "password"]},
    "additionalProperties": False,
}


def make_openapi(settings: SimulatorSettings, behaviours: Behaviours) -> Schema:
    """Make the document for a tenant with these settings on a PBX with this behaviour."""
    writable = _writable(settings, behaviours)
    return {
        "openapi": "3.1.0",
        "info": {"title": "bulkvm's simulated PBX", "version": "1"},
        "security": [{"bearer": []}],
        "components": {"securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}}},
        "paths": {
            "/api/shared_voicemails": {"get": _list(), "post": _create(writable)},
            "/api/shared_voicemails/{id}": {
                "get": _operation("fetch", _json_response(200, _BOX_RESPONSE), path="id"),
                "post": _operation("update", _no_content(200), path="id", body=_json_body(_object(writable))),
            },
            "/api/shared_voicemails/{id}/destroy": {"post": _operation("destroy", _no_content(204), path="id")},
            "/api/shared_voicemails/{id}/voicemails": {"get": _messages()},
            "/api/shared_voicemails/{id}/greetings": {"get": _greetings()},
            "/api/tenant": {
                "get": _operation(
                    "tenant", _json_response(200, _object(dict.fromkeys(("id", "name", "domain"), _TEXT)))
                )
            },
            "/api/tenants": {"get": _tenants()},
            "/api/tenants/switch": {
                "post": _operation("switch", _json_response(200, {})) | {"parameters": [_SWITCH_PARAMETER]}
            },
            "/api/users": {"get": _list_numbers("users")},
            "/api/ring_groups": {"get": _list_numbers("groups")},
            "/api/call_queues": {"get": _list_numbers("queues")},
            "/api/conference_rooms": {"get": _list_numbers("rooms")},
            "/api/ivrs": {"get": _list_numbers("receptionists")},
            "/api/extension_numbers/{extension_number}": {"get": _owner()},
            "/api/tenant/password_policy": {"get": _policy()},
            "/api/login/oauth/token": {"post": _login()},
            "/api/login/oauth/revoke": {"post": _operation("revoke", _no_content(200))},
        },
    }


def operation_ids() -> list[str]:
    """Return the names of all operations."""
    paths = make_openapi(SimulatorSettings(), Behaviours())["paths"]
    return [operation["operationId"] for path_item in paths.values() for operation in path_item.values()]


def _writable(settings: SimulatorSettings, behaviours: Behaviours) -> Schema:
    """Return the fields of a box that can be set on create and update."""
    extras = {name: {"default": value, "description": "anything"} for name, value in behaviours.extras.items()}
    writable = {name: schema for name, schema in BOX_FIELDS.items() if name not in FIXED_FIELDS} | extras
    if not behaviours.any_pin:
        writable["pin"] = _pin(*(behaviours.pins or (settings.pin_min, settings.pin_max)))
    return writable


def _pin(least: int, most: int) -> Schema:
    return {
        "type": "string",
        "minLength": least,
        "maxLength": most,
        "pattern": r"^(?!.*([0-9])\1\1)(?!.*(012|123|234|345|456|567|678|789))[0-9]+(?!\n)$",
        "description": f"a string of {least} to {most} digits without three equal (111) or ascending (012) in a row",
    }


def _list() -> Schema:
    return _operation("list", _json_response(200, _page(_BOX_RESPONSE))) | {
        "parameters": _parameters(*_LIST_PARAMETERS)
    }


def _list_numbers(call: str) -> Schema:
    _, name = NUMBER_LISTS[call]
    item = _object(dict.fromkeys(("id", name, "extension_number"), _TEXT))
    return _operation(call, _json_response(200, _page(item))) | {"parameters": _parameters(*_LIST_PARAMETERS)}


def _tenants() -> Schema:
    tenant = _object(dict.fromkeys(("id", "name", "domain"), _TEXT) | {"enabled": {"type": "boolean"}})
    return _operation("tenants", _json_response(200, _page(tenant))) | {"parameters": _parameters(*_LIST_PARAMETERS)}


def _messages() -> Schema:
    # The documentation has filter, search and orderby too.
    operation = _operation("messages", _json_response(200, _page(_MESSAGE)), path="id")
    return operation | {"parameters": [*operation["parameters"], *_parameters("skip", "top")]}


def _greetings() -> Schema:
    greeting = {"id": {"type": "string"}, "enabled": {"type": "boolean"}, "file_name": {"type": "string"}}
    items = {"type": ["array", "null"], "items": _object(greeting)}
    return _operation("greetings", _json_response(200, _object({"items": items})), path="id")


def _page(item: Schema) -> Schema:
    return {
        "type": "object",
        "properties": {"count": {"type": "integer"}, "items": {"type": ["array", "null"], "items": item}},
        "required": ["count", "items"],
    }


def _parameters(*names: str) -> list[Schema]:
    return [{"name": name, "in": "query", "schema": _LIST_PARAMETERS[name]} for name in names]


def _create(writable: Schema) -> Schema:
    fields = _object(
        {"extension_number": BOX_FIELDS["extension_number"]} | writable, required=["name", "extension_number", "pin"]
    )
    return _operation("create", _json_response(201, _object({"id": {"type": "string"}})), body=_json_body(fields))


def _owner() -> Schema:
    owner = _object(dict.fromkeys(("id", "extension_number", "name", "type"), _TEXT))
    return _operation("owner", _json_response(200, owner), path="extension_number")


def _policy() -> Schema:
    whole = {"type": ["integer", "null"]}
    return _operation(
        "policy", _json_response(200, {"type": "object", "properties": {"min_length": whole, "max_length": whole}})
    )


def _login() -> Schema:
    tokens = {
        "access_token": {"type": "string"},
        "refresh_token": {"type": "string"},
        "expires_in": {"type": "integer"},
        "token_type": {"const": "Bearer"},
    }
    body = {"required": True, "content": {"application/x-www-form-urlencoded": {"schema": _LOGIN_FORM}}}
    return _operation("login", _json_response(200, _object(tokens)), body=body) | {"security": []}


def _operation(name: str, response: Schema, *, path: str | None = None, body: Schema | None = None) -> Schema:
    error = {
        "type": "object",
        "properties": {"code": {"type": "string"}, "message": {"type": "string"}},
        "required": ["code", "message"],
    }
    errors = _object({"errors": {"type": "array", "minItems": 1, "items": error}}, required=["errors"])
    operation: Schema = {"operationId": name, "responses": response | _json_response("4XX", errors)}
    if path is not None:
        operation["parameters"] = [{"name": path, "in": "path", "required": True, "schema": {"type": "string"}}]
    return operation if body is None else operation | {"requestBody": body}


def _object(properties: Schema, required: list[str] | None = None) -> Schema:
    return {
        "type": "object",
        "properties": properties,
        "required": required or [],
        "additionalProperties": False,
    }


def _json_body(schema: Schema) -> Schema:
    return {"required": True, "content": {"application/json": {"schema": schema}}}


def _json_response(status: int | str, schema: Schema) -> Schema:
    return {str(status): {"description": "", "content": {"application/json": {"schema": schema}}}}


def _no_content(status: int) -> Schema:
    return {str(status): {"description": "no content"}}
