"""How the PBX says no: an error status with the documented body. No message repeats a value that was sent."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

# Documented are UNKNOWN, VALIDATE_FAILED and UNAUTHORIZED. The others are made up in the same manner, since clients are
# told to take a code that they do not know for UNKNOWN.
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
    """A call is to be answered no, in these words."""

    def __init__(self, answer: Response) -> None:
        super().__init__(answer.status_code)
        self.answer = answer


def error_response(
    status: int, message: str, *, code: str | None = None, headers: Mapping[str, str] | None = None
) -> JSONResponse:
    """One error, with the status's own code where none is given."""
    error = {"code": code or _CODES.get(status, "UNKNOWN"), "message": message}
    return JSONResponse({"errors": [error]}, status, headers)


def validation_error_response(complaints: Iterable[tuple[str, str]]) -> JSONResponse:
    """What is wrong with a body or a query: pairs of a field and a message about it."""
    errors: list[dict[str, Any]] = [
        {"code": "VALIDATE_FAILED", "message": message, "detail": {"field": field}} for field, message in complaints
    ]
    return JSONResponse({"errors": errors}, 400)


def http_error_response(_: Request, error: Exception) -> JSONResponse:
    """The answer to what the document lacks: an unknown path, a wrong method."""
    assert isinstance(error, HTTPException)
    return error_response(error.status_code, error.detail, headers=error.headers)
