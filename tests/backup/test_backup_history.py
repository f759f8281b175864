"""Whatever the history of good and bad nights: the newest good backup is there, and no foreign file is touched."""

import asyncio
import tempfile
from datetime import timedelta
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from bulkvm.backup import Keep, verify
from bulkvm.model.errors import BackupNotProven, PbxError
from tests.backup.backups import NIGHT, back_up_from, files_in, pbx_with

FOREIGN = ("boxes.csv", "clinic-20200101T000000Z.csv", "other-20261122T021500Z.manifest.json", "notes.txt")


@settings(deadline=None, max_examples=30)
@given(
    history=st.lists(st.sampled_from(["good", "good", "down", "short", "empty", "damaged"]), max_size=8),
    keep=st.integers(1, 3),
)
def test_every_backup_keeps_the_newest_good_one_and_all_foreign_files(history: list[str], keep: int) -> None:
    with tempfile.TemporaryDirectory() as work:
        folder = Path(work) / "nights"
        folder.mkdir()
        for name in FOREIGN:
            (folder / name).write_text(f"this is {name}", "utf-8")
        good: list[str] = []
        damaged: list[str] = []
        for number, kind in enumerate(history):
            made = night(Path(work), number, kind, keep)
            if made:
                good = [*good, made][-keep:]
            elif kind == "damaged" and good:
                (folder / good[-1]).write_text("damaged", "utf-8")
                damaged.append(good.pop())

            verified = verify(folder)
            assert [name for name in verified.intact if name not in verified.suspect] == good
            assert set(damaged) <= set(verified.damaged)
            assert {name: text.decode() for name, text in files_in(folder).items() if name in FOREIGN} == {
                name: f"this is {name}" for name in FOREIGN
            }


def night(work: Path, number: int, kind: str, keep: int) -> str | None:
    """Make a backup; its name, if it is a good one."""
    count = {"short": 15, "empty": 0}.get(kind, 30)
    app = pbx_with(work, count, faults=["500:list:2-99"] if kind == "down" else [])
    if kind == "damaged":
        return None
    try:
        made = back_up_from(app, work / "nights", now=NIGHT + timedelta(days=number), keep=Keep(last=keep))
        return asyncio.run(made).file
    except (BackupNotProven, PbxError):
        return None
