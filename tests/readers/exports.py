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

VOICEMAIL_CONF = Export(
    "asterisk",
    """; written by hand
[general]
format=wav49 ; and nothing else
imappassword=sip-Secret-1
aliasescontext=nicknames
tz=night

[zonemessages]
day=Europe/Berlin|'vm-received' q 'digits/at' IMp
night = Europe/Berlin|'vm-received' q 'digits/at' HM
words=Europe/Berlin|'Happy HI'

[default](+)
7001 => 3690,Reception,front@example.com,,envelope=no|attach=yes
7002=-0582,Zoë Bär,zoe@example.com|night@example.com,pager@example.com,tz=day|delete=yes|imappassword=sip-Secret-1
;-- 7003 => 1111,Lift
7004 => 1111,Roof
--;
;7005 => 1111,Gate
7006=>7006,Store ; the one at the back
7007 => 2580,Pat Lee,,,tz=words|language=de_DE
7008 => ,Nobody

[shop]
7101 => 1470,Shop,shop@example.com

[nicknames]
reception@default => 7001@default

[pbxaliases]
7001@device => 7001@default
""",
    "extension_number pin name recipients prompt play_datetime enable_email_notify",
    {
        14: "7001/3690/Reception/front@example.com//off/yes",
        15: "7002/0582/Zoë Bär/zoe@example.com, night@example.com//12-hour clock/yes",
        20: "7006/7006/Store///24-hour clock/no",
        21: "7007/2580/Pat Lee//de-DE//no",
        22: "7008//Nobody///24-hour clock/no",
        25: "7101/1470/Shop/shop@example.com//24-hour clock/yes",
    },
    ("does not let people change this PIN", "deletes messages once", "second address", "whether and how the date"),
    "voicemail.conf",
)

ASTERISK_TABLE = Export(
    "asterisk-table",
    "uniqueid,context,mailbox,password,fullname,email,pager,tz,attach,saycid,envelope,delete,language,imappassword\n"
    "1,default,7001,3690,Reception,front@example.com,,central,yes,no,no,no,de,sip-Secret-1\n"
    "2,default,7002,-0582,Zoë Bär,zoe@example.com|night@example.com,,central,yes,no,yes,yes,,\n"
    "3,default,7004,7004,Store,,pager@example.com,central,yes,no,,no,de_DE,90417263\n",
    "extension_number pin name recipients prompt play_datetime enable_email_notify",
    {
        2: "7001/3690/Reception/front@example.com/de/off/yes",
        3: "7002/0582/Zoë Bär/zoe@example.com, night@example.com///yes",
        4: "7004/7004/Store//de-DE//no",
    },
    ("does not let people change this PIN", "deletes messages once", "second address", "whether and how the date"),
)

ISSABEL = Export(
    "issabel",
    '"Display Name","User Extension","Secret","Voicemail Status","Voicemail Password","VM Email Address",'
    '"VM Pager Email Address","VM Play Envelope","VM Delete Vmail","Context"\n'
    '"Reception","7001","sip-Secret-1","enabled","3690","front@example.com","","no","no","from-internal"\n'
    '"Zoë "Zo", Bär","7002","90417263","enabled","0582","zoe@example.com|night@example.com","","yes","yes","x"\n'
    '"Lift","7003","83350417","disable","","","","no","no","from-internal"\n'
    '"12" Store","7004","83350417","enable","7004","","","no","no","from-internal"\n'
    '"Gate ""A""","7005","83350417","Enabled","1470","","","no","no","from-internal"\n',
    "name extension_number pin recipients play_datetime enable_email_notify",
    {
        2: "Reception/7001/3690/front@example.com/off/yes",
        3: 'Zoë "Zo", Bär/7002/0582/zoe@example.com, night@example.com//yes',
        4: None,
        5: '12" Store/7004/7004//off/no',
        6: 'Gate "A"/7005/1470//off/no',
    },
    ("deletes messages once", "whether and how the date"),
)

THREE_CX = Export(
    "3cx",
    "Number,FirstName,LastName,EmailAddress,MobileNumber,AuthID,AuthPassword,EnableVoicemail,VMNoPin,PIN,"
    "VMPlayMsgDateTime,VMEmailOptions,PinProtect,DeskphoneWebPass,SrvcAccessPwd\n"
    "7001,Front,Reception,front@example.com,0170,a1,sip-Secret-1,1,0,3690,1,1,0,90417263,Login-Secret-2\n"
    "7002,Zoë,Bär,zoe@example.com,0170,a2,90417263,1,0,0582,2,3,0,90417263,83350417\n"
    "7003,Lift,,,0170,a3,83350417,0,0,1470,0,1,0,90417263,83350417\n"
    "7004,,Store,store@example.com,0170,a4,83350417,1,1,7004,0,0,0,90417263,83350417\n",
    "extension_number name recipients enable_pin pin play_datetime enable_email_notify",
    {
        2: "7001/Front Reception/front@example.com/yes/3690/12-hour clock/yes",
        3: "7002/Zoë Bär/zoe@example.com/yes/0582/24-hour clock/yes",
        4: None,
        5: "7004/Store/store@example.com/no/7004/off/no",
    },
    ("deletes messages once",),
)

