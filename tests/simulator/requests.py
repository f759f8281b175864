"""Boxes for a simulated PBX, and ways to talk to it: in process, and over a socket."""

import http.client
import json
from http.client import HTTPMessage
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import httpx
from starlette.applications import Starlette

from bulkvm.simulator import SimulatorSettings

BOXES = "/api/shared_voicemails"
LOGIN = "/api/login/oauth/token"
TOKEN = SimulatorSettings().token
PASSWORD_LOGIN = {
    "grant_type": "password",
    "client_id": "9d806019-75b2-4b3d-bb8b-f5a3a412cc0a",
    "username": SimulatorSettings().user,
    "password": SimulatorSettings().password,
    "domain": SimulatorSettings().domain,
    "scope": "all",
}


def a_box(**changes: Any) -> dict[str, Any]:
    return {"name": "Clinic", "extension_number": "6100", "pin": "402817"} | changes


def in_process(app: Starlette, token: str = TOKEN) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://pbx", headers={"Authorization": f"Bearer {token}"}
    )


class Answered(NamedTuple):
    status: int
    headers: HTTPMessage
    body: bytes


def ask(url: str, method: str, path: str, body: Any = None, timeout: float = 10) -> Answered:
    """One request over a connection of its own."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=timeout)
    headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
    try:
        connection.request(method, path, None if body is None else json.dumps(body), headers)
        answer = connection.getresponse()
        return Answered(answer.status, answer.headers, answer.read())
    finally:
        connection.close()


FULL = a_box(
    prompt="de-DE",
    enable_pin=False,
    enable_email_notify=True,
    recipients="a@example.com,b@example.com",
    play_datetime="24_HOUR_CLOCK",
)
# What a box has in the fields that a request leaves out.
DEFAULTS = dict.fromkeys(FULL.keys() - a_box()) | {"enable_pin": True, "enable_email_notify": False}
