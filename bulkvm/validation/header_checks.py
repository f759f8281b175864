"""Checks the headings of a sheet."""

import difflib
import re
from collections.abc import Collection, Container, Iterable, Mapping, Sequence
from itertools import islice
from typing import Final

from bulkvm.columns import (
    COLUMN_OF_HEADER,
    COLUMNS,
    DIFFERENCE_HEADING,
    KEY_COLUMN,
    NAME_COLUMN,
    PIN_COLUMN,
    PLAN_HEADING,
    UNDO_HEADING,
    Column,
    FieldKind,
)
from bulkvm.columns.cell_display import STRIP_CHARS, shown
from bulkvm.columns.header_matching import (
    heading_key,
    is_part_of_name,
    is_result_heading,
    map_option,
    may_be_other_secret,
    names_new_number,
    numbered_recipients,
    parts_of_name,
    possible_columns,
    suggest_column,
)
from bulkvm.columns.heading_words import (
    is_about_voicemail,
    is_group_of_other_secret,
    is_title_of_other_secrets,
    may_name_pin,
    may_name_secret,
    names_box,
    names_change,
    names_login,
    names_only_box,
    names_other_address,
    names_outdated,
    names_secret,
    split_words,
)
from bulkvm.columns.sheet_columns import sheet_columns
from bulkvm.columns.suggested_columns import suggest_extensions, suggest_map
from bulkvm.model.problem import Problem, ProblemCode
from bulkvm.model.sheet import Sheet
from bulkvm.text import join_and

_RECIPIENTS: Final = COLUMN_OF_HEADER["recipients"]
_NAMED: Final = 8  # unknown columns that a message names
_COMPARED: Final = 200  # headings or rows in which something similar is looked for
_PIN: Final = re.compile("[0-9]{4,12}")
_CERTAIN_PIN: Final = "Voicemail PIN"  # wins over other headings
_ONE_NAME: Final = f'Put the whole name into one column, "{NAME_COLUMN.title}".'
_ONE_LIST: Final = f'Put all addresses into one column, "{_RECIPIENTS.title}", separated by commas.'
PLACEHOLDER: Final = "PLAN"  # in a message, where the name of the file is not known
_OMIT_MAP: Final = "Or omit the --map that changes the column of the numbers."
_UNDO_RESULT: Final = Problem(
    row=None,
    code=ProblemCode.UNDO_RESULT,
    message=(
        "this is the result of an undo, and its rows have no values to send. To continue the undo, undo the same run "
        f"again; column {UNDO_HEADING} names it."
    ),
    option="The command is `bulkvm undo RUN`.",
)
_PLAN: Final = Problem(
    row=None,
    code=ProblemCode.PLAN_AS_SHEET,
    message=(
        "this is a plan, which does not contain PINs. Send it as an approved plan, or use the sheet that the plan was "
        "made from."
    ),
    option=f"To send it: `bulkvm import {PLACEHOLDER} --approved`.",
)
_DIFFERENCES: Final = Problem(
    row=None,
    code=ProblemCode.DIFF_AS_SHEET,
    message="this is a list of differences, of which only the names would be read. Use the sheet that has the right "
    "values.",
    option="It is one of the two that `bulkvm diff A B` compared.",
)
_OTHER_PURPOSES: Final = {UNDO_HEADING: _UNDO_RESULT, PLAN_HEADING: _PLAN}


def find_other_purpose(sheet: Sheet) -> list[Problem]:
    """Find out whether a file is a plan, the result of an undo or a list of differences: no sheets to import."""
    headings = {heading.strip().casefold() for heading in sheet.headings.values()}
    found = [problem for heading, problem in _OTHER_PURPOSES.items() if heading in headings]
    columns = set(sheet_columns(sheet).values())
    is_diff = DIFFERENCE_HEADING.casefold() in headings and columns == {KEY_COLUMN, NAME_COLUMN}
    return [*found, _DIFFERENCES] if is_diff else found


