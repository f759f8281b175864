"""The public names of bulkvm: jobs, which do what the commands do, and the stages that they are made of."""

from bulkvm.backup import BackupSettings, Keep, back_up, verify
from bulkvm.jobs.back_up_sites import BackupReport, back_up_sites, back_up_tenants
from bulkvm.jobs.connection import Connection
from bulkvm.jobs.diff_boxes import DiffReport, diff_boxes, diff_tenants
from bulkvm.jobs.each_tenant import TenantsReport
from bulkvm.jobs.export_boxes import ExportReport, export_boxes, export_tenants
from bulkvm.jobs.import_sheet import import_plan, import_sheet
from bulkvm.jobs.list_new_pins import PinListReport, list_new_pins
from bulkvm.jobs.observer import Observer
from bulkvm.jobs.plan_file import PlanFile
from bulkvm.jobs.plan_sheet import PlanReport, plan_sheet
from bulkvm.jobs.run_execution import RunReport
from bulkvm.jobs.sheet_options import PlanOptions, SheetOptions
from bulkvm.jobs.undo_run import UndoReport, undo_run
from bulkvm.jobs.validate_sheet import ValidationReport, validate_sheet
from bulkvm.model.box import Box, Record
from bulkvm.model.change import Change, Plan
from bulkvm.model.errors import BulkvmError
from bulkvm.model.outcome import Outcome, Status
from bulkvm.model.problem import Problem
from bulkvm.model.settings import Limit, PinPolicy, SendSettings, Site
from bulkvm.model.sheet import ReadAs
from bulkvm.model.tenant import Tenant
from bulkvm.pbx import Pbx, Query, connect
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

__all__ = [
    "BackupReport",
    "BackupSettings",
    "Box",
    "BulkvmError",
    "Change",
    "Connection",
    "DiffReport",
    "ExportReport",
    "Journal",
    "Keep",
    "Limit",
    "Observer",
    "Outcome",
    "PastRun",
    "Pbx",
    "PinListReport",
    "PinPolicy",
    "Plan",
    "PlanFile",
    "PlanOptions",
    "PlanReport",
    "Problem",
    "Query",
    "ReadAs",
    "Record",
    "RunInfo",
    "RunReport",
    "RunResult",
    "RunSummary",
    "SendSettings",
    "SheetOptions",
    "Site",
    "Status",
    "Tenant",
    "TenantsReport",
    "UndoReport",
    "ValidationReport",
    "back_up",
    "back_up_sites",
    "back_up_tenants",
    "boxes_from_rows",
    "check_changes",
    "complete_outcomes",
    "connect",
    "diff_boxes",
    "diff_tenants",
    "export_boxes",
    "export_tenants",
    "import_plan",
    "import_sheet",
    "list_new_pins",
    "make_diff",
    "plan_for",
    "plan_sheet",
    "plan_undo_of",
    "read_journal",
    "read_sheet",
    "send",
    "take_rows",
    "undo_run",
    "validate",
    "validate_sheet",
    "verify",
    "write_annotated",
    "write_clean",
    "write_diff",
    "write_export",
    "write_result",
    "write_template",
]
