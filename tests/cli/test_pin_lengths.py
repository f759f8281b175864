"""How long a PIN may be: the tenant's policy, or `--pin-length`; our own bounds where neither is known."""

from pathlib import Path

import pytest
from starlette.applications import Starlette

from bulkvm.simulator import SimulatorSettings, create_app, running
from tests.cli.program import Bulkvm, stored
from tests.cli.sheet_files import write_csv

HEADINGS = ("extension_number", "name", "pin")


@pytest.fixture
def app(request: pytest.FixtureRequest) -> Starlette:
    least, most = request.param
    return create_app(settings=SimulatorSettings(pin_min=least, pin_max=most))


def sheet(folder: Path, pin: str) -> Path:
    return write_csv(folder / "boxes.csv", ("6201", "Desk", pin), headings=HEADINGS)


@pytest.mark.parametrize(("app", "pin"), [((6, 14), "402817402817"), ((4, 10), "4028")], indirect=["app"])
def test_a_pin_that_only_the_tenant_allows_is_created_and_refused_offline(
    bulkvm: Bulkvm, pbx: Starlette, folder: Path, pin: str
) -> None:
    file = sheet(folder, pin)

    offline, ended = bulkvm("validate", file), bulkvm("import", file, "--yes")

    assert (offline.code, ended.code) == (3, 0)
    assert pbx.state.traffic.counts["create"] == 1


@pytest.mark.parametrize("app", [(4, 10)], indirect=True)
@pytest.mark.parametrize("command", ["plan", "import"])
def test_a_pin_that_the_tenant_allows_is_no_error_beside_other_errors(
    bulkvm: Bulkvm, pbx: Starlette, folder: Path, command: str
) -> None:
    rows = [("6201", "Desk", "4028"), ("62", "Lab", "402"), ("6203", "Store", "4031")]
    file = write_csv(folder / "boxes.csv", *rows, headings=HEADINGS)

    ended = bulkvm(command, file, "--json")

    errors = [(p["row"], p["code"]) for p in ended.json["problems"] if p["severity"] == "error"]
    assert ended.code == 3
    assert errors == [(3, "extension-length"), (3, "pin-lost-zero")]
    assert pbx.state.traffic.counts["create"] == 0


@pytest.mark.parametrize("app", [(12, 32)], indirect=True)
def test_an_unusable_policy_is_reported_with_the_option_that_overrides_it(
    bulkvm: Bulkvm, pbx: Starlette, folder: Path
) -> None:
    file = sheet(folder, "402817")

    refused, overridden = bulkvm("plan", file), bulkvm("plan", file, "--pin-length", "6-10")

    assert refused.code == 3
    assert "it needs 12 to 32 (the tenant's password policy)" in refused.out
    assert "add --pin-length 6-10" in refused.text
    assert overridden.code == 0
    assert pbx.state.traffic.counts["create"] == 0


@pytest.mark.parametrize("app", [(6, 4)], indirect=True)
@pytest.mark.parametrize("generate", [True, False])
def test_a_policy_that_contradicts_itself_is_refused_in_words_and_can_be_overridden(
    bulkvm: Bulkvm, pbx: Starlette, folder: Path, *, generate: bool
) -> None:
    file = sheet(folder, "" if generate else "402817")
    options = ["--generate-pins"] if generate else []

    refused = bulkvm("import", file, "--yes", *options)
    overridden = bulkvm("plan", file, *options, "--pin-length", "6-10")

    assert refused.code == (2 if generate else 3)
    assert "at least 6 digits and at most 4" in refused.err
    assert "--pin-length 6-10" in refused.text
    assert overridden.code == 0
    assert pbx.state.traffic.counts["create"] == 0


def test_a_policy_that_contradicts_itself_stops_no_sheet_without_pins(
    bulkvm: Bulkvm, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seed = sheet(folder, "402817")
    with running(create_app(seed=seed, settings=SimulatorSettings(pin_min=6, pin_max=4))) as server:
        monkeypatch.setenv("BULKVM_URL", server.url)
        monkeypatch.setenv("BULKVM_TOKEN", SimulatorSettings().token)
        renamed = write_csv(folder / "renamed.csv", ("6201", "Front Desk"), headings=HEADINGS[:2])

        assert bulkvm("plan", renamed, "--exit-code").code == 10


@pytest.mark.parametrize("app", [(6, 10)], indirect=True)
@pytest.mark.parametrize("length", ["six", "0-4", "10-6", "6-65", "6-10-12", "-6"])
def test_an_invalid_pin_length_is_refused(bulkvm: Bulkvm, pbx: Starlette, folder: Path, length: str) -> None:
    ended = bulkvm("plan", sheet(folder, "402817"), "--pin-length", length)

    assert ended.code == 2
    assert "such as 6-10" in ended.err
    assert sum(pbx.state.traffic.counts.values()) == 0


@pytest.mark.parametrize("app", [(4, 10)], indirect=True)
def test_pins_that_the_tenant_allows_are_not_replaced(bulkvm: Bulkvm, pbx: Starlette, folder: Path) -> None:
    rows = [("6201", "Desk", "4028"), ("6202", "Lab", "1234"), ("6203", "Store", "402")]
    file = write_csv(folder / "boxes.csv", *rows, headings=HEADINGS)

    ended = bulkvm("import", file, "--replace-pins", "--yes", "--json")

    pins = stored(pbx, "pin")
    assert ended.code == 0
    assert [(p["row"], p["code"]) for p in ended.json["problems"]] == [(3, "pin-replaced"), (4, "pin-replaced")]
    assert [p["message"].partition(" A generated")[0] for p in ended.json["problems"]] == [
        "The PIN has three ascending digits in a row (such as 123), which the PBX rejects.",
        "The PIN has 3 digits: Excel probably dropped a leading zero.",
    ]
    assert pins["6201"] == "4028"
    assert all(len(pin) >= 4 and pin not in {"1234", "402", "0402"} for pin in (pins["6202"], pins["6203"]))