def check_headings(sheet: Sheet) -> list[Problem]:
    """Check the headings; these are problems of the whole file."""
    headings, columns, heading_map = sheet.headings, sheet_columns(sheet), sheet.heading_map
    letters: dict[Column, list[str]] = {}
    for letter, column in columns.items():
        letters.setdefault(column, []).append(letter)
    mapped = set(map(heading_key, heading_map))
    unknown = {
        letter: text
        for letter, text in headings.items()
        if letter not in columns and not is_result_heading(text) and heading_key(text) not in mapped
    }
    there = {heading_key(heading): heading for heading in headings.values() if not is_result_heading(heading)}
    problems = [_not_there(theirs, there) for theirs in heading_map if heading_key(theirs) not in there]
    twice = {
        column: found
        for column, found in letters.items()
        if len(found) > 1 and not (column.joiner and column.header in heading_map.values())
    }
    are_tables = KEY_COLUMN in twice and len(twice) > 1 and len(set(map(len, twice.values()))) == 1
    problems += (
        [_tables(twice, sheet)] if are_tables else [_twice(column, found, sheet) for column, found in twice.items()]
    )
    problems += [
        _ambiguous(letter, possible, sheet)
        for letter, heading in unknown.items()
        if len(possible := possible_columns(heading)) > 1 and not possible <= {column.header for column in letters}
    ]
    problems += [
        _new_number(letter, sheet, has_key=KEY_COLUMN in letters)
        for letter, heading in unknown.items()
        if names_new_number(heading)
    ]
    problems += _half_names(letters.get(NAME_COLUMN, ()), unknown, sheet)
    problems += [_other_group(*pair, sheet) for pair in columns.items() if _is_of_other(*pair, sheet)]
    pins = letters.get(PIN_COLUMN, [])
    uncertain = _uncertain_pin(pins, unknown, sheet)
    problems += uncertain
    if KEY_COLUMN not in letters:
        problems.append(_no_key(sheet))
    elif not uncertain:
        problems += _unread_pins(pins, unknown, sheet)
    problems += find_other_purpose(sheet)
    if unknown:
        problems.append(_unknown(unknown, letters, sheet))
    return problems


def _at_heading(
    letter: str, sheet: Sheet, code: ProblemCode, message: str, option: str, *, column: Column | None = None
) -> Problem:
    header, cell = column.header if column else None, f"{letter}{sheet.header_row}"
    return Problem(row=None, column=header, cell=cell, code=code, message=message, option=option)


def _named(letter: str, sheet: Sheet) -> str:
    return f'{letter} ("{shown(sheet.headings[letter])}")'


def _options(headings: Iterable[str], column: Column | None = None, between: str = " ") -> str:
    """The options that map headings to a column, or without one, ignore them."""
    return between.join(map_option(heading, column.header if column else "") for heading in headings)


def _choose_or_ignore(heading: str, *columns: Column) -> str:
    options = " or ".join(map_option(heading, column.header) for column in columns)
    return f"Or choose with {options}, or ignore the column with {map_option(heading, '')}."


def _not_there(theirs: str, there: Mapping[str, str]) -> Problem:
    if is_result_heading(theirs):
        message = f'"{shown(theirs)}" is a column of results. These are never read.'
    else:
        close = difflib.get_close_matches(heading_key(theirs), list(islice(there, _COMPARED)), n=1)
        similar = f'Did you mean "{shown(there[close[0]])}"?' if close else "Write it as in the sheet."
        message = f'there is no heading "{shown(theirs)}". {similar}'
    return Problem(row=None, code=ProblemCode.MAP_NOT_THERE, message=message, option="It is named by --map.")


def _twice(column: Column, letters: list[str], sheet: Sheet) -> Problem:
    headings = sheet.headings
    named = join_and([_named(letter, sheet) for letter in letters])
    options = [map_option(headings[letter], column.header) for letter in letters]
    if len({heading_key(headings[letter]) for letter in letters}) < len(letters):
        choice = ""
    elif column.header in sheet.heading_map.values():
        choice = "Or map only one: the values of several columns cannot be joined here."
    else:
        choice = f"Or choose one with {' or '.join(options)}." + (
            f" To read all of them: {' '.join(options)}." if column.kind is FieldKind.LIST else ""
        )
    message = (
        f"columns {named} {'both' if len(letters) == 2 else 'all'} mean {column.title}. "  # noqa: PLR2004
        "Delete all but one of them, or rename the others."
    )
    return _at_heading(letters[-1], sheet, ProblemCode.COLUMN_TWICE, message, choice, column=column)


def _tables(twice: Mapping[Column, Sequence[str]], sheet: Sheet) -> Problem:
    """The error for several tables beside each other, which have the same columns."""
    keys = twice[KEY_COLUMN]
    message = (
        f"there are several tables beside each other, with extensions in columns {join_and(keys)}. Move the rows of "
        "all of them into the first one, below each other, and delete the others."
    )
    return _at_heading(keys[-1], sheet, ProblemCode.COLUMN_TWICE, message, "", column=KEY_COLUMN)


