"""What the PBX's answers mean. Every answer is input: it may be cut off, an HTML page, or lack what it should hold."""

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final, TypeAlias

import httpx

from bulkvm.columns import COLUMN_OF_HEADER, COLUMNS, KEY_COLUMN
from bulkvm.masking import mask
from bulkvm.model.box import BLANK, NOT_KNOWN, Absent, Box, Owner, Record
from bulkvm.model.errors import (
    AnswerLost,
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
from bulkvm.text import printable

_Errors: TypeAlias = list[dict[str, Any]]

_SWITCHES: Final = frozenset({"enable_pin", "enable_email_notify"})
_NEVER_BLANK: Final = _SWITCHES | {"name", "pin"}  # a null of these is a value that is not shown
_MASK: Final = re.compile(r"[*•●]{3,}")
_MASKED_IN_PART: Final = re.compile(r"[*•●…]")  # of an address, such as a***@example.com
_SHOWN: Final = 300
_PATHS: Final = frozenset({".", ".."})  # as an id, they would lead elsewhere
_LONGEST_ID: Final = 1000
# What a gateway answers that has none from the PBX, which may still be at it.
_BY_A_GATEWAY: Final = frozenset({httpx.codes.BAD_GATEWAY, httpx.codes.GATEWAY_TIMEOUT})
# Refusals that come before anything is done. Any other one may come after it: 409 where the PBX or a gateway did it
# twice, 408 or 499 where it took too long.
_BEFORE_ANYTHING: Final = frozenset(
    {400, 401, 403, 404, 405, 406, 410, 411, 413, 414, 415, 417, 421, 422, 426, 428, 429, 431, 451}
)
_TOO_LATE: Final = frozenset({408, 425, 499})


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
    """Whether it is a page, as some web servers send for every path that they do not know."""
    return response.content.lstrip().startswith(b"<")


def read_object(response: httpx.Response) -> Mapping[str, Any]:
    """The JSON object of an answer.

    Raises:
        MalformedAnswer: there is none.
    """
    content = read_json(response)
    if isinstance(content, dict):
        return content
    raise MalformedAnswer(f"The PBX at {response.url.host} answered with JSON of an unexpected form.")


def read_box(item: Any, host: str) -> Box:
    """A box of the API's form. Nulls are BLANK, fields that we do not know are passed over.

    What is left out or masked is NOT_KNOWN, and so is a null where every box has a value.

    Raises:
        MalformedAnswer: it has no id or no extension number, or a field is of another type.
    """
    if not isinstance(item, dict) or not item.get("id") or not item.get(KEY_COLUMN.header):
        raise MalformedAnswer(f"The PBX at {host} sent a box without an id or an extension number.")
    # Both readings of a number are wrong for somebody: 101 may be 101 or 0101, and these are two boxes (API page:
    # extension_number is a text of 3 to 64 digits).
    if not isinstance(item[KEY_COLUMN.header], str):
        raise MalformedAnswer(
            f"The answer of the PBX at {host} is malformed: the {KEY_COLUMN.header} of a box is "
            "no text. Its leading zeros are lost, so the box cannot be identified. Contact the PBX's administrator."
        )
    box_id, number = read_id(item["id"]), read_id(item[KEY_COLUMN.header])
    if box_id is None or number is None:
        raise MalformedAnswer(f"The PBX at {host} sent a box with an id or an extension number that nothing can have.")
    fields: dict[str, Any] = {c.header: _read_field(c.header, item, host) for c in COLUMNS if c.updatable}
    return Box(id=box_id, extension_number=number, **fields)


def read_id(value: Any) -> str | None:
    """The id, or the number, of something on the PBX; None where it is none that could be asked for, or shown."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    text = str(value)
    return text if text.isprintable() and text not in _PATHS and 0 < len(text) <= _LONGEST_ID else None


def read_owner(response: httpx.Response) -> Owner | None:
    """What has a number, in words that may be shown; None where the answer names nothing, since the number is free.

    Raises:
        MalformedAnswer: there is no JSON object.
    """
    owner = read_object(response)
    if not any(owner.get(key) for key in ("id", "name", "type")):
        return None
    name, kind = (_shown(str(owner.get(key) or "")) for key in ("name", "type"))
    return Owner(name=name, kind=kind or "UNKNOWN")


def box_json(box: Box | Record) -> dict[str, str | bool]:
    """The fields of a box or record that have a value, as the API takes them."""
    values = ((c.header, getattr(box, c.header)) for c in COLUMNS if c.header != "id")
    return {
        header: value if isinstance(value, bool) else COLUMN_OF_HEADER[header].format(value)
        for header, value in values
        if not isinstance(value, Absent)
    }


def raise_for_refusal(response: httpx.Response, *, secrets: Iterable[str | None] = (), quote: bool = True) -> None:
    """Raise for every answer that is not a success, or says that it is one and holds errors.

    Args:
        response: any answer.
        secrets: what no message may repeat, even if the PBX does; the token is always one of them.
        quote: whether the PBX's own words may be repeated at all. Those of a login, and of a token that is refused,
            never are: the secrets that they are about may come in a form that nothing would find.

    Raises:
        LoginRefused: 401.
        NotAllowed: 403.
        NoSuchBox: 404.
        PbxBusy: 429.
        PbxRefused: any other 400-class answer; `is_certain` if it comes before anything is done. It never is for a
            success that holds errors.
        PbxFailed: a 500-class answer.
        AnswerLost: a gateway or the PBX itself gave up waiting (408, 502, 504), so the request may still be processed.
        MalformedAnswer: a redirect.
    """
    if response.is_success and (response.request.method == "GET" or not quote):
        return  # what a reading holds is checked where it is read
    if response.status_code == httpx.codes.UNAUTHORIZED or not quote:
        raise _refusal(response, "", "UNKNOWN")
    errors = _errors(response)
    if response.is_success and not errors:
        return
    hidden = (*secrets, response.request.headers.get("authorization", "").removeprefix("Bearer "))
    raise _refusal(response, _said(errors, hidden), _code(errors, hidden))


def not_the_api(url: httpx.URL) -> NotTheApi:
    """What it means that a call which every PBX has is not found (404)."""
    return NotTheApi(
        f"What answers at {url.netloc.decode()} is not the REST API of a PBX, so nothing more was sent. Check the "
        "address and the port, which is 8887 by default."
    )


def _said(errors: _Errors, secrets: Iterable[str | None]) -> str:
    """The PBX's own words, quoted, to follow ours; nothing where it says none."""
    words = printable(mask("; ".join(filter(None, map(_words, errors))), secrets))[:_SHOWN]
    return f' The PBX said: "{words}".' if words else ""


def _refusal(response: httpx.Response, said: str, code: str) -> PbxError | LoginRefused:
    status, host = response.status_code, response.url.host
    if status == httpx.codes.UNAUTHORIZED:
        return LoginRefused(f"The PBX at {host} does not accept the login or token, or it has ended.{said}")
    if status == httpx.codes.FORBIDDEN:
        return NotAllowed(
            f"The PBX at {host} does not allow this user what is asked. Ask its administrator for the right "
            f"to manage shared voicemails.{said}",
            code,
        )
    if status == httpx.codes.NOT_FOUND:
        return NoSuchBox(f"The PBX at {host} has no such box.{said}", code)
    if status == httpx.codes.TOO_MANY_REQUESTS:
        return PbxBusy(f"The PBX at {host} asks for fewer requests.{said}")
    if response.is_success or (response.is_client_error and status not in _TOO_LATE):
        refused = f"The PBX refused this.{said or f' It did not say why (status {status}).'}"
        return PbxRefused(refused, code, is_certain=status in _BEFORE_ANYTHING)
    return _unknown_outcome(response, said)


def _unknown_outcome(response: httpx.Response, said: str) -> OutcomeUnknown:
    status, host = response.status_code, response.url.host
    if response.is_redirect:
        return MalformedAnswer(
            f"What answers at {host} sends elsewhere (status {status}), and the login goes nowhere else. Check the "
            f"PBX's address: http or https, the port, and what follows it.{said}"
        )
    kind = AnswerLost if status in _BY_A_GATEWAY | _TOO_LATE else PbxFailed
    return kind(f"The PBX at {host} answered with an error of its own (status {status}).{said}")


def _errors(response: httpx.Response) -> _Errors:
    """The errors of the documented error body, whatever came instead of it."""
    try:
        errors = response.json()["errors"]
        return [error for error in errors if isinstance(error, dict)]
    except (ValueError, LookupError, TypeError, RecursionError):
        return []


def _code(errors: _Errors, secrets: Iterable[str | None]) -> str:
    code = next((str(error["code"]) for error in errors if error.get("code")), "UNKNOWN")
    return printable(mask(code, secrets))[:_SHOWN]


def _words(error: Mapping[str, Any]) -> str:
    return " ".join(str(error[key]) for key in ("message", "detail") if error.get(key))


def _shown(words: str) -> str:
    """The PBX's words as they may be shown to a person: on one line, and nothing in them that steers a terminal."""
    return printable(" ".join(words.split()))


def _read_field(header: str, item: Mapping[str, Any], host: str) -> Any:
    value = item.get(header)
    if header not in item or _is_mask(value) or (header in _NEVER_BLANK and (value is None or value == "")):
        return NOT_KNOWN
    if header == "recipients":
        return _read_recipients(value)
    if _has_lost_zeros(header, value):
        return NOT_KNOWN
    if value is None or value == "":
        return BLANK
    if header in _SWITCHES and str(value).isdecimal():
        return NOT_KNOWN  # digits are a mask too
    if isinstance(value, bool) is not (header in _SWITCHES):
        raise MalformedAnswer(f"The PBX at {host} sent a box whose {header} is of an unexpected type.")
    return value if isinstance(value, bool) else _text(value)


def _has_lost_zeros(header: str, value: Any) -> bool:
    """Whether a value is no PIN, or a JSON number in place of a text that may have begun with zeros."""
    if header == "pin":
        return not (isinstance(value, str) and value.isdecimal())
    return header == "name" and isinstance(value, int | float) and not isinstance(value, bool)


def _is_mask(value: Any) -> bool:
    """Whether a text stands for one that is not shown."""
    return isinstance(value, str) and _MASK.fullmatch(value) is not None


def _text(value: Any) -> str:
    """A text that can be written: halves of characters, which JSON can hold, become question marks."""
    return str(value).encode("utf-8", "replace").decode()


def _read_recipients(value: Any) -> tuple[str, ...] | Absent:
    addresses = value if isinstance(value, list) else str(value or "").split(",")
    recipients = tuple(filter(None, (_text(address).strip() for address in addresses)))
    return NOT_KNOWN if any(_MASKED_IN_PART.search(address) for address in recipients) else recipients
