"""A list that cuts long names, which a single answer gives whole: no difference is claimed from it alone."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from starlette.applications import Starlette

from bulkvm.simulator import FaultRules, create_app
from tests.altered_pbx import AlteredPbx, Answer, Asked
from tests.cli.program import Bulkvm, serve_pbx, stored
from tests.cli.sheet_files import write_csv

LONG = "The voicemail of the second front desk"
ROWS = [(str(6201 + n), f"{LONG} {n}", str(402817 + n * 13), "", "") for n in range(3)]
RENAMED = [(row[0], f"{row[1]}, renamed", *row[2:]) for row in ROWS]


@contextmanager
def listing(show: Callable[[str], str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Starlette]:
    """A PBX whose list shows names in another way."""
    app = create_app()

    def change(asked: Asked, answer: Answer) -> None:
        if asked.method == "GET" and asked.path == "/api/shared_voicemails" and answer.status == 200:
            listed = answer.json
            for box in listed["items"] or ():
                box["name"] = show(box["name"])
            answer.json = listed

    with serve_pbx(AlteredPbx(app, change=change), monkeypatch):
        yield app


@pytest.fixture(params=["", "...", "\N{HORIZONTAL ELLIPSIS}"], ids=["bare", "dots", "ellipsis"])
def cutting(request: pytest.FixtureRequest, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Starlette]:
    """A PBX whose list shows the first twenty characters of a name."""
    assert folder.is_dir()
    with listing(lambda name: f"{name[:20]}{request.param}", monkeypatch) as app:
        yield app


def test_undo_deletes_a_created_box_whose_name_the_list_truncates(
    bulkvm: Bulkvm, cutting: Starlette, folder: Path
) -> None:
    bulkvm("import", write_csv(folder / "a.csv", *ROWS), "--yes")

    undone = bulkvm("undo", "last", "--yes")

    assert (undone.code, stored(cutting)) == (0, {})
    assert "changed since" not in undone.err


def test_undo_restores_an_updated_box_whose_name_the_list_truncates(
    bulkvm: Bulkvm, cutting: Starlette, folder: Path
) -> None:
    bulkvm("import", write_csv(folder / "a.csv", *ROWS), "--yes")
    bulkvm("import", write_csv(folder / "b.csv", *RENAMED), "--yes", "--force")
    assert list(stored(cutting, "name").values()) == [row[1] for row in RENAMED]

    undone = bulkvm("undo", "last", "--yes")

    assert undone.code == 0
    assert list(stored(cutting, "name").values()) == [row[1] for row in ROWS]


def test_a_box_whose_name_was_changed_since_is_kept(bulkvm: Bulkvm, cutting: Starlette, folder: Path) -> None:
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


WORDS = [
    ("6201", "Reception of the northern building", "402817", "", ""),
    ("6202", "Cardiology outpatient desk", "402830", "", ""),
    ("6203", "Pharmacy on the ground floor", "402843", "", ""),
    ("6204", "Front desk, floor 12", "402856", "", ""),
    ("6205", "Lab", "402869", "", ""),
]


def cut_at_a_word(name: str) -> str:
    return name if len(name) <= 20 else name[:21].rpartition(" ")[0]


@pytest.mark.parametrize("mark", ["", "...", "\N{HORIZONTAL ELLIPSIS}", " [more]"])
@pytest.mark.parametrize("cut", [cut_at_a_word, lambda name: name[:20].strip()], ids=["at a word", "anywhere"])
def test_an_export_has_the_whole_names_for_every_way_of_truncating(
    bulkvm: Bulkvm, folder: Path, monkeypatch: pytest.MonkeyPatch, cut: Callable[[str], str], mark: str
) -> None:
    with listing(lambda name: name if cut(name) == name else f"{cut(name)}{mark}", monkeypatch):
        bulkvm("import", write_csv(folder / "a.csv", *WORDS), "--yes")

        exported = bulkvm("export", "out.csv")

    assert (exported.code, exported.err) == (0, "5 boxes: out.csv\n")
    text = (folder / "out.csv").read_text("utf-8")
    assert [name for _, name, *_ in WORDS if name not in text] == [], text


@pytest.mark.parametrize("fault", ["403:fetch:1-99", "404:fetch:1-99"])
@pytest.mark.parametrize(
    ("mark", "words"),
    [
        ("", "The longest name in it has 20 characters (box 6201)."),
        ("...", "3 names in it end in an ellipsis."),
    ],
)
def test_names_that_cannot_be_completed_are_reported(
    bulkvm: Bulkvm, folder: Path, monkeypatch: pytest.MonkeyPatch, fault: str, mark: str, words: str
) -> None:
    with listing(lambda name: f"{name[:20]}{mark}", monkeypatch) as app:
        bulkvm("import", write_csv(folder / "a.csv", *ROWS), "--yes")
        app.state.faults = FaultRules([fault])

        ended = [bulkvm("export", "out.csv"), bulkvm("backup", "nights"), bulkvm("diff", "a.csv")]

    assert [one.code for one in ended] == [0, 0, 10]
    for one in ended:
        assert f"names that its list truncates cannot be completed. {words}" in one.err


def test_an_export_takes_three_more_requests_if_the_list_has_whole_names(
    bulkvm: Bulkvm, pbx: Starlette, folder: Path
) -> None:
    bulkvm("import", write_csv(folder / "a.csv", *ROWS), "--yes")
    pbx.state.traffic.counts.clear()

    bulkvm("export", "out.csv")

    assert pbx.state.traffic.counts["fetch"] == 3


OTHER_VALUES: dict[str, dict[str, object]] = {
    "one address of two": {"recipients": "a@example.com"},
    "no addresses": {"recipients": None},
    "a default": {"prompt": "en-US"},
}


@pytest.fixture(params=OTHER_VALUES.values(), ids=[*OTHER_VALUES])
def misleading(request: pytest.FixtureRequest, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Starlette]:
    """A PBX whose list shows another value of one field."""
    assert folder.is_dir()
    app = create_app()
    box = {"pin": "402817", "prompt": "de-DE", "enable_pin": True, "enable_email_notify": False, "play_datetime": None}
    app.state.stored.replace(
        box | {"id": f"Q{n}", "extension_number": str(n), "name": "Desk", "recipients": "a@example.com,b@example.com"}
        for n in range(6201, 6221)
    )

    def change(asked: Asked, answer: Answer) -> None:
        if asked.method == "GET" and asked.path == "/api/shared_voicemails" and answer.status == 200:
            answer.json = answer.json | {"items": [item | request.param for item in answer.json["items"]]}

    with serve_pbx(AlteredPbx(app, change=change), monkeypatch):
        yield app


@pytest.mark.usefixtures("misleading")
def test_an_export_and_a_backup_have_the_values_of_single_responses(bulkvm: Bulkvm, folder: Path) -> None:
    exported, backed_up = bulkvm("export", "all.csv"), bulkvm("backup", "backups")

    assert (exported.code, backed_up.code) == (0, 0)
    for file in (folder / "all.csv", *(folder / "backups").glob("*.csv")):
        assert file.read_text(encoding="utf-8-sig").count('de-DE,yes,no,"a@example.com,b@example.com"') == 20


@pytest.mark.usefixtures("misleading")
def test_a_row_with_the_value_that_only_the_list_shows_is_not_unchanged(bulkvm: Bulkvm, folder: Path) -> None:
    (folder / "a.csv").write_text("extension,recipients,prompt\n6202,a@example.com,en-US\n", encoding="utf-8")

    planned = bulkvm("plan", "a.csv", "--json")

    assert planned.json["rows"][0]["changed"] == ["prompt", "recipients"]
