"""The sealed part of a plan file, and the comparison of its visible cells with it. `plan_file.py` says why."""

import base64
import hmac
import json
import re
import zlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

from bulkvm.model.errors import PlanRefused
from bulkvm.model.problem import Problem, ProblemCode
from bulkvm.readers.all_cells import SheetCells
from bulkvm.reports.workbook.plan_summary import FORM
from bulkvm.runs.plan_key import Seal
from bulkvm.text import count, quoted

SCHEMA: Final = 3
_MARK: Final = "bulkvm plan"
_CHUNK: Final = 30_000  # characters; a cell holds a few more
_MAX_NAMED: Final = 50  # differences in a message; --json has all of them
SIGN_ELSEWHERE: Final = "Use it as it was written, and sign the printed page or a PDF of it"
_RANGE: Final = re.compile(r"([A-Z]+)(\d+)(?::[A-Z]+(\d+))?")
_MAY_BE_IN_FORM: Final = ("has text that is cut", "is too low for its text", "is merged")


class Form(NamedTuple):
    """The lines of a plan that whoever approves it fills in, beside their names in column A.

    Attributes:
        sheet: the name of the first page.
        rows: their numbers.
    """

    sheet: str
    rows: frozenset[str]

    def has(self, cells: str) -> bool:
        """Whether a cell or range is to be filled in."""
        match = _RANGE.fullmatch(cells)
        return bool(match and match[1] != "A" and {match[2], match[3] or match[2]} <= self.rows)

    def allows(self, concealed: str) -> bool:
        """Whether a long text, or cells that were merged for it, are in these lines."""
        place, _, what = concealed.removeprefix("row ").partition(" ")
        return what in _MAY_BE_IN_FORM and (place in self.rows or self.has(place))


def refusal(what: str, problems: Sequence[Problem], remedy: str = "") -> PlanRefused:
    """The error for a plan that is not sent, with every difference."""
    remedy = f"{remedy}, or make a new plan" if remedy else "Make a new plan"
    lines = [f"  row {p.row}: {p.message}" if p.row else f"  {p.message}" for p in problems[:_MAX_NAMED]]
    if len(problems) > _MAX_NAMED:
        lines.append(f"  ... and {count(len(problems) - _MAX_NAMED, 'difference')} more, which --json lists")
    return PlanRefused("\n".join([f"{what}, so nothing was sent. {remedy}.", *lines]), problems)


def seal_document(document: Mapping[str, Any], seal: Seal) -> list[str]:
    """The texts of the sealed part."""
    payload = base64.b64encode(zlib.compress(json.dumps(document).encode())).decode()
    chunks = [payload[start : start + _CHUNK] for start in range(0, len(payload), _CHUNK)]
    return [_MARK, _key_id(seal), seal(f"plan\0{payload}".encode()), *chunks]


def open_document(file: Path, sheets: Mapping[str, SheetCells], seal: Seal) -> dict[str, Any]:
    """The content of the sealed part.

    Raises:
        PlanRefused: there is none, or its seal does not match.
    """
    cells = next((one.cells for one in sheets.values() if not one.is_visible and one.cells.get("A1") == _MARK), None)
    if cells is None:
        raise not_a_plan(file)
    _, key_id, sealed, *chunks = (cells.get(f"A{row}", "") for row in range(1, len(cells) + 1))
    payload = "".join(chunks)
    if key_id != _key_id(seal):
        message = "A plan can be sent by the user who made it, on the same machine: with the same state folder."
        raise refusal(f"{file.name} was made elsewhere", [problem_of(ProblemCode.NOT_A_PLAN, message)])
    if not hmac.compare_digest(sealed.encode(), seal(f"plan\0{payload}".encode()).encode()):
        message = "Its hidden part was changed."
        raise refusal(f"{file.name} was edited after it was written", [problem_of(ProblemCode.PLAN_EDITED, message)])
    document: dict[str, Any] = json.loads(zlib.decompress(base64.b64decode(payload)))
    if document["schema"] != SCHEMA:
        message = "Use the version of bulkvm that made it."
        raise refusal(f"{file.name} was made by another version", [problem_of(ProblemCode.NOT_A_PLAN, message)])
    return document


