"""Content of the summary sheet: what to do next, counts, and where the problems are."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto
from itertools import count
from typing import Final, NamedTuple

from bulkvm.columns import KEY_COLUMN, SUMMARY_STEPS
from bulkvm.model.change import PlannedStatus
from bulkvm.model.exit_codes import ExitCode
from bulkvm.model.outcome import DONE, Outcome, Reason, Status, count_statuses, count_unseen
from bulkvm.model.problem import Problem, Severity
from bulkvm.model.sheet import Sheet
from bulkvm.model.tenant import Tenant
from bulkvm.reports.text.outcome_text import CHECK_KEPT
from bulkvm.reports.text.plan_text import render_counts, render_unseen
from bulkvm.reports.text.problem_text import count_problems, in_sheet_order, render_place
from bulkvm.reports.workbook import styles
from bulkvm.reports.workbook.marks import MAX_MARKED, column_letters, marked_cell
from bulkvm.reports.workbook.text_cells import LINE_HEIGHT, count_lines, row_height
from bulkvm.text import count as count_of
from bulkvm.text import printable, truncate

NAME: Final = "bulkvm"
MARKER: Final = f"{NAME}_summary"  # a defined name by which later copies recognise the summary
WIDTHS: Final = (30, 80, 10, 22)
_STEP_COLUMNS: Final = 3  # over which a long step is wrapped: the chart covers what is beside them
MAX_PROBLEMS: Final = 5_000  # enough to read
_MAX_KINDS: Final = 5  # more would move the list of problems off the first screen
_ALL_DONE: Final = "Nothing to do: every row is done{}."
_NOT_DONE: Final = {
    Reason.DEVIATES: "Not as expected",
    Reason.OUTDATED: "Changed after the plan",
    Reason.KEPT: "Boxes kept",
    Reason.GONE: "Boxes gone",
    None: "Rows not done",
}
_UNDONE: Final = {Status.UPDATED: "the box has its former values again, or was deleted"}


class LineKind(Enum):
    """The kind of a line, which determines its style."""

    TITLE = auto()
    SECTION = auto()
    HEADING = auto()
    TEXT = auto()
    STEP = auto()  # of what to do next
    ROW = auto()
    FORM = auto()  # to be filled in by hand, on paper


_HEIGHTS: Final = {LineKind.TITLE: 24, LineKind.SECTION: 18, LineKind.FORM: 30}


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the summary.

    `colour` is the severity or status that colours the first cell, `link` the cell of the sheet to which it links.
    `charted` is the status whose number of rows is in the third cell.
    """

    cells: tuple[str | int, ...] = ()
    kind: LineKind = LineKind.TEXT
    colour: Severity | Status | PlannedStatus | None = None
    link: str | None = None
    charted: Status | None = None

    @property
    def merged(self) -> int:
        """How many columns a step that is too long for one line is wrapped over; 0 for any other line."""
        return _STEP_COLUMNS if self.kind is LineKind.STEP and self._step_lines > 1 else 0

    @property
    def height(self) -> int | None:
        """The height in points; None for the default."""
        if self.merged:
            return LINE_HEIGHT * self._step_lines
        if self.kind is not LineKind.ROW:
            return _HEIGHTS.get(self.kind)
        return row_height((str(cell) for cell in self.cells), WIDTHS)

    @property
    def _step_lines(self) -> int:
        return count_lines(str(self.cells[0]), sum(WIDTHS[:_STEP_COLUMNS]))


class Chart(NamedTuple):
    """A bar chart of the rows by status, in a cell beside the counts and the run details, which are tall enough.

    `first` and `last` are the lines of the statuses, counted from 1, and `colours` those of their bars.
    """

    first: int
    last: int
    colours: Sequence[str]
    title: str = "Rows"
    cell: str = "D2"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSummary:
    """Facts about a run, for the summary of its result.

    `run` is its name, blank if nothing was sent. `title` replaces the counts by status, if set. `undo_of` is the run
    that was undone, if any, and `plan` the name of the approved plan that was sent, if any.
    """

    site: str
    time: datetime
    input_sha256: str
    exit_code: int
    run: str = ""
    title: str = ""
    undo_of: str = ""
    plan: str = ""
    tenant: Tenant | None = None


