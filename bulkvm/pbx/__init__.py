"""The PBX's REST API: one method a call."""

from bulkvm.pbx.client import Pbx
from bulkvm.pbx.connection import connect
from bulkvm.pbx.listing import Progress, Query, no_progress

__all__ = ["Pbx", "Progress", "Query", "connect", "no_progress"]