def not_a_plan(file: Path) -> PlanRefused:
    """The error for a file without a sealed part."""
    message = "A plan is a workbook that `bulkvm plan SHEET --output PLAN.xlsx` wrote."
    return refusal(f"{file.name} is not a plan", [problem_of(ProblemCode.NOT_A_PLAN, message)])


def visible_texts(sheets: Mapping[str, SheetCells]) -> dict[str, Mapping[str, str]]:
    """The texts of all visible cells."""
    return {name: sheet.cells for name, sheet in sheets.items() if sheet.is_visible}


def find_form(written: Mapping[str, Mapping[str, str]]) -> Form:
    """Find the lines to fill in, on the first page as it was written: a sheet can have the same words in a row."""
    name, cells = next(iter(written.items()))
    places = (_RANGE.fullmatch(place) for place, text in cells.items() if text in FORM)
    return Form(name, frozenset(match[2] for match in places if match and match[1] == "A"))


def find_edits(
    written: Mapping[str, Mapping[str, str]], found: Mapping[str, Mapping[str, str]], form: Form
) -> list[Problem]:
    """Name every visible cell that is not as it was written. What it holds now may be a PIN, and is not shown."""
    messages = [f"The sheet {quoted(name)} was added." for name in found.keys() - written.keys()]
    for name, cells in written.items():
        if name not in found:
            messages.append(f"The sheet {quoted(name)} was deleted, renamed or hidden.")
            continue
        for place in sorted(cells.keys() | found[name].keys(), key=lambda place: (len(place), place)):
            if name == form.sheet and form.has(place):
                continue
            words = cells.get(place, "").split()  # some programs change tabs and line breaks
            if words != found[name].get(place, "").split():
                was = quoted(" ".join(words)) if words else "nothing"
                messages.append(f"The cell {place} of {quoted(name)} was edited: the plan has {was} there.")
    return [problem_of(ProblemCode.PLAN_EDITED, message) for message in messages]


def concealed_parts(sheets: Mapping[str, SheetCells]) -> dict[str, list[str]]:
    """What hides cells of the visible sheets, or may show other values."""
    return {name: sorted(sheet.concealed) for name, sheet in sheets.items() if sheet.is_visible}


def find_concealed(
    written: Mapping[str, Sequence[str]], found: Mapping[str, Sequence[str]], form: Form
) -> list[Problem]:
    """Name what hides cells that were shown when the plan was written, or may show other values."""
    messages = [
        f"In the sheet {quoted(name)}, {part}, which was not so when the plan was written."
        for name, parts in found.items()
        for part in sorted(set(parts).difference(written.get(name, ())), key=lambda part: (len(part), part))
        if not (name == form.sheet and form.allows(part))
    ]
    return [problem_of(ProblemCode.PLAN_EDITED, message) for message in messages]


def find_added(written: Mapping[str, str], found: Mapping[str, str], form: Form) -> list[Problem]:
    """Name what the workbook shows besides its cells that is not as it was written."""
    found = _without_links_in_form(found, form)
    differing = sorted(what for what in written.keys() | found.keys() if written.get(what) != found.get(what))
    done = ("Added" if what not in written else "Deleted" if what not in found else "Changed" for what in differing)
    return [problem_of(ProblemCode.PLAN_EDITED, f"{verb}: {what}.") for verb, what in zip(done, differing, strict=True)]


def has_pictures(problems: Sequence[Problem]) -> bool:
    """Whether a picture was added, as of a signature."""
    return any(problem.message.startswith("Added: a picture") for problem in problems)


def _without_links_in_form(extras: Mapping[str, str], form: Form) -> Mapping[str, str]:
    """Leave out the links that spreadsheet programs make of an address that is typed into a line of the form."""
    label = f"links of {quoted(form.sheet)}"
    links = [link for link in extras.get(label, "").split("\n") if not form.has(link.strip())]
    return (
        {**extras, label: "\n".join(links)} if any(links) else {what: extras[what] for what in extras if what != label}
    )


def pin_seal(seal: Seal, plan_id: str) -> Callable[[str, str], str]:
    """Return a function that seals a PIN, for one plan and extension."""
    return lambda number, pin: seal(f"pin\0{plan_id}\0{number}\0{pin}".encode())


def problem_of(code: ProblemCode, message: str) -> Problem:
    """A problem of a plan as a whole."""
    return Problem(row=None, code=code, message=message)


def _key_id(seal: Seal) -> str:
    return seal(b"key")[:16]
