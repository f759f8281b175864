"""Rules for behaviour that the documentation of the PBX leaves open.

`bulkvm simulator --help` describes them. A JSON seed can add undocumented fields without a rule.
Use a fault rule (see `fault_rules.py`) for what happens to certain requests only.
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from bulkvm.simulator.box_fields import BOX_FIELDS
from bulkvm.simulator.configuration import SimulatorError

UPDATES: Final = ("replace", "merge", "erase")
IGNORABLE: Final = ("filter", "search", "orderby", "skip", "top")
NULLABLE: Final = ("owner", "list", "messages", "policy", "tenant")

_MASK_VALUES: Final = {"hide": None, "mask-stars": "******", "mask-digits": "000000"}
_PLACES: Final = {"list": {"list"}, "single": {"single"}, "both": {"list", "single"}}
_MASK_RULE: Final = re.compile(r"(?P<how>hide|mask-stars|mask-digits|omit):(?P<field>\w+):(?P<where>list|single|both)")
_FLAGS: Final = {
    "pins:any": ("any_pin", True),
    "system:first": ("system_tenant", 1),
    "switch:token": ("switch_gives_token", True),
}
_RANGE: Final = re.compile(r"([0-9]{1,3})-([0-9]{1,3})")
_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,63}")


@dataclass(slots=True)
class Behaviours:
    """The parsed rules.

    Attributes:
        masks: by place (list or single) and field, how the field is hidden: omit, hide, mask-stars or mask-digits.
        updates: what happens to fields that an update leaves out.
        extras: the undocumented fields of a new box, with their values.
        ignored: query parameters that lists ignore.
        nulls: operations that return nulls.
        pins: minimum and maximum length of a PIN, if a rule sets them. With `any_pin`, any digits are a PIN.
        system_tenant: the number of the tenant in force after a system administrator's login, if any.
        switch_gives_token: whether the response to a switch is a new token.
        policy: minimum and maximum length that the policy call returns, if they differ from `pins`.
    """

    masks: dict[str, dict[str, str]] = field(default_factory=lambda: {"list": {}, "single": {}})
    updates: str = "replace"
    extras: dict[str, Any] = field(default_factory=dict)
    ignored: set[str] = field(default_factory=set)
    nulls: set[str] = field(default_factory=set)
    pins: tuple[int, int] | None = None
    any_pin: bool = False
    policy: tuple[int, int] | None = None
    system_tenant: int | None = None
    switch_gives_token: bool = False

    def show(self, box: Mapping[str, Any], where: str) -> dict[str, Any]:
        """Return a box as a response shows it."""
        masks = self.masks[where]
        return {name: _mask(value, masks.get(name)) for name, value in box.items() if masks.get(name) != "omit"}


def parse_behaviours(rules: Iterable[str]) -> Behaviours:
    """Parse rules. A later rule overrides an earlier one.

    Raises:
        SimulatorError: a rule is not valid.
    """
    behaviours = Behaviours()
    # Rules that add fields come first, so that the others can name these fields.
    for rule in sorted(rules, key=lambda rule: not rule.startswith("extra:")):
        if not _parse_rule(behaviours, rule):
            raise SimulatorError(
                f'"{rule}" is not a behaviour rule. Examples are hide:pin:list, mask-digits:pin:both, '
                "omit:recipients:single, updates:merge, extra:retain_days=30, ignore:filter, nulls:owner and pins:8-12."
            )
    return behaviours


def _parse_rule(behaviours: Behaviours, rule: str) -> bool:
    """Parse one rule; False if it is not valid."""
    what, _, value = rule.partition(":")
    limits = _RANGE.fullmatch(value)
    if found := _MASK_RULE.fullmatch(rule):
        for place in _PLACES[found["where"]]:
            behaviours.masks[place][found["field"]] = found["how"]
        return found["field"] in (*BOX_FIELDS, *behaviours.extras)
    if what == "extra":
        name, _, text = value.partition("=")
        behaviours.extras[name] = _value(text)
        return bool(_NAME.fullmatch(name)) and name not in BOX_FIELDS
    if what == "updates" and value in UPDATES:
        behaviours.updates = value
    elif what == "ignore" and value in IGNORABLE:
        behaviours.ignored.add(value)
    elif what == "nulls" and value in NULLABLE:
        behaviours.nulls.add(value)
    elif rule in _FLAGS:
        name, flag = _FLAGS[rule]
        setattr(behaviours, name, flag)
    elif what in {"pins", "policy"} and limits:
        if what == "pins" and int(limits[1]) > int(limits[2]):
            return False  # every PIN would be refused; a policy, though, may contradict itself
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
    return value if how is None or value is None else _MASK_VALUES[how]
