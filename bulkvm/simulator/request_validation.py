"""Requests, read as strictly as the document describes them."""

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
_SHOWN: Final = 64


class RequestValidator:
    """Reads what each call of a document is given: its body, or its query where it has no body.

    Attributes:
        defaults: by call, what each value is taken for where it is left out; None where the document has no default.
    """

    def __init__(self, document: Schema) -> None:
        operations = [operation for path in document["paths"].values() for operation in path.values()]
        schemas = {operation["operationId"]: _given(operation) for operation in operations}
        self._types = {call: _types(schema) for call, schema in schemas.items()}
        self._validators = {call: Draft202012Validator(schema) for call, schema in schemas.items()}
        self.defaults = {
            call: {name: value.get("default") for name, value in schema["properties"].items()}
            for call, schema in schemas.items()
        }

    async def read_json(self, request: Request, call: str) -> dict[str, Any]:
        """The fields of a JSON body."""
        _need_type(request, "application/json")
        try:
            body = json.loads((await request.body()).decode())
            # A lone surrogate ("\ud800") is legal in JSON, and no text that could be stored.
            json.dumps(body, ensure_ascii=False).encode()
        except (ValueError, RecursionError):
            raise ApiError(error_response(400, "the body must be JSON in UTF-8")) from None
        return self._check(call, body)

    async def read_form(self, request: Request, call: str) -> dict[str, Any]:
        """The fields of a form in the body."""
        _need_type(request, "application/x-www-form-urlencoded")
        try:
            pairs = parse_qsl((await request.body()).decode(), keep_blank_values=True, errors="strict")
        except ValueError:
            raise ApiError(error_response(400, "the body must be a form in UTF-8")) from None
        return self._check(call, _each_once(pairs))

    def read_query(self, request: Request, call: str) -> dict[str, Any]:
        """The values of a query, with the defaults for those left out."""
        given = _each_once(request.query_params.multi_items())
        values = {
            name: int(text) if self._types[call].get(name) == "integer" and _WHOLE_NUMBER.fullmatch(text) else text
            for name, text in given.items()
        }
        return self.defaults[call] | self._check(call, values)

    def _check(self, call: str, values: Any) -> dict[str, Any]:
        complaints = [
            complaint for error in self._validators[call].iter_errors(values) for complaint in _explain(error)
        ]
        if complaints:
            raise ApiError(validation_error_response(dict.fromkeys(complaints)))
        assert isinstance(values, dict)
        return values


def _given(operation: Schema) -> Schema:
    """The schema of what an operation is given."""
    if "requestBody" in operation:
        (content,) = operation["requestBody"]["content"].values()
        schema: Schema = content["schema"]
        return schema
    query = {p["name"]: p["schema"] for p in operation.get("parameters", ()) if p["in"] == "query"}
    return {"type": "object", "properties": query, "additionalProperties": False}


def _types(schema: Schema) -> dict[str, str | None]:
    return {name: value.get("type") for name, value in schema["properties"].items()}


def _need_type(request: Request, wanted: str) -> None:
    given = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if given != wanted:
        raise ApiError(error_response(415, f"the body must be sent as {wanted}"))


def _each_once(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    pairs = list(pairs)
    values = dict(pairs)
    if len(values) < len(pairs):
        raise ApiError(error_response(400, "each name must be given once"))
    return values


def _explain(error: ValidationError) -> Iterator[tuple[str, str]]:
    """The field and what is wrong with it; jsonschema's own messages repeat the value, which may be a PIN."""
    schema, given = error.schema, cast("Any", error.instance)
    assert isinstance(schema, dict)
    if error.validator == "required":
        yield from ((name, f"{name} is required") for name in schema["required"] if name not in given)
    elif error.validator == "additionalProperties":
        unknown = sorted(name for name in given if name not in schema["properties"])
        yield from ((name[:_SHOWN], f"{name[:_SHOWN]} is not known to this call") for name in unknown)
    elif error.path:
        yield str(error.path[0]), f"{error.path[0]} must be {schema['description']}"
    else:
        yield "", "the body must be an object"
