"""The table of the phone systems whose exports can be read. A new one is an entry here."""

import re
from typing import Final

from bulkvm.readers.other_systems.system import (
    CLOCK_12,
    CLOCK_24,
    IS_BOX,
    NEXT,
    NO,
    OFF,
    UNCERTAIN,
    VOICEMAIL_OFF,
    YES,
    FileKind,
    Flag,
    Layout,
    Note,
    System,
    either,
)

_ANY: Final = re.compile(r"\S")
_TRUE: Final = re.compile(r"^\s*(?:1|yes|true|wahr|vrai|verdadero|vero|waar|verdadeiro)\s*$")
_FALSE: Final = re.compile(r"^\s*(?:0|no|false|falsch|faux|falso|onwaar)\s*$")
_DELETE_OPTION: Final = re.compile(r"(?:^|\|)\s*delete\s*=\s*yes\b")
_DELETED: Final = "the old system deletes messages once it has sent them by e-mail. Boxes here keep them."
_PAGER: Final = "the second address (pager) is not read. Add it to the recipients if it should be notified."
_OWNER: Final = (
    "Kazoo may also send e-mail to the owner, whose address is not in this file. Add it to the recipients, and turn "
    "e-mail on."
)

_ON_OFF: Final = either(IS_BOX, VOICEMAIL_OFF)
_YES_NO: Final = {"yes": YES, "no": NO}
_NO_YES: Final = {"yes": NO, "no": YES}
# Whether date and time are announced; if they are, the clock is not known.
_ENVELOPE: Final = {"no": OFF, "yes": UNCERTAIN}

_FREEPBX: Final = System(
    name="freepbx",
    title="FreePBX",
    export="Admin > Bulk Handler > Export > Extensions, CSV",
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
                Flag("voicemail", {"novm": VOICEMAIL_OFF, "disabled": VOICEMAIL_OFF}, others=IS_BOX),
            ),
            no_number="It is a mailbox without an extension, whose number only voicemail.conf has.",
            mails_if_address=True,
            clock=(Flag("voicemail_options", _ENVELOPE, option="envelope"),),
            notes=(
                Note("voicemail_options", _DELETE_OPTION, _DELETED),
                Note("voicemail_pager", _ANY, _PAGER, has_addresses=True),
            ),
            secrets=("secret", "password"),
            others=("mailbox", "id"),
        ),
    ),
    certainty="headings and words are those of its source code",
    check="mailboxes without an extension: they are in voicemail.conf alone",
)

_ASTERISK: Final = System(
    name="asterisk",
    title="Asterisk",
    export="`/etc/asterisk/voicemail.conf`",
    kind=FileKind.VOICEMAIL_CONF,
    layouts=(
        Layout(
            identified_by=(),
            number="mailbox",
            pin="password",
            pin_mark="-",
            name=(("fullname",),),
            recipients=(("email",),),
            separator="|",
            mails_if_address=True,
            prompt=(Flag("language", {}),),
            clock=(
                Flag("envelope", {"no": OFF, "yes": NEXT, "": NEXT}),
                Flag("tz", {"12": CLOCK_12, "24": CLOCK_24, "": UNCERTAIN}),
            ),
            notes=(Note("delete", _TRUE, _DELETED), Note("pager", _ANY, _PAGER, has_addresses=True)),
            secrets=("imappassword",),
            context="context",
        ),
    ),
    certainty="the format is that of its source code and sample file",
    check="files that it includes, and PINs that are stored elsewhere (`passwordlocation`)",
)

