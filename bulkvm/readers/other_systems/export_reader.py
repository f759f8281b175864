"""Reads the file of another system's export."""

from collections.abc import Mapping

from bulkvm.model.errors import HeadingsHidden, SheetError
from bulkvm.model.problem import ProblemCode
from bulkvm.model.sheet import Sheet
from bulkvm.readers.csv_file import read_csv
from bulkvm.readers.file_type import FileType
from bulkvm.readers.other_systems.conversion import heading_map_of
from bulkvm.readers.other_systems.kazoo_json import read_kazoo_json
from bulkvm.readers.other_systems.recognition import not_an_export, with_article
from bulkvm.readers.other_systems.system import FileKind, System
from bulkvm.readers.other_systems.voicemail_conf import read_voicemail_conf
from bulkvm.readers.source import Source

_TYPES = {
    FileKind.TABLE: (FileType.TEXT, FileType.WORKBOOK),
    FileKind.VOICEMAIL_CONF: (FileType.TEXT,),
    FileKind.JSON: (FileType.JSON,),
}


def read_export(
    source: Source,
    file_type: FileType,
    system: System,
    *,
    sheet: str | None,
    encoding: str | None,
    heading_map: Mapping[str, str],
) -> Sheet:
    """Read an export as it is: its headings, and all its columns.

    Args:
        source: the file.
        file_type: its type.
        system: what it is an export of.
        sheet: the sheet of a workbook, or the context of a voicemail.conf.
        encoding: the encoding of a text file.
        heading_map: headings that the user maps to columns.

    Raises:
        SheetError: it is a file of another type, or it cannot be read.
    """
    if file_type not in _TYPES[system.kind]:
        raise SheetError(
            f"{source.name} is {file_type}, and {with_article(system)} export is {_describe(system.kind)}.",
            ProblemCode.NOT_A_SHEET,
        )
    if system.kind is FileKind.VOICEMAIL_CONF:
        return read_voicemail_conf(source, context=sheet, encoding=encoding)
    if system.kind is FileKind.JSON:
        return read_kazoo_json(source, encoding=encoding)
    mapped = heading_map_of(system, heading_map)
    try:
        if file_type is FileType.WORKBOOK:
            from bulkvm.readers.workbook import read_workbook  # noqa: PLC0415  (slow to import, and CSV does without)

            return read_workbook(source, sheet=sheet, heading_map=mapped)
        quotes = {"has_bare_quotes": system.has_bare_quotes}
        return read_csv(source, sheet=sheet, encoding=encoding, heading_map=mapped, **quotes)
    except HeadingsHidden:
        raise
    except SheetError as error:
        if error.problem.code is ProblemCode.NO_HEADER:
            raise not_an_export(source.name, system) from None  # the cause quotes a row
        raise


def _describe(kind: FileKind) -> str:
    return "a table, as CSV or .xlsx" if kind is FileKind.TABLE else f"{kind} text"
