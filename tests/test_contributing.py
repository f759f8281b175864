"""CONTRIBUTING.md names folders, files, names and commands that exist."""

import re
import shlex
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
INLINE = re.sub(r"```.*?```", "", TEXT, flags=re.DOTALL)
DRAWING, *BLOCKS = re.findall(r"```\n(.*?)```", TEXT, re.DOTALL)
QUOTED = re.findall(r"`([^`]+)`", INLINE)
COMMANDS = [line for block in BLOCKS for line in block.splitlines()]


def is_path(text: str) -> bool:
    return re.fullmatch(r"[.\w/-]+(/|\.(py|md|toml|xlsx))|\.ci/run", text) is not None


def exists(path: str) -> bool:
    return (ROOT / path).exists() or ("/" not in path.rstrip("/") and any(ROOT.glob(f"bulkvm/**/{path.rstrip('/')}")))


@pytest.mark.parametrize("path", sorted({text for text in QUOTED if is_path(text)}))
def test_every_path_exists(path: str) -> None:
    assert exists(path)


def test_every_folder_of_the_package_is_in_the_drawing_or_the_table() -> None:
    folders = {file.parent.relative_to(ROOT).as_posix() for file in ROOT.glob("bulkvm/*/__init__.py")}

    assert folders == {name for name in folders if f"`{name}/`" in INLINE}
    assert all(exists(name) for name in re.findall(r"bulkvm/[a-z]+/", DRAWING))


@pytest.mark.parametrize(
    ("file", "name"),
    [
        (file, name)
        for name, file in re.findall(
            r"`(\w+)` (?:and `\w+` )?(?:in|to) `(bulkvm/[\w/]+\.py|tests/[\w/]+\.py)`", INLINE.replace("\n", " ")
        )
    ],
)
def test_every_name_that_is_to_be_extended_is_in_its_file(file: str, name: str) -> None:
    assert re.search(rf"^(class {name}\b|def {name}\b|{name}\b)", (ROOT / file).read_text("utf-8"), re.MULTILINE)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_names_files_tests_and_options_that_exist(command: str) -> None:
    words = shlex.split(command)

    for word in words:
        file, _, name = word.partition("::")
        if file.startswith("tests/"):
            assert (ROOT / file).exists()
            assert not name or f"def {name}(" in (ROOT / file).read_text("utf-8")
        elif word.startswith("tests."):
            assert (ROOT / word.replace(".", "/")).is_dir()
        elif word.isupper() and "=" in word:
            assert any(word.partition("=")[0] in test.read_text("utf-8") for test in ROOT.glob("tests/campaigns/*.py"))
