"""Each use case as one call, with its lock, journal, limits, result file and exit code."""
