"""Writes the journal of a run, each line before it matters: kill -9 loses nothing that was sent."""

import os
from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Final

from bulkvm.files.locks import locked
from bulkvm.model.box import Box
from bulkvm.model.change import Change
from bulkvm.model.confirmation import Gap, Span
from bulkvm.model.exit_codes import ExitCode
from bulkvm.model.outcome import Outcome, Reason, Status, UndoResult
from bulkvm.runs.journal_lines import format_begin, format_end, format_head, format_line, update_word
from bulkvm.runs.run import RunInfo, SheetRow

SUFFIX: Final = ".jsonl"
LOCK_SUFFIX: Final = ".lock"
LOCK_TIMEOUT: Final = 0.2  # seconds; a program that checks whether the run is in progress holds the lock for less
_BATCH: Final = 1 << 20  # bytes written at once


class Journal:
    """The journal of a run in progress. Only its owner can read the file, and it is only appended to."""

    def __init__(self, folder: Path, info: RunInfo, rows: Iterable[SheetRow] = ()) -> None:
        """Create a journal with every row of the sheet.

        Args:
            folder: the folder of all journals; it is created if necessary.
            info: what the run is.
            rows: all rows that were read; without them, the extension of each is recorded.

        Raises:
            OSError: it cannot be written. The file is removed.
        """
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = folder / f"{info.name}{SUFFIX}"
        self._begun: dict[int, str] = {}  # by row: how it counts if it is updated
        self._kept: set[int] = set()  # rows whose boxes are kept
        self._gaps: Sequence[Gap] = ()
        self._is_torn = False
        self._lock_file = file.with_suffix(LOCK_SUFFIX)
        self._lock = ExitStack()
        self._lock.enter_context(locked(self._lock_file, LOCK_TIMEOUT))
        try:
            flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
            self._file = os.open(file, flags, 0o600)
        except OSError:
            self._lock.close()
            raise
        try:
            self._write_head(info, rows)
        except BaseException:
            os.close(self._file)
            file.unlink()  # it is the journal of no run
            self._unlock()
            raise

    def begin(self, change: Change) -> None:
        """Record a change that is about to be sent."""
        self._begun[change.record.row] = update_word(change.kind, has_wanted=change.wanted is not None)
        self._write(format_begin(change))

    def end(
        self,
        outcome: Outcome,
        box: Box | None = None,
        *,
        former: Status | None = None,
        span: Span | None = None,
        gaps: Sequence[Gap] = (),
    ) -> None:
        """Record the outcome of a row.

        Args:
            outcome: of the row.
            box: the box, if it was read back.
            former: the status recorded before.
            span: when the row was sent.
            gaps: what is not confirmed now, if the PBX can move the login to another tenant.
        """
        if gaps:
            self.confirm(gaps)
        word = former and self._word(outcome.row, former)
        (self._kept.add if outcome.reason is Reason.KEPT else self._kept.discard)(outcome.row)
        again = word is not None and (word == self._word(outcome.row, outcome.status) or word)
        self._write(format_end(outcome, box, again=again, span=span if gaps else None))

    def confirm(self, gaps: Sequence[Gap]) -> None:
        """Record what is not confirmed now. It replaces what was recorded before."""
        if gaps != self._gaps:
            self._gaps = gaps
            self._write(format_line({"unconfirmed": gaps}))

    def whole(self, row: int, when: str, box: str) -> None:
        """Record a box with all its fields, undocumented ones included, as JSON in a text."""
        self._write(format_line({"whole": {"row": row, "when": when, "box": box}}))

    def finish(self, outcomes: Iterable[Outcome], exit_code: ExitCode) -> None:
        """Record the end of the run, with the outcomes of all rows."""
        counts: Counter[Status] = Counter()
        updated: Counter[str] = Counter()
        for outcome in outcomes:
            counts[outcome.status] += 1
            if outcome.status is Status.UPDATED:
                updated[self._word(outcome.row, outcome.status)] += 1
        kept = {"kept": len(self._kept)} if self._kept else {}
        self._write(format_line({"done": {"counts": counts, "updated": updated, **kept, "exit_code": exit_code}}))

    def _word(self, row: int, status: Status) -> str:
        """How a list of runs counts a row with a status."""
        if status is UndoResult.KEPT.status and row in self._kept:
            return UndoResult.KEPT
        return self._begun.get(row, status) if status is Status.UPDATED else status

    def close(self) -> None:
        """Flush the file to disk, close it, and release its lock."""
        try:
            os.fsync(self._file)
        finally:
            os.close(self._file)
            self._unlock()

    def _write_head(self, info: RunInfo, rows: Iterable[SheetRow]) -> None:
        """Write the run and its rows, and flush them to disk once."""
        batch, size = [], 0
        for line in format_head(info, rows):
            batch.append(line)
            size += len(line)
            if size > _BATCH:
                self._write(b"".join(batch))
                batch, size = [], 0
        self._write(b"".join(batch))
        os.fsync(self._file)

    def _unlock(self) -> None:
        self._lock.close()
        with suppress(OSError):  # another program may be checking the lock; the file is no longer needed
            self._lock_file.unlink()

    def _write(self, lines: bytes) -> None:
        # Unbuffered: what the operating system has outlives this process.
        left = lines
        if self._is_torn:  # a full disk cut the line before: start a new one
            left = b"\n" + left
        self._is_torn = True
        while left:
            left = left[os.write(self._file, left) :]
        self._is_torn = False
