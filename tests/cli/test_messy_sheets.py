"""Options for sheets that are not as they should be."""

import csv
from pathlib import Path

import pytest
from openpyxl import load_workbook
from starlette.applications import Starlette

from tests.cli.program import SAMPLES, Bulkvm
from tests.cli.sheet_files import write_csv


def exported(file: Path) -> dict[str, dict[str, str]]:
    with file.open(encoding="utf-8-sig", newline="") as opened:
        return {row["extension_number"]: row for row in csv.DictReader(opened)}


@pytest.mark.usefixtures("pbx")
def test_lost_zeros_are_restored_on_request(bulkvm: Bulkvm, folder: Path) -> None:
    (folder / "a.csv").write_text("Ext,Name,PIN\n6201,Front Desk,24680\n", encoding="utf-8")

    refused = bulkvm("import", "a.csv", "--yes")
    mended = bulkvm("import", "a.csv", "--yes", "--fix", "leading-zeros", "--json")
    bulkvm("export", "all.csv")

    assert (refused.code, mended.code) == (3, 0)
    assert "--fix leading-zeros" in refused.err
    assert exported(folder / "all.csv")["6201"]["pin"] == "024680"


@pytest.mark.usefixtures("pbx")
def test_an_export_that_a_spreadsheet_saved_without_zeros_has_each_problem_once(bulkvm: Bulkvm, folder: Path) -> None:
    (folder / "a.csv").write_text("Ext,Name,PIN\n0101,Front Desk,024680\n", encoding="utf-8")
    bulkvm("import", "a.csv", "--yes")
    bulkvm("export", "all.csv")
    text = (folder / "all.csv").read_text("utf-8-sig")
    (folder / "pin.csv").write_text(text.replace("024680", "24680"), encoding="utf-8")
    (folder / "both.csv").write_text(text.replace("024680", "24680").replace("0101", "101"), encoding="utf-8")

    pin, both = bulkvm("plan", "pin.csv", "--json"), bulkvm("plan", "both.csv", "--json")

    assert [(p["cell"], p["code"], p["severity"]) for p in pin.json["problems"]] == [("C2", "pin-lost-zero", "error")]
    assert [(p["cell"], p["code"], p["severity"]) for p in both.json["problems"]] == [
        ("A2", "id-disagrees", "error"),
        ("C2", "pin-lost-zero", "error"),
    ]


@pytest.mark.usefixtures("pbx")
def test_a_generated_pin_is_in_the_result(bulkvm: Bulkvm, folder: Path) -> None:
    (folder / "a.csv").write_text("Ext,Name,PIN\n6201,Front Desk,\n6202,Sales,402817\n", encoding="utf-8")

    refused = bulkvm("import", "a.csv", "--yes")
    made = bulkvm("import", "a.csv", "--yes", "--generate-pins", "--json", "--result", "r.csv")
    bulkvm("export", "all.csv")
    with (folder / "r.csv").open(encoding="utf-8-sig", newline="") as opened:
        rows = list(csv.DictReader(opened))

    assert (refused.code, made.code) == (3, 0)
    pins = {number: row["pin"] for number, row in exported(folder / "all.csv").items()}
    assert [row["bulkvm_pin"] for row in rows] == [pins["6201"], ""]
    assert pins["6202"] == "402817"
    assert pins["6201"] not in made.out + made.err
    again = bulkvm("import", "r.csv", "--yes", "--generate-pins", "--json")
    assert again.json["counts"]["unchanged"] == 2


def test_only_failed_reads_the_rows_of_a_result_that_were_not_done(
    bulkvm: Bulkvm, pbx: Starlette, folder: Path
) -> None:
    bulkvm("import", SAMPLES / "mistakes.xlsx", "--yes", "--skip-invalid", "--result", "r.xlsx")
    created = pbx.state.traffic.counts["create"]

    ended = bulkvm("import", "r.xlsx", "--yes", "--only-failed", "--json", "--result", "second.xlsx")

    assert ended.code == 3
    assert sum(ended.json["counts"].values()) == 76 - created
    sheet = next(s for s in load_workbook(folder / "second.xlsx") if s.title != "bulkvm")
    header, *rows = [row for row in sheet.iter_rows(values_only=True) if any(row)]
    statuses = [status for row in rows if (status := row[header.index("bulkvm_status")])]
    assert (statuses.count("created"), statuses.count("invalid"), len(statuses)) == (created, 76 - created, 76)


