"""The PBX's REST API: one method for each call."""

from bulkvm.pbx.administrator import Administrator
from bulkvm.pbx.client import Pbx
from bulkvm.pbx.completion import complete_box, complete_listed, fetch_again, is_list_exact, list_whole_boxes
from bulkvm.pbx.connecting import connect, connect_administrator
from bulkvm.pbx.listing import PAGE, Progress, Query, no_progress
from bulkvm.pbx.number_lists import NUMBER_LISTS, NumberList, NumberPage
from bulkvm.pbx.parallel import in_parallel
from bulkvm.pbx.retry import Response
from bulkvm.pbx.whole_box import (
    WholeBox,
    find_field_changes,
    find_not_default,
    find_set_fields,
    is_nothing,
    lasting_values,
    undocumented,
)

__all__ = [
    "NUMBER_LISTS",
    "PAGE",
    "Administrator",
    "NumberList",
    "NumberPage",
    "Pbx",
    "Progress",
    "Query",
    "Response",
    "WholeBox",
    "complete_box",
    "complete_listed",
    "connect",
    "connect_administrator",
    "fetch_again",
    "find_field_changes",
    "find_not_default",
    "find_set_fields",
    "in_parallel",
    "is_list_exact",
    "is_nothing",
    "lasting_values",
    "list_whole_boxes",
    "no_progress",
    "undocumented",
]
