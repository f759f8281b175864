"""The PBX's REST API: one method a call."""

from bulkvm.pbx.client import Pbx
from bulkvm.pbx.connection import connect
from bulkvm.pbx.listing import Progress, Query, no_progress
from bulkvm.pbx.sending import Answered
from bulkvm.pbx.whole import (
    WholeBox,
    find_field_changes,
    find_not_default,
    find_set_fields,
    is_nothing,
    undocumented,
)
from bulkvm.pbx.workers import in_parallel

__all__ = [
    "Answered",
    "Pbx",
    "Progress",
    "Query",
    "WholeBox",
    "connect",
    "find_field_changes",
    "find_not_default",
    "find_set_fields",
    "in_parallel",
    "is_nothing",
    "no_progress",
    "undocumented",
]
