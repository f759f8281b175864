"""Seeds: boxes for the simulated PBX from an export, for example to rehearse restoring a backup."""

import csv
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from bulkvm.simulator.box_fields import BOOLEAN_FIELDS, BOX_FIELDS
from bulkvm.simulator.configuration import SimulatorError
from bulkvm.simulator.state import new_id

_BOOLEAN_OF_WORD: Final = {"yes": True, "no": False, "": None}
_EXTENSION: Final = re.compile(r"[0-9]{3,64}")
# An export escapes text that a spreadsheet would run as a formula, or that looks escaped, with one apostrophe.
_ESCAPED: Final = re.compile(r"'+[=+\-@\t\r]")


def read_seed(path: Path) -> list[dict[str, Any]]:
    """Read the boxes of an export: .csv with its headers, or .json with the API's fields.

    Values are not validated, since a PBX once accepted them; duplicate numbers are allowed. A box without an id gets a
    new one. Undocumented JSON fields are kept, except bulkvm's own.

    Raises:
        SimulatorError: the file is not an export, or two boxes have the same id.
    """
    read = {".csv": _read_csv, ".json": _read_json}.get(path.suffix.lower())
    if read is None:
        raise SimulatorError(f"{path} is not an export: its name must end in .csv or .json.")
    try:
        entries = list(read(path))
    except (OSError, ValueError, csv.Error) as error:
        raise SimulatorError(f"{path} cannot be read as an export: {error}.") from error
    boxes = [_read_box(path, place, entry) for place, entry in entries]
    if len({box["id"] for box in boxes}) < len(boxes):
        raise SimulatorError(f"{path} is not a valid export: two boxes have the same id.")
    return boxes


def _read_csv(path: Path) -> Iterator[tuple[str, Mapping[str, Any]]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = csv.DictReader(file, restval="", strict=True)
        for row in rows:
            values = {header: _unescape(value) for header, value in row.items() if header in BOX_FIELDS}
            words = {field: values.get(field, "") for field in BOOLEAN_FIELDS}
            yield f"line {rows.line_num}", values | {s: _BOOLEAN_OF_WORD.get(word, word) for s, word in words.items()}


def _read_json(path: Path) -> Iterator[tuple[str, Mapping[str, Any]]]:
    entries = json.loads(path.read_text(encoding="utf-8-sig"))
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise ValueError("it is not a list of boxes")
    return ((f"box {place}", entry) for place, entry in enumerate(entries, start=1))


def _read_box(path: Path, place: str, entry: Mapping[str, Any]) -> dict[str, Any]:
    box = {field: None if entry.get(field) == "" else entry.get(field) for field in BOX_FIELDS}
    for field, value in box.items():
        if not isinstance(value, bool if field in BOOLEAN_FIELDS else str) and value is not None:
            # The message leaves the value out: it may be a PIN.
            raise SimulatorError(f"{path}, {place}: the value of {field} is not one that an export contains.")
    if not _EXTENSION.fullmatch(box["extension_number"] or ""):
        raise SimulatorError(f"{path}, {place}: extension_number must have 3 to 64 digits.")
    extras = {name: value for name, value in entry.items() if name not in BOX_FIELDS and not name.startswith("bulkvm_")}
    return extras | box | {"id": box["id"] or new_id()}


def _unescape(value: str) -> str:
    return value[1:] if _ESCAPED.match(value) else value
