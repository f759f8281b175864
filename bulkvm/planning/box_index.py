"""Which box a row means."""

from collections.abc import Iterable, Sequence

from bulkvm.model.box import BLANK, Box, Record, group_duplicates


class BoxIndex:
    """The boxes of a PBX, by the rows that mean them: by number, and by id where several boxes have one number."""

    def __init__(self, boxes: Iterable[Box]) -> None:
        self.by_id = {box.id: box for box in boxes}
        self.by_number = {box.extension_number: box for box in self.by_id.values()}
        self._twins = group_duplicates(self.by_id.values())

    def find(self, record: Record) -> Box | None:
        """The box that a row means; None where there is none, or where the row does not say which of several."""
        return self.find_made(record.extension_number, None if record.id is BLANK else record.id)

    def find_made(self, extension_number: str, box_id: str | None) -> Box | None:
        """The box with a number; where several have it, the one with this id."""
        if extension_number not in self._twins:
            return self.by_number.get(extension_number)
        return next((box for box in self._twins[extension_number] if box.id == box_id), None)

    def find_ambiguous(self, record: Record) -> Sequence[Box]:
        """The boxes among which a row does not say which it means; none where that is clear."""
        return () if self.find(record) else self._twins.get(record.extension_number, ())