THREE_CX_20 = Export(
    "3cx",
    "Number,FirstName,LastName,EmailAddress,Language,VMEnable,VMLanguage,VMPlayMsgDateTime,VMPIN,VMEmailOptions,VMNoPin,"
    "PinProtected\n"
    "7001,Front,Reception,front@example.com,German,1,307392E1-F915-4f3a-9362-5049AADC242C,Play24Hr,3690,Attachment,0,0\n"
    "7003,Lift,,,English,0,307392E1-F915-4f3a-9362-5049AADC242C,0,1470,1,0,0\n",
    "extension_number name recipients play_datetime pin enable_email_notify enable_pin",
    {2: "7001/Front Reception/front@example.com/24-hour clock/3690/yes/yes", 3: None},
)

FUSIONPBX = Export(
    "fusionpbx",
    "domain_uuid,voicemail_uuid,voicemail_id,voicemail_password,greeting_id,voicemail_mail_to,"
    "voicemail_local_after_email,voicemail_enabled,voicemail_description\n"
    "0f6d,9d1b,7001,3690,,front@example.com,true,true,Reception\n"
    '0f6d,9d1c,7002,0582,1,"zoe@example.com,night@example.com",false,1,Zoë Bär\n'
    "0f6d,9d1d,7003,14701470,,,true,false,Lift\n"
    "0f6d,9d1e,7004,7004,,,true,WAHR,Store\n"
    "0f6d,9d1f,7005,1470,,,true,,Roof\n",
    "extension_number pin recipients name enable_email_notify",
    {
        2: "7001/3690/front@example.com/Reception/yes",
        3: "7002/0582/zoe@example.com,night@example.com/Zoë Bär/yes",
        4: None,
        5: "7004/7004//Store/no",
        6: None,
    },
    ("deletes messages once",),
)

YEASTAR = Export(
    "yeastar",
    "First Name,Last Name,Email Address,Mobile Number,User Password,System Prompt Language,Extension Number,Caller ID,"
    "Registration Password,Enable Voicemail,Voicemail PIN Authentication,Voicemail Access PIN,Voicemail Language,"
    "New Voicemail Notification,After Notification,Play Date and Time,Time Display Format,Voicemail Email Address\n"
    "Front,Reception,front@example.com,0170,Login-Secret-2,follow_system,7001,7001,sip-Secret-1,1,1,3690,follow_system,"
    "email_with_attachment,no,1,12,user_email\n"
    "Zoë,Bär,zoe@example.com,0170,83350417,French,7002,7002,90417263,1,1,0582,German,email_notification,delete,1,24,"
    "night@example.com\n"
    "Lift,,,0170,83350417,French,7003,7003,90417263,0,1,1470,follow_system,no,no,0,24,user_email\n"
    ",Store,store@example.com,0170,83350417,French,7004,7004,90417263,1,0,7004,follow_system,no,no,0,24,user_email\n"
    "Gate,,,0170,83350417,French,7005,7005,90417263,1,1,1470,Klingon,no,no,1,follow_system,user_email\n",
    "name recipients extension_number enable_pin pin prompt enable_email_notify play_datetime",
    {
        2: "Front Reception/front@example.com/7001/yes/3690//yes/12-hour clock",
        3: "Zoë Bär/zoe@example.com/7002/yes/0582/de/yes/24-hour clock",
        4: None,
        5: "Store/store@example.com/7004/no/7004//no/off",
        6: "Gate//7005/yes/1470//no/",
    },
    ("deletes messages once", "another address", "the language of the prompts", "whether and how the date"),
)

GRANDSTREAM = Export(
    "grandstream",
    "Extension,Technology,Enable Voicemail,CallerID Number,SIP/IAX Password,Voicemail Password,"
    "Skip Voicemail Password Verification,Dial Trunk Password,User Password,First Name,Last Name,Email Address,"
    "Language\n"
    "7001,SIP,yes,,sip-Secret-1,3690,no,90417263,Login-Secret-2,Front,Reception,front@example.com,Default\n"
    "7002,SIP,yes,,90417263,0582,yes,90417263,83350417,Zoë,Bär,zoe@example.com,de\n"
    "7003,SIP,no,,83350417,1470,yes,90417263,83350417,Lift,,,Default\n",
    "extension_number pin enable_pin name recipients prompt",
    {2: "7001/3690/yes/Front Reception/front@example.com/", 3: "7002/0582/no/Zoë Bär/zoe@example.com/de", 4: None},
    ("the language of the prompts",),
)

