"""PINs for boxes that come without one."""

from collections.abc import Sequence
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from bulkvm.columns import COLUMN_OF_HEADER
from bulkvm.planning import generate_pin
from bulkvm.settings import PinPolicy


@given(st.integers(6, 10), st.integers())
def test_a_generated_pin_keeps_every_rule_of_the_tenant(length: int, seed: int) -> None:
    policy = PinPolicy(min_length=length)

    pin = generate_pin(policy, "6201", Random(seed).choice)

    assert len(pin) == length
    assert not any(rule(pin, policy) for rule in COLUMN_OF_HEADER["pin"].rules)


def test_a_generated_pin_is_not_the_extension() -> None:
    digits = iter("402817" + "582046")

    def choose(_: Sequence[str]) -> str:
        return next(digits)

    assert generate_pin(PinPolicy(), "402817", choose) == "582046"
