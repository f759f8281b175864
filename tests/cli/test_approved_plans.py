"""Plans that are written to a file, approved, and sent as they are or not at all."""

import base64
import hashlib
import io
import json
import re
import zipfile
import zlib
from collections.abc import Callable
from datetime import datetime, timedelta, tzinfo
from pathlib import Path
from typing import Any

import PIL.Image
import pytest
from openpyxl import Workbook, load_workbook
from openpyxl.chart import BarChart
from openpyxl.comments import Comment
from openpyxl.drawing.image import Image
from openpyxl.formatting.rule import Rule
from openpyxl.styles import Alignment, Color, Font, GradientFill, PatternFill
from openpyxl.styles.differential import DifferentialStyle
from openpyxl.styles.numbers import NumberFormat
from openpyxl.workbook.defined_name import DefinedName
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet
from starlette.applications import Starlette

from bulkvm.readers.all_cells import read_all_cells
from bulkvm.readers.source import Source
from bulkvm.simulator import FaultRules, SimulatorSettings, create_app
from tests.cli.program import Bulkvm, serve_pbx, stored
from tests.cli.sheet_files import rows, statuses, write_csv
from tests.golden_files import Golden
from tests.office import NEEDS_OFFICE, save_as

BEFORE = (
    ("6201", "Front Desk", "402817", "a@example.com,b@example.com", "yes"),
    ("6202", "Lab", "582046", "", ""),
    ("6203", "Ward", "693157", "", ""),
)
AFTER = (
    ("6201", "Reception", "402817", "b@example.com,c@example.com", "yes"),
    ("6202", "Lab", "730519", "", ""),
    ("6203", "Ward", "693157", "", ""),
    ("6204", "Pharmacy", "840628", "", ""),
)
PINS = ("402817", "582046", "693157", "730519", "840628")
APPROVED = ("import", "plan.xlsx", "--approved", "--yes", "--max-changes", "3")


@pytest.fixture
def planned(bulkvm: Bulkvm, pbx: Starlette, folder: Path) -> Starlette:
    """A PBX with three boxes, and plan.xlsx, which changes two of them and creates one."""
    assert bulkvm("import", write_csv(folder / "before.csv", *BEFORE), "--yes").code == 0
    assert bulkvm("plan", write_csv(folder / "boxes.csv", *AFTER), "--output", "plan.xlsx").code == 0
    return pbx


def sent(pbx: Starlette) -> tuple[int, int]:
    """How many creates and updates the PBX has received."""
    return pbx.state.traffic.counts["create"], pbx.state.traffic.counts["update"]


def alter(pbx: Starlette, statement: str) -> None:
    """Change boxes as another administrator does."""
    pbx.state.stored.db.execute(statement)


def edit(file: Path, *cells: tuple[str, str, str]) -> None:
    """Edit cells of a workbook: the sheet, the place and the text of each."""
    workbook = load_workbook(file)
    for sheet, place, text in cells:
        workbook[sheet][place] = text
    workbook.save(file)


def same_everywhere(text: str) -> str:
    """A text without what differs at each run."""
    text = re.sub(r"[0-9a-f]{64}", "SHA-256", text)
    text = re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d UTC", "TIME", text)
    return re.sub(r"localhost:\d+", "localhost", text)


def test_an_approved_plan_sends_exactly_its_changes_and_nothing_the_second_time(
    bulkvm: Bulkvm, planned: Starlette, folder: Path
) -> None:
    creates, updates = sent(planned)

    first = bulkvm(*APPROVED)
    second = bulkvm(*APPROVED)

    assert (first.code, second.code) == (0, 0)
    assert sent(planned) == (creates + 1, updates + 2)
    assert stored(planned, "name", "pin", "recipients") == {
        "6201": ("Reception", "402817", "b@example.com,c@example.com"),
        "6202": ("Lab", "730519", None),
        "6203": ("Ward", "693157", None),
        "6204": ("Pharmacy", "840628", None),
    }
    assert statuses(folder / "boxes.result.xlsx") == ["updated", "updated", "unchanged", "created"]
    assert "Nothing is left to send: every change in the plan was sent before, or is already on the PBX." in second.err
    listed = bulkvm("runs", "--json").json["runs"]
    third = bulkvm(*APPROVED, "--json").json
    assert third["plan"] == listed[1]["plan"]
    assert [run["plan"] and run["plan"]["file"] for run in listed] == [None, *[str(folder / "plan.xlsx")] * 2]
    assert f"approved plan {listed[1]['plan']['id']}: {folder / 'plan.xlsx'}, SHA-256 " in bulkvm("runs").out


STALE = {
    "a field that it changes": "UPDATE box SET name = 'Front Office' WHERE extension_number = '6201'",
    "a field that it keeps": "UPDATE box SET prompt = 'de-DE' WHERE extension_number = '6202'",
    "a PIN that it changes": "UPDATE box SET pin = '951748' WHERE extension_number = '6202'",
    "a PIN that it keeps": "UPDATE box SET pin = '951748' WHERE extension_number = '6201'",
    "a box that it does not change": "UPDATE box SET name = 'Ward 3' WHERE extension_number = '6203'",
    "a box that it changes is gone": "DELETE FROM box WHERE extension_number = '6201'",
    "a box that it keeps is gone": "DELETE FROM box WHERE extension_number = '6203'",
    "a box that it creates exists": "UPDATE box SET extension_number = '6204' WHERE extension_number = '6203'",
    "its changes were made": (
        "UPDATE box SET name = 'Reception', recipients = 'b@example.com,c@example.com' WHERE extension_number = '6201'"
    ),
    "a field that bulkvm does not know": (
        'UPDATE box SET extra = \'{"retain_days": 30, "transfer": {"to": "9"}}\' WHERE extension_number = \'6202\''
    ),
    "all boxes are gone": "DELETE FROM box",
    "a number that it needs is taken": "UPDATE other_number SET extension_number = '6204' WHERE name = 'Sales'",
}


def test_a_plan_that_no_longer_fits_the_boxes_names_every_difference_and_sends_nothing(
    bulkvm: Bulkvm, planned: Starlette, golden: Golden
) -> None:
    before, boxes, texts = sent(planned), planned.state.stored.db.execute("SELECT * FROM box").fetchall(), []
    for what, statement in STALE.items():
        alter(planned, statement)

        refused = bulkvm(*APPROVED)

        assert (refused.code, sent(planned)) == (3, before), what
        assert not any(pin in refused.err for pin in (*PINS, "951748"))
        texts.append(f"# {what}\n{refused.err}")
        alter(planned, "DELETE FROM box")
        marks = ", ".join("?" * len(boxes[0]))
        planned.state.stored.db.executemany(f"INSERT INTO box VALUES ({marks})", boxes)
        alter(planned, "UPDATE other_number SET extension_number = '6300' WHERE name = 'Sales'")
    golden("cli/stale-plans.txt", "\n".join(texts))
    assert bulkvm(*APPROVED).code == 0


