"""Asterisk's voicemail.conf: sections of mailboxes, one on each line."""

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import Final, NamedTuple

from bulkvm.model.errors import SheetError, UsageError
from bulkvm.model.problem import Problem, ProblemCode
from bulkvm.model.sheet import Sheet
from bulkvm.readers.encoding import FOREIGN_BYTES, Text, decode, warn_guessed_encoding
from bulkvm.readers.other_systems.contexts import join_names
from bulkvm.readers.read_limits import SETTINGS
from bulkvm.readers.source import Source
from bulkvm.readers.table import LETTERS, Row, Table, decode_foreign, make_row
from bulkvm.text import count, join_limited

# As in `6101 => 2580,Front Desk,desk@example.com,pager@example.com,attach=yes|tz=eastern`, then options.
_POSITIONS: Final = ("mailbox", "password", "fullname", "email", "pager")
_OPTIONS: Final = ("envelope", "tz", "delete", "language")
_CONTEXT: Final = "context"
_HEADINGS: Final = (*_POSITIONS, *_OPTIONS, _CONTEXT)
_LETTERS: Final = dict(zip(_HEADINGS, LETTERS, strict=False))
_PIN: Final = "password"
_PIN_PLACE: Final = "passwordlocation"
_ELSEWHERE: Final = "spooldir"
_IMAP: Final = "imappassword"
_NO_BOXES: Final = frozenset({"general", "zonemessages", "pbxaliases", "device"})
# As `[name]`, `[template](!)` or `[name](template)`.
_SECTION: Final = re.compile(r"\s*\[([^\]]*)\]\s*(?:\(([^)]*)\))?")
_TEMPLATE: Final = "!"
_INCLUDE: Final = re.compile(r"\s*#(?:try)?(?:include|exec)\b", re.IGNORECASE)
_DIGITS: Final = re.compile(r"[0-9]+")
_BOX: Final = re.compile(r"\s*[0-9]+\s*=>?\s*-?[0-9]*\s*,")
_HOURS: Final = re.compile(r"'[^']*'|\$\{[^}]*\}|([IlHkR])")
_CLOCK_OF_HOUR: Final = {"I": "12", "l": "12", "H": "24", "k": "24", "R": "24"}
_LONGEST_PATTERN: Final = 1_000  # characters
_HEAD: Final = 200  # lines
_MAX_LISTED: Final = 6


class _Box(NamedTuple):
    """The number of a mailbox, and the values on its line."""

    number: str
    values: list[str]

    def options(self) -> dict[str, str]:
        """The mailbox's own options."""
        written = self.values[len(_POSITIONS) - 1] if len(self.values) == len(_POSITIONS) else ""
        pairs = (pair.partition("=") for pair in written.split("|"))
        return {name.strip().casefold(): value.strip() for name, _, value in pairs}

    @property
    def has_pin_elsewhere(self) -> bool:
        """Whether its PIN is in a file of its own, although those of other mailboxes may be here."""
        return self.options().get(_PIN_PLACE, "").casefold() == _ELSEWHERE


@dataclass(slots=True)
class _Contents:
    """What the lines of a file hold: settings, patterns of zones, and mailboxes by context and line."""

    general: dict[str, str] = field(default_factory=dict)
    zones: dict[str, str] = field(default_factory=dict)
    contexts: dict[str, dict[int, _Box]] = field(default_factory=dict)
    includes: list[int] = field(default_factory=list)
    unread: list[int] = field(default_factory=list)
    parents: dict[str, set[str]] = field(default_factory=dict)
    has_secret: bool = False
    open_comment: int = 0

    def begin_section(self, name: str, flags: str | None) -> None:
        """Note the templates that a section is made of, and whether it is one itself."""
        self.parents.setdefault(name, set()).update(map(str.strip, (flags or "").split(",")))

    def unused_templates(self) -> set[str]:
        """The templates that no context is made of: Asterisk does not read their mailboxes."""
        used = self.with_templates(name for name, flags in self.parents.items() if _TEMPLATE not in flags)
        return self.parents.keys() - used

    def with_templates(self, contexts: Iterable[str]) -> set[str]:
        """Some contexts, and all that they are made of."""
        used = set(contexts)
        found = list(used)
        while found:
            new = self.parents.get(found.pop(), set()) - used
            used |= new
            found += new
        return used

    @property
    def has_pins_elsewhere(self) -> bool:
        """Whether each PIN is in a file of its own."""
        return self.general.get(_PIN_PLACE, "").casefold() == _ELSEWHERE

    def boxes_with_pins_elsewhere(self) -> int:
        """How many mailboxes alone have their PIN in a file of its own."""
        boxes = chain.from_iterable(found.values() for found in self.contexts_with_boxes().values())
        return sum(box.has_pin_elsewhere for box in boxes)

    def contexts_with_boxes(self) -> dict[str, dict[int, _Box]]:
        """Return the contexts whose lines are mailboxes."""
        no_boxes = {*_NO_BOXES, self.general.get("aliasescontext", "").casefold()}
        return {name: boxes for name, boxes in self.contexts.items() if boxes and name.casefold() not in no_boxes}


