"""The sheet "bulkvm" that is put on top of a copy: what to do next, how many, and where."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto
from itertools import count
from typing import Final

from bulkvm.columns import KEY_COLUMN
from bulkvm.model.exit_codes import ExitCode
from bulkvm.model.outcome import Outcome, Status, count_statuses, count_unseen
from bulkvm.model.problem import Problem, Severity
from bulkvm.model.sheet import Sheet
from bulkvm.model.tenant import Tenant
from bulkvm.reports.text.plan_text import render_counts, render_unseen
from bulkvm.reports.text.problem_text import count_problems, in_sheet_order, render_place
from bulkvm.reports.workbook.marks import column_letters, marked_cell
from bulkvm.reports.workbook.text_cells import row_height
from bulkvm.text import printable

NAME: Final = "bulkvm"
MARKER: Final = f"{NAME}_summary"  # a name in the workbook for our summary, by which a later copy knows it for ours
WIDTHS: Final = (26, 68, 12, 24)
MOST_PROBLEMS: Final = 5_000  # more of them nobody reads
_ALL_DONE: Final = "Nothing: every row is done."
CHART_TITLE: Final = "Rows"
CHART_AT: Final = "D2"  # beside the counts and the facts, which are always as high


class Kind(Enum):
    """What a line of the summary is, and so how it looks."""

    TITLE = auto()
    SECTION = auto()
    HEADING = auto()
    TEXT = auto()
    ROW = auto()


_HEIGHTS: Final = {Kind.TITLE: 24, Kind.SECTION: 18}


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the summary.

    `colour` says what its first cell's colour means, `link` to which cell of the sheet that cell leads. `charted`
    is the status whose number of rows stands in the third cell.
    """

    cells: tuple[str | int, ...] = ()
    kind: Kind = Kind.TEXT
    colour: Severity | Status | None = None
    link: str | None = None
    charted: Status | None = None

    @property
    def height(self) -> int | None:
        """How high the line must be, in points, None where it is as high as any."""
        if self.kind is not Kind.ROW:
            return _HEIGHTS.get(self.kind)
        return row_height((str(cell) for cell in self.cells), WIDTHS)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSummary:
    """What a result says of its run as a whole.

    `told` is what became of its rows, where statuses do not tell it; `undo_of` is the run that was put back, if any.
    """

    site: str
    time: datetime
    input_sha256: str
    exit_code: int
    told: str = ""
    undo_of: str = ""
    tenant: Tenant | None = None


def summary_name(taken: Collection[str]) -> str:
    """What the summary is called beside sheets of these names: bulkvm, or bulkvm (2) and so on."""
    folded = {name.casefold() for name in taken}
    names = (NAME if n == 1 else f"{NAME} ({n})" for n in count(1))
    return next(name for name in names if name not in folded)


def charted_statuses(lines: Sequence[Line]) -> Mapping[int, Status]:
    """Where the counts stand that the chart shows: the status by row, counted from 1."""
    return {row: line.charted for row, line in enumerate(lines, start=1) if line.charted}


def summarise_problems(sheet: Sheet, problems: Sequence[Problem], *, in_column: bool = False) -> list[Line]:
    """Tell what is wrong in a sheet, for an annotated copy; `in_column`, where a column tells it of each row."""
    return [
        Line((f"{printable(sheet.path.name)}: {count_problems(problems)}",), Kind.TITLE),
        *_next_steps(_mend(problems, in_column=in_column)),
        *_problem_counts(problems),
        *_problem_list(sheet, problems),
    ]


def summarise_run(
    sheet: Sheet, outcomes: Sequence[Outcome], problems: Sequence[Problem], run: RunSummary
) -> list[Line]:
    """Tell what became of a sheet, for a result."""
    counts = count_statuses(outcomes)
    return [
        Line((run.told or render_counts(counts),), Kind.TITLE),
        *(Line((text,)) for text in [render_unseen(count_unseen(outcomes))] if text),
        *_next_steps(_continue_undo(counts, run.undo_of) if run.undo_of else _continue_import(counts)),
        *_status_counts(counts),
        *_facts(sheet, run),
        *_not_done(sheet, outcomes),
        *_problem_list(sheet, problems),
    ]


def _next_steps(steps: Sequence[str]) -> Iterator[Line]:
    yield Line()
    yield Line(("What to do next",), Kind.SECTION)
    yield from (Line((f"{number}. {step}",)) for number, step in enumerate(steps, start=1))


def _mend(problems: Sequence[Problem], *, in_column: bool) -> list[str]:
    if not problems:
        return ["Nothing: no mistake was found. Import the sheet."]
    steps = []
    if any(problem.is_error for problem in problems):
        how = "The column bulkvm_message says how." if in_column else "Its note says how; the list below leads to it."
        steps.append(f"Mend the red cells: each is an error. {how}")
    if not all(problem.is_error for problem in problems):
        steps.append("Look at the amber cells: each is a warning. What is meant so may stay.")
    return [*steps, "Save this workbook and check it again. The marks go away with what you mend."]


