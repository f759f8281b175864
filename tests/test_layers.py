"""The folders are the order in which the data flows: who may import whom."""

import ast
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
PACKAGE = TESTS.parent / "bulkvm"

WORDS = {"model", "columns", "text"}  # no input or output
MAY_IMPORT = {
    "text": set[str](),
    "model": {"text"},
    "columns": {"model", "text"},
    "files": WORDS,
    "paths": WORDS | {"files"},
    "readers": WORDS,
    "validation": WORDS,
    "pbx": WORDS | {"files"},
    "runs": WORDS | {"files", "paths"},
    "planning": WORDS | {"pbx", "runs"},
    "upload": WORDS | {"pbx", "planning", "runs"},
    "reports": WORDS | {"files", "planning"},
    "sites": WORDS | {"files", "paths"},
    "simulator": set[str](),
    "backup": WORDS | {"files", "pbx", "readers", "reports", "__init__"},
    "jobs": WORDS
    | {"backup", "files", "paths", "pbx", "planning", "readers", "reports", "runs", "upload", "validation"},
    "api": {path.stem for path in PACKAGE.iterdir()} - {"cli", "simulator"},
    "cli": {path.stem for path in PACKAGE.iterdir()} | {"__init__"},
    "__main__": {"cli"},
}


def imported_names(file: Path) -> Iterator[str]:
    """The modules that a file imports."""
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file} has a relative import"
            yield node.module or ""


def imports_of(file: Path) -> Iterator[str]:
    """The parts of bulkvm that a file imports."""
    for name in imported_names(file):
        parts = name.split(".")
        if parts[0] == "bulkvm":
            yield parts[1] if len(parts) > 1 else "__init__"


@pytest.mark.parametrize("file", sorted(PACKAGE.rglob("*.py")), ids=lambda file: str(file.relative_to(PACKAGE)))
def test_a_part_imports_only_what_comes_before_it(file: Path) -> None:
    part = file.relative_to(PACKAGE).parts[0].removesuffix(".py")
    if part == "__init__":
        return

    assert set(imports_of(file)) - {part} <= MAY_IMPORT[part]


@pytest.mark.parametrize("file", sorted((PACKAGE / "cli").rglob("*.py")), ids=lambda file: file.name)
def test_the_command_line_calls_the_pbx_through_jobs_only(file: Path) -> None:
    imports = [node for node in ast.walk(ast.parse(file.read_text("utf-8"))) if isinstance(node, ast.ImportFrom)]
    from_pbx = {name.name for node in imports if (node.module or "").startswith("bulkvm.pbx") for name in node.names}

    assert from_pbx <= {"Finding", "Query"}  # values without I/O
    assert not {"asyncio", "bulkvm.upload"} & set(imported_names(file))


@pytest.mark.parametrize("file", sorted(TESTS.rglob("*.py")), ids=lambda file: str(file.relative_to(TESTS)))
def test_test_modules_are_not_imported_by_others(file: Path) -> None:
    names = [name for name in imported_names(file) if name.startswith("tests.")]

    assert [
        name for name in names if any(part.startswith("test_") or part == "conftest" for part in name.split("."))
    ] == []


def test_no_two_modules_have_the_same_name() -> None:
    names = Counter(file.stem for file in PACKAGE.rglob("*.py") if file.stem != "__init__")

    assert [name for name, count in names.items() if count > 1] == []
