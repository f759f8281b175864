"""Why problems, statuses and exit codes exist, for `bulkvm explain`. The enums have their meanings and remedies."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from bulkvm.model.exit_codes import ExitCode
from bulkvm.model.outcome import Status, UndoResult
from bulkvm.model.problem_codes import ProblemCode

_P = ProblemCode
_CONVERTED: Final = (
    "When a value is typed or pasted, Excel may convert it to a number, a date or a time, and the original digits are "
    "lost. bulkvm does not guess them."
)
_TWO_VALUES: Final = "bulkvm does not choose one of several values that may be meant."
_ALL_ROWS: Final = "Hidden, filtered and struck-through rows may be leftovers or may be wanted, so every row is read."
_KEPT: Final = "An undo only restores what the run left behind: later changes are not overwritten."
_WITH_MESSAGES: Final = "Deleting a box deletes its messages and greetings, and they cannot be restored."
_FORMER: Final = "An undo restores the values from before the run, which the journal or the PBX must show."
_LOSSLESS: Final = "Every value must be read as it was meant, so a file with doubtful parts is refused or reported."
_PIN_RULES: Final = "The PBX refuses easily guessed PINs, and the row with them."
_WEAK: Final = "The PBX accepts such a PIN, but it is easily guessed."
_AGAIN: Final = "run the same command again; rows that are done are not changed"
_CHANGED: Final = "The value was corrected without loss; the warning shows what is used."

REASONS: Final[Mapping[ProblemCode, str]] = {
    _P.UNREADABLE: _LOSSLESS,
    _P.EMPTY: "An upload or a copy that failed often leaves an empty file.",
    _P.NOT_A_SHEET: "The type is detected from the content: a picture or a PDF named .xlsx is not a sheet.",
    _P.DAMAGED: "A workbook is a zip file of XML parts, and one of them is missing or broken.",
    _P.ENCRYPTED: "An encrypted workbook cannot be read without its password, and bulkvm does not prompt for one.",
    _P.OLD_EXCEL: "Only .xlsx, .xlsm and .csv files are read; .xls is the format of Excel 97 to 2003.",
    _P.SEVERAL_SHEETS: _TWO_VALUES,
    _P.SHEET_UNREAD: "Only one sheet is read. A list may go on in another one that has no headings.",
    _P.HOSTILE: "Such a file could exhaust the memory or disk of this machine when it is read.",
    _P.TOO_LARGE: "The size is limited, so that a file cannot exhaust the memory of this machine.",
    _P.JSON: "JSON is read only as `bulkvm export` writes it: a list of boxes with the API's field names.",
    _P.ENCODING: "In the wrong encoding, letters with accents turn into other characters.",
    _P.SAVED_TWICE: "A CSV file that is opened with the wrong separator and saved again has each line in one cell.",
    _P.NO_HEADER: "Columns are recognised by their headings, in any order.",
    _P.NO_ROWS: "A sheet that was saved before it was filled in would otherwise be imported without notice.",
    _P.OTHER_SYSTEM: "Another system's export has other headings, words and rows, which `--from` knows.",
    _P.NOT_TAKEN: "The other system has fields that a shared voicemail box of the PBX does not have.",
    _P.WORD_UNKNOWN: "Only words that the other system is known to write are read.",
    _P.MISLABELLED: "The type is detected from the content, and the content is what is read.",
    _P.UNCLOSED_QUOTE: "Without the closing quotation mark, all rows up to the next one are one value.",
    _P.CHANGED_BACKUP: "The checksum in a backup's manifest keeps a damaged file from being restored. To edit a "
    "backup, save it under another name.",
    _P.OTHER_TENANT: "Restoring another tenant's boxes here is sometimes wanted, and often a mistake. An undo changes "
    "nothing in another tenant than that of its run.",
    _P.COLUMN_MISSING: "Rows are matched to boxes by their extension.",
    _P.COLUMN_TWICE: _TWO_VALUES,
    _P.HEADING_AMBIGUOUS: _TWO_VALUES,
    _P.HEADINGS_CHANGE: "In tables that are pasted together, a PIN could be read as a name.",
    _P.COLUMN_UNKNOWN: "Sheets often have columns for other purposes. The warning shows that this one is not read.",
    _P.COLUMN_NO_HEADING: "A heading may have been deleted by mistake, and the column is not read without it.",
    _P.PIN_COLUMN_UNCERTAIN: "A code may be the PIN of the voicemail box, of a phone or of a door. A password is "
    "the PIN unless another heading names the voicemail PIN or a login.",
    _P.PIN_COLUMN_UNREAD: "The column may hold the PIN of something else. If it holds those of the boxes, generated "
    "PINs would replace them.",
    _P.ROW_NOT_WANTED: "An import deletes and turns off nothing. It would create or update a box that the sheet marks "
    "as deleted or inactive.",
    _P.MAP_NOT_THERE: "A mistyped heading would otherwise be ignored, and its column left out.",
    _P.UNDO_RESULT: "Importing it would not undo anything: it holds what the undo did.",
    _P.NAME_MISSING: "The PBX requires a name for a new box.",
    _P.PIN_MISSING: "The PBX requires a PIN for a new box; `--generate-pins` generates one.",
    _P.NAME_BLANK: "The PBX requires a name for a new box. An existing box keeps its name.",
    _P.PIN_BLANK: "The PBX requires a PIN for a new box. An existing box keeps its PIN.",
    _P.HIDDEN_ROWS: _ALL_ROWS,
    _P.STRUCK_THROUGH: f"{_ALL_ROWS} A cell struck through in part is an error, except for a name.",
    _P.CONDITIONAL_FORMAT: "A conditional format can show a text or a number that the cell does not hold.",
    _P.HIDDEN_COLUMNS: "Hidden columns are read like the others, although their values are not seen.",
    _P.SURPLUS_VALUES: "An unquoted separator inside a value moves all values after it by one column.",
    _P.MISSING_VALUES: "A row that was cut, or that lacks a separator, has its values in the wrong columns.",
    _P.SPACE_BEFORE_QUOTE: "After a space, a quotation mark is part of the value in some programs, and not in others.",
    _P.QUOTES: "Programs read such a value in different ways.",
    _P.NUL_BYTES: "Text files contain no NUL bytes. They come from a disk error or a wrong encoding.",
    _P.CUT_OFF: "The last row, and rows after it, may have been lost in a copy or an export.",
    _P.PREFILLED_ROWS: "Templates often have rows with only defaults. A row without extension and name is not a box.",
    _P.REPEATED_HEADINGS: "Sheets that are pasted together repeat their headings.",
    _P.ROWS_LEFT_OUT: "`--only-failed` reads a result, and only the rows that its run did not complete.",
    _P.INVISIBLE_CHARACTERS: "Text that is copied from web pages and e-mails often has them, and they are not seen.",
    _P.CELL_REFUSED: "The copy marks a value that could not be read, so that it is not taken for the real one.",
    _P.EXAMPLE_CELL: "The example only shows what to type, and is never imported.",
    _P.CELL_TOO_LONG: "A cell of Excel holds at most 32,767 characters.",
    _P.CELL_FORMAT: "Without the number format, it is not known which text the cell shows.",
    _P.CELL_HIDDEN: "What a cell shows is what is read, and this one shows nothing.",
    _P.CELL_DAMAGED: _LOSSLESS,
    _P.MERGED_CELLS: "Only the first of the merged cells holds the value; the other rows have none.",
    _P.TEXT_UNWRAPPED: _CHANGED,
    _P.CLEAR: "Only recipients can be removed with `<clear>`; the PBX requires a value in all other fields.",
    _P.EXCEL_ERROR: "A formula failed, so the cell has no value.",
    _P.FORMULA_NO_RESULT: "bulkvm does not calculate formulas: it reads the result that Excel stores.",
    _P.EXCEL_FRACTION: _CONVERTED,
    _P.EXCEL_LONG_NUMBER: _CONVERTED,
    _P.EXCEL_SCIENTIFIC: _CONVERTED,
    _P.EXCEL_DATE: _CONVERTED,
    _P.EXCEL_TIME: _CONVERTED,
    _P.EXCEL_PERCENTAGE: _CONVERTED,
    _P.EXCEL_DECIMALS: _CONVERTED,
    _P.EXCEL_TOTAL: "A row of totals looks like a box with the sum as its number.",
    _P.EXCEL_RANDOM: "Excel calculates such a formula again whenever the file is opened, so people see other numbers.",
    _P.EXCEL_FORMAT: "The value and what is shown differ, for example in their leading zeros.",
    _P.EXCEL_BOOLEAN: _CONVERTED,
    _P.EXTENSION_MISSING: "Rows are matched to boxes by their extension.",
    _P.EXTENSION_NOT_DIGITS: "The PBX accepts only digits. Ranges and lists need one row for each box.",
    _P.EXTENSION_LENGTH: "The PBX refuses shorter and longer numbers.",
    _P.EXTENSION_RESERVED: "The PBX uses this number for a service of its own.",
    _P.EXTENSION_TWICE: "A number belongs to one box, and it is not known which row is right.",
    _P.EXTENSION_UNWRAPPED: _CHANGED,
    _P.EXTENSION_OTHER_DIGITS: _CHANGED,
    _P.EXTENSION_LOST_ZERO: "As a number, 0101 becomes 101, which is another box. The digits are read as they are.",
    _P.NAME_LENGTH: "The PBX refuses longer names.",
    _P.NAME_CONTROL: "Control characters are not seen, and can change what a terminal or a log shows.",
    _P.NAME_ENCODING: "A program that saved the text in the wrong encoding turns an umlaut into two other characters.",
    _P.NAME_LINE_BREAK: "A name is one line of text.",
    _P.NAME_PLACEHOLDER: "Databases and exports write such words where there is no value.",
    _P.NAME_MARKS: "Marks around a name are often left over from a CSV file, and a formula shows another text.",
    _P.NAME_TWICE: "On a phone, boxes with the same name look alike.",
    _P.PIN_NOT_DIGITS: "PINs are keyed in on a phone.",
    _P.PIN_LENGTH: "The PBX refuses shorter and longer PINs, by its default or by the tenant's password policy.",
    _P.PIN_POLICY: "The policy on the PBX contradicts itself, or is one for passwords only.",
    _P.PIN_REPEATS: _PIN_RULES,
    _P.PIN_ASCENDING: _PIN_RULES,
    _P.PIN_DESCENDING: _WEAK,
    _P.PIN_LOST_ZERO: "As a number, 012345 becomes 12345. Other PINs of the column show that a digit is missing.",
    _P.PIN_SHORT: "As a number, 04829157 becomes 4829157, which is valid. `--fix leading-zeros` restores it.",
    _P.PIN_WITHOUT_ZERO: "As a number, 04829157 becomes 4829157, which is valid, and would replace the PIN of the box.",
    _P.PIN_ZERO_RESTORED: _CHANGED,
    _P.PIN_IS_EXTENSION: _WEAK,
    _P.PIN_SEQUENCE: "Everyone who knows the PIN of one box can guess those of the others. Excel counts up when a cell "
    "is dragged down.",
    _P.PIN_SHARED: "Everyone who knows the PIN of one box can listen to the messages of the others.",
    _P.PIN_REPLACED: "`--replace-pins` replaces PINs that the PBX would refuse, and existing boxes keep their PINs.",
    _P.PIN_OUTDATED: "The PBX may refuse the whole box when such a PIN is sent again with another change.",
    _P.PROMPT_TAG: "The PBX plays its prompts in a language that it knows by such a tag (BCP 47).",
    _P.PROMPT_UNDERSCORE: _CHANGED,
    _P.YES_NO: "Other words are not guessed.",
    _P.RECIPIENT: "The PBX refuses the whole row, or the message reaches no one.",
    _P.RECIPIENT_TWICE: _CHANGED,
    _P.RECIPIENTS_MANY: "The PBX stores at most 15 addresses for a box.",
    _P.RECIPIENTS_UNUSED: "The PBX sends no e-mail while notification is off.",
    _P.NOTIFY_NOBODY: "The PBX has no address to notify.",
    _P.CLOCK: "The PBX knows only these values.",
    _P.NUMBER_TAKEN: "A user, ring group or another extension has the number. It cannot be a voicemail box as well.",
    _P.NUMBERS_NOT_KNOWN: "`--skip-taken` leaves a row out if the PBX shows that its number is in use. Else the row is "
    "sent, and the PBX may refuse it.",
    _P.NUMBER_AMBIGUOUS: "The row would change one of several boxes at random.",
    _P.ID_DISAGREES: "The extension and the id of the row belong to different boxes.",
    _P.ID_UNKNOWN: "Ids differ between PBXs. The sheet may have been exported from another one.",
    _P.NOT_SHOWN: "An update replaces the whole box. The PBX may reset a field that is not sent.",
    _P.PLAN_AS_SHEET: "A plan is approved or refused as a whole, and not edited and imported.",
    _P.DIFF_AS_SHEET: "Importing it would send the names in it, and none of the other values.",
    _P.NOT_A_PLAN: "Only the user and the machine that made a plan can send it, so that no other file takes its place.",
    _P.PLAN_EDITED: "What is sent must be what was approved.",
    _P.PLAN_EXPIRED: "The PBX may have changed since the plan was approved.",
    _P.PLAN_TENANT: "At another tenant, the same extensions are different boxes.",
    _P.PLAN_SHEET: "The plan has no PINs: they are read from the sheet that it was made from.",
    _P.PLAN_UNDONE: "The plan was approved to be sent once. Without the journal of its run, what it sent is not known.",
    _P.PLAN_OUTDATED: "The plan was approved for the values that the box had then.",
    _P.GONE: _KEPT,
    _P.CHANGED_SINCE: _KEPT,
    _P.REPLACED_SINCE: _KEPT,
    _P.MADE_LATER: _KEPT,
    _P.NOT_AS_SENT: _KEPT,
    _P.NOT_TOLD: _FORMER,
    _P.NOT_BLANK: "The API of the PBX cannot clear this field.",
    _P.VALUE_OF_RUN: _FORMER,
    _P.FORMER_NOT_KNOWN: _FORMER,
    _P.PIN_NOT_KNOWN: "The PBX does not show PINs, so a deleted box cannot be re-created with its own.",
    _P.HAS_MESSAGES: _WITH_MESSAGES,
    _P.MESSAGES_NOT_KNOWN: _WITH_MESSAGES,
    _P.HAS_GREETING: _WITH_MESSAGES,
    _P.GREETINGS_NOT_KNOWN: _WITH_MESSAGES,
    _P.FIELDS_NOT_KNOWN: "The PBX may have fields that it does not document and that its lists do not show.",
}
STATUS_REASONS: Final[Mapping[Status, str]] = {
    Status.CREATED: "The PBX had no box with this extension.",
    Status.UPDATED: "At least one field of the box differed from the row.",
    Status.UNCHANGED: "Importing a sheet again is always safe: boxes that are up to date are not sent.",
    Status.LEFT_OUT: "Exports of other systems also list users and groups, and a number may already be in use. To "
    "import such a row of a result after all, empty its cell in the column bulkvm_status.",
    Status.INVALID: "A row is sent completely or not at all.",
    Status.REJECTED: "The PBX applies rules that bulkvm cannot check before.",
    Status.FAILED: "The row could not be sent, or the PBX reported an error of its own, and nothing was changed.",
    Status.UNKNOWN: "The connection was lost after the row was sent, and the box could not be read back.",
    Status.NOT_SENT: "The run was interrupted, stopped by a limit or by a box that did not read back as expected, or "
    "ended by an outage.",
}
STATUS_REMEDIES: Final[Mapping[Status, str]] = {
    Status.FAILED: f"read the message of the row. If an undo kept the box, check it; if the box was changed after the "
    f"plan was made, make a new plan; otherwise, {_AGAIN}",
    Status.NOT_SENT: "read the message of the row: if it asks to check a box, find the cause first; otherwise, "
    f"{_AGAIN}",
}
_AS_UPDATED: Final = "The status of the row in the result is `updated`."
UNDO_RESULTS: Final[Mapping[UndoResult, tuple[str, str, str]]] = {  # the meaning, the reason and the remedy
    UndoResult.RESTORED: ("an undo restored the former values of the box", _AS_UPDATED, ""),
    UndoResult.DELETED: ("an undo deleted a box that the run had created", _AS_UPDATED, ""),
    UndoResult.KEPT: (
        "an undo left the box as it is",
        "An undo overwrites no later changes and deletes no messages. The status of the row in the result is `failed`.",
        "read the message of the row; change or delete the box in the PBX's web portal, or leave it as it is",
    ),
}
EXIT_REASONS: Final[Mapping[ExitCode, str]] = {
    ExitCode.DONE: "Every row is done, or left out since it is not a box to import.",
    ExitCode.NOT_ALL_DONE: "Some rows are invalid, rejected or failed, or the question was answered with no. An undo "
    "keeps boxes that were changed since, or hold messages.",
    ExitCode.USAGE: "bulkvm does not guess what a command was meant to do.",
    ExitCode.SHEET: "A sheet with errors is not imported in part, unless `--skip-invalid` allows it. A plan never is.",
    ExitCode.LOGIN: "The PBX rejected the login, or the user may not manage voicemail boxes.",
    ExitCode.PBX: "Nothing is sent unless the PBX is certain to be the right one and its list of boxes is complete.",
    ExitCode.LIMIT: "A wrong sheet or a wrong site often changes many boxes at once.",
    ExitCode.STOPPED: "If many rows fail, or the first box reads back differently, the others probably will, too.",
    ExitCode.BACKUP: "A backup counts only if it was read back and matches what the PBX holds.",
    ExitCode.UNKNOWN: "A request was sent, and neither its response nor a later read showed what the PBX did.",
    ExitCode.DIFFERENCES: "Scripts can react to differences without reading the output.",
    ExitCode.INTERRUPTED: "Ctrl-C or a signal ended the command.",
}


@dataclass(frozen=True, slots=True)
class Explanation:
    """What a code means, why it exists, and what to do about it; `kind` is `problem`, `status` or `exit code`."""

    code: str
    kind: str
    meaning: str
    reason: str
    remedy: str
    severity: str | None = None


def _explain_all() -> Iterator[Explanation]:
    for code in ProblemCode:
        yield Explanation(code, "problem", code.meaning, REASONS.get(code, ""), code.remedy, code.severity)
    for status in Status:
        remedy = status.remedy or STATUS_REMEDIES.get(status, "")
        yield Explanation(status, "status", status.meaning, STATUS_REASONS.get(status, ""), remedy)
    for result, texts in UNDO_RESULTS.items():
        yield Explanation(result.shown, "status", *texts)
    for exit_code in ExitCode:
        reason = EXIT_REASONS.get(exit_code, "")
        yield Explanation(str(int(exit_code)), "exit code", exit_code.meaning, reason, exit_code.remedy)


EXPLANATIONS: Final = tuple(_explain_all())