@pytest.mark.usefixtures("planned")
@pytest.mark.parametrize("app", [create_app(settings=SimulatorSettings(behave=("updates:merge",)))])
def test_undocumented_fields_are_compared_unless_the_pbx_updates_them(bulkvm: Bulkvm, pbx: Starlette) -> None:
    extra = {"retain_days": 30, "message_count": 1, "last_used": "2026-11-01T10:00:00Z", "operator": None}
    alter(pbx, f"UPDATE box SET extra = '{json.dumps(extra)}' WHERE extension_number = '6202'")
    assert bulkvm("plan", "boxes.csv", "--output", "plan.xlsx", "--overwrite").code == 0
    before = sent(pbx)

    alter(pbx, f"UPDATE box SET extra = '{json.dumps(extra | {'retain_days': 60})}' WHERE extension_number = '6202'")
    changed = bulkvm(*APPROVED)
    extra |= {"message_count": 3, "last_used": "2026-11-05T10:00:00Z", "operator": False}
    alter(pbx, f"UPDATE box SET extra = '{json.dumps(extra)}' WHERE extension_number = '6202'")
    used = bulkvm(*APPROVED)

    assert (changed.code, used.code) == (3, 0), used.err
    assert "Box 6202 was changed in undocumented fields of the PBX: retain_days." in " ".join(changed.err.split())
    assert sent(pbx) == (before[0] + 1, before[1] + 2)


@pytest.mark.usefixtures("planned")
def test_a_blank_field_of_an_unchanged_row_may_change(bulkvm: Bulkvm, pbx: Starlette) -> None:
    alter(pbx, "UPDATE box SET prompt = 'de-DE' WHERE extension_number = '6203'")

    assert bulkvm(*APPROVED).code == 0


def test_every_edited_cell_is_named_and_nothing_is_sent(
    bulkvm: Bulkvm, planned: Starlette, folder: Path, golden: Golden
) -> None:
    before = sent(planned)
    edit(
        folder / "plan.xlsx",
        ("Boxes", "B2", "Concierge"),
        ("Boxes", "C5", "111222"),
        ("Boxes", "F4", "changes"),
        ("Boxes", "G2", "Name"),
        ("Boxes", "A9", "6209"),
        ("bulkvm", "A1", "Plan: nothing to send"),
    )

    refused = bulkvm(*APPROVED)

    assert (refused.code, sent(planned)) == (3, before)
    assert "111222" not in refused.err
    golden("cli/edited-plan.txt", refused.err)


def add_sheet(file: Path) -> None:
    workbook = load_workbook(file)
    workbook.create_sheet("More")["A1"] = "6209"
    workbook.save(file)


def hide_sheet(file: Path) -> None:
    workbook = load_workbook(file)
    workbook["Boxes"].sheet_state = "hidden"
    workbook.save(file)


def add_formula(file: Path) -> None:
    edit(file, ("Boxes", "B3", '="Lab"'))


def store_cell_twice(file: Path) -> None:
    with zipfile.ZipFile(file) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(file, "w") as archive:
        for name, part in parts.items():
            twice = re.sub(rb'(<c r="B3")', rb'<c r="B3" t="inlineStr"><is><t>Attic</t></is></c>\1', part)
            archive.writestr(name, twice if name == "xl/worksheets/sheet2.xml" else part)


def edit_hidden_part(file: Path) -> None:
    workbook = load_workbook(file)
    sheet = workbook["bulkvm_plan"]
    sheet["A4"] = f"{sheet['A4'].value[:-8]}AAAAAAAA"
    workbook.save(file)


def delete_hidden_part(file: Path) -> None:
    workbook = load_workbook(file)
    del workbook["bulkvm_plan"]
    workbook.save(file)


def damage(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:4000])


def change_sheet(file: Path) -> None:
    write_csv(file.with_name("boxes.csv"), *AFTER[:3], ("6204", "Pharmacy", "951748", "", ""))


def delete_sheet(file: Path) -> None:
    file.with_name("boxes.csv").unlink()


SPOILED: dict[str, Callable[[Path], None]] = {
    "a sheet was added": add_sheet,
    "a sheet was hidden": hide_sheet,
    "a formula was added": add_formula,
    "a cell is stored twice": store_cell_twice,
    "the hidden part was edited": edit_hidden_part,
    "the hidden part was deleted": delete_hidden_part,
    "the file is damaged": damage,
    "the sheet was changed": change_sheet,
    "the sheet was deleted": delete_sheet,
}


def test_a_plan_or_a_sheet_that_was_changed_is_refused(
    bulkvm: Bulkvm, planned: Starlette, folder: Path, golden: Golden
) -> None:
    before, texts = sent(planned), []
    contents = {name: (folder / name).read_bytes() for name in ("plan.xlsx", "boxes.csv")}
    for what, spoil in SPOILED.items():
        spoil(folder / "plan.xlsx")

        refused = bulkvm(*APPROVED)

        assert (refused.code, sent(planned)) == (3, before), what
        texts.append(f"# {what}\n{same_everywhere(refused.err)}")
        for name, content in contents.items():
            (folder / name).write_bytes(content)
    golden("cli/spoiled-plans.txt", "\n".join(texts))


