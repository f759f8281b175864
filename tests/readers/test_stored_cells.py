"""Cells as no spreadsheet program should store them: read, or that cell is named."""

import zipfile
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest

from bulkvm.model.errors import SheetError
from bulkvm.model.sheet import CellKind, Sheet
from bulkvm.readers import read_sheet
from bulkvm.validation import Checked, validate
from tests.readers.files import header_xml, texts, write_raw_workbook, write_workbook


def read(tmp_path: Path, *rows: str, after: str = "") -> Sheet:
    path = write_raw_workbook(
        tmp_path / "a.xlsx",
        f"<sheetData>{header_xml('extension_number', 'name', 'pin', 'enable_pin')}{''.join(rows)}</sheetData>{after}",
        strings="<si><t>Lab</t></si><si><t>Desk</t></si>",
        styles='<cellXfs><xf/><xf numFmtId="0"/></cellXfs>',
    )
    return read_sheet(path)


def text_cell(reference: str, text: str) -> str:
    return f'<c r="{reference}" t="inlineStr"><is><t>{text}</t></is></c>'


BOX = f"{text_cell('A2', '6201')}{text_cell('B2', 'Lab')}"


@pytest.mark.parametrize(
    ("stored", "text"),
    [
        *((word, "FALSE") for word in ("0", "false", "False", "FALSE", " 0 ", "\n false\n")),
        *((word, "TRUE") for word in ("1", "true", "True", "TRUE", " 1 ", "\ttrue ")),
        ("", ""),
        ("  ", ""),
    ],
)
def test_a_boolean_is_read_in_any_case_and_an_empty_one_is_blank(tmp_path: Path, stored: str, text: str) -> None:
    sheet = read(tmp_path, f'<row r="2">{text_cell("A2", "6201")}<c r="D2" t="b"><v>{stored}</v></c></row>')

    assert sheet.cells.loc[2, "D"] == text
    assert validate(sheet).problems == ()


@pytest.mark.parametrize(
    "cell",
    [
        *(f'<c r="D2" t="b"><v>{word}</v></c>' for word in ("2", "-1", "yes", "FALSCH", "0.0")),
        *(f'<c r="D2" t="s"><v>{index}</v></c>' for index in ("-1", "2", "1_0", "one", "\u0661", "1.0", "+1")),
        *(
            f'<c r="D2"><v>{number}</v></c>'
            for number in (
                "1_001",
                "\u0661\u0662",
                "INF",
                "-INF",
                "NaN",
                "Infinity",
                "1e999",
                "1e-400",
                "0x1F",
                "1,5",
                "e5",
                ".",
            )
        ),
        *(f'<c r="D2" s="{style}"><v>1</v></c>' for style in ("-1", "2", "99999", "1_0", "x")),
        '<c r="D2" t="x"><v>1</v></c>',
    ],
)
def test_a_cell_that_cannot_be_read_is_named_and_the_others_are_read(tmp_path: Path, cell: str) -> None:
    sheet = read(
        tmp_path,
        f'<row r="2">{text_cell("A2", "6201")}{text_cell("B2", "Lab")}{cell}</row>',
        f'<row r="3">{text_cell("A3", "6202")}{text_cell("B3", "Desk")}</row>',
    )

    checked = validate(sheet)

    assert [(problem.cell, problem.code) for problem in checked.problems] == [("D2", "cell-damaged")]
    assert [record.row for record in checked.records] == [3]


