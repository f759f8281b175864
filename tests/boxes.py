"""Boxes as a PBX holds them: one with a value in every column, and lists of odd ones."""

from dataclasses import replace
from typing import Any

from hypothesis import strategies as st

from bulkvm.model.box import BLANK, Box


def full_box(**fields: Any) -> Box:
    """A box that has a value in every column."""
    box = Box(
        id="NzAw",
        extension_number="0101",
        name="Front Desk",
        pin="024680",
        prompt="en-US",
        enable_pin=True,
        enable_email_notify=False,
        recipients=("a@example.com", "b@example.com"),
        play_datetime="DISABLE",
    )
    return replace(box, **fields)


_names = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=64) | st.sampled_from(
    ["=1+1", "'=1", "-1", "1E5", "NA", " a ", "a\r\nb", 'say "hi"', "a;b,c\td", "\N{ZERO WIDTH SPACE}"]
)
box_lists = st.lists(
    st.builds(
        Box,
        id=_names,
        extension_number=st.from_regex(r"[0-9]{3,64}", fullmatch=True),
        name=_names | st.just(BLANK),
        pin=st.from_regex(r"[0-9]{6,10}", fullmatch=True) | st.just(BLANK),
        prompt=st.sampled_from(["en-US", "en_us", BLANK]),
        enable_pin=st.booleans() | st.just(BLANK),
        enable_email_notify=st.booleans() | st.just(BLANK),
        recipients=st.lists(st.sampled_from(["a@example.com", "b@example.com"]), unique=True).map(tuple),
        play_datetime=st.sampled_from(["DISABLE", BLANK]),
    ),
    max_size=4,
)
