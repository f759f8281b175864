"""Reading and checking the sheet that a job works on."""

from pathlib import Path

from bulkvm.jobs.observer import Observer
from bulkvm.jobs.sheet_options import SheetOptions
from bulkvm.model.problem import Problem
from bulkvm.model.settings import DEFAULT_PIN_POLICY, PinPolicy
from bulkvm.model.sheet import Sheet
from bulkvm.model.tenant import Tenant
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
    """Warn if a sheet is a backup of another tenant."""
    if not has_manifest(sheet):
        return ()
    from bulkvm.backup import warn_of_other_tenant  # noqa: PLC0415  (slow to import, and rarely needed)

    return tuple(filter(None, [warn_of_other_tenant(sheet, tenant)]))


def describe_input_tenant(sheet: Sheet, tenant: Tenant) -> str | None:
    """Describe whose backup a sheet is; None if it is no backup of another tenant."""
    if not has_manifest(sheet):
        return None
    from bulkvm.backup import describe_other_tenant  # noqa: PLC0415  (slow to import, and rarely needed)

    return describe_other_tenant(sheet, tenant)


def has_manifest(sheet: Sheet) -> bool:
    """Whether a sheet has a manifest beside it, as a backup does."""
    return sheet.path.with_suffix(".manifest.json").exists()
