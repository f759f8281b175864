"""Random workbooks and CSV files: number formats of every kind, and cells as no program should store them."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Final
from xml.sax.saxutils import escape, quoteattr

from tests.readers.files import header_xml, write_raw_workbook

HEADINGS: Final = ("extension_number", "name", "pin", "recipients")
_LETTERS: Final = "ABCD"

# LibreOffice detects a workbook by its content types, and trusts the stored results of a program that it knows.
_TYPES: Final = "http://schemas.openxmlformats.org/package/2006/content-types"
_SHEETML: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_EXTRA: Final = {
    "[Content_Types].xml": f'<Types xmlns="{_TYPES}">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    + "".join(
        f'<Override PartName="/xl/{part}.xml" ContentType="{_SHEETML}.{kind}+xml"/>'
        for part, kind in (
            ("workbook", "sheet.main"),
            ("worksheets/sheet1", "worksheet"),
            ("styles", "styles"),
            ("sharedStrings", "sharedStrings"),
        )
    )
    + "</Types>",
}

# ---- number formats

_LITERALS: Final = (
    *(f'"{text}"' for text in ("x", "Ext ", "0", "9", "10", "-", " ", ".", ",", "", "é", "\u00a0", "%", "@")),
    *(f"\\{character}" for character in "x09-. #%"),
    *("_)", "_-", "_0", "* ", "*-", "*0"),
    *("-", "+", "(", ")", " ", ":", "$", "!", "^", "&", "'", "~", "{", "}", "<", ">", "=", "€", "\u00a0", "/", "|", "x", "\u0661"),  # noqa: E501
)  # fmt: skip
_BRACKETS: Final = (
    "[Red]", "[Color 7]", "[$-409]", "[$€-409]", "[$EUR]", "[$€-2]", "[<1000]", "[>=100]", "[=0]", "[>0]", "[<=9999]",
    "[<>0]", "[DBNum1]", "[NatNum1]", "[$-F800]", "[$-F400]", "[$-2000401]", "[$-D000409]", "[h]", "[mm]", "[<1001]",
)  # fmt: skip
_WHOLE: Final = (
    "General", "@", "0", "#", "0000", "#,##0", "0.00", "#,##0.00", "0%", "0.00E+00", "##0.0E+0", "# ?/?", "0/0",
    "yyyy-mm-dd", "d/m/yy", "mmm-yy", "h:mm", "h:mm:ss AM/PM", "[h]:mm", "mm:ss.0", "e", "ggge", "dddd", "000-0000",
    '0#" "##" "##" "##" "##', "0,", "0,,", ";;;", ";;;@", '"on"', '"Dr. "@', '@"9"', "00,000", "0000.", "0000.00",
    "00000-0000", "(000) 000-0000", "[<=9999999]000-0000;(000) 000-0000", "0;0;;@", "0;-0;0;@", '0;0;0;"text"',
    '_-* #,##0_-;-* #,##0_-;_-* "-"_-;_-@_-', '_(* #,##0_);_(* (#,##0);_(* "-"_);_(@_)', "[$-409]0000", "0_);[Red](0)",
)  # fmt: skip
_DATES: Final = ("yyyy", "yy", "m", "mm", "mmm", "d", "dd", "h", "hh", "s", "ss")
_NOISE: Final = '0000##??..,,;;@@"\\_*[]$-+/() eEyMdhsAaPp%GgBb1579nNtT'


def _pick(random: Random, *choices: tuple[int, Callable[[Random], str]]) -> str:
    """Choose one of several weighted makers."""
    makers = [maker for _, maker in choices]
    return random.choices(makers, [weight for weight, _ in choices])[0](random)


def _placeholders(random: Random) -> str:
    """A run of digit placeholders, with literals between them now and then."""
    kinds = random.choice(("0", "0", "0", "#", "?", "0#", "0?", "0#?"))
    pieces = []
    for _ in range(random.choice((1, 2, 3, 4, 4, 5, 6, 7, 8, 10))):
        pieces.append(random.choice(kinds))
        if random.random() < 0.08:
            pieces.append(random.choice((*_LITERALS, ",", ".")))
    return "".join(pieces)


def _section(random: Random) -> str:
    """A section of a format."""
    body = _pick(
        random,
        (60, _placeholders),
        (6, lambda r: r.choice(("#,##0", "0,000", "#,###", "00,00", "0,0", "#,#00"))),
        (6, lambda r: f"{_placeholders(r)}.{r.choice('0#?') * r.randint(0, 3)}"),
        (4, lambda r: _placeholders(r) + "," * r.randint(1, 2)),
        (3, lambda r: f"{_placeholders(r)}%"),
        (3, lambda r: f"{_placeholders(r)}E{r.choice('+-')}{'0' * r.randint(1, 2)}"),
        (2, lambda r: f"{r.choice(('', '# ', '0 '))}{r.choice('?0#')}/{r.choice(('?', '??', '4', '100'))}"),
        (4, lambda r: r.choice("-/: ").join(r.choices(_DATES, k=r.randint(1, 5)))),
        (4, lambda r: r.choice(("General", "general", "@", "@@"))),
        (4, lambda _: ""),
    )
    before = random.choice(_BRACKETS) if random.random() < 0.15 else ""
    start = random.choice(_LITERALS) if random.random() < 0.2 else ""
    end = random.choice(_LITERALS) if random.random() < 0.2 else ""
    return f"{before}{start}{body}{end}"


def number_format(random: Random) -> str:
    """A number format: one that people use, or one that only a test would."""
    return _pick(
        random,
        (15, lambda r: r.choice(_WHOLE)),
        (50, _section),
        (25, lambda r: ";".join(_section(r) for _ in range(r.choice((2, 2, 3, 4, 4, 5))))),
        (10, lambda r: "".join(r.choices(_NOISE, k=r.randint(1, 9)))),
    )


# ---- cells

_NO_NUMBERS: Final = ("INF", "NaN", "1e999", "1_001", "\u0661\u0662", "0x1F", "1,5", "", " ", "1e-400")
_SPACES: Final = (" ", "\u00a0", "\u200b", "\n", "\t", "\u3000")


@dataclass
class _Parts:
    """What the cells of a workbook refer to."""

    random: Random
    formats: list[str]
    strings: list[str] = field(default_factory=list)
    known: dict[str, str] = field(default_factory=dict)

    def style(self) -> str:
        """The style attribute of a cell: most are formatted, some refer to no style at all."""
        if self.random.random() < 0.01:
            return f' s="{self.random.choice((len(self.formats) + 82, 99999, -1))}"'
        if self.random.random() < 0.05:
            return ""
        return f' s="{self.random.randrange(len(self.formats) + 82)}"'

    def shared(self, content: str) -> int:
        """The index of a shared string."""
        self.strings.append(content)
        return len(self.strings) - 1


def _digits(random: Random, first: str = "123456789") -> str:
    length = random.choice((3, 3, 4, 4, 4, 5, 6, 6, 6, 7, 8, 10))
    return random.choice(first) + "".join(random.choices("0123456789", k=length - 1))


def _stored_number(random: Random) -> str:
    """A number as it may be stored."""
    return _pick(
        random,
        (60, _digits),
        (6, lambda r: str(r.randint(0, 99))),
        (4, lambda r: f"-{_digits(r)}"),
        (6, lambda r: f"{_digits(r)}.{r.choice(('0', '00', '5', '25', '999', '0000000001'))}"),
        (3, lambda r: f"{int(_digits(r)) - 1}.9999999999999"),
        (3, lambda r: f"{_digits(r)[0]}.{_digits(r)}E{r.choice(('', '+', '-'))}{r.randint(0, 20)}"),
        (3, lambda r: "".join(r.choices("123456789", k=r.randint(14, 19)))),
        (4, lambda r: f"{r.randint(20_000, 60_000)}{r.choice(('', '.25', '.5'))}"),
        (3, lambda r: f"{r.random():.6f}"),
        (3, lambda r: r.choice((" {} ", "+{}", "0{}", "{}.", "\n{}")).format(_digits(r))),
        (2, lambda r: r.choice(_NO_NUMBERS)),
    )  # fmt: skip


def _plain_text(random: Random) -> str:
    """A text as people type it."""
    return _pick(
        random,
        (40, lambda r: _digits(r, "0123456789")),
        (25, lambda r: r.choice(("Lee", "Desk 9", "Desk", "Müller", "Room 101", "5th floor", "a & b", "<x>", "=1+1"))),
        (15, lambda r: f"a{r.randint(0, 99)}@example.com"),
        (4, lambda r: f"'{_digits(r, '0')}"),
        (4, lambda r: f'="{_digits(r, "0")}"'),
        (4, lambda r: _digits(r) + r.choice(_SPACES)),
        (3, lambda r: "".join(chr(0x660 + int(d)) for d in _digits(r))),
        (3, lambda r: r.choice(("_x0031_001", "6201_x000D_", "_x00e9_", "_X0031_", "_x31_"))),
        (2, lambda r: r.choice(("", " ", "\u00b2\u00b3", "\u2460", "TRUE", "#N/A", "1001.0", "1e5", "12:30", "50%"))),
    )  # fmt: skip


def _string_content(random: Random, text: str) -> str:
    """The XML of a text: whole, in runs, or with the phonetic guide that East Asian Excel stores beside it."""
    space = ' xml:space="preserve"'
    kind = random.random()
    if kind < 0.7 or len(text) < 2:
        return f"<t{space}>{escape(text)}</t>"
    place = random.randrange(1, len(text))
    runs = f"<r><t{space}>{escape(text[:place])}</t></r><r><rPr><b/></rPr><t{space}>{escape(text[place:])}</t></r>"
    if kind < 0.9:
        return runs
    guide = '<rPh sb="0" eb="1"><t>17</t></rPh>'
    return f"<t{space}>{escape(text)}</t>{guide}" if kind < 0.95 else runs + guide


def _text_cell(parts: _Parts) -> tuple[str, str]:
    """The attributes and the content of a cell of text."""
    random, text = parts.random, _plain_text(parts.random)
    content = _string_content(random, text)
    # LibreOffice shows texts of several runs or lines without their number format, and blank ones with all of it.
    style = "" if "<r" in content or "\n" in text or not text.strip() else parts.style()
    kind = random.random()
    if kind < 0.45:
        return f' t="inlineStr"{style}', f"<is>{content}</is>"
    if kind < 0.95:
        index = parts.shared(content)
        return f' t="s"{style}', f"<v>{f' {index} ' if random.random() < 0.02 else index}</v>"
    odd = random.choice(("-1", "", " ", "1_0", "9999999", "\u0661", "one", "1.0"))
    return f' t="s"{style}', f"<v>{odd}</v>"


def _formula_cell(parts: _Parts) -> tuple[str, str]:
    """A formula with the result that it has, or without one."""
    digits = _digits(parts.random)
    attributes, content = parts.random.choice((
        ("", f"<f>{digits}+0</f><v>{digits}</v>"),
        ("", f"<f>{digits}+0</f>"),
        ("", f"<f>{digits}+0</f><v></v>"),
        (' t="str"', f'<f>"0"&amp;{digits}</f><v>0{digits}</v>'),
        (' t="str"', '<f>""</f><v></v>'),
        (' t="str"', f'<f>"a"&amp;{digits}&amp;"@example.com"</f><v>a{digits}@example.com</v>'),
        (' t="b"', "<f>1=1</f><v>1</v>"),
        (' t="e"', "<f>1/0</f><v>#DIV/0!</v>"),
        ("", f"<f>SUM(Z{digits[:3]}:Z{digits[:3]})</f><v>0</v>"),
    ))  # fmt: skip
    return attributes + (parts.style() if digits in content else ""), content


def _other_cell(parts: _Parts) -> tuple[str, str]:
    """A boolean, an error, a date, or what no program stores."""
    digits = _digits(parts.random)
    attributes, content = parts.random.choice((
        *((' t="b"', f"<v>{word}</v>") for word in ("0", "1", "true", "false", "")),
        *((' t="e"', f"<v>{word}</v>") for word in ("#N/A", "#REF!", "#DIV/0!", "#NAME?")),
        (' t="d"', "<v>2026-03-01</v>"),
        (' t="n"', f"<v>{digits}</v>"),
        (' t="x"', f"<v>{digits}</v>"),
        ("", ""),
        ("", "<v/>"),
        (' t="inlineStr"', ""),
        (' t="inlineStr"', "<is/>"),
    ))  # fmt: skip
    return attributes + parts.style(), content


def _number_cell(parts: _Parts) -> tuple[str, str]:
    return parts.style(), f"<v>{_stored_number(parts.random)}</v>"


def _cell(parts: _Parts, letter: str, number: int, reference: str) -> str:
    weights = (15, 75, 5, 5) if letter == "D" else (62, 25, 8, 5)  # addresses are texts
    make = parts.random.choices((_number_cell, _text_cell, _formula_cell, _other_cell), weights)[0]
    attributes, content = make(parts)
    if ' t="b"' in attributes:
        parts.known[f"{letter}{number}"] = ""
    return f"<c{reference}{attributes}>{content}</c>"


def _row(parts: _Parts, number: int) -> list[str]:
    """The XML of a row, in one piece or several."""
    odd = parts.random.random()
    cells = []
    for letter in _LETTERS:
        reference = f' r="{letter}{number}"'
        if odd < 0.02:
            reference = reference.lower()
        elif odd < 0.05:
            reference = ""
        cells.append(_cell(parts, letter, number, reference))
    if 0.05 < odd < 0.08:
        cells.reverse()
    start = f'<row r="{number}">'
    if 0.08 < odd < 0.11:
        place = parts.random.randrange(1, len(cells))
        return [f"{start}{''.join(cells[:place])}</row>", f"{start}{''.join(cells[place:])}</row>"]
    return [f"{start}{''.join(cells)}</row>"]


def _merges(random: Random, rows: int) -> tuple[list[str], set[str]]:
    """Ranges that do not overlap, and the cells that they cover."""
    ranges, covered = [], set()
    for row in range(3, rows, 7):
        if random.random() < 0.3:
            left = random.randrange(len(_LETTERS) - 1)
            right = random.randrange(left, len(_LETTERS))
            bottom = row + random.choice((0, 0, 1, 2))
            written = f"{_LETTERS[left]}{row}:{_LETTERS[right]}{bottom}"
            cells = {f"{letter}{n}" for letter in _LETTERS[left : right + 1] for n in range(row, bottom + 1)}
            if len(cells) > 1:
                ranges.append(written.lower() if random.random() < 0.1 else written)
                covered |= cells - {f"{_LETTERS[left]}{row}"}
    return ranges, covered


def write_random_workbook(path: Path, random: Random, *, rows: int, formats: int) -> dict[str, str]:
    """Write a workbook.

    Returns:
        What is shown in the cells where LibreOffice cannot be asked: a merged cell hides them, or they are booleans,
        which LibreOffice shows as the number 0 or 1 in their number format, and Excel as TRUE or FALSE, without digits.
    """
    codes = [number_format(random) for _ in range(formats)]
    parts = _Parts(random, codes)
    stored = [piece for number in range(2, rows + 2) for piece in _row(parts, number)]
    for _ in range(rows // 100):  # rows that are stored elsewhere than in their order
        stored.insert(random.randrange(len(stored)), stored.pop(random.randrange(len(stored))))
    ranges, covered = _merges(random, rows)
    merged = "".join(f'<mergeCell ref="{written}"/>' for written in ranges)
    number_formats = "".join(
        f'<numFmt numFmtId="{n}" formatCode={quoteattr(code)}/>' for n, code in enumerate(codes, start=200)
    )
    styles = "".join(f'<xf numFmtId="{n}" applyNumberFormat="1"/>' for n in (*range(82), *range(200, 200 + formats)))
    write_raw_workbook(
        path,
        f"<sheetData>{header_xml(*HEADINGS)}{''.join(stored)}</sheetData><mergeCells>{merged}</mergeCells>",
        strings="".join(f"<si>{content}</si>" for content in parts.strings),
        styles=f"<numFmts>{number_formats}</numFmts><fonts><font/></fonts><fills><fill/></fills><borders><border/></borders>"
        f"<cellStyleXfs><xf/></cellStyleXfs><cellXfs>{styles}</cellXfs>",
        extra=_EXTRA,
    )
    return {**parts.known, **dict.fromkeys(covered, "")}


# ---- CSV files


def _csv_value(random: Random, delimiter: str, *, is_odd: bool) -> str:
    """A value of a CSV file as it is written: quoted as it should be, or with quotes where they do not belong."""
    text = _plain_text(random).replace("\n", " ")
    if random.random() < 0.2:
        place = random.randint(0, len(text))
        text = text[:place] + random.choice(('"', delimiter, "\n", "\r\n", ",", ";", "\t", "'", "\\")) + text[place:]
    quoted = f'"{text.replace(chr(34), chr(34) * 2)}"'
    if is_odd and random.random() < 0.5:
        return random.choice((f"{quoted}x", f"x{quoted}", f'"{text}"', text, f'{quoted}"'))
    needs_quotes = any(character in text for character in f'"{delimiter}\r\n')
    bare = quoted if needs_quotes else text
    return random.choices((bare, quoted, f" {quoted}", f"{quoted} "), (45, 45, 4, 4))[0]


def random_csv(random: Random, delimiter: str) -> str:
    """A CSV file, as programs write it: with other line ends, short rows, blank lines and marks.

    Quotes where they do not belong are in the last row only, since programs differ in where the row ends then.
    """
    end = random.choice(("\n", "\r\n"))
    records = [delimiter.join(HEADINGS)]
    rows = random.choice((1, 2, 5, 40, 80))
    for row in range(rows):
        width = random.choice((1, 2, 3, 5)) if random.random() < 0.04 else len(HEADINGS)
        values = (_csv_value(random, delimiter, is_odd=row == rows - 1) for _ in range(width))
        records.append(delimiter.join(values))
        if random.random() < 0.03:
            records.append(random.choice(("", delimiter * 3)))
    start = "\ufeff" if random.random() < 0.2 else ""
    return start + end.join(records) + random.choice((end, end, end, ""))
