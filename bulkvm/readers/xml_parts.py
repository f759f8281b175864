"""Incremental XML parsing of a workbook's parts, in bounded time and memory."""

from collections.abc import Iterator
from typing import IO, Final
from xml.parsers import expat

from openpyxl.xml.constants import REL_NS, SHEET_MAIN_NS

from bulkvm.model.errors import SheetError
from bulkvm.model.problem import ProblemCode
from bulkvm.readers.read_limits import ATTRIBUTES, DEPTH, ELEMENT_STEPS, NAMES, TOKEN_BYTES

_CHUNK: Final = 2**16
_SEPARATOR: Final = " "
_BEYOND_LIMITS: Final = "a cell, an element or a nesting of elements far beyond Excel's limits"
# "Strict Open XML Spreadsheet" in Excel has its own namespaces.
_STRICT: Final = "http://purl.oclc.org/ooxml/"


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


class XmlHandler:
    """No-op XML event handler. `text` is the text between the end tag and the tag before it."""

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """Handle a start tag."""

    def end(self, name: str, text: str) -> None:
        """Handle an end tag."""


def names(local: str) -> frozenset[str]:
    """Return the qualified names of a workbook element, as handlers get them."""
    return frozenset({f"{SHEET_MAIN_NS}{_SEPARATOR}{local}", f"{_STRICT}spreadsheetml/main{_SEPARATOR}{local}"})


RELATIONSHIP_ID: Final = (f"{REL_NS}{_SEPARATOR}id", f"{_STRICT}officeDocument/relationships{_SEPARATOR}id")


def parse(stream: IO[bytes], handler: XmlHandler, steps: Steps) -> Iterator[None]:
    """Parse a part, yielding after each chunk.

    Raises:
        SheetError: it contains declarations or sizes that no spreadsheet program writes.
        expat.ExpatError: it is not well-formed.
    """
    text: list[str] = []
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
        handler.start(name, attributes)

    def end(name: str) -> None:
        nonlocal ended
        ended += 1
        if text:
            handler.end(name, "".join(text))
            text.clear()  # so that enclosing elements do not join it again
        else:
            handler.end(name, "")

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
        if longest > TOKEN_BYTES or begun - ended > DEPTH or len(parser.intern) > NAMES:
            raise _hostile_error(_BEYOND_LIMITS)
        taken = begun * ELEMENT_STEPS + attributes_begun
        steps.take(taken - counted)
        counted = taken
        yield
    parser.Parse(b"", True)
    yield


def parse_whole(stream: IO[bytes], handler: XmlHandler, steps: Steps) -> None:
    """Parse a whole part."""
    for _ in parse(stream, handler, steps):
        pass


def _refuse_declarations(*_: object) -> None:
    """Refuse a document type: its entities can expand a few bytes to gigabytes, and no workbook has one."""
    raise _hostile_error("an XML document type")


def _hostile_error(what: str) -> SheetError:
    return SheetError(
        f"The workbook contains {what}, which no spreadsheet program writes, so it is not read. "
        "Open it in Excel, save it as .xlsx, and use that file.",
        ProblemCode.HOSTILE,
    )
