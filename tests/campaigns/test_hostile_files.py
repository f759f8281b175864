"""Files made to take all the memory there is. `pytest -m campaign` runs them."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.readers.files import header_xml, write_raw_workbook

pytestmark = pytest.mark.campaign

# The command in a process of its own, which prints how many KiB it took at most.
COMMAND = """
import sys
from pathlib import Path
from bulkvm.cli.main import run
code = run(sys.argv[1:])
print(Path("/proc/self/status").read_text().partition("VmHWM:")[2].split()[0])
sys.exit(code)
"""
FIRST = '<row r="2"><c r="A2" t="inlineStr"><is><t>6201</t></is></c></row>'
STYLES = '<cellXfs><xf/><xf numFmtId="49"/></cellXfs>'


def a_million_formatted_rows(path: Path) -> None:
    cells = '<c r="A{0}" s="1"/><c r="B{0}" s="1"/><c r="C{0}" s="1"/>'
    rows = "".join(f'<row r="{n}" s="1" customFormat="1">{cells.format(n)}</row>' for n in range(3, 1_048_577))
    write_raw_workbook(path, f"<sheetData>{header_xml()}{FIRST}{rows}</sheetData>", styles=STYLES)


def eight_million_strings(path: Path) -> None:
    strings = "".join(f"<si><t>{n:07}</t></si>" for n in range(8_000_000))
    write_raw_workbook(path, f"<sheetData>{header_xml()}{FIRST}</sheetData>", strings=strings)


def the_longest_cells(path: Path) -> None:
    cell = '<row r="{0}"><c t="inlineStr"><is><t>{0:032767}</t></is></c></row>'
    rows = "".join(cell.format(n) for n in range(2, 25_000))
    write_raw_workbook(path, f"<sheetData>{header_xml()}{rows}</sheetData>")


def a_lot_of_nothing(path: Path) -> None:
    write_raw_workbook(path, f"<sheetData>{header_xml()}{FIRST}{' ' * (200 * 2**20)}</sheetData>")


def a_csv_file_of_wide_rows(path: Path) -> None:
    with path.open("w", encoding="utf-8") as file:
        file.write("name,pin\n")
        file.writelines(f"{'x' * 130_000},{row}\n" for row in range(6_000))


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells how much memory was taken")
@pytest.mark.parametrize(
    ("make", "suffix", "code"),
    [
        (a_million_formatted_rows, "xlsx", 0),
        (eight_million_strings, "xlsx", 0),
        (the_longest_cells, "xlsx", 3),
        (a_lot_of_nothing, "xlsx", 3),
        (a_csv_file_of_wide_rows, "csv", 3),
    ],
)
def test_no_file_takes_a_gibibyte_or_shows_a_traceback(
    tmp_path: Path, make: Callable[[Path], None], suffix: str, code: int
) -> None:
    make(tmp_path / f"a.{suffix}")

    arguments = ["validate", str(tmp_path / f"a.{suffix}"), "--annotate", str(tmp_path / "b.xlsx")]
    ended = subprocess.run(
        [sys.executable, "-c", COMMAND, *arguments], capture_output=True, text=True, timeout=300, check=False
    )

    assert ended.returncode == code
    assert "Traceback" not in ended.stderr
    assert int(ended.stdout.split()[-1]) < 2**20
