"""Any PBX that its documentation allows, whatever is done to it. `pytest -m campaign` runs it."""

import asyncio
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, TypeAlias

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

import bulkvm.simulator
from bulkvm.pbx.retry import RetryingClient
from bulkvm.pbx.throttling.outage_gate import OutageGate
from bulkvm.simulator import SimulatorSettings
from tests.campaigns.invariants import CLEAR, WRITTEN, Pbx
from tests.campaigns.scenarios import Scenario, Site, Step, play

pytestmark = pytest.mark.campaign

# The same ones each time; CAMPAIGN_EXAMPLES=5000 tries so many that are new.
EXAMPLES: Final = int(os.environ.get("CAMPAIGN_EXAMPLES", "0"))

NUMBERS: Final = tuple(str(number) for number in range(6101, 6107))
RING_GROUP: Final = "6300"
CELLS: Final = {
    "name": ("Desk", "Ward 2", "Ambulanz Süd"),
    "pin": ("402817", "918835", "730164", "91883572"),
    "prompt": ("en-US", "de-DE"),
    "enable_pin": ("yes", "no"),
    "enable_email_notify": ("yes", "no"),
    "recipients": ("a@example.com", "a@example.com,b@example.com", "c@example.com", CLEAR),
    "play_datetime": ("DISABLE", "12_HOUR_CLOCK"),
}
OLD_PIN: Final = "4028"  # of an older policy

Strategy: TypeAlias = st.SearchStrategy[Any]

NOTHING: Final[Strategy] = st.just(())


def few(strategy: Strategy, most: int) -> Strategy:
    """None of them as often as some."""
    return st.just(()) | st.lists(strategy, min_size=1, max_size=most).map(tuple)


def text(form: str, *parts: Strategy) -> Strategy:
    return st.tuples(*parts).map(lambda values: form.format(*values))


def choice(*values: Any) -> Strategy:
    return st.sampled_from(values)


def box(number: str, extra: dict[str, Strategy]) -> Strategy:
    nullable = {name: choice(None, *CELLS[name][:2]) for name in ("prompt", "recipients", "play_datetime")}
    switches = dict.fromkeys(("enable_pin", "enable_email_notify"), st.booleans())
    own = {"extension_number": st.just(number), "name": choice("Desk", "Front desk")}
    pin = {"pin": choice(*CELLS["pin"], OLD_PIN)}
    return st.fixed_dictionaries({"id": st.just(f"id-{number}"), **own, **pin, **nullable, **switches}, optional=extra)


def boxes(extra: dict[str, Strategy]) -> Strategy:
    return st.lists(choice(*NUMBERS), max_size=6, unique=True).flatmap(
        lambda numbers: st.tuples(*(box(number, extra) for number in numbers))
    )


def with_twin(found: tuple[dict[str, Any], ...]) -> tuple[dict[str, Any], ...]:
    """Two boxes with one number."""
    return (*found, *({**one, "id": "twin"} for one in found[:1]))


def row(number: str) -> Strategy:
    cells = {name: choice(*values) for name, values in CELLS.items() if name != "name"}
    return st.fixed_dictionaries({"extension_number": st.just(number), "name": choice(*CELLS["name"])}, optional=cells)


BOXES: Final = boxes({}) | boxes({}) | boxes({}) | boxes({"retain_days": choice(30, 90)}) | boxes({}).map(with_twin)
ROWS: Final = st.lists(choice(*NUMBERS, RING_GROUP), min_size=1, max_size=5, unique=True).flatmap(
    lambda numbers: st.tuples(*map(row, numbers))
)
SHOWN: Final = choice("pin", "pin", "pin", "recipients", *WRITTEN), choice("list", "single", "both")
RULES: Final = st.one_of(
    text("hide:{}:{}", *SHOWN),
    text("omit:{}:{}", *SHOWN),
    text("{}:pin:{}", choice("mask-stars", "mask-digits"), SHOWN[1]),
    text("mask-stars:recipients:{}", SHOWN[1]),
    text("updates:{}", choice("merge", "replace", "erase")),
    st.just("extra:retain_days=30"),
    text("ignore:{}", choice("filter", "search", "orderby", "skip", "top")),
    text("nulls:{}", choice("owner", "list", "messages", "policy", "tenant")),
    choice("pins:any", "pins:6-12", "pins:8-12", "policy:12-32", "policy:6-4"),
)
PBXS: Final = st.builds(Pbx, st.lists(RULES, max_size=5).map(tuple), choice(False, False, True), choice(100, 100, 2, 1))
WHEN: Final = choice("1", "2", "3", "every=1", "every=2")
CHANGE_FAULTS: Final = ("408", "409", "408-after", "409-after", "500-after", "reset-after", "truncated", "400", "403")
FAULTS: Final = few(
    st.one_of(
        text("other-box:fetch:{}", WHEN),
        text("{}:{}:{}", choice(*CHANGE_FAULTS), choice("create", "update", "destroy"), WHEN),
        text("{}:{}:every=1", choice(403, 404, 500), choice("messages", "tenant", "policy", "owner")),
        text("{}:{}:{}", choice(403, 404, 500), choice("fetch", "list"), WHEN),
        choice("message:messages:1", "other-tenant:tenant:2"),
    ),
    2,
)
OPTIONS: Final = few(
    choice("--generate-pins", "--skip-invalid", "--verify=all", "--max-errors=100%", "--keep-unseen"), 2
)


def step(what: str, rows: Strategy = NOTHING, options: Strategy = NOTHING) -> Strategy:
    return st.builds(Step, st.just(what), rows, options, FAULTS)


SCENARIOS: Final = st.builds(
    lambda pbx, found, first, more: Scenario(pbx, found, (first, *more)),
    PBXS,
    BOXES,
    step("sheet", ROWS, OPTIONS),
    st.lists(
        st.one_of(
            step("sheet", ROWS, OPTIONS),
            step("again", options=OPTIONS),
            step("undo"),
            step("undo"),
            step("undo_import", options=few(choice("--with-messages"), 1)),
            step("result", options=OPTIONS),
            step("export", options=choice((), ("json",))),
            step("restore", options=OPTIONS),
            step("look", ROWS),
            step("message"),
            step("by_hand", ROWS),
        ),
        min_size=1,
        max_size=5,
    ),
)


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    """`--site simulator` is the PBX that is set here, and no wait takes longer than a moment."""
    site, create_app, sleep = Site(), bulkvm.simulator.create_app, asyncio.sleep

    def create(state: Path) -> Any:
        pbx = site.pbx
        behaviour = SimulatorSettings(behave=pbx.behave, summary_lists=pbx.summary_lists, page_cap=pbx.page_cap)
        return create_app(state, settings=behaviour, faults=site.faults)

    async def sleep_a_moment(seconds: float) -> None:
        await sleep(min(seconds, 0.001))

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(bulkvm.simulator, "create_app", create)
        for waiting in (RetryingClient, OutageGate):
            patched.setattr(waiting, "_sleep", property(lambda _: sleep_a_moment, lambda *_: None), raising=False)
        yield site


@given(SCENARIOS)
@settings(
    max_examples=EXAMPLES or 1000,
    derandomize=not EXAMPLES,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.generate, Phase.shrink],
)
def test_no_behaviour_of_a_pbx_loses_data_or_goes_unreported(site: Site, scenario: Scenario) -> None:
    with tempfile.TemporaryDirectory() as folder:
        play(scenario, Path(folder), site)