def test_an_expired_plan_is_refused(
    bulkvm: Bulkvm, planned: Starlette, monkeypatch: pytest.MonkeyPatch, golden: Golden
) -> None:
    class Later(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
            return datetime.now(tz) + timedelta(days=7, minutes=1)

    before = sent(planned)
    monkeypatch.setattr("bulkvm.jobs.plan_file.datetime", Later)

    refused = bulkvm(*APPROVED)

    assert (refused.code, sent(planned)) == (3, before)
    golden("cli/expired-plan.txt", same_everywhere(refused.err))


@pytest.mark.usefixtures("planned")
@pytest.mark.parametrize("age", ["0s", "0d", "59s", "366d", "99999d"])
def test_a_plan_is_valid_for_a_minute_at_least_and_a_year_at_most(bulkvm: Bulkvm, age: str) -> None:
    refused = bulkvm("plan", "boxes.csv", "--output", "other.xlsx", "--valid-for", age)

    assert refused.code == 2
    assert "A plan can be valid for 1 minute to 365 days." in refused.err


@pytest.mark.usefixtures("planned")
def test_a_plan_of_another_tenant_is_refused(bulkvm: Bulkvm, monkeypatch: pytest.MonkeyPatch, golden: Golden) -> None:
    other = create_app()
    with serve_pbx(other, monkeypatch):
        refused = bulkvm(*APPROVED)

    assert (refused.code, sent(other)) == (3, (0, 0))
    assert other.state.traffic.counts["list"] == 0
    golden("cli/foreign-plan.txt", same_everywhere(refused.err))


def test_a_plan_of_another_state_folder_is_refused(
    bulkvm: Bulkvm, planned: Starlette, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, golden: Golden
) -> None:
    before = sent(planned)
    monkeypatch.setenv("BULKVM_STATE", str(tmp_path / "other"))

    refused = bulkvm(*APPROVED)

    assert (refused.code, sent(planned)) == (3, before)
    golden("cli/plan-made-elsewhere.txt", refused.err)


def everything_in(plan: Path) -> str:
    """All parts of a plan file, with what its hidden part holds."""
    with zipfile.ZipFile(plan) as archive:
        parts = b"".join(archive.read(name) for name in archive.namelist())
    hidden = load_workbook(plan)["bulkvm_plan"]
    payload = "".join(str(cell.value) for (cell,) in hidden.iter_rows(min_row=4))
    return (parts + zlib.decompress(base64.b64decode(payload))).decode("utf-8", "replace")


def hide_row(sheet: Worksheet) -> None:
    """Hide a row, as a filter does."""
    sheet.row_dimensions[3].hidden = True


def flatten_row(sheet: Worksheet) -> None:
    """Make a row too low to be seen."""
    sheet.row_dimensions[3].height = 0.75


def hide_column(sheet: Worksheet) -> None:
    """Hide a column."""
    sheet.column_dimensions["B"].hidden = True


def merge_cells(sheet: Worksheet) -> None:
    """Lay a cell over others, and keep their values."""
    sheet.merged_cells.add("F2:F4")


def show_other_text(sheet: Worksheet) -> None:
    """Show another text than the one in the cell."""
    style = DifferentialStyle(numFmt=NumberFormat(numFmtId=200, formatCode='"other";"other";"other";"other"'))
    sheet.conditional_formatting.add("B2", Rule(type="expression", dxf=style, formula=["TRUE"]))


def strike_through(sheet: Worksheet) -> None:
    """Strike a row through, as someone does who does not approve it."""
    sheet["B3"].font = Font(strike=True)


def whiten(sheet: Worksheet) -> None:
    """Write white on white."""
    sheet["B3"].font = Font(color="FFFFFFFF")


def font(**font_of: Any) -> Callable[[Worksheet], None]:
    """Write a cell in a font, on a fill if there is one."""
    fill = font_of.pop("fill", None)

    def write(sheet: Worksheet) -> None:
        sheet["B3"].font = Font(**font_of)
        if fill:
            sheet["B3"].fill = fill

    return write


def lower_row(sheet: Worksheet) -> None:
    """Leave one of two lines in sight."""
    sheet.row_dimensions[2].height = 15


def unwrap(sheet: Worksheet) -> None:
    """Write all lines one after the other, beyond the edge of the page."""
    sheet["G2"].alignment = Alignment(wrap_text=False)


def narrow_column(sheet: Worksheet) -> None:
    """Leave a few letters of each line in sight."""
    sheet.column_dimensions["G"].width = 3


def indent(sheet: Worksheet) -> None:
    """Move a text beyond the edge of its cell."""
    sheet["B3"].alignment = Alignment(indent=200)


def lower_all_rows(sheet: Worksheet) -> None:
    """Make all rows without a height of their own too low to be seen."""
    sheet.sheet_format.customHeight = True
    sheet.sheet_format.defaultRowHeight = 0.5


_ILLEGIBLE = "row 3 has text that can hardly be read"
CONCEALED: dict[Callable[[Worksheet], None], str] = {
    hide_row: "row 3 is hidden",
    flatten_row: "row 3 is hidden",
    hide_column: "column B is hidden",
    merge_cells: "F2:F4 is merged",
    show_other_text: "B2 has a conditional format",
    strike_through: "row 3 has text that is struck through",
    lower_row: "row 2 is too low for its text",
    unwrap: "row 2 has text that is cut",
    narrow_column: "row 2 is too low for its text",
    lower_all_rows: "row 1 is hidden",
    indent: _ILLEGIBLE,
    whiten: _ILLEGIBLE,
    font(color="FFFDFDFD"): _ILLEGIBLE,
    font(color="FFD8D8D8"): _ILLEGIBLE,
    font(color=Color(theme=0, tint=-0.05)): _ILLEGIBLE,
    font(color=Color(theme=1, tint=0.99)): _ILLEGIBLE,
    font(color=Color(indexed=13)): _ILLEGIBLE,
    font(size=2): _ILLEGIBLE,
    font(name="Wingdings"): _ILLEGIBLE,
    font(name="Libre Barcode 39 Text"): _ILLEGIBLE,
    font(name="Free 3 of 9"): _ILLEGIBLE,
    font(fill=PatternFill("solid", fgColor="FF101010")): _ILLEGIBLE,
    font(fill=PatternFill("darkGray", fgColor="FF000000", bgColor="FF000000")): _ILLEGIBLE,
    font(fill=GradientFill(stop=("FF000000", "FF111111"))): _ILLEGIBLE,
}


@pytest.mark.parametrize(("conceal", "named"), CONCEALED.items(), ids=lambda value: getattr(value, "__name__", ""))
def test_a_plan_in_which_cells_are_concealed_is_refused(
    bulkvm: Bulkvm, planned: Starlette, folder: Path, conceal: Callable[[Worksheet], None], named: str
) -> None:
    before, workbook = sent(planned), load_workbook(folder / "plan.xlsx")
    conceal(workbook["Boxes"])
    workbook.save(folder / "plan.xlsx")

    refused = bulkvm(*APPROVED)

    assert (refused.code, sent(planned)) == (3, before)
    assert f'In the sheet "Boxes", {named}' in " ".join(refused.err.split())


def test_a_row_that_is_wider_than_its_cell_cannot_be_made_too_low_to_be_read(
    bulkvm: Bulkvm, planned: Starlette, folder: Path
) -> None:
    before, workbook = sent(planned), load_workbook(folder / "plan.xlsx")
    page = workbook["bulkvm"]
    row = next(row for row in range(1, page.max_row + 1) if len(str(page.cell(row, 1).value)) > 100)
    page.row_dimensions[row].height = 5
    workbook.save(folder / "plan.xlsx")

    refused = bulkvm(*APPROVED)

    assert (refused.code, sent(planned)) == (3, before)
    assert f'In the sheet "bulkvm", row {row} is too low for its text' in " ".join(refused.err.split())


def add_comment(workbook: Workbook) -> None:
    workbook["Boxes"]["B2"].comment = Comment("Approved except for row 3", "Anna")


def add_header(workbook: Workbook) -> None:
    header = workbook["bulkvm"].oddHeader
    assert header is not None
    header.center.text = "Draft"


def change_footer(workbook: Workbook) -> None:
    footer = workbook["Boxes"].oddFooter
    assert footer is not None
    footer.left.text = "Plan of last week"


def print_less(workbook: Workbook) -> None:
    workbook["Boxes"].print_area = "A1:G3"


def freeze_after_scrolling(workbook: Workbook) -> None:
    sheet = workbook["Boxes"]
    sheet.freeze_panes = "B2"
    sheet.sheet_view.topLeftCell = "A4"


def add_link(workbook: Workbook) -> None:
    workbook["Boxes"]["B2"].hyperlink = "https://example.com/"


def add_hint(workbook: Workbook) -> None:
    hint = DataValidation(type="custom", formula1="TRUE", promptTitle="Row 3", prompt="Not this one")
    hint.add("B2")
    workbook["Boxes"].add_data_validation(hint)


def add_picture(workbook: Workbook) -> None:
    picture = io.BytesIO()
    PIL.Image.new("RGB", (9, 9)).save(picture, "PNG")
    workbook.worksheets[1].add_image(Image(picture), "B2")


def print_in_tiny_letters(workbook: Workbook) -> None:
    sheet = workbook["Boxes"]
    assert sheet.sheet_properties.pageSetUpPr
    sheet.sheet_properties.pageSetUpPr.fitToPage = False
    sheet.page_setup.scale = 10


def add_chart(workbook: Workbook) -> None:
    workbook.worksheets[1].add_chart(BarChart(), "B2")


def add_chart_sheet(workbook: Workbook) -> None:
    workbook.create_chartsheet("Other")


ADDED: dict[Callable[[Workbook], None], str] = {
    add_comment: "Added: a comment (xl/comments/comment1.xml).",
    add_header: 'Changed: the header or footer of "bulkvm".',
    change_footer: 'Changed: the header or footer of "Boxes".',
    print_less: "Changed: the print area.",
    freeze_after_scrolling: 'Added: frozen panes with the cells before A4 of "Boxes" out of sight.',
    add_link: 'Added: links of "Boxes".',
    add_hint: 'Added: input rules of "Boxes".',
    add_picture: "Added: a picture, chart or shape (xl/drawings/drawing1.xml).",
    print_in_tiny_letters: 'Added: a print scale that is too small for "Boxes".',
    add_chart: "Added: a chart (xl/charts/chart1.xml).",
    add_chart_sheet: "Added: a chart (xl/chartsheets/sheet1.xml).",
}


@pytest.mark.parametrize(("add", "named"), ADDED.items(), ids=lambda value: getattr(value, "__name__", ""))
def test_a_plan_to_which_something_visible_was_added_is_refused(
    bulkvm: Bulkvm, planned: Starlette, folder: Path, add: Callable[[Workbook], None], named: str
) -> None:
    before, workbook = sent(planned), load_workbook(folder / "plan.xlsx")
    add(workbook)
    workbook.save(folder / "plan.xlsx")

    refused = bulkvm(*APPROVED)

    assert (refused.code, sent(planned)) == (3, before)
    said = " ".join(refused.err.split())
    assert named in said
    assert ("sign the printed page or a PDF of it" in said) == ("Added: a picture" in said)


def rewrite(file: Path, part: str, old: str, new: str) -> None:
    """Replace a text in a part of a workbook."""
    with zipfile.ZipFile(file) as archive:
        parts = {name: archive.read(name).decode() for name in archive.namelist()}
    assert re.search(old, parts[part], re.DOTALL)
    parts[part] = re.sub(old, new, parts[part], flags=re.DOTALL)
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)