_ASTERISK_TABLE: Final = System(
    name="asterisk-table",
    title="Asterisk voicemail table",
    export="CSV dump of the table `voicemail`, with headings",
    layouts=(
        Layout(
            identified_by=tuple(
                ("mailbox", "fullname", "password", other)
                for other in ("context", "uniqueid", "envelope", "saycid", "tz")
            ),
            number="mailbox",
            pin="password",
            pin_mark="-",
            name=(("fullname",),),
            recipients=(("email",),),
            separator="|",
            nulls=("NULL", "\\N"),
            mails_if_address=True,
            prompt=(Flag("language", {}),),
            clock=(Flag("envelope", {**_ENVELOPE, **either(UNCERTAIN, OFF)}),),
            notes=(Note("delete", _TRUE, _DELETED), Note("pager", _ANY, _PAGER, has_addresses=True)),
            secrets=("imappassword",),
            others=("uniqueid", "tz", "saycid", "locale", "deletevoicemail"),
            context="context",
        ),
    ),
    certainty="headings are those of its sample of the table; dumps differ",
    check="the same number in two contexts",
)

_ISSABEL: Final = System(
    name="issabel",
    title="Issabel or Elastix",
    export="PBX > Batch of Extensions > Download, CSV",
    has_bare_quotes=True,
    layouts=(
        Layout(
            identified_by=tuple(
                ("User Extension", other) for other in ("Voicemail Password", "Voicemail Status", "VM Email Address")
            ),
            number="User Extension",
            pin="Voicemail Password",
            pin_mark="-",
            name=(("Display Name",),),
            recipients=(("VM Email Address",),),
            separator="|",
            off=(
                Flag(
                    "Voicemail Status",
                    {"disable": VOICEMAIL_OFF, "disabled": VOICEMAIL_OFF},
                    matches={"^enable": IS_BOX},
                ),
            ),
            mails_if_address=True,
            clock=(Flag("VM Play Envelope", _ENVELOPE),),
            notes=(
                Note("VM Delete Vmail", _TRUE, _DELETED),
                Note("VM Pager Email Address", _ANY, _PAGER, has_addresses=True),
            ),
            secrets=("Secret",),
        ),
    ),
    certainty="headings and words are those of its source code",
    check="names with quotation marks",
)


def _3cx(pin: str, identified_by: tuple[tuple[str, ...], ...], never_with: tuple[str, ...] = ()) -> Layout:
    """A layout of 3CX; the versions differ in two headings. A box is off if either of theirs for this shows it."""
    return Layout(
        identified_by=identified_by,
        never_with=never_with,
        number="Number",
        pin=pin,
        name=(("FirstName", "LastName"),),
        recipients=(("EmailAddress",),),
        off=(Flag("EnableVoicemail", _ON_OFF), Flag("VMEnable", _ON_OFF)),
        notify=(
            Flag(
                "VMEmailOptions",
                {
                    **dict.fromkeys(("0", "none"), NO),
                    **dict.fromkeys(("1", "2", "3", "notification", "attachment", "attachmentanddelete"), YES),
                },
            ),
        ),
        ask=(Flag("VMNoPin", either(NO, YES)),),
        clock=(
            Flag(
                "VMPlayMsgDateTime",
                {
                    **dict.fromkeys(("0", "none"), OFF),
                    **dict.fromkeys(("1", "play12hr"), CLOCK_12),
                    **dict.fromkeys(("2", "play24hr"), CLOCK_24),
                },
            ),
        ),
        notes=(Note("VMEmailOptions", re.compile(r"^\s*(?:3|attachmentanddelete)\s*$"), _DELETED),),
        secrets=("AuthPassword", "DeskphoneWebPass", "SrvcAccessPwd"),
        others=("VMLanguage", "Language", "MobileNumber", "PinProtect", "PinProtected", "PinProtectTimeout"),
    )


