"""Shared voicemail boxes on a PortSIP PBX, in bulk, from spreadsheets.

What the commands do can be called from here, in the order in which data flows: read_sheet, validate, connect, plan_for,
check_changes, send, account_for, write_result; and beside that, back_up, verify, make_diff, plan_undo_of and the other
write functions. Each name is imported when it is first used, so that nothing waits for pandas without need.
"""

import importlib
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from bulkvm.backup import Keep, Night, back_up, verify
    from bulkvm.box import Box, Record
    from bulkvm.changes import Change, Plan
    from bulkvm.errors import BulkvmError
    from bulkvm.outcomes import Outcome, Status
    from bulkvm.pbx import Pbx, connect
    from bulkvm.planning import boxes_of, check_changes, make_diff
    from bulkvm.problems import Problem
    from bulkvm.readers import read_sheet
    from bulkvm.reports.annotated import write_annotated
    from bulkvm.reports.clean import write_clean
    from bulkvm.reports.diff import write_diff
    from bulkvm.reports.export import write_export
    from bulkvm.reports.result import write_result
    from bulkvm.reports.summary import RunSummary
    from bulkvm.reports.template import write_template
    from bulkvm.settings import Limit, PinPolicy, SendSettings, Site
    from bulkvm.tenant import Tenant
    from bulkvm.upload import (
        Ending,
        Journal,
        PastRun,
        RunFacts,
        account_for,
        plan_for,
        plan_undo_of,
        read_journal,
        send,
    )
    from bulkvm.validation import take_rows, validate

__version__ = "0.1.0"

_MODULES: Final = {
    "Box": "box",
    "BulkvmError": "errors",
    "Change": "changes",
    "Ending": "upload",
    "Journal": "upload",
    "Keep": "backup",
    "Limit": "settings",
    "Night": "backup",
    "Outcome": "outcomes",
    "PastRun": "upload",
    "Pbx": "pbx",
    "PinPolicy": "settings",
    "Plan": "changes",
    "Problem": "problems",
    "Record": "box",
    "RunFacts": "upload",
    "RunSummary": "reports.summary",
    "SendSettings": "settings",
    "Site": "settings",
    "Status": "outcomes",
    "Tenant": "tenant",
    "account_for": "upload",
    "back_up": "backup",
    "boxes_of": "planning",
    "check_changes": "planning",
    "connect": "pbx",
    "make_diff": "planning",
    "plan_for": "upload",
    "plan_undo_of": "upload",
    "read_journal": "upload",
    "read_sheet": "readers",
    "send": "upload",
    "take_rows": "validation",
    "validate": "validation",
    "verify": "backup",
    "write_annotated": "reports.annotated",
    "write_clean": "reports.clean",
    "write_diff": "reports.diff",
    "write_export": "reports.export",
    "write_result": "reports.result",
    "write_template": "reports.template",
}

__all__ = [
    "Box",
    "BulkvmError",
    "Change",
    "Ending",
    "Journal",
    "Keep",
    "Limit",
    "Night",
    "Outcome",
    "PastRun",
    "Pbx",
    "PinPolicy",
    "Plan",
    "Problem",
    "Record",
    "RunFacts",
    "RunSummary",
    "SendSettings",
    "Site",
    "Status",
    "Tenant",
    "account_for",
    "back_up",
    "boxes_of",
    "check_changes",
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