@pytest.mark.parametrize(
    ("part", "old", "new"),
    [
        ("xl/theme/theme1.xml", "<a:dk1>.*</a:dk1>", '<a:dk1><a:srgbClr val="FFFFFF"/></a:dk1>'),
        ("xl/theme/theme1.xml", '(<a:minorFont>.*?<a:latin typeface=)"[^"]*"', r'\1"Wingdings"'),
        ("xl/styles.xml", 'formatCode="@"', 'formatCode="[Yellow]@"'),
        ("xl/worksheets/sheet2.xml", "<t>Lab</t>", '<r><rPr><color rgb="FFFDFDFD"/></rPr><t>Lab</t></r>'),
        ("xl/worksheets/sheet2.xml", "<t>Lab</t>", '<r><rPr><sz val="1"/></rPr><t>Lab</t></r>'),
    ],
    ids=["theme", "font of the theme", "number format", "run", "tiny run"],
)
def test_a_plan_whose_text_can_hardly_be_read_is_refused(
    bulkvm: Bulkvm, planned: Starlette, folder: Path, part: str, old: str, new: str
) -> None:
    rewrite(folder / "plan.xlsx", part, old, new)

    assert f'In the sheet "Boxes", {_ILLEGIBLE}' in refusal(bulkvm, planned)


def refusal(bulkvm: Bulkvm, planned: Starlette) -> str:
    """Import the plan, which is refused and sends nothing, and return the message on one line."""
    before = sent(planned)

    refused = bulkvm(*APPROVED)

    assert (refused.code, sent(planned)) == (3, before)
    return " ".join(refused.err.split())


_ROW = '(<row r="3".*?</row>)'
_COMPATIBILITY = 'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006" xmlns:zz="urn:other"'
_ALTERNATIVE = rf'<mc:AlternateContent {_COMPATIBILITY}><mc:Choice Requires="zz">\1</mc:Choice></mc:AlternateContent>'
_STRICT = "http://purl.oclc.org/ooxml/spreadsheetml/main"
OUT_OF_PLACE = {
    "row in an alternative": ("xl/worksheets/sheet2.xml", _ROW, _ALTERNATIVE),
    "row in an extension": ("xl/worksheets/sheet2.xml", _ROW, r"<extLst>\1</extLst>"),
    "row of another namespace": ("xl/worksheets/sheet2.xml", '<row r="3"', f'<row xmlns="{_STRICT}" r="3"'),
    "row in a second table": ("xl/worksheets/sheet2.xml", _ROW, r"</sheetData><sheetData>\1"),
    "two texts of a cell": ("xl/worksheets/sheet2.xml", 't="inlineStr"><is><t>Lab<', 't="str"><v>Ward</v><is><t>Lab<'),
    "text in another element": ("xl/worksheets/sheet2.xml", "<t>Lab</t>", "<other><t>Lab</t></other>"),
    "sheet in an alternative": ("xl/workbook.xml", '(<sheet [^>]*name="Boxes"[^>]*/>)', _ALTERNATIVE),
    "colour in another element": ("xl/styles.xml", "(<color [^>]*/>)", r'<color rgb="FFFFFFFF"/><other>\1</other>'),
}


@pytest.mark.parametrize(("part", "old", "new"), OUT_OF_PLACE.values(), ids=OUT_OF_PLACE)
def test_a_plan_with_elements_that_spreadsheet_programs_do_not_show_is_refused(
    bulkvm: Bulkvm, planned: Starlette, folder: Path, part: str, old: str, new: str
) -> None:
    rewrite(folder / "plan.xlsx", part, old, new)

    assert f"Added: elements that other programs do not show ({part})." in refusal(bulkvm, planned)


def test_a_plan_that_has_a_part_twice_is_refused(bulkvm: Bulkvm, planned: Starlette, folder: Path) -> None:
    before = sent(planned)
    with pytest.warns(UserWarning, match="Duplicate name"), zipfile.ZipFile(folder / "plan.xlsx", "a") as archive:
        archive.writestr("xl/worksheets/sheet2.xml", archive.read("xl/worksheets/sheet2.xml"))

    refused = bulkvm(*APPROVED)

    assert (refused.code, sent(planned)) == (3, before)
    assert "could not be read as a workbook" in refused.err


@pytest.mark.usefixtures("pbx")
def test_a_plan_shows_rows_that_the_sheet_conceals(bulkvm: Bulkvm, folder: Path) -> None:
    workbook = Workbook()
    sheet = workbook.worksheets[0]
    sheet.append(("Ext", "Name", "PIN"))
    looks: list[dict[str, Any]] = [
        {"font": Font(color="FFFFFFFF")},
        {"font": Font(size=1)},
        {"font": Font(name="Webdings")},
        {"font": Font(color=Color(theme=0))},
        {"fill": PatternFill("solid", fgColor="FF000000")},
        {"fill": PatternFill("solid", fgColor=Color(theme=1))},
        {"alignment": Alignment(indent=100)},
        {"alignment": Alignment(horizontal="fill")},
        {"alignment": Alignment(horizontal="centerContinuous")},
    ]
    for row, styles in enumerate(looks, start=2):
        sheet.append((f"62{row:02}", f"Room {row}", f"4028{row * 10}"))
        for name, style in styles.items():
            setattr(sheet.cell(row, 2), name, style)
    sheet.column_dimensions["B"].width = 0.4
    sheet.row_dimensions[2].height = 0.5
    sheet.row_dimensions[3].hidden = True
    workbook.save(folder / "own.xlsx")

    assert bulkvm("plan", "own.xlsx", "--output", "plan.xlsx").code == 0

    with Path(folder / "plan.xlsx").open("rb") as file:
        cells = read_all_cells(Source(folder / "plan.xlsx", "plan.xlsx", file))[sheet.title]
    assert cells.concealed == frozenset()


