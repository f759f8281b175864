"""The XML parts of a workbook, parsed piece by piece in bounded memory."""

from collections.abc import Iterator
from typing import IO, Final
from xml.parsers import expat

from openpyxl.xml.constants import REL_NS, SHEET_MAIN_NS

from bulkvm.model.errors import SheetError
from bulkvm.readers.read_limits import ATTRIBUTES, DEPTH, ELEMENT_STEPS, NAMES, TOKEN_BYTES

_CHUNK: Final = 2**16
_SEPARATOR: Final = " "
_BEYOND_LIMITS: Final = "a cell, an element or a nesting of elements that is far beyond Excel's limits"
# What Excel calls "Strict Open XML Spreadsheet" has names of its own for the same things.
_STRICT: Final = "http://purl.oclc.org/ooxml/"


class Steps:
    """How many steps the XML of a workbook may still take, over all its parts."""

    def __init__(self, steps: int) -> None:
        self._left = steps

    def take(self, steps: int) -> None:
        """Count steps that were taken.

        Raises:
            SheetError: they are too many.
        """
        self._left -= steps
        if self._left < 0:
            raise _hostile("far more cells, rows or other elements than its size allows for")


class Reader:
    """No-op XML event handler. `text` is what stands right before the tag that ends, since the last tag."""

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """An element begins."""

    def end(self, name: str, text: str) -> None:
        """An element ends."""


def names(local: str) -> frozenset[str]:
    """The names of an element of a workbook, as `Reader` gets them."""
    return frozenset({f"{SHEET_MAIN_NS}{_SEPARATOR}{local}", f"{_STRICT}spreadsheetml/main{_SEPARATOR}{local}"})


RELATION_ID: Final = (f"{REL_NS}{_SEPARATOR}id", f"{_STRICT}officeDocument/relationships{_SEPARATOR}id")


def parse(stream: IO[bytes], reader: Reader, steps: Steps) -> Iterator[None]:
    """Parse a part, and pause after each piece of it.

    Raises:
        SheetError: it holds declarations or sizes that no spreadsheet program writes.
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
                raise _hostile(_BEYOND_LIMITS)
        if text:
            text.clear()
        reader.start(name, attributes)

    def end(name: str) -> None:
        nonlocal ended
        ended += 1
        if text:
            reader.end(name, "".join(text))
            text.clear()  # lest each of the elements around it joins it again
        else:
            reader.end(name, "")

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
            raise _hostile(_BEYOND_LIMITS)
        taken = begun * ELEMENT_STEPS + attributes_begun
        steps.take(taken - counted)
        counted = taken
        yield
    parser.Parse(b"", True)
    yield


def parse_whole(stream: IO[bytes], reader: Reader, steps: Steps) -> None:
    """Parse a part to its end."""
    for _ in parse(stream, reader, steps):
        pass


def _refuse_declarations(*_: object) -> None:
    """Entities, which can blow a few bytes up to gigabytes, are declared in a document type; sheets have none."""
    raise _hostile("an XML document type")


def _hostile(what: str) -> SheetError:
    return SheetError(
        f"The workbook holds {what}, which no spreadsheet program writes, so it is not read. "
        "Open it in Excel, save it as .xlsx, and use that file.",
        "hostile",
    )
