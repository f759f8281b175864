"""Columns that are not read, and mark rows as not wanted."""

from dataclasses import replace
from pathlib import Path

import pytest

from bulkvm.readers import read_sheet
from bulkvm.validation import validate
from tests.sheets import sheet_of


@pytest.mark.parametrize(
    ("heading", "text"),
    [
        ("Delete?", "yes"), ("Delete", "x"), ("DELETE", "\u2713"), ("Löschen?", "ja"), ("Supprimer", "oui"),
        ("Eliminar", "sí"), ("Verwijderen", "ja"), ("Excluir", "sim"), ("Disabled", "TRUE"), ("Delete", "deleted"),
        ("Action", "delete"), ("Action", "Remove"), ("Aktion", "löschen"), ("Ação", "excluir"), ("Status", "inactive"),
        ("Status", "gelöscht"), ("Active", "No"), ("Active?", "0"), ("Enable Voicemail", "No"), ("Voicemail", "off"),
        ("Aktiv", "nein"), ("Actif", "non"), ("Activo", "FALSE"), ("Attivo", "no"), ("Actief", "nee"), ("Ativo", "não"),
        ("Delete (Y/N)", "Y"), ("Delete Y/N", "y"), ("Action (add/change/delete)", "delete"),
        ("Voicemail aktiv (ja/nein)", "nein"), ("Voicemail: yes/no?", "no"),
        ("Status", "to delete"), ("Status", "To be deleted"), ("Status", "left"), ("Status", "Left 31.12."),
        ("State", "has left the company"), ("Status", "terminated"), ("Employment status", "Leaver"),
        ("Status", "gekündigt"), ("Mitarbeiterstatus", "ausgeschieden"), ("Status", "Gekuendigt"),
        ("Statut", "à supprimer"), ("État", "parti"), ("Estado", "baja"), ("Estado", "dado de baja"),
        ("Stato", "in uscita"), ("Stato", "da eliminare"), ("Status", "uit dienst"), ("Status", "te verwijderen"),
        ("Situação", "saiu"), ("Status", "desligado"), ("Action", "do not import"), ("Action needed", "skip"),
        ("Aktion", "bitte löschen"), ("Import?", "no"), ("Import this row?", "N"), ("Keep", "no"), ("Keep?", "FALSE"),
        ("Needs voicemail", "no"), ("Needs a voicemail box?", "No"), ("Create?", "no"), ("Voicemail required", "no"),
        ("Voicemail needed?", "not needed"), ("Include", "no"), ("Leaver", "yes"), ("Do not import", "x"),
        ("Importieren", "nein"), ("Mailbox benötigt?", "nein"), ("Anlegen?", "nein"), ("À créer", "non"),
        ("Besoin de messagerie vocale", "non"), ("Importar", "no"), ("Necesita buzón de voz", "no"),
        ("Da creare", "no"), ("Serve casella vocale?", "no"), ("Voicemail nodig", "nee"), ("Importeren?", "nee"),
        ("Precisa de correio de voz", "não"), ("Criar?", "não"), ("Ausgeschieden", "ja"), ("Parti", "oui"),
        ("Uit dienst", "ja"), ("userAccountControl", "514"),
        ("accountEnabled", "FALSE"), ("Account enabled", "no"), ("isDeleted", "true"),
        ("Active employee", "No"),
        ("Still in use", "no"), ("Still needed?", "no"), ("Noch benötigt", "nein"), ("Has mailbox", "No"),
        ("Messagerie", "Non"), ("Anrufbeantworter", "nein"), ("Status", "unused"), ("Status", "nicht belegt"),
        ("Unassigned", "x"), ("Approved", "no"), ("Approved?", "rejected"), ("In scope", "no"), ("Discontinued", "yes"),
        ("Mailbox active", "no"), ("VM active", "0"), ("Line status", "inactive"), ("Delete (after review)", "yes"),
        ("Delete voicemail", "yes"),
    ],
)  # fmt: skip
def test_a_row_that_is_marked_as_not_wanted_is_an_error(heading: str, text: str) -> None:
    sheet = sheet_of(["Ext", "Name", "PIN", heading], ["6201", "Lab", "402817", text], ["6202", "Desk", "518294", ""])

    checked = validate(sheet)

    assert [(p.cell, p.code) for p in checked.problems if p.is_error] == [("D2", "row-not-wanted")]
    assert "If the column means something else, delete the column." in checked.problems[1].message
    assert f'--map "{heading}="' in checked.problems[1].message_with_option
    assert [record.row for record in checked.records] == [3]
    assert len(validate(replace(sheet, heading_map={heading: ""})).records) == 2


