"""Every file that is written: whole or not there at all, never through a link, never over another file unasked."""

import errno
import logging
import os
import stat
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import pytest

from bulkvm.files import Reservation, check_target, make_private_folder, reserve, writing
from bulkvm.files.temporary_files import scratch_folder, sweep
from bulkvm.model.errors import DiskFull, FileError, UsageError

posix_only = pytest.mark.skipif(os.name == "nt", reason="Windows has no such file modes")
DAY = 24 * 3600


def the_temporary(folder: Path) -> Path:
    """The file in the making in a folder."""
    (found,) = folder.glob(".bulkvm-*")
    return found


def write(target: Path, text: str = "new", *, overwrite: bool | Reservation = False) -> Path:
    with writing(target, overwrite=overwrite) as new:
        new.file.write(text.encode())
    return new.path


def test_a_file_has_its_name_only_once_it_is_complete(tmp_path: Path) -> None:
    target = tmp_path / "boxes.csv"

    with writing(target) as new:
        new.file.write(b"all of it")
        there_early = target.exists()

    assert not there_early
    assert target.read_text() == "all of it"
    assert new.path == target
    assert list(tmp_path.iterdir()) == [target]


def test_a_fault_leaves_the_former_file_and_nothing_new(tmp_path: Path) -> None:
    target = tmp_path / "boxes.csv"
    target.write_text("former")

    with pytest.raises(ZeroDivisionError), writing(target, overwrite=True) as new:
        new.file.write(bytes(1 // 0))

    assert target.read_text() == "former"
    assert list(tmp_path.iterdir()) == [target]


@posix_only
@pytest.mark.parametrize("umask", [0o022, 0o000, 0o077])
def test_a_private_file_is_accessible_only_to_its_owner_from_its_first_moment(tmp_path: Path, umask: int) -> None:
    target = tmp_path / "boxes.csv"
    target.touch(mode=0o644)
    before = os.umask(umask)

    try:
        with writing(target, overwrite=True):
            early = stat.S_IMODE(the_temporary(tmp_path).stat().st_mode)
    finally:
        os.umask(before)

    assert early == stat.S_IMODE(target.stat().st_mode) == 0o600


@posix_only
def test_a_file_without_secrets_can_be_read_as_the_user_has_set_it(tmp_path: Path) -> None:
    usual = tmp_path / "usual"
    usual.touch()

    with writing(tmp_path / "template.csv", private=False) as new:
        pass

    assert new.path.stat().st_mode == usual.stat().st_mode


@posix_only
def test_new_parent_folders_are_private_for_any_umask(tmp_path: Path) -> None:
    before = os.umask(0o000)

    try:
        make_private_folder(tmp_path / "a" / "b" / "c")
    finally:
        os.umask(before)

    made = [tmp_path / "a", tmp_path / "a" / "b", tmp_path / "a" / "b" / "c"]
    assert [stat.S_IMODE(folder.stat().st_mode) for folder in made] == [0o700] * 3


@pytest.mark.parametrize(
    ("number", "words", "kind"),
    [
        pytest.param(errno.ENOSPC, "The disk is full", DiskFull, id="full disk"),
        pytest.param(errno.EACCES, "You may not write to the folder", FileError, id="no permission"),
        pytest.param(errno.EROFS, "You may not write to the folder", FileError, id="read-only disk"),
        pytest.param(errno.EFBIG, "could not be written", FileError, id="any other reason"),
    ],
)
def test_a_fault_of_the_system_is_reported_in_words(
    tmp_path: Path, number: int, words: str, kind: type[FileError]
) -> None:
    with pytest.raises(kind, match=words) as error, writing(tmp_path / "boxes.csv"):
        raise OSError(number, os.strerror(number))
    assert type(error.value) is kind

    assert not list(tmp_path.iterdir())


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no folder .*nowhere"):
        write(tmp_path / "nowhere" / "boxes.csv")


def test_a_file_in_place_of_a_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(UsageError, match="no folder"):
        write(tmp_path / "file" / "boxes.csv")


@pytest.mark.parametrize("overwrite", [False, True])
def test_a_folder_in_place_of_a_file_is_refused(tmp_path: Path, *, overwrite: bool) -> None:
    with pytest.raises(UsageError, match="is a folder"):
        write(tmp_path, overwrite=overwrite)


def test_an_empty_file_name_is_refused() -> None:
    with pytest.raises(UsageError, match="is empty"):
        check_target(Path())


def test_an_existing_file_is_replaced_only_with_permission(tmp_path: Path) -> None:
    target = tmp_path / "boxes.csv"
    target.write_text("someone's")

    with pytest.raises(UsageError, match=r"already exists.*--overwrite"):
        write(target)
    kept = target.read_text()
    write(target, overwrite=True)

    assert (kept, target.read_text()) == ("someone's", "new")


def test_a_file_that_appears_during_writing_is_kept_and_another_name_is_used(tmp_path: Path) -> None:
    target = tmp_path / "boxes.csv"

    with writing(target) as new:
        new.file.write(b"new")
        target.write_text("someone's")

    assert target.read_text() == "someone's"
    assert new.path == tmp_path / "boxes-2.csv"
    assert new.path.read_text() == "new"


@posix_only
def test_a_disk_without_hard_links_keeps_a_file_that_appears_during_writing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Path) -> None:
        raise OSError(errno.EPERM, "no hard links here")

    monkeypatch.setattr(Path, "hardlink_to", refuse)  # as on FAT, which no test can mount

    with writing(tmp_path / "boxes.csv") as new:
        (tmp_path / "boxes.csv").write_text("someone's")

    assert new.path == tmp_path / "boxes-2.csv"
    assert (tmp_path / "boxes.csv").read_text() == "someone's"
    assert len(list(tmp_path.iterdir())) == 2


def a_link_to_a_file(target: Path) -> None:
    target.with_name("behind").write_text("behind")
    target.symlink_to(target.with_name("behind"))


def a_link_to_nothing(target: Path) -> None:
    target.symlink_to(target.with_name("nothing"))


@posix_only
@pytest.mark.parametrize(
    ("put", "words"),
    [
        pytest.param(a_link_to_a_file, "is a link", id="link"),
        pytest.param(a_link_to_nothing, "is a link", id="dangling link"),
        pytest.param(os.mkfifo, "is a device or a pipe", id="pipe"),
    ],
)
@pytest.mark.parametrize("overwrite", [False, True])
def test_only_regular_files_are_written_to(
    tmp_path: Path, put: Callable[[Path], None], words: str, *, overwrite: bool
) -> None:
    put(tmp_path / "boxes.csv")
    before = sorted(tmp_path.iterdir())

    with pytest.raises(UsageError, match=words):
        write(tmp_path / "boxes.csv", overwrite=overwrite)

    assert sorted(tmp_path.iterdir()) == before
    assert not (tmp_path / "behind").exists() or (tmp_path / "behind").read_text() == "behind"


@posix_only
@pytest.mark.parametrize("as_link", [False, True], ids=["file", "link"])
def test_a_temporary_file_replaced_by_another_program_is_not_published(tmp_path: Path, *, as_link: bool) -> None:
    theirs = tmp_path / "theirs"
    theirs.write_text("theirs")

    def swap(temporary: Path, file: BinaryIO) -> None:
        temporary.unlink()
        if as_link:
            temporary.symlink_to(theirs)
        else:
            temporary.write_text("theirs")
        file.write(b"PIN 402817")

    with pytest.raises(FileError, match="another program replaced"), writing(tmp_path / "boxes.csv") as new:
        swap(the_temporary(tmp_path), new.file)

    assert not (tmp_path / "boxes.csv").exists()
    assert [file.read_text() for file in tmp_path.iterdir()] == ["theirs"]


def test_a_target_that_excel_holds_open_gets_a_free_name_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "clinic.result.xlsx"
    target.write_text("open in Excel")
    target.with_name("clinic.result-2.xlsx").write_text("open in Excel, too")

    def refuse(*_: Path) -> None:
        # Windows refuses so, and no other system can be brought to it.
        raise PermissionError(errno.EACCES, "in use")

    monkeypatch.setattr(Path, "replace", refuse)

    written = write(target, overwrite=True)

    assert written.name == "clinic.result-3.xlsx"
    assert written.read_text() == "new"
    assert len(list(tmp_path.iterdir())) == 3


def test_a_name_can_be_reserved_only_once(tmp_path: Path) -> None:
    wanted = tmp_path / "clinic.result.xlsx"

    with reserve(wanted, unused=True) as first, reserve(wanted, unused=True) as second:
        with pytest.raises(UsageError, match="already exists"), reserve(wanted):
            pass
        paths = [write(one.path, one.path.name, overwrite=one) for one in (first, second)]

    assert [path.name for path in paths] == ["clinic.result.xlsx", "clinic.result-2.xlsx"]
    assert [path.read_text() for path in paths] == [path.name for path in paths]
    assert sorted(tmp_path.iterdir()) == sorted(paths)


def test_a_name_that_a_killed_program_reserved_is_named_as_such(tmp_path: Path) -> None:
    target = tmp_path / "clinic.result.xlsx"
    target.touch()

    with pytest.raises(UsageError, match=r"already exists and is empty: .* killed.* --overwrite"), reserve(target):
        pass
    with reserve(target, overwrite=True) as reservation:
        write(target, overwrite=reservation)

    assert target.read_text() == "new"


@pytest.mark.skipif(sys.platform == "win32", reason="an open file cannot be replaced on Windows")
def test_a_name_that_a_killed_program_reserved_is_used_by_the_next_one(tmp_path: Path) -> None:
    target = tmp_path / "clinic.result.xlsx"
    target.touch(0o600)

    with reserve(target, unused=True) as first, reserve(target, unused=True) as second:
        written = write(first.path, overwrite=first)

    assert (written, second.path.name) == (target, "clinic.result-2.xlsx")
    assert [*tmp_path.iterdir()] == [target]


def test_a_link_or_a_file_with_content_is_no_reserved_name(tmp_path: Path) -> None:
    target = tmp_path / "clinic.result.xlsx"
    target.write_text("someone's")
    (tmp_path / "empty").touch()
    target.with_stem("clinic.result-2").symlink_to("empty")

    with reserve(target, unused=True) as reservation:
        assert reservation.path.name == "clinic.result-3.xlsx"


def test_a_reserved_name_is_free_again_if_nothing_was_written(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), reserve(tmp_path / "clinic.result.xlsx"):
        raise ZeroDivisionError

    assert not list(tmp_path.iterdir())


def test_a_file_that_someone_wrote_under_a_reserved_name_is_kept(tmp_path: Path) -> None:
    target = tmp_path / "clinic.result.xlsx"

    with reserve(target) as reservation:
        target.write_text("someone's")
        written = write(target, overwrite=reservation)

    assert target.read_text() == "someone's"
    assert written.name == "clinic.result-2.xlsx"


def test_a_reservation_with_permission_to_overwrite_keeps_the_former_file_until_it_is_written(tmp_path: Path) -> None:
    target = tmp_path / "clinic.result.xlsx"
    target.write_text("former")

    with reserve(target, overwrite=True) as reservation:
        early = target.read_text()
        write(target, overwrite=reservation)

    assert (early, target.read_text()) == ("former", "new")


@pytest.mark.parametrize(
    ("name", "days", "goes"),
    [
        pytest.param(".bulkvm-0123456789ab.tmp", 2, True, id="old one"),
        pytest.param(".bulkvm-0123456789ab.xlsx", 2, True, id="old one of 0.1.0"),
        pytest.param(".bulkvm-0123456789ab.tmp", 0, False, id="one of today"),
        pytest.param(".bulkvm-0123456789ab", 2, True, id="without suffix"),
        pytest.param(".bulkvm-notes.txt", 2, False, id="another name"),
        pytest.param("x.bulkvm-0123456789ab.tmp", 2, False, id="another beginning"),
        pytest.param(".bulkvm-0123456789ab.tmp.mine.txt", 2, False, id="another end"),
    ],
)
def test_temporary_files_that_killed_programs_left_are_swept_when_they_are_old(
    tmp_path: Path, name: str, days: int, *, goes: bool
) -> None:
    left = tmp_path / name
    left.touch()
    os.utime(left, (time.time() - days * DAY,) * 2)

    write(tmp_path / "boxes.csv")

    assert left.exists() is not goes


@posix_only
def test_links_and_folders_that_are_called_like_temporary_files_are_not_swept(tmp_path: Path) -> None:
    (tmp_path / ".bulkvm-0123456789ab.tmp").symlink_to(tmp_path / "nothing")
    (tmp_path / ".bulkvm-0123456789ac.tmp").mkdir()
    for one in tmp_path.iterdir():
        os.utime(one, (time.time() - 2 * DAY,) * 2, follow_symlinks=False)

    sweep(tmp_path)

    assert len(list(tmp_path.iterdir())) == 2


@posix_only
@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() != 0, reason="only root can give a file to another user")
def test_temporary_files_of_another_user_are_not_swept(tmp_path: Path) -> None:
    theirs = tmp_path / ".bulkvm-0123456789ab.tmp"
    theirs.touch()
    os.chown(theirs, 12345, 12345)
    os.utime(theirs, (time.time() - 2 * DAY,) * 2)

    sweep(tmp_path)

    assert theirs.exists()


