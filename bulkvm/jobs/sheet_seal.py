"""The sheet of a plan, sealed cell by cell: one that was only saved again, or formatted, is still that sheet.

Each cell has a short seal, which names those that were edited. What is sent is compared with the plan itself.
"""

import base64
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from bulkvm.jobs.plan_seal import problem_of
from bulkvm.model.problem import Problem, ProblemCode
from bulkvm.model.sheet import Sheet
from bulkvm.runs.plan_key import Seal
from bulkvm.text import printable, quoted

_SEAL: Final = 8  # characters of the seal of a cell
_BLANK: Final = "." * _SEAL


def seal_sheet(sheet: Sheet, path: str, seal: Seal, plan_id: str) -> dict[str, Any]:
    """Return what identifies a sheet and its content; `path` is that from the folder of the plan."""
    return {
        "file": sheet.path.name,
        "path": path,
        "seal": _seal_file(sheet.sha256, seal, plan_id),
        "name": sheet.name,
        "letters": _letters(sheet),
        "rows": {str(row): codes for row, codes in _seal_rows(sheet, _letters(sheet), seal, plan_id)},
        "problems": sorted(_seal_problem(problem, seal, plan_id) for problem in sheet.problems),
    }


def is_same_file(saved: Mapping[str, Any], sha256: str, seal: Seal, plan_id: str) -> bool:
    """Whether a file is the one that was sealed, byte by byte."""
    return bool(saved["seal"] == _seal_file(sha256, seal, plan_id))


def find_sheet_edits(saved: Mapping[str, Any], sheet: Sheet, seal: Seal, plan_id: str) -> list[Problem]:
    """Name every cell that differs from the sealed sheet, and what reading it reports that it did not before."""
    if is_same_file(saved, sheet.sha256, seal, plan_id):
        return []
    messages = [*_find_edits(saved, sheet, seal, plan_id)]
    problems = [problem for problem in sheet.problems if _seal_problem(problem, seal, plan_id) not in saved["problems"]]
    messages += [
        f"Since the plan was made, {f'{problem.cell}: ' if problem.cell else ''}{printable(problem.message)}"
        for problem in problems
    ]
    return [problem_of(ProblemCode.PLAN_SHEET, message) for message in messages]


def _find_edits(saved: Mapping[str, Any], sheet: Sheet, seal: Seal, plan_id: str) -> Iterator[str]:
    file = Path(sheet.path).name
    if sheet.name != saved["name"]:
        yield f"The sheet {quoted(sheet.name or file)} is read now, and was {quoted(saved['name'] or saved['file'])}."
    letters = sorted({*saved["letters"], *_letters(sheet)}, key=lambda letter: (len(letter), letter))
    found = {
        str(row): dict(zip(letters, _split(codes), strict=True))
        for row, codes in _seal_rows(sheet, letters, seal, plan_id)
    }
    for row in sorted({*saved["rows"], *found}, key=int):
        was = dict(zip(saved["letters"], _split(saved["rows"].get(row, "")), strict=False))
        for letter in letters:
            if was.get(letter, _BLANK) != found.get(row, {}).get(letter, _BLANK):
                yield f"The cell {letter}{row} of {printable(file)} was edited."


def _letters(sheet: Sheet) -> list[str]:
    return [*dict.fromkeys([*sheet.headings, *sheet.cells.columns])]


def _seal_rows(sheet: Sheet, letters: list[str], seal: Seal, plan_id: str) -> Iterator[tuple[int, str]]:
    """The seals of the cells of each row, one after the other."""

    def seal_cell(letter: str, row: int, text: str) -> str:
        words = " ".join(text.split())  # some programs change tabs and line breaks
        return _short(seal(f"cell\0{plan_id}\0{letter}{row}\0{words}".encode())) if words else _BLANK

    headings = [sheet.headings.get(letter, "") for letter in letters]
    rows = sheet.cells.index.tolist()
    blank = [""] * len(rows)
    columns = (sheet.cells[letter].tolist() if letter in sheet.cells else blank for letter in letters)
    for row, *texts in [(sheet.header_row, *headings), *zip(rows, *columns, strict=True)]:
        codes = (seal_cell(letter, row, text) for letter, text in zip(letters, texts, strict=True))
        yield row, "".join(codes)


def _split(codes: str) -> list[str]:
    return [codes[start : start + _SEAL] for start in range(0, len(codes), _SEAL)]


def _seal_file(sha256: str, seal: Seal, plan_id: str) -> str:
    return seal(f"sheet\0{plan_id}\0{sha256}".encode())


def _seal_problem(problem: Problem, seal: Seal, plan_id: str) -> str:
    return _short(
        seal(f"problem\0{plan_id}\0{problem.code}\0{problem.cell}\0{problem.row}\0{problem.message}".encode())
    )


def _short(sealed: str) -> str:
    return base64.b64encode(bytes.fromhex(sealed[: _SEAL * 3 // 2])).decode()
