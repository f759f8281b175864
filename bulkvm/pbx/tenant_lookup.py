"""Finds out which tenant a login or token reaches."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import replace
from hashlib import sha256
from typing import Any, Final

import httpx

from bulkvm.model.errors import (
    LoginRefused,
    OtherTenant,
    OutcomeUnknown,
    PbxRefused,
    PbxUnreachable,
    SwitchFailed,
    TenantNotConfirmed,
)
from bulkvm.model.settings import Site
from bulkvm.model.tenant import Tenant, name_distinctly, normalize_url
from bulkvm.pbx.responses import SWITCH_PATH, TENANT_PATH, is_web_page, raise_for_status, read_object
from bulkvm.text import count

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
        theirs, ours = name_distinctly(found, expected)
        raise OtherTenant(
            f"The login reaches {theirs} instead of {ours}, so nothing else was sent.\n"
            "Check the user, the domain and the token. If the site now belongs to another tenant, set it up again with "
            "`bulkvm login SITE`."
        )


def switch_request(request: httpx.Request, base_url: str, token: str, tenant_id: str) -> httpx.Request:
    """The request that switches a new token of a system administrator to a tenant.

    Source: vendor's OpenAPI, switchTenant.
    """
    headers = {"accept": "application/json", "authorization": f"Bearer {token}"}
    url = f"{base_url}{SWITCH_PATH}"
    return httpx.Request("POST", url, params={"id": tenant_id}, headers=headers, extensions=request.extensions)


def check_switch(response: httpx.Response, expected: Tenant, secrets: Iterable[str | None]) -> None:
    """Check that a switch was accepted. Whether it had an effect is for `confirm_tenant` to find out.

    Raises:
        TenantNotConfirmed: the PBX refused it.
        PbxError: it failed, or is to be repeated later. Nothing else was sent.
    """
    try:
        _raise_for_status(response, secrets)
    except PbxRefused as error:
        raise TenantNotConfirmed(
            f"The PBX refused to switch to {expected}, so nothing else was sent. {error} `bulkvm tenants` lists the "
            "tenants that this login reaches."
        ) from error


def confirm_tenant(response: httpx.Response, site: Site, expected: Tenant, secrets: Iterable[str | None]) -> None:
    """Check that the tenant in force is the expected one beyond doubt.

    Raises:
        OtherTenant: it is another one.
        TenantNotConfirmed: the PBX does not show it.
        PbxError: it could not be asked for. Nothing else was sent.
    """
    try:
        _raise_for_status(response, secrets)
        found = make_tenant(read_object(response), replace(site, domain=None))
    except PbxRefused as error:
        raise TenantNotConfirmed(
            f"The PBX does not show whether the login reaches {expected}, so nothing else was sent. {error}"
        ) from error
    except OutcomeUnknown as error:
        raise switch_failed(error) from error
    if found.confirms(expected):
        return
    if found.id or found.domain:
        theirs, ours = name_distinctly(found, expected)
        renamed = (
            f" If the tenant has a new domain, give it to --tenant, or set the site up again with `bulkvm login SITE "
            f"--tenant {found.domain}`."
        )
        advice = renamed if found.domain and found.id and found.id == expected.id else ""
        raise OtherTenant(f"The login reaches {theirs} instead of {ours}, so nothing more was sent.{advice}")
    raise TenantNotConfirmed(f"The PBX does not show whether the login reaches {expected}, so nothing else was sent.")


def after_requests(error: LoginRefused, seconds: float) -> LoginRefused:
    """The error of a check, if requests were sent since the one before, so many seconds ago."""
    tenant = "it" if isinstance(error, OtherTenant) else "another tenant"
    recently = count(max(1, math.ceil(seconds)), "second")
    return type(error)(f"{error} Requests of the last {recently} may have reached {tenant}.")


def _raise_for_status(response: httpx.Response, secrets: Iterable[str | None]) -> None:
    if response.status_code == httpx.codes.UNAUTHORIZED:  # it has expired already; the next one may last longer
        raise SwitchFailed(f"The PBX at {response.url.host} issued a token that it does not accept.")
    try:
        raise_for_status(response, secrets=secrets)
    except OutcomeUnknown as error:
        raise switch_failed(error) from error


def switch_failed(error: OutcomeUnknown) -> SwitchFailed:
    """The error for a switch, or its check, whose answer cannot be used."""
    return SwitchFailed(f"{error} This was the switch to a tenant, or its check; nothing else was sent.")


def _read_text(value: Any) -> str | None:
    """Read a text or a number; None if it is neither."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    return str(value).encode("utf-8", "replace").decode().strip()[:_MAX_LENGTH] or None
