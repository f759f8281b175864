r"""The filter and orderby of lists, as SQL. Values are always parameters.

filter     = term { ("and" | "or") term }       "and" has precedence
term       = "(" filter ")" | comparison | function
comparison = field ("eq" | "ne" | "gt" | "ge" | "lt" | "le") ("'" text "'" | "true" | "false" | "null")
function   = ("startswith" | "endswith" | "contains") "(" field "," "'" text "'" ")"

In text, '' is one apostrophe. Text is compared by code point, and gt, ge, lt and le never match null.
"""

import re
from typing import Final, NamedTuple

from bulkvm.simulator.box_fields import BOOLEAN_FIELDS, BOX_FIELDS
from bulkvm.simulator.error_responses import ApiError, error_response

_OPERATORS: Final = {"eq": "IS", "ne": "IS NOT", "gt": ">", "ge": ">=", "lt": "<", "le": "<="}
_CONSTANTS: Final = {"true": True, "false": False, "null": None}

_TEXT: Final = r"'(?P<{}>(?:[^']|'')*)'"
_TERM: Final = re.compile(
    r"\s*(?:(?P<bracket>\()"
    rf"|(?P<function>startswith|endswith|contains)\(\s*(?P<within>\w+)\s*,\s*{_TEXT.format('part')}\s*\)"
    rf"|(?P<field>\w+)\s+(?P<operator>eq|ne|gt|ge|lt|le)\s+(?:{_TEXT.format('text')}|(?P<constant>true|false|null)\b))\s*"
)
_LINK: Final = re.compile(r"(?:(?P<bracket>\))|(?P<word>and|or)\b)\s*")
_ORDER: Final = re.compile(r"\s*(?P<field>\w+)(?:\s+(?P<direction>asc|desc))?\s*")

# Well below SQLite's own limits.
_MAX_TERMS: Final = 200
_MAX_DEPTH: Final = 20


class Fields(NamedTuple):
    """The fields that a list can be filtered and sorted by."""

    text: frozenset[str]
    boolean: frozenset[str] = frozenset()


# PINs cannot be filtered or sorted by.
FILTERS_OF_BOXES: Final = Fields(frozenset(BOX_FIELDS) - {"pin", *BOOLEAN_FIELDS}, frozenset(BOOLEAN_FIELDS))
FILTERS_OF_TENANTS: Final = Fields(frozenset({"id", "name", "domain"}), frozenset({"enabled"}))
FILTERS_OF_NUMBERS: Final = Fields(frozenset({"id", "name", "extension_number"}))


class Condition(NamedTuple):
    """A WHERE clause, and the values of its placeholders."""

    sql: str
    values: tuple[str | int | None, ...] = ()

    def __and__(self, other: "Condition") -> "Condition":
        """Both conditions at once."""
        return Condition(f"({self.sql}) AND ({other.sql})", self.values + other.values)


EVERY_ITEM: Final = Condition("TRUE")


def parse_filter(text: str, fields: Fields = FILTERS_OF_BOXES) -> Condition:
    """Compile a filter in one pass: SQL has the same brackets and precedence.

    Raises:
        ApiError: the filter is not valid, or too long.
    """
    words: list[str] = []
    values: list[str | bool | None] = []
    at = depth = 0
    expects_term = True
    while expects_term or at < len(text):
        match = (_TERM if expects_term else _LINK).match(text, at)
        if match is None:
            raise _malformed(f"the filter has a syntax error at character {at + 1}")
        at = match.end()
        if match["bracket"]:
            words.append(match["bracket"])
            depth += 1 if expects_term else -1
        elif expects_term:
            sql, value = _compile_term(match, fields)
            words.append(sql)
            values.append(value)
            expects_term = False
        else:
            words.append(match["word"])
            expects_term = True
        if not 0 <= depth <= _MAX_DEPTH or len(values) > _MAX_TERMS:
            raise _malformed(
                f"the filter has unbalanced or too deeply nested brackets, or more than {_MAX_TERMS} terms"
            )
    if depth:
        raise _malformed("a bracket of the filter is not closed")
    return Condition(" ".join(words), tuple(values))


def parse_search(text: str, field: str = "extension_number") -> Condition:
    """Compile a search: a part of the name or of another field, ignoring case."""
    return Condition(f"contains_ignoring_case(name, ?) OR contains_ignoring_case({field}, ?)", (text, text))


def parse_order(text: str, fields: Fields = FILTERS_OF_BOXES) -> str:
    """Compile an orderby.

    Raises:
        ApiError: the orderby is not valid, or repeats a field.
    """
    directions: dict[str, str] = {}
    for part in text.split(","):
        match = _ORDER.fullmatch(part)
        if match is None or match["field"] not in fields.text | fields.boolean or match["field"] in directions:
            raise _malformed("orderby must be different fields, each with an optional asc or desc, between commas")
        directions[match["field"]] = match["direction"] or "asc"
    return ", ".join(f"{field} {direction}" for field, direction in directions.items())


def _compile_term(match: re.Match[str], fields: Fields) -> tuple[str, str | bool | None]:
    if match["function"]:
        return f"{match['function']}({_text_field(match['within'], fields)}, ?)", _unquote(match["part"])
    operator = _OPERATORS[match["operator"]]
    if match["text"] is not None:
        return f"{_text_field(match['field'], fields)} {operator} ?", _unquote(match["text"])
    field, value = match["field"], _CONSTANTS[match["constant"]]
    allowed = fields.text | fields.boolean if value is None else fields.boolean
    if field not in allowed or match["operator"] not in {"eq", "ne"}:
        raise _no_such_comparison()
    return f"{field} {operator} ?", value


def _text_field(name: str, fields: Fields) -> str:
    if name not in fields.text:
        raise _no_such_comparison()
    return name


def _unquote(text: str) -> str:
    return text.replace("''", "'")


def _no_such_comparison() -> ApiError:
    return _malformed("the filter has an unknown field, or compares a field with a value of another type")


def _malformed(message: str) -> ApiError:
    return ApiError(error_response(400, message))
