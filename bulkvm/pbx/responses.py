"""Reads JSON answers, and turns error answers into exceptions. Every answer is input: it may be HTML, or cut off."""

from collections.abc import Iterable, Mapping
from typing import Any, Final, TypeAlias

import httpx

from bulkvm.model.errors import (
    AnswerLost,
    Blocked,
    LoginRefused,
    MalformedAnswer,
    NoSuchBox,
    NotAllowed,
    NotTheApi,
    OutcomeUnknown,
    PbxBusy,
    PbxError,
    PbxFailed,
    PbxRefused,
)
from bulkvm.pbx.masking import mask
from bulkvm.text import printable

_Errors: TypeAlias = list[dict[str, Any]]

BOXES_PATH: Final = "/api/shared_voicemails"
TENANT_PATH: Final = "/api/tenant"
TENANTS_PATH: Final = "/api/tenants"
SWITCH_PATH: Final = "/api/tenants/switch"

_MAX_QUOTED: Final = 300  # characters of the PBX's own words
# Sent by a gateway that has no answer from the PBX, which may still be processing the request.
_GATEWAY_ERRORS: Final = frozenset({httpx.codes.BAD_GATEWAY, httpx.codes.GATEWAY_TIMEOUT})
# Refusals that are sent before anything is done. Others may be sent afterwards: 409 if the PBX or a gateway repeated
# the request, 408 or 499 if it took too long.
_NOTHING_DONE: Final = frozenset(
    {400, 401, 403, 404, 405, 406, 410, 411, 413, 414, 415, 417, 421, 422, 426, 428, 429, 431, 451}
)
_TIMEOUTS: Final = frozenset({408, 425, 499})


def read_json(response: httpx.Response) -> Any:
    """The JSON of an answer.

    Raises:
        MalformedAnswer: it is not JSON.
    """
    try:
        return response.json()
    except (ValueError, RecursionError) as error:
        raise MalformedAnswer(
            f"The PBX at {response.url.host} answered with something that is not JSON "
            f"(status {response.status_code}), or the answer was cut off."
        ) from error


def is_web_page(response: httpx.Response) -> bool:
    """Whether the answer is HTML, which some web servers send for every unknown path."""
    return response.content.lstrip().startswith(b"<")


def read_object(response: httpx.Response) -> Mapping[str, Any]:
    """The JSON object of an answer.

    Raises:
        MalformedAnswer: there is none.
    """
    content = read_json(response)
    if isinstance(content, dict):
        return content
    raise unexpected_json(response)


def unexpected_json(response: httpx.Response) -> MalformedAnswer:
    """The error for an answer whose JSON has not the documented form."""
    return MalformedAnswer(f"The PBX at {response.url.host} answered with JSON of an unexpected form.")


def raise_for_status(response: httpx.Response, *, secrets: Iterable[str | None] = (), quote: bool = True) -> None:
    """Raise an error for every answer that is not a success, and for a success whose body holds errors.

    Args:
        response: any answer.
        secrets: values to mask in the message, even if the PBX repeats them; the token is always masked.
        quote: whether the PBX's own words may be quoted. The answer to a login, or about a rejected token, never is:
            it may hold secrets in a form that masking does not find.

    Raises:
        LoginRefused: 401.
        NotAllowed: 403; Blocked if it is a web page.
        NoSuchBox: 404.
        PbxBusy: 429.
        PbxRefused: any other 400-class answer, or a success with errors. Any refusal `is_certain` if its status is one
            that is sent before anything is done, and its body is the PBX's: a proxy may send one afterwards.
        PbxFailed: a 500-class answer.
        AnswerLost: a gateway or the PBX timed out (408, 502, 504), so the request may still be processed.
        MalformedAnswer: a redirect.
    """
    if response.is_success and (response.request.method == "GET" or not quote):
        return  # the body of a GET is checked where it is read
    if response.status_code == httpx.codes.UNAUTHORIZED or not quote:
        raise _refusal(response, "", "UNKNOWN", is_certain=not quote)
    errors = _errors(response)
    if response.is_success and not errors:
        return
    hidden = (*secrets, response.request.headers.get("authorization", "").removeprefix("Bearer "))
    is_certain = bool(errors) and response.status_code in _NOTHING_DONE
    raise _refusal(response, _said(errors, hidden), _code(errors, hidden), is_certain=is_certain)


def login_rejected(host: str) -> str:
    """The message for a 401."""
    return (
        f"The PBX at {host} rejected the login, or the token has expired. Log in again with `bulkvm login SITE`, or "
        "set a new BULKVM_TOKEN."
    )


