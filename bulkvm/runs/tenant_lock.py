"""One run at a time for each tenant."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from bulkvm.files.locks import locked
from bulkvm.model.errors import LockHeld
from bulkvm.model.tenant import Tenant
from bulkvm.paths import tenant_lock_file, writing_state


@contextmanager
def lock_tenant(tenant: Tenant) -> Iterator[None]:
    """Hold the lock of a tenant. The operating system releases it, however this program ends.

    Raises:
        LockHeld: another run is in progress.
    """
    with ExitStack() as stack:
        with writing_state():
            try:
                stack.enter_context(locked(tenant_lock_file(tenant)))
            except LockHeld as error:
                raise LockHeld(
                    f"Another run against {tenant} is in progress on this machine, so nothing was sent. "
                    "Wait until it has ended."
                ) from error
        yield
