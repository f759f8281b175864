"""The language of the prompts, as a BCP 47 tag."""

import re
from functools import lru_cache
from typing import Final

from bulkvm.columns.cell_display import DITTO, is_ditto, shown, stands_for_no_value
from bulkvm.columns.column import Parsed
from bulkvm.model.problem import Fault, ProblemCode

_EXAMPLE: Final = "en-US"
_LONGEST: Final = 100  # of a tag: langcodes calls itself for each part of one, and tags in use have some 35 characters

# Suggested tags, and the names that people write instead. The template offers the tags as choices.
_NAMES: Final = {
    "en-US": ("english", "american", "us", "usa", "american english", "us english", "englisch", "anglais", "inglés",
              "ingles", "inglese", "engels", "inglês"),
    "en-GB": ("british", "uk", "british english", "uk english"),
    "de-DE": ("german", "deutsch", "germany", "allemand", "alemán", "aleman", "tedesco", "duits", "alemão", "alemao"),
    "fr-FR": ("french", "français", "francais", "france", "französisch", "francés", "frances", "francese", "frans",
              "francês"),
    "es-ES": ("spanish", "español", "espanol", "castellano", "spain", "spanisch", "espagnol", "spagnolo", "spaans",
              "espanhol"),
    "it-IT": ("italian", "italiano", "italy", "italienisch", "italien", "italiaans"),
    "nl-NL": ("dutch", "nederlands", "netherlands", "niederländisch", "holländisch", "néerlandais", "neerlandés",
              "olandese", "holandês"),
    "pt-BR": ("brazilian", "brasileiro", "brazil", "brazilian portuguese"),
    "pt-PT": ("portuguese", "português", "portugues", "portugal", "portugiesisch", "portugais", "portugués",
              "portoghese", "portugees"),
    "pl-PL": ("polish", "polski"),
    "ru-RU": ("russian", "русский"),
    "zh-CN": ("chinese", "mandarin", "中文", "cn", "china"),
    "ja-JP": ("japanese", "日本語", "jp", "japan"),
}  # fmt: skip
# Answers that are also codes of languages, which are hardly ever meant.
_ANSWERS: Final = {
    "yes": f", such as {_EXAMPLE}", "no": "; for Norwegian, nb-NO", "non": f", such as {_EXAMPLE}",
}  # fmt: skip
# Dashes that word processors write for a hyphen, and the minus sign.
_NOT_HYPHENS: Final = re.compile(r"[_\u00ad\u2010-\u2015\u2212\ufe58\ufe63\uff0d]")
_EXTENDED: Final = frozenset({"ar", "kok", "lv", "ms", "sgn", "sw", "uz", "zh"})
COMMON_PROMPTS: Final = tuple(_NAMES)
# Languages that are not offered, and the codes of countries that people take for theirs.
_OTHER_NAMES: Final = {
    "da-DK": ("danish", "dansk", "dk"), "cs-CZ": ("czech", "cz"), "el-GR": ("greek", "gr"), "nl-BE": ("flemish",),
    "sv-SE": ("swedish", "svenska"), "nb-NO": ("norwegian", "norsk"), "fi-FI": ("finnish", "suomi"),
    "de-CH": ("swiss german", "schweizerdeutsch"), "de-AT": ("austrian",), "tr-TR": ("turkish",), "ko-KR": ("korean",),
    "en-GB": ("gb", "great britain"), "en-AU": ("australian",), "en-CA": ("canadian",),
}  # fmt: skip
_TAG_OF_NAME: Final = {name: tag for known in (_NAMES, _OTHER_NAMES) for tag, names in known.items() for name in names}
_IN_BRACKETS: Final = re.compile(r"(.*)\((.*)\)")


def parse_prompt(text: str) -> Parsed:
    """Parse a language tag; an underscore or a dash becomes a hyphen, with a warning."""
    if len(text) > _LONGEST:
        return _not_a_tag(text, f", such as {_EXAMPLE}")
    if is_ditto(text):
        return Parsed(None, (Fault(ProblemCode.PROMPT_TAG, DITTO),))
    return _parse_prompt(text)


@lru_cache(maxsize=1024)
def _parse_prompt(text: str) -> Parsed:
    if text in COMMON_PROMPTS:
        return Parsed(text)
    if stands_for_no_value(text):
        return Parsed(
            None, (Fault(ProblemCode.PROMPT_TAG, "Choose a language from the list, or leave the cell blank."),)
        )
    name = text.casefold()
    if name in _ANSWERS:
        return _not_a_tag(text, _ANSWERS[name])
    if name in _TAG_OF_NAME:
        return _not_a_tag(text, f"; for {shown(text)}, {_TAG_OF_NAME[name]}")
    if (found := _IN_BRACKETS.fullmatch(name)) and (tag := _tag_of_parts(found[1].strip(), found[2].strip())):
        return _not_a_tag(text, f"; for {shown(text)}, {tag}")
    return _parse_tag(text)


def _tag_of_parts(outer: str, note: str) -> str | None:
    """The tag of a language with a note: fr-FR of "French (fr-FR)", and en-GB of "English (UK)"."""
    tags = {tag.casefold(): tag for tag in COMMON_PROMPTS}
    for part in (outer, note):
        if tag := tags.get(_fold(part)):
            return tag
    of_language, of_country = _TAG_OF_NAME.get(outer), _TAG_OF_NAME.get(note)
    is_one = of_language and of_country and of_language.partition("-")[0] == of_country.partition("-")[0]
    return of_country if is_one else None


def equal_tags(one: str, other: str) -> bool:
    """Whether two tags are equal except for case (RFC 5646, 2.1.1) and underscores."""
    return _fold(one) == _fold(other)


def _fold(tag: str) -> str:
    return _NOT_HYPHENS.sub("-", tag).casefold()


def _parse_tag(text: str) -> Parsed:
    import langcodes  # noqa: PLC0415  (slow to import, and rarely needed)
    from langcodes.tag_parser import LanguageTagError  # noqa: PLC0415  (the same)

    tag = _NOT_HYPHENS.sub("-", text)
    try:
        language = langcodes.Language.get(tag, normalize=False)
        registered = language.is_valid()
    except LanguageTagError:
        return _not_a_tag(text, f", such as {_EXAMPLE}")
    # Only these languages have such subtags (RFC 5646, 2.2.2); in en-USA, it is a country with a letter too many.
    if not _EXTENDED.issuperset([language.language] if language.extlangs else []):
        near = (prompt for prompt in COMMON_PROMPTS if prompt.startswith(f"{language.language}-"))
        return _not_a_tag(text, f", such as {next(near, _EXAMPLE)}")
    if not registered or tag.casefold() == "und":
        suggestion = langcodes.standardize_tag(tag)
        known = suggestion.casefold() != tag.casefold() and langcodes.tag_is_valid(suggestion)
        return _not_a_tag(text, f", such as {suggestion if known else _EXAMPLE}")
    value = language.to_tag()
    if tag == text:
        return Parsed(value)
    warning = Fault(ProblemCode.PROMPT_UNDERSCORE, f"A language is written with a hyphen; {value} is used.")
    return Parsed(value, (warning,))


def _not_a_tag(text: str, suggestion: str) -> Parsed:
    message = f'"{shown(text)}" is not a known language code. Choose a language from the list{suggestion}.'
    return Parsed(None, (Fault(ProblemCode.PROMPT_TAG, message),))
