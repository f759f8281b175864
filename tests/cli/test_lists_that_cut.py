"""A list that cuts long names, which a single answer gives whole: no difference is claimed from it alone."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.applications import Starlette

from bulkvm.simulator import create_app
from tests.altered_pbx import AlteredPbx, Answer, Asked
from tests.cli.program import Bulkvm, serve_pbx, stored
from tests.cli.sheet_files import write_csv

LONG = "The voicemail of the second front desk"
ROWS = [(str(6201 + n), f"{LONG} {n}", str(402817 + n * 13), "", "") for n in range(3)]
RENAMED = [(row[0], f"{row[1]}, renamed", *row[2:]) for row in ROWS]


@pytest.fixture(params=["", "...", "…"], ids=["bare", "dots", "ellipsis"])
def cutting(request: pytest.FixtureRequest, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Starlette]:
    """A PBX whose list shows the first twenty characters of a name."""
    assert folder.is_dir()
    app = create_app()

    def cut(asked: Asked, answer: Answer) -> None:
        if asked.method == "GET" and asked.path == "/api/shared_voicemails" and answer.status == 200:
            listed = answer.json
            for box in listed["items"] or ():
                box["name"] = box["name"][:20] + request.param
            answer.json = listed

    with serve_pbx(AlteredPbx(app, change=cut), monkeypatch):
        yield app


def test_what_a_run_made_is_removed_though_the_list_cuts_its_name(
    bulkvm: Bulkvm, cutting: Starlette, folder: Path
) -> None:
    bulkvm("import", write_csv(folder / "a.csv", *ROWS), "--yes")

    undone = bulkvm("undo", "last", "--yes")

    assert (undone.code, stored(cutting)) == (0, {})
    assert "changed since" not in undone.err


def test_what_a_run_changed_is_restored_though_the_list_cuts_it(
    bulkvm: Bulkvm, cutting: Starlette, folder: Path
) -> None:
    bulkvm("import", write_csv(folder / "a.csv", *ROWS), "--yes")
    bulkvm("import", write_csv(folder / "b.csv", *RENAMED), "--yes", "--force")
    assert list(stored(cutting, "name").values()) == [row[1] for row in RENAMED]

    undone = bulkvm("undo", "last", "--yes")

    assert undone.code == 0
    assert list(stored(cutting, "name").values()) == [row[1] for row in ROWS]


def test_a_name_that_someone_changed_since_keeps_its_box_all_the_same(
    bulkvm: Bulkvm, cutting: Starlette, folder: Path
) -> None:
    bulkvm("import", write_csv(folder / "a.csv", *ROWS), "--yes")
    cutting.state.stored.db.execute("UPDATE box SET name = ? WHERE extension_number = '6202'", (f"{LONG} by hand",))

    undone = bulkvm("undo", "last", "--yes")

    assert list(stored(cutting)) == ["6202"]
    assert "Box 6202 was changed since the run in name" in undone.err


@pytest.mark.usefixtures("cutting")
def test_the_same_import_again_changes_nothing_and_reports_it_beforehand(bulkvm: Bulkvm, folder: Path) -> None:
    bulkvm("import", write_csv(folder / "a.csv", *ROWS), "--yes")

    planned = bulkvm("plan", "a.csv", "--json")

    assert planned.json["counts"]["unchanged"] == 3


@pytest.mark.usefixtures("cutting")
@pytest.mark.parametrize("file", ["out.csv", "out.json"])
def test_an_export_has_the_whole_names(bulkvm: Bulkvm, folder: Path, file: str) -> None:
    imported = bulkvm("import", write_csv(folder / "a.csv", *ROWS, ("6210", "Short", "582046", "", "")), "--yes")

    exported = bulkvm("export", file)

    assert (imported.code, exported.code) == (0, 0), imported.err
    text = (folder / file).read_text("utf-8")
    assert [name for _, name, *_ in ROWS if name not in text] == [], text


def test_a_list_with_whole_names_costs_an_export_one_request_more(bulkvm: Bulkvm, pbx: Starlette, folder: Path) -> None:
    bulkvm("import", write_csv(folder / "a.csv", *ROWS), "--yes")
    pbx.state.traffic.counts.clear()

    bulkvm("export", "out.csv")

    assert pbx.state.traffic.counts["fetch"] == 1
