"""Reads which run a result is of."""

from contextlib import closing
from pathlib import Path
from zipfile import BadZipFile

from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException


def read_run_name(file: Path) -> str | None:
    """The name of the run in the summary of a result; None if the file names none."""
    try:
        with closing(load_workbook(file, read_only=True)) as book:
            lines = book["bulkvm"].iter_rows(max_col=2, values_only=True)
            return next((str(line[1]) for line in lines if len(line) > 1 and line[0] == "run"), None)
    except (InvalidFileException, BadZipFile, KeyError, OSError, ValueError):
        return None