@pytest.mark.parametrize(
    "rows",
    [
        pytest.param([f'<row r="2">{text_cell("B2", "Lab")}{text_cell("A2", "6201")}</row>'], id="cells out of order"),
        pytest.param([f'<row r="2">{text_cell("a2", "6201")}{text_cell("b2", "Lab")}</row>'], id="lower case"),
        pytest.param(
            [f'<row r="2">{text_cell("A2", "6201")}</row>', f'<row r="2">{text_cell("B2", "Lab")}</row>'],
            id="a row in two pieces",
        ),
        pytest.param(
            [
                f'<row r="2">{text_cell("A2", "6201")}</row>',
                f'<row r="3">{text_cell("C3", "x")}</row>',
                f'<row r="2">{text_cell("B2", "Lab")}</row>',
            ],
            id="a row in two pieces with another between them",
        ),
        pytest.param(
            [
                f'<row r="9">{text_cell("C9", "x")}</row>',
                f'<row r="2">{text_cell("A2", "6201")}{text_cell("B2", "Lab")}</row>',
            ],
            id="rows out of order",
        ),
        pytest.param(
            [f'<row r="2">{BOX}<c r="C2" t="s"><v/></c><c r="D2" t="s"><v></v></c></row>'],
            id="empty shared strings",
        ),
        pytest.param(
            [f'<row r="2">{BOX}<c r="C2" t="inlineStr"><is/></c><c r="D2"/></row>'],
            id="empty inline text",
        ),
        pytest.param(
            ['<row r="2"><c r="A2" s=" 1 "><v> 6201 </v></c><c r="B2" t="s"><v> 0 </v></c></row>'], id="spaces"
        ),
    ],
)
def test_unambiguous_cells_in_an_odd_order_or_spelling_are_read(tmp_path: Path, rows: list[str]) -> None:
    record = validate(read(tmp_path, *rows)).records[0]

    assert (record.row, record.extension_number, record.name) == (2, "6201", "Lab")


def test_rows_before_the_headings_are_read_wherever_they_are_stored(tmp_path: Path) -> None:
    rows = [f'<row r="{n}">{text_cell(f"A{n}", str(6200 + n))}</row>' for n in (30, 2, 29)]
    path = write_raw_workbook(tmp_path / "a.xlsx", f"<sheetData>{''.join(rows)}{header_xml()}</sheetData>")

    read = read_sheet(path)

    assert read.header_row == 1
    assert list(read.texts("A").items()) == [(2, "6202"), (29, "6229"), (30, "6230")]


@pytest.mark.parametrize(
    "rows",
    [
        pytest.param(['<row r="2">{0}{1}{0}</row>'], id="twice in a row"),
        pytest.param(['<row r="2">{0}{1}</row>', '<row r="2">{0}</row>'], id="in two pieces of a row"),
        pytest.param(
            ['<row r="2">{0}{1}</row>', '<row r="3">{2}</row>', '<row r="2">{0}</row>'], id="in parts elsewhere"
        ),
        pytest.param(['<row r="2">{1}{3}</row>'], id="the reference of another row"),
    ],
)
def test_a_cell_of_which_the_place_is_not_certain_is_named(tmp_path: Path, rows: list[str]) -> None:
    cells = [text_cell("C2", "402817"), text_cell("A2", "6201"), text_cell("A3", "6202"), text_cell("C22", "402817")]

    checked = validate(read(tmp_path, *(row.format(*cells) for row in rows)))

    assert [(problem.cell, problem.code) for problem in checked.problems if problem.is_error] == [
        ("C2", "cell-damaged")
    ]


@pytest.mark.parametrize(
    "formula", ["SUM(A2:A3)", "COUNT(A2:A3)", "COUNTA($A$2:$A$3)", "SUBTOTAL(9,A2:A3)", "sum( A2:A3 )", "+SUM(A:A)",
                "MAX(A2:A3)", "SUM(Table1[Extension])", "COUNTIF(A2:A3,1)",
                "SUMPRODUCT(1*(A2:A3=1))", "_xlfn.AGGREGATE(9,5,A2:A3)", "SUM(IF(A2:A3>1,ABS(A2:A3)))"],
)  # fmt: skip
def test_a_total_of_other_rows_is_not_an_extension(tmp_path: Path, formula: str) -> None:
    sheet = read(
        tmp_path,
        f'<row r="2">{text_cell("A2", "6201")}{text_cell("B2", "Lab")}</row>',
        f'<row r="3"><c r="A3"><f>{formula}</f><v>6201000</v></c>{text_cell("B3", "Total")}</row>',
    )

    checked = validate(sheet)

    assert [(problem.cell, problem.code) for problem in checked.problems] == [("A3", "excel-total")]
    assert [record.row for record in checked.records] == [2]


