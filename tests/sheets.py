"""Sheets for tests, made without a file."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from bulkvm.model.problem import Problem
from bulkvm.model.sheet import CellKind, Sheet


def sheet_of(
    headings: Sequence[str],
    *rows: Sequence[str],
    kinds: Mapping[str, CellKind] | None = None,
    name: str | None = "Boxes",
    problems: Sequence[Problem] = (),
) -> Sheet:
    """A sheet with its headings in row 1 and its rows from row 2; `kinds` by cell, such as {"C2": ...}."""
    letters = [chr(ord("A") + position) for position in range(len(headings))]
    by_letter: dict[str, dict[int, CellKind]] = {}
    for cell, kind in (kinds or {}).items():
        by_letter.setdefault(cell[0], {})[int(cell[1:])] = kind
    return Sheet(
        path=Path("boxes.xlsx" if name else "boxes.csv"),
        name=name,
        header_row=1,
        headings=dict(zip(letters, headings, strict=True)),
        cells=pd.DataFrame([list(row) for row in rows], columns=letters, index=range(2, len(rows) + 2), dtype=str),
        kinds=by_letter,
        problems=tuple(problems),
    )
