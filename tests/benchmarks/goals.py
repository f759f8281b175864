"""What bulkvm is held to: each goal with the bound, and how it is measured."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.benchmarks import sending, simulated, starting, tables
from tests.benchmarks.growth import grow
from tests.benchmarks.measuring import run_in_turn
from tests.benchmarks.sheets import make_sheet

_ROWS: Final = 100_000
_LATENCY: Final = 0.05
_PER_MINUTE: Final = 5_000  # what a PBX allows
_PACE: Final = 75.0  # bulkvm's own limit, requests a second


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured figure: of what, how much, and the bound it is held to, `at_most` or at least."""

    subject: str
    name: str
    value: float
    bound: float
    at_most: bool = True
    unit: str = "x"

    @property
    def is_met(self) -> bool:
        """Whether the goal is met."""
        return self.value <= self.bound if self.at_most else self.value >= self.bound


Measure = Callable[[Path, int], Iterator[Figure]]


def measure_importing(folder: Path, rounds: int) -> Iterator[Figure]:
    """An import beside what others need for the same requests, on a PBX that takes 50 ms an answer."""
    for in_flight, rows, least in ((16, 4000, 0.93), (64, 4000, 0.80)):
        sheet = str(make_sheet(folder, rows, ".csv", mistakes=False))
        took = run_in_turn(
            {
                "floor": (sending.floor, (_LATENCY, rows, in_flight)),
                "aiohttp": (sending.aiohttp, (_LATENCY, rows, in_flight)),
                "httpx's seam": (sending.httpx_seam, (_LATENCY, rows, in_flight)),
                "bulkvm": (sending.import_sheet, (_LATENCY, 0, sheet, in_flight, 0)),
            },
            rounds,
        )
        assert took["bulkvm"].counts["created"] == rows
        subject = f"{in_flight} in flight"
        ideal = took["bulkvm"].counts["requests"] * _LATENCY / in_flight
        yield Figure(subject, "share of the ideal", ideal / took["bulkvm"].seconds, least, at_most=False)
        for other in ("floor", "aiohttp"):
            share = took[other].counts["requests"] * _LATENCY / in_flight / took[other].seconds
            yield Figure(subject, f"share of the ideal, {other}", share, math.inf)
        request = took["floor"].cpu / took["floor"].counts["requests"]
        yield Figure(subject, "CPU a row, in requests of the floor", took["bulkvm"].cpu / rows / request, 15)
        for other in ("aiohttp", "httpx's seam"):
            alone = took[other].cpu / took[other].counts["requests"] / request
            yield Figure(subject, f"CPU a request of {other}, in those of the floor", alone, math.inf)
        yield Figure(subject, "connections, for each worker", took["bulkvm"].counts["connections"] / in_flight, 1)


def measure_scripts(folder: Path, rounds: int) -> Iterator[Figure]:
    """An import beside what a user would write: a loop with requests, and curl by xargs."""
    in_flight, rows = 16, 4000
    sheet = str(make_sheet(folder, rows, ".csv", mistakes=False))
    took = run_in_turn(
        {
            "loop": (sending.requests_loop, (_LATENCY, 100)),
            "curl": (sending.curl, (_LATENCY, 500, in_flight)),
            "bulkvm": (sending.import_sheet, (_LATENCY, 0, sheet, in_flight, 0)),
        },
        rounds,
    )
    row = took["bulkvm"].seconds / took["bulkvm"].counts["created"]  # plan included, as its rows must not be taken
    loop, curl = (took[name].seconds / took[name].counts["requests"] for name in ("loop", "curl"))
    yield Figure(
        "scripts", "rows a second, of a loop that only creates, for each in flight", loop / row / in_flight, 0.9, False
    )
    yield Figure("scripts", "rows a second, of xargs -P 16 curl that only creates", curl / row, 1.8, at_most=False)


def measure_pace(folder: Path, rounds: int) -> Iterator[Figure]:  # noqa: ARG001  (once takes over a minute)
    """An import at the default pace, on a PBX that allows 5,000 requests a minute."""
    sheet = str(make_sheet(folder, 2600, ".csv", mistakes=False))
    took = run_in_turn({"bulkvm": (sending.import_sheet, (0.02, _PER_MINUTE, sheet, 8, _PACE))}, 1)["bulkvm"]
    yield Figure(
        "default pace", "share of the rate", took.counts["requests"] / took.seconds / _PACE, 0.97, at_most=False
    )
    yield Figure("default pace", "requests that were refused", took.counts["refused"], 0, unit="")
    long = run_in_turn({"bulkvm": (simulated.new_rows_at_the_default_pace, (10_000,))}, 1)["bulkvm"]
    yield Figure("default pace", "10,000 new rows, of 10,000 requests", long.seconds * _PACE / 10_000, 1.06)