@pytest.mark.parametrize(
    "formula", ["A2+1", "MAX(A$2:A2)+1", "MAX(A$2:A2)+ABS(1)", "ROW()+6200", "LEFT(B2,4)", "VLOOKUP(B3,X!A:B,2,FALSE)"]
)
def test_a_number_that_is_calculated_for_its_row_is_an_extension(tmp_path: Path, formula: str) -> None:
    sheet = read(
        tmp_path,
        f'<row r="2">{text_cell("A2", "6201")}</row>',
        f'<row r="3"><c r="A3"><f>{formula}</f><v>6202</v></c></row>',
    )

    assert [record.extension_number for record in validate(sheet).records] == ["6201", "6202"]


@pytest.mark.parametrize(
    ("merged", "covered"),
    [("B2:C2", ["C2"]), ("b2:c2", ["C2"]), ("A2:D2", ["B2", "C2", "D2"]), ("B2:B2", []), ("C2:D2", ["D2"])],
)
def test_a_value_that_a_merge_over_columns_covers_is_an_error(tmp_path: Path, merged: str, covered: list[str]) -> None:
    cells = [text_cell("A2", "6201"), text_cell("B2", "Lab"), text_cell("C2", "402817"), text_cell("D2", "no")]
    sheet = read(
        tmp_path, f'<row r="2">{"".join(cells)}</row>', after=f'<mergeCells><mergeCell ref="{merged}"/></mergeCells>'
    )

    assert [(problem.cell, problem.code) for problem in sheet.problems] == [(cell, "merged-cells") for cell in covered]
    assert {letter: kinds[2] for letter, kinds in sheet.kinds.items()} == {cell[0]: CellKind.MERGED for cell in covered}
    assert bool(validate(sheet).records) is not bool(covered)


@pytest.mark.parametrize(
    ("merged", "covered"), [("B1:C1", ["C1"]), ("A1:C1", ["B1", "C1"]), ("D1:E1", []), ("E1:F1", []), ("A2:C2", [])]
)
def test_a_heading_that_a_merge_covers_is_an_error(tmp_path: Path, merged: str, covered: list[str]) -> None:
    row = f'<row r="2">{text_cell("A2", "6201")}</row>'
    sheet = read(tmp_path, row, after=f'<mergeCells><mergeCell ref="{merged}"/></mergeCells>')

    found = [problem for problem in validate(sheet).problems if problem.is_error]
    assert [problem.code for problem in found] == ["merged-cells"] * len(covered)
    for problem, cell in zip(found, covered, strict=True):
        assert f"the merged cell {merged} hides the heading in {cell}." in problem.message


@pytest.mark.parametrize(("merged", "last"), [("D1:E1", "E"), ("D1:F1", "F"), ("D1:G1", "F")])
def test_a_heading_over_several_columns_with_values_is_named_once(tmp_path: Path, merged: str, last: str) -> None:
    cells = [text_cell("A2", "6201"), text_cell("D2", "yes"), *(text_cell(f"{c}2", "no") for c in "EF" if c <= last)]
    row = f'<row r="2">{"".join(cells)}</row>'
    sheet = read(tmp_path, row, after=f'<mergeCells><mergeCell ref="{merged}"/></mergeCells>')

    (problem,) = [problem for problem in sheet.problems if problem.code == "column-no-heading"]
    assert f"is merged over columns D to {last}, and only column D is read" in problem.message


@pytest.mark.parametrize("attributes", ['hidden="1"', 'ht="0" customHeight="1"', 'ht="0.0"', 'hidden="true"'])
def test_a_row_that_is_not_seen_is_read_with_a_warning(tmp_path: Path, attributes: str) -> None:
    sheet = read(tmp_path, f'<row r="2" {attributes}>{text_cell("A2", "6201")}</row>')

    assert [problem.code for problem in sheet.problems] == ["hidden-rows"]
    assert [record.row for record in validate(sheet).records] == [2]


