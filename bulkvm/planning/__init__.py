"""From records and the boxes on the PBX to a plan."""

from bulkvm.planning.compare import fields_differ, make_plan, unknown_fields, whole_box
from bulkvm.planning.limits import ChangeLimit, check_limits, parse_change_limit
from bulkvm.planning.pins import generate_pin

__all__ = [
    "ChangeLimit",
    "check_limits",
    "fields_differ",
    "generate_pin",
    "make_plan",
    "parse_change_limit",
    "unknown_fields",
    "whole_box",
]
