"""Everything that is written to a file or told in words, for a person."""

from bulkvm.reports.annotated import write_annotated
from bulkvm.reports.clean import write_clean
from bulkvm.reports.diff import render_diff, render_diff_counts, write_diff
from bulkvm.reports.export import check_export_name, render_export, without_gaps, write_export
from bulkvm.reports.files import NewFile, check_folder, flush_folder, writing
from bulkvm.reports.plan_text import render_counts, render_plan
from bulkvm.reports.problem_texts import render_problem, render_problems
from bulkvm.reports.result import write_result
from bulkvm.reports.summary import RunSummary
from bulkvm.reports.tables import table_kind
from bulkvm.reports.targets import check_not_input, check_result_name
from bulkvm.reports.template import Tenant, write_template

__all__ = [
    "NewFile",
    "RunSummary",
    "Tenant",
    "check_export_name",
    "check_folder",
    "check_not_input",
    "check_result_name",
    "flush_folder",
    "render_counts",
    "render_diff",
    "render_diff_counts",
    "render_export",
    "render_plan",
    "render_problem",
    "render_problems",
    "table_kind",
    "without_gaps",
    "write_annotated",
    "write_clean",
    "write_diff",
    "write_export",
    "write_result",
    "write_template",
    "writing",
]
