r"""The OpenAPI document of the simulated PBX.

It is served, and it is what requests are checked against and routed by, so that it cannot say one thing and the
simulator do another. An operationId is the call's name in the code and in fault rules. A `description` of a value
completes the sentence "<name> must be ...", for the error messages. `$` is guarded by `(?!\n)` because Python lets it
match before a last line break.
"""

from typing import Any, Final, TypeAlias

from bulkvm.simulator.behaviours import Behaviours
from bulkvm.simulator.configuration import SimulatorSettings

Schema: TypeAlias = dict[str, Any]

CLIENT_ID: Final = "9d806019-75b2-4b3d-bb8b-f5a3a412cc0a"

# Not \s: regular expressions of other languages take other characters for white space.
_ADDRESS: Final = r"[^\u0000-\u0020,@]+@[^\u0000-\u0020,@]+"
_TEXT: Final = {"type": ["string", "null"]}
_SWITCH: Final = {"type": ["boolean", "null"]}
_BOX_ANSWER: Final = {
    "type": "object",
    "properties": {
        "id": _TEXT,
        "name": _TEXT,
        "extension_number": _TEXT,
        "prompt": _TEXT,
        "enable_pin": _SWITCH,
        "pin": _TEXT,
        "enable_email_notify": _SWITCH,
        "recipients": _TEXT,
        "play_datetime": _TEXT,
    },
    "required": ["id", "name", "extension_number"],
    "additionalProperties": False,
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
_EXTENSION: Final = {
    "type": "string",
    "pattern": r"^[0-9]{3,64}(?!\n)$",
    "not": {"enum": ["555", "666", "777", "888"]},
    "description": "a text of 3 to 64 digits, and none of the PBX's own numbers 555, 666, 777 and 888",
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
        "description": "a whole number of 0 or more",
    },
    "top": {
        "type": "integer",
        "minimum": 1,
        "maximum": 100,
        "default": 100,
        "description": "a whole number from 1 to 100",
    },
}
_LOGIN_FORM: Final = {
    "type": "object",
    "properties": {
        "grant_type": {"enum": ["password", "refresh_token"], "description": "password or refresh_token"},
        "client_id": {"enum": [CLIENT_ID], "description": "the client id of the PBX's documentation"},
        "username": {"type": "string", "minLength": 1, "description": "a text that is not empty"},
        "password": {"type": "string", "minLength": 1, "description": "a text that is not empty"},
        "domain": {"type": "string", "minLength": 1, "description": "a text that is not empty"},
        "scope": {"enum": ["all"], "description": "all"},
        "refresh_token": {"type": "string", "minLength": 1, "description": "a text that is not empty"},
    },
    "required": ["grant_type", "client_id"],
    "if": {"properties": {"grant_type": {"const": "refresh_token"}}},
    "then": {"required": ["refresh_token"]},
    "else": {"required": ["username", "password"]},
    "additionalProperties": False,
}


