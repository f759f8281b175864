"""Bulk import and export of shared voicemail boxes on a PortSIP PBX. `bulkvm.api` lists the public names."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bulkvm.api import *  # noqa: F403
    from bulkvm.api import __all__ as __all__

__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    """Import the public names when the first of them is used, so that `import bulkvm` does not wait for pandas."""
    if name == "__all__" or not name.startswith("_"):
        api = import_module("bulkvm.api")
        if hasattr(api, name):
            return getattr(api, name)
    raise AttributeError(f"module 'bulkvm' has no attribute {name!r}")
