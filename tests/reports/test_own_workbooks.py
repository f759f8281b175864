"""What openpyxl would lose or change of a person's own workbook."""

import io
import re
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from zipfile import ZipFile

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from xlsxwriter import Workbook
from xlsxwriter.chart import Chart
from xlsxwriter.worksheet import Worksheet

from bulkvm.readers import read_sheet
from bulkvm.reports import write_annotated
from bulkvm.reports.summary import MARKER
from bulkvm.validation import validate

NOTHING = "nothing"
REPLACED = "Formulas that are read"
LOST = "Macros, some pictures"


def save(file: Path, fill: Callable[[Workbook, Worksheet], object]) -> Path:
    """A workbook as Excel would save it, with the results of its formulas."""
    with Workbook(file) as workbook:
        sheet = workbook.add_worksheet("Boxes")
        for column, heading in enumerate(("Ext", "Name", "PIN", "Remark")):
            sheet.write_string(0, column, heading)
        fill(workbook, sheet)
    # xlsxwriter cannot say that a formula came to no text.
    rewrite(file, "xl/worksheets/sheet1.xml", lambda part: part.replace(NOTHING.encode(), b""))
    return file


def rewrite(file: Path, name: str, change: Callable[[bytes], bytes]) -> None:
    with ZipFile(file) as archive:
        parts = {part: archive.read(part) for part in archive.namelist()}
    with ZipFile(file, "w") as archive:
        for part, content in parts.items():
            archive.writestr(part, change(content) if part == name else content)


def annotate(file: Path) -> Path:
    return write_annotated(file.with_name(f"annotated-{file.name}"), read_sheet(file), [])


def notices(file: Path) -> str:
    return " ".join(str(cell.value) for cell in openpyxl.load_workbook(file)["bulkvm"]["A"])


def write_formulas(_: Workbook, sheet: Worksheet) -> None:
    sheet.write_string("B2", "Lab")
    sheet.write_formula("A2", '="62"&"01"', value="6201")
    sheet.write_formula("C2", "=400000+2817", value=402817)
    sheet.write_formula("D2", "=LEN(B2)", value=3)
    sheet.write_string("A3", "6202")
    sheet.write_formula("B3", '=IF(D3="","",D3)', value=NOTHING)
    sheet.write_formula("C3", "=1/3", value=0.333333333333333)
    for letter in "ABD":
        sheet.write_formula(f"{letter}4", '=IF(X4="","",X4)', value=NOTHING)


def test_a_copy_of_formulas_is_read_as_the_sheet_itself(tmp_path: Path) -> None:
    file = save(tmp_path / "boxes.xlsx", write_formulas)

    copy = annotate(file)

    before, after = (read_sheet(f).cells[["A", "B"]] for f in (file, copy))
    assert after.equals(before)
    assert read_sheet(copy).cells.at[2, "C"] == "402817"
    assert {p.cell for p in validate(read_sheet(copy)).problems if p.is_error} == {"C3"}
    assert REPLACED in notices(copy)


def test_formulas_in_a_column_that_is_mapped_are_text_in_the_copy(tmp_path: Path) -> None:
    def write(_: Workbook, sheet: Worksheet) -> None:
        sheet.write_string("A2", "6201")
        sheet.write_formula("D1", '="Geheim"&"zahl"', value="Geheimzahl")
        sheet.write_formula("D2", "=400000+2817", value=402817)

    sheet = read_sheet(save(tmp_path / "boxes.xlsx", write), meant={"Geheimzahl": "pin"})

    copy = write_annotated(tmp_path / "copy.xlsx", sheet, [])

    assert read_sheet(copy, meant=sheet.meant).columns == sheet.columns
    assert read_sheet(copy).cells.at[2, "D"] == "402817"


def test_formulas_elsewhere_and_those_without_a_usable_result_stay(tmp_path: Path) -> None:
    own = openpyxl.load_workbook(annotate(save(tmp_path / "boxes.xlsx", write_formulas)))["Boxes"]

    assert {cell.coordinate: cell.value for row in own.iter_rows() for cell in row if cell.data_type == "f"} == {
        "D2": "=LEN(B2)",
        "C3": "=1/3",
    }


def test_a_sheet_without_formulas_says_nothing_of_them(tmp_path: Path) -> None:
    copy = annotate(save(tmp_path / "boxes.xlsx", lambda _, sheet: sheet.write_string("A2", "6201")))

    assert REPLACED not in notices(copy)


@given(st.lists(st.sampled_from(["_x0041_", "_x00e9_", "_", "x0042_", "é", " ", "="])).map("".join))
def test_a_text_that_looks_like_an_escape_of_excel_stays_as_it_is(
    tmp_path_factory: pytest.TempPathFactory, text: str
) -> None:
    def write(_: Workbook, sheet: Worksheet) -> None:
        sheet.write_string("A2", "6201")
        sheet.write_string("B2", f".{text}.")

    once = annotate(save(tmp_path_factory.mktemp("escapes") / "boxes.xlsx", write))

    assert read_sheet(once).cells.at[2, "B"] == f".{text}."
    assert read_sheet(annotate(once)).cells.at[2, "B"] == f".{text}."


def test_formatted_pieces_of_a_text_and_line_ends_stay(tmp_path: Path) -> None:
    def write(workbook: Workbook, sheet: Worksheet) -> None:
        sheet.write_string("A2", "6201")
        sheet.write_rich_string("B2", "_x0041_", workbook.add_format({"bold": True}), "_x0042_")
        sheet.write_string("D2", "one\rtwo")

    copy = read_sheet(annotate(save(tmp_path / "boxes.xlsx", write)))

    assert [copy.cells.at[2, letter] for letter in "BD"] == ["_x0041__x0042_", "one\rtwo"]


