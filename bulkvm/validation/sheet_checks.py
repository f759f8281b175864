"""Validates a whole sheet."""

import gc
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import repeat
from typing import Any, Final, cast

from bulkvm.columns import COLUMN_OF_HEADER, COLUMNS, KEY_COLUMN, PIN_COLUMN, Column
from bulkvm.columns.extension import shown_extension
from bulkvm.columns.sheet_columns import letters_by_header, sheet_columns
from bulkvm.model.box import BLANK, Record
from bulkvm.model.outcome import Outcome, Status
from bulkvm.model.problem import Problem, ProblemCode, Severity, rows_with_errors
from bulkvm.model.settings import DEFAULT_PIN_POLICY, PinPolicy
from bulkvm.model.sheet import NONE_HIDDEN, HiddenCells, Sheet
from bulkvm.validation.action_columns import check_action_columns
from bulkvm.validation.cell_checks import CheckedColumn, check_column, problem_in
from bulkvm.validation.example_cells import join_examples, rows_with_examples
from bulkvm.validation.export_exemptions import keep_exported
from bulkvm.validation.header_checks import check_headings, missing_to_create
from bulkvm.validation.joined_columns import join_columns
from bulkvm.validation.leading_zeros import (
    ZERO_RESTORED,
    restore_short_pins,
    restore_zeros,
    warn_of_lost_zeros,
    warn_of_short_extensions,
    warn_of_short_pins,
)
from bulkvm.validation.refused_pins import (
    blank_refused_pins,
    read_pin_column,
    rows_with_restored_zeros,
    warn_of_sent_pins,
)
from bulkvm.validation.row_checks import (
    NO_EXTENSION,
    RowFault,
    check_counting_pins,
    check_notification_columns,
    check_rows,
    extension_twice,
)
from bulkvm.validation.unwanted_sections import warn_of_rows_below, warn_of_unwanted_sheet

_NO_ROWS: Final = Problem(
    row=None,
    code=ProblemCode.NO_ROWS,
    message="there are no rows below the headings. Fill in a row for each box, and save the file.",
)
_PLACE_BITS: Final = 16  # more than Excel has columns; single numbers are sorted in less time and memory than tuples


@dataclass(frozen=True, slots=True)
class Checked:
    """A validated sheet.

    Attributes:
        records: of the rows without errors.
        problems: of all rows, in the order of the sheet.
        extensions: of all rows; the text of the cell where it is not valid.
        missing: the columns that a new box needs and the sheet lacks.
        understood: records of all rows, with BLANK for what could not be read, and "" for the extension.
        letters: the letters of the columns, by header; of several that are joined, the first.
        completed: the extension and the id of each row that an earlier run completed (`--only-failed`).
        left_out: the rows that are not boxes, with the reasons. They have no record and no problems.
        refused_pins: the errors of PINs that count as blank since the rules refuse them, by row: all such PINs with
            `--replace-pins`, and those in a result that an import replaced or did not send.
        pins_not_sent: the rows of a result whose PIN an import did not send, since the box kept its own, or since it
            sent the PIN with the zeros that it had lost.
        sent_pins: the PINs, by row of a result, that an import sent in place of those in the cells.
        hidden: the rows and columns that the sheet hides.
    """

    records: tuple[Record, ...]
    problems: tuple[Problem, ...]
    extensions: Mapping[int, str]
    missing: tuple[Column, ...] = ()
    understood: tuple[Record, ...] = ()
    letters: Mapping[str, str] = field(default_factory=dict)
    completed: tuple[Record, ...] = ()
    left_out: Mapping[int, str] = field(default_factory=dict)
    refused_pins: Mapping[int, Problem] = field(default_factory=dict)
    pins_not_sent: Collection[int] = frozenset()
    sent_pins: Mapping[int, str] = field(default_factory=dict, repr=False)
    hidden: HiddenCells = NONE_HIDDEN

    @property
    def left_out_outcomes(self) -> tuple[Outcome, ...]:
        """The outcomes of the rows that are left out."""
        return tuple(
            Outcome(row=row, extension_number=self.extensions[row], status=Status.LEFT_OUT, message=reason)
            for row, reason in self.left_out.items()
        )

    @property
    def is_readable(self) -> bool:
        """Whether the rows can be read: there is no error of the whole file."""
        return not any(problem.is_error and problem.row is None for problem in self.problems)

    def with_cells(self, problems: Iterable[Problem]) -> tuple[Problem, ...]:
        """Add the cell to problems that name a row and a column, such as those of a plan.

        If the sheet lacks the column, that is the cell of the extension.
        """
        return self.hidden.named_in(map(self._with_cell, problems))

    def _with_cell(self, problem: Problem) -> Problem:
        if problem.row is None or problem.column is None or problem.cell is not None or not self.letters:
            return problem
        header = problem.column if problem.column in self.letters else KEY_COLUMN.header
        return replace(problem, column=header, cell=f"{self.letters[header]}{problem.row}")


