"""From a CSV file, a workbook or a JSON file to a sheet of text, with what text cannot carry beside it."""

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import IO

from bulkvm.model.sheet import Sheet
from bulkvm.readers.csv_file import read_csv
from bulkvm.readers.file_type import Contents, check_name, detect_type
from bulkvm.readers.json_file import read_json
from bulkvm.readers.source import opened

__all__ = ["read_sheet"]


def read_sheet(
    path: Path, *, sheet: str | None = None, encoding: str | None = None, heading_map: Mapping[str, str] | None = None
) -> Sheet:
    """Read a sheet as a careful person would.

    What the file is, its contents say and not its name. What is wrong in a row stands in the sheet's `problems`.

    Args:
        path: the file; `-` is standard input.
        sheet: the name of the sheet, in any case; a hidden one too. Without it, the visible one with known headings.
        encoding: of a text file. Without it, UTF-8, UTF-16 with its mark, or else Windows-1252 with a warning.
        heading_map: headings that the user maps to our columns (`--map`).

    Raises:
        UsageError: the file, the sheet or the encoding is not there.
        SheetError: the file as a whole cannot be read.
    """
    with opened(path) as source:
        digest = _sha256_of(source.stream)
        contents = detect_type(source)
        if contents is Contents.WORKBOOK:
            from bulkvm.readers.workbook import read_workbook  # noqa: PLC0415  (openpyxl is slow to come, CSV is not)

            read = read_workbook(source, sheet=sheet, heading_map=heading_map)
        else:
            read_text = read_json if contents is Contents.JSON else read_csv
            read = read_text(source, sheet=sheet, encoding=encoding, heading_map=heading_map)
    return replace(
        read, problems=(*check_name(source, contents), *read.problems), sha256=digest, heading_map=heading_map or {}
    )


def _sha256_of(stream: IO[bytes]) -> str:
    digest = hashlib.sha256()
    while chunk := stream.read(2**20):
        digest.update(chunk)
    stream.seek(0)
    return digest.hexdigest()
