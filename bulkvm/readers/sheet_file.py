"""Reads a sheet from a file of any supported type."""

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import IO

from bulkvm.model.sheet import Sheet
from bulkvm.readers.csv_file import read_csv
from bulkvm.readers.example_row import drop_example_rows
from bulkvm.readers.file_type import FileType, check_name, detect_type
from bulkvm.readers.heading_layout import refuse_other_layouts
from bulkvm.readers.json_file import read_json
from bulkvm.readers.other_systems.conversion import convert
from bulkvm.readers.other_systems.export_reader import read_export
from bulkvm.readers.other_systems.recognition import find_system, refuse_export
from bulkvm.readers.rows_left_out import leave_out_again
from bulkvm.readers.skipped_rows import skip_rows
from bulkvm.readers.source import Source, open_source
from bulkvm.readers.table import Row


def read_sheet(
    path: Path,
    *,
    sheet: str | None = None,
    encoding: str | None = None,
    heading_map: Mapping[str, str] | None = None,
    system: str | None = None,
) -> Sheet:
    """Read a sheet from a file of any supported type, detected by its content.

    Problems in a row do not raise: they are the sheet's `problems`.

    Args:
        path: the file; `-` is standard input.
        sheet: the name of the sheet, ignoring case; hidden ones too. Defaults to the visible sheet with known headings.
        encoding: the encoding of a text file. Defaults to UTF-8, UTF-16 if there is a byte order mark, else
            Windows-1252 with a warning.
        heading_map: headings that the user maps to columns (`--map`).
        system: the phone system that the file is an export of (`--from`).

    Raises:
        UsageError: the file, the sheet, the encoding or the system does not exist.
        SheetError: the file cannot be read.
    """
    given, export = heading_map or {}, find_system(system) if system else None
    with open_source(path) as source:
        digest = _sha256_of(source.stream)
        file_type = detect_type(source)
        if export:
            read = read_export(source, file_type, export, sheet=sheet, encoding=encoding, heading_map=given)
        else:
            read = _read(source, file_type, sheet, encoding, given)
            if file_type is not FileType.JSON:
                refuse_export(source.name, [Row(read.header_row, read.headings)])  # --map alone does not change that
        read = replace(read, problems=(*check_name(source, file_type), *read.problems), sha256=digest)
        if export:
            return convert(read, export, given, source.name)
    read = drop_example_rows(replace(read, heading_map=given))
    return leave_out_again(read if file_type is FileType.JSON else skip_rows(refuse_other_layouts(read)))


def _read(
    source: Source, file_type: FileType, sheet: str | None, encoding: str | None, heading_map: Mapping[str, str]
) -> Sheet:
    if file_type is FileType.WORKBOOK:
        from bulkvm.readers.workbook import read_workbook  # noqa: PLC0415  (openpyxl is slow to import, and CSV does without)

        return read_workbook(source, sheet=sheet, heading_map=heading_map)
    read_text_file = read_json if file_type is FileType.JSON else read_csv
    return read_text_file(source, sheet=sheet, encoding=encoding, heading_map=heading_map)


def _sha256_of(stream: IO[bytes]) -> str:
    digest = hashlib.sha256()
    while chunk := stream.read(2**20):
        digest.update(chunk)
    stream.seek(0)
    return digest.hexdigest()