@pytest.mark.usefixtures("pbx")
def test_only_failed_with_nothing_left_says_so_and_writes_neither_a_result_nor_a_run(
    bulkvm: Bulkvm, folder: Path
) -> None:
    (folder / "a.csv").write_text("extension_number,name,pin\n6201,Desk,402817\n", "utf-8")
    bulkvm("import", "a.csv", "--yes", "--generate-pins", "--result", "r.xlsx")
    runs, files = bulkvm("runs").out, sorted(folder.iterdir())

    ended, documented, quiet = (
        bulkvm("import", "r.xlsx", "--only-failed", "--yes", *option) for option in ((), ("--json",), ("--quiet",))
    )

    planned = bulkvm("plan", "r.xlsx", "--only-failed")

    assert (ended.code, documented.code, quiet.code) == (0, 0, 0)
    assert "Nothing is left to do: an earlier run completed every row.\n" in planned.out
    assert ended.err.endswith("Nothing is left to do: an earlier run completed every row.\n")
    assert (documented.json["run"], documented.json["rows"]) == (None, [])
    assert (quiet.out, quiet.err) == ("", "")
    assert (bulkvm("runs").out, sorted(folder.iterdir())) == (runs, files)


@pytest.mark.usefixtures("pbx")
@pytest.mark.parametrize(
    ("bad", "printed"), [("6202", "1 row that an earlier run completed is left out"), ("6201", None)]
)
def test_rows_that_are_done_and_were_edited_since_are_reported_as_left_out(
    bulkvm: Bulkvm, folder: Path, bad: str, printed: str | None
) -> None:
    rows = "".join(f"{n},Desk,{'402817' if n != bad else '111222'}\n" for n in sorted({"6201", bad}))
    (folder / "a.csv").write_text(f"extension_number,name,pin\n{rows}", "utf-8")
    bulkvm("import", "a.csv", "--yes", "--skip-invalid", "--result", "r.csv")
    text = (folder / "r.csv").read_text("utf-8-sig")
    (folder / "r.csv").write_text(text.replace("111222", "582046").replace("6201,Desk", "6201,Edited"), "utf-8")

    ended = bulkvm("import", "r.csv", "--yes", "--only-failed", "--json")

    assert (ended.code, ended.json["counts"]["created"]) == (0, 1)
    messages = [problem["message"] for problem in ended.json["problems"] if problem["code"] == "rows-left-out"]
    assert [message.startswith(printed or "-") for message in messages] == [True] * bool(printed)
    assert printed is None or printed in ended.err


@pytest.mark.usefixtures("pbx")
def test_a_heading_can_be_mapped_to_a_column(bulkvm: Bulkvm, folder: Path) -> None:
    (folder / "a.csv").write_text("Platz;Wer;Schlüssel\n6201;Zentrale;402817\n", encoding="cp1252")
    mapped = ["--map", "Platz=extension_number", "--map", "wer=name", "--map", "Schlüssel=PIN"]

    assert bulkvm("import", "a.csv", "--yes").code == 3
    assert bulkvm("import", "a.csv", "--yes", *mapped, "--json").json["counts"]["created"] == 1


def test_clean_writes_the_sheet_as_it_was_understood(bulkvm: Bulkvm, folder: Path) -> None:
    (folder / "a.csv").write_text("Ext,Prompt,Emails\n\n6201 ,en_US,A <a@example.com>\n6202,,<clear>\n", "utf-8")

    ended = bulkvm("validate", "a.csv", "--clean", "clean.csv")

    assert ended.code == 0
    with (folder / "clean.csv").open(encoding="utf-8-sig", newline="") as opened:
        rows = [(r["bulkvm_row"], r["extension_number"], r["prompt"], r["recipients"]) for r in csv.DictReader(opened)]
    assert rows == [("3", "6201", "en-US", "a@example.com"), ("4", "6202", "", "<clear>")]


def test_an_annotated_copy_leaves_the_sheet_as_it_was(bulkvm: Bulkvm, folder: Path) -> None:
    before = (SAMPLES / "mistakes.xlsx").read_bytes()

    ended = bulkvm("validate", SAMPLES / "mistakes.xlsx", "--annotate", "copy.xlsx")

    assert ended.code == 3
    assert (SAMPLES / "mistakes.xlsx").read_bytes() == before
    book = load_workbook(folder / "copy.xlsx")
    assert book.sheetnames[0] == "bulkvm"
    note = book["Boxes"]["C26"].comment
    assert note is not None
    assert "three times in a row" in note.text


@pytest.mark.usefixtures("folder")
def test_a_template_from_a_site_offers_its_prompt_languages(bulkvm: Bulkvm) -> None:
    bulkvm("import", SAMPLES / "clinic.csv", "--yes", "--site", "simulator")

    assert bulkvm("template", "t.xlsx", "--from-site", "simulator").code == 0

    sheet = load_workbook("t.xlsx")["Boxes"]
    offered = {str(rule.sqref).split(":")[0]: rule.formula1 for rule in sheet.data_validations.dataValidation}
    assert offered["D2"] == '"en-US,es-ES,de-DE"'


def test_a_file_that_was_saved_as_csv_twice_is_reported_as_such(bulkvm: Bulkvm, folder: Path) -> None:
    (folder / "a.csv").write_text('"Ext,Display Name,PIN"\n"6201,""A, B"",402817"\n', "utf-8")

    ended = bulkvm("validate", "a.csv")

    assert ended.code == 3
    assert "saved as CSV twice" in ended.err
    assert "402817" not in ended.err