@pytest.mark.parametrize(
    ("insert", "is_told"),
    [
        pytest.param(lambda _, sheet: sheet.insert_textbox("F2", "Ask Anna."), True, id="text box"),
        pytest.param(
            lambda workbook, sheet: sheet.insert_chart("F2", chart_of(workbook)), False, id="a chart, which is kept"
        ),
    ],
)
def test_what_is_lost_is_told(
    tmp_path: Path, insert: Callable[[Workbook, Worksheet], object], *, is_told: bool
) -> None:
    copy = annotate(save(tmp_path / "boxes.xlsx", insert))

    assert (LOST in notices(copy)) is is_told


@pytest.mark.parametrize("part", ["xl/ctrlProps/ctrlProp1.xml", "xl/threadedComments/t1.xml"])
def test_parts_that_are_lost_are_told(tmp_path: Path, part: str) -> None:
    file = save(tmp_path / "boxes.xlsx", lambda _, sheet: sheet.write_string("A2", "6201"))
    with ZipFile(file, "a") as archive:
        archive.writestr(part, "<a/>")

    assert LOST in notices(annotate(file))


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
def test_a_logo_is_kept_as_it_is_at_its_place_and_no_loss_is_told(tmp_path: Path, form: str) -> None:
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
def test_a_hostile_picture_does_no_harm(tmp_path: Path, content: bytes, kept: int) -> None:
    file = save(tmp_path / "boxes.xlsx", logo("PNG"))
    rewrite(file, "xl/media/image1.png", lambda _: content)

    copy = annotate(file)

    assert pictures_of(copy) == [content] * kept
    assert read_sheet(copy).headings == read_sheet(file).headings
    assert kept or LOST in notices(copy)


@pytest.mark.parametrize(
    ("content", "times", "told"),
    [
        pytest.param(header_of_a_huge_png(60_000), 1, "could not be copied as it is", id="a bomb"),
        pytest.param(b"\x89PNG" + bytes(2**20), 61, "too big to be copied whole", id="one file shown many times"),
    ],
)
def test_a_copy_is_made_of_text_where_pictures_would_not_fit_into_memory(
    tmp_path: Path, content: bytes, times: int, told: str
) -> None:
    file = save(tmp_path / "boxes.xlsx", logo("PNG"))
    rewrite(file, "xl/media/image1.png", lambda _: content)
    rewrite(file, "xl/drawings/drawing1.xml", lambda part: shown_again(part, times))

    copy = annotate(file)

    assert told in notices(copy)
    assert openpyxl.load_workbook(copy)["Boxes"]["B1"].value == "Name"


def shown_again(drawing: bytes, times: int) -> bytes:
    start, anchor, end = re.split(rb"(<xdr:twoCellAnchor.*</xdr:twoCellAnchor>)", drawing)
    return start + anchor * times + end


def in_the_header(_: Workbook, sheet: Worksheet) -> None:
    sheet.set_header("&L&G", {"image_left": "logo.png", "image_data_left": picture("PNG")})


def behind_the_cells(_: Workbook, sheet: Worksheet) -> None:
    sheet.set_background(picture("PNG"))


@pytest.mark.parametrize("fill", [in_the_header, behind_the_cells])
def test_pictures_that_stand_elsewhere_are_lost_and_told(
    tmp_path: Path, fill: Callable[[Workbook, Worksheet], object]
) -> None:
    assert LOST in notices(annotate(save(tmp_path / "boxes.xlsx", fill)))


@pytest.mark.parametrize(
    ("plain", "changed"),
    [(b"<a:stretch>", b'<a:srcRect l="20000"/><a:stretch>'), (b"<a:xfrm>", b'<a:xfrm rot="5400000">')],
    ids=["cropped", "turned"],
)
def test_a_picture_that_was_changed_in_excel_is_told(tmp_path: Path, plain: bytes, changed: bytes) -> None:
    file = save(tmp_path / "boxes.xlsx", logo("PNG"))
    rewrite(file, "xl/drawings/drawing1.xml", lambda part: part.replace(plain, changed))

    assert LOST in notices(annotate(file))


def chart_of(workbook: Workbook) -> Chart:
    chart = workbook.add_chart({"type": "bar"})
    assert chart is not None
    chart.add_series({"values": "=Boxes!$A$2:$A$3"})
    return chart


@pytest.mark.parametrize("name", ["bulkvm", "BulkVM"])
def test_another_sheet_of_theirs_that_is_called_bulkvm_is_kept(tmp_path: Path, name: str) -> None:
    file = save(tmp_path / "boxes.xlsx", lambda workbook, _: workbook.add_worksheet(name).write_string("A1", "mine"))

    once = annotate(file)
    twice = annotate(once)

    for copy in (once, twice):
        workbook = openpyxl.load_workbook(copy)
        assert workbook.sheetnames == ["bulkvm (2)", "Boxes", name]
        assert workbook[name]["A1"].value == "mine"


def test_a_summary_that_was_renamed_is_still_replaced(tmp_path: Path) -> None:
    once = annotate(save(tmp_path / "boxes.xlsx", lambda _, sheet: sheet.write_string("A2", "6201")))
    workbook = openpyxl.load_workbook(once)
    workbook["bulkvm"].title = "Mistakes"
    workbook.defined_names[MARKER].attr_text = "Mistakes!$A$1"  # as Excel does by itself
    workbook.save(once)

    assert openpyxl.load_workbook(annotate(once)).sheetnames == ["bulkvm", "Boxes"]