def summary_name(taken: Collection[str], name: str = NAME) -> str:
    """Return a free name for a sheet of bulkvm's: bulkvm, bulkvm (2) and so on."""
    folded = {name.casefold() for name in taken}
    names = (name if n == 1 else f"{name} ({n})" for n in count(1))
    return next(free for free in names if free not in folded)


def repeated_row(lines: Sequence[Line]) -> int | None:
    """Return the headings of the last list, counted from 1, which is the longest and goes on over pages."""
    return max((row for row, line in enumerate(lines, start=1) if line.kind is LineKind.HEADING), default=None)


def make_chart(lines: Sequence[Line]) -> Chart | None:
    """Return the chart of the counts by status; None if there are none."""
    colours = {row: styles.COLOURS[line.charted] for row, line in enumerate(lines, start=1) if line.charted}
    return Chart(min(colours), max(colours), [*colours.values()]) if colours else None


def summarise_problems(sheet: Sheet, problems: Sequence[Problem], *, in_column: bool = False) -> list[Line]:
    """Summarise problems for an annotated copy. With `in_column`, a column has the messages of each row."""
    return [
        Line((f"{printable(sheet.path.name)}: {count_problems(problems)}",), LineKind.TITLE),
        *_next_steps(_steps_for_problems(problems, in_column=in_column)),
        *_problem_counts(problems),
        *list_problems(sheet, problems),
    ]


def summarise_run(
    sheet: Sheet, outcomes: Sequence[Outcome], problems: Sequence[Problem], run: RunSummary
) -> list[Line]:
    """Summarise a run for its result."""
    counts = count_statuses(outcomes)
    return [
        Line((run.title or render_counts(counts),), LineKind.TITLE),
        *(Line((text,)) for text in [render_unseen(count_unseen(outcomes))] if text),
        *_next_steps(_steps_after_run(outcomes, run)),
        *_status_counts(counts, _UNDONE if run.undo_of else {}),
        *_facts(sheet, run),
        *_not_done(sheet, outcomes),
        *list_problems(sheet, problems),
    ]


def _next_steps(steps: Sequence[str]) -> Iterator[Line]:
    yield Line()
    yield Line((SUMMARY_STEPS,), LineKind.SECTION)
    yield from (Line((f"{number}. {step}",), LineKind.STEP) for number, step in enumerate(steps, start=1))


def _steps_for_problems(problems: Sequence[Problem], *, in_column: bool) -> list[str]:
    if not problems:
        return ["No problems were found. Import the sheet."]
    steps = []
    if any(problem.is_error and problem.row is None for problem in problems):
        return [
            "Correct the errors of the whole file and its headings, which are in the list below.",
            "Save this workbook and check it again. The other cells are checked then.",
        ]
    if any(problem.is_error for problem in problems):
        how = (
            "See the column bulkvm_message." if in_column else "See the note on each cell; the list below links to it."
        )
        steps.append(f"Correct the red cells, which have errors. {how}")
    if not all(problem.is_error for problem in problems):
        steps.append("Check the amber cells, which have warnings. Leave values that are correct.")
    return [*steps, "Save this workbook and check it again. Marks of corrected cells disappear."]


def _steps_after_run(outcomes: Sequence[Outcome], run: RunSummary) -> list[str]:
    counts = count_statuses(outcomes)
    steps = []
    if deviating := sum(outcome.reason is Reason.DEVIATES for outcome in outcomes):
        steps.append(
            f"{count_of(deviating, 'box does', 'boxes do')} not read back as expected, as listed below. Restore by "
            "hand what was lost, and find the cause before you continue: another box may lose the same."
        )
    if all(status.is_done for status, n in counts.items() if n):
        return steps or [_ALL_DONE.format(" or left out" if counts[Status.LEFT_OUT] else "")]
    if run.undo_of:
        return steps + _steps_after_undo(outcomes, run)
    return steps + (_steps_after_plan(outcomes, run.plan) if run.plan else _steps_after_import(counts))


