"""The codes of problems: what each one means and what to do. The table in README.md is made from this list."""

from enum import StrEnum
from typing import Final, Self


class Severity(StrEnum):
    """An error stops its row; a warning does not."""

    ERROR = "error"
    WARNING = "warning"


_ERROR: Final = Severity.ERROR
_WARNING: Final = Severity.WARNING

_TYPE_AGAIN: Final = "format the column as Text and type the value again"
_REPAIR: Final = "open the file in Excel, save it as .xlsx, and use that file"


class ProblemCode(StrEnum):
    """A kind of problem. Codes are stable: scripts search for them.

    Attributes:
        severity: of most problems with this code. A value that an export wrote, for example, is only a warning.
        meaning: what is wrong.
        remedy: what to do.
    """

    severity: Severity
    meaning: str
    remedy: str

    def __new__(cls, code: str, severity: Severity, meaning: str, remedy: str) -> Self:
        """Make a member of its code and texts."""
        member = str.__new__(cls, code)
        member._value_ = code
        member.severity, member.meaning, member.remedy = severity, meaning, remedy
        return member

    # The file
    UNREADABLE = "unreadable", _ERROR, "the file cannot be read as a sheet", "see the message"
    EMPTY = "empty", _ERROR, "the file is empty", "check that it was saved and copied completely"
    NOT_A_SHEET = "not-a-sheet", _ERROR, "the file is not a sheet", "give a .xlsx or .csv file"
    DAMAGED = "damaged", _ERROR, "the workbook is damaged or incomplete", _REPAIR
    ENCRYPTED = "encrypted", _ERROR, "the workbook is protected with a password", "remove the password in Excel"
    OLD_EXCEL = "old-excel", _ERROR, "the file is an old Excel file (.xls)", _REPAIR
    SEVERAL_SHEETS = "several-sheets", _ERROR, "several sheets have known headings", "choose one with `--sheet`"
    SHEET_UNREAD = (
        "sheet-unread", _WARNING, "another sheet seems to contain boxes, and is not read", "move its rows to the sheet",
    )  # fmt: skip
    HOSTILE = "hostile", _ERROR, "the workbook holds what no spreadsheet program writes", _REPAIR
    TOO_LARGE = "too-large", _ERROR, "the file is too large to read", "split it into several files"
    JSON = "json", _ERROR, "the file is not JSON as `bulkvm export` writes it", "correct the JSON"
    ENCODING = "encoding", _ERROR, "the text is in another encoding", "name it with `--encoding`, or save as CSV UTF-8"
    SAVED_TWICE = "saved-twice", _ERROR, "each line is in one cell: it was saved as CSV twice", "export the file again"
    NO_HEADER = "no-header", _ERROR, "there is no row of known headings", "add headings, or use `--map`"
    OTHER_SYSTEM = "other-system", _ERROR, "the file is an export of another system", "add `--from`"
    NOT_TAKEN = "not-taken", _WARNING, "the export of another system has values that are not taken", "see the message"
    WORD_UNKNOWN = "word-unknown", _ERROR, "the export of another system has an unknown word", "correct it"
    NO_ROWS = "no-rows", _ERROR, "there are no rows below the headings", "fill in a row for each box"
    MISLABELLED = "mislabelled", _WARNING, "the file's name ends in another type", "rename the file"
    UNCLOSED_QUOTE = "unclosed-quote", _ERROR, "a quotation mark is not closed", "close or delete it"
    CHANGED_BACKUP = "changed-backup", _ERROR, "the file is not what its manifest describes", "use another backup"
    OTHER_TENANT = (
        "other-tenant",
        _WARNING,
        "the file is a backup or result of another tenant, or a row that is undone may have reached one",
        "check the file and the site, or the boxes of both tenants",
    )

    # Columns
    COLUMN_MISSING = "column-missing", _ERROR, "there is no extension column", "rename the column, or use `--map`"
    COLUMN_TWICE = "column-twice", _ERROR, "two columns have the same meaning", "delete one, or use `--map`"
    HEADING_AMBIGUOUS = (
        "heading-ambiguous", _ERROR, "a heading may mean one column or another", "choose one with `--map`",
    )  # fmt: skip
    HEADINGS_CHANGE = (
        "headings-change", _ERROR, "headings further down are in other columns", "use the same columns in all rows",
    )  # fmt: skip
    COLUMN_UNKNOWN = "column-unknown", _WARNING, "the column is not read", "rename it, or use `--map`"
    COLUMN_NO_HEADING = "column-no-heading", _WARNING, "a column has values and no heading", "add a heading"
    PIN_COLUMN_UNCERTAIN = (
        "pin-column-uncertain", _ERROR, "it is not clear which column holds the PINs", "choose it with `--map`",
    )  # fmt: skip
    PIN_COLUMN_UNREAD = (
        "pin-column-unread", _WARNING, "a column that may hold the PINs is not read", "choose it with `--map`",
    )  # fmt: skip
    MAP_NOT_THERE = "map-not-there", _ERROR, "`--map` names a heading that is not there", "correct the heading"
    UNDO_RESULT = "undo-result", _ERROR, "the sheet is the result of an undo", "run `bulkvm undo RUN` again instead"
    PLAN_AS_SHEET = (
        "plan-as-sheet",
        _ERROR,
        "the file is a plan, not a sheet",
        "add `--approved`, or use the sheet itself",
    )
    DIFF_AS_SHEET = "diff-as-sheet", _ERROR, "the file is a list of differences, not a sheet", "use the sheet itself"
    NOT_A_PLAN = (
        "not-a-plan",
        _ERROR,
        "the file is not a plan that this user made here",
        "make one with `bulkvm plan SHEET --output PLAN.xlsx`",
    )  # fmt: skip
    PLAN_EDITED = "plan-edited", _ERROR, "the plan was edited", "use the plan as it was written, or make a new one"
    PLAN_EXPIRED = "plan-expired", _ERROR, "the plan is no longer valid", "make a new plan"
    PLAN_TENANT = "plan-tenant", _ERROR, "the plan was made for another tenant", "use the site of the plan"
    PLAN_SHEET = (
        "plan-sheet",
        _ERROR,
        "the sheet of the plan is missing, or was changed",
        "use the sheet as it was, or make a new plan",
    )
    PLAN_UNDONE = "plan-undone", _ERROR, "the plan was sent, and its run was undone or deleted", "make a new plan"
    PLAN_OUTDATED = "plan-outdated", _ERROR, "a box was changed since the plan was made", "make a new plan"
    NAME_MISSING = (
        "name-missing", _ERROR, "a new box needs a name, and the row or the sheet has none", "fill it in",
    )  # fmt: skip
    PIN_MISSING = "pin-missing", _ERROR, "a new box needs a PIN, and the row or the sheet has none", "fill it in"
    NAME_BLANK = "name-blank", _WARNING, "the name is blank", "fill it in if the box is new"
    PIN_BLANK = "pin-blank", _WARNING, "the PIN is blank", "fill it in if the box is new"

    # Rows
    HIDDEN_ROWS = "hidden-rows", _WARNING, "hidden rows are also read", "delete them if they are not wanted"
    STRUCK_THROUGH = (
        "struck-through",
        _WARNING,
        "rows struck through are also read",
        "delete them if they are not wanted",
    )
    CONDITIONAL_FORMAT = (
        "conditional-format", _WARNING, "a conditional format may change what is shown", "check the values",
    )  # fmt: skip
    HIDDEN_COLUMNS = "hidden-columns", _WARNING, "hidden columns are also read", "delete them if they are not wanted"
    SURPLUS_VALUES = "surplus-values", _ERROR, "the row has more values than columns", "put quotes around the value"
    MISSING_VALUES = "missing-values", _WARNING, "rows have fewer values than columns", "check these rows"
    SPACE_BEFORE_QUOTE = "space-before-quote", _WARNING, "spaces before opening quotes", "check these values"
    QUOTES = "quotes", _ERROR, "there is text beside the quotes around a value", "double the quotes inside values"
    NUL_BYTES = "nul-bytes", _ERROR, "the row has NUL bytes: the file is damaged", "type the row again"
    CUT_OFF = "cut-off", _ERROR, "the file ends in the middle of the row", "export or copy the file again"
    PREFILLED_ROWS = "prefilled-rows", _WARNING, "rows that hold only defaults or unread columns are skipped", "none"
    REPEATED_HEADINGS = "repeated-headings", _WARNING, "rows that repeat the headings are skipped", "none"
    ROW_NOT_WANTED = (
        "row-not-wanted", _ERROR, "an unread column, a name or a title marks rows as not wanted",
        "delete the rows",
    )  # fmt: skip
    ROWS_LEFT_OUT = "rows-left-out", _WARNING, "rows that an earlier run completed are left out", "none"

    # Cells
    INVISIBLE_CHARACTERS = (
        "invisible-characters", _WARNING, "there are invisible characters around or in the text", "type it again",
    )  # fmt: skip
    CELL_REFUSED = "cell-refused", _ERROR, "the cell could not be read when this copy was made", "type the right value"
    EXAMPLE_CELL = "example-cell", _ERROR, "the cell still has the example of the template", "type your own value"
    CELL_TOO_LONG = "cell-too-long", _ERROR, "the cell has more characters than Excel allows", "shorten it"
    CELL_FORMAT = "cell-format", _ERROR, "the cell's number format is not valid", _TYPE_AGAIN
    CELL_HIDDEN = "cell-hidden", _ERROR, "the cell's number format hides its value", _TYPE_AGAIN
    CELL_DAMAGED = "cell-damaged", _ERROR, "the cell is damaged in the file", "type it again"
    MERGED_CELLS = "merged-cells", _ERROR, "the cell is merged with others", "unmerge it and fill in each cell"
    TEXT_UNWRAPPED = "text-unwrapped", _WARNING, 'the text is in a formula such as ="Bob"', "none"
    CLEAR = "clear", _ERROR, "`<clear>` is in a column that cannot be cleared", "leave the cell blank to keep the value"
    EXCEL_ERROR = (
        "excel-error",
        _ERROR,
        "the cell shows an error such as #N/A",
        "correct its formula, or type the value",
    )
    FORMULA_NO_RESULT = (
        "formula-no-result",
        _ERROR,
        "the formula has no stored result, or gives 0 for an empty cell",
        "open and save the file in Excel, or type the value",
    )  # fmt: skip
    EXCEL_FRACTION = "excel-fraction", _ERROR, "Excel holds a number with decimals", _TYPE_AGAIN
    EXCEL_LONG_NUMBER = "excel-long-number", _ERROR, "Excel keeps only 15 digits of a number", _TYPE_AGAIN
    EXCEL_SCIENTIFIC = "excel-scientific", _ERROR, "the number is in scientific notation", _TYPE_AGAIN
    EXCEL_DATE = "excel-date", _ERROR, "Excel holds a date", _TYPE_AGAIN
    EXCEL_TIME = "excel-time", _ERROR, "Excel holds a time", _TYPE_AGAIN
    EXCEL_PERCENTAGE = "excel-percentage", _ERROR, "Excel holds a percentage", _TYPE_AGAIN
    EXCEL_DECIMALS = "excel-number-with-decimals", _WARNING, "Excel holds a number with decimals", _TYPE_AGAIN
    EXCEL_TOTAL = "excel-total", _ERROR, "the cell is a total of other rows", "delete the row of totals"
    EXCEL_RANDOM = (
        "excel-random", _ERROR, "the cell is a formula with random numbers", "paste the numbers as values",
    )  # fmt: skip
    EXCEL_FORMAT = "excel-format", _ERROR, "the cell shows something else than the value in it", _TYPE_AGAIN
    EXCEL_BOOLEAN = "excel-boolean", _ERROR, "Excel holds TRUE or FALSE", _TYPE_AGAIN

    # Extensions
    EXTENSION_MISSING = "extension-missing", _ERROR, "the row has no extension", "fill it in"
    EXTENSION_NOT_DIGITS = (
        "extension-not-digits",
        _ERROR,
        "the extension has other characters than digits",
        ("give the number only"),
    )
    EXTENSION_LENGTH = "extension-length", _ERROR, "an extension has 3 to 64 digits", "give the whole number"
    EXTENSION_RESERVED = "extension-reserved", _ERROR, "the number is used by the PBX itself", "choose another one"
    EXTENSION_TWICE = "extension-twice", _ERROR, "several rows have the same extension", "keep one of them"
    EXTENSION_UNWRAPPED = "extension-unwrapped", _WARNING, "the digits are in an apostrophe or a formula", "none"
    EXTENSION_OTHER_DIGITS = "extension-other-digits", _WARNING, "the digits are written in another script", "none"
    EXTENSION_LOST_ZERO = "extension-lost-zero", _WARNING, "Excel may have dropped a leading zero", _TYPE_AGAIN

    # Names
    NAME_LENGTH = "name-length", _ERROR, "a name has at most 64 characters", "shorten it"
    NAME_CONTROL = "name-control", _ERROR, "the name has an invisible control character", "type it again"
    NAME_ENCODING = "name-encoding", _WARNING, "a program saved the name in the wrong encoding", "type it again"
    NAME_LINE_BREAK = "name-line-break", _WARNING, "the lines of the name were joined by spaces", "none"
    NAME_PLACEHOLDER = (
        "name-placeholder", _WARNING, "the name is a word for no value, such as NULL", "leave the cell blank",
    )  # fmt: skip
    NAME_MARKS = (
        "name-marks", _WARNING, "the name is in quotation marks, or begins like a formula", "type it without them",
    )  # fmt: skip
    NAME_TWICE = "name-twice", _WARNING, "several rows have the same name", "give each box its own name"

    # PINs
    PIN_NOT_DIGITS = "pin-not-digits", _ERROR, "the PIN has other characters than digits", "remove them"
    PIN_LENGTH = (
        "pin-length",
        _ERROR,
        "the PIN is shorter or longer than allowed",
        "choose another PIN, or use `--replace-pins`",
    )
    PIN_POLICY = "pin-policy", _ERROR, "no PIN can meet the tenant's password policy", "use `--pin-length`"
    PIN_REPEATS = "pin-repeats", _ERROR, "the same digit three times in a row", "change one of the digits"
    PIN_ASCENDING = "pin-ascending", _ERROR, "three digits that count up", "change one of the digits"
    PIN_DESCENDING = "pin-descending", _WARNING, "three digits that count down", "change one of the digits"
    PIN_LOST_ZERO = "pin-lost-zero", _ERROR, "Excel probably dropped a leading zero", "use `--fix leading-zeros`"
    PIN_SHORT = "pin-short", _WARNING, "Excel may have dropped a leading zero of a valid PIN", _TYPE_AGAIN
    PIN_WITHOUT_ZERO = "pin-without-zero", _WARNING, "the PIN is that of the box without its leading zero", _TYPE_AGAIN
    PIN_ZERO_RESTORED = "pin-zero-restored", _WARNING, "`--fix leading-zeros` restored a leading zero", "none"
    PIN_IS_EXTENSION = "pin-is-extension", _WARNING, "the PIN is the extension", "choose another PIN"
    PIN_SHARED = "pin-shared", _WARNING, "several rows have the same PIN", "give each box its own PIN"
    PIN_SEQUENCE = (
        "pin-sequence", _WARNING, "PINs count up or down from row to row", "give each box a PIN that cannot be guessed",
    )  # fmt: skip
    PIN_REPLACED = "pin-replaced", _WARNING, "the PIN is not used", "hand out the PIN that the box has"
    PIN_OUTDATED = "pin-outdated", _WARNING, "the box has a PIN that today's rules refuse", "change the PIN"

    # Other values
    PROMPT_TAG = "prompt-tag", _ERROR, "not a registered language tag", "write it like en-US"
    PROMPT_UNDERSCORE = "prompt-underscore", _WARNING, "the language tag has an underscore or a dash", "none"
    YES_NO = "yes-no", _ERROR, "neither yes nor no", "write yes or no"
    RECIPIENT = "recipient", _ERROR, "not an e-mail address", "correct it, or leave the cell blank"
    RECIPIENT_TWICE = "recipient-twice", _WARNING, "the address is listed twice", "none"
    RECIPIENTS_MANY = "recipients-many", _ERROR, "more than 15 addresses", "use a distribution list"
    RECIPIENTS_UNUSED = (
        "recipients-unused",
        _WARNING,
        "there are recipients, but e-mail is not turned on",
        "write yes to turn it on",
    )
    NOTIFY_NOBODY = "notify-nobody", _WARNING, "e-mail is on, but there are no recipients", "add recipients"
    CLOCK = "clock", _ERROR, "not one of the values of play_datetime", "choose one of the values"

    # Comparison with the PBX
    NUMBER_TAKEN = (
        "number-taken",
        _ERROR,
        "the number belongs to something else on the PBX",
        "choose another number, or use `--skip-taken`",
    )
    NUMBERS_NOT_KNOWN = (
        "numbers-not-known",
        _WARNING,
        "the PBX does not show whether numbers are in use",
        "use a login that may list users and other extensions",
    )
    NUMBER_AMBIGUOUS = "number-ambiguous", _ERROR, "the PBX has several boxes with this number", "give the box's id"
    ID_DISAGREES = "id-disagrees", _ERROR, "the id belongs to a box with another number", "correct one of them"
    ID_UNKNOWN = "id-unknown", _WARNING, "ids are not of this PBX", "none: boxes are matched by extension"
    NOT_SHOWN = "not-shown", _WARNING, "the PBX does not show a field and may reset it", "try one box first"

    # Undo
    GONE = "gone", _WARNING, "the box no longer exists", "import it again if it is needed"
    CHANGED_SINCE = "changed-since", _WARNING, "the box was changed since the run, so it is kept", "check the box"
    REPLACED_SINCE = "replaced-since", _WARNING, "another box has the number now, so it is kept", "check the box"
    MADE_LATER = "made-later", _WARNING, "a later run created the box, so it is kept", "undo that run first"
    NOT_AS_SENT = "not-as-sent", _WARNING, "the box did not read back as it was sent, so it is kept", "check the box"
    NOT_TOLD = "not-told", _ERROR, "the journal is damaged: the earlier values are lost", "restore the box by hand"
    NOT_BLANK = "not-blank", _ERROR, "the PBX keeps a field that was blank", "clear it in the PBX's web portal"
    VALUE_OF_RUN = "value-of-run", _WARNING, "the earlier value is not known, so the run's value is used", "none"
    FORMER_NOT_KNOWN = "former-not-known", _WARNING, "the PBX did not show the earlier value", "set it by hand"
    PIN_NOT_KNOWN = "pin-not-known", _ERROR, "the PIN of a deleted box is not known", "import the box with a PIN"
    HAS_MESSAGES = "has-messages", _WARNING, "the box holds messages, so it is kept", "add `--with-messages`"
    MESSAGES_NOT_KNOWN = (
        "messages-not-known", _WARNING, "the box may hold messages, so it is kept", "add `--with-messages`",
    )  # fmt: skip
    HAS_GREETING = "has-greeting", _WARNING, "the box has a greeting, so it is kept", "add `--with-messages`"
    GREETINGS_NOT_KNOWN = (
        "greetings-not-known", _WARNING, "the box may have a greeting, so it is kept", "add `--with-messages`",
    )  # fmt: skip
    FIELDS_NOT_KNOWN = (
        "fields-not-known", _WARNING, "it is not known whether undocumented fields were changed", "check these boxes",
    )  # fmt: skip
