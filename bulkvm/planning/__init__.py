"""From records and the boxes on the PBX to a plan."""

from bulkvm.planning.compare import (
    Taken,
    fields_differ,
    fields_not_taken,
    find_differences,
    make_plan,
    unknown_fields,
    unseen_fields,
    whole_box,
)
from bulkvm.planning.diff import ChangedBox, Diff, boxes_of, make_diff
from bulkvm.planning.limits import check_changes, describe_excess
from bulkvm.planning.pins import generate_pin
from bulkvm.planning.undo import changed_anything, find_exact_differences, plan_undo
from bulkvm.planning.unseen import count_not_shown, describe_kept, describe_sent, name_fields

__all__ = [
    "ChangedBox",
    "Diff",
    "Taken",
    "boxes_of",
    "changed_anything",
    "check_changes",
    "count_not_shown",
    "describe_excess",
    "describe_kept",
    "describe_sent",
    "fields_differ",
    "fields_not_taken",
    "find_differences",
    "find_exact_differences",
    "generate_pin",
    "make_diff",
    "make_plan",
    "name_fields",
    "plan_undo",
    "unknown_fields",
    "unseen_fields",
    "whole_box",
]