_3CX: Final = System(
    name="3cx",
    title="3CX",
    export="Users (Extensions) > Export, CSV; v15 to v18 and v20",
    layouts=(
        _3cx(
            "PIN",
            (
                *(
                    ("Number", "EnableVoicemail", other)
                    for other in ("VMPlayMsgDateTime", "VMEmailOptions", "VMNoPin", "AuthID", "AuthPassword")
                ),
                ("Number", "PIN", "VMEmailOptions"),
                ("Number", "PIN", "DeskphoneWebPass"),
                ("Number", "PIN", "AuthID", "AuthPassword"),
            ),
            never_with=("VMPIN",),
        ),
        _3cx(
            "VMPIN",
            (
                ("Number", "VMEnable"),
                *(
                    ("Number", "VMPIN", other)
                    for other in ("VMPlayMsgDateTime", "VMEmailOptions", "VMNoPin", "DeskphoneWebPass", "AuthID")
                ),
            ),
        ),
    ),
    certainty="headings from public scripts; the numbers of clock and e-mail follow the order of its documented names",
    check="the clock and whether e-mail is sent, in a few boxes",
)

_FUSIONPBX: Final = System(
    name="fusionpbx",
    title="FusionPBX",
    export="Applications > Voicemail > Export, CSV; tick number, password, mail to, enabled and description",
    layouts=(
        Layout(
            identified_by=tuple(
                ("voicemail_id", other)
                for other in (
                    "voicemail_uuid",
                    "voicemail_password",
                    "voicemail_mail_to",
                    "voicemail_enabled",
                    "voicemail_description",
                )
            ),
            never_with=("extension", "extension_number", "number", "mailbox", "voicemail_number"),
            number="voicemail_id",
            pin="voicemail_password",
            name=(("voicemail_description",),),
            recipients=(("voicemail_mail_to",),),
            off=(Flag("voicemail_enabled", {**_ON_OFF, "": VOICEMAIL_OFF}),),
            mails_if_address=True,
            notes=(Note("voicemail_local_after_email", _FALSE, _DELETED, blank_beside="voicemail_enabled"),),
            others=("voicemail_uuid", "domain_uuid", "greeting_id"),
        ),
    ),
    certainty="headings and words are those of its source code",
    check="the names: they are the descriptions of the boxes, which may be blank",
)

_YEASTAR: Final = System(
    name="yeastar",
    title="Yeastar P-Series",
    export="Extension > Export, CSV",
    layouts=(
        Layout(
            identified_by=tuple(
                ("Extension Number", *others)
                for others in (
                    ("Voicemail Access PIN",),
                    ("Voicemail PIN Authentication", "Enable Voicemail"),
                    ("Enable Voicemail", "New Voicemail Notification"),
                    ("User Password", "Registration Password"),
                )
            ),
            number="Extension Number",
            pin="Voicemail Access PIN",
            name=(("First Name", "Last Name"),),
            recipients=(("Email Address",),),
            off=(Flag("Enable Voicemail", _ON_OFF),),
            notify=(Flag("New Voicemail Notification", {"no": NO}, matches={"mail|attach": YES}),),
            ask=(Flag("Voicemail PIN Authentication", either(YES, NO)),),
            prompt=(Flag("Voicemail Language", {"follow_system": UNCERTAIN}),),
            clock=(
                Flag("Play Date and Time", either(NEXT, OFF)),
                Flag("Time Display Format", {}, matches={"^12": CLOCK_12, "^24": CLOCK_24}),
            ),
            notes=(
                Note("After Notification", re.compile("^\\s*delete"), _DELETED),
                Note(
                    "Voicemail Email Address",
                    re.compile(r"^\s*(?!user_email\s*$)\S"),
                    "the e-mail goes to another address than that of the person. Check the recipients.",
                ),
            ),
            secrets=("User Password", "Registration Password"),
            others=("Mobile Number", "Caller ID", "System Prompt Language", "Email Language"),
        ),
    ),
    certainty="documented; the words for kinds of e-mail and of clock are not",
    check="whether e-mail is sent, and the clock, in a few boxes",
)

