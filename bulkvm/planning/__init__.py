"""From records and the boxes on the PBX to a plan."""

from bulkvm.planning.compare import Taken, fields_differ, make_plan, unknown_fields, whole_box
from bulkvm.planning.limits import check_changes
from bulkvm.planning.pins import generate_pin
from bulkvm.planning.undo import plan_undo

__all__ = [
    "Taken",
    "check_changes",
    "fields_differ",
    "generate_pin",
    "make_plan",
    "plan_undo",
    "unknown_fields",
    "whole_box",
]
