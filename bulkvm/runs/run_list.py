"""The list of runs, from the first and the last line of their journals; no others are read of a run that ended."""

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Final

from filelock import FileLock, Timeout

from bulkvm.files import writing
from bulkvm.files.locks import locked
from bulkvm.model.change import ChangeKind
from bulkvm.model.confirmation import Gap, Span, doubt, is_confirmed
from bulkvm.model.errors import FileError
from bulkvm.model.outcome import Reason, Status, UndoResult
from bulkvm.runs.journal import LOCK_SUFFIX, LOCK_TIMEOUT, SUFFIX
from bulkvm.runs.journal_lines import UNREADABLE, parse_gaps, parse_outcome, update_word
from bulkvm.runs.journal_reader import read_head
from bulkvm.runs.run import ListedRun, RunInfo, RunState

_SEQUENCE: Final = "sequence"  # the file with the number of the latest run
_SEQUENCE_TIMEOUT: Final = 60.0  # seconds to wait for its lock
_LAST_LINE: Final = 4096  # bytes, more than the last line of a journal has

_NUMBER: Final = re.compile(rb'\{"run": \{"number": (\d+),')
_ROW: Final = re.compile(rb'"row": (\d+)')
_STATUS: Final = re.compile(rb'"status": "([a-z ]+)"')  # in a text, the quotes would be escaped
_KEPT: Final = f'"reason": "{Reason.KEPT}"'.encode()
_KIND: Final = re.compile(rb'"kind": "([a-z]+)"')
_FORMER: Final = re.compile(rb'\{"again": "([a-z ]+)"')  # how a row was counted before
_END: Final = re.compile(rb'\{(?:"again": [a-z" ]+, )?(?:"span": \[(\d+), (\d+)\], )?"end": \{"row": (\d+)')
_UNCONFIRMED: Final = b'{"unconfirmed": '
_ROW_OF_SHEET: Final = b'{"row": '
_NOT_COUNTED: Final = (b'{"whole": ', b'{"again": true')  # starts of lines without another outcome


