"""Reads a whole journal, also after a crash or with damaged lines."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from bulkvm.model.confirmation import Gap, Span, doubt, is_confirmed
from bulkvm.model.errors import FileError
from bulkvm.model.outcome import CHECK_FIRST, Outcome, Reason, Status
from bulkvm.runs.journal_lines import (
    UNREADABLE,
    parse_begin,
    parse_box,
    parse_gaps,
    parse_head,
    parse_outcome,
    parse_row,
    parse_span,
)
from bulkvm.runs.run import PastRun, RunInfo, SheetRow

if TYPE_CHECKING:
    from bulkvm.model.box import Box
    from bulkvm.model.change import Change

_DIED: Final = "The journal records no check of the tenant after it."


def read_head(file: Path) -> tuple[RunInfo, int]:
    """Read the first line of a journal: the run, and the number of rows of its sheet.

    Raises:
        FileError: the file is not a journal.
    """
    try:
        if not file.is_file():  # a pipe would wait for its other end
            raise FileNotFoundError
        with file.open("rb") as lines:
            return parse_head(lines.readline())
    except (OSError, *UNREADABLE) as error:
        raise FileError(f"{file.name} is not the journal of a run, or its first line is damaged.") from error


def read_journal(file: Path) -> PastRun:
    """Read a journal, also of a run that was killed in the middle of a line, and a damaged one.

    Raises:
        FileError: the file is not a journal.
    """
    info, _ = read_head(file)
    reader = _Reader()
    with file.open("rb") as lines:
        next(lines)
        for number, line in enumerate(lines, start=2):
            reader.add(number, line)
    return reader.end(info)


class _Reader:
    """Collects the lines of a journal."""

    def __init__(self) -> None:
        self._rows: dict[int, SheetRow] = {}
        self._changes: dict[int, Change] = {}
        self._outcomes: dict[int, Outcome] = {}
        self._read_back: dict[int, Box] = {}
        self._whole: dict[int, Mapping[str, Any]] = {}
        self._exit_code: int | None = None
        self._spans: dict[int, Span | None] = {}
        self._gaps: tuple[Gap, ...] = ()
        self._damaged: list[int] = []
        self._deviates = False

    def add(self, number: int, line: bytes) -> None:
        """Add a line."""
        if line == b"\n":
            return
        try:
            self._add(json.loads(line))
        except UNREADABLE:
            if line.endswith(b"\n"):  # else the run was killed while it wrote this line
                self._damaged.append(number)

    def end(self, info: RunInfo) -> PastRun:
        """The run, with an outcome for every row that any line names."""
        extensions = dict(sorted((dict(info.extensions) | dict(self._extensions())).items()))
        outcomes = (self._outcome_of(row) or self._infer_outcome(row, number) for row, number in extensions.items())
        return PastRun(
            replace(info, extensions=extensions),
            self._changes,
            tuple(outcomes),
            tuple(self._damaged),
            self._rows,
            self._read_back,
            self._whole,
            self._exit_code,
        )

    def _outcome_of(self, row: int) -> Outcome | None:
        """The outcome of a row with an `end` line. If the run died, it may not be confirmed."""
        outcome, span = self._outcomes.get(row), self._spans.get(row)
        if outcome and span and self._exit_code is None and not is_confirmed(span, self._gaps):
            return doubt(outcome, _DIED)
        return outcome

    def _add(self, read: Mapping[str, Any]) -> None:
        if "begin" in read:
            change = parse_begin(read["begin"])
            row = self._rows.get(change.record.row)
            if row and row.record == change.record:
                change = replace(change, record=row.record)  # one copy in memory, where there may be 100,000 rows
            self._changes[change.record.row] = change
        elif "end" in read:
            outcome = parse_outcome(read["end"])
            self._outcomes[outcome.row] = outcome
            self._deviates |= outcome.reason is Reason.DEVIATES
            self._spans[outcome.row] = parse_span(read)
            if "box" in read:
                self._read_back[outcome.row] = parse_box(read["box"])
        elif "row" in read:
            sheet_row = parse_row(read)
            self._rows[sheet_row.record.row] = sheet_row
        elif "whole" in read:
            if read["whole"]["when"] == "after":
                self._whole[read["whole"]["row"]] = dict(json.loads(read["whole"]["box"]))
        elif "unconfirmed" in read:
            self._gaps = parse_gaps(read)
        else:
            self._exit_code = int(read["done"]["exit_code"])

    def _extensions(self) -> Iterator[tuple[int, str]]:
        yield from ((outcome.row, outcome.extension_number) for outcome in self._outcomes.values())
        yield from ((row, change.record.extension_number) for row, change in self._changes.items())
        yield from ((row, sheet_row.record.extension_number) for row, sheet_row in self._rows.items())

    def _infer_outcome(self, row: int, extension: str) -> Outcome:
        """The outcome of a row without an `end` line."""
        sheet_row = self._rows.get(row)
        if sheet_row and sheet_row.outcome:
            return sheet_row.outcome
        status = Status.UNKNOWN
        if self._damaged:
            message = "The journal is damaged, so the outcome of this row is not known. Run the same command again."
        elif row in self._changes:
            message = (
                "The run was killed while it sent this row, so its outcome is not known. Run the same command again."
            )
        else:
            status = Status.NOT_SENT
            message = "The run ended before this row was sent."
            if self._exit_code is None:
                message = "The journal has no record that this row was sent, and it has no end."
            message = f"{message} {CHECK_FIRST if self._deviates else 'Run the same command again to continue.'}"
        return Outcome(row=row, extension_number=extension, status=status, message=message)
