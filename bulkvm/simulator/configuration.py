"""What can be set about the simulated PBX and its one tenant."""

from dataclasses import dataclass, field


class SimulatorError(Exception):
    """The simulator cannot start as configured: a port, a file or a rule is wrong. The text is for the user."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatorSettings:
    """The tenant's login, its policy, and how good-natured the PBX is.

    Attributes:
        token: a bearer token that is ready without a login. It does not end by itself.
        token_lifetime: seconds that a token from a login is good for.
        pin_min: fewest digits of a PIN, from the tenant's password policy; so is `pin_max`.
        latency: seconds that each answer takes.
        knee: requests in flight beyond which answers take longer, in proportion.
        rate_limit: requests allowed in any minute; the others are answered with 429.
        page_cap: most boxes on a page of the list, whatever is asked for.
        summary_lists: lists give id, name and extension_number only.
        tenant_id: the tenant as `GET /api/tenant` describes it, with its `tenant_name` and `domain`.
        behave: what the PBX does where its documentation is silent, as rules (see `behaviours.py`): fields hidden,
            masked or left out in lists or single answers, what updates make of left-out fields, undocumented fields,
            ignored list parameters, nulls, PIN policies.
        control: `POST /simulator/faults` sets the faults.
    """

    user: str = "admin"
    password: str = field(default="simulator", repr=False)
    domain: str = "simulator.example"
    token: str = field(default="SIMULATOR-READY-TOKEN", repr=False)
    token_lifetime: int = 1800
    tenant_id: str | None = "MTAwMDAwMDAwMDAwMDAwMDAx"
    tenant_name: str | None = "Simulated clinic"
    pin_min: int = 6
    pin_max: int = 10
    latency: float = 0.0
    knee: int | None = None
    rate_limit: int | None = None
    page_cap: int = 100
    summary_lists: bool = False
    behave: tuple[str, ...] = ()
    control: bool = False
