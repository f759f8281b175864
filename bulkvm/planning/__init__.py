"""From records and the boxes on the PBX to a plan."""

from bulkvm.planning.compare import fields_differ, make_plan, unknown_fields, whole_box
from bulkvm.planning.limits import ChangeLimit, check_limits, parse_change_limit

__all__ = [
    "ChangeLimit",
    "check_limits",
    "fields_differ",
    "make_plan",
    "parse_change_limit",
    "unknown_fields",
    "whole_box",
]