def next_number(folder: Path) -> int:
    """Take the number of a new run: higher than all before it, and given to no other run.

    Raises:
        OSError: the folder cannot be written to.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    file = folder / _SEQUENCE
    with locked(file.with_suffix(LOCK_SUFFIX), _SEQUENCE_TIMEOUT):
        try:
            last = int(file.read_text("ascii"))
        except (OSError, ValueError):  # missing or damaged
            last = max(map(_number, folder.glob(f"*{SUFFIX}")), default=0)
        with writing(file, overwrite=True) as new:
            new.file.write(str(last + 1).encode())
    return last + 1


def list_journals(folder: Path) -> tuple[Path, ...]:
    """The journals in a folder, oldest run first."""
    return tuple(sorted(folder.glob(f"*{SUFFIX}"), key=lambda file: (_number(file), file.name)))


def list_run(file: Path) -> ListedRun:
    """Read what the list of runs shows of a run.

    Raises:
        FileError: the file is not a journal.
    """
    info, row_count = read_head(file)
    info = replace(info, extensions={})
    is_live = is_in_progress(file)
    if (words := _read_counts(file)) is not None:
        return ListedRun(file, info, RunState.ENDED, words)
    if is_live:
        return ListedRun(file, info, RunState.IN_PROGRESS, _count_outcomes(file))
    return ListedRun(file, info, RunState.DIED, _count_outcomes(file, row_count))


def read_info(file: Path) -> RunInfo:
    """Read what a run is, without the extensions of its rows.

    Raises:
        FileError: the file is not a journal.
    """
    return replace(read_head(file)[0], extensions={})


def remove_journal(file: Path) -> None:
    """Delete a journal.

    Raises:
        FileError: it cannot be deleted.
    """
    try:
        file.unlink(missing_ok=True)
        file.with_suffix(LOCK_SUFFIX).unlink(missing_ok=True)
    except OSError as error:
        raise FileError(f"{file} could not be deleted: {error.strerror}.") from error


def is_in_progress(file: Path) -> bool:
    """Whether the run of a journal is in progress. Its lock shows it, even if the journal is damaged."""
    lock = file.with_suffix(LOCK_SUFFIX)
    if not lock.exists():
        return False
    try:
        with FileLock(lock, mode=0o600).acquire(timeout=LOCK_TIMEOUT, poll_interval=LOCK_TIMEOUT / 10):
            return False
    except Timeout:
        return True
    except OSError:  # the run has just ended and removed the file, or the file belongs to another user
        return False


def _read_counts(file: Path) -> Mapping[str, int] | None:
    """The number of rows by outcome, from the last line; None for a run that did not end normally."""
    with file.open("rb") as opened:
        opened.seek(max(0, file.stat().st_size - _LAST_LINE))
        last = opened.read().rstrip(b"\n").rpartition(b"\n")[2]
    try:
        done = json.loads(last)["done"]
        counts: Counter[str] = Counter({Status(status): int(n) for status, n in done["counts"].items()})
        for word, n in done["updated"].items():
            counts[Status.UPDATED] -= n
            counts[word] += n
        if kept := int(done.get(UndoResult.KEPT, 0)):
            counts.update({UndoResult.KEPT.status: -kept, UndoResult.KEPT: kept})
    except UNREADABLE:
        return None
    return counts


def _count_outcomes(file: Path, row_count: int | None = None) -> Mapping[str, int]:
    """Count rows by outcome, without parsing whole lines.

    Args:
        file: a journal.
        row_count: the number of rows of the sheet, if those without an outcome are to be counted too.
    """
    begun: dict[int, str] = {}
    words: Counter[str] = Counter()
    is_damaged = False
    unconfirmed = _Unconfirmed()
    for line in _read_lines(file):
        if not line.endswith(b"}\n"):
            is_damaged = True
        elif line.startswith(b'{"begin": ') and (row := _ROW.search(line)) and (kind := _KIND.search(line)):
            begun[int(row[1])] = _word_of(kind[1], b'"wanted": {' in line)
        elif line.startswith(_UNCONFIRMED):
            is_damaged |= not unconfirmed.read_gaps(line)
        elif line.startswith(_NOT_COUNTED):
            unconfirmed.add(line)
        elif (row := _ROW.search(line)) and (status := _STATUS.search(line)):
            word = begun.pop(int(row[1]), Status.UPDATED)
            if status[1] != b"updated":
                word = UndoResult.KEPT if _KEPT in line else status[1].decode()
            words[word] += 1
            unconfirmed.add(line, word)
            if former := _FORMER.match(line):
                words[former[1].decode()] -= 1
        else:
            is_damaged = True
    if row_count is not None:
        unconfirmed.move(words)
        left = row_count - words.total()
        unknown = left if is_damaged else len(begun)
        words += Counter({Status.UNKNOWN: unknown, Status.NOT_SENT: left - unknown})
    return words


def _read_lines(file: Path) -> Iterator[bytes]:
    """The lines after the first, up to one that was not written to its end, without the rows that have no outcome."""
    with file.open("rb") as lines:
        next(lines)
        for line in lines:
            if not line.endswith(b"\n"):  # the run was killed while it wrote this line
                return
            if line != b"\n" and (not line.startswith(_ROW_OF_SHEET) or b'"outcome": {' in line):
                yield line


@lru_cache
def _word_of(kind: bytes, has_wanted: bool) -> str:  # noqa: FBT001  (for a cache)
    return update_word(ChangeKind(kind.decode()), has_wanted=has_wanted)


class _Unconfirmed:
    """The rows of a run that no check has confirmed, if the PBX could move its login to another tenant."""

    def __init__(self) -> None:
        self._gaps: tuple[Gap, ...] = ()
        self._words: dict[int, str] = {}
        self._lines: dict[int, tuple[Span, bytes]] = {}

    def read_gaps(self, line: bytes) -> bool:
        """Read the gaps, which replace those before. Returns whether the line can be read."""
        try:
            self._gaps = parse_gaps(json.loads(line))
        except UNREADABLE:
            return False
        self._lines = {row: kept for row, kept in self._lines.items() if not is_confirmed(kept[0], self._gaps)}
        return True

    def add(self, line: bytes, word: str | None = None) -> None:
        """Add a line. `word` is how a row was counted whose outcome it holds; None if as before, or without one."""
        if self._gaps and (end := _END.match(line)):
            row = int(end[3])
            self._lines.pop(row, None)
            if end[1]:
                self._lines[row] = (int(end[1]), int(end[2])), line
            if word:
                self._words[row] = word

    def move(self, words: Counter[str]) -> None:
        """Count the rows that are not confirmed as those in doubt."""
        for row, (span, line) in self._lines.items():
            if row in self._words and not is_confirmed(span, self._gaps):
                words[self._words[row]] -= 1
                words[_status_in_doubt(line)] += 1


def _status_in_doubt(line: bytes) -> Status:
    """The status of a row that is not confirmed."""
    try:
        return doubt(parse_outcome(json.loads(line)["end"])).status
    except UNREADABLE:
        return Status.UNKNOWN


def _number(file: Path) -> int:
    """The number of a run, from the first bytes of its journal; 0 for a journal of 0.1.0 and any other file."""
    try:
        with file.open("rb") as opened:
            found = _NUMBER.match(opened.read(80))
    except OSError:
        return 0
    return int(found[1]) if found else 0
