"""The XML parts of a workbook, parsed piece by piece in bounded memory."""

from collections.abc import Iterator
from typing import IO, Final
from xml.parsers import expat

from openpyxl.xml.constants import REL_NS, SHEET_MAIN_NS

from bulkvm.errors import SheetError

_CHUNK: Final = 2**16
_LONGEST_TEXT: Final = 2**20  # a cell of Excel's has at most 32,767 characters
_DEEPEST: Final = 256
_SEPARATOR: Final = " "
# What Excel calls "Strict Open XML Spreadsheet" has names of its own for the same things.
_STRICT: Final = "http://purl.oclc.org/ooxml/"


class Reader:
    """Hears of each element, and does nothing with it. `text` is what stands after the tag that began last."""

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """An element begins."""

    def end(self, name: str, text: str) -> None:
        """An element ends."""


def names(local: str) -> frozenset[str]:
    """An element of a workbook, as `Reader` is told of it."""
    return frozenset({f"{SHEET_MAIN_NS}{_SEPARATOR}{local}", f"{_STRICT}spreadsheetml/main{_SEPARATOR}{local}"})


RELATION_ID: Final = (f"{REL_NS}{_SEPARATOR}id", f"{_STRICT}officeDocument/relationships{_SEPARATOR}id")


def parse(stream: IO[bytes], reader: Reader) -> Iterator[None]:
    """Parse a part, and pause after each piece of it.

    Raises:
        SheetError: it holds declarations or sizes that no spreadsheet program writes.
        expat.ExpatError: it is not well-formed.
    """
    text: list[str] = []
    depth = 0

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        text.clear()
        reader.start(name, attributes)

    def end(name: str) -> None:
        nonlocal depth
        depth -= 1
        reader.end(name, "".join(text))

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
        if given - parser.CurrentByteIndex > _LONGEST_TEXT or sum(map(len, text)) > _LONGEST_TEXT or depth > _DEEPEST:
            raise _hostile("a cell or a nesting of elements that is far beyond Excel's limits")
        yield
    parser.Parse(b"", True)
    yield


def parse_whole(stream: IO[bytes], reader: Reader) -> None:
    """Parse a part to its end."""
    for _ in parse(stream, reader):
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
