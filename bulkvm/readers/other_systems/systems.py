"""The table of the phone systems whose exports can be read. A new one is an entry here."""

import re
from typing import Final

from bulkvm.readers.other_systems.system import (
    IS_BOX,
    OFF,
    UNCERTAIN,
    VOICEMAIL_OFF,
    Flag,
    Layout,
    Note,
    System,
)

_DELETED: Final = "the old system deletes messages once it has sent them by e-mail. Boxes here keep them."
_SECOND_ADDRESS: Final = "the second address (pager) is not read. Add it to the recipients if it should be notified."
_ANY: Final = re.compile(r"\S")
_DELETE_OPTION: Final = re.compile(r"(?:^|\|)\s*delete\s*=\s*yes\b")

_FREEPBX: Final = System(
    name="freepbx",
    title="FreePBX",
    export="Admin > Bulk Handler > Export > Extensions",
    layouts=(
        Layout(
            identified_by=(("extension", "voicemail_vmpwd"),),
            number="extension",
            pin="voicemail_vmpwd",
            pin_mark="-",
            name=(("name",),),
            recipients=(("voicemail_email",),),
            separator="|",
            off=(
                Flag("voicemail_enable", {"yes": IS_BOX, "no": VOICEMAIL_OFF, "": VOICEMAIL_OFF}),
                Flag("voicemail", {"novm": VOICEMAIL_OFF}, others=IS_BOX),
            ),
            no_number="It is a mailbox without an extension, whose number only voicemail.conf has.",
            mails_if_address=True,
            clock=(Flag("voicemail_options", {"no": OFF}, UNCERTAIN, option="envelope"),),
            notes=(
                Note("voicemail_options", _DELETE_OPTION, _DELETED),
                Note("voicemail_pager", _ANY, _SECOND_ADDRESS),
            ),
            secrets=("secret", "password"),
            others=("mailbox", "id"),
        ),
    ),
    certainty="headings and words from its source code",
    check="that mailboxes without an extension are not needed; they are in voicemail.conf alone",
    lacks="clock, language",
)

SYSTEMS: Final = (_FREEPBX,)
SYSTEM_OF_NAME: Final = {system.name: system for system in SYSTEMS}
SYSTEM_NAMES: Final = tuple(SYSTEM_OF_NAME)
