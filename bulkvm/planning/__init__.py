"""From records and the boxes on the PBX to a plan."""

from bulkvm.planning.compare import Taken, fields_differ, find_differences, make_plan, unknown_fields, whole_box
from bulkvm.planning.diff import ChangedBox, Diff, boxes_of, make_diff
from bulkvm.planning.limits import check_changes, describe_excess
from bulkvm.planning.pins import generate_pin
from bulkvm.planning.undo import changed_anything, find_exact_differences, plan_undo

__all__ = [
    "ChangedBox",
    "Diff",
    "Taken",
    "boxes_of",
    "changed_anything",
    "check_changes",
    "describe_excess",
    "fields_differ",
    "find_differences",
    "find_exact_differences",
    "generate_pin",
    "make_diff",
    "make_plan",
    "plan_undo",
    "unknown_fields",
    "whole_box",
]
