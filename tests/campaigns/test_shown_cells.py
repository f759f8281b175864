"""No digit is taken that a person does not see, unless a problem says so. `pytest -m campaign` runs it.

LibreOffice shows the cells of random files. Where it is known to show something else than Excel, the files avoid it
(`random_sheets.py`), or the text is corrected (`shown_cells.py`); each of these cases is described there.
"""

import os
import random
import subprocess
from pathlib import Path
from random import Random
from typing import Final

import pytest

from bulkvm.model.errors import SheetError
from bulkvm.model.problem import ProblemCode
from tests.campaigns.random_sheets import random_csv, write_random_workbook
from tests.campaigns.shown_cells import AS_SHOWN, as_in_excel, compare, read_shown
from tests.office import NEEDS_OFFICE, convert, save_as

pytestmark = [pytest.mark.campaign, NEEDS_OFFICE]

# The same ones each time; CAMPAIGN_EXAMPLES=50 tries so many workbooks that are new.
EXAMPLES: Final = int(os.environ.get("CAMPAIGN_EXAMPLES", "0"))
ROWS: Final = 8_000
FORMATS: Final = 1_500
FILES: Final = 40
ALL_AS_TEXT: Final = "/".join(f"{column}/2" for column in range(1, 20))


@pytest.mark.parametrize("number", range(EXAMPLES or 3))
def test_a_workbook_is_read_as_libreoffice_shows_it(tmp_path: Path, number: int) -> None:
    seed = random.getrandbits(32) if EXAMPLES else number
    file = tmp_path / f"{seed}.xlsx"

    known = write_random_workbook(file, Random(seed), rows=ROWS, formats=FORMATS)
    try:
        shown = as_in_excel(read_shown(save_as(file, AS_SHOWN, tmp_path)))
    except subprocess.TimeoutExpired:  # some formats take LibreOffice very long
        pytest.skip(f"LibreOffice does not finish: seed {seed}")

    compared, differences = compare(file, shown, known)
    assert compared == 4 * ROWS
    assert differences == [], f"seed {seed}"


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"], ids=["comma", "semicolon", "tab", "vertical bar"])
def test_a_csv_file_is_read_as_libreoffice_shows_it_with_text_columns(tmp_path: Path, delimiter: str) -> None:
    files = [tmp_path / f"{number}.csv" for number in range(FILES)]
    for number, file in enumerate(files):
        file.write_text(random_csv(Random(number), delimiter), encoding="utf-8", newline="")

    convert(files, AS_SHOWN, tmp_path / "shown", opened_as=f"CSV:{ord(delimiter)},34,76,1,{ALL_AS_TEXT}")

    compared, refused = 0, []
    for file in files:
        try:
            cells, differences = compare(file, read_shown(tmp_path / "shown" / file.name), {})
        except SheetError as error:
            refused.append(error.problem.code)
            continue
        compared += cells
        assert differences == [], file.name
    assert compared > 2_000
    assert set(refused) <= {ProblemCode.UNCLOSED_QUOTE, ProblemCode.QUOTES}
    assert len(refused) < FILES / 2
