"""Styles of workbooks. Colours leave the text readable, and their meaning is also given in words."""

from collections.abc import Mapping
from typing import Final

from bulkvm.model.change import PlannedStatus
from bulkvm.model.outcome import Colour, Status
from bulkvm.model.problem import Severity

# Cell formats for xlsxwriter.
TEXT: Final = {"num_format": "@", "valign": "top"}
WRAPPED: Final = {**TEXT, "text_wrap": True}
HEADING: Final = {
    **TEXT, "bold": True, "bg_color": "#1F3864", "font_color": "#FFFFFF", "border": 1, "border_color": "#8EA9DB",
}  # fmt: skip

LINK: Final = "#0B4F9E"
GREEN, AMBER, RED = Colour.GREEN, Colour.AMBER, Colour.RED
BLUE: Final = "#1F3864"
PALE_BLUE: Final = "#4A6BA5"
GREY: Final = "#D0D0D0"
# Rows of tables that are not input.
ROW: Final = {**WRAPPED, "align": "left", "border": 1, "border_color": GREY}

COLOURS: Final[Mapping[Severity | Status, Colour]] = {
    Severity.ERROR: RED,
    Severity.WARNING: AMBER,
    **{status: status.colour for status in Status},
}


def colour_of(kind: Severity | Status | PlannedStatus) -> Colour | None:
    """Return the colour of a cell."""
    return kind.colour if isinstance(kind, PlannedStatus) else COLOURS[kind]
