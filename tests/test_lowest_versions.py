"""What pyproject.toml allows at the lowest is what .ci/run tries."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no sed")
def test_each_dependency_has_a_lowest_version_and_continuous_integration_tries_it() -> None:
    dependencies = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["dependencies"]
    (read,) = re.findall(r"^(sed .*) > ", (ROOT / ".ci" / "run").read_text("utf-8"), re.MULTILINE)

    tried = subprocess.run(["sh", "-c", read], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()

    assert tried == [text.partition(",")[0].replace(">=", "==") for text in dependencies]


def test_the_tests_that_continuous_integration_names_exist() -> None:
    named = re.findall(r"tests/[\w/.]+", (ROOT / ".ci" / "run").read_text("utf-8"))

    assert named
    assert [path for path in named if not (ROOT / path).exists()] == []
