"""Filling the simulated PBX from an export, so that a backup can be rehearsed against."""

import csv
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from bulkvm.simulator.configuration import SimulatorError
from bulkvm.simulator.state import FIELDS, new_id

_SWITCH_OF_WORD: Final = {"yes": True, "no": False, "": None}
_SWITCHES: Final = ("enable_pin", "enable_email_notify")
_EXTENSION: Final = re.compile(r"[0-9]{3,64}")
# An export puts one apostrophe before what a spreadsheet would run, and before what looks like that already.
_ESCAPED: Final = re.compile(r"'+[=+\-@\t\r]")


def read_seed(path: Path) -> list[dict[str, Any]]:
    """The boxes of an export: .csv with its headers, or .json with the API's fields.

    A box is taken as it stands there, since a PBX once accepted it, also where two have one number; it gets an id if it
    has none. Fields of JSON that are not documented are taken too, but for bulkvm's own.

    Raises:
        SimulatorError: it is no export, or two boxes have one id.
    """
    read = {".csv": _read_csv, ".json": _read_json}.get(path.suffix.lower())
    if read is None:
        raise SimulatorError(f"{path} is no export: its name must end in .csv or .json.")
    try:
        entries = list(read(path))
    except (OSError, ValueError, csv.Error) as error:
        raise SimulatorError(f"{path} cannot be read as an export: {error}.") from error
    boxes = [_read_box(path, place, entry) for place, entry in entries]
    if len({box["id"] for box in boxes}) < len(boxes):
        raise SimulatorError(f"{path} is no export: two boxes have the same id.")
    return boxes


def _read_csv(path: Path) -> Iterator[tuple[str, Mapping[str, Any]]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = csv.DictReader(file, restval="", strict=True)
        for row in rows:
            values = {header: _unescape(value) for header, value in row.items() if header in FIELDS}
            words = {switch: values.get(switch, "") for switch in _SWITCHES}
            yield f"line {rows.line_num}", values | {s: _SWITCH_OF_WORD.get(word, word) for s, word in words.items()}


def _read_json(path: Path) -> Iterator[tuple[str, Mapping[str, Any]]]:
    entries = json.loads(path.read_text(encoding="utf-8-sig"))
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise ValueError("it is not a list of boxes")
    return ((f"box {place}", entry) for place, entry in enumerate(entries, start=1))


def _read_box(path: Path, place: str, entry: Mapping[str, Any]) -> dict[str, Any]:
    box = {field: None if entry.get(field) == "" else entry.get(field) for field in FIELDS}
    for field, value in box.items():
        if not isinstance(value, bool if field in _SWITCHES else str) and value is not None:
            # The value itself is not told: it may be a PIN.
            raise SimulatorError(f"{path}, {place}: {field} is not what an export writes there.")
    if not _EXTENSION.fullmatch(box["extension_number"] or ""):
        raise SimulatorError(f"{path}, {place}: there is no extension_number of 3 to 64 digits.")
    extras = {name: value for name, value in entry.items() if name not in FIELDS and not name.startswith("bulkvm_")}
    return extras | box | {"id": box["id"] or new_id()}


def _unescape(value: str) -> str:
    return value[1:] if _ESCAPED.match(value) else value
