"""The table of columns: how each one is parsed, checked, sent, written and documented."""

from typing import Final

from bulkvm.columns import headings
from bulkvm.columns.boolean import format_boolean, parse_boolean
from bulkvm.columns.column import Column, FieldKind, Parsed, read_matching
from bulkvm.columns.extension import PLAIN_EXTENSION, extension_length, not_reserved, parse_extension
from bulkvm.columns.name import (
    PLAIN_NAME,
    equal_names,
    name_length,
    no_control_characters,
    no_hidden_characters,
    no_marks,
    no_placeholder,
    no_switched_off,
    no_template,
    no_web_code,
    no_wrong_encoding,
    parse_name,
)
from bulkvm.columns.pin import PLAIN_PIN, no_ascending_run, no_descending_run, no_repeats, pin_digits, pin_length
from bulkvm.columns.play_datetime import CHOICE_OF_VALUE, CLOCK_CHOICES, parse_play_datetime
from bulkvm.columns.prompt import COMMON_PROMPTS, equal_tags, parse_prompt
from bulkvm.columns.recipients import (
    equal_recipients,
    format_recipients,
    parse_recipients,
    read_plain_recipients,
    recipient_count,
)
from bulkvm.model.problem import ProblemCode

__all__ = [
    "CHANGED_HEADING",
    "CHECK",
    "CLEAR",
    "COLUMNS",
    "COLUMN_OF_HEADER",
    "DIFFERENCE_HEADING",
    "EXAMPLE",
    "ID_COLUMN",
    "ID_HEADING",
    "KEY_COLUMN",
    "MESSAGE_HEADING",
    "NAME_COLUMN",
    "PIN_COLUMN",
    "PIN_NOT_SENT",
    "PLAN_DETAILS",
    "PLAN_HEADING",
    "RESULT_PREFIX",
    "ROW_HEADING",
    "SECRET_HEADERS",
    "SENT_PIN_HEADING",
    "STATUS_HEADING",
    "SUMMARY_STEPS",
    "UNDO_HEADING",
    "Column",
    "FieldKind",
    "Parsed",
    "refused_text",
]  # fmt: skip

# Clears a field that can be cleared; a blank cell keeps the value.
CLEAR: Final = "<clear>"

# Marks a cell in a copy that could not be read; it is an error until it is changed.
CHECK: Final = "<check>"

# Begins each cell of the template's example row. No such cell is imported, even if others in the row were edited.
EXAMPLE: Final = "e.g. "

# Columns with results, such as bulkvm_status, are written and never read.
RESULT_PREFIX: Final = "bulkvm_"
STATUS_HEADING: Final = f"{RESULT_PREFIX}status"
MESSAGE_HEADING: Final = f"{RESULT_PREFIX}message"
ROW_HEADING: Final = f"{RESULT_PREFIX}row"  # in a clean copy: the row of the sheet that it was made of
ID_HEADING: Final = f"{RESULT_PREFIX}id"
# The PIN that was sent, if it is not the one in the PIN column.
SENT_PIN_HEADING: Final = f"{RESULT_PREFIX}pin"
PIN_NOT_SENT: Final = "not sent"  # in that column: the box kept its PIN
CHANGED_HEADING: Final = f"{RESULT_PREFIX}changed"

# In the result of an undo: the run that was undone. Such a sheet is refused as input.
UNDO_HEADING: Final = f"{RESULT_PREFIX}undo_of"

# In a plan file: what happens to each row. Such a file is imported with --approved only.
PLAN_HEADING: Final = f"{RESULT_PREFIX}plan"
DIFFERENCE_HEADING: Final = "Difference"  # in a list of differences, which is no sheet to import

# Lines of the first sheets of results, copies and plans, which have no rows to import.
SUMMARY_STEPS: Final = "What to do next"
PLAN_DETAILS: Final = "Plan details"

KEY_COLUMN: Final = Column(
    header="extension_number",
    title="Extension",
    help="The number that is dialled to reach the box: 3 to 64 digits. Every row needs it.",
    valid_examples=("6201", "0101"),
    invalid_examples=("62", "ext. 6201", "888"),
    parse=parse_extension,
    rules=(extension_length, not_reserved),
    read_plain=read_matching(PLAIN_EXTENSION),
    required_for=frozenset({"create", "update"}),
    updatable=False,
    digits=True,
    aliases=headings.EXTENSION,
    width=14,
)

NAME_COLUMN: Final = Column(
    header="name",
    title="Name",
    help="What the box is called, 1 to 64 characters. A new box needs it.",
    valid_examples=("Front Desk", "Müller & Söhne"),
    invalid_examples=("a name of more than sixty-four characters, which no telephone would show in full",),
    parse=parse_name,
    is_free_text=True,
    equal=equal_names,
    rules=(
        name_length,
        no_control_characters,
        no_wrong_encoding,
        no_hidden_characters,
        no_marks,
        no_web_code,
        no_template,
        no_switched_off,
        no_placeholder,
    ),
    read_plain=read_matching(PLAIN_NAME),
    required_for=frozenset({"create"}),
    missing_code=ProblemCode.NAME_MISSING,
    blank_code=ProblemCode.NAME_BLANK,
    joiner=" ",
    aliases=headings.NAME,
    width=26,
)

