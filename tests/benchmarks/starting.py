"""Whole commands, from the start of the interpreter to its end."""

import os
import subprocess
import sys
from collections.abc import Sequence
from typing import Final

from tests.benchmarks.measuring import Took, stopwatch

BARE: Final = ("-c", "pass")
PANDAS: Final = ("-c", "import pandas")


def runs(state: str) -> Took:
    """`bulkvm runs`, in this process."""
    os.environ["BULKVM_STATE"] = state
    with stopwatch() as took:
        from bulkvm.cli.main import run

        sys.argv = ["bulkvm", "runs", "--quiet"]
        run()
    return took[0]


def python(words: Sequence[str]) -> Took:
    """A new interpreter with these words, ten times."""
    with stopwatch() as took:
        for _ in range(10):
            subprocess.run([sys.executable, *words], capture_output=True, check=True)
    return took[0]
