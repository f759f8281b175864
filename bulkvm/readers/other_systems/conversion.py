"""Turns the sheet of an export, as it was read, into a sheet of boxes: only what is taken, in the words of bulkvm."""

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from bulkvm.columns import KEY_COLUMN
from bulkvm.columns.cell_display import STRIP_CHARS, shown
from bulkvm.columns.header_matching import heading_key
from bulkvm.model.problem import Problem, ProblemCode, Severity
from bulkvm.model.sheet import ReadAs, Sheet
from bulkvm.readers.example_row import drop_example_rows
from bulkvm.readers.other_systems.cell_conversion import Conversion, unknown_word, unread_rows, word_of
from bulkvm.readers.other_systems.contexts import contexts_of, count_contexts, find_doubtful_numbers
from bulkvm.readers.other_systems.export_columns import ExportColumns
from bulkvm.readers.other_systems.recognition import choose_layout, with_article
from bulkvm.readers.other_systems.switched_off import warn_of_switched_off
from bulkvm.readers.other_systems.system import IS_BOX, FileKind, System
from bulkvm.readers.other_systems.unread_columns import warn_of_unread_columns
from bulkvm.readers.skipped_rows import skip_rows
from bulkvm.readers.table import make_frame

_NUMBER: Final = re.compile(r"[0-9]{3,6}")


def heading_map_of(system: System, given: Mapping[str, str]) -> dict[str, str]:
    """Map the headings of an export to columns, by which its header is found. `given` are those that the user maps."""
    ours: dict[str, str] = {}
    for layout in system.layouts:
        ours |= dict.fromkeys(layout.known_headings(), "")
    for layout in system.layouts:
        ours |= {heading: header for header, found in layout.sources().items() for heading in found if heading}
    mapped = set(map(heading_key, given))
    return {theirs: header for theirs, header in ours.items() if heading_key(theirs) not in mapped} | dict(given)


def convert(raw: Sheet, system: System, given: Mapping[str, str], file: str) -> Sheet:
    """Turn the sheet of an export into one of boxes. Letters and row numbers stay those of the file.

    Args:
        raw: the sheet as it was read.
        system: what it is an export of.
        given: the headings that the user maps to columns (`--map`), which take precedence.
        file: the name of the file, for messages.

    Raises:
        SheetError: it is not an export of this system, or a heading is there twice.
    """
    layout = choose_layout(file, system, raw.headings, [theirs for theirs, header in given.items() if header])
    columns = ExportColumns.of(raw, layout, given, file)
    selected = _without_unread_rows(_select(raw, columns, system.kind), columns)
    left_out, problems = _find_left_out(selected, columns)
    sheet = skip_rows(drop_example_rows(replace(selected, left_out={**raw.left_out, **left_out})))
    conversion = Conversion(sheet, columns, system.kind)
    problems += conversion.run()
    problems += _warn_of_missing_flags(raw, columns)
    boxes = set(sheet.cells.index.tolist()) - sheet.left_out.keys()
    problems += warn_of_switched_off(raw, columns, boxes)
    problems += warn_of_unread_columns(raw, columns, boxes, system.kind)
    contexts = contexts_of(raw, columns, boxes)
    problems += find_doubtful_numbers(raw, columns, contexts, system.kind)
    missing = {theirs: header for theirs, header in given.items() if header and not _is_there(theirs, raw)}
    read_as = ReadAs(
        system=system.name,
        title=with_article(system),
        columns=conversion.headings(),
        never_read=columns.secrets(raw.headings),
        rows=len(sheet.cells.index),
        left_out=Counter(sheet.left_out.values()),
        contexts=count_contexts(contexts),
    )
    converted = conversion.result()
    return replace(
        converted,
        problems=(*sheet.problems, *(p for p in problems if p.row is None or p.row in boxes)),
        heading_map={**converted.heading_map, **missing},
        read_as=read_as,
    )


def _is_there(heading: str, sheet: Sheet) -> bool:
    return heading_key(heading) in set(map(heading_key, sheet.headings.values()))


def _select(raw: Sheet, columns: ExportColumns, kind: FileKind) -> Sheet:
    """Keep only the columns that are needed, so that no secret is in the sheet."""
    headers = {letter: header for header, letters in columns.letters().items() for letter in letters}
    kept = {*headers, *columns.helpers()}
    cells = raw.cells[[letter for letter in raw.cells.columns if letter in kept]]
    # In this order, parts of a name are joined.
    in_order = [*headers, *(letter for letter in raw.headings if letter in kept - headers.keys())]
    return replace(
        raw,
        headings={letter: heading for letter, heading in raw.headings.items() if letter in kept},
        cells=cells.replace(list(columns.layout.nulls), "") if columns.layout.nulls else cells,
        kinds={letter: kinds for letter, kinds in raw.kinds.items() if letter in kept},
        problems=tuple(
            _adapt(problem, kind) for problem in raw.problems if not problem.cell or _letter(problem.cell) in kept
        ),
        heading_map={raw.headings[letter]: headers.get(letter, "") for letter in in_order},
    )