def make_openapi(settings: SimulatorSettings, behaviours: Behaviours) -> Schema:
    """The document for a tenant with these settings, on a PBX that behaves so."""
    changeable = _changeable(settings, behaviours)
    return {
        "openapi": "3.1.0",
        "info": {"title": "bulkvm's simulated PBX", "version": "1"},
        "security": [{"bearer": []}],
        "components": {"securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}}},
        "paths": {
            "/api/shared_voicemails": {"get": _list(), "post": _create(changeable)},
            "/api/shared_voicemails/{id}": {
                "get": _call("fetch", _json(200, _BOX_ANSWER), path="id"),
                "post": _call("update", _nothing(200), path="id", body=_json_body(_object(changeable))),
            },
            "/api/shared_voicemails/{id}/destroy": {"post": _call("destroy", _nothing(204), path="id")},
            "/api/shared_voicemails/{id}/voicemails": {"get": _messages()},
            "/api/shared_voicemails/{id}/greetings": {"get": _greetings()},
            "/api/tenant": {
                "get": _call("tenant", _json(200, _object(dict.fromkeys(("id", "name", "domain"), _TEXT))))
            },
            "/api/extension_numbers/{extension_number}": {"get": _owner()},
            "/api/tenant/password_policy": {"get": _policy()},
            "/api/login/oauth/token": {"post": _login()},
            "/api/login/oauth/revoke": {"post": _call("revoke", _nothing(200))},
        },
    }


def _changeable(settings: SimulatorSettings, behaviours: Behaviours) -> Schema:
    """The fields of a box that may be written at any time."""
    extras = {name: {"default": value, "description": "anything"} for name, value in behaviours.extras.items()}
    return {
        "name": {"type": "string", "minLength": 1, "maxLength": 64, "description": "a text of 1 to 64 characters"},
        "prompt": {
            "type": "string",
            "pattern": r"^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*(?!\n)$",
            "description": "a BCP 47 language tag such as en-US",
        },
        "enable_pin": {"type": "boolean", "default": True, "description": "true or false"},
        "pin": _pin(*(behaviours.pins or (settings.pin_min, settings.pin_max)), any_digits=behaviours.any_pin),
        "enable_email_notify": {"type": "boolean", "default": False, "description": "true or false"},
        "recipients": {
            "type": "string",
            "pattern": rf"^({_ADDRESS}(,{_ADDRESS}){{0,14}})?(?!\n)$",
            "description": "a text of at most 15 e-mail addresses, separated by commas alone",
        },
        "play_datetime": {
            "enum": ["DISABLE", "12_HOUR_CLOCK", "24_HOUR_CLOCK"],
            "description": "DISABLE, 12_HOUR_CLOCK or 24_HOUR_CLOCK",
        },
    } | extras


def _pin(least: int, most: int, *, any_digits: bool) -> Schema:
    if any_digits:
        return {"type": "string", "pattern": r"^[0-9]+(?!\n)$", "description": "a text of digits"}
    return {
        "type": "string",
        "minLength": least,
        "maxLength": most,
        "pattern": r"^(?!.*([0-9])\1\1)(?!.*(012|123|234|345|456|567|678|789))[0-9]+(?!\n)$",
        "description": f"a text of {least} to {most} digits, no three in a row equal (as in 111) or counting up "
        "(as in 012)",
    }


def _list() -> Schema:
    return _call("list", _json(200, _page(_BOX_ANSWER))) | {"parameters": _parameters(*_LIST_PARAMETERS)}


def _messages() -> Schema:
    # The documentation has filter, search and orderby too.
    call = _call("messages", _json(200, _page(_MESSAGE)), path="id")
    return call | {"parameters": [*call["parameters"], *_parameters("skip", "top")]}


def _greetings() -> Schema:
    greeting = {"id": {"type": "string"}, "enabled": {"type": "boolean"}, "file_name": {"type": "string"}}
    items = {"type": ["array", "null"], "items": _object(greeting)}
    return _call("greetings", _json(200, _object({"items": items})), path="id")


def _page(item: Schema) -> Schema:
    return {
        "type": "object",
        "properties": {"count": {"type": "integer"}, "items": {"type": ["array", "null"], "items": item}},
        "required": ["count", "items"],
    }


def _parameters(*names: str) -> list[Schema]:
    return [{"name": name, "in": "query", "schema": _LIST_PARAMETERS[name]} for name in names]


def _create(changeable: Schema) -> Schema:
    fields = _object({"extension_number": _EXTENSION} | changeable, required=["name", "extension_number", "pin"])
    return _call("create", _json(201, _object({"id": {"type": "string"}})), body=_json_body(fields))


def _owner() -> Schema:
    owner = _object(dict.fromkeys(("id", "extension_number", "name", "type"), _TEXT))
    return _call("owner", _json(200, owner), path="extension_number")


def _policy() -> Schema:
    whole = {"type": ["integer", "null"]}
    return _call("policy", _json(200, {"type": "object", "properties": {"min_length": whole, "max_length": whole}}))


def _login() -> Schema:
    tokens = {
        "access_token": {"type": "string"},
        "refresh_token": {"type": "string"},
        "expires_in": {"type": "integer"},
        "token_type": {"const": "Bearer"},
    }
    body = {"required": True, "content": {"application/x-www-form-urlencoded": {"schema": _LOGIN_FORM}}}
    return _call("login", _json(200, _object(tokens)), body=body) | {"security": []}


def _call(name: str, answer: Schema, *, path: str | None = None, body: Schema | None = None) -> Schema:
    error = {
        "type": "object",
        "properties": {"code": {"type": "string"}, "message": {"type": "string"}},
        "required": ["code", "message"],
    }
    errors = _object({"errors": {"type": "array", "minItems": 1, "items": error}}, required=["errors"])
    call: Schema = {"operationId": name, "responses": answer | _json("4XX", errors)}
    if path is not None:
        call["parameters"] = [{"name": path, "in": "path", "required": True, "schema": {"type": "string"}}]
    return call if body is None else call | {"requestBody": body}


def _object(properties: Schema, required: list[str] | None = None) -> Schema:
    return {
        "type": "object",
        "properties": properties,
        "required": required or [],
        "additionalProperties": False,
    }


def _json_body(schema: Schema) -> Schema:
    return {"required": True, "content": {"application/json": {"schema": schema}}}


def _json(status: int | str, schema: Schema) -> Schema:
    return {str(status): {"description": "", "content": {"application/json": {"schema": schema}}}}


def _nothing(status: int) -> Schema:
    return {str(status): {"description": "no content"}}