@pytest.mark.parametrize(
    ("defaults", "attributes", "hidden"),
    [
        pytest.param('zeroHeight="1"', "", ["hidden-rows"], id="no height of its own"),
        pytest.param('zeroHeight="true"', "", ["hidden-rows"], id="the same in a word"),
        pytest.param('zeroHeight="1"', 'ht="15"', [], id="a height of its own"),
        pytest.param('zeroHeight="1"', 'hidden="0"', [], id="not hidden"),
        pytest.param('zeroHeight="0"', "", [], id="rows have a height"),
    ],
)
def test_a_row_without_a_height_is_hidden_where_rows_have_none(
    tmp_path: Path, defaults: str, attributes: str, hidden: list[str]
) -> None:
    rows = f'{header_xml()}<row r="2" {attributes}>{text_cell("A2", "6201")}</row>'
    path = write_raw_workbook(tmp_path / "a.xlsx", f"<sheetFormatPr {defaults}/><sheetData>{rows}</sheetData>")

    assert [problem.code for problem in read_sheet(path).problems] == hidden


STRUCK_RUN = "<r><t>Old</t></r><r><rPr><strike/></rPr><t> Lab</t></r>"


@pytest.mark.parametrize(
    ("cell", "rows"),
    [
        pytest.param('<c r="B3" s="1" t="inlineStr"><is><t>Lab</t></is></c>', "3", id="by its font"),
        pytest.param('<c r="B3" s="2" t="inlineStr"><is><t>Lab</t></is></c>', None, id="a font that is not"),
        pytest.param('<c r="B3" s="1"/>', None, id="a blank cell"),
        pytest.param('<c r="D3" s="1" t="inlineStr"><is><t>x</t></is></c>', None, id="a column that is not read"),
        pytest.param('<c r="B3" t="s"><v>0</v></c>', "3", id="in part, in a shared text"),
        pytest.param('<c r="B3" t="s"><v>1</v></c>', None, id="another shared text"),
        pytest.param(f'<c r="B3" t="inlineStr"><is>{STRUCK_RUN}</is></c>', "3", id="in part"),
        pytest.param('<c r="C3" s="1"><v>402817</v></c>', "3", id="a number"),
    ],
)
def test_a_row_that_is_struck_through_is_read_with_a_warning(tmp_path: Path, cell: str, rows: str | None) -> None:
    stored = f'{header_xml()}<row r="2">{text_cell("A2", "6201")}</row><row r="3">{text_cell("A3", "6202")}{cell}</row>'
    path = write_raw_workbook(
        tmp_path / "a.xlsx",
        f"<sheetData>{stored}</sheetData>",
        strings=f"<si>{STRUCK_RUN}</si><si><t>Lab</t></si>",
        styles='<fonts><font/><font><b/><strike/></font><font><strike val="0"/></font></fonts>'
        '<cellXfs><xf/><xf fontId="1"/><xf fontId="2"/></cellXfs><dxfs><dxf><font><strike/></font></dxf></dxfs>',
    )

    checked = validate(read_sheet(path))

    assert len(checked.records) == 2
    struck = [problem for problem in checked.problems if problem.code == "struck-through"]
    assert [(problem.row, problem.is_error) for problem in struck] == ([(None, False)] if rows else [])
    assert all(f"others: {rows}." in problem.message for problem in struck)
    assert all("If that text does not count, delete it" in problem.message for problem in struck)


@pytest.mark.parametrize(
    ("old", "new", "is_error"),
    [("6201", "6202", True), ("6201", " ", False), (" ", "6202", False), ("", "6202", False), ("6201", "", False)],
)
@pytest.mark.parametrize("is_shared", [True, False])
def test_an_extension_with_some_digits_struck_through_is_an_error(
    tmp_path: Path, old: str, new: str, *, is_shared: bool, is_error: bool
) -> None:
    checked = check_struck(tmp_path, "A3", old, new, is_shared=is_shared)

    errors = [(problem.cell, problem.code) for problem in checked.problems if problem.is_error]
    assert errors == ([("A3", "struck-through")] if is_error else [])
    warned = [problem for problem in checked.problems if problem.code == "struck-through" and not problem.is_error]
    assert bool(warned) is (bool(old.strip()) and not is_error)