@pytest.mark.usefixtures("pbx")
def test_a_plan_has_no_warning_that_shows_a_pin(bulkvm: Bulkvm, folder: Path) -> None:
    write_csv(folder / "boxes.csv", ("620481", "Lab", "620481"), ("6205", "Ward", "730519"), ("6206", "Desk", "730519"))

    ended = bulkvm("plan", "boxes.csv", "--output", "plan.xlsx")

    assert "[pin-is-extension]" in ended.out
    assert "[pin-shared]" in ended.out
    content = everything_in(folder / "plan.xlsx")
    assert [code for code in ("pin-is-extension", "pin-shared", "The PIN is the", "same PIN") if code in content] == []


@pytest.mark.usefixtures("planned")
def test_no_part_of_a_plan_contains_a_pin(bulkvm: Bulkvm, folder: Path) -> None:
    content = everything_in(folder / "plan.xlsx")
    document = bulkvm("plan", "boxes.csv", "--json")

    assert "Reception" in content
    assert [pin for pin in PINS if pin in content] == []
    sheet = hashlib.sha256((folder / "boxes.csv").read_bytes()).hexdigest()  # whoever has it could try out a PIN
    assert (sheet in content, sheet in document.out) == (False, False)
    assert document.json["sheet"]["sha256_without_pins"] in content


@pytest.mark.usefixtures("planned")
def test_the_checksum_without_pins_depends_on_everything_else_that_is_read(bulkvm: Bulkvm, folder: Path) -> None:
    def checksum(*row: str) -> str:
        write_csv(folder / "other.csv", *AFTER[:3], row)
        return str(bulkvm("plan", "other.csv", "--json").json["sheet"]["sha256_without_pins"])

    same, other_pin, other_name = (
        checksum("6204", name, pin, "", "") for name, pin in (AFTER[3][1:3], ("Pharmacy", "951748"), ("Labs", "840628"))
    )

    assert same == other_pin != other_name


def save_workbook_with_pins_everywhere(file: Path) -> None:
    """Save the sheet with the PINs of boxes in all kinds of places."""
    workbook = Workbook()
    sheet = workbook.worksheets[0]
    sheet.title = "Boxes"
    sheet.append(("Our boxes. The PIN of the lab is 730519.",))
    sheet.append(("Ext", "Name", "PIN", "Emails", "Notify", "Remarks", "Portal password", "bulkvm_pin"))
    for row in AFTER:
        sheet.append((*row, f"was {row[2][:3]} {row[2][3:]}", "hunter2", row[2]))
    sheet.append(("Ext", "Name", "PIN", "Emails", "Notify", "840628", "hunter2"))  # a repeated heading is skipped
    sheet["B3"].font = Font(bold=True, color="FF00AA00")
    sheet["B4"].comment = Comment("PIN 730519", "Anna")
    sheet["D3"].hyperlink = "https://example.com/?pin=402817"
    choices = DataValidation(type="list", formula1='"402817,730519"')
    choices.add("C3:C6")
    sheet.add_data_validation(choices)
    sheet.conditional_formatting.add("C3:C6", Rule(type="expression", formula=["$C3=402817"]))
    assert sheet.oddHeader is not None
    sheet.oddHeader.center.text = "PIN 402817"
    sheet.column_dimensions["B"].width = 31
    workbook.create_sheet("Old")["A1"] = "693157"
    workbook.defined_names["Pin"] = DefinedName("Pin", attr_text='"693157"')
    workbook.properties.title = "PIN 402817"
    workbook.save(file)


def test_a_plan_has_the_formats_of_the_sheet_and_nothing_else_that_may_hold_a_pin(
    bulkvm: Bulkvm, planned: Starlette, folder: Path
) -> None:
    save_workbook_with_pins_everywhere(folder / "boxes.xlsx")

    ended = bulkvm("plan", "boxes.xlsx", "--output", "own.xlsx", "--map", "Portal password=")

    assert ended.code == 0, ended.err
    content = everything_in(folder / "own.xlsx")
    assert [pin for pin in (*PINS, "hunter2") if pin in content] == []
    workbook = load_workbook(folder / "own.xlsx")
    sheet = workbook["Boxes"]
    assert (workbook.sheetnames, sheet.column_dimensions["B"].width) == (["bulkvm", "Boxes", "bulkvm_plan"], 31)
    assert (sheet["B3"].value, sheet["B3"].font.color.rgb) == ("Reception", "FF00AA00")
    assert [sheet.cell(row, 3).value for row in range(3, 7)] == ["(unchanged)", "(changes)", "(unchanged)", "(set)"]
    assert {sheet.cell(row, column).value for row in range(3, 7) for column in (6, 7, 8)} == {"(not shown)"}
    assert bulkvm("import", "own.xlsx", *APPROVED[2:]).code == 0
    assert stored(planned, "pin")["6202"] == "730519"


PINS_IN_OTHER_COLUMNS = {
    "language": ("6204", "Pharmacy", "", "", "", "840628"),
    "name": ("6204", "840628", "", "", ""),
    "recipients": ("6204", "Pharmacy", "840 628", "", "PIN 840-628"),
    "another box's PIN": ("6204", "Pharmacy", "11", "mail 730519", ""),
}


@pytest.mark.parametrize("row", PINS_IN_OTHER_COLUMNS.values(), ids=PINS_IN_OTHER_COLUMNS)
def test_a_refused_row_shows_no_pin_that_is_in_another_column(
    bulkvm: Bulkvm, planned: Starlette, folder: Path, row: tuple[str, ...]
) -> None:
    before = sent(planned)
    write_csv(folder / "boxes.csv", *AFTER[:2], (row[0], row[1], row[2], row[3], row[4]))
    if len(row) > len(AFTER[0]):
        text = (folder / "boxes.csv").read_text("utf-8").splitlines()
        lines = [f"{line},prompt" if number == 0 else f"{line}," for number, line in enumerate(text)]
        lines[-1] += row[-1]
        (folder / "boxes.csv").write_text("\n".join(lines), "utf-8")

    ended = bulkvm("plan", "boxes.csv", "--output", "new.xlsx", "--skip-invalid")

    content = everything_in(folder / "new.xlsx")
    assert "refused" in content, ended.out
    assert [pin for pin in (*PINS, "840 628", "840-628") if pin in content] == []
    assert sent(planned) == before


@pytest.mark.usefixtures("pbx")
def test_a_pin_in_digits_of_another_script_is_not_shown(bulkvm: Bulkvm, folder: Path) -> None:
    (folder / "boxes.csv").write_text(
        "ext,name,pin,remarks\n6201,Desk,402817,\uff14\uff10\uff12\uff18\uff11\uff17\n", "utf-8"
    )

    assert bulkvm("plan", "boxes.csv", "--output", "plan.xlsx").code == 0

    assert "\uff14\uff10\uff12" not in everything_in(folder / "plan.xlsx")


@pytest.mark.parametrize(
    "remark", ["852-0742", "was 852 0742 until 2019", "1. 85 20 74 2, 2. none", "8520742.", "x8520742"]
)
@pytest.mark.usefixtures("pbx")
def test_a_pin_in_groups_of_digits_is_not_shown(bulkvm: Bulkvm, folder: Path, remark: str) -> None:
    (folder / "boxes.csv").write_text(f'ext,name,pin,remarks,r {remark}\n6201,Desk,8520742,"{remark}",5\n', "utf-8")

    assert bulkvm("plan", "boxes.csv", "--output", "plan.xlsx").code == 0

    cells = list(load_workbook(folder / "plan.xlsx")["Boxes"].values)
    assert cells[0][3:5] == ("remarks", "(not shown)")
    assert cells[1][:5] == ("6201", "Desk", "(set)", "(not shown)", "5")


