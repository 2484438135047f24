"""Languages as files name them (tag, code, name in many languages) → BCP 47 tag in one form."""

import re
from collections.abc import Iterable, Sequence
from functools import cache

from lexgraft.terms.text import language_data

_ANY_TAG = re.compile(r"[A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*")
_TAG = re.compile(
    r"(?P<language>[a-z]{2,3})(?:-(?P<script>[a-z]{4}))?(?:-(?P<region>[a-z]{2}|\d{3}))?"
    r"(?P<rest>(?:-(?:[a-z0-9]{5,8}|\d[a-z0-9]{3}))*(?:-x(?:-[a-z0-9]{1,8})+)?)"
)
_BRACKETS = re.compile(r"(.+?)\s*(?:\((.+)\)|\[(.+)\]|[,/]\s*(.+)|[-–]\s+(.+))")
_SCRIPTS_APART = frozenset({"zh"})  # always named: readers of one do not write the other


@cache
def language_tag(text: str) -> str:
    """Return the language a text names, as a tag; what is no known name is kept, in lower case.

    Scripts and regions stay: whether a file tells them apart is seen when all of it is read.

    Example:
        >>> language_tag("English (US)"), language_tag("JPN"), language_tag("zh_TW")
        ('en-US', 'ja', 'zh-Hant')
    """
    return known_language(text) or language_data.folded(text)


def is_language_tag(text: str) -> bool:
    """Return whether a text has the form of a language tag (BCP 47), known or not."""
    return _ANY_TAG.fullmatch(text) is not None


@cache
def known_language(text: str) -> str:
    """Return the tag of a language by its tag or its name (`English (US)`), else nothing."""
    return tag_of_code(text) or language_of_name(text)


@cache
def tag_of_code(text: str) -> str:
    """Return the tag that a tag or code of a known language is in its one form, else nothing.

    The likely script is left out (`ja-Jpan` → `ja`) but for Chinese, which always has one where a
    region tells it (`zh-TW` → `zh-Hant`); variants and extensions are left out.
    """
    match = _TAG.fullmatch(language_data.folded(text).replace("_", "-"))
    if match is None or not language_data.is_language(match["language"]):
        return ""
    language = language_data.preferred_code(match["language"])
    script, region = (match["script"] or "").title(), (match["region"] or "").upper()
    if (script and not language_data.is_script(script)) or (
        region and not language_data.is_region(region)
    ):
        return ""
    return _in_one_form(language, script, region)


@cache
def language_of_name(text: str) -> str:
    """Return the tag of a language by its name, with a region or script behind it, else nothing."""
    name = language_data.folded(text)
    if tag := language_data.named(name):
        return tag_of_code(tag)
    match = _BRACKETS.fullmatch(name)
    if match is None:
        return ""
    base = language_data.named(match[1]) or tag_of_code(match[1])
    code = language_data.modifier(next(subtag for subtag in match.groups()[1:] if subtag))
    return tag_of_code(f"{base}-{code}") if base and code and "-" not in base else ""


@cache
def without_region(tag: str) -> str:
    """Return a tag of language and script alone."""
    return "-".join(
        subtag for subtag in tag.split("-")[:2] if len(subtag) != 2 or subtag == tag[:2]
    )


def is_reading(tag: str) -> bool:
    """Tell the tag of how a text is read aloud: kana beside Japanese."""
    return tag.endswith("-Hrkt")


def languages_served(present: Iterable[str], asked: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Return, for tags that are present, the tags asked for that their terms serve.

    RFC 4647, section 3.4 (lookup): `de-AT` is served by `de-AT`, else by `de`; where there is
    neither, by another region of the same language and script, as `en` is by `en-US`.

    Example:
        >>> languages_served(["pt", "en-US", "zh-Hant"], ["pt-PT", "en", "zh"])
        {'pt': ('pt-PT',), 'en-US': ('en',)}
    """
    tags = list(dict.fromkeys(present))
    served: dict[str, tuple[str, ...]] = {}
    for tag_asked in asked:
        for tag in _chosen(tags, tag_asked):
            served[tag] = (*served.get(tag, ()), tag_asked)
    return served


def languages_banned(
    present: Iterable[str], usable: Sequence[str], asked: Sequence[str]
) -> dict[str, tuple[str, ...]]:
    """Return, for tags of forbidden terms, the tags asked for in which these are forbidden too.

    What is forbidden in `pt` is so in `pt-BR` (RFC 4647, section 3.4, read from both ends); what is
    in `pt-BR` is so in `pt` and `pt-PT` where these have no terms of their own by lookup.

    Example:
        >>> languages_banned(["pt", "pt-PT", "zh"], ["pt-BR", "pt-PT"], ["pt-BR", "zh-Hans"])
        {'pt': ('pt-BR',), 'zh': ('zh-Hans',)}
    """
    banned: dict[str, tuple[str, ...]] = {}
    for tag_asked in asked:
        canonical = tag_of_code(tag_asked) or tag_asked
        has_own = any(_begins(tag, canonical) for tag in _chosen(usable, tag_asked))
        for tag in dict.fromkeys(present):
            alike = not has_own and same_writing(tag, canonical)
            if not is_reading(tag) and (_begins(tag, canonical) or alike):
                banned[tag] = (*banned.get(tag, ()), tag_asked)
    return banned


def _begins(tag: str, longer: str) -> bool:
    """Tell whether a tag is another or its beginning."""
    return f"{longer}-".startswith(f"{tag}-")


def _chosen(tags: Sequence[str], tag_asked: str) -> list[str]:
    """Return the tags that serve one that is asked for: one by lookup, else all of its kind."""
    canonical = tag_of_code(tag_asked) or tag_asked
    subtags = canonical.split("-")
    for length in range(len(subtags), 0, -1):
        shorter = "-".join(subtags[:length])
        if shorter in tags and same_writing(shorter, canonical):
            return [shorter]
    return [tag for tag in tags if same_writing(tag, canonical) and not is_reading(tag)]


@cache
def same_writing(tag: str, second: str) -> bool:
    """Tell whether two tags are of one language and script, said or likely."""
    return _writing(tag) == _writing(second)


@cache
def _writing(tag: str) -> tuple[str, str]:
    subtags = tag.split("-")
    scripts = [subtag for subtag in subtags[1:] if len(subtag) == 4 and subtag.isalpha()]
    language, script, _ = language_data.likely(tag)
    return subtags[0] or language, scripts[0] if scripts else script


@cache
def tag_in_words(text: str) -> str:
    """Return what `tag_of_code` does, but nothing where a variant is none: `en-source`, `de-alt`.

    For texts that may be words between hyphens as well.
    """
    match = _TAG.fullmatch(language_data.folded(text).replace("_", "-"))
    variants = match["rest"].split("-")[1:] if match else ()
    return tag_of_code(text) if all(map(language_data.is_variant, variants)) else ""


def _in_one_form(language: str, script: str, region: str) -> str:
    _, likely_script, _ = language_data.likely("-".join(filter(None, (language, region))))
    _, default_script, _ = language_data.likely(language)
    if language in _SCRIPTS_APART:
        script = script or (likely_script if region else "")
    elif script == likely_script == default_script:
        script = ""
    if region and region == language_data.likely(f"{language}-{script}" if script else language)[2]:
        region = "" if language in _SCRIPTS_APART else region
    return "-".join(filter(None, (language, script, region)))
