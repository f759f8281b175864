"""Fault rules, written as WHAT:CALL:WHEN. `bulkvm simulator --help` describes them."""

import random
import re
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from bulkvm.simulator.configuration import SimulatorError
from bulkvm.simulator.openapi import operation_ids

_CALLS: Final = ("any", *operation_ids())
# Faults other than error statuses. Those of TIMED_FAULTS take a number of seconds.
PLAIN_FAULTS: Final = (
    "html", "html-after", "reset", "reset-after", "truncated", "expire",
    "admin-add", "admin-remove", "admin-rename", "random",
    "message", "other-box", "other-tenant", "no-switch", "other-switch", "unswitch",
)  # fmt: skip
TIMED_FAULTS: Final = ("late", "slow", "down")
_RECOVERABLE: Final = ("429", "500", "502-after", "503", "html-after", "reset", "reset-after", "truncated")

_RULE: Final = re.compile(
    r"(?P<what>[a-z0-9-]+)(\((?P<option>[a-z-]+)=(?P<amount>[0-9]+(\.[0-9]+)?)\))?:(?P<call>[a-z]+):(?P<when>.+)"
)
_STATUS: Final = re.compile(r"[45][0-9][0-9](-after)?")
_WHEN: Final = re.compile(
    r"(?P<first>[1-9][0-9]*)(-(?P<last>[1-9][0-9]*))?|every=(?P<every>[1-9][0-9]*)|rate=(?P<rate>[01](\.[0-9]+)?)(,seed=(?P<seed>.+))?"
)


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault for one call. `option` and `amount` are those in brackets, such as retry-after and 2."""

    what: str
    option: str | None = None
    amount: float = 0.0


class FaultRules:
    """The fault rules in force. Each rule counts its own calls from its creation."""

    def __init__(self, rules: Iterable[str] = ()) -> None:
        """Parse rules.

        Raises:
            SimulatorError: a rule is not valid.
        """
        self._rules = [_Rule(rule) for rule in rules]
        self._down_until = 0.0

    def match(self, call: str) -> Fault | None:
        """Count a call, and return the fault that applies to it."""
        matching = [rule for rule in self._rules if rule.matches(call)]
        if time.monotonic() < self._down_until:
            return Fault("reset")
        if not matching:
            return None
        fault = matching[0].draw()
        if fault.what == "down":
            self._down_until = time.monotonic() + fault.amount
            return Fault("reset")
        return fault


class _Rule:
    def __init__(self, text: str) -> None:
        rule = _RULE.fullmatch(text)
        when = rule and _WHEN.fullmatch(rule["when"])
        is_backwards = when and when["last"] and int(when["last"]) < int(when["first"])
        is_known = rule and rule["call"] in _CALLS and _allowed(rule["what"], rule["option"])
        if not rule or not when or is_backwards or not is_known:
            raise SimulatorError(
                f'"{text}" is not a fault rule. Write WHAT:CALL:WHEN, such as 503:create:3, '
                "429(retry-after=2):any:every=10 or late(seconds=5):update:rate=0.1."
            )
        self._fault = Fault(rule["what"], rule["option"], float(rule["amount"] or 0))
        self._call = rule["call"]
        self._when = when
        self._random = random.Random(when["seed"])  # noqa: S311  (for a rehearsal, not a secret)
        self._seen = 0

    def matches(self, call: str) -> bool:
        """Count a call, and return whether the rule applies to it."""
        if self._call not in {call, "any"}:
            return False
        self._seen += 1
        when = self._when
        if when["rate"]:
            return self._random.random() < float(when["rate"])
        if when["every"]:
            return self._seen % int(when["every"]) == 0
        return int(when["first"]) <= self._seen <= int(when["last"] or when["first"])

    def draw(self) -> Fault:
        """Return the fault, chosen at random for `random`."""
        return Fault(self._random.choice(_RECOVERABLE)) if self._fault.what == "random" else self._fault


def _allowed(what: str, option: str | None) -> bool:
    if _STATUS.fullmatch(what):
        return option in {None, "retry-after", "retry-date"}
    if option == "requests":
        return what == "unswitch"
    return what in TIMED_FAULTS if option == "seconds" else what in PLAIN_FAULTS and option is None
