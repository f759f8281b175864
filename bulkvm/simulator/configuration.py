"""Settings of the simulated PBX and its tenants."""

from dataclasses import dataclass, field


class SimulatorError(Exception):
    """The simulator cannot start as configured: a port, a file or a rule is wrong. The text is for the user."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatorSettings:
    """The logins and policy of the tenants, and the limits and behaviour of the PBX.

    Attributes:
        user: the name of each tenant's user, who logs in with the tenant's domain and `password`.
        system_user: the name of the system administrator, who logs in without a domain, with `system_password`.
        token: a bearer token for the first tenant that is valid without a login and does not expire.
        token_lifetime: seconds for which a token from a login is valid.
        pin_min: minimum length of a PIN in the tenant's password policy; `pin_max` is the maximum.
        latency: seconds that each response takes.
        knee: number of requests in flight above which responses slow down in proportion.
        rate_limit: requests allowed per minute; others get 429.
        page_cap: maximum number of boxes on a page of the list, regardless of `top`.
        summary_lists: lists contain id, name and extension_number only.
        numbers: how many other extensions are added to each tenant, with consecutive numbers from 20000 on.
        tenant_id: the first tenant's id in `GET /api/tenant`, beside `tenant_name` and `domain`.
        tenants: the number of tenants; each has boxes and extensions of its own.
        boxes: how many boxes each tenant without boxes gets, with consecutive numbers from 6000 on.
        behave: rules for what the documentation leaves open (see `behaviours.py`).
        control: whether `POST /simulator/faults` sets the fault rules.
    """

    user: str = "admin"
    password: str = field(default="simulator", repr=False)
    domain: str = "simulator.example"
    system_user: str = "sysadmin"
    system_password: str = field(default="system-simulator", repr=False)
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
    numbers: int = 0
    tenants: int = 1
    boxes: int = 0
    behave: tuple[str, ...] = ()
    control: bool = False
