"""Figures as a table in Markdown, and as a picture."""

import math
from collections.abc import Sequence
from pathlib import Path

from tests.benchmarks.goals import Figure


def render_table(figures: Sequence[Figure]) -> str:
    """Give the figures as a table; those without a goal are there to compare with."""
    lines = ["| | | measured | goal | |", "| --- | --- | --- | --- | --- |"]
    for figure in figures:
        value = f"{_number(figure.value)} {figure.unit}"
        lines.append(f"| {figure.subject} | {figure.name} | {value} | {_goal(figure)} | {_verdict(figure)} |")
    return "\n".join(lines) + "\n"


def draw(figures: Sequence[Figure], target: Path) -> None:
    """Draw how far each figure is from its goal: the goal is at 1, and what is to its left keeps it."""
    from matplotlib import pyplot as plt

    held = [figure for figure in figures if _has_goal(figure) and figure.bound]
    fig, axes = plt.subplots(figsize=(10, 0.4 * len(held) + 1), layout="constrained")
    shares = [figure.value / figure.bound if figure.at_most else figure.bound / figure.value for figure in held]
    colours = ["#2a7f62" if figure.is_met else "#b3261e" for figure in held]
    bars = axes.barh([f"{figure.subject}: {figure.name}" for figure in held], shares, color=colours)
    axes.bar_label(bars, [f"{_number(figure.value)} {figure.unit}" for figure in held], padding=3)
    axes.axvline(1, color="black", linewidth=1)
    axes.set_xlabel("share of what the goal allows (at most 1)")
    axes.set_xlim(0, max(1.3, *(share * 1.15 for share in shares)))
    axes.invert_yaxis()
    fig.savefig(target, dpi=110)


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