def is_voicemail_conf(text: Text) -> bool:
    """Whether the first lines of a file are sections, with a mailbox in one of them."""
    without_comments = (_without_comments(line, in_comment=False)[0] for line in islice(text.lines(), _HEAD))
    lines = filter(str.strip, without_comments)
    first = next(lines, "")
    return bool(_SECTION.match(first) or _INCLUDE.match(first)) and any(map(_BOX.match, lines))


def read_voicemail_conf(source: Source, *, context: str | None, encoding: str | None) -> Sheet:
    """Read the mailboxes of a voicemail.conf as rows with the numbers of their lines.

    Args:
        source: the file.
        context: the only context to read (`--sheet`), if given.
        encoding: the encoding that the user gives.

    Raises:
        SheetError: the file has no mailboxes.
        UsageError: there is no such context.
    """
    table = Table(source, {letter: heading for heading, letter in _LETTERS.items()})
    text = decode(source, encoding)
    with text.stream:
        contents = _parse(text)
        problems = [*warn_guessed_encoding(text), *_warn(contents)]
    contexts = contents.contexts_with_boxes()
    if not any(_DIGITS.fullmatch(box.number) for boxes in contexts.values() for box in boxes.values()):
        raise SheetError(
            f"{source.name} is not a voicemail.conf with mailboxes, such as `6101 => 2580,Front Desk` in `[default]`.",
            ProblemCode.NOT_A_SHEET,
        )
    templates, read = contents.unused_templates(), contents.with_templates([context] if context else contexts)
    _check_context(context, [name for name in contexts if name not in templates], source.name)
    headings = [heading for heading in _HEADINGS if heading != _PIN or not contents.has_pins_elsewhere]
    for name, boxes in contexts.items():
        for line, box in boxes.items():
            texts = {**_read_box(box, contents), _CONTEXT: name}
            row = make_row(line, {_LETTERS[heading]: texts.get(heading, "") for heading in headings})
            table.add(decode_foreign(row, text))
            problems += _find_foreign_bytes(row)
    table.sort()
    secret = {LETTERS[len(_HEADINGS)]: _IMAP} if contents.has_secret else {}
    return Sheet(
        path=source.path,
        name=None,
        header_row=1,
        headings={_LETTERS[heading]: heading for heading in headings} | secret,
        cells=table.to_frame()[[_LETTERS[heading] for heading in headings]],
        kinds=table.kinds,
        problems=tuple(problems),
        left_out={
            line: reason
            for name, boxes in contexts.items()
            if (reason := _reason_to_skip(name, context, templates, read))
            for line in boxes
        },
        text_letters=frozenset(_LETTERS.values()),
    )


def _reason_to_skip(name: str, context: str | None, templates: Collection[str], read: Collection[str]) -> str:
    if name in templates:
        return f"It is in the template {name}, which no context uses."
    return "" if name in read else f"It is not in the context {context}."


def _check_context(context: str | None, contexts: Sequence[str], name: str) -> None:
    """Check that the context to read exists.

    Raises:
        UsageError: there is no such context.
    """
    if context is None or context in contexts:
        return
    others = f"It has {join_names(contexts)}." if contexts else "Its mailboxes are in templates that no context uses."
    raise UsageError(f'{name} has no context "{context}" with mailboxes. {others}')


