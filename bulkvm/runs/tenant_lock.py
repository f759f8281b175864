"""One run at a time for each tenant."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from bulkvm.files.locks import locked
from bulkvm.model.errors import LockHeld
from bulkvm.model.tenant import Tenant
from bulkvm.paths import tenant_lock_files, writing_state


@contextmanager
def lock_tenant(tenant: Tenant) -> Iterator[None]:
    """Hold the locks of a tenant. The operating system releases them, however this program ends.

    Raises:
        LockHeld: another run is in progress.
    """
    with ExitStack() as stack:
        with writing_state():
            try:
                for file in tenant_lock_files(tenant):
                    stack.enter_context(locked(file))
            except LockHeld as error:
                raise LockHeld(
                    f"Another run against {tenant} is in progress on this machine, so nothing was sent. "
                    "Wait until it has ended."
                ) from error
        yield
