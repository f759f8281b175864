"""What is put on top of a person's sheet in a copy of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bulkvm.reports.workbook.marks import Mark
from bulkvm.reports.workbook.result_columns import Results
from bulkvm.reports.workbook.summary import Line


@dataclass(frozen=True, slots=True)
class Annotation:
    """Marks by cell, the summary sheet's lines, and what the columns of a result hold, where there are some."""

    marks: Mapping[str, Mark]
    summary: Sequence[Line]
    results: Results | None = None
