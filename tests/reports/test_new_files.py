"""Files are whole or not there at all."""

import errno
import os
import stat
from pathlib import Path

import pytest

from bulkvm.errors import UsageError
from bulkvm.reports.files import writing

posix_only = pytest.mark.skipif(os.name == "nt", reason="Windows has no such file modes")


def test_a_file_has_its_name_only_once_it_is_complete(tmp_path: Path) -> None:
    target = tmp_path / "boxes.csv"

    with writing(target) as new:
        new.temporary.write_text("all of it")
        there_early = target.exists()

    assert not there_early
    assert target.read_text() == "all of it"
    assert new.path == target
    assert list(tmp_path.iterdir()) == [target]


def test_a_fault_leaves_the_former_file_and_nothing_new(tmp_path: Path) -> None:
    target = tmp_path / "boxes.csv"
    target.write_text("former")

    with pytest.raises(ZeroDivisionError), writing(target) as new:
        new.temporary.write_text(str(1 / 0))

    assert target.read_text() == "former"
    assert list(tmp_path.iterdir()) == [target]


@posix_only
def test_a_private_file_is_its_owners_alone_from_its_first_moment(tmp_path: Path) -> None:
    target = tmp_path / "boxes.csv"
    target.touch(mode=0o644)

    with writing(target) as new:
        early = stat.S_IMODE(new.temporary.stat().st_mode)

    assert early == stat.S_IMODE(target.stat().st_mode) == 0o600


@posix_only
def test_a_file_without_secrets_can_be_read_as_the_user_has_set_it(tmp_path: Path) -> None:
    usual = tmp_path / "usual"
    usual.touch()

    with writing(tmp_path / "template.csv", private=False) as new:
        pass

    assert new.path.stat().st_mode == usual.stat().st_mode


@pytest.mark.parametrize(
    ("number", "words"),
    [
        pytest.param(errno.ENOSPC, "The disk is full", id="full disk"),
        pytest.param(errno.EACCES, "You may not write in the folder", id="no permission"),
        pytest.param(errno.EROFS, "You may not write in the folder", id="read-only disk"),
        pytest.param(errno.EFBIG, "could not be written", id="any other reason"),
    ],
)
def test_a_fault_of_the_system_is_told_in_words(tmp_path: Path, number: int, words: str) -> None:
    with pytest.raises(UsageError, match=words), writing(tmp_path / "boxes.csv"):
        raise OSError(number, os.strerror(number))

    assert not list(tmp_path.iterdir())


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no folder .*nowhere"), writing(tmp_path / "nowhere" / "boxes.csv"):
        pass


def test_a_file_is_no_folder_to_write_in(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(UsageError, match="no folder"), writing(tmp_path / "file" / "boxes.csv"):
        pass


def test_a_folder_is_no_file_to_write_to(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is a folder"), writing(tmp_path):
        pass


def test_a_target_that_excel_holds_open_gets_a_free_name_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "clinic.result.xlsx"
    target.write_text("open in Excel")
    target.with_name("clinic.result-2.xlsx").write_text("open in Excel, too")
    replace = Path.replace

    def refuse_what_is_open(self: Path, to: Path) -> Path:
        # Windows refuses so, and no other system can be brought to it.
        if to.exists():
            raise PermissionError(errno.EACCES, "in use")
        return replace(self, to)

    monkeypatch.setattr(Path, "replace", refuse_what_is_open)

    with writing(target) as new:
        new.temporary.write_text("new")

    assert new.path.name == "clinic.result-3.xlsx"
    assert new.path.read_text() == "new"
    assert len(list(tmp_path.iterdir())) == 3
