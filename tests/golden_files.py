"""Whole texts that are compared with files in tests/golden."""

from collections.abc import Callable
from pathlib import Path

GOLDEN = Path(__file__).parent / "golden"
Golden = Callable[[str, str], None]
