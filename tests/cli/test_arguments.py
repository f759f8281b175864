"""Arguments that make no sense are refused before anything is read, asked or written."""

from pathlib import Path

import pytest
from starlette.applications import Starlette

from bulkvm.simulator import FaultRules
from tests.cli.program import SAMPLES, Bulkvm

SHEET = str(SAMPLES / "clinic.csv")


@pytest.mark.parametrize(
    "command",
    [
        ["import", ""],
        ["import", SHEET, "--yes", "--result", ""],
        ["import", SHEET, "--yes", "--result="],
        ["validate", ""],
        ["validate", SHEET, "--clean", ""],
        ["validate", SHEET, "--sheet", ""],
        ["plan", SHEET, "--site", ""],
        ["plan", SHEET, "--site="],
        ["export", ""],
        ["export", "a.csv", "--filter", ""],
        ["export", "a.csv", "--ca-file", ""],
        ["backup", ""],
        ["backup", "verify", ""],
        ["backup", "nights", "--site", ""],
        ["diff", SHEET, ""],
        ["diff", "", SHEET],
        ["undo", "", "--yes"],
        ["runs", ""],
        ["runs", "last", "--result", ""],
        ["template", ""],
        ["login", ""],
        ["login", "clinic", "--url", ""],
        ["logout", ""],
        ["doctor", ""],
        ["simulator", "--state", ""],
        ["demo", ""],
    ],
    ids=" ".join,
)
def test_an_argument_that_is_empty_is_refused(bulkvm: Bulkvm, folder: Path, pbx: Starlette, command: list[str]) -> None:
    ended = bulkvm(*command)

    assert ended.code == 2
    assert "is empty. Is a variable unset?" in ended.err
    assert sum(pbx.state.traffic.counts.values()) == 0
    assert list(folder.iterdir()) == []


def test_the_domain_of_a_system_administrator_may_be_empty(bulkvm: Bulkvm) -> None:
    for given in (("--domain", ""), ("--domain=",)):
        assert "is empty" not in bulkvm("login", "clinic", "--url", "https://localhost:1", *given).err


def test_standard_input_is_not_compared_with_itself(bulkvm: Bulkvm) -> None:
    ended = bulkvm("diff", "-", "-")

    assert ended.code == 2
    assert "only once" in ended.err


def test_all_sites_and_one_site_exclude_each_other(bulkvm: Bulkvm, folder: Path, pbx: Starlette) -> None:
    ended = bulkvm("backup", "nights", "--all-sites", "--site", "clinic")

    assert ended.code == 2
    assert "cannot be used together" in ended.err
    assert sum(pbx.state.traffic.counts.values()) == 0
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize(
    ("options", "named"),
    [
        (["--filter", "zz"], '--filter "zz"'),
        (["--orderby", "colour desc"], '--orderby "colour desc"'),
        (["--filter", "zz", "--search", "a"], '--filter "zz" or --search "a"'),
    ],
)
@pytest.mark.usefixtures("pbx")
def test_a_filter_that_the_pbx_refuses_is_exit_code_2_and_named(
    bulkvm: Bulkvm, folder: Path, options: list[str], named: str
) -> None:
    ended = bulkvm("export", "a.csv", *options)

    assert ended.code == 2
    assert f"The PBX rejected {named}." in ended.err
    assert list(folder.iterdir()) == []


def test_a_refused_list_without_a_filter_is_not_blamed_on_options(bulkvm: Bulkvm, pbx: Starlette) -> None:
    pbx.state.faults = FaultRules(["400:list:1-9"])

    assert bulkvm("export", "a.csv").code == 5


@pytest.mark.parametrize("command", [["login", "--", ""], ["validate", "--", ""]])
def test_an_empty_argument_after_two_hyphens_is_named_as_an_argument(bulkvm: Bulkvm, command: list[str]) -> None:
    ended = bulkvm(*command)

    assert ended.code == 2
    assert "An argument is empty." in ended.err