def _ambiguous(letter: str, possible: Iterable[str], sheet: Sheet) -> Problem:
    columns = [column for column in COLUMNS if column.header in possible]
    titles = " or ".join(f'"{column.title}"' for column in columns)
    message = f"column {_named(letter, sheet)} may be {titles}. Rename it to the one that it is, or delete it."
    option = _choose_or_ignore(sheet.headings[letter], *columns)
    return _at_heading(letter, sheet, ProblemCode.HEADING_AMBIGUOUS, message, option)


def _new_number(letter: str, sheet: Sheet, *, has_key: bool) -> Problem:
    remedy = "Delete it, or rename it" if has_key else f'Rename it to "{KEY_COLUMN.title}"'
    message = (
        f"column {_named(letter, sheet)} has new numbers. The number of a box cannot be changed: a row with another "
        f"extension is another box. {remedy} if it has the extensions to be used."
    )
    option = _choose_or_ignore(sheet.headings[letter], KEY_COLUMN)
    return _at_heading(letter, sheet, ProblemCode.HEADING_AMBIGUOUS, message, option)


def _is_of_other(letter: str, column: Column, sheet: Sheet) -> bool:
    """Whether the text above a heading shows that the column has other addresses, or former values."""
    group = sheet.groups.get(letter, "")
    if names_box(group) or column is PIN_COLUMN or column.header in sheet.heading_map.values():
        return False
    is_other_address = names_other_address(group) or "fax" in split_words(group)
    return names_outdated(group) or (column is _RECIPIENTS and is_other_address)


def _other_group(letter: str, column: Column, sheet: Sheet) -> Problem:
    message = (
        f'column {_named(letter, sheet)} may not be "{column.title}": the text above it is '
        f'"{shown(sheet.groups[letter])}". Delete that text if the column is right, or delete the column.'
    )
    option = _choose_or_ignore(sheet.headings[letter], column)
    return _at_heading(letter, sheet, ProblemCode.HEADING_AMBIGUOUS, message, option, column=column)


def _uncertain_pin(letters: list[str], unknown: Mapping[str, str], sheet: Sheet) -> list[Problem]:
    """The error if it is not clear which of two columns holds the PINs."""
    if len(letters) != 1 or PIN_COLUMN.header in sheet.heading_map.values():
        return []
    theirs = sheet.headings[letters[0]]
    is_vague = may_be_other_secret(theirs)
    column, option = _named(letters[0], sheet), _choose_or_ignore(theirs, PIN_COLUMN)
    others = (
        letter
        for letter, heading in unknown.items()
        if (is_vague and names_secret(heading)) or _is_pin_below_box(letter, heading, theirs, sheet)
    )
    if secret := next(others, None):
        message = (
            f"it is not clear which column holds the PINs: {column} or {_named(secret, sheet)}. Rename the one that "
            f'does to "{_CERTAIN_PIN}".'
        )
        option = f"Or choose one with {_options((theirs, unknown[secret]), PIN_COLUMN, ' or ')}."
    elif is_vague and (login := next((letter for letter, heading in unknown.items() if names_login(heading)), None)):
        message = (
            f"it is not clear whether column {column} holds the PINs, or the passwords of {_named(login, sheet)}. If "
            f'they are the PINs, rename the column to "{_CERTAIN_PIN}"; if not, delete it.'
        )
    elif above := _other_secret_above(letters[0], theirs, sheet):
        message = (
            f'it is not clear whether column {column} holds the PINs: the text above it is "{shown(above)}". If it '
            f'does, rename the column to "{_CERTAIN_PIN}"; if not, delete it.'
        )
    else:
        return []
    return [_at_heading(letters[0], sheet, ProblemCode.PIN_COLUMN_UNCERTAIN, message, option, column=PIN_COLUMN)]


def _other_secret_above(letter: str, heading: str, sheet: Sheet) -> str:
    """The text above the heading of the PINs that shows that they are those of something else."""
    if names_box(heading):
        return ""
    group = sheet.groups.get(letter, "")
    if is_group_of_other_secret(group):
        return group
    return next(filter(is_title_of_other_secrets, sheet.titles), "")