def test_one_file_for_two_copies_and_a_heading_mapped_twice_are_refused(bulkvm: Bulkvm, folder: Path) -> None:
    (folder / "a.csv").write_text("Nummer,Name\n6201,A\n", "utf-8")

    copies = bulkvm(
        "validate", "a.csv", "--map", "Nummer=extension_number", "--annotate", "z.xlsx", "--clean", "./z.xlsx"
    )
    meanings = bulkvm("validate", "a.csv", "--map", "Nummer=extension_number", "--map", "nummer=pin")

    assert (copies.code, meanings.code) == (2, 2)
    assert "Name two different files" in copies.err
    assert "mapped twice" in meanings.err
    assert not (folder / "z.xlsx").exists()


@pytest.mark.parametrize("name", ["copy.xls", "copy.csv", "copy"])
def test_an_annotated_copy_is_named_before_the_sheet_is_checked(bulkvm: Bulkvm, folder: Path, name: str) -> None:
    write_csv(folder / "a.csv", ("62", "A", "402817", "", ""))

    ended = bulkvm("validate", "a.csv", "--annotate", name)

    assert (ended.code, ended.out) == (2, "")
    assert "must end in .xlsx." in ended.err
    assert "[extension-length]" not in ended.err


@pytest.mark.usefixtures("pbx")
def test_a_result_whose_columns_were_sorted_apart_is_refused(bulkvm: Bulkvm, pbx: Starlette, folder: Path) -> None:
    sheet = write_csv(
        folder / "a.csv", ("6201", "A", "111222", "", ""), *((str(6202 + n), "B", "402817", "", "") for n in range(2))
    )
    bulkvm("import", sheet, "--yes", "--skip-invalid", "--result", "r.csv")
    with (folder / "r.csv").open(encoding="utf-8-sig", newline="") as opened:
        header, *cells = csv.reader(opened)
    first = header.index("bulkvm_status")
    apart = [[*row[:first], *results[first:]] for row, results in zip(cells, reversed(cells), strict=True)]
    with (folder / "r.csv").open("w", encoding="utf-8", newline="") as opened:
        csv.writer(opened).writerows([header, *apart])
    created = pbx.state.traffic.counts["create"]

    ended = bulkvm("import", "r.csv", "--yes", "--only-failed", "--skip-invalid", "--result", "again.csv", "--json")
    planned = bulkvm("plan", "r.csv", "--only-failed")

    assert (ended.code, planned.code, pbx.state.traffic.counts["create"]) == (3, 3, created)
    assert ended.json["problems"][0]["code"] == "id-disagrees"
    assert "row 2: bulkvm_id is that of box 6203, but the extension is 6201" in ended.err
    assert "sorted" in planned.err
    assert not (folder / "again.csv").exists()


@pytest.mark.usefixtures("pbx")
def test_a_result_that_lost_a_leading_zero_is_refused_for_this_reason(bulkvm: Bulkvm, folder: Path) -> None:
    sheet = write_csv(folder / "a.csv", ("0201", "A", "402817", "", ""))
    bulkvm("import", sheet, "--yes", "--result", "r.csv")
    result = folder / "r.csv"
    result.write_text(result.read_text("utf-8-sig").replace("0201", "201"), "utf-8")

    ended = bulkvm("plan", "r.csv", "--only-failed")

    assert ended.code == 3
    assert "that of box 0201, but the extension is 201. A spreadsheet program dropped the leading zero, so" in ended.err


def test_a_result_whose_statuses_were_sorted_apart_is_refused(bulkvm: Bulkvm, pbx: Starlette, folder: Path) -> None:
    sheet = write_csv(
        folder / "a.csv", ("6201", "A", "111222", "", ""), *((str(6202 + n), "B", "402817", "", "") for n in range(2))
    )
    bulkvm("import", sheet, "--yes", "--skip-invalid", "--result", "r.csv")
    with (folder / "r.csv").open(encoding="utf-8-sig", newline="") as opened:
        header, *cells = csv.reader(opened)
    status = header.index("bulkvm_status")
    statuses = sorted(row[status] for row in cells)
    with (folder / "r.csv").open("w", encoding="utf-8", newline="") as opened:
        csv.writer(opened).writerows(
            [header, *([*row[:status], s, *row[status + 1 :]] for row, s in zip(cells, statuses, strict=True))]
        )

    ended = bulkvm("import", "r.csv", "--yes", "--only-failed", "--skip-invalid", "--json")

    assert ended.code == 3
    assert ended.json["problems"][0]["code"] == "id-disagrees"
    assert "row 2: bulkvm_id is blank" in ended.err
    assert pbx.state.traffic.counts["create"] == 2
