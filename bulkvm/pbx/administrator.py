"""The calls of a system administrator that are about tenants."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import httpx

from bulkvm.model.errors import (
    ListKeptChanging,
    LoginRefused,
    MalformedAnswer,
    OutcomeUnknown,
    PbxRefused,
    TenantNotConfirmed,
    UsageError,
)
from bulkvm.model.settings import Site
from bulkvm.model.tenant import ListedTenant, Tenant
from bulkvm.pbx.listing import PAGE, READINGS, Params, quote
from bulkvm.pbx.responses import TENANT_PATH, TENANTS_PATH, read_object
from bulkvm.pbx.retry import RetryingClient
from bulkvm.pbx.tenant_lookup import make_tenant, read_tenant
from bulkvm.text import join_and, printable

_FLAGS: Final = {"true": True, "1": True, "false": False, "0": False}
_MAX_TENANTS: Final = 1_000_000  # a list that claims more may be endless


class Administrator:
    """A system administrator's login that is not switched to a tenant."""

    def __init__(self, client: RetryingClient) -> None:
        self._client = client

    async def list_tenants(self) -> tuple[ListedTenant, ...]:
        """List all tenants of the PBX, completely or not at all.

        Returns:
            In the order of their domains, also tenants without an id.

        Raises:
            LoginRefused: this login may not list them.
            ListKeptChanging: three readings of the list disagreed with the PBX's count.

        Source: vendor's OpenAPI, listTenants.
        """
        for _ in range(READINGS):
            found: dict[str | int, ListedTenant] = {}
            counted, new = await self._fetch_page({"orderby": "domain", "top": PAGE})
            while new.keys() - found.keys():
                found |= new
                if len(found) >= counted:
                    break
                _, new = await self._fetch_page({"orderby": "domain", "skip": len(found), "top": PAGE})
            again, _ = await self._fetch_page({"top": 1})
            if len(found) == counted == again:
                return tuple(sorted(found.values(), key=lambda listed: (listed.domain.casefold(), listed.tenant.key)))
        raise ListKeptChanging(
            f"The PBX counts {again} tenants and listed {len(found)}; {READINGS} readings did not agree. An incomplete "
            "list is not used. Try again later."
        )

    async def find_tenant(self, name: str) -> ListedTenant:
        """Find the tenant with a domain, or with an id.

        Raises:
            UsageError: there is none.
            TenantNotConfirmed: there are several, or the PBX shows no id for it.
            LoginRefused: this login may not list them.
        """
        _, page = await self._fetch_page({"filter": f"domain eq {quote(name)}", "top": PAGE})
        found = _with_name(name, page.values()) if "." in name else []  # else it may be another tenant's id
        found = found or _with_name(name, await self.list_tenants())
        if not found:
            site = self._client.site
            raise UsageError(
                f'The PBX at {self._client.base_url.host} has no tenant with the domain or id "{name}", so nothing was '
                f"sent. {site.tenants_command} lists them."
            )
        if len(found) > 1:
            raise _several(name, [one.tenant for one in found])
        found[0].check_has_id()
        return found[0]

    async def find_tenant_in_force(self) -> Tenant | None:
        """The tenant that a system administrator's token is switched to; None if it is another token, or in none.

        Source: vendor's OpenAPI, listTenants and retrieveTenant.
        """
        try:
            await self._fetch_page({"top": 1})
            tenant = await self._client.get(TENANT_PATH, lambda response: read_tenant(response, self._client.site))
        except (LoginRefused, OutcomeUnknown, PbxRefused):
            return None
        return tenant if tenant.id or tenant.domain else None

    async def _fetch_page(self, params: Params) -> tuple[int, Mapping[str | int, ListedTenant]]:
        """The count of all tenants, and some of them by id, or by their position in the list."""
        site, first = self._client.site, int(params.get("skip", 0))
        try:
            return await self._client.get(TENANTS_PATH, lambda response: _read_page(response, site, first), params)
        except PbxRefused as error:
            raise LoginRefused(
                f"The PBX at {self._client.base_url.host} does not list its tenants for {site.user or 'this token'}. "
                f"Use the login of a system administrator, which has no domain. {error}"
            ) from error


def _several(name: str, tenants: Sequence[Tenant]) -> TenantNotConfirmed:
    """The error for a name that several tenants have, with another name for each of them."""
    is_id = any(tenant.id == name for tenant in tenants)
    named = [
        f"{one.name or one.domain} (id {one.id or 'not shown'}{f', domain {one.domain}' if is_id else ''})"
        for one in tenants
    ]
    names, advice = (
        ("domain or id", "Give the domain of the tenant with this id to --tenant, or the id of the other one.")
        if is_id
        else ("domain", "Give the id of the right one to --tenant instead of the domain.")
    )
    return TenantNotConfirmed(
        f'The PBX lists {len(tenants)} tenants with the {names} "{name}", so nothing was sent: '
        f"{printable(join_and(named))}. {advice}"
    )


def _with_name(name: str, listed: Iterable[ListedTenant]) -> list[ListedTenant]:
    return [one for one in listed if one.tenant.is_named(name)]


def _read_enabled(item: Any) -> bool | None:
    """Whether a tenant is enabled, as it is where the PBX does not show it; None if the value means neither."""
    value = item.get("enabled")
    return True if value is None else _FLAGS.get(str(value).strip().lower())


def _read_page(response: httpx.Response, site: Site, first: int) -> tuple[int, Mapping[str | int, ListedTenant]]:
    """Read a page of the list of tenants, whose first entry has this position in the list.

    Raises:
        MalformedAnswer: it is not one.
    """
    answer = read_object(response)
    count, items = answer.get("count"), answer.get("items") or []
    try:
        found = [(make_tenant(item, site), _read_enabled(item)) for item in items]
    except (TypeError, AttributeError):  # not a list of objects
        found = []
    tenants = {
        tenant.id or position: ListedTenant(tenant, is_enabled)
        for position, (tenant, is_enabled) in enumerate(found, first)
    }
    is_whole = len(tenants) == len(found) == len(items)
    if isinstance(count, int) and not isinstance(count, bool) and 0 <= count <= _MAX_TENANTS and is_whole:
        return count, tenants
    raise MalformedAnswer(f"The PBX at {response.url.host} did not respond with a list of tenants.")
