"""Infers what the PBX set in fields that a row left blank for a new box."""

from collections.abc import Mapping
from typing import Any, Final

from bulkvm.columns import COLUMNS
from bulkvm.model.box import NOT_KNOWN, Box, Record
from bulkvm.model.change import Change, ChangeKind
from bulkvm.planning.comparison import HEADERS, blank_fields, is_empty, overlay_read_back

# The documented defaults (API page, "Create"). Other fields have none.
_DOCUMENTED: Final = {column.header: column.default for column in COLUMNS if column.default is not None}


class CreateDefaults:
    """The defaults of one PBX: as boxes of a run were read back, else as documented."""

    def __init__(self, changes: Mapping[int, Change], read_back: Mapping[int, Box]) -> None:
        """Take the changes of a run, and the boxes that were read back after them, by row."""
        self._read_back = {row: box for row, box in read_back.items() if row in changes}
        self._by_blanks: dict[frozenset[str], Box] = {}
        self._by_field: dict[str, Box] = {}
        for row, box in self._read_back.items():
            if changes[row].kind is ChangeKind.CREATE:
                blanks = blank_fields(changes[row].record)
                self._by_blanks.setdefault(blanks, box)
                for header in blanks:
                    self._by_field.setdefault(header, box)

    def created_box(self, record: Record, box_id: str) -> Box:
        """The box as it was created from a row; NOT_KNOWN in blank fields without a known default."""
        blanks = blank_fields(record)
        fields: dict[str, Any] = {
            header: self._default(header, blanks) if header in blanks else getattr(record, header) for header in HEADERS
        }
        created = Box(id=box_id, extension_number=record.extension_number, **fields)
        return overlay_read_back(created, self._read_back.get(record.row))

    def uncertain_fields(self, record: Record, box: Box) -> list[str]:
        """The fields that have a value now, and whose value after the create is not known."""
        created = self.created_box(record, box.id)
        return [h for h in blank_fields(record) if getattr(created, h) is NOT_KNOWN and not is_empty(getattr(box, h))]

    def _default(self, header: str, blanks: frozenset[str]) -> Any:
        sample = self._by_blanks.get(blanks) or self._by_field.get(header)
        if sample and (value := getattr(sample, header)) is not NOT_KNOWN:
            return value
        return _DOCUMENTED.get(header, NOT_KNOWN)
