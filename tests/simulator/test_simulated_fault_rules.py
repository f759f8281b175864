import pytest
from hypothesis import given
from hypothesis import strategies as st

from bulkvm.simulator import FaultRules, SimulatorError


def matched(rule: str, calls: list[str]) -> list[int]:
    """The places, from 1, of the calls that a rule applies to."""
    faults = FaultRules([rule])
    return [place for place, call in enumerate(calls, start=1) if faults.match(call)]


@pytest.mark.parametrize(
    ("when", "places"),
    [
        ("1", [1]),
        ("3", [3]),
        ("2-4", [2, 3, 4]),
        ("every=1", [1, 2, 3, 4, 5, 6, 7]),
        ("every=3", [3, 6]),
        ("rate=0", []),
        ("rate=1", [1, 2, 3, 4, 5, 6, 7]),
    ],
)
def test_a_rule_applies_when_specified(when: str, places: list[int]) -> None:
    assert matched(f"503:create:{when}", ["create"] * 7) == places


def test_a_rule_counts_only_the_calls_it_is_about() -> None:
    calls = ["list", "create", "update", "create", "create"]

    assert matched("503:create:2", calls) == [4]
    assert matched("503:any:2", calls) == [2]


def test_every_rule_counts_but_the_first_that_matches_applies() -> None:
    faults = FaultRules(["500:create:1", "502:create:1-2", "503:create:2"])

    whats = [fault.what for fault in (faults.match("create"), faults.match("create")) if fault]

    assert whats == ["500", "502"]


@given(st.integers(0, 2**32))
def test_a_random_rule_with_a_seed_is_the_same_each_time(seed: int) -> None:
    rule = f"random:any:rate=0.3,seed={seed}"
    one, other = FaultRules([rule]), FaultRules([rule])

    assert [one.match("create") for _ in range(20)] == [other.match("create") for _ in range(20)]


def test_a_random_rule_applies_about_as_often_as_specified() -> None:
    assert 60 <= len(matched("503:create:rate=0.1,seed=7", ["create"] * 1000)) <= 140


def test_a_rule_may_have_an_amount() -> None:
    fault = FaultRules(["429(retry-after=2):list:1"]).match("list")

    assert fault
    assert (fault.what, fault.option, fault.amount) == ("429", "retry-after", 2)


@pytest.mark.parametrize(
    "rule",
    [
        "",
        "503",
        "503:create",
        "503:create:",
        "503:boxes:1",
        "503:create:first",
        "503:create:every=0",
        "503:create:0",
        "503:create:5-2",
        "503:create:rate=2x",
        "200:create:1",
        "explode:create:1",
        "503(seconds=2):create:1",
        "late:create:1",
        "down:create:1",
        "late(retry-after=2):create:1",
        "reset(seconds=2):create:1",
        "late-after(seconds=1):create:1",
        "429(retry-after=soon):create:1",
    ],
)
def test_an_invalid_rule_is_refused_with_an_example(rule: str) -> None:
    with pytest.raises(SimulatorError, match=r"is not a fault rule\. Write WHAT:CALL:WHEN, such as 503:create:3"):
        FaultRules([rule])
