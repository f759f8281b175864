"""Commands with the URL of a store instead of a file or folder."""

from datetime import timedelta
from pathlib import Path

import pytest
from starlette.applications import Starlette

from bulkvm.simulator import SimulatorSettings, create_app, running
from tests.backup.backups import pbx_with
from tests.cli.program import Bulkvm
from tests.cli.sheet_files import rows, write_csv
from tests.files.s3_server import S3


@pytest.fixture
def app(tmp_path: Path) -> Starlette:
    """A PBX with 20 boxes."""
    return pbx_with(tmp_path, 20)


@pytest.fixture
def backup(bulkvm: Bulkvm, pbx: Starlette, s3: S3) -> str:
    """The URL of a backup."""
    assert pbx
    ended = bulkvm("backup", f"s3://{s3.bucket}/nights")
    assert (ended.code, ended.text) == (0, "")
    (name, _) = s3.names
    return f"s3://{s3.bucket}/nights/{name}"


def test_a_backup_in_a_store_is_read_like_a_file(bulkvm: Bulkvm, folder: Path, backup: str) -> None:
    planned = bulkvm("plan", backup, "--json")
    imported = bulkvm("import", backup, "--yes")
    compared = bulkvm("diff", backup)
    validated = bulkvm("validate", backup, "--json")
    verified = bulkvm("backup", "verify", backup.rpartition("/")[0])

    assert [one.code for one in (planned, imported, compared, validated, verified)] == [0] * 5
    assert planned.json["counts"] == {"create": 0, "update": 0, "unchanged": 20}
    assert [file.name for file in folder.iterdir()] == [Path(backup).with_suffix(".result.xlsx").name]
    assert validated.json["file"] == backup
    assert f"Intact: 1 good backup, in {backup.rpartition('/')[0]}." in verified.err


def test_an_import_from_a_store_is_listed_by_its_url(bulkvm: Bulkvm, pbx: Starlette, backup: str) -> None:
    pbx.state.stored.db.execute("DELETE FROM box WHERE extension_number = '0101'")

    imported = bulkvm("import", backup, "--yes")
    (run,) = bulkvm("runs", "--json").json["runs"]

    assert imported.code == 0
    assert run["file"] == backup


def test_a_changed_backup_in_a_store_is_not_read(bulkvm: Bulkvm, s3: S3, backup: str) -> None:
    name = backup.removeprefix(f"s3://{s3.bucket}/")
    s3.put(name, s3.files[name].replace(b"Box 101", b"Box 999"))

    ended = bulkvm("plan", backup)

    assert ended.code == 3
    assert "does not match its manifest" in ended.err


def test_a_plan_file_needs_a_sheet_on_this_machine(bulkvm: Bulkvm, backup: str) -> None:
    ended = bulkvm("plan", backup, "--output", "plan.xlsx")

    assert (ended.code, "Copy the sheet from the store first." in " ".join(ended.err.split())) == (2, True)


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("s3://me:hush-hush@bucket/nights", "The URL of the store contains a login, ? or #. Leave it out"),
        ("sftp://me:hush-hush@host/nights", "The URL of the store contains a login, ? or #. Leave it out"),
        ("az://box/nights?sig=hush-hush", "The URL of the store contains a login, ? or #. Leave it out"),
        (
            "ftp://me:hush-hush@host/nights",
            "The URL does not name a store. Begin it with one of s3://, gs://, az://, sftp://",
        ),
        ("s3:///nights", "The URL does not name a store."),
        ("s3://[::1/nights", "The URL does not name a store."),
        ("s3://bucket//nights", "The URL of the store contains // in its path. Is a variable unset?"),
        ("s3://bucket/pbx//nights", "The URL of the store contains // in its path. Is a variable unset?"),
    ],
)
@pytest.mark.parametrize("command", ["backup", "backup verify", "validate", "diff", "import"])
@pytest.mark.usefixtures("pbx")
def test_a_url_that_names_no_store_is_an_error_without_its_login(
    bulkvm: Bulkvm, command: str, url: str, message: str
) -> None:
    ended = bulkvm(*command.split(), url)

    assert (ended.code, message in ended.err, "hush" in ended.text) == (2, True, False)


@pytest.mark.parametrize(("kind", "extra"), [("s3", "s3"), ("gs", "gcs"), ("az", "azure"), ("sftp", "sftp")])
def test_a_store_whose_library_is_missing_is_an_error_that_names_the_extra(
    bulkvm: Bulkvm, monkeypatch: pytest.MonkeyPatch, kind: str, extra: str
) -> None:
    monkeypatch.setattr("bulkvm.files.storage.find_spec", lambda _name: None)

    ended = bulkvm("backup", "verify", f"{kind}://somewhere/nights")

    assert (ended.code, f'pip install "bulkvm[{extra}]"' in ended.err) == (2, True)


