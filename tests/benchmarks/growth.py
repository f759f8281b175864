"""How time and memory grow with the rows."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Final

from tests.benchmarks import sending, tables
from tests.benchmarks.measuring import Job, Took, run_in_turn
from tests.benchmarks.sheets import make_sheet

SIZES: Final = (1_000, 10_000, 100_000)
_IN_FLIGHT: Final = 16


@dataclass(frozen=True, slots=True)
class Slope:
    """What one row more costs: seconds on the processor, and MiB."""

    cpu: float
    mib: float


@dataclass(frozen=True, slots=True)
class Growth:
    """One thing to do, and what it took for each number of rows."""

    name: str
    took: dict[int, Took]

    @property
    def slopes(self) -> list[Slope]:
        """What a row more costs between one size and the next."""
        return [
            Slope((more.cpu - less.cpu) / (rows - fewer), (more.peak_mib - less.peak_mib) / (rows - fewer))
            for (fewer, less), (rows, more) in pairwise(self.took.items())
        ]


def grow(folder: Path, rounds: int) -> Iterator[Growth]:
    """Do each thing with ever more rows."""

    def checking(suffix: str) -> Callable[[int], Job]:
        return lambda rows: (tables.read_and_validate, (str(make_sheet(folder, rows, suffix)),))

    def writing(rows: int) -> Job:
        return tables.bulkvm_writes, (str(make_sheet(folder, rows, ".csv")), str(folder / "grown.xlsx"))

    def importing(rows: int) -> Job:
        sheet = str(make_sheet(folder, rows, ".csv", mistakes=False))
        return sending.import_sheet, (0.0, 0, sheet, _IN_FLIGHT, 0)

    jobs = {
        "validate .csv": checking(".csv"),
        "validate .xlsx": checking(".xlsx"),
        "write a result": writing,
        "import": importing,
    }
    for name, job in jobs.items():
        # The largest takes minutes, and what happens beside it evens out.
        often = {rows: 1 if rows == max(SIZES) else rounds for rows in SIZES}
        yield Growth(name, {rows: run_in_turn({name: job(rows)}, often[rows])[name] for rows in SIZES})
