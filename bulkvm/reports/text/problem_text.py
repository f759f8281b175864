"""Problems as text."""

from collections import Counter
from collections.abc import Iterable, Sequence

from bulkvm.columns import COLUMN_OF_HEADER
from bulkvm.model.problem import Problem, Severity
from bulkvm.text import count, printable


def render_problem(problem: Problem) -> str:
    """Render a problem: `C7 (PIN): what is wrong. What to do. [code]`."""
    place = render_place(problem)
    return f"{place + ': ' if place else ''}{printable(problem.message)} [{problem.code}]"


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
) -> str:
    """Render problems in the order of the sheet, a limited number of each code; the others are counted.

    Args:
        problems: all problems.
        most: the maximum number for each code.
        advice: where to see the others.
    """
    if not problems:
        return "No problems."
    lines = [f"{count_problems(problems)}:"]
    shown: Counter[str] = Counter()
    for problem in in_sheet_order(problems):
        shown[problem.code] += 1
        if shown[problem.code] <= most:
            lines.append(f"  {problem.severity}: {render_problem(problem)}")
    if more := [f"{n - most:,} of [{code}]" for code, n in shown.items() if n > most]:
        lines.append(f"More problems: {', '.join(more)}. {advice}".rstrip())
    return "\n".join(lines)


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
