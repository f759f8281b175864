"""Voicemail boxes of Kazoo, as its API returns them."""

import json
from collections.abc import Iterator, Mapping
from typing import IO, Any, Final

from bulkvm.columns.cell_display import shown
from bulkvm.model.errors import SheetError
from bulkvm.model.problem import Problem, ProblemCode, Severity
from bulkvm.model.sheet import CellKind, Sheet
from bulkvm.readers.encoding import decode
from bulkvm.readers.json_parser import BoxParser, InvalidJson, NotAList, Number
from bulkvm.readers.source import Source
from bulkvm.readers.table import LETTERS, Row, Table, make_row
from bulkvm.text import count

_DATA: Final = "data"
_NUMBER: Final = "mailbox"
_FIELDS: Final = (_NUMBER, "name", "pin", "notify_email_addresses", "require_pin", "delete_after_notify", "owner_id")
_LETTERS: Final = dict(zip(_FIELDS, LETTERS, strict=False))
# Fields that no other box has.
_OWN: Final = frozenset(
    {"notify_email_addresses", "require_pin", "is_setup", "check_if_owner", "delete_after_notify", "owner_id"}
)
_HEAD: Final = 4
_NO_TEXT: Final = "(no text)"  # is no address, so that it is an error


def is_kazoo_box(box: Mapping[str, Any]) -> bool:
    """Whether an object is a voicemail box of Kazoo."""
    return _NUMBER in box and "extension_number" not in box and not _OWN.isdisjoint(box)


def holds_kazoo_boxes(stream: IO[str]) -> bool:
    """Whether a document is an answer of Kazoo's API with voicemail boxes."""
    stream.seek(0)
    try:
        return is_kazoo_box(next(BoxParser(stream, _DATA, may_be_one=True).read(), {}))
    except (NotAList, InvalidJson, ValueError, RecursionError):
        return False


def read_kazoo_json(source: Source, *, encoding: str | None) -> Sheet:
    """Read a list of boxes, or the answer of the API with it. Boxes are rows from row 2 on.

    Raises:
        SheetError: the file is neither.
    """
    table, place = Table(source, {letter: name for name, letter in _LETTERS.items()}), 1
    text = decode(source, encoding or json.detect_encoding(source.stream.read(_HEAD)), may_be_mixed=False)
    with text.stream as stream:
        stream.seek(0)
        try:
            parser = BoxParser(stream, _DATA, may_be_one=True)
            for box in parser.read():
                place += 1
                table.add(_row(place, box))
        except InvalidJson as error:
            raise _error(source.name, f"it is damaged or cut off, at line {error}") from error
        except (NotAList, UnicodeError) as error:
            raise _error(source.name, "it is not a list of boxes") from error
        except (ValueError, RecursionError) as error:
            raise _error(source.name, f"box {place} cannot be read") from error
    if not table.rows:
        raise _error(source.name, "it has no boxes")
    if not table.has_values(_LETTERS[_NUMBER]):
        raise _error(source.name, f'its boxes have no "{_NUMBER}"')
    return Sheet(
        path=source.path,
        name=None,
        header_row=1,
        headings={letter: name for name, letter in _LETTERS.items() if table.has_values(letter)},
        cells=table.to_frame(),
        kinds=table.kinds,
        problems=tuple(_warn_of_page(place - 1, parser.next_page)),
        text_letters=frozenset(_LETTERS.values()) - table.kinds.keys(),
    )


def _warn_of_page(boxes: int, next_page: object) -> Iterator[Problem]:
    if next_page:
        message = f"the file has {count(boxes, 'box', 'boxes')}, and is one page of a longer list. Export all pages."
        yield Problem(row=None, code=ProblemCode.JSON, message=message, severity=Severity.WARNING)


def _row(number: int, box: Mapping[str, Any]) -> Row:
    texts = {letter: _text(box.get(name)) for name, letter in _LETTERS.items()}
    # A number has lost its leading zeros.
    kinds = {letter: CellKind.NUMBER for name, letter in _LETTERS.items() if isinstance(box.get(name), Number)}
    return make_row(number, texts, kinds)


def _text(value: object) -> str:
    match value:
        case bool():
            return str(value).lower()
        case str():
            return value
        case list():
            return ", ".join(item if isinstance(item, str) else _NO_TEXT for item in value)
        case _:
            return ""


def _error(name: str, why: str) -> SheetError:
    return SheetError(
        f"{shown(name)} cannot be read as boxes of Kazoo: {why}. It must be the answer of its API for all voicemail "
        "boxes, or the list in it.",
        ProblemCode.JSON,
    )
