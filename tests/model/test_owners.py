"""What uses a number is named in words."""

import pytest

from bulkvm.model.box import Owner


@pytest.mark.parametrize(
    ("kind", "words"),
    [("EXTENSION", "the user"), ("RING_GROUP", "the ring group"), ("VIRTUAL_RECEPTIONIST", "the virtual receptionist")],
)
def test_an_owner_is_named_by_its_kind_and_its_name(kind: str, words: str) -> None:
    assert str(Owner("Sales", kind)) == f'{words} "Sales"'
