"""Whichever element of a file grows, time and memory grow in line with it. `pytest -m campaign` runs them."""

import sys
from pathlib import Path

import pytest

from tests.campaigns.growing_files import ELEMENTS, MIB, WORKBOOKS, make_file, make_packed_file, measure

pytestmark = [
    pytest.mark.campaign,
    pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells how much memory was taken"),
]

READ_OR_REFUSED = {0, 3}
NOISE = 0.5  # seconds of the processor, which come and go whatever is read
SLOPE = 2.5  # how much more than four times as much four times the size may take; what is squared takes four times that
MEMORY_OF_BYTE = 250  # bytes of memory for each byte of the file: a row of five bytes may have several problems
MOST_SECONDS, MOST_MEMORY = 10, 1024


@pytest.mark.parametrize("name", ELEMENTS)
def test_four_times_the_size_takes_about_four_times_the_time_and_memory(tmp_path: Path, name: str) -> None:
    small = measure("validate", str(make_file(tmp_path, name, MIB)))
    large = measure("validate", str(make_file(tmp_path, name, 4 * MIB)))

    assert {small.code, large.code} <= READ_OR_REFUSED, large.reported
    assert "Traceback" not in small.reported + large.reported
    assert large.seconds < SLOPE * 4 * small.seconds + NOISE
    assert large.memory - small.memory < MEMORY_OF_BYTE * 3
    assert small.seconds < MOST_SECONDS
    assert small.memory < MOST_MEMORY


# What takes longest just below the limit of rows or elements, in MiB before it is packed.
LARGEST_READ = {
    "numbers": 4.8,
    "dates": 5.7,
    "texts": 5,
    "formulas": 5,
    "rows with attributes": 8,
    "cells with values": 9,
}


@pytest.mark.parametrize(
    "name",
    [
        "rows", "rows with attributes", "cells", "cells with values", "numbers", "dates",
        "numbers in a long format", "texts", "long texts",
        "pieces of a text", "formulas", "shared texts used", "headings", "merged ranges", "attributes", "shared texts",
        "formatted pieces", "number formats", "styles", "nested elements", "white space",
        "comments", "drawings", "hyperlinks", "validations", "conditional formats", "names", "fonts", "columns",
        "namespaces", "names of elements", "relations", "zip entries",
    ],
)  # fmt: skip
def test_a_file_of_a_mebibyte_is_read_or_refused_in_bounded_time_and_memory(tmp_path: Path, name: str) -> None:
    assert name in WORKBOOKS
    path = make_packed_file(tmp_path, name, 60 * MIB)

    check_annotated(path)


@pytest.mark.parametrize(("name", "size"), LARGEST_READ.items(), ids=LARGEST_READ)
def test_the_largest_file_of_a_mebibyte_that_is_read_is_annotated_in_time(
    tmp_path: Path, name: str, size: float
) -> None:
    path = make_packed_file(tmp_path, name, int(size * MIB))

    check_annotated(path)
    assert path.with_name("copy.xlsx").exists()


def check_annotated(path: Path) -> None:
    """Validate a file of 1 MiB with an annotated copy, within the bounds on time and memory."""

    taken = measure("validate", str(path), "--annotate", str(path.with_name("copy.xlsx")))

    assert path.stat().st_size < 1.3 * MIB
    assert taken.code in READ_OR_REFUSED, taken.reported
    assert taken.seconds < MOST_SECONDS
    assert taken.memory < MOST_MEMORY
