"""PINs for boxes that come without one."""

from collections.abc import Sequence
from itertools import cycle
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bulkvm.columns import COLUMN_OF_HEADER
from bulkvm.model.errors import UsageError
from bulkvm.model.settings import PinPolicy
from bulkvm.planning import generate_pin


@given(st.integers(1, 64), st.integers(0, 64), st.integers())
def test_a_generated_pin_keeps_every_rule_of_the_tenant(least: int, more: int, seed: int) -> None:
    policy = PinPolicy(min_length=least, max_length=least + more)

    pin = generate_pin(policy, "6201", Random(seed).choice)

    assert len(pin) == max(least, min(6, least + more))
    assert not any(rule(pin, policy) for rule in COLUMN_OF_HEADER["pin"].rules)


def test_a_generated_pin_is_not_the_extension() -> None:
    digits = iter("402817" + "582046")

    def choose(_: Sequence[str]) -> str:
        return next(digits)

    assert generate_pin(PinPolicy(), "402817", choose) == "582046"


@pytest.mark.parametrize(
    ("policy", "words"),
    [
        (PinPolicy(6, 4, min_from="the tenant's password policy"), "at least 6 digits and at most 4"),
        (PinPolicy(2_000_000, 3_000_000), "at least 2000000 digits"),
    ],
    ids=["more than at most", "longer than any PIN"],
)
def test_a_policy_that_no_pin_can_keep_is_refused_in_words(policy: PinPolicy, words: str) -> None:
    with pytest.raises(UsageError, match=words) as refusal:
        generate_pin(policy, "6201", Random(1).choice)

    assert "--pin-length 6-10" in str(refusal.value)


def test_a_choice_that_is_always_the_extension_ends_too() -> None:
    digits = cycle("020")

    with pytest.raises(UsageError, match="--pin-length"):
        generate_pin(PinPolicy(3, 3), "020", lambda _: next(digits))
