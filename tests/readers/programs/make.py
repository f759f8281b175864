"""Makes the sheets of this folder, by the programs that people use.

`python -m tests.readers.programs.make` made them, with LibreOffice 7.4.7, XlsxWriter 3.3.1 and pandas 3.1.1:

- libreoffice.xlsx, .xls and .ods: a practice's sheet, opened in LibreOffice on a German computer and saved.
- libreoffice-german.csv: the same, saved as CSV with the settings that are usual there: semicolons, Windows-1252.
- libreoffice-us.csv, libreoffice-utf16.csv: on an American computer, with commas and UTF-8; with tabs and UTF-16.
- twice.csv: a CSV file of another PBX, opened and saved on a German computer, and once more on an American one.
- xlsxwriter.xlsx, pandas.xlsx, pandas.csv: what scripts write.
"""

import shutil
import tempfile
from datetime import date, time
from pathlib import Path
from typing import Any, Final

import openpyxl
import pandas as pd
import xlsxwriter
from openpyxl.styles import Font

from tests.office import save_as

HERE: Final = Path(__file__).parent

_PRACTICE: Final = (
    ("Ext", "Name", "PIN", "Ask for PIN", "Language", "Emails", None),
    (101, "Müller & Söhne", "024680", True, "de-DE", "anna@example.com; Ben <ben@example.com>", None),
    (6202, '="Labor "&2', 402817, False, None, None, "new"),
    (6203, "Ward", date(2026, 3, 1), "ja", None, None, None),
    (6204, "Sales", 0.5, "nein", None, None, None),
    (6205, "Hidden", "135790", "yes", None, None, None),
    (6206, "Joined", "246802", "yes", None, None, None),
    (6207, None, "357913", "no", None, None, None),
    (6208, "Phone", 1357913579, True, None, None, None),
    (6209, "Broken", "=1/0", True, None, None, None),
    (62101234567890123, "Long", 24680, True, None, None, None),
    (),
    (6212, "Naïve – “quoted” €", time(9, 30), True, None, None, None),
)
_FORMATS: Final = {"C5": "dd.mm.yyyy", "C6": "0%", "C10": "0.00E+00", "C14": "hh:mm"}
_OTHER_PBX: Final = (
    "Extension,Name,PIN,Emails\n0101,Front Desk,024680,desk@example.com\n6202,Büro 1,402817,\n"
    "6203,3-1,135790,\n6204,TRUE,1357913579,\n12345678901234567890,Long,246802,\n"
)
_CSV: Final = "csv:Text - txt - csv (StarCalc):{},34,{},1,,0,false,true,true"
_WINDOWS_1252, _UTF8, _UTF16 = 1, 76, 65535
_TAB, _COMMA, _SEMICOLON = 9, 44, 59


def make_practice(file: Path) -> Path:
    """The sheet that a person works on: a title, formats, formulas, a hidden row, merged cells."""
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet.title = "Mailboxen"
    sheet["A1"], sheet["A1"].font = "Mailboxen der Praxis", Font(bold=True)
    sheet.merge_cells("A1:F1")
    for row in _PRACTICE:
        sheet.append(row)
    for number in range(3, 15):
        sheet.cell(number, 1).number_format = "0000"
    for cell, code in _FORMATS.items():
        sheet[cell].number_format = code
    sheet.row_dimensions[7].hidden = True
    sheet.merge_cells("B8:B9")
    book.save(file)
    return file


def by_libreoffice(folder: Path) -> None:
    """Open and save sheets, as people do."""
    practice = make_practice(folder / "libreoffice.xlsx")
    saved = folder / "saved"
    for kind in ("xlsx", "xls", "ods"):
        shutil.copy(save_as(practice, kind, saved, language="de-DE"), HERE)
    for name, language, separator, encoding in (
        ("german", "de-DE", _SEMICOLON, _WINDOWS_1252),
        ("us", "en-US", _COMMA, _UTF8),
        ("utf16", "en-US", _TAB, _UTF16),
    ):
        made = save_as(practice, _CSV.format(separator, encoding), saved, language=language)
        shutil.copy(made, HERE / f"libreoffice-{name}.csv")
    (folder / "twice.csv").write_text(_OTHER_PBX, encoding="utf-8-sig")
    once = save_as(folder / "twice.csv", _CSV.format(_COMMA, _UTF8), folder / "once", language="de-DE")
    shutil.copy(save_as(once, _CSV.format(_COMMA, _UTF8), saved, language="en-US"), HERE)


def by_xlsxwriter(file: Path) -> None:
    """A table with numbers that are shown padded, a formula with its result, and text in several looks."""
    with xlsxwriter.Workbook(file) as book:
        sheet = book.add_worksheet("Export")
        padded, bold = book.add_format({"num_format": "0000"}), book.add_format({"bold": True})
        rows: list[list[Any]] = [[101, "Front Desk", "024680"], [6202, "Lab", 402817], [6203, "", "135790"]]
        columns = [{"header": heading} for heading in ("Extension No.", "Display Name", "Voicemail PIN")]
        sheet.add_table("B3:D6", {"columns": columns, "data": rows})
        sheet.write_number("B4", 101, padded)
        sheet.write_formula("C5", '="L"&"ab"', None, "Lab")
        sheet.write_rich_string("C6", "Night ", bold, "Ward")


def by_pandas(folder: Path) -> None:
    """A frame as scripts have it: PINs are floats because one is missing, and the index goes along."""
    frame = pd.DataFrame(
        {
            "Extension": [6201, 6202, 6203],
            "Name": ["Front Desk", "Büro", None],
            "PIN": [402817, None, 135790],
            "Notify": [True, False, True],
            "E-mail": ["desk@example.com", None, "ward@example.com"],
        }
    )
    frame.to_excel(folder / "pandas.xlsx")
    frame.to_csv(folder / "pandas.csv", index=False)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as temporary:
        by_libreoffice(Path(temporary))
    by_xlsxwriter(HERE / "xlsxwriter.xlsx")
    by_pandas(HERE)
