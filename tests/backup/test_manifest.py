"""The manifest, and the names of backups."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bulkvm import __version__
from bulkvm.backup import Manifest
from bulkvm.backup.manifest import backup_name, format_manifest, is_backup_name, manifest_name, parse_manifest
from bulkvm.model.tenant import Tenant
from tests.backup.backups import NIGHT

MANIFEST = Manifest(
    file="clinic-20261123T021500Z.csv",
    site="clinic",
    pbx="https://pbx.example.com:8887",
    tenant=Tenant(pbx="https://pbx.example.com:8887", id="MTA", name="Clinic", domain="clinic.example.com"),
    time=NIGHT,
    count=42,
    without_pin=0,
    not_shown={"recipients": 42},
    same_number={"6201": 2},
    sha256="ab" * 32,
)


def test_a_manifest_shows_site_time_pbx_tenant_count_sha256_and_program_version() -> None:
    assert json.loads(format_manifest(MANIFEST)) == {
        "schema": 1,
        "file": "clinic-20261123T021500Z.csv",
        "site": "clinic",
        "pbx": "https://pbx.example.com:8887",
        "tenant": {
            "pbx": "https://pbx.example.com:8887",
            "id": "MTA",
            "name": "Clinic",
            "domain": "clinic.example.com",
            "token_hash": None,
        },
        "time": "2026-11-23T02:15:00Z",
        "count": 42,
        "without_pin": 0,
        "not_shown": {"recipients": 42},
        "same_number": {"6201": 2},
        "sha256": "ab" * 32,
        "suspect": None,
        "program": f"bulkvm {__version__}",
    }


@given(st.text(), st.text(), st.integers(0), st.none() | st.text(min_size=1))
def test_a_manifest_reads_back_as_it_was_written(site: str, pbx: str, count: int, suspect: str | None) -> None:
    manifest = replace(MANIFEST, site=site, pbx=pbx, count=count, suspect=suspect)

    assert parse_manifest(format_manifest(manifest)) == manifest


def test_fields_that_a_later_version_adds_are_ignored() -> None:
    form = json.loads(format_manifest(MANIFEST)) | {"more": [1, 2]}

    assert parse_manifest(json.dumps(form)) == MANIFEST


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '"clinic"', '{"schema": 1}', format_manifest(MANIFEST)[:90]])
def test_a_file_that_is_not_a_manifest_is_not_read_as_one(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  (JSON's own error is one, too)
        parse_manifest(text)


def test_a_manifest_of_the_first_release_which_knew_no_tenants_can_be_read() -> None:
    form = json.loads(format_manifest(MANIFEST))
    del form["tenant"]

    assert parse_manifest(json.dumps(form)) == replace(MANIFEST, tenant=None)


JUNK: tuple[object, ...] = (None, "1", 1, -1, 1.5, True, [], ["x"], {}, {"x": 1})


@given(st.sampled_from(sorted(json.loads(format_manifest(MANIFEST)))), st.sampled_from(JUNK))
def test_a_manifest_with_any_field_replaced_is_refused_or_reads_back(field: str, junk: object) -> None:
    text = json.dumps(json.loads(format_manifest(MANIFEST)) | {field: junk})

    try:
        manifest = parse_manifest(text)
    except ValueError:
        return

    assert json.loads(format_manifest(manifest)) == json.loads(text)


@pytest.mark.parametrize(
    "field",
    [
        {"count": "1"}, {"count": None}, {"count": True}, {"count": -1}, {"without_pin": "0"}, {"site": ["x"]},
        {"pbx": None}, {"file": 1}, {"time": 2}, {"sha256": "x"}, {"suspect": []}, {"tenant": []},
        {"tenant": {"pbx": 1}}, {"not_shown": []}, {"not_shown": {"pin": "1"}}, {"same_number": {"6201": None}},
    ],
    ids=str,
)  # fmt: skip
def test_a_manifest_with_a_field_of_another_type_is_refused(field: dict[str, object]) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  (strptime's own error is one, too)
        parse_manifest(json.dumps(json.loads(format_manifest(MANIFEST)) | field))


def test_a_manifest_nested_too_deeply_is_not_a_manifest() -> None:
    with pytest.raises(ValueError, match="not a manifest"):
        parse_manifest("[" * 100_000)


def test_a_manifest_of_another_schema_is_refused() -> None:
    with pytest.raises(ValueError, match="schema"):
        parse_manifest(format_manifest(MANIFEST).replace('"schema": 1', '"schema": 2'))


@pytest.mark.parametrize(
    ("site", "name"),
    [
        ("clinic", "clinic-20261123T021500Z.csv"),
        ("pbx.example.com", "pbx.example.com-20261123T021500Z.csv"),
        ("../../etc/passwd", "etc-passwd-20261123T021500Z.csv"),
        ("a b:c\\d\n", "a-b-c-d-20261123T021500Z.csv"),
        ("Zürich", "Zürich-20261123T021500Z.csv"),
        ("...", "site-20261123T021500Z.csv"),
    ],
)
def test_a_name_is_made_of_the_site_and_the_time(site: str, name: str) -> None:
    assert backup_name(site, NIGHT) == name


@given(site=st.text(), number=st.integers(1, 9), suspect=st.booleans())
def test_a_site_with_any_name_has_recognisable_backups_inside_the_folder(
    *, site: str, number: int, suspect: bool
) -> None:
    name = backup_name(site, NIGHT, number, suspect=suspect)

    assert is_backup_name(name)
    assert Path(name).name == name
    assert len(name) < 100
    assert suspect == name.endswith("-suspect.csv")
    assert manifest_name(name) == f"{name[:-4]}.manifest.json"