_GRANDSTREAM: Final = System(
    name="grandstream",
    title="Grandstream UCM",
    export="Extensions > Export Extensions, CSV; UCM61xx to 65xx",
    layouts=(
        Layout(
            identified_by=(
                ("Extension", "Skip Voicemail Password Verification"),
                ("Extension", "Voicemail Password", "SIP/IAX Password"),
                ("Extension", "Voicemail Password", "Dial Trunk Password"),
                ("Extension", "Enable Voicemail", "SIP/IAX Password"),
            ),
            number="Extension",
            pin="Voicemail Password",
            name=(("First Name", "Last Name"),),
            recipients=(("Email Address",),),
            off=(Flag("Enable Voicemail", {"yes": IS_BOX, "no": VOICEMAIL_OFF}),),
            ask=(Flag("Skip Voicemail Password Verification", _NO_YES),),
            prompt=(Flag("Language", {"default": UNCERTAIN}),),
            secrets=("SIP/IAX Password", "User Password", "Dial Trunk Password"),
            others=("CallerID Number",),
        ),
    ),
    certainty="headings from a public script for old firmware; newer ones have more",
    check="the headings, and whether e-mail is sent: the export does not show it",
)

_WAZO: Final = System(
    name="wazo",
    title="Wazo or XiVO",
    export="users as CSV (`/users/export`)",
    layouts=(
        Layout(
            identified_by=tuple(
                ("voicemail_number", other)
                for other in (
                    "voicemail_context",
                    "voicemail_ask_password",
                    "voicemail_attach_audio",
                    "voicemail_delete_messages",
                    "subscription_type",
                    "call_permission_password",
                    "provisioning_code",
                    "incall_exten",
                    "sip_username",
                    "sip_secret",
                )
            ),
            number="voicemail_number",
            pin="voicemail_password",
            name=(("voicemail_name",),),
            recipients=(("voicemail_email",),),
            no_number="The person has no voicemail box.",
            needs_number=True,
            mails_if_address=True,
            ask=(Flag("voicemail_ask_password", either(YES, NO)),),
            prompt=(Flag("language", {}),),
            notes=(Note("voicemail_delete_messages", _TRUE, _DELETED),),
            secrets=("password", "sip_secret", "call_permission_password"),
            others=("email", "firstname", "lastname", "username", "exten", "mobile_phone_number"),
            context="voicemail_context",
        ),
    ),
    certainty="headings and words are those of its source code",
    check="the language: it is that of the person",
)

_SWITCHVOX: Final = System(
    name="switchvox",
    title="Switchvox",
    export="Setup > Extensions > Manage > Import Extensions > Export Extensions, CSV; 6.4 and later",
    layouts=(
        Layout(
            identified_by=(
                ("ext", "fname", "lname"),
                ("ext", "voicemail_password", "phone_password"),
                ("ext", "voicemail_password", "fname"),
                ("ext", "voicemail_password", "lname"),
                ("ext", "login_email"),
                ("ext", "digium_phone_mac_address"),
            ),
            number="ext",
            pin="voicemail_password",
            name=(("fname", "lname"),),
            recipients=(("login_email",), ("email",)),
            secrets=("password", "phone_password"),
        ),
    ),
    certainty="headings are documented",
    check="rows without voicemail, and whether e-mail is sent: the export shows neither",
)

_VODIA: Final = System(
    name="vodia",
    title="Vodia",
    export="Accounts > Export, CSV with semicolons",
    layouts=(
        Layout(
            identified_by=(("#alias", "mb_pin"), ("#alias", "web_pass")),
            number="#alias",
            pin="mb_pin",
            name=(("first_name", "last_name"),),
            recipients=(("email",),),
            secrets=("web_pass", "password"),
        ),
    ),
    certainty="described headings; neither an export nor documentation was seen",
    check="everything: accounts with several numbers, rows without voicemail, and whether e-mail is sent",
)

_KAZOO: Final = System(
    name="kazoo",
    title="Kazoo",
    export="the voicemail boxes of the API (`/vmboxes`), JSON, each with its `pin`",
    kind=FileKind.JSON,
    layouts=(
        Layout(
            identified_by=(),
            number="mailbox",
            pin="pin",
            name=(("name",),),
            recipients=(("notify_email_addresses",),),
            mails_if_address=True,
            ask=(Flag("require_pin", either(YES, NO)),),
            notes=(Note("delete_after_notify", _TRUE, _DELETED), Note("owner_id", _ANY, _OWNER)),
        ),
    ),
    certainty="the fields are documented",
    check="the address of each owner, which Kazoo notifies too: it is not in the boxes",
)

