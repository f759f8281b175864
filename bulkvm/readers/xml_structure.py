"""The structure of a workbook's XML: elements out of place are read here, and not shown by spreadsheet programs."""

from typing import IO, Final
from xml.parsers import expat

_TEXTS: Final = frozenset({"is", "si"})
_FONTS: Final = frozenset({"font", "rPr"})
_STYLES: Final = frozenset({"styleSheet"})
_BORDERS: Final = frozenset({"left", "right", "start", "end", "top", "bottom", "diagonal", "vertical", "horizontal"})
# The elements that give a cell its text and its looks, and what each of them is in.
_PARENTS: Final = {
    **dict.fromkeys(("fonts", "fills", "numFmts", "cellXfs", "cellStyleXfs"), _STYLES),
    "sheets": frozenset({"workbook"}),
    "sheet": frozenset({"sheets"}),
    "sheetData": frozenset({"worksheet"}),
    "row": frozenset({"sheetData"}),
    "c": frozenset({"row"}),
    "v": frozenset({"c"}),
    "is": frozenset({"c"}),
    "si": frozenset({"sst"}),
    "r": _TEXTS,
    "rPh": _TEXTS,
    "t": _TEXTS | {"r", "rPh"},
    "rPr": frozenset({"r"}),
    "font": frozenset({"fonts", "dxf"}),
    "fill": frozenset({"fills", "dxf"}),
    "xf": frozenset({"cellXfs", "cellStyleXfs"}),
    "sz": _FONTS,
    "name": frozenset({"font"}),
    "rFont": frozenset({"rPr"}),
    "color": _FONTS | _BORDERS | {"stop", "dataBar", "colorScale", "mruColors"},
    "patternFill": frozenset({"fill"}),
    "fgColor": frozenset({"patternFill"}),
    "bgColor": frozenset({"patternFill"}),
    "alignment": frozenset({"xf", "dxf"}),
}


def is_as_written(part: IO[bytes]) -> bool:
    """Whether each element of a part is where spreadsheet programs write it.

    They skip an element inside one that they do not know, and show the value of a cell that its type names.

    Raises:
        expat.ExpatError: it is not well-formed.
    """
    structure = _Structure()
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartElementHandler = structure.start
    parser.EndElementHandler = structure.end
    parser.ParseFile(part)
    return structure.is_as_written


class _Structure:
    def __init__(self) -> None:
        self.is_as_written = True
        self._path = [("", "")]
        self._tables = 0
        self._type = ""

    def start(self, qualified: str, attributes: dict[str, str]) -> None:
        namespace, _, name = qualified.rpartition(" ")
        parent_namespace, parent = self._path[-1]
        self._path.append((namespace, name))
        if not namespace.endswith("/main") or "spreadsheetml" not in namespace or name not in _PARENTS:
            return
        if parent not in _PARENTS[name] or parent_namespace != namespace:
            self.is_as_written = False
        if name == "c":
            self._type = attributes.get("t", "n")
        elif (name == "is" and self._type != "inlineStr") or (name == "v" and self._type == "inlineStr"):
            self.is_as_written = False
        elif name == "sheetData":
            self._tables += 1
            self.is_as_written &= self._tables == 1

    def end(self, _: str) -> None:
        self._path.pop()
