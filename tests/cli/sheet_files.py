"""Sheets to import, and the results that imports write."""

import csv
from pathlib import Path

from openpyxl import load_workbook

from bulkvm.columns.csv_escape import escape_formula

HEADINGS = ("extension_number", "name", "pin", "recipients", "enable_email_notify")


def rows(count: int, name: str = "Desk") -> list[tuple[str, ...]]:
    return [(str(20000 + n), f"{name} {n}", str(402817 + n * 13), "", "") for n in range(count)]


def write_csv(file: Path, *rows: tuple[str, ...], headings: tuple[str, ...] = HEADINGS) -> Path:
    with file.open("w", encoding="utf-8", newline="") as opened:
        csv.writer(opened).writerows([headings, *([escape_formula(cell) for cell in row] for row in rows)])
    return file


def statuses(file: Path) -> list[str]:
    """The statuses in a result workbook, in the order of its rows."""
    sheet = next(s for s in load_workbook(file) if s.title != "bulkvm")
    rows = list(sheet.iter_rows(values_only=True))
    header = next(n for n, row in enumerate(rows) if "bulkvm_status" in row)
    column = rows[header].index("bulkvm_status")
    return [str(row[column]) for row in rows[header + 1 :] if row[column]]