@pytest.mark.parametrize(
    ("heading", "text"),
    [
        ("Delete?", "no"), ("Delete?", ""), ("Action", "update"), ("Action", "create"), ("Status", "open"),
        ("Status", "no"), ("Status", "active"), ("Active", "yes"), ("Active", ""), ("Enable Voicemail", "Yes"),
        ("Voicemail", "6201"), ("Note", "delete"), ("Deleted by", "x"), ("bulkvm_status", "deleted"),
        ("Status", "ok"), ("Status", "done"), ("Status", "new"), ("Status", "created"), ("Status", "do not delete"),
        ("Status", "not left"), ("Status", "erledigt"), ("Statut", "nouveau"), ("Estado", "alta"), ("State", "LA"),
        ("Import?", "yes"), ("Import?", ""), ("Imported", "no"), ("Created", "no"), ("Keep old greeting", "no"),
        ("Needs training", "no"), ("Left phone", "yes"), ("Required by", "no"), ("Status date", "2026-01-31"),
        ("Status", "skipped"), ("Account status", "Active"), ("New", "no"), ("Action", "keep"), ("Status", "free"),
        ("Status", "available"), ("Recording enabled", "no"), ("Used by", "no"), ("Is manager", "no"),
        ("Still new", "no"), ("Used", "no"), ("userAccountControl", "512"), ("userAccountControl", "66048"),
        ("vm delete", "yes"), ("VM Delete", "yes"), ("voicemail_delete", "yes"), ("vmDelete", "true"),
        ("deletevoicemail", "yes"), ("delete after e-mail", "yes"), ("Delete (after e-mail)", "yes"),
        ("Delete (after sending)", "x"), ("Löschen (nach Versand)", "ja"), ("Supprimer (après envoi)", "oui"),
        ("Call waiting enabled", "FALSE"), ("Active calls", "0"), ("Employee", "no"), ("Use", "no"),
    ],
)  # fmt: skip
def test_a_row_that_is_not_marked_so_is_read(heading: str, text: str) -> None:
    checked = validate(sheet_of(["Ext", "Name", "PIN", heading], ["6201", "Lab", "402817", text]))

    assert len(checked.records) == 1


@pytest.mark.parametrize(
    "heading",
    ["Rename to", "Umbenennen in", "Renommer en", "Renombrar a", "Rinomina in", "Hernoemen naar", "Renomear para",
     "Changed name", "Change name to"],
)  # fmt: skip
def test_a_new_name_is_the_name_and_an_error_beside_another_one(heading: str) -> None:
    alone = validate(sheet_of(["Ext", heading], ["6201", "Lab"]))
    beside = validate(sheet_of(["Ext", "Name", heading], ["6201", "Old lab", "Lab"]))

    assert [record.name for record in alone.records] == ["Lab"]
    (problem,) = [problem for problem in beside.problems if problem.is_error]
    assert problem.code == "column-twice"
    assert f'--map "Name=name" or --map "{heading}=name".' in problem.option
    assert "To read all" not in problem.option


@pytest.mark.parametrize("heading", ["Import?", "Voicemail", "Needs voicemail", "Aktiv", "Importar"])
@pytest.mark.parametrize("mark", ["x", "yes", "\u2713"])
def test_rows_without_a_mark_below_such_a_heading_are_one_warning(heading: str, mark: str) -> None:
    rows = [["6201", "Lab", mark], ["6202", "Desk", ""], ["6203", "Ward", " "], ["6204", "Bath", mark]]

    checked = validate(sheet_of(["Ext", "Name", heading], *rows))

    (problem,) = [problem for problem in checked.problems if problem.code == "row-not-wanted"]
    assert (problem.row, problem.is_error) == (None, False)
    assert "2 rows are blank in it, first row 3" in problem.message
    assert len(checked.records) == 4


