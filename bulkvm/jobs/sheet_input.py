"""Reading and checking the sheet that a job works on."""

from contextlib import suppress
from pathlib import Path

from bulkvm.columns import STATUS_HEADING
from bulkvm.columns.sheet_columns import result_words
from bulkvm.jobs.observer import Observer
from bulkvm.jobs.sheet_options import SheetOptions
from bulkvm.model.errors import FileError
from bulkvm.model.problem import Problem, ProblemCode
from bulkvm.model.settings import DEFAULT_PIN_POLICY, PinPolicy
from bulkvm.model.sheet import Sheet
from bulkvm.model.tenant import Tenant, name_distinctly
from bulkvm.paths import runs_folder
from bulkvm.readers import read_sheet
from bulkvm.validation import Checked, select_failed, validate


def read_input(file: Path, options: SheetOptions, observer: Observer) -> Sheet:
    """Read the sheet of a file; check a backup against its manifest.

    Raises:
        SheetError: the file cannot be read as a sheet, or the backup was changed or damaged.
    """
    with observer.progress("Reading the sheet"):
        sheet = read_sheet(
            file,
            sheet=options.sheet,
            encoding=options.encoding,
            heading_map=options.heading_map,
            system=options.system,
        )
        if has_manifest(sheet):
            from bulkvm.backup import check_backup  # noqa: PLC0415  (slow to import, and rarely needed)

            check_backup(sheet)
    if sheet.read_as:
        observer.export_read(sheet.read_as)
    return sheet


def check_input(
    sheet: Sheet, options: SheetOptions, observer: Observer, policy: PinPolicy = DEFAULT_PIN_POLICY
) -> Checked:
    """Check the rows of a sheet. A PIN policy in the options takes precedence over `policy`."""
    with observer.progress("Checking the rows"):
        checked = validate(
            sheet, options.pin_policy or policy, fix_zeros=options.fix_zeros, replace_pins=options.replace_pins
        )
        return select_failed(sheet, checked) if options.only_failed else checked


def check_input_tenant(sheet: Sheet, tenant: Tenant) -> tuple[Problem, ...]:
    """Warn if a sheet is a backup of another tenant, or the result of a run against one."""
    if not has_manifest(sheet):
        return tuple(filter(None, [_warn_of_others_result(sheet, tenant)]))
    from bulkvm.backup import warn_of_other_tenant  # noqa: PLC0415  (slow to import, and rarely needed)

    return tuple(filter(None, [warn_of_other_tenant(sheet, tenant)]))


def _warn_of_others_result(sheet: Sheet, tenant: Tenant) -> Problem | None:
    """Warn of a result whose run, which has a journal here, was against another tenant."""
    if sheet.path.suffix.casefold() != ".xlsx" or not result_words(sheet, STATUS_HEADING):
        return None
    from bulkvm.reports.workbook.run_name import read_run_name  # noqa: PLC0415  (slow to import, and rarely needed)
    from bulkvm.runs import list_journals, read_info  # noqa: PLC0415  (the same)

    name, theirs = read_run_name(sheet.path), None
    if file := next((file for file in list_journals(runs_folder()) if file.stem == name), None):
        with suppress(FileError):  # the journal is damaged
            theirs = read_info(file).known_tenant
    if theirs is None or (theirs.id and theirs.id == tenant.id) or not theirs.contradicts(tenant):
        return None
    named, ours = name_distinctly(theirs, tenant)
    message = (
        f"{sheet.path.name} is the result of a run against {named}, not {ours}. Check the plan: --only-failed leaves "
        "out the rows that were done there. Import the former sheet to send all of them."
    )
    return Problem(row=None, code=ProblemCode.OTHER_TENANT, message=message)


def describe_input_tenant(sheet: Sheet, tenant: Tenant) -> str | None:
    """Describe whose backup a sheet is; None if it is no backup of another tenant."""
    if not has_manifest(sheet):
        return None
    from bulkvm.backup import describe_other_tenant  # noqa: PLC0415  (slow to import, and rarely needed)

    return describe_other_tenant(sheet, tenant)


def has_manifest(sheet: Sheet) -> bool:
    """Whether a sheet has a manifest beside it, as a backup does."""
    return sheet.path.with_suffix(".manifest.json").exists()
