"""An incremental parser of a list of JSON objects, with one object in memory at a time."""

import re
from collections.abc import Iterator, Mapping
from json import JSONDecodeError, JSONDecoder
from typing import IO, Any, Final

from bulkvm.columns.cell_display import shown
from bulkvm.readers.read_limits import RECORD_CHARACTERS

_PIECE: Final = 2**16
_COUNT: Final = "count"
_NEXT_PAGE: Final = "next_start_key"  # of Kazoo
_SPACE: Final = re.compile(r"[ \t\r\n]*")


class Number(str):
    """A number as written."""

    __slots__ = ()


class NotAList(Exception):
    """The document is not a list."""


class InvalidJson(Exception):
    """The text is not valid JSON. The argument is the line."""


class BoxParser:
    """Parses the objects of a list one by one, with only one object and a piece of the text in memory.

    `count` is the number of boxes that an answer of the API names, as written, and `next_page` where its next page
    begins; `items` is the field of the answer that has the list, or with `may_be_one` a single object.
    """

    def __init__(self, stream: IO[str], items: str = "items", *, may_be_one: bool = False) -> None:
        self.count: object = None
        self.next_page: object = None
        self._items = items
        self._may_be_one = may_be_one
        self._stream = stream
        self._text = stream.read(_PIECE).removeprefix("\ufeff")
        self._at = 0
        self._line = 1  # on which the text in memory begins
        self._decoder = JSONDecoder(
            object_pairs_hook=_read_object, parse_int=Number, parse_float=Number, parse_constant=Number
        )

    def read(self) -> Iterator[Mapping[str, Any]]:
        """Yield the objects of a list, or of the items of an answer of the API.

        Raises:
            NotAList: the document is neither.
            InvalidJson: the text is not valid JSON.
            ValueError: the next item is not an object with fields, or is too long.
        """
        if self._accept("["):
            yield from self._read_list()
        elif self._accept("{"):
            yield from self._read_answer()
        else:
            raise NotAList
        if self._peek():
            raise self._damaged(self._at)

    def _read_list(self) -> Iterator[Mapping[str, Any]]:
        if self._accept("]"):
            return
        while True:
            box = self._read_value()
            if not box or not isinstance(box, dict):
                raise ValueError("there are no fields")
            yield box
            if not self._goes_on("]"):
                return

    def _read_answer(self) -> Iterator[Mapping[str, Any]]:
        """Yield the boxes of an answer of the API: {"count": 2, "items": [...]}."""
        if self._accept("}"):
            raise NotAList
        has_items = False
        while True:
            name = self._read_value()
            if not isinstance(name, str) or isinstance(name, Number) or not self._accept(":"):
                raise self._damaged(self._at)
            if name == self._items:
                if has_items:
                    raise NotAList
                has_items = True
                yield from self._read_items()
            else:
                value = self._read_value()
                self.count = value if name == _COUNT else self.count
                self.next_page = value if name == _NEXT_PAGE else self.next_page
            if not self._goes_on("}"):
                break
        if not has_items:
            raise NotAList

    def _read_items(self) -> Iterator[Mapping[str, Any]]:
        if self._accept("["):
            yield from self._read_list()
        elif self._may_be_one and self._peek() == "{":
            yield self._read_value()
        else:
            raise NotAList

    def _goes_on(self, end: str) -> bool:
        """Skip a comma, or the end of the list or object; return whether it was a comma."""
        if self._accept(end):
            return False
        if not self._accept(","):
            raise self._damaged(self._at)
        return True

    def _read_value(self) -> Any:
        self._peek()
        while True:
            try:
                value, end = self._decoder.raw_decode(self._text, self._at)
            except JSONDecodeError as error:
                if not self._read_more():
                    raise self._damaged(error.pos) from error
            else:
                if end < len(self._text) or not self._read_more():  # a number may go on
                    break
        self._check_length(end - self._at)
        self._at = end
        return value

    def _accept(self, mark: str) -> bool:
        """Skip a character if it comes next, and return whether it did."""
        found = self._peek() == mark
        self._at += found
        return found

    def _peek(self) -> str:
        """Skip white space, and return the next character."""
        while True:
            space = _SPACE.match(self._text, self._at)
            assert space is not None
            self._at = space.end()
            if self._at < len(self._text):
                return self._text[self._at]
            if not self._read_more():
                return ""

    def _read_more(self) -> bool:
        """Read another piece as long as the rest, so that a long box is parsed a few times and not for each piece."""
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
            raise ValueError(f"there are more than {RECORD_CHARACTERS:,} characters, or a bracket is not closed")

    def _damaged(self, at: int) -> InvalidJson:
        return InvalidJson(self._line + self._text.count("\n", 0, at))


def _read_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    box: dict[str, Any] = {}
    for name, value in pairs:
        if name in box:
            raise ValueError(f'the field "{shown(name)}" is repeated')
        box[name] = value
    return box
