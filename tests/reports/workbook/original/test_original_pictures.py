"""Pictures of a person's own workbook, such as a logo."""

import io
import re
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from zipfile import ZipFile

import openpyxl
import pytest
from openpyxl.drawing.image import Image as Picture
from openpyxl.drawing.spreadsheet_drawing import AnchorMarker, TwoCellAnchor
from PIL import Image
from xlsxwriter import Workbook
from xlsxwriter.worksheet import Worksheet

from bulkvm.readers import read_sheet
from bulkvm.reports.workbook.result import write_result
from tests.reports.clinic import OUTCOMES, RUN, save_clinic
from tests.reports.workbook.original.excel import LOST, annotate, chart_of, notices, rewrite, save


def picture(form: str, size: tuple[int, int] = (60, 20)) -> io.BytesIO:
    file = io.BytesIO()
    Image.new("RGB", size, "#1F3864").save(file, form)
    return file


def logo(form: str) -> Callable[[Workbook, Worksheet], object]:
    """Put a picture beside the rows, made smaller as people do."""
    place = {"image_data": picture(form), "x_scale": 0.5, "y_scale": 0.5, "object_position": 1}
    return lambda _, sheet: sheet.insert_image("F2", f"logo.{form.lower()}", place)


def pictures_of(file: Path) -> list[bytes]:
    with ZipFile(file) as archive:
        return [archive.read(part) for part in archive.namelist() if part.startswith("xl/media/")]


def place_of(file: Path) -> object:
    (shown,) = vars(openpyxl.load_workbook(file)["Boxes"])["_images"]  # there is no public way
    return shown.anchor._from, shown.anchor.to  # noqa: SLF001  (it is a name of the file's)


@pytest.mark.parametrize("form", ["PNG", "JPEG", "GIF"])
def test_a_logo_is_kept_unchanged_in_its_place(tmp_path: Path, form: str) -> None:
    file = save(tmp_path / "boxes.xlsx", logo(form))

    once = annotate(file)
    twice = annotate(once)

    for copy in (once, twice):
        assert pictures_of(copy) == pictures_of(file) == [picture(form).getvalue()]
        assert place_of(copy) == place_of(file)
        assert LOST not in notices(copy)


def test_a_logo_is_kept_beside_a_chart(tmp_path: Path) -> None:
    def fill(workbook: Workbook, sheet: Worksheet) -> None:
        logo("PNG")(workbook, sheet)
        sheet.insert_chart("F9", chart_of(workbook))

    copy = annotate(save(tmp_path / "boxes.xlsx", fill))

    assert len(pictures_of(copy)) == 1
    assert LOST not in notices(copy)


def header_of_a_huge_png(width: int) -> bytes:
    """A picture of so many pixels a side, in a few bytes."""
    chunk = b"IHDR" + struct.pack(">IIBBBBB", width, width, 8, 6, 0, 0, 0)
    end = struct.pack(">I", zlib.crc32(chunk)) + struct.pack(">I", 8) + b"IDAT" + bytes(8)
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + chunk + end


@pytest.mark.parametrize(
    ("content", "kept"),
    [
        pytest.param(b"no picture at all", 0, id="broken"),
        pytest.param(b"", 0, id="empty"),
        pytest.param(picture("PNG").getvalue()[:60], 1, id="cut off, which is theirs to mend"),
        pytest.param(header_of_a_huge_png(10_000), 1, id="large, and never drawn"),
        pytest.param(picture("TIFF").getvalue(), 0, id="of another kind"),
        pytest.param(picture("PPM").getvalue()[:15].replace(b"60 20", b"9999 9999"), 0, id="huge once it is drawn"),
    ],
)
def test_a_hostile_picture_is_kept_as_it_is_or_dropped_with_a_notice(tmp_path: Path, content: bytes, kept: int) -> None:
    file = save(tmp_path / "boxes.xlsx", logo("PNG"))
    rewrite(file, "xl/media/image1.png", lambda _: content)

    copy = annotate(file)

    assert pictures_of(copy) == [content] * kept
    assert read_sheet(copy).headings == read_sheet(file).headings
    assert kept or LOST in notices(copy)


