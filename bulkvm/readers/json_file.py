"""JSON files: a list of boxes with the API's names of the fields, as `bulkvm export` writes it."""

import json
import os
import re
from collections.abc import Iterator, Mapping
from json import JSONDecodeError, JSONDecoder
from typing import Any, Final

from bulkvm.columns import COLUMNS, Column
from bulkvm.columns.headings import match_heading
from bulkvm.columns.switch import format_switch
from bulkvm.columns.text import shown
from bulkvm.errors import SheetError, UsageError
from bulkvm.readers.encoding import decode
from bulkvm.readers.source import Source
from bulkvm.readers.table import LETTERS, MAX_COLUMNS, Row, Table
from bulkvm.sheet import Sheet

_HEADER_ROW: Final = 1  # as in a copy of it: the first box is row 2
_MOST_MIB: Final = 128  # some 400,000 boxes
_MIB: Final = 2**20
_HEAD: Final = 4
_SPACES: Final = " \t\r\n"
_SPACE: Final = re.compile(f"[{_SPACES}]*")


class _Number(str):
    """A number, with the digits that it was written in."""

    __slots__ = ()


class _Fields:
    """The names of the fields in the order in which they are met, and the columns that they are."""

    def __init__(self, meant: Mapping[str, str] | None) -> None:
        self.letters: dict[str, str] = {}
        self._columns: dict[str, Column | None] = {}
        self._meant = meant

    def read(self, box: Mapping[str, Any]) -> dict[str, str]:
        """The texts of a box by the letters of their columns.

        Raises:
            ValueError: a value is none that an export writes.
        """
        return {self._letter(name): _read_value(self._columns[name], name, value) for name, value in box.items()}

    def _letter(self, name: str) -> str:
        if name not in self.letters:
            if len(self.letters) == MAX_COLUMNS:
                raise ValueError(f"the boxes have more than {MAX_COLUMNS:,} different fields")
            self.letters[_whole(name, "the name of a field")] = LETTERS[len(self.letters)]
            self._columns[name] = match_heading(name, self._meant)
        return self.letters[name]


def read_json(source: Source, *, sheet: str | None, encoding: str | None, meant: Mapping[str, str] | None) -> Sheet:
    """Read a JSON file. Its boxes are rows, the first of them row 2, as under a row of headings."""
    if sheet is not None:
        raise UsageError(f"{source.name} is a JSON file, which has no sheets to choose from. Leave --sheet out.")
    fields, table = _Fields(meant), Table(source.name, {})
    text, place = _read_text(source, encoding).rstrip(_SPACES), 1
    if not text.startswith("[", _skip(text, 0)):
        raise _refused(source.name, "it is not a list of boxes")
    try:
        for box in _boxes(text):
            table.add(Row(_HEADER_ROW + place, fields.read(box)))
            place += 1
    except JSONDecodeError as error:
        raise _refused(source.name, f"it is damaged or cut off, at line {error.lineno}") from error
    except RecursionError as error:
        raise _refused(source.name, f"box {place} of its list is nested too deeply") from error
    except ValueError as error:
        raise _refused(source.name, f"in box {place} of its list, {error}") from error
    # An export of no boxes has no fields either.
    letters = fields.letters or dict(zip((column.header for column in COLUMNS), LETTERS, strict=False))
    return Sheet(
        path=source.path,
        name=None,
        header_row=_HEADER_ROW,
        headings={letter: name for name, letter in letters.items()},
        cells=table.to_frame().reindex(columns=list(letters.values()), fill_value=""),
    )


def _read_text(source: Source, encoding: str | None) -> str:
    if source.stream.seek(0, os.SEEK_END) > _MOST_MIB * _MIB:
        raise SheetError(
            f"{source.name} is larger than {_MOST_MIB} MiB, which is more JSON than can be read at once. Split it into "
            "several files, or export it as .csv.",
            "too-large",
        )
    source.stream.seek(0)
    head = source.stream.read(_HEAD)
    text = decode(source, encoding or json.detect_encoding(head))
    with text.stream as stream:
        stream.seek(0)
        try:
            return stream.read().removeprefix("\ufeff")
        except UnicodeError as error:
            raise _refused(source.name, f"it is not all {stream.encoding} text") from error


def _boxes(text: str) -> Iterator[Mapping[str, Any]]:
    """The objects of the list, one by one, so that no more than one is held as Python's own.

    Raises:
        ValueError: what comes next is none.
    """
    decoder = JSONDecoder(
        object_pairs_hook=_read_object, parse_int=_Number, parse_float=_Number, parse_constant=_Number
    )
    at = _skip(text, _skip(text, 0) + 1)
    is_open = not text.startswith("]", at)
    while is_open:
        box, at = decoder.raw_decode(text, at)
        if not box or not isinstance(box, dict):
            raise ValueError("there are no fields")
        yield box
        at = _skip(text, at)
        if is_open := text.startswith(",", at):
            at = _skip(text, at + 1)
    if text[at:] != "]":
        raise JSONDecodeError("", text, at)


def _skip(text: str, at: int) -> int:
    """Where what is not white space begins."""
    found = _SPACE.match(text, at)
    assert found is not None
    return found.end()


def _read_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    box: dict[str, Any] = {}
    for name, value in pairs:
        if name in box:
            raise ValueError(f'the field "{shown(name)}" stands twice')
        box[name] = value
    return box


def _read_value(column: Column | None, name: str, value: Any) -> str:
    """The text of a field. One that is none of ours may be anything."""
    is_switch = column is not None and column.format is format_switch
    if value is None:
        return ""
    if isinstance(value, bool) and is_switch:
        return format_switch(value)
    if isinstance(value, str) and (column is None or not isinstance(value, _Number)):
        return _whole(value, f'the field "{shown(name)}"')
    if column is None:
        return ""
    what = "true or false" if is_switch else "a text in quotes, which keeps zeros in front"
    raise ValueError(f"{column.header} is not {what}")


def _whole(text: str, name: str) -> str:
    """A text, refused if it holds half a character, which JSON can write and nothing else."""
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise ValueError(f"{name} has half a character in it: type it again") from error
    return text


def _refused(name: str, why: str) -> SheetError:
    return SheetError(
        f"{name} cannot be read as JSON: {why}. It must be as `bulkvm export boxes.json` writes it: a list of boxes "
        "with the API's names for their fields.",
        "json",
    )
