"""JSON files: a list of boxes with the API's field names, as `bulkvm export` writes it, or an answer of the API."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from bulkvm.columns import COLUMNS, Column, FieldKind
from bulkvm.columns.boolean import format_boolean
from bulkvm.columns.cell_display import shown
from bulkvm.columns.header_matching import match_headings, may_be_other_secret
from bulkvm.model.errors import SheetError, UsageError
from bulkvm.model.problem import Problem, ProblemCode, Severity
from bulkvm.model.sheet import Sheet
from bulkvm.readers.encoding import decode
from bulkvm.readers.json_parser import BoxParser, InvalidJson, NotAList, Number
from bulkvm.readers.other_systems.kazoo_json import holds_kazoo_boxes, is_kazoo_box
from bulkvm.readers.other_systems.recognition import export_error
from bulkvm.readers.other_systems.systems import SYSTEM_OF_NAME
from bulkvm.readers.source import Source
from bulkvm.readers.table import LETTERS, Table, make_row

_HEADER_ROW: Final = 1  # as in a copy of the file as a sheet: the first box is row 2
_HEAD: Final = 4


class _Fields:
    """The field names in order of appearance, and their columns."""

    def __init__(self, file: str, heading_map: Mapping[str, str] | None) -> None:
        self._name = file
        self.letters: dict[str, str] = {}
        self._columns: dict[str, Column | None] = {}
        self._heading_map = heading_map
        self._postponed: dict[str, str] = {}  # errors in fields that may hold the secret of something else

    @property
    def headings(self) -> dict[str, str]:
        """The names by column letter."""
        return {letter: name for name, letter in self.letters.items()}

    def read(self, box: Mapping[str, Any], place: int) -> dict[str, str]:
        """Return the texts of a box by column letter.

        Raises:
            ValueError: a value is not one that an export contains.
        """
        return {self._letter(name): self._text(name, value, place) for name, value in box.items()}

    def check_postponed(self) -> None:
        """Raise SheetError for a value that could be read only if its field were not read.

        Only all fields together show whether a password is the PIN.
        """
        for letter in match_headings(self.headings, self._heading_map):
            if error := self._postponed.get(self.headings[letter]):
                raise _error(self._name, error)

    def _text(self, name: str, value: Any, place: int) -> str:
        try:
            return _read_value(self._columns[name], name, value)
        except ValueError as error:
            if not may_be_other_secret(name):
                raise
            self._postponed.setdefault(name, f"in box {place}, {error}")
            return ""

    def _letter(self, name: str) -> str:
        if name not in self.letters:
            if len(self.letters) == len(LETTERS):
                raise ValueError(f"the boxes have more than {len(LETTERS):,} different fields")
            self.letters[_check_text(name, "the name of a field")] = LETTERS[len(self.letters)]
            self._columns[name] = match_headings({name: name}, self._heading_map).get(name)
        return self.letters[name]


def read_json(
    source: Source, *, sheet: str | None, encoding: str | None, heading_map: Mapping[str, str] | None
) -> Sheet:
    """Read a JSON file. Boxes are rows from row 2 on, as below a header row."""
    if sheet is not None:
        raise UsageError(f"{source.name} is a JSON file, which has no sheets. Omit --sheet.")
    fields, table, place = _Fields(source.name, heading_map), Table(source, {}), 1
    text = decode(source, encoding or json.detect_encoding(source.stream.read(_HEAD)), may_be_mixed=False)
    with text.stream as stream:
        stream.seek(0)
        try:
            parser = BoxParser(stream)
            for box in parser.read():
                if place == 1 and is_kazoo_box(box):
                    raise export_error(source.name, SYSTEM_OF_NAME["kazoo"])
                table.add(make_row(_HEADER_ROW + place, fields.read(box, place)))
                place += 1
        except UnicodeError as error:
            raise _error(source.name, f"it is not valid {stream.encoding} text") from error
        except NotAList as error:
            if holds_kazoo_boxes(stream):
                raise export_error(source.name, SYSTEM_OF_NAME["kazoo"]) from error
            raise _error(source.name, "it is not a list of boxes") from error
        except InvalidJson as error:
            raise _error(source.name, f"it is damaged or cut off, at line {error}") from error
        except RecursionError as error:
            raise _error(source.name, f"box {place} is nested too deeply") from error
        except ValueError as error:
            raise _error(source.name, f"in box {place}, {error}") from error
    fields.check_postponed()
    # An export without boxes has no fields either.
    letters = fields.letters or dict(zip((column.header for column in COLUMNS), LETTERS, strict=False))
    return Sheet(
        path=source.path,
        name=None,
        header_row=_HEADER_ROW,
        headings={letter: name for name, letter in letters.items()},
        cells=table.to_frame().reindex(columns=list(letters.values()), fill_value=""),
        kinds=table.kinds,
        problems=tuple(_warn_of_page(place - 1, parser.count)),
        text_letters=frozenset(letters.values()),
    )


def _warn_of_page(boxes: int, count: object) -> Iterator[Problem]:
    """Warn if an answer of the API is one page of a longer list."""
    if isinstance(count, str) and count.isdecimal() and count != str(boxes):
        message = f"the file has {boxes:,} box{'' if boxes == 1 else 'es'}, and its count is {count}: " + (
            "it is one page of a list." if int(count) > boxes else "it was changed after it was saved."
        )
        yield Problem(row=None, code=ProblemCode.JSON, message=message, severity=Severity.WARNING)


def _read_value(column: Column | None, name: str, value: Any) -> str:
    """Return the text of a field. A field without a column may have any value."""
    is_boolean = column is not None and column.kind is FieldKind.BOOLEAN
    if value is None:
        return ""
    if isinstance(value, bool) and is_boolean:
        return format_boolean(value)
    if isinstance(value, str) and (column is None or not isinstance(value, Number)):
        return _check_text(value, f'the field "{shown(name)}"')
    if column is None:
        return ""
    if is_boolean:
        what = "true or false"
    elif column.kind is FieldKind.LIST:
        what = "text: write all addresses into one text, separated by commas"
    else:
        what = "text in quotes, which keeps leading zeros"
    raise ValueError(f"{column.header} is not {what}")


def _check_text(text: str, name: str) -> str:
    """Return the text, or raise ValueError if it contains a lone surrogate, which only JSON can express."""
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise ValueError(f"{name} contains half a character (a lone surrogate): type it again") from error
    return text


def _error(name: str, why: str) -> SheetError:
    return SheetError(
        f"{name} cannot be read as JSON: {why}. It must be a list of boxes with the API's field names, as "
        "`bulkvm export boxes.json` writes it.",
        ProblemCode.JSON,
    )
