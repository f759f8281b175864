"""JSON files: a list of boxes with the API's names of the fields, as `bulkvm export` writes it."""

import json
import re
from collections.abc import Iterator, Mapping
from json import JSONDecodeError, JSONDecoder
from typing import IO, Any, Final

from bulkvm.columns import COLUMNS, Column
from bulkvm.columns.boolean import format_boolean
from bulkvm.columns.cell_display import shown
from bulkvm.columns.header_matching import match_heading
from bulkvm.model.errors import SheetError, UsageError
from bulkvm.model.sheet import CellKind, Sheet
from bulkvm.readers.encoding import decode
from bulkvm.readers.read_limits import CELL_CHARACTERS, RECORD_CHARACTERS
from bulkvm.readers.source import Source
from bulkvm.readers.table import LETTERS, Row, Table

_HEADER_ROW: Final = 1  # as in a copy of it: the first box is row 2
_HEAD: Final = 4
_PIECE: Final = 2**16
_SPACE: Final = re.compile(r"[ \t\r\n]*")


class _Number(str):
    """A number, with the digits that it was written in."""

    __slots__ = ()


class _Fields:
    """The names of the fields in the order in which they are met, and the columns that they are."""

    def __init__(self, heading_map: Mapping[str, str] | None) -> None:
        self.letters: dict[str, str] = {}
        self._columns: dict[str, Column | None] = {}
        self._heading_map = heading_map

    def read(self, box: Mapping[str, Any]) -> dict[str, str]:
        """The texts of a box by the letters of their columns.

        Raises:
            ValueError: a value is none that an export writes.
        """
        return {self._letter(name): _read_value(self._columns[name], name, value) for name, value in box.items()}

    def _letter(self, name: str) -> str:
        if name not in self.letters:
            if len(self.letters) == len(LETTERS):
                raise ValueError(f"the boxes have more than {len(LETTERS):,} different fields")
            self.letters[_whole(name, "the name of a field")] = LETTERS[len(self.letters)]
            self._columns[name] = match_heading(name, self._heading_map)
        return self.letters[name]


def read_json(
    source: Source, *, sheet: str | None, encoding: str | None, heading_map: Mapping[str, str] | None
) -> Sheet:
    """Read a JSON file. Its boxes are rows, the first of them row 2, as under a row of headings."""
    if sheet is not None:
        raise UsageError(f"{source.name} is a JSON file, which has no sheets to choose from. Leave --sheet out.")
    fields, table, place = _Fields(heading_map), Table(source, {}), 1
    text = decode(source, encoding or json.detect_encoding(source.stream.read(_HEAD)))
    with text.stream as stream:
        stream.seek(0)
        try:
            for box in _Boxes(stream).read():
                table.add(_row(_HEADER_ROW + place, fields.read(box)))
                place += 1
        except UnicodeError as error:
            raise _refused(source.name, f"it is not all {stream.encoding} text") from error
        except _NoList as error:
            raise _refused(source.name, "it is not a list of boxes") from error
        except _Damaged as error:
            raise _refused(source.name, f"it is damaged or cut off, at line {error}") from error
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
        kinds=table.kinds,
    )


class _NoList(Exception):
    """The text is no list."""


class _Damaged(Exception):
    """The text is no JSON. Its argument is the line."""


class _Boxes:
    """The objects of a list, one by one, so that no more than one and a piece of the text are held."""

    def __init__(self, stream: IO[str]) -> None:
        self._stream = stream
        self._text = stream.read(_PIECE).removeprefix("\ufeff")
        self._at = 0
        self._line = 1  # in which the text that is held begins
        self._decoder = JSONDecoder(
            object_pairs_hook=_read_object, parse_int=_Number, parse_float=_Number, parse_constant=_Number
        )

    def read(self) -> Iterator[Mapping[str, Any]]:
        """The objects.

        Raises:
            _NoList: there is no list.
            _Damaged: it is no JSON.
            ValueError: what comes next is no object, or a value is none that an export writes.
        """
        if not self._take("["):
            raise _NoList
        if not self._take("]"):
            while True:
                yield self._read_box()
                if self._take("]"):
                    break
                if not self._take(","):
                    raise self._damaged(self._at)
        if self._next():
            raise self._damaged(self._at)

    def _read_box(self) -> Mapping[str, Any]:
        self._next()
        while True:
            try:
                box, end = self._decoder.raw_decode(self._text, self._at)
            except JSONDecodeError as error:
                if not self._read_on():
                    raise self._damaged(error.pos) from error
            else:
                break
        if not box or not isinstance(box, dict):
            raise ValueError("there are no fields")
        self._check_length(end - self._at)
        self._at = end
        return box

    def _take(self, mark: str) -> bool:
        """Go on behind a mark, if it comes next."""
        found = self._next() == mark
        self._at += found
        return found

    def _next(self) -> str:
        """Go to the next character that is not white space."""
        while True:
            space = _SPACE.match(self._text, self._at)
            assert space is not None
            self._at = space.end()
            if self._at < len(self._text):
                return self._text[self._at]
            if not self._read_on():
                return ""

    def _read_on(self) -> bool:
        """Read another piece, as long as what is left already: a long box is tried a few times, not at each piece."""
        left = len(self._text) - self._at
        self._check_length(left)
        piece = self._stream.read(max(left, _PIECE))
        if piece:
            self._line += self._text.count("\n", 0, self._at)
            self._text, self._at = self._text[self._at :] + piece, 0
        return bool(piece)

    @staticmethod
    def _check_length(characters: int) -> None:
        if characters > RECORD_CHARACTERS:
            raise ValueError(f"there are more than {RECORD_CHARACTERS:,} characters, or it is not closed")

    def _damaged(self, at: int) -> _Damaged:
        return _Damaged(self._line + self._text.count("\n", 0, at))


def _row(number: int, texts: Mapping[str, str]) -> Row:
    long = {letter: text[:CELL_CHARACTERS] for letter, text in texts.items() if len(text) > CELL_CHARACTERS}
    return Row(number, {**texts, **long}, dict.fromkeys(long, CellKind.TOO_LONG)) if long else Row(number, texts)


def _read_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    box: dict[str, Any] = {}
    for name, value in pairs:
        if name in box:
            raise ValueError(f'the field "{shown(name)}" stands twice')
        box[name] = value
    return box


def _read_value(column: Column | None, name: str, value: Any) -> str:
    """The text of a field. One that is none of ours may be anything."""
    is_switch = column is not None and column.format is format_boolean
    if value is None:
        return ""
    if isinstance(value, bool) and is_switch:
        return format_boolean(value)
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
