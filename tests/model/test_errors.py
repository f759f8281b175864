"""The tree of errors."""

import inspect
import re

import pytest

from bulkvm.model import errors
from bulkvm.model.errors import BulkvmError, NotAllowed, OutcomeUnknown, PbxBusy, PbxError, PbxRefused

CLASSES = {name: kind for name, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, BulkvmError)}


def test_the_tree_in_the_docstring_is_that_of_the_classes() -> None:
    drawn: dict[str, tuple[str, int]] = {}
    parents = ["BulkvmError"]
    for indent, name, code in re.findall(r"^([│├└─ ]+)(\w+)(?: \((\d+)\))?", errors.__doc__ or "", re.MULTILINE):
        depth = len(indent) // 4
        parent = parents[depth - 1]
        parents = [*parents[:depth], name]
        drawn[name] = (parent, int(code) if code else drawn[parent][1])

    classes = {name: (kind.__base__.__name__, kind.exit_code) for name, kind in CLASSES.items() if kind.__base__}
    del classes["BulkvmError"]
    assert drawn == classes


def test_an_error_with_more_attempts_is_a_copy() -> None:
    error = PbxRefused("No.", "TAKEN", is_certain=False)
    lost = OutcomeUnknown("Cut.")

    copied = error.after(3, lost)

    assert (str(copied), copied.code, copied.is_certain) == ("No.", "TAKEN", False)
    assert (copied.attempts, copied.lost) == (3, lost)
    assert (error.attempts, error.lost) == (1, None)


@pytest.mark.parametrize("error", [PbxBusy("Wait."), NotAllowed("No.", "FORBIDDEN"), OutcomeUnknown("Cut.")])
def test_a_copy_keeps_everything_else(error: PbxError) -> None:
    copied = error.after(2)

    assert type(copied) is type(error)
    assert copied.args == error.args
    assert vars(copied) == {**vars(error), "attempts": 2}
