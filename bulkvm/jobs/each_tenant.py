"""The same for every enabled tenant of a PBX, with a system administrator's login."""

import asyncio
import logging
import unicodedata
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Final, Generic, TypeVar

from bulkvm.backup import MAX_NAME_PART, name_part
from bulkvm.jobs.connection import Connection
from bulkvm.jobs.observer import Observer
from bulkvm.model.errors import BulkvmError, TenantNotConfirmed, UsageError
from bulkvm.model.exit_codes import ExitCode
from bulkvm.model.tenant import ListedTenant
from bulkvm.pbx import in_parallel
from bulkvm.text import join_limited, printable

T = TypeVar("T")

_AT_ONCE: Final = 8  # tenants or sites; all requests to a PBX share its limits
_MOST_NAMED: Final = 20  # tenants or sites
_MAX_ENDING: Final = 40  # characters of an id in the name of a file
_UNKNOWN_STATE: Final = (
    "The PBX does not show whether this tenant is enabled: its field enabled is neither true nor false, so nothing was "
    "sent to it. Check it in the PBX's web portal, or name the tenant with --tenant."
)


_log: Final = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class TenantsReport(Generic[T]):
    """What became of each tenant that is not disabled, by its domain: the result, or why there is none.

    Attributes:
        by_tenant: in the order of the domains.
        tenants: all tenants that the PBX lists, also disabled ones, by the same names.
        unmatched: the files that belong to no tenant that the PBX lists, where tenants are compared with files.
    """

    by_tenant: Mapping[str, T | Exception]
    tenants: Mapping[str, ListedTenant]
    unmatched: Sequence[str] = ()

    @property
    def disabled(self) -> list[str]:
        """The tenants that are not enabled."""
        return [name for name, listed in self.tenants.items() if listed.is_enabled is False]

    @property
    def errors(self) -> list[Exception]:
        """Why there is no result for a tenant."""
        return [end for end in self.by_tenant.values() if isinstance(end, Exception)]

    @property
    def exit_code(self) -> int:
        """The highest exit code of all tenants."""
        return worst_exit_code(self.errors)


class TenantObserver(Observer):
    """Passes on the notices about one tenant, with its name. Progress of several tenants at once is not shown."""

    def __init__(self, name: str, observer: Observer) -> None:
        self._name = name
        self._observer = observer

    def notice(self, text: str) -> None:
        """Show something that may need attention."""
        self._observer.notice(f"{self._name}: {text}")


def file_key(name: str) -> str:
    """The name of a tenant's files, as a file system that ignores case and composition compares it."""
    return unicodedata.normalize("NFC", name_part(name)).casefold()


def worst_exit_code(errors: Iterable[Exception]) -> int:
    """The highest exit code of errors; that of success if there are none."""
    codes = (error.exit_code if isinstance(error, BulkvmError) else ExitCode.NOT_ALL_DONE for error in errors)
    return max(codes, default=ExitCode.DONE)


async def for_each_tenant(
    connection: Connection,
    do: Callable[[str, Connection], Awaitable[T]],
    on_listed: Callable[[Iterable[ListedTenant]], None] = lambda _: None,
) -> TenantsReport[T]:
    """Do the same for every enabled tenant, several at once. A failure at one tenant does not stop the others.

    Args:
        connection: the login of a system administrator.
        do: called with the name of a tenant, which is its domain, and a connection that reaches this tenant only.
        on_listed: called with all tenants, before.

    Raises:
        UsageError: it is not the login of a system administrator.
        BulkvmError: the tenants could not be listed.
    """
    if not connection.site.is_administrator:
        raise UsageError(
            f"The login of {connection.site.name} reaches one tenant. Access to all tenants needs the user and "
            "password of a system administrator, who has no domain. A token alone is not switched between tenants."
        )
    tenants = _by_name(await connection.list_tenants())
    on_listed(tenants.values())
    ended: dict[str, T | Exception] = {}

    async def do_one(name: str) -> None:
        if tenants[name].is_enabled is None:
            ended[name] = TenantNotConfirmed(_UNKNOWN_STATE)
            return
        try:
            tenants[name].check_has_id()
            ended[name] = await do(name, connection.in_tenant(tenants[name].tenant))
        except Exception as error:  # noqa: BLE001  (not even a bug at one tenant may stop the others)
            ended[name] = error

    chosen = [name for name, listed in tenants.items() if listed.is_enabled is not False]
    await do_each(
        chosen,
        do_one,
        what=f"tenants of {connection.site.name}",
        is_done=lambda name: name in ended and not isinstance(ended[name], Exception),
    )
    return TenantsReport({name: ended[name] for name in chosen}, tenants)


async def do_each(
    names: Sequence[str], do: Callable[[str], Awaitable[None]], *, what: str, is_done: Callable[[str], bool]
) -> None:
    """Call `do` for each tenant or site, several at once. If that is interrupted, log which are not done.

    Args:
        names: the tenants or sites.
        do: called with each.
        what: what the names are, for a message: tenants or sites.
        is_done: whether one ended without an error.
    """
    try:
        await in_parallel(names, do, _AT_ONCE)
    except asyncio.CancelledError:
        if len(names) > 1:
            missing = [name for name in names if not is_done(name)]
            done, listed = len(names) - len(missing), join_limited(missing, _MOST_NAMED)
            _log.warning("Stopped: %s of %s %s are done. Not done: %s.", done, len(names), what, listed)
        raise


def _by_name(listed: Iterable[ListedTenant]) -> dict[str, ListedTenant]:
    """Tenants by their domain, and by their id too if the files of several would have the same name.

    One without an id has no files, so it does not change the names of others.
    """
    listed = list(listed)
    same = Counter(file_key(tenant.domain) for tenant in listed if tenant.tenant.id)
    named: dict[str, ListedTenant] = {}
    taken = set(same)
    for tenant in listed:
        name = printable(tenant.domain)
        is_shared = same[file_key(name)] > 1 if tenant.tenant.id else file_key(name) in taken
        if is_shared:
            name = next(name for name in _with_id(tenant, len(named)) if file_key(name) not in taken)
        taken.add(file_key(name))
        named[name] = tenant
    return named


def _with_id(listed: ListedTenant, position: int) -> Iterator[str]:
    """Names for a tenant that contain its id, if any: at the end of so much of its domain as a file name can hold."""
    domain, text = printable(listed.domain), printable(listed.tenant.id or f"(no id) {position + 1}")
    yield f"{domain} {text}"
    for number in count(1):
        ending = f" {text}"[:_MAX_ENDING] + (f" {number}" if number > 1 else "")
        yield f"{domain[: MAX_NAME_PART - len(ending)]}{ending}"
