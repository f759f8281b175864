"""Error responses with the documented body. No message repeats a value of the request."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

# UNKNOWN, VALIDATE_FAILED and UNAUTHORIZED are documented. The others are invented: clients must treat a code that they
# do not know as UNKNOWN.
_CODES: Final = {
    400: "VALIDATE_FAILED",
    401: "UNAUTHORIZED",
    404: "NOT_FOUND",
    405: "METHOD_NOT_ALLOWED",
    409: "ALREADY_EXISTS",
    415: "UNSUPPORTED_MEDIA_TYPE",
    429: "TOO_MANY_REQUESTS",
}


class ApiError(Exception):
    """An operation failed; `response` is the error response to send."""

    def __init__(self, response: Response) -> None:
        super().__init__(response.status_code)
        self.response = response


def error_response(
    status: int, message: str, *, code: str | None = None, headers: Mapping[str, str] | None = None
) -> JSONResponse:
    """Make a response with one error; `code` defaults to the one for the status."""
    error = {"code": code or _CODES.get(status, "UNKNOWN"), "message": message}
    return JSONResponse({"errors": [error]}, status, headers)


def validation_error_response(errors: Iterable[tuple[str, str]]) -> JSONResponse:
    """Make a response for an invalid body or query, from pairs of a field and a message about it."""
    details: list[dict[str, Any]] = [
        {"code": "VALIDATE_FAILED", "message": message, "detail": {"field": field}} for field, message in errors
    ]
    return JSONResponse({"errors": details}, 400)


def http_error_response(_: Request, error: Exception) -> JSONResponse:
    """Make the response for a path or method that the OpenAPI document does not have."""
    assert isinstance(error, HTTPException)
    return error_response(error.status_code, error.detail, headers=error.headers)
