"""What a copy adds to the original sheet."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from bulkvm.reports.workbook.marks import Mark
from bulkvm.reports.workbook.result_columns import Results
from bulkvm.reports.workbook.summary import Line


@dataclass(frozen=True, slots=True)
class Annotation:
    """Marks by cell, the lines of the summary sheet, and result columns, if any.

    `hidden` are the texts of a hidden sheet, for programs. `footer` is printed on each page.

    `lost_zeros` are the cells whose numbers lost a leading zero. They stay numbers, so that the loss is detected again.
    """

    marks: Mapping[str, Mark]
    summary: Sequence[Line]
    results: Results | None = None
    lost_zeros: Collection[str] = ()
    hidden: Sequence[str] = ()
    footer: str = ""
