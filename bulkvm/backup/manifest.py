"""The manifest of a backup: its content and its checksum, in a file beside it."""

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from bulkvm import __version__
from bulkvm.model.tenant import Tenant

SUFFIX: Final = ".manifest.json"
MAX_NAME_PART: Final = 60  # characters of a site's name in a file name

_SCHEMA: Final = 1
_NAME: Final = re.compile(r"(?P<site>.+)-\d{8}T\d{6}Z(-\d+)?(-suspect)?\.csv", re.ASCII)
_SHA256: Final = re.compile(r"[0-9a-f]{64}")
_NOT_IN_NAMES: Final = re.compile(r"[^\w.-]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What a backup contains.

    Attributes:
        file: its name.
        pbx: the address that it was fetched from.
        tenant: the tenant of its boxes; None in a manifest of 0.1.0.
        time: when the boxes were fetched.
        count: the number of boxes.
        without_pin: the number of boxes whose PIN the PBX did not show.
        not_shown: the same for each field; None in a manifest of 0.1.0.
        same_number: the number of boxes for each extension that several have.
        sha256: the checksum of the file.
        suspect: why the backup is suspicious, None if it is not.
    """

    file: str
    site: str
    pbx: str
    tenant: Tenant | None = None
    time: datetime
    count: int
    without_pin: int
    not_shown: Mapping[str, int] | None = field(default=None, hash=False)
    same_number: Mapping[str, int] = field(default_factory=dict, hash=False)
    sha256: str
    suspect: str | None = None
    program: str = f"bulkvm {__version__}"


def backup_name(site: str, time: datetime, number: int = 1, *, suspect: bool = False) -> str:
    """The name of a backup, such as clinic-20261123T021500Z.csv.

    Args:
        site: the name of the site; characters that are not allowed in file names are replaced.
        time: when the backup is made.
        number: distinguishes backups of the same second.
        suspect: whether the backup is suspicious, which the name then shows.
    """
    again = f"-{number}" if number > 1 else ""
    return f"{name_part(site)}-{time:%Y%m%dT%H%M%SZ}{again}{'-suspect' if suspect else ''}.csv"


def name_part(site: str) -> str:
    """The name of a site or tenant as part of a file's name: characters that are not allowed there are replaced."""
    return _NOT_IN_NAMES.sub("-", site)[:MAX_NAME_PART].strip(".-") or "site"


def site_part(name: str) -> str | None:
    """The part of a backup's name that is its site's; None if it is not the name of a backup."""
    found = _NAME.fullmatch(name)
    return found and found["site"]


def is_backup_name(name: str) -> bool:
    """Whether a file name is that of a backup."""
    return _NAME.fullmatch(name) is not None


def is_manifest_name(name: str) -> bool:
    """Whether a file name is that of a manifest."""
    return name.endswith(SUFFIX) and is_backup_name(f"{name.removesuffix(SUFFIX)}.csv")


def manifest_name(file: str) -> str:
    """The name of the manifest of a backup."""
    return file.removesuffix(".csv") + SUFFIX


def format_manifest(manifest: Manifest) -> str:
    """Format a manifest as JSON."""
    form = {"schema": _SCHEMA, **asdict(manifest), "time": f"{manifest.time:%Y-%m-%dT%H:%M:%SZ}"}
    return json.dumps(form, ensure_ascii=False, indent=2) + "\n"


def parse_manifest(text: str) -> Manifest:
    """Parse a manifest, also one of 0.1.0. Fields of later versions are ignored.

    Raises:
        ValueError: it is not a manifest.
    """
    try:
        form = json.loads(text)
    except RecursionError as error:
        raise ValueError("it is not a manifest") from error
    if not isinstance(form, Mapping) or form.get("schema") != _SCHEMA:
        raise ValueError("it is not an object of the schema that this version knows")
    tenant = form.get("tenant")
    return Manifest(
        file=_text(form, "file"),
        site=_text(form, "site"),
        pbx=_text(form, "pbx"),
        tenant=None if tenant is None else _parse_tenant(tenant),
        time=datetime.strptime(_text(form, "time"), "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC),
        count=_count(form, "count"),
        without_pin=_count(form, "without_pin"),
        not_shown=_counts(form, "not_shown") if form.get("not_shown") is not None else None,
        same_number=_counts(form, "same_number"),
        sha256=_sha256(form, "sha256"),
        suspect=_text_or_none(form, "suspect"),
        program=_text(form, "program"),
    )


def _parse_tenant(form: Any) -> Tenant:
    if not isinstance(form, Mapping):
        raise ValueError("its tenant is not an object")  # noqa: TRY004  (the text is malformed, not the argument)
    texts = {field: _text_or_none(form, field) for field in ("id", "name", "domain", "token_hash")}
    return Tenant(pbx=_text(form, "pbx"), **texts)


def _text(form: Mapping[str, Any], field: str) -> str:
    text = _text_or_none(form, field)
    if text is None:
        raise ValueError(f"it lacks its {field}")
    return text


def _text_or_none(form: Mapping[str, Any], field: str) -> str | None:
    value = form.get(field)
    if value is not None and not isinstance(value, str):
        raise ValueError(f"its {field} is not a text")
    return value


def _count(form: Mapping[str, Any], field: str) -> int:
    value = form.get(field)
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise ValueError(f"its {field} is not a number of boxes")
    return value


def _counts(form: Mapping[str, Any], field: str) -> Mapping[str, int]:
    """Numbers of boxes by name; empty if an earlier version did not count them."""
    counts = form.get(field, {})
    if not isinstance(counts, Mapping):
        raise ValueError(f"its {field} is not an object")  # noqa: TRY004  (the text is malformed, not the argument)
    return {name: _count(counts, name) for name in counts}


def _sha256(form: Mapping[str, Any], field: str) -> str:
    value = _text(form, field)
    if not _SHA256.fullmatch(value):
        raise ValueError(f"its {field} is not a checksum")
    return value
