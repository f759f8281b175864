"""Log in to a site before it is saved, and revoke the token of one that is removed."""

import asyncio
from dataclasses import dataclass
from typing import Final

from bulkvm.jobs.connection import Connection
from bulkvm.model.settings import SendSettings, Site
from bulkvm.model.tenant import Tenant
from bulkvm.pbx.certificate import Certificate, fetch_certificate
from bulkvm.pbx.diagnostics import probe

_ONCE: Final = SendSettings(retries=1)  # a person waits, and a PBX may lock a user out after some wrong passwords


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginReport:
    """What a login reaches.

    Attributes:
        tenant: the tenant, with its number of boxes; None for a system administrator who has chosen none.
        boxes: the number of boxes.
        tenants: the number of tenants of such an administrator.
    """

    tenant: Tenant | None = None
    boxes: int = 0
    tenants: int = 0


def check_server(site: Site) -> None:
    """Check that a server answers at the address of a site, and that its certificate is trusted.

    Raises:
        NotTrusted: the certificate is not trusted.
        PbxError: there is no answer.
    """
    asyncio.run(probe(site, _ONCE.timeout))


def read_certificate(site: Site) -> Certificate:
    """Read the certificate at the address of a site, trusted or not.

    Raises:
        PbxUnreachable: the server cannot be reached, or does not use TLS.
    """
    return fetch_certificate(site.url, _ONCE.timeout)


def log_in(site: Site) -> LoginReport:
    """Log in to a site with its password or token.

    Raises:
        LoginRefused: the PBX refuses the login.
        BulkvmError: the PBX cannot be used, or has no such tenant.
    """
    connection = Connection(site, _ONCE)
    if site.is_administrator and not site.switch_to:
        return LoginReport(tenants=len(asyncio.run(connection.list_tenants())))
    return asyncio.run(_find_tenant(connection))


async def _find_tenant(connection: Connection) -> LoginReport:
    async with connection.open() as pbx:
        return LoginReport(tenant=await pbx.tenant(), boxes=await pbx.read_confirmed(pbx.count_boxes))


def revoke_token(site: Site) -> None:
    """Revoke the token of a site.

    Raises:
        LoginRefused: the token is not valid any more.
        BulkvmError: it could not be revoked.
    """
    asyncio.run(_revoke(Connection(site, _ONCE)))


async def _revoke(connection: Connection) -> None:
    async with connection.open() as pbx:
        await pbx.revoke_token()
