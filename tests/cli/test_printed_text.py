"""Names of others on a terminal: they cannot control it, and where they end is unambiguous."""

import ast
import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook
from starlette.applications import Starlette

from bulkvm.cli.streams import OutputStreams
from bulkvm.text import printable, printable_json, quoted
from tests.cli.program import SAMPLES, Bulkvm
from tests.cli.sheet_files import write_csv

PACKAGE = Path(__file__).parents[2] / "bulkvm"
HOSTILE = "Desk\x1b[2J\u202e\x9b31m\u2066\x7f"


@pytest.mark.parametrize("file", sorted(PACKAGE.rglob("*.py")), ids=lambda file: str(file.relative_to(PACKAGE)))
def test_only_one_module_prints(file: Path) -> None:
    if file == PACKAGE / "cli" / "streams.py":
        return

    nodes = list(ast.walk(ast.parse(file.read_text("utf-8"))))
    called = {ast.unparse(node.func) for node in nodes if isinstance(node, ast.Call)}
    named = {ast.unparse(node) for node in nodes if isinstance(node, ast.Attribute)}

    assert not called & {"print", "click.echo", "click.secho", "click.prompt", "click.confirm", "traceback.print_exc"}
    assert not named & {"sys.stdout", "sys.stderr", "sys.__stdout__", "sys.__stderr__"}


def assert_harmless(text: str) -> None:
    assert {c for c in text if not c.isprintable()} <= {"\n"}


@pytest.mark.usefixtures("pbx")
def test_nothing_that_is_printed_can_control_a_terminal(bulkvm: Bulkvm, folder: Path) -> None:
    sheet = f"{HOSTILE}.csv"
    write_csv(folder / sheet, ("6201", "Desk", "402817", "", ""))
    book = Workbook()
    book.active.title = "a\u202eb"  # type: ignore[union-attr]
    book.create_sheet("c\u202ed")
    book.save(folder / "two.xlsx")
    bulkvm("import", sheet, "--yes")
    write_csv(folder / f"2{sheet}", ("6201", f"x{HOSTILE}", "", "", ""), ("1\x1b", "x", "", "", ""))
    manifests = folder / "backups"
    bulkvm("backup", manifests)
    (manifest,) = manifests.glob("*.json")
    reported = json.loads(manifest.read_text("utf-8"))
    manifest.write_text(json.dumps(reported | {"site": HOSTILE, "sha256": "0"}), "utf-8")
    shutil.copy(folder / sheet, manifests / f"{HOSTILE}.csv")

    for command in (
        ["runs"],
        ["runs", "--json"],
        ["runs", HOSTILE],
        ["diff", sheet, f"2{sheet}"],
        ["diff", f"2{sheet}", "--json"],
        ["validate", f"2{sheet}"],
        ["validate", f"2{sheet}", "--json"],
        ["plan", f"2{sheet}"],
        ["plan", sheet, "--map", f"{HOSTILE}=pin"],
        ["plan", sheet, "--site", HOSTILE],
        ["plan", "two.xlsx", "--sheet", HOSTILE],
        ["validate", "two.xlsx", "--sheet", "other"],
        ["import", sheet, "--yes", "--result", f"{HOSTILE}/r.xlsx"],
        ["undo", HOSTILE, "--yes"],
        ["export", f"{HOSTILE}.txt"],
        ["backup", "verify", manifests],
        [HOSTILE],
    ):
        ended = bulkvm(*command)

        assert_harmless(ended.out)
        assert_harmless(ended.err)


@pytest.mark.usefixtures("pbx")
def test_the_end_of_a_name_is_unambiguous(bulkvm: Bulkvm, folder: Path) -> None:
    bulkvm("import", write_csv(folder / "a.csv", ("6201", 'A" -> "B', "402817", "", "")), "--yes")

    reported = bulkvm("plan", write_csv(folder / "b.csv", ("6201", 'C\\ "x', "", "", ""))).out

    assert r'Name: "A\" -> \"B" -> "C\\ \"x"' in reported


@given(st.text())
def test_a_quoted_name_can_be_read_back(name: str) -> None:
    inner = quoted(name)[1:-1]

    assert inner.replace(r"\\", "\0").replace(r"\"", "\1").replace("\0", "\\").replace("\1", '"') == printable(name)
    assert '"' not in inner.replace(r"\\", "").replace(r"\"", "")


@given(st.recursive(st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)))
def test_a_json_document_escapes_control_characters_without_changing_data(data: object) -> None:
    document = printable_json(json.dumps(data, ensure_ascii=False, indent=2))

    assert_harmless(document)
    assert json.loads(document.encode()) == json.loads(
        json.dumps(data, ensure_ascii=False).encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    )


@pytest.fixture
def phases(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the phases in progress, as they are shown."""
    shown: list[str] = []
    progress = OutputStreams.progress

    @contextmanager
    def recorded(streams: OutputStreams, what: str) -> Iterator[Callable[[int, int], None]]:
        shown.append(what)
        with progress(streams, what) as advance:
            yield advance

    monkeypatch.setattr(OutputStreams, "progress", recorded)
    return shown


@pytest.mark.usefixtures("pbx")
@pytest.mark.parametrize(
    ("arguments", "names"),
    [
        (["validate", SAMPLES / "clinic.xlsx", "--annotate", "a.xlsx", "--clean", "c.xlsx"],
         ["Reading the sheet", "Checking the rows", "Writing the annotated copy", "Writing the clean copy"]),
        (["plan", SAMPLES / "clinic.csv"], ["Reading the sheet", "Checking the rows", "Connecting", "Planning"]),
        (["import", SAMPLES / "clinic.csv", "--yes", "--result", "r.xlsx"],
         ["Reading the sheet", "Checking the rows", "Connecting", "Planning", "Sending", "Writing the result"]),
        (["undo", "last", "--yes"], ["Connecting", "Reading the journal", "Planning", "Sending", "Writing the result"]),
        (["export", "all.csv"], ["Boxes read", "Writing the file"]),
        (["diff", SAMPLES / "clinic.csv", "--output", "d.xlsx"],
         ["Reading the sheet", "Boxes read", "Writing the differences"]),
    ],
    ids=["validate", "plan", "import", "undo", "export", "diff"],
)  # fmt: skip
def test_each_phase_of_a_command_is_shown_by_its_name(
    bulkvm: Bulkvm, pbx: Starlette, phases: list[str], arguments: list[str | Path], names: list[str]
) -> None:
    if arguments[0] == "undo":
        bulkvm("import", SAMPLES / "clinic.csv", "--yes", "--result", "r.xlsx")
        phases.clear()

    assert bulkvm(*arguments).code in {0, 10}

    assert list(dict.fromkeys(phases)) == names  # rows are checked again by the policy of the tenant
    assert pbx.state.traffic.log or arguments[0] == "validate"
