"""Problems, in words."""

from collections import Counter
from collections.abc import Iterable, Sequence

from bulkvm.columns import COLUMN_OF_HEADER
from bulkvm.model.problem import Problem, Severity
from bulkvm.text import printable


def render_problem(problem: Problem) -> str:
    """Tell one problem: `C7 (PIN): what is wrong. How to mend it. [code]`."""
    place = render_place(problem)
    return f"{place + ': ' if place else ''}{printable(problem.message)} [{problem.code}]"


def render_place(problem: Problem) -> str:
    """Say where a problem is: `C7 (PIN)`, `row 7`, or nothing where it is of the whole file."""
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
    advice: str = "An annotated copy (--annotate) marks every cell.",
) -> str:
    """Tell problems in the sheet's order, at most so many of a kind; the rest is only counted.

    Args:
        problems: all.
        most: of a kind.
        advice: where the others are to be seen.
    """
    if not problems:
        return "No problems."
    lines = [f"{count_problems(problems)}:"]
    told: Counter[str] = Counter()
    for problem in in_sheet_order(problems):
        told[problem.code] += 1
        if told[problem.code] <= most:
            lines.append(f"  {problem.severity}: {render_problem(problem)}")
    if more := [f"{n - most:,} of [{code}]" for code, n in told.items() if n > most]:
        lines.append(f"And more of the same kinds: {', '.join(more)}. {advice}".rstrip())
    return "\n".join(lines)


def count_problems(problems: Iterable[Problem]) -> str:
    """Say how many errors and warnings there are."""
    counted = Counter(problem.severity for problem in problems)
    counts = (count(counted[severity], severity) for severity in Severity if counted[severity])
    return " and ".join(counts) or "no problems"


def count(n: int, noun: str, plural: str | None = None) -> str:
    """Say how many: `1 row`, `1,200 rows`."""
    return f"{n:,} {noun if n == 1 else plural or noun + 's'}"


def in_sheet_order(problems: Iterable[Problem]) -> list[Problem]:
    """Sort problems as they are met in the sheet: of the file, then row by row, from left to right."""
    return sorted(problems, key=_position)


def _position(problem: Problem) -> tuple[int, int, str]:
    cell = problem.cell or ""
    return problem.row or 0, len(cell), cell
