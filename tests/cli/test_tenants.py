"""Commands with a system administrator's login, which reaches every tenant of a PBX."""

import csv
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from starlette.applications import Starlette

from bulkvm.simulator import FaultRules, Running, SimulatorSettings, create_app, running
from tests.cli.program import Bulkvm, sites_file
from tests.cli.sheet_files import rows, write_csv

USER = SimulatorSettings()
SECOND, THIRD = "clinic-002.example", "clinic-003.example"
REFUSED = ["export", "backup nights", "diff sheet.csv", "plan sheet.csv", "import sheet.csv --yes"]


@pytest.fixture
def app() -> Starlette:
    return create_app(settings=SimulatorSettings(tenants=3, boxes=2))


@pytest.fixture
def provider(app: Starlette, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Running]:
    """A PBX with three tenants, and the site of its system administrator."""
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
    assert "but this is clinic-003.example" in elsewhere.err


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
    assert 'has no tenant with the domain "nowhere.example"' in ended.err


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
    assert "a system administrator of 3 tenants" in every.err
    assert "boxes" not in every.err
    assert "boxes  2 found" in one.err