@pytest.mark.parametrize(
    ("cell", "old", "new", "is_error"),
    [
        ("B3", "Old", " Lab", False),
        ("C3", "402817", "519284", True),
        ("D3", "old@example.com, ", "new@example.com", True),
        ("D3", "old@example.com", "", False),
        ("E3", "en-US ", "de-DE", True),
        ("F3", "one", "two", False),
    ],
)
@pytest.mark.parametrize("is_shared", [True, False])
def test_text_struck_through_in_part_is_an_error_except_in_names(
    tmp_path: Path, cell: str, old: str, new: str, *, is_shared: bool, is_error: bool
) -> None:
    checked = check_struck(tmp_path, cell, old, new, is_shared=is_shared)

    errors = [problem for problem in checked.problems if problem.is_error]
    assert [(error.cell, error.code) for error in errors] == ([(cell, "struck-through")] if is_error else [])
    assert all("Delete the part that does not count" in error.message for error in errors)
    assert [record.row for record in checked.records] == ([] if is_error else [3])


def check_struck(tmp_path: Path, cell: str, old: str, new: str, *, is_shared: bool) -> Checked:
    """Check a sheet with a row 3, one cell of which has a struck-through text and another one."""
    runs = f"<r><rPr><strike/></rPr><t>{old}</t></r><r><rPr><b/></rPr><t>{new}</t></r>"
    xml = f'<c r="{cell}" t="s"><v>0</v></c>' if is_shared else f'<c r="{cell}" t="inlineStr"><is>{runs}</is></c>'
    headings = ["Extension", "Name", "PIN", "Email", "Language", "Floor"]
    header = "".join(text_cell(f"{letter}1", text) for letter, text in zip("ABCDEF", headings, strict=True))
    key = "" if cell == "A3" else text_cell("A3", "6201")
    rows = f'<row r="1">{header}</row><row r="3">{key}{xml}</row>'
    path = write_raw_workbook(
        tmp_path / "a.xlsx", f"<sheetData>{rows}</sheetData>", strings=f"<si>{runs}</si>" if is_shared else ""
    )
    return validate(read_sheet(path))


@pytest.mark.parametrize(
    ("alignment", "shown"), [("superscript", "6201\u00b9"), ("subscript", "6201\u2081"), ("baseline", "62011")]
)
@pytest.mark.parametrize("is_shared", [True, False])
def test_a_small_digit_beside_a_number_is_not_a_digit_of_it(
    tmp_path: Path, alignment: str, shown: str, *, is_shared: bool
) -> None:
    runs = f'<r><t>6201</t></r><r><rPr><vertAlign val="{alignment}"/></rPr><t>1</t></r>'
    cell = '<c r="A2" t="s"><v>0</v></c>' if is_shared else f'<c r="A2" t="inlineStr"><is>{runs}</is></c>'
    path = write_raw_workbook(
        tmp_path / "a.xlsx",
        f'<sheetData>{header_xml()}<row r="2">{cell}{text_cell("B2", "12")}</row></sheetData>',
        strings=f"<si>{runs}</si>",
    )

    assert texts(read_sheet(path))[0][:2] == [shown, "12"]


def test_rows_out_of_order_are_read_in_order_with_their_merges_and_kinds(tmp_path: Path) -> None:
    rows = [
        f'<row r="{n}"><c r="A{n}"><v>{6200 + n}</v></c>{text_cell(f"B{n}", f"Room {n}")}</row>'
        for n in (9, 3, 7, 2, 5)
    ]
    sheet = read(tmp_path, *rows, after='<mergeCells><mergeCell ref="B5:C5"/><mergeCell ref="B7:B9"/></mergeCells>')

    assert sheet.cells.index.tolist() == [2, 3, 5, 7, 9]
    assert sheet.cells["A"].tolist() == ["6202", "6203", "6205", "6207", "6209"]
    assert sheet.cells["B"].tolist() == [f"Room {n}" for n in (2, 3, 5, 7, 9)]
    assert [problem.cell for problem in sheet.problems] == ["B7", "B9"]


def rewritten(path: Path, rename: Callable[[str], str], change: Callable[[bytes], bytes] = bytes) -> Path:
    """The same archive with other names of its parts."""
    copy = path.with_name("b.xlsx")
    with zipfile.ZipFile(path) as archive, zipfile.ZipFile(copy, "w") as other:
        for name in archive.namelist():
            info = zipfile.ZipInfo("x")
            info.filename = info.orig_filename = rename(name)
            other.writestr(info, change(archive.read(name)))
    return copy


