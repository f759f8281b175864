"""Finds the box that a row belongs to."""

from collections.abc import Iterable, Sequence

from bulkvm.model.box import BLANK, Box, Record, group_duplicates


class BoxIndex:
    """The boxes of a PBX by number, and by id where several boxes have the same number."""

    def __init__(self, boxes: Iterable[Box]) -> None:
        self.by_id = {box.id: box for box in boxes}
        self.by_number = {box.extension_number: box for box in self.by_id.values()}
        self._duplicates = group_duplicates(self.by_id.values())

    def find(self, record: Record) -> Box | None:
        """The box of a row; None if there is none, or if several boxes match."""
        return self.find_box(record.extension_number, None if record.id is BLANK else record.id)

    def find_box(self, extension_number: str, box_id: str | None) -> Box | None:
        """The box with a number; if several boxes have it, the one with this id."""
        if extension_number not in self._duplicates:
            return self.by_number.get(extension_number)
        return next((box for box in self._duplicates[extension_number] if box.id == box_id), None)

    def find_ambiguous(self, record: Record) -> Sequence[Box]:
        """The boxes that a row matches, if there are several."""
        return () if self.find(record) else self._duplicates.get(record.extension_number, ())
