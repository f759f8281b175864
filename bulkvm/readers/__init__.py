"""Readers: CSV, Excel and JSON files to a sheet of text, with facts about cells that text cannot express."""

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import IO

from bulkvm.model.sheet import Sheet
from bulkvm.readers.csv_file import read_csv
from bulkvm.readers.example_row import drop_example_rows
from bulkvm.readers.file_type import FileType, check_name, detect_type
from bulkvm.readers.json_file import read_json
from bulkvm.readers.rows_left_out import leave_out_again
from bulkvm.readers.skipped_rows import skip_rows
from bulkvm.readers.source import open_source

__all__ = ["read_sheet"]


def read_sheet(
    path: Path, *, sheet: str | None = None, encoding: str | None = None, heading_map: Mapping[str, str] | None = None
) -> Sheet:
    """Read a sheet from a file of any supported type, detected by its content.

    Problems in a row do not raise: they are the sheet's `problems`.

    Args:
        path: the file; `-` is standard input.
        sheet: the name of the sheet, ignoring case; hidden ones too. Defaults to the visible sheet with known headings.
        encoding: the encoding of a text file. Defaults to UTF-8, UTF-16 if there is a byte order mark, else
            Windows-1252 with a warning.
        heading_map: headings that the user maps to columns (`--map`).

    Raises:
        UsageError: the file, the sheet or the encoding does not exist.
        SheetError: the file cannot be read.
    """
    with open_source(path) as source:
        digest = _sha256_of(source.stream)
        file_type = detect_type(source)
        if file_type is FileType.WORKBOOK:
            from bulkvm.readers.workbook import read_workbook  # noqa: PLC0415  (openpyxl is slow to import, and CSV does without)

            read = read_workbook(source, sheet=sheet, heading_map=heading_map)
        else:
            read_text_file = read_json if file_type is FileType.JSON else read_csv
            read = read_text_file(source, sheet=sheet, encoding=encoding, heading_map=heading_map)
    problems = (*check_name(source, file_type), *read.problems)
    read = drop_example_rows(replace(read, problems=problems, sha256=digest, heading_map=heading_map or {}))
    return leave_out_again(read if file_type is FileType.JSON else skip_rows(read))


def _sha256_of(stream: IO[bytes]) -> str:
    digest = hashlib.sha256()
    while chunk := stream.read(2**20):
        digest.update(chunk)
    stream.seek(0)
    return digest.hexdigest()
