"""`python -m tests.benchmarks`: measure all goals, or those that are named."""

import argparse
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.benchmarks.goals import MEASURES

parser = argparse.ArgumentParser()
parser.add_argument("measures", nargs="*", choices=[*MEASURES, []])
parser.add_argument("--rounds", type=int, default=3)
arguments = parser.parse_args()
with TemporaryDirectory() as folder:
    for name in arguments.measures or MEASURES:
        for figure in MEASURES[name](Path(folder), arguments.rounds):
            print(
                figure.subject,
                "|",
                figure.name,
                "|",
                round(figure.value, 3),
                figure.unit,
                "|",
                figure.bound,
                "met" if figure.is_met else "MISSED",
                flush=True,
            )
