"""Detection of content that openpyxl cannot keep in a copy, and handling of pictures."""

import re
from typing import TYPE_CHECKING, Final
from zipfile import ZipFile

from openpyxl import Workbook

if TYPE_CHECKING:
    from openpyxl.drawing.image import Image

# Formats that are copied byte by byte. Others would have to be decoded, and could expand to gigabytes.
_SUPPORTED_PICTURES: Final = frozenset({"png", "jpeg", "gif"})
_UNSUPPORTED_PARTS: Final = (
    "xl/vbaProject.bin", "xl/ctrlProps/", "xl/activeX/", "xl/embeddings/", "xl/diagrams/", "xl/slicers/",
    "xl/timelines/", "xl/threadedComments/",
)  # fmt: skip
_DRAWING: Final = "xl/drawings/"
_PICTURE: Final = re.compile(rb"<(?:\w+:)?pic[\s>/]")
# In drawings, only charts and pictures without cropping or rotation are kept.
_UNSUPPORTED_SHAPE: Final = re.compile(rb"<(?:\w+:)?(?:sp|grpSp|cxnSp)[\s>/]|<a:srcRect\s+[ltrb]=|\srot=")
_PICTURE_FILE: Final = re.compile(rb"media/")


def remove_unsupported_pictures(workbook: Workbook) -> int:
    """Remove pictures in unsupported formats, and return how many are left."""
    left = 0
    for sheet in workbook.worksheets:
        pictures: list[Image] = vars(sheet)["_images"]  # no public API
        pictures[:] = [picture for picture in pictures if picture.format in _SUPPORTED_PICTURES]
        left += len(pictures)
    return left


def has_unsupported_content(archive: ZipFile, pictures: int) -> bool:
    """Return whether a workbook has content that a copy with this number of pictures lacks."""
    parts = archive.namelist()
    drawings = [archive.read(part) for part in parts if _is_drawing(part)]
    return (
        any(part.startswith(_UNSUPPORTED_PARTS) for part in parts)
        or any(map(_UNSUPPORTED_SHAPE.search, drawings))
        or pictures < sum(len(_PICTURE.findall(drawing)) for drawing in drawings)
        or any(_shows_pictures_elsewhere(archive, part) for part in parts)
    )


def total_picture_bytes(archive: ZipFile) -> int:
    """Return an upper bound for the size of the pictures: each use of a file is a copy."""
    sizes = [part.file_size for part in archive.infolist() if part.filename.startswith("xl/media/")]
    shown = sum(len(_PICTURE.findall(archive.read(part))) for part in archive.namelist() if _is_drawing(part))
    return shown * max(sizes, default=0)


def _is_drawing(part: str) -> bool:
    return part.startswith(_DRAWING) and part.endswith(".xml")


def _shows_pictures_elsewhere(archive: ZipFile, part: str) -> bool:
    """Return whether a part shows pictures outside drawings, as in a page header or background."""
    is_elsewhere = part.endswith(".rels") and not part.startswith(f"{_DRAWING}_rels/drawing")
    return is_elsewhere and bool(_PICTURE_FILE.search(archive.read(part)))