@posix_only
@pytest.mark.parametrize(
    ("mode", "private", "warns"),
    [
        pytest.param(0o777, True, True, id="everybody's folder"),
        pytest.param(0o1777, True, False, id="sticky folder"),
        pytest.param(0o775, True, False, id="a group's folder"),
        pytest.param(0o777, False, False, id="a file without secrets"),
    ],
)
def test_a_folder_where_everybody_can_replace_a_file_with_pins_is_named(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, mode: int, *, private: bool, warns: bool
) -> None:
    tmp_path.chmod(mode)

    with caplog.at_level(logging.WARNING, "bulkvm"), writing(tmp_path / "boxes.csv", private=private):
        pass

    assert ("Every user can write to the folder" in caplog.text) is warns


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The system's place for temporary files."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def test_parts_of_files_are_private_to_their_owner_and_deleted_in_the_end(temporary: Path) -> None:
    with scratch_folder() as folder:
        mode = stat.S_IMODE(Path(folder).stat().st_mode)
        (Path(folder) / "part").write_text("PIN 402817")

    assert mode == 0o700 or os.name == "nt"
    assert not list(temporary.iterdir())


@pytest.mark.parametrize(
    ("name", "days", "goes"),
    [("bulkvm-parts-abcd_123", 2, True), ("bulkvm-parts-abcd_123", 0, False), ("bulkvm-parts-of-mine", 2, False)],
)
def test_parts_that_killed_programs_left_are_removed_when_they_are_old(
    temporary: Path, name: str, days: int, *, goes: bool
) -> None:
    left = temporary / name
    left.mkdir()
    (left / "part").write_text("PIN 402817")
    os.utime(left, (time.time() - days * DAY,) * 2)

    with scratch_folder():
        pass

    assert left.exists() is not goes