@pytest.mark.usefixtures("pbx")
def test_numbers_that_are_no_pins_are_shown(bulkvm: Bulkvm, folder: Path) -> None:
    (folder / "boxes.csv").write_text('ext,name,pin,remarks\n6201,Desk,8520742,"room 85, 3rd floor, 0742 5"\n', "utf-8")

    assert bulkvm("plan", "boxes.csv", "--output", "plan.xlsx").code == 0

    assert load_workbook(folder / "plan.xlsx")["Boxes"]["D2"].value == "room 85, 3rd floor, 0742 5"


def test_a_result_never_overwrites_the_plan(bulkvm: Bulkvm, planned: Starlette, folder: Path) -> None:
    before, content = sent(planned), (folder / "plan.xlsx").read_bytes()

    refused = bulkvm(*APPROVED, "--result", "plan.xlsx", "--overwrite")

    assert (refused.code, refused.err) == (
        2,
        "plan.xlsx is the plan itself, which bulkvm never overwrites. Use another file.\n",
    )
    assert (sent(planned), (folder / "plan.xlsx").read_bytes()) == (before, content)


def test_a_plan_is_refused_if_the_clock_was_set_back(
    bulkvm: Bulkvm, planned: Starlette, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Earlier(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
            return datetime.now(tz) - timedelta(days=1)

    before = sent(planned)
    monkeypatch.setattr("bulkvm.jobs.plan_file.datetime", Earlier)

    refused = bulkvm(*APPROVED)

    assert (refused.code, sent(planned)) == (3, before)
    assert "plan.xlsx may have expired, so nothing was sent. Correct the clock, or make a new plan." in refused.err


@pytest.mark.usefixtures("planned")
def test_the_page_says_that_the_plan_exceeds_the_limit_on_changes(bulkvm: Bulkvm, folder: Path) -> None:
    bulkvm("plan", "boxes.csv", "--output", "plan.xlsx", "--overwrite", "--max-changes", "1")

    content = everything_in(folder / "plan.xlsx")
    assert (
        "This would change 2 of the 3 boxes on the PBX, and 1 are allowed. Whoever sends it must raise that limit."
    ) in content


@pytest.mark.usefixtures("pbx")
@pytest.mark.parametrize(("limit", "named"), [("60%", " --max-changes 60%"), ("10", " --max-changes 10"), ("30%", "")])
def test_the_command_that_sends_a_plan_has_the_limit_that_it_needs(
    bulkvm: Bulkvm, folder: Path, limit: str, named: str
) -> None:
    boxes = [(str(6200 + n), f"Desk {n}", f"{n // 10}19{n % 10}60", "", "") for n in range(20)]
    bulkvm("import", write_csv(folder / "a.csv", *boxes), "--yes")
    changed = 10 if named else 2
    write_csv(folder / "b.csv", *((row[0], row[1] + "b", *row[2:]) for row in boxes[:changed]))

    planned = bulkvm("plan", "b.csv", "--output", "plan.xlsx", "--max-changes", limit)

    command = f"import plan.xlsx --approved{named}"
    assert f"send it with `bulkvm {command}`" in planned.text
    page = load_workbook(folder / "plan.xlsx").worksheets[0]
    assert f"To send it: bulkvm {command}" in [cell.value for cell in page["A"]]
    assert bulkvm(*command.split(), "--yes").code == 0


@pytest.mark.usefixtures("planned")
@pytest.mark.parametrize("option", [("--valid-for", "3d"), ("--overwrite",)])
def test_an_option_about_the_plan_file_needs_one(bulkvm: Bulkvm, option: tuple[str, ...]) -> None:
    refused = bulkvm("plan", "boxes.csv", *option)

    assert refused.code == 2
    assert "Name it with --output" in refused.err


def test_a_plan_that_is_imported_as_a_sheet_is_refused_before_the_pbx_is_asked_and_without_a_result(
    bulkvm: Bulkvm, planned: Starlette, folder: Path
) -> None:
    (folder / "plan.xlsx").rename(folder / "our plan.xlsx")
    files, requests = sorted(folder.iterdir()), planned.state.traffic.counts.total()

    refused = bulkvm("import", "our plan.xlsx", "--yes", "--skip-invalid")

    assert refused.code == 3
    assert refused.err == (
        "Nothing was sent. our plan.xlsx: this is a plan, which does not contain PINs. Send it as an "
        "approved plan, or use the sheet that the plan was made from. To send it: "
        "`bulkvm import 'our plan.xlsx' --approved`.\n"
    )
    assert (sorted(folder.iterdir()), planned.state.traffic.counts.total()) == (files, requests)


@pytest.mark.usefixtures("planned")
def test_an_approved_plan_advises_no_options_that_it_refuses(bulkvm: Bulkvm, folder: Path) -> None:
    write_csv(folder / "boxes.csv", ("6205", "Attic", "", "", ""))
    bulkvm("plan", "boxes.csv", "--skip-invalid", "--output", "other.xlsx")

    sent = bulkvm("import", "other.xlsx", "--approved", "--yes")

    assert "Box 6205 does not exist yet, and a new box needs a PIN." in sent.err
    assert "--generate-pins" not in sent.err


@pytest.mark.parametrize("forgotten", [1, 2])
def test_a_plan_whose_run_was_forgotten_is_not_sent_again(bulkvm: Bulkvm, planned: Starlette, forgotten: int) -> None:
    bulkvm(*APPROVED)
    bulkvm("undo", "last", "--yes")
    _, run, undo = (listed["run"] for listed in bulkvm("runs", "--json").json["runs"])
    before = stored(planned, "name", "pin", "recipients")

    asked = [bulkvm("runs", "forget", name, "--yes").err for name in (run, undo)[:forgotten]]
    refused = bulkvm(*APPROVED)

    assert "approved plan plan.xlsx, which cannot be sent again then" in asked[0]
    assert not any("approved plan" in text for text in asked[1:])
    assert (refused.code, stored(planned, "name", "pin", "recipients")) == (3, before)
    assert f"Run {run} sent the plan, and its journal was deleted since" in refused.err
    assert bulkvm("plan", "boxes.csv", "--output", "new.xlsx").code == 0
    assert bulkvm("import", "new.xlsx", "--approved", "--yes", "--max-changes", "3").code == 0


def test_a_plan_whose_forgotten_run_sent_nothing_can_be_sent(bulkvm: Bulkvm, planned: Starlette) -> None:
    planned.state.faults = FaultRules(["422:update:1-9", "422:create:1-9"])
    bulkvm(*APPROVED)
    planned.state.faults = FaultRules()

    bulkvm("runs", "forget", "last", "--yes")

    assert bulkvm(*APPROVED).code == 0


@pytest.mark.usefixtures("planned")
def test_the_values_of_new_boxes_are_data_too(bulkvm: Bulkvm) -> None:
    created = bulkvm("plan", "boxes.csv", "--json").json["rows"][-1]

    assert (created["change"], created["changed"]) == ("create", [])
    assert created["differences"] == [
        {"field": "name", "old": None, "new": "Pharmacy"},
        {"field": "pin", "old": None, "new": None},
    ]


@pytest.mark.usefixtures("planned")
def test_a_plan_that_sends_nothing_is_not_said_to_be_sent(bulkvm: Bulkvm, folder: Path) -> None:
    write_csv(folder / "boxes.csv", ("6205", "Attic", "12", "", ""))

    planned = bulkvm("plan", "boxes.csv", "--skip-invalid", "--output", "other.xlsx")
    sent = bulkvm("import", "other.xlsx", "--approved", "--yes")

    assert (planned.code, sent.code) == (3, 1)
    assert "Plan: other.xlsx. It sends nothing, so it needs no approval." in planned.err
    assert "every row" not in sent.err


@pytest.mark.usefixtures("planned")
def test_a_sheet_with_an_error_outside_its_rows_has_no_rows_to_leave_out_of_a_plan(
    bulkvm: Bulkvm, folder: Path
) -> None:
    (folder / "twice.csv").write_text("extension_number,name,pin,PIN\n6201,Desk,402817,582046\n", "utf-8")

    refused = bulkvm("plan", "twice.csv", "--output", "other.xlsx")

    assert refused.code == 3
    assert "other.xlsx was not written. Correct the errors first." in refused.err
    assert "--skip-invalid" not in refused.err


def test_the_approval_can_be_filled_in(bulkvm: Bulkvm, planned: Starlette, folder: Path) -> None:
    before = sent(planned)
    page = load_workbook(folder / "plan.xlsx")["bulkvm"]
    rows = [row for row in range(1, page.max_row + 1) if page.cell(row, 1).value in {"name and date", "signature"}]
    edit(folder / "plan.xlsx", *(("bulkvm", f"B{row}", "Jane Doe, 30 November") for row in rows))

    ended = bulkvm(*APPROVED)

    assert (len(rows), ended.code) == (2, 0)
    assert sent(planned) == (before[0] + 1, before[1] + 2)


def form_row(page: Worksheet, name: str = "name and date") -> int:
    """The row of the first page in which a line is to be filled in."""
    return next(row for row in range(1, page.max_row + 1) if page.cell(row, 1).value == name)


def fill_in_an_address(page: Worksheet) -> None:
    """Type an e-mail address, which spreadsheet programs make a link."""
    cell = page.cell(form_row(page), 2, "anna@example.com")
    cell.hyperlink = "mailto:anna@example.com"


def fill_in_a_long_text(page: Worksheet) -> None:
    """Type more than the line shows."""
    page.cell(form_row(page), 2, "Anna Berger, head of telephony, after the meeting of 28 November. " * 8)


def fill_in_merged_cells(page: Worksheet) -> None:
    """Merge the cells of the line."""
    row = form_row(page)
    page.cell(row, 2, "Anna")
    page.merge_cells(f"B{row}:D{row}")


def fill_in_beside(page: Worksheet) -> None:
    """Type the name and the date into two cells."""
    page.cell(form_row(page), 2, "Anna")
    page.cell(form_row(page), 3, datetime(2026, 11, 28))  # noqa: DTZ001  (workbooks have no time zones)


FILLED_IN = (fill_in_an_address, fill_in_a_long_text, fill_in_merged_cells, fill_in_beside)


@pytest.mark.parametrize("fill_in", FILLED_IN, ids=lambda fill_in: fill_in.__name__)
def test_the_approval_can_be_filled_in_as_people_do(
    bulkvm: Bulkvm, planned: Starlette, folder: Path, fill_in: Callable[[Worksheet], None]
) -> None:
    creates, updates = sent(planned)
    workbook = load_workbook(folder / "plan.xlsx")
    fill_in(workbook["bulkvm"])
    workbook.save(folder / "plan.xlsx")

    ended = bulkvm(*APPROVED)

    assert ended.code == 0, ended.err
    assert sent(planned) == (creates + 1, updates + 2)


def test_a_digital_signature_is_no_edit(bulkvm: Bulkvm, planned: Starlette, folder: Path) -> None:
    creates, updates = sent(planned)
    with zipfile.ZipFile(folder / "plan.xlsx", "a") as archive:
        archive.writestr("_xmlsignatures/origin.sigs", "")
        archive.writestr("_xmlsignatures/_rels/origin.sigs.rels", "<Relationships/>")
        archive.writestr("_xmlsignatures/sig1.xml", "<Signature/>")

    ended = bulkvm(*APPROVED)

    assert ended.code == 0, ended.err
    assert sent(planned) == (creates + 1, updates + 2)


@pytest.mark.usefixtures("pbx")
def test_a_row_of_the_sheet_with_the_words_of_the_approval_cannot_be_edited(
    bulkvm: Bulkvm, pbx: Starlette, folder: Path
) -> None:
    text = "remark,name,ext,pin\nsignature,Attic,6201,402817\nname and date,Lab,6202,582046\n"
    (folder / "boxes.csv").write_text(text, "utf-8")
    assert bulkvm("plan", "boxes.csv", "--output", "plan.xlsx").code == 0
    edit(folder / "plan.xlsx", ("Boxes", "B2", "Reception"), ("Boxes", "B3", "Ward"))

    refused = bulkvm(*APPROVED)

    assert (refused.code, sent(pbx)) == (3, (0, 0))
    said = " ".join(refused.err.split())
    assert 'The cell B2 of "Boxes" was edited: the plan has "Attic" there.' in said
    assert 'The cell B3 of "Boxes" was edited: the plan has "Lab" there.' in said


def test_a_link_or_merged_cells_elsewhere_on_the_first_page_are_an_edit(
    bulkvm: Bulkvm, planned: Starlette, folder: Path
) -> None:
    before, workbook = sent(planned), load_workbook(folder / "plan.xlsx")
    page = workbook["bulkvm"]
    row = form_row(page)
    page.cell(row - 1, 2).hyperlink = "https://example.com/"
    page.merged_cells.add(f"A{row}:B{row}")
    page.merged_cells.add(f"B{row}:B{row + 3}")
    page.row_dimensions[row].hidden = True
    workbook.save(folder / "plan.xlsx")

    refused = bulkvm(*APPROVED)

    assert (refused.code, sent(planned)) == (3, before)
    said = " ".join(refused.err.split())
    for named in ('Added: links of "bulkvm".', f"A{row}:B{row} is", f"B{row}:B{row + 3} is", f"row {row} is hidden"):
        assert named in said


@NEEDS_OFFICE
def test_a_plan_that_was_opened_and_saved_without_edits_is_sent(
    bulkvm: Bulkvm, planned: Starlette, folder: Path, tmp_path: Path
) -> None:
    before = sent(planned)
    save_as(folder / "plan.xlsx", "xlsx", tmp_path)

    ended = bulkvm("import", tmp_path / "plan.xlsx", *APPROVED[2:], "--original", "boxes.csv")

    assert ended.code == 0
    assert sent(planned) == (before[0] + 1, before[1] + 2)


@pytest.fixture
def planned_workbook(bulkvm: Bulkvm, planned: Starlette, folder: Path) -> Starlette:
    """The same with plan.xlsx made of boxes.xlsx, which has text in all of its cells and a column of remarks."""
    workbook = Workbook()
    sheet = workbook.worksheets[0]
    sheet.title = "Boxes"
    sheet.append(("Ext", "Name", "PIN", "Emails", "Notify", "Remarks"))
    for row in AFTER:
        sheet.append((*row, "two\nlines"))
    sheet["A4"] = 6203  # a number
    workbook.save(folder / "boxes.xlsx")
    assert bulkvm("plan", "boxes.xlsx", "--output", "plan.xlsx", "--overwrite").code == 0
    return planned


@NEEDS_OFFICE
def test_a_sheet_that_was_only_saved_again_is_that_of_its_plan(
    bulkvm: Bulkvm, planned_workbook: Starlette, folder: Path, tmp_path: Path
) -> None:
    before = sent(planned_workbook)
    save_as(folder / "boxes.xlsx", "xlsx", tmp_path).replace(folder / "boxes.xlsx")

    ended = bulkvm(*APPROVED)

    assert ended.code == 0, ended.err
    assert sent(planned_workbook) == (before[0] + 1, before[1] + 2)
    assert stored(planned_workbook, "pin")["6202"] == "730519"


def test_a_sheet_that_was_only_formatted_is_that_of_its_plan(
    bulkvm: Bulkvm, planned_workbook: Starlette, folder: Path
) -> None:
    before, workbook = sent(planned_workbook), load_workbook(folder / "boxes.xlsx")
    sheet = workbook["Boxes"]
    sheet.column_dimensions["B"].width = 60
    sheet["B2"].comment = Comment("Agreed", "Anna")
    sheet.page_setup.orientation = "landscape"
    sheet.print_area = "A1:E5"
    sheet["B3"].font = Font(bold=True)
    workbook.save(folder / "boxes.xlsx")

    ended = bulkvm(*APPROVED)

    assert ended.code == 0, ended.err
    assert sent(planned_workbook) == (before[0] + 1, before[1] + 2)


def edit_name(sheet: Worksheet) -> None:
    sheet["B5"] = "Chemist"


def edit_pin(sheet: Worksheet) -> None:
    sheet["C5"] = "951748"


def edit_remark(sheet: Worksheet) -> None:
    sheet["F2"] = "one line"


def edit_heading(sheet: Worksheet) -> None:
    sheet["F1"] = "Language"


def add_row(sheet: Worksheet) -> None:
    sheet.append(("6205", "Attic", "951748"))


def delete_row(sheet: Worksheet) -> None:
    sheet.delete_rows(5)


def strike_out_row(sheet: Worksheet) -> None:
    for cell in sheet[5]:
        cell.font = Font(strike=True)


EDITED: dict[Callable[[Worksheet], None], tuple[str, ...]] = {
    edit_name: ("The cell B5 of boxes.xlsx was edited.",),
    edit_pin: ("The cell C5 of boxes.xlsx was edited.",),
    edit_remark: ("The cell F2 of boxes.xlsx was edited.",),
    edit_heading: ("The cell F1 of boxes.xlsx was edited.",),
    add_row: tuple(f"The cell {letter}6 of boxes.xlsx was edited." for letter in "ABC"),
    delete_row: tuple(f"The cell {letter}5 of boxes.xlsx was edited." for letter in "ABCF"),
    strike_out_row: ("Since the plan was made, rows with text that is struck through are read like the others: 5.",),
}


@pytest.mark.parametrize(("edit_sheet", "named"), EDITED.items(), ids=lambda value: getattr(value, "__name__", ""))
def test_each_edited_cell_of_the_sheet_of_a_plan_is_named(
    bulkvm: Bulkvm,
    planned_workbook: Starlette,
    folder: Path,
    edit_sheet: Callable[[Worksheet], None],
    named: tuple[str, ...],
) -> None:
    workbook = load_workbook(folder / "boxes.xlsx")
    edit_sheet(workbook["Boxes"])
    workbook.save(folder / "boxes.xlsx")

    refused = refusal(bulkvm, planned_workbook)

    assert [text for text in named if text not in refused] == []
    assert refused.count(" was edited.") == (len(named) if "edited" in named[0] else 0)
    assert "951748" not in refused


@pytest.mark.usefixtures("planned")
def test_the_key_of_plans_is_private(tmp_path: Path) -> None:
    assert (tmp_path / "state" / "plan.key").stat().st_mode & 0o777 == 0o600


@pytest.mark.usefixtures("planned")
def test_a_refused_plan_lists_every_difference_as_a_problem(bulkvm: Bulkvm, folder: Path) -> None:
    edit(folder / "plan.xlsx", ("Boxes", "B2", "Concierge"), ("Boxes", "B3", "Basement"))

    document = bulkvm(*APPROVED, "--json").json

    assert (document["run"], document["rows"]) == (None, [])
    assert [problem["code"] for problem in document["problems"]] == ["plan-edited", "plan-edited"]


@pytest.mark.usefixtures("planned")
@pytest.mark.parametrize("command", ["validate", "plan", "import"])
def test_a_plan_is_no_sheet(bulkvm: Bulkvm, command: str) -> None:
    ended = bulkvm(command, "plan.xlsx", "--json")

    assert ended.code == 3
    assert "plan-as-sheet" in {problem["code"] for problem in ended.json["problems"]}


@pytest.mark.usefixtures("planned")
@pytest.mark.parametrize(
    "option", ["--generate-pins", "--skip-invalid", "--only-failed", "--map=Code=pin", "--pin-length=6-8"]
)
def test_options_cannot_change_an_approved_plan(bulkvm: Bulkvm, option: str) -> None:
    assert bulkvm(*APPROVED, option).code == 2


def test_a_plan_of_a_sheet_with_errors_is_written_only_without_its_invalid_rows(
    bulkvm: Bulkvm, planned: Starlette, folder: Path
) -> None:
    write_csv(folder / "boxes.csv", *AFTER[:2], ("6205", "Attic", "12", "", ""))
    before = sent(planned)

    refused = bulkvm("plan", "boxes.csv", "--output", "other.xlsx")
    skipped = bulkvm("plan", "boxes.csv", "--output", "other.xlsx", "--skip-invalid", "--json")

    assert refused.code == 3
    assert "other.xlsx was not written." in refused.err
    assert [row["row"] for row in skipped.json["refused"]] == [4]
    assert [row["differences"] for row in skipped.json["rows"]] == [
        [
            {"field": "name", "old": "Front Desk", "new": "Reception"},
            {"field": "recipients", "old": "a@example.com,b@example.com", "new": "b@example.com,c@example.com"},
        ],
        [{"field": "pin", "old": None, "new": None}],
    ]
    assert bulkvm("import", "other.xlsx", *APPROVED[2:]).code == 1
    assert sent(planned) == (before[0], before[1] + 2)


@pytest.mark.usefixtures("planned")
def test_generated_pins_are_generated_when_the_plan_is_sent(bulkvm: Bulkvm, folder: Path) -> None:
    write_csv(folder / "new.csv", ("6205", "Attic", "", "", ""))
    planned = bulkvm("plan", "new.csv", "--generate-pins", "--output", "new.xlsx", "--json")

    ended = bulkvm("import", "new.xlsx", "--approved", "--yes")

    assert planned.json["rows"][0]["generated_pin"] is True
    assert load_workbook(folder / "new.xlsx")["Boxes"]["G2"].value == (
        'Name: "Attic"\nPIN: generated when the plan is sent'
    )
    assert ended.code == 0


@pytest.mark.usefixtures("planned")
def test_an_existing_plan_is_replaced_only_on_request(bulkvm: Bulkvm) -> None:
    assert bulkvm("plan", "boxes.csv", "--output", "plan.xlsx").code == 2
    assert bulkvm("plan", "boxes.csv", "--output", "plan.csv").code == 2
    assert bulkvm("plan", "boxes.csv", "--output", "plan.xlsx", "--overwrite").code == 0


@pytest.mark.usefixtures("pbx")
def test_all_rows_of_a_plan_are_shown_on_request(bulkvm: Bulkvm, folder: Path) -> None:
    plan = ("plan", write_csv(folder / "many.csv", *rows(25)), "--skip-invalid")  # two of them have PINs such as 123

    assert "... and 3 more" in bulkvm(*plan).out
    assert bulkvm(*plan, "--all").out.count("\n  + row ") == 23
