"""Reading, checking and writing sheets, and what a script would do in their place."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from tests.benchmarks.measuring import Took, stopwatch

_STATUS_COLOUR: Final = "FFC9E7C4"


def read(file: str) -> Took:
    """What bulkvm needs to read a sheet."""
    from bulkvm import read_sheet

    with stopwatch() as took:
        held = read_sheet(Path(file))  # as a command holds it to its end
    assert len(held.cells)
    return took[0]


def read_and_validate(file: str) -> Took:
    """What bulkvm needs to read and check a sheet."""
    from bulkvm import read_sheet, validate

    with stopwatch() as took:
        held = read_sheet(Path(file))
        checked = validate(held)
    assert len(held.cells) == len(checked.extensions)
    return took[0]


def pandas_reads(file: str) -> Took:
    """The yardstick: pandas reads it, with openpyxl if it is a workbook, and checks nothing."""
    import openpyxl  # noqa: F401  (else pandas brings it when it reads)
    import pandas as pd

    with stopwatch() as took:
        if file.endswith(".csv"):
            pd.read_csv(file, dtype=str, keep_default_na=False)
        else:
            pd.read_excel(file, dtype=str, keep_default_na=False, engine="openpyxl")
    return took[0]


def bulkvm_writes(file: str, target: str) -> Took:
    """What bulkvm needs to write a result."""
    from bulkvm import Outcome, RunSummary, Status, read_sheet, validate, write_result

    sheet = read_sheet(Path(file))
    outcomes = [
        Outcome(row=row, extension_number=extension, status=Status.CREATED, id=f"id{extension}")
        for row, extension in validate(sheet).extensions.items()
    ]
    run = RunSummary(site="clinic", time=datetime.now(UTC), input_sha256="", exit_code=0)
    with stopwatch() as took:
        write_result(Path(target), sheet, outcomes, (), run, overwrite=True)
    return took[0]


def write_journals(state: Path, count: int, rows: int) -> None:
    """Write the journals of so many imports, which ended."""
    from bulkvm import Journal, Outcome, Record, RunInfo, Status
    from bulkvm.model.change import Change, ChangeKind
    from bulkvm.model.exit_codes import ExitCode
    from bulkvm.runs import SheetRow

    state.chmod(0o700) if state.exists() else state.mkdir(mode=0o700)
    records = [Record(row=n, extension_number=f"{100_000 + n}", name=f"Box {n}", pin="402817") for n in range(rows)]
    for number in range(1, count + 1):
        info = RunInfo(name=f"run{number}", site="clinic", url="", file="a.csv", began=datetime.now(UTC), number=number)
        journal = Journal(state / "runs", info, [SheetRow(record=record) for record in records])
        outcomes = []
        for record in records:
            journal.begin(Change(ChangeKind.CREATE, record))
            outcomes.append(Outcome(row=record.row, extension_number=record.extension_number, status=Status.CREATED))
            journal.end(outcomes[-1])
        journal.finish(outcomes, ExitCode.DONE)
        journal.close()


def openpyxl_writes(file: str, target: str) -> Took:
    """The yardstick: the same cells, typed as text, with the same colour in the same column, by openpyxl write-only."""
    import csv

    from openpyxl import Workbook
    from openpyxl.cell import Cell, WriteOnlyCell
    from openpyxl.styles import PatternFill

    with Path(file).open(encoding="utf-8", newline="") as opened:
        headings, *rows = csv.reader(opened)
    fill = PatternFill("solid", fgColor=_STATUS_COLOUR)
    with stopwatch() as took:
        workbook = Workbook(write_only=True)
        sheet = workbook.create_sheet("Boxes")

        def cell(text: str) -> Cell:
            made = WriteOnlyCell(sheet, text)
            made.data_type, made.number_format = "s", "@"
            return made

        sheet.append([*headings, "bulkvm_status", "bulkvm_message", "bulkvm_id", "bulkvm_changed"])
        for row in rows:
            status = cell("created")
            status.fill = fill
            sheet.append([*map(cell, row), status, None, cell(f"id{row[0]}"), None])
        workbook.save(target)
    return took[0]
