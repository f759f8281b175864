"""Checks the headings of a sheet."""

from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Final

from bulkvm.columns import COLUMNS, KEY_COLUMN, PIN_COLUMN, UNDO_HEADING, Column
from bulkvm.columns.cell_display import shown
from bulkvm.columns.header_matching import (
    is_result_heading,
    may_be_other_secret,
    possible_columns,
    same_heading,
    suggest_column,
)
from bulkvm.columns.heading_words import fold, is_about_voicemail, names_secret
from bulkvm.columns.sheet_columns import sheet_columns
from bulkvm.model.problem import Problem, ProblemCode
from bulkvm.model.sheet import Sheet
from bulkvm.text import join_and

_NAMED: Final = 8  # unknown columns that a message names
_UNDO_RESULT: Final = Problem(
    row=None,
    code=ProblemCode.UNDO_RESULT,
    message=(
        "this is the result of an undo, and its rows have no values to send. To continue an undo, run the same "
        f"`bulkvm undo RUN` again; column {UNDO_HEADING} names the run."
    ),
)


def check_headings(sheet: Sheet) -> list[Problem]:
    """Check the headings; these are problems of the whole file."""
    headings, columns = sheet.headings, sheet_columns(sheet)
    letters: dict[Column, list[str]] = {}
    for letter, column in columns.items():
        letters.setdefault(column, []).append(letter)
    unknown = {
        letter: text for letter, text in headings.items() if letter not in columns and not is_result_heading(text)
    }
    problems = [
        _not_there(theirs)
        for theirs in sheet.heading_map
        if not any(same_heading(theirs, heading) for heading in headings.values())
    ]
    problems += [_twice(column, found, headings) for column, found in letters.items() if len(found) > 1]
    problems += [
        _ambiguous(letter, heading, possible)
        for letter, heading in unknown.items()
        if len(possible := possible_columns(heading)) > 1 and not possible <= {column.header for column in letters}
    ]
    problems += _uncertain_pin(letters.get(PIN_COLUMN, []), unknown, sheet)
    if KEY_COLUMN not in letters:
        problems.append(_no_key(headings))
    if any(heading.strip().casefold() == UNDO_HEADING for heading in headings.values()):
        problems.append(_UNDO_RESULT)
    if unknown:
        problems.append(_unknown(unknown))
    return problems


def _not_there(theirs: str) -> Problem:
    return Problem(
        row=None,
        code=ProblemCode.MAP_NOT_THERE,
        message=f'there is no heading "{shown(theirs)}", which --map names. Write it as in the sheet.',
    )


def _twice(column: Column, letters: list[str], headings: Mapping[str, str]) -> Problem:
    named = join_and([f'{letter} ("{shown(headings[letter])}")' for letter in letters])
    alike = len({fold(headings[letter]) for letter in letters}) < len(letters)
    choice = (
        "or rename all but one"
        if alike
        else f"or choose one with {_map_options((headings[letter], column.header) for letter in letters)}"
    )
    return Problem(
        row=None,
        column=column.header,
        code=ProblemCode.COLUMN_TWICE,
        message=f"columns {named} {'both' if len(letters) == 2 else 'all'} mean {column.header}. "  # noqa: PLR2004
        f"Delete all but one of them, {choice}.",
    )


def _ambiguous(letter: str, heading: str, possible: Iterable[str]) -> Problem:
    headers = [column.header for column in COLUMNS if column.header in possible]
    return Problem(
        row=None,
        code=ProblemCode.HEADING_AMBIGUOUS,
        message=f'column {letter} ("{shown(heading)}") may be {" or ".join(headers)}. '
        f"Choose with {_map_options((heading, header) for header in headers)}.",
    )


def _map_options(choices: Iterable[tuple[str, str]]) -> str:
    """List the options of which one decides: `--map "PIN=pin" or --map "Password=pin"`."""
    return " or ".join(f'--map "{_typed(heading)}={header}"' for heading, header in choices)


def _typed(heading: str) -> str:
    """A heading as it can be typed in an option; a placeholder if a message cannot show it as it is."""
    return text if same_heading(text := shown(heading), heading) else "Their heading"


def _uncertain_pin(letters: list[str], unknown: Mapping[str, str], sheet: Sheet) -> list[Problem]:
    """The error if it is not clear which of two columns holds the PINs."""
    if (
        len(letters) != 1
        or PIN_COLUMN.header in sheet.heading_map.values()
        or not may_be_other_secret(sheet.headings[letters[0]])
    ):
        return []
    theirs = sheet.headings[letters[0]]
    return [
        Problem(
            row=None,
            column=PIN_COLUMN.header,
            code=ProblemCode.PIN_COLUMN_UNCERTAIN,
            message=f'it is not clear which column holds the PINs: {letters[0]} ("{shown(theirs)}") or {letter} '
            f'("{shown(heading)}"). Choose one with '
            f"{_map_options((text, PIN_COLUMN.header) for text in (theirs, heading))}.",
        )
        for letter, heading in islice(((letter, text) for letter, text in unknown.items() if names_secret(text)), 1)
    ]


def _no_key(headings: Mapping[str, str]) -> Problem:
    found = ", ".join(f'"{shown(heading)}"' for heading in headings.values() if heading) or "none"
    return Problem(
        row=None,
        column=KEY_COLUMN.header,
        code=ProblemCode.COLUMN_MISSING,
        message=(
            f"no column is called {KEY_COLUMN.header} (or {KEY_COLUMN.title}, Ext, Mailbox ...). "
            f"Headings found: {found}. "
            f'Rename the column that holds the numbers, or name it with --map "Their heading={KEY_COLUMN.header}".'
        ),
    )


def _unknown(unknown: Mapping[str, str]) -> Problem:
    urgent_first = sorted(unknown.items(), key=lambda item: not is_about_voicemail(item[1]))
    named = ", ".join(_with_suggestion(letter, heading) for letter, heading in urgent_first[:_NAMED])
    rest = f" and {len(unknown) - _NAMED} more" if len(unknown) > _NAMED else ""
    what = "this column is" if len(unknown) == 1 else "these columns are"
    return Problem(
        row=None,
        code=ProblemCode.COLUMN_UNKNOWN,
        message=f"{what} not read: {named}{rest}.",
    )


def _with_suggestion(letter: str, heading: str) -> str:
    suggested = suggest_column(heading)
    return f'{letter} "{shown(heading)}"' + (f" (did you mean {suggested.header}?)" if suggested else "")


def missing_to_create(columns: Mapping[str, Column]) -> tuple[Column, ...]:
    """The columns that a new box needs and the sheet lacks."""
    present = set(columns.values())
    return tuple(column for column in COLUMNS if "create" in column.required_for and column not in present)
