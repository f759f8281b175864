"""Records made of columns."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bulkvm.model.box import BLANK, Record

TEXT = st.text(max_size=3) | st.just(BLANK)
ROWS = st.lists(st.tuples(st.integers(1, 9), st.text(max_size=3), *[TEXT] * 8, st.just(())))


@given(ROWS)
def test_records_made_of_columns_are_those_made_one_by_one(rows: list[tuple[object, ...]]) -> None:
    columns = list(zip(*rows, strict=True)) or [()] * 11

    assert Record.from_columns(columns, len(rows)) == tuple(Record(*row) for row in rows)  # type: ignore[arg-type]


def test_a_field_without_a_column_is_an_error() -> None:
    with pytest.raises(ValueError, match="shorter"):
        Record.from_columns([[1], ["6201"]], 1)
