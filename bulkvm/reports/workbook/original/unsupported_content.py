"""What of a person's own workbook a copy keeps of pictures, and what else it does not have."""

import re
from typing import TYPE_CHECKING, Final
from zipfile import ZipFile

from openpyxl import Workbook

if TYPE_CHECKING:
    from openpyxl.drawing.image import Image

# Their bytes go over as they are. To keep others, a picture that may unpack to gigabytes would have to be drawn.
_KEPT: Final = frozenset({"png", "jpeg", "gif"})
_LOST_PARTS: Final = (
    "xl/vbaProject.bin", "xl/ctrlProps/", "xl/activeX/", "xl/embeddings/", "xl/diagrams/", "xl/slicers/",
    "xl/timelines/", "xl/threadedComments/",
)  # fmt: skip
_DRAWING: Final = "xl/drawings/"
_PICTURE: Final = re.compile(rb"<(?:\w+:)?pic[\s>/]")
# Of what drawings hold, charts and whole, upright pictures alone are kept.
_LOST_SHAPE: Final = re.compile(rb"<(?:\w+:)?(?:sp|grpSp|cxnSp)[\s>/]|<a:srcRect\s+[ltrb]=|\srot=")
_PICTURE_FILE: Final = re.compile(rb"media/")


def keep_pictures(workbook: Workbook) -> int:
    """Take out the pictures that cannot be kept, and say how many are left."""
    left = 0
    for sheet in workbook.worksheets:
        pictures: list[Image] = vars(sheet)["_images"]  # there is no public way
        pictures[:] = [picture for picture in pictures if picture.format in _KEPT]
        left += len(pictures)
    return left


def has_losses(archive: ZipFile, pictures: int) -> bool:
    """Whether a workbook has something that a copy with so many of its pictures has not."""
    parts = archive.namelist()
    drawings = [archive.read(part) for part in parts if _is_drawing(part)]
    return (
        any(part.startswith(_LOST_PARTS) for part in parts)
        or any(map(_LOST_SHAPE.search, drawings))
        or pictures < sum(len(_PICTURE.findall(drawing)) for drawing in drawings)
        or any(_shows_pictures_elsewhere(archive, part) for part in parts)
    )


def size_of_pictures(archive: ZipFile) -> int:
    """How many bytes the pictures take at most: one file may be shown many times, and is copied as often."""
    sizes = [part.file_size for part in archive.infolist() if part.filename.startswith("xl/media/")]
    shown = sum(len(_PICTURE.findall(archive.read(part))) for part in archive.namelist() if _is_drawing(part))
    return shown * max(sizes, default=0)


def _is_drawing(part: str) -> bool:
    return part.startswith(_DRAWING) and part.endswith(".xml")


def _shows_pictures_elsewhere(archive: ZipFile, part: str) -> bool:
    """Whether pictures are shown outside of drawings: in the header of a page, behind a sheet."""
    is_elsewhere = part.endswith(".rels") and not part.startswith(f"{_DRAWING}_rels/drawing")
    return is_elsewhere and bool(_PICTURE_FILE.search(archive.read(part)))
