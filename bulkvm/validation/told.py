"""A sheet's rows as they stand, to be compared: what our rules refuse may be what a PBX holds."""

from collections.abc import Mapping

from bulkvm.columns import KEY
from bulkvm.columns.extension import shown_extension
from bulkvm.columns.text import AROUND
from bulkvm.problems import Fault, Problem
from bulkvm.sheet import Sheet
from bulkvm.validation.cells import problem_in
from bulkvm.validation.headings import check_headings
from bulkvm.validation.rows import extension_twice, not_told_apart

_NO_EXTENSION = Fault(
    "extension-missing", "the extension is missing, so that nobody can say which box is meant. Fill it in."
)


def take_rows(sheet: Sheet) -> tuple[tuple[Mapping[str, str], ...], tuple[Problem, ...]]:
    """Take each row's texts by the header of their column, whatever our rules say of them.

    Returns:
        The rows, and the errors for which they cannot be compared: rows that could not be read, a column that is
        missing or there twice, a row without an extension, an extension on several rows without ids of their own.
    """
    errors = [problem for problem in (*check_headings(sheet), *sheet.problems) if problem.is_error]
    if errors:
        return (), tuple(errors)
    letters = {column.header: letter for letter, column in sheet.columns.items()}
    texts = {header: sheet.texts(letter) for header, letter in letters.items()}
    texts[KEY.header] = {row: _read_extension(text) for row, text in texts[KEY.header].items()}
    missing = [(row, _NO_EXTENSION) for row, number in texts[KEY.header].items() if not number]
    alike = not_told_apart(texts[KEY.header], texts.get("id", {}))
    twice = ((row, fault) for row, _, fault in extension_twice(texts[KEY.header]) if row in alike)
    errors = [problem_in(KEY, letters[KEY.header], row, fault) for row, fault in missing or twice]
    rows = (dict(zip(texts, values, strict=True)) for values in zip(*(c.values() for c in texts.values()), strict=True))
    return tuple(rows), tuple(errors)


def _read_extension(text: str) -> str:
    stripped = text.strip(AROUND)
    value = KEY.parse(stripped).value
    return value if isinstance(value, str) else shown_extension(stripped)
