"""`python -m tests.benchmarks`: measure all goals, or those that are named, and write a table of them."""

import argparse
import platform
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.benchmarks.goals import MEASURES
from tests.benchmarks.report import render_summary, render_table

parser = argparse.ArgumentParser(prog="python -m tests.benchmarks")
parser.add_argument("measures", nargs="*", metavar="MEASURE", help=f"of {', '.join(MEASURES)}; without one, all")
parser.add_argument("--rounds", type=int, default=3, help="how often each is measured")
parser.add_argument("--output", type=Path, default=Path(__file__).parent / "results", help="the folder for the results")
arguments = parser.parse_args()

with TemporaryDirectory() as folder:
    figures = []
    for name in arguments.measures or MEASURES:
        for figure in MEASURES[name](Path(folder), arguments.rounds):
            figures.append(figure)
            print(render_table([figure]).splitlines()[-1], flush=True)
arguments.output.mkdir(exist_ok=True)
machine = (
    f"Python {platform.python_version()}, {platform.system()} {platform.machine()}; {arguments.rounds} runs each\n"
)
(arguments.output / "figures.md").write_text(f"{machine}\n{render_table(figures)}", "utf-8")
print(render_summary(figures))
