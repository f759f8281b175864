"""What goes wrong, and when: rules written as WHAT:CALL:WHEN.

CALL  a call's operationId in the document (list, create, fetch, update, destroy, messages, greetings, owner, policy,
      tenant, login, revoke) or any.
WHEN  3            the third such call since the rule was set
      2-5          the second to the fifth
      every=5      every fifth
      rate=0.1     one in ten by chance; rate=0.1,seed=7 the same ones each time
WHAT  503          any error status, instead of doing what was asked; 503-after does it first, and only then says so
                   429(retry-after=2) and 429(retry-date=2) tell how long to wait, in seconds or as a date
      html         the error page of a proxy (502) instead; also html-after
      reset        the connection is cut before anything is done; reset-after cuts it after
      late(seconds=5)   does it, and answers 5 seconds later
      slow(seconds=5)   does it 5 seconds later, whether or not the client has gone meanwhile, and answers then
      truncated    does it, and the JSON of the answer ends in the middle
      expire       all tokens end, before this call
      down(seconds=5)   every call is cut for 5 seconds, this one first
      admin-add, admin-remove, admin-rename   another administrator adds a box, or removes or renames the first one,
                   just before this call
      message      a caller leaves a message in the box that this call is about, just after it
      other-box    the call is done to the next box, not to the one that its id names
      other-tenant the call answers with another tenant
      random       one of those that a client should get over, by chance

The first rule that fits a call is the one that strikes.
"""

import random
import re
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from bulkvm.simulator.configuration import SimulatorError

_CALLS: Final = (
    "list",
    "create",
    "fetch",
    "update",
    "destroy",
    "owner",
    "policy",
    "login",
    "revoke",
    "any",
    "messages",
    "greetings",
    "tenant",
)
# What may go wrong besides an error status; what is in TIMED_FAULTS says for how many seconds.
PLAIN_FAULTS: Final = (
    "html", "html-after", "reset", "reset-after", "truncated", "expire",
    "admin-add", "admin-remove", "admin-rename", "random",
    "message", "other-box", "other-tenant",
)  # fmt: skip
TIMED_FAULTS: Final = ("late", "slow", "down")
_PASSING: Final = ("429", "500", "502-after", "503", "html-after", "reset", "reset-after", "truncated")

_RULE: Final = re.compile(
    r"(?P<what>[a-z0-9-]+)(\((?P<option>[a-z-]+)=(?P<amount>[0-9]+(\.[0-9]+)?)\))?:(?P<call>[a-z]+):(?P<when>.+)"
)
_STATUS: Final = re.compile(r"[45][0-9][0-9](-after)?")
_WHEN: Final = re.compile(
    r"(?P<first>[1-9][0-9]*)(-(?P<last>[1-9][0-9]*))?|every=(?P<every>[1-9][0-9]*)|rate=(?P<rate>[01](\.[0-9]+)?)(,seed=(?P<seed>.+))?"
)


@dataclass(frozen=True, slots=True)
class Fault:
    """What goes wrong with one call. `option` and `amount` are those in brackets, such as retry-after and 2."""

    what: str
    option: str | None = None
    amount: float = 0.0


class FaultRules:
    """The rules in force. Each counts the calls that it is about, from the moment it is made."""

    def __init__(self, rules: Iterable[str] = ()) -> None:
        """Read rules, in the words of this module's docstring.

        Raises:
            SimulatorError: a rule cannot be understood.
        """
        self._rules = [_Rule(rule) for rule in rules]
        self._down_until = 0.0

    def match(self, call: str) -> Fault | None:
        """What goes wrong with the call that comes now."""
        fitting = [rule for rule in self._rules if rule.fits(call)]
        if time.monotonic() < self._down_until:
            return Fault("reset")
        if not fitting:
            return None
        fault = fitting[0].draw()
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
                f'"{text}" is no fault. Write WHAT:CALL:WHEN, such as 503:create:3, 429(retry-after=2):any:every=10 '
                "or late(seconds=5):update:rate=0.1."
            )
        self._fault = Fault(rule["what"], rule["option"], float(rule["amount"] or 0))
        self._call = rule["call"]
        self._when = when
        self._random = random.Random(when["seed"])  # noqa: S311  (chance for a rehearsal, no secret)
        self._seen = 0

    def fits(self, call: str) -> bool:
        """Count a call of this rule's kind, and say whether it is the rule's turn."""
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
        """The fault; for a random one, which it is."""
        return Fault(self._random.choice(_PASSING)) if self._fault.what == "random" else self._fault


def _allowed(what: str, option: str | None) -> bool:
    if _STATUS.fullmatch(what):
        return option in {None, "retry-after", "retry-date"}
    return what in TIMED_FAULTS if option == "seconds" else what in PLAIN_FAULTS and option is None