@pytest.mark.parametrize(
    ("heading", "texts"),
    [
        ("Import?", ["x", "x"]), ("Import?", ["", ""]), ("Import?", ["later", ""]), ("Delete?", ["no", ""]),
        ("Status", ["yes", ""]), ("Remarks", ["x", ""]),
    ],
)  # fmt: skip
def test_blank_cells_below_other_headings_or_without_marks_are_no_problem(heading: str, texts: list[str]) -> None:
    rows = [[f"620{number}", f"Lab {number}", text] for number, text in enumerate(texts)]
    problems = validate(sheet_of(["Ext", "Name", heading], *rows)).problems

    assert "row-not-wanted" not in {problem.code for problem in problems}


def test_a_row_that_explains_the_columns_is_neither_marked_nor_unmarked(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("Ext,Name,Import?\nNumber,Text,x or blank\n6201,Lab,x\n6202,Desk,\n")

    problems = [problem for problem in validate(read_sheet(path)).problems if problem.code == "row-not-wanted"]

    assert ["1 row is blank in it, first row 4" in problem.message for problem in problems] == [True]


@pytest.mark.parametrize(
    ("heading", "text"),
    [
        ("Exit date", "2024-05-31"), ("Leaving date", "31/05/2024"), ("Austrittsdatum", "31.05.2024"),
        ("Left", "31.05."), ("Terminated", "2024-05-31"), ("Date de sortie", "31/05/24"), ("Fecha de baja", "31/05/24"),
        ("Data di uscita", "31/05/24"), ("Uitdienstdatum", "31-05-2024"), ("Data de saída", "31/05/24"),
    ],
)  # fmt: skip
def test_a_date_when_a_person_leaves_is_one_warning_for_the_file(heading: str, text: str) -> None:
    rows = [["6201", "Lab", ""], ["6202", "Desk", text], ["6203", "Ward", text]]

    checked = validate(sheet_of(["Ext", "Name", heading], *rows))

    (problem,) = [problem for problem in checked.problems if problem.code == "row-not-wanted"]
    assert (problem.row, problem.is_error) == (None, False)
    assert "2 rows have a date in it, first row 3" in problem.message
    assert len(checked.records) == 3


@pytest.mark.parametrize(
    ("heading", "text"),
    [
        ("Note", "delete"), ("Remarks", "please delete this one"), ("Comment", "do not create"),
        ("Bemerkung", "bitte löschen"), ("Bemerkung", "entfällt"), ("Remarque", "à supprimer"),
        ("Observaciones", "dar de baja"), ("Note", "left the company"), ("Opmerking", "uit dienst"),
    ],
)  # fmt: skip
def test_a_remark_that_a_box_is_not_wanted_is_a_warning(heading: str, text: str) -> None:
    checked = validate(sheet_of(["Ext", "Name", heading], ["6201", "Lab", text], ["6202", "Desk", "2nd floor"]))

    found = [(p.cell, p.is_error) for p in checked.problems if p.code == "row-not-wanted"]
    assert found == [("C2", False)]
    assert len(checked.records) == 2


@pytest.mark.parametrize(
    ("heading", "text"),
    [("Exit date", ""), ("Exit date", "none"), ("Left", "no"), ("Leaver", "0"), ("Entry date", "2024-05-31"),
     ("Note", "delete the old greeting"), ("Note", "left-handed"), ("Department", "delete")],
)  # fmt: skip
def test_other_dates_and_remarks_are_no_problem(heading: str, text: str) -> None:
    problems = validate(sheet_of(["Ext", "Name", heading], ["6201", "Lab", text])).problems

    assert "row-not-wanted" not in {problem.code for problem in problems}


_CLAUSES = [
    "please do not create, moved to Leeds", "do not create - moved to Leeds", "delete, left in June",
    "please delete - duplicate", "cancelled, see mail", "Not needed anymore", "closed, do not migrate",
    "nicht anlegen, Mitarbeiter ausgeschieden", "gekündigt zum 31.12.", "ist gelöscht worden", "inactive since May",
    "Leaver (May)", "Terminated, May", "Disabled - long term sick", "obsolete (see 6201)", "moved. Please delete",
    "parti en juin", "à supprimer \u2013 doublon", "eliminar: duplicado", "da eliminare; doppio",
    "te verwijderen, dubbel", "não migrar (saiu)", "im Juni ausgeschieden",
]  # fmt: skip


@pytest.mark.parametrize(("heading", "is_error"), [("Notes", False), ("Status", True)])
@pytest.mark.parametrize("text", _CLAUSES)
def test_a_clause_of_a_remark_or_status_marks_the_row_as_not_wanted(heading: str, text: str, *, is_error: bool) -> None:
    checked = validate(sheet_of(["Ext", "Name", "PIN", heading], ["6201", "Lab", "402817", text]))

    assert [p.is_error for p in checked.problems if p.code == "row-not-wanted"] == [is_error]


@pytest.mark.parametrize("heading", ["Notes", "Status"])
@pytest.mark.parametrize(
    "text",
    [
        "do not delete", "delete old messages monthly", "left wing", "left-handed", "ask Disabled Services",
        "nicht löschen", "Keep - do not delete", "in May", "May", "employees", "office in the left wing, 2nd floor",
        "not disabled",
    ],
)  # fmt: skip
def test_other_remarks_mark_no_row_as_not_wanted(heading: str, text: str) -> None:
    checked = validate(sheet_of(["Ext", "Name", "PIN", heading], ["6201", "Lab", "402817", text]))

    assert [p.code for p in checked.problems] == ["column-unknown"]


_SECTIONS = [
    "Boxes to be removed", "TO BE DELETED", "Not to be migrated:", "Boxes to delete on Friday", "Do not create",
    "Former employees", "To be deleted 31.12.2026", "zu löschen", "Zu löschende Postfächer", "Nicht migrieren",
    "À supprimer",
    "Boîtes à supprimer", "Ne pas migrer", "Para eliminar", "Buzones a eliminar", "Da eliminare",
    "Caselle da eliminare",
    "Te verwijderen", "Niet migreren", "A excluir", "Caixas a remover",
]  # fmt: skip
_BELOW = "The rows below it may not be wanted: if so, delete these too."


@pytest.mark.parametrize("text", _SECTIONS)
@pytest.mark.parametrize("place", [0, 1])
@pytest.mark.parametrize("above", [[], [["6201", "Lab", "402817"]]])
def test_a_heading_of_boxes_that_are_not_wanted_is_an_error_about_the_rows_below(
    text: str, place: int, above: list[list[str]]
) -> None:
    section = ["", "", ""]
    section[place] = text
    sheet = sheet_of(["Ext", "Name", "PIN"], *above, section, ["6290", "Old fax", "275083"])

    (error,) = [problem for problem in validate(sheet).problems if problem.is_error]

    assert error.cell == f"A{2 + len(above)}"
    assert _BELOW in error.message


@pytest.mark.parametrize("text", ["Ground floor", "Left wing", "Total", "Do not delete"])
def test_another_heading_between_rows_is_an_error_about_itself(text: str) -> None:
    sheet = sheet_of(["Ext", "Name", "PIN"], ["6201", "Lab", "402817"], [text, "", ""], ["6290", "Fax", "275083"])

    (error,) = validate(sheet).problems

    assert error.is_error
    assert _BELOW not in error.message


@pytest.mark.parametrize("text", [*_SECTIONS, "Boxes"])
def test_a_title_or_sheet_name_of_boxes_that_are_not_wanted_is_a_warning(text: str) -> None:
    sheet = sheet_of(["Ext", "Name", "PIN"], ["6201", "Lab", "402817"])
    wanted = [] if text == "Boxes" else [(None, "row-not-wanted", False)]

    for marked in (replace(sheet, titles=(text,)), replace(sheet, name=text)):
        checked = validate(marked)

        assert [(p.row, p.code, p.is_error) for p in checked.problems] == wanted
        assert len(checked.records) == 1


@pytest.mark.parametrize("text", ["delete", "do not create", "no voicemail", "löschen"])
def test_a_pin_that_marks_the_box_as_not_wanted_is_an_error_about_the_row(text: str) -> None:
    (error,) = validate(sheet_of(["Ext", "Name", "PIN"], ["6201", "Lab", text])).problems

    assert error.code == "pin-not-digits"
    assert "If the box is not wanted, delete the row." in error.message
