"""Commands with a system administrator's login, which reaches every tenant of a PBX."""

import csv
import re
import shlex
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NoReturn

import pytest
from openpyxl import load_workbook
from starlette.applications import Starlette

from bulkvm.simulator import FaultRules, Running, SimulatorSettings, create_app, running
from tests.cli.program import Bulkvm, sites_file
from tests.cli.sheet_files import rows, write_csv
from tests.keyrings import NONE, UseKeyring

USER = SimulatorSettings()
SECOND, THIRD = "clinic-002.example", "clinic-003.example"
REFUSED = ["export", "backup nights", "diff sheet.csv", "plan sheet.csv", "import sheet.csv --yes"]


@pytest.fixture
def app() -> Starlette:
    return create_app(settings=SimulatorSettings(tenants=3, boxes=2))


@pytest.fixture
def provider(
    app: Starlette, folder: Path, monkeypatch: pytest.MonkeyPatch, use_keyring: UseKeyring
) -> Iterator[Running]:
    """A PBX with three tenants, and the site of its system administrator on a machine without a keyring."""
    use_keyring(NONE)
    monkeypatch.setenv("BULKVM_MAX_RPS", "0")
    password = folder.parent / "password"
    password.write_text(USER.system_password)
    password.chmod(0o600)
    with running(app) as server:
        site = f"url = '{server.url}'\nuser = '{USER.system_user}'\npassword_file = '{password}'\n"
        sites_file().write_text(f"[provider]\n{site}")
        yield server


def names_in(file: Path) -> list[str]:
    with file.open(encoding="utf-8-sig", newline="") as opened:
        return [row["name"] for row in csv.DictReader(opened)]


def counts(app: Starlette) -> list[int]:
    """How many boxes each tenant has."""
    found = [app.state.tenants.state(number).db.execute("SELECT count(*) FROM box").fetchone() for number in (1, 2, 3)]
    return [number for (number,) in found]


@pytest.mark.usefixtures("provider")
def test_a_tenant_is_exported(bulkvm: Bulkvm, monkeypatch: pytest.MonkeyPatch) -> None:
    by_option = bulkvm("export", "second.csv", "--tenant", SECOND)
    monkeypatch.setenv("BULKVM_TENANT", THIRD)
    by_variable = bulkvm("export", "third.csv", "--site", "provider")

    assert (by_option.code, by_variable.code) == (0, 0)
    assert names_in(Path("second.csv")) == ["Box 1 of tenant 2", "Box 2 of tenant 2"]
    assert names_in(Path("third.csv")) == ["Box 1 of tenant 3", "Box 2 of tenant 3"]


@pytest.mark.usefixtures("provider")
@pytest.mark.parametrize("command", REFUSED)
def test_a_command_without_a_tenant_is_refused_and_nothing_is_sent(
    app: Starlette, bulkvm: Bulkvm, command: str
) -> None:
    write_csv(Path("sheet.csv"), *rows(3))

    ended = bulkvm(*command.split())

    assert ended.code == 2
    assert "--tenant DOMAIN" in ended.err
    assert "`bulkvm tenants --site provider`" in ended.err
    assert not app.state.traffic.log


