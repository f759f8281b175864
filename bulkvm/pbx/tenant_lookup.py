"""Finds out which tenant a login or token reaches."""

from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import Any, Final

import httpx

from bulkvm.model.errors import OtherTenant, OutcomeUnknown, PbxRefused, PbxUnreachable
from bulkvm.model.settings import Site
from bulkvm.model.tenant import Tenant, normalize_url
from bulkvm.pbx.responses import is_web_page, raise_for_status, read_object

TENANT_PATH: Final = "/api/tenant"
_MAX_LENGTH: Final = 255


def make_tenant(shown: Mapping[str, Any], site: Site) -> Tenant:
    """The tenant that the PBX shows; if it shows none, the login's domain or the token identifies it."""
    tenant_id, name, domain = (_read_text(shown.get(field)) for field in ("id", "name", "domain"))
    domain = domain or (None if site.token else site.domain)
    token_hash = sha256(site.token.encode()).hexdigest()[:16] if site.token and not (tenant_id or domain) else None
    return Tenant(pbx=normalize_url(site.url), id=tenant_id, name=name, domain=domain, token_hash=token_hash)


def read_tenant(response: httpx.Response, site: Site) -> Tenant:
    """Read the tenant from a successful answer.

    Raises:
        MalformedAnswer: it cannot be read.
    """
    if is_web_page(response):
        return make_tenant({}, site)
    return make_tenant(read_object(response), site)


def tenant_request(request: httpx.Request, base_url: str, token: str) -> httpx.Request:
    """The request that checks a new token before another request uses it."""
    headers = {"accept": "application/json", "authorization": f"Bearer {token}"}
    return httpx.Request("GET", f"{base_url}{TENANT_PATH}", headers=headers, extensions=request.extensions)


def read_expected_tenant(response: httpx.Response, site: Site, expected: Tenant, secrets: Iterable[str | None]) -> None:
    """Check that a new token reaches the expected tenant.

    Raises:
        OtherTenant: it reaches another tenant.
        PbxError, LoginRefused: the tenant is not known. Nothing else was sent.
    """
    try:
        raise_for_status(response, secrets=secrets)
        found = read_tenant(response, site)
    except PbxRefused:
        found = make_tenant({}, site)
    except OutcomeUnknown as error:
        raise PbxUnreachable(f"{error} This was the check of the tenant; nothing else was sent.") from error
    if found.contradicts(expected):
        raise OtherTenant(
            f"The login reaches {found} instead of {expected}, so nothing else was sent.\n"
            "Check the user, the domain and the token. If the site now belongs to another tenant, set it up again with "
            "`bulkvm login SITE`."
        )


def _read_text(value: Any) -> str | None:
    """Read a text or a number; None if it is neither."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    return str(value).encode("utf-8", "replace").decode().strip()[:_MAX_LENGTH] or None
