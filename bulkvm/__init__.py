"""Shared voicemail boxes on a PortSIP PBX, in bulk, from spreadsheets.

What the commands do can be called from here, in the order in which data flows: read_sheet, validate, connect, plan_for,
check_changes, send, account_for, write_result; and beside that, back_up, verify, make_diff, plan_undo_of and the other
write functions. Each name is imported when it is first used, so that nothing waits for pandas without need.
"""

import importlib
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from bulkvm.backup import BackupSettings, Keep, back_up, verify
    from bulkvm.model.box import Box, Record
    from bulkvm.model.change import Change, Plan
    from bulkvm.model.errors import BulkvmError
    from bulkvm.model.outcome import Outcome, Status
    from bulkvm.model.problem import Problem
    from bulkvm.model.settings import Limit, PinPolicy, SendSettings, Site
    from bulkvm.model.tenant import Tenant
    from bulkvm.pbx import Pbx, connect
    from bulkvm.planning import boxes_from_rows, check_changes, make_diff, plan_for, plan_undo_of
    from bulkvm.readers import read_sheet
    from bulkvm.reports.diff_table import write_diff
    from bulkvm.reports.export_file import write_export
    from bulkvm.reports.template.template_workbook import write_template
    from bulkvm.reports.workbook.annotated_copy import write_annotated
    from bulkvm.reports.workbook.clean_copy import write_clean
    from bulkvm.reports.workbook.result import write_result
    from bulkvm.reports.workbook.summary import RunSummary
    from bulkvm.runs import Journal, PastRun, RunInfo, complete_outcomes, read_journal
    from bulkvm.upload import RunResult, send
    from bulkvm.validation import take_rows, validate

__version__ = "0.1.0"

_MODULES: Final = {
    "Box": "model.box",
    "BulkvmError": "model.errors",
    "Change": "model.change",
    "RunResult": "upload",
    "Journal": "runs",
    "Keep": "backup",
    "Limit": "model.settings",
    "BackupSettings": "backup",
    "Outcome": "model.outcome",
    "PastRun": "runs",
    "Pbx": "pbx",
    "PinPolicy": "model.settings",
    "Plan": "model.change",
    "Problem": "model.problem",
    "Record": "model.box",
    "RunInfo": "runs",
    "RunSummary": "reports.workbook.summary",
    "SendSettings": "model.settings",
    "Site": "model.settings",
    "Status": "model.outcome",
    "Tenant": "model.tenant",
    "complete_outcomes": "runs",
    "back_up": "backup",
    "boxes_from_rows": "planning",
    "check_changes": "planning",
    "connect": "pbx",
    "make_diff": "planning",
    "plan_for": "planning",
    "plan_undo_of": "planning",
    "read_journal": "runs",
    "read_sheet": "readers",
    "send": "upload",
    "take_rows": "validation",
    "validate": "validation",
    "verify": "backup",
    "write_annotated": "reports.workbook.annotated_copy",
    "write_clean": "reports.workbook.clean_copy",
    "write_diff": "reports.diff_table",
    "write_export": "reports.export_file",
    "write_result": "reports.workbook.result",
    "write_template": "reports.template.template_workbook",
}

__all__ = [
    "BackupSettings",
    "Box",
    "BulkvmError",
    "Change",
    "Journal",
    "Keep",
    "Limit",
    "Outcome",
    "PastRun",
    "Pbx",
    "PinPolicy",
    "Plan",
    "Problem",
    "Record",
    "RunInfo",
    "RunResult",
    "RunSummary",
    "SendSettings",
    "Site",
    "Status",
    "Tenant",
    "back_up",
    "boxes_from_rows",
    "check_changes",
    "complete_outcomes",
    "connect",
    "make_diff",
    "plan_for",
    "plan_undo_of",
    "read_journal",
    "read_sheet",
    "send",
    "take_rows",
    "validate",
    "verify",
    "write_annotated",
    "write_clean",
    "write_diff",
    "write_export",
    "write_result",
    "write_template",
]


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module 'bulkvm' has no attribute {name!r}")
    return getattr(importlib.import_module(f"bulkvm.{_MODULES[name]}"), name)