def test_a_login_in_variables_is_advised_of_a_command_that_lists_its_tenants(
    bulkvm: Bulkvm, provider: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    sites_file().unlink()
    for name, value in {"URL": provider.url, "USER": USER.system_user, "PASSWORD": USER.system_password}.items():
        monkeypatch.setenv(f"BULKVM_{name}", value)
    bulkvm("import", write_csv(Path("sheet.csv"), *rows(1)), "--yes", "--tenant", SECOND)

    refused = [bulkvm("export", "a.csv", *options) for options in ((), ("--tenant", "none.example"))] + [
        bulkvm("undo", "last", "--yes", "--tenant", THIRD)
    ]

    assert [ended.code for ended in refused] == [2, 2, 2]
    assert all("`bulkvm tenants` lists them." in ended.err for ended in refused)
    assert bulkvm("tenants").code == 0


@pytest.mark.usefixtures("provider")
def test_an_import_and_its_undo_reach_one_tenant_and_the_undo_needs_no_name_of_it(
    app: Starlette, bulkvm: Bulkvm
) -> None:
    write_csv(Path("sheet.csv"), *rows(3))

    imported = bulkvm("import", "sheet.csv", "--yes", "--json", "--tenant", SECOND.upper())
    after = counts(app)
    elsewhere = bulkvm("undo", "last", "--yes", "--tenant", THIRD)
    undone = bulkvm("undo", "last", "--yes", "--json")

    assert (imported.code, elsewhere.code, undone.code) == (0, 2, 0)
    assert (after, counts(app)) == ([2, 5, 2], [2, 2, 2])
    assert imported.json["tenant"]["domain"] == undone.json["tenant"]["domain"] == SECOND
    assert "but this is Clinic 3 (clinic-003.example)" in elsewhere.err
    assert "Name the tenant of that run with --tenant; `bulkvm tenants --site provider` lists them." in elsewhere.err
    assert bulkvm("runs").out.count(f"provider ({SECOND})") == 2


@pytest.mark.usefixtures("provider")
def test_a_plan_names_the_tenant_where_it_says_how_it_is_sent(app: Starlette, bulkvm: Bulkvm) -> None:
    write_csv(Path("sheet.csv"), *rows(3))

    planned = bulkvm("plan", "sheet.csv", "--output", "a plan.xlsx", "--tenant", SECOND)

    command = f"bulkvm import 'a plan.xlsx' --approved --site provider --tenant {SECOND}"
    assert f"`{command.replace('--site provider ', '')}`" in planned.err
    texts = [str(cell.value) for row in load_workbook("a plan.xlsx")["bulkvm"] for cell in row]
    assert f"To send it: {command}" in texts
    assert bulkvm(*shlex.split(command)[1:], "--yes").code == 0
    assert counts(app) == [2, 5, 2]


@pytest.mark.usefixtures("provider")
@pytest.mark.parametrize("fault", ["no-switch:switch:2", "other-switch:switch:2", "403:switch:2"])
def test_a_run_whose_tenant_is_in_doubt_sends_nothing(app: Starlette, bulkvm: Bulkvm, fault: str) -> None:
    """The first switch is for the plan, the second one for sending it."""
    app.state.faults = FaultRules([fault])
    write_csv(Path("sheet.csv"), *rows(3))

    ended = bulkvm("import", "sheet.csv", "--yes", "--json", "--tenant", SECOND)

    assert ended.code == 4
    assert ended.json["counts"] == ended.json["counts"] | {"not sent": 3}
    assert counts(app) == [2, 2, 2]


@pytest.mark.usefixtures("provider")
def test_an_unknown_tenant_is_reported(bulkvm: Bulkvm) -> None:
    ended = bulkvm("export", "-", "--tenant", "nowhere.example")

    assert ended.code == 2
    assert 'has no tenant with the domain or id "nowhere.example"' in ended.err


@pytest.mark.usefixtures("provider")
def test_a_tenant_is_chosen_by_its_id(bulkvm: Bulkvm) -> None:
    ids = {tenant["domain"]: tenant["id"] for tenant in bulkvm("tenants", "--json").json["tenants"]}

    exported = bulkvm("export", "second.csv", "--tenant", ids[SECOND])
    planned = bulkvm("plan", "second.csv", "--json", "--tenant", ids[SECOND])

    assert (exported.code, names_in(Path("second.csv"))[0]) == (0, "Box 1 of tenant 2")
    assert planned.json["tenant"]["domain"] == SECOND


@pytest.mark.usefixtures("provider")
def test_a_name_that_is_an_id_and_a_domain_is_refused_with_the_other_names(app: Starlette, bulkvm: Bulkvm) -> None:
    ids = {tenant["domain"]: tenant["id"] for tenant in bulkvm("tenants", "--json").json["tenants"]}
    rename(app, 3, ids[SECOND])

    refused = bulkvm("export", "-", "--tenant", ids[SECOND])

    assert refused.code == 4
    assert f"(id {ids[SECOND]}, domain {SECOND})" in refused.err
    assert "Give the domain of the tenant with this id to --tenant, or the id of the other one." in refused.err
    assert bulkvm("export", "second.csv", "--tenant", SECOND).code == 0
    assert bulkvm("export", "third.csv", "--tenant", ids[THIRD]).code == 0
    assert (names_in(Path("second.csv"))[0], names_in(Path("third.csv"))[0]) == (
        "Box 1 of tenant 2",
        "Box 1 of tenant 3",
    )


@pytest.mark.usefixtures("provider")
def test_a_tenant_that_is_not_shown_is_not_called_a_box(app: Starlette, bulkvm: Bulkvm) -> None:
    app.state.faults = FaultRules(["404:tenant:1"])

    ended = bulkvm("export", "-", "--tenant", SECOND)

    assert ended.code == 4
    assert "does not have the path /api/tenant (status 404)" in ended.err


def test_a_tenants_own_login_reaches_no_other_tenant(
    bulkvm: Bulkvm, provider: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    by_login = {"USER": USER.user, "DOMAIN": SECOND, "PASSWORD": USER.password}
    for name, value in ({"URL": provider.url} | by_login).items():
        monkeypatch.setenv(f"BULKVM_{name}", value)

    own, other = bulkvm("export", "own.csv", "--tenant", SECOND.upper()), bulkvm("export", "--tenant", THIRD)
    for name in by_login:
        monkeypatch.delenv(f"BULKVM_{name}")
    monkeypatch.setenv("BULKVM_TOKEN", USER.token)
    by_token, by_other = bulkvm("export", "--tenant", USER.domain), bulkvm("export", "--tenant", THIRD)

    assert (own.code, names_in(Path("own.csv"))[0]) == (0, "Box 1 of tenant 2")
    assert (other.code, "is for the tenant clinic-002.example" in other.err) == (2, True)
    assert (by_token.code, by_other.code) == (0, 4)
    assert "instead of clinic-003.example" in by_other.err


def test_a_system_administrator_logs_in_with_and_without_a_tenant(
    bulkvm: Bulkvm, provider: Running, type_in: Callable[[str], None]
) -> None:
    login = ("login", "all", "--url", provider.url, "--user", USER.system_user, "--domain", "", "--password-stdin")
    type_in(USER.system_password)
    every = bulkvm(*login)
    listed = bulkvm("sites").out
    type_in(USER.system_password)
    one = bulkvm(*login, "--tenant", SECOND)

    assert (every.code, one.code) == (0, 0)
    assert "Logged in as a system administrator of 3 tenants." in every.err
    assert "tenant   any" in listed
    assert "Logged in. Clinic 2 (clinic-002.example)" in one.err
    assert f'switch_to = "{SECOND}"' in sites_file().read_text()
    assert "Clinic 2 (clinic-002.example)" in bulkvm("sites").out


@pytest.mark.usefixtures("provider")
def test_the_doctor_examines_the_login_and_with_a_tenant_its_boxes(bulkvm: Bulkvm) -> None:
    every, one = bulkvm("doctor", "provider"), bulkvm("doctor", "provider", "--tenant", SECOND)

    assert (every.code, one.code) == (0, 0)
    assert "a system administrator of 3 tenants" in every.out
    assert "boxes" not in every.out
    assert "tenant sysadmin is a system administrator, and the PBX lists Clinic 2" in one.out
    assert "boxes  2 found" in one.out


def tenants_of(folder: Path) -> list[str]:
    """The tenants that have a backup in a folder, one entry for each backup."""
    return sorted(re.sub(r"-[0-9]{8}T[0-9]{6}Z.*", "", file.name) for file in folder.glob("*.csv"))


@pytest.mark.usefixtures("provider")
def test_tenants_are_listed_with_the_number_of_their_boxes(app: Starlette, bulkvm: Bulkvm) -> None:
    app.state.tenants.enable(SECOND, enabled=False)

    listed, document = bulkvm("tenants", "--site", "provider"), bulkvm("tenants", "--json").json

    assert listed.out.splitlines() == [
        f"{SECOND}      disabled  Clinic 2",
        f"{THIRD}       2 boxes  Clinic 3",
        f"{USER.domain}        2 boxes  {USER.tenant_name}",
    ]
    assert "3 tenants, 1 disabled." in listed.err
    found = [(tenant["domain"], tenant["enabled"], tenant["boxes"]) for tenant in document["tenants"]]
    assert found == [(SECOND, False, None), (THIRD, True, 2), (USER.domain, True, 2)]


def test_a_token_or_a_tenants_login_is_not_used_for_all_tenants(
    bulkvm: Bulkvm, provider: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BULKVM_URL", provider.url)
    monkeypatch.setenv("BULKVM_TOKEN", USER.token)

    for command in (("tenants",), ("backup", "nights", "--all-tenants")):
        ended = bulkvm(*command)
        assert (ended.code, "A token alone is not switched between tenants" in ended.err) == (2, True)


@pytest.mark.parametrize("source", ["password_file", "password_command"])
def test_every_tenant_is_backed_up_to_a_file_of_its_own_without_a_keyring(
    app: Starlette, bulkvm: Bulkvm, provider: Running, folder: Path, source: str
) -> None:
    if source == "password_command":
        command = [sys.executable, "-c", f"print('{USER.system_password}')"]
        site = f"url = '{provider.url}'\nuser = '{USER.system_user}'\npassword_command = {command}\n"
        sites_file().write_text(f"[provider]\n{site}")
    nights = folder / "nights" / "provider"

    first = bulkvm("backup", "nights", "--all-tenants", "--site", "provider")
    app.state.tenants.add()
    second = bulkvm("backup", "nights", "--all-tenants", "--keep", "1")
    one = bulkvm("backup", "nights", "--tenant", THIRD)

    assert (first.code, first.out, first.err) == (0, "", "3 tenants: 3 backed up, 0 failed.\n")
    assert (second.code, second.err) == (0, "4 tenants: 4 backed up, 0 failed.\n")
    assert (one.code, one.err) == (0, "")
    assert tenants_of(nights) == [SECOND, THIRD, THIRD, "clinic-004.example", USER.domain]
    assert names_in(next(nights.glob(f"{SECOND}-*.csv")))[0] == "Box 1 of tenant 2"
    assert len(list(nights.glob("*.manifest.json"))) == 5
    assert {file.name for file in (folder / "nights").iterdir()} == {"provider"}
    assert bulkvm("backup", "verify", nights, "--max-age", "1h").code == 0


def test_all_sites_are_backed_up_without_a_keyring(bulkvm: Bulkvm, provider: Running, folder: Path) -> None:
    command = [sys.executable, "-c", f"print('{USER.password}')"]
    clinic = f"url = '{provider.url}'\nuser = '{USER.user}'\ndomain = '{SECOND}'\npassword_command = {command}\n"
    entries = sites_file().read_text()
    sites_file().write_text(f"{entries}switch_to = '{THIRD}'\n[clinic]\n{clinic}[all]\n{entries.partition(chr(10))[2]}")

    ended = bulkvm("backup", "nights", "--all-sites")

    assert ended.code == 2
    assert (
        "all: No backup was made. The login of all is a system administrator's, which reaches every tenant. Add --all-"
        in ended.err
    )
    assert "3 sites: 2 backed up, 1 failed." in ended.err
    assert (tenants_of(folder / "nights"), tenants_of(folder / "nights" / "provider")) == (["clinic"], [THIRD])


@pytest.mark.usefixtures("provider")
def test_a_bug_at_one_site_is_reported_with_its_name(bulkvm: Bulkvm, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> NoReturn:
        raise RuntimeError

    monkeypatch.setattr("bulkvm.jobs.back_up_sites._back_up", fail)

    ended = bulkvm("backup", "nights", "--all-tenants")

    assert ended.code == 1
    assert f"{SECOND}: No backup was made because of an internal error." in ended.err
    assert "Internal error (RuntimeError)" in ended.err


def test_all_sites_can_be_backed_up_with_all_their_tenants(
    app: Starlette, bulkvm: Bulkvm, provider: Running, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BULKVM_CONCURRENCY", "1")  # the same
    command = [sys.executable, "-c", f"print('{USER.password}')"]
    clinic = f"url = '{provider.url}'\nuser = '{USER.user}'\ndomain = '{SECOND}'\npassword_command = {command}\n"
    sites_file().write_text(f"{sites_file().read_text()}[clinic]\n{clinic}")
    first = bulkvm("backup", "nights", "--all-sites", "--all-tenants")
    app.state.tenants.enable(THIRD, enabled=False)
    app.state.faults = FaultRules(["403:switch:1"])

    second = bulkvm("backup", "nights", "--all-sites", "--all-tenants")

    repeated = (
        f"1 tenant is backed up more than once, since several sites reach the same PBX: clinic and provider/{SECOND}"
    )
    assert (first.code, first.err) == (0, f"{repeated}.\n4 tenants: 4 backed up, 0 failed.\n")
    assert second.code == 4
    assert f"provider/{SECOND}: No backup was made." in second.err
    assert f"3 tenants: 2 backed up, 1 failed, 1 disabled (provider/{THIRD})." in second.err
    assert tenants_of(folder / "nights") == ["clinic", "clinic"]
    assert tenants_of(folder / "nights" / "provider") == [SECOND, THIRD, USER.domain, USER.domain]


@pytest.mark.usefixtures("provider")
def test_a_tenant_that_fails_does_not_stop_the_others(
    app: Starlette, bulkvm: Bulkvm, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BULKVM_CONCURRENCY", "1")  # so that the first tenant is the first one to be switched to
    app.state.tenants.enable(THIRD, enabled=False)
    app.state.faults = FaultRules(["403:switch:1"])

    ended = bulkvm("backup", "nights", "--all-tenants")

    assert ended.code == 4
    assert f"{SECOND}: No backup was made. The PBX refused to switch to Clinic 2" in ended.err
    assert f"2 tenants: 1 backed up, 1 failed, 1 disabled ({THIRD})." in ended.err
    assert tenants_of(folder / "nights" / "provider") == [USER.domain]


@pytest.mark.usefixtures("provider")
def test_each_tenant_has_a_shrink_guard_of_its_own(app: Starlette, bulkvm: Bulkvm, folder: Path) -> None:
    assert bulkvm("backup", "nights", "--all-tenants").code == 0
    app.state.tenants.state(3).replace([])

    ended = bulkvm("backup", "nights", "--all-tenants", "--keep", "1")

    assert ended.code == 8
    assert f"{THIRD}: The PBX lists no boxes at all" in ended.err
    found = sorted(file.name for file in (folder / "nights" / "provider").glob("*.csv"))
    assert sorted(name.endswith("-suspect.csv") for name in found if name.startswith(THIRD)) == [False, True]
    assert len(found) == 4


def test_tenants_that_are_gone_are_named_and_many_are_suspicious(bulkvm: Bulkvm, folder: Path) -> None:
    app = create_app(settings=SimulatorSettings(tenants=30, boxes=1))
    login = {"URL": "", "USER": USER.system_user, "PASSWORD": USER.system_password, "MAX_RPS": "0"}
    with running(app) as server, pytest.MonkeyPatch.context() as patch:
        for name, value in (login | {"URL": server.url}).items():
            patch.setenv(f"BULKVM_{name}", value)
        ended = [bulkvm("backup", "nights", "--all-tenants")]
        for number in range(2, 12):
            app.state.tenants.remove(f"clinic-{number:03}.example")
            ended += [bulkvm("backup", "nights", "--all-tenants")] if number in {2, 11} else []
        forced = bulkvm("backup", "nights", "--all-tenants", "--force")

    assert [one.code for one in ended] == [0, 0, 8]
    assert forced.code == 0
    assert f"The PBX no longer lists tenants that have backups: {SECOND}. Their files are kept." in ended[1].err
    assert "no longer lists 10 of the 30 tenants that have backups" in ended[2].err
    assert "20 tenants: 20 backed up, 0 failed." in ended[2].err
    assert len(tenants_of(folder / "nights" / "127.0.0.1")) == 30 + 29 + 20 + 20


def test_options_that_contradict_each_other_are_refused(bulkvm: Bulkvm) -> None:
    for options in (
        ("--all-sites", "--site", "a"), ("--all-sites", "--all-tenants", "--site", "a"),
        ("--all-tenants", "--tenant", SECOND), ("--all-sites", "--tenant", SECOND),
    ):  # fmt: skip
        ended = bulkvm("backup", "nights", *options)
        assert (ended.code, "cannot be used together" in ended.err) == (2, True)


@pytest.mark.usefixtures("provider")
def test_every_tenant_is_exported_and_compared_with_its_file(app: Starlette, bulkvm: Bulkvm, folder: Path) -> None:
    exported = bulkvm("export", "all", "--all-tenants", "--without-pins")
    again = bulkvm("export", "all", "--all-tenants")
    same = bulkvm("diff", "all", "--all-tenants")
    app.state.tenants.state(2).replace([])
    app.state.tenants.add()
    differing, document = bulkvm("diff", "all", "--all-tenants"), bulkvm("diff", "all", "--all-tenants", "--json").json
    (folder / "all" / "clinic-004.example.csv").write_text("extension_number,name\n")
    with_file = bulkvm("diff", "all", "--all-tenants")

    assert (exported.code, exported.err.splitlines()[-1]) == (0, "3 tenants: 0 failed.")
    assert sorted(file.name for file in (folder / "all").glob("*")) == sorted(
        f"{name}.csv" for name in (SECOND, THIRD, "clinic-004.example", USER.domain)
    )
    assert (again.code, again.err.count("already exists")) == (2, 3)
    assert (same.code, same.out) == (0, "")
    assert (differing.code, "clinic-004.example: all has neither a file" in differing.err) == (2, True)
    assert f"{SECOND}: 2 boxes only in {SECOND}.csv, 0 only in the tenant {SECOND}" in differing.err
    assert [(one["tenant"], one["error"] is None) for one in document["tenants"]] == [
        (SECOND, True), (THIRD, True), ("clinic-004.example", False), (USER.domain, True),
    ]  # fmt: skip
    assert with_file.code == 10


@pytest.mark.usefixtures("provider")
def test_every_tenant_is_compared_with_its_newest_good_backup(app: Starlette, bulkvm: Bulkvm) -> None:
    assert bulkvm("backup", "nights", "--all-tenants").code == 0
    app.state.tenants.state(3).replace([])
    assert bulkvm("backup", "nights", "--all-tenants").code == 8

    ended, outer = (bulkvm("diff", folder, "--all-tenants") for folder in ("nights/provider", "nights"))

    assert ended.code == 10
    assert outer == ended
    assert f"{THIRD}: 2 boxes only in {THIRD}-" in ended.err
    assert "-suspect" not in ended.err


@pytest.mark.usefixtures("provider")
def test_backups_of_other_sites_and_results_of_restores_are_not_compared_with_tenants(
    bulkvm: Bulkvm, folder: Path
) -> None:
    assert bulkvm("backup", "nights", "--all-tenants").code == 0
    for name in (
        "clinic-20261123T021500Z.csv",
        "clinic-20261123T021500Z.manifest.json",
        "clinic-20261123T021500Z.result.xlsx",
        f"provider/{SECOND}-20261123T021500Z.result-2.xlsx",
    ):
        (folder / "nights" / name).write_text("")

    outer, inner = bulkvm("diff", "nights", "--all-tenants"), bulkvm("diff", "nights/provider", "--all-tenants")

    assert (outer.code, outer.err.splitlines()[-1]) == (0, "3 tenants: 0 failed.")
    assert inner == outer


@pytest.mark.usefixtures("provider")
def test_all_tenants_need_a_folder(bulkvm: Bulkvm) -> None:
    for command in (
        ("export",),
        ("diff", "a", "b"),
        ("diff", "a", "--output", "d.xlsx"),
        ("export", "a", "--tenant", "b"),
    ):
        ended = bulkvm(*command, "--all-tenants")
        assert (ended.code, "--all-tenants" in ended.err) == (2, True)


@pytest.mark.usefixtures("provider")
def test_verify_looks_into_the_folders_of_sites(bulkvm: Bulkvm, folder: Path) -> None:
    assert bulkvm("backup", "nights", "--all-tenants").code == 0
    whole = bulkvm("backup", "verify", "nights")
    next((folder / "nights" / "provider").glob(f"{SECOND}-*.csv")).write_text("damaged")

    damaged = bulkvm("backup", "verify", "nights")
    late = bulkvm("backup", "verify", "nights", "--max-age", "0h")

    assert (whole.code, whole.err.splitlines()[0]) == (0, f"Intact: 3 good backups, in {Path('nights/provider')}.")
    assert (damaged.code, "checksum mismatch" in damaged.err) == (8, True)
    assert "There is no good backup" not in whole.err + damaged.err
    assert (late.code, late.err.count("older than --max-age")) == (8, 2)


def rename(app: Starlette, number: int, domain: str) -> None:
    """Give a tenant another domain."""
    app.state.tenants.db.execute("UPDATE tenant SET domain = ? WHERE number = ?", (domain, number))


@pytest.mark.usefixtures("provider")
@pytest.mark.parametrize(
    "domains",
    [
        (SECOND, f"{SECOND}."),
        ("a:b", "a/b"),
        ("m\u00fcnchen.x", "M\u00dcNCHEN.x"),
        ("m\u00fcnchen.x", "mu\u0308nchen.x"),
    ],
)
def test_tenants_with_similar_domains_have_files_of_their_own(
    app: Starlette, bulkvm: Bulkvm, folder: Path, domains: tuple[str, str]
) -> None:
    for number, domain in enumerate(domains, 2):
        rename(app, number, domain)

    exported = bulkvm("export", "all", "--all-tenants", "--overwrite")
    compared = bulkvm("diff", "all", "--all-tenants")
    backups = [bulkvm("backup", "nights", "--all-tenants") for _ in range(2)]

    assert (exported.code, compared.code) == (0, 0)
    assert sorted(names_in(file)[0] for file in (folder / "all").glob("*.csv"))[1:] == [
        "Box 1 of tenant 2", "Box 1 of tenant 3",
    ]  # fmt: skip
    assert [backup.code for backup in backups] == [0, 0]
    assert "no longer lists" not in backups[1].err


@pytest.mark.usefixtures("provider")
def test_domains_too_long_for_a_file_name_never_share_a_file(app: Starlette, bulkvm: Bulkvm, folder: Path) -> None:
    for number in (2, 3):
        rename(app, number, f"{'x' * 70}{number}.example")

    ended = [bulkvm(*command, "--all-tenants") for command in (("export", "all"), ("diff", "all"), ("backup", "n"))]
    compared = bulkvm("diff", "n/provider", "--all-tenants")

    assert [(one.code, one.out) for one in (*ended, compared)] == [(0, "")] * 4
    assert len(list((folder / "all").glob("*.csv"))) == 3


@pytest.mark.usefixtures("provider")
def test_a_domain_with_a_line_break_forges_no_line(app: Starlette, bulkvm: Bulkvm) -> None:
    rename(app, 2, "a\n9 tenants: 9 backed up, 0 failed.")
    app.state.tenants.state(2).replace([])

    ended = [bulkvm("tenants"), bulkvm("backup", "nights", "--all-tenants"), bulkvm("backup", "verify", "nights")]

    assert not [line for one in ended for line in (one.out + one.err).splitlines() if line.startswith("9 tenants")]


@pytest.mark.usefixtures("provider")
def test_a_list_without_enabled_tenants_is_no_success(app: Starlette, bulkvm: Bulkvm) -> None:
    assert bulkvm("export", "all", "--all-tenants").code == 0
    for domain in (USER.domain, SECOND, THIRD):
        app.state.tenants.enable(domain, enabled=False)

    backup = bulkvm("backup", "nights", "--all-tenants", "--quiet")
    forced = bulkvm("backup", "nights", "--all-tenants", "--force")
    others = [bulkvm(command, "all", "--all-tenants") for command in ("export", "diff")]

    assert (backup.code, "lists no enabled tenant" in backup.err) == (8, True)
    assert forced.code == 0
    assert [(one.code, "lists no enabled tenant" in one.err) for one in others] == [(4, True)] * 2


@pytest.mark.usefixtures("provider")
def test_a_comparison_names_the_files_of_tenants_that_are_gone(app: Starlette, bulkvm: Bulkvm) -> None:
    assert bulkvm("export", "all", "--all-tenants").code == 0
    assert bulkvm("backup", "nights", "--all-tenants").code == 0
    app.state.tenants.remove(THIRD)

    files, backups = bulkvm("diff", "all", "--all-tenants"), bulkvm("diff", "nights/provider", "--all-tenants")
    document = bulkvm("diff", "all", "--all-tenants", "--json")

    assert (files.code, backups.code, document.code) == (10, 10, 10)
    assert f"no tenant that the PBX lists: {THIRD}.csv." in files.err
    assert f"no tenant that the PBX lists: {THIRD}." in backups.err
    assert document.json["unmatched"] == [f"{THIRD}.csv"]


@pytest.mark.usefixtures("provider")
def test_a_tenant_without_a_good_backup_is_named(app: Starlette, bulkvm: Bulkvm) -> None:
    app.state.tenants.state(2).replace([])
    assert bulkvm("backup", "nights", "--all-tenants").code == 8

    verified = [bulkvm("backup", "verify", "nights", *options) for options in ((), ("--max-age", "1h"))]

    assert [(one.code, f"{SECOND} has no good backup" in one.err) for one in verified] == [(8, True)] * 2
    assert "Intact: 2 good backups and 1 marked as suspect" in verified[0].err


@pytest.mark.usefixtures("provider")
def test_two_files_of_one_tenant_are_not_compared(bulkvm: Bulkvm) -> None:
    assert bulkvm("export", "all", "--all-tenants").code == 0
    assert bulkvm("export", f"all/{SECOND.upper()}.xlsx", "--tenant", SECOND).code == 0

    ended = bulkvm("diff", "all", "--all-tenants")

    assert ended.code == 2
    assert f"{SECOND}: all has 2 files of this tenant: {SECOND.upper()}.xlsx and {SECOND}.csv." in ended.err


@pytest.mark.usefixtures("provider")
def test_the_backup_of_another_tenant_is_not_compared_without_a_notice(
    app: Starlette, bulkvm: Bulkvm, folder: Path
) -> None:
    assert bulkvm("backup", "nights", "--all-tenants").code == 0
    (backup,) = (folder / "nights" / "provider").glob(f"{SECOND}-*.csv")

    compared = bulkvm("diff", backup, "--tenant", THIRD)
    own = bulkvm("diff", backup, "--tenant", SECOND)
    swap(app)
    swapped = bulkvm("diff", "nights/provider", "--all-tenants")

    notice = f"{backup.name} is a backup of Clinic 2 (clinic-002.example)"
    assert (compared.code, notice in compared.err) == (10, True)
    assert (own.code, "is a backup of" in own.err) == (0, False)
    assert (swapped.code, swapped.err.count("nor a good backup of this tenant")) == (2, 2)


def swap(app: Starlette) -> None:
    """Exchange the domains of two tenants."""
    for number, domain in ((2, "other.example"), (3, SECOND), (2, THIRD)):
        rename(app, number, domain)


@pytest.mark.usefixtures("provider")
def test_an_import_that_a_limit_refuses_reports_the_backup_of_another_tenant(bulkvm: Bulkvm, folder: Path) -> None:
    assert bulkvm("backup", "nights", "--all-tenants").code == 0
    (backup,) = (folder / "nights" / "provider").glob(f"{SECOND}-*.csv")

    ended = bulkvm("import", backup, "--yes", "--tenant", THIRD, "--max-changes", "1")

    assert (ended.code, "is a backup of Clinic 2 (clinic-002.example)" in ended.err) == (6, True)


@pytest.mark.usefixtures("provider")
@pytest.mark.parametrize(
    "command", ["export s3://box/all --all-tenants", "export gcs:/box/a.csv --tenant", "backup s3:/b"]
)
def test_no_local_folder_is_named_after_a_url(bulkvm: Bulkvm, folder: Path, command: str) -> None:
    (folder / "gcs:" / "box").mkdir(parents=True)

    ended = bulkvm(*command.split(), *([SECOND] if command.endswith("--tenant") else []))

    assert (ended.code, "URL" in ended.err) == (2, True)
    assert [file for file in folder.rglob("*") if file.is_file()] == []


@pytest.mark.usefixtures("provider")
def test_a_run_is_undone_after_the_domain_of_its_tenant_changed(app: Starlette, bulkvm: Bulkvm) -> None:
    write_csv(Path("sheet.csv"), *rows(3))
    assert bulkvm("import", "sheet.csv", "--yes", "--tenant", SECOND).code == 0
    rename(app, 2, "new.example")

    refused = bulkvm("undo", "last", "--yes")
    other = bulkvm("undo", "last", "--yes", "--tenant", THIRD)
    undone = bulkvm("undo", "last", "--yes", "--tenant", "new.example")

    assert (refused.code, "If the tenant has a new domain, give it to --tenant" in refused.err) == (4, True)
    assert other.code == 2
    assert (undone.code, counts(app)) == (0, [2, 2, 2])


@pytest.mark.usefixtures("provider")
def test_the_doctor_finds_that_the_domain_of_a_site_is_that_of_another_tenant(bulkvm: Bulkvm) -> None:
    sites_file().write_text(sites_file().read_text() + f"switch_to = '{SECOND}'\ntenant_id = '?'\n")
    sites_file().write_text(sites_file().read_text() + f"tenant_domain = '{SECOND}'\n")

    ended = bulkvm("doctor", "provider")

    assert ended.code == 4
    assert "set the site up again with `bulkvm login provider`" in ended.text


@pytest.mark.usefixtures("provider")
def test_all_sites_are_not_one_tenant(bulkvm: Bulkvm, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BULKVM_TENANT", SECOND)

    ended = bulkvm("backup", "nights", "--all-sites")

    assert (ended.code, "BULKVM_TENANT names one tenant" in ended.err) == (2, True)


@pytest.mark.usefixtures("provider")
@pytest.mark.parametrize("command", ["export", "backup", "diff"])
def test_a_variable_that_names_one_tenant_is_refused_with_all_tenants(
    app: Starlette, bulkvm: Bulkvm, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    monkeypatch.setenv("BULKVM_TENANT", SECOND)

    ended = bulkvm(command, "nights", "--all-tenants")

    assert ended.code == 2
    assert "BULKVM_TENANT names one tenant, and --all-tenants means all of them. Unset the variable." in ended.err
    assert not app.state.traffic.log


@pytest.mark.usefixtures("provider")
def test_tenants_that_two_sites_reach_are_named(bulkvm: Bulkvm) -> None:
    entry = sites_file().read_text()
    sites_file().write_text(f"{entry}{entry.replace('provider', 'other')}")

    ended = bulkvm("backup", "nights", "--all-sites", "--all-tenants")

    assert ended.code == 0
    assert f"3 tenants are backed up more than once, since several sites reach the same PBX: other/{SECOND} and" in (
        ended.err
    )
    assert "6 tenants: 6 backed up, 0 failed." in ended.err


@pytest.mark.usefixtures("provider")
def test_a_refused_switch_is_explained(app: Starlette, bulkvm: Bulkvm) -> None:
    app.state.faults = FaultRules(["404:switch:1"])
    missing = bulkvm("export", "-", "--tenant", SECOND)
    app.state.faults = FaultRules(["403:switch:1"])
    forbidden = bulkvm("export", "-", "--tenant", SECOND)

    assert (missing.code, "has no tenant with this id" in missing.err) == (4, True)
    assert (forbidden.code, "the permission to reach all tenants" in forbidden.err) == (4, True)


@pytest.mark.usefixtures("provider")
def test_a_folder_that_is_a_file_is_an_error_that_says_so(bulkvm: Bulkvm) -> None:
    Path("file").touch()

    ended = [bulkvm(command, "file", "--all-tenants") for command in ("export", "diff")]

    assert [(one.code, "perating system error" in one.err) for one in ended] == [(2, False)] * 2


@pytest.mark.usefixtures("provider")
@pytest.mark.parametrize("chosen", ["--all-tenants", "--tenant new.example"])
def test_the_backups_of_a_tenant_with_a_new_domain_are_still_its_own(
    app: Starlette, bulkvm: Bulkvm, folder: Path, chosen: str
) -> None:
    boxes = [
        {"id": f"id{n}", "extension_number": f"{n}", "name": f"Box {n}", "pin": "024680", "prompt": "en-US"}
        | {"enable_pin": True, "enable_email_notify": False, "recipients": "", "play_datetime": "DISABLE"}
        for n in range(6200, 6240)
    ]
    app.state.tenants.state(2).replace(boxes)
    assert bulkvm("backup", "nights", "--all-tenants").code == 0
    rename(app, 2, "new.example")
    app.state.tenants.state(2).replace(boxes[:5])

    shrunk = bulkvm("backup", "nights", *chosen.split(), "--keep", "1")
    app.state.tenants.state(2).replace(boxes)
    whole = bulkvm("backup", "nights", "--all-tenants", "--keep", "1")
    after = bulkvm("backup", "nights", "--all-tenants", "--keep", "1")

    assert (shrunk.code, "lists 5 boxes, but the last good backup" in shrunk.err) == (8, True)
    assert (whole.code, f"The domain of {SECOND} is now new.example." in whole.err) == (0, True)
    assert "no longer lists" not in shrunk.err + whole.err + after.err
    assert (after.code, after.err) == (0, "3 tenants: 3 backed up, 0 failed.\n")
    assert SECOND not in tenants_of(folder / "nights" / "provider")


@pytest.mark.usefixtures("provider")
def test_the_list_of_tenants_is_not_that_of_one_tenant(bulkvm: Bulkvm, monkeypatch: pytest.MonkeyPatch) -> None:
    by_option = bulkvm("tenants", "--tenant", SECOND)
    monkeypatch.setenv("BULKVM_TENANT", SECOND)
    by_variable = bulkvm("tenants")

    assert (by_option.code, "lists all tenants. Omit --tenant." in by_option.err) == (2, True)
    assert (by_variable.code, len(by_variable.out.splitlines())) == (0, 3)


def lines_of(file: str, status: str) -> list[str]:
    """The messages of the rows of a result with a status."""
    with Path(file).open(encoding="utf-8-sig", newline="") as opened:
        return [row["bulkvm_message"] for row in csv.DictReader(opened) if row["bulkvm_status"] == status]


@pytest.mark.usefixtures("provider")
def test_pins_that_may_have_reached_another_tenant_are_listed_once_the_result_was_imported(
    app: Starlette, bulkvm: Bulkvm
) -> None:
    write_csv(Path("sheet.csv"), *rows(6))
    app.state.faults = FaultRules(["unswitch:create:3"])

    first = bulkvm("import", "sheet.csv", "--yes", "--result", "r.csv", "--tenant", SECOND, "--concurrency", "1")
    refused = bulkvm("pins", "r.csv", "--output", "letters.csv")
    app.state.faults = FaultRules([])
    again = bulkvm("import", "r.csv", "--yes", "--result", "again.csv", "--tenant", SECOND)
    listed = bulkvm("pins", "r.csv", "--output", "letters.csv")

    assert (first.code, refused.code, again.code, listed.code) == (9, 2, 0, 0)
    assert "The box may have this PIN: it is not known what the PBX did." in refused.err
    assert len(Path("letters.csv").read_text("utf-8").splitlines()) == 1 + 6
    assert counts(app) == [2, 8, 2]


@pytest.mark.usefixtures("provider")
def test_rows_that_may_have_reached_another_tenant_name_it_and_their_undo_warns_of_it(
    app: Starlette, bulkvm: Bulkvm
) -> None:
    write_csv(Path("sheet.csv"), *rows(3))
    app.state.faults = FaultRules(["other-tenant:tenant:4-99"])
    bulkvm("import", "sheet.csv", "--yes", "--result", "r.csv", "--tenant", SECOND)
    messages = lines_of("r.csv", "unknown")
    app.state.faults = FaultRules([])
    app.state.tenants.state(2).replace([])

    undone = bulkvm("undo", "last", "--yes")

    assert messages
    assert all("Another clinic (another.example)" in message for message in messages)
    assert undone.code == 0
    assert "nothing is undone there" in undone.err


@pytest.mark.usefixtures("provider")
def test_the_result_of_another_tenant_is_not_imported_without_a_notice(bulkvm: Bulkvm) -> None:
    write_csv(Path("sheet.csv"), *rows(3))
    assert bulkvm("import", "sheet.csv", "--yes", "--result", "r.xlsx", "--tenant", SECOND).code == 0

    other = bulkvm("import", "r.xlsx", "--only-failed", "--yes", "--result", "o.xlsx", "--tenant", THIRD)
    own = bulkvm("plan", "r.xlsx", "--tenant", SECOND)

    notice = f"r.xlsx is the result of a run against Clinic 2 ({SECOND})"
    assert (notice in other.err, "[other-tenant]" in other.err, notice in own.err) == (True, True, False)
