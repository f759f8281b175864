"""What a run is, and what its journal keeps of it."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from bulkvm.model.box import Box, Record
from bulkvm.model.change import Change
from bulkvm.model.outcome import Outcome, Status, UndoResult
from bulkvm.model.tenant import Tenant, normalize_url

NO_CELLS: Final[Mapping[str, str]] = MappingProxyType({})  # shared by all rows


@dataclass(frozen=True, slots=True, kw_only=True)
class RunInfo:
    """What a run is.

    Attributes:
        tenant: the tenant that the PBX showed; None in journals of 0.1.0.
        extensions: the extension of every row that was read.
        input_sha256: the checksum of the input file, if there was one.
        number: orders the runs of one machine, even if its clock is wrong.
        plan_file, plan_id, plan_sha256: the approved plan that was sent, if there was one.
    """

    name: str
    site: str
    url: str
    domain: str | None = None
    tenant: Tenant | None = None
    file: str
    began: datetime
    extensions: Mapping[int, str] = field(default_factory=dict, repr=False)
    input_sha256: str = ""
    number: int = 0
    plan_file: str = ""
    plan_id: str = ""
    plan_sha256: str = ""

    @property
    def records_end(self) -> bool:
        """Whether the journal records the end of the run. Journals of 0.1.0 do not."""
        return self.number > 0

    @property
    def known_tenant(self) -> Tenant:
        """The tenant; in journals of 0.1.0, what the address and the login show of it."""
        return self.tenant or Tenant(pbx=normalize_url(self.url), domain=self.domain)


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetRow:
    """A row of the sheet as the journal keeps it.

    Attributes:
        record: the parsed row.
        cells: the texts of an invalid row, by header: its record lacks what could not be parsed.
        has_generated_pin: whether the record's PIN was generated and is not in the sheet.
        outcome: the outcome of a row that needs no request.
    """

    record: Record
    cells: Mapping[str, str] = field(default_factory=lambda: NO_CELLS, repr=False)
    has_generated_pin: bool = False
    outcome: Outcome | None = None


@dataclass(frozen=True, slots=True)
class PastRun:
    """A run as read from its journal: the changes that were begun, and the outcome of every row.

    Attributes:
        damaged: the numbers of lines that cannot be read. All other lines count.
        rows: the rows of the sheet; none in journals of 0.1.0.
        read_back: boxes as they were read back after an update or create, or as they were if nothing was to be sent.
        whole: all fields, undocumented ones included, of the boxes that were read back whole, by row.
        exit_code: None for a run that did not end normally.
    """

    info: RunInfo
    changes: Mapping[int, Change] = field(repr=False)
    outcomes: tuple[Outcome, ...] = field(repr=False)
    damaged: tuple[int, ...] = ()
    rows: Mapping[int, SheetRow] = field(default_factory=dict, repr=False)
    read_back: Mapping[int, Box] = field(default_factory=dict, repr=False)
    whole: Mapping[int, Mapping[str, Any]] = field(default_factory=dict, repr=False)
    exit_code: int | None = None

    @property
    def is_incomplete(self) -> bool:
        """Whether the journal has no end, so that it may not record all changes. Journals of 0.1.0 never have one."""
        return self.exit_code is None and self.info.records_end


class RunState(StrEnum):
    """Whether a run has ended."""

    ENDED = "ended"
    IN_PROGRESS = "under way"
    DIED = "died"  # it was killed, or its journal could no longer be written


@dataclass(frozen=True, slots=True)
class ListedRun:
    """A run in the list of runs.

    Attributes:
        file: its journal.
        info: without the extensions.
        state: whether it has ended.
        words: the number of rows by outcome; an UndoResult counts instead of its status.
    """

    file: Path
    info: RunInfo
    state: RunState
    words: Mapping[str, int]

    @property
    def counts(self) -> Mapping[Status, int]:
        """The number of rows by status; of a run in progress, those that have ended."""
        counts = Counter({status: self.words.get(status, 0) for status in Status})
        for word in UndoResult:
            counts[word.status] += self.words.get(word, 0)
        return counts
