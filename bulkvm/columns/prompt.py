"""The language of the prompts, as a BCP 47 tag."""

from functools import lru_cache
from typing import Final

from bulkvm.columns.cell_display import shown
from bulkvm.columns.column import Parsed
from bulkvm.model.problem import Fault, ProblemCode

_LONGEST: Final = 100  # of a tag: langcodes calls itself for each part of one, and tags in use have some 35 characters

# Suggested tags, and the names that people write instead. The template offers the tags as choices.
_NAMES: Final = {
    "en-US": ("english", "american", "us"),
    "en-GB": ("british", "uk", "british english"),
    "de-DE": ("german", "deutsch", "germany"),
    "fr-FR": ("french", "français", "francais", "france"),
    "es-ES": ("spanish", "español", "espanol", "castellano", "spain"),
    "it-IT": ("italian", "italiano", "italy"),
    "nl-NL": ("dutch", "nederlands", "netherlands"),
    "pt-BR": ("brazilian", "brasileiro", "brazil"),
    "pt-PT": ("portuguese", "português", "portugues", "portugal"),
    "pl-PL": ("polish", "polski"),
    "ru-RU": ("russian", "русский"),
    "zh-CN": ("chinese", "mandarin", "中文"),
    "ja-JP": ("japanese", "日本語"),
}
COMMON_PROMPTS: Final = tuple(_NAMES)
_TAG_OF_NAME: Final = {name: tag for tag, names in _NAMES.items() for name in names}


def parse_prompt(text: str) -> Parsed:
    """Parse a language tag; an underscore becomes a hyphen, with a warning."""
    if len(text) > _LONGEST:
        return _not_a_tag(text, "en-US")
    return _parse_prompt(text)


@lru_cache(maxsize=1024)
def _parse_prompt(text: str) -> Parsed:
    if text in COMMON_PROMPTS:
        return Parsed(text)
    name = text.casefold()
    if name in _TAG_OF_NAME:
        return _not_a_tag(text, _TAG_OF_NAME[name])
    return _parse_tag(text)


def equal_tags(one: str, other: str) -> bool:
    """Whether two tags are equal except for case (RFC 5646, 2.1.1) and underscores."""
    return _fold(one) == _fold(other)


def _fold(tag: str) -> str:
    return tag.replace("_", "-").casefold()


def _parse_tag(text: str) -> Parsed:
    import langcodes  # noqa: PLC0415  (slow to import, and rarely needed)
    from langcodes.tag_parser import LanguageTagError  # noqa: PLC0415  (the same)

    tag = text.replace("_", "-")
    try:
        language = langcodes.Language.get(tag, normalize=False)
        registered = language.is_valid()
    except LanguageTagError:
        return _not_a_tag(text, "en-US")
    if not registered or tag.casefold() == "und":
        suggestion = langcodes.standardize_tag(tag)
        known = suggestion.casefold() != tag.casefold() and langcodes.tag_is_valid(suggestion)
        return _not_a_tag(text, suggestion if known else "en-US")
    value = language.to_tag()
    if tag == text:
        return Parsed(value)
    warning = Fault(ProblemCode.PROMPT_UNDERSCORE, f"language tags are written with hyphens; {value} is used.")
    return Parsed(value, (warning,))


def _not_a_tag(text: str, suggestion: str) -> Parsed:
    message = (
        f'"{shown(text)}" is not a registered language tag. Write it like {suggestion}: '
        "the language, a hyphen, the country."
    )
    return Parsed(None, (Fault(ProblemCode.PROMPT_TAG, message),))