_UNITY: Final = System(
    name="unity",
    title="Cisco Unity Connection",
    export="Tools > Bulk Administration Tool > Export, users with mailbox, CSV",
    layouts=(
        Layout(
            identified_by=tuple(
                ("Extension", *others)
                for others in (
                    ("Alias", "DisplayName"),
                    ("Alias", "FirstName", "LastName"),
                    ("Alias", "EmailAddress"),
                    ("TemplateAlias",),
                    ("ListInDirectory",),
                    ("CosDisplayName",),
                )
            ),
            number="Extension",
            name=(("DisplayName",), ("FirstName", "LastName")),
            recipients=(("EmailAddress",),),
            secrets=("Password", "PIN"),
            others=("Alias", "Language", "State", "CanChangePIN"),
        ),
    ),
    certainty="headings are documented",
    check="whether e-mail is sent: the export does not show it",
)

_PORTSIP: Final = System(
    name="portsip",
    title="PortSIP users",
    export="Users > Export, CSV",
    layouts=(
        Layout(
            identified_by=tuple(
                ("extension_number", other)
                for other in (
                    "enable_voicemail_notify",
                    "enable_voicemail_pin",
                    "voicemail_play_datetime",
                    "extension_password",
                )
            ),
            number="extension_number",
            pin="voicemail_pin",
            name=(("display_name",),),
            recipients=(("email",),),
            notify=(Flag("enable_voicemail_notify", either(YES, NO)),),
            ask=(Flag("enable_voicemail_pin", either(YES, NO)),),
            prompt=(Flag("voicemail_prompt", {}),),
            clock=(
                Flag(
                    "voicemail_play_datetime",
                    {
                        **either(UNCERTAIN, OFF),
                        "disable": OFF,
                        "12_hour_clock": CLOCK_12,
                        "24_hour_clock": CLOCK_24,
                    },
                ),
            ),
            secrets=("password", "extension_password"),
        ),
    ),
    certainty="described headings; no export was seen",
    check="the clock and the language, in a few boxes",
)

SYSTEMS: Final = (
    _FREEPBX,
    _ASTERISK,
    _ASTERISK_TABLE,
    _ISSABEL,
    _3CX,
    _FUSIONPBX,
    _YEASTAR,
    _GRANDSTREAM,
    _WAZO,
    _SWITCHVOX,
    _VODIA,
    _KAZOO,
    _UNITY,
    _PORTSIP,
)
SYSTEM_OF_NAME: Final = {system.name: system for system in SYSTEMS}
SYSTEM_NAMES: Final = tuple(SYSTEM_OF_NAME)
# Parts of other names for systems, in lower case without punctuation, with what to use instead.
_FREEPBX_BASED: Final = "freepbx, on which it is based, if the file is from its Bulk Handler"
OTHER_NAMES: Final = {
    "elastix": "issabel for Elastix 2 to 4, or 3cx for Elastix 5",
    "xivo": "wazo, which also reads exports of XiVO",
    "pbxact": _FREEPBX_BASED,
    "sangoma": "freepbx for FreePBX and PBXact, or switchvox for Switchvox",
    "digium": "switchvox, or asterisk for voicemail.conf",
    "asterisknow": _FREEPBX_BASED,
    "trixbox": _FREEPBX_BASED,
    "incrediblepbx": _FREEPBX_BASED,
    "voicemailconf": "asterisk",
    "freeswitch": "fusionpbx, if FusionPBX manages it",
    "snomone": "vodia, its later name",
    "pbxnsip": "vodia, its later name",
    "2600hz": "kazoo",
    "ucm": "grandstream",
    "cisco": "unity for Cisco Unity Connection",
    "cuc": "unity for Cisco Unity Connection",
}