def _unread_pins(letters: list[str], unknown: Mapping[str, str], sheet: Sheet) -> list[Problem]:
    """The error if columns that are not read seem to hold the PINs, or new ones; the warning if they may."""
    if PIN_COLUMN.header in sheet.heading_map.values() or not unknown:
        return []
    likely = [letter for letter, text in unknown.items() if _may_hold_pins(letter, text, sheet)]
    if letters:
        likely = [letter for letter in likely if names_change(unknown[letter])]
    if likely:
        code = ProblemCode.PIN_COLUMN_UNCERTAIN
        found = [*letters, *likely][:_NAMED]
    elif letters or not (found := [letter for letter, text in unknown.items() if may_name_secret(text)][:_NAMED]):
        return []
    else:
        code = ProblemCode.PIN_COLUMN_UNREAD
    named = " or ".join(_named(letter, sheet) for letter in found)
    options = _options([sheet.headings[letter] for letter in found], PIN_COLUMN, " or ")
    if code is ProblemCode.PIN_COLUMN_UNREAD:
        message = (
            f'there is no column "{PIN_COLUMN.title}", and column {named} is not read. If it holds the PINs, rename it '
            f'to "{_CERTAIN_PIN}".'
        )
        option = f"Or read it with {options}."
    elif len(found) == 1:
        message = (
            f'it is not clear whether column {named} holds the PINs. If it does, rename it to "{_CERTAIN_PIN}"; if '
            "not, delete it."
        )
        option = _choose_or_ignore(sheet.headings[found[0]], PIN_COLUMN)
    else:
        message = (
            f'it is not clear which column holds the PINs: {named}. Rename the one that does to "{_CERTAIN_PIN}", and '
            "delete the others."
        )
        option = f"Or choose one with {options}."
    return [_at_heading(found[-1], sheet, code, message, option, column=PIN_COLUMN)]


def _may_hold_pins(letter: str, heading: str, sheet: Sheet) -> bool:
    """Whether the heading of a column may be that of PINs, and most of its first values may be PINs."""
    if not may_name_pin(heading) or len(possible_columns(heading)) > 1:  # which is an error of its own
        return False
    texts = _first_texts(letter, sheet)
    return 2 * sum(map(bool, map(_PIN.fullmatch, texts))) > sum(map(bool, texts))


def _is_pin_below_box(letter: str, heading: str, pin_heading: str, sheet: Sheet) -> bool:
    """Whether most of the first values below "Voicemail" may be PINs, beside a heading of PINs that names no box.

    They are neither the extensions nor, beside a heading such as "PIN", one number for all boxes.
    """
    if names_box(pin_heading) or not names_only_box(heading):
        return False
    texts = _first_texts(letter, sheet)
    keys = [_first_texts(key, sheet) for key, column in sheet_columns(sheet).items() if column is KEY_COLUMN]
    pairs = zip(texts, keys[0] if keys else texts, strict=True)
    pins = [text for text, key in pairs if text != key and _PIN.fullmatch(text)]
    is_one_for_all = len(set(pins)) == 1 < len(pins) and not may_be_other_secret(pin_heading)
    return 2 * len(pins) > sum(map(bool, texts)) and not is_one_for_all


def _first_texts(letter: str, sheet: Sheet) -> list[str]:
    texts = sheet.cells[letter].head(_COMPARED) if letter in sheet.cells else ()
    return [text.strip(STRIP_CHARS) for text in texts]


def _no_key(sheet: Sheet) -> Problem:
    headings = sheet.headings
    letters = islice((letter for letter in headings if letter in sheet.cells), _COMPARED)
    known = {column.header for column in sheet_columns(sheet).values()}
    texts = {headings[letter]: _first_texts(letter, sheet) for letter in letters}
    # Of another system's export, only those of the file: others are derived from them.
    there = [text for text in headings.values() if text and (sheet.read_as is None or text in sheet.heading_map)]
    found = ", ".join(f'"{shown(heading)}"' for heading in there) or "none"
    return Problem(
        row=None,
        column=KEY_COLUMN.header,
        code=ProblemCode.COLUMN_MISSING,
        message=(
            f"no column is called {KEY_COLUMN.title} (or Ext, Mailbox, Number ...). "
            f"Headings found: {found}. Rename the column that holds the numbers."
        ),
        option=_OMIT_MAP if sheet.read_as else _how_to_read_key(texts, known),
    )


def _how_to_read_key(texts: Mapping[str, Sequence[str]], known: Collection[str]) -> str:
    """How to read what looks like the extensions, or to choose them from several columns."""
    choices = suggest_extensions(texts)
    if len(choices) > 1:
        return f"Or choose the one that has the extensions with {_options(choices, KEY_COLUMN, ' or ')}."
    options = " ".join(suggest_map(texts, known))
    return f"Or read it with {options}." if options else ""


