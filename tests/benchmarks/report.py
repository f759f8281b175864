"""Figures as a table in Markdown."""

import math
from collections.abc import Sequence

from tests.benchmarks.goals import Figure


def render_table(figures: Sequence[Figure]) -> str:
    """Give the figures as a table; those without a goal are there to compare with."""
    lines = ["| | | measured | goal | |", "| --- | --- | --- | --- | --- |"]
    for figure in figures:
        value = f"{_number(figure.value)} {figure.unit}"
        lines.append(f"| {figure.subject} | {figure.name} | {value} | {_goal(figure)} | {_verdict(figure)} |")
    return "\n".join(lines) + "\n"


def render_summary(figures: Sequence[Figure]) -> str:
    """How many goals are met, and which are not."""
    held = [figure for figure in figures if _has_goal(figure)]
    missed = [f"{figure.subject}: {figure.name}" for figure in held if not figure.is_met]
    return "\n".join([f"{len(held) - len(missed)} of {len(held)} goals are met.", *(f"missed: {m}" for m in missed)])


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def _has_goal(figure: Figure) -> bool:
    return math.isfinite(figure.bound)


def _goal(figure: Figure) -> str:
    if not _has_goal(figure):
        return ""
    return f"{'at most' if figure.at_most else 'at least'} {_number(figure.bound)} {figure.unit}"


def _verdict(figure: Figure) -> str:
    if not _has_goal(figure):
        return ""
    return "met" if figure.is_met else "**missed**"
