"""A list that cannot be had completely is never written, compared or backed up, whatever the command."""

from pathlib import Path

import pytest
from starlette.applications import Starlette

from bulkvm.simulator import FaultRules
from tests.backup.backups import pbx_with
from tests.cli.program import SAMPLES, Bulkvm


@pytest.fixture
def app(tmp_path: Path) -> Starlette:
    """A PBX with 50 boxes, 20 on a page."""
    return pbx_with(tmp_path, 50)


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("admin-add:list:every=1", "An incomplete list is not used"),
        ("truncated:list:2-99", "cut off"),
        ("html:list:2-99", "status 502"),
        ("404:list:1-99", "is not the REST API"),
    ],
)
@pytest.mark.parametrize(
    "command",
    [
        ["export", "boxes.csv"],
        ["export", "boxes.xlsx"],
        ["export", "boxes.json"],
        ["export", "-"],
        ["export", "boxes.csv", "--orderby", "name"],
        ["backup", "nights"],
        ["diff", SAMPLES / "clinic.csv"],
        ["diff", SAMPLES / "clinic.csv", "--output", "diff.xlsx"],
        ["plan", SAMPLES / "clinic.csv"],
        ["import", SAMPLES / "clinic.csv", "--yes"],
    ],
    ids=lambda command: " ".join(map(str, command)),
)
def test_an_incomplete_list_is_an_error(
    bulkvm: Bulkvm, pbx: Starlette, folder: Path, command: list[str | Path], fault: str, words: str
) -> None:
    pbx.state.faults = FaultRules([fault])

    ended = bulkvm(*command, "--retries", "1")

    assert (ended.code, ended.out) == (5, "")
    assert words in " ".join(ended.err.split())
    assert not [file for file in folder.rglob("*.*") if file.is_file()]
    assert pbx.state.traffic.counts["create"] == 0
