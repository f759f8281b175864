"""What a workbook shows besides its cells: comments, pictures, headers and footers, the print area and others."""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Final

from bulkvm.model.errors import BulkvmError
from bulkvm.readers.file_type import damaged_error
from bulkvm.readers.package import Package, open_archive, open_package
from bulkvm.readers.source import Source
from bulkvm.readers.xml_parts import EndHandlers, StartHandlers, XmlHandler, for_elements, parse_whole
from bulkvm.readers.xml_structure import is_as_written
from bulkvm.text import quoted

# Parts that show nothing by themselves, or that are read otherwise.
_PLAIN: Final = re.compile(
    r"\[content_types\]\.xml|(.*/)?_rels/[^/]*\.rels|docprops/.*|docmetadata/.*|customxml/.*|xl/printersettings/.*"
    r"|xl/(workbook|styles|sharedstrings|metadata|calcchain)\.xml|xl/theme/.*|xl/worksheets/[^/]*\.xml|xl/persons/.*"
    r"|_xmlsignatures/.*"  # digital signatures
)
_KINDS: Final = {
    "comment": "a comment",
    "drawing": "a picture, chart or shape",
    "media": "a picture",
    "chart": "a chart",
    "vbaproject": "a macro",
}
_CELLS: Final = re.compile(r"xl/(workbook|styles|sharedstrings|worksheets/[^/]*)\.xml")
_ANCHOR: Final = re.compile(rb"<[^>]*anchor", re.IGNORECASE)
_SMALLEST_SCALE: Final = 50  # percent
_HEADERS: Final = ("oddHeader", "oddFooter", "evenHeader", "evenFooter", "firstHeader", "firstFooter")
_FONTS: Final = re.compile(r'&"[^"]*"|&K[0-9A-Fa-f]{6}|&[0-9]+')  # in headers and footers, as some programs add them


def read_extras(source: Source) -> Mapping[str, str]:
    """Describe what a workbook shows besides its cells and their formats, with what is compared of each.

    Raises:
        SheetError: it is not a workbook, is damaged, or is too large.
    """
    try:
        with open_archive(source) as archive:
            return dict(_find(open_package(archive, source.size)))
    except BulkvmError:
        raise
    except Exception:  # noqa: BLE001  (a damaged file can raise anything)
        raise damaged_error(source.name) from None


def _find(package: Package) -> Iterator[tuple[str, str]]:
    yield from _extra_parts(package)
    if package.print_areas:
        yield "the print area", " ".join(sorted(re.sub("[$']", "", area) for area in package.print_areas))
    for part in package.sheets:
        sheet = _Sheet(quoted(part.name))
        with package.open_sheet(part.path) as stream:
            parse_whole(stream, sheet, package.steps)
        yield from sheet.found.items()


def _extra_parts(package: Package) -> Iterator[tuple[str, str]]:
    for name in package.archive.NameToInfo:
        if _CELLS.fullmatch(name):
            with package.archive.open(name) as stream:
                if not is_as_written(stream):
                    yield f"elements that other programs do not show ({name})", ""
        if _PLAIN.fullmatch(name) or name.endswith("/"):
            continue
        # LibreOffice writes drawings without anything in them.
        if name.startswith("xl/drawings/") and name.endswith(".xml") and not _ANCHOR.search(package.archive.read(name)):
            continue
        kind = next((words for part, words in _KINDS.items() if part in name), "a part")
        yield f"{kind} ({name})", ""


class _Sheet(XmlHandler):
    """Collects what a worksheet shows besides its cells."""

    def __init__(self, name: str) -> None:
        self.found: dict[str, str] = {}
        self._name = name
        self._first = "A1"
        self._is_fitted = False

    def start_handlers(self) -> StartHandlers:
        """Return the handlers of start tags."""
        return for_elements(
            dataValidation=self._add("input rules", "sqref", "type", "prompt", "promptTitle"),
            hyperlink=self._add("links", "ref", "tooltip"),
            ext=self._add("extensions", "uri"),
            sheetView=self._start_view,
            pane=self._start_pane,
            pageSetUpPr=self._start_fit,
            pageSetup=self._start_setup,
        )

    def end_handlers(self) -> EndHandlers:
        """Return the handlers of end tags."""
        return for_elements(**dict.fromkeys(_HEADERS, self._end_header))

    def _add(self, what: str, *attributes: str) -> Callable[[dict[str, str]], None]:
        def add(given: dict[str, str]) -> None:
            label = f"{what} of {self._name}"
            content = " ".join(given.get(attribute, "") for attribute in attributes)
            self.found[label] = "\n".join(filter(None, (self.found.get(label), content)))

        return add

    def _start_view(self, attributes: dict[str, str]) -> None:
        self._first = attributes.get("topLeftCell", "A1")

    def _start_pane(self, attributes: dict[str, str]) -> None:
        """Find cells that no scrolling shows: those before the first one when the panes were frozen."""
        if attributes.get("state", "").startswith("frozen") and self._first != "A1":
            self.found[f"frozen panes with the cells before {self._first} of {self._name} out of sight"] = ""

    def _start_fit(self, attributes: dict[str, str]) -> None:
        self._is_fitted = attributes.get("fitToPage") in {"1", "true"}

    def _start_setup(self, attributes: dict[str, str]) -> None:
        """Find a scale that makes the printed text too small to be read. It does not count if the pages are fitted."""
        if not self._is_fitted and int(attributes.get("scale", 100)) < _SMALLEST_SCALE:
            self.found[f"a print scale that is too small for {self._name}"] = ""

    def _end_header(self, text: str) -> None:
        if shown := " ".join(_FONTS.sub("", text).split()):
            label = f"the header or footer of {self._name}"
            self.found[label] = "\n".join(filter(None, (self.found.get(label), shown)))