@pytest.mark.parametrize(
    ("content", "times", "reported"),
    [
        pytest.param(header_of_a_huge_png(60_000), 1, "could not be copied completely", id="a bomb"),
        pytest.param(b"\x89PNG" + bytes(2**20), 61, "too large to copy completely", id="one file shown many times"),
    ],
)
def test_a_copy_has_text_only_if_pictures_would_not_fit_into_memory(
    tmp_path: Path, content: bytes, times: int, reported: str
) -> None:
    file = save(tmp_path / "boxes.xlsx", logo("PNG"))
    rewrite(file, "xl/media/image1.png", lambda _: content)
    rewrite(file, "xl/drawings/drawing1.xml", lambda part: shown_again(part, times))

    copy = annotate(file)

    assert reported in notices(copy)
    assert openpyxl.load_workbook(copy)["Boxes"]["B1"].value == "Name"


def shown_again(drawing: bytes, times: int) -> bytes:
    start, anchor, end = re.split(rb"(<xdr:twoCellAnchor.*</xdr:twoCellAnchor>)", drawing)
    return start + anchor * times + end


def in_the_header(_: Workbook, sheet: Worksheet) -> None:
    sheet.set_header("&L&G", {"image_left": "logo.png", "image_data_left": picture("PNG")})


def behind_the_cells(_: Workbook, sheet: Worksheet) -> None:
    sheet.set_background(picture("PNG"))


@pytest.mark.parametrize("fill", [in_the_header, behind_the_cells])
def test_pictures_that_stand_elsewhere_are_lost_and_reported(
    tmp_path: Path, fill: Callable[[Workbook, Worksheet], object]
) -> None:
    assert LOST in notices(annotate(save(tmp_path / "boxes.xlsx", fill)))


@pytest.mark.parametrize(
    ("plain", "changed"),
    [(b"<a:stretch>", b'<a:srcRect l="20000"/><a:stretch>'), (b"<a:xfrm>", b'<a:xfrm rot="5400000">')],
    ids=["cropped", "turned"],
)
def test_a_picture_that_was_changed_in_excel_is_reported(tmp_path: Path, plain: bytes, changed: bytes) -> None:
    file = save(tmp_path / "boxes.xlsx", logo("PNG"))
    rewrite(file, "xl/drawings/drawing1.xml", lambda part: part.replace(plain, changed))

    assert LOST in notices(annotate(file))


@pytest.mark.parametrize(("cell", "column"), [("F2", "G"), ("F1", "G"), ("E9", "F"), ("A2", "E")])
def test_results_are_not_hidden_behind_a_picture(tmp_path: Path, cell: str, column: str) -> None:
    def fill(_: Workbook, sheet: Worksheet) -> None:
        sheet.write_string("A2", "6201")
        sheet.insert_image(cell, "logo.png", {"image_data": picture("PNG"), "object_position": 1})

    sheet = read_sheet(save(tmp_path / "boxes.xlsx", fill))

    copy = write_result(tmp_path / "result.xlsx", sheet, [OUTCOMES[0]], [], RUN)

    assert openpyxl.load_workbook(copy)["Boxes"][f"{column}1"].value == "bulkvm_status"


def test_a_logo_above_the_headings_leaves_the_results_beside_the_rows(tmp_path: Path) -> None:
    sheet = save_clinic(tmp_path / "clinic.xlsx")
    workbook = openpyxl.load_workbook(sheet.path)
    anchor = TwoCellAnchor(_from=AnchorMarker(col=6, row=0), to=AnchorMarker(col=8, row=1))
    logo_above = Picture(picture("PNG"))
    logo_above.anchor = anchor
    workbook["Our boxes"].add_image(logo_above)
    workbook.save(sheet.path)

    copy = write_result(tmp_path / "result.xlsx", read_sheet(sheet.path), OUTCOMES, [], RUN)

    assert openpyxl.load_workbook(copy)["Our boxes"]["E3"].value == "bulkvm_status"