WAZO = Export(
    "wazo",
    "uuid,firstname,lastname,email,password,language,call_permission_password,voicemail_name,voicemail_number,"
    "voicemail_context,voicemail_password,voicemail_email,voicemail_attach_audio,voicemail_delete_messages,"
    "voicemail_ask_password,sip_username,sip_secret,exten\n"
    "u1,Front,Desk,own@example.com,Login-Secret-2,de_DE,83350417,Reception,7001,default,3690,front@example.com,1,0,1,a,"
    "sip-Secret-1,7001\n"
    "u2,Zoë,Bär,own@example.com,83350417,fr_FR,,Zoë Bär,7002,default,0582,zoe@example.com,1,1,0,b,90417263,7002\n"
    "u3,Lift,,own@example.com,83350417,en_US,,,,,,,,,,c,90417263,7003\n"
    "u4,Store,,own@example.com,83350417,,,Store,7004,default,7004,,1,0,1,d,90417263,7004\n",
    "prompt name extension_number pin recipients enable_pin enable_email_notify",
    {
        2: "de-DE/Reception/7001/3690/front@example.com/yes/yes",
        3: "fr-FR/Zoë Bär/7002/0582/zoe@example.com/no/yes",
        4: None,
        5: "/Store/7004/7004//yes/no",
    },
    ("deletes messages once",),
)

SWITCHVOX = Export(
    "switchvox",
    "ext,fname,lname,login_email,title,location,password,voicemail_password,phone_password,digium_phone_mac_address\n"
    "7001,Front,Reception,front@example.com,,,Login-Secret-2,3690,sip-Secret-1,\n"
    "7002,Zoë,Bär,zoe@example.com,,,83350417,0582,90417263,\n",
    "extension_number name recipients pin",
    {2: "7001/Front Reception/front@example.com/3690", 3: "7002/Zoë Bär/zoe@example.com/0582"},
)

VODIA = Export(
    "vodia",
    "#alias;first_name;last_name;mb_pin;email;web_pass;password\n"
    "7001;Front;Reception;3690;front@example.com;Login-Secret-2;sip-Secret-1\n"
    "7002;Zoë;Bär;0582;zoe@example.com;83350417;90417263\n",
    "extension_number name pin recipients",
    {2: "7001/Front Reception/3690/front@example.com", 3: "7002/Zoë Bär/0582/zoe@example.com"},
)

KAZOO = Export(
    "kazoo",
    """{"auth_token": "sip-Secret-1", "data": [
  {"id": "a1", "mailbox": "7001", "name": "Reception", "pin": "3690", "require_pin": true,
   "notify_email_addresses": ["front@example.com"], "is_setup": true},
  {"id": "a2", "mailbox": 7002, "name": "Zoë Bär", "pin": "0582", "require_pin": false, "delete_after_notify": true,
   "notify_email_addresses": ["zoe@example.com", "night@example.com"], "media": {"unavailable": "90417263"}},
  {"id": "a3", "mailbox": "7004", "name": "Store", "owner_id": "83350417"}
], "status": "success"}
""",
    "extension_number name pin recipients enable_pin enable_email_notify",
    {
        2: "7001/Reception/3690/front@example.com/yes/yes",
        3: "7002/Zoë Bär/0582/zoe@example.com, night@example.com/no/yes",
        4: "7004/Store////no",
    },
    ("deletes messages once", '1 box (field "owner_id", first in row 4): Kazoo may also send e-mail to the owner'),
    "vmboxes.json",
)

UNITY = Export(
    "unity",
    "Alias,Extension,FirstName,LastName,DisplayName,EmailAddress,Password,PIN,ListInDirectory\n"
    "front,7001,F,R,Reception,front@example.com,Login-Secret-2,90417263,1\n"
    "zoe,7002,Zoë,Bär,,zoe@example.com,,,1\n",
    "extension_number name recipients",
    {2: "7001/Reception/front@example.com", 3: "7002/Zoë Bär/zoe@example.com"},
)

PORTSIP = Export(
    "portsip",
    "extension_number,password,extension_password,display_name,email,voicemail_pin,enable_voicemail_pin,"
    "enable_voicemail_notify,voicemail_prompt,voicemail_play_datetime\n"
    "7001,Login-Secret-2,sip-Secret-1,Reception,front@example.com,3690,TRUE,TRUE,en-US,FALSE\n"
    "7002,83350417,90417263,Zoë Bär,zoe@example.com,0582,FALSE,FALSE,,TRUE\n",
    "extension_number name recipients pin enable_pin enable_email_notify prompt play_datetime",
    {
        2: "7001/Reception/front@example.com/3690/yes/yes/en-US/off",
        3: "7002/Zoë Bär/zoe@example.com/0582/no/no//",
    },
    ("whether and how the date",),
)

