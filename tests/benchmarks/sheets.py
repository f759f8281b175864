"""Sheets of any length: unlike rows as people write them, with mistakes in 5 % of them."""

import csv
import json
from collections.abc import Iterator
from itertools import cycle, islice
from pathlib import Path
from typing import Final

from xlsxwriter import Workbook

HEADINGS: Final = (
    "extension_number", "name", "pin", "prompt", "enable_pin", "enable_email_notify", "recipients", "play_datetime",
)  # fmt: skip

_RUNS: Final = ("012", "123", "234", "345", "456", "567", "678", "789", "987", "876", "765", "654", "543", "432", "321",
                "210", *(str(digit) * 3 for digit in range(10)))  # fmt: skip
_PROMPTS: Final = ("en-US", "de-DE", "fr-FR")
_CLOCKS: Final = ("DISABLE", "12_HOUR_CLOCK", "24h")
_MISTAKES: Final = (
    (2, "111222"), (0, "ext {0}"), (6, "nobody(at)example.com"), (4, "maybe"), (3, "English"), (7, "13"),
)  # fmt: skip
_MISTAKE_EVERY: Final = 20


def pins() -> Iterator[str]:
    """PINs that keep every rule, each once."""
    return (pin for pin in map(str, range(40_281_790, 99_999_999, 37)) if not any(run in pin for run in _RUNS))


def rows(count: int, *, mistakes: bool = True) -> Iterator[list[str]]:
    """So many rows."""
    wrong = cycle(_MISTAKES)
    for number, pin in enumerate(islice(pins(), count)):
        extension = f"{1_000_000 + number}"
        row = [
            extension, f"Box {extension}", pin, _PROMPTS[number % 3], "yes", "yes",
            f"box{number}@example.com, team{number % 50}@clinic{number % 300}.example.org", _CLOCKS[number % 3],
        ]  # fmt: skip
        if mistakes and number % _MISTAKE_EVERY == 0:
            place, text = next(wrong)
            row[place] = text.format(row[place])
        yield row


def bodies(count: int) -> Iterator[tuple[str, bytes]]:
    """The extension and the JSON of so many boxes, as the API takes them."""
    for extension, name, pin, prompt, _, _, recipients, _ in rows(count, mistakes=False):
        box = {
            "name": name, "extension_number": extension, "pin": pin, "prompt": prompt, "enable_pin": True,
            "enable_email_notify": True, "recipients": recipients.replace(" ", ""), "play_datetime": "DISABLE",
        }  # fmt: skip
        yield extension, json.dumps(box).encode()


def make_sheet(folder: Path, count: int, suffix: str, *, mistakes: bool = True) -> Path:
    """Write a sheet of so many rows, if it is not there yet."""
    file = folder / f"{count}{'' if mistakes else '-good'}{suffix}"
    if file.exists():
        return file
    if suffix == ".csv":
        with file.open("w", encoding="utf-8", newline="") as opened:
            csv.writer(opened).writerows([HEADINGS, *rows(count, mistakes=mistakes)])
        return file
    with Workbook(str(file), {"constant_memory": True}) as workbook:
        sheet = workbook.add_worksheet("Boxes")
        for number, row in enumerate([HEADINGS, *rows(count, mistakes=mistakes)]):
            for column, text in enumerate(row):
                sheet.write_string(number, column, text)
    return file
