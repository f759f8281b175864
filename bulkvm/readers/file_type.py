"""File type detection by content."""

import re
import zipfile
from enum import StrEnum
from typing import Final

from bulkvm.model.errors import SheetError
from bulkvm.model.problem import Problem, ProblemCode, Severity
from bulkvm.readers.read_limits import MIB
from bulkvm.readers.source import Source

_HEAD: Final = 4096

SAVE_AS: Final = "Open it in Excel or LibreOffice, save it as .xlsx (Excel Workbook), and use that file."
NOT_A_SHEET: Final = "Use the sheet itself, as .xlsx or .csv."

_ZIP: Final = (b"PK\x03\x04", b"PK\x05\x06")
_UTF_MARKS: Final = (b"\xff\xfe", b"\xfe\xff", b"\x00\x00\xfe\xff")
_OLE2: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_SIGNATURES: Final = {
    b"%PDF": "a PDF document",
    b"{\\rtf": "a text document (RTF)",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"GIF8": "a picture",
    b"\x1f\x8b": "a compressed archive",
    b"7z\xbc\xaf": "a compressed archive",
    b"Rar!": "a compressed archive",
}
# Older formats of spreadsheets, as text.
_OLD_TEXT: Final = {
    re.compile(rb"TABLE\r?\n0,1\r?\n"): "a DIF file",
    re.compile(rb"ID;P[A-Z0-9]*(?:;[NE])*\r?\n[A-Z];[A-Z]"): "a SYLK file (.slk)",  # and not headings such as ID;PIN
}


class FileType(StrEnum):
    """The file types that can be read."""

    WORKBOOK = "an Excel workbook"
    TEXT = "a text file, such as CSV"
    JSON = "a JSON file"


_OF_SUFFIX: Final = {
    **dict.fromkeys((".csv", ".tsv", ".txt"), FileType.TEXT),
    **dict.fromkeys((".xlsx", ".xlsm", ".xls", ".xlsb", ".ods"), FileType.WORKBOOK),
    ".json": FileType.JSON,
}
# A list of objects, an empty list, or an object.
_JSON: Final = re.compile(rb"(?:\xef\xbb\xbf)?\s*(?:\[\s*[{\]]|\{\s*[\"}])")


def empty_error(name: str) -> SheetError:
    """Make the error for a file without any text."""
    return SheetError(f"{name} is empty. Check that it was saved and copied completely.", ProblemCode.EMPTY)


def detect_type(source: Source) -> FileType:
    """Detect the type of a file by its content. A file named .json is always read as JSON.

    Raises:
        SheetError: the file is empty or of an unsupported type, which the message names.
    """
    head = source.stream.read(_HEAD)
    source.stream.seek(0)
    if not head:
        raise empty_error(source.name)
    if head.startswith(_ZIP):
        return FileType.WORKBOOK
    is_named_workbook = _OF_SUFFIX.get(source.path.suffix.lower()) is FileType.WORKBOOK
    if _ZIP[0] in head and _is_zip(source):  # after other bytes
        return FileType.WORKBOOK
    if head.startswith(_OLE2):
        raise _old_or_encrypted(source)
    _refuse_other_types(source, head)
    if is_named_workbook and b"\0" in head and not head.startswith(_UTF_MARKS):
        raise damaged_error(source.name)
    if _JSON.match(head) or _OF_SUFFIX.get(source.path.suffix.lower()) is FileType.JSON:
        return FileType.JSON
    return FileType.TEXT


def _refuse_other_types(source: Source, head: bytes) -> None:
    """Refuse files that are no sheets, or sheets in formats that are not read."""
    for signature, kind in _SIGNATURES.items():
        if head.startswith(signature):
            raise SheetError(f"{source.name} is {kind}{_despite_name(source)}. {NOT_A_SHEET}", ProblemCode.NOT_A_SHEET)
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    for pattern, kind in _OLD_TEXT.items():
        if pattern.match(head):
            raise SheetError(f"{source.name} is {kind}, which cannot be read. {SAVE_AS}", ProblemCode.NOT_A_SHEET)
    if b"urn:oasis:names:tc:opendocument" in start:
        raise SheetError(
            f"{source.name} is an OpenDocument file (.fods), which cannot be read. {SAVE_AS}", ProblemCode.NOT_A_SHEET
        )
    if start.startswith((b"<!doctype html", b"<html", b"<table", b"<meta", b"<?xml")):
        is_workbook = b"urn:schemas-microsoft-com:office:spreadsheet" in start
        if not is_workbook and not start.startswith(b"<?xml") and not _has_table(source):
            raise SheetError(
                f"{source.name} is a web page without a table{_despite_name(source)}, such as a login page. "
                "Download or export the sheet again.",
                ProblemCode.NOT_A_SHEET,
            )
        kind = "a workbook in the old XML format" if is_workbook else "a web page"
        raise SheetError(f"{source.name} is {kind}{_despite_name(source)}. {SAVE_AS}", ProblemCode.NOT_A_SHEET)


def _has_table(source: Source) -> bool:
    source.stream.seek(0)
    return b"<table" in source.stream.read(MIB).lower()


def _despite_name(source: Source) -> str:
    """Point out the name of a file that is not a sheet, if it is that of a sheet."""
    return ", despite its name" if source.path.suffix.lower() in _OF_SUFFIX else ""


def check_name(source: Source, file_type: FileType) -> tuple[Problem, ...]:
    """Warn if the file extension belongs to another type."""
    if _OF_SUFFIX.get(source.path.suffix.lower(), file_type) is file_type:
        return ()
    message = f"{source.name} is {file_type}, despite its name, and was read as such. Correct the file extension."
    return (Problem(row=None, code=ProblemCode.MISLABELLED, message=message, severity=Severity.WARNING),)


def damaged_error(name: str) -> SheetError:
    """Make the error for a damaged workbook."""
    return SheetError(
        f"{name} could not be read as a workbook: it is damaged or incomplete. "
        "Open it in Excel, let Excel repair it, save it as .xlsx, and use that file.",
        ProblemCode.DAMAGED,
    )


def _is_zip(source: Source) -> bool:
    """Whether a file is an archive, also after other bytes."""
    found = zipfile.is_zipfile(source.stream)
    source.stream.seek(0)
    return found


def _old_or_encrypted(source: Source) -> SheetError:
    """Make the error for an OLE2 file: an old .xls or, with one of these streams, an encrypted workbook."""
    encrypted, by_label = ("EncryptedPackage".encode("utf-16-le"), "DRMEncrypted".encode("utf-16-le"))
    tail = b""
    found = set()
    while chunk := source.stream.read(MIB):
        found |= {sought for sought in (encrypted, by_label) if sought in tail + chunk}
        tail = chunk[-len(encrypted) :]
    if by_label in found:
        return SheetError(
            f"{source.name} is encrypted by a sensitivity label. Open it in Excel, remove the label (or choose one "
            "without encryption), save the file, and use it.",
            ProblemCode.ENCRYPTED,
        )
    if encrypted in found:
        return SheetError(
            f"{source.name} is protected with a password. Open it in Excel, choose File > Info > "
            "Protect Workbook > Encrypt with Password, delete the password, save the file, and use it.",
            ProblemCode.ENCRYPTED,
        )
    return SheetError(
        f"{source.name} is an old Excel file (.xls), which cannot be read. {SAVE_AS}", ProblemCode.OLD_EXCEL
    )
