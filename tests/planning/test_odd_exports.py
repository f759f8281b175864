"""Any box that a PBX can hold comes back from its export unchanged."""

import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bulkvm.columns import CHECK, CLEAR
from bulkvm.columns.cell_display import STRIP_CHARS
from bulkvm.model.box import BLANK, NOT_KNOWN, Box
from bulkvm.model.change import ChangeKind
from bulkvm.planning import make_plan
from bulkvm.readers import read_sheet
from bulkvm.reports.export_file import unknown_as_blank, write_export
from bulkvm.validation import validate

# A value that reads like the mark of cells that are not to be imported is refused, as it must be.
any_text = st.text(st.characters(codec="utf-8"), max_size=70).filter(
    lambda text: not text.strip(STRIP_CHARS).casefold().startswith(CHECK)
)
words = st.sampled_from([
    "root@localhost", "x@10.0.0.5", "o..brien@example.com", "Anna <a@example.com>", "mailto:a@example.com", "a@x;b@x",
    "English", "en_US", "24h", "none", "de\0sk", "two\nlines", "NULL", "#N/A", "=1+1", "<clear>", "yes", "1001.0",
])  # fmt: skip
odd_text = any_text | words


def one_recipient(text: str) -> str:
    """A text as one of several between commas; in a sheet, `<clear>` means that there are none."""
    alone = text.replace(",", "").strip(STRIP_CHARS)
    return "" if alone.casefold() == CLEAR else alone


odd_boxes = st.lists(
    st.builds(
        Box,
        id=st.uuids().map(str),
        extension_number=st.from_regex(r"[0-9]{1,66}", fullmatch=True),
        name=odd_text.filter(str.strip),
        pin=st.from_regex(r"[0-9]{1,14}", fullmatch=True) | st.just(NOT_KNOWN),
        prompt=odd_text.filter(str.strip) | st.sampled_from([BLANK, NOT_KNOWN]),
        enable_pin=st.booleans() | st.just(NOT_KNOWN),
        enable_email_notify=st.booleans() | st.just(NOT_KNOWN),
        recipients=st.lists(odd_text.map(one_recipient).filter(bool), max_size=17, unique=True).map(tuple),
        play_datetime=odd_text.filter(str.strip) | st.just(BLANK),
    ),
    min_size=1,
    max_size=4,
    unique_by=lambda box: box.id,
)


@pytest.mark.parametrize("form", ["csv", "xlsx", "json"])
@settings(max_examples=50)
@given(boxes=odd_boxes)
def test_the_export_of_any_boxes_is_no_change(form: str, boxes: list[Box]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = write_export(Path(folder) / f"boxes.{form}", [unknown_as_blank(box) for box in boxes])
        checked = validate(read_sheet(file))

    plan = make_plan(checked.records, boxes)

    assert [problem for problem in (*checked.problems, *plan.problems) if problem.is_error] == []
    assert [change.kind for change in plan.changes] == [ChangeKind.UNCHANGED] * len(boxes)