@pytest.mark.parametrize(
    ("rename", "change"),
    [
        pytest.param(lambda name: name.replace("/", "\\"), bytes, id="backslashes"),
        pytest.param(
            lambda name: name.replace("/", "\\"), lambda part: part.replace(b"/worksheets/", b"\\worksheets\\"),
            id="backslashes in relationships",
        ),
        pytest.param(lambda name: f"/{name}", bytes, id="slashes in front"),
        pytest.param(str.upper, bytes, id="upper case"),
        pytest.param(str.lower, bytes, id="lower case"),
    ],
)  # fmt: skip
def test_parts_whose_names_are_written_otherwise_are_read(
    tmp_path: Path, rename: Callable[[str], str], change: Callable[[bytes], bytes]
) -> None:
    made = write_workbook(tmp_path / "a.xlsx", ["Ext", "Name"], ["6201", "Lab"])

    assert texts(read_sheet(rewritten(made, rename, change))) == [["6201", "Lab"]]


@pytest.mark.parametrize("before", [b"\r\n", b"HTTP/1.1 200 OK\r\n\r\n", b"\xef\xbb\xbf", b"\0" * 100, b"name,pin\n"])
@pytest.mark.parametrize("name", ["b.xlsx", "b.csv", "b"])
def test_a_workbook_after_other_bytes_is_read_or_called_damaged(tmp_path: Path, before: bytes, name: str) -> None:
    made = write_workbook(tmp_path / "a.xlsx", ["Ext", "Name"], ["6201", "Lab"]).read_bytes()
    whole, cut = tmp_path / name, tmp_path / "cut.xlsx"
    whole.write_bytes(before + made)
    cut.write_bytes(before + made[: len(made) // 2])

    assert texts(read_sheet(whole)) == [["6201", "Lab"]]
    with pytest.raises(SheetError) as raised:
        read_sheet(cut)
    assert raised.value.problem.code == "damaged"


@pytest.mark.parametrize("rows", [[], [[]], [["", " "]], [["\u200b"], ["\u00a0"]]])
def test_a_workbook_without_any_text_is_empty(tmp_path: Path, rows: list[list[str]]) -> None:
    with pytest.raises(SheetError, match=r"a\.xlsx is empty\.") as raised:
        read_sheet(write_workbook(tmp_path / "a.xlsx", *rows))

    assert raised.value.problem.code == "empty"


@pytest.mark.parametrize(
    ("formula", "is_random"),
    [
        ("RANDBETWEEN(100000,999999)", True),
        ('TEXT(RAND()*1000000,"000000")', True),
        ("_xlfn.RANDARRAY(1,1,100000,999999,TRUE)", True),
        ("randbetween(1,9)", True),
        ("MOD(INT(NOW()*864000),900000)", True),
        ('TEXT(TODAY(),"yymmdd")', True),
        ("BRAND(1)", False),
        ("A2*2", False),
    ],
)
def test_a_formula_with_random_numbers_is_no_pin(tmp_path: Path, formula: str, *, is_random: bool) -> None:
    sheet = read(tmp_path, f'<row r="2">{BOX}<c r="C2"><f>{formula}</f><v>402817</v></c></row>')

    found = [problem.code for problem in validate(sheet).problems]
    assert found == (["excel-random"] if is_random else [])


RANDOM = "RANDBETWEEN(100000,999999)"


def formula_cell(reference: str, formula: str, value: str = "402817", attributes: str = "") -> str:
    return f'<c r="{reference}"><f {attributes}>{formula}</f><v>{value}</v></c>'


@pytest.mark.parametrize(
    ("cells", "random"),
    [
        pytest.param([formula_cell("C2", "F2"), formula_cell("F2", RANDOM)], ["C2"], id="copied"),
        pytest.param([formula_cell("C2", "$F$2"), formula_cell("F2", RANDOM)], ["C2"], id="copied by absolute place"),
        pytest.param(
            [formula_cell("C2", "ROUND(F2*1000000,0)"), formula_cell("F2", "RAND()", "0.402817")],
            ["C2"],
            id="calculated",
        ),
        pytest.param(
            [formula_cell("C2", "MOD(F2*86400,1000000)"), formula_cell("F2", "NOW()", "46354.25")], ["C2"], id="time"
        ),
        pytest.param(
            [
                formula_cell("C2", RANDOM, attributes='t="shared" ref="C2:D2" si="0"'),
                formula_cell("D2", "", "1", attributes='t="shared" si="0"'),
                formula_cell("C3", "D2+402816"),
            ],
            ["C2", "C3"],
            id="filled to the right",
        ),
        pytest.param(
            [formula_cell("C2", "F2"), formula_cell("F2", "G2+1"), formula_cell("G2", RANDOM)], ["C2"], id="in steps"
        ),
        pytest.param(
            [formula_cell("C2", "VALUE(CONCAT(F2:H2))"), formula_cell("G2", "RANDBETWEEN(0,9)")], ["C2"], id="joined"
        ),
        pytest.param(
            [
                formula_cell("C2", RANDOM, attributes='t="shared" ref="C2:C3" si="0"'),
                formula_cell("C3", "", attributes='t="shared" si="0"'),
            ],
            ["C2", "C3"],
            id="filled down",
        ),
        pytest.param(
            [
                formula_cell("C2", "F2", attributes='t="shared" ref="C2:C3" si="4"'),
                formula_cell("F2", RANDOM),
                formula_cell("C3", "", attributes='t="shared" si="4"'),
                formula_cell("F3", RANDOM),
            ],
            ["C2", "C3"],
            id="copied and filled down",
        ),
        pytest.param(
            [formula_cell("C2", "RANDARRAY(2)", attributes='t="array" ref="C2:C3"'), '<c r="C3"><v>402817</v></c>'],
            ["C2", "C3"],
            id="spilled",
        ),
        pytest.param([formula_cell("C2", RANDOM), formula_cell("C3", "C2+1013")], ["C2", "C3"], id="from a row above"),
        pytest.param([formula_cell("C2", "A2*2"), formula_cell("F2", RANDOM)], [], id="beside a random number"),
        pytest.param([formula_cell("C2", "Data!F2"), formula_cell("F2", RANDOM)], [], id="of another sheet"),
        pytest.param(
            [formula_cell("C2", "Boxes[[#This Row],[Enable_PIN]]+1"), formula_cell("D2", RANDOM, "1")],
            ["C2"],
            id="by its heading in a table",
        ),
        pytest.param(
            [formula_cell("C2", "Boxes[[#This Row],[name]]+1"), formula_cell("D2", RANDOM, "1")],
            [],
            id="by another heading",
        ),
        pytest.param([formula_cell("C2", "MAX(Data!E2:F2)"), formula_cell("F2", RANDOM)], ["C2"], id="a total is one"),
        pytest.param([formula_cell("C2", "0+MAX(Data!E2:F2)"), formula_cell("F2", RANDOM)], [], id="of its range"),
        pytest.param([formula_cell("C2", "F3"), formula_cell("F2", RANDOM)], [], id="of another row"),
        pytest.param([formula_cell("C2", "VLOOKUP(A2,F$2:G$9,1)"), formula_cell("G2", "RAND()")], [], id="looked up"),
    ],
)
def test_a_random_number_in_another_cell_is_no_pin(tmp_path: Path, cells: list[str], random: list[str]) -> None:
    second = f"{text_cell('A3', '6202')}{text_cell('B3', 'Desk')}"
    rows = [(BOX, "2"), (second, "3")]
    sheet = read(
        tmp_path,
        *(
            f'<row r="{row}">{box}{"".join(cell for cell in cells if cell[7] == row)}</row>'
            for box, row in rows
            if row == "2" or any(cell[7] == row for cell in cells)
        ),
    )

    errors = [problem.cell for problem in validate(sheet).problems if problem.is_error]
    assert errors == random


def test_a_named_formula_with_random_numbers_is_no_pin(tmp_path: Path) -> None:
    path = write_workbook(tmp_path / "a.xlsx", ["Ext", "Name", "PIN"], ["6201", "Lab", "402817"])
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name).decode() for name in archive.namelist()}
    names = f'<definedNames><definedName name="NewPin">{RANDOM}</definedName></definedNames>'
    parts["xl/workbook.xml"] = parts["xl/workbook.xml"].replace("</sheets>", f"</sheets>{names}")
    sheet_xml = parts["xl/worksheets/sheet1.xml"]
    start = sheet_xml.index('<c r="C2"')
    end = sheet_xml.index("</c>", start) + len("</c>")
    parts["xl/worksheets/sheet1.xml"] = sheet_xml[:start] + formula_cell("C2", "newpin") + sheet_xml[end:]
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in parts.items():
            archive.writestr(name, text)

    assert [(p.cell, p.code) for p in validate(read_sheet(path)).problems] == [("C2", "excel-random")]


