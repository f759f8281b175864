from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bulkvm.model.errors import SheetError, UsageError
from bulkvm.readers import read_sheet
from tests.readers.files import HEADINGS, header_xml, write_raw_workbook, write_workbook

STARTS = [b"", b"PK\x03\x04", b"\xff\xfe", b"\xef\xbb\xbf", b"sep=", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"name,pin\n"]


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("good") / "a.xlsx"
    return write_workbook(path, HEADINGS, ["6201", "Desk", 402817], formats={"C2": "000000"}).read_bytes()


def read_bytes(folder: Path, content: bytes, suffix: str) -> None:
    """Read, and fail for anything but an answer or one clear line."""
    path = folder / f"a.{suffix}"
    path.write_bytes(content)
    try:
        read_sheet(path)
    except (SheetError, UsageError) as error:
        assert str(error)  # noqa: PT017  (both to read and to be refused is right)
        assert "\n" not in str(error)  # noqa: PT017  (the same)


@given(start=st.sampled_from(STARTS), content=st.binary(max_size=300), suffix=st.sampled_from(["csv", "xlsx", "xls"]))
@settings(max_examples=300, deadline=None)
def test_random_bytes_are_read_or_refused_in_one_line(
    tmp_path_factory: pytest.TempPathFactory, start: bytes, content: bytes, suffix: str
) -> None:
    read_bytes(tmp_path_factory.mktemp("any"), start + content, suffix)


@given(data=st.data())
@settings(max_examples=300, deadline=None)
def test_a_workbook_with_bytes_changed_is_read_or_refused_in_one_line(
    tmp_path_factory: pytest.TempPathFactory, good: bytes, data: st.DataObject
) -> None:
    broken = bytearray(good)
    for place in data.draw(st.lists(st.integers(0, len(good) - 1), min_size=1, max_size=5)):
        broken[place] = data.draw(st.integers(0, 255))
    cut = data.draw(st.sampled_from([len(good), len(good) // 2, len(good) - 10]))

    read_bytes(tmp_path_factory.mktemp("changed"), bytes(broken[:cut]), "xlsx")


def element(name: str, attributes: dict[str, str], parts: list[str]) -> str:
    given_as = "".join(f' {key}="{value}"' for key, value in attributes.items())
    return f"<{name}{given_as}>{''.join(parts)}</{name}>"


NAMES = st.sampled_from(["row", "c", "v", "f", "is", "t", "rPh", "sheetData", "mergeCell", "x"])
VALUES = st.sampled_from(
    ["A2", "B2", "2", "3", "-1", "0", "s", "n", "str", "b", "e", "d", "1E5", "A2:B3", "", "٢", "x"]
)
ATTRIBUTES = st.dictionaries(st.sampled_from(["r", "s", "t", "ref", "hidden"]), VALUES, max_size=3)
ELEMENTS = st.recursive(
    VALUES,
    lambda inner: st.builds(element, NAMES, ATTRIBUTES, st.lists(inner, max_size=4)),
    max_leaves=20,
)


@given(content=ELEMENTS)
@settings(max_examples=300, deadline=None)
def test_any_elements_in_a_worksheet_are_read_or_refused_in_one_line(
    tmp_path_factory: pytest.TempPathFactory, content: str
) -> None:
    path = write_raw_workbook(tmp_path_factory.mktemp("elements") / "made.xlsx", header_xml() + content)

    read_bytes(path.parent, path.read_bytes(), "xlsx")