@contextmanager
def _collector_paused() -> Iterator[None]:
    """Pause the garbage collector, which searches all rows again and again while new ones are made."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            if not gc.get_freeze_count():  # counts the new rows as old: else the next collection would search them all
                gc.freeze()
                gc.unfreeze()
            gc.enable()


@_collector_paused()
def validate(
    sheet: Sheet,
    policy: PinPolicy = DEFAULT_PIN_POLICY,
    *,
    fix_zeros: bool = False,
    replace_pins: bool = False,
) -> Checked:
    """Check every cell of every row that is not left out.

    Args:
        sheet: as it was read.
        policy: the allowed length of PINs.
        fix_zeros: restore leading zeros that PINs probably lost (`--fix leading-zeros`).
        replace_pins: count PINs as blank that the policy or the PBX's rules refuse.
    """
    checked = _validate(sheet.without_left_out(), policy, fix_zeros=fix_zeros, replace_pins=replace_pins)
    checked = replace(checked, problems=sheet.hidden.named_in(checked.problems), hidden=sheet.hidden)
    if not len(sheet.cells) and checked.is_readable:
        return replace(checked, problems=(_NO_ROWS, *checked.problems))
    if not sheet.left_out:
        return checked
    letters = letters_by_header(sheet).get(KEY_COLUMN.header)
    shown = sheet.texts(letters[0]) if letters else {}
    extensions = {
        row: checked.extensions[row] if row in checked.extensions else shown_extension(shown.get(row, ""))
        for row in sheet.cells.index.tolist()
    }
    return replace(checked, extensions=extensions, left_out=sheet.left_out)


def _validate(sheet: Sheet, policy: PinPolicy, *, fix_zeros: bool, replace_pins: bool) -> Checked:
    """Check every cell of every row."""
    columns, of_file = sheet_columns(sheet), check_headings(sheet)
    problems = [*of_file, *(_with_column(problem, columns) for problem in sheet.problems)]
    rows = sheet.cells.index.tolist()
    if any(problem.is_error for problem in of_file):
        return Checked((), _in_order(problems, {}), dict.fromkeys(rows, ""))
    all_letters = letters_by_header(sheet)
    checked = {
        header: _check(sheet, header, found, rows, policy, fix_zeros=fix_zeros) for header, found in all_letters.items()
    }
    letters = {header: found[0] for header, found in all_letters.items()}
    refused_pins, not_sent, sent_pins = _blank_refused_pins(sheet, checked, rows, replace_pins=replace_pins)
    shifted = _shifted_rows(sheet.problems)
    problems.extend(p for column in checked.values() for p in column.problems if _is_in_place(p, shifted))
    numbers = _texts(rows, checked[KEY_COLUMN.header])
    problems.extend(_missing_extensions(rows, checked[KEY_COLUMN.header], letters[KEY_COLUMN.header]))
    problems.extend(_placed(extension_twice(numbers), letters))
    problems.extend(check_action_columns(sheet))
    problems.extend(warn_of_unwanted_sheet(sheet))
    problems = warn_of_rows_below(problems, sheet)
    problems.extend(_placed(warn_of_short_extensions(sheet, letters[KEY_COLUMN.header], numbers), letters))
    made = _records(rows, checked)
    understood, problems = keep_exported(made, problems, sheet, all_letters)
    problems = join_examples(problems)
    refused = rows_with_errors(problems)
    unread = {header: column.unread for header, column in checked.items()}
    checked.clear()  # saves memory for a million rows, as the next line does
    del numbers
    problems.extend(p for p in _placed(check_rows(understood, unread), letters) if _is_in_place(p, shifted))
    if PIN_COLUMN.header in letters:
        problems.extend(check_counting_pins(understood, letters[PIN_COLUMN.header]))
    problems.extend(check_notification_columns(understood, letters, is_export=sheet.read_as is not None))
    return Checked(
        tuple([record for record in understood if record.row not in refused]) if refused else understood,
        _in_order(problems, columns),
        _extensions(made, sheet.cells[letters[KEY_COLUMN.header]].tolist()),
        missing_to_create(columns),
        understood,
        letters,
        refused_pins=refused_pins,
        pins_not_sent=not_sent,
        sent_pins=sent_pins,
    )


def _shifted_rows(problems: Iterable[Problem]) -> frozenset[int | None]:
    """The rows whose values are in other columns than they belong to, since a value has a delimiter."""
    return frozenset(problem.row for problem in problems if problem.code is ProblemCode.SURPLUS_VALUES)


def _is_in_place(problem: Problem, shifted: Collection[int | None]) -> bool:
    """Whether a problem is about a value in its column: the first one of a shifted row is."""
    return problem.row not in shifted or problem.column == KEY_COLUMN.header


def _blank_refused_pins(
    sheet: Sheet, checked: dict[str, CheckedColumn], rows: Sequence[int], *, replace_pins: bool
) -> tuple[Mapping[int, Problem], set[int], Mapping[int, str]]:
    """Blank the refused PINs of all rows, or of those whose PIN an import did not send.

    Returns:
        The errors of these PINs by row, the rows of a result whose box kept its PIN, and the PINs that an import sent
        in place of those in the cells.
    """
    replaced, not_sent = read_pin_column(sheet)
    chosen = set(rows) if replace_pins else replaced.keys() | not_sent
    if not chosen or PIN_COLUMN.header not in checked:
        return {}, not_sent, replaced
    if replaced:
        pins = dict(zip(rows, checked[PIN_COLUMN.header].values, strict=True))
        not_sent |= rows_with_restored_zeros(replaced, pins)
    checked[PIN_COLUMN.header], refused = blank_refused_pins(checked[PIN_COLUMN.header], rows, chosen)
    return refused, not_sent, replaced


def warn_of_blanks(checked: Checked) -> tuple[Problem, ...]:
    """Warn of what a new box would lack. Only the PBX knows which rows are for new boxes."""
    sent = warn_of_sent_pins(checked.refused_pins, checked.pins_not_sent)
    empty = _empty_columns(checked)
    blank = _blank_cells(checked, checked.understood, without=empty)
    return (*_warn_of_missing(checked, empty), *blank, *checked.with_cells(sent))


def warn_of_blanks_beside_errors(checked: Checked) -> tuple[Problem, ...]:
    """Warn of what new boxes would lack in rows that have an error, so that both can be corrected at once."""
    refused = rows_with_errors(checked.problems)
    return _blank_cells(checked, [record for record in checked.understood if record.row in refused])


def _warn_of_missing(checked: Checked, empty: Collection[Column]) -> Iterator[Problem]:
    """Warn once of each column that a new box needs, and that the sheet lacks or leaves empty."""
    for column in (*checked.missing, *empty):
        is_empty = column in empty
        if code := column.blank_code if is_empty else column.missing_code:
            what = f'the column "{column.title}" is empty' if is_empty else f'there is no column "{column.title}"'
            message = f"{what}, so this sheet can change boxes but not create any."
            yield Problem(row=None, column=column.header, code=code, message=message, severity=Severity.WARNING)


def _empty_columns(checked: Checked) -> tuple[Column, ...]:
    """The columns that a new box needs, and in which no one of several rows has a value."""
    boxes = [record for record in checked.understood if record.extension_number]
    if len(boxes) <= 1:
        return ()
    used = {problem.column for problem in checked.problems if problem.is_error}
    if checked.refused_pins or checked.sent_pins:
        used.add(PIN_COLUMN.header)
    return tuple(
        column
        for column in COLUMNS
        if column.blank_code
        and column not in checked.missing
        and column.header not in used
        and all(getattr(record, column.header) is BLANK for record in boxes)
    )


def _blank_cells(
    checked: Checked, records: Iterable[Record], *, without: Collection[Column] = ()
) -> tuple[Problem, ...]:
    unread = {(problem.row, problem.column) for problem in checked.problems if problem.is_error}
    # Such a row is probably a note or a total, or its values are in other columns.
    no_boxes = (
        _shifted_rows(checked.problems)
        | rows_with_examples(checked.problems)
        | {
            record.row
            for record in checked.understood
            if not record.extension_number and _is_note(checked.extensions[record.row], record)
        }
    )
    messages = {  # the same for all rows, which may be a million
        column: f"The {column.title if column.secret else column.title.lower()} is blank, and a new box needs one. "
        "It can stay blank if the box exists already."
        for column in COLUMNS
        if column.blank_code and column not in checked.missing and column not in without
    }
    problems = [
        Problem(
            row=record.row,
            cell=f"{checked.letters[column.header]}{record.row}" if column.header in checked.letters else None,
            column=column.header,
            code=column.blank_code,
            message=message,
        )
        for record in records
        for column, message in messages.items()
        if column.blank_code
        and getattr(record, column.header) is BLANK
        and (record.row, column.header) not in unread
        and record.row not in no_boxes
        and not (column is PIN_COLUMN and (record.row in checked.refused_pins or record.row in checked.sent_pins))
    ]
    return checked.with_cells(problems)


def _is_note(text: str, record: Record) -> bool:
    """Whether words stand in place of the extension, without digits, or there are neither it, a name nor a PIN.

    A single digit, also in brackets, is no extension, but may be the number of a column.
    """
    has_neither = record.name is BLANK and record.pin is BLANK
    is_text_only = has_neither or not any(map(str.isdigit, text))
    return (is_text_only and any(map(str.isalpha, text))) or (has_neither and not text.strip("().[]#")[1:])


def _check(
    sheet: Sheet, header: str, letters: Sequence[str], rows: Sequence[int], policy: PinPolicy, *, fix_zeros: bool
) -> CheckedColumn:
    """Check a column of the table, of which a sheet may have several to be joined."""
    column = COLUMN_OF_HEADER[header]
    parts = {letter: _check_one(sheet, column, letter, rows, policy, fix_zeros=fix_zeros) for letter in letters}
    return parts[letters[0]] if len(parts) == 1 else join_columns(column, parts, rows, policy)


def _check_one(
    sheet: Sheet, column: Column, letter: str, rows: Sequence[int], policy: PinPolicy, *, fix_zeros: bool
) -> CheckedColumn:
    """Check one column of a sheet; in the PIN column, also look for dropped zeros."""
    kinds = sheet.kinds.get(letter, {})
    texts = sheet.cells[letter].tolist()
    if column is not PIN_COLUMN:
        return check_column(column, letter, rows, texts, kinds=kinds, policy=policy)
    if not fix_zeros:
        checked = check_column(column, letter, rows, texts, kinds=kinds, policy=policy)
        problems = warn_of_lost_zeros(sheet, letter, checked.problems, policy)
        return replace(checked, problems=(*problems, *_short_pins(sheet, letter, rows, checked)))
    restored, faults = restore_zeros(sheet, letter, rows, texts, policy)
    checked = check_column(column, letter, rows, restored, kinds=kinds, policy=policy)
    pins = {row: pin for row, pin in _texts(rows, checked).items() if row not in faults}
    if longer := restore_short_pins(sheet, letter, pins):
        restored = [longer.get(row, text) for row, text in zip(rows, restored, strict=True)]
        checked = check_column(column, letter, rows, restored, kinds=kinds, policy=policy)
        faults |= dict.fromkeys(longer, ZERO_RESTORED)
    warnings = (problem_in(column, letter, row, fault) for row, fault in faults.items())
    return replace(checked, problems=(*checked.problems, *warnings))


def _short_pins(sheet: Sheet, letter: str, rows: Sequence[int], checked: CheckedColumn) -> Iterable[Problem]:
    if len({len(value) for value in checked.values if isinstance(value, str)}) <= 1:  # nearly always
        return ()
    short = warn_of_short_pins(sheet, letter, _texts(rows, checked))
    return (problem_in(PIN_COLUMN, letter, row, fault) for row, fault in short)


def _texts(rows: Sequence[int], column: CheckedColumn) -> dict[int, str]:
    """The valid texts of a column, such as extensions, by row."""
    texts = {row: value for row, value in zip(rows, column.values, strict=True) if value is not BLANK}
    return cast("dict[int, str]", texts)  # they have no other values, and asking for the type takes twice as long


def _extensions(records: Sequence[Record], texts: Sequence[str]) -> dict[int, str]:
    """The extensions of all rows; the text of the cell where it is not valid."""
    cells = zip(records, texts, strict=True)
    return {record.row: record.extension_number or shown_extension(text) for record, text in cells}


def _missing_extensions(rows: Sequence[int], key: CheckedColumn, letter: str) -> Iterable[Problem]:
    blank = [row for row, value in zip(rows, key.values, strict=True) if value is BLANK]
    return (problem_in(KEY_COLUMN, letter, row, NO_EXTENSION) for row in blank if row not in key.unread)


def _placed(faults: Iterable[RowFault], letters: Mapping[str, str]) -> Iterable[Problem]:
    """Make problems of faults; if the sheet lacks the column, they are at the extension's cell."""
    for row, header, fault in faults:
        place = header if header in letters else KEY_COLUMN.header
        yield problem_in(COLUMN_OF_HEADER[place], letters[place], row, fault)


def _records(rows: Sequence[int], checked: Mapping[str, CheckedColumn]) -> tuple[Record, ...]:
    """Make a record of each row, with BLANK for cells that could not be read."""
    numbers = ["" if value is BLANK else value for value in checked[KEY_COLUMN.header].values]
    others: list[Iterable[Any]] = [
        checked[column.header].values if column.header in checked else repeat(BLANK)
        for column in COLUMNS
        if column is not KEY_COLUMN
    ]
    return Record.from_columns((rows, numbers, *others, repeat(())), len(rows))  # in the columns' order


def _with_column(problem: Problem, columns: Mapping[str, Column]) -> Problem:
    """Add the column to a problem of a cell that reading found."""
    column = columns.get((problem.cell or "").rstrip("0123456789"))
    return problem if column is None or problem.column else replace(problem, column=column.header)


def _in_order(problems: Iterable[Problem], columns: Mapping[str, Column]) -> tuple[Problem, ...]:
    """Sort problems: those of the file first, then by row and column."""
    place = {column.header: position for position, column in enumerate(columns.values())}
    return tuple(sorted(problems, key=lambda p: ((p.row or 0) << _PLACE_BITS) + place.get(p.column or "", -1) + 1))
