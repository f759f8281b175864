"""Incremental XML parsing of a workbook's parts, in bounded time and memory."""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import IO, Final, TypeVar
from xml.parsers import expat

from bulkvm.model.errors import SheetError
from bulkvm.model.problem import ProblemCode
from bulkvm.readers.read_limits import ATTRIBUTES, DEPTH, ELEMENT_STEPS, NAMES, TOKEN_BYTES

_CHUNK: Final = 2**16
_SEPARATOR: Final = " "
_BEYOND_LIMITS: Final = "a cell, an element or a nesting of elements far beyond Excel's limits"
_TRANSITIONAL: Final = "http://schemas.openxmlformats.org/"
# "Strict Open XML Spreadsheet" in Excel has its own namespaces.
_STRICT: Final = "http://purl.oclc.org/ooxml/"
INDEX_DIGITS: Final = 9
SMALLEST_TEXT: Final = 4.0  # points: the height of a row, or the size of a font, in which text can be seen
_INDEX: Final = re.compile(rf"\s*([0-9]{{1,{INDEX_DIGITS}}})\s*")

_Handler = TypeVar("_Handler")


class Steps:
    """The remaining XML steps of a workbook, for all its parts."""

    def __init__(self, steps: int) -> None:
        self._left = steps

    def take(self, steps: int) -> None:
        """Count steps.

        Raises:
            SheetError: there are too many.
        """
        self._left -= steps
        if self._left < 0:
            raise _hostile_error("far more cells, rows or other elements than its size allows for")


# Handlers by element. Those of start tags get the attributes, those of end tags the text since the last tag.
StartHandler = Callable[[dict[str, str]], None]
StartHandlers = Mapping[str, StartHandler]
EndHandlers = Mapping[str, Callable[[str], None]]


class XmlHandler:
    """XML event handler. Elements without a handler are skipped."""

    def start_handlers(self) -> StartHandlers:
        """Return the handlers of start tags."""
        return {}

    def end_handlers(self) -> EndHandlers:
        """Return the handlers of end tags."""
        return {}


def for_elements(**handlers: _Handler) -> dict[str, _Handler]:
    """Return handlers by the qualified names of workbook elements."""
    namespaces = (f"{_TRANSITIONAL}spreadsheetml/2006/main", f"{_STRICT}spreadsheetml/main")
    return {f"{space}{_SEPARATOR}{name}": handler for space in namespaces for name, handler in handlers.items()}


def for_drawing(**handlers: _Handler) -> dict[str, _Handler]:
    """Return handlers by the qualified names of elements of drawings and themes."""
    namespaces = (f"{_TRANSITIONAL}drawingml/2006/main", f"{_STRICT}drawingml/main")
    return {f"{space}{_SEPARATOR}{name}": handler for space in namespaces for name, handler in handlers.items()}


RELATIONSHIP: Final = f"{_TRANSITIONAL}package/2006/relationships{_SEPARATOR}Relationship"
RELATIONSHIP_ID: Final = (
    f"{_TRANSITIONAL}officeDocument/2006/relationships{_SEPARATOR}id",
    f"{_STRICT}officeDocument/relationships{_SEPARATOR}id",
)


def parse(stream: IO[bytes], handler: XmlHandler, steps: Steps) -> Iterator[None]:
    """Parse a part, yielding after each chunk.

    Raises:
        SheetError: it contains declarations or sizes that no spreadsheet program writes.
        expat.ExpatError: it is not well-formed.
    """
    text: list[str] = []
    start_handlers, end_handlers = handler.start_handlers(), handler.end_handlers()
    begun = ended = counted = attributes_begun = 0

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal begun, attributes_begun
        begun += 1
        if attributes:
            number = len(attributes)
            attributes_begun += number
            if number > ATTRIBUTES:
                raise _hostile_error(_BEYOND_LIMITS)
        if text:
            text.clear()
        if handle := start_handlers.get(name):
            handle(attributes)

    def end(name: str) -> None:
        nonlocal ended
        ended += 1
        if handle := end_handlers.get(name):
            handle("".join(text))
        if text:
            text.clear()  # so that enclosing elements do not join it again

    parser = expat.ParserCreate(namespace_separator=_SEPARATOR)
    parser.buffer_text = True
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = text.append
    parser.StartDoctypeDeclHandler = _refuse_declarations
    given = 0
    while chunk := stream.read(_CHUNK):
        parser.Parse(chunk)
        given += len(chunk)
        longest = max(given - parser.CurrentByteIndex, sum(map(len, text)))
        _check_limits(longest, begun - ended, len(parser.intern))
        taken = begun * ELEMENT_STEPS + attributes_begun
        steps.take(taken - counted)
        counted = taken
        yield
    parser.Parse(b"", True)
    yield


def _check_limits(longest: int, depth: int, names: int) -> None:
    if longest > TOKEN_BYTES or depth > DEPTH or names > NAMES:
        raise _hostile_error(_BEYOND_LIMITS)


def parse_whole(stream: IO[bytes], handler: XmlHandler, steps: Steps) -> None:
    """Parse a whole part."""
    for _ in parse(stream, handler, steps):
        pass


def read_index(stored: str) -> int | None:
    """Parse a zero-based index, such as that of a shared string; None if it is not one."""
    if stored.isdecimal() and stored.isascii() and len(stored) <= INDEX_DIGITS:  # most cells
        return int(stored)
    found = _INDEX.fullmatch(stored)
    return int(found[1]) if found else None


def is_on(attributes: Mapping[str, str]) -> bool:
    """Whether an element such as <strike/> turns a property on: it does unless its value is false."""
    return attributes.get("val", "1") not in {"0", "false"}


def is_below(size: str | None, smallest: float) -> bool:
    """Whether a width, a height or a size is too small for text to be seen; one that is no number is the default."""
    try:
        return size is not None and float(size) < smallest
    except ValueError:
        return False


def _refuse_declarations(*_: object) -> None:
    """Refuse a document type: its entities can expand a few bytes to gigabytes, and no workbook has one."""
    raise _hostile_error("an XML document type")


def _hostile_error(what: str) -> SheetError:
    return SheetError(
        f"The workbook contains {what}, which no spreadsheet program writes, so it is not read. "
        "Open it in Excel, save it as .xlsx, and use that file.",
        ProblemCode.HOSTILE,
    )
