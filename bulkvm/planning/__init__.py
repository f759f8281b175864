"""From records and the boxes on the PBX to a plan."""

from bulkvm.planning.box_diff import ChangedBox, Diff, boxes_from_rows, make_diff
from bulkvm.planning.box_index import BoxIndex
from bulkvm.planning.change_limits import check_changes, describe_excess
from bulkvm.planning.comparison import (
    NumberConflict,
    box_to_send,
    fields_differ,
    fields_not_taken,
    find_differences,
    make_plan,
    unknown_fields,
    unseen_fields,
    whole_box,
)
from bulkvm.planning.live import plan_for, plan_undo_of
from bulkvm.planning.pin_generation import generate_pin, pin_fault, warn_of_old_pins
from bulkvm.planning.undo_plan import (
    TO_UNDO,
    DoneRun,
    changed_anything,
    find_exact_differences,
    keep_boxes,
    plan_undo,
    spare_messages,
)
from bulkvm.planning.unseen_fields import describe_unseen, name_fields

__all__ = [
    "TO_UNDO",
    "BoxIndex",
    "ChangedBox",
    "Diff",
    "DoneRun",
    "NumberConflict",
    "box_to_send",
    "boxes_from_rows",
    "changed_anything",
    "check_changes",
    "describe_excess",
    "describe_unseen",
    "fields_differ",
    "fields_not_taken",
    "find_differences",
    "find_exact_differences",
    "generate_pin",
    "keep_boxes",
    "make_diff",
    "make_plan",
    "name_fields",
    "pin_fault",
    "plan_for",
    "plan_undo",
    "plan_undo_of",
    "spare_messages",
    "unknown_fields",
    "unseen_fields",
    "warn_of_old_pins",
    "whole_box",
]
