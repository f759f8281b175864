"""Which tenant a login or a token reaches."""

from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import Any, Final

import httpx

from bulkvm.model.errors import OtherTenant, OutcomeUnknown, PbxRefused, PbxUnreachable
from bulkvm.model.settings import Site
from bulkvm.model.tenant import Tenant, normalize_url
from bulkvm.pbx.responses import is_web_page, raise_for_refusal, read_object

TENANT_PATH: Final = "/api/tenant"
_LONGEST: Final = 255


def make_tenant(shown: Mapping[str, Any], site: Site) -> Tenant:
    """The tenant that the PBX shows; where it shows none, the domain of the login, or a ready token, stands for it."""
    tenant_id, name, domain = (_read_text(shown.get(field)) for field in ("id", "name", "domain"))
    domain = domain or (None if site.token else site.domain)
    token_hash = sha256(site.token.encode()).hexdigest()[:16] if site.token and not (tenant_id or domain) else None
    return Tenant(pbx=normalize_url(site.url), id=tenant_id, name=name, domain=domain, token_hash=token_hash)


def read_tenant(response: httpx.Response, site: Site) -> Tenant:
    """The tenant of a good answer.

    Raises:
        MalformedAnswer: it cannot be read.
    """
    if is_web_page(response):
        return make_tenant({}, site)
    return make_tenant(read_object(response), site)


def ask_tenant(request: httpx.Request, base_url: str, token: str) -> httpx.Request:
    """The question that is to go before a request, with a token that is new."""
    headers = {"accept": "application/json", "authorization": f"Bearer {token}"}
    return httpx.Request("GET", f"{base_url}{TENANT_PATH}", headers=headers, extensions=request.extensions)


def read_expected_tenant(response: httpx.Response, site: Site, expected: Tenant, secrets: Iterable[str | None]) -> None:
    """Make sure that a new token reaches the tenant that is meant.

    Raises:
        OtherTenant: it reaches another one.
        PbxError, LoginRefused: that could not be found out, and nothing else was sent.
    """
    try:
        raise_for_refusal(response, secrets=secrets)
        found = read_tenant(response, site)
    except PbxRefused:
        found = make_tenant({}, site)
    except OutcomeUnknown as error:
        raise PbxUnreachable(f"{error} It was asked which tenant this login reaches; nothing else was sent.") from error
    if found.contradicts(expected):
        raise OtherTenant(
            f"The login reaches {found}, and {expected} is meant. Nothing more was sent.\n"
            "Check the user, the domain and the token. If the site is for another tenant from now on, set it up again "
            "with `bulkvm login SITE`."
        )


def _read_text(value: Any) -> str | None:
    """A text or a number of the PBX's, None where it is neither."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    return str(value).encode("utf-8", "replace").decode().strip()[:_LONGEST] or None