def measure_requests(folder: Path, rounds: int) -> Iterator[Figure]:  # noqa: ARG001  (counts are the same each time)
    """How many requests an import takes, plan included."""
    new = run_in_turn({"new": (simulated.new_rows, (1_000, 100, 2_000))}, 1)["new"]
    yield Figure(
        "1,000 new rows", "requests, beside 100 boxes and 2,000 numbers", new.counts["requests"], 1100, unit=""
    )
    yield Figure("1,000 new rows", "requests of the plan", new.counts["plan"], 60, unit="")
    updates = run_in_turn({"updates": (simulated.spread_updates, (1_000, 5_000))}, 1)["updates"]
    yield Figure("1,000 updates", "requests, spread over 5,000 boxes", updates.counts["requests"], 1150, unit="")


def measure_refusals(folder: Path, rounds: int) -> Iterator[Figure]:  # noqa: ARG001  (no sheet is needed)
    """An import on a PBX that answers 30 % of the requests with 503 and `Retry-After: 1`, up to twice each."""
    took = run_in_turn({"bulkvm": (simulated.random_503s, (0.3, 300, 8))}, rounds)["bulkvm"]
    yield Figure("random 503s", "300 new rows by 8 workers", took.seconds, 60, unit="s")


def measure_tenants(folder: Path, rounds: int) -> Iterator[Figure]:  # noqa: ARG001  (the same)
    """Backups of many tenants of one PBX, which share its limits."""
    took = run_in_turn(
        {"tenants": (simulated.all_tenants, (50, 200)), "sites": (simulated.sites_of_one_host, (8, 5_000))}, 1
    )
    tenants = took["tenants"]
    allowed = tenants.counts["requests"] / _PACE
    yield Figure("50 tenants of 200 boxes", "backup, of what the pace allows", tenants.seconds / allowed, 1.1)
    for subject, name in (("50 tenants of 200 boxes", "tenants"), ("8 sites of one host", "sites")):
        yield Figure(subject, "most requests a second, of the pace", took[name].counts["most a second"] / _PACE, 1.01)


def measure_many_tenants(folder: Path, rounds: int) -> Iterator[Figure]:  # noqa: ARG001  (once takes minutes)
    """Backups of 2,000 tenants with 200 boxes each, as fast as may be: what they would take at the default pace."""
    took = run_in_turn({"bulkvm": (sending.back_up_tenants, (2_000, 200))}, 1)["bulkvm"]
    assert (took.counts["backups"], took.counts["failed"]) == (2_000, 0)
    requests = took.counts["requests"]
    yield Figure("2,000 tenants", "requests a tenant", requests / 2_000, 13, unit="")
    yield Figure("2,000 tenants", "time at the default pace", requests / _PACE / 60, 6, unit="min")
    yield Figure("2,000 tenants", "CPU time, of that time", took.cpu * _PACE / requests, 0.9)
    yield Figure("2,000 tenants", "memory over the program's own", took.more_mib, 150, unit="MiB")


def measure_politeness(folder: Path, rounds: int) -> Iterator[Figure]:  # noqa: ARG001  (no sheet is needed)
    """How many requests a PBX gets at once whose answers slow down beyond a knee, with 64 allowed."""
    for knee in (4, 8, 16, 32):
        took = run_in_turn({"bulkvm": (sending.load, (_LATENCY, knee, 200 * knee, 64))}, rounds)["bulkvm"]
        rate = took.counts["requests"] * _LATENCY / knee / took.seconds
        yield Figure(f"knee at {knee}", "settles at, of the knee", took.counts["settled"] / knee, 1.5)
        yield Figure(f"knee at {knee}", "share of what the PBX can", rate, 0.9, at_most=False)


def measure_listing(folder: Path, rounds: int) -> Iterator[Figure]:  # noqa: ARG001  (no sheet is needed)
    """A list of 50,000 boxes whose pages take 20 ms each, one after the other."""
    latency, boxes = 0.02, 50_000
    took = run_in_turn({"bulkvm": (sending.list_boxes, (latency, boxes))}, rounds)["bulkvm"]
    assert took.counts["boxes"] == boxes
    share = took.counts["requests"] * latency / took.seconds
    yield Figure("listing 50,000", "share of the ideal", share, 0.8, at_most=False)
    yield Figure("listing 50,000", "memory over the program's own", took.more_mib, 150, unit="MiB")


def measure_cancelling(folder: Path, rounds: int) -> Iterator[Figure]:  # noqa: ARG001  (the same)
    """The client after many cancelled requests."""
    took = run_in_turn({"bulkvm": (sending.cancel_and_go_on, (_LATENCY, 3_000, 16))}, rounds)["bulkvm"]
    yield Figure("3,000 cancelled", "answered of 100 after them", took.counts["answered"], 100, at_most=False, unit="")