def _steps_after_import(counts: Mapping[Status, int]) -> list[str]:
    steps = [
        f"{' or '.join(statuses).capitalize()} rows: {remedy}."
        for remedy, statuses in _statuses_by_remedy(counts).items()
    ]
    return [*steps, "Save this workbook and import it again. Rows that are done are not changed."]


def _steps_after_plan(outcomes: Sequence[Outcome], plan: str) -> list[str]:
    steps = []
    outdated = sum(outcome.reason is Reason.OUTDATED for outcome in outcomes)
    counts = count_statuses(outcome for outcome in outcomes if outcome.reason is not Reason.OUTDATED)
    if outdated:
        steps.append(
            f"{count_of(outdated, 'box was', 'boxes were')} changed after the plan was made, and nothing was sent for "
            f"{'it' if outdated == 1 else 'them'}: make a new plan of the original sheet, which has all rows that are "
            f"not done. {printable(plan)} is refused unless they are changed back."
        )
    elif again := [status for status in (Status.FAILED, Status.UNKNOWN, Status.NOT_SENT) if counts[status]]:
        steps.append(
            f"{' or '.join(again).capitalize()} rows: import the plan {printable(plan)} again. It is refused if one of "
            "its boxes was changed by then: make a new plan."
        )
    if wrong := [status for status in (Status.INVALID, Status.REJECTED) if counts[status]]:
        steps.append(
            f"{' or '.join(wrong).capitalize()} rows: correct them in the original sheet, and make a new plan. The "
            "column bulkvm_message explains how."
        )
    return [*steps, "Do not import this workbook: its rows would be sent without an approved plan."]


def _steps_after_undo(outcomes: Sequence[Outcome], run: RunSummary) -> list[str]:
    counts = count_statuses(outcomes)
    steps = []
    reasons = Counter(outcome.reason for outcome in outcomes if not outcome.status.is_done)
    if kept := reasons[Reason.KEPT]:
        steps.append(f"{count_of(kept, 'box was', 'boxes were')} kept, as listed below. {CHECK_KEPT}")
    if gone := reasons[Reason.GONE]:
        steps.append(f"{count_of(gone, 'box', 'boxes')} could not be restored: the list below explains what to do.")
    if counts[Status.INVALID] or counts[Status.REJECTED]:
        steps.append("Invalid or rejected rows: the column bulkvm_message explains why and what to do.")
    if reasons[None]:
        steps.append(
            f"To continue, undo the run {run.undo_of} of the site {run.site} again. Boxes that are already restored do "
            "not change."
        )
    return [*steps, "This workbook cannot be imported: it does not contain the former values."]


def _statuses_by_remedy(counts: Mapping[Status, int]) -> Mapping[str, Sequence[Status]]:
    found: dict[str, list[Status]] = {}
    for status, n in counts.items():
        if n and status.remedy:
            found.setdefault(status.remedy, []).append(status)
    return found


def _problem_counts(problems: Sequence[Problem]) -> Iterator[Line]:
    counted = Counter((problem.severity, problem.code) for problem in problems)
    if not problems or 2 * len(counted) > len(problems):  # the full list is about as short
        return
    yield Line()
    yield Line(("Count", "Example", "Type"), LineKind.HEADING)
    first = {(problem.severity, problem.code): problem.message for problem in reversed(problems)}
    kinds = sorted(counted.items(), key=lambda item: (item[0][0], -item[1]))
    for (severity, code), n in kinds[:_MAX_KINDS]:
        example = truncate(_sentence(first[severity, code]), WIDTHS[1] - 1)  # on one line
        yield Line((n, example, severity.capitalize()), LineKind.ROW, severity)
    if len(kinds) > _MAX_KINDS:
        yield Line((f"Other kinds in the list below: {len(kinds) - _MAX_KINDS}",))