def _continue_import(counts: Mapping[Status, int]) -> list[str]:
    if _is_all_done(counts):
        return [_ALL_DONE]
    steps = [
        f"{' or '.join(statuses).capitalize()} rows: {remedy}."
        for remedy, statuses in _statuses_by_remedy(counts).items()
    ]
    return [*steps, "Save this workbook and import it again. Rows that are done stay as they are."]


def _continue_undo(counts: Mapping[Status, int], run: str) -> list[str]:
    if _is_all_done(counts):
        return [_ALL_DONE]
    steps = []
    if counts[Status.INVALID] or counts[Status.REJECTED]:
        steps.append("Invalid or rejected rows: the column bulkvm_message explains why, and what can be done.")
    again = f"To continue, run the same undo again: bulkvm undo {run}. What is put back already stays as it is."
    return [*steps, again, "This workbook cannot be imported: it does not hold the values that are put back."]


def _is_all_done(counts: Mapping[Status, int]) -> bool:
    return all(status.is_done for status, n in counts.items() if n)


def _statuses_by_remedy(counts: Mapping[Status, int]) -> Mapping[str, Sequence[Status]]:
    found: dict[str, list[Status]] = {}
    for status, n in counts.items():
        if n and status.remedy:
            found.setdefault(status.remedy, []).append(status)
    return found


def _problem_counts(problems: Sequence[Problem]) -> Iterator[Line]:
    counted = Counter((problem.severity, problem.code) for problem in problems)
    if not problems or 2 * len(counted) > len(problems):  # the list of them all is about as short
        return
    yield Line()
    yield Line(("How many", "For example", "Kind", "Code"), Kind.HEADING)
    first = {(problem.severity, problem.code): problem.message for problem in reversed(problems)}
    for (severity, code), n in sorted(counted.items(), key=lambda item: (item[0][0], -item[1])):
        yield Line((n, first[severity, code], severity.capitalize(), code), Kind.ROW, severity)


def _problem_list(sheet: Sheet, problems: Sequence[Problem]) -> Iterator[Line]:
    if not problems:
        return
    yield Line()
    yield Line(("Where (click)", "What is wrong, and how to mend it", "Kind", "Code"), Kind.HEADING)
    letters = column_letters(sheet)
    errors_first = sorted(in_sheet_order(problems), key=lambda problem: problem.severity)
    for problem in in_sheet_order(errors_first[:MOST_PROBLEMS]):
        place = render_place(problem) or "the whole file"
        cells = (place, problem.message, problem.severity.capitalize(), problem.code)
        yield Line(cells, Kind.ROW, problem.severity, link=marked_cell(problem, letters))
    if len(problems) > MOST_PROBLEMS:
        yield Line((f"... and {len(problems) - MOST_PROBLEMS:,} more, marked in the sheet.",))


def _status_counts(counts: Mapping[Status, int]) -> Iterator[Line]:
    yield Line()
    yield Line(("Rows", "What it means", "How many"), Kind.HEADING)
    for status, n in counts.items():
        if n:
            yield Line((status, status.meaning, n), Kind.ROW, status, charted=status)
    yield Line(("in all", "", sum(counts.values())), Kind.ROW)


def _facts(sheet: Sheet, run: RunSummary) -> Iterator[Line]:
    yield Line()
    yield Line(("The run",), Kind.SECTION)
    yield Line(("site", run.site), Kind.ROW)
    if run.tenant:
        yield Line(("tenant", str(run.tenant)), Kind.ROW)
    yield Line(("time", f"{run.time:%Y-%m-%d %H:%M:%S %Z}".rstrip()), Kind.ROW)
    yield Line(("input", printable(sheet.path.name)), Kind.ROW)
    yield Line(("its SHA-256", run.input_sha256), Kind.ROW)
    meaning = next((f": {code.meaning}" for code in ExitCode if code == run.exit_code), "")
    yield Line(("exit code", f"{run.exit_code}{meaning}"), Kind.ROW)


def _not_done(sheet: Sheet, outcomes: Sequence[Outcome]) -> Iterator[Line]:
    """The rows with something to tell that no problem tells: what the PBX or the way to it refused."""
    told = [o for o in outcomes if not o.status.is_done and o.status not in {Status.INVALID, Status.NOT_SENT}]
    if not told:
        return
    yield Line()
    yield Line(("Rows not done (click)", "Why, and how to mend it", "Status", "The PBX's code"), Kind.HEADING)
    key = column_letters(sheet)[KEY_COLUMN.header]
    for outcome in told[:MOST_PROBLEMS]:
        place = f"row {outcome.row} ({outcome.extension_number})"
        cells = (place, outcome.message, outcome.status, outcome.pbx_code or "")
        yield Line(cells, Kind.ROW, outcome.status, link=f"{key}{outcome.row}")
