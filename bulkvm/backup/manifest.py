"""The manifest beside each backup: what the backup is, and by what it is proven."""

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any, Final

from bulkvm import __version__

SUFFIX: Final = ".manifest.json"

_SCHEMA: Final = 1
_NAME: Final = re.compile(r".+-\d{8}T\d{6}Z(-\d+)?(-suspect)?\.csv")
_NOT_IN_NAMES: Final = re.compile(r"[^\w.-]+")
_LONGEST: Final = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What a backup is.

    `file` is its name, `pbx` the address that it was fetched from, `time` when that was. `without_pin` is how many of
    its boxes the PBX showed without their PINs. `suspect` says why it is not trusted, None where it is.
    """

    file: str
    site: str
    pbx: str
    time: datetime
    count: int
    without_pin: int
    sha256: str
    suspect: str | None = None
    program: str = f"bulkvm {__version__}"


def backup_name(site: str, time: datetime, number: int = 1, *, suspect: bool = False) -> str:
    """The name of a backup, such as clinic-20261123T021500Z.csv.

    Args:
        site: its name, which may hold what no file name may.
        time: when it was made.
        number: tells backups of one second apart.
        suspect: whether the name shall say that the backup is not trusted.
    """
    safe = _NOT_IN_NAMES.sub("-", site)[:_LONGEST].strip(".-") or "site"
    return f"{safe}-{time:%Y%m%dT%H%M%SZ}{f'-{number}' if number > 1 else ''}{'-suspect' if suspect else ''}.csv"


def is_backup_name(name: str) -> bool:
    """Whether a file is called as backups are."""
    return _NAME.fullmatch(name) is not None


def manifest_name(file: str) -> str:
    """The name of the manifest of a backup."""
    return file.removesuffix(".csv") + SUFFIX


def format_manifest(manifest: Manifest) -> str:
    """Write a manifest as JSON."""
    form = {"schema": _SCHEMA, **asdict(manifest), "time": f"{manifest.time:%Y-%m-%dT%H:%M:%SZ}"}
    return json.dumps(form, ensure_ascii=False, indent=2) + "\n"


def parse_manifest(text: str) -> Manifest:
    """Read a manifest. What a later version added to it is passed over.

    Raises:
        ValueError: it is none.
    """
    form = json.loads(text)
    if not isinstance(form, Mapping):
        raise ValueError("it is not a JSON object")  # noqa: TRY004  (what is wrong is the text)
    missing = [field for field in Manifest.__slots__ if field not in form]
    if missing or form.get("schema") != _SCHEMA:
        raise ValueError(f"it lacks {', '.join(missing) or 'the schema that this version knows'}")
    fields: dict[str, Any] = {field: form[field] for field in Manifest.__slots__}
    return Manifest(**{**fields, "time": datetime.strptime(form["time"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)})
