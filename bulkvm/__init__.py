"""Shared voicemail boxes on a PortSIP PBX, in bulk, from spreadsheets.

What the commands do can be called from here: read_sheet, validate, connect, plan_for, send, write_result, write_export,
back_up.
Each name is imported when it is first used, so that nothing waits for pandas without need.
"""

import importlib
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from bulkvm.backup import Keep, Night, back_up
    from bulkvm.box import Box, Record
    from bulkvm.changes import Change, Plan
    from bulkvm.errors import BulkvmError
    from bulkvm.outcomes import Outcome, Status
    from bulkvm.pbx import Pbx, connect
    from bulkvm.problems import Problem
    from bulkvm.readers import read_sheet
    from bulkvm.reports import write_export, write_result
    from bulkvm.settings import SendSettings, Site
    from bulkvm.upload import account_for, plan_for, send
    from bulkvm.validation import validate

__version__ = "0.1.0"

_MODULES: Final = {
    "Box": "box",
    "BulkvmError": "errors",
    "Change": "changes",
    "Keep": "backup",
    "Night": "backup",
    "Outcome": "outcomes",
    "Pbx": "pbx",
    "Plan": "changes",
    "Problem": "problems",
    "Record": "box",
    "SendSettings": "settings",
    "Site": "settings",
    "Status": "outcomes",
    "account_for": "upload",
    "back_up": "backup",
    "connect": "pbx",
    "plan_for": "upload",
    "read_sheet": "readers",
    "send": "upload",
    "validate": "validation",
    "write_export": "reports",
    "write_result": "reports",
}

__all__ = [
    "Box",
    "BulkvmError",
    "Change",
    "Keep",
    "Night",
    "Outcome",
    "Pbx",
    "Plan",
    "Problem",
    "Record",
    "SendSettings",
    "Site",
    "Status",
    "account_for",
    "back_up",
    "connect",
    "plan_for",
    "read_sheet",
    "send",
    "validate",
    "write_export",
    "write_result",
]


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module 'bulkvm' has no attribute {name!r}")
    return getattr(importlib.import_module(f"bulkvm.{_MODULES[name]}"), name)
