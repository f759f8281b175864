"""`bulkvm backup` and `bulkvm backup verify`, over a real socket."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import keyring
import pytest
from starlette.applications import Starlette

from bulkvm.backup import BackupSettings, Manifest
from bulkvm.jobs.back_up_sites import back_up_sites
from bulkvm.jobs.connection import Connection
from bulkvm.model.settings import Site
from bulkvm.simulator import FaultRules, SimulatorSettings, create_app, running
from bulkvm.simulator.seeds import read_seed
from bulkvm.sites import store_secret
from tests.backup.backups import NIGHT, QUICK, SITE, files_in, pbx_with, write_seed
from tests.cli.program import SAMPLES, Bulkvm, CommandResult
from tests.keyrings import InMemory

IMPATIENT = ("--retries", "2", "--timeout", "0.4", "--max-outage", "0.5")
HOST = "127.0.0.1"


@pytest.fixture
def app(tmp_path: Path) -> Starlette:
    """A PBX with 50 boxes, 20 on a page."""
    return pbx_with(tmp_path, 50)


def backups(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.glob("*.csv"))


def age(folder: Path) -> None:
    """Date all backups in a folder a century back, as if so much time had gone by."""
    for file in sorted(file for file in folder.iterdir() if file.is_file()):  # the oldest makes room for the next
        if file.suffix == ".json":
            form = json.loads(file.read_text("utf-8"))
            form["time"] = f"{int(form['time'][:2]) - 1}{form['time'][2:]}"
            form["file"] = older(form["file"])
            file.write_text(json.dumps(form), "utf-8")
        file.rename(folder / older(file.name))


def older(name: str) -> str:
    return re.sub(r"-(\d\d)(?=\d{6}T)", lambda century: f"-{int(century[1]) - 1}", name)


def assert_one_line(ended: CommandResult, code: int, *words: str) -> None:
    assert ended.code == code
    assert ended.out == ""
    assert len(ended.err.splitlines()) == 1
    assert [word for word in words if word not in ended.err] == []


@pytest.mark.usefixtures("pbx")
def test_a_successful_backup_prints_nothing_and_can_be_imported(bulkvm: Bulkvm, folder: Path) -> None:
    ended = bulkvm("backup", "nights")

    assert (ended.code, ended.out, ended.err) == (0, "", "")
    (name,) = backups(folder / "nights")
    assert re.fullmatch(rf"{HOST}-\d{{8}}T\d{{6}}Z\.csv", name)
    assert bulkvm("plan", f"nights/{name}", "--json").json["counts"] == {"create": 0, "update": 0, "unchanged": 50}


FAULTS = [
    *(f"{what}:{call}" for call in ("list", "login") for what in (
        "400", "401", "403", "404", "429", "500", "503", "500-after", "html", "html-after", "reset", "reset-after",
        "late(seconds=1)", "truncated", "down(seconds=9)",
    )),
    "admin-add:list", "expire:list",
]  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_a_permanent_fault_is_one_line_with_its_exit_code_and_keeps_former_backups(
    bulkvm: Bulkvm, pbx: Starlette, folder: Path, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    assert bulkvm("backup", "nights").code == 0
    before = files_in(folder / "nights")
    monkeypatch.delenv("BULKVM_TOKEN")
    monkeypatch.setenv("BULKVM_USER", SimulatorSettings().user)
    monkeypatch.setenv("BULKVM_DOMAIN", SimulatorSettings().domain)
    monkeypatch.setenv("BULKVM_PASSWORD", SimulatorSettings().password)
    pbx.state.faults = FaultRules([f"{fault}:1-999"])

    ended = bulkvm("backup", "nights", "--keep", "1", *IMPATIENT)

    assert_one_line(ended, ended.code, f"{HOST}: No backup was made. ")
    assert ended.code in {4, 5}
    assert "Traceback" not in ended.err
    assert files_in(folder / "nights") == before


@pytest.mark.parametrize("what", ["429", "503", "html", "reset", "reset-after", "truncated", "expire", "admin-add"])
@pytest.mark.parametrize("at", [1, 2, 3, 4])
def test_a_fault_that_passes_is_retried_without_a_message(
    bulkvm: Bulkvm, pbx: Starlette, folder: Path, what: str, at: int
) -> None:
    pbx.state.faults = FaultRules([f"{what}:list:{at}"])

    ended = bulkvm("backup", "nights", "--retries", "3")

    if what == "expire":  # a bare token cannot be renewed
        assert_one_line(ended, 4, "token")
        return
    assert (ended.code, ended.err) == (0, "")
    pbx.state.faults = FaultRules()
    assert bulkvm("diff", folder / "nights" / backups(folder / "nights")[0]).code == 0


def test_a_suspiciously_short_list_is_exit_code_8_without_force(
    bulkvm: Bulkvm, pbx: Starlette, folder: Path, tmp_path: Path
) -> None:
    assert bulkvm("backup", "nights").code == 0
    pbx.state.stored.replace(read_seed(write_seed(tmp_path / "fewer.json", 20)))

    suspect = bulkvm("backup", "nights", "--keep", "1")
    forced = bulkvm("backup", "nights", "--force")
    again = bulkvm("backup", "nights")

    assert_one_line(suspect, 8, "20 boxes", "50", "--force", "-suspect.csv")
    assert (forced.code, again.code) == (0, 0)
    assert len(backups(folder / "nights")) == 4
    assert pbx.state.traffic.counts["update"] == 0


@pytest.mark.usefixtures("pbx")
def test_only_a_keep_option_removes_backups(bulkvm: Bulkvm, folder: Path) -> None:
    nights = folder / "nights"
    for _ in range(3):
        assert bulkvm("backup", "nights").code == 0
        age(nights)
    kept = len(backups(nights))

    assert bulkvm("backup", "nights", "--keep", "2").code == 0
    assert (kept, len(backups(nights))) == (3, 2)
    age(nights)
    assert bulkvm("backup", "nights", "--keep-daily", "7", "--keep-monthly", "12").code == 0
    assert len(backups(nights)) == 3
    assert bulkvm("backup", "nights", "--keep", "1").code == 0
    assert len(backups(nights)) == 1


@pytest.mark.usefixtures("pbx")
def test_verify_checks_every_file_against_its_manifest(bulkvm: Bulkvm, folder: Path) -> None:
    bulkvm("backup", "nights")
    age(folder / "nights")
    bulkvm("backup", "nights")
    damaged, _ = backups(folder / "nights")

    good = bulkvm("backup", "verify", "nights")
    with (folder / "nights" / damaged).open("ab") as file:
        file.write(b"\r\n")
    bad = bulkvm("backup", "verify", "nights", "--quiet")

    assert (good.code, good.out) == (0, "")
    assert "2 good backups" in good.err
    assert re.search(rf"The newest good backup of {HOST} is of 20\d\d-\d\d-\d\d \d\d:\d\d UTC\.", good.err)
    assert_one_line(bad, 8, damaged, "changed or damaged")


def test_verify_of_a_folder_without_backups_fails(bulkvm: Bulkvm, folder: Path) -> None:
    (folder / "empty").mkdir()

    assert bulkvm("backup", "verify", "empty", "--quiet").code == 8
    assert bulkvm("backup", "verify", "nowhere").code == 2


@pytest.mark.parametrize("place", [".", "..", "empty"])
def test_verify_names_a_folder_so_that_it_can_be_read(
    bulkvm: Bulkvm, folder: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    (folder / "empty").mkdir()
    monkeypatch.chdir(folder / "empty" if place == ".." else folder)

    lines = bulkvm("backup", "verify", place).err.splitlines()

    shown = place if place == "empty" else folder.resolve()
    assert lines == [f"Intact: 0 good backups, in {shown}.", f"There is no good backup in {shown}."]


@pytest.fixture
def ten_sites(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Starlette]]:
    """Ten configured sites, more than are backed up at once, each a PBX on a socket of its own."""
    assert folder.is_dir()
    apps = [pbx_with(tmp_path, 30 + n) for n in range(10)]
    with ExitStack() as stack:
        urls = [stack.enter_context(running(app)).url for app in apps]
        config = tmp_path / "config"
        config.mkdir()
        entries = "".join(f'[site-{n:02}]\nurl = "{url}"\n' for n, url in enumerate(urls))
        (config / "sites.toml").write_text(entries, "utf-8")
        monkeypatch.setenv("BULKVM_CONFIG", str(config))
        before = keyring.get_keyring()
        keyring.set_keyring(InMemory())
        for n, url in enumerate(urls):
            assert store_secret(Site(name=f"site-{n:02}", url=url), SimulatorSettings().token)
        yield apps
        keyring.set_keyring(before)


def test_the_login_of_one_site_is_never_sent_to_another(
    bulkvm: Bulkvm, ten_sites: list[Starlette], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BULKVM_PASSWORD", "of one site alone")

    refused = bulkvm("backup", "nights", "--all-sites")

    assert refused.code == 2
    assert "BULKVM_PASSWORD" in refused.err
    assert sum(sum(app.state.traffic.counts.values()) for app in ten_sites) == 0


def test_all_sites_are_backed_up_and_one_that_fails_stops_no_other(
    bulkvm: Bulkvm, folder: Path, ten_sites: list[Starlette]
) -> None:
    first = bulkvm("backup", "nights", "--all-sites")
    age(folder / "nights")
    ten_sites[3].state.faults = FaultRules(["403:any:1-99"])
    ten_sites[7].state.faults = FaultRules(["truncated:list:1-99"])

    second = bulkvm("backup", "nights", "--all-sites", "--keep", "1", *IMPATIENT)

    assert (first.code, first.err) == (0, "10 sites: 10 backed up, 0 failed.\n")
    assert second.code == 5
    assert [line.partition(":")[0] for line in second.err.splitlines()] == ["site-03", "site-07", "10 sites"]
    assert second.err.endswith("10 sites: 8 backed up, 2 failed.\n")
    assert len(backups(folder / "nights")) == 10
    assert bulkvm("backup", "verify", "nights").code == 0


def test_an_internal_error_at_one_site_does_not_stop_the_others(tmp_path: Path) -> None:
    def fail() -> Connection:
        raise ZeroDivisionError

    night = BackupSettings(folder=tmp_path / "nights", now=NIGHT)
    good = Connection(SITE, QUICK, pbx_with(tmp_path, 3))

    ended = back_up_sites({"broken": fail, "clinic": lambda: good}, night).by_site

    assert isinstance(ended["broken"], ZeroDivisionError)
    assert backups(tmp_path / "nights") == ["clinic-20261123T021500Z.csv"]


def test_a_pbx_that_hides_its_pins_is_backed_up_with_a_notice(
    bulkvm: Bulkvm, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with running(pbx_with(tmp_path, 30, settings=SimulatorSettings(behave=("hide:pin:both",)))) as hiding:
        monkeypatch.setenv("BULKVM_URL", hiding.url)
        monkeypatch.setenv("BULKVM_TOKEN", SimulatorSettings().token)
        reported = bulkvm("backup", "nights")
        quiet = bulkvm("backup", "nights", "--quiet")

    assert_one_line(reported, 0, "does not show the PINs of 30 boxes")
    assert (quiet.code, quiet.err) == (0, "")
    assert len(backups(folder / "nights")) == 2


def test_all_sites_without_any_site_is_an_error(
    bulkvm: Bulkvm, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("BULKVM_CONFIG", str(tmp_path))

    ended = bulkvm("backup", "nights", "--all-sites")

    assert ended.code == 2
    assert "bulkvm login" in ended.err


@pytest.mark.usefixtures("pbx")
def test_a_backup_is_restored_by_importing_it_and_rehearsed_on_a_seeded_pbx(
    bulkvm: Bulkvm, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bulkvm("import", SAMPLES / "clinic.csv", "--yes", "--skip-invalid", "--result", "r.csv")
    bulkvm("backup", "nights")
    backup = folder / "nights" / backups(folder / "nights")[0]

    with running(create_app(seed=backup)) as rehearsal, running(create_app()) as empty:
        monkeypatch.setenv("BULKVM_URL", rehearsal.url)
        rehearsed = bulkvm("import", backup, "--yes", "--json", "--result", "a.csv")
        monkeypatch.setenv("BULKVM_URL", empty.url)
        restored = bulkvm("import", backup, "--yes", "--json", "--result", "b.csv")
        compared = bulkvm("diff", backup)

    assert (rehearsed.code, restored.code, compared.code) == (0, 0, 0)
    assert rehearsed.json["counts"]["unchanged"] == restored.json["counts"]["created"] > 50


@pytest.mark.skipif(shutil.which("sh") is None, reason="the drill is a script for a POSIX shell")
@pytest.mark.usefixtures("pbx")
def test_the_restore_drill_imports_the_newest_backup_into_an_empty_simulator(bulkvm: Bulkvm, folder: Path) -> None:
    bulkvm("backup", "nights")
    age(folder / "nights")
    bulkvm("backup", "nights")
    newest = max((folder / "nights").glob("*.csv"))
    newest.with_name(newest.name.replace(HOST, f"{HOST}-2nd")).write_text("of another site", "utf-8")
    path = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))

    ended = subprocess.run(
        ["sh", SAMPLES / "restore-drill.sh", "nights", HOST],
        env={**os.environ, "PATH": path, "TMPDIR": str(folder)},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )

    assert (ended.returncode, ended.stdout) == (0, f"The newest backup is nights/{newest.name}.\n")
    assert "50 created" in ended.stderr
    assert "No differences" in ended.stderr
    assert sorted(file.name for file in folder.iterdir()) == ["nights"]


@pytest.mark.skipif(shutil.which("sh") is None, reason="the drill is a script for a POSIX shell")
def test_the_restore_drill_fails_without_a_backup(folder: Path) -> None:
    (folder / "nights").mkdir()

    ended = [
        subprocess.run(["sh", SAMPLES / "restore-drill.sh", *arguments], capture_output=True, text=True, check=False)
        for arguments in (("nights", "clinic"), ())
    ]

    assert [end.returncode for end in ended] == [1, 2]
    assert "Usage: sh restore-drill.sh FOLDER SITE" in ended[1].stderr


@pytest.mark.usefixtures("pbx")
def test_with_max_age_a_newest_backup_that_is_too_old_is_exit_code_8(bulkvm: Bulkvm, folder: Path) -> None:
    bulkvm("backup", "nights")

    fresh = bulkvm("backup", "verify", "nights", "--max-age", "36h", "--quiet")
    age(folder / "nights")
    unasked = bulkvm("backup", "verify", "nights")
    stale = bulkvm("backup", "verify", "nights", "--max-age", "36h", "--quiet")

    assert (fresh.code, fresh.err) == (0, "")
    assert unasked.code == 0
    assert_one_line(stale, 8, f"The newest good backup of {HOST} is of 19", "older than --max-age")


@pytest.mark.usefixtures("pbx")
def test_a_backup_of_the_future_is_named_and_is_never_the_newest(bulkvm: Bulkvm, folder: Path, tmp_path: Path) -> None:
    future = datetime.now(UTC).replace(microsecond=0) + timedelta(days=3000)
    night = BackupSettings(folder=folder / "nights", now=future)
    (made,) = back_up_sites({"clinic": lambda: Connection(SITE, QUICK, pbx_with(tmp_path, 3))}, night).by_site.values()
    assert isinstance(made, Manifest)

    alone = bulkvm("backup", "verify", "nights", "--max-age", "36h")
    bulkvm("backup", "nights")
    ended = bulkvm("backup", "verify", "nights", "--max-age", "36h")

    assert alone.code == ended.code == 8
    assert f"{made.file}: dated in the future" in ended.err
    assert "clinic has no good backup that is not dated in the future" in ended.err
    assert f"The newest good backup of {HOST} is of {datetime.now(UTC):%Y}" in ended.err


@pytest.mark.parametrize("time", ["36", "h", "1.5h", "-1h", "36 hours", "9999999d"])
def test_an_invalid_duration_is_refused(bulkvm: Bulkvm, folder: Path, time: str) -> None:
    (folder / "nights").mkdir()

    ended = bulkvm("backup", "verify", "nights", "--max-age", time)

    assert ended.code == 2
    assert "is not a duration" in ended.err


def cut_in_the_last_row(backup: Path) -> None:
    backup.write_bytes(backup.read_bytes()[:-20])


def with_another_pin(backup: Path) -> None:
    backup.write_bytes(backup.read_bytes().replace(b"024680", b"024681", 1))


def beside_the_manifest_of_another(backup: Path) -> None:
    other = backup.with_name("other-20261123T021500Z.csv")
    other.write_bytes(backup.read_bytes())
    backup.with_suffix(".manifest.json").rename(other.with_suffix(".manifest.json"))
    other.rename(backup)
    other.with_suffix(".manifest.json").rename(backup.with_suffix(".manifest.json"))
    form = json.loads(backup.with_suffix(".manifest.json").read_text("utf-8")) | {"file": "other-20261123T021500Z.csv"}
    backup.with_suffix(".manifest.json").write_text(json.dumps(form), "utf-8")


@pytest.mark.parametrize("harm", [cut_in_the_last_row, with_another_pin, beside_the_manifest_of_another])
@pytest.mark.parametrize("command", [["validate"], ["plan"], ["import", "--yes"], ["diff"]], ids=" ".join)
def test_a_backup_that_does_not_match_its_manifest_is_not_read(
    bulkvm: Bulkvm, folder: Path, pbx: Starlette, harm: Callable[[Path], None], command: list[str]
) -> None:
    bulkvm("backup", "nights")
    (name,) = backups(folder / "nights")
    backup = folder / "nights" / name
    harm(backup)
    before = sum(pbx.state.traffic.counts.values())

    ended = bulkvm(*command, backup)
    asked = sum(pbx.state.traffic.counts.values()) - before
    elsewhere = bulkvm(command[0], backup.rename(folder / "own.csv"), *command[1:])

    assert ended.code == 3
    assert f"{name} does not match its manifest" in ended.err
    assert asked == 0
    assert "manifest" not in elsewhere.err


def with_half_a_manifest(manifest: Path) -> None:
    manifest.write_bytes(manifest.read_bytes()[:100])


def with_an_empty_manifest(manifest: Path) -> None:
    manifest.write_bytes(b"")


@pytest.mark.usefixtures("pbx")
@pytest.mark.parametrize("harm", [with_half_a_manifest, with_an_empty_manifest])
@pytest.mark.parametrize("command", [["validate"], ["import", "--yes"], ["diff"]], ids=" ".join)
def test_a_cut_backup_is_not_read_where_its_manifest_is_cut_too(
    bulkvm: Bulkvm, folder: Path, harm: Callable[[Path], None], command: list[str]
) -> None:
    bulkvm("import", SAMPLES / "clinic.csv", "--yes")
    bulkvm("backup", "nights")
    (name,) = backups(folder / "nights")
    backup = folder / "nights" / name
    backup.write_bytes(b"".join(backup.read_bytes().splitlines(keepends=True)[:20]))
    harm(backup.with_suffix(".manifest.json"))

    ended = bulkvm(*command, backup)
    elsewhere = bulkvm(command[0], backup.rename(folder / "own.csv"), *command[1:])

    assert ended.code == 3
    assert f"The manifest of {name} " in ended.err
    assert "manifest" not in elsewhere.err


@pytest.mark.usefixtures("pbx")
def test_a_backup_under_another_name_is_read_as_long_as_it_is_whole(bulkvm: Bulkvm, folder: Path) -> None:
    bulkvm("backup", "nights")
    (name,) = backups(folder / "nights")
    month = (folder / "nights" / name).rename(folder / "month.csv")
    (folder / "nights" / name).with_suffix(".manifest.json").rename(folder / "month.manifest.json")

    whole = bulkvm("diff", month)
    with_another_pin(month)

    assert (whole.code, bulkvm("diff", month).code) == (0, 3)


OTHER = SimulatorSettings(tenant_id="other", tenant_name="Other", domain="other.example.com")


@pytest.mark.usefixtures("pbx")
@pytest.mark.parametrize("command", [["plan"], ["import", "--yes"]], ids=" ".join)
@pytest.mark.parametrize(("settings", "warns"), [(SimulatorSettings(), False), (OTHER, True)])
def test_a_backup_of_another_tenant_is_named_before_anything_is_sent(
    bulkvm: Bulkvm,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    command: list[str],
    settings: SimulatorSettings,
    *,
    warns: bool,
) -> None:
    bulkvm("import", SAMPLES / "clinic.csv", "--yes")
    bulkvm("backup", "nights")
    (name,) = backups(folder / "nights")

    with running(create_app(settings=settings)) as server:
        monkeypatch.setenv("BULKVM_URL", server.url)
        ended = bulkvm(*command, folder / "nights" / name)
        reported = bulkvm(*command, "--json", folder / "nights" / name).json["problems"]

    warning = f"{name} is a backup of Simulated clinic (simulator.example) on localhost"
    assert ended.code == 0
    assert (warning in ended.text, "not of Other (other.example.com)" in ended.text) == (warns, warns)
    assert [problem["code"] for problem in reported if warning in problem["message"]] == ["other-tenant"] * warns


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such file modes")
@pytest.mark.usefixtures("pbx")
@pytest.mark.parametrize(("mode", "warns"), [(0o777, True), (0o1777, False), (0o770, False)])
def test_a_backup_folder_that_others_can_write_to_causes_a_warning(
    bulkvm: Bulkvm, folder: Path, mode: int, *, warns: bool
) -> None:
    (folder / "nights").mkdir()
    (folder / "nights").chmod(mode)

    ended = bulkvm("backup", "nights", "--quiet")

    assert ended.code == 0
    assert ("so others can delete or replace backups" in ended.err) is warns