def _adapt(problem: Problem, kind: FileKind) -> Problem:
    """Adapt the problems of a file that has secrets.

    A row that lacks a value is an error, since a secret may be in another column. The warning about a guessed encoding
    has no example, which may be part of a secret.
    """
    if problem.code is ProblemCode.MISSING_VALUES and problem.row is not None:
        return replace(problem, severity=Severity.ERROR)
    if problem.code is not ProblemCode.ENCODING or problem.row is not None:
        return problem
    message = (
        "the file is not in UTF-8 and was read as Windows-1252. If names are wrong, save the file as "
        f"{kind.text_format}."
    )
    return replace(problem, message=message)


def _without_unread_rows(sheet: Sheet, columns: ExportColumns) -> Sheet:
    """Empty the rows that could not be read as a whole: their values may be in other columns, and so may secrets.

    Only a number that is too short for a secret stays.
    """
    rows = unread_rows(sheet)
    if not rows:
        return sheet
    numbers = columns.letters().get(KEY_COLUMN.header, ())
    cells = {
        letter: [
            "" if row in rows and not (letter in numbers and _NUMBER.fullmatch(text)) else text
            for row, text in sheet.texts(letter).items()
        ]
        for letter in sheet.cells.columns
    }
    return replace(sheet, cells=make_frame(cells, sheet.cells.index.tolist()))


def _letter(cell: str) -> str:
    return cell.rstrip("0123456789")


def _warn_of_missing_flags(raw: Sheet, columns: ExportColumns) -> list[Problem]:
    """Warn if columns that show which boxes are off are mapped or ignored, or if a person has not ticked any."""
    headings = [flag.heading for flag in columns.layout.off]
    headings += [columns.layout.number] if columns.layout.needs_number else []
    there = [heading for heading in headings if _is_there(heading, raw)]
    mapped = [heading for heading in there if heading_key(heading) not in columns.by_key]
    if not headings or (there and not mapped):
        return []
    names = " or ".join(f'"{heading}"' for heading in mapped or headings)
    reason, remedy = (
        (f"--map changes what column {names} is", "Omit this --map")
        if mapped
        else (f"there is no column {names}", "Export the file with this column")
    )
    message = f"{reason}, so boxes that are off in the old system are also read. {remedy}, or delete their rows."
    return [Problem(row=None, code=ProblemCode.NOT_TAKEN, message=message)]


def _find_left_out(sheet: Sheet, columns: ExportColumns) -> tuple[dict[int, str], list[Problem]]:
    """Find the rows that are not boxes, with the reasons, and the words that do not show whether they are."""
    left_out: dict[int, str] = {}
    problems: list[Problem] = []
    unread = unread_rows(sheet)
    for flag in columns.layout.off:
        letter = columns.find(flag.heading)
        for row, text in sheet.texts(letter).items() if letter else ():
            if row in unread:
                continue
            meaning = flag.meaning(word_of(text, flag))
            if meaning is None:
                what = "so it is not certain whether the row is a box"
                problems.append(unknown_word(sheet, f"{letter}{row}", text, what, FileKind.TABLE.part))
            elif meaning != IS_BOX:
                left_out[row] = meaning
    without_number = _find_without_number(sheet, columns)
    left_out = {row: why for row, why in without_number.items() if row not in unread} | left_out
    return dict(sorted(left_out.items())), problems


def _find_without_number(sheet: Sheet, columns: ExportColumns) -> dict[int, str]:
    """The rows without a number, with the reason why they are not boxes, if the system has such rows."""
    numbers = columns.letters().get(KEY_COLUMN.header, ())
    if not columns.layout.no_number or not numbers:
        return {}
    blank = [row for row, text in sheet.texts(numbers[0]).items() if not text.strip(STRIP_CHARS)]
    if KEY_COLUMN.header not in columns.mapped:
        return dict.fromkeys(blank, columns.layout.no_number)
    own = columns.find(columns.layout.number)
    theirs = sheet.texts(own) if own else {}
    in_mapped = f'It has no number in the column "{shown(sheet.headings[numbers[0]])}".'
    has_none = {row for row, text in theirs.items() if not text.strip(STRIP_CHARS)}
    left_out = {row: columns.layout.no_number if row in has_none else in_mapped for row in blank}
    return left_out | (dict.fromkeys(has_none, columns.layout.no_number) if columns.layout.needs_number else {})
