"""Lists of new PINs, for a mail merge."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from bulkvm.files import writing
from bulkvm.model.box import Box
from bulkvm.reports.table_file import FILTER_BUTTON, Table, format_table, table_format

_WIDTHS: Final = {"Name": 30, "Extension": 14, "PIN": 14, "E-mail": 34}


def write_pin_list(target: Path, boxes: Sequence[Box]) -> Path:
    """Write the name, the extension, the PIN and the first address of boxes to an .xlsx or .csv file.

    Returns:
        The path of the file written, see `writing`.
    """
    widths = [width + FILTER_BUTTON for width in _WIDTHS.values()]
    content = format_table(Table([*_WIDTHS], widths, map(_texts, boxes), name="PINs"), table_format(target))
    with writing(target) as new:
        new.file.write(content)
    return new.path


def _texts(box: Box) -> list[str]:
    addresses = box.recipients if isinstance(box.recipients, tuple) else ()
    texts = (box.name, box.extension_number, box.pin, addresses[0] if addresses else "")
    return [text if isinstance(text, str) else "" for text in texts]
