"""How a sheet is read, checked and planned."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from bulkvm.model.settings import Limit, PinPolicy

DEFAULT_MAX_CHANGES: Final = Limit(share=0.3)


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetOptions:
    """How to read and check a sheet.

    Attributes:
        sheet: the name of the sheet in a workbook.
        encoding: the encoding of a CSV file.
        heading_map: the column for each heading that is not recognised; blank to ignore it. Several headings for the
            name or the recipients are joined in this order.
        system: the phone system that the file is an export of, such as freepbx.
        fix_zeros: restore the leading zeros that PINs lost in a spreadsheet.
        only_failed: read only the rows that an earlier run did not complete.
        pin_policy: how long a PIN may be; None to ask the PBX.
        replace_pins: count PINs as blank that the policy or the PBX's rules refuse. A new box gets a generated one,
            and no PIN of an existing box is sent.
    """

    sheet: str | None = None
    encoding: str | None = None
    heading_map: Mapping[str, str] = field(default_factory=dict)
    system: str | None = None
    fix_zeros: bool = False
    only_failed: bool = False
    pin_policy: PinPolicy | None = None
    replace_pins: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanOptions:
    """How to turn a sheet into a plan.

    Attributes:
        reading: how to read and check the sheet.
        generate_pins: generate a PIN for each box that needs one and has none in the sheet.
        skip_invalid: plan the valid rows even if others have errors.
        skip_taken: leave out rows whose number belongs to something other than a box, such as a user.
        keep_unseen: do not send fields that the PBX does not show, such as PINs.
        max_changes: how many of the existing boxes may change; None for no limit.
    """

    reading: SheetOptions = SheetOptions()
    generate_pins: bool = False
    skip_invalid: bool = False
    skip_taken: bool = False
    keep_unseen: bool = False
    max_changes: Limit | None = DEFAULT_MAX_CHANGES


DEFAULT_OPTIONS: Final = PlanOptions()
