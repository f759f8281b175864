"""Speed and memory, as ratios to yardsticks measured in the same run. `python -m tests.benchmarks` runs them all."""
