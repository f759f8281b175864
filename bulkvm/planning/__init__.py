"""Compares the rows of a sheet, or the journal of a run, with the boxes on the PBX."""

from bulkvm.planning.box_diff import Diff, boxes_from_rows, make_diff
from bulkvm.planning.change_limits import check_changes, describe_excess
from bulkvm.planning.comparison import (
    blank_fields,
    box_to_send,
    clears_fields,
    expected_box,
    fields_differ,
    fields_not_applied,
    fields_not_saved,
    fields_to_fetch,
    find_differences,
    find_exact_differences,
    hidden_fields,
    is_empty,
    left_out_values,
    updated_box,
)
from bulkvm.planning.import_plan import make_plan
from bulkvm.planning.live import ImportPlanner, plan_for, plan_undo_of
from bulkvm.planning.number_conflicts import find_conflict, reason_to_skip
from bulkvm.planning.pin_generation import NewPins, generate_pin, warn_of_old_pins
from bulkvm.planning.undo_checks import spare_messages
from bulkvm.planning.undo_plan import DoneRun, changed_anything, plan_undo
from bulkvm.planning.unseen_fields import describe_unseen, name_fields

__all__ = [
    "Diff",
    "DoneRun",
    "ImportPlanner",
    "NewPins",
    "blank_fields",
    "box_to_send",
    "boxes_from_rows",
    "changed_anything",
    "check_changes",
    "clears_fields",
    "describe_excess",
    "describe_unseen",
    "expected_box",
    "fields_differ",
    "fields_not_applied",
    "fields_not_saved",
    "fields_to_fetch",
    "find_conflict",
    "find_differences",
    "find_exact_differences",
    "generate_pin",
    "hidden_fields",
    "is_empty",
    "left_out_values",
    "make_diff",
    "make_plan",
    "name_fields",
    "plan_for",
    "plan_undo",
    "plan_undo_of",
    "reason_to_skip",
    "spare_messages",
    "updated_box",
    "warn_of_old_pins",
]