@pytest.mark.parametrize("formula", ["SUM(D3:E3)", "SUM($D3,$E3)", "MAX(D3:E3)"])
def test_a_sum_of_cells_in_its_row_is_an_extension(tmp_path: Path, formula: str) -> None:
    sheet = read(
        tmp_path,
        f'<row r="2">{text_cell("A2", "6201")}{text_cell("B2", "Lab")}</row>',
        f'<row r="3">{formula_cell("A3", formula, "6202")}{text_cell("B3", "Desk")}</row>',
    )

    assert validate(sheet).problems == ()


@pytest.mark.parametrize(
    ("view", "cell", "codes"),
    [
        ('showZeros="0"', '<c r="D2"><v>0</v></c>', ["cell-hidden"]),
        ('showZeros="0"', formula_cell("D2", "X!A1", "0"), ["cell-hidden"]),
        ('showZeros="0"', '<c r="D2"><v>1</v></c>', []),
        ('showZeros="0"', text_cell("D2", "0"), []),
        ('showZeros="1"', '<c r="D2"><v>0</v></c>', []),
        ("", '<c r="D2"><v>0</v></c>', []),
    ],
)
def test_a_zero_that_the_sheet_hides_is_not_read(tmp_path: Path, view: str, cell: str, codes: list[str]) -> None:
    path = write_raw_workbook(
        tmp_path / "a.xlsx",
        f'<sheetViews><sheetView workbookViewId="0" {view}/></sheetViews><sheetData>'
        f'{header_xml("extension_number", "name", "pin", "enable_pin")}<row r="2">{BOX}{cell}</row></sheetData>',
        styles="<cellXfs><xf/></cellXfs>",
    )

    assert [problem.code for problem in validate(read_sheet(path)).problems] == codes