def measure_tables(folder: Path, rounds: int) -> Iterator[Figure]:
    """Sheets of 100,000 rows."""
    xlsx, csv = (str(make_sheet(folder, _ROWS, suffix)) for suffix in (".xlsx", ".csv"))
    took = run_in_turn(
        {
            "pandas": (tables.pandas_reads, (xlsx,)),
            "xlsx": (tables.read_and_validate, (xlsx,)),
            "pandas csv": (tables.pandas_reads, (csv,)),
            "read": (tables.read, (csv,)),
            "csv": (tables.read_and_validate, (csv,)),
            "openpyxl": (tables.openpyxl_writes, (csv, str(folder / "openpyxl.xlsx"))),
            "result": (tables.bulkvm_writes, (csv, str(folder / "bulkvm.xlsx"))),
        },
        rounds,
    )
    yield Figure(
        "100,000 rows",
        "validate .xlsx, of pandas + openpyxl reading it",
        took["xlsx"].seconds / took["pandas"].seconds,
        1,
    )
    yield Figure("100,000 rows", "validate .xlsx, memory", took["xlsx"].peak_mib, 400, unit="MiB")
    check = took["csv"].cpu - took["read"].cpu
    yield Figure("100,000 rows", "check .csv, of pandas reading it", check / took["pandas csv"].cpu, 5)
    yield Figure("100,000 rows", "check .csv", check / _ROWS * 1e6, math.inf, unit="µs a row")
    yield Figure(
        "100,000 rows", "result, of openpyxl write-only", took["result"].seconds / took["openpyxl"].seconds, 0.7
    )
    yield Figure("100,000 rows", "result, memory", took["result"].peak_mib, 1024, unit="MiB")


def measure_starting(folder: Path, rounds: int) -> Iterator[Figure]:
    """Commands that are over in a moment."""
    csv, xlsx = (str(make_sheet(folder, 40, suffix, mistakes=False)) for suffix in (".csv", ".xlsx"))
    took = run_in_turn(
        {
            "bare": (starting.python, (starting.BARE,)),
            "help": (starting.python, (("-m", "bulkvm", "--help"),)),
            "pandas": (starting.python, (starting.PANDAS,)),
            "csv": (starting.python, (("-m", "bulkvm", "validate", csv),)),
            "xlsx": (starting.python, (("-m", "bulkvm", "validate", xlsx),)),
        },
        rounds,
    )
    yield Figure("starting", "--help, in bare interpreter starts", took["help"].seconds / took["bare"].seconds, 8)
    for suffix, most in (("csv", 1.3), ("xlsx", 1.5)):
        share = took[suffix].seconds / took["pandas"].seconds
        yield Figure("starting", f"validate 40 rows of .{suffix}, of importing pandas", share, most)


def measure_runs(folder: Path, rounds: int) -> Iterator[Figure]:
    """The list of runs, with five journals of 100,000 rows."""
    tables.write_journals(folder / "state", 5, _ROWS)
    took = run_in_turn({"runs": (starting.runs, (str(folder / "state"),))}, rounds)["runs"]
    yield Figure("runs", "five journals of 100,000 rows", took.seconds, 1, unit="s")
    yield Figure("runs", "five journals of 100,000 rows, memory", took.peak_mib, 100, unit="MiB")


def measure_growth(folder: Path, rounds: int) -> Iterator[Figure]:
    """What a row more costs, from 1,000 rows to 100,000, and a million rows as .csv."""
    for line in grow(folder, rounds):
        low, high = line.slopes
        yield Figure(line.name, "time a row from 10,000 rows on, of that below", high.cpu / low.cpu, 1.25)
        yield Figure(line.name, "time a row", high.cpu * 1e6, math.inf, unit="µs")
        yield Figure(line.name, "memory a thousand rows", high.mib * 1e3, math.inf, unit="MiB")
    million = run_in_turn({"csv": (tables.read_and_validate, (str(make_sheet(folder, 1_000_000, ".csv")),))}, 1)["csv"]
    yield Figure("1,000,000 rows", "validate .csv", million.seconds, 60, unit="s")
    yield Figure("1,000,000 rows", "validate .csv, memory", million.peak_mib, 1100, unit="MiB")


MEASURES: Final[dict[str, Measure]] = {
    "importing": measure_importing,
    "scripts": measure_scripts,
    "requests": measure_requests,
    "pace": measure_pace,
    "refusals": measure_refusals,
    "tenants": measure_tenants,
    "many tenants": measure_many_tenants,
    "politeness": measure_politeness,
    "listing": measure_listing,
    "cancelling": measure_cancelling,
    "tables": measure_tables,
    "starting": measure_starting,
    "runs": measure_runs,
    "growth": measure_growth,
}
