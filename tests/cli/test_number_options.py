"""Options that are numbers or durations."""

import re
from pathlib import Path

import pytest

from tests.cli.program import Bulkvm
from tests.cli.sheet_files import rows, write_csv


@pytest.mark.usefixtures("pbx")
@pytest.mark.parametrize(
    ("option", "given", "message"),
    [
        ("--max-outage", "3x", '"3x" is not a number of seconds from 0 to 86400. Example: 120 or 2m.'),
        ("--max-outage", "2d", '"2d" is not a number of seconds from 0 to 86400. Example: 120 or 2m.'),
        ("--timeout", "nan", '"nan" is not a number of seconds from 0.1 to 3600. Example: 30 or 30s.'),
        ("--retries", "0", '"0" is not a whole number from 1 to 100. Example: 1.'),
        ("--concurrency", "8.5", '"8.5" is not a whole number from 1 to 256. Example: 8.'),
        ("--max-rps", "1e9", '"1e9" is not a number from 0.1 to 100000. Example: 75, or 0 for no limit.'),
        ("--max-rps", "0.000001", '"0.000001" is not a number from 0.1 to 100000. Example: 75, or 0 for no limit.'),
        ("--max-changes", "150%", '"150%" is neither a number of rows nor a share from 0% to 100%. Write 50 or 40%.'),
        ("--valid-for", "3 days", '"3 days" is not a duration, up to 99999d. Write it as 90s, 10m, 36h or 7d.'),
    ],
)
def test_an_option_with_a_wrong_number_shows_its_range_and_an_example(
    bulkvm: Bulkvm, option: str, given: str, message: str
) -> None:
    ended = bulkvm("plan", "boxes.csv", option, given)

    assert ended.code == 2
    assert message in re.sub(r"\s+", " ", ended.err)


@pytest.mark.usefixtures("pbx")
@pytest.mark.parametrize("given", ["3s", "2m", "120"])
def test_seconds_are_also_given_as_a_duration(bulkvm: Bulkvm, folder: Path, given: str) -> None:
    sheet = write_csv(folder / "boxes.csv", *rows(1))

    assert bulkvm("plan", sheet, "--max-outage", given, "--timeout", given).code == 0
