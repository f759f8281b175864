"""Exports of other phone systems, with the right reading of each row."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bulkvm.columns.sheet_columns import joined_texts, letters_by_header
from bulkvm.model.sheet import Sheet

# Passwords in the exports, none of which may be in any output.
SECRETS = ("sip-Secret-1", "90417263", "Login-Secret-2", "83350417")


@dataclass(frozen=True)
class Export:
    """An export.

    Attributes:
        system: as of `--from`.
        text: the file.
        boxes: the texts of each row's columns, in the order of `columns`; None for a row that is left out.
        columns: the headers of the columns that are read.
        warnings: words of the warnings about values that are not taken.
        file: its name.
    """

    system: str
    text: str
    columns: str
    boxes: Mapping[int, str | None]
    warnings: tuple[str, ...] = ()
    file: str = "export.csv"

    def write(self, folder: Path, encoding: str = "utf-8") -> Path:
        """Write the file."""
        path = folder / self.file
        path.write_bytes(self.text.encode(encoding))
        return path

    def expected(self) -> dict[int, dict[str, str] | None]:
        """The texts of each row by column, None for a row that is left out."""
        columns = self.columns.split()
        return {
            row: None if texts is None else dict(zip(columns, texts.split("/"), strict=True))
            for row, texts in self.boxes.items()
        }


def boxes_in(sheet: Sheet) -> dict[int, dict[str, str] | None]:
    """The texts of each row of a sheet by column, None for a row that is left out."""
    texts = {header: joined_texts(sheet, header, letters) for header, letters in letters_by_header(sheet).items()}
    return {
        row: None if row in sheet.left_out else {header: of_column[row] for header, of_column in texts.items()}
        for row in sheet.cells.index.tolist()
    }


FREEPBX = Export(
    "freepbx",
    "extension,password,name,voicemail,id,tech,description,mailbox,secret,voicemail_enable,voicemail_vmpwd,"
    "voicemail_email,voicemail_pager,voicemail_options\n"
    "7001,,Reception,default,7001,pjsip,x,7001@device,sip-Secret-1,yes,3690,front@example.com,,attach=yes|envelope=no\n"
    "7002,,Zoë Bär,default,7002,pjsip,x,7002@device,90417263,yes,0582,zoe@example.com|night@example.com,,envelope=yes\n"
    "7003,Login-Secret-2,Lift,novm,7003,pjsip,x,7003@device,83350417,,,,,\n"
    "7004,,Store,default,7004,pjsip,x,7004@device,83350417,yes,-7004,,,delete=yes|envelope=no\n"
    "7005,,Roof,novm,7005,pjsip,x,7005@device,83350417,yes,1470,,,\n"
    "7006,,Gate,default,7006,pjsip,x,7006@device,83350417,,1470,,,\n"
    ",,,,,,,,,yes,5577,sales@example.com,pager@example.com,attach=yes\n",
    "extension_number name pin enable_email_notify recipients play_datetime",
    {
        2: "7001/Reception/3690/yes/front@example.com/off",
        3: "7002/Zoë Bär/0582/yes/zoe@example.com, night@example.com/",
        4: None,
        5: "7004/Store/7004/no//off",
        6: None,
        7: None,
        8: None,
    },
    ("does not let people change this PIN", "deletes messages once", "whether and how the date"),
)

EXPORTS = (FREEPBX,)
