"""Requests, validated strictly against the OpenAPI document."""

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any, Final, cast
from urllib.parse import parse_qsl

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError
from starlette.requests import Request

from bulkvm.simulator.error_responses import ApiError, error_response, validation_error_response
from bulkvm.simulator.openapi import Schema

_WHOLE_NUMBER: Final = re.compile(r"[0-9]{1,10}")
_MAX_NAME_SHOWN: Final = 64


class RequestValidator:
    """Reads and validates the body of each operation, or its query if it has no body.

    Attributes:
        defaults: by operation, the default of each value; None if the document has none.
    """

    def __init__(self, document: Schema) -> None:
        operations = [operation for path in document["paths"].values() for operation in path.values()]
        schemas = {operation["operationId"]: _input_schema(operation) for operation in operations}
        self._types = {call: _types(schema) for call, schema in schemas.items()}
        self._validators = {call: Draft202012Validator(schema) for call, schema in schemas.items()}
        self.defaults = {
            call: {name: value.get("default") for name, value in schema["properties"].items()}
            for call, schema in schemas.items()
        }

    async def read_json(self, request: Request, call: str) -> dict[str, Any]:
        """Return the fields of a JSON body."""
        _check_content_type(request, "application/json")
        try:
            body = json.loads((await request.body()).decode())
            # A lone surrogate ("\ud800") is valid JSON but cannot be stored as text.
            json.dumps(body, ensure_ascii=False).encode()
        except (ValueError, RecursionError):
            raise ApiError(error_response(400, "the body must be JSON in UTF-8")) from None
        return self._check(call, body)

    async def read_form(self, request: Request, call: str) -> dict[str, Any]:
        """Return the fields of a form body."""
        _check_content_type(request, "application/x-www-form-urlencoded")
        try:
            pairs = parse_qsl((await request.body()).decode(), keep_blank_values=True, errors="strict")
        except ValueError:
            raise ApiError(error_response(400, "the body must be a form in UTF-8")) from None
        return self._check(call, _unique(pairs))

    def read_query(self, request: Request, call: str) -> dict[str, Any]:
        """Return the values of a query, with defaults for missing ones."""
        given = _unique(request.query_params.multi_items())
        values = {
            name: int(text) if self._types[call].get(name) == "integer" and _WHOLE_NUMBER.fullmatch(text) else text
            for name, text in given.items()
        }
        return self.defaults[call] | self._check(call, values)

    def _check(self, call: str, values: Any) -> dict[str, Any]:
        errors = [message for error in self._validators[call].iter_errors(values) for message in _explain(error)]
        if errors:
            raise ApiError(validation_error_response(dict.fromkeys(errors)))
        assert isinstance(values, dict)
        return values


def _input_schema(operation: Schema) -> Schema:
    """Return the schema of an operation's body or query."""
    if "requestBody" in operation:
        (content,) = operation["requestBody"]["content"].values()
        schema: Schema = content["schema"]
        return schema
    query = {p["name"]: p["schema"] for p in operation.get("parameters", ()) if p["in"] == "query"}
    return {"type": "object", "properties": query, "additionalProperties": False}


def _types(schema: Schema) -> dict[str, str | None]:
    return {name: value.get("type") for name, value in schema["properties"].items()}


def _check_content_type(request: Request, wanted: str) -> None:
    given = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if given != wanted:
        raise ApiError(error_response(415, f"the Content-Type of the body must be {wanted}"))


def _unique(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    pairs = list(pairs)
    values = dict(pairs)
    if len(values) < len(pairs):
        raise ApiError(error_response(400, "a name must not be repeated"))
    return values


def _explain(error: ValidationError) -> Iterator[tuple[str, str]]:
    """Return the field and a message; jsonschema's own message would repeat the value, which may be a PIN."""
    schema, given = error.schema, cast("Any", error.instance)
    assert isinstance(schema, dict)
    if error.validator == "required":
        yield from ((name, f"{name} is required") for name in schema["required"] if name not in given)
    elif error.validator == "additionalProperties":
        unknown = sorted(name for name in given if name not in schema["properties"])
        yield from (
            (name[:_MAX_NAME_SHOWN], f"{name[:_MAX_NAME_SHOWN]} is not a field of this call") for name in unknown
        )
    elif error.path:
        yield str(error.path[0]), f"{error.path[0]} must be {schema['description']}"
    else:
        yield "", "the body must be an object"
