"""How the PBX behaves where its documentation is silent, as rules.

hide:FIELD:WHERE         FIELD is null in answers
mask-stars:FIELD:WHERE   ... is ****** unless it is null
mask-digits:FIELD:WHERE  ... is 000000 unless it is null
omit:FIELD:WHERE         ... is missing
                         FIELD is a field of a box, WHERE is list, single (GET of one box) or both
updates:replace          a field that an update leaves out gets its default; one without a default is kept if a box
                         needs it, and removed if not. This is so without any rule.
updates:merge            such a field is kept
updates:erase            such a field is kept if it is documented, and removed if not
extra:NAME=VALUE         boxes have a field that is not documented; a new box has this value (JSON, or else a text).
                         Without this rule, a seed in JSON can give boxes such fields too.
ignore:PARAMETER         lists do not use filter, search, orderby, skip or top
nulls:CALL               owner: a free number is answered with 200 and nulls; list, messages: without entries, items is
                         null; policy, tenant: every value is null
pins:MIN-MAX             the policy, and the number of digits of PINs; pins:any takes any digits
policy:MIN-MAX           what the policy call answers, whatever PINs are accepted

What happens at certain requests only is a fault (see `faults.py`).
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from bulkvm.simulator.configuration import SimulatorError
from bulkvm.simulator.state import FIELDS

UPDATES: Final = ("replace", "merge", "erase")
IGNORABLE: Final = ("filter", "search", "orderby", "skip", "top")
NULLABLE: Final = ("owner", "list", "messages", "policy", "tenant")

_MASKS: Final = {"hide": None, "mask-stars": "******", "mask-digits": "000000"}
_PLACES: Final = {"list": {"list"}, "single": {"single"}, "both": {"list", "single"}}
_SHOWN: Final = re.compile(r"(?P<how>hide|mask-stars|mask-digits|omit):(?P<field>\w+):(?P<where>list|single|both)")
_RANGE: Final = re.compile(r"([0-9]{1,3})-([0-9]{1,3})")
_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,63}")


@dataclass(slots=True)
class Behaviours:
    """What the rules say.

    Attributes:
        shown: by place (list or single) and field, how the field is shown: omit, or a key of the masks.
        updates: what an update makes of the fields that it leaves out.
        extras: the undocumented fields of a new box.
        ignored: parameters that lists do not use.
        nulls: calls that answer with nulls.
        pins: fewest and most digits of a PIN, where the rules say it; `any_pin`, whether any digits are a PIN.
        policy: fewest and most as the policy call answers them, where that is something else.
    """

    shown: dict[str, dict[str, str]] = field(default_factory=lambda: {"list": {}, "single": {}})
    updates: str = "replace"
    extras: dict[str, Any] = field(default_factory=dict)
    ignored: set[str] = field(default_factory=set)
    nulls: set[str] = field(default_factory=set)
    pins: tuple[int, int] | None = None
    any_pin: bool = False
    policy: tuple[int, int] | None = None

    def show(self, box: Mapping[str, Any], where: str) -> dict[str, Any]:
        """A box as an answer shows it."""
        hows = self.shown[where]
        return {name: _mask(value, hows.get(name)) for name, value in box.items() if hows.get(name) != "omit"}


def parse_behaviours(rules: Iterable[str]) -> Behaviours:
    """Read rules, in the words of this module's docstring. A later rule replaces an earlier one about the same thing.

    Raises:
        SimulatorError: a rule cannot be understood.
    """
    behaviours = Behaviours()
    # Those that add fields come first, so that the others can name these.
    for rule in sorted(rules, key=lambda rule: not rule.startswith("extra:")):
        if not _add(behaviours, rule):
            raise SimulatorError(
                f'"{rule}" is not a behaviour. Examples are hide:pin:list, mask-digits:pin:both, '
                "omit:recipients:single, updates:merge, extra:retain_days=30, ignore:filter, nulls:owner and pins:8-12."
            )
    return behaviours


def _add(behaviours: Behaviours, rule: str) -> bool:
    """Add what a rule says; False where it says nothing."""
    what, _, value = rule.partition(":")
    limits = _RANGE.fullmatch(value)
    if found := _SHOWN.fullmatch(rule):
        for place in _PLACES[found["where"]]:
            behaviours.shown[place][found["field"]] = found["how"]
        return found["field"] in (*FIELDS, *behaviours.extras)
    if what == "extra":
        name, _, text = value.partition("=")
        behaviours.extras[name] = _value(text)
        return bool(_NAME.fullmatch(name)) and name not in FIELDS
    if what == "updates" and value in UPDATES:
        behaviours.updates = value
    elif what == "ignore" and value in IGNORABLE:
        behaviours.ignored.add(value)
    elif what == "nulls" and value in NULLABLE:
        behaviours.nulls.add(value)
    elif rule == "pins:any":
        behaviours.any_pin = True
    elif what in {"pins", "policy"} and limits:
        if what == "pins" and int(limits[1]) > int(limits[2]):
            return False  # no PIN could be accepted; a policy may contradict itself
        setattr(behaviours, what, (int(limits[1]), int(limits[2])))
    else:
        return False
    return True


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _mask(value: Any, how: str | None) -> Any:
    return value if how is None or value is None else _MASKS[how]