EXPORTS = (
    FREEPBX,
    VOICEMAIL_CONF,
    ASTERISK_TABLE,
    ISSABEL,
    THREE_CX,
    THREE_CX_20,
    FUSIONPBX,
    YEASTAR,
    GRANDSTREAM,
    WAZO,
    SWITCHVOX,
    VODIA,
    KAZOO,
    UNITY,
    PORTSIP,
)

# More headings of the systems' exports, separated by commas.
OWN_HEADINGS = {
    "3cx": (
        "Number,FirstName,LastName,EmailAddress,MobileNumber,AuthID,AuthPassword,WebMeetingFriendlyName,"
        "WebMeetingPrivateRoom,ClickToCall,ClickToCallFriendlyName,WebMeetingAcceptReject,EnableVoicemail,VMNoPin,"
        "VMPlayCallerID,PIN,VMPlayMsgDateTime,VMEmailOptions,QueueStatus,OutboundCallerID,SIPID,DeliverAudio,"
        "SupportReinvite,SupportReplaces,EnableSRTP,ManagementAccess,ReporterAccess,WallboardAccess,"
        "TurnOffMyPhone,HideFWrules,CanSeeRecordings,CanDeleteRecordings,RecordCalls,CallScreening,"
        "EmailMissedCalls,Disabled,DisableExternalCalls,AllowLanOnly,BlockRemoteTunnel,PinProtect,MAC_0,"
        "InterfaceIP_0,UseTunnel,DND,UseCTI,StartupScreen,HotelModuleAccess,DontShowExtInPHBK,DeskphoneWebPass,"
        "SrvcAccessPwd,VoipAdmin,SysAdmin,SecureSIP,PhoneModel14,PhoneTemplate14,CustomTemplate,PhoneSettings,"
        "AllowAllRecordings,PushExtension,Integration,AllowOwnRecordings,RecordExternalCallsOnly,DID,SMS,"
        "PhoneSysAdmin"
    ),
    "freepbx": (
        "extension,password,name,voicemail,ringtimer,noanswer,recording,outboundcid,sipname,noanswer_cid,busy_cid,"
        "chanunavail_cid,noanswer_dest,busy_dest,chanunavail_dest,mohclass,id,tech,dial,devicetype,user,"
        "description,emergency_cid,hint_override,cwtone,recording_in_external,recording_out_external,"
        "recording_in_internal,recording_out_internal,recording_ondemand,recording_priority,answermode,intercom,"
        "cid_masquerade,concurrency_limit,devicedata,accountcode,allow,avpf,callerid,context,defaultuser,"
        "direct_media,disallow,dtmfmode,force_callerid,icesupport,mailbox,max_contacts,media_encryption,secret,"
        "sendrpid,sipdriver,timers,transport,callwaiting_enable,findmefollow_strategy,findmefollow_grplist,"
        "findmefollow_enabled,voicemail_enable,voicemail_vmpwd,voicemail_email,voicemail_pager,voicemail_options,"
        "voicemail_same_exten,disable_star_voicemail,vmx_unavail_enabled,vmx_busy_enabled,vmx_temp_enabled"
    ),
    "fusionpbx": (
        "domain_uuid,voicemail_uuid,voicemail_id,voicemail_password,greeting_id,voicemail_alternate_greet_id,"
        "voicemail_recording_instructions,voicemail_recording_options,voicemail_mail_to,voicemail_sms_to,"
        "voicemail_transcription_enabled,voicemail_attach_file,voicemail_file,voicemail_local_after_email,"
        "voicemail_local_after_forward,voicemail_enabled,voicemail_description,voicemail_name_base64,"
        "voicemail_tutorial"
    ),
    "issabel": (
        "Display Name,User Extension,Direct DID,Outbound CID,Call Waiting,Secret,Voicemail Status,"
        "Voicemail Password,VM Email Address,VM Pager Email Address,VM Options,VM Email Attachment,VM Play CID,"
        "VM Play Envelope,VM Delete Vmail,Context,Tech,Callgroup,Pickupgroup,Disallow,Allow,Deny,Permit,"
        "Record Incoming,Record Outgoing"
    ),
    "yeastar": (
        "First Name,Last Name,Email Address,Mobile Number,User Password,System Prompt Language,Email Language,"
        "User Role,Extension Number,Caller ID,Registration Name,Registration Password,"
        "IP Phone Concurrent Registrations,Emergency Outbound Caller ID,Enable Voicemail,"
        "Voicemail PIN Authentication,Voicemail Access PIN,Voicemail Language,New Voicemail Notification,"
        "After Notification,Play Caller ID,Play Message Duration,Play Date and Time,Time Display Format,"
        "Send email notification when the User Password is changed,Send email notifications on missed calls,"
        "Voicemail Email Address,Transport,DTMF Mode"
    ),
}
