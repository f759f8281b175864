"""`bulkvm export` passes on to the PBX which boxes are wanted, and in which order."""

import json
from pathlib import Path

import pytest
from starlette.applications import Starlette

from tests.backup.nights import pbx_with
from tests.cli.conftest import Bulkvm


@pytest.fixture
def app(tmp_path: Path) -> Starlette:
    """A PBX with 50 boxes, 20 on a page, named =Box 101 and so on."""
    return pbx_with(tmp_path, 50)


@pytest.mark.usefixtures("pbx")
@pytest.mark.parametrize(
    ("options", "numbers"),
    [
        ([], range(101, 151)),
        (["--orderby", "name desc"], range(150, 100, -1)),
        (["--orderby", "extension_number desc"], range(150, 100, -1)),
        (["--filter", "extension_number gt '0145'", "--orderby", "name desc"], range(150, 145, -1)),
        (["--search", "Box 14"], range(140, 150)),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_the_boxes_asked_for_come_in_the_order_asked_for(bulkvm: Bulkvm, options: list[str], numbers: range) -> None:
    ended = bulkvm("export", "-", "--format", "json", *options)

    assert ended.code == 0
    assert [int(box["extension_number"]) for box in json.loads(ended.out)] == list(numbers)


@pytest.mark.usefixtures("pbx")
def test_an_order_that_the_pbx_refuses_writes_nothing(bulkvm: Bulkvm, folder: Path) -> None:
    ended = bulkvm("export", "boxes.csv", "--orderby", "colour")

    assert ended.code == 5
    assert "The PBX said:" in ended.err
    assert not (folder / "boxes.csv").exists()