def _unknown(unknown: Mapping[str, str], known: Mapping[Column, Sequence[str]], sheet: Sheet) -> Problem:
    urgent_first = sorted(unknown.items(), key=lambda item: not is_about_voicemail(item[1]))
    named = ", ".join(_with_suggestion(letter, heading, known) for letter, heading in urgent_first[:_NAMED])
    rest = f" and {len(unknown) - _NAMED} more" if len(unknown) > _NAMED else ""
    names, addresses = _joining_names(unknown, known, sheet), _joining_addresses(unknown, known, sheet)
    remedies = (_ONE_NAME if names else "", _ONE_LIST if addresses else "")
    others = "" if names or addresses or KEY_COLUMN not in known else _other_columns(unknown, known, sheet)
    what = "this column is" if len(unknown) == 1 else "these columns are"
    return Problem(
        row=None,
        code=ProblemCode.COLUMN_UNKNOWN,
        message=" ".join(filter(None, (f"{what} not read: {named}{rest}.", *remedies))),
        option=" ".join(filter(None, (names, addresses, others))),
    )


def _other_columns(unknown: Mapping[str, str], known: Iterable[Column], sheet: Sheet) -> str:
    """How to read columns that look like the name or the recipients, if the sheet lacks them."""
    columns = {*(column.header for column in known), *sheet.heading_map.values(), PIN_COLUMN.header}
    texts = {heading: _first_texts(letter, sheet) for letter, heading in islice(unknown.items(), _COMPARED)}
    options = suggest_map(texts, columns)
    return f"Or read what looks like {'them' if len(options) > 1 else 'it'}: {' '.join(options)}." if options else ""


def _joining_names(unknown: Mapping[str, str], known: Mapping[Column, Sequence[str]], sheet: Sheet) -> str:
    """How to join the parts of a name that are in columns of their own."""
    parts = parts_of_name(unknown.values())
    if not parts or NAME_COLUMN in known or NAME_COLUMN.header in sheet.heading_map.values():
        return ""
    return f"Or read {'them' if len(parts) > 1 else 'it'} as the name: {_options(parts, NAME_COLUMN)}."


def _half_names(letters: Sequence[str], unknown: Mapping[str, str], sheet: Sheet) -> list[Problem]:
    """The error if only a part of each name would be read: the `Name` beside a first name or a last name."""
    if len(letters) != 1 or NAME_COLUMN.header in sheet.heading_map.values() or sheet.read_as:
        return []
    letter, name = letters[0], sheet.headings[letters[0]]
    parts = parts_of_name(unknown.values())
    if not is_part_of_name(parts, name):
        return []
    names = _first_texts(letter, sheet)
    others = [_first_texts(other, sheet) for other, heading in unknown.items() if heading in parts]
    pairs = [(one, other) for texts in others for one, other in zip(names, texts, strict=False) if one and other]
    is_whole = 2 * sum(other in one for one, other in pairs) > len(pairs)
    if not pairs or is_whole:
        return []
    message = (
        f"column {_named(letter, sheet)} may have only a part of each name, since there is a column "
        f'"{shown(parts[0])}". {_ONE_NAME}'
    )
    option = (
        f"Or read both as the name with {_options(parts_of_name(parts, [name]), NAME_COLUMN)}, or ignore the other "
        f"part with {_options(parts)}."
    )
    return [_at_heading(letter, sheet, ProblemCode.HEADING_AMBIGUOUS, message, option, column=NAME_COLUMN)]


def _joining_addresses(unknown: Mapping[str, str], known: Mapping[Column, Sequence[str]], sheet: Sheet) -> str:
    """How to add up several columns of addresses, such as "Email 1" and "Email 2"."""
    parts = numbered_recipients(unknown.values())
    if not parts or _RECIPIENTS.header in sheet.heading_map.values():
        return ""
    parts = [*(sheet.headings[letter] for letter in known.get(_RECIPIENTS, ())), *parts]
    return f"Or read all addresses: {_options(parts, _RECIPIENTS)}."


def _with_suggestion(letter: str, heading: str, known: Container[Column]) -> str:
    suggested = suggest_column(heading)
    is_new = suggested and suggested not in known and possible_columns(heading) != {suggested.header}
    hint = f" (did you mean {suggested.title}?)" if suggested and is_new else ""
    return f'{letter} "{shown(heading)}"{hint}'


def missing_to_create(columns: Mapping[str, Column]) -> tuple[Column, ...]:
    """The columns that a new box needs and the sheet lacks."""
    present = set(columns.values())
    return tuple(column for column in COLUMNS if "create" in column.required_for and column not in present)