def list_problems(sheet: Sheet, problems: Sequence[Problem]) -> Iterator[Line]:
    """List problems, errors first."""
    if not problems:
        return
    yield Line()
    yield Line(("Where (click)", "What is wrong and what to do", "Type"), LineKind.HEADING)
    letters = column_letters(sheet)
    errors_first = sorted(in_sheet_order(problems), key=lambda problem: problem.severity)
    for problem in errors_first[:MAX_PROBLEMS]:
        place = render_place(problem) or "the whole file"
        cells = (place, _sentence(problem.message), problem.severity.capitalize())
        yield Line(cells, LineKind.ROW, problem.severity, link=marked_cell(problem, letters))
    if len(problems) > MAX_PROBLEMS:
        marked = MAX_MARKED - MAX_PROBLEMS
        which = "marked in the sheet" if len(problems) <= MAX_MARKED else f"of which {marked:,} are marked"
        yield Line((f"... and {len(problems) - MAX_PROBLEMS:,} more, {which}.",))


def _sentence(message: str) -> str:
    """Return a message that begins with a capital letter: it does not follow its place here."""
    return message[:1].upper() + message[1:]


def _status_counts(counts: Mapping[Status, int], meanings: Mapping[Status, str]) -> Iterator[Line]:
    yield Line()
    yield Line(("Status", "Meaning", "Rows"), LineKind.HEADING)
    for status, n in counts.items():
        if n:
            yield Line((status, meanings.get(status, status.meaning), n), LineKind.ROW, status, charted=status)
    yield Line(("Total", "", sum(counts.values())), LineKind.ROW)


def _facts(sheet: Sheet, run: RunSummary) -> Iterator[Line]:
    yield Line()
    yield Line(("Run details",), LineKind.SECTION)
    if run.run:
        yield Line(("run", run.run), LineKind.ROW)
    yield Line(("site", run.site), LineKind.ROW)
    if run.tenant:
        yield Line(("tenant", str(run.tenant)), LineKind.ROW)
    yield Line(("time", f"{run.time:%Y-%m-%d %H:%M:%S %Z}".rstrip()), LineKind.ROW)
    yield Line(("input file", printable(sheet.path.name)), LineKind.ROW)
    yield Line(("input SHA-256", run.input_sha256), LineKind.ROW)
    meaning = next((f": {code.meaning}" for code in ExitCode if code == run.exit_code), "")
    yield Line(("exit code", f"{run.exit_code}{meaning}"), LineKind.ROW)


def _not_done(sheet: Sheet, outcomes: Sequence[Outcome]) -> Iterator[Line]:
    """List the rows that failed at the PBX or on the way to it, and those that stopped the run."""
    done = {Status.INVALID, Status.NOT_SENT, *DONE}
    listed = [o for o in outcomes if o.status not in done or o.reason is Reason.DEVIATES]
    for reason, heading in _NOT_DONE.items():
        yield from _list_outcomes(sheet, heading, [outcome for outcome in listed if outcome.reason is reason])


def _list_outcomes(sheet: Sheet, heading: str, listed: Sequence[Outcome]) -> Iterator[Line]:
    if not listed:
        return
    yield Line()
    yield Line((f"{heading} (click)", "Why and what to do", "Status", "PBX code"), LineKind.HEADING)
    key = column_letters(sheet)[KEY_COLUMN.header]
    for outcome in listed[:MAX_PROBLEMS]:
        place = f"row {outcome.row} ({outcome.extension_number})"
        cells = (place, outcome.message, outcome.status, outcome.pbx_code or "")
        yield Line(cells, LineKind.ROW, outcome.status, link=f"{key}{outcome.row}")
