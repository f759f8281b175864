"""README's table of JSON documents lists the fields that the commands print."""

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from bulkvm.simulator import SimulatorSettings
from tests.cli.program import SAMPLES, Bulkvm, sites_file
from tests.cli.sheet_files import write_csv

README = Path(__file__).parents[2] / "README.md"
COUNTERS = ("counts", "unseen")  # objects whose fields are statuses, changes or columns
BOX = ("6201", "Front Desk", "402817", "", "")


def render_fields(value: Any) -> str:
    """The fields of an object, with those of the objects in them in brackets."""
    if isinstance(value, list):
        value = {name: field for item in value if isinstance(item, Mapping) for name, field in item.items()}
    if not isinstance(value, Mapping):
        return ""
    nested = {name: "" if name in COUNTERS else render_fields(field) for name, field in value.items()}
    return ", ".join(f"{name} ({fields})" if fields else name for name, fields in nested.items())


def documents(bulkvm: Bulkvm) -> dict[str, Any]:
    """What each command prints, at its fullest."""
    write_csv(Path("a.csv"), BOX, ("6202", "Sales", "12", "", ""))
    write_csv(Path("b.csv"), ("6201", "Reception", "402817", "", ""), ("6203", "Lab", "582046", "", ""))
    write_csv(Path("c.csv"), BOX, ("6204", "Ward", "582046", "", ""))
    sites_file().write_text(f'[clinic]\nurl = "{os.environ["BULKVM_URL"]}"\ntenant_id = "MTA"\n', "utf-8")
    printed = {
        command.split()[0]: bulkvm(*command.split(), "--json").json
        for command in (
            "validate a.csv",
            "plan a.csv --skip-invalid --output plan.xlsx",
            "import a.csv --skip-invalid --yes",
            "undo last --yes",
            "runs",
            "sites",
            "doctor",
            "diff b.csv c.csv",
        )
    }
    printed["import"] = [printed.pop("undo"), printed["import"]]
    system = SimulatorSettings()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BULKVM_TOKEN", "")
        patch.setenv("BULKVM_USER", system.system_user)
        patch.setenv("BULKVM_PASSWORD", system.system_password)
        printed["tenants"] = bulkvm("tenants", "--json").json
    failed = bulkvm("plan", "a.csv", "--max-changes", "lots", "--json").json
    return printed | {"a command that fails before it has a result": failed}


@pytest.mark.usefixtures("pbx")
def test_readme_lists_the_fields_of_every_document(bulkvm: Bulkvm, request: pytest.FixtureRequest) -> None:
    bulkvm("import", SAMPLES / "clinic.csv", "--yes")
    fields = {name: render_fields(document) for name, document in documents(bulkvm).items()}
    fields["import, undo"] = fields.pop("import")
    rows = "".join(f"| {name} | {fields[name]} |\n" for name in sorted(fields))
    rendered = f"| command | fields |\n| --- | --- |\n{rows}"
    place = re.compile(r"(<!-- documents: .*? -->\n)(.*?)(<!-- /documents -->)", re.DOTALL)
    text = README.read_text("utf-8")
    if request.config.getoption("--renew-golden"):
        text = place.sub(lambda found: found[1] + rendered + found[3], text)
        README.write_text(text, encoding="utf-8", newline="\n")

    found = place.search(text)

    assert found is not None
    assert found[2] == rendered