def _parse(text: Text) -> _Contents:
    contents, section, in_comment, stored = _Contents(), "", False, 0
    for number, written in enumerate(text.lines(), start=1):
        was_in_comment = in_comment and "--;" not in written
        line, in_comment = _without_comments(written, in_comment=in_comment)
        if not was_in_comment:
            contents.open_comment = number if in_comment else 0
        stored += "=" in line or "#" in line
        if stored > SETTINGS:
            raise SheetError(
                f"{text.name} has more than {SETTINGS:,} settings and mailboxes. Split it into several files.",
                ProblemCode.TOO_LARGE,
            )
        if _INCLUDE.match(line):
            contents.includes.append(number)
        elif found := _SECTION.match(line):
            section = found[1].strip()
            contents.begin_section(section, found[2])
        elif section and "=" in line:
            contents.has_secret = contents.has_secret or _IMAP in line.casefold()
            name, _, value = line.partition("=")
            name, value = name.strip(), value.removeprefix(">").strip().replace("\\;", ";")
            if section.casefold() == "general":
                contents.general[name.casefold()] = value
            elif section.casefold() == "zonemessages":
                contents.zones[name.casefold()] = value.partition("|")[2]
            else:
                boxes = contents.contexts.setdefault(section, {})
                boxes[number] = _Box(name, [part.strip() for part in value.split(",", len(_POSITIONS) - 1)])
        elif line.strip():
            contents.unread.append(number)
    return contents


def _without_comments(line: str, *, in_comment: bool) -> tuple[str, bool]:
    """Return a line without comments (`;`, and `;-- ... --;` over several lines), and whether one goes on after it."""
    kept: list[str] = []
    at = 0
    while at < len(line):
        if in_comment:
            end = line.find("--;", at)
            if end < 0:
                return "".join(kept), True
            at, in_comment = end + 3, False
            continue
        start = line.find(";", at)
        if start < 0:
            kept.append(line[at:])
            break
        is_escaped = line[start - 1 : start] == "\\"
        kept.append(line[at : start + is_escaped])
        in_comment = not is_escaped and line.startswith(";--", start) and not line.startswith(";---", start)
        if not (is_escaped or in_comment):
            break
        at = start + (3 if in_comment else 1)
    return "".join(kept), in_comment


def _read_box(box: _Box, contents: _Contents) -> dict[str, str]:
    """Return the texts of a mailbox by heading; options that it lacks are those of the whole system."""
    texts = {"mailbox": box.number, **dict(zip(_POSITIONS[1:], box.values, strict=False))}
    own = box.options()
    if box.has_pin_elsewhere:
        texts[_PIN] = ""  # what the file has is the first PIN, which the person may have changed
    options = {name: own.get(name, contents.general.get(name, "")) for name in _OPTIONS}
    return {**texts, **options, "tz": _clock(contents.zones.get(options["tz"].casefold(), ""))}


def _clock(pattern: str) -> str:
    """Return the hours of the clock with which a zone announces the time: 12 or 24; blank if none or both."""
    found = {_CLOCK_OF_HOUR[letter] for letter in _HOURS.findall(pattern[:_LONGEST_PATTERN]) if letter}
    return found.pop() if len(found) == 1 else ""


def _find_foreign_bytes(row: Row) -> Iterator[Problem]:
    """Report the cells that are in another encoding than the rest of the file."""
    for letter, text in row.cells.items():
        if FOREIGN_BYTES.search(text):
            message = "This is not UTF-8, unlike the rest of the file. Save the whole file as UTF-8."
            yield Problem(row=row.number, cell=f"{letter}{row.number}", code=ProblemCode.ENCODING, message=message)


def _warn(contents: _Contents) -> Iterator[Problem]:
    if contents.includes:
        lines = join_limited([str(line) for line in contents.includes], _MAX_LISTED)
        message = f"files that this one includes are not read ({count(len(contents.includes), 'line')}: {lines})."
        yield Problem(row=None, code=ProblemCode.NOT_TAKEN, message=message)
    if contents.open_comment:
        message = (
            f"the comment that begins with ;-- in line {contents.open_comment} is not closed: no line after it is read."
        )
        yield Problem(row=None, code=ProblemCode.NOT_TAKEN, message=message)
    if contents.unread:
        lines = join_limited([str(line) for line in contents.unread], _MAX_LISTED)
        message = f"{count(len(contents.unread), 'line')} without a setting or mailbox: not read ({lines})."
        yield Problem(row=None, code=ProblemCode.NOT_TAKEN, message=message)
    if alone := 0 if contents.has_pins_elsewhere else contents.boxes_with_pins_elsewhere():
        message = (
            f"the PINs of {count(alone, 'mailbox', 'mailboxes')} are not in this file: with passwordlocation=spooldir, "
            "each is in a secret.conf below /var/spool/asterisk/voicemail. These PINs are read as blank."
        )
        yield Problem(row=None, code=ProblemCode.NOT_TAKEN, message=message)
    if contents.has_pins_elsewhere:
        message = (
            "the PINs are not in this file: with passwordlocation=spooldir, each is in a secret.conf below "
            "/var/spool/asterisk/voicemail. No PIN is read."
        )
        yield Problem(row=None, code=ProblemCode.NOT_TAKEN, message=message)