def is_login_wrong(response: httpx.Response) -> bool:
    """Whether a refused login was wrong: any other code than this one has another reason, such as too many sessions.

    Source: vendor's guide, "Login", errors.
    """
    return all(error.get("code") == "UNAUTHORIZED" for error in _errors(response))


def has_errors(response: httpx.Response) -> bool:
    """Whether the body of an answer is that of the PBX's own errors, and not that of a gateway."""
    return bool(_errors(response))


def not_the_api(url: httpx.URL) -> NotTheApi:
    """The error for a 404 of a call that every PBX has."""
    return NotTheApi(
        f"The server at {url.netloc.decode()} is not the REST API of a PBX, so nothing else was sent. Check the "
        "address and the port, which is 8887 by default."
    )


def _said(errors: _Errors, secrets: Iterable[str | None]) -> str:
    """The PBX's own message, quoted; empty if there is none."""
    words = printable(mask("; ".join(filter(None, map(_words, errors))), secrets))[:_MAX_QUOTED]
    return f' The PBX said: "{words}".' if words else ""


def _refusal(response: httpx.Response, said: str, code: str, *, is_certain: bool = False) -> PbxError | LoginRefused:
    status, host = response.status_code, response.url.host
    if status == httpx.codes.UNAUTHORIZED:
        return LoginRefused(login_rejected(host))
    if status == httpx.codes.FORBIDDEN:
        return _not_allowed(response, said, code, is_certain=is_certain)
    if status == httpx.codes.NOT_FOUND:
        return NoSuchBox(f"{_missing(response)}{said}", code, is_certain=is_certain)
    if status == httpx.codes.TOO_MANY_REQUESTS:
        text = f"The PBX at {host} limits the rate of requests (status 429).{said}"
        return PbxBusy(text, is_certain=is_certain or response.request.method == "GET")
    if response.is_success or (response.is_client_error and status not in _TIMEOUTS):
        refused = f"The PBX refused the request.{said or f' It gave no reason (status {status}).'}"
        return PbxRefused(refused, code, is_certain=is_certain)
    return _unknown_outcome(response, said)


def _not_allowed(response: httpx.Response, said: str, code: str, *, is_certain: bool) -> NotAllowed:
    host = response.url.host
    if is_web_page(response):
        return Blocked(
            f"The server at {host} answered with a web page (status 403), so a proxy or firewall may block the "
            "requests. Try again later. If it remains, ask the network's administrator, or the PBX's administrator for "
            "the permission to manage shared voicemails.",
            code,
            is_certain=False,
        )
    is_of_tenants = response.url.path.endswith((TENANT_PATH, TENANTS_PATH, SWITCH_PATH))
    needed = "reach all tenants" if is_of_tenants else "manage shared voicemails"
    return NotAllowed(
        f"The PBX at {host} denied permission. Ask its administrator for the permission to {needed}.{said}",
        code,
        is_certain=is_certain,
    )


def _missing(response: httpx.Response) -> str:
    """What a PBX lacks that answers with 404: only the path of a box, and the query of a switch, has an id in it."""
    host, path = response.url.host, response.url.path
    if path.endswith(SWITCH_PATH):
        return f"The PBX at {host} has no tenant with this id."
    if path.endswith((BOXES_PATH, TENANT_PATH, TENANTS_PATH)):
        return f"The PBX at {host} does not have the path {path} (status 404). Check its address and its version."
    return f"The PBX at {host} has no such box."


def _unknown_outcome(response: httpx.Response, said: str) -> OutcomeUnknown:
    status, host = response.status_code, response.url.host
    if response.is_redirect:
        return MalformedAnswer(
            f"The server at {host} redirects to another address (status {status}), which is not followed with a login. "
            f"Check the PBX's address: http or https, the port, and the path.{said}"
        )
    kind = AnswerLost if status in _GATEWAY_ERRORS | _TIMEOUTS else PbxFailed
    return kind(f"The PBX at {host} failed (status {status}).{said}")


def _errors(response: httpx.Response) -> _Errors:
    """The errors of a documented error body; none of any other body."""
    try:
        errors = response.json()["errors"]
        return [error for error in errors if isinstance(error, dict)]
    except (ValueError, LookupError, TypeError, RecursionError):
        return []


def _code(errors: _Errors, secrets: Iterable[str | None]) -> str:
    code = next((str(error["code"]) for error in errors if error.get("code")), "UNKNOWN")
    return printable(mask(code, secrets))[:_MAX_QUOTED]


def _words(error: Mapping[str, Any]) -> str:
    return " ".join(str(error[key]) for key in ("message", "detail") if error.get(key))