@pytest.mark.usefixtures("pbx")
def test_a_store_that_refuses_is_one_line_without_a_secret(bulkvm: Bulkvm, s3: S3) -> None:
    s3.fail_from(1, "403")
    refused = [bulkvm(*command, f"s3://{s3.bucket}/nights") for command in (["backup"], ["backup", "verify"])]
    s3.disturb = lambda _method, _path: None
    missing = [bulkvm(*command, "s3://no-such-bucket/nights") for command in (["backup"], ["backup", "verify"])]

    assert [ended.code for ended in (*refused, *missing)] == [8] * 4
    assert [len(ended.err.splitlines()) for ended in (*refused, *missing)] == [1] * 4
    assert ["Access Denied" in ended.err for ended in refused] == [True, True]
    assert ["There is no bucket or container for s3://no-such" in ended.err for ended in missing] == [True, True]
    assert ["cannot be used" in ended.err for ended in missing] == [False, False]
    assert [ended for ended in (*refused, *missing) if "secret-of-the-store" in ended.text] == []


def test_a_missing_sheet_in_a_store_is_an_error(bulkvm: Bulkvm, s3: S3) -> None:
    ended = bulkvm("validate", f"s3://{s3.bucket}/boxes.csv")

    assert (ended.code, ended.err) == (
        2, f"There is no file s3://{s3.bucket}/boxes.csv. Check its name and its folder.\n"
    )  # fmt: skip


def test_what_a_killed_backup_left_is_deleted_after_a_day(bulkvm: Bulkvm, s3: S3, backup: str) -> None:
    name = "127.0.0.1-20200101T000000Z"
    s3.put(f"nights/.bulkvm/0123456789ab-{name}.csv", b"half")
    s3.put(f"nights/{name}.manifest.json", s3.files[f"nights/{s3.names[-1]}"])
    before = s3.names

    for nights in (1, 2):
        assert bulkvm("backup", "verify", f"s3://{s3.bucket}/nights").code == 0
        assert bulkvm("backup", f"s3://{s3.bucket}/nights").code == 0
        if nights == 1:
            assert set(before) < set(s3.names)
            s3.make_older(timedelta(days=2))

    assert [left for left in s3.names if name in left] == []
    assert backup.rpartition("/")[2] in s3.names


@pytest.mark.usefixtures("folder")
def test_all_tenants_are_backed_up_to_a_store(bulkvm: Bulkvm, s3: S3, monkeypatch: pytest.MonkeyPatch) -> None:
    user = SimulatorSettings()
    with running(create_app(settings=SimulatorSettings(tenants=3, boxes=2))) as server:
        for name, value in (("URL", server.url), ("USER", user.system_user), ("PASSWORD", user.system_password)):
            monkeypatch.setenv(f"BULKVM_{name}", value)

        ended = [bulkvm("backup", f"s3://{s3.bucket}/nights", "--all-tenants", "--keep", "1") for _ in range(2)]

        compared = bulkvm("diff", f"s3://{s3.bucket}/nights/127.0.0.1", "--all-tenants")

    assert [(one.code, one.err) for one in ended] == [(0, "3 tenants: 3 backed up, 0 failed.\n")] * 2
    assert (compared.code, compared.err.splitlines()[-1]) == (0, "3 tenants: 0 failed.")
    assert len([name for name in s3.names if name.startswith("127.0.0.1/") and name.endswith(".csv")]) == 3
    assert bulkvm("backup", "verify", f"s3://{s3.bucket}/nights/127.0.0.1").code == 0
    verified = bulkvm("backup", "verify", f"s3://{s3.bucket}/nights")
    assert (verified.code, verified.err.splitlines()[0]) == (
        0, f"Intact: 3 good backups, in s3://{s3.bucket}/nights/127.0.0.1.",
    )  # fmt: skip


def test_a_plan_in_a_store_needs_its_sheet_and_the_journal_names_its_url(
    bulkvm: Bulkvm, pbx: Starlette, s3: S3, folder: Path
) -> None:
    assert pbx
    write_csv(folder / "boxes.csv", *rows(2))
    assert bulkvm("plan", "boxes.csv", "--output", "plan.xlsx").code == 0
    s3.put("plan.xlsx", Path("plan.xlsx").read_bytes())
    url = f"s3://{s3.bucket}/plan.xlsx"

    alone = bulkvm("import", url, "--approved", "--yes")
    sent = bulkvm("import", url, "--approved", "--yes", "--json", "--original", "boxes.csv")
    (run,) = bulkvm("runs", "--json").json["runs"]

    assert (alone.code, "The sheet is not downloaded with the plan" in " ".join(alone.err.split())) == (3, True)
    assert (sent.code, sent.json["plan"]["file"], run["plan"]["file"]) == (0, url, url)
    assert (folder / "boxes.result.xlsx").exists()