PIN_COLUMN: Final = Column(
    header="pin",
    title="PIN",
    help=(
        "What people key in to listen: 6 to 10 digits, none three times in a row (111), "
        "no three that count up (123). A new box needs it."
    ),
    valid_examples=("402817", "024680"),
    invalid_examples=("4028", "40281a", "111402", "123902"),
    rules=(pin_digits, pin_length, no_repeats, no_ascending_run, no_descending_run),
    read_plain=read_matching(PLAIN_PIN),
    required_for=frozenset({"create"}),
    missing_code=ProblemCode.PIN_MISSING,
    blank_code=ProblemCode.PIN_BLANK,
    digits=True,
    secret=True,
    aliases=headings.PIN,
    vague_aliases=headings.ANY_SECRET,
)

ID_COLUMN: Final = Column(
    header="id",
    title="Id on the PBX",
    help="The PBX's own id of the box, as an export writes it. Leave it as it is, or blank.",
    valid_examples=("NzAwNTUxOTA5NzczMTQ4MTYw",),
    updatable=False,
    aliases=headings.ID,
    width=32,
)

COLUMNS: Final = (
    KEY_COLUMN,
    NAME_COLUMN,
    PIN_COLUMN,
    Column(
        header="prompt",
        title="Prompt language",
        help="The language of the spoken prompts, such as en-US.",
        valid_examples=("en-US", "de-DE"),
        invalid_examples=("English", "en-UK"),
        parse=parse_prompt,
        equal=equal_tags,
        choices=COMMON_PROMPTS,
        aliases=headings.PROMPT,
    ),
    Column(
        header="enable_pin",
        title="Ask for the PIN",
        kind=FieldKind.BOOLEAN,
        default=True,
        help="Whether people must key in the PIN to listen: yes or no. If blank, a new box asks for it.",
        valid_examples=("yes", "no"),
        invalid_examples=("maybe",),
        parse=parse_boolean,
        format=format_boolean,
        choices=("yes", "no"),
        choices_only=True,
        aliases=headings.ENABLE_PIN,
    ),
    Column(
        header="enable_email_notify",
        title="Notify by e-mail",
        kind=FieldKind.BOOLEAN,
        default=False,
        help="Whether to send an e-mail for each new message: yes or no. If blank, a new box sends none.",
        valid_examples=("yes", "no"),
        invalid_examples=("sometimes",),
        parse=parse_boolean,
        format=format_boolean,
        choices=("yes", "no"),
        choices_only=True,
        aliases=headings.NOTIFY,
        width=17,
    ),
    Column(
        header="recipients",
        title="Recipients",
        kind=FieldKind.LIST,
        default=(),
        help=(
            "The e-mail addresses to notify, up to 15, separated by commas. "
            f"{CLEAR} removes all of them from an existing box."
        ),
        valid_examples=("desk@example.com", "anna@example.com, ben@example.com"),
        invalid_examples=("desk(at)example.com",),
        parse=parse_recipients,
        read_plain=read_plain_recipients,
        rules=(recipient_count,),
        format=format_recipients,
        equal=equal_recipients,
        clearable=True,
        joiner=", ",
        aliases=headings.RECIPIENTS,
        width=30,
    ),
    Column(
        header="play_datetime",
        title="Announce date and time",
        help="How the date and time of a message are read out: off, 12-hour clock or 24-hour clock.",
        valid_examples=("24-hour clock", "12-hour clock", "off"),
        invalid_examples=("13-hour clock",),
        parse=parse_play_datetime,
        choices=CLOCK_CHOICES,
        choices_only=True,
        words=CHOICE_OF_VALUE,
        aliases=headings.PLAY_DATETIME,
        width=23,
    ),
    ID_COLUMN,
)  # fmt: skip

COLUMN_OF_HEADER: Final = {column.header: column for column in COLUMNS}
SECRET_HEADERS: Final = tuple(column.header for column in COLUMNS if column.secret)


def is_example(column: Column, text: str) -> bool:
    """Whether a cell holds an example of the template, which some programs capitalise. E.G. Marshall is a name."""
    mark, example = text[: len(EXAMPLE)], text[len(EXAMPLE) :].strip().casefold()
    if mark in {EXAMPLE, EXAMPLE.capitalize()}:
        return True
    return mark.casefold() == EXAMPLE and example in map(str.casefold, column.valid_examples)


def refused_text(text: str) -> str:
    """Mark the text of a cell that could not be read, for a copy in which the text might be valid."""
    return f"{CHECK} {text}".rstrip()
