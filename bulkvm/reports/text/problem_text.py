"""Problems as text."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from heapq import nsmallest
from itertools import chain
from typing import Final

from bulkvm.columns import COLUMN_OF_HEADER
from bulkvm.model.problem import Problem, ProblemCode, Severity
from bulkvm.model.settings import SET_PIN_LENGTH
from bulkvm.text import count, printable

_FIX_ZEROS: Final = "--fix leading-zeros puts dropped zeros back in the whole PIN column."
# Options that help with some problems: they belong to the terminal, and not into notes in a workbook.
_OPTIONS: Final = {
    ProblemCode.PIN_LOST_ZERO: _FIX_ZEROS,
    ProblemCode.PIN_SHORT: _FIX_ZEROS,
    ProblemCode.PIN_MISSING: "--generate-pins generates a PIN for each new box that has none.",
    ProblemCode.PIN_OUTDATED: "--generate-pins without --replace-pins generates PINs for boxes that have an old one.",
    ProblemCode.PIN_POLICY: SET_PIN_LENGTH,
    ProblemCode.NUMBER_TAKEN: "--skip-taken leaves out rows whose number belongs to something else.",
}
_OLD_PBX: Final = (
    "A PBX older than 22.3 does not use its password policy for PINs: if yours is one, add --pin-length 6-10."
)


def render_problem(problem: Problem) -> str:
    """Render a problem for the terminal: `C7 (PIN): what is wrong. What to do. Or an option. [code]`."""
    return f"{_at_place(problem, problem.message_with_option)} [{problem.code}]"


def render_for_sheet(problem: Problem) -> str:
    """Render a problem for the person with the sheet, without options and code: `C7 (PIN): what is wrong.`."""
    return _at_place(problem, problem.message)


def _at_place(problem: Problem, message: str) -> str:
    place = render_place(problem)
    return f"{place + ': ' if place else ''}{printable(message)}"


def render_place(problem: Problem) -> str:
    """Render the place of a problem: `C7 (PIN)`, `row 7`, or nothing if it concerns the whole file."""
    if problem.row is None and problem.cell is None:
        return ""
    place = problem.cell or f"row {problem.row}"
    if problem.column is None:
        return place
    known = COLUMN_OF_HEADER.get(problem.column)
    return f"{place} ({known.title if known else problem.column})"


def render_problems(
    problems: Sequence[Problem],
    *,
    most: int = 5,
    advice: str = "`bulkvm validate FILE --annotate COPY` marks every cell in a copy of the sheet.",
    with_options: bool = True,
) -> str:
    """Render problems in the order of the sheet, a limited number of each code; the others are counted.

    Args:
        problems: all problems.
        most: the maximum number for each code.
        advice: where to see the others.
        with_options: whether to add this advice, and the options that help with some problems.
    """
    if not problems:
        return "No problems."
    lines = [f"{count_problems(problems)}:"]
    of_code: dict[str, list[Problem]] = defaultdict(list)
    for problem in problems:
        of_code[problem.code].append(problem)
    first = {code: nsmallest(most, found, key=_position) for code, found in of_code.items()}
    for problem in in_sheet_order(chain.from_iterable(first.values())):
        more = len(of_code[problem.code]) - most if problem is first[problem.code][-1] else 0
        lines.append(f"  {problem.severity}: {render_problem(problem)}{_render_more(more)}")
    if not with_options:
        return "\n".join(lines)
    if max(map(len, of_code.values())) > most:
        lines.append(advice)
    if len(of_code[ProblemCode.PIN_LENGTH]) > most:
        lines.append("An import with --replace-pins replaces the refused PINs of new boxes by generated ones.")
    return "\n".join([*lines, *_advise_options(problems)])


def _render_more(count: int) -> str:
    if count <= 0:
        return ""
    return f" {count:,} more like this {'is' if count == 1 else 'are'} not shown."


def _advise_options(problems: Iterable[Problem]) -> Iterator[str]:
    codes = {problem.code for problem in problems}
    if ProblemCode.PIN_COLUMN_UNREAD in codes:  # generated PINs might replace those of the sheet
        codes.discard(ProblemCode.PIN_MISSING)
    yield from dict.fromkeys(advice for code, advice in _OPTIONS.items() if code in codes)
    if any(problem.code is ProblemCode.PIN_LENGTH and "password policy" in problem.message for problem in problems):
        yield _OLD_PBX


def count_problems(problems: Iterable[Problem]) -> str:
    """Render the number of errors and warnings."""
    counted = Counter(problem.severity for problem in problems)
    counts = (count(counted[severity], severity) for severity in Severity if counted[severity])
    return " and ".join(counts) or "no problems"


def in_sheet_order(problems: Iterable[Problem]) -> list[Problem]:
    """Sort problems by place: those of the file first, then by row and column."""
    return sorted(problems, key=_position)


def _position(problem: Problem) -> tuple[int, int, str]:
    cell = problem.cell or ""
    return problem.row or 0, len(cell), cell