@pytest.mark.parametrize(
    ("formula", "random"),
    [
        ("Pins!B2", ["C3"]),
        ("pins!$B$2", ["C3"]),
        ("VALUE('Pins'!B2)", ["C3"]),
        ("Pins!B3", ["C3"]),
        ("Pins!B4", []),
        ("Pins!A2", []),
        ("Spins!B2", []),
    ],
)
def test_a_random_number_of_another_sheet_is_no_pin(tmp_path: Path, formula: str, random: list[str]) -> None:
    book = openpyxl.Workbook()
    for row in (["Ext", "Name", "PIN"], ["6201", "Lab", "402817"], ["6202", "Desk", f"={formula}"]):
        book["Sheet"].append(row)
    pins = book.create_sheet("Pins")
    for numbers in (["Note", "New"], [1, f"={RANDOM}"], [2, "=B2"], [3, 402817]):
        pins.append(numbers)
    book.save(tmp_path / "a.xlsx")
    with zipfile.ZipFile(tmp_path / "a.xlsx") as archive:
        parts = {name: archive.read(name).decode() for name in archive.namelist()}
    with zipfile.ZipFile(tmp_path / "b.xlsx", "w") as archive:
        for name, text in parts.items():
            archive.writestr(name, text.replace("<v />", "<v>402817</v>").replace("<v></v>", "<v>402817</v>"))

    errors = [(p.cell, p.code) for p in validate(read_sheet(tmp_path / "b.xlsx")).problems if p.is_error]
    assert errors == [(cell, "excel-random") for cell in random]
