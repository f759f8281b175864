"""What a file really is, whatever its name says."""

import re
from enum import StrEnum
from typing import Final

from bulkvm.model.errors import SheetError
from bulkvm.model.problem import Problem, Severity
from bulkvm.readers.read_limits import MIB
from bulkvm.readers.source import Source

_HEAD: Final = 4096

SAVE_AS: Final = "Open it in Excel or LibreOffice, save it as .xlsx (Excel Workbook), and use that file."
NOT_A_SHEET: Final = "Give the sheet itself, as .xlsx or .csv."

_ZIP: Final = (b"PK\x03\x04", b"PK\x05\x06")
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


class Contents(StrEnum):
    """The kinds of file that can be read."""

    WORKBOOK = "an Excel workbook"
    TEXT = "plain text, as in a CSV file"
    JSON = "JSON"


_OF_SUFFIX: Final = {
    **dict.fromkeys((".csv", ".tsv", ".txt"), Contents.TEXT),
    **dict.fromkeys((".xlsx", ".xlsm", ".xls", ".xlsb", ".ods"), Contents.WORKBOOK),
    ".json": Contents.JSON,
}
# A list of objects, an empty list, or an object.
_JSON: Final = re.compile(rb"(?:\xef\xbb\xbf)?\s*(?:\[\s*[{\]]|\{\s*[\"}])")


def detect_type(source: Source) -> Contents:
    """Tell a workbook, JSON and other text by what the file holds; what is called .json is read as that or not at all.

    Raises:
        SheetError: it is empty, or of a kind that is not read; the message says which.
    """
    head = source.stream.read(_HEAD)
    source.stream.seek(0)
    if not head:
        raise SheetError(f"{source.name} is empty. Check that it was saved and copied completely.", "empty")
    if head.startswith(_ZIP):
        return Contents.WORKBOOK
    if head.startswith(_OLE2):
        raise _old_or_encrypted(source)
    for signature, kind in _SIGNATURES.items():
        if head.startswith(signature):
            raise SheetError(f"{source.name} is {kind}, whatever its name says. {NOT_A_SHEET}", "not-a-sheet")
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if start.startswith((b"<!doctype html", b"<html", b"<table", b"<meta", b"<?xml")):
        kind = (
            "a workbook in an old XML form"
            if b"urn:schemas-microsoft-com:office:spreadsheet" in start
            else "a web page"
        )
        raise SheetError(f"{source.name} is {kind}, whatever its name says. {SAVE_AS}", "not-a-sheet")
    if _JSON.match(head) or _OF_SUFFIX.get(source.path.suffix.lower()) is Contents.JSON:
        return Contents.JSON
    return Contents.TEXT


def check_name(source: Source, contents: Contents) -> tuple[Problem, ...]:
    """Warn where the name promises something else."""
    if _OF_SUFFIX.get(source.path.suffix.lower(), contents) is contents:
        return ()
    message = f"{source.name} is {contents}, whatever its name says; it was read as that. Give it the right ending."
    return (Problem(row=None, code="mislabelled", message=message, severity=Severity.WARNING),)


def damaged(name: str) -> SheetError:
    """The error for a workbook that cannot be read to its end."""
    return SheetError(
        f"{name} could not be read as a workbook: it is damaged or incomplete. "
        "Open it in Excel, let Excel repair it, save it as .xlsx, and use that file.",
        "damaged",
    )


def _old_or_encrypted(source: Source) -> SheetError:
    """Both are OLE2 files; a stream of that name holds what Excel encrypts."""
    sought = "EncryptedPackage".encode("utf-16-le")
    tail = b""
    while chunk := source.stream.read(MIB):
        if sought in tail + chunk:
            return SheetError(
                f"{source.name} is protected with a password. Open it in Excel, choose File > Info > "
                "Protect Workbook > Encrypt with Password, empty the password, save it, and use that file.",
                "encrypted",
            )
        tail = chunk[-len(sought) :]
    return SheetError(f"{source.name} is an old Excel file (.xls), which cannot be read. {SAVE_AS}", "old-excel")
